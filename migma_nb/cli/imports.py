"""`migma-nb import`: a list imported as contacts under a tag, on a sandbox of its own unless it is live."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from migma_nb.api.errors import ConfirmationError, InputError
from migma_nb.api.states import RunState, State
from migma_nb.cli.answering import UnfinishedError, answered
from migma_nb.cli.exits import Exit
from migma_nb.cli.going import wait_for_import
from migma_nb.cli.lists import left_out, reading_of, show_reading
from migma_nb.cli.mailings import pairs_of
from migma_nb.cli.meanwhile import meanwhile
from migma_nb.cli.next_steps import IMPORTING, after_import, show_next
from migma_nb.cli.problems import show_first_of_each, tally
from migma_nb.cli.records import check_out
from migma_nb.cli.rehearsals import counting
from migma_nb.cli.screen import document, say
from migma_nb.cli.wording import for_terminal
from migma_nb.ledger.places import place_of
from migma_nb.notebook.lines import counted
from migma_nb.planning.reading import read_recipients
from migma_nb.sending.import_gate import ImportOptions
from migma_nb.surface.client import Migma
from migma_nb.surface.imports import ImportPlan, ImportRun, plan_import
from migma_nb.surface.sandbox import Sandbox


@answered
def import_(typed: Mapping[str, Any]) -> Exit:
    """Plan an import, make it, and say what became of every row.

    Args:
        typed: the command's parameters by name.
    """
    typed = counting(typed, "import")
    if typed["file"] is None:
        raise InputError("No list was named.", hint="Write migma-nb import FILE --tag NAME.")
    check_out(typed, kinds=(".csv",))
    with meanwhile("planning", typed["log_every"]):
        planned = _planned(typed)
    with _client(typed) as client:
        _announce(planned, client, typed)
        run = _begin(planned, client, typed)
        interrupted = wait_for_import(run, typed["log_every"])
        code = Exit.INTERRUPTED if interrupted else _exit_of(run)
        _show(run, typed, code)
    return code


def _announce(planned: ImportPlan, client: Migma, typed: Mapping[str, Any]) -> None:
    """Say where an import goes to, how the list was read, and what is wrong with it."""
    aside = typed["as_json"]
    where = f"LIVE at {client.settings.origin}" if typed["live"] else "REHEARSAL on a sandbox"
    what = "this changes the account's contacts" if typed["live"] else "no real account is changed"
    say(f"{where}: {what}; importing mails nobody.", aside=aside, bold=True)
    if job := typed["line"].typed.get("config"):
        say(f"Job file {job}; what is typed counts more.", aside=aside)
    show_reading(planned.reading, aside=aside)
    whom = counted(planned.people, "person", "people")
    say(f"{whom}, {tally(planned.issues)}.", aside=aside)
    if len(planned.issues) and not aside:
        show_first_of_each(planned.issues)
        say()


def _begin(planned: ImportPlan, client: Migma, typed: Mapping[str, Any]) -> ImportRun:
    options = ImportOptions(
        account="rows" if typed["read_back"] else "counts",
        skip_invalid=typed["skip_invalid"],
        confirm=typed["confirm"],
    )
    place = None if typed["ledger"] is None else place_of(typed["ledger"])
    try:
        return planned._begin(client, options, place)  # noqa: SLF001 - as `plan.send`, which also waits
    except ConfirmationError as error:
        line = typed["line"].next("import", keep=IMPORTING | {"out"}, add={"--live": True})
        raise UnfinishedError(
            f"{error.message} Go on only with a new consent that you can prove.",
            f"{line} --confirm {planned.people}",
        ) from None


def _planned(typed: Mapping[str, Any]) -> ImportPlan:
    fields = pairs_of(typed["field"] or (), "field")
    return plan_import(
        read_recipients(typed["file"], **reading_of(typed)),
        tag=typed["tag_name"],
        project_id=typed["project_id"] if typed["live"] else None,
        address=typed["address"],
        columns={name: column or None for name, column in fields.items()},
        custom=typed["custom"] or "rest",
        exclude=left_out(typed["exclude"]),
        duplicates=typed["duplicates"],
        resubscribe=typed["resubscribe"],
    )


@contextlib.contextmanager
def _client(typed: Mapping[str, Any]) -> Iterator[Migma]:
    """Yield the client of the real server, or that of a sandbox which lasts as long as the import."""
    if typed["live"]:
        yield Migma(base_url=typed["base_url"], account=typed["account"], rate=typed["rate"])
        return
    with Sandbox() as sandbox:
        yield sandbox.client(account=typed["account"], rate=typed["rate"])


def _show(run: ImportRun, typed: Mapping[str, Any], code: Exit) -> None:
    if not typed["as_json"]:
        say()
        say(_summary(run, kept=typed["live"] or typed["ledger"] is not None))
    if typed["out"] is not None:
        run.to_csv(typed["out"])
        say(f"What became of every row: {typed['out']}", aside=typed["as_json"])
    words, line = after_import(run, typed["line"], live=typed["live"])
    if not typed["as_json"]:
        show_next(line, words)
        return
    # Last, so that whatever goes wrong before it is a script's one document.
    document(
        {
            "mode": "live" if typed["live"] else "rehearsal",
            "import_id": run.id,
            "state": str(run.state),
            "counts": {str(state): count for state, count in run.counts.items()},
            "tag": typed["tag_name"],
            "tag_id": run.tag_id,
            "out": None if typed["out"] is None else str(typed["out"]),
            "exit_code": int(code),
            "next": line,
        }
    )


def _summary(run: ImportRun, *, kept: bool) -> str:
    """Return what an import came to; what comes next stands in the command's last line."""
    lines = for_terminal(run.summary()).split("\n")
    foot = next(at for at, line in enumerate(lines) if line.startswith(f"Import {run.id} at "))
    # A rehearsal's ledger goes with its sandbox: nobody can look at it.
    last = lines[foot] if kept else lines[foot].partition("; ledger ")[0]
    return "\n".join([*lines[:foot], last])


def _exit_of(run: ImportRun) -> Exit:
    counts = run.counts
    if counts.get(State.UNKNOWN):
        return Exit.UNKNOWN
    if run.state is not RunState.FINISHED or counts.get(State.NOT_SENT):
        return Exit.HALTED
    return Exit.REFUSED if counts.get(State.REFUSED) else Exit.FINE

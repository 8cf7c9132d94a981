"""`migma-nb import`: a list imported as contacts under a tag, on a sandbox of its own unless it is live."""

import contextlib
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from migma_nb.api.errors import InputError
from migma_nb.api.states import RunState, State
from migma_nb.cli.answering import answered, begun
from migma_nb.cli.exits import Exit
from migma_nb.cli.lists import left_out, list_of, reading_of, show_reading
from migma_nb.cli.mailings import pairs_of
from migma_nb.cli.problems import show_first_of_each, tally
from migma_nb.cli.records import check_out
from migma_nb.cli.screen import document, say
from migma_nb.cli.wording import for_terminal
from migma_nb.notebook.lines import counted
from migma_nb.surface.client import Migma
from migma_nb.surface.imports import ImportPlan, ImportRun, plan_import
from migma_nb.surface.sandbox import Sandbox


@answered
def import_(typed: Mapping[str, Any]) -> Exit:
    """Plan an import, make it, and say what became of every row.

    Args:
        typed: the command's parameters by name.
    """
    if typed["base_url"] and not typed["live"]:
        raise InputError(
            "A rehearsal brings its own server, so --base-url has no meaning in it.",
            hint="Add --live to import there, or leave --base-url out.",
        )
    if typed["file"] is None:
        raise InputError("No list was named.", hint="Write migma-nb import FILE --tag NAME.")
    check_out(typed, kinds=(".csv",))
    planned = _planned(typed)
    aside = typed["as_json"]
    with _client(typed) as client:
        where = f"LIVE at {client.settings.origin}" if typed["live"] else "REHEARSAL on a sandbox"
        what = "this changes the account's contacts" if typed["live"] else "no real account is changed"
        say(f"{where}: {what}; importing mails nobody.", aside=aside, bold=True)
        show_reading(planned.reading, aside=aside)
        whom = counted(planned.people, "person", "people")
        say(f"{whom}, {tally(planned.issues)}.", aside=aside)
        if len(planned.issues) and not aside:
            show_first_of_each(planned.issues)
            say()
        # What is said on the way must not get between a script and its document.
        begun()
        with contextlib.redirect_stdout(sys.stderr):
            run = planned.send(
                client,
                account="rows" if typed["read_back"] else "counts",
                skip_invalid=typed["skip_invalid"],
                confirm=typed["confirm"],
                progress=sys.stderr.isatty(),
                ledger=typed["ledger"],
            )
        _show(run, typed)
    return _exit_of(run)


def _planned(typed: Mapping[str, Any]) -> ImportPlan:
    fields = pairs_of(typed["field"] or (), "field")
    return plan_import(
        list_of(typed["file"], reading_of(typed)),
        tag=typed["tag"],
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
        yield Migma(base_url=typed["base_url"], account=typed["account"], rate=typed["rate"] or "auto")
        return
    with Sandbox() as sandbox:
        yield sandbox.client(account=typed["account"], rate=typed["rate"])


def _show(run: ImportRun, typed: Mapping[str, Any]) -> None:
    if not typed["as_json"]:
        say()
        say(for_terminal(run.summary()))
    if typed["out"] is not None:
        run.to_csv(typed["out"])
        say(f"What became of every row: {typed['out']}", aside=typed["as_json"])
    if typed["as_json"]:
        # Last, so that whatever goes wrong before it is a script's one document.
        counts = {str(state): count for state, count in run.counts.items()}
        found = {"import_id": run.id, "state": str(run.state), "counts": counts}
        document(
            {
                "mode": "live" if typed["live"] else "rehearsal",
                **found,
                "tag": typed["tag"],
                "tag_id": run.tag_id,
                "out": None if typed["out"] is None else str(typed["out"]),
                "exit_code": int(_exit_of(run)),
            }
        )


def _exit_of(run: ImportRun) -> Exit:
    counts = run.counts
    if counts.get(State.UNKNOWN):
        return Exit.UNKNOWN
    if run.state is not RunState.FINISHED or counts.get(State.NOT_SENT):
        return Exit.HALTED
    return Exit.REFUSED if counts.get(State.REFUSED) else Exit.FINE

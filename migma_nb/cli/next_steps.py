"""The line that each command ends with: the command that a person would sensibly type next."""

from collections.abc import Mapping
from typing import Any

from migma_nb.api.states import LIVE_STATES, RunState, State
from migma_nb.cli.lines import Line, program, quoted
from migma_nb.cli.mailings import Planned
from migma_nb.cli.parameters import MAILING, READING, SHARED, TAKEN, WHOM
from migma_nb.cli.screen import say
from migma_nb.surface.imports import ImportRun
from migma_nb.surface.run import Run

#: What a command that looks at a mailing takes over from another.
LOOKING = frozenset({*WHOM, *MAILING, *READING})
#: What a send takes over from another; how many to begin with is said anew each time.
SENDING = frozenset(SHARED) - {"limit"}
#: What an import takes over from another; its result is named anew each time.
IMPORTING = frozenset(TAKEN["import"]) - {"live", "confirm", "config", "out", "as_json"}
#: Where a send goes to; a rehearsal brings its own.
_SERVER = frozenset({"base_url", "account", "ledger", "rate"})


def show_next(line: str, words: str = "Next:", *, aside: bool = False) -> None:
    """Print the line that comes next, last and by itself, so that it can be copied whole."""
    say(f"\n{words}", aside=aside)
    say(line, aside=aside, whole=True, bold=True)


def after_run(run: Run, line: Line, *, live: bool, kept: bool, logged: bool) -> tuple[str, str]:
    """Return what comes after a send: a few words, and the line.

    Args:
        run: the run.
        line: the line that sent it.
        live: whether it mailed real people.
        kept: whether its ledger outlives the command.
        logged: whether Migma keeps a log of its mails.
    """
    counts, state = run.counts, run.state
    cut_short = bool(counts.get(State.NOT_SENT)) or state is not RunState.FINISHED
    if not live:
        if cut_short or counts.get(State.UNKNOWN) or counts.get(State.REFUSED):
            return "To rehearse it again:", line.next("send", keep=SENDING | {"preview"})
        return "To mail real people:", line.next("send", keep=SENDING, add={"--live": True})
    if not kept or state in LIVE_STATES:
        return "To see how it stands:", _report(run.id, line)
    if step := _going_on(run.id, counts, line, cut_short=cut_short, logged=logged):
        return step
    return _looking_back(run.id, counts, line, logged=logged)


def _looking_back(run_id: str, counts: Mapping[State, int], line: Line, *, logged: bool) -> tuple[str, str]:
    if counts.get(State.UNKNOWN):
        return "What is uncertain about each, and what you can do:", _report(run_id, line)
    if logged and counts.get(State.ACCEPTED):
        return "Who got it, once the mails have arrived:", _report(run_id, line, {"--refresh": True})
    return "Row by row:", _report(run_id, line, {"--out": "sent.csv"})


def _going_on(
    run_id: str, counts: Mapping[State, int], line: Line, *, cut_short: bool, logged: bool
) -> tuple[str, str] | None:
    """Return the line that goes on with a live mailing, None where nothing is left to go on with."""
    if counts.get(State.UNKNOWN) and logged:
        return "To look for the unknown ones in Migma's log:", _resume(run_id, line, "--reconcile")
    if cut_short:
        return "To go on with what is left:", _resume(run_id, line)
    if counts.get(State.REFUSED) and not counts.get(State.UNKNOWN):
        words = "Once the cause is mended, to mail those who were refused:"
        return words, _resume(run_id, line, "--only-refused")
    return None


def after_import(run: ImportRun, line: Line, *, live: bool) -> tuple[str, str]:
    """Return what comes after an import: a few words, and the line.

    Args:
        run: the import.
        line: the line that made it.
        live: whether it changed a real account.
    """
    counts = run.counts
    open_ = bool(counts.get(State.NOT_SENT)) or run.state is not RunState.FINISHED
    if not live:
        trouble = open_ or counts.get(State.UNKNOWN) or counts.get(State.REFUSED)
        words = "To rehearse it again:" if trouble else "To import them into the real account:"
        return words, line.next("import", keep=IMPORTING, add={} if trouble else {"--live": True})
    if counts.get(State.UNKNOWN):
        add: dict[str, Any] = {"--live": True, "--read-back": True}
        return "To go on, and to read back who is in:", line.next("import", keep=IMPORTING, add=add)
    if open_ or counts.get(State.REFUSED):
        words = (
            "To go on with what is left:" if open_ else "Once they are mended, to import the refused rows:"
        )
        return words, line.next("import", keep=IMPORTING, add={"--live": True})
    if run.tag_id is None:
        return "The imports on record:", line.next("runs", keep={"ledger"}, add={"--imports": True})
    words = "What a mail to everybody under the tag wants:"
    return words, line.next("check", keep=(), add={"--tag": run.tag_id})


def after_report(found: dict[str, Any], counts: dict[State, int], line: Line) -> tuple[str, str]:
    """Return what comes after a report, which knows neither list nor content unless a job file has them.

    Args:
        found: the run's record.
        counts: its rows by state.
        line: the report's own line.
    """
    run_id = str(found["run_id"])
    if found["state"] in LIVE_STATES:
        return "To wait for its end:", _report(run_id, line, {"--wait": "3600"})
    if not found["sandbox"]:
        cut_short = bool(counts.get(State.NOT_SENT)) or found["state"] != RunState.FINISHED
        logged = found["email_id"] is not None
        if step := _going_on(run_id, counts, line, cut_short=cut_short, logged=logged):
            if "config" in line.typed:
                return step
            return f"{step[0].rstrip(':')}, with FILE and the options of the send, or --config:", step[1]
    words = "All runs of this mailing:"
    return words, line.next("runs", keep={"ledger"}, add={"--mailing": str(found["mailing"])})


def after_runs(run_id: str | None, line: Line, *, filtered: bool) -> tuple[str, str]:
    """Return what comes after a list of runs: a look at the newest; else all runs, or the first send."""
    if run_id is None and filtered:
        return "All runs:", line.next("runs", keep={"ledger"})
    if run_id is None:
        return "To see a send from the file to the account, on a sandbox:", quoted([*program(), "demo"])
    return "What became of each row of the newest:", _report(run_id, line, {"--out": "sent.csv"})


def to_send(planned: Planned, line: Line) -> tuple[str, str]:
    """Return how a mailing that was looked at is sent: rehearsed, where that can be done.

    Args:
        planned: the mailing.
        line: the line that it was looked at by.
    """
    plan = planned.plan
    add: dict[str, Any] = {"--skip-invalid": True} if plan.has_errors else {}
    if plan.duplicates_question:
        add |= {"--duplicates": "first"}
    if plan.overlap_question:
        add |= {"--overlap": "allowed"}
    if plan.targets:
        add |= {"--live": True}
    typed = line.next("send", keep=LOOKING, add=add)
    if planned.missing:
        words = "To send it, once what stands in capitals is filled in:"
        return words, " ".join([typed, *(_BLANKS[one] for one in planned.missing)])
    return ("To mail real people:" if plan.targets else "To rehearse it (only --live mails people):"), typed


_BLANKS = {
    "--sender": "--sender 'NAME <ADDRESS>'",
    "--subject": "--subject TEXT",
    "--template": "--template FILE.html",
    "--mailing": "--mailing NAME",
    "--project": "--project ID",
    "--transactional or --marketing": "--transactional",
}


def _report(run_id: str, line: Line, add: dict[str, Any] | None = None) -> str:
    return line.next("report", run_id, keep={"ledger"}, add=add)


def _resume(run_id: str, line: Line, *flags: str) -> str:
    add = {**dict.fromkeys(flags, True), "--live": True}
    return line.next(
        "resume", run_id, keep=SENDING - {"mailing"} if line.command != "report" else _SERVER, add=add
    )

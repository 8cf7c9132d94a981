"""`migma-nb runs` and `migma-nb report`: what was sent, as the ledger has it."""

import json
import os
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.api.states import LIVE_STATES, RunState, State
from migma_nb.cli.answering import answered
from migma_nb.cli.exits import Exit, exit_of
from migma_nb.cli.going import follow
from migma_nb.cli.job_files import values_for
from migma_nb.cli.meanwhile import meanwhile
from migma_nb.cli.next_steps import after_report, after_runs, show_next
from migma_nb.cli.screen import document, say, table
from migma_nb.cli.wording import for_terminal
from migma_nb.ledger import queries
from migma_nb.ledger.places import Place, place_of
from migma_nb.ledger.reading import open_to_read
from migma_nb.notebook.lines import one_line
from migma_nb.planning.paths import is_same_file, shown
from migma_nb.planning.writing import why_not_written
from migma_nb.surface.client import Migma
from migma_nb.surface.history import history, open_run
from migma_nb.surface.run import Run

_LONGEST_MAILING = 32
#: How requests of an import stand, in words.
_REQUESTS = {
    "answered": "answered",
    "job": "at work at the API",
    "open": "without an answer yet",
    "left": "whose answer was lost",
}
#: Parameters that are files which a mailing is made from, and what each is called.
_READ = {
    "file": "list",
    "exclude": "list of --exclude",
    "template": "template",
    "config": "job file",
    "ledger": "ledger",
}
#: So many unknown rows are shown; `--json` and `--out` have all.
_MOST_UNKNOWN = 5


@answered
def runs(typed: Mapping[str, Any]) -> Exit:
    """List the runs of a ledger, newest first.

    Args:
        typed: the command's parameters by name.
    """
    place = place_of(typed["ledger"])
    if not place.may_exist and "ledger" in typed["line"].typed:
        raise InputError(f"There is no ledger {place.name}.", hint="Leave --ledger out to see your own.")
    if typed["imports"]:
        return _imports(typed, place)
    wanted = _state(typed["state"])
    # Looking must not make a ledger where there is none.
    found = history(ledger=typed["ledger"]) if place.may_exist else None
    if found is not None:
        found = found if typed["mailing"] is None else found[found["mailing"] == typed["mailing"]]
        found = found if wanted is None else found[found["state"] == wanted]
        found = found.head(typed["limit"] or len(found))
    if typed["as_json"]:
        records = "[]" if found is None else found.to_json(orient="records", date_format="iso")
        document(json.loads(records))
        return Exit.FINE
    filtered = wanted is not None or typed["mailing"] is not None
    if found is None or found.empty:
        what = "No such run is on record" if filtered else "No run is on record yet"
        say(f"{what}. The ledger is {place.name}.")
    else:
        say(f"Ledger {place.name}\n")
        table([["run", "started (UTC)", "state", "where", "mailing", "rows"], *map(_line, _rows(found))])
    newest = None if found is None or found.empty else str(found["run_id"].iloc[0])
    words, line = after_runs(newest, typed["line"], filtered=filtered)
    show_next(line, words)
    return Exit.FINE


def _imports(typed: Mapping[str, Any], place: Place) -> Exit:
    """List the imports of a ledger, newest first."""
    for name in ("mailing", "state"):
        if typed[name] is not None:
            raise InputError(f"An import has no {name}.", hint=f"Leave --{name} out, or --imports.")
    found = history(imports=True, ledger=typed["ledger"]) if place.may_exist else pd.DataFrame()
    found = found.head(typed["limit"] or len(found))
    if typed["as_json"]:
        document(json.loads(found.to_json(orient="records", date_format="iso")))
        return Exit.FINE
    if found.empty:
        say(f"No import is on record yet. The ledger is {place.name}.")
    else:
        say(f"Ledger {place.name}\n")
        table([["import", "started (UTC)", "tag", "people", "requests"], *map(_import_line, _rows(found))])
    show_next(typed["line"].next("runs", keep={"ledger"}), "The runs, which mailed people:")
    return Exit.FINE


def _state(text: str | None) -> RunState | None:
    try:
        return None if text is None else RunState(text)
    except ValueError:
        raise InputError(
            f"No run is ever {text!r}.", hint=f"The states are {', '.join(map(str, RunState))}."
        ) from None


@answered
def report(typed: Mapping[str, Any]) -> Exit:
    """Say what became of a run, once it was waited for and its log was asked, as far as that is wanted.

    Args:
        typed: the command's parameters by name.
    """
    place, out, as_json = place_of(typed["ledger"]), typed["out"], typed["as_json"]
    if not place.may_exist:
        raise InputError(
            f"There is no ledger {place.name}, so no run is on record.", hint="Name another by --ledger."
        )
    run = open_run(typed["run"], ledger=typed["ledger"])
    check_out(typed)
    _bring_up_to_date(run, typed, logged=_record(place, run)["email_id"] is not None)
    if out is not None:
        write_account(run, out)
    record = _record(place, run)
    words, line = after_report(record, run.counts, typed["line"])
    if as_json:
        if out is not None:
            say(f"What became of every row: {out}", aside=True)
        told = {**run_document(run, kept=True), "unknown": _unknown(run)}
        document({**told, "out": None if out is None else str(out), "next": line})
        return exit_of(run)
    show_run(run, kept=True)
    _show_unknown(run)
    if out is not None:
        say(f"What became of every row: {out}")
    show_next(line, words)
    return exit_of(run)


def _record(place: Place, run: Run) -> dict[str, Any]:
    return open_to_read(place).reading(lambda conn: queries.run_of(conn, run.id))


def _bring_up_to_date(run: Run, typed: Mapping[str, Any], *, logged: bool) -> None:
    """Wait for the run's end, and ask the log, for as long as was typed; once where nothing was."""
    seconds: float | None = typed["wait"]
    until = None if seconds is None else time.monotonic() + seconds
    if seconds is not None and run.state in LIVE_STATES:
        follow(run, seconds, typed["log_every"])
    # Where there is no log, a person who only waits is not told off for it.
    if typed["refresh"] or (seconds is not None and logged):
        left = None if until is None else max(0.0, until - time.monotonic())
        with meanwhile("refreshing", typed["log_every"]):
            run.refresh(Migma(base_url=typed["base_url"], account=typed["account"]), wait=left)


def write_account(run: Run, out: Path) -> None:
    """Write what became of every row, as the file's ending says."""
    {".csv": run.to_csv, ".xlsx": run.to_excel, ".parquet": run.to_parquet}[out.suffix.lower()](out)


def show_run(run: Run, *, kept: bool) -> None:
    """Print a run's summary; `kept` says whether its ledger outlives the command."""
    say(_summary(run, kept=kept))


def _show_unknown(run: Run) -> None:
    found = _unknown(run)
    if found:
        say(f"\nUnknown, {len(found):,} in all; rows are counted from 0, the header aside:")
    for row in found[:_MOST_UNKNOWN]:
        say(f"  row {row['row']:,}  {row['recipient']}: {row['why']}")
        say(f"    → {row['options']}")
    if len(found) > _MOST_UNKNOWN:
        say(f"  … and {len(found) - _MOST_UNKNOWN:,} more; --json lists all")


def _unknown(run: Run) -> list[dict[str, Any]]:
    """Return the unknown rows, what is uncertain about each, and what can be done."""
    if not run.counts.get(State.UNKNOWN):
        return []
    told = json.loads(run.unknown.to_json(orient="table", date_format="iso", index=True))["data"]
    named = [{"row": row.pop("index"), **row} for row in told]
    return [{**row, "options": for_terminal(str(row["options"])).replace("RUN", run.id)} for row in named]


def run_document(run: Run, *, kept: bool) -> dict[str, Any]:
    """Return what a script wants to know of a run; states and codes as in the frames."""
    reasons = Counter(run.reasons)
    return {
        "run_id": run.id,
        "state": str(run.state),
        "counts": {str(state): count for state, count in run.counts.items()},
        "reasons": [
            {"state": str(state), "reason": reason, "rows": count}
            for (state, reason), count in reasons.most_common()
        ],
        "deliveries": run.deliveries,
        "summary": _summary(run, kept=kept),
        "exit_code": int(exit_of(run)),
    }


def _summary(run: Run, *, kept: bool) -> str:
    lines = for_terminal(run.summary()).split("\n")
    # Nobody can look up a run whose ledger is gone.
    return "\n".join(line for line in lines if kept or not line.startswith(f"Run {run.id} ")).rstrip()


def check_out(
    typed: Mapping[str, Any], option: str = "out", kinds: tuple[str, ...] = (".csv", ".xlsx", ".parquet")
) -> None:
    """Refuse a result file that could not be written or is one that is read, before anything is sent.

    Args:
        typed: the command's parameters by name.
        option: which of them the file is.
        kinds: the endings that it may have.

    Raises:
        InputError: says why. Nothing was sent.
    """
    out: Path | None = typed[option]
    if out is None:
        return
    check_apart(out, typed, option)
    if out.suffix.lower() not in kinds:
        raise InputError(
            f"{out} cannot be written: its ending is none of {', '.join(kinds)}. Nothing was sent.",
            hint=f"Give --{option} a file with such an ending.",
        )
    if why := why_not_written(out):
        raise InputError(
            f"{shown(out)} cannot be written: {why}. Nothing was sent.", hint=f"Give --{option} another file."
        )


def check_apart(out: Path, typed: Mapping[str, Any], option: str = "out") -> None:
    """Refuse a result file that is one of those that the command, or its job file's send, reads.

    Args:
        out: the file that is to be written.
        typed: the command's parameters by name.
        option: the option that names it.

    Raises:
        InputError: says which. Nothing was written.
    """
    job = {} if typed.get("config") is None else values_for("send", typed["config"])
    for named in (typed, job):
        for name, called in _READ.items():
            text = os.fspath(named.get(name) or "")
            # A template may be the HTML itself, a ledger a URL.
            if "<" in text or "://" in text or not text:
                continue
            if is_same_file(out, Path(text)):
                raise InputError(
                    f"{out} is the {called} itself, which is not written over. Nothing was sent.",
                    hint=f"Give --{option} another file.",
                )


def _rows(found: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in found.to_dict("records")]


def _line(row: dict[str, Any]) -> list[str]:
    counts = [f"{row[state]:,} {state}" for state in map(str, State) if row[state]]
    return [
        str(row["run_id"]),
        f"{row['started_at']:%Y-%m-%d %H:%M}",
        str(row["state"]),
        "sandbox" if row["sandbox"] else "LIVE",
        one_line(row["mailing"], _LONGEST_MAILING),
        ", ".join(counts),
    ]


def _import_line(row: dict[str, Any]) -> list[str]:
    counts = [f"{row[state]:,} {words}" for state, words in _REQUESTS.items() if row[state]]
    return [
        str(row["import_id"]),
        f"{row['started_at']:%Y-%m-%d %H:%M}",
        one_line(row["tag"], _LONGEST_MAILING),
        f"{row['people']:,}",
        ", ".join(counts),
    ]

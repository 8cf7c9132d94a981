"""`migma-nb runs` and `migma-nb report`: what was sent, as the ledger has it."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.api.states import State
from migma_nb.cli.answering import answered
from migma_nb.cli.exits import Exit, exit_of
from migma_nb.cli.screen import document, say, table
from migma_nb.cli.wording import for_terminal
from migma_nb.ledger.places import place_of
from migma_nb.notebook.lines import one_line
from migma_nb.surface.client import Migma
from migma_nb.surface.history import history, open_run
from migma_nb.surface.run import Run

_LONGEST_MAILING = 32


@answered
def runs(ledger: str | None, *, as_json: bool) -> Exit:
    """List all runs of a ledger, newest first."""
    place = place_of(ledger)
    if not place.may_exist and ledger is not None:
        raise InputError(f"There is no ledger {place.name}.", hint="Leave --ledger out to see your own.")
    # Looking must not make a ledger where there is none.
    found = history(ledger=ledger) if place.may_exist else None
    if as_json:
        records = "[]" if found is None else found.to_json(orient="records", date_format="iso")
        document(json.loads(records))
    elif found is None or found.empty:
        say(f"No run is on record yet. The ledger is {place.name}.")
    else:
        say(f"Ledger {place.name}\n")
        table([["run", "started (UTC)", "state", "where", "mailing", "rows"], *map(_line, _rows(found))])
        say("\nWhat became of each row: migma-nb report RUN --out sent.csv")
    return Exit.FINE


@dataclass(frozen=True, slots=True)
class Asking:
    """Whom to ask what became of mails, and for how many seconds (None: once)."""

    base_url: str | None
    account: str | None
    wait: float | None


@answered
def report(
    run_id: str, ledger: str | None, out: Path | None, *, asking: Asking | None, as_json: bool
) -> Exit:
    """Say what became of a run; `asking` reads first what became of its mails."""
    place = place_of(ledger)
    if not place.may_exist:
        raise InputError(
            f"There is no ledger {place.name}, so no run is on record.", hint="Name another by --ledger."
        )
    run = open_run(run_id, ledger=ledger)
    check_out(out)
    if asking is not None:
        run.refresh(Migma(base_url=asking.base_url, account=asking.account), wait=asking.wait)
    if out is not None:
        run.to_csv(out)
    if as_json:
        document({**run_document(run, kept=True), "out": None if out is None else str(out)})
    else:
        show_run(run, kept=True)
    if out is not None:
        say(f"What became of every row: {out}", aside=as_json)
    return exit_of(run)


def show_run(run: Run, *, kept: bool) -> None:
    """Print a run's summary; `kept` says whether its ledger outlives the command."""
    say(_summary(run, kept=kept))


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


def check_out(out: Path | None) -> None:
    """Refuse a result file that could not be written, before anything is sent.

    Raises:
        InputError: says why. Nothing was sent.
    """
    if out is not None and (out.is_dir() or not out.absolute().parent.is_dir()):
        why = "it is a folder" if out.is_dir() else f"there is no folder {out.absolute().parent}"
        raise InputError(
            f"{out} cannot be written: {why}. Nothing was sent.", hint="Give --out another file."
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

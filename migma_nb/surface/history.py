"""`mg.history` and `mg.open_run`: what was sent, by any process, as the ledger has it."""

import os
from contextlib import suppress

import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.ledger import queries
from migma_nb.ledger.imports import is_import
from migma_nb.ledger.places import place_of
from migma_nb.ledger.reading import open_to_read
from migma_nb.sending import history as records
from migma_nb.surface.run import Run
from migma_nb.surface.sandbox import ledgers_here


def history(*, imports: bool = False, ledger: str | os.PathLike[str] | None = None) -> pd.DataFrame:
    """Return all runs of a ledger, newest first; or its imports, which mail nobody and are no runs.

    Args:
        imports: return the imports instead. One that had nothing to send is not on record.
        ledger: its file or its `postgresql://` URL; None takes `MIGMA_LEDGER`, else the user's own.

    Returns:
        Runs × (`run_id`, `mailing`, `started_at`, `finished_at`, `state`, `reason`, `server`, `sandbox`,
        `plan_id`, `rows`, and one column of counts per row state). Or imports × (`import_id`, `tag`,
        `started_at`, `finished_at`, `scope`, `project_id`, `people`, `requests`, `open`, `job`, `answered`,
        `left`): `people` are those who are in as this import left them, and the last four say of how many
        requests the answer is still to come, a job of the API's has the rows, the answer is certain, or it
        was lost.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    # A URL's password stays in no frame of an error.
    place, ledger = place_of(ledger), None
    opened = open_to_read(place)
    return records.imports(opened) if imports else records.history(opened)


def open_run(run_id: str, *, ledger: str | os.PathLike[str] | None = None) -> Run:
    """Open a run of any process, also one that is still going.

    Args:
        run_id: its id; the first letters are enough if they fit one run only.
        ledger: as in `history`. A run that is not in it is also looked for in the ledgers of the sandboxes
            that this process has made, where none is given.

    Raises:
        InputError: no run has this id, or several do.
    """
    given: object = run_id
    if not isinstance(given, str) or not given.strip():
        raise InputError(f"{given!r} is no run's id.", hint="mg.history() or `migma-nb runs` lists them.")
    given_none, place, ledger = ledger is None, place_of(ledger), None
    opened = open_to_read(place)
    try:
        found = opened.reading(lambda conn: queries.run_of(conn, run_id))
    except InputError as error:
        if opened.reading(lambda conn: is_import(conn, given)):
            raise InputError(f"{given} is an import, not a run: it mailed nobody.", hint=_AGAIN) from None
        if not given_none:
            raise
        rehearsed = _rehearsed(run_id)
        if len(rehearsed) != 1:
            raise InputError(error.message, hint=f"{error.hint} {_ELSEWHERE}") from None
        return rehearsed[0]
    return Run(opened, found["run_id"])


_AGAIN = (
    "mg.history(imports=True) lists it. The ledger keeps who is in, not an import's rows. Import the same "
    "list again for its account: who is in is not sent again."
)
_ELSEWHERE = (
    "A rehearsal's run is in its sandbox's own ledger, which ends with it: "
    "mg.open_run(…, ledger=sandbox.ledger)."
)


def _rehearsed(run_id: str) -> list[Run]:
    """Return the runs of this id that sandboxes of this process have."""
    found = []
    for path in ledgers_here():
        opened = open_to_read(place_of(path))
        with suppress(InputError):
            found.append(Run(opened, opened.reading(lambda conn: queries.run_of(conn, run_id))["run_id"]))
    return found

"""The account of a run as a frame: one line per input row, same order, same index."""

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from migma_nb.api.errors import InputError
from migma_nb.api.kinds import kind_of
from migma_nb.api.logs import LogEntry
from migma_nb.ledger import deliveries
from migma_nb.ledger.deliveries import DELIVERY_COLUMNS
from migma_nb.ledger.glances import is_of_batches
from migma_nb.ledger.queries import run_rows, size_of
from migma_nb.ledger.schema import BATCH_COLUMNS
from migma_nb.ledger.store import Ledger
from migma_nb.planning.tables import frame_of as table_of

#: So many rows are read from the ledger at a time.
PIECE = 10_000
#: The designed columns, in their order.
FRAME_COLUMNS = (
    "recipient",
    "state",
    "reason",
    "detail",
    "message_id",
    "provider",
    "api_status",
    "http_status",
    "attempts",
    "first_attempt_at",
    "finished_at",
    "latency_s",
    "request_id",
    "idempotency_key",
    "payload_sha256",
)
#: A log's columns, in their order.
LOG_COLUMNS = (
    "to_email",
    "subject",
    "status",
    "created_at",
    "opened_at",
    "clicked_at",
    "open_count",
    "click_count",
    "bounce_type",
    "complaint_type",
    "tracking_id",
)
_WHOLE = ("http_status", "attempts", "open_count", "click_count", *BATCH_COLUMNS)
_TIMES = ("first_attempt_at", "finished_at", "created_at", *DELIVERY_COLUMNS[1:])


def account(
    ledger: Ledger, run_id: str, index: pd.Index | None, start: int = 0, stop: int | None = None
) -> pd.DataFrame:
    """Return what became of input rows: of all, or of those from one position to before another.

    Args:
        ledger: the ledger that holds the run.
        run_id: the run.
        index: the input's index (one label per row), None where only the ledger is known: the positions.
        start: the first row's position, from 0.
        stop: the position behind the last; None for all to the end.

    Returns:
        Rows × `FRAME_COLUMNS` (where a row of the run is a batch, its own four counts too; once the run was
        refreshed, also `DELIVERY_COLUMNS`); times are UTC timestamps, `latency_s` is in seconds.
    """

    def look(conn: sa.Connection) -> pd.DataFrame:
        size = size_of(conn, run_id)
        end = size if stop is None else min(stop, size)
        values: dict[str, list[Any]] = {name: [] for name in _columns(conn, run_id)}
        for at in range(min(start, end), end, PIECE):
            for name, found in _values(conn, run_id, list(values), at, min(at + PIECE, end)).items():
                values[name] += found
        return _framed(values, _labels(index, size, min(start, end), end))

    return ledger.reading(look)


def pieces(ledger: Ledger, run_id: str, index: pd.Index | None, rows: int = PIECE) -> Iterator[pd.DataFrame]:
    """Yield the account in frames of so many rows at most, all of them with the same columns; at least one.

    Arguments as for `account`. All of it is of one moment, except beside a ledger where a long look would
    keep the run from writing: there each piece is of its own.
    """
    with _looks(ledger) as look:
        size, names = look(lambda conn: (size_of(conn, run_id), _columns(conn, run_id)))
        for start in range(0, max(size, 1), rows):
            stop = min(start + rows, size)
            values = look(partial(_values, run_id=run_id, names=names, start=start, stop=stop))
            yield _framed(values, _labels(index, size, start, stop))


def picked(
    ledger: Ledger, run_id: str, index: pd.Index | None, positions: Sequence[int]
) -> Iterator[pd.DataFrame]:
    """Yield the account of some rows, in order: of each piece those that are wanted; else as `pieces`."""
    first = 0
    for number, piece in enumerate(pieces(ledger, run_id, index)):
        behind = bisect_left(positions, (number + 1) * PIECE, first)
        part = piece.iloc[[at - number * PIECE for at in positions[first:behind]]]
        if isinstance(piece.index, pd.RangeIndex):
            # These count the rows of the run, not those that are left: the file has them as a column.
            part = part.set_axis(pd.Index(list(positions[first:behind]), dtype="int64"))
        yield part
        first = behind


@contextmanager
def _looks(ledger: Ledger) -> Iterator[Callable[[Callable[[sa.Connection], Any]], Any]]:
    if not ledger.one_clock:
        # A rollback journal: nobody can write while somebody reads.
        yield ledger.reading
        return
    with ledger.read() as conn:
        yield lambda query: query(conn)


def _columns(conn: sa.Connection, run_id: str) -> list[str]:
    batch = BATCH_COLUMNS if is_of_batches(conn, run_id) else ()
    asked = DELIVERY_COLUMNS if deliveries.refreshed_at(conn, run_id) is not None else ()
    return [*FRAME_COLUMNS, *batch, *asked]


def _values(
    conn: sa.Connection, run_id: str, names: Sequence[str], start: int, stop: int
) -> dict[str, list[Any]]:
    """Return the columns' values of the rows from one position to before another."""
    found = run_rows(conn, run_id, start, stop)
    told = [name for name in names if name not in DELIVERY_COLUMNS]
    values = {name: [row["address" if name == "recipient" else name] for row in found] for name in told}
    if len(told) < len(names):
        fates = deliveries.fates_of(conn, run_id, start, stop)
        for name in DELIVERY_COLUMNS:
            values[name] = [getattr(fates.get(row["position"]), name, None) for row in found]
    return values


def frame_of(lines: Iterable[Mapping[str, Any]], labels: pd.Index) -> pd.DataFrame:
    """Return rows, as `run_rows` has them, as a frame under these labels: rows × `FRAME_COLUMNS`."""
    values: dict[str, list[Any]] = {name: [] for name in FRAME_COLUMNS}
    for line in lines:
        for name, found in values.items():
            found.append(line["address" if name == "recipient" else name])
    return _framed(values, labels)


def _labels(index: pd.Index | None, size: int, start: int, stop: int) -> pd.Index:
    return (pd.RangeIndex(size) if index is None else index)[start:stop]


def _framed(values: Mapping[str, list[Any]], labels: pd.Index) -> pd.DataFrame:
    frame = pd.DataFrame({name: _column(name, found) for name, found in values.items()})
    frame.index = labels
    return frame


def log_frame(lines: Iterable[LogEntry]) -> pd.DataFrame:
    """Return lines of a log as a frame: lines × `LOG_COLUMNS`, in their order; times are UTC timestamps."""
    found = list(lines)
    return pd.DataFrame(
        {name: _column(name, [_told(getattr(line, name)) for line in found]) for name in LOG_COLUMNS}
    )


def _told(value: Any) -> Any:
    return None if value == "" else value


def join(recipients: Any, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the input's columns with the account beside them, by position, under the input's index.

    Args:
        recipients: the frame that was planned (rows × its own columns), of pandas, Polars or PyArrow.
        frame: its account; a column whose name the input has too is prefixed with `mail_`.

    Raises:
        InputError: it is no frame, or the two have different numbers of rows.
    """
    people = recipients if isinstance(recipients, pd.DataFrame) else table_of(recipients)
    if people is None:
        raise InputError(
            f"It is {kind_of(recipients)}, no frame to join to.", hint="Pass the frame that was planned."
        )
    if len(people) != len(frame):
        raise InputError(
            f"This frame has {len(people):,} rows, the run has {len(frame):,}: they are not the same list.",
            hint="Pass the frame that was planned, unsorted and unfiltered.",
        )
    taken = {str(name) for name in people.columns}
    beside = frame.rename(columns={name: _free_name(name, taken) for name in frame.columns})
    beside.index = people.index
    return pd.concat([people, beside], axis=1)


def positions_of(rows: Any, index: pd.Index) -> list[int]:
    """Return the positions (from 0) of the rows that somebody names.

    Args:
        rows: a mask (one bool per row of the account), a part of the account, its index, or labels of it.
        index: the account's index.

    Raises:
        InputError: a label is not in the index, or fits several rows, so that it is open which are meant.
    """
    if isinstance(rows, pd.DataFrame):
        rows = rows.index
    mask = np.asarray(rows) if isinstance(rows, pd.Series | np.ndarray | list) else None
    if mask is not None and mask.dtype == bool:
        if len(mask) != len(index):
            raise InputError(f"The mask has {len(mask):,} values, the run has {len(index):,} rows.")
        return [int(at) for at in np.flatnonzero(mask)]
    if isinstance(rows, str | tuple) or not isinstance(rows, Iterable):
        rows = [rows]
    wanted = list(dict.fromkeys(rows))
    places: dict[Any, list[int]] = {}
    for at, label in enumerate(index):
        places.setdefault(label, []).append(at)
    for label in wanted:
        if len(places.get(label, [])) != 1:
            what = "fits several rows" if label in places else "is no label of this run's index"
            raise InputError(
                f"{label!r} {what}. Nothing was changed.",
                hint='Pass a mask, such as run.frame["state"] == "unknown".',
            )
    return [places[label][0] for label in wanted]


def utc_times(seconds: Iterable[float | None]) -> "pd.Series[pd.Timestamp]":
    """Return seconds since the epoch as UTC timestamps in whole milliseconds.

    Through whole numbers: pandas 2.2 sometimes takes a NaN among floats for an overflow.
    """
    whole = [None if value is None or math.isnan(value) else round(value * 1000) for value in seconds]
    stamps = np.array([np.datetime64("NaT") if value is None else value for value in whole], "datetime64[ms]")
    return pd.Series(stamps).dt.tz_localize("UTC")


def _free_name(name: str, taken: set[str]) -> str:
    while name in taken:
        name = f"mail_{name}"
    return name


def _column(name: str, values: list[Any]) -> pd.Series:
    if name in _WHOLE:
        return pd.Series(values, dtype="Int64")
    if name in _TIMES:
        return utc_times(values)
    if name == "latency_s":
        return pd.Series(values, dtype="float64")
    # Left to pandas: its text type where it has one, so that None stays a missing value in every version.
    return pd.Series(values, dtype=None if any(value is not None for value in values) else "object")

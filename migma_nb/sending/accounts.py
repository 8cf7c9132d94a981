"""The account of a run as a frame: one line per input row, same order, same index."""

import math
import os
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from migma_nb.api.errors import InputError
from migma_nb.api.kinds import kind_of
from migma_nb.api.logs import LogEntry
from migma_nb.ledger import deliveries
from migma_nb.ledger.batches import is_batch
from migma_nb.ledger.deliveries import DELIVERY_COLUMNS, Fate
from migma_nb.ledger.queries import run_rows
from migma_nb.ledger.schema import BATCH_COLUMNS
from migma_nb.ledger.store import Ledger

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
_SIGNS = ("=", "+", "-", "@", "\u2212")
_BREAKS = "\t\r\n"


def account(ledger: Ledger, run_id: str, index: pd.Index | None) -> pd.DataFrame:
    """Return what became of every input row.

    Args:
        ledger: the ledger that holds the run.
        run_id: the run.
        index: the input's index (one label per row), None where only the ledger is known: 0, 1, 2, ….

    Returns:
        Rows × `FRAME_COLUMNS` (where a row is a batch, its own four counts too; once the run was refreshed,
        also `DELIVERY_COLUMNS`); times are UTC timestamps, `latency_s` is in seconds.
    """
    found, fates = ledger.reading(lambda conn: (run_rows(conn, run_id), _fates(conn, run_id)))
    columns = [*FRAME_COLUMNS, *(BATCH_COLUMNS if any(is_batch(row["recipient"]) for row in found) else ())]
    data = {
        name: _column(name, [row["address" if name == "recipient" else name] for row in found])
        for name in columns
    }
    for name in DELIVERY_COLUMNS if fates is not None else ():
        data[name] = _column(name, [getattr((fates or {}).get(row["position"]), name, None) for row in found])
    frame = pd.DataFrame(data)
    if index is not None:
        frame.index = index
    return frame


def _fates(conn: sa.Connection, run_id: str) -> dict[int, Fate] | None:
    """Return what became of a run's mails, None where their log was never asked."""
    if deliveries.refreshed_at(conn, run_id) is None:
        return None
    return deliveries.fates_of(conn, run_id)


def log_frame(lines: Iterable[LogEntry]) -> pd.DataFrame:
    """Return lines of a log as a frame: lines × `LOG_COLUMNS`, in their order; times are UTC timestamps."""
    found = list(lines)
    return pd.DataFrame(
        {name: _column(name, [_told(getattr(line, name)) for line in found]) for name in LOG_COLUMNS}
    )


def _told(value: Any) -> Any:
    return None if value == "" else value


def join(people: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the input's columns with the account beside them, by position, under the input's index.

    Args:
        people: the frame that was planned (rows × its own columns).
        frame: its account; a column whose name the input has too is prefixed with `mail_`.

    Raises:
        InputError: the two have different numbers of rows.
    """
    if not isinstance(people, pd.DataFrame):
        raise InputError(
            f"It is {kind_of(people)}, no frame to join to.", hint="Pass the frame that was planned."
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


def positions_of(rows: Any, frame: pd.DataFrame) -> list[int]:
    """Return the positions (from 0) of the rows that somebody names.

    Args:
        rows: a mask (one bool per row of the account), a part of the account, its index, or labels of it.
        frame: the account.

    Raises:
        InputError: a label is not in the index, or fits several rows, so that it is open which are meant.
    """
    if isinstance(rows, pd.DataFrame):
        rows = rows.index
    mask = np.asarray(rows) if isinstance(rows, pd.Series | np.ndarray | list) else None
    if mask is not None and mask.dtype == bool:
        if len(mask) != len(frame):
            raise InputError(f"The mask has {len(mask):,} values, the run has {len(frame):,} rows.")
        return [int(at) for at in np.flatnonzero(mask)]
    if isinstance(rows, str | tuple) or not isinstance(rows, Iterable):
        rows = [rows]
    wanted = list(dict.fromkeys(rows))
    places: dict[Any, list[int]] = {}
    for at, label in enumerate(frame.index):
        places.setdefault(label, []).append(at)
    for label in wanted:
        if len(places.get(label, [])) != 1:
            what = "fits several rows" if label in places else "is no label of this run's index"
            raise InputError(
                f"{label!r} {what}. Nothing was changed.",
                hint='Pass a mask, such as run.frame["state"] == "unknown".',
            )
    return [places[label][0] for label in wanted]


def write_csv(frame: pd.DataFrame, path: str | os.PathLike[str]) -> Path:
    """Write a frame as CSV that a spreadsheet opens without running any cell as a formula.

    A text that begins like a formula gets an apostrophe before it. The index is written unless it only
    counts the rows.
    """
    if not isinstance(path, str | os.PathLike):
        raise InputError(f"path is {kind_of(path)}, no file's name.", hint='Pass one such as "run.csv".')
    target = Path(path)
    safe = _neutral_frame(with_index(frame))
    try:
        safe.to_csv(target, index=False, encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{target} cannot be written: {error.strerror or error}.") from None
    return target


def with_index(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with its index as columns, unless that only counts the rows."""
    counted = isinstance(frame.index, pd.RangeIndex)
    return frame if counted else frame.reset_index(names=_index_names(frame))


def _neutral_frame(frame: pd.DataFrame) -> pd.DataFrame:
    safe = frame.copy()
    for at in range(safe.shape[1]):
        column = safe.iloc[:, at]
        if not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column)):
            safe.isetitem(at, column.map(neutral).to_numpy())
    safe.columns = pd.Index([neutral(name) for name in safe.columns])
    return safe


def utc_times(seconds: Iterable[float | None]) -> "pd.Series[pd.Timestamp]":
    """Return seconds since the epoch as UTC timestamps in whole milliseconds.

    Through whole numbers: pandas 2.2 sometimes takes a NaN among floats for an overflow.
    """
    whole = [None if value is None or math.isnan(value) else round(value * 1000) for value in seconds]
    stamps = np.array([np.datetime64("NaT") if value is None else value for value in whole], "datetime64[ms]")
    return pd.Series(stamps).dt.tz_localize("UTC")


def neutral(cell: Any) -> Any:
    """Return a cell that no spreadsheet runs as a formula; only texts are ever changed."""
    if not isinstance(cell, str) or not cell:
        return cell
    # Spreadsheets skip what cannot be seen, and take a wide or small sign for the plain one.
    seen = next((char for char in cell if char.isprintable() and not char.isspace()), "")
    formula = cell[0] in _BREAKS or unicodedata.normalize("NFKC", seen)[:1] in _SIGNS
    return "'" + cell if formula else cell


def _index_names(frame: pd.DataFrame) -> list[str]:
    taken = {str(name) for name in frame.columns}
    names = [name if name is not None else "index" for name in frame.index.names]
    return [f"index_{name}" if str(name) in taken else str(name) for name in names]


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

"""Whatever people pass as recipients becomes one frame, or stays a target."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.api.kinds import kind_of
from migma_nb.planning.containers import refuse_list_itself
from migma_nb.planning.list_paths import read_by_path
from migma_nb.planning.long_files import is_long
from migma_nb.planning.long_lists import long_pieces
from migma_nb.planning.paths import expanded, look_at
from migma_nb.planning.pieces import Pieces
from migma_nb.planning.reading import KNOWN_SUFFIXES, PACKED_SUFFIXES, read_recipients
from migma_nb.planning.tables import frame_of
from migma_nb.planning.targets import Audience, Segment, Tag

Target = Tag | Segment | Audience

_ACCEPTED = (
    "a DataFrame, a Polars, PyArrow or Dask table, a file, a list of dicts, one address, mg.Tag(…), "
    "mg.Segment(…) or mg.Audience(…)"
)


def people_frame(recipients: Any) -> pd.DataFrame:
    """Return the list of people as a frame; one that was passed in is neither copied nor changed.

    Args:
        recipients: a DataFrame, a Polars or PyArrow table, a path, a list of dicts, or one address.

    Raises:
        InputError: it is none of these, or it has no rows.
    """
    frame = _as_frame(recipients)
    if len(frame) == 0:
        raise InputError("The list has no rows, so there is nobody to mail.", hint="Check how it was made.")
    return frame


def long_list(recipients: Any) -> Pieces | None:
    """Return a file of people that is planned in pieces, since all of it would take much memory; else None.

    Raises:
        InputError: the file cannot be read with certainty, or holds no rows.
    """
    if isinstance(recipients, Pieces):
        return recipients
    if isinstance(recipients, os.PathLike) or (isinstance(recipients, str) and is_file_name(recipients)):
        with read_by_path():
            return long_pieces(recipients) if is_long(recipients) else None
    return None


def open_list(path: Path, **reading: Any) -> pd.DataFrame | Pieces:
    """Return a file of people as a frame, or a long one in pieces; either can be planned.

    Args:
        path: the file.
        reading: how it is to be read, as `read_recipients` takes it.

    Raises:
        InputError: the file cannot be read with certainty, or holds no rows.
    """
    return long_pieces(path, **reading) if is_long(path) else read_recipients(path, **reading)


def is_one_address(recipients: Any) -> bool:
    """Say whether the recipients are given as a single address."""
    return isinstance(recipients, str) and "@" in recipients and not is_file_name(recipients)


def is_file_name(text: str) -> bool:
    """Say whether a text ends as a file of people does."""
    plain = text.strip().lower()
    if plain.endswith(PACKED_SUFFIXES) and "@" in plain:
        # .zip is a top-level domain too.
        return look_at(expanded(text.strip())).is_file
    return plain.endswith((*KNOWN_SUFFIXES, *PACKED_SUFFIXES))


def _as_frame(recipients: Any) -> pd.DataFrame:
    if isinstance(recipients, pd.DataFrame):
        return recipients
    if is_one_address(recipients):
        refuse_list_itself(recipients)
        return _frame_of_list([recipients])
    if isinstance(recipients, os.PathLike) or (isinstance(recipients, str) and is_file_name(recipients)):
        with read_by_path():
            return read_recipients(recipients)
    if isinstance(recipients, str):
        raise InputError(
            f"{recipients!r} is neither an address nor a file of people.",
            hint=f"An address has an @; a file ends in {', '.join((*KNOWN_SUFFIXES, *PACKED_SUFFIXES))}.",
        )
    if isinstance(recipients, (list, tuple)):
        return _frame_of_list(list(recipients))
    table = frame_of(recipients)
    if table is not None:
        return table
    raise InputError(f"Recipients cannot be {kind_of(recipients)}.", hint=f"Pass {_ACCEPTED}.")


def _frame_of_list(rows: list[Any]) -> pd.DataFrame:
    if all(isinstance(row, Mapping) for row in rows):
        names = list(dict.fromkeys(key for row in rows for key in row))
        # Column by column, so that a missing key does not turn whole numbers into floats.
        columns = {name: pd.Series([row.get(name) for row in rows], dtype=object) for name in names}
        return pd.DataFrame(columns, index=pd.RangeIndex(len(rows)))
    if all(isinstance(row, str) for row in rows):
        return pd.DataFrame({"email": pd.Series(rows, dtype=object)})
    odd = next(at for at, row in enumerate(rows) if not isinstance(row, Mapping))
    raise InputError(
        f"Item {odd} of the list of recipients is {kind_of(rows[odd])}, not a dict.",
        hint=f"Pass {_ACCEPTED}.",
    )

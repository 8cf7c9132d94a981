"""Which files of people are so long that they are gone through in pieces."""

import os
import stat
from pathlib import Path

import pyarrow as pa

from migma_nb.planning.paths import expanded, look_at
from migma_nb.planning.reading import PACKED_SUFFIXES, SHEET_SUFFIXES

#: A list that takes about so many bytes as text is not taken into memory whole.
LONG_BYTES = 64 * 1024 * 1024
#: Packed texts take so many times less on disk; a cell of Parquet is taken for so many bytes.
_PACKED, _CELL = 5, 16


def is_long(path: str | os.PathLike[str]) -> bool:
    """Say whether a file of people is so long that it is better gone through in pieces."""
    file = expanded(path)
    suffix = file.suffix.lower()
    status = look_at(file).status
    if status is None or not stat.S_ISREG(status.st_mode) or suffix in SHEET_SUFFIXES:
        return False
    if suffix == ".parquet":
        return _cells(file) * _CELL >= LONG_BYTES
    return status.st_size * (_PACKED if suffix in PACKED_SUFFIXES else 1) >= LONG_BYTES


def _cells(file: Path) -> int:
    """Return how many cells a Parquet file has, 0 where it is none that can be read."""
    from pyarrow import parquet  # noqa: PLC0415 - slow

    try:
        told = parquet.read_metadata(file)
    except (OSError, pa.ArrowException):
        return 0
    return int(told.num_rows * told.num_columns)

"""Cells of a Parquet file that pandas would change: lists, records, and long numbers beside missing ones."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from migma_nb.planning.tables import python_values
from migma_nb.planning.values import shown_float


def is_nested(kind: Any) -> bool:
    """Say whether a column of this type of Arrow holds lists, records or maps."""
    return bool(pa.types.is_nested(kind))


def is_whole(kind: Any) -> bool:
    """Say whether a column of this type of Arrow holds whole numbers."""
    return bool(pa.types.is_integer(kind))


def places_of(frame: pd.DataFrame) -> dict[str, int]:
    """Return where each column of a frame stands, under the name that it has in its file."""
    return {str(label): at for at, label in enumerate(frame.columns)}


def with_cells(frame: pd.DataFrame, at: int, column: Any, name: str) -> pd.DataFrame:
    """Return a frame with one column as Python values: whole numbers exact, None for missing, inside too.

    Args:
        frame: the frame.
        at: where the column stands.
        column: its cells (pyarrow.ChunkedArray).
        name: what it is called, for errors.

    Raises:
        InputError: Python has no value for a cell.
    """
    cells = python_values(column.to_pylist, name)
    if is_nested(column.type) and _has_short_floats(column.type):
        cells = [_shown(cell, column.type) for cell in cells]
    made = frame.copy(deep=False)
    series: Any = pd.Series(cells, index=frame.index, dtype=object)
    made.isetitem(at, series)
    return made


def _has_short_floats(kind: Any) -> bool:
    if pa.types.is_nested(kind):
        return any(_has_short_floats(kind.field(at).type) for at in range(kind.num_fields))
    return bool(pa.types.is_float16(kind) or pa.types.is_float32(kind))


def _shown(cell: Any, kind: Any) -> Any:
    """Return a cell with its short floats as the digits that they show, as `values.cells_of` has them."""
    if cell is None or not _has_short_floats(kind):
        return cell
    if pa.types.is_struct(kind):
        return {field.name: _shown(cell[field.name], field.type) for field in kind}
    if pa.types.is_map(kind):
        return [(_shown(key, kind.key_type), _shown(item, kind.item_type)) for key, item in cell]
    if hasattr(kind, "value_type"):
        return [_shown(item, kind.value_type) for item in cell]
    if pa.types.is_nested(kind):
        return cell  # a union says of no cell which of its types it has
    return shown_float(np.float16(cell) if pa.types.is_float16(kind) else np.float32(cell))

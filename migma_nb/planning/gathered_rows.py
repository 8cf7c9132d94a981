"""The rows of a long text as they come: trimmed, noted for the report, and put into a temporary file."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from migma_nb.planning import pieces
from migma_nb.planning.delimited import TEXT
from migma_nb.planning.dialect import Dialect
from migma_nb.planning.parquet_pieces import evenly
from migma_nb.planning.read_report import Lines
from migma_nb.planning.sheet_marks import unguarded_frame
from migma_nb.planning.swallowed_rows import Swallowed, find_swallowed
from migma_nb.planning.temporary_files import room
from migma_nb.planning.trimming import blank_cells, blank_rows, kept_rows, repeated_rows
from migma_nb.planning.values import is_missing
from migma_nb.planning.windows import Window


class GatheredRows:
    """Rows that were read, without those that a list leaves out.

    Args:
        header: the cells with the columns' names, as many as rows have; None for none.
        width: how many cells a row has.
        dialect: how cells are told apart.
    """

    def __init__(self, header: Sequence[str] | None, width: int, dialect: Dialect) -> None:
        self.header, self.width, self._dialect = header, width, dialect
        #: How many rows are left, and how many cells were written as ="…".
        self.rows = self.guarded = 0
        self.blank, self.again = Lines(), Lines()
        self.swallowed: Swallowed | None = None
        named = [at + 1 for at, cell in enumerate(header or ()) if not is_missing(cell)]
        #: How many columns are left without those at its end that have no name and hold nothing.
        self.kept_width = width if header is None else max(named, default=0)

    def trimmed(
        self, frame: pd.DataFrame, lines: Sequence[int], blank: Sequence[int], *, multiline: bool
    ) -> pd.DataFrame:
        """Return what is left of rows that come next.

        Args:
            frame: the cells, with columns by position.
            lines: the line in which each row begins.
            blank: lines that are blank and no rows of the frame.
            multiline: whether a cell may hold a line break.
        """
        if not len(frame):
            self.blank.add(blank)
            return frame
        if self._dialect.guarded:
            frame, count = unguarded_frame(frame)
            self.guarded += count
        found = find_swallowed(frame, lines, self._dialect.delimiter) if multiline else None
        if found is not None and (self.swallowed is None or found.column < self.swallowed.column):
            self.swallowed = found
        empty = blank_rows(frame)
        again = repeated_rows(frame, self.header, empty)
        self.blank.add(sorted({*blank, *(int(lines[at]) for at in empty)}))
        self.again.add([int(lines[at]) for at in again])
        frame = kept_rows(frame, [*empty, *again])
        for at in reversed(range(self.kept_width, self.width)):
            if not blank_cells(frame.iloc[:, at]).all():
                self.kept_width = at + 1
                break
        self.rows += len(frame)
        return frame


def stored(frames: Iterator[pd.DataFrame], width: int, window: Window) -> Window:
    """Return a temporary file with frames of text, that is closed with a window.

    Args:
        frames: frames with columns by position.
        width: how many columns they have.
        window: the file that they come from.
    """
    schema = pa.schema([(str(at), pa.large_string()) for at in range(width)])
    packed = "lz4" if pa.Codec.is_available("lz4") else None
    made = window.filled(())
    file = pa.ipc.new_file(made.file, schema, options=pa.ipc.IpcWriteOptions(compression=packed))
    for table in evenly((_table(frame, schema) for frame in frames), pieces.PIECE_ROWS):
        with room():
            file.write_table(table.combine_chunks(), pieces.PIECE_ROWS)
    with room():
        file.close()
    return made.written()


def frames_of(window: Window, names: list[str]) -> Iterator[pd.DataFrame]:
    """Yield the frames that were stored, each with its part of one plain index.

    Args:
        window: the temporary file.
        names: the columns' names, perhaps fewer than there are columns.
    """
    file = pa.ipc.open_file(window.opened())
    start = 0
    for at in range(file.num_record_batches):
        batch = file.get_batch(at)
        index = pd.RangeIndex(start, start + batch.num_rows)
        columns = {number: _texts(batch.column(number)) for number in range(len(names))}
        frame = pd.DataFrame(columns, index=index, columns=range(len(names)))
        start += batch.num_rows
        yield frame.set_axis(names, axis=1)


def _table(frame: pd.DataFrame, schema: Any) -> Any:
    columns = [
        pa.array(frame.iloc[:, at], type=pa.large_string(), from_pandas=True) for at in range(len(schema))
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _texts(column: Any) -> Any:
    if isinstance(TEXT, pd.StringDtype):
        made: Any = TEXT
        return made.__from_arrow__(column)
    cells = column.to_numpy(zero_copy_only=False)
    cells[column.is_null().to_numpy(zero_copy_only=False)] = np.nan
    return cells

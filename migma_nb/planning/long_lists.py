"""Files of people of any length, in pieces: what `read_recipients` gives, without all of it in memory."""

import os
from contextlib import ExitStack
from pathlib import Path

from migma_nb.planning.parquet_pieces import parquet_pieces
from migma_nb.planning.pieces import Pieces, pieces_of
from migma_nb.planning.read_report import ReadReport
from migma_nb.planning.reading import read_recipients, require_people
from migma_nb.planning.windows import Window


def long_pieces(
    path: str | os.PathLike[str],
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    header: int | None = None,
    quote: str | None = None,
    member: str | None = None,
    sheet: str | int | None = None,
) -> Pieces:
    """Open a list of people, to go through it frame by frame.

    All that the whole list says (types, columns, repairs, refusals) is known when this returns: `.rows`,
    `.columns`, `.report` and each frame are those of `read_recipients(path, …)`.

    Args:
        path: the file, of any kind that `read_recipients` takes; workbooks are in memory all the same.
        encoding: as in `read_recipients`, like all others.
        delimiter: the character between a text's cells.
        header: the number of the line with the columns' names.
        quote: the character around a text's cells.
        member: which file of a zip is meant.
        sheet: a workbook's sheet.

    Returns:
        The pieces; close them, or use `with`.

    Raises:
        InputError: as `read_recipients` does. Nothing was sent.
    """
    file = Path(os.fsdecode(path)).expanduser()
    options = (encoding, delimiter, header, quote, member, sheet)
    if file.suffix.lower() == ".parquet" and file.is_file() and all(one is None for one in options):
        with ExitStack() as opened:
            window = Window.of(opened.enter_context(file.open("rb")))
            if window.startswith(b"PAR1"):
                found = parquet_pieces(window, str(file), ReadReport(file.name, "Parquet"))
                require_people(found.rows, str(file))
                opened.pop_all()
                return found
    frame = read_recipients(path, sheet, encoding, delimiter, header=header, quote=quote, member=member)
    report = ReadReport.of(frame)
    assert report is not None  # noqa: S101 - read_recipients ties one to each frame
    return pieces_of(frame, report)

"""A row with more or fewer cells than the header: which line, both numbers, and what is probably wrong."""

from collections.abc import Sequence

from migma_nb.api.errors import InputError
from migma_nb.planning.address_column import looks_like_address
from migma_nb.planning.dialect import DELIMITERS
from migma_nb.planning.read_report import separated_by

Rows = Sequence[tuple[int, list[str]]]


def ragged(name: str, delimiter: str, rows: Rows, at: int, width: int, *, headless: bool) -> InputError:
    """Return the error for a row that does not fit.

    Args:
        name: the file.
        delimiter: what separates its cells.
        rows: all rows below the header, each with its line.
        at: which of them does not fit.
        width: how many cells it should have.
        headless: whether that is no header's number, but that of the widest row.
    """
    line, row = rows[at]
    count = f"{len(row)} cell{'s' if len(row) > 1 else ''}"
    other = "the widest has" if headless else "the header has"
    hint = ("" if headless else _of_all(rows, at, width)) or _of_one(row, delimiter, width, headless=headless)
    return InputError(f"Line {line} of {name} has {count}, {other} {width}.", hint=hint)


def _of_all(rows: Rows, at: int, width: int) -> str:
    """Return what to do where the rows together say what is wrong with one, "" where they do not."""
    if all(len(row) == width + 1 for _, row in rows):
        return "Every row has one cell more: write a name for it, and its separator, into the header."
    rest = ([cell for cell in row if cell.strip()] for _, row in rows[at:])
    if at and all(len(row) == 1 and not looks_like_address(row[0]) for row in rest):
        return (
            f"From line {rows[at][0]:,} on stands what looks like a closing note of the program that wrote "
            "the list, such as a count: take that out."
        )
    return ""


def _of_one(row: Sequence[str], delimiter: str, width: int, *, headless: bool) -> str:
    hint = "Put cells that hold the separator in quotation marks, or export the list again."
    joined = delimiter.join(row)
    for sign in DELIMITERS:
        if sign != delimiter and len(joined.split(sign)) == width > 1:
            hint = (
                f"That line is separated by {separated_by(sign)}, the header by "
                f"{separated_by(delimiter)}: bring all lines to one separator."
            )
    if len(row) < width and not headless:
        hint += " If its last cells are only missing, write the separators for them."
    return hint

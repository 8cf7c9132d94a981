"""A row with more or fewer cells than the header: which line, both numbers, and what is probably wrong."""

from collections.abc import Sequence

from migma_nb.api.errors import InputError
from migma_nb.planning.address_column import looks_like_address
from migma_nb.planning.dialect import DELIMITERS
from migma_nb.planning.read_report import Lines, separated_by
from migma_nb.planning.text_rows import filled


class RaggedRows:
    """Rows as they come, of which the first that does not fit is kept; `cut` have empty cells beyond.

    Args:
        name: the file.
        delimiter: what separates its cells.
        width: how many cells a row must have; more may follow that are empty.
        full: how many the header has; None where there is none, and the widest row counts.
    """

    def __init__(self, name: str, delimiter: str, width: int, full: int | None) -> None:
        self._name, self._delimiter, self._width, self._full = name, delimiter, width, full
        self.cut = Lines()
        self._seen = 0
        self._first: tuple[int, list[str]] | None = None
        self._first_of: dict[int, tuple[int, list[str]]] = {}
        self._one_more = self._note = True

    def fits(self, line: int, row: list[str]) -> bool:
        """Say whether a row fits, and all before it did.

        Args:
            line: where it begins.
            row: its cells, not all of them blank.
        """
        if self._full is None:
            self._first_of.setdefault(len(row), (line, row))
            return len(self._first_of) == 1
        self._one_more = self._one_more and len(row) == self._full + 1
        if len(row) > self._full:
            self.cut.add([line])
        over = len(row) - self._width
        if self._first is None and (over < 0 or (over > 0 and filled(row[self._width :]))):
            self._first = (line, row)
            self._note = self._seen > 0
        if self._first is not None and self._note:
            cells = [cell for cell in row if cell.strip()]
            self._note = len(cells) == 1 and not looks_like_address(cells[0])
        self._seen += 1
        return self._first is None

    def error(self) -> InputError | None:
        """Return the error for the first row that does not fit, None where all do: after the last row."""
        width = max(self._first_of, default=0) if self._full is None else self._full
        first, hint = self._first, ""
        if self._full is None:
            first = min((row for size, row in self._first_of.items() if size < width), default=None)
        if first is None:
            return None
        line, row = first
        if self._full is not None:
            hint = self._of_all(line)
        hint = hint or _of_one(row, self._delimiter, width, headless=self._full is None)
        count = f"{len(row)} cell{'s' if len(row) > 1 else ''}"
        other = "the widest has" if self._full is None else "the header has"
        return InputError(f"Line {line} of {self._name} has {count}, {other} {width}.", hint=hint)

    def _of_all(self, line: int) -> str:
        """Return what to do where the rows together say what is wrong with one, "" where they do not."""
        if self._one_more:
            return "Every row has one cell more: write a name for it, and its separator, into the header."
        if self._note:
            return (
                f"From line {line:,} on stands what looks like a closing note of the program that wrote "
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

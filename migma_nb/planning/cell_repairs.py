"""The certain repair of each code, cell by cell: a function from what stands there to what was meant."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Number
from typing import Any, cast

from migma_nb.api.models import UNSAFE_IN_HEADER
from migma_nb.planning.address_repairs import meant_address, meant_provider
from migma_nb.planning.issues import IssueCode
from migma_nb.planning.rendering import plain_text
from migma_nb.planning.sheet_marks import without_mark
from migma_nb.planning.shift_repair import set_back
from migma_nb.planning.texts import has_html, is_stand_in, odd_text
from migma_nb.planning.values import is_missing, json_text, json_value

_WHOLE_AS_FLOAT = re.compile(r"(-?\d+)\.0", re.ASCII)
_DIGITS = re.compile(r"\d+", re.ASCII)
_BREAKS = re.compile(rf"\s*[{re.escape(''.join(UNSAFE_IN_HEADER - {chr(0)}))}]+\s*")
#: Steps of ftfy that undo exactly what a wrong encoding did; its others guess at letters that were lost.
_EXACT_STEPS = frozenset({"encode", "decode"})

#: Cells by their row: a whole column, or some of it.
Cells = Sequence[Any] | Mapping[int, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column that has problems of one code.

    Args:
        cells: all its cells, as they are by now; those of `rows` are enough for codes not in `BY_COLUMN`.
        rows: the rows that have the problem.
        identities: who each row is, None where its address is not valid; only one of `BY_COLUMN` asks.
    """

    cells: Cells
    rows: Sequence[int]
    identities: Sequence[str | None]


#: Takes a column and returns what is to stand in which row; None for nothing.
Repair = Callable[[Column], Mapping[int, Any]]


def _by_cell(meant: Callable[[str], str | None]) -> Repair:
    """Make a repair of a function that returns what a text means, None where that is not certain."""

    def repair(column: Column) -> Mapping[int, Any]:
        found = {}
        for row in column.rows:
            cell = column.cells[row]
            text = meant(cell) if isinstance(cell, str) else None
            if text is not None and text != cell:
                found[row] = text
        return found

    return repair


def emptied(column: Column) -> Mapping[int, Any]:
    """Empty what stands for nothing."""
    cells = column.cells
    return {row: None for row in column.rows if isinstance(cells[row], str) and is_stand_in(cells[row])}


def _one_line(column: Column) -> Mapping[int, Any]:
    lines = {row: _on_one_line(column.cells[row]) for row in column.rows}
    return {row: line for row, line in lines.items() if line is not column.cells[row]}


def _on_one_line(value: Any) -> Any:
    """Return a value with each line break as a space, within lists and dicts too; itself if it has none."""
    if isinstance(value, str):
        if not UNSAFE_IN_HEADER.intersection(value):
            return value
        return _BREAKS.sub(" ", value.replace("\0", "")).strip()
    if isinstance(value, list | tuple):
        items = [_on_one_line(item) for item in value]
        same = all(new is old for new, old in zip(items, value, strict=True))
        return value if same else type(value)(items) if type(value) in {list, tuple} else items
    if type(value) is dict:
        pairs = {_on_one_line(key): _on_one_line(item) for key, item in value.items()}
        changed = any(UNSAFE_IN_HEADER.intersection(key) for key in value if isinstance(key, str))
        same = not changed and all(pairs[key] is item for key, item in value.items())
        return value if same or len(pairs) < len(value) else pairs
    return value


def _as_text(column: Column) -> Mapping[int, Any]:
    """Turn bytes that are UTF-8 into text, and halves of surrogate pairs that stand together into one."""
    found = {}
    for row in column.rows:
        cell = column.cells[row]
        try:
            if isinstance(cell, bytes):
                text = cell.decode("utf-8")
            elif isinstance(cell, str):
                text = cell.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
            else:
                continue
        except UnicodeError:
            continue
        if text != cell and (text.isprintable() or isinstance(cell, str)):
            found[row] = text if text.strip() else None
    return found


def _readable(column: Column) -> Mapping[int, Any]:
    """Empty what stands for nothing, take a spreadsheet's marks off, and read right what was read wrongly."""
    found: dict[int, Any] = {}
    for row in column.rows:
        cell = column.cells[row]
        if not isinstance(cell, str):
            continue
        if is_stand_in(cell):
            found[row] = None
        elif (plain := without_mark(cell)) is not None:
            found[row] = plain or None
        elif odd_text(cell) and (meant := read_right(cell)) is not None:
            found[row] = meant
    return found


def read_right(text: str) -> str | None:
    """Return a text as it stood before it was read in the wrong encoding; None where that is not certain."""
    import ftfy  # noqa: PLC0415 - 30 ms that only those pay who repair such a text

    meant, steps = ftfy.fix_encoding_and_explain(text)
    exact = all(step.action in _EXACT_STEPS for step in steps or ())
    return meant if exact and meant != text and odd_text(meant) is None else None


def _without_html(text: str) -> str | None:
    """Return what a reader would read of HTML, on one line; None where that looks like HTML again."""
    if not has_html(text):
        return None
    plain = " ".join(plain_text(text).split())
    return None if has_html(plain) else plain


def _plain(column: Column) -> Mapping[int, Any]:
    return {row: text or None for row, text in _by_cell(_without_html)(column).items()}


def _whole(text: str) -> str | None:
    match = _WHOLE_AS_FLOAT.fullmatch(text)
    return None if match is None else "0" if match[1] == "-0" else match[1]


def _with_zeros(column: Column) -> Mapping[int, Any]:
    """Bring back the zeros at the start; a column of numbers becomes text as a whole, which it is."""
    codes = {row: code for row, cell in enumerate(column.cells) if (code := _code(cell)) is not None}
    lengths = Counter(map(len, codes.values()))
    length = max(lengths, key=lambda one: lengths[one], default=0)
    found: dict[int, Any] = {row: codes[row].zfill(length) for row in column.rows if row in codes}
    numbers = [row for row, cell in enumerate(column.cells) if isinstance(cell, Number)]
    if found and numbers and not any(isinstance(cell, str) for cell in column.cells):
        found = {row: codes[row] for row in numbers if row in codes} | found
    return found


def _code(cell: Any) -> str | None:
    """Return a code's digits as they would be read in a mail, None for what is none."""
    if isinstance(cell, str):
        return cell if _DIGITS.fullmatch(cell) else None
    if isinstance(cell, bool) or not isinstance(cell, Number) or is_missing(cell):
        return None
    whole = isinstance(cell, complex) or cell != cell // 1  # type: ignore[operator]  # no complex ones here
    text = "" if whole else json_text(json_value(int(cell)))  # type: ignore[call-overload]  # numpy's too
    return text if _DIGITS.fullmatch(text) else None


#: In the address column nothing else is touched: what is left of an address is another address.
ADDRESS_REPAIRS: Mapping[IssueCode, Repair] = {
    IssueCode.UNSAFE_HEADER: _by_cell(meant_address),
    IssueCode.INVALID_EMAIL: _by_cell(meant_address),
    IssueCode.LOOKALIKE_DOMAIN: _by_cell(meant_provider),
}
#: In the order in which they are made: text first, then markup, then what a whole column decides.
VALUE_REPAIRS: Mapping[IssueCode, Repair] = {
    IssueCode.UNSERIALISABLE_VALUE: _as_text,
    IssueCode.SUSPICIOUS_TEXT: _readable,
    IssueCode.HTML_IN_VALUE: _plain,
    IssueCode.UNSAFE_HEADER: _one_line,
    IssueCode.WHOLE_NUMBER_AS_FLOAT: _by_cell(_whole),
    IssueCode.LOST_LEADING_ZEROS: _with_zeros,
    IssueCode.VALUE_SHIFT: lambda column: set_back(cast("Sequence[Any]", column.cells), column.identities),
}
#: The codes whose repair needs to see the whole column.
BY_COLUMN = frozenset({IssueCode.LOST_LEADING_ZEROS, IssueCode.VALUE_SHIFT})
REPAIRABLE = tuple(code for code in IssueCode if code in {*ADDRESS_REPAIRS, *VALUE_REPAIRS})

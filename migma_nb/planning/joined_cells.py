"""Lists that came out as one column, though each of its cells holds an address and more: a question."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.planning.address_column import is_address_name
from migma_nb.planning.dialect import DELIMITERS
from migma_nb.planning.header_line import HEAD_ROWS
from migma_nb.planning.read_report import separated_by

_ADDRESS = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
#: What stands in addresses and in names as well, and so tells nothing apart.
_IN_WORDS = frozenset("-_.'+&/()[]<>@\"")
#: What separates the cells of a list without a header, where no name shows it.
_SIGNS = (*DELIMITERS, "^", ":", "~", " ")
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a frame of one column comes from.

    Args:
        name: the file, for errors.
        header: whether its column has a name of its own.
        delimiter: what the user named as the separator, None for nothing.
        sheet: whether it was a sheet.
    """

    name: str
    header: bool
    delimiter: str | None = None
    sheet: bool = False


def refuse_joined(frame: pd.DataFrame, origin: Origin) -> None:
    """Refuse a list of one column whose cells are rows.

    Args:
        frame: the list, or its first rows.
        origin: where it comes from.

    Raises:
        InputError: it is such a list; says what separates the cells.
    """
    if frame.shape[1] != 1:
        return
    cells = [cell for cell in frame.iloc[:HEAD_ROWS, 0].tolist() if isinstance(cell, str) and cell.strip()]
    column = str(frame.columns[0])
    sign = next((one for one in _signs(column, origin) if _joined(cells, one)), None)
    if sign is None:
        return
    raise InputError(
        f"{origin.name} comes out as one column, {column[:_LONGEST]!r}, whose cells hold an address and "
        f"more: {cells[0][:_LONGEST]!r}.",
        hint=_hint(column, cells, sign, origin),
    )


def _signs(column: str, origin: Origin) -> Sequence[str]:
    """Return what may separate: of a column with a name what stands between that of addresses and others."""
    if not origin.header:
        return _SIGNS
    signs = dict.fromkeys(sign for sign in column if not sign.isalnum() and sign not in _IN_WORDS)
    # Blanks stand beside other signs, too.
    return sorted((sign for sign in signs if _names_addresses(_parts(column, sign))), key=" ".__eq__)


def _names_addresses(parts: list[str]) -> bool:
    return len(parts) > 1 and any(is_address_name(part) or _ADDRESS.fullmatch(part) for part in parts)


def _joined(cells: list[str], sign: str) -> bool:
    """Say whether at least half of the cells hold an address, this sign, and more."""
    count = sum(_holds_more(_parts(cell, sign), sign) for cell in cells)
    return count > 0 and 2 * count >= len(cells)


def _holds_more(parts: list[str], sign: str) -> bool:
    addresses = sum(_ADDRESS.fullmatch(part) is not None for part in parts)
    if not addresses or len(parts) == 1 or parts[0].casefold() == "mailto":
        return False
    # Two addresses with a blank between are a slip in one cell.
    return sign != " " or addresses < len(parts)


def _parts(text: str, sign: str) -> list[str]:
    parts = text.split() if sign == " " else text.split(sign)
    return [bare for part in parts if (bare := part.strip().strip('"').strip())]


def _hint(column: str, cells: list[str], sign: str, origin: Origin) -> str:
    if origin.sheet:
        return (
            "Split that column in the spreadsheet (in Excel: Data, Text to Columns), or save it as CSV and "
            "read that."
        )
    if origin.delimiter is not None and origin.delimiter != sign:
        return f"Leave delimiter= out, or pass delimiter={sign!r}."
    if sign in DELIMITERS:
        return (
            f"Each row stands in quotation marks as a whole, with {separated_by(sign)} inside them. Export "
            "the list again, or take those marks off."
        )
    texts = [column, *cells] if origin.header else cells
    counts = {count for text in texts for count in (len(_parts(text, sign)), text.count(sign) + 1)}
    if sign == " " and len(counts) > 1:
        return "It seems to be separated by blanks, and not every row by as many. Export it again as CSV."
    return f"It seems to be separated by {separated_by(sign)}: pass delimiter={sign!r}."

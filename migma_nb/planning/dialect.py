"""How the cells of a text are separated and quoted: found by what makes a table of it, else a question."""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from migma_nb.api.errors import InputError
from migma_nb.planning.address_column import looks_like_address
from migma_nb.planning.header_line import HEAD_ROWS
from migma_nb.planning.read_report import separated_by
from migma_nb.planning.sliced import blocks_of, place_of
from migma_nb.planning.windows import Sliced

DELIMITERS = ",;\t|"
_STANDS = {"delimiter": "between", "quote": "around"}
#: Bytes that are looked at.
_HEAD = 200_000
_FILLED = re.compile(rb"[^\r\n]")
#: Bytes that a first line with nothing but the separator has at most.
_LONGEST_SAID = 16
_SAID = re.compile(rb'"?sep=([^\r\n"])"?\r?\n')


@dataclass(frozen=True, slots=True)
class Dialect:
    """How cells are told apart.

    Args:
        delimiter: one character (str).
        quote: one character, "" where marks are ordinary text (str).
        skipped: bytes at the start that only say how to read the rest (int).
        repairs: what was found that is not plain, a sentence each.
        guarded: whether cells may be written as ="00501", as Excel keeps zeros; never where marks are text.
    """

    delimiter: str
    quote: str
    skipped: int = 0
    repairs: tuple[str, ...] = ()
    guarded: bool = False


def find_dialect(
    data: Sliced, name: str, *, delimiter: str | None, quote: str | None, tabs: bool = False
) -> Dialect:
    """Find out how a text's cells are separated and quoted.

    Args:
        data: the text in UTF-8.
        name: the file, for errors.
        delimiter: the one that the user named, None to find it.
        quote: the mark that the user named, "" for none, None to find it.
        tabs: whether the file's name says that tabs separate.

    Raises:
        InputError: two ways make a table of it, and nothing says which.
    """
    _check("delimiter", delimiter, ",")
    _check("quote", quote or None, '"')
    _check_apart(delimiter, quote)
    said = _SAID.match(data[:_LONGEST_SAID])
    skipped = said.end() if said else 0
    start = _first_filled(data, skipped)
    head = _Head(data[start : start + _HEAD].decode("utf-8", "ignore"), start + _HEAD >= len(data))
    repairs = []
    if said is not None:
        use = "taken as the separator" if delimiter is None else "left out, since another separator is given"
        repairs = [f"The first line, {said[0].decode().strip()}, was {use}."]
    if delimiter is None:
        tables = {sign: head.rows(sign, '"' if quote is None else quote) for sign in DELIMITERS}
        if said is not None:
            delimiter = said[1].decode("utf-8", "replace")
            _refuse_contradiction(delimiter, head.rows(delimiter, quote or '"'), tables, name)
        elif tabs and any(len(row) > 1 for row in tables["\t"]):
            delimiter = "\t"
        else:
            delimiter = _best(tables, name)
    if quote is None:
        single = _in_single_quotes(head.rows(delimiter, '"'))
        quote = "'" if single else '"'
        repairs += ["Cells are in single quotation marks, which were taken off."] * single
    guarded = quote != "" and place_of(data, b'="') >= 0
    return Dialect(delimiter, quote, skipped, tuple(repairs), guarded)


def _first_filled(data: Sliced, start: int) -> int:
    """Return where the first line begins that is not empty."""
    at = start
    for block in blocks_of(data, start):
        if found := _FILLED.search(block):
            return at + found.start()
        at += len(block)
    return start


def _check(argument: str, given: Any, example: str) -> None:
    if given is not None and (not isinstance(given, str) or len(given) != 1 or given in "\r\n\0"):
        raise InputError(
            f"{argument}={given!r} is no single character.", hint=f"Write for example {argument}={example!r}."
        )


def _check_apart(delimiter: str | None, quote: str | None) -> None:
    """Refuse a mark around cells that separates them, or stands in them: each cell would lose some of itself.

    Raises:
        InputError: it is such a mark.
    """
    separates = quote is not None and (quote == delimiter or quote in (*DELIMITERS, " "))
    for argument, given, wrong in (
        ("delimiter", delimiter, delimiter is not None and (delimiter.isalnum() or delimiter == '"')),
        ("quote", quote, separates or (quote is not None and quote.isalnum())),
    ):
        if wrong:
            raise InputError(
                f"{argument}={given!r} is no mark that can stand {_STANDS[argument]} cells.",
                hint="Leave it out, to have it found out, or name the one that the file has.",
            )


def lines_with_ends(text: str) -> Iterator[str]:
    """Yield a text's lines with what ends each: LF, CRLF or CR.

    Not str.splitlines: it also splits at characters that are no line ends in CSV, such as U+2028.
    """
    start = 0
    for match in re.finditer(r"\r\n|\n|\r", text):
        yield text[start : match.end()]
        start = match.end()
    if start < len(text):
        yield text[start:]


def reader_options(dialect: Dialect) -> dict[str, Any]:
    """Return the csv module's options for a dialect."""
    if not dialect.quote:
        return {"delimiter": dialect.delimiter, "quoting": csv.QUOTE_NONE}
    return {"delimiter": dialect.delimiter, "quotechar": dialect.quote}


@dataclass(frozen=True, slots=True)
class _Head:
    """The beginning of a text.

    Args:
        text: so much of it as is looked at.
        whole: whether that is all of it.
    """

    text: str
    whole: bool

    def rows(self, delimiter: str, quote: str) -> list[list[str]]:
        """Return its first rows that are not blank, as they are with this separator and mark."""
        rows: list[list[str]] = []
        reader = csv.reader(lines_with_ends(self.text), **reader_options(Dialect(delimiter, quote)))
        try:
            for row in reader:
                if any(cell.strip() for cell in row):
                    rows.append(row)
                if len(rows) > HEAD_ROWS:
                    return rows
        except csv.Error:
            return rows  # the strict reading says where and why
        return rows if self.whole or len(rows) < 2 else rows[:-1]  # noqa: PLR2004 - the last one may be cut


def _best(tables: dict[str, list[list[str]]], name: str) -> str:
    fitting = [sign for sign, rows in tables.items() if _is_table(rows)]
    if len(fitting) > 1:
        addresses = {sign: _addresses(tables[sign]) for sign in fitting}
        most = max(addresses.values())
        fitting = [sign for sign in fitting if addresses[sign] == most]
        if len(fitting) > 1:
            words = " or ".join(separated_by(sign) for sign in fitting)
            raise InputError(
                f"The cells of {name} could be separated by {words}: both make a table of it.",
                hint=f"Say which: {' or '.join(f'delimiter={sign!r}' for sign in fitting)}.",
            )
    if fitting:
        return fitting[0]
    wide = {sign: Counter(len(row) for row in rows if len(row) > 1) for sign, rows in tables.items()}
    usual = {sign: max(counts.values(), default=0) for sign, counts in wide.items()}
    half = max(len(rows) for rows in tables.values()) / 2
    header = {sign: len(rows[0]) if rows else 0 for sign, rows in tables.items()}
    if max(usual.values()) < half and max(header.values()) <= 1:
        # One column, in which a sign may stand by chance.
        return next((sign for sign in DELIMITERS if not wide[sign]), ",")
    return max(
        DELIMITERS, key=lambda sign: (usual[sign] >= half, header[sign] > 1, usual[sign], header[sign])
    )


def _refuse_contradiction(
    said: str, rows: list[list[str]], tables: dict[str, list[list[str]]], name: str
) -> None:
    """Refuse a first line that names a separator which no row has, where another one makes a table.

    Raises:
        InputError: it does.
    """
    fitting = [sign for sign, found in tables.items() if sign != said and _is_table(found)]
    if fitting and all(len(row) == 1 for row in rows):
        raise InputError(
            f"The first line of {name} says that {separated_by(said)} separate cells, and no row has any: "
            f"{' or '.join(map(separated_by, fitting))} would make a table of it.",
            hint=f"Say which: {' or '.join(f'delimiter={sign!r}' for sign in (*fitting, said))}.",
        )


def _is_table(rows: list[list[str]]) -> bool:
    """Say whether all rows have as many cells as the first, at least two; empty ones behind do not count."""
    width = len(rows[0]) if rows else 0
    return width > 1 and all(len(row) >= width and not any(row[width:]) for row in rows)


def _addresses(rows: list[list[str]]) -> int:
    cells = (cell for row in rows for cell in row)
    return sum(looks_like_address(cell) and not set(DELIMITERS) & set(cell) for cell in cells)


def _in_single_quotes(rows: list[list[str]]) -> bool:
    cells = [cell for row in rows for cell in row if cell]
    return len(rows) > 1 and all(len(cell) > 1 and cell[0] == cell[-1] == "'" for cell in cells)

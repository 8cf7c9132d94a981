"""A column becomes JSON texts: the cell rule is asked once for each different cell, and not for each row.

What a cell's neighbours decide about it is a small profile, `ColumnRules`, apart from the encoding by it:
each piece of a column is profiled (`rules_of`), the profiles are merged, and all are encoded by that.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from migma_nb.planning.coded_texts import CodedTexts
from migma_nb.planning.plain_texts import are_dates, are_whole, moment_texts, number_texts, quoted_texts
from migma_nb.planning.recurrence import mostly_different, mostly_different_numbers
from migma_nb.planning.text_arrays import (
    TEXT,
    Codes,
    TextArray,
    array_of,
    encoded,
    missing_in,
    numbered,
    text_array,
)
from migma_nb.planning.values import (
    ColumnRules,
    NotJsonError,
    cells_of,
    column_rules,
    is_missing,
    json_text,
    json_value,
)

Form = Callable[[Any], Any]
#: Different cells: numbers and timestamps as NumPy's, all others as a list.
Cells = npt.NDArray[Any] | list[Any]
#: Cells of these types that are equal go out as the same text.
_EQUAL_IS_ALIKE = frozenset({str, dt.date})
#: Bytes of the only floats whose bits are looked at; shorter ones are written with the digits that they show.
_DOUBLE = 8


class Uniques(Mapping[str, str]):
    """Each different text cell's content to its JSON text; numbers and dates are not in it.

    Args:
        cells: the different text cells.
        texts: their JSON texts, null where a cell has a problem.
    """

    def __init__(self, cells: TextArray, texts: TextArray) -> None:
        self.cells = cells
        self.texts = texts
        self._places: dict[str, int] | None = None

    def __len__(self) -> int:
        return len(self.texts) - int(self.texts.null_count)

    def __iter__(self) -> Iterator[str]:
        sent = self.cells.filter(self.texts.is_valid()) if self.texts.null_count else self.cells
        yield from sent.to_pylist()

    def __getitem__(self, cell: str) -> str:
        if self._places is None:
            self._places = {one: at for at, one in enumerate(self.cells.to_pylist())}
        text: str | None = self.texts[self._places[cell]].as_py()
        if text is None:
            raise KeyError(cell)
        return text


@dataclass(frozen=True, slots=True)
class EncodedColumn:
    """A column as JSON texts.

    Args:
        texts: one JSON text per row, None where the cell is missing or has a problem.
        problems: row position to what is wrong with its cell.
        uniques: each different text cell's content to its JSON text (numbers and dates are not in it). Its
            cells are the first of `texts.different`, in the same order. Where nearly all are different (as
            invoice numbers are), a few may stand there twice.
    """

    texts: CodedTexts
    problems: Mapping[int, str]
    uniques: Uniques

    @property
    def words(self) -> CodedTexts:
        """Each row's cell as it stands, None where it is no text or cannot be sent."""
        codes, cells = self.texts.codes, self.uniques.cells
        return CodedTexts(np.where(codes < len(cells), codes, np.int32(-1)), cells)


def rules_of(series: "pd.Series[Any]") -> ColumnRules:
    """Return what a column, or a piece of one, says of its cells: whole numbers, dates without a time."""
    if text_array(series) is not None:
        return ColumnRules(whole=True, dates=True)
    found = _different(series)
    return column_rules(cells_of(series)) if found is None else _rules(found[1])


def encode_column(
    series: "pd.Series[Any]", form: Form | None = None, rules: ColumnRules | None = None
) -> EncodedColumn:
    """Turn a column into JSON texts.

    Args:
        series: the column, of any dtype.
        form: turns a cell that is not missing into what the reader shall see, or None. It is asked once for
            equal cells.
        rules: what the whole column says, where this is a piece of it; None for what these cells say.
    """
    texts = text_array(series)
    if texts is not None:
        return _of_texts(texts, form, rules)
    if isinstance(series.dtype, pd.CategoricalDtype):
        return _of_categories(series, form, rules)
    found = _different(series, alike=form is not None)
    if found is None:
        return _of_cells(cells_of(series), form, rules)
    codes, cells = found
    rules = _rules(cells) if rules is None else rules
    json = None if form else _plainly(cells, rules)
    if json is not None:
        return EncodedColumn(CodedTexts(codes, json), {}, _no_uniques())
    made, problems = _encoded(_listed(cells), rules, form)
    return EncodedColumn(*_spread(codes, pa.array(made, type=TEXT), problems), _no_uniques())


def _of_texts(texts: TextArray, form: Form | None, rules: ColumnRules | None) -> EncodedColumn:
    if form is None and mostly_different(texts):
        codes, cells = np.arange(len(texts), dtype=np.int32), texts
    else:
        codes, cells = encoded(texts)
    missing = missing_in(cells)
    if missing.any():
        codes = np.where(codes < 0, codes, numbered(~missing)[codes])
        cells = cells.filter(pa.array(~missing))
    if form is None:
        json = quoted_texts(cells)
        return EncodedColumn(CodedTexts(codes, json), {}, Uniques(cells, json))
    # What a format makes of texts may well be numbers or dates: the column has none that speak against it.
    rules = ColumnRules(whole=True, dates=True) if rules is None else rules
    made, problems = _encoded(cells.to_pylist(), rules, form)
    json = pa.array(made, type=TEXT)
    return EncodedColumn(*_spread(codes, json, problems), Uniques(cells, json))


def _of_categories(series: "pd.Series[Any]", form: Form | None, rules: ColumnRules | None) -> EncodedColumn:
    """Encode the categories that are some row's, and give each row its own."""
    codes = series.cat.codes.to_numpy()
    used = np.unique(codes[codes >= 0])
    of_used = encode_column(pd.Series(series.cat.categories[used]), form, rules)
    place = np.full(len(series.cat.categories) + 1, -1, dtype=np.intp)  # the last is for rows without one
    place[used] = np.arange(len(used))
    places = place[codes]
    texts = of_used.texts
    problems = {
        row: of_used.problems[int(places[row])]
        for row in np.flatnonzero(np.isin(places, list(of_used.problems))).tolist()
    }
    spread = np.where(places < 0, np.int32(-1), texts.codes[places]) if len(used) else places
    return EncodedColumn(CodedTexts(spread.astype(np.int32), texts.different), problems, of_used.uniques)


def _of_cells(cells: list[Any], form: Form | None, rules: ColumnRules | None) -> EncodedColumn:
    """Encode cells one by one: those that are equal may read differently, as 1 and True do."""
    rules = column_rules(cells) if rules is None else rules
    codes: Codes = np.full(len(cells), -1, dtype=np.int32)
    problems: dict[int, str] = {}
    known: dict[Any, int] = {}
    of_texts: list[str] = []
    of_others: dict[str, int] = {}
    for row, cell in enumerate(cells):
        again = type(cell) in _EQUAL_IS_ALIKE
        if again and cell in known:
            codes[row] = known[cell]
            continue
        if is_missing(cell):
            continue
        try:
            text = json_text(json_value(form(cell) if form else cell, rules))
        except NotJsonError as error:
            problems[row] = str(error)
            continue
        if type(cell) is str:
            code = len(of_texts)
            of_texts.append(text)
        else:
            code = -2 - of_others.setdefault(text, len(of_others))
        codes[row] = code
        if again:
            known[cell] = code
    codes = np.where(codes <= -2, len(of_texts) - 2 - codes, codes).astype(np.int32)  # noqa: PLR2004 - see above
    uniques = Uniques(array_of(cell for cell in known if type(cell) is str), array_of(of_texts))
    return EncodedColumn(CodedTexts(codes, array_of([*of_texts, *of_others])), problems, uniques)


def _rules(cells: Cells) -> ColumnRules:
    if isinstance(cells, list):
        return column_rules(cells)
    kind = cells.dtype.kind
    return ColumnRules(whole=kind != "f" or are_whole(cells), dates=kind != "M" or are_dates(cells))


def _plainly(cells: Cells, rules: ColumnRules) -> TextArray | None:
    """Return the JSON texts of cells for which they are made at once; None for others."""
    if isinstance(cells, list) or (cells.dtype.kind == "f" and not np.isfinite(cells).all()):
        return None
    return moment_texts(cells, rules) if cells.dtype.kind == "M" else number_texts(cells, rules)


def _listed(cells: Cells) -> list[Any]:
    if isinstance(cells, list):
        return cells
    return pd.Series(cells).tolist() if cells.dtype.kind == "M" else list(cells.tolist())


def _encoded(
    cells: Sequence[Any], rules: ColumnRules, form: Form | None
) -> tuple[list[str | None], dict[int, str]]:
    """Return the JSON text of each different cell, and what is wrong with those that have none."""
    made: list[str | None] = []
    problems: dict[int, str] = {}
    for at, cell in enumerate(cells):
        try:
            made.append(json_text(json_value(form(cell) if form else cell, rules)))
        except NotJsonError as error:
            made.append(None)
            problems[at] = str(error)
    return made, problems


def _spread(codes: Codes, json: TextArray, problems: Mapping[int, str]) -> tuple[CodedTexts, dict[int, str]]:
    """Return the rows' texts, and what is wrong by row."""
    texts = CodedTexts(codes, json)
    if not problems:
        return texts, {}
    rows = texts.rows_of(np.fromiter(problems, dtype=np.intp))
    by_row = {row: problems[int(codes[row])] for row in rows.tolist()}
    codes = codes.copy()
    codes[rows] = -1
    return CodedTexts(codes, json.fill_null('""')), by_row


def _different(series: "pd.Series[Any]", *, alike: bool = False) -> tuple[Codes, Cells] | None:
    """Return each row's position among the different cells (-1 for missing ones), and these.

    None where they have to be looked at one by one. Where few come twice, such a one may stand twice among
    the different ones, unless equal cells have to be `alike`.
    """
    dtype = series.dtype
    kind = getattr(dtype, "kind", "O")
    if (
        kind not in "iufbM"
        or isinstance(dtype, pd.ArrowDtype)
        or (kind == "f" and getattr(dtype, "itemsize", 0) != _DOUBLE)
        or not getattr(dtype, "isnative", True)  # of the other byte order, as HDF5 and FITS files are
    ):
        return None
    missing = series.isna().to_numpy()
    if kind == "M" and not isinstance(dtype, np.dtype):
        places, moments = pd.factorize(series)
        return places.astype(np.int32), moments.tolist()  # with a zone
    if isinstance(dtype, np.dtype):
        numbers = series.to_numpy()
    elif not hasattr(dtype, "numpy_dtype"):
        return None
    else:
        numbers = series.to_numpy(dtype=dtype.numpy_dtype, na_value=dtype.numpy_dtype.type(0))
    # By their bits where that tells more: -0.0 equals 0.0 and reads differently.
    bits = numbers.view(np.int64) if kind == "f" else numbers
    apart = not alike and bits.dtype.kind in "iu" and mostly_different_numbers(bits)
    found, different = (np.arange(len(bits)), bits) if apart else pd.factorize(bits)
    codes: Codes = found.astype(np.int32)
    cells = np.asarray(different)
    codes[missing] = -1
    if kind == "f":
        return _without_nan(codes, cells.view(np.float64))
    return codes, cells.tolist() if kind == "b" else cells


def _without_nan(codes: Codes, cells: npt.NDArray[np.float64]) -> tuple[Codes, Cells]:
    nan = np.isnan(cells)
    return (np.where(codes < 0, codes, numbered(~nan)[codes]), cells[~nan]) if nan.any() else (codes, cells)


def _no_uniques() -> Uniques:
    return Uniques(array_of([]), array_of([]))

"""Whole columns at once: what a fast way finds is what the rule for one cell, address or text says."""

import datetime as dt
import string
from typing import Any

import numpy as np
import pandas as pd
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from migma_nb.planning.address_texts import Parts, are_plain, read_addresses
from migma_nb.planning.addresses import check_address
from migma_nb.planning.coded_texts import CodedTexts
from migma_nb.planning.encoded import encode_column, rules_of
from migma_nb.planning.formats import formatter
from migma_nb.planning.oddities import code_lengths, number_look
from migma_nb.planning.text_arrays import array_of, maybe_padded, missing_in, places_with
from migma_nb.planning.texts import has_html, odd_text, odd_texts, texts_with_html
from migma_nb.planning.values import NotJsonError, column_rules, is_missing, json_text, json_value

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
STUMBLES = st.sampled_from(
    [
        "nan",
        " None\u00a0",
        "\u3000#N/A",
        "{{x}}",
        "a}}",
        "CafÃ© du MarchÃ©",
        "â€™",
        "\ufffd",
        "<b>",
        "a & b",
        "&amp;",
        "ô\x80",
    ]
)
MOMENTS = st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1))  # noqa: DTZ001 - of no zone
DTYPES: dict[str, st.SearchStrategy[Any]] = {
    "object": TEXT | st.none(),
    "str": TEXT | st.none(),
    "float64": st.floats()
    | st.integers(-(10**6), 10**6).map(float)
    | st.integers().map(lambda one: one / 100),
    "Float64": st.floats(allow_nan=False) | st.none(),
    "int64": st.integers(-(2**63), 2**63 - 1) | st.integers(-9, 9),
    "uint64": st.integers(0, 2**64 - 1),
    "Int64": st.integers(-(2**62), 2**62) | st.none(),
    "boolean": st.booleans() | st.none(),
    "datetime64[ns]": MOMENTS | st.none(),
    "datetime64[us]": MOMENTS | st.dates(dt.date(1700, 1, 1), dt.date(2200, 1, 1)) | st.none(),
    "datetime64[ns, Europe/Berlin]": MOMENTS.map(lambda one: one.replace(tzinfo=dt.UTC)) | st.none(),
    "category": TEXT | st.none(),
}


def by_rule(cells: list[Any]) -> list[str | None]:
    """Return what the cell rule makes of a column's cells, one by one; None for missing ones and problems."""
    rules, texts = column_rules(cells), []
    for cell in cells:
        try:
            texts.append(None if is_missing(cell) else json_text(json_value(cell, rules)))
        except NotJsonError:
            texts.append(None)
    return texts


@pytest.mark.parametrize("dtype", DTYPES)
@given(st.data())
def test_a_column_reads_as_its_cells_do_one_by_one(dtype: Any, data: st.DataObject) -> None:
    """Whatever its dtype, the bytes of each row are those of the rule for one cell."""
    series = pd.Series(data.draw(st.lists(DTYPES[dtype], max_size=6)), dtype=object).astype(dtype)
    assert by_rule(series.tolist()) == list(encode_column(series).texts)


FOREIGN: list[tuple[str, list[Any]]] = [
    (">f8", [1.5, -0.0, float("nan"), 1e300]),
    (">f8", [1001.0, 7.0]),
    (">f4", [0.1, 2.5]),
    (">i8", [-(2**53), 7, 2**53]),
    (">u2", [1, 65535]),
    ("longdouble", [0.1, 2.0, float("nan")]),
]


@pytest.mark.parametrize(("dtype", "cells"), FOREIGN)
def test_numbers_of_another_machine_are_the_same_numbers(dtype: str, cells: list[Any]) -> None:
    """A column whose bytes stand the other way round, or whose floats are longer, sends what it shows."""
    series = pd.Series(np.array(cells, dtype=dtype))
    assert by_rule(cells) == list(encode_column(series).texts)


@pytest.mark.parametrize(
    ("form", "cells", "expected"),
    [
        (float, ["19.00", "20.50"], ["19", "20.5"]),
        (pd.Timestamp, ["2026-12-31", "2027-01-01"], ['"2026-12-31"', '"2027-01-01"']),
    ],
)
@pytest.mark.parametrize("dtype", ["object", "str", "category"])
def test_what_a_format_makes_of_texts_goes_out_as_from_any_column(
    form: Any, cells: list[str], expected: list[str], dtype: Any
) -> None:
    """A whole number is no 19.0 and a day has no midnight, in a column of texts as among others."""
    look = formatter("v", form)
    assert expected == list(encode_column(pd.Series(cells, dtype=dtype), look).texts)
    among_others = encode_column(pd.Series([*cells, b"x"], dtype=object), look)
    assert expected == list(among_others.texts)[:2]


@given(st.lists(st.floats(1e-4, 1e11) | st.integers(1, 10**13).map(lambda one: one / 1000), min_size=1))
def test_floats_have_the_digits_that_python_shows(numbers: list[float]) -> None:
    """However many there are and wherever an exponent begins: what is sent is Python's own shortest form."""
    column = encode_column(pd.Series([0.5, *numbers]))
    assert ["0.5", *map(repr, numbers)] == list(column.texts)


@pytest.mark.parametrize("dtype", ["float64", "datetime64[ns]", "str", "Int64"])
@given(st.data())
def test_a_column_in_pieces_is_the_column(dtype: Any, data: st.DataObject) -> None:
    """The pieces' profiles are merged, and each piece encoded by that reads as a part of the whole."""
    series = pd.Series(data.draw(st.lists(DTYPES[dtype], max_size=6)), dtype=object).astype(dtype)
    at = data.draw(st.integers(0, len(series)))
    pieces = [series.iloc[:at], series.iloc[at:]]
    rules = rules_of(pieces[0]).merged(rules_of(pieces[1]))
    parts = [encode_column(piece, rules=rules).texts for piece in pieces]
    assert list(encode_column(series).texts) == [text for part in parts for text in part]


@given(st.lists(st.sampled_from(["7.0", "7", "x", "-1.0", "00501", "1234", "", "12345"])), st.integers(0, 9))
def test_what_a_check_asks_of_the_whole_column_merges(cells: list[str], at: int) -> None:
    """How numbers look and how long codes are says the same of two pieces as of the whole."""
    whole, one, other = (
        encode_column(pd.Series(part, dtype=object)) for part in (cells, cells[:at], cells[at:])
    )
    assert number_look(whole) == number_look(one).merged(number_look(other))
    assert code_lengths(whole.texts) == code_lengths(one.texts).merged(code_lengths(other.texts))


@given(st.lists(TEXT | STUMBLES))
def test_all_texts_at_once_are_as_odd_as_each_alone(texts: list[str]) -> None:
    """The search by byte leaves out no text that the rules would find."""
    array = array_of(texts)
    assert {at: odd for at, text in enumerate(texts) if (odd := odd_text(text))} == odd_texts(array)
    assert [at for at, text in enumerate(texts) if has_html(text)] == texts_with_html(array).tolist()
    assert [is_missing(text) for text in texts] == missing_in(array).tolist()
    assert {at for at, text in enumerate(texts) if text != text.strip()} <= set(maybe_padded(array).tolist())


@given(
    st.lists(TEXT | st.text("ab", max_size=300_000).map(lambda one: one * 3)),
    st.binary(min_size=1, max_size=5),
)
def test_a_search_by_byte_finds_every_text(texts: list[str], wanted: bytes) -> None:
    """Long and short ones, empty ones between them, and a part of an array."""
    found = [at for at, text in enumerate(texts) if set(text.encode()) & set(wanted)]
    assert found == places_with(array_of(texts), wanted).tolist()
    assert [at - 1 for at in found if at] == places_with(array_of(texts)[1:], wanted).tolist()


LOCAL = st.text(
    st.sampled_from(string.ascii_letters + string.digits + "._+-'{|}\"@ éßİ東\u0301"), max_size=70
)
LABEL = st.text(st.sampled_from(string.ascii_letters + string.digits + "-_éß東"), max_size=9)
ENDS = [
    "",
    ".com",
    ".test",
    ".example",
    ".local",
    ".c0",
    ".xn--p1ai",
    ".co.uk",
    ".",
    "..de",
    ".onion",
    ".arpa",
    "\n",
    "\0",
]
ADDRESSES = st.text(max_size=20) | st.builds(
    lambda local, labels, end: f"{local}@{'.'.join(labels)}{end}",
    LOCAL | LOCAL.map(lambda local: f'"{local}"'),
    st.lists(LABEL | LABEL.map(lambda label: label * 9), min_size=1, max_size=4),
    st.sampled_from(ENDS),
)


@pytest.mark.parametrize("dtype", ["object", "str"])
def test_a_long_column_of_which_nearly_all_texts_differ_reads_as_its_cells_do(dtype: str) -> None:
    """Such a column is not numbered by its different texts, and reads no other, with doubles and gaps."""
    cells: list[Any] = [f"2026-{at:06d}" for at in range(20_500)]
    for at, cell in {
        7: None,
        11: "",
        13: " ",
        17: cells[3],
        19: "#N/A",
        20_499: "#N/A",
        9_000: "ä\n",
    }.items():
        cells[at] = cell
    series = pd.Series(cells, dtype=dtype)
    encoded = encode_column(series)
    assert list(encoded.texts) == by_rule(cells)
    assert list(encoded.words) == [None if is_missing(cell) else cell for cell in cells]
    assert [encoded.uniques[cell] for cell in (cells[3], "#N/A")] == ['"2026-000003"', '"#N/A"']
    assert code_lengths(encoded.texts).rows == len(cells)


@pytest.mark.parametrize("dtype", ["int64", "uint64", "Int64", "float64", "Float64"])
def test_a_long_column_of_which_nearly_all_numbers_differ_reads_as_its_cells_do(dtype: str) -> None:
    """Such a column is not numbered either, with doubles, gaps and the two zeros; a format is asked once."""
    numbers: list[Any] = [at * 7 + 2**60 * (dtype == "uint64") for at in range(20_500)]
    if "loat" in dtype:
        numbers = [at / 8 for at in range(20_500)]
        numbers[2], numbers[3] = -0.0, 1e300
    numbers[11] = numbers[13]
    if dtype in {"Int64", "Float64", "float64"}:
        numbers[17] = None
    series = pd.Series(numbers, dtype=dtype)
    cells = [None if cell is pd.NA else cell for cell in series.tolist()]
    assert list(encode_column(series).texts) == by_rule(cells)
    asked: list[Any] = []

    def form(cell: Any) -> str:
        asked.append(cell)
        return "x"

    encode_column(series, form)
    assert len(asked) == len({str(cell) for cell in cells if not is_missing(cell)})


@pytest.mark.parametrize("cells", [[f"Acme {at % 4_999}" for at in range(40_000)], [*range(4_999)] * 8])
def test_a_long_column_whose_cells_recur_in_a_rhythm_holds_each_once(cells: list[Any]) -> None:
    """Of every tenth cell, of which no two are the same within the rhythm, that would not be told."""
    texts = encode_column(pd.Series(cells)).texts
    assert 4_999 == len(texts.different)
    assert by_rule(cells) == list(texts)


@given(st.lists(ADDRESSES | st.just('"a@b"@c.com'), max_size=6), st.integers(0, 2))
def test_what_stands_on_both_sides_of_the_sign_is_what_stands_there(texts: list[str], first: int) -> None:
    """Of the last one, where a part in quotation marks has another; of a part of an array too."""
    valid = sorted({who for text in texts if (who := check_address(text).identity) is not None})
    people = CodedTexts.of_array(array_of(valid)[first:])
    parts = Parts.of(people)
    assert [who.rpartition("@")[0] for who in valid[first:]] == parts.locals.to_pylist()
    assert [who.rpartition("@")[2] for who in valid[first:]] == list(parts.domains)


@given(st.lists(ADDRESSES, min_size=1))
def test_what_is_taken_for_plain_is_valid_and_whose_it_is(texts: list[str]) -> None:
    """The fast way accepts nothing that email-validator refuses, and folds as the rule does."""
    array = array_of(texts)
    for text, plain in zip(array.to_pylist(), are_plain(array).tolist(), strict=True):
        if plain:
            known = validate_email(text, check_deliverability=False)
            assert f"{known.local_part}@{known.ascii_domain}".lower() == text.lower()


def test_plain_addresses_are_taken_for_plain() -> None:
    """Nearly all addresses of a list are judged without asking for each."""
    plain = ["ann@acme.com", "Ann.Lee+x@Mail-3.Acme.co.uk", "o'hara@b.de"]
    refused = [
        "ann@acme",
        "ann@acme.test",
        "a..b@acme.com",
        "ann@ac--me.com",
        "ann@acme.com\n",
        f"{'a' * 60}@b.de",
    ]
    assert [True] * 3 + [False] * 6 == are_plain(array_of([*plain, *refused])).tolist()


@given(
    st.lists(
        ADDRESSES | st.sampled_from([None, 5, 1.5, "\ud800@x.de", "ANN@acme.com", " ann@acme.com"]),
        max_size=6,
    )
)
def test_a_column_of_addresses_is_judged_as_each_alone(cells: list[Any]) -> None:
    """Wire, person and verdict are those of the rule for one address."""
    read = read_addresses(pd.Series(cells, dtype=object))
    for row, cell in enumerate(cells):
        if is_missing(cell):
            assert ("", None, True) == (read.wires[row], read.identities[row], row in read.missing)
        elif isinstance(cell, str):
            verdict = check_address(cell)
            wire = verdict.wire.encode("utf-8", "backslashreplace").decode()
            assert (wire, verdict.identity) == (read.wires[row], read.identities[row])
            assert (verdict.identity is None) == (row in read.refused)
        else:
            assert (str(cell), None, True) == (read.wires[row], read.identities[row], row in read.refused)


@given(st.lists(ADDRESSES))
def test_the_verdict_on_a_column_is_that_of_email_validator(texts: list[str]) -> None:
    """Unicode, quotation marks, special-use domains and lengths included; line breaks are ours."""
    read = read_addresses(pd.Series(texts, dtype=object))
    for row, text in enumerate(texts):
        if is_missing(text) or check_address(text).unsafe:
            continue
        try:
            validate_email(text.strip(), check_deliverability=False)
        except (EmailNotValidError, UnicodeError):
            assert read.identities[row] is None
        else:
            assert read.identities[row] is not None


@given(st.lists(TEXT | st.none()), st.slices(12))
def test_coded_texts_read_like_a_list(texts: list[str | None], part: slice) -> None:
    """Rows, slices, the other way round and as a whole."""
    coded = CodedTexts.of(texts)
    assert texts == coded
    assert texts[part] == coded[part]
    assert [None if text is None else len(text) for text in texts] == [
        length if text is not None else None
        for text, length in zip(coded, coded.lengths().tolist(), strict=True)
    ]
    assert CodedTexts.of(coded.take(np.arange(len(texts)))) == texts

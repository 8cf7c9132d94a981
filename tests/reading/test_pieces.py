"""A list in pieces is the list: the same frame and report, or the same refusal, wherever it is cut."""

import csv
import io
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import migma_nb as mg
from migma_nb.planning import long_texts, pieces, sliced
from migma_nb.planning.long_lists import long_pieces
from tests.reading.corpus import TEXTS, Case
from tests.reading.names import NAMES, made

Outcome = tuple[pd.DataFrame | None, mg.ReadReport | None, str, str | None]
CELLS = st.text(st.sampled_from("ab,;\"'\n\r \t|é@0.NAü田\u2028="), max_size=8)
CELLS |= CELLS.map('="{}"'.format)
TABLES = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=8)
)
#: What is done to a text: at which place, how many signs are taken out, and what is put there.
HURT = st.lists(
    st.tuples(st.integers(0, 200), st.integers(0, 8), st.sampled_from('",;\t|\n\r a@ü\ufeff\0\x1a')),
    max_size=3,
)
CUTS = st.tuples(st.integers(1, 40), st.integers(1, 6), st.integers(1, 6))
OPTIONS: list[dict[str, Any]] = [
    {},
    {},
    {"header": 1},
    {"header": 0},
    {"quote": '"'},
    {"quote": ""},
    {"delimiter": ","},
]
LINE = st.sampled_from(
    [
        "a@x.example,Ann,",
        "email,name,",
        "email,name",
        "b@x.example,Bo",
        ",,",
        "",
        "  ",
        "x",
        '"a\nb",c,',
        '="a",="",',
        '="a","=""b\nc"""',
        "a,b, ",
        "a,b,c,",
    ]
)

CODECS = [
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-32",
    "utf-32-be",
    "cp1252",
    "shift_jis",
    "gb18030",
]
CODECS += ["utf-7", "iso2022_jp", "hz", "euc_kr", "cp037", "latin-99", "base64"]


def whole(path: Path, options: dict[str, Any]) -> Outcome:
    """Read a list at once."""
    try:
        frame = mg.read_recipients(path, **options)
    except mg.InputError as error:
        return None, None, error.message, error.hint
    return frame, mg.ReadReport.of(frame), "", ""


def in_pieces(path: Path, options: dict[str, Any], cuts: tuple[int, int, int]) -> Outcome:
    """Read it in pieces: blocks of so many bytes, pieces of so many rows, and rows held at a time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sliced, "BLOCK", cuts[0])
        patch.setattr(pieces, "PIECE_ROWS", cuts[1])
        patch.setattr(long_texts, "_ROWS", cuts[2])
        try:
            with long_pieces(path, **options) as found:
                frames = list(found)
                again = list(found)
                assert found.index.equals(pd.RangeIndex(found.rows))
                assert all(frame.columns.tolist() == found.columns for frame in frames)
        except mg.InputError as error:
            return None, None, error.message, error.hint
    assert [cuts[1]] * (len(frames) - 1) == [len(frame) for frame in frames[:-1]]
    for first, second in zip(frames, again, strict=True):
        pd.testing.assert_frame_equal(first, second)
    return pd.concat(frames), found.report, "", ""


def require_same(path: Path, options: dict[str, Any], cuts: tuple[int, int, int]) -> None:
    """Compare what comes of both ways."""
    expected, actual = whole(path, options), in_pieces(path, options, cuts)
    assert expected[1:] == actual[1:]
    if expected[0] is not None and actual[0] is not None:
        pd.testing.assert_frame_equal(expected[0], actual[0], check_index_type=True)
        assert isinstance(actual[0].index, pd.RangeIndex)


@pytest.mark.parametrize("case", TEXTS, ids=lambda case: case.what)
def test_every_odd_list_comes_out_the_same_in_pieces(case: Case, tmp_path: Path) -> None:
    """The whole corpus, in blocks of a few bytes and in those that are usual."""
    path = tmp_path / case.name
    path.write_bytes(case.raw)
    small = (1, 1, 1) if len(case.raw) < 1_000 else (4_999, 1, 1)
    for cuts in (small, (max(small[0], 7), 2, 3), (1 << 22, 65_536, 8_192)):
        require_same(path, case.options, cuts)


def written(table: list[list[str]], ends: str, quoting: Any, hurt: list[tuple[int, int, str]]) -> str:
    """Return people as CSV, hurt in some places."""
    text = io.StringIO(newline="")
    rows = [["email", *(f"c{at}" for at in range(len(table[0])))]]
    rows += [[f"p{at}@x.example", *row] for at, row in enumerate(table)]
    csv.writer(text, lineterminator=ends, quoting=quoting).writerows(rows)
    found = text.getvalue()
    for at, size, sign in hurt:
        found = found[:at] + sign + found[at + size :]
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    text=st.builds(
        written,
        TABLES,
        st.sampled_from(["\n", "\r\n", "\r"]),
        st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
        HURT,
    ),
    options=st.sampled_from(OPTIONS),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252", "shift_jis"]),
    cuts=CUTS,
)
def test_any_text_comes_out_the_same_in_pieces(
    text: str, options: dict[str, Any], encoding: str, cuts: tuple[int, int, int], tmp_path: Path
) -> None:
    """Whole or hurt in some places, in any encoding, however it is read."""
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode(encoding, "ignore"))
    require_same(path, options, cuts)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    lines=st.lists(LINE, min_size=1, max_size=12),
    header=st.sampled_from(["email,name,", "email,name", "email,name, ,", "a@x.example,b,c", "email"]),
    given_header=st.sampled_from([None, None, 0, 1]),
    cuts=CUTS,
)
@example(lines=["email,name", "a,b,c"], header="email,name,", given_header=None, cuts=(5, 1, 1))
@example(lines=["email,name", "a,b"], header="email,name,", given_header=None, cuts=(5, 1, 1))
@example(lines=["a,b", "a,b,c"], header="email,name,", given_header=None, cuts=(5, 1, 1))
def test_rows_of_any_width_come_out_the_same_in_pieces(
    lines: list[str], header: str, given_header: int | None, cuts: tuple[int, int, int], tmp_path: Path
) -> None:
    """Blank rows, headers again, columns without a name, and rows too short or too long."""
    path = tmp_path / "list.csv"
    path.write_text("\n".join([header, *lines]), encoding="utf-8")
    require_same(path, {"delimiter": ",", "header": given_header}, cuts)


@pytest.mark.parametrize("cut", [1, 30, 1_000])
def test_of_two_swallowed_rows_the_same_is_named(cut: int, tmp_path: Path) -> None:
    """The one in the first column, although the other comes before it."""
    path = tmp_path / "list.csv"
    first = 'a@x.example,x,"y\nb@x.example,q,r"\n' + "p@x.example,q,r\n" * 5
    path.write_text(f'email,note,name\n{first}"c@x.example\nd@x.example,e,f",n,m\n', encoding="utf-8")
    assert "line 9 " in whole(path, {})[2]
    require_same(path, {}, (cut, 2, 2))


@pytest.mark.parametrize("language", NAMES)
def test_an_encoding_is_found_in_pieces_as_it_is_in_the_whole(language: str, tmp_path: Path) -> None:
    """Or asked for, with the same words; also where a mark of another one comes late."""
    encoding, words = NAMES[language]
    path = tmp_path / "list.csv"
    for rows in (2, 40):
        for late in (b"", b"z@x.example,\xe4\n", b"z@x.example,\xff\xfe\x81\n"):
            path.write_bytes(made(words.split(), encoding, rows, 1)[1] + late)
            for block in (7, 1_000):
                require_same(path, {}, (block, 5, 5))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    parts=st.lists(
        st.binary(max_size=4)
        | st.sampled_from(
            ["é", "田", "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"), "a,b\n"]
        ).flatmap(lambda text: st.sampled_from(CODECS[:9]).map(lambda codec: text.encode(codec, "ignore"))),
        max_size=8,
    ),
    codec=st.sampled_from(CODECS),
    cuts=CUTS,
)
def test_an_encoding_that_is_given_means_the_same_in_pieces(
    parts: list[bytes], codec: str, cuts: tuple[int, int, int], tmp_path: Path
) -> None:
    """Any bytes in any encoding, also those that do not fit, and names that are no encoding's."""
    path = tmp_path / "list.csv"
    path.write_bytes("email\n".encode(codec if codec in CODECS[:9] else "ascii") + b"".join(parts))
    require_same(path, {"encoding": codec, "delimiter": ","}, cuts)


@pytest.mark.parametrize("codec", ["utf-16", "utf-32", "UTF16", "u32"])
@pytest.mark.parametrize("marked", [True, False])
def test_an_encoding_that_leaves_the_order_of_bytes_open_means_the_same(
    codec: str, marked: bool, tmp_path: Path
) -> None:
    """Without a mark it is that of the machine, as it is where Python reads it at once."""
    path = tmp_path / "list.csv"
    raw = "email,name\na@x.example,Zoë\n".encode(codec)
    path.write_bytes(raw if marked else raw[2 if "16" in codec else 4 :])
    assert whole(path, {"encoding": codec})[0] is not None
    require_same(path, {"encoding": codec}, (5, 1, 1))


@pytest.mark.parametrize("cut", range(20, 45))
def test_a_mark_at_the_beginning_of_a_block_stays_in_its_cell(cut: int, tmp_path: Path) -> None:
    """As where two files were put together; pandas would take it off."""
    path = tmp_path / "list.csv"
    path.write_text("email,name\na@x.example,Ann\n\ufeffb@x.example,Bo\n", encoding="utf-8")
    frame = whole(path, {})[0]
    assert frame is not None
    assert frame["email"].tolist() == ["a@x.example", "\ufeffb@x.example"]
    require_same(path, {}, (cut, 1, 1))

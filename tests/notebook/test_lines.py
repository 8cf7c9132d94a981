"""Untrusted text on one line: visible, short, and harmless in a terminal and in HTML."""

import unicodedata
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migma_nb.notebook.lines import many_lines, one_line, safe, visible, width_of


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("  two\n\tlines \u2028 more", "two lines more"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("\u202etxt.exe", "\\u202etxt.exe"),
        ("half \ud800 pair", "half \\ud800 pair"),
        ("soft\u00adhyphen\ufeff\u200b", "softhyphen"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("pad \u200c\u00a0\u200c", "pad"),
        ("Zoë דוד 大翔", "Zoë דוד 大翔"),
        (None, "None"),
    ],
)
def test_what_hides_is_shown_and_what_is_harmless_goes(text: object, shown: str) -> None:
    """Line breaks become spaces, controls are shown by their code, names in any script stay."""
    assert shown == one_line(text)


@pytest.mark.parametrize(
    ("text", "most", "shown"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdefg", 6, "abcde…"),
        ("abcd efg", 6, "abcd…"),
        ("大大大", 6, "大大大"),
        ("大大大大", 6, "大大…"),
        (" " * 10_000 + "late", 6, "late"),
        ("a" + " " * 10_000 + "b", 6, "a…"),
        ("Z" + "\u0301" * 500, 6, "Z" + "\u0301" * 4 + "…"),
    ],
)
def test_what_is_too_long_is_cut_by_columns_and_says_so(text: str, most: int, shown: str) -> None:
    """A wide character takes two columns; the mark of a cut fits in."""
    assert shown == one_line(text, most)


@given(st.text(), st.integers(1, 40))
def test_any_text_fits_and_is_printable(text: str, most: int) -> None:
    """Whatever it holds, it stays on one line, within its columns, without controls, and in UTF-8."""
    line = one_line(text, most)
    assert most >= width_of(line)
    assert not {unicodedata.category(char) for char in line} & {"Cc", "Cs", "Zl", "Zp"}
    assert line == line.encode().decode()


@given(st.text())
def test_any_text_is_only_text_in_html(text: str) -> None:
    """Nothing of it can open a tag or leave an attribute, and it reads the same."""
    html = safe(text)
    inner = html.removeprefix("<bdi>").removesuffix("</bdi>")
    assert not set("<>\"'") & set(inner)
    assert one_line(text) == unescape(inner)


def test_many_lines_keep_their_breaks_and_count_what_is_left_out() -> None:
    """Paragraphs stay, and a cut says how much is missing."""
    assert "a b\n\nc" == many_lines("a  b\n\n\n\nc\n", 100)
    assert "aaa\n… and 1,000 more characters" == many_lines("aaa" + "b" * 1_000, 3)


def test_plain_text_is_left_alone() -> None:
    """Spaces that align a summary stay."""
    assert "  12  accepted" == visible("  12  accepted")

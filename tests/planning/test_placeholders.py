"""Placeholders are found plain and percent-encoded, and go out without inner spaces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migma_nb.planning.placeholders import folded, split_text


@pytest.mark.parametrize(
    ("text", "names", "wire"),
    [
        ("Hi {{name}}", ("name",), "Hi {{name}}"),
        ("Hi {{ name }}!", ("name",), "Hi {{name}}!"),
        ("{{\tname\n}}", ("name",), "{{name}}"),
        ("{{First Name}}", ("First_Name",), "{{First_Name}}"),
        ("{{a}}{{b}}{{ a }}", ("a", "b"), "{{a}}{{b}}{{a}}"),
        ("?x=%7B%7Bname%7D%7D", ("name",), "?x=%7B%7Bname%7D%7D"),
        ("?x=%7b%7B%20name+%7D%7d&y", ("name",), "?x=%7B%7Bname%7D%7D&y"),
        ("?x=%7B%7Bfirst%20name%7D%7D", ("first_name",), "?x=%7B%7Bfirst_name%7D%7D"),
        ("{{vorname_ä}}", ("vorname_ä",), "{{vorname_ä}}"),
        ("{{}} {{ }} {name}", (), "{{}} {{ }} {name}"),
    ],
)
def test_placeholders_are_found_and_cleaned(text: str, names: tuple[str, ...], wire: str) -> None:
    """Both forms are found in any case, and inner spaces do not go out."""
    split = split_text(text)
    assert (names, wire) == (split.names, split.wire)


@given(st.text(st.sampled_from("{} ab%7BDd20+<>'\n")))
def test_splitting_what_goes_out_changes_nothing(text: str) -> None:
    """What goes on the wire splits into the same names and the same wire."""
    split = split_text(text)
    again = split_text(split.wire)
    assert (split.names, split.wire) == (again.names, again.wire)


@given(st.text(st.characters(exclude_characters="{}%")))
def test_text_without_placeholders_goes_out_as_it_is(text: str) -> None:
    """A template is not touched beyond its placeholders."""
    assert text == split_text(text).wire


@pytest.mark.parametrize("name", ["first_name", "First Name", "FIRSTNAME", "firstName", "first _name"])
def test_case_spaces_and_underscores_are_set_aside(name: str) -> None:
    """All common spellings of a column match."""
    assert "firstname" == folded(name)


@pytest.mark.parametrize(
    ("text", "stray"),
    [
        ("{{name}", True),
        ("{{name} and {{other}}", True),
        ("{{{name}}}", False),
        ("name}}", True),
        ("<style>@media a{p{x:y}}</style>{{name}}", False),
        ("<a href='%7B%7Bname'>", True),
    ],
)
def test_stray_braces_are_seen_outside_of_styles(text: str, stray: bool) -> None:
    """Braces that a reader would see are noticed, those of a style sheet are not."""
    assert stray == split_text(text).stray_braces

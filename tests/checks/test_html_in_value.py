"""`html_in_value`: markup in a value, of which nobody knows whether Migma escapes it."""

from typing import Any

import pytest

import migma_nb as mg
from tests.checks.lists import KINDS, addressed, count_of, plan, plan_as, rows_of, told

CODE = "html_in_value"


@pytest.mark.parametrize(
    ("cell", "plain"),
    [
        ("<b>Ann</b>", "Ann"),
        ("Smith &amp; Sons", "Smith & Sons"),
        ("M&uuml;ller", "Müller"),
        ("O&#39;Neill", "O'Neill"),
        ("a<br>b", "a b"),
        ("<p>One</p><p>Two</p>", "One Two"),
        ('<a href="https://acme.org">Acme</a>', "Acme (https://acme.org)"),
        ("<script>alert(1)</script>Ann", "Ann"),
        ("<i></i>", None),
    ],
)
def test_markup_is_named_and_becomes_what_its_reader_would_read(cell: str, plain: str | None) -> None:
    """On one line."""
    made = plan(addressed("Ann", cell), defaults={"v": "friend"})
    assert [1] == rows_of(made, CODE)
    fixed = made.fix(CODE)
    assert [(1, "v", cell, plain, CODE)] == told(fixed)
    assert [] == rows_of(plan(fixed.people, defaults={"v": "friend"}), CODE)


@pytest.mark.parametrize("cell", ["AT&T", "R & D; more", "a < b > c", "<3", "x<5 & y>6", "&", 7, ["<b>"]])
def test_what_only_looks_like_it_is_not(cell: Any) -> None:
    """An ampersand is a letter too."""
    assert [] == rows_of(plan(addressed("Ann", cell)), CODE)


def test_markup_about_markup_is_left_to_its_author() -> None:
    """What would be markup again after a repair: nobody can tell which was meant."""
    made = plan(addressed("Ann", "Write &lt;b&gt; for bold"))
    assert ([1], []) == (rows_of(made, CODE), told(made.fix(CODE)))


def test_an_address_is_never_taken_for_markup() -> None:
    """`Bo <bo@acme.org>` as plain text would be Bo, and nobody's address."""
    people = addressed("Ann", "Cy").assign(email=["ann@acme.org", "Bo <bo@acme.org>"])
    made = plan(people, template="<p>{{email}}</p>")
    assert [1] == rows_of(made, CODE)
    assert [] == told(made.fix(CODE))
    assert ["ann@acme.org", "bo@acme.org"] == made.fix().people["email"].tolist()


@pytest.mark.parametrize("kind", KINDS[1:])
def test_markup_of_single_targets_becomes_plain_too(kind: str) -> None:
    """In a column, and in a dict; another row's stays as it is."""
    made = plan_as(kind, addressed("Ann", "<b>Bo</b>"))
    column = "v" if kind == "targets" else "variables.v"
    assert [(1, column, "<b>Bo</b>", "Bo", CODE)] == told(made.fix(CODE))


def test_a_value_for_all_is_told_once() -> None:
    """One given for a tag or an address, and a default where it stands in."""
    bold = {"v": "<b>you</b>"}
    for made in (
        plan(mg.Tag("t1"), variables=bold),
        plan("ann@acme.org", variables=bold),
        plan(addressed("Ann", None, None), defaults=bold),
    ):
        assert (1, []) == (count_of(made, CODE), rows_of(made, CODE))
    assert 0 == count_of(plan(addressed("Ann"), defaults=bold), CODE), "it stands in for nobody"

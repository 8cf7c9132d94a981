"""`unsafe_header`: a line break or NUL in what becomes a mail's header, by which mail is forged."""

from typing import Any

import pandas as pd
import pytest

from tests.checks.lists import KINDS, addressed, plan, plan_as, rows_of, to_targets, told

CODE = "unsafe_header"
SUBJECT = {"subject": "For {{v}}"}


@pytest.mark.parametrize(
    ("cell", "line"),
    [
        ("Ann\nLee", "Ann Lee"),
        ("Ann\r\nLee", "Ann Lee"),
        ("Ann \n  Lee\n", "Ann Lee"),
        ("Ann\0Lee", "AnnLee"),
        ("Ann\x0bLee", "Ann Lee"),
        ("Ann\u2028Lee", "Ann Lee"),
        ("x\r\nBcc: all@acme.org", "x Bcc: all@acme.org"),
        (["a\nb", "c"], ["a b", "c"]),
        ({"a": {"b": "x\ny"}}, {"a": {"b": "x y"}}),
    ],
)
def test_a_line_break_in_what_fills_the_subject_is_an_error_and_becomes_a_space(cell: Any, line: Any) -> None:
    """The repair says the same on one line."""
    made = plan(addressed("Ann", cell), **SUBJECT)
    assert [1] == rows_of(made, CODE)
    fixed = made.fix(CODE)
    assert [(1, "v", cell, line, CODE)] == told(fixed)
    assert [] == rows_of(plan(fixed.people, **SUBJECT), CODE)


@pytest.mark.parametrize("cell", ["Ann Lee", "Ann\tLee", "Ünïcødé", "a\\nb", 7, ["a", "b"]])
def test_one_line_is_fine(cell: Any) -> None:
    """Whatever else is in it."""
    assert [] == rows_of(plan(addressed("Ann", cell), **SUBJECT), CODE)


def test_a_line_break_in_the_mail_itself_is_fine() -> None:
    """Only headers cannot hold one."""
    assert [] == rows_of(plan(addressed("Ann\nLee")), CODE)


@pytest.mark.parametrize(
    "address",
    ["bo@acme.org\nBcc: all@acme.org", "bo@acme.org\r\ncy@acme.org", "bo@acme\n.org", "bo@acme.org\ncom"],
)
def test_an_address_of_two_lines_is_left_to_its_owner(address: str) -> None:
    """Joined it could be somebody else's."""
    made = plan(pd.DataFrame({"email": ["ann@acme.org", address], "v": 1}), address="email")
    assert ([1], []) == (rows_of(made, CODE), told(made.fix()))


def test_what_stands_around_an_address_is_taken_away() -> None:
    """A NUL at its end is no part of it."""
    made = plan(pd.DataFrame({"email": ["ann@acme.org", "bo@acme.org\0"], "v": 1}))
    assert [(1, "email", "bo@acme.org\0", "bo@acme.org", CODE)] == told(made.fix(CODE))


def test_a_rows_own_subject_is_one_line_too() -> None:
    """In a frame of targets."""
    rows = [{"recipientType": "tag", "recipientId": "t1", "subject": "a\nb"}]
    assert [0] == rows_of(to_targets(rows, subject=None), CODE)


@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_line_break_of_a_single_target_becomes_a_space(kind: str) -> None:
    """Only in what fills the subject; of JSON text the rest stays as it was."""
    people = addressed("Ann", "Bo\nLee").assign(w=["x", "y\nz"])
    made = plan_as(kind, people, subject="For {{v}}", template="{{w}}")
    column = "v" if kind == "targets" else "variables.v"
    assert [(1, column, "Bo\nLee", "Bo Lee", CODE)] == told(made.fix(CODE))


def test_the_subject_of_a_row_is_put_on_one_line() -> None:
    """And what it asks for stays."""
    rows = [{"recipientType": "tag", "recipientId": "t1", "subject": "For\r\n{{v}}\0"}]
    made = to_targets(rows, subject=None)
    assert [(0, "subject", "For\r\n{{v}}\0", "For {{v}}", CODE)] == told(made.fix(CODE))

"""Every code that a plan can report, each shown once with the list that earns it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from migma_nb.planning.bodies import MAX_BODY_BYTES
from migma_nb.planning.issues import ISSUE_COLUMNS, IssueCode, Severity
from migma_nb.planning.plan import Plan

Planner = Callable[..., Plan]
ASKING = {"template": "<p>{{v}}</p>"}


def listed(*values: Any, email: Any = None, name: str = "v") -> pd.DataFrame:
    """Return a list with one column beside the addresses."""
    cells = np.empty(len(values), dtype=object)
    cells[:] = values
    addresses = email or [f"p{number}@acme.example" for number in range(len(values))]
    return pd.DataFrame({"email": addresses, name: cells})


#: code, list, what differs in the mailing, the rows that are named
CASES: list[tuple[IssueCode, pd.DataFrame, dict[str, Any], list[int]]] = [
    (IssueCode.MISSING_EMAIL, listed(1, 2, email=["a@x.example", " "]), {}, [1]),
    (IssueCode.INVALID_EMAIL, listed(1, 2, email=["a@x.example", "b@@x.example"]), {}, [1]),
    (IssueCode.INVALID_EMAIL, listed(1, 2, email=["a@x.example", "Bo <b@x.example>"]), {}, [1]),
    (IssueCode.INVALID_EMAIL, listed(1, 2, email=["a@x.example", 7]), {}, [1]),
    (IssueCode.MISSING_VARIABLE, listed("x", None, ""), ASKING, [1, 2]),
    (IssueCode.MISSING_VARIABLE, listed("x", None), {"key": "v"}, [1]),
    (IssueCode.UNSERIALISABLE_VALUE, listed("x", b"y", float("inf"), "\ud800"), ASKING, [1, 2, 3]),
    (
        IssueCode.UNSAFE_HEADER,
        listed("x", "a\nb", "a\0", "a\u2028", ["a\rb"]),
        {"subject": "{{v}}"},
        [1, 2, 3, 4],
    ),
    (IssueCode.UNSAFE_HEADER, listed(1, 2, email=["a@x.example", "b@x.example\nBcc: c@x.example"]), {}, [1]),
    (IssueCode.PAYLOAD_TOO_LARGE, listed("x", "x" * MAX_BODY_BYTES), ASKING, [1]),
    (
        IssueCode.DUPLICATE_RECIPIENT,
        listed(1, 2, 3, email=["a@x.example", "b@x.example", "A@X.example"]),
        {},
        [0, 2],
    ),
    (IssueCode.DUPLICATE_DIFFERS, listed(1, 1, 2, email=["a@x.example"] * 3), ASKING, [2]),
    (IssueCode.ROLE_ADDRESS, listed(1, 2, email=["ann@x.example", "No-Reply@x.example"]), {}, [1]),
    (IssueCode.DISPOSABLE_OR_TEST_DOMAIN, listed(1, 2, email=["ann@gmail.com", "b@mailinator.com"]), {}, [1]),
    (IssueCode.DISPOSABLE_OR_TEST_DOMAIN, listed(1, 2, email=["ann@gmail.com", "b@example.com"]), {}, [1]),
    (
        IssueCode.LOOKALIKE_DOMAIN,
        listed(1, 2, 3, email=["a@gmail.com", "b@gmial.com", "c@mail.com"]),
        {},
        [1],
    ),
    (IssueCode.PLACEHOLDER_UNFILLED, listed(1), {**ASKING, "variables": []}, []),
    (IssueCode.HTML_IN_VALUE, listed("a & b < c", "<b>x</b>", "A &amp; B"), ASKING, [1, 2]),
    (
        IssueCode.SUSPICIOUS_TEXT,
        listed("Nan", "nan", "None", "NaT", "#N/A", "#REF!", "{{x}}", "MÃ¼ller", "Donâ€™t", "x\ufffd"),
        ASKING,
        [1, 2, 3, 4, 5, 6, 7, 8, 9],
    ),
    (IssueCode.SUSPICIOUS_TEXT, listed(1), {"template": "<p>{{oops</p>"}, []),
    (IssueCode.WHOLE_NUMBER_AS_FLOAT, listed("501.0", "7.0", "n/a"), ASKING, [0, 1]),
    (
        IssueCode.LOST_LEADING_ZEROS,
        listed("70116", "10001", "60601", "8014", "94110", name="zip"),
        {"template": "<p>{{zip}}</p>"},
        [3],
    ),
    (
        IssueCode.LOST_LEADING_ZEROS,
        listed(70116, 10001, 60601, 501, 94110, name="Zip Code"),
        {"template": "{{zipcode}}"},
        [3],
    ),
    (IssueCode.UNUSED_DEFAULT, listed(1), {"defaults": {"nickname": "you"}}, []),
]


@pytest.mark.parametrize(("code", "frame", "changes", "rows"), CASES)
def test_each_code_names_its_rows(
    plan: Planner, code: IssueCode, frame: pd.DataFrame, changes: dict[str, Any], rows: list[int]
) -> None:
    """Each row is named by position, with its value, a message and a fix; plan-level problems have no row."""
    issues = plan(frame, **changes).issues
    found = issues[issues["code"] == code.value]
    assert rows == found["row"].dropna().tolist()
    assert len(rows) or len(found) == 1
    assert {code.severity.value} == set(found["severity"])
    assert all(found["message"]) and all(found["fix"])  # noqa: PT018 - one promise


def test_only_codes_of_other_checks_are_not_shown() -> None:
    """The codes that no list of people earns belong to frames of targets, to the shift check, to imports."""
    later = {
        "unknown_recipient_type",
        "missing_recipient_id",
        "missing_content",
        "contradictory_row",
        "value_shift",
        "invalid_field",
    }
    assert later == {code.value for code in IssueCode} - {code.value for code, *_ in CASES}


@pytest.mark.parametrize(
    "values",
    [
        ["Nan", "Null", "Ñandú", "„Gruß“", "«CAFÉ»", "東京", "Łódź", "O'Neill", "AT&T", "a < b", "R & D; x"],
        ["00501", "1010", "10115", "SW1A 1AA", "0150"],
        ["19.90", "4.0", "4.5", "5.00"],
        [7.0, None, 9.0],
        ["It’s “fine”…", "Ünïcødé", "Ελλάδα", "Привет", "ÀÉÎ", "50 €", "x² ½"],
    ],
)
def test_a_clean_list_has_no_warnings(plan: Planner, values: list[Any]) -> None:
    """What merely looks unusual is not reported."""
    emails = ["ann@gmail.com", "bo@mail.com", "cy@gmx.de", "di@hotmail.co.uk", "ed@yahoo.fr", "flo@acme.co"]
    frame = listed(
        *values, email=[f"{number}{emails[number % 6]}" for number in range(len(values))], name="zip"
    )
    made = plan(frame, template="<p>{{zip}}</p>", defaults={"zip": "-"})
    assert [] == made.issues["message"].tolist()


def test_a_list_in_reserved_domains_is_a_rehearsal(plan: Planner) -> None:
    """Example domains are worth a word only among real ones."""
    assert plan(["a@acme.example", "b@example.org"]).issues.empty


def test_issues_are_one_tidy_frame(plan: Planner) -> None:
    """Fixed columns and types, whether there are issues or not; the frame is a copy."""
    clean, broken = plan(["a@x.example"]), plan(["a@x.example", "b", "c"])
    assert [ISSUE_COLUMNS] * 2 == [list(clean.issues.columns), list(broken.issues.columns)]
    assert clean.issues.dtypes.to_dict() == broken.issues.dtypes.to_dict()
    copy = broken.issues
    copy.loc[0, "message"] = "changed"
    assert "changed" not in broken.issues["message"].tolist()


def test_whole_plan_first_then_by_row(plan: Planner) -> None:
    """Issues are in the order in which people read a list."""
    made = plan(listed("<b>x</b>", 1, email=["x", "y"]), **ASKING, defaults={"w": "x"})
    assert [pd.NA, 0, 0, 1] == made.issues["row"].tolist()


def test_long_and_odd_values_are_shown_on_one_line(plan: Planner) -> None:
    """A value is shortened, and what cannot be printed is escaped."""
    values = plan(["x" * 500, "a\nb\ud800", "\u202etxt"]).issues["value"].tolist()
    assert ["x" * 59 + "…", r"a\nb\ud800", r"\u202etxt"] == values


def test_an_invalid_address_says_why_and_what_was_meant(plan: Planner) -> None:
    """The validator's words, and a guess where there is one; none at what stands before the `@`."""
    made = plan(
        ["Bo Lee <bo@x.example>", "mailto:cy@x.example", "di@x,example", "e d@x.example", "f@@x.example"]
    )
    assert [
        "Write the address alone: bo@x.example",
        "Did you mean cy@x.example?",
        "Did you mean di@x.example?",
        "Correct email, or leave the row out.",
        "Did you mean f@x.example?",
    ] == made.issues["fix"].tolist()
    assert "A display name and angle brackets" in made.issues["message"][0]


@pytest.mark.parametrize("code", list(IssueCode))
def test_every_code_has_a_severity(code: IssueCode) -> None:
    """Errors stop a row, warnings do not."""
    assert code.severity in Severity

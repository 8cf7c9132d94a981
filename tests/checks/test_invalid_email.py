"""`invalid_email`: what email-validator refuses, no more and no less; the one certain reading is a repair."""

from typing import Any

import pandas as pd
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.checks.lists import plan, rows_of, told

CODE = "invalid_email"

#: What people have in their lists, and what was certainly meant.
MEANT = [
    ("Bo Lee <bo@acme.org>", "bo@acme.org"),
    ('"Lee, Bo" <bo@acme.org>', "bo@acme.org"),
    ("<bo@acme.org>", "bo@acme.org"),
    ("bo@acme.org <bo@acme.org>", "bo@acme.org"),
    ("bo@acme.org (Bo Lee)", "bo@acme.org"),
    ("mailto:bo@acme.org", "bo@acme.org"),
    ("MAILTO:Bo@Acme.org", "Bo@Acme.org"),
    ("<mailto:bo@acme.org>", "bo@acme.org"),
    ("bo@acme.org.", "bo@acme.org"),
    ("bo@acme.org,", "bo@acme.org"),
    ("bo@acme.org;", "bo@acme.org"),
    ("'bo@acme.org'", "bo@acme.org"),
    ("“bo@acme.org”", "bo@acme.org"),
    ("bo@@acme.org", "bo@acme.org"),
    ("bo @acme.org", "bo@acme.org"),
    ("bo@ acme.org", "bo@acme.org"),
    ("bo@acme. org", "bo@acme.org"),
    ("bo@acme..org", "bo@acme.org"),
    ("bo@acme,org", "bo@acme.org"),
    ("bo@acme , org", "bo@acme.org"),
    ("\u200bbo@acme.org", "bo@acme.org"),
    ("bo@acme\u00ad.org", "bo@acme.org"),
    ("bo@acme.org\ufeff", "bo@acme.org"),
    ("bo＠acme.org", "bo@acme.org"),
    ("‚bo@acme.org‘", "bo@acme.org"),
    ("'t.hooft@acme,org", "'t.hooft@acme.org"),
    ('"\'t.hooft@acme.org"', "'t.hooft@acme.org"),
    ("“'t.hooft@acme.org”", "'t.hooft@acme.org"),
    ("''t.hooft@acme.org'", "'t.hooft@acme.org"),
    ("\"'bo@acme.org'\"", "bo@acme.org"),
    ("„bo@acme.org“", "bo@acme.org"),
    ("bo。lee@acme..org", "bo。lee@acme.org"),
]
#: What somebody else might be reached by, or nobody.
OPEN = [
    "bo",
    "@acme.org",
    "bo@",
    "bo@acme",
    "bo.acme.org",
    "bo lee@acme.org",  # bolee, bo.lee or bo_lee
    "bo,lee@acme.org",
    "bo..lee@acme.org",
    ".bo@acme.org",
    "'bo@acme.org\"",  # half of each pair: bo, or 'bo
    "bo@acme.org; cy@acme.org",
    "bo@acme.org, cy@acme.org",
    "bo@acme.org / cy@acme.org",
    "cy@acme.org <bo@acme.org>",
    "bo@acme.org,de",  # a list of two, or acme.org.de
    "bo@acme,org,uk",
    "bo@acme.org. Info",  # a sentence's end, or acme.org.info
    "bo@acme.co. uk",
    "bo@acme.org (now bo@acme.net)",
    "mailto:bo%2Bnews@acme.org",  # bo+news, in a link
    "‘bo’ lee@acme.org",
    "bo@-acme.org",
    "bo@acme_.org",
    "bo@cy@acme.org",
    "bo@localhost",
    "bo@acme.test",
    "bo@[127.0.0.1]",
    "bo@127.0.0.1",
    f"{'b' * 250}@acme.org",
    f"bo@{'a' * 64}.org",
    "7",
    "n/a",
    "unsubscribed",
]
VALID = [
    "bo@acme.org",
    "  bo@acme.org ",
    "Bo.Lee+news@Mail.Acme.co.uk",
    "o'neill@acme.org",
    "bo_lee-7@acme-group.org",
    "jürgen@müller.de",
    "josé@acme.org",
    "用户@例子.广告",
    "x@xn--mller-kva.de",
    "{x}@acme.org",
    "bo@acme。org",
]


def listed(*cells: Any) -> pd.DataFrame:
    """Return a list with these addresses, in a column that holds addresses for certain."""
    return pd.DataFrame({"email": list(cells), "v": 1}, dtype=object)


@pytest.mark.parametrize("text", VALID)
def test_an_address_that_works_is_left_alone(text: str) -> None:
    """Unusual is not invalid."""
    made = plan(listed(text, "ann@acme.org"))
    assert ([], 2, []) == (rows_of(made, CODE), made.people, told(made.fix(CODE)))


@pytest.mark.parametrize(("text", "meant"), MEANT)
def test_what_was_certainly_meant_is_the_repair_and_the_suggestion(text: str, meant: str) -> None:
    """The copy has it, the change is listed, and the issue had named it before."""
    made = plan(listed("ann@acme.org", text))
    assert [1] == rows_of(made, CODE)
    (words,) = made.issues.loc[made.issues["code"] == CODE, "fix"]
    assert meant in words
    fixed = made.fix(CODE)
    assert [(1, "email", text, meant, CODE)] == told(fixed)
    assert ["ann@acme.org", meant] == fixed.people["email"].tolist()
    assert [] == rows_of(plan(fixed.people), CODE)


@pytest.mark.parametrize("text", OPEN)
def test_what_might_reach_somebody_else_is_left_to_its_owner(text: str) -> None:
    """Nothing is guessed within a name, between two addresses, or where two readings are accepted."""
    made = plan(listed("ann@acme.org", text), address="email")
    assert ([1], []) == (rows_of(made, CODE), told(made.fix(CODE)))
    (words,) = made.issues.loc[made.issues["code"] == CODE, "fix"]
    asked = words.removeprefix("Did you mean ").removesuffix("?")
    assert (
        words == "Correct email, or leave the row out." or asked.partition("@")[0] == text.partition("@")[0]
    )


@pytest.mark.parametrize("text", ["bo@acme.org,de", "bo@acme.co. uk"])
def test_a_domain_that_is_not_certain_is_worth_a_question(text: str) -> None:
    """What stands before the `@` is in it as it was written."""
    (words,) = plan(listed("ann@acme.org", text), address="email").issues["fix"]
    assert words.startswith("Did you mean bo@")


def test_a_cell_that_is_no_text_is_no_address() -> None:
    """A number, a date, a list."""
    made = plan(listed("ann@acme.org", 7, pd.Timestamp("2026-01-01"), ["bo@acme.org"]), address="email")
    assert ([1, 2, 3], []) == (rows_of(made, CODE), told(made.fix(CODE)))


def accepts(text: str) -> bool:
    """Say whether email-validator itself accepts an address."""
    try:
        validate_email(text, check_deliverability=False)
    except (EmailNotValidError, ValueError):
        return False
    return True


LETTERS = st.sampled_from(
    [*"abzAZ09.-_+'@@ ,;<>\"", "é", "ü", "ß", "例", "\u200b", "xn--", ".org", "@acme.org"]
)


@settings(max_examples=120, deadline=None)
@given(st.lists(LETTERS, min_size=1, max_size=14).map("".join))
@example("a@xn--80ak6aa92e.com")
@example("a@ẞ.org")
def test_the_verdict_is_email_validators_own(text: str) -> None:
    """Trimmed, not one text is judged otherwise; and no repair is one that it refuses."""
    if not text.strip():
        return
    made = plan(listed("ann@acme.org", text), address="email")
    assert accepts(text.strip()) == (rows_of(made, CODE) == [])
    assert all(accepts(after) for _, _, _, after, _ in told(made.fix(CODE)))

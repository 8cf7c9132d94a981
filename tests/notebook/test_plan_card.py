"""A plan as text and as a card: everything a person must know before the send, at a glance."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migma_nb.notebook.lines import width_of
from migma_nb.notebook.plan_card import plan_html, plan_text
from migma_nb.planning.plan import Plan
from migma_nb.planning.targets import Tag

Planner = Callable[..., Plan]
Tags = Callable[[str], list[tuple[str, dict[str, str | None]]]]

HOSTILE = "<script>alert('x')</script>\n\u202e\x1b]0;pwned\x07 " + "x" * 10_000


@pytest.fixture
def messy() -> pd.DataFrame:
    """Return eight rows: three ready, the others wrong in one way each."""
    return pd.DataFrame(
        {
            "email": [
                "ann@acme.org",
                "no address",
                "",
                "bo@acme.org",
                "ANN@acme.org",
                "info@acme.org",
                "out@acme.org",
                "dee@acme.org",
            ],
            "First Name": ["Ann", "Bad", "Empty", "Bo", "Ann", "Info", "Out", None],
            "plan": ["Team"] * 8,
        },
    )


def test_a_plan_says_whom_it_mails_with_what(plan: Planner, people: pd.DataFrame) -> None:
    """Mailing, people of rows, sender, subject, content, kind, address column, variables, first mail, id."""
    made = plan(people, reply_to="help@acme.org", topic_id="topic_1", provider="ses")
    assert [
        "Plan “2026-11 renewal notice”: 3 people of 3 rows",
        "  From        Acme Billing <billing@acme.example>",
        "  Reply-To    help@acme.org",
        "  Subject     {{first_name}}, your plan renews",
        "  Content     HTML template, 47 bytes, project proj_1",
        "  Kind        transactional: reaches unsubscribed people too, carries no unsubscribe header",
        '  Addresses   The addresses are in column "email", found by its name and content.',
        "  Variables   {{plan}} ← same-named column; {{first_name}} ← First Name",
        "  Provider    ses",
        "  Topic       topic_1",
        "  First mail  “Ann, your plan renews” to ann@acme.org",
        f"  Plan id     {made.id}",
        "",
        "Next",
        "  plan.preview(0)                   the first mail",
        "  plan.send(mg.Sandbox().client())  rehearsal: nobody real is mailed",
        "  plan.send(mg.Migma(), confirm=3)  live: mails 3 people",
    ] == plan_text(made).splitlines()


def test_a_plan_says_what_stands_in_for_a_missing_cell(plan: Planner, people: pd.DataFrame) -> None:
    """Each default with its variable, in text and card, and hostile ones on one line and escaped."""
    made = plan(people, defaults={"first_name": "there <b>", "plan": 5})
    shown = "{{first_name}} = “there <b>”, {{plan}} = “5” where the cell is empty"
    assert f"  Defaults    {shown}" in plan_text(made).splitlines()
    assert "{{plan}} = “5” where the cell is empty" in plan_html(made)
    assert "there <b>" not in plan_html(made)
    assert "Defaults" not in plan_text(plan(people))


def test_rows_that_stand_back_are_counted(plan: Planner, messy: pd.DataFrame) -> None:
    """Ready, invalid, duplicate and excluded rows, in words and numbers, in text and card alike."""
    made = plan(messy, exclude=["out@acme.org"])
    assert "Plan “2026-11 renewal notice”: 3 people of 8 rows" == plan_text(made).splitlines()[0]
    assert "  Rows        3 ready, 3 invalid, 1 duplicate, 1 excluded" == plan_text(made).splitlines()[1]
    assert 'aria-label="3 ready, 3 invalid, 1 duplicate, 1 excluded"' in plan_html(made)


def test_problems_are_listed_errors_first_with_an_example(plan: Planner, messy: pd.DataFrame) -> None:
    """Each code with its count, and the row, column and value of its first case."""
    lines = plan_text(plan(messy)).splitlines()
    start = lines.index("Problems: 3 errors in 3 rows, 3 warnings in 3 rows")
    assert [
        "  error    1 × invalid_email        row 1, email: “no address”",
        "  error    1 × missing_email        row 2, email: nothing there",
        "  error    1 × missing_variable     row 7, First Name: nothing there",
        "  warning  2 × duplicate_recipient  row 0, email: “ann@acme.org”",
        "  warning  1 × role_address         row 5, email: “info@acme.org”",
    ] == lines[start + 1 : start + 6]


def test_with_errors_the_next_lines_leave_those_rows_out(plan: Planner, messy: pd.DataFrame) -> None:
    """The problems come first, and the lines to type work as they stand."""
    text = plan_text(plan(messy))
    assert "  plan.issues     " in text
    assert "  plan.send(mg.Sandbox().client(), skip_invalid=True)  " in text
    assert "  plan.send(mg.Migma(), confirm=4, skip_invalid=True)  live: mails 4 people" in text


def test_an_open_question_stands_in_place_of_the_send(plan: Planner) -> None:
    """As long as it is open what a person in two rows shall get, no send is offered."""
    frame = pd.DataFrame({"email": ["a@acme.org"] * 2, "first_name": ["A", "B"], "plan": ["x", "x"]})
    made = plan(frame)
    for shown in (plan_text(made), plan_html(made)):
        assert "To decide:" in shown
        assert "plan.send(" not in shown
    assert "plan.send(" in plan_text(plan(frame, duplicates="first"))


def test_nobody_left_is_said_plainly(plan: Planner) -> None:
    """A plan that mails nobody offers no send; where there are no problems either, nothing to type."""
    bad = plan(["bad", "worse"], subject="s", template="<p>t</p>")
    out = plan(["a@acme.org", "b@acme.org"], subject="s", template="<p>t</p>", allow=["c@acme.org"])
    for made, says_next in ((bad, True), (out, False)):
        for shown in (plan_text(made), plan_html(made)):
            assert "Nobody is left to mail" in shown
            assert "plan.send(" not in shown
            assert says_next is ("Next" in shown)


def test_a_target_is_confirmed_by_the_plans_id(plan: Planner) -> None:
    """Who is in a tag only Migma knows; what stays open is said."""
    made = plan(Tag("t_1"), subject="{{season}} for {{name}}", template="<p>x</p>", transactional=False,
                variables={"season": "Spring"})  # fmt: skip
    text = plan_text(made)
    assert "Plan “2026-11 renewal notice”: everybody in tag t_1" == text.splitlines()[0]
    assert "marketing: leaves out unsubscribed people, carries an unsubscribe header" in text
    assert "{{season}} = “Spring”; {{name}} stays open" in text
    assert "Each mail  “Spring for {{name}}” to tag:t_1" in text
    assert f"plan.send(mg.Migma(), confirm='{made.id}')  live: mails everybody in tag t_1" in text


def test_one_person_and_stored_content_are_shown(plan: Planner) -> None:
    """A single mail names its values, a stored email its id."""
    one = plan("ann@acme.org", variables={"first_name": "Ann", "plan": "Team"})
    assert "1 person of 1 row" in plan_text(one)
    assert "{{first_name}} = “Ann”" in plan_text(one)
    stored = {"template": None, "project_id": None, "subject": "s"}
    assert "email e_1, stored at Migma" in plan_text(plan("ann@acme.org", **stored, email_id="e_1"))
    conversation = plan_text(plan("ann@acme.org", **stored, conversation_id="c_1"))
    assert "conversation c_1, stored at Migma" in conversation


def test_the_card_says_what_the_text_says(plan: Planner, messy: pd.DataFrame, tags: Tags) -> None:
    """Title, people, first mail, problems and lines to type; a bar that has words beside it."""
    made = plan(messy)
    html = plan_html(made)
    names = [tag for tag, _ in tags(html)]
    assert {"svg", "table", "code"} <= set(names)
    for words in (
        "2026-11 renewal notice",
        "4 people of 8 rows",
        "Ann, your plan renews",
        "missing_variable",
        "confirm=4",
        made.id,
    ):
        assert words in html


def test_a_card_is_small_whatever_the_plan(plan: Planner, tags: Tags) -> None:
    """Hostile texts everywhere, hundreds of rows, many variables: at most 20 kB, and nothing live."""
    size = 300
    frame = pd.DataFrame({f"v{number} {'<i>' * 40}": [HOSTILE] * size for number in range(30)})
    frame["email"] = [f"<b>{number}" if number % 3 else f"p{number}@acme.org" for number in range(size)]
    names = [f"v{number}" for number in range(30)]
    made = plan(
        frame,
        mailing="<&\"'>" * 2_000,
        subject="".join(f"{{{{{name}}}}}" for name in names),
        template="<p>" + "&" * 100_000,
        variables={name: f"{name} {'<i>' * 40}" for name in names},
        sender=f"{'&' * 200} <billing@acme.example>",
        address="email",
    )
    html = plan_html(made)
    tags(html)
    assert 20_000 > len(html.encode())


def test_the_text_is_short_and_narrow_whatever_the_plan(plan: Planner, messy: pd.DataFrame) -> None:
    """At most 25 lines for an ordinary list with problems, and 100 columns also in wide letters."""
    assert 25 >= len(plan_text(plan(messy)).splitlines())
    frame = messy.assign(**{"First Name": HOSTILE, "plan": "大" * 500})
    text = plan_text(plan(frame, mailing="大" * 300, subject="{{plan}}"))
    assert 100 >= max(map(width_of, text.splitlines()))
    assert not {"\x1b", "\x07", "\u202e"} & set(text)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    emails=st.lists(
        st.sampled_from(["a@acme.org", "b@acme.org", "bad", ""]) | st.text(), min_size=1, max_size=4
    ),
    name=st.text(),
    value=st.text() | st.none() | st.floats() | st.integers(),
)
def test_any_list_can_be_shown(plan: Planner, tags: Tags, emails: list[str], name: str, value: Any) -> None:
    """Whatever cells and names hold, text keeps its width and the card its form."""
    frame = pd.DataFrame({"email": emails, "first_name": [value] * len(emails), "plan": [name] * len(emails)})
    made = plan(frame, address="email")
    text = plan_text(made)
    assert 100 >= max(map(width_of, text.splitlines()))
    assert text.encode()
    tags(plan_html(made))

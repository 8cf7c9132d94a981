"""A planned import and a made one at a glance, in text and as a card."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pandas as pd
import pytest

import migma_nb as mg
from migma_nb.notebook.lines import width_of
from migma_nb.notebook.plan_card import plan_html, plan_text
from migma_nb.planning.frozen import Plan

HOSTILE = "<script>alert(1)</script>\x1b[2J\u202e"


def people(count: int, **columns: Any) -> pd.DataFrame:
    """Return so many people."""
    return pd.DataFrame({"email": [f"p{n}@x.example" for n in range(count)], **columns})


def test_a_planned_import_says_what_becomes_what_and_what_it_takes() -> None:
    """Fields, custom fields, consent, calls and the lines to type; in text and on the card."""
    frame = people(5_100, **{"First Name": "Ann", "renews on": "1 May"}, status="subscribed")
    frame.loc[7, "status"] = "unsubscribed"
    plan = mg.plan_import(frame, tag="t")
    text = " ".join(repr(plan).split())
    card = unescape(re.sub("<[^>]*>", "", plan._repr_html_()))
    assert "Import under the tag “t”: 5,100 people" in text
    for words in (
        "5,100 people of 5,100 rows; importing mails nobody",
        "firstName ← First Name",
        "renews_on ← renews on",
        "1 unsubscribed go in as such; nobody is subscribed again",
        '2 requests and 4 reads (account="counts")',
        "takes 55 reads or more",
        "plan.send(mg.Migma())",
    ):
        assert words in text
        assert words in card
    assert max(map(width_of, repr(plan).splitlines())) <= 100


def test_problems_and_open_questions_are_shown() -> None:
    """And the line to type leaves the broken rows out."""
    frame = people(3, country=["Germany", "DE", "DE"], n=[1, 2, 3])
    plan = mg.plan_import(frame, tag="t")
    assert "invalid_field" in repr(plan)
    assert "skip_invalid=True" in repr(plan)
    twice = mg.plan_import(pd.concat([people(1, n=1), people(1, n=2)]), tag="t")
    for shown in (repr(twice), twice._repr_html_()):
        assert "To decide" in shown
        assert "plan.send(" not in shown
    nobody = mg.plan_import(["broken"], tag="t")
    for shown in (repr(nobody), nobody._repr_html_()):
        assert "Nobody is left to import" in shown
        assert "plan.send(" not in shown


def test_resubscribing_says_what_it_needs() -> None:
    """A new consent, and the number of people."""
    plan = mg.plan_import(people(3), tag="t", resubscribe=True)
    assert "a new consent that you can prove" in " ".join(repr(plan).split())
    assert "plan.send(mg.Migma(), confirm=3)" in repr(plan)


def test_hostile_text_stays_text() -> None:
    """On both cards and in both texts."""
    frame = people(2, **{HOSTILE: [HOSTILE, "x"]}, firstName=[HOSTILE, "x"])
    plan = mg.plan_import(frame, tag="<script>t</script>")
    with mg.Sandbox() as sandbox:
        run = plan.send(sandbox.client(), progress=False)
    for html in (plan._repr_html_(), run._repr_html_()):
        assert "<script" not in html
        assert "http-equiv" not in html
    for text in (repr(plan), repr(run), plan._repr_html_(), run._repr_html_()):
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_cards_stay_small() -> None:
    """However long the list is."""
    with mg.Sandbox() as sandbox:
        plan = mg.plan_import(people(3_000), tag="t")
        run = plan.send(sandbox.client(), progress=False)
    assert len(plan._repr_html_()) < 20_000
    assert len(run._repr_html_()) < 20_000


@pytest.mark.parametrize(("transactional", "count", "said"), [(False, 1_001, True), (True, 1_001, False)])
def test_a_large_marketing_list_is_told_what_an_import_saves(
    plan: Callable[..., Plan], transactional: bool, count: int, said: bool
) -> None:
    """How many calls instead, that unsubscribes are honoured, and the line to type."""
    made = plan(people(count), transactional=transactional, subject="News", template="<p>x</p>")
    for shown in (
        " ".join(plan_text(made).split()),
        plan_html(made).replace("&quot;", '"').replace("&#x27;", "'"),
    ):
        assert said == ('mg.import_contacts(people, mg.Migma(), tag="…")' in shown)
        assert said == ("1,001, one a person; 1 call and a few more" in shown)
        assert said == ("honours unsubscribes" in shown)


def test_a_smaller_marketing_list_is_left_alone(plan: Callable[..., Plan]) -> None:
    """A thousand are few enough."""
    assert "import_contacts" not in plan_text(
        plan(people(1_000), transactional=False, subject="News", template="<p>x</p>")
    )

"""What became of a run's mails, counted by the database: the same as row by row, on both kinds of ledger."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import migma_nb as mg
from migma_nb.ledger.deliveries import Mail, mails_of, tallies_of
from migma_nb.ledger.places import place_of
from migma_nb.ledger.reading import open_to_read

Plan = Callable[..., mg.SendPlan]

pytestmark = pytest.mark.both_at_once

EVENTS = ("delivered", "opened", "clicked", "bounced", "complained")


def alike(mail: Mail, since: float) -> tuple[Any, ...]:
    """Return what a mail has in common with those that are counted with it."""
    fate, at = mail.fate, mail.first_attempt_at
    return (
        None if fate is None else fate.delivery,
        fate is not None and fate.opened_at is not None,
        fate is not None and fate.clicked_at is not None,
        mail.email_id is not None,
        at is not None and at < since,
    )


def counted(run: mg.Run, place: str, since: float) -> Counter[tuple[Any, ...]]:
    """Return the tallies of a run; they are the same as its mails, counted one by one."""
    ledger = open_to_read(place_of(place))
    found: Counter[tuple[Any, ...]] = Counter()
    for one in ledger.reading(lambda conn: tallies_of(conn, run.id, since)):
        found[one.delivery, one.opened, one.clicked, one.has_log, one.old] += one.count
    mails = ledger.reading(lambda conn: mails_of(conn, run.id))
    assert Counter(alike(mail, since) for mail in mails) == found
    return found


def test_the_funnel_is_counted_as_row_by_row(sandbox: mg.Sandbox, by_email: Plan, place: str) -> None:
    """Of what the run sent itself and of what an earlier one did, before and after the log is asked."""
    client = sandbox.client()
    first = by_email(7).send(client, ledger=place, progress=False)
    both = by_email(12).send(client, ledger=place, progress=False)
    assert {"accepted": 5, "already_sent": 7} == both.counts
    assert {(None, False, False, True, False): 12} == counted(both, place, 0.0)
    assert {(None, False, False, True, True): 7} == counted(first, place, 9e9)
    sandbox.server.drain()
    for row, word in enumerate((*EVENTS, *EVENTS)):
        sandbox.server.note_event(both.frame["message_id"][row], word)
    both.refresh(client)
    found = counted(both, place, 0.0)
    words: Counter[str] = Counter()
    for kind, count in found.items():
        words[kind[0]] += count
    assert both.frame["delivery"].value_counts().to_dict() == words
    assert "Of 12 of 12 mails" in both.summary()


def test_rows_with_emails_of_their_own_have_a_log_and_templates_have_none(
    sandbox: mg.Sandbox, plan: Plan, stored: str, place: str
) -> None:
    """The run itself names no email then: each claim does, or none."""
    client = sandbox.client()
    lines = [
        {"recipientType": "email", "recipientEmail": f"p{at}@d.example", "emailId": stored} for at in range(3)
    ]
    given = {"template": None, "project_id": None, "subject": "Hello"}
    own = plan(pd.DataFrame(lines), mailing="own", **given).send(client, ledger=place, progress=False)
    assert {(None, False, False, True, False): 3} == counted(own, place, 0.0)
    raw = plan(2, mailing="raw").send(client, ledger=place, progress=False)
    assert {(None, False, False, False, False): 2} == counted(raw, place, 0.0)

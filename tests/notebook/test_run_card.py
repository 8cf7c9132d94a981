"""A run as text and as a card: what it came to, why, and what to do next."""

from collections.abc import Callable
from typing import Any

import pytest

from migma_nb.api.states import RunState, State
from migma_nb.notebook.lines import share
from migma_nb.notebook.run_card import run_html, run_text
from migma_nb.sending.fates import Fates
from migma_nb.sending.summary import RunFacts, summarise
from tests.notebook.finished import finished

Tags = Callable[[str], list[tuple[str, dict[str, str | None]]]]

COUNTS = {State.ACCEPTED: 9_800, State.UNKNOWN: 4, State.REFUSED: 8, State.INVALID: 188}
TROUBLE = [
    *({"state": State.REFUSED, "reason": "refused", "detail": "suppressed"},) * 8,
    *({"state": State.UNKNOWN, "reason": "lost_answer", "detail": "cut"},) * 4,
]


def facts(**changes: Any) -> RunFacts:
    """Return the facts of a finished live run, of which a test changes what it is about."""
    fields: dict[str, Any] = {
        "counts": COUNTS,
        "rows": TROUBLE,
    }
    return finished(**fields | changes)


def test_the_text_is_the_summary() -> None:
    """Text and `run.summary()` say the same."""
    assert summarise(facts()) == run_text(facts())


def test_the_card_counts_every_state_in_words_and_numbers(tags: Tags) -> None:
    """A bar, and beside it each state with its number and its meaning."""
    html = run_html(facts())
    assert 4 == [tag for tag, _ in tags(html)].count("rect")
    for words in (
        "9,800 of 9,812 people mailed",
        'aria-label="9,800 accepted, 4 unknown, 8 refused, 188 invalid"',
        "it may have arrived, and no answer settled it",
    ):
        assert words in html


def test_the_card_says_why_and_what_next() -> None:
    """The most frequent reasons, the next step, and which run, server and ledger."""
    html = run_html(facts())
    for words in (
        "refused: 8 × refused: suppressed",
        "unknown: 4 × lost_answer: cut",
        "The unknown rows may have been mailed",
        "run_1",
        "https://api.example",
        "/home/ann/ledger.sqlite3",
    ):
        assert words in html


@pytest.mark.parametrize(
    ("sandbox", "shown", "hidden"), [(True, "sandbox", "LIVE"), (False, "LIVE", "sandbox")]
)
def test_live_and_sandbox_cannot_be_mistaken(sandbox: bool, shown: str, hidden: str) -> None:
    """Each card says which of the two it was, and never both."""
    html = run_html(facts(sandbox=sandbox))
    assert shown in html
    assert hidden not in html


def test_a_halt_stands_apart_from_the_headline() -> None:
    """What happened is the title, why it halted is a panel; the text has both in a sentence."""
    halted = facts(state=RunState.HALTED, detail="the key is wrong", counts={State.NOT_SENT: 5}, rows=[])
    html = run_html(halted)
    assert "<b>Nobody was mailed in this run of &#x27;2026-11 renewal notice&#x27;.</b>" in html
    assert "<b>Halted:</b> the key is wrong" in html
    assert "Halted: the key is wrong" in run_text(halted)


def test_a_batch_is_shown_by_the_servers_own_counts(tags: Tags) -> None:
    """One accepted call says little; the batch's own counts say more, once there are any."""
    row = {
        "recipient": "tag:vip",
        "message_id": "b1",
        "state": State.ACCEPTED,
        "api_status": "processing",
        "batch_total": 2_000,
        "batch_queued": 300,
        "batch_sent": 1_650,
        "batch_failed": None,
    }
    html = run_html(facts(batches=1, counts={State.ACCEPTED: 1}, rows=[row]))
    tags(html)
    assert "The batch has 2,000 people; the server says: processing." in html
    assert 'aria-label="1,650 sent, 300 queued"' in html
    fresh = run_html(facts(batches=1, counts={State.ACCEPTED: 1}, rows=[{**row, "batch_total": None}]))
    assert 'aria-label="1 accepted"' in fresh


def test_a_running_or_empty_run_can_be_shown(tags: Tags) -> None:
    """Before the first outcome there is nothing to count."""
    html = run_html(facts(state=RunState.RUNNING, counts={}, rows=[]))
    assert "svg" not in [tag for tag, _ in tags(html)]


def test_hostile_answers_stay_text_and_small(tags: Tags) -> None:
    """A server's words can hold anything; they are shortened, escaped, and cannot steer the terminal."""
    hostile = "<script>x()</script>\x1b[2J\u202e" + "x" * 10_000
    rows = [{"state": State.REFUSED, "reason": "refused", "detail": f"{n}{hostile}"} for n in range(500)]
    made = facts(mailing=hostile, ledger=hostile, detail=hostile, state=RunState.HALTED, rows=rows)
    html = run_html(made)
    tags(html)
    assert 20_000 > len(html.encode())
    assert not {"\x1b", "\u202e"} & set(run_text(made))


KNOWN = Fates(
    1_790_000_000.0,
    mails=9_800,
    words={
        "delivered": 5_390,
        "opened": 3_798,
        "clicked": 512,
        "bounced": 88,
        "complained": 3,
        "suppressed": 9,
    },
    delivered=9_703,
    opened=4_310,
    clicked=512,
)


def test_the_card_shows_how_far_the_mails_came(tags: Tags) -> None:
    """A bar, a number and a share for each stage; beside them those that went another way."""
    html = run_html(facts(fates=KNOWN))
    labels = [found.get("aria-label") for tag, found in tags(html) if tag == "svg"]
    stages = ["10,000 planned", "9,800 accepted", "9,703 delivered", "4,310 opened", "512 clicked"]
    assert stages == labels[1:]
    for words in (
        "98 % of planned",
        "99 % of accepted",
        "44 % of delivered",
        "5 % of delivered",
        "<b>88</b> bounced",
        "<b>3</b> complained",
        "<b>9</b> suppressed",
        "Migma&#x27;s log said on 2026-09-21 14:13 UTC",
        "Opens are inflated",
    ):
        assert words in html
    assert "Migma's log said on 2026-09-21 14:13 UTC" in run_text(facts(fates=KNOWN))


def test_before_a_refresh_the_card_has_no_funnel(tags: Tags) -> None:
    """And where there is no log it has the sentence, no bars of zeros."""
    assert 1 == [tag for tag, _ in tags(run_html(facts()))].count("svg")
    html = run_html(facts(fates=Fates(1.0, mails=2, without_log=2)))
    assert 1 == [tag for tag, _ in tags(html)].count("svg")
    assert "of which Migma keeps no log" in html


def test_a_word_of_the_log_stays_text(tags: Tags) -> None:
    """It can be anything."""
    hostile = "<script>x()</script>\x1b[2J\u202e"
    made = facts(fates=Fates(1.0, mails=1, words={hostile: 1}))
    tags(run_html(made))
    assert not {"\x1b", "\u202e"} & set(run_text(made))


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [(0, 3, "0 %"), (1, 1_000, "<1 %"), (1, 3, "33 %"), (999, 1_000, "99 %"), (3, 3, "100 %")],
)
def test_a_share_is_never_rounded_to_nothing_or_all(part: int, whole: int, expected: str) -> None:
    """One bounce of a thousand is no hundred percent."""
    assert f"{expected} of planned" == share(part, whole, "planned")
    assert share(part, whole, "") == share(0, 0, "planned") == ""

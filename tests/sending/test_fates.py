"""How what is known of a mail moves on, and what all mails come to: whatever the log says, and when."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migma_nb.api.logs import LogEntry
from migma_nb.api.states import Delivery, State
from migma_nb.ledger.deliveries import Fate, Mail, Tally
from migma_nb.sending.fates import advanced, arrived, fates_of, funnel_of, is_open, rank_of

DAY_S = 86_400.0
ORDER = ["sent", "delivered", "opened", "clicked", "suppressed", "bounced", "complained"]
moments = st.none() | st.floats(1_000.0, 9_000.0)
lines = st.builds(
    LogEntry,
    tracking_id=st.just("t"),
    to_email=st.just("a@x.example"),
    subject=st.just("S"),
    status=st.sampled_from([*ORDER, *map(str.upper, ORDER), "", "teleported"]),
    created_at=st.just(0.0),
    opened_at=moments,
    clicked_at=moments,
    bounce_type=st.sampled_from(["", "Permanent", "Transient", "Undetermined"]),
)
looks = st.lists(st.none() | lines, min_size=1, max_size=8)


def soft(fate: Fate) -> bool:
    """Return whether a bounce may be followed by a delivery."""
    return fate.delivery == "bounced" and fate.bounce_type in {"Transient", "Undetermined"}


@given(looks)
def test_nothing_that_was_known_is_taken_back(seen: list[LogEntry | None]) -> None:
    """The word tells at least as much, times stay or come earlier, and first sights stay what they were."""
    fate: Fate | None = None
    for number, line in enumerate(seen):
        after = advanced(fate, line, 10_000.0 + number)
        assert 10_000.0 + number == after.checked_at
        if fate is not None:
            assert soft(fate) or rank_of(after.delivery or "") >= rank_of(fate.delivery or "")
            assert fate.delivery is None or after.delivery is not None
            for name in ("opened_at", "clicked_at"):
                before, now = getattr(fate, name), getattr(after, name)
                assert before is None or (now is not None and now <= before)
            for name in ("bounced_at", "complained_at"):
                assert getattr(fate, name) in {None, getattr(after, name)}
        fate = after


@given(looks)
def test_the_same_look_twice_tells_nothing_new(seen: list[LogEntry | None]) -> None:
    """Only when it was last looked for."""
    fate: Fate | None = None
    for line in seen:
        fate = advanced(fate, line, 10_000.0)
    again = advanced(fate, seen[-1], 20_000.0)
    assert fate == replace(again, checked_at=10_000.0)


def test_the_words_have_the_documented_order() -> None:
    """As the docstring of `run.refresh` and docs/deliveries.md have it."""
    assert ORDER == [str(word) for word in Delivery]
    ranks = [rank_of(word) for word in ORDER]
    assert sorted(ranks) == ranks
    assert rank_of("sent") == rank_of("a word of tomorrow")


@pytest.mark.parametrize(
    ("delivery", "bounce_type", "still_open", "has_arrived"),
    [
        (None, None, True, False),
        ("sent", None, True, False),
        ("teleported", None, True, False),
        ("delivered", None, True, True),
        ("clicked", None, True, True),
        ("bounced", "Permanent", False, True),
        ("bounced", None, False, True),
        ("bounced", "Transient", True, True),
        ("suppressed", None, False, True),
        ("complained", None, False, True),
    ],
)
def test_what_may_still_change_is_asked_for(
    delivery: str | None, bounce_type: str | None, still_open: bool, has_arrived: bool
) -> None:
    """Until the log forgets it; and `wait` ends where a mail's way does."""
    fate = Fate(delivery=delivery, bounce_type=bounce_type, checked_at=1.0)
    mail = Mail(0, "a@x.example", "t", 1, 1, 0.0, "e", fate)
    assert still_open == is_open(mail, DAY_S)
    assert not is_open(mail, 31 * DAY_S)
    assert not is_open(replace(mail, email_id=None), DAY_S)
    assert has_arrived == arrived(fate)


def tally(fate: Fate | None = None, *, has_log: bool = True, old: bool = False) -> Tally:
    """Return one mail as the ledger counts it."""
    found = fate or Fate()
    return Tally(
        found.delivery, found.opened_at is not None, found.clicked_at is not None, has_log, old, count=1
    )


def test_the_funnel_counts_each_row_once_on_its_way() -> None:
    """A click is an open and a delivery; what bounced was not delivered, whatever a filter opened."""
    known = [
        Fate("delivered"),
        Fate("opened", opened_at=1.0),
        Fate("clicked"),
        Fate("complained", opened_at=1.0),
        Fate("bounced", opened_at=1.0, clicked_at=1.0),
        Fate("suppressed"),
        Fate(None),
    ]
    mails = [tally(fate) for fate in known] + [tally(has_log=False), tally(), tally(old=True)]
    found = fates_of(mails, 5.0)
    assert (10, 4, 3, 1) == (found.mails, found.delivered, found.opened, found.clicked)
    assert (2, 1, 1) == (found.pending, found.forgotten, found.without_log)
    twice = fates_of([replace(one, count=2) for one in mails], 5.0)
    assert (20, 8, 2) == (twice.mails, twice.delivered, twice.forgotten)
    funnel = funnel_of(
        {State.ACCEPTED: 7, State.ALREADY_SENT: 2, State.REFUSED: 1, State.DUPLICATE: 3}, found
    )
    assert [("planned", 13), ("accepted", 9), ("delivered", 4), ("opened", 3), ("clicked", 1)] == [
        (one.name, one.count) for one in funnel.stages
    ]
    assert {
        "bounced": 1,
        "complained": 1,
        "suppressed": 1,
        "no line yet": 2,
        "refused": 1,
        "not mailed": 3,
    } == dict(funnel.beside)


def test_without_a_log_the_funnel_ends_with_what_was_accepted() -> None:
    """Zeros would read as if nobody had got anything."""
    for fates in (None, fates_of([tally(has_log=False)], 5.0)):
        funnel = funnel_of({State.ACCEPTED: 1}, fates)
        assert ["planned", "accepted"] == [one.name for one in funnel.stages]
        assert not funnel.known

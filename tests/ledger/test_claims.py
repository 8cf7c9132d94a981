"""The claim: one conditional write decides who may send, and nothing definite is turned back."""

import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from migma_nb.api.errors import LedgerError
from migma_nb.api.states import Reason, RunState, State
from migma_nb.ledger import claims, endings, journal, queries, standings
from migma_nb.ledger.leave import leave
from migma_nb.ledger.schema import ClaimState, Intent, Outcome, RowRecord, RunRecord, Standing, Taken
from migma_nb.ledger.store import Ledger, open_ledger


@pytest.fixture
def ledger(place: str) -> Iterator[Ledger]:
    """Give a ledger with two runs, `one` and `two`, on record as running."""
    opened = open_ledger(place)
    for run_id in ("one", "two"):
        run = RunRecord(run_id, "s", "m", "plan", "https://x:443", False, "fp", 1, 1, None, 1.0)
        row = RowRecord(0, "ann@x.example", "Ann@x.example", State.WAITING)
        opened.writing(lambda conn, run=run, row=row: journal.begin(conn, run, [row]))  # type: ignore[misc]
    yield opened
    opened.close()


def intent(run_id: str = "one", recipient: str = "ann@x.example", at: float = 10.0) -> Intent:
    """Return what is about to leave."""
    return Intent("s", "m", recipient, run_id, "plan", "sha", "fp", at)


def outcome(state: ClaimState, *, uncertain: bool = False) -> Outcome:
    """Return what an attempt came to."""
    return Outcome(
        state, "verdict", Reason.OK, "words", uncertain, 11.0, 0.5, message_id="m1", http_status=200
    )


def take(ledger: Ledger, run_id: str, seen: Standing | None = None) -> Taken | Standing:
    """Try to claim Ann for a run."""
    return ledger.writing(lambda conn: claims.take(leave(conn, run_id), intent(run_id), seen))


def standing(ledger: Ledger) -> Standing:
    """Return how Ann stands."""
    found = ledger.reading(lambda conn: standings.standing_of(conn, "s", "m", "ann@x.example"))
    assert found is not None
    return found


@pytest.mark.both_at_once
def test_only_one_of_many_gets_the_claim(ledger: Ledger) -> None:
    """Threads of two runs race for one person; one wins, whatever the interleaving."""
    won: list[Taken] = []
    barrier = threading.Barrier(8)

    def race(run_id: str) -> None:
        barrier.wait()
        found = take(ledger, run_id)
        if isinstance(found, Taken):
            won.append(found)

    threads = [threading.Thread(target=race, args=("one" if n % 2 else "two",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 == len(won)


@pytest.mark.parametrize(
    "state",
    [ClaimState.ACCEPTED, ClaimState.UNKNOWN, ClaimState.REFUSED, ClaimState.ALREADY_SENT, ClaimState.HELD],
)
def test_a_claim_that_is_not_free_is_not_taken_by_who_has_not_seen_it(
    ledger: Ledger, state: ClaimState
) -> None:
    """Whoever thought that nobody had the person learns how they stand instead."""
    first = take(ledger, "one")
    assert isinstance(first, Taken)
    if state is not ClaimState.HELD:
        ledger.writing(lambda conn: claims.record(conn, first, intent(), outcome(state)))
    found = take(ledger, "two")
    assert isinstance(found, Standing)
    assert state is found.state


@pytest.mark.both_at_once
def test_a_claim_that_changed_since_it_was_seen_is_not_taken(ledger: Ledger) -> None:
    """Two runs that saw the same free claim cannot both take it."""
    first = take(ledger, "one")
    assert isinstance(first, Taken)
    ledger.writing(lambda conn: claims.record(conn, first, intent(), outcome(ClaimState.FREE)))
    seen = standing(ledger)
    assert isinstance(take(ledger, "two", seen), Taken)
    assert isinstance(take(ledger, "one", seen), Standing)


@pytest.mark.both_at_once
def test_every_attempt_of_a_generation_has_the_same_key_and_a_refusal_begins_a_new_one(
    ledger: Ledger,
) -> None:
    """The generation grows after a certain refusal only."""
    first = take(ledger, "one")
    assert isinstance(first, Taken)
    again = ledger.writing(lambda conn: claims.again(leave(conn, "one"), intent()))
    assert first.idempotency_key == again.idempotency_key
    assert 100 >= len(again.idempotency_key)
    ledger.writing(lambda conn: claims.record(conn, again, intent(), outcome(ClaimState.REFUSED)))
    after = take(ledger, "two", standing(ledger))
    assert isinstance(after, Taken)
    assert (2, False) == (after.generation, after.uncertain)
    assert first.idempotency_key != after.idempotency_key


def test_a_key_hangs_on_server_mailing_and_person_and_cannot_be_glued_together() -> None:
    """Parts that run into each other do not make the same key."""
    keys = {
        claims.idempotency_key(*parts, generation)
        for parts in [("s", "m", "r"), ("sm", "", "r"), ("s", "mr", ""), ("s", "m\n1:r", "")]
        for generation in (1, 2)
    }
    assert 8 == len(keys)


@pytest.mark.both_at_once
def test_an_intent_is_on_disk_before_anything_else_can_happen(ledger: Ledger) -> None:
    """Another connection sees the attempt as soon as the claim is taken."""
    assert isinstance(take(ledger, "one"), Taken)
    other = open_ledger(ledger.place)
    rows = other.reading(lambda conn: queries.run_rows(conn, "one"))
    assert ("sending", 1, 10.0) == (rows[0]["state"], rows[0]["attempts"], rows[0]["first_attempt_at"])


@pytest.mark.both_at_once
def test_no_text_of_a_server_keeps_an_outcome_from_being_written(ledger: Ledger) -> None:
    """Half a surrogate pair, NUL and an emoji: what no database takes is replaced, and the rest stays."""
    taken = take(ledger, "one")
    assert isinstance(taken, Taken)
    strange = outcome(ClaimState.ACCEPTED)._replace(message_id="m\x00", detail="a \ud800 b \U0001f600")
    ledger.writing(lambda conn: claims.record(conn, taken, intent(), strange))
    found = standing(ledger)
    assert ("m\ufffd", "a \ufffd b \U0001f600") == (found.told("message_id"), found.told("detail"))


@pytest.mark.parametrize("state", [ClaimState.ACCEPTED, ClaimState.ALREADY_SENT])
@pytest.mark.parametrize("later", list(ClaimState))
def test_what_is_known_to_be_mailed_is_never_turned_back(
    ledger: Ledger, state: ClaimState, later: ClaimState
) -> None:
    """Any later word on the same claim leaves it mailed."""
    taken = take(ledger, "one")
    assert isinstance(taken, Taken)
    ledger.writing(lambda conn: claims.record(conn, taken, intent(), outcome(state)))
    ledger.writing(lambda conn: claims.record(conn, taken, intent(), outcome(later)))
    expected = {state, later} & {ClaimState.ACCEPTED, ClaimState.ALREADY_SENT}
    assert standing(ledger).state in expected


def test_an_answer_that_comes_late_settles_what_was_called_unknown(ledger: Ledger) -> None:
    """A stopped process that wakes up after its run was settled still records what it heard."""
    taken = take(ledger, "one")
    assert isinstance(taken, Taken)
    ledger.writing(lambda conn: endings.settle_dead(conn, "one", 20.0))
    assert ClaimState.UNKNOWN is standing(ledger).state
    ledger.writing(lambda conn: claims.record(conn, taken, intent(), outcome(ClaimState.ACCEPTED)))
    assert ClaimState.ACCEPTED is standing(ledger).state


def test_a_late_word_that_is_not_definite_frees_nothing(ledger: Ledger) -> None:
    """Only mail known to have gone out overrides what another process wrote."""
    taken = take(ledger, "one")
    assert isinstance(taken, Taken)
    ledger.writing(lambda conn: endings.settle_dead(conn, "one", 20.0))
    ledger.writing(lambda conn: claims.record(conn, taken, intent(), outcome(ClaimState.FREE)))
    assert ClaimState.UNKNOWN is standing(ledger).state


@pytest.mark.both_at_once
def test_a_late_refusal_settles_what_was_called_unknown_meanwhile(ledger: Ledger) -> None:
    """The run was taken for dead, yet its one attempt has a definite answer, and nobody took the row up."""
    taken = take(ledger, "one")
    assert isinstance(taken, Taken)
    ledger.writing(lambda conn: endings.settle_dead(conn, "one", 20.0))
    ledger.writing(lambda conn: claims.record(conn, taken, intent(), outcome(ClaimState.REFUSED)))
    assert (ClaimState.REFUSED, False) == (standing(ledger).state, standing(ledger).uncertain)


def test_a_late_refusal_harms_nobody_who_took_the_row_up(ledger: Ledger) -> None:
    """Another run asks again under the same key: its answer counts."""
    taken = take(ledger, "one")
    assert isinstance(taken, Taken)
    ledger.writing(lambda conn: endings.settle_dead(conn, "one", 20.0))
    assert isinstance(take(ledger, "two", standing(ledger)), Taken)
    ledger.writing(lambda conn: claims.record(conn, taken, intent(), outcome(ClaimState.REFUSED)))
    assert (ClaimState.HELD, "two") == (standing(ledger).state, standing(ledger).run_id)


@pytest.mark.both_at_once
def test_a_dead_runs_open_intent_becomes_unknown_and_its_idle_claim_free(ledger: Ledger) -> None:
    """The one may have been mailed, the other certainly was not."""
    ledger.writing(lambda conn: claims.take(leave(conn, "one"), intent("one", "bo@x.example"), None))
    idle = take(ledger, "one")
    assert isinstance(idle, Taken)
    ledger.writing(lambda conn: claims.record(conn, idle, intent(), outcome(ClaimState.HELD)))
    assert ledger.writing(lambda conn: endings.settle_dead(conn, "one", 20.0))
    found = ledger.reading(lambda conn: standings.standings(conn, "s", "m"))
    assert (ClaimState.UNKNOWN, True) == (found["bo@x.example"].state, found["bo@x.example"].uncertain)
    assert ClaimState.FREE is found["ann@x.example"].state


def test_a_dead_runs_idle_claim_with_a_doubt_stays_unknown(ledger: Ledger) -> None:
    """A row that waited for its repeat after a lost answer is not free for all."""
    taken = take(ledger, "one")
    assert isinstance(taken, Taken)
    held = outcome(ClaimState.HELD, uncertain=True)._replace(reason=Reason.LOST_ANSWER)
    ledger.writing(lambda conn: claims.record(conn, taken, intent(), held))
    ledger.writing(lambda conn: endings.settle_dead(conn, "one", 20.0))
    assert (ClaimState.UNKNOWN, "lost_answer") == (standing(ledger).state, standing(ledger).told("reason"))


def test_a_run_that_was_settled_may_not_send_any_more(ledger: Ledger) -> None:
    """A runner that lost its place writes no further intent."""
    assert ledger.writing(lambda conn: endings.settle_dead(conn, "one", 20.0))
    with pytest.raises(LedgerError, match="no longer on record as running"):
        take(ledger, "one")


@pytest.mark.both_at_once
def test_only_who_can_take_its_lock_may_settle_a_run(ledger: Ledger) -> None:
    """A living run is left alone, however long it is silent; a dead one is settled once."""
    lock = ledger.life_lock("one")
    assert lock.take()
    assert ["two"] == journal.settle_the_dead(ledger)
    lock.release(for_good=False)
    assert ["one"] == journal.settle_the_dead(ledger)
    assert [] == journal.settle_the_dead(ledger)


@pytest.mark.both_at_once
def test_a_transaction_that_fails_leaves_nothing(ledger: Ledger) -> None:
    """Claim and intent are there together or not at all."""

    def half(conn: sa.Connection) -> None:
        claims.take(leave(conn, "one"), intent(), None)
        raise KeyError

    with pytest.raises(KeyError):
        ledger.writing(half)
    assert ledger.reading(lambda conn: standings.standings(conn, "s", "m")) == {}


@pytest.mark.both_at_once
def test_history_has_every_run_with_its_counts(ledger: Ledger) -> None:
    """Newest first; a finished run's open rows are closed with its reason."""
    ledger.writing(
        lambda conn: journal.finish(
            conn, "one", RunState.STOPPED, reason=Reason.STOPPED, detail="stopped", now=30.0
        )
    )
    found = {run["run_id"]: run for run in ledger.reading(queries.all_runs)}
    assert {"not_sent": 1} == found["one"]["counts"]
    assert ("stopped", 30.0) == (found["one"]["state"], found["one"]["finished_at"])


def test_a_run_that_ends_leaves_no_claim_that_others_would_wait_for(ledger: Ledger) -> None:
    """Where an outcome could not be written, the end of the run makes the row unknown, never held."""
    assert isinstance(take(ledger, "one"), Taken)
    ledger.writing(
        lambda conn: journal.finish(
            conn, "one", RunState.HALTED, reason=Reason.LEDGER, detail="disk full", now=30.0
        )
    )
    assert (ClaimState.UNKNOWN, True) == (standing(ledger).state, standing(ledger).uncertain)
    assert "unknown" == ledger.reading(lambda conn: queries.run_rows(conn, "one"))[0]["state"]


@pytest.mark.both_at_once
def test_the_leave_of_one_run_is_none_for_another(ledger: Ledger) -> None:
    """A run that has ended cannot send by what a living one was given in the same transaction."""
    assert ledger.writing(lambda conn: endings.settle_dead(conn, "one", 20.0))
    with pytest.raises(LedgerError, match="Run one was not given leave"):
        ledger.writing(lambda conn: claims.take(leave(conn, "two"), intent("one"), None))
    assert {} == ledger.reading(lambda conn: standings.standings(conn, "s", "m"))

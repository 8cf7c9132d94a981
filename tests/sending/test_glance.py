"""What a screen says of a run, read from the run itself or from the ledger: always the ledger's truth."""

import time
from collections.abc import Callable, Iterator

import pytest

import migma_nb as mg
from migma_nb.ledger import glances
from migma_nb.ledger.control import Wish
from migma_nb.ledger.store import open_ledger
from migma_nb.planning.plan import make_plan
from migma_nb.sending import facts, live
from migma_nb.sending.gate import SendOptions
from migma_nb.sending.glance import Glance, LiveWatch, RecordWatch
from migma_nb.sending.live import LiveRun
from migma_nb.sending.troubles import MOST_KINDS, Trouble, Troubles, gathered
from migma_nb.surface.client import settings_of
from tests.servers.scripted import Act, ScriptedServer

Start = Callable[..., LiveRun]


@pytest.fixture
def sandbox() -> Iterator[mg.Sandbox]:
    """A sandbox that refuses nobody."""
    with mg.Sandbox() as made:
        yield made


@pytest.fixture
def start() -> Start:
    """Return a function that sets a mailing to so many people going with a client."""

    def begin(client: mg.Migma, people: int, mailing: str = "m", **options: object) -> LiveRun:
        plan = make_plan(
            [{"email": f"p{n}@x.example"} for n in range(people)],
            mailing=mailing,
            sender="A <a@b.example>",
            subject="S",
            template="<p>x</p>",
            project_id="p",
            transactional=True,
        )
        return live.start(plan, settings_of(client), SendOptions(**options))  # type: ignore[arg-type]

    return begin


def seen(look: Callable[[], Glance], so: Callable[[Glance], bool], seconds: float = 20.0) -> Glance:
    """Look until it is so, and return what is then seen."""
    end = time.monotonic() + seconds
    while not so(found := look()):
        assert time.monotonic() < end, found
        time.sleep(0.02)
    return found


def test_both_ways_of_looking_say_what_the_ledger_says(sandbox: mg.Sandbox, start: Start) -> None:
    """While a run is paused, and when it is over, run and ledger show the same counts."""
    run = start(sandbox.client(rate="40/second"), 60)
    inside, outside = LiveWatch(run), RecordWatch(open_ledger(sandbox.ledger), run.run_id)
    seen(inside.look, lambda one: one.counts.get(mg.State.ACCEPTED, 0) > 4)
    run.ask(Wish.PAUSE)
    seen(inside.look, lambda one: one.state is mg.RunState.PAUSED and not one.counts.get(mg.State.SENDING))
    for watch in (inside, outside):
        found = watch.look()
        assert dict(facts.counts_of(run.ledger, run.run_id)) == found.counts
        assert (mg.RunState.PAUSED, False, False, 60) == (
            found.state,
            found.needs_a_person,
            found.over,
            found.size,
        )
        assert found.left_s is None
    run.ask(Wish.RUN)
    assert run.ended.wait(30)
    for watch in (inside, outside):
        found = watch.look()
        assert ({mg.State.ACCEPTED: 60}, mg.RunState.FINISHED, True) == (
            found.counts,
            found.state,
            found.over,
        )


def test_the_rate_and_the_time_left_are_those_of_the_run(sandbox: mg.Sandbox, start: Start) -> None:
    """At five a second it says about 300 a minute, and about as long as that takes for what is left."""
    run = start(sandbox.client(rate="5/second"), 200)
    inside, outside = LiveWatch(run), RecordWatch(run.ledger, run.run_id)
    found = seen(inside.look, lambda one: one.counts.get(mg.State.ACCEPTED, 0) > 20)
    for one in (found, outside.look()):
        assert one.pacing.per_minute == pytest.approx(300, rel=0.4)
        assert one.left_s == pytest.approx(60 * one.left / 300, rel=0.5)
        assert (300, True) == (one.pacing.allowed.per_minute, one.pacing.allowed.fixed)
    run.ask(Wish.STOP)
    assert run.ended.wait(30)


def test_auto_says_how_fast_it_may_go(start: Start) -> None:
    """It begins at 60 a minute and grows with every second; both ways of looking say the same."""
    with ScriptedServer(lambda _: Act.OK) as server:
        run = start(mg.Migma("k" * 20, base_url=server.url), 12, confirm=12, preflight=False)
        assert run.ended.wait(60)
        run = start(mg.Migma("k" * 20, base_url=server.url), 300, confirm=300, preflight=False)
        inside, outside = LiveWatch(run), RecordWatch(run.ledger, run.run_id)
        first = inside.look().pacing.allowed
        assert not first.fixed
        assert not first.met
        assert first.per_minute is not None
        assert first.per_minute > 55
        seen(outside.look, lambda one: one.counts.get(mg.State.ACCEPTED, 0) > 0)
        elsewhere = outside.look().pacing.allowed
        assert (False, False) == (elsewhere.fixed, elsewhere.met)
        assert (elsewhere.per_minute or 0) > 55
        seen(inside.look, lambda one: (one.pacing.allowed.per_minute or 0) > 110)
        assert (outside.look().pacing.allowed.per_minute or 0) > 110
        run.ask(Wish.STOP)
        assert run.ended.wait(30)


def test_a_runs_own_rate_is_told_elsewhere_whatever_is_known_of_the_servers_limit(
    start: Start,
) -> None:
    """The limit that "auto" met says nothing of a run at a rate of its own; of two each is told its own."""
    with ScriptedServer(lambda call: Act.LIMITED if call.number == 4 else Act.OK) as server:
        auto = start(mg.Migma("k" * 20, base_url=server.url), 6, confirm=6, preflight=False)
        assert auto.ended.wait(60)
        assert RecordWatch(auto.ledger, auto.run_id).look().pacing.allowed.per_minute is None
        runs = [
            start(
                mg.Migma("k" * 20, base_url=server.url, rate=rate),
                90,
                mailing=rate,
                confirm=90,
                preflight=False,
            )
            for rate in ("2/second", "60/minute")
        ]
        for run, per_minute in zip(runs, (120, 60), strict=True):
            outside = RecordWatch(run.ledger, run.run_id)
            found = seen(outside.look, lambda one: one.counts.get(mg.State.ACCEPTED, 0) > 0).pacing.allowed
            assert (per_minute, True) == (found.per_minute, found.fixed)
        for run in runs:
            run.ask(Wish.STOP)
            assert run.ended.wait(30)


def test_a_server_that_asks_to_wait_is_seen(start: Start) -> None:
    """The screen says for how long nobody may send, and the time left counts it in."""
    with ScriptedServer(lambda call: Act.COME_LATER if call.number == 3 else Act.OK) as server:
        run = start(
            mg.Migma("k" * 20, base_url=server.url, rate="20/second"), 40, confirm=40, preflight=False
        )
        found = seen(LiveWatch(run).look, lambda one: one.pacing.allowed.held_s > 0)
        assert 30 < found.pacing.allowed.held_s <= 60
        assert found.left_s is not None
        assert found.left_s > 30
        assert mg.State.WAITING in {one.state for one in found.troubles}
        assert RecordWatch(run.ledger, run.run_id).look().pacing.allowed.held_s > 0
        run.ask(Wish.STOP)
        assert run.ended.wait(30)


def test_refused_rows_are_told_by_kind_as_they_are_refused(start: Start) -> None:
    """Both ways of looking count the same rows under the API's own words."""
    with ScriptedServer(lambda call: Act.REFUSE if call.number in {2, 5, 9} else Act.OK) as server:
        run = start(
            mg.Migma("k" * 20, base_url=server.url, rate="50/second"), 30, confirm=30, preflight=False
        )
        assert run.ended.wait(30)
        for watch in (LiveWatch(run), RecordWatch(run.ledger, run.run_id)):
            (kind,) = watch.look().troubles
            assert (mg.State.REFUSED, 3) == (kind.state, kind.count)
            assert "that is no mail" in kind.words
            assert mg.State.REFUSED == run.ledger.reading(
                lambda conn, at=kind.newest: glances.page(conn, run.run_id, None, "", start=at, size=1)[0][0][
                    2
                ]  # type: ignore[misc]
            )


def test_a_run_that_paused_itself_needs_a_person(start: Start) -> None:
    """It says why, from here and from elsewhere."""
    with ScriptedServer(lambda _: Act.REFUSE) as server:
        run = start(
            mg.Migma("k" * 20, base_url=server.url, rate="90/second"), 60, confirm=60, preflight=False
        )
        for watch in (LiveWatch(run), RecordWatch(run.ledger, run.run_id)):
            found = seen(watch.look, lambda one: one.state is mg.RunState.PAUSED)
            assert found.needs_a_person
            assert "in a row were alike" in found.detail
        run.ask(Wish.STOP)
        assert run.ended.wait(30)


def test_only_the_newest_kinds_are_kept() -> None:
    """A server with ever new words fills no memory."""
    heard = Troubles()
    for n in range(5 * MOST_KINDS):
        heard.row_changed(n, mg.State.SENDING, mg.State.REFUSED, f"kind {n}")
    heard.row_changed(7, mg.State.SENDING, mg.State.REFUSED, f"kind {5 * MOST_KINDS - 3}")
    found = heard.found
    assert MOST_KINDS == len(found)
    assert (f"kind {5 * MOST_KINDS - 3}", 2, 7) == (found[0].words, found[0].count, found[0].newest)


def test_a_row_that_is_tried_again_is_told_as_such() -> None:
    """A server that cannot be reached is seen, though no row has an end."""
    heard = Troubles()
    heard.row_changed(0, mg.State.WAITING, mg.State.SENDING, "")
    heard.row_changed(0, mg.State.SENDING, mg.State.WAITING, "no connection")
    heard.row_changed(1, mg.State.SENDING, mg.State.ACCEPTED, "")
    assert [(mg.State.WAITING, "no connection", 1)] == [
        (one.state, one.words, one.count) for one in heard.found
    ]


def test_kinds_that_differ_in_the_address_alone_are_one() -> None:
    """Of the ledger's own groups, too."""
    told = [Trouble(mg.State.REFUSED, f"a{n}@x.example is no address", 2, n, float(n)) for n in range(3)]
    (one,) = gathered(told)
    assert ("this address is no address", 6, 2, 2.0) == (one.words, one.count, one.newest, one.at)

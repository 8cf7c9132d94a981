"""The promise under random histories: faults, crashes at every durable step, restarts, impatient people.

The real runner and the real ledger against a scripted server over a real socket; after each step the account
is compared with the server's own record.
"""

import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

import migma_nb as mg
from migma_nb.ledger import clock
from migma_nb.ledger.schema import claims
from migma_nb.ledger.store import Ledger, open_ledger
from migma_nb.sending import live
from tests.sending.windows import start_in_windows
from tests.servers.postgres import PostgresServer
from tests.servers.scripted import Act, Call, Memory, ScriptedServer

PEOPLE = 4
#: What leaves a doubt that no key protects, so that a row may stay unknown on a perfect server too.
_OPEN_DOUBTS = {Act.ERROR_BEFORE, Act.ERROR_AFTER, Act.CONTRADICTION}
#: What leaves open whether a batch went out: it is never repeated, whatever its key would protect.
_LOST = {
    *(Act.DROP_BEFORE, Act.DROP_AFTER, Act.RESET_AFTER, Act.SILENT_BEFORE, Act.SILENT_AFTER, Act.LATE),
    # Somebody may be at work on it: a call to one person is asked for again then, a batch is not.
    *(Act.CUT, Act.GARBLED, Act.GATEWAY_BEFORE, Act.GATEWAY_AFTER, Act.AT_WORK, *_OPEN_DOUBTS),
}
#: What ends within a moment; a server that asks for a minute is met in the tests of the pace.
ACTS = st.lists(
    st.sampled_from([act for act in Act if act not in {Act.COME_LATER, Act.LIMITED_BARE, Act.TRICKLING}]),
    max_size=6,
)
HOURS = st.sampled_from([-30.0, -1.0, 5.0, 12.0, 22.9, 23.5, 25.0])


class MortalLedger(Ledger):
    """A ledger of a process that dies at one of its durable steps: from there on nothing of it is written.

    Args:
        whole: the ledger.
        dies_at: the number of the write at which the process dies, from 1; 0 for never.
        committed: whether that write itself still reaches the disk.
    """

    def __init__(self, whole: Ledger, dies_at: int, *, committed: bool) -> None:
        super().__init__(whole.place, whole._engine, whole.mount)
        self.dead = False
        self._left = dies_at
        self._committed = committed

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Write, unless the process is dead."""
        self._left -= 1
        now = self._left == 0
        if now and not self._committed:
            self.dead = True
        self._require_alive()
        with super().write() as conn:
            yield conn
        if now:
            self.dead = True
            self._require_alive()

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Read, unless the process is dead."""
        self._require_alive()
        with super().read() as conn:
            yield conn

    def _require_alive(self) -> None:
        if self.dead:
            raise mg.LedgerError("The process is dead.")


class Histories(RuleBasedStateMachine):
    """One mailing to a few people, through whatever happens."""

    #: Who is in the mailing, and how many people each of them stands for.
    whom: Mapping[str, int] = {f"p{n}@d.example": 1 for n in range(PEOPLE)}

    def __init__(self) -> None:
        super().__init__()
        self.ledgers = ExitStack()
        self.place = self.ledgers.enter_context(self.new_place())
        self.patch = pytest.MonkeyPatch()
        self.ahead_s = 0.0
        real = time.time
        self.patch.setattr(time, "time", lambda: real() + self.ahead_s)
        self.set_clocks()
        for module in ("migma_nb.api.meaning", "migma_nb.sending.sorting"):
            self.patch.setattr(f"{module}.SHORTEST_LOST_WAIT_S", 0.01)
        self.patch.setattr("migma_nb.ledger.scribe.OUTCOME_WAITS_S", ())
        self.patch.setattr("migma_nb.sending.repeating.LOOK_AGAIN_S", 0.02)
        self.allowed: Counter[str] = Counter()
        self.said_sent: set[str] = set()
        self.told_twice: set[str] = set()
        self.acts: dict[str, set[Act]] = {}
        self.crashed_on: set[str] = set()
        self.calm = True
        self.last: mg.Run | None = None
        self.run_is_there = threading.Event()
        self.running: mg.Run | None = None

    @property
    def people(self) -> int:
        """How many people that are in all."""
        return sum(self.whom.values())

    @staticmethod
    @contextmanager
    def new_place() -> Iterator[str]:
        """Give a place for a ledger, and clear it away."""
        folder = Path(tempfile.mkdtemp())
        yield str(folder / "ledger.sqlite3")
        shutil.rmtree(folder)

    def set_clocks(self) -> None:
        """Let other clocks than this process's go as fast as it."""

    @initialize(memory=st.sampled_from(list(Memory)))
    def serve(self, memory: Memory) -> None:
        """Start the server."""
        self.server = ScriptedServer(lambda call: Act.OK, memory)  # noqa: ARG005
        self.server.reads = self.read
        self.server.__enter__()

    @staticmethod
    def read(path: str) -> tuple[int, Any] | None:
        """Answer what is asked for: nothing."""
        del path
        return None

    @rule(
        acts=ACTS,
        dies_at=st.integers(0, 12),
        committed=st.booleans(),
        edited=st.booleans(),
        colleague=st.sampled_from([False, False, True]),
        limit=st.sampled_from([None, None, 1, 2]),
        whims=st.dictionaries(st.integers(1, 5), st.sampled_from(["stop", "pause", "jump"]), max_size=2),
    )
    def send(
        self,
        acts: list[Act],
        dies_at: int,
        *,
        committed: bool,
        edited: bool,
        colleague: bool,
        limit: int | None,
        whims: dict[int, str],
    ) -> None:
        """Send, perhaps another content, by another key, with a crash, or interrupted by a person."""
        self.calm = self.calm and not edited and not colleague and "jump" not in whims.values()
        self._script(acts, whims)
        with self._mortal(dies_at, committed=committed) as ledgers, suppress(mg.LedgerError):
            run = self._start(self._plan(edited=edited), self._client(colleague=colleague), limit)
            self._await(run)
        self._check(None if any(ledger.dead for ledger in ledgers) else self.last)

    @rule(acts=ACTS, workers=st.integers(1, 3))
    def send_from_two_at_once(self, acts: list[Act], workers: int) -> None:
        """Two runs of the same plan share the work."""
        self._script(acts, {})
        runs = [self._start(self._plan(), self._client(workers=workers)) for _ in range(2)]
        for run in runs:
            self._await(run)
        frames = [dict(zip(self.whom, run.frame["state"], strict=True)) for run in runs]
        for run, other in zip(runs, reversed(frames), strict=True):
            # What one run left when it halted, the other may have mailed.
            self._check(run, elsewhere={who for who, state in other.items() if state != "not_sent"})

    @rule(acts=ACTS)
    def retry(self, acts: list[Act]) -> None:
        """Take up what was refused."""
        self._script(acts, {})
        found = self._standing()
        refused = [who for who, state in found.items() if state == "refused"]
        with suppress(mg.InputError):
            people = sum(self.whom[who] for who in refused)
            run = self._plan().retry(self._client(), confirm=people, progress=False, ledger=self.place)
            self._check(run)

    @precondition(lambda self: self.last is not None)
    @rule(as_=st.sampled_from(["sent", "resend"]), which=st.integers(0, PEOPLE - 1))
    def resolve(self, as_: Any, which: int) -> None:
        """A person decides on one unknown row."""
        assert self.last is not None
        who = list(self.whom)[which]
        with suppress(mg.InputError):
            self.last.resolve([which], as_=as_, confirm=1)
            if as_ == "sent":
                self.said_sent.add(who)
            else:
                self.allowed[who] += 1
                self.told_twice.add(who)

    @rule(hours=HOURS)
    def time_passes(self, hours: float) -> None:
        """The clock goes on, or jumps back."""
        self.ahead_s += hours * 3600
        self.calm = False

    def teardown(self) -> None:
        """The server behaves at last: what can be settled is settled."""
        if hasattr(self, "server"):
            self._script([], {})
            run = self._start(self._plan(), self._client())
            self._await(run)
            self._check(run)
            self._check_that_no_doubt_is_needless(run)
            self.server.__exit__()
        self.patch.undo()
        self.ledgers.close()

    def _plan(self, *, edited: bool = False) -> mg.SendPlan:
        return mg.plan(
            self._people(),
            mailing="m",
            sender="Acme <billing@acme.example>",
            subject="Again" if edited else "Hello",
            template="<p>To you</p>",
            project_id="p",
            **self._options(),
        )

    def _start(self, plan: mg.SendPlan, client: mg.Migma, limit: int | None = None) -> mg.Run:
        return plan.start(client, confirm=self.people, limit=limit, ledger=self.place)

    def _people(self) -> pd.DataFrame:
        return pd.DataFrame({"email": list(self.whom)})

    def _options(self) -> dict[str, Any]:
        return {"transactional": True}

    def _client(self, *, colleague: bool = False, workers: int = 1) -> mg.Migma:
        key = ("c" if colleague else "k") * 20
        return mg.Migma(key, base_url=self.server.url, timeout=0.15, workers=workers, rate="1000/second")

    def _script(self, acts: list[Act], whims: dict[int, str]) -> None:
        left = list(acts)
        number = 0
        self.run_is_there.clear()

        def script(call: Call) -> Act:
            nonlocal number
            number += 1
            act = left.pop(0) if left else Act.OK
            self.acts.setdefault(call.recipient, set()).add(act)
            self._indulge(whims.get(number))
            return act

        self.server.script = script

    def _indulge(self, whim: str | None) -> None:
        """Do what a person, or the clock, does in the middle of a run."""
        if whim == "jump":
            self.ahead_s += 24 * 3600
        elif whim is not None and self.run_is_there.wait(5) and self.running is not None:
            with suppress(mg.InputError):
                if whim == "stop":
                    self.running.stop()
                else:
                    self.running.pause()
                    threading.Timer(0.05, self._resume, [self.running]).start()

    @staticmethod
    def _resume(run: mg.Run) -> None:
        with suppress(mg.InputError):
            run.resume()

    @contextmanager
    def _mortal(self, dies_at: int, *, committed: bool) -> Iterator[list[MortalLedger]]:
        made: list[MortalLedger] = []

        def opened(setting: Any) -> Ledger:
            made.append(MortalLedger(open_ledger(setting), dies_at, committed=committed))
            return made[-1]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(live, "open_ledger", opened)
            yield made

    def _await(self, run: mg.Run) -> None:
        self.running = run
        self.run_is_there.set()
        run.wait(timeout=60, progress=False)
        assert run.state not in {mg.RunState.RUNNING, mg.RunState.PAUSED}, "the run hangs"
        self.last = mg.open_run(run.id, ledger=self.place)

    def _standing(self) -> dict[str, str]:
        ledger = open_ledger(self.place)
        query = sa.select(claims.c.recipient, claims.c.state)
        found = ledger.reading(lambda conn: {row[0]: row[1] for row in conn.execute(query)})
        ledger.close()
        return found

    def _check(self, run: mg.Run | None, *, elsewhere: set[Any] | None = None) -> None:
        """Compare what is on record with what the server did."""
        mailed = self.server.mailed
        for who, count in mailed.items():
            assert count <= 1 + self.allowed[who] + self._hidden(who), f"{who} was mailed {count} times"
        standing = self._standing()
        for who in mailed:
            assert standing.get(who) in {"accepted", "already_sent", "unknown", "held"} or (
                who in self.told_twice
            ), f"{who} was mailed and stands as {standing.get(who)}"
        if run is not None:
            self._check_frame(run.frame, mailed, elsewhere or set())

    def _hidden(self, who: str) -> int:
        """Return how many acceptances the API itself denied with a 500 whose words reached no record.

        The one history that nobody can tell from a request that never arrived; see docs/guarantees.md.
        """
        denied = sum(1 for one in self.server.accepted if one.recipient == who and one.act is Act.ERROR_AFTER)
        return denied if self.server.memory is Memory.ALL else 0

    def _check_frame(self, frame: pd.DataFrame, mailed: Counter[str], elsewhere: set[Any]) -> None:
        for who, state in zip(self.whom, frame["state"], strict=True):
            if state in {"accepted", "already_sent"}:
                assert mailed[who] or who in self.said_sent, f"{who} is {state} and was never mailed"
            elif state in {"refused", "not_sent"}:
                known = who in self.told_twice or (state == "not_sent" and who in elsewhere)
                assert not mailed[who] or known, f"{who} is {state} and was mailed"
            else:
                assert state == "unknown", f"{who} is {state} in a run that ended"

    def _check_that_no_doubt_is_needless(self, run: mg.Run) -> None:
        """On a server that honours keys a calm history leaves only doubts that no key protects."""
        if not self.calm or self.server.memory is not Memory.ALL:
            return
        frame = run.frame
        answered = frame["state"].isin(["accepted", "already_sent"]) & (frame["reason"] != "resolved")
        if not answered.any():
            # What a person said proves nothing about keys: only the key of an accepted mail can be tried.
            return
        unknown = [who for who, state in zip(self.whom, frame["state"], strict=True) if state == "unknown"]
        for who in unknown:
            open_doubts = _LOST if ":" in who else _OPEN_DOUBTS
            assert self.acts[who] & open_doubts, f"{who} is unknown without need"


class HistoriesInWindows(Histories):
    """The same with one to three rows looked up at a time, as a list of millions is by thousands."""

    window = 1

    @initialize(window=st.integers(1, 3))
    def look_up(self, window: int) -> None:
        """Choose how many rows are looked up at a time."""
        self.window = window

    def _start(self, plan: mg.SendPlan, client: mg.Migma, limit: int | None = None) -> mg.Run:
        return start_in_windows(plan, client, self.window, limit=limit, ledger=self.place)


class HistoriesOfBatches(Histories):
    """The same of a mailing to a tag and a segment, which hold three people each, and to two people."""

    whom: Mapping[str, int] = {"tag:t": 3, "p1@d.example": 1, "segment:s": 3, "p3@d.example": 1}

    @staticmethod
    def read(path: str) -> tuple[int, Any] | None:
        """Answer how many are in a tag or segment, and that each batch is over."""
        if "/tags/" in path or "/segments/" in path:
            return 200, {"success": True, "data": {"id": "t", "name": "VIP", "subscriberCount": 3}}
        if "/sending/" in path:
            counts = {"totalCount": 3, "queuedCount": 0, "sentCount": 3, "failedCount": 0}
            return 200, {"success": True, "data": {"batchId": "b", "status": "completed", **counts}}
        return None

    def _people(self) -> pd.DataFrame:
        found = [who.partition(":") for who in self.whom]
        return pd.DataFrame(
            {
                "recipientType": [first if colon else "email" for first, colon, _ in found],
                "recipientId": [last or None for _, _, last in found],
                "recipientEmail": [None if colon else first for first, colon, _ in found],
            }
        )

    def _options(self) -> dict[str, Any]:
        return {"transactional": False, "overlap": "allowed"}

    def _check(self, run: mg.Run | None, *, elsewhere: set[Any] | None = None) -> None:
        """Beside the promise, see that no batch left again once it was open whether it had gone out."""
        super()._check(run, elsewhere=elsewhere)
        for who in self.whom:
            acts = [act for call, act in self.server.calls if call.recipient == who]
            doubts = [number for number, act in enumerate(acts) if act in _LOST]
            if ":" in who and doubts and not self.allowed[who]:
                assert len(acts) == doubts[0] + 1, f"{who} was sent again after {acts[doubts[0]]}"


class HistoriesOnServer(Histories):
    """The same on a ledger in PostgreSQL, whose own clock is the one that counts."""

    postgres: PostgresServer

    @classmethod
    @contextmanager
    def new_place(cls) -> Iterator[str]:
        """Give a schema of the server."""
        with cls.postgres.schema() as url:
            yield url

    def set_clocks(self) -> None:
        """Let the server's clock go on, or jump back, with this process's."""
        real = clock.now
        self.patch.setattr(clock, "now", lambda conn: real(conn) + self.ahead_s)


_SETTINGS = settings(
    stateful_step_count=6,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def test_no_short_history_breaks_the_promise() -> None:
    """Some dozens of histories of up to six steps."""
    run_state_machine_as_test(Histories, settings=settings(_SETTINGS, max_examples=15))


def test_no_short_history_in_windows_breaks_the_promise() -> None:
    """Some histories, with one to three rows looked up at a time."""
    run_state_machine_as_test(HistoriesInWindows, settings=settings(_SETTINGS, max_examples=12))


def test_no_short_history_of_batches_breaks_the_promise() -> None:
    """Some of them with a tag and a segment among the recipients: what is open of a batch stays open."""
    run_state_machine_as_test(HistoriesOfBatches, settings=settings(_SETTINGS, max_examples=12))


def test_no_short_history_breaks_the_promise_on_a_server(postgres: PostgresServer) -> None:
    """A few of them, with the ledger in PostgreSQL."""
    machine = type("OnServer", (HistoriesOnServer,), {"postgres": postgres})
    run_state_machine_as_test(machine, settings=settings(_SETTINGS, max_examples=6))


@pytest.mark.proof
@pytest.mark.timeout(900)
def test_no_history_breaks_the_promise_on_a_server(postgres: PostgresServer) -> None:
    """Dozens of up to ten steps, with the ledger in PostgreSQL."""
    machine = type("OnServer", (HistoriesOnServer,), {"postgres": postgres})
    wanted = settings(_SETTINGS, max_examples=60, stateful_step_count=10)
    run_state_machine_as_test(machine, settings=wanted)


@pytest.mark.proof
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("machine", [Histories, HistoriesInWindows, HistoriesOfBatches])
def test_no_history_breaks_the_promise(machine: type[Histories]) -> None:
    """Hundreds of histories of up to ten steps."""
    wanted = settings(_SETTINGS, max_examples=150, stateful_step_count=10)
    run_state_machine_as_test(machine, settings=wanted)

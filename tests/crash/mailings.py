"""One mailing through crashes: its server, its ledger, its processes, and what must hold after each."""

import fcntl
import shutil
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.crash.orders import Order
from tests.crash.processes import PATIENCE_S, Child, Ended, Nursery
from tests.servers.scripted import Act, Call, ScriptedServer

PEOPLE = 10
#: A doubt is asked about again after the time-out, not after ten seconds.
HASTE = {
    "migma_nb.api.meaning.SHORTEST_LOST_WAIT_S": 0.01,
    "migma_nb.sending.sorting.SHORTEST_LOST_WAIT_S": 0.01,
}
#: What leaves a doubt that no key protects: the API's own 5xx are not stored under it.
OPEN_DOUBTS = {Act.ERROR_BEFORE}
_MAILED = {"accepted", "already_sent"}


def well(_: Call) -> Act:
    """Do nothing to a request."""
    return Act.OK


class Mailing:
    """One mailing to a few people, sent by one process after the other.

    Args:
        nursery: where processes come from.
        server: the server, which outlives them all.
        folder: where they write what they came to.
        place: the folder of the ledger.
        options: what all orders have in common.
    """

    def __init__(
        self, nursery: Nursery, server: ScriptedServer, folder: Path, place: Path, **options: Any
    ) -> None:
        folder.mkdir()
        self.server = server
        self.folder = folder
        self.ledger = place / "ledger.sqlite3"
        self.acts: dict[str, set[Act]] = {}
        self._nursery = nursery
        self._options: dict[str, Any] = {"constants": HASTE, "url": server.url, "people": PEOPLE} | options
        self._begun = 0

    def script(self, script: Callable[[Call], Act]) -> None:
        """Let the server do this from now on, and remember what befell whom."""

        def noted(call: Call) -> Act:
            act = script(call)
            self.acts.setdefault(call.recipient, set()).add(act)
            return act

        self.server.script = noted

    def begin(self, job: str = "send", **changes: Any) -> Child:
        """Begin a process."""
        self._begun += 1
        out = self.folder / f"told{self._begun}.json"
        options = self._options | changes
        return self._nursery.begin(Order(job=job, ledger=str(self.ledger), out=str(out), **options))

    def do(self, job: str = "send", **changes: Any) -> Ended:
        """Let a process do its work, wait for its end, and look at the ledger as it left it."""
        ended = self.begin(job, **changes).wait()
        assert ended.code == 0 or changes.get("step"), (ended.code, ended.said)
        self.check_record()
        return ended

    def finish(self, **changes: Any) -> Ended:
        """Send from a process that lives, with a server that behaves, and check every account."""
        self.script(well)
        ended = self.do(**changes)
        assert 0 == ended.code, ended.said
        assert "finished" == ended.told.get("state"), (ended.told, ended.said)
        self.check_frame(ended)
        self.check_nothing_is_open()
        return ended

    def check_record(self) -> None:
        """Nobody was mailed twice, and nobody who was is free to be mailed again."""
        twice = {who: count for who, count in self.server.mailed.items() if count > 1}
        assert not twice, f"mailed more than once: {twice}"
        standing = dict(self.asked("SELECT recipient, state FROM claims"))
        tried = {who for (who,) in self.asked("SELECT recipient FROM claims JOIN attempts USING (claim_id)")}
        for who in self.server.mailed:
            assert standing.get(who) in {"held", "unknown", *_MAILED}, f"{who}: {standing.get(who)}"
            assert who in tried, f"{who} was mailed without an intent on disk"

    def check_frame(self, ended: Ended) -> None:
        """Every row is there, no state is untrue, and no doubt is left that a key could settle."""
        mailed = self.server.mailed
        assert [f"p{n}@d.example" for n in range(PEOPLE)] == list(ended.states)
        for who, state in ended.states.items():
            if state in _MAILED:
                assert mailed[who], f"{who} is {state} and was never mailed"
            elif state in {"refused", "not_sent"}:
                assert not mailed[who], f"{who} is {state} and was mailed"
            else:
                assert "unknown" == state, f"{who} is {state} in a run that ended"
                assert self.acts[who] & OPEN_DOUBTS, f"{who} is unknown without need: {ended.told['frame']}"

    def check_nothing_is_open(self) -> None:
        """No claim is held, no attempt has no end, no run is on record as going, and nobody holds a lock."""
        assert [] == self.asked("SELECT recipient FROM claims WHERE state = 'held'")
        assert [] == self.asked("SELECT attempt_id FROM attempts WHERE finished_at IS NULL")
        assert [] == self.asked("SELECT run_id FROM runs WHERE state IN ('running', 'paused')")
        for path in self.ledger.parent.glob("*.locks/*.lock"):
            with path.open() as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    @staticmethod
    def wait_until(came: Callable[[], bool]) -> None:
        """Wait until something has happened, though not for ever."""
        until = time.monotonic() + PATIENCE_S
        while not came():
            assert time.monotonic() < until, "it never happened"
            time.sleep(0.01)

    def asked(self, query: str) -> list[Any]:
        """Ask a copy of the ledger as it lies on disk, so that the next process finds it untouched."""
        if not self.ledger.exists():
            return []
        place = self.folder / "copy"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        for path in self.ledger.parent.glob("ledger.sqlite3*"):
            if path.is_file() and not path.name.endswith("-shm"):
                shutil.copy(path, place)
        conn = sqlite3.connect(place / self.ledger.name)
        try:
            if not conn.execute("SELECT 1 FROM sqlite_master WHERE name = 'claims'").fetchone():
                return []
            return conn.execute(query).fetchall()
        finally:
            conn.close()

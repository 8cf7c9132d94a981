"""Processes that send, each forked from one that has imported everything, told when to begin and stop."""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Self

import pandas as pd

import migma_nb as mg
from migma_nb.api import meaning
from migma_nb.sending import sorting

#: Importing takes a second: one process does it once, and all others are forked from it.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["migma_nb", "tests.servers.senders"])
#: So long (seconds) a test waits for a process before it calls it stuck.
PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Job:
    """What a process is to send: which people, to which server, on which ledger, in how many runs at once."""

    url: str
    place: str
    people: tuple[int, ...]
    key: str = "k" * 20
    mailing: str = "m"
    template: str = "<p>{{first_name}}</p>"
    threads: int = 1
    workers: int = 4
    timeout: float = 5.0
    rate: str = "100000/minute"

    def plan(self) -> mg.SendPlan:
        """Return the plan, the same in every process."""
        return mg.plan(
            pd.DataFrame(
                {
                    "email": [f"p{n}@d{n % 7}.example" for n in self.people],
                    "first_name": [f"N{n}" for n in self.people],
                }
            ),
            mailing=self.mailing,
            sender="Acme <billing@acme.example>",
            subject="Hello {{first_name}}",
            template=self.template,
            project_id="p",
            transactional=True,
        )

    def client(self) -> mg.Migma:
        """Return a live client of the server."""
        return mg.Migma(
            self.key, base_url=self.url, workers=self.workers, rate=self.rate, timeout=self.timeout
        )


@dataclass(frozen=True, slots=True)
class Account:
    """What a run says became of its rows, and its summary."""

    run_id: str
    state: str
    rows: dict[str, tuple[str, str]]
    summary: str

    def count(self, state: str) -> int:
        """Return how many rows are in a state."""
        return sum(1 for found, _ in self.rows.values() if found == state)

    def of(self, state: str) -> set[str]:
        """Return who is in a state."""
        return {who for who, (found, _) in self.rows.items() if found == state}


def account_of(run: mg.Run) -> Account:
    """Return a run's account."""
    frame = run.frame
    told = zip(frame["recipient"], frame["state"], frame["reason"], strict=True)
    return Account(
        run.id, str(run.state), {who: (state, reason) for who, state, reason in told}, run.summary()
    )


class Process:
    """A process with a line to it: it says "ready", begins when told, and says what came of it.

    Args:
        work: what it does, with its argument and the line.
        argument: passed on.
    """

    def __init__(self, work: Callable[[Any, Connection], None], argument: object) -> None:
        self._line, theirs = _FORKS.Pipe()
        self._process = _FORKS.Process(target=work, args=(argument, theirs), daemon=True)
        self._process.start()
        theirs.close()

    @property
    def ended(self) -> bool:
        """Whether it has said what came of it, or is no more."""
        return self._line.poll() or not self._process.is_alive()

    def ready(self) -> Self:
        """Wait until it is ready to begin."""
        assert "ready" == self.said()
        return self

    def tell(self, word: str) -> None:
        """Say "go", "stop", "pause" or "resume"."""
        self._line.send(word)

    def said(self, patience_s: float = PATIENCE_S) -> Any:
        """Return the next thing that it says, and fail where it does not speak in time."""
        assert self._line.poll(patience_s), f"process {self._process.pid} did not end"
        return self._line.recv()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal; after SIGKILL it is gone."""
        assert self._process.pid is not None
        os.kill(self._process.pid, number)
        if number is signal.SIGKILL:
            self._process.join()

    def end(self) -> None:
        """Leave nothing of it behind."""
        self._process.kill()
        self._process.join()
        self._process.close()
        self._line.close()


@contextlib.contextmanager
def crowd() -> Iterator[Callable[..., list[Process]]]:
    """Yield a function that starts processes, all ready to begin; all are ended with the block."""
    started: list[Process] = []

    def start(work: Callable[[Any, Connection], None], *arguments: object) -> list[Process]:
        made = [Process(work, argument) for argument in arguments]
        started.extend(made)
        return [process.ready() for process in made]

    try:
        yield start
    finally:
        for process in started:
            process.end()


def send(job: Job, line: Connection) -> None:
    """Send a plan in as many runs as the job says, each waited for in a thread of its own."""
    _hasten()
    plan, client = job.plan(), job.client()
    line.send("ready")
    assert "go" == line.recv()
    runs: list[mg.Run] = []

    def one() -> None:
        run = plan.start(client, confirm=plan.people, ledger=job.place)
        runs.append(run)
        run.wait(progress=False)

    threads = [threading.Thread(target=one) for _ in range(job.threads)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        if line.poll(0.02):
            word = line.recv()
            for run in runs:
                getattr(run, word)()
    line.send([account_of(run) for run in runs])


def rule(wish: tuple[str, str, str], line: Connection) -> None:
    """Settle row 0 of a run by a person's word: (ledger, run, word); say "done", or the refusal."""
    place, run_id, word = wish
    run = mg.open_run(run_id, ledger=place)
    line.send("ready")
    assert "go" == line.recv()
    try:
        run.resolve([0], as_=word, confirm=1)  # type: ignore[arg-type]  # the test names one of the two words
    except mg.InputError as error:
        line.send(str(error))
    else:
        line.send("done")


def retry(job: Job, line: Connection) -> None:
    """Send again to the one who was refused; say the account, or the refusal."""
    _hasten()
    plan, client = job.plan(), job.client()
    line.send("ready")
    assert "go" == line.recv()
    try:
        run = plan.retry(client, confirm=1, progress=False, ledger=job.place)
    except mg.InputError as error:
        line.send(str(error))
    else:
        line.send(account_of(run))


def _hasten() -> None:
    """Let a lost answer be asked for again after the client's time-out, not after ten seconds."""
    for module in (meaning, sorting):
        module.SHORTEST_LOST_WAIT_S = 0.01  # type: ignore[attr-defined]  # sorting has it by import

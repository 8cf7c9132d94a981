"""What the tests on a Dask cluster share: workers, each a process, one ledger in PostgreSQL, one sandbox."""

import os
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask
import pandas as pd
import pytest
from distributed import Client, LocalCluster
from distributed.utils import get_mp_context

import migma_nb as mg
from tests.servers.postgres import PostgresServer

WORKERS = 3


@dataclass(frozen=True, slots=True)
class Team:
    """A cluster whose workers know the sandbox's key and the ledger, from the environment they began with."""

    dask: Any  # a `Client`, of whose cluster its types say that there may be none
    sandbox: mg.Sandbox
    ledger: str
    folder: Path

    def client(self, *, rate: str = "300/second", workers: int = 4, timeout: float = 5.0) -> mg.Migma:
        """Return a client of the sandbox, at its own rate."""
        return self.sandbox.client(rate=rate, workers=workers, timeout=timeout)

    def mails(self, mailing: str) -> Counter[str]:
        """Return how many mails of a mailing each person got, by the sandbox's own record."""
        sent = self.sandbox.outbox
        return Counter(sent.loc[sent["subject"].str.endswith(f"[{mailing}]"), "to"])

    def set_on(self, workers: list[str], name: str, value: str | None) -> None:
        """Set a variable of the environment of some workers, or take it away."""
        self.dask.run(_set, name, value, workers=workers)


def _set(name: str, value: str | None) -> None:
    # Not by a method of os.environ, which would go there with all that is in it, and change nothing there.
    os.environ.pop(name, None)
    if value is not None:
        os.environ[name] = value


@contextmanager
def gathered(postgres: PostgresServer, folder: Path, *, threads: int = 1, **options: Any) -> Iterator[Team]:
    """Give workers in processes of their own, forked from one that has imported everything.

    Args:
        postgres: where their ledger is.
        folder: for what they write.
        threads: how many parts a worker sends at a time.
        options: for the sandbox.
    """
    with dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}):
        # Dask names what its own tests need, once; ours then stand in place of it.
        get_mp_context().set_forkserver_preload(["distributed", "migma_nb.surface.cluster_worker", "psycopg"])
    with (
        dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}),
        postgres.schema() as url,
        mg.Sandbox(**options) as sandbox,
        LocalCluster(
            n_workers=WORKERS,
            threads_per_worker=threads,
            processes=True,
            dashboard_address=":0",
            local_directory=str(folder),
            env={
                "MIGMA_API_KEY": sandbox.server.api_key,
                "MIGMA_LEDGER": url,
                "HOME": str(folder),
                "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            },
        ) as cluster,
        Client(cluster) as client,
    ):
        yield Team(client, sandbox, url, folder)


@pytest.fixture(scope="module")
def team(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """Give three workers for all tests of a file, and a sandbox that enforces a rate."""
    with gathered(postgres, tmp_path_factory.mktemp("cluster"), rate="300/second") as team:
        yield team


@pytest.fixture
def by_ledger(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process open the workers' ledger too."""
    monkeypatch.setenv("MIGMA_LEDGER", team.ledger)


@pytest.fixture
def plan() -> Callable[..., mg.SendPlan]:
    """Return a function that plans a mailing, whose name stands in its subject, to so many people."""

    def make(people: int | pd.DataFrame, mailing: str, **changes: Any) -> mg.SendPlan:
        if isinstance(people, int):
            numbers = range(people)
            people = pd.DataFrame(
                {
                    "email": [f"p{n}@d{n % 7}.example" for n in numbers],
                    "first_name": [f"N{n}" for n in numbers],
                },
                index=[f"row {n // 2}" for n in numbers],
            )
        options: dict[str, Any] = {
            "mailing": mailing,
            "sender": "Acme <billing@acme.example>",
            "subject": f"Hello {{{{first_name}}}} [{mailing}]",
            "template": "<p>{{first_name}}</p>",
            "project_id": "p",
            "transactional": True,
        }
        return mg.plan(people, **options | changes)

    return make


def pids(client: Client) -> dict[str, int]:
    """Return the process of each worker."""
    found: dict[str, int] = client.run(os.getpid)
    return found


def wait_for(what: Callable[[], object], patience_s: float = 120.0) -> None:
    """Wait until something is so."""
    end = time.monotonic() + patience_s
    while not what():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.05)


def assert_true(team: Team, run: mg.ClusterRun, mailing: str, *, perhaps_twice: Collection[str] = ()) -> None:
    """Compare the whole account with the sandbox's own record of whom it mailed.

    Args:
        team: the workers, their ledger and their server.
        run: the account.
        mailing: its name.
        perhaps_twice: who may have been mailed more than once, for no key prevents it.
    """
    mails, frame = team.mails(mailing), run.frame
    assert {1} == {count for who, count in mails.items() if who not in perhaps_twice}
    told = dict(zip(frame["recipient"], map(str, frame["state"]), strict=True))
    for who, state in told.items():
        if state in {"accepted", "already_sent"}:
            assert who in mails
        elif state != "unknown":
            assert who not in mails, (who, state)
    assert set(mails) <= set(told)
    assert dict(Counter(told.values())) == {str(state): count for state, count in run.counts.items()}

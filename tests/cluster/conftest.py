"""What the tests on a Dask cluster share: its workers, each a process, one ledger in PostgreSQL, one sandbox."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from distributed import Client, LocalCluster

import migma_nb as mg
from tests.servers.postgres import PostgresServer

WORKERS = 3


@dataclass(frozen=True, slots=True)
class Team:
    """A cluster whose workers know the sandbox's key and the ledger, from the environment they began with."""

    dask: Client
    sandbox: mg.Sandbox
    ledger: str
    folder: Path

    def client(self, *, rate: str = "400/second", workers: int = 4, timeout: float = 5.0) -> mg.Migma:
        """Return a client of the sandbox."""
        return self.sandbox.client(rate=rate, workers=workers, timeout=timeout)

    def mails(self, mailing: str) -> Counter[str]:
        """Return how many mails of a mailing each person got, by the sandbox's own record."""
        sent = self.sandbox.outbox
        return Counter(sent.loc[sent["subject"].str.endswith(f"[{mailing}]"), "to"])

    def on_one(self, work: Callable[..., Any], *given: Any) -> str:
        """Have something done on one worker; return which."""
        one = min(self.dask.nthreads())
        self.dask.run(work, *given, workers=[one])
        return one


@pytest.fixture(scope="module")
def team(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """Three workers in processes of their own, for all tests of a file."""
    folder = tmp_path_factory.mktemp("cluster")
    with (
        postgres.schema() as url,
        mg.Sandbox(rate="1000/second") as sandbox,
        LocalCluster(
            n_workers=WORKERS,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            local_directory=str(folder),
            env={"MIGMA_API_KEY": sandbox.server.api_key, "MIGMA_LEDGER": url, "HOME": str(folder)},
        ) as cluster,
        Client(cluster) as dask,
    ):
        yield Team(dask, sandbox, url, folder)


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


def pids(dask: Client) -> dict[str, int]:
    """Return the process of each worker."""
    found: dict[str, int] = dask.run(os.getpid)
    return found

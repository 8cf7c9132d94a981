"""A send whose workers are all gone, or all but: it can be stopped, and its account is true."""

import os
import signal
import threading
from collections.abc import Callable, Iterator

import pytest
from distributed import Client

import migma_nb as mg
from tests.cluster.conftest import Team, assert_true, gathered, wait_for
from tests.servers.postgres import PostgresServer
from tests.servers.scripted import Act, ScriptedServer

Plan = Callable[..., mg.SendPlan]


@pytest.fixture
def team(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """Give a team that a test may lose."""
    with gathered(postgres, tmp_path_factory.mktemp("gone")) as team:
        yield team


@pytest.mark.usefixtures("by_ledger")
def test_a_send_whose_workers_are_all_gone_can_be_stopped(team: Team, plan: Plan) -> None:
    """By Ctrl-C: the parts that dead workers had begun are given up like those that never began."""
    made = plan(600, "gone")

    def lose_all_and_interrupt() -> None:
        wait_for(lambda: len(team.mails("gone")) > 60)
        team.dask.cluster.scale(0)
        wait_for(lambda: not team.dask.scheduler_info()["workers"])
        signal.raise_signal(signal.SIGINT)

    threading.Thread(target=lose_all_and_interrupt, daemon=True).start()
    run = made.start(team.client(rate="60/second"), cluster=team.dask)
    with pytest.raises(KeyboardInterrupt, match="Stopped by you"):
        run.wait(progress=False)
    assert mg.RunState.STOPPED is run.state
    assert run.counts[mg.State.NOT_SENT] > 0
    assert not {"waiting", "sending"} & set(map(str, run.counts))
    assert_true(team, run, "gone")


@pytest.mark.usefixtures("by_ledger")
def test_workers_that_die_while_it_is_being_stopped_keep_nobody_waiting(team: Team, plan: Plan) -> None:
    """Their runs were alive when the stop was heard, and no other worker takes up their parts."""
    team.sandbox.server.latency = 2.0  # so that what is in flight outlasts the workers
    run = plan(600, "killed").start(team.client(rate="60/second"), cluster=team.dask)
    wait_for(lambda: len(run.runs) >= 3 and run.counts.get(mg.State.SENDING, 0) >= 3)
    found = dict(team.dask.run(os.getpid))
    team.dask.cluster.scale(0)  # so that none comes in their place
    run.stop()
    for pid in found.values():
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    run.wait(progress=False)
    assert mg.RunState.STOPPED is run.state
    assert not {"waiting", "sending"} & set(map(str, run.counts))
    assert {1} >= set(team.mails("killed").values())


@pytest.mark.proof
@pytest.mark.usefixtures("by_ledger")
def test_answers_that_come_slowly_are_waited_for_where_the_cluster_was_lost(team: Team, plan: Plan) -> None:
    """An exchange may last longer than a time-out; no row is in flight once `wait` has returned."""
    key = "k" * 20
    team.set_on(list(team.dask.nthreads()), "MIGMA_API_KEY", key)
    with ScriptedServer(lambda call: Act.OK if call.number <= 30 else Act.TRICKLING) as server:
        client = mg.Migma(key, base_url=server.url, rate="60/second", timeout=3.0, workers=2)
        with Client(team.dask.cluster.scheduler_address) as other:
            run = plan(300, "slow").start(client, confirm=300, preflight=False, cluster=other)
            wait_for(lambda: sum(act is Act.TRICKLING for _, act in server.calls) >= 6)
            other.close()
            run.wait(progress=False)
        assert {"accepted", "not_sent"} == set(map(str, run.counts))
        assert len(server.accepted) == run.counts[mg.State.ACCEPTED]

"""Workers killed in the middle, also where no key protects a repeat: doubt only where it is real."""

import os
import random
import signal
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

import migma_nb as mg
from migma_nb.ledger.schema import attempts, claims
from migma_nb.ledger.store import open_ledger
from tests.cluster.conftest import WORKERS, Team, assert_true, gathered, pids, wait_for
from tests.servers.postgres import PostgresServer

Plan = Callable[..., mg.SendPlan]
_ITS_OWN = 500


@pytest.fixture(scope="module")
def forgetful(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """Give a team whose server ignores idempotency keys, and takes a while for each answer."""
    folder = tmp_path_factory.mktemp("forgetful")
    with gathered(postgres, folder, idempotency=False) as team:
        team.sandbox.server.latency = 0.3
        yield team


@pytest.mark.proof
def test_without_proven_keys_only_what_was_in_flight_is_unknown(forgetful: Team, plan: Plan) -> None:
    """It is never repeated by itself; a person settles it, on the account of the whole."""
    team = forgetful
    run = plan(400, "doubt").start(team.client(rate="60/second"), cluster=team.dask, ledger=team.ledger)
    wait_for(lambda: team.mails("doubt").total() > 60)
    os.kill(min(pids(team.dask).values()), signal.SIGKILL)
    run.wait(progress=False)
    counts = run.counts
    doubtful = counts.pop(mg.State.UNKNOWN)
    assert (mg.RunState.FINISHED, {"accepted": 400 - doubtful}) == (run.state, counts)
    assert 4 >= doubtful >= 1  # as many as one worker has in flight
    assert_true(team, run, "doubt")
    unknown = run.unknown
    assert doubtful == len(unknown)
    assert "run.unknown says for each" in run.summary()
    assert set(run.frame.loc[run.frame["state"] == "unknown", "recipient"]) == set(unknown["recipient"])
    came = unknown["recipient"].isin(list(team.mails("doubt"))).to_numpy()
    mask = (run.frame["state"] == "unknown").to_numpy()
    with pytest.raises(mg.ConfirmationError, match=f"This would settle {doubtful} unknown rows"):
        run.resolve(mask, "sent")
    arrived, lost = mask.copy(), mask.copy()
    arrived[mask], lost[mask] = came, ~came
    for rows, word in ((arrived, "sent"), (lost, "resend")):
        if rows.any():
            run.resolve(rows, word, confirm=int(rows.sum()))
    rest = plan(400, "doubt").send(team.client(), cluster=team.dask, ledger=team.ledger, progress=False)
    assert {1} == set(team.mails("doubt").values())
    assert (400, 400) == (len(team.mails("doubt")), sum(rest.counts.values()))
    team.dask.wait_for_workers(WORKERS, timeout=120)


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(2))
def test_killed_again_and_again_amid_faults_nobody_is_mailed_twice_or_lost(
    postgres: PostgresServer, plan: Plan, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """Kills at random, two parts at a time on each worker, answers that get lost: the account is true."""
    chance = random.Random(seed)
    faults = {"accept_then_drop": 0.02, "error_500_after_accept": 0.01, "unavailable": 0.02}
    folder = tmp_path_factory.mktemp("kills")
    with gathered(postgres, folder, threads=2, faults=faults, seed=seed) as team:
        team.sandbox.server.latency = 0.1
        client, made = team.client(rate="100/second", timeout=2.0), plan(800, "kills")
        run = made.start(client, cluster=team.dask, ledger=team.ledger)
        for _ in range(5):
            wait_for(mailed_more(team, run, chance.randint(20, 120)))
            os.kill(chance.choice(list(pids(team.dask).values())), signal.SIGKILL)
        run.wait(progress=False)
        assert_true(team, run, "kills", perhaps_twice=unheard(team))
        # Dask gives up a part that lost its worker four times; the next send takes it up.
        given_up = run.state is mg.RunState.HALTED
        assert given_up or mg.RunState.FINISHED is run.state
        assert ("each worker that was given it ended in the middle" in run.summary()) is given_up
        assert {"accepted", "unknown", *(["not_sent"] if given_up else [])} >= set(map(str, run.counts))
        rest = made.send(client, cluster=team.dask, ledger=team.ledger, progress=False)
        assert_true(team, rest, "kills", perhaps_twice=unheard(team))
        assert {"already_sent", "accepted", "unknown"} >= set(map(str, rest.counts))
        # Every other doubt was settled under its proven key.
        assert {"server_error"} >= set(rest.frame.loc[rest.frame["state"] == "unknown", "reason"])


def unheard(team: Team) -> set[str]:
    """Return whose mail was taken with a 500 of the server's own that a kill kept from being recorded.

    No key prevents a second mail to them (docs/guarantees.md, "What we do not promise").
    """
    answered = sa.select(claims.c.idempotency_key).join(attempts).where(attempts.c.http_status == _ITS_OWN)
    heard = set(open_ledger(team.ledger).reading(lambda conn: conn.execute(answered).scalars().all()))
    log, outbox = team.sandbox.server.requests(), team.sandbox.outbox
    taken = {one["idempotency_key"] for one in log if one["fault"] == "error_500_after_accept"}
    return set(outbox.loc[outbox["idempotency_key"].isin(taken - heard), "to"])


def mailed_more(team: Team, run: mg.ClusterRun, mails: int) -> Callable[[], bool]:
    """Return what says whether so many mails more have gone, or the run is over."""
    wanted = team.mails("kills").total() + mails
    return lambda: team.mails("kills").total() > wanted or run.state is not mg.RunState.RUNNING


@pytest.mark.proof
def test_a_worker_that_is_retired_in_the_middle_leaves_its_part_to_others(
    forgetful: Team, plan: Plan
) -> None:
    """It closes in peace: what it had in flight comes back, and nothing is in doubt."""
    team = forgetful
    run = plan(400, "retired").start(team.client(rate="60/second"), cluster=team.dask, ledger=team.ledger)
    wait_for(lambda: team.mails("retired").total() > 60)
    team.dask.retire_workers([min(pids(team.dask))])
    run.wait(progress=False)
    assert_true(team, run, "retired")
    assert (mg.RunState.FINISHED, {"accepted": 400}) == (run.state, run.counts)

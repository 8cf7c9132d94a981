"""A plan sent from several workers of a real Dask cluster: one ledger, one rate, nobody twice, nobody lost."""

from collections.abc import Callable

import pytest

import migma_nb as mg
from tests.cluster.conftest import Team

Plan = Callable[..., mg.SendPlan]

pytestmark = pytest.mark.usefixtures("by_ledger")


def test_everybody_is_mailed_once(team: Team, plan: Plan) -> None:
    """By several workers, each part a run of its own; the account is the whole plan's, under its index."""
    made = plan(300, "all")
    run = made.send(team.client(), cluster=team.dask, progress=False)
    assert isinstance(run, mg.ClusterRun)
    print(run)
    print(run.frame)
    assert {1} == set(team.mails("all").values())
    assert 300 == len(team.mails("all"))

"""The account of parts that never began, where earlier runs had dealt with their people."""

import re
from collections.abc import Callable

import pandas as pd
import pytest

import migma_nb as mg
from tests.cluster.conftest import Team
from tests.servers.scripted import Act, Call, ScriptedServer

Plan = Callable[..., mg.SendPlan]

KEY = "k" * 20
FAULTS = {"p250@d5.example": Act.REFUSE, "p260@d1.example": Act.ERROR_AFTER}

pytestmark = pytest.mark.usefixtures("by_ledger")


def test_parts_that_never_began_tell_what_earlier_runs_came_to(team: Team, plan: Plan) -> None:
    """Mailed, refused and in doubt: whoever exports what was not sent mails none of them again."""
    made = plan(300, "yesterday")
    numbers = range(200, 280)
    some = {"email": [f"p{n}@d{n % 7}.example" for n in numbers], "first_name": [f"N{n}" for n in numbers]}
    workers = list(team.dask.nthreads())
    with ScriptedServer(lambda call: FAULTS.get(call.recipient, Act.OK)) as server:
        client = mg.Migma(KEY, base_url=server.url, rate="300/second")
        before = plan(pd.DataFrame(some), "yesterday").send(client, confirm=80, progress=False)
        assert {"accepted": 78, "refused": 1, "unknown": 1} == before.counts
        mailed = dict(server.mailed)
        server.script = bad_key
        team.set_on(workers, "MIGMA_API_KEY", KEY)
        try:
            run = made.send(client, confirm=300, preflight=False, cluster=team.dask, progress=False)
        finally:
            team.set_on(workers, "MIGMA_API_KEY", team.sandbox.server.api_key)
        assert mailed == server.mailed
    assert mg.RunState.HALTED is run.state
    assert {0, 1, 2} >= {int(one.split("-")[-2]) for one in run.runs}  # rows 200 to 279 never began
    assert {"already_sent": 78, "refused": 1, "unknown": 1, "not_sent": 220} == run.counts
    frame, old = run.frame, before.frame
    here = frame.iloc[200:280]
    known = ["recipient", "message_id", "http_status", "attempts", "first_attempt_at", "payload_sha256"]
    pd.testing.assert_frame_equal(
        old[known].reset_index(drop=True), here[known].reset_index(drop=True), check_dtype=False
    )
    assert {"earlier_run", "refused", "server_error"} == set(here["reason"])
    assert {"not_sent"} == set(frame["state"].iloc[[*range(200), *range(280, 300)]])
    summary = run.summary()
    assert "refused: 1 × refused" in summary
    assert "unknown: 1 × server_error" in summary
    assert "78 keep what an earlier plan of this mailing sent them" in summary
    can_be_settled_where_they_are(run, before)


def can_be_settled_where_they_are(run: mg.ClusterRun, before: mg.Run) -> None:
    """See that the doubt of an earlier run is listed, with the run in which it is settled."""
    assert ["p260@d1.example"] == list(run.unknown["recipient"])
    assert list(run.frame.index[run.frame["state"] == "unknown"]) == list(run.unknown.index)
    found = re.search(r'mg\.open_run\("(.+?)"\)\.resolve\(', run.unknown["options"].iloc[0])
    assert found
    assert before.id == found[1]
    with pytest.raises(mg.InputError, match="is so by an earlier run"):
        run.resolve((run.frame["state"] == "unknown").to_numpy(), "sent", confirm=1)
    old = mg.open_run(found[1])
    old.resolve((old.frame["state"] == "unknown").to_numpy(), "sent", confirm=1)
    assert run.unknown.empty
    assert {"already_sent": 79, "refused": 1, "not_sent": 220} == run.counts


def bad_key(call: Call) -> Act:
    """Refuse the account."""
    del call
    return Act.BAD_KEY

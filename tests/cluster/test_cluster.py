"""A plan sent by several workers of a real Dask cluster: one ledger, one rate, nobody twice, nobody lost."""

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pandas as pd
import pytest

import migma_nb as mg
from migma_nb.ledger.schema import meta
from migma_nb.ledger.store import open_ledger
from tests.cluster.conftest import WORKERS, Team, assert_true, pids, wait_for

Plan = Callable[..., mg.SendPlan]

pytestmark = pytest.mark.usefixtures("by_ledger")


def marks(team: Team) -> list[str]:
    """Return which sends the ledger takes for going on."""
    found = open_ledger(team.ledger).reading(lambda conn: conn.execute(meta.select()).all())
    return [name for name, _ in found if name.startswith("crew:")]


def test_everybody_is_mailed_once_by_several_workers_at_one_rate(team: Team, plan: Plan) -> None:
    """Each part is a run of its own; the account is the whole plan's; the shared rate meets hardly a 429."""
    made = plan(360, "all")
    before = len(team.sandbox.server.requests())
    run = made.send(team.client(), cluster=team.dask, progress=False)
    assert (mg.RunState.FINISHED, {"accepted": 360}) == (run.state, run.counts)
    assert_true(team, run, "all")
    assert 360 == len(team.mails("all"))
    frame = run.frame
    assert [f"row {n // 2}" for n in range(360)] == list(frame.index)
    assert [f"p{n}@d{n % 7}.example" for n in range(360)] == list(frame["recipient"])
    answered = Counter(request["status"] for request in team.sandbox.server.requests()[before:])
    assert 5 > answered.get(429, 0), answered  # three times the rate would be hundreds
    assert 8 == len(run.runs)
    assert {len(run.runs)} == {len([one for one in mg.history()["run_id"] if one.startswith(run.id)])}
    parts = [mg.open_run(one) for one in run.runs]
    assert [50] * 7 + [10] == [len(part.frame) for part in parts]
    began = max(part.frame["first_attempt_at"].min() for part in parts[:WORKERS])
    assert all(part.frame["finished_at"].max() > began for part in parts[:WORKERS])  # at the same time
    assert [] == marks(team)


def test_a_dask_frame_is_checked_and_sent_by_the_workers(team: Team, plan: Plan) -> None:
    """Its partitions are checked where they are; the plan is one, and so is the account."""
    numbers = range(200)
    people = pd.DataFrame({"email": [f"p{n % 190}@x.com" for n in numbers], "first_name": "Ann"})
    frame = import_module("dask.dataframe").from_pandas(people, npartitions=6, sort=False)

    def checked_in(name: str) -> str:
        return f"{name} of process {os.getpid()}"

    made = plan(frame, "dask", formats={"first_name": checked_in}, duplicates="first")
    assert 190 == made.people
    run = made.send(team.client(), cluster=team.dask, progress=False)
    assert {"accepted": 190, "duplicate": 10} == run.counts
    assert {f"p{n}@x.com": 1 for n in range(190)} == team.mails("dask")
    assert [f"p{n}@x.com" for n in range(190)] == list(run.frame["recipient"][:190])
    sent = team.sandbox.outbox
    subjects = sent.loc[sent["subject"].str.endswith("[dask]"), "subject"]
    by = {int(subject.split()[-2]) for subject in subjects}
    assert by <= set(pids(team.dask).values())
    assert len(by) > 1


def test_the_account_has_the_form_of_any_other_and_a_second_send_mails_nobody(
    team: Team, plan: Plan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the cluster again, and from here by the same ledger."""
    made = plan(160, "again")
    first = made.send(team.client(), cluster=team.dask)
    assert "160/160" in capsys.readouterr().err
    again = made.send(team.client(), cluster=team.dask, progress=False)
    here = made.send(team.client(), progress=False, ledger=team.ledger)
    assert ({"already_sent": 160}, {"already_sent": 160}) == (again.counts, here.counts)
    assert 160 == team.mails("again").total()
    assert "160 of 160 people mailed in 'again'" in repr(first)
    assert "Nobody was mailed: all 160 were mailed on" in again.summary()
    assert "Nobody was mailed: all 160" in again._repr_html_()
    frame, other = again.frame, here.frame
    pd.testing.assert_frame_equal(frame.drop(columns="detail"), other.drop(columns="detail"))
    assert list(first.frame.columns) == list(other.columns)
    assert first.to_csv(tmp_path / "sent.csv").read_text().count("\n") == 161
    assert "mail_recipient" not in first.join(pd.DataFrame({"a": range(160)})).columns
    assert first.unknown.empty


def test_a_worker_killed_in_the_middle_mails_nobody_twice_and_loses_nobody(team: Team, plan: Plan) -> None:
    """Another one takes its part up: what was in flight is asked for again under its proven key."""
    made = plan(400, "killed")
    team.sandbox.server.latency = 0.3  # so that each worker has as many in flight as it may
    try:
        run = made.start(team.client(rate="80/second"), cluster=team.dask)
        wait_for(lambda: len(team.mails("killed")) > 60)
        address, pid = min(pids(team.dask).items())
        os.kill(pid, signal.SIGKILL)
        run.wait(progress=False)
    finally:
        team.sandbox.server.latency = 0
    assert address not in team.dask.nthreads()
    assert (mg.RunState.FINISHED, {"accepted": 400}) == (run.state, run.counts), run
    assert_true(team, run, "killed")
    assert 4 >= (run.frame["attempts"] == 2).sum() >= 1
    # The killed run is on record as what it is, and its part was sent by another one.
    states = Counter(str(mg.open_run(one).state) for one in run.runs)
    assert {"finished": 8, "died": 1} == states
    assert [f"p{n}@d{n % 7}.example" for n in range(400)] == list(run.frame["recipient"])
    team.dask.wait_for_workers(WORKERS, timeout=60)


def test_rows_that_stand_back_are_accounted_for_in_their_places(team: Team, plan: Plan) -> None:
    """Also where a whole part has nobody to be mailed, and words name rows of the whole plan."""
    people = pd.DataFrame({"email": [f"p{n}@x.example" for n in range(130)], "first_name": "N"})
    people.loc[3, "email"] = "no address"
    people.loc[50:99, "email"] = "p7@x.example"
    people.loc[128, "email"] = "p0@x.example"
    made = plan(people, "back", exclude={"p1@x.example"})
    with pytest.raises(mg.InputError, match="Row 3"):
        made.send(team.client(), cluster=team.dask)
    run = made.send(team.client(), cluster=team.dask, skip_invalid=True, progress=False)
    assert {"accepted": 77, "duplicate": 51, "invalid": 1, "excluded": 1} == run.counts
    frame = run.frame
    assert ["excluded", "invalid", "duplicate", "duplicate"] == list(frame["state"].iloc[[1, 3, 77, 128]])
    assert "same recipient as row 0 (p0@x.example)" == frame["detail"].iloc[128]
    assert 2 == len(run.runs)
    mailed = frame[frame["state"] == "accepted"]["recipient"]
    assert (set(mailed), 77) == (set(team.mails("back")), team.mails("back").total())


@pytest.mark.proof
def test_stopped_in_the_middle_it_begins_nothing_more_and_the_next_send_goes_on(
    team: Team, plan: Plan
) -> None:
    """On all workers; parts that had not begun are given up."""
    made = plan(600, "stopped")
    run = made.start(team.client(rate="60/second"), cluster=team.dask)
    assert [f"crew:{run.id}"] == marks(team)
    wait_for(lambda: len(team.mails("stopped")) > 60)
    assert (mg.RunState.RUNNING, True) == (run.state, "mailed so far" in run.summary())
    run.wait(0.2, progress=False)
    run.stop()
    run.wait(progress=False)
    mailed = len(team.mails("stopped"))
    assert mg.RunState.STOPPED is run.state
    assert {"accepted": mailed, "not_sent": 600 - mailed} == run.counts
    assert 12 > len(run.runs)
    assert_true(team, run, "stopped")
    assert {"stopped"} == set(run.frame.loc[run.frame["state"] == "not_sent", "reason"])
    assert "Send the same plan again to go on" in run.summary()
    rest = made.send(team.client(), cluster=team.dask, progress=False)
    assert {"already_sent": mailed, "accepted": 600 - mailed} == rest.counts
    assert_true(team, rest, "stopped")
    assert [] == marks(team)


def test_an_interrupt_stops_all_workers_and_says_how_to_go_on(team: Team, plan: Plan) -> None:
    """Ctrl-C in the cell: what is in flight comes back first."""
    made = plan(600, "interrupted")

    def interrupt() -> None:
        wait_for(lambda: len(team.mails("interrupted")) > 30)
        signal.raise_signal(signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt) as caught:
        made.send(team.client(rate="60/second"), cluster=team.dask, progress=False)
    mailed = len(team.mails("interrupted"))
    assert f"Stopped by you: {mailed} mails accepted, all on record. Send the same plan again" in str(caught)
    assert 600 > mailed
    rest = made.send(team.client(), progress=False, ledger=team.ledger)
    assert {"already_sent": mailed, "accepted": 600 - mailed} == rest.counts
    assert {1} == set(team.mails("interrupted").values())


@pytest.mark.proof
def test_what_halts_one_part_halts_them_all(team: Team, plan: Plan) -> None:
    """The account's quota is used up: no worker tries on."""
    made = plan(600, "quota")
    sent = len(team.sandbox.outbox)
    team.sandbox.server.set_quota(daily=sent + 80)
    try:
        run = made.send(team.client(rate="100/second"), cluster=team.dask, progress=False)
    finally:
        team.sandbox.server.set_quota()
    assert mg.RunState.HALTED is run.state
    assert "Raise the quota" in run.summary()
    assert {"accepted": 80, "not_sent": 520} == run.counts
    assert_true(team, run, "quota")
    assert {"quota"} == set(run.frame.loc[run.frame["state"] == "not_sent", "reason"]) - {"stopped"}
    assert {"accepted": 520, "already_sent": 80} == made.send(
        team.client(), cluster=team.dask, progress=False
    ).counts

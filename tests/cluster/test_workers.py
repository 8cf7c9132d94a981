"""What a cluster must have before anything is sent, and what of a send stands in its graph and its logs."""

import pickle
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from distributed import Client, LocalCluster

import migma_nb as mg
from migma_nb.ledger.schema import meta
from migma_nb.ledger.store import open_ledger
from tests.cluster.conftest import Team, wait_for
from tests.servers.postgres import PostgresServer
from tests.surface.leaks import leaks

Plan = Callable[..., mg.SendPlan]

pytestmark = pytest.mark.usefixtures("by_ledger")


@pytest.fixture
def one_without(team: Team) -> Iterator[Callable[[str, str | None], str]]:
    """Return a function that changes one worker's environment, until the end, and says which that is."""
    one: str = min(team.dask.nthreads())

    def change(name: str, value: str | None) -> str:
        team.set_on([one], name, value)
        return one

    yield change
    team.set_on([one], "MIGMA_API_KEY", team.sandbox.server.api_key)
    team.set_on([one], "MIGMA_LEDGER", team.ledger)


def refused(team: Team, plan: Plan, **changes: Any) -> str:
    """Return why a send is refused; nothing of it is left, neither a mail nor a mark nor a run."""
    requests = len(team.sandbox.server.requests())
    options = {"client": team.client(), "cluster": team.dask} | changes
    with pytest.raises(mg.MigmaError) as caught:
        plan(20, "refused").send(options.pop("client"), progress=False, **options)
    assert requests == len(team.sandbox.server.requests())
    found = open_ledger(team.ledger).reading(lambda conn: conn.execute(meta.select()).all())
    assert ["schema_version"] == [name for name, _ in found]
    assert "refused" not in set(mg.history()["mailing"])
    words = str(caught.value)
    assert [] == leaks(team.sandbox.server.api_key, words)
    return words


def test_a_worker_without_a_key_is_named(
    team: Team, plan: Plan, one_without: Callable[[str, str | None], str]
) -> None:
    """The key never leaves the client: each worker has to have it by itself."""
    one = one_without("MIGMA_API_KEY", None)
    words = refused(team, plan)
    assert words.startswith(f"Worker {one}: No API key was given. Set MIGMA_API_KEY in the environment"), (
        words
    )
    assert words.endswith("Nothing was sent.")
    assert 1 == words.count("tcp://")


def test_a_worker_with_another_key_is_named(
    team: Team, plan: Plan, one_without: Callable[[str, str | None], str]
) -> None:
    """Its mails would go from another account, or share neither rate nor repeats."""
    other = team.sandbox.server.make_key(["EMAIL_SEND"])
    one = one_without("MIGMA_API_KEY", other)
    words = refused(team, plan)
    assert f"Worker {one}: Its API key is another one than the client's" in words
    assert [] == leaks(other, words)


def test_a_worker_with_another_ledger_is_named_without_any_password(
    team: Team, plan: Plan, one_without: Callable[[str, str | None], str], postgres: PostgresServer
) -> None:
    """Another schema of the same database is another ledger, whatever its URL looks like."""
    with postgres.schema() as other:
        one = one_without("MIGMA_LEDGER", other)
        words = refused(team, plan)
    assert re.search(
        rf"Worker {one}: Its ledger postgresql://postgres@\S+ is another one than the client's", words
    )
    assert postgres.password not in words
    one_without("MIGMA_LEDGER", team.ledger.replace("127.0.0.1", "nowhere.invalid"))
    words = refused(team, plan)
    assert f"Worker {one}: The ledger postgresql://postgres@nowhere.invalid" in words
    assert postgres.password not in words


def test_the_same_ledger_by_another_address_will_do(
    team: Team, plan: Plan, one_without: Callable[[str, str | None], str]
) -> None:
    """What it holds counts, not how it is reached."""
    one_without("MIGMA_LEDGER", team.ledger.replace("127.0.0.1", "localhost"))
    assert {"accepted": 5} == plan(5, "address").send(team.client(), cluster=team.dask, progress=False).counts


def test_a_ledger_in_a_file_is_refused_on_either_side(
    team: Team, plan: Plan, one_without: Callable[[str, str | None], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two computers would have two of them."""
    one = one_without("MIGMA_LEDGER", None)
    words = refused(team, plan)
    assert f"Worker {one}: Its ledger is a file (" in words
    place = team.folder / "ledger.sqlite3"
    assert "Several workers need one ledger in PostgreSQL" in refused(team, plan, ledger=place)
    monkeypatch.delenv("MIGMA_LEDGER")
    with pytest.raises(mg.ConfigurationError, match="need one ledger in PostgreSQL, and this one is a file"):
        plan(2, "refused").send(team.client(), cluster=team.dask)


def test_another_version_is_refused(team: Team, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part of one version is none of another."""
    monkeypatch.setattr("migma_nb.surface.cluster_start.installed", lambda: "9.9")
    words = refused(team, plan)
    assert f"It has migma_nb {mg.surface.cluster_worker.installed()}, and the client 9.9." in words
    assert 3 == words.count("tcp://")


def test_a_send_that_is_not_ready_asks_no_worker(team: Team, plan: Plan) -> None:
    """The same checks as of any send, and those of its own."""
    live = mg.Migma(team.sandbox.server.api_key, base_url=team.sandbox.url)
    assert "This would mail 20 people, LIVE at" in refused(team, plan, client=live)
    assert "and confirm=19 is not that number" in refused(team, plan, client=live, confirm=19)
    assert "limit= and cluster= do not go together" in refused(team, plan, limit=5)
    assert "no client of a Dask cluster" in refused(team, plan, cluster=team.dask.cluster)
    with pytest.raises(mg.InputError, match="only_refused= and cluster= do not go together"):
        plan(20, "refused").start(team.client(), only_refused=True, cluster=team.dask)
    target = mg.plan(
        mg.Tag("t"), mailing="tag", sender="A <a@a.example>", subject="s", template="x", project_id="p"
    )
    with pytest.raises(mg.InputError, match="Only a plan of people can be sent in parts"):
        target.send(team.client(), cluster=team.dask)


def test_a_live_send_is_confirmed_as_a_whole(team: Team, plan: Plan) -> None:
    """Once for all parts; the account is looked at before, and its proof of keys is the first part's."""
    live = mg.Migma(team.sandbox.server.api_key, base_url=team.sandbox.url, rate="200/second")
    run = plan(120, "live").send(live, confirm=120, cluster=team.dask, progress=False)
    assert {"accepted": 120} == run.counts
    assert 3 == len(run.runs)
    assert "(LIVE)" in run.summary()
    assert {1} == set(team.mails("live").values())


def test_a_cluster_without_workers_is_refused(team: Team, plan: Plan) -> None:
    """It would wait for ever."""
    with LocalCluster(n_workers=0, dashboard_address=":0") as empty, Client(empty) as client:
        assert "The Dask cluster has no workers" in refused(team, plan, cluster=client)
    assert "The client of cluster= is closed" in refused(team, plan, cluster=client)


def test_neither_key_nor_ledger_stands_in_the_graph_or_in_a_log(
    team: Team, plan: Plan, postgres: PostgresServer, capfd: pytest.CaptureFixture[str]
) -> None:
    """What the scheduler holds of a send that goes on, and what its workers say, also of one that fails."""
    run = plan(300, "graph").start(team.client(rate="60/second"), cluster=team.dask)
    wait_for(lambda: team.mails("graph").total() > 20)
    tasks = [task for name, task in team.dask.cluster.scheduler.tasks.items() if name.startswith("migma_nb-")]
    graph = b"".join(pickle.dumps(task.run_spec) for task in tasks)
    team.set_on(list(team.dask.nthreads()), "MIGMA_API_KEY", None)
    run.wait(progress=False)
    after = b"".join(pickle.dumps((task.exception_text, task.traceback_text)) for task in tasks)
    logs = repr(team.dask.get_worker_logs()) + repr(team.dask.get_scheduler_logs())
    shown = run.summary() + run._repr_html_() + run.frame.to_string() + "".join(capfd.readouterr())
    team.set_on(list(team.dask.nthreads()), "MIGMA_API_KEY", team.sandbox.server.api_key)
    # The search finds what does stand there, and the workers did complain.
    assert b"p299@d5.example" in graph
    assert "No API key was given" in logs
    assert mg.RunState.HALTED is run.state
    assert re.search(r"were not sent to their end: Worker tcp://\S+: No API key was given", run.summary())
    assert "p299@" not in logs
    for text in (graph, after, logs, shown):
        assert [] == leaks(team.sandbox.server.api_key, text)
        assert [] == leaks(postgres.password, text)
    counts = run.counts
    assert {"accepted", "not_sent"} == set(counts)
    assert counts[mg.State.ACCEPTED] == team.mails("graph").total()
    rest = plan(300, "graph").send(team.client(), cluster=team.dask, progress=False)
    assert {1} == set(team.mails("graph").values())
    assert 300 == len(team.mails("graph")) == sum(rest.counts.values())


def test_a_client_that_loses_its_cluster_has_a_true_account(team: Team, plan: Plan) -> None:
    """What workers were at comes to its end and is on record, the rest was not sent; nothing begins later."""
    with Client(team.dask.cluster.scheduler_address) as other:
        run = plan(600, "lost").start(team.client(rate="60/second"), cluster=other)
        wait_for(lambda: team.mails("lost").total() > 40)
        other.close()
        run.wait(progress=False)
    assert mg.RunState.HALTED is run.state
    assert "parts were not sent to their end: the cluster lost this part" in run.summary()
    frame = run.frame
    assert {"accepted", "not_sent"} == set(frame["state"])
    assert set(frame.loc[frame["state"] == "accepted", "recipient"]) == set(team.mails("lost"))
    rest = plan(600, "lost").send(team.client(), cluster=team.dask, progress=False)
    assert ({1}, 600) == (set(team.mails("lost").values()), len(team.mails("lost")))
    assert 600 == sum(rest.counts.values())

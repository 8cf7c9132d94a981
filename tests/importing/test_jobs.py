"""Imports that the API makes a job of: followed to their end, and honest where that does not come."""

from collections.abc import Callable

import pytest

import migma_nb as mg
from migma_nb.sandbox import SandboxServer
from tests.importing.lists import TAG, asked, data, people, refusal
from tests.servers.answering import AnsweringServer, Reply, Request

Serve = Callable[..., tuple[SandboxServer, mg.Migma]]


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let jobs be asked for often."""
    monkeypatch.setattr("migma_nb.sending.import_requests.FIRST_WAIT_S", 0.05)


def test_a_job_is_followed_to_its_end(serve: Serve) -> None:
    """The rows are in when the cell ends, and again nothing is posted."""
    server, client = serve(import_mode="async")
    run = mg.import_contacts(people(300), client, tag=TAG, progress=False)
    assert {"accepted": 300} == dict(run.counts)
    assert 300 == len(server.contacts())
    mg.import_contacts(people(300), client, tag=TAG, progress=False)
    assert 1 == asked(server)["POST /v1/contacts/bulk"]


def test_a_job_that_fails_half_way_is_gone_on_from(serve: Serve) -> None:
    """The API says how many, not which: unknown; going on imports the rest, and nobody is in twice."""
    server, client = serve(import_mode="async")
    server.fail_imports_after(120)
    run = mg.import_contacts(people(300), client, tag=TAG, progress=False)
    assert {"unknown": 300} == dict(run.counts)
    assert {"job_failed"} == set(run.frame["reason"])
    assert "failed after 120 of 300" in run.frame["detail"][0]
    server.fail_imports_after(None)
    again = mg.import_contacts(people(300), client, tag=TAG, progress=False)
    assert {"accepted": 300} == dict(again.counts)
    assert 300 == len({contact["email"] for contact in server.contacts()}) == len(server.contacts())


def test_a_job_that_fails_half_way_is_settled_by_reading_back(serve: Serve) -> None:
    """With account="rows" each row is in or out; going on sends only those that are out."""
    server, client = serve(import_mode="async")
    server.fail_imports_after(120)
    run = mg.import_contacts(people(300), client, tag=TAG, account="rows", progress=False)
    assert ["accepted"] * 120 + ["not_sent"] * 180 == run.frame["state"].tolist()
    server.fail_imports_after(None)
    again = mg.import_contacts(people(300), client, tag=TAG, progress=False)
    assert ["already_sent"] * 120 + ["accepted"] * 180 == again.frame["state"].tolist()


def test_a_job_that_fails_before_it_began_leaves_nobody_in_doubt(serve: Serve) -> None:
    """None of its rows is in."""
    server, client = serve(import_mode="async")
    server.fail_imports_after(0)
    run = mg.import_contacts(people(30), client, tag=TAG, progress=False)
    assert {"not_sent": 30} == dict(run.counts)


def test_a_job_that_does_not_end_is_left_after_a_while_and_taken_up_again(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Honest: unknown, still at work; the same call later asks for the job and posts nothing."""
    monkeypatch.setattr("migma_nb.sending.import_requests.STANDSTILL_S", 0.3)
    status = ["processing"]

    def answer(request: Request) -> Reply:
        if request.method == "POST":
            return data({"jobId": "job 1", "status": "processing", "totalContacts": 30})
        if "/tags?" in request.path:
            return data([{"id": "tag_1", "name": TAG}], count=1)
        assert request.path.endswith("/contacts/bulk/job%201")
        result = {"success": 29, "failed": 1, "errors": ["p7@d0.example: no"]}
        return data({"jobId": "job 1", "status": status[0], "processed": 30, "result": result})

    def imported() -> mg.ImportRun:
        client = mg.Migma("a-key", base_url=server.url, rate="500/second")
        return mg.import_contacts(people(30), client, tag=TAG, project_id="p", ledger=place, progress=False)

    with AnsweringServer(answer) as server:
        run = imported()
        assert ({"unknown": 30}, {"still_at_work"}) == (dict(run.counts), set(run.frame["reason"]))
        assert "job 1 is still processing" in run.frame["detail"][0]
        status[0] = "completed"
        again = imported()
    assert {"accepted": 29, "refused": 1} == dict(again.counts)
    assert "refused" == again.frame["state"][7]
    assert 1 == sum(request.method == "POST" for request in server.requests)


def test_a_job_that_the_api_knows_no_more_is_made_anew(place: str) -> None:
    """Nobody can tell what became of it: unknown, and the next run sends the rows again."""
    jobs = iter(["job_1", "job_2"])

    def answer(request: Request) -> Reply:
        if request.method == "POST":
            return data({"jobId": next(jobs), "status": "processing"})
        if "/tags?" in request.path:
            return data([], count=0)
        if request.path.endswith("job_1"):
            return refusal(404, "no such job")
        return data({"jobId": "job_2", "status": "completed", "result": {"success": 3, "failed": 0}})

    with AnsweringServer(answer) as server:
        client = mg.Migma("a-key", base_url=server.url, rate="500/second")
        states = [
            set(
                mg.import_contacts(
                    people(3), client, tag=TAG, project_id="p", ledger=place, progress=False
                ).frame["state"]
            )
            for _ in range(2)
        ]
    assert [{"unknown"}, {"accepted"}] == states


def test_a_key_that_may_not_look_at_the_job_says_so(serve: Serve) -> None:
    """The import may have worked: unknown, with the permission that is lacking."""
    server, _ = serve(import_mode="async")
    client = mg.Migma(server.make_key(["audience:write"]), base_url=server.url, rate="500/second")
    run = mg.import_contacts(people(3), client, tag=TAG, project_id=server.project_id, progress=False)
    assert ({"unknown": 3}, {"still_at_work"}) == (dict(run.counts), set(run.frame["reason"]))
    assert "cannot be followed" in run.frame["detail"][0]


def test_a_key_without_audience_write_imports_nobody(serve: Serve) -> None:
    """It halts with what is lacking."""
    server, _ = serve()
    client = mg.Migma(server.make_key(["audience:read"]), base_url=server.url, rate="500/second")
    run = mg.import_contacts(people(3), client, tag=TAG, project_id=server.project_id, progress=False)
    assert (mg.RunState.HALTED, {"no_permission"}) == (run.state, set(run.frame["reason"]))
    assert "Give the API key the permission audience:write" in run.summary()
    assert [] == server.contacts()


def test_a_key_that_may_only_write_still_imports(serve: Serve) -> None:
    """Only the tag's ID and the account by rows are lacking, and that is said."""
    server, _ = serve()
    client = mg.Migma(server.make_key(["audience:write"]), base_url=server.url, rate="500/second")
    run = mg.import_contacts(
        people(3), client, tag=TAG, project_id=server.project_id, account="rows", progress=False
    )
    assert {"accepted": 3} == dict(run.counts)
    assert "The rows could not be read back" in run.summary()
    with pytest.raises(mg.InputError, match="is not known: HTTP 403"):
        _ = run.tag

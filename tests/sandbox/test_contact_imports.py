"""Contacts imported as JSON rows and as CSV files, at once and in the background (section 5)."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from migma_nb.sandbox import SandboxServer

Serve = Callable[..., SandboxServer]
Ask = Callable[..., httpx.Response]
Until = Callable[[Callable[[], bool]], None]
Job = dict[str, Any]


def rows(number: int, *, tag: str = "new", start: int = 0) -> list[dict[str, Any]]:
    """So many sound rows."""
    return [{"email": f"p{each}@customer.example", "tags": [tag]} for each in range(start, start + number)]


@pytest.fixture
def bulk(ask: Ask) -> Callable[..., dict[str, Any]]:
    """Imports rows and returns the data of the answer."""

    def make(server: SandboxServer, subscribers: list[dict[str, Any]], **options: Any) -> dict[str, Any]:
        answer = ask(server, "POST", "/contacts/bulk", {"subscribers": subscribers}, **options)
        assert 200 == answer.status_code, answer.text
        data: dict[str, Any] = answer.json()["data"]
        return data

    return make


@pytest.fixture
def upload(http: httpx.Client) -> Callable[..., httpx.Response]:
    """Uploads a CSV file."""

    def send(server: SandboxServer, content: str, column_map: Any, **fields: str) -> httpx.Response:
        form = {"projectId": server.project_id, "columnMap": json.dumps(column_map)} | fields
        return http.post(
            f"{server.url}/v1/contacts/imports",
            data=form,
            files={"file": ("people.csv", content.encode(), "text/csv")},
            headers={"Authorization": f"Bearer {server.api_key}"},
        )

    return send


@pytest.fixture
def ended(ask: Ask, until: Until) -> Callable[..., Job]:
    """Asks for an import until it has ended."""

    def wait(server: SandboxServer, path: str) -> Job:
        def job() -> Job:
            data: Job = ask(server, "GET", path).json()["data"]
            return data

        until(lambda: job()["status"] in {"completed", "failed"})
        return job()

    return wait


Bulk = Callable[..., dict[str, Any]]
Upload = Callable[..., httpx.Response]
Ended = Callable[..., Job]


def test_a_small_import_is_done_when_it_is_answered(strict: SandboxServer, bulk: Bulk) -> None:
    """The counts tell what was taken and what of it was known; a row at fault is named, the others go in."""
    strict.add_contact("p0@customer.example")
    wrong = [
        {"email": "p9@"},
        {"firstName": "Nobody"},
        {"email": "p8@customer.example", "country": "Germany"},
    ]
    data = bulk(strict, [*rows(3), *wrong])
    assert {"success": 3, "updated": 1, "failed": 3} == {
        name: data[name] for name in ("success", "updated", "failed")
    }
    assert ["Row 4 (p9@)", "Row 5 (None)", "Row 6 (p8@customer.example)"] == [
        error.partition(":")[0] for error in data["errors"]
    ]
    assert "country" in data["errors"][2]
    assert 3 == len(strict.contacts())


@pytest.mark.parametrize("subscribers", [[], None, ["ann@customer.example"], {}])
def test_an_import_without_rows_is_refused(strict: SandboxServer, ask: Ask, subscribers: Any) -> None:
    """No rows, or rows that are no objects, are a 400."""
    assert 400 == ask(strict, "POST", "/contacts/bulk", {"subscribers": subscribers}).status_code


def test_an_import_adds_to_what_is_known_and_says_nothing_of_the_status(
    strict: SandboxServer, bulk: Bulk
) -> None:
    """Tags are added, custom fields merged; an unsubscribed person stays so when the row does not say."""
    strict.add_contact(
        "p0@customer.example", status="unsubscribed", tags=["old"], custom_fields={"a": 1, "b": 1}
    )
    bulk(strict, [{"email": "P0@customer.example", "tags": ["new"], "customFields": {"b": 2}, "phone": "1"}])
    (person,) = strict.contacts()
    assert (["old", "new"], {"a": 1, "b": 2}, "1") == (
        person["tags"],
        person["customFields"],
        person["phone"],
    )
    assert "unsubscribed" == person["status"]


@pytest.mark.parametrize(
    ("before", "after"),
    [("unsubscribed", "subscribed"), ("non-subscribed", "subscribed"), ("bounced", "bounced")],
)
def test_a_row_that_says_subscribed_brings_an_unsubscribed_person_back(
    strict: SandboxServer, bulk: Bulk, before: str, after: str
) -> None:
    """The dangerous reading of what no source says; only what the mailbox itself said stays (S21)."""
    strict.add_contact("p0@customer.example", status=before)
    bulk(strict, [{"email": "p0@customer.example", "status": "subscribed"}])
    assert [after] == [each["status"] for each in strict.contacts()]


def test_a_large_import_goes_on_in_the_background(serve: Serve, bulk: Bulk, ask: Ask, ended: Ended) -> None:
    """Above 5,000 rows the answer is a job, which comes along and then tells what came of it."""
    server = serve(import_seconds=1.0)
    people = rows(5001)
    people[17] = {"email": "broken"}
    started = bulk(server, people)
    assert ("processing", 5001) == (started["status"], started["totalContacts"])
    path = f"/contacts/bulk/{started['jobId']}"
    seen: list[Job] = []
    while not seen or seen[-1]["status"] not in {"completed", "failed"}:
        seen.append(ask(server, "GET", path).json()["data"])
        time.sleep(0.05)
    processed = [job["processed"] for job in seen]
    assert sorted(processed) == processed
    assert 3 < len(set(processed))
    job = ended(server, path)
    assert ("completed", 5001) == (job["status"], job["processed"])
    assert {"success": 5000, "failed": 1, "updated": 0} == {
        name: job["result"][name] for name in ("success", "failed", "updated")
    }
    assert job["result"]["errors"][0].startswith("Row 18 (broken): email")
    assert job["createdAt"] <= job["completedAt"]
    assert 5000 == server.tags()[0]["subscriberCount"]


def test_five_thousand_are_still_imported_at_once(strict: SandboxServer, bulk: Bulk) -> None:
    """The limit itself is not above the limit."""
    assert 5000 == bulk(strict, rows(5000))["success"]


@pytest.mark.parametrize(("mode", "number", "background"), [("async", 2, True), ("sync", 5001, False)])
def test_either_answer_can_be_had_with_any_number_of_rows(
    serve: Serve, bulk: Bulk, ended: Ended, mode: str, number: int, *, background: bool
) -> None:
    """One document says always in the background; a person may want it never."""
    server = serve(import_mode=mode)
    data = bulk(server, rows(number))
    assert background is ("jobId" in data)
    result = ended(server, f"/contacts/bulk/{data['jobId']}")["result"] if background else data
    assert number == result["success"]


def test_the_mode_of_imports_is_a_known_one(serve: Serve) -> None:
    """Anything else is refused when the server is made."""
    with pytest.raises(ValueError, match="import_mode"):
        serve(import_mode="never")


def test_an_import_that_fails_half_way_says_how_far_it_came(serve: Serve, bulk: Bulk, ended: Ended) -> None:
    """What it had imported stays; later imports succeed again when told to."""
    server = serve(import_mode="async", import_seconds=0)
    server.fail_imports_after(7)
    job = ended(server, f"/contacts/bulk/{bulk(server, rows(20))['jobId']}")
    assert ("failed", 7, False) == (job["status"], job["processed"], "result" in job)
    assert "7 of 20" in job["error"]
    assert [row["email"] for row in rows(7)] == [each["email"] for each in server.contacts()]
    server.fail_imports_after(None)
    again = ended(server, f"/contacts/bulk/{bulk(server, rows(20))['jobId']}")
    assert {"success": 20, "failed": 0, "updated": 7} == again["result"]


def test_a_retry_with_its_idempotency_key_starts_no_second_import(serve: Serve, bulk: Bulk) -> None:
    """The same job is named again."""
    server = serve(import_mode="async")
    first, again = (bulk(server, rows(3), key="k") for _ in range(2))
    assert first["jobId"] == again["jobId"]
    assert 1 == len(server.imports())


def test_an_import_goes_on_after_reopening(
    serve: Serve, bulk: Bulk, ended: Ended, until: Until, tmp_path: Path
) -> None:
    """What the last process had not come to is imported by the next, nobody twice."""
    path = tmp_path / "account.sqlite"
    first = serve(path=path, import_mode="async", import_seconds=5)
    job_id = bulk(first, rows(200))["jobId"]
    until(lambda: len(first.contacts()) > 0)
    first.close()
    assert 0 < len(first.contacts()) < 200
    second = serve(path=path, import_seconds=0)
    job = ended(second, f"/contacts/bulk/{job_id}")
    assert {"success": 200, "failed": 0, "updated": 0} == job["result"]
    assert 200 == len(second.contacts())


def test_an_unknown_import_is_404(strict: SandboxServer, ask: Ask) -> None:
    """Of either kind."""
    for kind in ("bulk", "imports"):
        assert 404 == ask(strict, "GET", f"/contacts/{kind}/{'0' * 24}").status_code


def test_a_csv_file_is_imported_by_its_column_map(
    strict: SandboxServer, upload: Upload, ended: Ended
) -> None:
    """Columns become fields, others custom fields; quotes, line ends in cells and other scripts survive."""
    strict.add_contact("known@customer.example")
    content = "\ufeffE-Mail;Name;Plan\r\nann@customer.example;Ann van Lee;pro\r\n"
    content += '"known@customer.example";"Bö";"a\nb"\r\n;x;\r\n'
    columns = {"email": "E-Mail", "name": "Name", "customFields": {"plan": "Plan"}}
    answer = upload(strict, content, columns, delimiter=";", tags="new, vip")
    assert 202 == answer.status_code, answer.text
    assert ("contact_import", "processing") == (
        answer.json()["data"]["object"],
        answer.json()["data"]["status"],
    )
    job = ended(strict, f"/contacts/imports/{answer.json()['data']['id']}")
    assert {"total": 3, "created": 1, "updated": 1, "skipped": 0, "failed": 1} == job["counts"]
    assert job["created_at"] <= job["completed_at"]
    known, ann = strict.contacts()
    assert ("Ann", "van Lee", {"plan": "pro"}) == (ann["firstName"], ann["lastName"], ann["customFields"])
    assert ("Bö", {"plan": "a\nb"}, ["new", "vip"]) == (
        known["firstName"],
        known["customFields"],
        known["tags"],
    )


def test_a_csv_import_may_leave_known_contacts_alone(
    strict: SandboxServer, upload: Upload, ended: Ended
) -> None:
    """``onConflict: skip`` counts them as skipped."""
    strict.add_contact("ann@customer.example", first_name="Ann")
    content = "email,first\nann@customer.example,Other\nben@customer.example,Ben\n"
    columns = {"email": "email", "firstName": "first"}
    answer = upload(strict, content, columns, onConflict="skip", tags='["new"]')
    job = ended(strict, f"/contacts/imports/{answer.json()['data']['id']}")
    assert {"total": 2, "created": 1, "updated": 0, "skipped": 1, "failed": 0} == job["counts"]
    assert [("Ann", []), ("Ben", ["new"])] == [
        (each["firstName"], each["tags"]) for each in strict.contacts()
    ]


@pytest.mark.parametrize(
    ("columns", "fields", "word"),
    [
        ({"email": "mail"}, {}, "mail"),
        ({"firstName": "email"}, {}, "email"),
        ("email", {}, "valid"),
        ({"email": "email"}, {"columnMap": "{"}, "columnMap"),
        ({"email": "email"}, {"onConflict": "replace"}, "onConflict"),
        ({"email": "email"}, {"delimiter": ";;"}, "delimiter"),
        ({"email": "email"}, {"tags": "[1]"}, "tags"),
    ],
)
def test_a_csv_form_that_does_not_fit_is_refused(
    strict: SandboxServer, upload: Upload, columns: Any, fields: dict[str, str], word: str
) -> None:
    """The answer names what is wrong, and nothing is imported."""
    answer = upload(strict, "email\nann@customer.example\n", columns, **fields)
    assert (400, True) == (answer.status_code, word in answer.json()["error"]), answer.text
    assert [] == strict.imports()


def test_a_csv_import_takes_a_form_only(strict: SandboxServer, ask: Ask) -> None:
    """JSON is a 400 that says what is wanted."""
    answer = ask(strict, "POST", "/contacts/imports", {})
    assert (400, True) == (answer.status_code, "multipart" in answer.json()["error"])


def test_twelve_thousand_are_imported_and_counted_by_tag_within_seconds(
    serve: Serve, bulk: Bulk, ask: Ask, tmp_path: Path
) -> None:
    """Three calls and one read, with a file that keeps them."""
    server = serve(path=tmp_path / "account.sqlite")
    start = time.monotonic()
    for part in range(3):
        assert 4000 == bulk(server, rows(4000, start=part * 4000))["success"]
    (tag,) = ask(server, "GET", "/tags", search="new").json()["data"]
    assert 12_000 == tag["subscriberCount"]
    assert time.monotonic() - start < 30

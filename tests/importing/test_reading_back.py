"""What reading a tag's contacts back settles of a row, and what it cannot."""

import json
from collections.abc import Callable
from typing import Any

import pytest

import migma_nb as mg
from tests.importing.lists import TAG, data, people, refusal
from tests.servers.answering import AnsweringServer, Reply, Request

Import = Callable[..., mg.ImportRun]


def contact(row: int, **changes: Any) -> dict[str, Any]:
    """Return a contact as the API lists it."""
    plain = {
        "id": f"c{row}",
        "email": f"P{row}@d{row}.example",
        "firstName": f"N{row}",
        "status": "subscribed",
    }
    return plain | changes


@pytest.fixture
def imported(place: str) -> Import:
    """Return a function that imports three people from a server of these answers, and reads them back."""

    def run(bulk: Reply | None, *pages: Reply, size: int | None = 3, tag: str = TAG) -> mg.ImportRun:
        left = list(pages)

        def answer(request: Request) -> Reply | None:
            if request.method == "POST":
                assert 3 == len(json.loads(request.body)["subscribers"])
                return bulk
            if "/tags?" in request.path:
                return data([{"id": "tag_1", "name": tag, "subscriberCount": size}], count=1)
            if "status=unsubscribed" in request.path:
                return refusal(403, "no")
            return left.pop(0)

        with AnsweringServer(answer) as server:
            client = mg.Migma("a-key", base_url=server.url, rate="500/second", timeout=0.3)
            return mg.import_contacts(
                people(3), client, tag=tag, project_id="p", account="rows", ledger=place, progress=False
            )

    return run


SOME_FAILED = data({"success": 2, "failed": 1, "errors": ["one was bad"]})


def test_who_is_there_with_what_was_sent_is_in(imported: Import) -> None:
    """And who is not there is the one that failed."""
    run = imported(SOME_FAILED, data([contact(0), contact(2)], count=2))
    assert ["accepted", "refused", "accepted"] == run.frame["state"].tolist()
    assert ["reconciled", "not_there", "reconciled"] == run.frame["reason"].tolist()
    assert ["c0", "c2"] == run.frame["contact_id"].dropna().tolist()


def test_who_is_there_with_other_content_stays_in_doubt(imported: Import) -> None:
    """An earlier import may have put them there; what became of this one is not told."""
    run = imported(SOME_FAILED, data([contact(0), contact(1, firstName="Old"), contact(2)], count=3))
    assert ["accepted", "unknown", "accepted"] == run.frame["state"].tolist()
    assert "with other content" in run.frame["detail"][1]


def test_who_was_refused_by_name_stays_refused(imported: Import) -> None:
    """Although an earlier import has them there."""
    bulk = data({"success": 2, "failed": 1, "errors": ["p1@d1.example: no"]})
    run = imported(bulk, data([contact(0), contact(1), contact(2, status="bounced")], count=3))
    assert ["accepted", "refused", "accepted"] == run.frame["state"].tolist()
    assert ["subscribed", "subscribed", "bounced"] == run.frame["contact_status"].tolist()


@pytest.mark.usefixtures("hasten")
def test_a_lost_answer_is_settled_only_where_the_contact_is_there(imported: Import) -> None:
    """The request may yet be done: who is not there so far stays unknown."""
    run = imported(None, data([contact(0)], count=1))
    assert ["accepted", "unknown", "unknown"] == run.frame["state"].tolist()
    assert "not under the tag so far" in run.frame["detail"][1]


def test_what_the_api_counted_and_does_not_hold_is_a_doubt(imported: Import) -> None:
    """Counted as imported, and not under the tag."""
    run = imported(data({"success": 3, "failed": 0}), data([contact(0), contact(1)], count=2))
    assert ["accepted", "accepted", "unknown"] == run.frame["state"].tolist()
    assert "not_there" == run.frame["reason"][2]


def test_a_list_that_goes_by_the_tags_id_is_read_by_it(imported: Import) -> None:
    """Two sources say different things of the filter: by name first, then by ID."""
    everybody = data([contact(row) for row in range(3)], count=3)
    run = imported(data({"success": 3, "failed": 0}), data([], count=0), everybody)
    assert {"accepted"} == set(run.frame["state"])


def test_a_name_with_a_comma_is_asked_for_by_id(imported: Import) -> None:
    """It would be taken for two tags."""
    everybody = data([contact(row) for row in range(3)], count=3)
    run = imported(data({"success": 3, "failed": 0}), everybody, tag="spring, 2026")
    assert {"accepted"} == set(run.frame["state"])


def test_pages_without_a_count_end_with_one_that_is_not_full(imported: Import) -> None:
    """And pages that repeat themselves end too."""
    full = data([contact(row) for row in range(3)] + [{"email": f"x{n}@y.example"} for n in range(97)])
    run = imported(data({"success": 3, "failed": 0}), full, full, size=None)
    assert {"accepted"} == set(run.frame["state"])
    assert "also holds 97 people who are not in this list" in run.summary()


def test_a_list_that_cannot_be_read_leaves_the_counts(imported: Import) -> None:
    """It says why, and how many rows stay as they are."""
    run = imported(data({"success": 3, "failed": 0}), refusal(403, "not for you"))
    assert {"accepted"} == set(run.frame["state"])
    assert "Not all rows could be read back, so 3 stay" in run.summary()

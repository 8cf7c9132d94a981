"""An import that is run again imports nothing twice: on record per person, tag and content."""

from collections.abc import Callable

import httpx
import pandas as pd
import pytest

import migma_nb as mg
from migma_nb.sandbox import SandboxServer
from tests.importing.lists import TAG, asked, people

pytestmark = pytest.mark.both_at_once

Serve = Callable[..., tuple[SandboxServer, mg.Migma]]


def posted(server: SandboxServer) -> int:
    """Return how many bulk imports came."""
    return asked(server)["POST /v1/contacts/bulk"]


def test_the_same_cell_again_posts_nothing(serve: Serve) -> None:
    """It says since when, and still gives the tag."""
    server, client = serve()
    first = mg.import_contacts(people(20), client, tag=TAG, progress=False)
    again = mg.import_contacts(people(20), client, tag=TAG, progress=False)
    assert 1 == posted(server)
    assert {"already_sent": 20} == dict(again.counts)
    assert {"earlier_import"} == set(again.frame["reason"])
    assert "Nothing was imported: all 20 were imported on 20" in again.summary()
    assert (first.tag, f"by import {first.id}") == (
        again.tag,
        again.frame["detail"][0].partition("UTC ")[2],
    )


def test_an_imports_id_opens_no_run_and_says_why(serve: Serve) -> None:
    """Whoever passes it to `open_run` is told what it is, and how to get its account."""
    _, client = serve()
    result = mg.import_contacts(people(3), client, tag=TAG, progress=False)
    with pytest.raises(mg.InputError, match=r"is an import, not a run.*Import the same list again"):
        mg.open_run(result.id)
    assert 0 == len(mg.history())


def test_imports_have_a_history_of_their_own(serve: Serve) -> None:
    """Newest first, with what each has left on record; one that had nothing to send is not there."""
    server, client = serve()
    frame = people(20)
    first = mg.import_contacts(frame, client, tag=TAG, progress=False)
    other = mg.import_contacts(people(3), client, tag="other", progress=False)
    frame.loc[3, "first_name"] = "Else"
    changed = mg.import_contacts(frame, client, tag=TAG, progress=False)
    mg.import_contacts(frame, client, tag=TAG, progress=False)
    found = mg.history(imports=True)
    assert [changed.id, other.id, first.id] == list(found["import_id"])
    assert [TAG, "other", TAG] == list(found["tag"])
    assert [1, 3, 19] == list(found["people"])
    assert [1, 1, 1] == list(found["requests"]) == list(found["answered"])
    assert [0, 0, 0] == list(found[["open", "job", "left"]].sum(axis="columns"))
    assert {server.project_id} == set(found["project_id"])
    assert (found["finished_at"] >= found["started_at"]).all()
    assert "UTC" == str(found["started_at"].dt.tz)


def test_without_an_import_its_history_is_empty(serve: Serve) -> None:
    """With the same columns and times."""
    serve()
    found = mg.history(imports=True)
    assert (0, "import_id", "left") == (len(found), found.columns[0], found.columns[-1])
    assert "UTC" == str(found["started_at"].dt.tz)


def test_only_new_and_changed_rows_are_sent(serve: Serve) -> None:
    """In whatever order, under whatever index."""
    server, client = serve()
    frame = people(20)
    mg.import_contacts(frame, client, tag=TAG, progress=False)
    frame.loc[3, "first_name"] = "Else"
    more = pd.concat([frame.sample(frac=1, random_state=1), people(22).tail(2)])
    again = mg.import_contacts(more, client, tag=TAG, progress=False)
    assert {"accepted": 3, "already_sent": 19} == dict(again.counts)
    sent = again.frame[again.frame["state"] == "accepted"]["recipient"]
    assert {"p3@d3.example", "p20@d6.example", "p21@d0.example"} == set(sent)
    assert "Else" in {contact["firstName"] for contact in server.contacts()}
    assert 2 == posted(server)


def test_another_tag_project_or_account_is_another_import(serve: Serve) -> None:
    """What is on record is on record for these three."""
    server, client = serve()
    mg.import_contacts(people(3), client, tag=TAG, progress=False)
    mg.import_contacts(people(3), client, tag="other", progress=False)
    assert 2 == posted(server)
    other = mg.Migma(server.api_key, base_url=server.url, account="other", rate="500/second")
    mg.import_contacts(people(3), other, tag=TAG, progress=False)
    assert 3 == posted(server)
    rotated = mg.Migma(server.make_key(["audience:write", "audience:read"]), base_url=server.url)
    mg.import_contacts(people(3), rotated, tag=TAG, project_id=server.project_id, progress=False)
    assert 3 == posted(server)


def test_who_was_taken_out_at_the_api_is_seen_and_sent_again(serve: Serve) -> None:
    """Where the rows are read back."""
    server, client = serve()
    first = mg.import_contacts(people(3), client, tag=TAG, account="rows", progress=False)
    gone = first.frame["contact_id"][1]
    delete(server, client, gone)
    looked = mg.import_contacts(people(3), client, tag=TAG, account="rows", progress=False)
    assert ["already_sent", "unknown", "already_sent"] == looked.frame["state"].tolist()
    assert "not_there" == looked.frame["reason"][1]
    again = mg.import_contacts(people(3), client, tag=TAG, account="rows", progress=False)
    assert ["already_sent", "accepted", "already_sent"] == again.frame["state"].tolist()


def delete(server: SandboxServer, client: mg.Migma, contact_id: str) -> None:
    """Take a contact out, as its dashboard would."""
    answer = httpx.delete(
        f"{server.url}/v1/contacts/{contact_id}",
        params={"projectId": server.project_id},
        headers=client.settings.key.headers(),
    )
    assert 200 == answer.status_code, answer.text

"""What an account holds, as frames: all pages, sensible types, and errors that say what to do."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest

import migma_nb as mg
from tests.servers.answering import AnsweringServer, Reply, Request

MANY = 250


@pytest.fixture(scope="module")
def crowd() -> Iterator[mg.Sandbox]:
    """An account with 250 contacts, of whom every second is a VIP."""
    with mg.Sandbox() as made:
        for n in range(MANY):
            made.server.add_contact(
                f"p{n:03}@d.example",
                tags=["VIP"] if n % 2 else ["Rest"],
                status="bounced" if n == 0 else None,
                first_name=f"N{n}" if n % 3 else None,
                custom_fields={"plan": "pro", "seats": n} if n % 5 else {"plan": "free"},
            )
        made.server.add_segment("Paying", custom_fields={"plan": ["pro"]})
        made.server.add_topic("News")
        yield made


@pytest.fixture
def account() -> Iterator[Callable[..., mg.Migma]]:
    """Returns a function that makes a client of a server which answers each GET by its path."""
    servers: list[AnsweringServer] = []

    def make(answers: dict[str, Any], **options: Any) -> mg.Migma:
        def answer(request: Request) -> Reply:
            found = answers[urlsplit(request.path).path.removeprefix("/v1")]
            found = found(parse_qs(urlsplit(request.path).query)) if callable(found) else found
            if isinstance(found, Reply):
                return found
            return Reply(200, json.dumps({"success": True, "data": found}).encode())

        server = AnsweringServer(answer)
        server.__enter__()
        servers.append(server)
        return mg.Migma("key", base_url=server.url, **options)

    yield make
    for server in servers:
        server.__exit__()


def test_all_pages_of_contacts_are_one_frame(crowd: mg.Sandbox) -> None:
    """Three pages of at most a hundred, every contact once, in types that hold missing values."""
    contacts = crowd.client().contacts()
    assert [f"p{n:03}@d.example" for n in range(MANY)] == sorted(contacts["email"])
    assert "string" == contacts["first_name"].dtype
    assert contacts["first_name"].isna().sum() > 0
    assert isinstance(contacts["created_at"].dtype, pd.DatetimeTZDtype)
    assert "UTC" == str(contacts["created_at"].dt.tz)
    assert ("string", "Int64") == (str(contacts["custom_plan"].dtype), str(contacts["custom_seats"].dtype))
    assert {"VIP"} == set(contacts.loc[contacts["email"] == "p001@d.example", "tags"].iloc[0])
    assert isinstance(contacts.index, pd.RangeIndex)


def test_contacts_are_asked_for_by_tag_status_and_text(crowd: mg.Sandbox) -> None:
    """A tag by its name, its ID or as `mg.Tag`; a limit ends the pages sooner."""
    client = crowd.client()
    tag = client.tag("vip")
    for by in ("VIP", tag.id, tag):
        assert MANY // 2 == len(client.contacts(tag=by))
    assert ["p000@d.example"] == client.contacts(status="bounced")["email"].tolist()
    assert ["p017@d.example"] == client.contacts(search="p017")["email"].tolist()
    assert 120 == len(client.contacts(limit=120))


def test_tags_segments_and_topics_have_whole_numbers_and_times(crowd: mg.Sandbox) -> None:
    """Counts are nullable whole numbers, in snake_case columns."""
    client = crowd.client()
    tags = client.tags()
    assert {"VIP": MANY // 2, "Rest": MANY // 2} == dict(
        zip(tags["name"], tags["subscriber_count"], strict=True)
    )
    assert "Int64" == tags["subscriber_count"].dtype
    assert ["VIP"] == client.tags(search="VI")["name"].tolist()
    segments = client.segments()
    assert [("Paying", 200)] == list(zip(segments["name"], segments["count"], strict=True))
    assert ["News"] == client.topics()["name"].tolist()
    assert [crowd.server.project_id] == client.projects()["id"].tolist()


def test_an_empty_account_has_its_columns_and_no_rows() -> None:
    """So that code written for a full account runs on an empty one."""
    with mg.Sandbox() as sandbox:
        client = sandbox.client()
        frames = {
            "tags": client.tags(),
            "segments": client.segments(),
            "topics": client.topics(),
            "contacts": client.contacts(),
            "domains": client.domains(),
            "emails": client.emails(),
            "campaigns": client.campaigns(),
        }
    assert dict.fromkeys(frames, 0) == {name: len(frame) for name, frame in frames.items()}
    assert "Int64" == frames["tags"]["subscriber_count"].dtype
    assert isinstance(frames["contacts"]["created_at"].dtype, pd.DatetimeTZDtype)
    assert "boolean" == frames["domains"]["verified"].dtype
    assert {"email", "status", "tags"} <= set(frames["contacts"].columns)
    assert "estimated_recipients" in frames["campaigns"].columns


def test_domains_say_whether_they_are_verified() -> None:
    """By whichever of its words an answer has (S10)."""
    with mg.Sandbox() as sandbox:
        sandbox.server.add_domain("good.example")
        sandbox.server.add_domain("bad.example", verified=False)
        domains = sandbox.client().domains().set_index("domain")["verified"]
    assert True is bool(domains["good.example"])
    assert not domains.fillna(value=False)["bad.example"]


def test_a_tag_by_name_is_what_a_plan_takes(crowd: mg.Sandbox) -> None:
    """Capitals and outer space aside; a segment likewise."""
    client = crowd.client()
    assert isinstance(client.tag(" vip "), mg.Tag)
    assert client.tag("VIP") == client.tag(client.tag("VIP").id)
    assert isinstance(client.segment("Paying"), mg.Segment)


def test_an_unknown_tag_names_near_ones(crowd: mg.Sandbox) -> None:
    """What was meant is most often there under a name that is near."""
    with pytest.raises(mg.InputError, match=r"There is no tag 'VPI'.*Near ones: 'VIP'"):
        crowd.client().tag("VPI")
    with pytest.raises(mg.InputError, match=r"There is no tag 'zz'.*There are: .*'VIP'"):
        crowd.client().contacts(tag="zz")


def test_a_name_that_fits_several_is_a_question(account: Callable[..., mg.Migma]) -> None:
    """Two tags of one name are listed with their IDs."""
    tags = [{"id": "t1", "name": "vip"}, {"id": "t2", "name": "Vip"}]
    client = account({"/tags": tags, "/projects": {"projects": [{"_id": "p1"}]}})
    with pytest.raises(mg.InputError, match=r"2 tags are called 'VIP': 'vip' \(t1\), 'Vip' \(t2\)"):
        client.tag("VIP")
    assert "t2" == client.tag("Vip").id


def test_one_contact_by_address_or_id(crowd: mg.Sandbox) -> None:
    """Its fields are attributes; nobody of that address is an error that says how to look further."""
    client = crowd.client()
    found = client.contact("P017@D.example")
    assert ("p017@d.example", "subscribed", ["VIP"]) == (found.email, found.status, found.tags)
    assert found == client.contact(str(found.id))
    with pytest.raises(mg.InputError, match=r"There is no contact 'nobody@d\.example'"):
        client.contact("nobody@d.example")
    with pytest.raises(mg.InputError, match="no such thing: a contact with the ID 'nobody'"):
        client.contact("nobody")


def test_a_contact_is_found_where_the_search_is_another_one(account: Callable[..., mg.Migma]) -> None:
    """Where it does not look at addresses, and the server has contacts by address (section 5)."""
    found = {"id": "7", "email": "Ann@d.example"}
    client = account({"/contacts": [], "/contacts/ann%40d.example": found})
    assert "7" == client.contact("ann@d.example", project_id="p").id


def test_several_projects_are_a_question(monkeypatch: pytest.MonkeyPatch) -> None:
    """The account's only project is taken by itself; of several one is named, or set once for all."""
    with mg.Sandbox() as sandbox:
        client = sandbox.client()
        assert 0 == len(client.tags())
        other = sandbox.server.add_project("Second")["id"]
        sandbox.server.add_tag("There", project_id=other)
        with pytest.raises(mg.InputError, match=r"2 projects: .*Second.*MIGMA_PROJECT_ID"):
            client.tags()
        assert ["There"] == client.tags(project_id=other)["name"].tolist()
        monkeypatch.setenv("MIGMA_PROJECT_ID", other)
        assert ["There"] == client.tags()["name"].tolist()
        assert 2 == len(client.projects())


def test_a_missing_permission_is_named() -> None:
    """The error says which permission the key needs, and where to give it."""
    with mg.Sandbox() as sandbox:
        project = sandbox.server.project_id
        key = sandbox.server.make_key(["email:send"])
        client = mg.Migma(key, base_url=sandbox.url)
        with pytest.raises(mg.AccountError, match=r"the tags: HTTP 403.*needs the permission audience:read"):
            client.tags(project_id=project)
        with pytest.raises(mg.AccountError, match="domain:read"):
            client.domains()
        with pytest.raises(mg.AccountError, match="email:read"):
            client.emails(project_id=project)


def test_a_limit_in_the_middle_is_waited_for(account: Callable[..., mg.Migma]) -> None:
    """A 429 on the second page asks for a moment; no page is lost and none comes twice."""
    asked: list[int] = []

    def tags(query: dict[str, list[str]]) -> Any:
        page = int(query["page"][0])
        asked.append(page)
        if asked.count(page) == 1 and page == 2:
            return Reply(429, b'{"success":false,"error":"slowly"}', {"Retry-After": "0"})
        return [{"id": f"t{n}", "name": f"n{n}"} for n in range(100 * page - 100, min(100 * page, MANY))]

    client = account({"/tags": tags}, timeout=5)
    found = client.tags(project_id="p")
    assert [f"t{n}" for n in range(MANY)] == found["id"].tolist()
    assert [1, 2, 2, 3] == asked


def test_a_list_without_pages_is_read_once(account: Callable[..., mg.Migma]) -> None:
    """A server that knows no pages says the same again, and that is noticed."""
    whole = [{"id": f"t{n}", "name": f"n{n}"} for n in range(150)]
    assert 150 == len(account({"/tags": whole}).tags(project_id="p"))


def test_projects_are_paged_by_offset(account: Callable[..., mg.Migma]) -> None:
    """That list counts items, not pages (migma-api.md, contract summary)."""

    def projects(query: dict[str, list[str]]) -> Any:
        start = int(query["offset"][0])
        page = [
            {"_id": f"p{n}", "name": f"n{n}", "status": "odd"} for n in range(start, min(start + 100, 130))
        ]
        return {"projects": page, "pagination": {"total": 130}}

    found = account({"/projects": projects}).projects()
    assert [f"p{n}" for n in range(130)] == found["id"].tolist()


def test_unknown_words_and_fields_are_kept(account: Callable[..., mg.Migma]) -> None:
    """An older status has its newer name, an unknown one stays; strange values are missing ones."""
    contacts = [
        {"id": 7, "email": "a@d.example", "status": "active", "leadScore": 3, "customFields": {"a": 1}},
        {"_id": "x", "email": "b@d.example", "status": "zombie", "leadScore": None, "tags": ["T"]},
        {"email": "c@d.example", "createdAt": "2026-11-01", "updatedAt": "yesterday", "customFields": "no"},
        "not even an object",
    ]
    found = account({"/contacts": contacts}).contacts(project_id="p")
    assert ["subscribed", "zombie"] == found["status"].tolist()[:2]
    assert ["7", "x"] == found["id"].tolist()[:2]
    assert "Int64" == found["lead_score"].dtype
    assert [1] == found["custom_a"].dropna().tolist()
    assert pd.Timestamp("2026-11-01", tz="UTC") == found["created_at"][2]
    assert found["updated_at"].isna().all()
    assert found["status"][2:].isna().all()


def test_a_server_that_does_not_answer_is_an_error_in_words(account: Callable[..., mg.Migma]) -> None:
    """What is no Migma API says so, and nothing is shown as an empty list."""
    client = account({"/tags": Reply(404, b"<html>not here</html>")})
    with pytest.raises(mg.CallError, match="not the Migma API"):
        client.tags(project_id="p")


@pytest.mark.parametrize("wrong", [".", "..", " "])
def test_an_id_that_would_leave_its_path_is_none(wrong: str) -> None:
    """A path of dots means another place at the server."""
    with mg.Sandbox() as sandbox:
        client = sandbox.client()
        for look in (client.email, client.conversation, client.contact):
            with pytest.raises(mg.InputError):
                look(wrong)

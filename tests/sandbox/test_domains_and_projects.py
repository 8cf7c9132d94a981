"""Sending domains, projects and their field catalogue over HTTP (sections 4 and 7)."""

from collections.abc import Callable
from typing import Any

import httpx

from migma_nb.sandbox import SandboxServer

Serve = Callable[..., SandboxServer]
Ask = Callable[..., httpx.Response]
Body = Callable[..., dict[str, Any]]


def test_domains_say_whether_they_may_send(strict: SandboxServer, ask: Ask) -> None:
    """One that is not verified has a link to connect it, and its DNS records are pending."""
    strict.add_domain("new.example", verified=False)
    verified, pending = ask(strict, "GET", "/domains").json()["data"]
    assert ("acme.example", True, "verified") == (
        verified["domain"],
        verified["isVerified"],
        verified["status"],
    )
    assert {"verifiedAt"} <= verified.keys()
    assert "connectUrl" not in verified
    assert ("new.example", False, "pending") == (pending["domain"], pending["isVerified"], pending["status"])
    assert {"connectUrl"} <= pending.keys()
    assert "verifiedAt" not in pending
    assert {"pending"} == {record["status"] for record in pending["dnsRecords"]}
    assert pending == ask(strict, "GET", "/domains/NEW.example").json()["data"]


def test_a_domain_is_verified_when_its_dns_records_are_in_place(
    strict: SandboxServer, ask: Ask, post: Ask, single: Body
) -> None:
    """Then it may send; without the records it stays pending."""
    strict.add_domain("new.example", verified=False)
    strict.add_domain("bare.example", verified=False, dns_in_place=False)
    from_new = single(strict, **{"from": "me@new.example"})
    assert 400 == post(strict, from_new).status_code
    assert "verified" == ask(strict, "POST", "/domains/new.example/verify").json()["data"]["status"]
    assert 200 == post(strict, from_new).status_code
    answer = ask(strict, "POST", "/domains/bare.example/verify").json()["data"]
    assert ("pending", {"pending"}) == (answer["status"], {each["status"] for each in answer["dnsRecords"]})


def test_an_unknown_domain_is_404_unless_any_may_send(serve: Serve, strict: SandboxServer, ask: Ask) -> None:
    """Where any sender is accepted, any domain that is asked for is verified; what is no domain is none."""
    assert 404 == ask(strict, "GET", "/domains/other.example").status_code
    assert 404 == ask(strict, "POST", "/domains/other.example/verify").status_code
    lax = serve()
    assert ask(lax, "GET", "/domains/other.example").json()["data"]["isVerified"]
    assert 404 == ask(lax, "GET", "/domains/other").status_code
    assert [] == ask(lax, "GET", "/domains").json()["data"]


def test_projects_are_listed_in_parts(strict: SandboxServer, ask: Ask) -> None:
    """The list stands within the data, with where it is in the whole; any key may read it."""
    for number in range(4):
        strict.add_project(f"Project {number}")
    key = strict.make_key([])
    data = ask(strict, "GET", "/projects", limit=2, offset=3, api_key=key).json()["data"]
    assert ["Project 2", "Project 3"] == [each["name"] for each in data["projects"]]
    assert {"total": 5, "limit": 2, "offset": 3, "hasMore": False} == data["pagination"]
    first = ask(strict, "GET", "/projects", limit=1).json()["data"]
    assert (strict.project_id, True) == (first["projects"][0]["_id"], first["pagination"]["hasMore"])
    assert [] == ask(strict, "GET", "/projects", status="archived").json()["data"]["projects"]
    assert 400 == ask(strict, "GET", "/projects", offset=-1).status_code


def test_the_field_catalogue_says_which_fields_a_cohort_has(strict: SandboxServer, ask: Ask) -> None:
    """How many have each, of what type it is, and what is in it; for all, for a tag or for a segment."""
    for number in range(4):
        strict.add_contact(
            f"p{number}@customer.example",
            tags=["pro"] if number else [],
            first_name="Ann" if number % 2 else None,
            custom_fields={
                "seats": number,
                "since": "2026-01-0" + str(number + 1),
                "site": "https://a.example",
            }
            | ({"vip": True} if number == 3 else {}),
        )
    path = f"/projects/{strict.project_id}/field-catalog"

    def entries(**query: str) -> dict[str, dict[str, Any]]:
        data = ask(strict, "GET", path, **query).json()["data"]
        return {each["key"]: each for each in data["entries"]} | {"all": {"total": data["totalSubscribers"]}}

    everybody = entries()
    assert {"total": 4} == everybody["all"]
    found = {key: (each["type"], each["fillRate"]) for key, each in everybody.items() if key != "all"}
    expected = {"email": ("string", 1.0), "firstName": ("string", 0.5), "lastName": ("unknown", 0.0)}
    expected |= {
        "seats": ("number", 1.0),
        "since": ("date", 1.0),
        "site": ("url", 1.0),
        "vip": ("boolean", 0.25),
    }
    assert expected.items() <= found.items()
    assert (["Ann"], True, False) == (
        everybody["firstName"]["sample"],
        everybody["email"]["auto"],
        everybody["seats"]["auto"],
    )
    tag = strict.add_tag("pro")["id"]
    segment = strict.add_segment("pro", tags=["pro"])["id"]
    for cohort in ({"tag": "pro"}, {"tag": tag}, {"segmentId": segment}):
        assert {"total": 3} == entries(**cohort)["all"]
    for unknown in ({"tag": "none"}, {"segmentId": "0" * 24}):
        assert 404 == ask(strict, "GET", path, **unknown).status_code
    assert 404 == ask(strict, "GET", f"/projects/{'0' * 24}/field-catalog").status_code

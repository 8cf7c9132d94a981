"""The sandbox's OpenAPI document: served without a key, whole, and about what is really served."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from migma_nb.sandbox import SandboxServer

Serve = Callable[..., SandboxServer]
Json = dict[str, Any]


@pytest.fixture
def told(http: httpx.Client) -> Callable[[SandboxServer], Json]:
    """Fetches a server's document, without a key."""

    def fetch(server: SandboxServer) -> Json:
        answer = http.get(f"{server.url}/openapi.json")
        assert (200, "application/json") == (answer.status_code, answer.headers["content-type"])
        document: Json = answer.json()
        return document

    return fetch


Told = Callable[[SandboxServer], Json]


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Each operation of a document with its method and path."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def references(value: Any) -> Iterator[str]:
    """Everything that a document refers to within itself."""
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def test_the_document_is_served_at_each_base_and_is_no_request_of_the_log(
    serve: Serve, told: Told, http: httpx.Client
) -> None:
    """A client that adds ``/v1`` to its base URL finds it, too."""
    server = serve()
    document = told(server)
    assert "3.1.0" == document["openapi"]
    for prefix in ("/v1", "/api/v1"):
        assert document == http.get(f"{server.url}{prefix}/openapi.json").json()
    assert [] == server.requests()
    assert server.url == document["servers"][0]["url"]


def test_every_reference_leads_somewhere(serve: Serve, told: Told) -> None:
    """And every parameter of a path is declared, every operation named once."""
    document = told(serve())
    schemas = document["components"]["schemas"]
    assert set(references(document)) <= {f"#/components/schemas/{name}" for name in schemas}
    for _, path, operation in operations(document):
        declared = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
        assert set(re.findall(r"{(\w+)}", path)) == declared
    names = [operation["operationId"] for *_, operation in operations(document)]
    assert sorted(set(names)) == sorted(names)


def test_every_operation_says_what_refuses_it(serve: Serve, told: Told) -> None:
    """401 and 429 everywhere, 403 where a permission is needed, 404 below a path with an id."""
    for method, path, operation in operations(told(serve())):
        statuses = operation["responses"].keys()
        assert {"401", "429"} <= statuses, (method, path)
        assert bool(operation["x-permissions"]) == ("403" in statuses)
        assert "404" in statuses or "{" not in path
        assert 1 == sum(status.startswith("2") for status in statuses)


def test_the_idempotency_key_is_told_of_where_it_is_honoured(serve: Serve, told: Told) -> None:
    """With its longest length, and the conflict that it may bring."""
    honoured = {}
    for method, path, operation in operations(told(serve())):
        for each in operation["parameters"]:
            if each["name"] == "Idempotency-Key":
                honoured[f"{method} {path}"] = (each["schema"]["maxLength"], "409" in operation["responses"])
    assert {(100, True)} == set(honoured.values())
    assert {
        "post /v1/sending",
        "post /v1/campaigns",
        "post /v1/campaigns/{id}/send",
        "post /v1/campaigns/{id}/schedule",
        "post /v1/projects/emails/import-html",
        "post /v1/contacts",
    } <= honoured.keys()


def test_each_way_to_bear_the_key_is_told_of_and_works(serve: Serve, told: Told, http: httpx.Client) -> None:
    """Bearer, ApiKey and X-API-Key (section 1); any of them suffices."""
    server = serve()
    document = told(server)
    assert [{"Bearer": []}, {"ApiKey": []}, {"X-API-Key": []}] == document["security"]
    ways = [
        {"Authorization": f"Bearer {server.api_key}"},
        {"Authorization": f"ApiKey {server.api_key}"},
        {"X-API-Key": server.api_key},
    ]
    assert [200] * 3 == [
        http.get(f"{server.url}/v1/projects", headers=headers).status_code for headers in ways
    ]


def test_the_document_follows_the_servers_options(serve: Serve, told: Told) -> None:
    """Where `template` is not taken the body has none, and a short batch path stands in place of the long."""
    usual, newest = told(serve()), told(serve(raw_template=False, short_batch_path=True))

    def fields(document: Json) -> Json:
        content = document["paths"]["/v1/sending"]["post"]["requestBody"]["content"]
        found: Json = content["application/json"]["schema"]["properties"]
        return found

    assert "template" in fields(usual)
    assert "template" not in fields(newest)
    assert "/v1/sending/batches/{batch_id}" in usual["paths"]
    assert "/v1/sending/{batch_id}" in newest["paths"]
    assert "/v1/sending/batches/{batch_id}" not in newest["paths"]


def test_every_operation_is_served(serve: Serve, told: Told, http: httpx.Client) -> None:
    """Without a key each is 401, which is neither 404 nor 405."""
    server = serve()
    for method, path, _ in operations(told(server)):
        answer = http.request(method.upper(), server.url + re.sub(r"{\w+}", "x", path))
        assert 401 == answer.status_code, (method, path)

"""The sandbox keeps to its own OpenAPI document: schemathesis makes requests of it and judges the answers."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from migma_nb.sandbox import SandboxServer
from migma_nb.sandbox.app import OPERATIONS

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
NAMES = [f"{operation.method} /v1{operation.path}" for operation in OPERATIONS]
MODES = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]
Known = dict[str, str]


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """A session that asks no proxy."""
    with requests.Session() as kept:
        kept.trust_env = False
        yield kept


def inhabit(server: SandboxServer) -> Known:
    """Put one of everything into an account; returns their ids by the names that the API has for them."""
    topic = server.add_topic("News")["id"]
    contact = server.add_contact("ann@customer.example", tags=["vip"], first_name="Ann", country="NZ")
    segment = server.add_segment("Everybody")["id"]
    email = server.add_email("Hello {{firstName}}", "<p>Hello</p>")
    server.add_domain("acme.example")
    tag = server.tags()[0]["id"]
    headers = {"Authorization": f"Bearer {server.api_key}"}
    body = {
        "projectId": server.project_id,
        "name": "November",
        "conversationId": email["conversationId"],
        "from": "news@acme.example",
        "fromName": "Acme",
        "recipientType": "tag",
        "recipientId": tag,
    }
    with requests.Session() as client:
        client.trust_env = False
        made = client.post(f"{server.url}/v1/campaigns", json=body, headers=headers, timeout=5).json()
        sent = client.post(f"{server.url}/v1/campaigns/{made['data']['id']}/send", headers=headers, timeout=5)
    server.drain()
    batch = sent.json()["data"]["batchId"]
    ids = {"projects": server.project_id, "contacts": contact["id"], "tags": tag, "segments": segment}
    ids |= {"topics": topic, "emails": email["emailId"], "campaigns": made["data"]["id"], "sending": batch}
    named = {"projectId": server.project_id, "recipientId": tag, "segmentId": segment, "topicId": topic}
    named |= {"emailId": email["emailId"], "conversationId": email["conversationId"], "tag": tag}
    return ids | named | {"subscriberId": contact["id"], "domain": "acme.example"}


def fill_in(case: Any, known: Known, draw: Callable[[Any], Any]) -> None:
    """Have about half of the ids of a request be ones that the account knows."""
    first = case.path.split("/")[2]
    for name in case.path_parameters or {}:
        found = known.get("conversationId" if name == "conversation_id" else name) or known.get(first)
        if found and draw(st.booleans()):
            case.path_parameters[name] = found
    for part in (case.query, case.body):
        for name in known.keys() & part.keys() if isinstance(part, dict) else ():
            if isinstance(part[name], str) and draw(st.booleans()):
                part[name] = known[name]


def try_out(
    server: SandboxServer, name: str, session: requests.Session, examples: int, checks: list[Any]
) -> None:
    """Make requests of one operation, sound and unsound ones, and judge each answer."""
    known = inhabit(server)
    headers = {"Authorization": f"Bearer {server.api_key}"}
    method, path = name.split(" ")
    operation = schemathesis.openapi.from_url(f"{server.url}/openapi.json")[path][method]

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],  # making a failure small would take longer than all the rest
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def each(data: st.DataObject) -> None:
        sound = data.draw(st.sampled_from([True, True, False]))
        if sound or not (operation.body or operation.query):
            case = data.draw(operation.as_strategy(MODES[0]))
            fill_in(case, known, data.draw)
        else:
            case = data.draw(operation.as_strategy(MODES[1]))
        case.call_and_validate(session=session, headers=headers, checks=checks, timeout=10)

    each()


@pytest.mark.parametrize("name", NAMES)
def test_every_answer_is_one_that_the_document_tells_of(
    serve: Callable[..., SandboxServer], session: requests.Session, name: str
) -> None:
    """Sound requests and unsound ones get a documented status, type, head and body, and never a crash."""
    try_out(serve(batch_seconds=0, import_seconds=0), name, session, 12, CHECKS)


@pytest.mark.proof
@pytest.mark.parametrize("strict", [False, True], ids=["permissive", "strict"])
@pytest.mark.parametrize("name", NAMES)
def test_every_answer_is_one_that_the_document_tells_of_at_length(
    serve: Callable[..., SandboxServer], session: requests.Session, name: str, *, strict: bool
) -> None:
    """The same with many more requests, and where everything is enforced."""
    try_out(serve(batch_seconds=0, import_seconds=0, strict=strict), name, session, 150, CHECKS)

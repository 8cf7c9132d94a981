"""The sandbox keeps to its own OpenAPI document: schemathesis makes requests of it and judges the answers."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    positive_data_acceptance,
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
LATER = "2099-01-01T00:00:00Z"
#: Operations of which a sound body alone is not accepted, with what they want besides.
WANTING = {
    "POST /v1/campaigns/{id}/send": "a campaign that has not gone",
    "POST /v1/campaigns/{id}/schedule": "a campaign that has not gone, a time to come and a time zone",
    "POST /v1/campaigns/{id}/cancel": "a campaign that is to come or goes",
    "POST /v1/contacts/status": "tags where allLists is false",
    "POST /v1/contacts/imports": "a file that is CSV and a map of its columns",
}
#: What schemathesis says of each fault.
FOUND = {
    "status": "Undocumented status code",
    "type": "Undocumented Content-Type",
    "field": "violates schema",
}
Known = dict[str, str]


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """A session that asks no proxy."""
    with requests.Session() as kept:
        kept.trust_env = False
        yield kept


def inhabit(server: SandboxServer, session: requests.Session, *, jobs: bool) -> Known:
    """Put one of everything into an account.

    Returns their ids by the names that paths, queries and bodies have for them, and by the first word of a
    path for its ``id``; campaigns in each status by the step that it allows.
    """

    def ask(path: str, **request: Any) -> Any:
        headers = {"Authorization": f"Bearer {server.api_key}"}
        return session.post(f"{server.url}/v1/{path}", headers=headers, timeout=30, **request).json()["data"]

    topic = server.add_topic("News")["id"]
    contact = server.add_contact("ann@customer.example", tags=["vip"], first_name="Ann", country="NZ")
    segment = server.add_segment("Everybody")["id"]
    email = server.add_email("Hello {{firstName}}", "<p>Hello</p>")
    server.add_domain("acme.example")
    tag = server.tags()[0]["id"]
    campaign = {
        "projectId": server.project_id,
        "name": "November",
        "conversationId": email["conversationId"],
        "from": "news@acme.example",
        "fromName": "Acme",
        "recipientType": "tag",
        "recipientId": tag,
    }
    sent, draft, planned = (ask("campaigns", json=campaign)["id"] for _ in range(3))
    batch = ask(f"campaigns/{sent}/send")["batchId"]
    ask(f"campaigns/{planned}/schedule", json={"scheduledAt": LATER})
    server.drain()
    known = {"projects": server.project_id, "contacts": contact["id"], "tags": tag, "segments": segment}
    known |= {"topics": topic, "campaigns": sent, "send": draft, "schedule": draft, "cancel": planned}
    known |= {"batch_id": batch, "email_id": email["emailId"], "conversation_id": email["conversationId"]}
    known |= {"projectId": server.project_id, "recipientId": tag, "segmentId": segment, "topicId": topic}
    known |= {"emailId": email["emailId"], "conversationId": email["conversationId"], "tag": tag}
    known |= {"subscriberId": contact["id"], "domain": "acme.example", "email": contact["email"]}
    known |= {"from": "news@acme.example", "scheduledAt": LATER, "scheduledTimezone": "UTC"}
    known |= {"columnMap": '{"email": "email"}', "file": "email\nbob@customer.example\n"}
    if jobs:
        people = [{"email": f"p{number}@customer.example"} for number in range(5001)]
        rows = {"projectId": server.project_id, "subscribers": people}
        known["job_id"] = ask("contacts/bulk", json=rows)["jobId"]
        form = {"projectId": server.project_id, "columnMap": known["columnMap"]}
        known["imports"] = ask("contacts/imports", data=form, files={"file": known["file"]})["id"]
    return known


def fill_in(case: Any, known: Known, draw: Callable[[Any], Any]) -> None:
    """Have about half of the ids of a request be ones that the account knows."""
    words = [word for word in case.path.split("/") if word and not word.startswith("{")]
    for name in case.path_parameters or {}:
        found = next((known[word] for word in [name, *reversed(words)] if word in known), None)
        if found and draw(st.booleans()):
            case.path_parameters[name] = found
    for part in (case.query, case.body):
        for name in known.keys() & part.keys() if isinstance(part, dict) else ():
            if isinstance(part[name], str | bytes) and draw(st.booleans()):
                part[name] = known[name]


def try_out(
    server: SandboxServer,
    name: str,
    session: requests.Session,
    examples: int,
    *,
    accepts: bool = True,
    alter: Callable[[dict[str, Any]], None] = lambda document: None,  # noqa: ARG005 - nothing is altered
) -> None:
    """Make requests of one operation, sound and unsound ones, and judge each answer.

    Args:
        server: Where.
        name: Method and path of the operation.
        session: Sends the requests.
        examples: How many.
        accepts: Whether the server takes every sound request that names nothing unknown.
        alter: Changes the document that the answers are judged by.
    """
    headers = {"Authorization": f"Bearer {server.api_key}"}
    known = inhabit(server, session, jobs="job_id" in name or "imports/{id}" in name)
    document = session.get(f"{server.url}/openapi.json", timeout=30).json()
    alter(document)
    method, path = name.split(" ")
    operation = schemathesis.openapi.from_dict(document)[path][method]
    checks = CHECKS + ([positive_data_acceptance] if accepts and name not in WANTING else [])

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
            case = data.draw(operation.as_strategy(schemathesis.GenerationMode.POSITIVE))
            fill_in(case, known, data.draw)
        else:
            case = data.draw(operation.as_strategy(schemathesis.GenerationMode.NEGATIVE))
        case.call_and_validate(server.url, session, headers, checks, timeout=60)

    each()


@pytest.mark.parametrize("name", NAMES)
def test_every_answer_is_one_that_the_document_tells_of(
    serve: Callable[..., SandboxServer], session: requests.Session, name: str
) -> None:
    """Every request gets a documented status, type, head and body; no sound one is called unsound."""
    try_out(serve(batch_seconds=0, import_seconds=0), name, session, 6)


@pytest.mark.proof
@pytest.mark.parametrize("strict", [False, True], ids=["permissive", "strict"])
@pytest.mark.parametrize("name", NAMES)
def test_every_answer_is_one_that_the_document_tells_of_at_length(
    serve: Callable[..., SandboxServer], session: requests.Session, name: str, *, strict: bool
) -> None:
    """The same with many more requests, and where everything is enforced."""
    try_out(serve(batch_seconds=0, import_seconds=0, strict=strict), name, session, 60, accepts=not strict)


@pytest.mark.parametrize("fault", ["status", "type", "field"])
def test_an_answer_that_the_document_does_not_tell_of_is_found(
    serve: Callable[..., SandboxServer], session: requests.Session, fault: str
) -> None:
    """A check that cannot fail is none: here the document is made wrong."""
    name = "GET /v1/tags"

    def alter(document: dict[str, Any]) -> None:
        responses = document["paths"]["/v1/tags"]["get"]["responses"]
        if fault == "status":
            del responses["400"]
        elif fault == "type":
            responses["200"]["content"] = {"text/html": {"schema": {"type": "string"}}}
        else:
            document["components"]["schemas"]["Tag"]["properties"]["name"] = {"type": "integer"}

    with pytest.raises(FailureGroup, match=FOUND[fault]):
        try_out(serve(), name, session, 20, alter=alter)

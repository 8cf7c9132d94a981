"""Each fact S1 to S21 of the specification through our own client and plans, against the strict sandbox."""

from collections.abc import Iterator
from typing import Any

import pytest

import migma_nb as mg


@pytest.fixture
def sandbox() -> Iterator[mg.Sandbox]:
    """Return a strict account whose one verified domain is acme.example."""
    with mg.Sandbox(strict=True, domains=["acme.example"]) as made:
        made.server.add_contact("ann@c.example", tags=["news"])
        made.server.add_contact("una@c.example", tags=["news"], status="unsubscribed")
        made.server.add_contact("bob@c.example", tags=["news"], status="bounced")
        yield made


def single(sandbox: mg.Sandbox, **changes: Any) -> dict[str, Any]:
    """Return the fields of a send to Ann; None takes a field away."""
    fields = {
        "recipient_type": "email",
        "recipient_email": "ann@c.example",
        "from_": "billing@acme.example",
        "from_name": "Acme",
        "subject": "Hello",
        "template": "<p>Hi {{name}}</p>",
        "project_id": sandbox.server.project_id,
    }
    return {name: value for name, value in (fields | changes).items() if value is not None}


def batch(sandbox: mg.Sandbox, **changes: Any) -> dict[str, Any]:
    """Return the fields of a send to the tag `news`."""
    target = {"recipient_type": "tag", "recipient_id": sandbox.server.add_tag("news")["id"]}
    return single(sandbox, recipient_email=None, **target | changes)


def reached(sandbox: mg.Sandbox) -> set[str]:
    """Return who got mail."""
    return set(sandbox.outbox["to"])


def listed(sandbox: mg.Sandbox) -> set[bool]:
    """Return whether the mails carry List-Unsubscribe."""
    return {"List-Unsubscribe" in headers for headers in sandbox.outbox["headers"]}


def test_s01_s09_one_call_reaches_one_person_an_audience_a_segment_or_a_tag(sandbox: mg.Sandbox) -> None:
    """All four recipient types, one call each."""
    client = sandbox.client()
    segment = sandbox.server.add_segment("readers", tags=["news"])["id"]
    client.send(**single(sandbox, recipient_email="one@c.example"))
    for kind in ("audience", "segment"):
        answer = client.send(**batch(sandbox, recipient_type=kind, recipient_id=segment))
        assert answer.batch_id is not None
    client.send(**batch(sandbox))
    assert 4 == len(sandbox.server.requests())
    assert ["ann@c.example"] * 3 + ["one@c.example"] == sorted(sandbox.outbox["to"])


def test_s02_accepted_means_queued_and_not_delivered(sandbox: mg.Sandbox) -> None:
    """The answer comes at once, with its own word."""
    sandbox.server.pause_queue()
    assert "queued" == sandbox.client().send(**single(sandbox)).status
    assert [] == sandbox.server.outbox()
    sandbox.server.resume_queue()


def test_s03_s14_s17_s18_a_conversation_stands_in_for_template_and_project(sandbox: mg.Sandbox) -> None:
    """It resolves both; without it both are required, and one that is unknown is refused."""
    stored = sandbox.server.add_email("Stored", "<p>Stored</p>")
    client = sandbox.client()
    without = {"template": None, "project_id": None}
    client.send(**single(sandbox, conversation_id=stored["conversationId"], **without))
    assert "<p>Stored</p>" in sandbox.outbox["html"].iloc[0]
    for field, rule in (("template", "S14"), ("project_id", "S17")):
        with pytest.raises(mg.InputError, match=rule):
            client.send(**single(sandbox, **{field: None}))
    with pytest.raises(mg.RefusedError):
        client.send(**single(sandbox, conversation_id="nowhere", **without))


@pytest.mark.parametrize(
    ("given", "one", "many"), [(None, False, True), (True, False, False), (False, True, True)]
)
def test_s04_s05_s06_s19_defaults_and_the_override(
    sandbox: mg.Sandbox, given: bool | None, *, one: bool, many: bool
) -> None:
    """A single is transactional, a batch marketing; what is said explicitly holds for both."""
    sandbox.client().send(**single(sandbox, transactional=given))
    assert {one} == listed(sandbox)
    with mg.Sandbox(strict=True, domains=["acme.example"]) as other:
        other.server.add_contact("ann@c.example", tags=["news"])
        other.client().send(**batch(other, transactional=given))
        assert {many} == listed(other)


def test_s07_s08_the_key_must_be_there_and_may_send(sandbox: mg.Sandbox) -> None:
    """No permission and no such key are the account's problem, told apart."""
    reader = mg.Migma(sandbox.server.make_key(["email:read"]), base_url=sandbox.url)
    stranger = mg.Migma("mgma_sk_test_stranger", base_url=sandbox.url)
    for client, status in ((reader, 403), (stranger, 401)):
        with pytest.raises(mg.AccountError) as caught:
            client.send(**single(sandbox))
        assert status == caught.value.status
    mg.Migma(sandbox.server.make_key(["EMAIL_SEND"]), base_url=sandbox.url).send(**single(sandbox))


def test_s10_s11_the_sender_is_named_and_on_a_verified_domain(sandbox: mg.Sandbox) -> None:
    """Another domain is refused by the API, a missing name by us; the mail shows both."""
    client = sandbox.client()
    with pytest.raises(mg.RefusedError, match="S10"):
        client.send(**single(sandbox, from_="a@elsewhere.example"))
    with pytest.raises(mg.InputError, match="fromName"):
        client.send(**single(sandbox, from_name=None))
    client.send(**single(sandbox))
    assert ("billing@acme.example", "Acme") == tuple(sandbox.outbox.loc[0, ["from", "from_name"]])


def test_s12_s13_recipients_are_required_by_their_type(sandbox: mg.Sandbox) -> None:
    """An ID for batches, an address for singles; nothing leaves without."""
    for fields, rule in (
        (batch(sandbox, recipient_id=None), "S12"),
        (single(sandbox, recipient_email=None), "S13"),
    ):
        with pytest.raises(mg.InputError, match=rule):
            sandbox.client().send(**fields)
    assert [] == sandbox.server.requests()


def test_s15_variables_fill_the_template(sandbox: mg.Sandbox) -> None:
    """Each person reads their own."""
    sandbox.client().send(**single(sandbox, variables={"name": "Ann"}))
    assert "<p>Hi Ann</p>" in sandbox.outbox["html"].iloc[0]


def test_s16_an_external_provider_must_be_connected(sandbox: mg.Sandbox) -> None:
    """Migma's own sending is the default."""
    client = sandbox.client()
    with pytest.raises(mg.RefusedError, match="S16"):
        client.send(**single(sandbox, provider_type="ses"))
    sandbox.server.connect_provider("ses")
    assert "ses" == client.send(**single(sandbox, provider_type="ses")).provider
    assert "migma" == client.send(**single(sandbox)).provider


@pytest.mark.parametrize(
    ("transactional", "expected"), [(None, {"ann@c.example"}), (True, {"ann@c.example", "una@c.example"})]
)
def test_s20_s21_consent_holds_for_marketing_and_bounces_for_all(
    sandbox: mg.Sandbox, transactional: bool | None, expected: set[str]
) -> None:
    """Unsubscribed people get transactional mail only, bounced ones none, through a plan."""
    plan = mg.plan(
        mg.Tag(sandbox.server.add_tag("news")["id"]),
        mailing="m",
        sender="Acme <billing@acme.example>",
        subject="Hello",
        template="<p>Hi</p>",
        project_id=sandbox.server.project_id,
        transactional=transactional,
    )
    run = plan.send(sandbox.client(), progress=False)
    assert expected == reached(sandbox)
    assert {transactional is None} == listed(sandbox)
    assert len(expected) == run.frame["batch_sent"].iloc[0]

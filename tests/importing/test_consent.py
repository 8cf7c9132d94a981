"""Nobody who has left is subscribed again by an import, unless that is what was asked for."""

from collections.abc import Callable

import pytest

import migma_nb as mg
from migma_nb.sandbox import SandboxServer
from tests.importing.lists import TAG, asked, data, people
from tests.servers.answering import AnsweringServer, Reply, Request

Serve = Callable[..., tuple[SandboxServer, mg.Migma]]


def status_of(server: SandboxServer, address: str) -> str:
    """Return a contact's status at the server."""
    return {str(one["email"]): str(one["status"]) for one in server.contacts()}[address]


@pytest.mark.parametrize("columns", [{}, {"status": ["subscribed"] * 3}, {"status": ["active"] * 3}])
@pytest.mark.parametrize("status", ["unsubscribed", "bounced", "complained", "non-subscribed"])
def test_an_unsubscribed_person_stays_unsubscribed(
    sandbox: mg.Sandbox, columns: dict[str, list[str]], status: str
) -> None:
    """Also where the list says otherwise: the sandbox would write over what it holds."""
    sandbox.server.add_contact("p1@d1.example", status=status)
    result = mg.import_contacts(
        people(3, **columns), sandbox.client(), tag=TAG, account="rows", progress=False
    )
    assert status == status_of(sandbox.server, "p1@d1.example")
    assert ["subscribed", status, "subscribed"] == result.frame["contact_status"].tolist()
    assert f"marketing mail leaves out 1 {status}" in result.summary()


def test_leaving_is_always_passed_on(sandbox: mg.Sandbox) -> None:
    """A list may unsubscribe people, and running it again changes nothing that came after."""
    sandbox.server.add_contact("p1@d1.example")
    frame = people(3, status=["subscribed", "unsubscribed", None])
    mg.import_contacts(frame, sandbox.client(), tag=TAG, progress=False)
    assert "unsubscribed" == status_of(sandbox.server, "p1@d1.example")
    sandbox.server.add_contact("p1@d1.example", status="subscribed")
    mg.import_contacts(frame, sandbox.client(), tag=TAG, progress=False)
    assert "subscribed" == status_of(sandbox.server, "p1@d1.example")


def test_resubscribing_is_asked_for_and_confirmed(serve: Serve) -> None:
    """Live only with the number of people; then it is done."""
    server, client = serve()
    server.add_contact("p1@d1.example", status="unsubscribed")
    plan = mg.plan_import(people(3), tag=TAG, resubscribe=True)
    for confirm in (None, 2):
        with pytest.raises(mg.ConfirmationError, match="also those who have unsubscribed") as raised:
            plan.send(client, confirm=confirm, progress=False)
        assert "confirm=3" in str(raised.value)
    assert 0 == asked(server)["POST /v1/contacts/bulk"]
    plan.send(client, confirm=3, progress=False)
    assert "subscribed" == status_of(server, "p1@d1.example")


def test_a_plain_live_import_needs_no_confirm(serve: Serve) -> None:
    """It mails nobody; it says where it goes."""
    server, client = serve()
    result = mg.import_contacts(people(3), client, tag=TAG, progress=False)
    assert {"accepted": 3} == dict(result.counts)
    assert "(LIVE)" in result.summary()
    assert "nobody was mailed" in result.summary()
    assert [] == server.outbox()


@pytest.mark.usefixtures("fives")
def test_an_api_that_subscribes_whoever_is_imported_is_noticed_after_the_first_request(place: str) -> None:
    """What an import without a status does is not documented; the rest of the list is not risked."""
    unsubscribed = [40, 37]

    def answer(request: Request) -> Reply:
        if request.method == "POST":
            return data({"success": 5, "failed": 0})
        if "status=unsubscribed" in request.path:
            return data([], count=unsubscribed.pop(0))
        return data([], count=0)

    with AnsweringServer(answer) as server:
        client = mg.Migma("a-key", base_url=server.url, rate="500/second")
        run = mg.import_contacts(people(12), client, tag=TAG, project_id="p", ledger=place, progress=False)
    assert (mg.RunState.HALTED, {"accepted": 5, "not_sent": 7}) == (run.state, dict(run.counts))
    assert "3 people are no longer unsubscribed, although no status was sent" in run.summary()
    assert 1 == sum(request.method == "POST" for request in server.requests)


@pytest.mark.parametrize("odd", ["cleaned", "unsubscribe", 5])
def test_a_status_that_is_one_only_in_part_is_a_question(sandbox: mg.Sandbox, odd: object) -> None:
    """Taken for a custom field it would subscribe those who have unsubscribed."""
    frame = people(3, status=["unsubscribed", "subscribed", odd])
    with pytest.raises(mg.InputError, match=rf"says 'unsubscribed' of some and '{odd}' of others"):
        mg.import_contacts(frame, sandbox.client(), tag=TAG, progress=False)
    assert 0 == len(sandbox.contacts)
    plan = mg.plan_import(people(3, status=["open", "closed", odd]), tag=TAG)
    assert 3 == plan.people

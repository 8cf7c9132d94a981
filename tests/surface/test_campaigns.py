"""Campaigns from a plan: made once, sent once, and settled by what Migma says of them."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import httpx
import pandas as pd
import pytest

import migma_nb as mg
from migma_nb.api.campaigns import fetch
from migma_nb.api.resources import CampaignInfo
from migma_nb.api.settings import Settings
from migma_nb.sandbox import SandboxServer
from tests.servers.answering import AnsweringServer, Reply, Request

PEOPLE = 5
BERLIN = ZoneInfo("Europe/Berlin")
NEXT_YEAR = datetime.now(UTC).year + 1
OPTIONS: dict[str, Any] = {
    "mailing": "newsletter",
    "sender": "Acme <news@acme.example>",
    "subject": "News of {{season}}",
    "variables": {"season": "spring"},
}


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Look at a campaign without long pauses; a live client's ledger is the test's own."""
    monkeypatch.setattr("migma_nb.sending.campaign_runs.LOOK_WAIT_S", 0.02)
    monkeypatch.setattr("migma_nb.surface.campaign.FIRST_WAIT_S", 0.02)
    monkeypatch.setenv("MIGMA_LEDGER", str(tmp_path / "ledger.sqlite3"))


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    """An account with a tag of five and an email; its batches take no time."""
    with SandboxServer(strict=True, domains=["acme.example"], batch_seconds=0) as made:
        for n in range(PEOPLE):
            made.add_contact(f"p{n}@d.example", tags=["VIP"])
        made.add_email("Stored", "<p>{{season}}</p>", conversation_id="c1")
        yield made


@pytest.fixture
def client(server: SandboxServer) -> mg.Migma:
    """A client that counts as live."""
    return mg.Migma(server.api_key, base_url=server.url, timeout=5)


@pytest.fixture
def plan(client: mg.Migma) -> Callable[..., mg.SendPlan]:
    """Returns a function that plans the newsletter to the tag, with changes."""

    def make(target: Any = None, **changes: Any) -> mg.SendPlan:
        return mg.plan(target or client.tag("VIP"), **{"conversation_id": "c1", **OPTIONS, **changes})

    return make


def test_making_a_campaign_mails_nobody(
    server: SandboxServer, client: mg.Migma, plan: Callable[..., mg.SendPlan]
) -> None:
    """It is a draft, named as the mailing is, with what the plan says."""
    campaign = plan().campaign(client)
    assert ("draft", PEOPLE) == (campaign.status, campaign.estimated_recipients)
    assert ("newsletter", "News of {{season}}", "tag") == (
        campaign.info.name,
        campaign.info.subject,
        campaign.info.recipient_type,
    )
    assert {"season": "spring"} == campaign.info.variables
    server.drain()
    assert ([], 0) == (server.outbox(), len(mg.history()))


def test_a_campaign_goes_once_however_often_its_cell_runs(
    server: SandboxServer, client: mg.Migma, plan: Callable[..., mg.SendPlan]
) -> None:
    """The same lines again find the campaign, and the ledger knows that it went."""
    states = []
    for _ in range(3):
        campaign = plan().campaign(client)
        run = campaign.send(confirm=PEOPLE)
        states.append(run.frame["state"].tolist())
    server.drain()
    assert [["accepted"], ["already_sent"], ["already_sent"]] == states
    assert 1 == len(client.campaigns())
    assert [f"p{n}@d.example" for n in range(PEOPLE)] == sorted(one["to"] for one in server.outbox())
    assert {"newsletter"} == set(mg.history()["mailing"])
    assert "Nobody was mailed: the batch was mailed on" in run.summary()
    assert "sent" == campaign.wait(10).status


def test_a_campaign_and_a_batch_of_one_mailing_are_one(
    server: SandboxServer, client: mg.Migma, plan: Callable[..., mg.SendPlan]
) -> None:
    """Whichever goes first, the other mails nobody; another target in the mailing is a question."""
    plan().campaign(client).send(confirm=PEOPLE)
    run = plan().send(client, confirm=PEOPLE, progress=False)
    assert ["already_sent"] == run.frame["state"].tolist()
    server.drain()
    assert PEOPLE == len(server.outbox())
    server.add_contact("other@d.example", tags=["Other"])
    other = plan(client.tag("Other")).campaign(client, name="second")
    with pytest.raises(mg.InputError, match="already holds the batch tag:"):
        other.send(confirm=1)
    assert "draft" == other.refresh().status


def test_a_live_campaign_needs_the_number_of_its_people(
    client: mg.Migma, plan: Callable[..., mg.SendPlan]
) -> None:
    """It is read from Migma, named in the error, and nothing else will do."""
    campaign = plan().campaign(client)
    for wrong in (None, PEOPLE + 1, True, "5"):
        with pytest.raises(mg.ConfirmationError, match=rf"{PEOPLE} people .*LIVE.*confirm={PEOPLE}"):
            campaign.send(confirm=wrong)
    with pytest.raises(mg.ConfirmationError, match=rf"at {NEXT_YEAR}-.*schedule\(at=…, confirm={PEOPLE}"):
        campaign.schedule(datetime(NEXT_YEAR, 1, 2, 9, tzinfo=BERLIN))
    assert ("draft", 0) == (campaign.refresh().status, len(mg.history()))


def test_a_campaigns_preflight_can_be_left_out(
    client: mg.Migma, plan: Callable[..., mg.SendPlan], server: SandboxServer
) -> None:
    """By default the sender's domain is looked at before it goes; with `preflight=False` Migma decides."""
    server.add_domain("late.example", verified=False)
    campaign = plan(sender="Acme <news@late.example>").campaign(client)
    with pytest.raises(mg.InputError, match=r"late\.example is not verified"):
        campaign.send(confirm=PEOPLE)
    assert 0 == len(mg.history())
    campaign.send(confirm=PEOPLE, preflight=False)
    assert 1 == len(mg.history())


def test_a_sandbox_needs_no_number() -> None:
    """Nobody real is mailed; a number that is given must be right all the same."""
    with mg.Sandbox() as sandbox:
        sandbox.server.add_contact("a@d.example", tags=["T"])
        held = sandbox.server.add_email("s", "<p>x</p>")
        client = sandbox.client()
        plan = mg.plan(client.tag("T"), **OPTIONS, conversation_id=held["conversationId"])
        campaign = plan.campaign(client)
        with pytest.raises(mg.ConfirmationError, match="1 person in tag"):
            campaign.send(confirm=2)
        assert ["accepted"] == campaign.send().frame["state"].tolist()


@pytest.mark.parametrize("fault", ["accept_then_drop", "garbled_json", "error_500_after_accept"])
def test_a_lost_answer_is_settled_by_the_campaigns_own_status(
    server: SandboxServer, client: mg.Migma, plan: Callable[..., mg.SendPlan], fault: str
) -> None:
    """It went, Migma says so, and the record says how that is known; it is not sent again."""
    campaign = plan().campaign(client)
    server.set_faults({fault: 1.0})
    run = campaign.send(confirm=PEOPLE)
    server.set_faults({})
    row = run.frame.iloc[0]
    assert ("accepted", "reconciled") == (row["state"], row["reason"])
    assert "no answer came, but the campaign" in row["detail"]
    assert ["already_sent"] == campaign.send(confirm=PEOPLE).frame["state"].tolist()
    server.drain()
    assert PEOPLE == len(server.outbox())


def test_a_call_that_never_arrived_is_made_again_only_when_that_is_certain(
    server: SandboxServer, client: mg.Migma, plan: Callable[..., mg.SendPlan], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A draft shortly after is no proof; one a minute later is, and then the number is asked for again."""
    campaign = plan().campaign(client)
    server.set_faults({"drop_before_accept": 1.0})
    assert ["unknown"] == campaign.send(confirm=PEOPLE).frame["state"].tolist()
    server.set_faults({})
    calls = len(_posts(server))
    assert ["unknown"] == campaign.send(confirm=PEOPLE).frame["state"].tolist()
    assert calls == len(_posts(server))
    monkeypatch.setattr("migma_nb.sending.campaign_runs.SETTLED_AFTER_S", 0.0)
    with pytest.raises(mg.ConfirmationError):
        campaign.send()
    assert ["accepted"] == campaign.send(confirm=PEOPLE).frame["state"].tolist()
    server.drain()
    assert PEOPLE == len(server.outbox())


def test_a_doubt_is_settled_by_a_later_look(
    server: SandboxServer, client: mg.Migma, plan: Callable[..., mg.SendPlan], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing can be read at first, `refresh` settles it."""
    campaign = plan().campaign(client)
    monkeypatch.setattr("migma_nb.sending.campaign_runs.LOOKS", 0)
    server.set_faults({"accept_then_drop": 1.0})
    run = campaign.send(confirm=PEOPLE)
    server.set_faults({})
    assert ["unknown"] == run.frame["state"].tolist()
    campaign.refresh()
    assert [("accepted", "reconciled")] == list(zip(run.frame["state"], run.frame["reason"], strict=True))


def test_a_send_whose_process_died_is_settled_by_the_next_one(
    server: SandboxServer, client: mg.Migma, plan: Callable[..., mg.SendPlan]
) -> None:
    """The kernel is killed while the call is in flight; the same lines again find out that it went."""
    plan().campaign(client)
    server.set_faults({"silence_after_accept": 1.0})
    lines = f"""
import migma_nb as mg
client = mg.Migma({server.api_key!r}, base_url={server.url!r})
plan = mg.plan(client.tag("VIP"), conversation_id="c1", **{OPTIONS!r})
plan.campaign(client).send(confirm={PEOPLE})
"""
    with subprocess.Popen([sys.executable, "-c", lines]) as process:
        until = time.monotonic() + 60
        while not server.batches() and time.monotonic() < until:
            time.sleep(0.05)
        process.kill()
    server.set_faults({})
    run = plan().campaign(client).send(confirm=PEOPLE)
    assert ["already_sent"] == run.frame["state"].tolist()
    assert ["died", "finished"] == sorted(mg.history()["state"])
    server.drain()
    assert PEOPLE == len(server.outbox())


def test_a_campaign_that_somebody_else_sent_is_not_sent_again(
    server: SandboxServer, client: mg.Migma, plan: Callable[..., mg.SendPlan], tmp_path: Path
) -> None:
    """Another ledger's doing, or the dashboard's: this one has no record of it, and asks."""
    campaign = plan().campaign(client)
    campaign.send(confirm=PEOPLE)
    other = plan().campaign(client, ledger=tmp_path / "other.sqlite3")
    with pytest.raises(mg.InputError, match=r"is '(sending|sent)' at Migma, and not by this ledger"):
        other.send(confirm=PEOPLE)
    server.drain()
    assert PEOPLE == len(server.outbox())


def test_a_refused_campaign_goes_once_the_cause_is_mended(
    server: SandboxServer, client: mg.Migma, plan: Callable[..., mg.SendPlan]
) -> None:
    """The refusal is on record; the same line sends it afterwards."""
    campaign = plan(provider="ses").campaign(client)
    run = campaign.send(confirm=PEOPLE)
    assert ["refused"] == run.frame["state"].tolist()
    server.connect_provider("ses")
    assert ["accepted"] == campaign.send(confirm=PEOPLE).frame["state"].tolist()
    server.drain()
    assert PEOPLE == len(server.outbox())


def test_a_scheduled_campaign_goes_at_its_moment_and_is_claimed_at_once(
    server: SandboxServer, client: mg.Migma, plan: Callable[..., mg.SendPlan]
) -> None:
    """It is one batch of its mailing from the moment it is scheduled."""
    campaign = plan().campaign(client)
    at = datetime.now(BERLIN).replace(microsecond=0) + timedelta(days=2)
    assert ["accepted"] == campaign.schedule(at, confirm=PEOPLE).frame["state"].tolist()
    assert ("scheduled", at) == (campaign.status, campaign.info.scheduled_at)
    assert "Europe/Berlin" == campaign.info.scheduled_timezone
    assert ["already_sent"] == campaign.send(confirm=PEOPLE).frame["state"].tolist()
    assert [] == server.outbox()
    server.advance(2 * 86_400.0 + 60.0)
    assert "sent" == campaign.wait(10).status
    assert PEOPLE == len(server.outbox())


def test_a_run_says_how_its_scheduled_campaign_stands(
    server: SandboxServer, client: mg.Migma, plan: Callable[..., mg.SendPlan]
) -> None:
    """`refresh` asks the campaign itself, before and after its moment, also where the run was opened anew."""
    at = datetime.now(BERLIN) + timedelta(days=2)
    run = plan().campaign(client).schedule(at, confirm=PEOPLE)
    again = plan().send(client, confirm=PEOPLE, progress=False)
    run.refresh()
    assert (["scheduled"], [f"the campaign is scheduled for {at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"]) == (
        run.frame["api_status"].tolist(),
        run.frame["detail"].tolist(),
    )
    server.advance(2 * 86_400.0 + 60.0)
    server.drain()
    for one in (run, again, mg.open_run(run.id)):
        one.refresh(client)
        assert ["sent"] == one.frame["api_status"].tolist()
        assert "sent when last asked" in one.summary()
    assert f"by run {run.id}" in again.frame["detail"].iloc[0]
    assert PEOPLE == len(server.outbox())


def test_a_run_whose_campaign_cannot_be_read_says_so(
    server: SandboxServer, client: mg.Migma, plan: Callable[..., mg.SendPlan]
) -> None:
    """A key without the permission leaves what is known, and is told so: no stale word passes for fresh."""
    run = plan().campaign(client).schedule(datetime.now(BERLIN) + timedelta(days=2), confirm=PEOPLE)
    blind = mg.Migma(server.make_key(["audience:read"]), base_url=server.url)
    with pytest.raises(mg.AccountError, match="permission"):
        run.refresh(blind)


def test_a_scheduled_campaign_is_taken_back(
    server: SandboxServer, client: mg.Migma, plan: Callable[..., mg.SendPlan]
) -> None:
    """Nobody is mailed, and its mailing stays used."""
    campaign = plan().campaign(client)
    campaign.schedule(datetime.now(UTC) + timedelta(days=1), confirm=PEOPLE)
    assert "cancelled" == campaign.cancel().status
    server.advance(2 * 86_400.0)
    server.drain()
    assert [] == server.outbox()
    assert ["already_sent"] == campaign.send(confirm=PEOPLE).frame["state"].tolist()
    with pytest.raises(mg.RefusedError, match="Could not cancel") as caught:
        plan(mailing="other").campaign(client).cancel()
    assert 400 == caught.value.status


@pytest.mark.parametrize(
    ("at", "why"),
    [
        (datetime(NEXT_YEAR, 1, 2, 9), r"no time zone.*ZoneInfo"),  # noqa: DTZ001 - that it is naive is the point
        ("tomorrow", "is no datetime"),
        (datetime(2020, 1, 1, tzinfo=UTC), "has passed"),
        (datetime(2027, 3, 28, 2, 30, tzinfo=BERLIN), "clocks go forward"),
    ],
)
def test_a_moment_that_is_none_is_refused(
    client: mg.Migma, plan: Callable[..., mg.SendPlan], at: Any, why: str
) -> None:
    """Before anything is posted, with what to write."""
    campaign = plan().campaign(client)
    with pytest.raises(mg.InputError, match=why):
        campaign.schedule(at, confirm=PEOPLE)
    assert "draft" == campaign.refresh().status


@pytest.mark.parametrize(
    ("at", "wire"),
    [
        (
            datetime(NEXT_YEAR, 1, 2, 9, tzinfo=BERLIN),
            {"scheduledAt": f"{NEXT_YEAR}-01-02T09:00:00+01:00", "scheduledTimezone": "Europe/Berlin"},
        ),
        (
            datetime(NEXT_YEAR, 1, 2, 9, tzinfo=timezone(timedelta(hours=2))),
            {"scheduledAt": f"{NEXT_YEAR}-01-02T07:00:00+00:00", "scheduledTimezone": "UTC"},
        ),
        (
            pd.Timestamp(f"{NEXT_YEAR}-07-02 09:00", tz="America/New_York"),
            {"scheduledAt": f"{NEXT_YEAR}-07-02T09:00:00-04:00", "scheduledTimezone": "America/New_York"},
        ),
    ],
)
def test_the_wire_has_the_moment_and_the_name_of_its_zone(at: Any, wire: dict[str, str]) -> None:
    """ISO 8601 with the offset; a zone without a name is written as UTC. No number is told: the plan's id."""
    posted: list[Request] = []
    info = {"id": "k1", "status": "draft", "name": "newsletter"}

    def answer(request: Request) -> Reply:
        path = urlsplit(request.path).path
        if request.method == "POST" and path.endswith("/schedule"):
            posted.append(request)
            return _data(info | {"status": "scheduled"})
        if path.endswith("/tags/t1"):
            return Reply(403, b'{"success":false,"error":"no"}')
        return _data({"campaigns": []} if path.endswith("/campaigns") and request.method == "GET" else info)

    with AnsweringServer(answer) as server:
        client = mg.Migma("key", base_url=server.url)
        plan = mg.plan(mg.Tag("t1"), **OPTIONS, conversation_id="c1", project_id="p1")
        campaign = plan.campaign(client)
        with pytest.raises(mg.ConfirmationError, match=f"everybody in tag t1.*confirm='{plan.id}'"):
            campaign.schedule(at, confirm=1)
        assert ["accepted"] == campaign.schedule(at, confirm=plan.id).frame["state"].tolist()
    assert [wire] == [json.loads(one.body) for one in posted]


def test_what_is_no_campaign_says_what_to_do(client: mg.Migma, plan: Callable[..., mg.SendPlan]) -> None:
    """Raw HTML, a list of people, transactional mail: each has its way, and nothing is made."""
    raw = {"conversation_id": None, "template": "<p>x</p>", "project_id": "p"}
    with pytest.raises(mg.InputError, match=r"not of raw HTML.*mg\.import_html"):
        plan(**raw).campaign(client)
    with pytest.raises(mg.InputError, match="this plan to a list"):
        plan([{"email": "a@d.example"}], transactional=False, variables=None, subject="s").campaign(client)
    with pytest.raises(mg.InputError, match="transactional=False"):
        plan(transactional=True).campaign(client)
    with pytest.raises(mg.InputError, match="is no name"):
        plan().campaign(client, name="a\nb")
    assert 0 == len(client.campaigns())


def test_a_segment_goes_out_as_an_audience(server: SandboxServer, client: mg.Migma) -> None:
    """Campaigns know that word only (section 5); the content may be an email, whose conversation is found."""
    segment = server.add_segment("Paying", tags=["VIP"])
    email = server.add_email("Own", "<p>x</p>")
    plan = mg.plan(mg.Segment(segment["id"]), **OPTIONS, email_id=email["emailId"])
    campaign = plan.campaign(client)
    info = campaign.info
    assert ("audience", email["conversationId"], email["emailId"]) == (
        info.recipient_type,
        info.conversation_id,
        info.email_id,
    )
    assert ["accepted"] == campaign.send(confirm=PEOPLE).frame["state"].tolist()


def test_another_campaign_of_the_name_is_a_question(
    client: mg.Migma, plan: Callable[..., mg.SendPlan]
) -> None:
    """What differs is named; another name makes another one."""
    first = plan().campaign(client)
    with pytest.raises(mg.InputError, match=rf"'newsletter' already \({first.id}, draft\).*another subject"):
        plan(subject="Other").campaign(client)
    assert first.id != plan(subject="Other").campaign(client, name="newsletter 2").id


def test_a_lost_answer_to_the_making_is_looked_up() -> None:
    """The list tells whether it was made; it is never made twice for want of an answer."""
    made: list[dict[str, Any]] = []

    def answer(request: Request) -> Reply | None:
        if request.method == "POST":
            made.append(json.loads(request.body) | {"id": "k1", "status": "draft"})
            return None
        return _data({"campaigns": made, "total": len(made)})

    with AnsweringServer(answer) as server:
        client = mg.Migma("key", base_url=server.url, timeout=2)
        plan = mg.plan(mg.Tag("t1"), **OPTIONS, conversation_id="c1", project_id="p1")
        assert ["k1", "k1"] == [plan.campaign(client).id for _ in range(2)]
        assert 1 == len(made)


def test_a_missing_permission_is_named(server: SandboxServer, plan: Callable[..., mg.SendPlan]) -> None:
    """For the making and for the reading."""
    project = server.project_id
    for permissions, wanted in ((["email:read"], "campaign:write"), (["audience:read"], "campaign:read")):
        client = mg.Migma(server.make_key(permissions), base_url=server.url)
        with pytest.raises(mg.AccountError, match=f"needs the permission {wanted}"):
            plan(project_id=project).campaign(client)


def test_stats_and_log_are_a_series_and_a_frame(
    server: SandboxServer, client: mg.Migma, plan: Callable[..., mg.SendPlan]
) -> None:
    """Each in snake_case; before anything went the log is empty and has its columns."""
    campaign = plan().campaign(client)
    assert {"to_email", "status", "opened_at"} <= set(campaign.logs().columns)
    campaign.send(confirm=PEOPLE)
    campaign.wait(10)
    server.drain()
    server.advance(60.0)
    log = campaign.logs()
    assert sorted(f"p{n}@d.example" for n in range(PEOPLE)) == sorted(log["to_email"])
    assert "UTC" == str(log["created_at"].dt.tz)
    stats = campaign.stats
    assert PEOPLE == stats["total_sent"]
    assert {"unique_opens", "open_rate"} <= set(stats.index)


def test_a_campaign_shows_how_it_stands(client: mg.Migma, plan: Callable[..., mg.SendPlan]) -> None:
    """Text and card have the same content, and the line to type; what a name holds is escaped."""
    campaign = plan(mailing="<b>news</b>").campaign(client)
    text, html = repr(campaign), campaign._repr_html_()
    assert f"campaign.send(confirm={PEOPLE})" in text
    assert "LIVE" in text
    assert "about 5 people" in text
    assert "&lt;b&gt;news" in html
    assert "<b>news" not in html
    campaign.send(confirm=PEOPLE)
    assert "campaign.send" not in repr(campaign)


def _posts(server: SandboxServer) -> list[dict[str, Any]]:
    return [one for one in server.requests() if one["method"] == "POST"]


def _data(data: Any) -> Reply:
    return Reply(200, json.dumps({"success": True, "data": data}).encode())


def test_a_row_that_says_something_itself_is_no_campaign(client: mg.Migma) -> None:
    """The campaign would go out with the plan's subject, not with the one that the preview shows."""
    who = {"recipientType": ["tag"], "recipientId": [client.tag("VIP").id]}
    frame = pd.DataFrame(who | {"subject": ["Mine"]})
    plan = mg.plan(frame, **OPTIONS | {"conversation_id": "c1", "subject": None, "variables": None})
    with pytest.raises(mg.InputError, match=r"not of what a row says itself \(subject\)"):
        plan.campaign(client)


def test_a_campaign_that_somebody_else_let_go_is_not_mailed_again_as_a_batch(
    server: SandboxServer, client: mg.Migma, plan: Callable[..., mg.SendPlan], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the call the dashboard sent it: the refusal is no leave to send the tag itself."""
    campaign = plan().campaign(client)
    draft = campaign.info
    key = {"Authorization": f"Bearer {server.api_key}"}
    httpx.post(f"{server.url}/v1/campaigns/{campaign.id}/send", headers=key, json={}, trust_env=False)
    answers = iter([draft])
    real = fetch

    async def stale(settings: Settings, campaign_id: str) -> CampaignInfo:
        return next(answers, None) or await real(settings, campaign_id)

    monkeypatch.setattr("migma_nb.api.campaigns.fetch", stale)
    assert ["accepted"] == campaign.send(confirm=PEOPLE).frame["state"].tolist()
    assert ["already_sent"] == plan().send(client, confirm=PEOPLE, progress=False).frame["state"].tolist()
    server.drain()
    assert PEOPLE == len(server.outbox())


def test_a_scheduled_campaign_is_followed_by_nobody_and_said_as_it_is(
    client: mg.Migma, plan: Callable[..., mg.SendPlan]
) -> None:
    """Its id is no batch's: waiting returns at once, and nobody is said to have been mailed."""
    campaign = plan().campaign(client)
    run = campaign.schedule(datetime.now(BERLIN) + timedelta(days=300), confirm=PEOPLE)
    began = time.monotonic()
    again = plan().send(client, confirm=PEOPLE, progress=False)
    run.wait(progress=False)
    assert time.monotonic() - began < 20
    assert "was let go" in again.summary()
    assert "campaign.refresh()" in again.summary()
    assert "the batch was mailed" not in again.summary()

"""How people write against migma_nb, for the type checker: read by mypy strict, never run.

`assert_type` holds what each call returns; the mistakes at the end must be found, since mypy refuses a
`type: ignore` that ignores nothing.
"""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, assert_type

import pandas as pd
from distributed import Client

import migma_nb as mg


def a_mailing_from_a_file(path: Path) -> None:
    """The shape of a mailing, with every kind of recipients that a plan takes."""
    people = mg.read_recipients(path)
    assert_type(people, pd.DataFrame)
    assert_type(mg.read_recipients("people.csv"), pd.DataFrame)
    plan = mg.plan(
        people,
        mailing="2026-11 renewal notice",
        sender="Acme Billing <billing@acme.example>",
        subject="{{first_name}}, your plan renews on {{renews_on}}",
        template=path.with_name("renewal.html"),
        project_id="p",
        transactional=True,
        address="email",
        key=["invoice_no", "year"],
        variables={"first_name": "First name"},
        defaults={"first_name": "there", "amount": Decimal("0.00"), "since": dt.date(2026, 1, 1)},
        formats={"renews_on": "%d.%m.%Y", "amount": lambda amount: f"{amount:.2f}"},
        exclude={"no@acme.example"},
        allow=pd.Series(["yes@acme.example"]),
        duplicates="first",
    )
    assert_type(plan, mg.SendPlan)
    assert_type(plan.id, str)
    assert_type(plan.mailing, str)
    assert_type(plan.people, int | None)
    assert_type(plan.issues, pd.DataFrame)
    assert_type(plan.preview(17), mg.Preview)
    assert_type(plan.fix("invalid_email"), mg.Fixed)
    assert_type(plan.fix([mg.IssueCode.INVALID_EMAIL, "html_in_value"]).people, pd.DataFrame)
    assert_type(plan.fix().changes, pd.DataFrame)
    assert_type(plan.fix().issues, pd.DataFrame)
    assert_type(plan.fix().left, Mapping[str, int])
    assert_type(plan.check_domains(timeout=2, nameservers=["9.9.9.9"]), pd.DataFrame)
    assert_type(plan.preview().html, str | None)
    mg.plan("me@acme.example", mailing="m", conversation_id="c")
    mg.plan([{"email": "a@acme.example"}], mailing="m", email_id="e", transactional=False)
    mg.plan("people.xlsx", mailing="m", variables=["first_name"], template="<p>Hi</p>")


def targets() -> None:
    """One call to everybody in a tag, a segment or an audience."""
    for target in (mg.Tag("t"), mg.Segment("s"), mg.Audience("a")):
        assert_type(mg.plan(target, mailing="m", topic_id="news", overlap="allowed"), mg.SendPlan)
    told = mg.Tag("t", name="VIP", count=312)
    assert_type(told.name, str | None)
    assert_type(told.count, int | None)
    assert_type(mg.plan(told, mailing="m", client=mg.Migma("key")), mg.SendPlan)
    assert_type(mg.open_run("1a2b").wait(5, client=mg.Migma("key")), mg.Run)
    assert_type(mg.Tag("t").id, str)
    assert_type(mg.Tag("t").recipient, str)


def exploring(client: mg.Migma) -> None:
    """What the account holds, and one thing of it."""
    for frame in (client.projects(), client.tags(search="x"), client.segments(), client.topics()):
        assert_type(frame, pd.DataFrame)
    assert_type(client.contacts(tag=client.tag("VIP"), status="subscribed", limit=5), pd.DataFrame)
    assert_type(client.emails(status="completed"), pd.DataFrame)
    assert_type(client.contact("a@acme.example").custom_fields, dict[str, Any] | None)
    assert_type(client.segment("s"), mg.Segment)


def stored_content(client: mg.Migma, path: Path) -> None:
    """Read, and given to a plan; or made of raw HTML."""
    email = client.email("e")
    assert_type(email, mg.StoredEmail)
    assert_type(email.placeholders, tuple[str, ...])
    mg.plan("me@acme.example", mailing="m", email_id=email)
    mg.plan("me@acme.example", mailing="m", conversation_id=client.conversation("c"))
    assert_type(mg.import_html(path, client, name="n", wait=60), mg.StoredEmail)


def a_campaign(plan: mg.SendPlan, client: mg.Migma) -> None:
    """Made, sent or scheduled, and watched."""
    campaign = plan.campaign(client, name="news")
    assert_type(campaign, mg.Campaign)
    assert_type(campaign.send(confirm=5), mg.Run)
    assert_type(campaign.schedule(dt.datetime.now(dt.UTC), confirm=5), mg.Run)
    assert_type(campaign.cancel().refresh().wait(5).status, str)
    assert_type(campaign.logs(status="bounced"), pd.DataFrame)


def a_send(plan: mg.SendPlan, people: pd.DataFrame, folder: Path) -> None:
    """A live send, watched, stopped and read."""
    client = mg.Migma("key", base_url=None, account="team", rate="100/minute", timeout=10, workers=4)
    run = plan.send(client, confirm=plan.people, skip_invalid=True, limit=100, progress=False)
    assert_type(run, mg.Run)
    assert_type(plan.start(client, confirm=plan.id, ledger=folder / "ledger.sqlite3"), mg.Run)
    assert_type(run.id, str)
    assert_type(run.state, mg.RunState)
    assert_type(run.counts, dict[mg.State, int])
    assert_type(run.counts.get(mg.State.ACCEPTED, 0), int)
    assert_type(run.frame, pd.DataFrame)
    assert_type(run.join(people), pd.DataFrame)
    assert_type(run.summary(), str)
    assert_type(run.to_csv("sent.csv"), Path)
    assert_type(run.wait(1.5, progress=False), mg.Run)
    assert_type(run.refresh(), mg.Run)
    assert_type(run.refresh(client, wait=60), mg.Run)
    assert_type(run.log(client), pd.DataFrame)
    run.plot().savefig(folder / "run.png")
    run.stop()


def a_send_from_a_cluster(plan: mg.SendPlan, client: mg.Migma, dask: Client) -> None:
    """By its workers, at once or in the background."""
    run = plan.send(client, confirm=plan.people, skip_invalid=True, cluster=dask)
    assert_type(run, mg.ClusterRun)
    assert_type(plan.start(client, confirm=plan.people, cluster=dask), mg.ClusterRun)
    assert_type(run.runs, list[str])
    assert_type(run.frame, pd.DataFrame)
    assert_type(run.counts, dict[mg.State, int])
    assert_type(run.wait(5, progress=False), mg.ClusterRun)
    assert_type(run.retry(confirm=1), mg.Run)
    run.stop()


async def a_send_that_is_awaited(plan: mg.SendPlan, client: mg.Migma) -> None:
    """The same from asynchronous code."""
    assert_type(await plan.start(client), mg.Run)


def what_was_sent(folder: Path) -> None:
    """The record, from any process."""
    assert_type(mg.history(), pd.DataFrame)
    assert_type(mg.history(ledger=folder / "ledger.sqlite3"), pd.DataFrame)
    assert_type(mg.open_run("1a2b", ledger=str(folder)), mg.Run)


def a_rehearsal(folder: Path) -> None:
    """The sandbox, its faults and what it delivered."""
    with mg.Sandbox(faults={"accept_then_drop": 0.02}, seed=7, rate="100/minute", path=folder) as sandbox:
        assert_type(sandbox, mg.Sandbox)
        assert_type(sandbox.client(workers=2), mg.Migma)
        assert_type(sandbox.url, str)
        assert_type(sandbox.outbox, pd.DataFrame)
        assert_type(sandbox.contacts, pd.DataFrame)
        sandbox.set_faults({})
    mg.Sandbox(domains=["acme.example"], strict=True, idempotency=False).close()


def an_import(people: pd.DataFrame, client: mg.Migma) -> mg.SendPlan:
    """A frame becomes contacts under a tag, which is mailed."""
    planned = mg.plan_import(
        people, tag="t", columns={"firstName": "Vorname", "country": None}, custom=["plan"]
    )
    assert_type(planned.issues, pd.DataFrame)
    assert_type(planned.forecast, pd.DataFrame)
    result = planned.send(client, account="rows", skip_invalid=True)
    assert_type(result, mg.ImportRun)
    assert_type(result.frame, pd.DataFrame)
    assert_type(result.counts, dict[mg.State, int])
    assert_type(result.tag_id, str | None)
    assert_type(mg.import_contacts("people.csv", client, tag="t", resubscribe=True, confirm=3), mg.ImportRun)
    return mg.plan(result.tag, mailing="m", subject="Hi", sender="a@acme.example", email_id="e")


def a_direct_call(client: mg.Migma) -> None:
    """One call, and a batch's state."""
    answer = client.send(recipient_type="tag", recipient_id="t", subject="Hi", idempotency_key="k")
    assert_type(answer.batch_id, str | None)
    assert_type(client.batch("b").sent_count, int | None)


def errors(client: mg.Migma, plan: mg.SendPlan) -> int | None:
    """Errors are caught by what may be done next."""
    try:
        client.send(recipient_email="a@acme.example")
        plan.send(client)
    except (mg.AccountError, mg.NotSentError, mg.RefusedError, mg.UnknownError) as error:
        assert_type(error.status, int | None)
        assert_type(error.request_id, str | None)
        return error.status
    except (mg.ConfirmationError, mg.InputError, mg.ConfigurationError, mg.LedgerError) as error:
        assert_type(error.message, str)
        assert_type(error.hint, str | None)
    except mg.CallError as error:
        assert_type(error.code, str | None)
    except mg.MigmaError:
        raise
    return None


def words() -> None:
    """The small vocabularies are text that compares and prints as such."""
    state: str = mg.State.ALREADY_SENT
    reason: str = mg.Reason.LOST_ANSWER
    code: str = mg.IssueCode.MISSING_EMAIL
    severity: str = mg.Severity.WARNING
    run: str = mg.RunState.HALTED
    assert_type([state, reason, code, severity, run], list[str])


def mistakes(plan: mg.SendPlan, client: mg.Migma) -> None:
    """What the checker must find before a person does."""
    mg.plan("people.csv")  # type: ignore[call-arg]  # a mailing has a name
    mg.plan("people.csv", "2026-11")  # type: ignore[call-arg]  # which is said by keyword
    mg.plan("people.csv", mailing="m", transactional="yes")  # type: ignore[arg-type]
    mg.plan("people.csv", mailing="m", template=3)  # type: ignore[arg-type]
    mg.Migma(rate=100)  # type: ignore[arg-type]  # of what?
    mg.Sandbox(faults={"accept_then_drop": "2%"})  # type: ignore[dict-item]
    plan.send(client, True)  # type: ignore[call-overload]
    plan.send("mgma")  # type: ignore[call-overload]
    plan.mailing = "another"  # type: ignore[misc]  # a plan is frozen
    plan.people = 3  # type: ignore[misc]

"""What a plan's preflight finds out before a send, and what a live send does with it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

import migma_nb as mg
from tests.servers.scripted import Act, ScriptedServer

Plan = Callable[..., mg.SendPlan]


@pytest.fixture
def strict() -> Iterator[mg.Sandbox]:
    """A sandbox that enforces everything, with one verified domain."""
    with mg.Sandbox(strict=True, domains=["acme.example"]) as made:
        yield made


@pytest.fixture
def live(strict: mg.Sandbox) -> mg.Migma:
    """A client of it that is taken for a live one."""
    return mg.Migma(strict.server.api_key, base_url=strict.url, rate="1000/second")


@pytest.fixture
def ours(plan: Plan, strict: mg.Sandbox) -> Plan:
    """Plans in the project that the sandbox's contacts are in, from its verified domain."""
    return lambda people=20, **changes: plan(people, **{"project_id": strict.server.project_id} | changes)


def _outcomes(frame: pd.DataFrame) -> dict[str, str]:
    return dict(zip(frame["check"], frame["outcome"], strict=True))


def _left_out(frame: pd.DataFrame) -> list[object]:
    return frame.loc[frame["check"] == "recipients", "rows"].tolist()


def _gets(sandbox: mg.Sandbox) -> list[str]:
    return [request["path"] for request in sandbox.server.requests() if request["method"] == "GET"]


def _posts(sandbox: mg.Sandbox) -> int:
    return sum(request["method"] == "POST" for request in sandbox.server.requests())


def test_all_checks_are_told_and_nothing_is_posted(ours: Plan, live: mg.Migma, strict: mg.Sandbox) -> None:
    """A sound account passes every check that the API has a read for."""
    found = ours().preflight(live)
    expected = dict.fromkeys(["key", "sender_domain", "provider", "quota", "recipients"], "passed")
    assert expected == _outcomes(found)
    assert ["check", "outcome", "detail", "fix", "rows"] == found.columns.tolist()
    assert 0 == _posts(strict)


def test_a_domain_that_is_not_verified_stops_a_live_send_before_the_first_post(
    ours: Plan, live: mg.Migma, strict: mg.Sandbox, tmp_path: Path
) -> None:
    """The API's clear word that the sender may not send is said once, not by every row."""
    strict.server.add_domain("late.example", verified=False)
    plan = ours(sender="Acme <billing@late.example>")
    assert "failed" == _outcomes(plan.preflight(live))["sender_domain"]
    with pytest.raises(mg.InputError, match=r"late\.example is not verified yet \(S10\)\. Nothing was sent"):
        plan.send(live, confirm=20, ledger=tmp_path / "l.sqlite3")
    assert 0 == _posts(strict)
    assert 0 == len(mg.history(ledger=tmp_path / "l.sqlite3"))


def test_a_domain_that_the_account_does_not_have_stops_a_live_send(
    ours: Plan, live: mg.Migma, tmp_path: Path
) -> None:
    """A mistyped sender is found before anybody is mailed."""
    plan = ours(sender="Acme <billing@acme-mail.example>")
    with pytest.raises(mg.InputError, match="none of the account's sending domains"):
        plan.send(live, confirm=20, ledger=tmp_path / "l.sqlite3")


@pytest.mark.parametrize("sender", ["a@send.acme.example", "a@acme.example"])
def test_a_domain_stands_for_its_streams_and_its_parent(ours: Plan, live: mg.Migma, sender: str) -> None:
    """`send.acme.example` is a stream of `acme.example` (migma-api.md, section 7)."""
    found = ours(sender=f"Acme <{sender}>").preflight(live)
    assert "passed" == _outcomes(found)["sender_domain"]


def test_a_preflight_can_be_left_out(ours: Plan, live: mg.Migma, strict: mg.Sandbox, tmp_path: Path) -> None:
    """With `preflight=False` nothing is read, and the API itself refuses each row."""
    plan = ours(3, sender="Acme <billing@acme-mail.example>")
    run = plan.send(live, confirm=3, preflight=False, progress=False, ledger=tmp_path / "l.sqlite3")
    assert {"refused": 3} == run.counts
    assert [] == _gets(strict)


def test_a_retry_looks_at_the_account_too_unless_it_is_left_out(
    ours: Plan, live: mg.Migma, strict: mg.Sandbox, tmp_path: Path
) -> None:
    """As a send does: the domain that refused them is still amiss, and that is said before the first post."""
    place = tmp_path / "l.sqlite3"
    plan = ours(3, sender="Acme <billing@acme-mail.example>")
    plan.send(live, confirm=3, preflight=False, progress=False, ledger=place)
    posts = _posts(strict)
    with pytest.raises(mg.InputError, match="none of the account's sending domains"):
        plan.retry(live, confirm=3, ledger=place)
    assert posts == _posts(strict)
    asked = len(_gets(strict))
    run = plan.retry(live, confirm=3, preflight=False, progress=False, ledger=place)
    assert ({"refused": 3}, asked) == (run.counts, len(_gets(strict)))


def _people_of_every_kind(strict: mg.Sandbox) -> None:
    for n, status in enumerate(["unsubscribed", "bounced", "non-subscribed", "complained", "subscribed"]):
        strict.server.add_contact(f"p{n}@d{n}.example", status=status)


def test_marketing_leaves_out_whom_the_account_knows_as_unsubscribed_or_bounced(
    ours: Plan, live: mg.Migma, strict: mg.Sandbox, tmp_path: Path
) -> None:
    """They are `excluded` with the reason, and no request is made for them; the rest is mailed."""
    _people_of_every_kind(strict)
    plan = ours(transactional=False)
    row = plan.preflight(live).set_index("check").loc["recipients"]
    assert ("passed", (0, 1, 2, 3)) == (row["outcome"], row["rows"])
    run = plan.send(live, confirm=20, progress=False, ledger=tmp_path / "l.sqlite3")
    left = run.frame.iloc[:4]
    assert ["excluded"] * 4 == left["state"].tolist()
    assert ["unsubscribed", "bounced", "not_subscribed", "complained"] == left["reason"].tolist()
    assert {"accepted": 16, "excluded": 4} == run.counts
    assert {f"p{n}@d{n % 7}.example" for n in range(4, 20)} == set(strict.outbox["to"])


def test_transactional_mail_leaves_out_only_whom_the_api_never_mails(
    ours: Plan, live: mg.Migma, strict: mg.Sandbox, tmp_path: Path
) -> None:
    """Bounced addresses are always excluded (S21); an unsubscribed person still gets the invoice (S20)."""
    _people_of_every_kind(strict)
    run = ours().send(live, confirm=20, progress=False, ledger=tmp_path / "l.sqlite3")
    assert {"accepted": 19, "excluded": 1} == run.counts
    assert "bounced" == run.frame["reason"].iloc[1]


def test_who_was_mailed_already_stays_already_sent(
    ours: Plan, live: mg.Migma, strict: mg.Sandbox, tmp_path: Path
) -> None:
    """Somebody who unsubscribes after the mail was not left out of it."""
    plan, ledger = ours(5, transactional=False), tmp_path / "l.sqlite3"
    plan.send(live, confirm=5, progress=False, ledger=ledger)
    _people_of_every_kind(strict)
    asked = len(_gets(strict))
    assert {"already_sent": 5} == plan.send(live, confirm=5, progress=False, ledger=ledger).counts
    assert asked == len(_gets(strict))


def test_a_list_that_is_wholly_unsubscribed_mails_nobody(
    ours: Plan, live: mg.Migma, strict: mg.Sandbox, tmp_path: Path
) -> None:
    """The run ends with every row excluded."""
    for n in range(3):
        strict.server.add_contact(f"P{n}@D{n}.example", status="unsubscribed")
    run = ours(3, transactional=False).send(live, confirm=3, progress=False, ledger=tmp_path / "l.sqlite3")
    assert ("finished", {"excluded": 3}) == (run.state, run.counts)
    assert 0 == len(strict.outbox)


def test_few_people_are_looked_up_where_the_account_has_very_many_unsubscribed(
    ours: Plan, live: mg.Migma, strict: mg.Sandbox
) -> None:
    """Three look-ups are fewer calls than four pages."""
    for n in range(450):
        strict.server.add_contact(f"gone{n}@d.example", status="unsubscribed")
    strict.server.add_contact("p1@d1.example", status="unsubscribed")
    assert [(1,)] == _left_out(ours(3, transactional=False).preflight(live))
    assert 4 + 3 == _gets(strict).count("/v1/contacts")


def test_more_reads_than_allowed_are_not_made(ours: Plan, live: mg.Migma, strict: mg.Sandbox) -> None:
    """What would cost too much could not be checked; whoever is known is left out all the same."""
    for n in range(450):
        strict.server.add_contact(f"p{n}@d{n % 7}.example", status="unsubscribed")
    plan = ours(450, transactional=False)
    found = plan.preflight(live, calls=2)
    assert "could not be checked" == _outcomes(found)["recipients"]
    assert [tuple(range(100))] == _left_out(found)
    assert found["fix"].str.contains("calls=4").any()
    assert [tuple(range(450))] == _left_out(plan.preflight(live, calls=4))


@pytest.mark.parametrize("left", [(19, None), (100, 19), (0, 100)])
def test_a_quota_that_is_too_small_stops_a_live_send_and_a_part_that_fits_goes(
    ours: Plan, live: mg.Migma, strict: mg.Sandbox, tmp_path: Path, left: tuple[int, int | None]
) -> None:
    """Better a word before than a list cut off in the middle; `limit` sends what fits."""
    strict.server.set_quota(daily=left[0], monthly=left[1])
    with pytest.raises(mg.InputError, match=r"mails are left (today|this month), and 20 are to be sent"):
        ours().send(live, confirm=20, ledger=tmp_path / "l.sqlite3")
    if left[0]:
        run = ours().send(live, confirm=20, limit=19, progress=False, ledger=tmp_path / "l.sqlite3")
        assert {"accepted": 19, "not_sent": 1} == run.counts


def test_a_key_that_may_only_send_is_no_obstacle(ours: Plan, strict: mg.Sandbox, tmp_path: Path) -> None:
    """A read that is not allowed is no clear answer, and never stops a send."""
    client = mg.Migma(strict.server.make_key(["email:send"]), base_url=strict.url, rate="1000/second")
    plan = ours(3, transactional=False)
    found = plan.preflight(client)
    assert "passed" == _outcomes(found).pop("provider")
    assert "failed" not in set(found["outcome"])
    assert found["detail"].str.contains("domain:read").any()
    run = plan.send(client, confirm=3, progress=False, ledger=tmp_path / "l.sqlite3")
    assert {"accepted": 3} == run.counts


def test_a_server_without_any_reads_is_no_obstacle(plan: Plan, tmp_path: Path) -> None:
    """404 to every read says nothing of the account."""
    with ScriptedServer(lambda _: Act.OK) as server:
        client = mg.Migma("k" * 20, base_url=server.url, rate="1000/second")
        found = plan(2).preflight(client)
        assert not found["outcome"].eq("failed").any()
        run = plan(2).send(client, confirm=2, progress=False, ledger=tmp_path / "l.sqlite3")
        assert {"accepted": 2} == run.counts


def test_a_key_that_the_api_does_not_know_is_said_and_halts_before_the_first_mail(
    ours: Plan, strict: mg.Sandbox, tmp_path: Path
) -> None:
    """401 to every read is no clear answer on sending; the confirmed send finds out and halts."""
    client = mg.Migma("mgma_sk_live_wrong", base_url=strict.url, rate="1000/second")
    row = ours(3).preflight(client).set_index("check").loc["key"]
    assert "could not be checked" == row["outcome"]
    assert "seems not to know the key" in row["detail"]
    run = ours(3).send(client, confirm=3, progress=False, ledger=tmp_path / "l.sqlite3")
    assert ("halted", {"not_sent": 3}) == (run.state, run.counts)


def test_no_network_is_no_clear_answer(plan: Plan) -> None:
    """A preflight without a server tells so in every line that needs it, and raises nothing."""
    client = mg.Migma("k" * 20, base_url="http://127.0.0.1:9", timeout=0.2)
    found = plan(2).preflight(client)
    assert {"could not be checked", "passed"} == set(found["outcome"])
    assert "passed" == _outcomes(found)["provider"]


def test_a_rehearsal_asks_for_nothing(ours: Plan, strict: mg.Sandbox) -> None:
    """A client of the sandbox sends without a preflight; the server itself still leaves people out."""
    ours(3).send(strict.client(), progress=False)
    assert [] == _gets(strict)


def test_a_tag_is_looked_at_and_its_people_count_for_the_quota(
    ours: Plan, live: mg.Migma, strict: mg.Sandbox, tmp_path: Path
) -> None:
    """A batch of three does not fit where two mails are left; with more it goes."""
    for n in range(3):
        strict.server.add_contact(f"p{n}@d.example", tags=["News"])
    plan = ours(live.tag("News"), transactional=False, variables={"first_name": "you"})
    strict.server.set_quota(daily=2)
    assert {"targets": "passed", "quota": "failed"}.items() <= _outcomes(plan.preflight(live)).items()
    with pytest.raises(mg.InputError, match="2 mails are left today, and 3 are to be sent"):
        plan.send(live, confirm=3, ledger=tmp_path / "l.sqlite3")
    assert 0 == _posts(strict)
    strict.server.set_quota(daily=3)
    run = plan.send(live, confirm=3, progress=False, ledger=tmp_path / "l.sqlite3")
    assert {"accepted": 1} == run.counts
    assert 3 == len(strict.outbox)


def test_a_tag_that_does_not_exist_or_holds_nobody_fails(
    ours: Plan, live: mg.Migma, strict: mg.Sandbox
) -> None:
    """Both are clear answers of the API."""
    empty = strict.server.add_tag("Empty")["id"]
    for target in (mg.Tag(empty), mg.Tag("nothing")):
        found = ours(target, variables={"first_name": "you"}).preflight(live)
        assert "failed" == _outcomes(found)["targets"]


def test_a_provider_of_ones_own_cannot_be_checked(ours: Plan, live: mg.Migma) -> None:
    """No document names a read for connected providers (S16)."""
    row = ours(provider="ses").preflight(live).set_index("check").loc["provider"]
    assert "could not be checked" == row["outcome"]


def test_a_limit_begins_only_with_people_who_were_looked_up(
    ours: Plan, live: mg.Migma, strict: mg.Sandbox, tmp_path: Path
) -> None:
    """Where the first rows are left out, the ones after them are no strangers."""
    for n in range(4):
        strict.server.add_contact(f"p{n}@d{n}.example", status="unsubscribed")
    plan = ours(8, transactional=False)
    run = plan.send(live, confirm=8, limit=2, progress=False, ledger=tmp_path / "l.sqlite3")
    assert {"accepted": 2, "excluded": 4, "not_sent": 2} == run.counts
    assert {"p4@d4.example", "p5@d5.example"} == set(strict.outbox["to"])


def test_a_mailing_whose_new_people_are_all_unsubscribed_is_no_overlap(
    ours: Plan, live: mg.Migma, strict: mg.Sandbox, tmp_path: Path
) -> None:
    """Nobody is mailed, and every row says why."""
    ours(2, transactional=False).send(live, confirm=2, ledger=tmp_path / "l", progress=False)
    strict.server.add_contact("new@d.example", status="unsubscribed")
    new = pd.DataFrame({"email": ["new@d.example"], "first_name": ["N"]})
    run = ours(new, transactional=False).send(live, progress=False, ledger=tmp_path / "l")
    assert ["excluded"] == run.frame["state"].tolist()


def test_what_is_known_of_the_unsubscribed_counts_where_a_part_could_not_be_read(plan: Plan) -> None:
    """A page that fails makes the check unclear, and leaves out whom the others name."""

    def reads(path: str) -> tuple[int, object] | None:
        if not path.startswith("/v1/contacts"):
            return None
        if "status=unsubscribed" in path:
            return 403, {"success": False, "error": "no"}
        data = [{"email": "p1@d1.example", "status": "bounced"}] if "status=bounced" in path else []
        return 200, {"success": True, "data": data, "count": len(data)}

    with ScriptedServer(lambda _: Act.OK) as server:
        server.reads = reads
        client = mg.Migma("k" * 20, base_url=server.url, rate="1000/second")
        found = plan(3, transactional=False).preflight(client)
    assert "could not be checked" == _outcomes(found)["recipients"]
    assert [(1,)] == _left_out(found)


@pytest.mark.parametrize("wrong", [None, "", "yes", -1, 1.5])
def test_a_preflight_is_yes_or_no_or_a_number(ours: Plan, live: mg.Migma, wrong: object) -> None:
    """Nothing else switches it off by mistake."""
    with pytest.raises(mg.InputError, match="neither True nor False"):
        ours(1).send(live, preflight=wrong)  # type: ignore[call-overload]  # that is the mistake


@pytest.mark.parametrize("wrong", ["5", 2.5, True, 0])
def test_a_limit_is_a_whole_number(ours: Plan, live: mg.Migma, wrong: object) -> None:
    """A mistake is a sentence."""
    with pytest.raises(mg.InputError, match="is not a whole number of rows"):
        ours(1).send(live, limit=wrong)  # type: ignore[call-overload]  # that is the mistake

"""What became of mails, from Migma's own log: each line at its row, and nothing guessed."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import pandas as pd
import pytest

import migma_nb as mg
from tests.sending.lost import send
from tests.servers.answering import AnsweringServer, Reply, Request
from tests.servers.distorted import DistortedLog

Plan = Callable[..., mg.SendPlan]

pytestmark = pytest.mark.usefixtures("hasten")

COLUMNS = ["delivery", "opened_at", "clicked_at", "bounced_at", "complained_at", "checked_at"]
MONTH_S = 31 * 86_400.0


def words(run: mg.Run) -> list[str | None]:
    """Return the rows' deliveries, None where they are missing."""
    return [None if pd.isna(word) else str(word) for word in run.frame["delivery"]]


def asked(sandbox: mg.Sandbox) -> int:
    """Return how many pages of logs were asked for."""
    return sum(str(one["path"]).endswith("/logs") for one in sandbox.server.requests())


def taken(sandbox: mg.Sandbox, plan: mg.SendPlan) -> mg.Run:
    """Send a plan, and wait until everything is delivered."""
    run = plan.send(sandbox.client(), progress=False)
    sandbox.server.drain()
    return run


def sent_by(sandbox: mg.Sandbox, plan: mg.SendPlan) -> mg.Run:
    """Send a plan under the scope "account:a", which the clients of a distorted log share."""
    run = plan.send(sandbox.client(account="a"), progress=False)
    sandbox.server.drain()
    return run


def test_every_word_of_the_log_stands_at_its_row(sandbox: mg.Sandbox, by_email: Plan) -> None:
    """Opens and clicks with the log's own times; bounces and complaints with when they were first seen."""
    events = ["delivered", "opened", "clicked", "bounced", "complained"]
    run = taken(sandbox, by_email([{"email": f"{word}-x@d.example", "first_name": "N"} for word in events]))
    for row, word in enumerate(events):
        sandbox.server.note_event(run.frame["message_id"][row], word)
    before = run.frame
    assert run is run.refresh()
    frame = run.frame
    assert [*before.columns, *COLUMNS] == list(frame.columns)
    pd.testing.assert_frame_equal(before, frame[list(before.columns)])
    assert events == words(run)
    for column, rows in {
        "opened_at": [1, 2],
        "clicked_at": [2],
        "bounced_at": [3],
        "complained_at": [4],
    }.items():
        assert rows == [row for row in range(5) if not pd.isna(frame[column][row])]
        assert "UTC" == str(frame[column].dt.tz)
    assert frame["checked_at"].notna().all()
    assert frame["checked_at"][3] == frame["bounced_at"][3]


def test_the_columns_are_there_once_the_run_was_refreshed(sandbox: mg.Sandbox, by_email: Plan) -> None:
    """Before, an empty column would read as if nothing had arrived."""
    run = taken(sandbox, by_email(2))
    assert not set(COLUMNS) & set(run.frame.columns)
    run.refresh()
    assert ["delivered"] * 2 == words(run)


def test_a_suppressed_mail_was_taken_and_went_no_further(sandbox: mg.Sandbox, by_email: Plan) -> None:
    """The state says the one, the delivery the other; it is not asked for again, since nothing can follow."""
    run = taken(sandbox, by_email([{"email": "bounced@d.example", "first_name": "B"}])).refresh()
    assert ("accepted", "suppressed") == tuple(run.frame.loc[0, ["state", "delivery"]])
    before = asked(sandbox)
    run.refresh()
    assert before == asked(sandbox)
    assert ["suppressed"] == words(run)


def test_two_mailings_of_one_email_to_the_same_people_are_told_apart(
    sandbox: mg.Sandbox, by_email: Plan
) -> None:
    """By their ids: same address, same subject, same minute."""
    first, second = (taken(sandbox, by_email(3, mailing=name)) for name in ("a", "b"))
    sandbox.server.note_event(first.frame["message_id"][0], "opened")
    sandbox.server.note_event(second.frame["message_id"][2], "clicked")
    assert ["opened", "delivered", "delivered"] == words(first.refresh())
    assert ["delivered", "delivered", "clicked"] == words(second.refresh())


def test_a_log_is_read_as_far_as_needed(sandbox: mg.Sandbox, by_email: Plan) -> None:
    """Three pages for 250 rows; one for twenty newer ones, although 250 lines more are in the log."""
    many = taken(sandbox, by_email(250, mailing="many")).refresh()
    assert 3 == asked(sandbox)
    assert ["delivered"] * 250 == words(many)
    few = taken(sandbox, by_email(20, mailing="few")).refresh()
    assert 4 == asked(sandbox)
    assert ["delivered"] * 20 == words(few)


def test_a_later_look_finds_what_came_since(sandbox: mg.Sandbox, by_email: Plan) -> None:
    """An open, then a click of the same mail, then a complaint; the first open's time stays."""
    run = taken(sandbox, by_email(1)).refresh()
    seen = []
    for event in ("opened", "clicked", "complained"):
        sandbox.server.advance(60)
        sandbox.server.note_event(run.frame["message_id"][0], event)
        seen.append(run.refresh().frame.iloc[0])
    assert ["opened", "clicked", "complained"] == [row["delivery"] for row in seen]
    assert 1 == len({row["opened_at"] for row in seen})


def test_rows_of_an_earlier_run_of_the_mailing_are_refreshed_too(sandbox: mg.Sandbox, by_email: Plan) -> None:
    """They are `already_sent`, and their mail is the earlier run's."""
    taken(sandbox, by_email(3))
    again = taken(sandbox, by_email(5)).refresh()
    assert ["already_sent"] * 3 + ["accepted"] * 2 == [str(state) for state in again.frame["state"]]
    assert ["delivered"] * 5 == words(again)


@pytest.mark.both_at_once
def test_every_ledger_keeps_what_became_of_mails(sandbox: mg.Sandbox, by_email: Plan, place: str) -> None:
    """A file and a database; a second look takes the place of the first."""
    run = by_email(3).send(sandbox.client(), progress=False, ledger=place)
    sandbox.server.drain()
    run.refresh()
    sandbox.server.note_event(run.frame["message_id"][1], "opened")
    run.refresh()
    opened = mg.open_run(run.id, ledger=place)
    assert ["delivered", "opened", "delivered"] == words(opened)
    pd.testing.assert_frame_equal(run.frame, opened.frame)
    assert "3 delivered, 1 opened" in opened.summary()


def test_rows_that_were_not_mailed_have_no_delivery(sandbox: mg.Sandbox, by_email: Plan) -> None:
    """Nor a time at which it was looked for."""
    people = pd.DataFrame({"email": ["a@d.example", "a@d.example", "none"], "first_name": ["A", "A", "C"]})
    run = by_email(people).send(sandbox.client(), skip_invalid=True, progress=False)
    sandbox.server.drain()
    assert ["delivered", None, None] == words(run.refresh())
    assert [False, True, True] == run.frame["checked_at"].isna().tolist()


def test_mails_without_a_log_are_not_asked_for(sandbox: mg.Sandbox, plan: Plan) -> None:
    """A raw template and a conversation: the columns are empty, and the summary says why and what to do."""
    for changes in ({}, {"template": None, "project_id": None, "conversation_id": "c1"}):
        run = taken(sandbox, plan(2, mailing=str(changes), **changes)).refresh()
        assert [None, None] == words(run)
        assert "2 mails were made from a raw template or a conversation" in run.summary()
        assert "email_id=" in run.summary()
    assert 0 == asked(sandbox)


def test_a_mailing_that_went_on_with_a_stored_email_has_a_log_for_those_rows_only(
    sandbox: mg.Sandbox, plan: Plan, by_email: Plan
) -> None:
    """The first rows were sent from a raw template."""
    taken(sandbox, plan(2))
    run = taken(sandbox, by_email(4)).refresh()
    assert [None, None, "delivered", "delivered"] == words(run)
    assert "2 mails were made from a raw template" in run.summary()
    assert "Of 2 of 4 mails" in run.summary()


def test_a_line_that_is_not_there_yet_proves_nothing(sandbox: mg.Sandbox, by_email: Plan) -> None:
    """The row was looked for, its delivery is missing, and the summary says what that means."""
    sandbox.server.pause_queue()
    run = by_email(2).send(sandbox.client(), progress=False).refresh()
    assert [None, None] == words(run)
    assert (run.frame["checked_at"] >= run.frame["finished_at"]).all()
    assert "2 mails have no line in the log yet. Soon after a send that means nothing" in run.summary()
    sandbox.server.resume_queue()
    sandbox.server.drain()
    assert ["delivered"] * 2 == words(run.refresh())
    assert "no line" not in run.summary()


def test_what_the_log_has_forgotten_stays_known(sandbox: mg.Sandbox, by_email: Plan) -> None:
    """After a month the API shows no line any more; what an earlier look found is kept."""
    run = taken(sandbox, by_email(3)).refresh()
    never = taken(sandbox, by_email(2, mailing="never looked at"))
    sandbox.server.advance(MONTH_S)
    assert ["delivered"] * 3 == words(run.refresh())
    assert [None, None] == words(never.refresh())


def test_mails_older_than_a_month_are_not_asked_for(
    sandbox: mg.Sandbox, by_email: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The summary says that it is too late."""
    run = taken(sandbox, by_email(3))
    monkeypatch.setattr("migma_nb.ledger.clock.now", lambda _: time.time() + MONTH_S)
    assert [None] * 3 == words(run.refresh())
    assert 0 == asked(sandbox)
    assert "3 mails are older than the about 30 days for which Migma keeps its log" in run.summary()


def test_the_word_moves_only_on(sandbox: mg.Sandbox, by_email: Plan) -> None:
    """A log that says less than before takes nothing back."""
    run = taken(sandbox, by_email(2))
    for row, event in ((0, "clicked"), (1, "complained")):
        sandbox.server.note_event(run.frame["message_id"][row], event)
    run.refresh()
    for message_id in run.frame["message_id"]:
        sandbox.server.note_event(message_id, "delivered")
    assert ["clicked", "complained"] == words(run.refresh())
    assert not pd.isna(run.frame["complained_at"][1])


@pytest.mark.parametrize(("kind", "later"), [("Transient", "delivered"), ("Permanent", "bounced")])
def test_only_a_passing_bounce_gives_way_to_a_delivery(
    sandbox: mg.Sandbox, by_email: Plan, kind: str, later: str
) -> None:
    """When it bounced stays on record either way."""
    run = sent_by(sandbox, by_email(1))
    bounced = {"status": "bounced", "bounce_type": kind}
    with DistortedLog(sandbox, line=lambda line: line | bounced) as distorted:
        assert ["bounced"] == words(run.refresh(distorted.client()))
    assert [later] == words(run.refresh())
    assert not pd.isna(run.frame["bounced_at"][0])


def test_a_word_that_no_document_names_is_kept(sandbox: mg.Sandbox, by_email: Plan) -> None:
    """It gives way to one that tells more, and stands in the summary."""
    run = sent_by(sandbox, by_email(1))
    with DistortedLog(sandbox, line=lambda line: line | {"status": "Teleported"}) as distorted:
        assert ["teleported"] == words(run.refresh(distorted.client()))
        assert "1 teleported" in run.summary()
    assert ["delivered"] == words(run.refresh())


@pytest.mark.parametrize("moment", [None, "yesterday", 7, "9999-12-31T23:59:59+00:00"])
def test_an_open_whose_time_cannot_be_read_is_an_open(
    sandbox: mg.Sandbox, by_email: Plan, moment: Any
) -> None:
    """Its time is missing, or what the log says."""
    run = sent_by(sandbox, by_email(1))
    change = {"status": "opened", "opened_at": moment}
    with DistortedLog(sandbox, line=lambda line: line | change) as distorted:
        run.refresh(distorted.client())
    assert ["opened"] == words(run)
    assert str(moment).startswith("9999") != pd.isna(run.frame["opened_at"][0])


def test_where_the_apis_two_ids_differ_a_line_is_found_by_address_subject_and_time(
    sandbox: mg.Sandbox, by_email: Plan
) -> None:
    """No document says that the id of the answer is that of the log."""
    run = sent_by(sandbox, by_email(12))
    with DistortedLog(sandbox, line=_renamed) as distorted:
        assert ["delivered"] * 12 == words(run.refresh(distorted.client()))


@pytest.mark.parametrize("hours", [5, -5])
def test_a_log_in_another_clocks_time_is_set_by_the_servers_date(
    sandbox: mg.Sandbox, by_email: Plan, hours: int
) -> None:
    """Where no mail is known by its id, nothing else tells what the log's times mean."""
    run = sent_by(sandbox, by_email(2))
    with DistortedLog(sandbox, shift_s=hours * 3600.0, line=_renamed, date=True) as distorted:
        assert ["delivered"] * 2 == words(run.refresh(distorted.client()))


def test_where_the_ids_differ_two_mailings_of_one_hour_are_not_guessed(
    sandbox: mg.Sandbox, by_email: Plan
) -> None:
    """Unless their subjects tell them apart."""
    same = [sent_by(sandbox, by_email(2, mailing=name)) for name in ("a", "b")]
    other = sent_by(sandbox, by_email(2, mailing="c", subject="Other {{first_name}}"))
    with DistortedLog(sandbox, line=_renamed) as distorted:
        for run in (*same, other):
            run.refresh(distorted.client())
    assert [[None] * 2, [None] * 2, ["delivered"] * 2] == [words(run) for run in (*same, other)]


@pytest.mark.parametrize("wait", [None, 0.3])
def test_a_colleagues_line_is_not_taken_for_one_that_is_missing(
    sandbox: mg.Sandbox, by_email: Plan, monkeypatch: pytest.MonkeyPatch, wait: float | None
) -> None:
    """The log has our other row's id, so that under a strange id is not ours; not at a later look either."""
    monkeypatch.setattr("migma_nb.sending.refreshing.FIRST_WAIT_S", 0.1)
    run = sent_by(sandbox, by_email(2))

    def one_of_theirs(line: dict[str, Any]) -> dict[str, Any]:
        return line | ({"tracking_id": "theirs"} if line["to_email"] == "p1@d1.example" else {})

    with DistortedLog(sandbox, line=one_of_theirs) as distorted:
        assert ["delivered", None] == words(run.refresh(distorted.client(), wait=wait))


def test_a_mail_that_a_person_ruled_as_sent_is_found_without_an_id(
    sandbox: mg.Sandbox, by_email: Plan
) -> None:
    """By address, subject and time, where nothing else comes into question; two such are not guessed."""
    run = send(sandbox, by_email(2), "accept_then_drop")
    run.resolve(run.frame.index, as_="sent", confirm=2)
    assert run.frame["message_id"].isna().all()
    assert ["delivered"] * 2 == words(run.refresh())
    twice = [send(sandbox, by_email(1, mailing=name, subject="Twice"), "accept_then_drop") for name in "ab"]
    for one in twice:
        one.resolve([0], as_="sent", confirm=1)
        assert [None] == words(one.refresh())


def test_a_line_that_two_pages_show_is_one_line(sandbox: mg.Sandbox, by_email: Plan) -> None:
    """A log shifts while it is read."""
    run = sent_by(sandbox, by_email(5))
    with DistortedLog(sandbox, repeat=2) as distorted:
        assert ["delivered"] * 5 == words(run.refresh(distorted.client()))


def test_an_id_that_several_mails_share_is_no_id(by_email: Plan) -> None:
    """Then the address decides, too."""

    def answer(request: Request) -> Reply:
        if request.method == "GET":
            lines = [_line("same", f"p{n}@d{n}.example", f"Hello N{n}", word) for n, word in _SHARED]
            return _said({"emails": lines, "nextCursor": None, "hasMore": False})
        refused = request.body == b"{}"
        return (
            Reply(400, b'{"success":false,"error":"no"}')
            if refused
            else _said({"id": "same", "status": "queued"})
        )

    with AnsweringServer(answer) as server:
        client = mg.Migma("k" * 20, base_url=server.url, rate="100/second")
        run = by_email(2).send(client, confirm=2, progress=False)
        assert {"accepted": 2} == run.counts
        assert ["clicked", "bounced"] == words(run.refresh())


def test_unknown_rows_are_reconciles_business(sandbox: mg.Sandbox, by_email: Plan) -> None:
    """A refresh says nothing of a mail of which nobody knows whether it was taken."""
    run = send(sandbox, by_email(3), "accept_then_drop")
    assert [None] * 3 == words(run.refresh())
    assert {"unknown": 3} == run.counts
    assert ["delivered"] * 3 == words(run.reconcile().refresh())


def test_a_page_that_is_asked_for_too_soon_is_asked_for_again(sandbox: mg.Sandbox, by_email: Plan) -> None:
    """After the time that the server names."""
    run = sent_by(sandbox, by_email(3))
    times: list[float] = []

    def busy(request: Request) -> Reply:
        times.append(time.monotonic())
        if len(times) == 1:
            return Reply(429, b'{"success":false,"error":"slowly"}', {"Retry-After": "1"})
        found = httpx.get(
            sandbox.url + request.path,
            headers={"Authorization": request.headers["authorization"]},
            trust_env=False,
        )
        return Reply(found.status_code, found.content)

    with AnsweringServer(busy) as server:
        client = mg.Migma(sandbox.server.api_key, base_url=server.url, account="a")
        assert ["delivered"] * 3 == words(run.refresh(client))
    assert 2 == len(times)
    assert 1.0 <= times[1] - times[0]


def test_a_log_that_cannot_be_read_changes_nothing(
    sandbox: mg.Sandbox, by_email: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither before the first look nor after it."""
    monkeypatch.setattr("migma_nb.api.reads.MOST_TRIES", 1)
    run = sent_by(sandbox, by_email(3))
    for _ in range(2):
        before = run.frame
        with AnsweringServer(lambda _: None) as server:
            client = mg.Migma("k" * 20, base_url=server.url, account="a", timeout=5.0)
            with pytest.raises(mg.CallError, match="Nothing was changed"):
                run.refresh(client)
        pd.testing.assert_frame_equal(before, run.frame)
        run.refresh()


def test_waiting_ends_when_every_mail_has_arrived(
    sandbox: mg.Sandbox, by_email: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The looks come ever less often."""
    monkeypatch.setattr("migma_nb.sending.refreshing.FIRST_WAIT_S", 0.1)
    sandbox.server.pause_queue()
    run = by_email(3).send(sandbox.client(), progress=False)
    later = threading.Timer(1.0, sandbox.server.resume_queue)
    later.start()
    began = time.monotonic()
    run.refresh(wait=60.0)
    later.join()
    assert ["delivered"] * 3 == words(run)
    assert 20.0 > time.monotonic() - began
    assert 3 <= asked(sandbox) <= 10


def test_waiting_asks_for_those_that_have_not_arrived(
    sandbox: mg.Sandbox, by_email: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others were looked at once."""
    monkeypatch.setattr("migma_nb.sending.refreshing.FIRST_WAIT_S", 0.1)
    taken(sandbox, by_email(2))
    sandbox.server.pause_queue()
    run = by_email(3).send(sandbox.client(), progress=False).refresh(wait=3)
    assert ["delivered", "delivered", None] == words(run)
    checked = run.frame["checked_at"]
    assert checked[0] == checked[1] < checked[2]


def test_waiting_ends_with_its_time(
    sandbox: mg.Sandbox, by_email: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has not arrived by then is as it is."""
    monkeypatch.setattr("migma_nb.sending.refreshing.FIRST_WAIT_S", 0.1)
    sandbox.server.pause_queue()
    run = by_email(3).send(sandbox.client(), progress=False).refresh(wait=0.5)
    assert [None] * 3 == words(run)
    assert 2 <= asked(sandbox) <= 6


def test_a_key_that_may_not_read_is_told_what_it_lacks(sandbox: mg.Sandbox, by_email: Plan) -> None:
    """`email:read`, in a sentence."""
    run = sent_by(sandbox, by_email(2))
    client = mg.Migma(sandbox.server.make_key(["email:send"]), base_url=sandbox.url, account="a")
    with pytest.raises(mg.AccountError, match="email:read") as caught:
        run.refresh(client)
    assert 403 == caught.value.status
    assert "delivery" not in run.frame


def test_another_server_is_not_asked_what_became_of_mails(sandbox: mg.Sandbox, by_email: Plan) -> None:
    """It knows nothing of this run."""
    run = taken(sandbox, by_email(2))
    with AnsweringServer(lambda _: Reply(200, b"{}")) as server:
        for ask in (run.refresh, run.log):
            with pytest.raises(mg.InputError, match="was sent to"):
                ask(mg.Migma("k" * 20, base_url=server.url))
        assert [] == server.requests


def test_of_a_batch_the_counts_are_brought_up_to_date_and_the_log_is_shown(
    sandbox: mg.Sandbox, stored: str
) -> None:
    """Its people are no rows; the log of the email has them, with all other sends of it."""
    tag = sandbox.server.add_tag("vip")
    for name in ("ann", "bo", "cy"):
        sandbox.server.add_contact(f"{name}@d.example", tags=["vip"])
    planned = mg.plan(mg.Tag(tag["id"]), mailing="m", sender="A <a@b.example>", subject="S", email_id=stored)
    run = planned.send(sandbox.client(), progress=False).refresh()
    assert (3, 3) == tuple(run.frame.loc[0, ["batch_total", "batch_sent"]])
    assert "delivery" not in run.frame
    assert "run.log() reads the log of the whole email" in run.summary()
    log = run.log()
    assert {"ann@d.example", "bo@d.example", "cy@d.example"} == set(log["to_email"])
    assert {"delivered"} == set(log["status"])
    assert "UTC" == str(log["created_at"].dt.tz)


def test_the_log_of_a_run_begins_with_the_run(sandbox: mg.Sandbox, by_email: Plan, plan: Plan) -> None:
    """What was sent before is left out; a run without a log says so."""
    sent_by(sandbox, by_email(2, mailing="before"))
    with DistortedLog(sandbox, line=_an_hour_ago_if_before) as distorted:
        run = sent_by(sandbox, by_email(3, mailing="now", subject="Now"))
        log = run.log(distorted.client())
    assert ["Now"] * 3 == log["subject"].tolist()
    assert (0, "Int64") == (log["open_count"].sum(), str(log["open_count"].dtype))
    with pytest.raises(mg.InputError, match="raw template"):
        taken(sandbox, plan(1, mailing="raw")).log()


_SHARED = ((0, "clicked"), (1, "bounced"))


def _said(data: dict[str, Any]) -> Reply:
    return Reply(200, json.dumps({"success": True, "data": data}).encode())


def _line(tracking_id: str, to: str, subject: str, status: str) -> dict[str, Any]:
    made = f"{pd.Timestamp.now('UTC').isoformat()}"
    return {
        "tracking_id": tracking_id,
        "to_email": to,
        "subject": subject,
        "status": status,
        "created_at": made,
    }


def _renamed(line: dict[str, Any]) -> dict[str, Any]:
    return line | {"tracking_id": f"of the log: {line['tracking_id']}"}


def _an_hour_ago_if_before(line: dict[str, Any]) -> dict[str, Any]:
    if line["subject"] == "Now":
        return line
    moment = pd.Timestamp(line["created_at"]) - pd.Timedelta(hours=1)
    return line | {"created_at": moment.isoformat()}

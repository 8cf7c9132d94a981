"""Logs that are off, broken or endless: nothing is settled from them that is not certain."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pandas as pd
import pytest

import migma_nb as mg
from tests.sending.lost import client_of, half_lost, states
from tests.servers.answering import AnsweringServer, Reply, Request
from tests.servers.distorted import DistortedLog

Plan = Callable[..., mg.SendPlan]

pytestmark = pytest.mark.usefixtures("hasten")


@pytest.mark.parametrize("hours", [-5, -1, 1, 5])
def test_a_log_whose_clock_is_off_is_set_by_the_mails_that_both_know(
    sandbox: mg.Sandbox, by_email: Plan, hours: int
) -> None:
    """Its `Date` is right and its lines are not, as with a database in another zone."""
    run = half_lost(sandbox, by_email(20))
    with DistortedLog(sandbox, shift_s=hours * 3600.0) as distorted:
        run.reconcile(distorted.client())
    assert {"accepted": 20} == run.counts


def test_where_a_log_is_off_and_no_mail_is_known_nothing_is_settled(
    sandbox: mg.Sandbox, by_email: Plan
) -> None:
    """Nothing tells what its times mean."""
    sandbox.set_faults({"accept_then_drop": 1.0})
    run = by_email(3).send(client_of(sandbox, account="a"), progress=False)
    sandbox.server.drain()
    for hours in (-5, 5):
        with DistortedLog(sandbox, shift_s=hours * 3600.0) as distorted:
            run.reconcile(distorted.client())
        assert ["unknown"] * 3 == states(run)


@pytest.mark.parametrize(
    ("change", "settled"),
    [
        ({"created_at": "yesterday"}, False),
        ({"created_at": None}, False),
        ({"created_at": "9999-12-31T23:59:59+00:00"}, False),
        ({"created_at": 1_700_000_000}, False),
        ({"tracking_id": None}, False),
        ({"tracking_id": ""}, False),
        ({"to_email": None}, False),
        ({"to_email": "else@d0.example"}, False),
        ({"subject": "Hello"}, False),
        ({"subject": None}, False),
        ({"status": None}, True),
        ({"status": "teleported"}, True),
        ({"extra": {"deep": [1]}}, True),
    ],
)
def test_a_line_that_does_not_say_who_what_and_when_settles_nothing(
    sandbox: mg.Sandbox, by_email: Plan, change: dict[str, Any], settled: bool
) -> None:
    """What it need not say may be missing or new."""
    run = half_lost(sandbox, by_email(12))
    before = run.frame
    with DistortedLog(sandbox, line=lambda line: line | change) as distorted:
        run.reconcile(distorted.client())
    if settled:
        assert {"accepted": 12} == run.counts
    else:
        pd.testing.assert_frame_equal(before, run.frame)


def test_a_line_that_two_pages_show_counts_once(sandbox: mg.Sandbox, by_email: Plan) -> None:
    """A log that shifts while it is read settles one of two rows no more than none."""
    people = pd.DataFrame({"email": ["ann@d.example"] * 2, "first_name": ["A", "A"], "no": ["1", "2"]})
    planned = by_email(people, key="no")
    sandbox.set_faults({"accept_then_drop": 1.0})
    planned.send(client_of(sandbox, account="a"), limit=1, progress=False)
    sandbox.set_faults({"drop_before_accept": 1.0})
    run = planned.send(client_of(sandbox, account="a"), progress=False)
    sandbox.server.drain()
    with DistortedLog(sandbox, repeat=2) as distorted:
        run.reconcile(distorted.client())
    assert ["unknown", "unknown"] == states(run)


def _page(**data: Any) -> Reply:
    return Reply(200, json.dumps({"success": True, "data": data}).encode())


FAULTS: dict[str, Callable[[Request], Reply | None]] = {
    "dropped": lambda _: None,
    "500": lambda _: Reply(500, b'{"success":false,"error":"it broke"}'),
    "503": lambda _: Reply(503, b'{"success":false,"error":"busy"}', {"Retry-After": "1"}),
    "429": lambda _: Reply(429, b'{"success":false,"error":"slowly"}', {"Retry-After": "1"}),
    "401": lambda _: Reply(401, b'{"success":false,"error":"who?"}'),
    "gateway": lambda _: Reply(502, b"<html>bad gateway</html>"),
    "no api": lambda _: Reply(404, b"<html>nothing here</html>"),
    "no email": lambda _: Reply(404, b'{"success":false,"error":"no such email"}'),
    "redirect": lambda _: Reply(302, b"", {"Location": "http://127.0.0.1:9/"}),
    "no success": lambda _: Reply(200, b'{"success":false,"error":"no","data":{"emails":[]}}'),
    "no json": lambda _: Reply(200, b"it is done"),
    "cut": lambda _: Reply(200, b'{"success":true,"data":{"emails":[]}}', cut=True),
    "no list": lambda _: _page(emails={"a": 1}, hasMore=False),
    "a number": lambda _: _page(emails=7, hasMore=False),
    "no data": lambda _: Reply(200, b'{"success":true,"data":null}'),
    "a list": lambda _: Reply(200, b"[]"),
    "the same cursor": lambda _: _page(emails=[], nextCursor="again", hasMore=True),
    "a strange cursor": lambda _: _page(emails=[], nextCursor=7, hasMore=True),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_log_that_cannot_be_read_changes_nothing(
    sandbox: mg.Sandbox, by_email: Plan, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is an error that says so; the rows stay as they were."""
    monkeypatch.setattr("migma_nb.api.reads.MOST_TRIES", 1)
    run = half_lost(sandbox, by_email(12))
    before = run.frame
    with AnsweringServer(FAULTS[fault]) as server:
        client = mg.Migma("k" * 20, base_url=server.url, account="a", timeout=5.0)
        with pytest.raises(mg.MigmaError, match="Nothing was changed") as caught:
            run.reconcile(client)
    assert isinstance(caught.value, (mg.CallError, mg.InputError))
    pd.testing.assert_frame_equal(before, run.frame)


def test_a_log_that_never_ends_is_given_up(
    sandbox: mg.Sandbox, by_email: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read of it would be half the truth."""
    monkeypatch.setattr("migma_nb.api.logs.MOST_PAGES", 5)
    run = half_lost(sandbox, by_email(12))

    def endless(request: Request) -> Reply:
        line = {"tracking_id": request.path, "to_email": "x@y.example", "subject": "S", "status": "sent"}
        line["created_at"] = datetime.now().astimezone().isoformat()
        return _page(emails=[line], nextCursor=f"c{len(server.requests)}", hasMore=True)

    with AnsweringServer(endless) as server:
        with pytest.raises(mg.CallError, match="does not come to an end"):
            run.reconcile(mg.Migma("k" * 20, base_url=server.url, account="a", timeout=5.0))
        assert 5 == len(server.requests)

"""What an answer means: a table over every branch, and what may be repeated."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migma_nb.api.meaning import (
    KEY_LIFE_S,
    MOST_LOST_TRIES,
    MOST_TRIES,
    Answer,
    Meaning,
    NoAnswer,
    Past,
    Verdict,
    judge,
    obstacle,
    repeat_after,
    retry_after,
)
from migma_nb.api.states import Reason

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
REPLAY = {"idempotent-replayed": "true"}
V, R = Verdict, Reason


def envelope(**parts: Any) -> bytes:
    """Return the API's own error body."""
    return json.dumps({"success": False, "error": "no", **parts}).encode()


def http(
    status: int, body: bytes = b"", headers: dict[str, str] | None = None, *, cut: bool = False
) -> Answer:
    """Return an HTTP answer."""
    return Answer(status, headers or {}, body, complete=not cut)


OK = json.dumps({"success": True, "data": {"id": "m1", "status": "queued"}}).encode()
HTML = b"<html><body>502</body></html>"

# answer, did an earlier attempt leave a doubt, verdict, reason
TABLE: list[tuple[str, Answer | NoAnswer, bool, Verdict, Reason]] = [
    ("no connection", NoAnswer(connected=False, what="refused"), False, V.NOT_ACCEPTED, R.NO_CONNECTION),
    ("no answer", NoAnswer(connected=True, what="time-out"), False, V.LOST, R.LOST_ANSWER),
    ("accepted", http(200, OK), False, V.ACCEPTED, R.OK),
    ("accepted with another 2xx", http(202, OK), False, V.ACCEPTED, R.OK),
    ("accepted at the repeat", http(200, OK), True, V.ACCEPTED, R.OK),
    ("a replay at the repeat", http(200, OK, REPLAY), True, V.ACCEPTED, R.OK),
    ("a replay at once", http(200, OK, REPLAY), False, V.ALREADY_SENT, R.ANOTHER_LEDGER),
    ("cut 2xx", http(200, OK[:10], cut=True), False, V.LOST, R.LOST_ANSWER),
    ("2xx that is no JSON", http(200, b"fine"), False, V.LOST, R.LOST_ANSWER),
    ("2xx that is a list", http(200, b"[]"), False, V.LOST, R.LOST_ANSWER),
    ("2xx without success", http(200, b'{"data":{}}'), False, V.LOST, R.LOST_ANSWER),
    ("204", http(204), False, V.LOST, R.LOST_ANSWER),
    ("success false", http(200, envelope()), False, V.REFUSED, R.REFUSED),
    ("success false, with an id", http(200, envelope(data={"id": "m"})), False, V.UNKNOWN, R.UNCLEAR_ANSWER),
    ("success false, no word", http(200, b'{"success":false}'), False, V.UNKNOWN, R.UNCLEAR_ANSWER),
    ("success false after a doubt", http(200, envelope()), True, V.UNKNOWN, R.LOST_ANSWER),
    ("redirect", http(301), False, V.HALT, R.NOT_THE_API),
    ("redirect 308", http(308), True, V.HALT, R.NOT_THE_API),
    ("400", http(400, envelope()), False, V.REFUSED, R.REFUSED),
    ("404", http(404, envelope()), False, V.REFUSED, R.NOT_FOUND),
    ("405", http(405, envelope()), False, V.REFUSED, R.REFUSED),
    ("413", http(413, envelope()), False, V.REFUSED, R.TOO_LARGE),
    ("415", http(415, envelope()), False, V.REFUSED, R.REFUSED),
    ("422", http(422, envelope()), False, V.REFUSED, R.REFUSED),
    ("400 after a doubt", http(400, envelope()), True, V.UNKNOWN, R.LOST_ANSWER),
    ("400 after a doubt, replayed", http(400, envelope(), REPLAY), True, V.REFUSED, R.REFUSED),
    ("400 replayed at once", http(400, envelope(), REPLAY), False, V.REFUSED, R.REFUSED),
    ("404 of another server", http(404, HTML), False, V.HALT, R.NOT_THE_API),
    ("405 of another server", http(405, HTML), False, V.HALT, R.NOT_THE_API),
    ("401", http(401, envelope()), False, V.HALT, R.BAD_KEY),
    ("402", http(402, envelope()), False, V.HALT, R.QUOTA),
    ("403", http(403, envelope(code="FORBIDDEN")), False, V.HALT, R.NO_PERMISSION),
    ("403 by a wall", http(403, HTML), False, V.HALT, R.NO_PERMISSION),
    ("403 of a recipient", http(403, envelope(code="RECIPIENT_SUPPRESSED")), False, V.REFUSED, R.REFUSED),
    ("quota in a 429", http(429, envelope(code="DAILY_QUOTA_EXCEEDED")), False, V.HALT, R.QUOTA),
    ("429", http(429, envelope()), False, V.NOT_ACCEPTED, R.RATE_LIMITED),
    ("429, long", http(429, envelope(), {"retry-after": "901"}), False, V.HALT, R.RATE_LIMITED),
    (
        "429, not so long",
        http(429, envelope(), {"retry-after": "900"}),
        False,
        V.NOT_ACCEPTED,
        R.RATE_LIMITED,
    ),
    ("408", http(408, envelope()), False, V.LOST, R.LOST_ANSWER),
    ("425", http(425), False, V.LOST, R.LOST_ANSWER),
    ("409 conflict", http(409, envelope(code="IDEMPOTENCY_CONFLICT")), False, V.UNKNOWN, R.KEY_USED_BEFORE),
    (
        "409 conflict later",
        http(409, envelope(code="IDEMPOTENCY_CONFLICT")),
        True,
        V.UNKNOWN,
        R.KEY_USED_BEFORE,
    ),
    ("409 at work", http(409, envelope(code="REQUEST_IN_PROGRESS")), True, V.LOST, R.STILL_AT_WORK),
    ("409 without a code", http(409), False, V.LOST, R.STILL_AT_WORK),
    ("another 4xx", http(418, envelope()), False, V.UNKNOWN, R.UNCLEAR_ANSWER),
    ("500 of the API", http(500, envelope()), False, V.UNKNOWN, R.SERVER_ERROR),
    ("500 as a page", http(500, HTML), False, V.UNKNOWN, R.SERVER_ERROR),
    ("502 of the API", http(502, envelope()), False, V.UNKNOWN, R.SERVER_ERROR),
    ("502 of a gateway", http(502, HTML), False, V.LOST, R.LOST_ANSWER),
    ("504 of a gateway", http(504), False, V.LOST, R.LOST_ANSWER),
    ("502, cut", http(502, b'{"succ', cut=True), False, V.UNKNOWN, R.SERVER_ERROR),
    ("503 with a time", http(503, envelope(), {"retry-after": "2"}), False, V.NOT_ACCEPTED, R.UNAVAILABLE),
    (
        "503 of a gateway with a time",
        http(503, HTML, {"retry-after": "2"}),
        False,
        V.NOT_ACCEPTED,
        R.UNAVAILABLE,
    ),
    ("503 without a time", http(503, envelope()), False, V.UNKNOWN, R.SERVER_ERROR),
    ("503, long", http(503, envelope(), {"retry-after": "7200"}), False, V.HALT, R.UNAVAILABLE),
]


@pytest.mark.parametrize(
    ("answer", "doubt", "verdict", "reason"), [row[1:] for row in TABLE], ids=[r[0] for r in TABLE]
)
def test_each_answer_has_its_meaning(
    answer: Answer | NoAnswer, doubt: bool, verdict: Verdict, reason: Reason
) -> None:
    """Every branch of the design's list, as it stands there."""
    found = judge(answer, uncertain=doubt, now=NOW)
    assert (verdict, reason) == (found.verdict, found.reason)


@given(
    status=st.integers(200, 599),
    body=st.one_of(st.binary(max_size=60), st.sampled_from([OK, HTML, envelope(), envelope(code="X")])),
    headers=st.sampled_from([{}, REPLAY, {"retry-after": "3"}, {"retry-after": "nonsense"}]),
    complete=st.booleans(),
)
def test_nothing_is_called_refused_or_not_accepted_while_a_doubt_is_open(
    status: int, body: bytes, headers: dict[str, str], complete: bool
) -> None:
    """After a doubt only an accepted 2xx or a marked replay settles a row, whatever the answer is."""
    found = judge(Answer(status, headers, body, complete), uncertain=True, now=NOW)
    if found.verdict is Verdict.REFUSED:
        assert "idempotent-replayed" in headers
    if found.verdict is Verdict.ACCEPTED:
        assert status < 300
    assert found.verdict is not Verdict.ALREADY_SENT


def test_an_answer_keeps_its_handles() -> None:
    """Ids, code and request id come through, and the newest handle wins."""
    body = json.dumps(
        {
            "success": True,
            "data": {"id": "old", "sendId": "new", "status": "queued", "provider": "ses", "surprise": [1]},
            "metadata": {"requestId": "req_1"},
        }
    ).encode()
    found = judge(http(200, body), uncertain=False, now=NOW)
    assert found.answer is not None
    assert ("new", "ses", "req_1") == (found.answer.message_id, found.answer.provider, found.request_id)
    assert [1] == (found.answer.model_extra or {})["surprise"]


def test_parts_of_a_strange_type_do_not_lose_an_acceptance() -> None:
    """An accepted mail stays accepted although a part of the answer is not what the documents say."""
    body = b'{"success": true, "data": {"id": 7, "sendId": "s1", "sentCount": "many"}}'
    found = judge(http(200, body), uncertain=False, now=NOW)
    assert found.verdict is Verdict.ACCEPTED
    assert found.answer is not None
    assert found.answer.message_id == "s1"


@pytest.mark.parametrize("value", ["120", " 120 "])
def test_retry_after_is_understood_in_seconds(value: str) -> None:
    """The form that the Node client reads."""
    assert retry_after({"retry-after": value}, NOW) == 120.0


def test_retry_after_is_understood_as_a_date_by_the_servers_own_clock() -> None:
    """A date is counted from the answer's Date, so that our clock may be wrong."""
    server = NOW + timedelta(hours=5)
    headers = {
        "retry-after": format_datetime(server + timedelta(seconds=90), usegmt=True),
        "date": format_datetime(server, usegmt=True),
    }
    assert retry_after(headers, NOW) == 90.0
    assert retry_after({"retry-after": format_datetime(NOW, usegmt=True)}, NOW + timedelta(hours=1)) == 0.0


@pytest.mark.parametrize("value", ["", "soon", "-5", "1e3", "99999999999999999999999x", "٣"])
def test_a_retry_after_that_is_none_is_no_wait(value: str) -> None:
    """Nonsense in the header is as if it were not there."""
    assert retry_after({"retry-after": value}, NOW) is None


LOST = Meaning(V.LOST, R.LOST_ANSWER, "")
AGAIN = Meaning(V.NOT_ACCEPTED, R.RATE_LIMITED, "")
SAFE = Past(tries=1, uncertain=False, proven=True)

REPEATS: list[tuple[str, Meaning, Past, float | None]] = [
    ("a lost answer under a proven key", LOST, SAFE, 30.0),
    ("a lost answer without proof", LOST, Past(1, uncertain=False, proven=False), None),
    ("other bytes", LOST, Past(1, uncertain=True, proven=True, same_bytes=False), None),
    ("another API key", LOST, Past(1, uncertain=True, proven=True, same_api_key=False), None),
    ("an old key", LOST, Past(1, uncertain=True, proven=True, age_s=KEY_LIFE_S), None),
    ("a key just young enough", LOST, Past(1, uncertain=True, proven=True, age_s=KEY_LIFE_S - 1), 30.0),
    ("a clock that cannot be trusted", LOST, Past(1, uncertain=True, proven=True, age_s=None), None),
    ("lost too often", LOST, Past(9, uncertain=True, proven=True, lost=MOST_LOST_TRIES), None),
    ("lost once after many 429s", LOST, Past(7, uncertain=True, proven=True, lost=1), 30.0),
    ("429 with a time", Meaning(V.NOT_ACCEPTED, R.RATE_LIMITED, "", wait_s=7.0), SAFE, 7.0),
    ("429 after a doubt, unproven", AGAIN, Past(1, uncertain=True, proven=False), None),
    ("429 without a doubt, unproven", AGAIN, Past(1, uncertain=False, proven=False), 0.5),
    ("429, tries spent", AGAIN, Past(MOST_TRIES, uncertain=False, proven=True), None),
    ("a 5xx of the API", Meaning(V.UNKNOWN, R.SERVER_ERROR, ""), SAFE, None),
    ("refused", Meaning(V.REFUSED, R.REFUSED, ""), SAFE, None),
    ("accepted", Meaning(V.ACCEPTED, R.OK, ""), SAFE, None),
    ("halt", Meaning(V.HALT, R.BAD_KEY, ""), SAFE, None),
]


@pytest.mark.parametrize(
    ("meaning", "past", "wait"), [row[1:] for row in REPEATS], ids=[r[0] for r in REPEATS]
)
def test_only_what_is_safe_is_repeated(meaning: Meaning, past: Past, wait: float | None) -> None:
    """The one place that decides it, branch by branch."""
    assert wait == repeat_after(meaning, past, timeout=30.0, chance=0.0)


def test_a_lost_answer_is_not_asked_for_before_the_server_can_be_done() -> None:
    """At least the time-out again, and no less than ten seconds."""
    assert repeat_after(LOST, SAFE, timeout=0.5, chance=0.0) == 10.0
    assert repeat_after(LOST, SAFE, timeout=60.0, chance=0.0) == 60.0


def test_waits_grow_and_are_jittered() -> None:
    """Repeats without a time from the server spread out, so that workers do not knock together."""
    waits = [
        repeat_after(AGAIN, Past(tries, uncertain=False, proven=False), timeout=1, chance=0.0)
        for tries in range(1, MOST_TRIES)
    ]
    assert sorted(wait or 0.0 for wait in waits) == waits
    low, high = (repeat_after(AGAIN, SAFE, timeout=1, chance=chance) or 0 for chance in (0.0, 0.999))
    assert low < high


def test_each_obstacle_has_its_reason() -> None:
    """A row that must not be repeated says why."""
    found = [
        obstacle(Past(0, uncertain=True, proven=False)),
        obstacle(Past(0, uncertain=True, proven=True, same_bytes=False)),
        obstacle(Past(0, uncertain=True, proven=True, same_api_key=False)),
        obstacle(Past(0, uncertain=True, proven=True, age_s=None)),
        obstacle(Past(0, uncertain=True, proven=True)),
    ]
    assert [R.LOST_ANSWER, R.PLAN_CHANGED, R.OTHER_API_KEY, R.KEY_TOO_OLD, None] == found

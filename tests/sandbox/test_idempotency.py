"""Idempotency keys: replay, conflict, scope, window, what is stored, and two requests at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from migma_nb.sandbox import SandboxServer

Serve = Callable[..., SandboxServer]
Post = Callable[..., httpx.Response]
Body = Callable[..., dict[str, Any]]


def test_the_same_key_and_body_replay_the_first_answer(serve: Serve, post: Post, single: Body) -> None:
    """Status and body are the first's, the replay is marked, and one message is delivered."""
    server = serve()
    first = post(server, single(server), key="k")
    again = post(server, single(server), key="k")
    assert ("true", first.status_code, first.content) == (
        again.headers["Idempotent-Replayed"],
        again.status_code,
        again.content,
    )
    assert "Idempotent-Replayed" not in first.headers
    server.drain()
    assert ["k"] == [mail["idempotency_key"] for mail in server.outbox()]
    assert [False, True] == [each["replayed"] for each in server.requests()]
    assert [True, False] == [each["accepted_id"] is not None for each in server.requests()]


def test_the_same_key_with_another_body_is_a_conflict(serve: Serve, post: Post, single: Body) -> None:
    """409 IDEMPOTENCY_CONFLICT, even if only the order of the fields differs."""
    server = serve()
    body = single(server)
    post(server, body, key="k")
    for other in (single(server, subject="Other"), dict(reversed(body.items()))):
        response = post(server, other, key="k")
        assert (409, "IDEMPOTENCY_CONFLICT") == (response.status_code, response.json()["code"])
    assert 1 == len(server.sends())


def test_a_key_has_at_most_100_characters(serve: Serve, post: Post, single: Body) -> None:
    """100 are accepted, 101 are refused."""
    server = serve()
    assert 200 == post(server, single(server), key="k" * 100).status_code
    assert 400 == post(server, single(server), key="k" * 101).status_code


def test_keys_of_different_api_keys_do_not_meet(serve: Serve, post: Post, single: Body) -> None:
    """The scope is the API key."""
    server = serve()
    post(server, single(server), key="k")
    other = post(server, single(server, subject="Other"), key="k", api_key=server.make_key(["email:send"]))
    assert 200 == other.status_code
    assert 2 == len(server.sends())


def test_a_key_is_forgotten_after_24_hours(serve: Serve, post: Post, single: Body) -> None:
    """One second before it is replayed, then it is new."""
    server = serve()
    post(server, single(server), key="k")
    server.advance(24 * 3600 - 10)
    assert "Idempotent-Replayed" in post(server, single(server), key="k").headers
    server.advance(10)
    assert "Idempotent-Replayed" not in post(server, single(server), key="k").headers
    assert 2 == len(server.sends())


@pytest.mark.parametrize(
    ("changes", "status"), [({"subject": None}, 400), ({"recipientType": "tag", "recipientId": "x"}, 404)]
)
def test_refusals_are_replayed(
    serve: Serve, post: Post, single: Body, changes: dict[str, Any], status: int
) -> None:
    """A 400 or a 404 is stored under the key as well."""
    server = serve()
    assert status == post(server, single(server, **changes), key="k").status_code
    again = post(server, single(server, **changes), key="k")
    assert (status, "true") == (again.status_code, again.headers["Idempotent-Replayed"])


@pytest.mark.parametrize("fault", ["error_500_before_accept", "rate_limited_seconds", "unavailable"])
def test_5xx_and_429_are_not_stored(serve: Serve, post: Post, single: Body, fault: str) -> None:
    """The next attempt under the key is worked on."""
    server = serve(faults={fault: 1.0})
    post(server, single(server), key="k")
    server.faults = {}
    after = post(server, single(server), key="k")
    assert (200, False) == (after.status_code, "Idempotent-Replayed" in after.headers)


def test_a_key_without_permission_stores_nothing(serve: Serve, post: Post, single: Body) -> None:
    """Authorisation comes before the idempotency key is looked at."""
    server = serve()
    weak = server.make_key(["email:read"])
    for _ in range(2):
        response = post(server, single(server), key="k", api_key=weak)
        assert (403, False) == (response.status_code, "Idempotent-Replayed" in response.headers)


def test_requests_at_once_with_one_key_are_accepted_once(serve: Serve, post: Post, single: Body) -> None:
    """While the first is at work the others get 409 with a code of its own, and then the replay."""
    server = serve(latency=0.3)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(server, single(server), key="k"), range(8)))
    accepted = [answer for answer in answers if answer.status_code == 200]
    waiting = [answer.json()["code"] for answer in answers if answer.status_code == 409]
    assert (1, ["REQUEST_IN_PROGRESS"] * 7) == (len(accepted), waiting)
    server.latency = 0.0
    assert accepted[0].content == post(server, single(server), key="k").content
    assert 1 == len(server.sends())


def test_another_body_while_the_first_is_at_work_is_a_conflict(
    serve: Serve, post: Post, single: Body
) -> None:
    """A conflict is known before the first request is answered."""
    server = serve(latency=0.3)
    bodies = [single(server), single(server, subject="Other")]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda body: post(server, body, key="k"), bodies))
    assert [200, 409] == sorted(answer.status_code for answer in answers)
    codes = {answer.json().get("code") for answer in answers}
    assert {None, "IDEMPOTENCY_CONFLICT"} == codes


def test_a_server_without_idempotency_ignores_the_header(serve: Serve, post: Post, single: Body) -> None:
    """Every repeat is a new send, whatever key it bears."""
    server = serve(idempotency=False)
    for _ in range(2):
        assert 200 == post(server, single(server), key="k" * 101).status_code
    assert 2 == len(server.sends())

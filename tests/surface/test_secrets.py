"""The API key reaches no output, no file and no other server, and no log names a person."""

import base64
import copy
import faulthandler
import json
import pickle
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import migma_nb as mg
from tests.faults import EACH_FAULT
from tests.servers.answering import AnsweringServer, Reply, Request
from tests.surface.leaks import SENTINEL, forms, leaks, leaks_in_files, reachable_leaks, shown
from tests.surface.sentinels import FIELDS, everything_of, live, planned

pytestmark = pytest.mark.usefixtures("short_waits")


@pytest.mark.parametrize("fault", EACH_FAULT)
def test_no_fault_shows_the_key_or_logs_a_person(
    fault: str,
    debug_log: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """Outputs, logs, tracebacks with locals, frames, exports, ledger; what is reachable from the objects."""
    with mg.Sandbox(faults={fault: 1.0}, idempotency=False) as sandbox:
        key, client = sandbox.server.api_key, sandbox.client(timeout=0.4)
        with pytest.raises(mg.CallError) as caught:
            client.send(**FIELDS)
        plan = planned()
        run = plan.send(client, ledger=tmp_path / "ledger" / "l.sqlite3")
        found = everything_of(run, tmp_path)
    said = capfd.readouterr()
    texts = {
        "errors": shown(caught.value),
        "log": debug_log.text,
        "output": said.out + said.err,
        "views": found + repr(plan) + repr(client) + repr(client.settings) + str(asdict(client.settings)),
    }
    assert {} == {name: hit for name, text in texts.items() if (hit := leaks(key, text))}
    assert [] == leaks_in_files(key, tmp_path)
    assert [] == reachable_leaks(key, client, run, plan, caught.value)
    assert len(debug_log.records) > 20
    assert "entinel" not in debug_log.text.replace(tmp_path.name, "")


def half_escaped(text: str) -> str:
    """Return a text of which JSON escapes hide every second character."""
    return "".join(
        f"\\u{ord(char):04x}" if at % 2 or char in '"\\\\' else char for at, char in enumerate(text)
    )


def answer_with(reply: Reply, _: Request) -> Reply:
    """Say the same to every request."""
    return reply


def said_by(call: Callable[[], object]) -> str:
    """Return what a call shows, its error with the local variables of every frame included."""
    try:
        return repr(call())
    except mg.MigmaError as error:
        return shown(error)


def b64(data: bytes) -> str:
    """Return bytes in base64."""
    return base64.b64encode(data).decode()


def in_form(name: str) -> Callable[[str], str]:
    """Return a server's way to write a key in one form."""
    return lambda key: f"<<{forms(key)[name]}>>"


def in_base64(offset: int) -> Callable[[str], str]:
    """Return a server's way to write a key in base64, with so many bytes before it."""
    return lambda key: b64(b"x" * offset + key.encode() + b"y")


ECHOES: dict[str, Callable[[str], str]] = {
    "bearer": lambda key: f"Authorization: Bearer {key}",
    **{name: in_form(name) for name in ("raw", "url", "json", "json with slashes")},
    **{f"base64 after {offset}": in_base64(offset) for offset in range(3)},
}


def echoing(status: int, said: str) -> Reply:
    """Return an answer that says something in every part that a person may get to see, and in its headers."""
    body = {"success": status == HTTPStatus.OK, "error": said, "message": said, "code": said, said: said}
    body |= {"metadata": {"requestId": said}, "data": {"id": said, "provider": said, "status": said}}
    headers = {"X-Request-Id": said, "X-Echo": said, "Location": f"/{said}"}
    return Reply(status, json.dumps(body).encode(), headers)


@pytest.mark.parametrize("echo", ECHOES)
def test_a_server_that_echoes_the_key_cannot_make_us_show_it(
    echo: str, debug_log: pytest.LogCaptureFixture
) -> None:
    """Whatever its status, in a send's answer and in a batch's."""
    said, texts = ECHOES[echo](SENTINEL), []
    for status in (200, 202, 302, 400, 401, 403, 409, 422, 429, 500, 503):
        with AnsweringServer(partial(answer_with, echoing(status, said))) as server:
            client = live(server)
            texts += [said_by(partial(client.send, **FIELDS))]
            texts += [said_by(partial(client.batch, "b"))]
    assert [] == leaks(SENTINEL, "\n".join(texts))
    assert [] == leaks(SENTINEL, debug_log.text)


@pytest.mark.parametrize("status", [200, 400, 401, 500])
def test_an_echoed_key_reaches_no_account_and_no_file(status: int, tmp_path: Path) -> None:
    """Frames, summary, cards, exports, ledger and locks of a run, and what its object holds on to."""
    said = " ".join(echo(SENTINEL) for echo in ECHOES.values())
    with AnsweringServer(lambda _: echoing(status, said)) as server:
        run = planned().send(live(server), confirm=8, progress=False, ledger=tmp_path / "l.sqlite3")
        assert [] == leaks(SENTINEL, everything_of(run, tmp_path))
    assert [] == leaks_in_files(SENTINEL, tmp_path)
    assert [] == reachable_leaks(SENTINEL, run)


@pytest.mark.parametrize("half", [True, False])
def test_a_key_hidden_by_json_escapes_is_found_as_well(half: bool) -> None:
    """Some characters escaped, or all: what the answer means holds the key in no form."""
    spelled = half_escaped(SENTINEL) if half else "".join(f"\\u{ord(char):04X}" for char in SENTINEL)
    body = f'{{"success":false,"error":"{spelled}","code":"{spelled}"}}'.encode()
    assert SENTINEL == json.loads(body)["error"]
    with AnsweringServer(lambda _: Reply(400, body)) as server, pytest.raises(mg.RefusedError) as caught:
        live(server).send(**FIELDS)
    assert [] == leaks(SENTINEL, shown(caught.value))
    assert "[key]" in str(caught.value)


def test_a_log_and_a_batch_that_echo_the_key_do_not_bring_it_to_the_ledger(tmp_path: Path) -> None:
    """Status words and ids come from the server; none of them is the key."""
    with AnsweringServer(lambda request: _log_or_send(request, server.requests)) as server:
        run = planned(template=None, project_id=None, email_id="e").send(
            live(server, workers=1), confirm=8, progress=False, ledger=tmp_path / "l.sqlite3"
        )
        assert {"unknown": 8} == run.counts
        run.reconcile()
        assert {"accepted": 8} == run.counts
        assert {"[key]"} == set(run.frame["api_status"])
        found = everything_of(run, tmp_path)
    assert [] == leaks(SENTINEL, found)
    assert [] == leaks_in_files(SENTINEL, tmp_path)


def _log_or_send(request: Request, before: list[Request]) -> Reply:
    """Answer a send with a bare 500, and a question for the log with a line for each send, the key in it."""
    if request.method == "POST":
        return Reply(500, b'{"success":false,"error":"it broke"}')
    bodies = [json.loads(one.body) for one in before if one.method == "POST"]
    lines = [
        {
            "tracking_id": f"{SENTINEL}{at}",
            "to_email": body["recipientEmail"],
            "subject": f"Hello {body['variables']['first_name']}",
            "status": SENTINEL,
            "created_at": pd.Timestamp.now("UTC").isoformat(),
        }
        for at, body in enumerate(bodies)
        if "recipientEmail" in body
    ]
    data = {"emails": lines, "nextCursor": None, "hasMore": False}
    return Reply(200, json.dumps({"success": True, "data": data}).encode())


@pytest.mark.parametrize(
    "wrong",
    [
        {"base_url": "nowhere"},
        {"base_url": "http://api.migma.ai"},
        {"base_url": "https://user:word@api.migma.ai"},
        {"timeout": "soon"},
        {"workers": 0},
        {"rate": "fast"},
        {"unknown": 1},
    ],
)
def test_a_wrong_argument_does_not_show_the_key_that_came_with_it(wrong: dict[str, Any]) -> None:
    """The client's own frames hold no text of the key any more."""
    with pytest.raises((mg.ConfigurationError, TypeError)) as caught:
        mg.Migma(SENTINEL, **wrong)
    assert [] == leaks(SENTINEL, shown(caught.value))


@pytest.mark.parametrize("spoiled", ["{} {}", "{}\n{}", "{}é{}", "{}\0{}", "\u202e{}{}"])
def test_a_key_that_is_none_is_not_shown(spoiled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be the right one with a slip in it: from the argument and from the environment alike."""
    key = spoiled.format(SENTINEL[:15], SENTINEL)
    with pytest.raises(mg.ConfigurationError) as caught:
        mg.Migma(key)
    assert [] == leaks(SENTINEL, shown(caught.value))
    if "\0" not in key:
        monkeypatch.setenv("MIGMA_API_KEY", key)
        with pytest.raises(mg.ConfigurationError) as caught:
            mg.Migma()
        assert [] == leaks(SENTINEL, shown(caught.value))


def test_an_idempotency_key_that_no_header_can_hold_is_refused_before_the_call() -> None:
    """Otherwise it would look like a mail that may have left."""
    with AnsweringServer(lambda _: Reply(200, b"{}")) as server:
        for bad in ("a\r\nX-Evil: 1", "é", "a\0b", "", " ", "x" * 101):
            with pytest.raises(mg.InputError, match="idempotency_key"):
                live(server).send(idempotency_key=bad, **FIELDS)
        assert 0 == server.connections


def test_no_key_is_an_error_with_a_way_out() -> None:
    """Importing needs no key; a client does."""
    with pytest.raises(mg.ConfigurationError, match="MIGMA_API_KEY"):
        mg.Migma()


def test_a_client_that_is_copied_or_pickled_gives_the_key_to_nobody() -> None:
    """A copy works, a pickle is refused without showing it."""
    with AnsweringServer(lambda _: Reply(200, b'{"success":true,"data":{"id":"m"}}')) as server:
        client = live(server)
        for twin in (copy.copy(client), copy.deepcopy(client)):
            assert "m" == twin.send(**FIELDS).message_id
        assert server.requests[0].headers["authorization"] == f"Bearer {SENTINEL}"
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="not written to files") as caught:
            pickle.dumps(client, protocol)
        assert [] == leaks(SENTINEL, shown(caught.value))
    settings = client.settings
    views = [repr(client), str(vars(client)), str(dir(client)), json.dumps(asdict(settings), default=str)]
    views += [repr(replace(settings, workers=3)), f"{settings.key}", f"{settings.key!r:>90}"]
    assert [] == leaks(SENTINEL, "\n".join(views))
    assert [] == reachable_leaks(SENTINEL, client)


def test_a_dump_of_all_threads_shows_no_key(tmp_path: Path) -> None:
    """While a request is in flight."""
    place = tmp_path / "threads.txt"

    def dump(_: Request) -> Reply:
        with place.open("w") as file:
            faulthandler.dump_traceback(file, all_threads=True)
        return Reply(400, b'{"success":false,"error":"no"}')

    with AnsweringServer(dump) as server, pytest.raises(mg.RefusedError):
        live(server).send(**FIELDS)
    assert "Thread" in place.read_text()
    assert [] == leaks_in_files(SENTINEL, tmp_path)


def test_a_mistake_in_this_file_would_be_found() -> None:
    """The searches find the key in each of its forms, and in an object that keeps it."""
    assert len(forms(SENTINEL)) > 8
    assert all(leaks(SENTINEL, f"x{form}y") for form in forms(SENTINEL).values())
    holder = {"a": [lambda kept="x" + SENTINEL: kept]}
    assert [] != reachable_leaks(SENTINEL, holder)

"""The API key reaches no output, no file and no other server, and no log names a person."""

import base64
import copy
import faulthandler
import json
import logging
import os
import pickle
import ssl
import stat
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import migma_nb as mg
from migma_nb.sandbox.faults import FAULTS
from tests.servers.answering import AnsweringServer, Reply, Request
from tests.surface.leaks import SENTINEL, forms, leaks, leaks_in_files, reachable_leaks, shown

FIELDS = {
    "recipient_type": "email",
    "recipient_email": "sentinel.person@people.example",
    "from_": "a@b.example",
    "from_name": "A",
    "subject": "S",
    "template": "<p>x</p>",
    "project_id": "p",
}


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing be waited for longer than it must."""
    for module in ("migma_nb.api.meaning", "migma_nb.sending.sorting"):
        monkeypatch.setattr(f"{module}.SHORTEST_LOST_WAIT_S", 0.01)
    monkeypatch.setattr("migma_nb.api.meaning.MOST_TRIES", 2)
    monkeypatch.setattr("migma_nb.sending.proof.TRY_AGAIN_S", (0.0,))


@pytest.fixture
def debug_log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Everything that anybody logs, at the lowest level."""
    names = ["httpx", "httpcore", "asyncio", "sqlalchemy", "uvicorn", "filelock", "migma_nb"]
    before = {name: logging.getLogger(name).level for name in names}
    caplog.set_level(1)
    for name in names:
        logging.getLogger(name).setLevel(1)
    yield caplog
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


def people(count: int = 8) -> pd.DataFrame:
    """Return people whose names and addresses cannot be missed."""
    numbers = range(count)
    return pd.DataFrame(
        {
            "email": [f"sentinel.person{n}@people.example" for n in numbers],
            "first_name": [f"Sentinelina{n}" for n in numbers],
        }
    )


def planned(**changes: Any) -> mg.SendPlan:
    """Return a plan for them."""
    options: dict[str, Any] = {
        "mailing": "m",
        "sender": "Acme <billing@acme.example>",
        "subject": "Hello {{first_name}}",
        "template": "<p>{{first_name}}</p>",
        "project_id": "p",
        "transactional": True,
    }
    return mg.plan(people(), **options | changes)


def everything_of(run: mg.Run, folder: Path) -> str:
    """Return all that a run shows, and write all that it writes."""
    run.to_csv(folder / "sent.csv")
    views = (run.frame, run.unknown, run.join(people()))
    frames = [
        text
        for frame in views
        for text in (frame.to_string(), frame.to_html(), frame.to_json(date_format="iso"))
    ]
    return "\n".join([*frames, repr(run), run.summary(), run._repr_html_(), repr(vars(run)), str(run.counts)])


@pytest.mark.parametrize("fault", FAULTS)
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


def live(server: AnsweringServer, **options: Any) -> mg.Migma:
    """Return a client of a server that bears the sentinel."""
    return mg.Migma(SENTINEL, base_url=server.url, **{"timeout": 2.0, "workers": 2} | options)


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


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_redirect_to_another_host_gets_nothing(status: int, host: str, tmp_path: Path) -> None:
    """Neither another port nor another name is even connected to, by a send, a run, a batch or a log."""
    with AnsweringServer(lambda _: Reply(200, b"{}"), host=host) as other:
        location = {"Location": f"{other.url}/v1/sending"}
        with AnsweringServer(lambda _: Reply(status, b"", location)) as server:
            client = live(server)
            for call in (lambda: client.send(**FIELDS), lambda: client.batch("b")):
                with pytest.raises(mg.AccountError, match="redirects"):
                    call()
            run = planned().send(client, confirm=8, progress=False, ledger=tmp_path / "l.sqlite3")
            assert {"not_sent": 8} == run.counts
        assert (0, []) == (other.connections, other.requests)


def test_a_name_that_no_server_has_is_no_connection() -> None:
    """Nothing left, so it may be called again; the sentence holds no key."""
    client = mg.Migma(SENTINEL, base_url="https://api.migma.invalid", timeout=2.0)
    with pytest.raises(mg.NotSentError, match="no connection") as caught:
        client.send(**FIELDS)
    assert [] == leaks(SENTINEL, shown(caught.value))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate that nobody trusts, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run([*command, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
    return cert, key


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_server_whose_certificate_nobody_vouches_for_gets_no_byte(
    host: str, certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    """TLS is always verified, on the loopback too: no connection, so certainly not sent."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    with AnsweringServer(lambda _: Reply(200, b"{}"), host=host, tls=context) as server:
        client = live(server)
        with pytest.raises(mg.NotSentError, match="no connection") as caught:
            client.send(**FIELDS)
        run = planned().send(client, confirm=8, progress=False, ledger=tmp_path / "l.sqlite3")
        assert {"not_sent": 8} == run.counts
        assert server.connections > 0
        assert [] == server.requests
    assert [] == leaks(SENTINEL, shown(caught.value) + everything_of(run, tmp_path))


def test_a_proxy_sees_neither_key_nor_mail_and_its_password_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, debug_log: pytest.LogCaptureFixture
) -> None:
    """It is asked for a tunnel; where it refuses, nothing was sent."""
    with AnsweringServer(lambda _: Reply(407, b"", {"Proxy-Authenticate": "Basic"})) as proxy:
        address = proxy.url.replace("http://", "http://someone:s3cret-w0rd@")
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, address)
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("no_proxy", "")
        with pytest.raises(mg.NotSentError) as caught:
            mg.Migma(SENTINEL, base_url="https://api.migma.example", timeout=2.0).send(**FIELDS)
        assert ["CONNECT"] == [request.method for request in proxy.requests]
        seen = repr(proxy.requests)
    assert [] == leaks(SENTINEL, seen)
    assert "sentinel.person" not in seen
    assert [] == leaks("s3cret-w0rd", shown(caught.value) + debug_log.text)


def test_a_server_on_this_machine_is_called_past_every_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rehearsal does not cross the network, whatever the environment says."""
    with (
        AnsweringServer(lambda _: Reply(502)) as proxy,
        AnsweringServer(lambda _: Reply(200, b'{"success":true,"data":{"id":"m"}}')) as server,
    ):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv("NO_PROXY", "")
        assert "m" == live(server).send(**FIELDS).message_id
        assert 0 == proxy.connections


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


def test_the_ledger_is_its_owners_alone(tmp_path: Path) -> None:
    """Files 0600 in folders 0700, whatever the umask, and while the run is going."""
    modes: dict[str, int] = {}
    home = tmp_path / "made" / "for" / "it"

    def look(_: Request) -> Reply:
        for path in [home, *home.rglob("*")]:
            if not path.is_socket():
                modes[path.name] = stat.S_IMODE(path.stat().st_mode)
        return Reply(400, b'{"success":false,"error":"no"}')

    before = os.umask(0)
    try:
        with AnsweringServer(look) as server:
            planned().send(live(server), confirm=8, progress=False, ledger=home / "l.sqlite3")
    finally:
        os.umask(before)
    assert {"it", "l.sqlite3", "l.sqlite3-wal", "l.sqlite3-shm", "l.sqlite3.locks"} <= modes.keys()
    wanted = {name: 0o700 if name in {"it", "l.sqlite3.locks"} else 0o600 for name in modes}
    assert {name: oct(mode) for name, mode in wanted.items()} == {name: oct(at) for name, at in modes.items()}


def test_a_mistake_in_this_file_would_be_found() -> None:
    """The searches find the key in each of its forms, and in an object that keeps it."""
    assert len(forms(SENTINEL)) > 8
    assert all(leaks(SENTINEL, f"x{form}y") for form in forms(SENTINEL).values())
    holder = {"a": [lambda kept="x" + SENTINEL: kept]}
    assert [] != reachable_leaks(SENTINEL, holder)

"""The API key goes to nobody but the server that was named, and the ledger is its owner's alone."""

import os
import ssl
import stat
import subprocess
import traceback
from pathlib import Path

import pytest

import migma_nb as mg
from tests.servers.answering import AnsweringServer, Reply, Request
from tests.surface.leaks import SENTINEL, leaks, shown
from tests.surface.sentinels import FIELDS, everything_of, live, planned

pytestmark = pytest.mark.usefixtures("short_waits")


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
        assert "Basic c29tZW9uZTpzM2NyZXQtdzByZA==" == proxy.requests[0].headers["proxy-authorization"]
        seen = repr(proxy.requests)
    assert [] == leaks(SENTINEL, seen)
    assert "sentinel.person" not in seen
    assert [] == leaks("s3cret-w0rd", shown(caught.value) + debug_log.text)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("socks4://someone:s3cret-w0rd@127.0.0.1:9", "is no address of http"),
        ("http://someone:s3cret-w0rd@127.0.0.1:port", "is no address"),
        ("socks5://someone:s3cret-w0rd@127.0.0.1:9", "takes the package socksio"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_told_when_the_client_is_made(
    address: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else each row of a run would meet it, and end as not sent for want of a connection."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, address)
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(mg.ConfigurationError, match=told) as caught:
        mg.Migma(SENTINEL)
    assert [] == leaks("s3cret-w0rd", "".join(traceback.format_exception(caught.value)))


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

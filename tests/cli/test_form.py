"""`migma-nb form`: a page of the loopback for a colleague, without a browser."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import migma_nb as mg
from migma_nb.cli.exits import Exit
from migma_nb.cli.form_page import notebook_of, page_of
from tests.cli.conftest import form_options

Migma = Callable[..., subprocess.CompletedProcess[str]]
ROOT = Path(__file__).parents[2]
KEY = "mgma_sk_live_" + "0123456789abcdef" * 3


@pytest.fixture
def served(
    folder: Path, environment: dict[str, str]
) -> Iterator[tuple[subprocess.Popen[str], str, list[str]]]:
    """Serve the page; give its process, its address, and what it has said till then."""
    pytest.importorskip("voila")
    command = [sys.executable, "-m", "migma_nb.cli", "form", "people.csv"]
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    said: list[str] = []
    for line in process.stdout:
        said.append(line)
        if found := re.search(r"http://\S+", line):
            yield process, found[0], said
            break
    if process.poll() is None:
        process.kill()
    process.communicate()


@pytest.mark.parametrize("how", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.proof)])
def test_the_page_ends_when_told(
    served: tuple[subprocess.Popen[str], str, list[str]], how: signal.Signals
) -> None:
    """Code 0, nothing on stderr, the port free again, its kernels gone with it."""
    process, address, said = served
    assert said[0].startswith("REHEARSAL on a sandbox of this machine")
    with httpx.stream("GET", address, timeout=60) as answer:
        assert 200 == answer.status_code
        answer.read()
    process.send_signal(how)
    out, err = process.communicate(timeout=60)
    assert (Exit.FINE, "") == (process.returncode, err)
    assert out.endswith("Ended.\n")
    with pytest.raises(httpx.ConnectError):
        httpx.get(address)


def test_nothing_of_the_page_can_be_had_without_the_token(
    served: tuple[subprocess.Popen[str], str, list[str]],
) -> None:
    """Neither the page nor a kernel nor a file; and the page says that it may fetch from nowhere else."""
    _, address, _ = served
    base, _, token = address.partition("?token=")
    kernel = "00000000-0000-0000-0000-000000000000"
    paths = (
        "",
        f"api/kernels/{kernel}",
        f"voila/api/shutdown/{kernel}",
        "voila/files/form.ipynb",
        "login",
        "x",
    )
    assert {403} == {httpx.get(base + path).status_code for path in paths}
    assert {403} == {httpx.get(f"{base}{path}?token={token[:-1]}").status_code for path in paths}
    assert len(token) >= 32
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    channels = f"{base}api/kernels/{kernel}/channels"
    assert 403 == httpx.get(channels, headers=upgrade | {"Sec-WebSocket-Key": "eA=="}).status_code
    with httpx.stream("GET", address, timeout=60) as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy
    assert "*" not in policy


def test_the_pages_notebook_holds_what_was_typed_and_no_key(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It makes its client by the key of the environment; files are found where the command was typed."""
    monkeypatch.setenv("MIGMA_API_KEY", KEY)
    monkeypatch.chdir(folder)
    typed = form_options(
        "people.csv",
        "--template=mail.html",
        '--mailing=spring "news"',
        "--marketing",
        "--live",
        "--rate=5/second",
        "--ledger=postgresql://me:secret@db.example/mails",
    )
    source = notebook_of(page_of(typed), folder)["cells"][0]["source"]
    assert source.splitlines()[-1] == (
        'page_form(Path("people.csv"), mg.Migma(rate="5/second"), mailing=\'spring "news"\', '
        'template="mail.html", transactional=False)'
    )
    assert not [word for word in (KEY, "secret") if word in json.dumps(source)]
    monkeypatch.setenv("MIGMA_LEDGER", os.fspath(folder / "ledger.sqlite3"))
    seen: dict[str, Any] = {}
    exec(source.replace("page_form(Path", "seen['form'] = page_form(Path"), {"seen": seen})
    seen["form"].settle()
    assert 'people = mg.read_recipients("people.csv")' in seen["form"].lines


def test_a_job_file_fills_in_the_form(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of its mailing: a form that knew nothing of `exclude` would mail people who are left out."""
    monkeypatch.chdir(folder)
    (folder / "out.csv").write_text("email\nb@x.example\n")
    (folder / "job.toml").write_text(
        'file = "people.csv"\nexclude = "out.csv"\nsubject = "Hi {{first}}"\ntemplate = "mail.html"\n'
        'var = {first = "name"}\nmailing = "m"\nsender = "A <a@acme.example>"\nproject = "p"\n'
        'reply-to = "help@acme.example"\nrate = "1/day"\n[form]\ntransactional = true\n'
    )
    form = form_of_the_page("--config=job.toml")
    assert (1, "Hi Ann") == (form.plan.people, form.plan.preview(0).subject)
    assert 'reply_to="help@acme.example"' in form.lines
    (folder / "other.csv").write_text("email\nnobody@x.example\n")
    assert 2 == form_of_the_page("--config=job.toml", "--exclude=other.csv").plan.people


def test_a_page_for_a_tag_begins_with_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As every command that knows a mailing."""
    monkeypatch.chdir(folder)
    source = notebook_of(page_of(form_options("--tag=vip", "--rate=5/second")), folder)["cells"][0]["source"]
    assert 'page_form(mg.Tag("vip"), rate="5/second")' == source.splitlines()[-1]


def form_of_the_page(*options: str) -> Any:
    """Return the form that a page begins with, once it has planned."""
    source = notebook_of(page_of(form_options(*options)), Path.cwd())["cells"][0]["source"]
    seen: dict[str, Any] = {}
    exec(source.replace("page_form(Path", "seen['form'] = page_form(Path"), {"seen": seen})
    seen["form"].settle()
    return seen["form"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--base-url=http://127.0.0.1:1"], "--base-url has no meaning"),
        (["nowhere.csv"], "nowhere.csv"),
        (["--template=nowhere.html"], "nowhere.html"),
        (["--exclude=nowhere.csv"], "nowhere.csv"),
        (["people.csv", "--tag=vip"], "more than once"),
    ],
)
def test_what_cannot_be_used_is_said_before_anybody_opens_the_page(options: list[str], words: str) -> None:
    """In the terminal of whoever serves it."""
    with pytest.raises(mg.InputError, match=re.escape(words)):
        page_of(form_options(*options))


def test_a_page_that_rehearses_says_how_to_serve_one_that_does_not(folder: Path) -> None:
    """By the option of the command: whoever reads the page runs no Python."""
    source = notebook_of(page_of(form_options()), folder)["cells"][0]["source"]
    seen: dict[str, Any] = {}
    exec(source.replace("page_form(None", "seen['form'] = page_form(None"), {"seen": seen})
    seen["form"].settle()
    bundle = json.dumps([widget.get_state(["value"]) for widget in _htmls(seen["form"].widget)])
    assert "for real mail: <code>migma-nb form \\u2026 --live</code>" in bundle
    assert "mg.Migma()</code>" not in bundle


def _htmls(widget: Any) -> Iterator[Any]:
    if type(widget).__name__ == "HTML":
        yield widget
    for child in getattr(widget, "children", ()):
        yield from _htmls(child)


def test_a_live_page_without_a_key_is_refused() -> None:
    """A page asks nobody for a key."""
    with pytest.raises(mg.ConfigurationError, match="No API key"):
        page_of(form_options("--live"))


@pytest.mark.proof
def test_a_port_that_is_taken_is_a_sentence(migma: Migma, served: tuple[Any, str, list[str]]) -> None:
    """Not a traceback, nor another port than the one that was asked for."""
    port = re.search(r":(\d+)/", served[1])
    assert port
    found = migma("form", f"--port={port[1]}")
    assert Exit.BAD_INPUT == found.returncode
    assert f"cannot be served at port {port[1]}" in found.stderr


@pytest.mark.proof
def test_voila_itself_shows_the_notebook_with_the_form(environment: dict[str, str]) -> None:
    """`voila notebooks/06_form.ipynb`: the form is on the page, with nothing but warnings said."""
    pytest.importorskip("voila")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", f"--port={port}", "--Voila.port_retries=0", "--token=t0ken"]
    command = [sys.executable, "-m", "voila", os.fspath(ROOT / "notebooks" / "06_form.ipynb"), *options]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until and process.poll() is None:
            with contextlib.suppress(httpx.TransportError):
                page = httpx.get(f"http://127.0.0.1:{port}/?token=t0ken", timeout=90)
                break
            time.sleep(0.2)
    finally:
        process.terminate()
        said, _ = process.communicate(timeout=60)
    assert 200 == page.status_code, said.decode()
    assert "application/vnd.jupyter.widget-view+json" in page.text
    assert "error" not in re.findall(r'"output_type": "(\w+)"', page.text)
    assert "Traceback" not in said.decode()

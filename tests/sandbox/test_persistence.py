"""An account with a file: it survives closing and SIGKILL, and one process holds it at a time."""

import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from migma_nb.sandbox import SandboxServer

Serve = Callable[..., SandboxServer]
Post = Callable[..., httpx.Response]
Body = Callable[..., dict[str, Any]]

SERVE_UNTIL_KILLED = """
import sys, threading
from migma_nb.sandbox import SandboxServer
server = SandboxServer(path=sys.argv[1])
print(server.url, server.api_key, flush=True)
threading.Event().wait()
"""


def test_everything_survives_close_and_reopen(
    serve: Serve, post: Post, single: Body, batch: Body, tmp_path: Path
) -> None:
    """Key, project, people, outbox, logs, idempotency and clock are as they were."""
    path = tmp_path / "deep" / "account.sqlite"
    first = serve(path=path, batch_seconds=0)
    first.add_contact("ben@customer.example", tags=["news"], custom_fields={"plan": "pro"})
    first.add_segment("all")
    first.add_topic("Tips")
    first.add_domain("acme.example")
    first.connect_provider("ses")
    first.add_email("Kept", "<p>Kept</p>")
    first.advance(3600)
    answer = post(first, single(first), key="k")
    post(first, batch(first, first.add_tag("news")["id"], template="{{plan}}"))
    first.drain()
    names = ["outbox", "suppressed", "requests", "sends", "batches", "contacts", "tags", "segments", "topics"]
    names += ["projects", "domains", "providers", "emails"]
    before = {name: getattr(first, name)() for name in names}
    key, project = first.api_key, first.project_id
    first.close()
    second = serve(path=path)
    assert (key, project) == (second.api_key, second.project_id)
    assert before == {name: getattr(second, name)() for name in names}
    again = post(second, single(second), key="k")
    assert ("true", answer.content) == (again.headers["Idempotent-Replayed"], again.content)
    assert answer.json()["metadata"]["timestamp"] < second.requests()[-1]["time"]


def test_a_queue_goes_on_where_the_last_process_stopped(
    serve: Serve, post: Post, single: Body, batch: Body, tmp_path: Path
) -> None:
    """What was accepted and not delivered is delivered after reopening, once."""
    path = tmp_path / "account.sqlite"
    first = serve(path=path, batch_seconds=1.0)
    for number in range(100):
        first.add_contact(f"person{number}@customer.example", tags=["news"])
    post(first, batch(first, first.add_tag("news")["id"]))
    while not first.outbox():
        pass
    first.pause_queue()
    post(first, single(first))
    delivered = len(first.outbox())
    first.close()
    assert 0 < delivered < 100
    second = serve(path=path, batch_seconds=0)
    second.drain()
    expected = {f"person{number}@customer.example" for number in range(100)} | {"ann@customer.example"}
    people = [mail["to"] for mail in second.outbox()]
    assert (101, expected) == (len(people), set(people))


def test_faults_go_on_with_their_sequence_after_reopening(
    serve: Serve, post: Post, single: Body, tmp_path: Path
) -> None:
    """Closing in the middle changes nothing of what befalls which request."""
    faults = {"unavailable": 0.5}

    def run(server: SandboxServer, number: int) -> list[str | None]:
        for _ in range(number):
            post(server, single(server))
        return [each["fault"] for each in server.requests()]

    whole = run(serve(faults=faults, seed=3), 20)
    first = serve(faults=faults, seed=3, path=tmp_path / "account.sqlite")
    run(first, 10)
    first.close()
    assert whole == run(serve(faults=faults, seed=3, path=tmp_path / "account.sqlite"), 10)


def test_a_killed_process_loses_nothing_that_it_answered(
    serve: Serve, single: Body, http: httpx.Client, tmp_path: Path
) -> None:
    """SIGKILL amid requests: every acknowledged send is there, delivered once, and its key holds."""
    path = tmp_path / "account.sqlite"
    answers: dict[str, bytes] = {}
    body = single(serve())
    with subprocess.Popen(
        [sys.executable, "-c", SERVE_UNTIL_KILLED, str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        url, api_key = process.stdout.readline().split()
        enough = threading.Event()

        def send() -> None:
            number = 0
            while True:
                headers = {"X-API-Key": api_key, "Idempotency-Key": f"k{number}"}
                content = body | {"recipientEmail": f"person{number}@customer.example"}
                try:
                    answers[f"k{number}"] = http.post(
                        f"{url}/v1/sending", json=content, headers=headers
                    ).content
                except httpx.TransportError:
                    return
                number += 1
                if number == 50:
                    enough.set()

        sender = threading.Thread(target=send)
        sender.start()
        enough.wait(20)
        process.send_signal(signal.SIGKILL)
        sender.join(20)
    server = serve(path=path)
    server.drain()
    delivered = [mail["idempotency_key"] for mail in server.outbox()]
    assert (True, True) == (50 <= len(answers), answers.keys() <= set(delivered))
    assert len(delivered) == len(set(delivered))
    headers = {"X-API-Key": api_key, "Idempotency-Key": "k7"}
    content = body | {"recipientEmail": "person7@customer.example"}
    assert answers["k7"] == http.post(f"{server.url}/v1/sending", json=content, headers=headers).content


def test_the_file_is_private_and_held_by_one(serve: Serve, tmp_path: Path) -> None:
    """It holds API keys, so that only its owner may read it; a second sandbox is told who has it."""
    path = tmp_path / "account.sqlite"
    serve(path=path)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    with pytest.raises(RuntimeError, match="another path"):
        serve(path=path)


def test_a_file_of_another_kind_is_refused(serve: Serve, tmp_path: Path) -> None:
    """It is left as it was."""
    path = tmp_path / "customers.csv"
    path.write_text("email,name\n" * 100)
    with pytest.raises(RuntimeError, match="another path"):
        serve(path=path)
    assert "email,name\n" * 100 == path.read_text()

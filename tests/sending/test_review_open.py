"""Histories found by reading: of the log, of the wire, and one that is still open, with the reason."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pandas as pd
import pytest

import migma_nb as mg
from migma_nb.api.states import State
from tests.sending.test_review import client_of, scripted
from tests.servers.scripted import Act, ScriptedServer, _Answer, _head

Plan = Callable[..., mg.SendPlan]

pytestmark = pytest.mark.usefixtures("hasten")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return where the ledger of a test is."""
    return tmp_path / "ledger.sqlite3"


@pytest.mark.parametrize(("mailings", "state"), [(1, "accepted"), (2, "unknown")])
def test_a_line_of_the_log_that_may_be_another_mailings_settles_nothing(
    plan: Plan, place: Path, mailings: int, state: str
) -> None:
    """One person, one stored email, two mailings in doubt: the first that looked took the other's line."""
    with ScriptedServer(
        scripted(Act.ERROR_BEFORE if mailings > 1 else Act.ERROR_AFTER, Act.ERROR_AFTER)
    ) as server:
        client = client_of(server.url)
        content = {"template": None, "email_id": "e1", "project_id": None}
        plans = [plan(1, mailing=f"m{n}", **content) for n in range(mailings)]
        run, *_ = [one.send(client, confirm=1, progress=False, ledger=place) for one in plans]
        when = datetime.now(UTC).isoformat()
        line = {"to_email": "p0@d0.example", "subject": "Hello N0", "status": "sent", "created_at": when}
        data = {"emails": [line | {"tracking_id": "t1"}], "hasMore": False}
        server.reads = lambda path: (200, {"success": True, "data": data}) if "/logs" in path else None
        run.reconcile(client)
    assert {state: 1} == run.counts
    assert 1 == server.mailed.total()


def test_who_closed_before_the_last_byte_was_written_has_taken_nothing(plan: Plan, place: Path) -> None:
    """A 413 in the middle of a large body is lost with the connection; the mail certainly never arrived."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def refuse() -> None:
            with suppress(OSError):
                while True:
                    with server.accept()[0] as met:
                        met.recv(100)
                        met.sendall(b"HTTP/1.1 413 X\r\nContent-Length: 0\r\n\r\n")

        Thread(target=refuse, daemon=True).start()
        people = pd.DataFrame({"email": ["a@x.example"], "first_name": ["x" * 9_000_000]})
        run = plan(people).start(client_of(f"http://127.0.0.1:{server.getsockname()[1]}"), ledger=place)
        run.wait(2, progress=False)
        run.stop()
        run.wait(progress=False)
        server.shutdown(socket.SHUT_RDWR)
    assert {"not_sent": 1} == run.counts


def test_asking_slowly_does_not_use_up_the_repeats_of_a_lost_answer(plan: Plan, place: Path) -> None:
    """Four 429s and then a lost answer: unknown, although its proven key protects a repeat."""
    with ScriptedServer(scripted(Act.OK, *[Act.LIMITED] * 4, Act.DROP_AFTER)) as server:
        run = plan(2).send(client_of(server.url), confirm=2, progress=False, ledger=place)
    assert {"accepted": 2} == run.counts


def test_an_answer_that_comes_twice_is_not_taken_for_the_next_rows(plan: Plan, place: Path) -> None:
    """A broken server or proxy repeats an answer: the next row, in truth refused, was called accepted."""

    class Twice(ScriptedServer):
        said = False

        async def _say(self, writer: asyncio.StreamWriter, answer: _Answer | None) -> bool:
            if answer is not None and answer.status == 200 and not self.said:
                self.said = True
                # In one piece: what comes later is noticed, and the connection dropped.
                writer.write(2 * (_head(answer) + answer.body))
                return True
            return await super()._say(writer, answer)

    with Twice(scripted(Act.OK, Act.REFUSE)) as server:
        run = plan(2).send(client_of(server.url), confirm=2, progress=False, ledger=place)
    assert server.mailed.total() == run.counts.get(State.ACCEPTED, 0)

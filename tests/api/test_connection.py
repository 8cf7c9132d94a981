"""One request over a real socket: what comes back is what the server said, however it was packed."""

import asyncio
import gzip
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from migma_nb.api import connection as one
from migma_nb.api.connection import Connection
from migma_nb.api.meaning import Answer, NoAnswer
from migma_nb.api.secret import ApiKey
from migma_nb.api.settings import make_settings
from tests.servers.answering import AnsweringServer, Reply, Request

_SAID = b'{"success":true,"data":{"id":"em_1"}}'


class _Packing(BaseHTTPRequestHandler):
    """Packs every answer, though it was asked not to."""

    def do_POST(self) -> None:
        """Answer a POST."""
        self.rfile.read(int(self.headers["Content-Length"]))
        packed = gzip.compress(_SAID)
        self.send_response(200)
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(packed)))
        self.end_headers()
        self.wfile.write(packed)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    """Serve until the test has ended; the address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Packing) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_an_answer_that_is_packed_unasked_is_read_all_the_same(url: str) -> None:
    """To take it for unreadable would leave a mail unknown whose acceptance was in hand."""

    async def post() -> Answer | NoAnswer:
        async with Connection(make_settings(ApiKey("k" * 20), base_url=url)) as connection:
            return await connection.post("/sending", b"{}", idempotency_key=None)

    answer = asyncio.run(post())
    assert isinstance(answer, Answer)
    assert (200, _SAID, True) == (answer.status, answer.body, answer.complete)


def posted(url: str, bodies: Sequence[bytes], *, pause_s: float = 0.0) -> list[Answer | NoAnswer]:
    """Return the answers to posts by one connection, one after the other with a pause (seconds) between."""

    async def post() -> list[Answer | NoAnswer]:
        found = []
        async with Connection(make_settings(ApiKey("k" * 20), base_url=url)) as connection:
            for body in bodies:
                found.append(await connection.post("/sending", body, idempotency_key="a key"))
                await asyncio.sleep(pause_s)
        return found

    return asyncio.run(post())


def echo(request: Request) -> Reply:
    """Say what was posted."""
    return Reply(200, request.body)


def bodies_of(answers: Sequence[Answer | NoAnswer]) -> list[bytes | str]:
    """Return what was answered, or why nothing was."""
    return [answer.body if isinstance(answer, Answer) else answer.what for answer in answers]


def test_posts_that_follow_each_other_share_a_connection() -> None:
    """To connect anew for each mail would cost more than all the rest."""
    with AnsweringServer(echo) as server:
        assert [b"1", b"2", b"3"] == bodies_of(posted(server.url, [b"1", b"2", b"3"]))
        assert (1, 3) == (server.connections, len(server.requests))


def test_a_connection_that_was_idle_is_not_used_again() -> None:
    """A server that closes it just as a POST leaves would make a row unknown."""
    with AnsweringServer(echo) as server:
        assert [b"1", b"2"] == bodies_of(posted(server.url, [b"1", b"2"], pause_s=one.IDLE_S + 0.1))
        assert 2 == server.connections


@pytest.mark.parametrize(
    "goodbye", [None, Reply(200, b"", {"Connection": "close"}), Reply(200, b"{", cut=True)], ids=str
)
def test_after_a_connection_that_ended_the_next_post_goes_by_a_new_one(goodbye: Reply | None) -> None:
    """Dropped without a word, closed as announced, or cut in mid-answer: nothing of it is left over."""
    with AnsweringServer(lambda request: goodbye if request.body == b"bye" else echo(request)) as server:
        answers = posted(server.url, [b"1", b"bye", b"2", b"3"])
        assert [b"1", b"2", b"3"] == bodies_of([answers[0], *answers[2:]])
        assert (2, [b"1", b"bye", b"2", b"3"]) == (
            server.connections,
            [request.body for request in server.requests],
        )


def test_what_comes_behind_an_answer_is_no_answer_to_the_next_post() -> None:
    """A server or a gateway that answers once too often: each row would get its neighbour's."""
    again = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstale"

    def twice(request: Request) -> Reply:
        more = again if request.body == b"1" else b""
        return Reply(200, request.body + more, {"Content-Length": "1"})

    with AnsweringServer(twice) as server:
        assert [b"1", b"2", b"3"] == bodies_of(posted(server.url, [b"1", b"2", b"3"]))
        assert (2, 3) == (server.connections, len(server.requests))


def test_posts_at_once_by_one_connection_wait_for_each_other() -> None:
    """None closes the connection under another one's request."""

    async def post(url: str) -> list[Answer | NoAnswer]:
        async with Connection(make_settings(ApiKey("k" * 20), base_url=url)) as connection:
            calls = [connection.post("/sending", b"%d" % n, idempotency_key=None) for n in range(8)]
            return await asyncio.gather(*calls)

    with AnsweringServer(echo) as server:
        assert [b"%d" % n for n in range(8)] == bodies_of(asyncio.run(post(server.url)))
        assert 1 == server.connections


def test_headers_are_told_by_their_names_in_lower_case() -> None:
    """Bytes that are no UTF-8 keep no answer from being read."""
    headers = {"X-Two": "1", "x-two": "2", "X-Request-ID": "r\u00e9q"}
    with AnsweringServer(lambda _: Reply(200, b"{}", headers)) as server:
        (answer,) = posted(server.url, [b"{}"])
    assert isinstance(answer, Answer)
    assert ("1, 2", "r\u00e9q") == (answer.headers["x-two"], answer.headers["x-request-id"])

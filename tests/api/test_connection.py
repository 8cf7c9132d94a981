"""One request over a real socket: what comes back is what the server said, however it was packed."""

import asyncio
import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from migma_nb.api.connection import Connection
from migma_nb.api.meaning import Answer, NoAnswer
from migma_nb.api.secret import ApiKey
from migma_nb.api.settings import make_settings

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

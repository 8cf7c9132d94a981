"""One connection to the API: requests in, answers out, nothing raised and nothing repeated.

httpx with HTTP/1.1, a client of its own for each worker, no retries and no redirects inside.
Network errors become values here, so that no traceback holds the key in its locals.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from functools import cache
from typing import Self

import httpx

from migma_nb.api.meaning import Answer, NoAnswer
from migma_nb.api.settings import Settings

#: A server that closes an idle connection just as a POST leaves would make a row unknown (seconds).
IDLE_S = 0.9
#: No answer of this API is longer (bytes); the rest is not read.
LONGEST_ANSWER = 8 * 1024 * 1024
#: So much of a body is written at a time (bytes).
PIECE = 64 * 1024
#: A trickling answer is given up after so many times the time-out.
PATIENCE = 4


class _Body(httpx.AsyncByteStream):
    """The body of a request; `left` tells whether all of it may have left.

    The kind of an error does not tell: a proxy that never answers a CONNECT is a read time-out. A server that
    was not given the last byte of the body it was promised can have accepted nothing.
    """

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.left = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._body), PIECE):
            self.left = start + PIECE >= len(self._body)
            yield self._body[start : start + PIECE]


@cache
def _tls() -> ssl.SSLContext:
    # Made once: it costs some 45 ms.
    return httpx.create_ssl_context()


class Connection:
    """A worker's own connection.

    Args:
        settings: the client's settings; loopback servers are called without any proxy.
    """

    def __init__(self, settings: Settings) -> None:
        self._key = settings.key
        self._base_url = settings.base_url
        self._ceiling = PATIENCE * settings.timeout
        self._client = httpx.AsyncClient(
            http1=True,
            http2=False,
            verify=_tls(),
            trust_env=not settings.loopback,
            follow_redirects=False,
            timeout=httpx.Timeout(settings.timeout),
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=IDLE_S),
            headers={"User-Agent": "migma_nb", "Accept": "application/json", "Accept-Encoding": "identity"},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def post(self, path: str, body: bytes, *, idempotency_key: str | None) -> Answer | NoAnswer:
        """Post these exact bytes once."""
        headers = {"Content-Type": "application/json"}
        if idempotency_key is not None:
            headers["Idempotency-Key"] = idempotency_key
        return await self._exchange("POST", path, headers, body)

    async def get(self, path: str) -> Answer | NoAnswer:
        """Get a resource once."""
        return await self._exchange("GET", path, {}, None)

    async def _exchange(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None
    ) -> Answer | NoAnswer:
        heard: list[tuple[int, dict[str, str]]] = []
        received = bytearray()
        stream = _Body(body or b"")
        try:
            async with asyncio.timeout(self._ceiling):
                request = self._client.build_request(
                    method, self._base_url + path, headers=headers | self._key.headers(), content=body
                )
                if body is not None:
                    request.stream = stream
                response = await self._client.send(request, stream=True)
                try:
                    heard.append((response.status_code, {k.lower(): v for k, v in response.headers.items()}))
                    async for chunk in response.aiter_bytes():
                        received += chunk
                        if len(received) > LONGEST_ANSWER:
                            return self._answer(heard[0], received, complete=False)
                finally:
                    await response.aclose()
        except Exception as error:  # noqa: BLE001 - whatever broke, the mail may have left
            if heard:
                return self._answer(heard[0], received, complete=False)
            return NoAnswer(connected=stream.left, what=self._words(error))
        return self._answer(heard[0], received, complete=True)

    def _answer(self, head: tuple[int, dict[str, str]], body: bytearray, *, complete: bool) -> Answer:
        status, headers = head
        clean = {name: str(self._key.blank_out(value)) for name, value in headers.items()}
        return Answer(status, clean, bytes(self._key.blank_out(bytes(body))), complete)

    def _words(self, error: Exception) -> str:
        kind = {
            httpx.ConnectError: "no connection",
            httpx.ConnectTimeout: "no connection in time",
            httpx.ReadTimeout: "no answer in time",
            httpx.WriteTimeout: "the request could not be written in time",
            httpx.RemoteProtocolError: "the server closed the connection without an answer",
            httpx.ReadError: "the connection broke before an answer came",
            TimeoutError: "no answer in time",
        }.get(type(error), type(error).__name__)
        said = str(self._key.blank_out(str(error)))
        return f"{kind} ({said})" if said else kind

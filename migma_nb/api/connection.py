"""One connection to the API: requests in, answers out, nothing raised and nothing repeated.

httpx's own transport with HTTP/1.1, one for each worker: it repeats nothing, follows no redirect and keeps no
cookie, and what an `httpx.AsyncClient` puts around it for those would cost a quarter of each request.
Network errors become values here, so that no traceback holds the key in its locals.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from functools import cache, lru_cache
from typing import Self
from urllib.request import getproxies, proxy_bypass

import httpx

from migma_nb.api.log_guard import guard_logs, guarded
from migma_nb.api.meaning import Answer, NoAnswer
from migma_nb.api.settings import Settings

#: A server that closes an idle connection just as a POST leaves would make a row unknown (seconds).
IDLE_S = 0.9
#: No answer of this API is longer (bytes); the rest is not read.
LONGEST_ANSWER = 8 * 1024 * 1024
#: So much of a body is written at a time (bytes).
PIECE = 64 * 1024
_FIXED = {"User-Agent": "migma_nb", "Accept": "application/json", "Accept-Encoding": "identity"}
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


#: To read a URL costs more than all else that a request is made of, and most requests have the same one.
_url_of = lru_cache(maxsize=64)(httpx.URL)


@cache
def _tls() -> ssl.SSLContext:
    # Made once: it costs some 45 ms.
    return httpx.create_ssl_context()


def _proxy_for(url: httpx.URL) -> httpx.Proxy | None:
    """Return the proxy that this computer's settings name for a server, None where they name none."""
    named = getproxies()
    address = named.get(url.scheme) or named.get("all")
    if not address or proxy_bypass(url.host):
        return None
    return httpx.Proxy(address if "://" in address else f"http://{address}")


def _pieces(response: httpx.Response) -> AsyncIterator[bytes]:
    """Return an answer's body as it comes; httpx unpacks it where a server packs what it was asked not to."""
    stream = response.stream
    if "content-encoding" in response.headers or not isinstance(stream, httpx.AsyncByteStream):
        return response.aiter_bytes()
    return aiter(stream)


class Connection:
    """A worker's own connection.

    Args:
        settings: the client's settings; loopback servers are called without any proxy.
    """

    def __init__(self, settings: Settings) -> None:
        self._key = settings.key
        self._base_url = settings.base_url
        self._ceiling = PATIENCE * settings.timeout
        self._extensions = {"timeout": httpx.Timeout(settings.timeout).as_dict()}
        self._transport = httpx.AsyncHTTPTransport(
            http1=True,
            http2=False,
            verify=_tls(),
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=IDLE_S),
            proxy=None if settings.loopback else _proxy_for(_url_of(settings.base_url)),
        )
        self._fixed = _FIXED | {"Host": _url_of(settings.base_url).netloc.decode("ascii")}
        guard_logs()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._transport.aclose()

    async def post(self, path: str, body: bytes, *, idempotency_key: str | None) -> Answer | NoAnswer:
        """Post these exact bytes once."""
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        if idempotency_key is not None:
            headers["Idempotency-Key"] = idempotency_key
        with guarded(self._key):
            return await self._exchange("POST", path, headers, body)

    async def get(self, path: str) -> Answer | NoAnswer:
        """Get a resource once."""
        with guarded(self._key):
            return await self._exchange("GET", path, {}, b"")

    async def _exchange(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> Answer | NoAnswer:
        heard: list[tuple[int, dict[str, str]]] = []
        received = bytearray()
        stream = _Body(body)
        try:
            async with asyncio.timeout(self._ceiling):
                request = httpx.Request(
                    method,
                    _url_of(self._base_url + path),
                    headers=self._fixed | headers | self._key.headers(),
                    stream=stream,
                    extensions=self._extensions,
                )
                response = await self._transport.handle_async_request(request)
                try:
                    heard.append((response.status_code, dict(response.headers.items())))
                    async for chunk in _pieces(response):
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
        clean = self._key.blank_out_headers(headers)
        return Answer(status, clean, self._key.blank_out_body(bytes(body)), complete)

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

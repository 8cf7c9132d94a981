"""One connection to the API: requests in, answers out, nothing raised and nothing repeated.

What httpx itself sends by: httpcore's connection, HTTP/1.1, one for each worker. It repeats nothing, follows
no redirect and keeps no cookie; what httpx puts around it, and around a pool of many, would cost as much.
Network errors become values here, so that no traceback holds the key in its locals.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from functools import cache, lru_cache
from typing import Self

import httpcore
import httpx

from migma_nb.api.log_guard import guard_logs, guarded
from migma_nb.api.meaning import Answer, NoAnswer
from migma_nb.api.proxies import proxy_for
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


class _Body:
    """The body of a request; `left` tells whether all of it may have left.

    The kind of an error does not tell: a proxy that never answers a CONNECT is a read time-out. A server that
    was not given the last byte of the body it was promised can have accepted nothing. No POST is empty.
    """

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.left = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._body), PIECE):
            self.left = start + PIECE >= len(self._body)
            yield self._body[start : start + PIECE]


@lru_cache(maxsize=64)
def _url_of(address: str) -> httpcore.URL:
    # To read a URL costs more than all else that a request is made of, and most requests have the same one.
    url = httpx.URL(address)
    return httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


@cache
def _tls() -> ssl.SSLContext:
    # Made once: it costs some 45 ms.
    return httpx.create_ssl_context()


def _has_more(line: httpcore.AsyncConnectionInterface) -> bool:
    """Say whether more came than an answer: it would be read as the answer to the next request.

    Only the connection's own parser has it, which is no public part of httpcore. A line in which it is not
    found is not used again, which is slower and safe.
    """
    inner = line
    while hasattr(inner, "_connection"):  # of a proxy's line, and of one that connects when it is first used
        inner = inner._connection  # noqa: SLF001 - see above
    parser = getattr(inner, "_h11_state", None)
    return parser is None or bool(parser.trailing_data[0])


class _Packed(httpx.AsyncByteStream):
    """The body of an answer that its server packed, though it was asked not to."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._response.aiter_stream())


def _told(headers: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return an answer's headers by their names in lower case; what is there twice is one, with commas."""
    found: dict[str, str] = {}
    for raw, value in headers:
        name, text = raw.decode("ascii").lower(), _text(value)
        found[name] = f"{found[name]}, {text}" if name in found else text
    return found


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _pieces(response: httpcore.Response, headers: dict[str, str]) -> AsyncIterator[bytes]:
    """Return an answer's body as it comes; httpx unpacks it where it is packed."""
    if "content-encoding" not in headers:
        return response.aiter_stream()
    return httpx.Response(response.status, headers=response.headers, stream=_Packed(response)).aiter_bytes()


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
        url = httpx.URL(settings.base_url)
        self._fixed = _FIXED | {"Host": url.netloc.decode("ascii")}
        # It only makes connections, through the proxy where there is one; each request knows its own.
        self._lines = httpcore.AsyncConnectionPool(
            ssl_context=_tls(), keepalive_expiry=IDLE_S, proxy=None if settings.loopback else proxy_for(url)
        )
        self._line: httpcore.AsyncConnectionInterface | None = None
        self._in_turn = asyncio.Lock()
        guard_logs()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._hang_up()

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
            async with self._in_turn, asyncio.timeout(self._ceiling):
                request = httpcore.Request(
                    method,
                    _url_of(self._base_url + path),
                    headers=list({**self._fixed, **headers, **self._key.headers()}.items()),
                    content=stream,
                    extensions=self._extensions,
                )
                line = await self._free_line(request.url.origin)
                response = await line.handle_async_request(request)
                try:
                    told = _told(response.headers)
                    heard.append((response.status, told))
                    async for chunk in _pieces(response, told):
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

    async def _free_line(self, origin: httpcore.Origin) -> httpcore.AsyncConnectionInterface:
        """Return the line of the last request if it is as good as new, else a new one in its place."""
        line = self._line
        if line is None or not line.is_idle() or line.has_expired() or _has_more(line):
            await self._hang_up()
            self._line = line = self._lines.create_connection(origin)
        return line

    async def _hang_up(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            await line.aclose()

    def _answer(self, head: tuple[int, dict[str, str]], body: bytearray, *, complete: bool) -> Answer:
        status, headers = head
        clean = self._key.blank_out_headers(headers)
        return Answer(status, clean, self._key.blank_out_body(bytes(body)), complete)

    def _words(self, error: Exception) -> str:
        kind = {
            httpcore.ConnectError: "no connection",
            httpcore.ConnectTimeout: "no connection in time",
            httpcore.ReadTimeout: "no answer in time",
            httpcore.WriteTimeout: "the request could not be written in time",
            httpcore.RemoteProtocolError: "the server closed the connection without an answer",
            httpcore.ReadError: "the connection broke before an answer came",
            TimeoutError: "no answer in time",
        }.get(type(error), type(error).__name__)
        said = str(self._key.blank_out(str(error)))
        return f"{kind} ({said})" if said else kind

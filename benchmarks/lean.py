"""httpx's client on the connection that a durable send uses: httpcore's, without httpx's transport and pool.

For `sends.py`, which asks what the durable protocol costs where the transport is the very same.
"""

import ssl
from collections.abc import AsyncIterator

import httpcore
import httpx

#: As in `migma_nb.api.connection`.
_IDLE_S = 0.9


class LeanTransport(httpx.AsyncBaseTransport):
    """One connection, made anew where it is not as good as new; one request at a time.

    Args:
        tls: for servers that are asked by https.
    """

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._lines = httpcore.AsyncConnectionPool(ssl_context=tls, keepalive_expiry=_IDLE_S)
        self._line: httpcore.AsyncConnectionInterface | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Ask once; the answer's body comes as it is read."""
        url = request.url
        asked = httpcore.Request(
            request.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        if self._line is None or not self._line.is_idle() or self._line.has_expired():
            await self.aclose()
            self._line = self._lines.create_connection(asked.url.origin)
        found = await self._line.handle_async_request(asked)
        return httpx.Response(found.status, headers=found.headers, stream=_Stream(found))

    async def aclose(self) -> None:
        """Close the connection, if there is one."""
        line, self._line = self._line, None
        if line is not None:
            await line.aclose()


class _Stream(httpx.AsyncByteStream):
    """The body of an answer, as it comes."""

    def __init__(self, found: httpcore.Response) -> None:
        self._found = found

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._found.aiter_stream():
            yield piece

    async def aclose(self) -> None:
        await self._found.aclose()

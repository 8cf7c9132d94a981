"""The moments of a send at which a process can be killed, seen from outside the package.

Every statement and commit of the ledger, by SQLAlchemy's events or by what runs prepared ones, and every
event of a request on the wire, by httpcore's trace. No line of production code knows of it.
"""

import os
import re
import threading
from collections import Counter
from typing import Any

import httpcore
import sqlalchemy as sa
from httpcore._backends.anyio import AnyIOStream

from migma_nb.ledger import prepared

#: What a statement writes, by its beginning; the first that fits.
_KINDS = {
    "schema": r"CREATE TABLE|ALTER TABLE",
    "run": r"INSERT INTO runs",
    "intent": r"INSERT INTO attempts",
    "outcome": r"UPDATE attempts SET .*http_status",
    "end": r"UPDATE runs SET state=\?, reason=\?, detail=\?, finished_at",
    "dead": r"UPDATE runs SET state=\?, reason=\?, finished_at",
    "proof": r"INSERT INTO proofs",
    "ruling": r"INSERT INTO rulings",
}
_WHEN = ("written", "commit begun", "on disk")
_ON_THE_WIRE = [
    "connect_tcp started",
    "connect_tcp complete",
    *(
        f"{what} {when}"
        for what in (
            "send_request_headers",
            "send_request_body",
            "receive_response_headers",
            "receive_response_body",
            "response_closed",
        )
        for when in ("started", "complete")
    ),
]
#: Half of the bytes of a mail have left.
HALF = "mail: send_request_body half"
#: Every step at which a process can be killed.
STEPS = (
    "write: before it begins",
    "write: the ledger is ours",
    *(f"{kind}: {when}" for kind in [*_KINDS, "repeat"] for when in _WHEN),
    *(f"{what}: {event}" for what in ("mail", "proof") for event in _ON_THE_WIRE),
    HALF,
)


class Moments:
    """Counts the steps of this process, and sends it a signal at the one that is chosen.

    Args:
        step: the chosen step; None only counts.
        nth: at the how many-th time.
        signal: the signal's number.
    """

    def __init__(self, step: str | None, nth: int, signal: int) -> None:
        if step is not None and step not in STEPS:
            raise ValueError(f"There is no step {step!r}.")
        self.counts: Counter[str] = Counter()
        self._chosen = (step, nth)
        self._signal = signal
        self._lock = threading.Lock()

    def reach(self, step: str) -> None:
        """Come to a step."""
        with self._lock:
            self.counts[step] += 1
            if (step, self.counts[step]) == self._chosen:
                os.kill(os.getpid(), self._signal)

    def watch(self) -> None:
        """Look at every ledger and every request of this process from now on."""
        sa.event.listen(sa.Engine, "before_cursor_execute", self._before_statement)
        sa.event.listen(sa.Engine, "after_cursor_execute", self._after_statement)
        self._watch_prepared()
        self._trace_requests()
        if self._chosen[0] == HALF:
            self._halve_writes()

    def _before_statement(self, conn: sa.Connection, _cursor: Any, statement: str, *_: Any) -> None:
        if statement == "BEGIN IMMEDIATE":
            conn.info["kinds"] = set()
            self.reach("write: before it begins")
        elif statement == "COMMIT":
            self._all(conn, "commit begun")

    def _after_statement(
        self, conn: sa.Connection, cursor: Any, statement: str, parameters: Any, *_: Any
    ) -> None:
        if statement == "BEGIN IMMEDIATE":
            self.reach("write: the ledger is ours")
        elif statement == "COMMIT":
            self._all(conn, "on disk")
        else:
            flat = " ".join(statement.split())
            kind = next((kind for kind, words in _KINDS.items() if re.match(words, flat)), None)
            if kind == "intent" and self._is_a_repeat(cursor, parameters):
                kind = "repeat"
            if kind is not None:
                conn.info["kinds"].add(kind)
                self.reach(f"{kind}: written")

    def _all(self, conn: sa.Connection, when: str) -> None:
        for kind in sorted(conn.info["kinds"]):
            self.reach(f"{kind}: {when}")

    @staticmethod
    def _is_a_repeat(cursor: Any, parameters: Any) -> bool:
        query = "SELECT count(*) FROM attempts WHERE claim_id = ?"
        return bool(cursor.connection.execute(query, parameters[:1]).fetchone()[0] > 1)

    def _watch_prepared(self) -> None:
        run = prepared._driven

        def watched(conn: sa.Connection, how: str, text: str, *bound: Any) -> Any:
            self._before_statement(conn, None, text)
            cursor = run(conn, how, text, *bound)
            self._after_statement(conn, cursor, text, *bound or [()])
            return cursor

        prepared._driven = watched

    def _trace_requests(self) -> None:
        send = httpcore.AsyncHTTPConnection.handle_async_request

        async def traced(line: httpcore.AsyncHTTPConnection, request: httpcore.Request) -> httpcore.Response:
            what = "mail" if b"recipientEmail" in getattr(request.stream, "_body", b"") else "proof"

            async def trace(event: str, _: Any) -> None:
                name = event.partition(".")[2].replace(".", " ")
                if name in _ON_THE_WIRE:
                    self.reach(f"{what}: {name}")

            # The extensions are shared by all requests of a worker.
            request.extensions = {**request.extensions, "trace": trace}
            return await send(line, request)

        httpcore.AsyncHTTPConnection.handle_async_request = traced  # type: ignore[method-assign, assignment] # outside

    def _halve_writes(self) -> None:
        write = AnyIOStream.write

        async def halved(stream: AnyIOStream, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - httpcore's own
            if b"recipientEmail" in buffer:
                await write(stream, buffer[: len(buffer) // 2], timeout)
                self.reach(HALF)
                buffer = buffer[len(buffer) // 2 :]
            await write(stream, buffer, timeout)

        AnyIOStream.write = halved  # type: ignore[method-assign, assignment] # outside

"""A sandbox's log behind a server that changes it: times, lines, repetitions."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Self

import httpx

import migma_nb as mg
from tests.servers.answering import AnsweringServer, Reply, Request


class DistortedLog:
    """The sandbox's log behind a server that changes its lines; its clients share the scope "account:a".

    Args:
        sandbox: whose log it is.
        shift_s: so far is the time of every line moved (seconds); with `date` also the server's clock.
        line: what becomes of each line.
        repeat: how often each line stands there.
        date: whether the answers' `Date` is moved as well.
    """

    def __init__(
        self,
        sandbox: mg.Sandbox,
        *,
        shift_s: float = 0.0,
        line: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
        repeat: int = 1,
        date: bool = False,
    ) -> None:
        self._sandbox = sandbox
        self._shift = timedelta(seconds=shift_s)
        self._line = line or (lambda line: line)
        self._repeat = repeat
        self._date = date
        self._server = AnsweringServer(self._answer)

    def _answer(self, request: Request) -> Reply:
        headers = {"Authorization": request.headers["authorization"]}
        found = httpx.get(self._sandbox.url + request.path, headers=headers, trust_env=False)
        whole = found.json()
        lines = [self._changed(line) for line in whole["data"]["emails"] for _ in range(self._repeat)]
        whole["data"]["emails"] = lines
        told = format_datetime(datetime.now(UTC) + self._shift, usegmt=True)
        return Reply(found.status_code, json.dumps(whole).encode(), {"Date": told} if self._date else {})

    def _changed(self, line: dict[str, Any]) -> dict[str, Any]:
        moment = datetime.fromisoformat(line["created_at"]) + self._shift
        return self._line({**line, "created_at": moment.isoformat()})

    def client(self) -> mg.Migma:
        """Return a client of this server."""
        return mg.Migma(self._sandbox.server.api_key, base_url=self._server.url, account="a", timeout=5.0)

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.__exit__(*error)

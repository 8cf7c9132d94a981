"""`Sandbox`: the embedded Migma API to rehearse on, its clients, and what it delivered, as frames."""

import shutil
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.api.secret import ApiKey
from migma_nb.api.settings import make_settings
from migma_nb.ledger.places import place_of
from migma_nb.surface.client import Migma

if TYPE_CHECKING:
    from migma_nb.sandbox import SandboxServer

#: A sandbox without a limit of its own is not asked more often than this, so that a bar can be seen.
REHEARSAL_RATE = "500/second"

#: The ledgers of this process's sandboxes, for as long as they live.
_ledgers: "weakref.WeakSet[Sandbox]" = weakref.WeakSet()
#: Those that nobody finds any more once this process has ended, also of sandboxes that are gone already.
_passing: set[str] = set()


def ledgers_here() -> list[Path]:
    """Return the ledgers of the sandboxes that this process made and that are still there, once each."""
    return sorted({one.ledger for one in list(_ledgers) if one.ledger.exists()})


def ends_with_us(ledger: str) -> bool:
    """Say whether a ledger, by its name, is one that a sandbox of this process keeps nowhere."""
    return ledger in _passing


class Sandbox:
    """A Migma account on this machine, for rehearsals: nothing that is sent to it leaves the machine.

    It serves a real HTTP server on the loopback from the moment it is made until `.close()`, the end of
    `with`, or the end of the process. Left alone it accepts any sender, project and provider.

    Args:
        faults: probability (0 to 1) by fault, such as `{"accept_then_drop": 0.02}`.
        seed: decides which requests the faults befall.
        rate: requests per key, such as "100/minute"; None for no limit.
        path: a folder that keeps the account and its ledger; None forgets both at the end.
        domains: the verified sending domains, or "any".
        idempotency: whether `Idempotency-Key` is honoured.
        strict: enforce everything that the API documents.
        raw_template: whether raw HTML is taken; the newest documents name only stored emails, and a server
            without it asks for an `email_id`.
        port: the port; 0 for any free one.

    Raises:
        InputError: a fault, probability or rate is not understood.
    """

    def __init__(
        self,
        *,
        faults: Mapping[str, float] | None = None,
        seed: int = 0,
        rate: str | None = None,
        path: str | Path | None = None,
        domains: Literal["any"] | Iterable[str] = "any",
        idempotency: bool = True,
        strict: bool = False,
        raw_template: bool = True,
        port: int = 0,
    ) -> None:
        if path is None:
            self._folder = Path(tempfile.mkdtemp(prefix="migma_nb-sandbox-"))
        else:
            self._folder = Path(path)
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # What only checks or sends to the real API never waits for a server's parts.
        from migma_nb.sandbox import SandboxServer  # noqa: PLC0415

        kept = None if path is None else self._folder / "account.sqlite3"
        with _told():
            self._server = SandboxServer(
                faults=faults,
                seed=seed,
                rate=rate,
                path=kept,
                domains=domains,
                idempotency=idempotency,
                strict=strict,
                raw_template=raw_template,
                port=port,
            )
        _ledgers.add(self)
        self._rate = rate
        # A kept sandbox is the same account at every port, so that its ledger still knows who was mailed.
        self._account = None if path is None else f"sandbox {self._folder.resolve()}"
        if path is None:
            _passing.add(place_of(self.ledger).name)
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    @property
    def url(self) -> str:
        """The server's address."""
        return self._server.url

    @property
    def server(self) -> "SandboxServer":
        """The server itself: contacts, tags, faults, queues, its clock, and what else may happen there."""
        return self._server

    def client(
        self, *, account: str | None = None, rate: str | None = None, timeout: float = 30.0, workers: int = 8
    ) -> Migma:
        """Return a client of this sandbox, which needs no confirm and brings the sandbox's own ledger.

        Args:
            account: as for `Migma`; None is the sandbox itself, whatever the environment says.
            rate: as for `Migma`; None takes the sandbox's own limit, or a brisk pace where it has none.
            timeout: seconds for each step of a request.
            workers: how many requests may be in flight.
        """
        settings = make_settings(
            ApiKey(self._server.api_key),
            base_url=self._server.url,
            account=account or self._account or "",
            rate=rate or self._rate or REHEARSAL_RATE,
            timeout=timeout,
            workers=workers,
        )
        return Migma._of(replace(settings, sandbox=True, ledger=str(self.ledger)))  # noqa: SLF001 - its maker

    @property
    def ledger(self) -> Path:
        """The file of the sandbox's own ledger."""
        return self._folder / "ledger.sqlite3"

    @property
    def outbox(self) -> pd.DataFrame:
        """What was delivered: one line per message, with recipient, subject, HTML and headers."""
        self._server.drain(wait_for_throttled=False)
        return _frame(self._server.outbox(), ("to", "subject", "html"))

    @property
    def contacts(self) -> pd.DataFrame:
        """The account's contacts, one line each."""
        return _frame(self._server.contacts(), ("email", "status"))

    @property
    def tags(self) -> pd.DataFrame:
        """The account's tags, one line each."""
        return _frame(self._server.tags(), ("id", "name"))

    @property
    def segments(self) -> pd.DataFrame:
        """The account's segments, one line each."""
        return _frame(self._server.segments(), ("id", "name"))

    @property
    def topics(self) -> pd.DataFrame:
        """The account's topics, one line each."""
        return _frame(self._server.topics(), ("id", "name"))

    @property
    def projects(self) -> pd.DataFrame:
        """The account's projects, one line each."""
        return _frame(self._server.projects(), ("id", "name"))

    @property
    def campaigns(self) -> pd.DataFrame:
        """The account's campaigns, one line each."""
        return _frame(self._server.campaigns(), ("id", "name", "status"))

    def set_faults(self, faults: Mapping[str, float]) -> None:
        """Put these faults in place of the present ones, from the next request on.

        Raises:
            InputError: there is no such fault, or its probability is none.
        """
        with _told():
            self._server.set_faults(faults)

    def close(self) -> None:
        """Stop serving. What was delivered can still be read; without `path` nothing is kept on disk."""
        self._server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Sandbox({self.url}, {len(self._server.outbox()):,} delivered)"


@contextmanager
def _told() -> Iterator[None]:
    """Turn the server's own words on a wrong argument into an error for people."""
    try:
        yield
    except ValueError as error:
        raise InputError(str(error)) from None


def _frame(records: list[dict[str, Any]], columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(records) if records else pd.DataFrame(columns=list(columns))

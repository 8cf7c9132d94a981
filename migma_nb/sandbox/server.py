"""``SandboxServer``: the embedded Migma API as people hold it, with what they may put in and look at."""

import atexit
import socket
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from migma_nb.sandbox import email_log
from migma_nb.sandbox.acceptance import Policy
from migma_nb.sandbox.account import Account
from migma_nb.sandbox.app import make_app
from migma_nb.sandbox.campaigns import Campaigns
from migma_nb.sandbox.contact_imports import ContactImports
from migma_nb.sandbox.context import Context
from migma_nb.sandbox.conversations import Conversations
from migma_nb.sandbox.delivery import Delivery
from migma_nb.sandbox.faults import FaultPlan
from migma_nb.sandbox.happenings import Happenings
from migma_nb.sandbox.holdings import Holdings
from migma_nb.sandbox.idempotency import IdempotencyKeys
from migma_nb.sandbox.rate import RateLimit
from migma_nb.sandbox.serving import Service


class SandboxServer(Happenings, Holdings):
    """A Migma account served over HTTP on the loopback, from the moment it is made until it is closed.

    Left alone it accepts any sender's domain, project, provider, conversation and email, and knows no rate
    limit; it always wants its own API key and the fields that the API requires, and an unknown tag or segment
    is always 404. Idempotent retries, consent and the queue always work as documented.

    Args:
        faults: Probability, 0 to 1, by the names in ``FAULTS``, of what goes wrong with ``POST /v1/sending``
            and with the sending of a campaign.
        seed: Decides with each request's ordinal which fault befalls it.
        rate: Requests that each API key may make, like "100/minute"; None for no limit.
        path: A file that keeps the account, its key included, over close and kill; None for memory only.
        domains: The verified sending domains, or "any".
        idempotency: Whether ``Idempotency-Key`` is honoured.
        strict: Enforce also verified domains (those of ``domains`` and ``add_domain``), connected providers,
            and that projects, conversations, emails and topics exist.
        host: The address to listen on.
        port: The port; 0 for any free one.
        latency: Seconds that each request takes to be worked on.
        batch_seconds: Seconds that a batch takes from queued to completed.
        generation: "c" for the newest answers and batch statuses, "b" for those of the seed's documents.
        raw_template: Whether ``template`` is taken; the newest documents name it no more (section 0), and a
            server without it answers 400 and points to ``emailId``.
        short_batch_path: Whether a batch is found at ``GET /v1/sending/{batchId}`` alone, as one public
            document has it, and not at ``GET /v1/sending/batches/{batchId}``.
        import_seconds: Seconds that an import of HTML, or of contacts in the background, takes by the
            sandbox's clock.
        import_mode: "auto" answers a bulk import of contacts at once up to 5,000 rows and imports more in the
            background, "async" does so with every one, as one public document has it, "sync" with none.
            A row that says ``subscribed`` brings an unsubscribed person back: clients have to guard.
        daily_limit: Mails that may be sent in a day (UTC); None for no limit.
        monthly_limit: Mails that may be sent in a month; None for no limit.

    Raises:
        ValueError: A fault, probability, rate or generation is not understood.
        RuntimeError: Another sandbox holds ``path``.
        OSError: The port cannot be taken.
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
        host: str = "127.0.0.1",
        port: int = 0,
        latency: float = 0.0,
        batch_seconds: float = 1.5,
        generation: Literal["b", "c"] = "c",
        raw_template: bool = True,
        short_batch_path: bool = False,
        import_seconds: float = 0.3,
        import_mode: Literal["auto", "async", "sync"] = "auto",
        daily_limit: int | None = None,
        monthly_limit: int | None = None,
    ) -> None:
        if generation not in {"b", "c"}:
            raise ValueError(f"The generation is {generation!r}; it is 'b' or 'c'.")
        if import_mode not in {"auto", "async", "sync"}:
            raise ValueError(f"import_mode is {import_mode!r}; it is 'auto', 'async' or 'sync'.")
        if isinstance(domains, str) and domains != "any":
            raise ValueError(f"domains is {domains!r}; give 'any' or a list of domains.")
        self._seed = seed
        plan = FaultPlan(faults or {}, seed)
        account = Account(Path(path) if path is not None else None)
        super().__init__(account, generation)
        try:
            limit = RateLimit(rate, account.clock) if rate else None
            listening = _listen(host, port)
        except BaseException:
            account.close()
            raise
        account.quota.daily_limit, account.quota.monthly_limit = daily_limit, monthly_limit
        for domain in () if domains == "any" else domains:
            account.add_domain(domain, verified=True)
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"
        email_log.resume(account)
        self._delivery = Delivery(account, batch_seconds=batch_seconds, strict=strict)
        policy = Policy(
            strict=strict,
            any_domain=domains == "any" and not strict,
            generation=generation,
            raw_template=raw_template,
            short_batch_path=short_batch_path,
            import_mode=import_mode,
        )
        self._context = Context(
            account=account,
            policy=policy,
            delivery=self._delivery,
            conversations=Conversations(account, import_seconds=import_seconds),
            campaigns=Campaigns(account, policy, self._delivery),
            contact_imports=ContactImports(account, account.timetable.put, seconds=import_seconds),
            faults=plan,
            limit=limit,
            idempotency=IdempotencyKeys(account) if idempotency else None,
            latency=latency,
            sendings=sum(each.is_sending for each in account.requests),
            base_url=self.url,
        )
        self._closing = threading.Lock()
        self._closed = False
        self._service = Service(
            make_app(self._context), listening, self._delivery, account.timetable, self._context.closing
        )
        # Held until closed: a client must not lose its server because nobody kept the sandbox itself.
        atexit.register(self.close)

    def __repr__(self) -> str:
        return f"<SandboxServer {'closed' if self._closed else self.url}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving; may be called again. What was delivered and logged can still be read."""
        with self._closing:
            if not self._closed:
                self._closed = True
                atexit.unregister(self.close)
                self._service.stop()
                self._account.close()

    @property
    def faults(self) -> dict[str, float]:
        """The probabilities of the faults that are switched on."""
        return dict(self._context.faults.faults)

    @faults.setter
    def faults(self, faults: Mapping[str, float]) -> None:
        self.set_faults(faults)

    def set_faults(self, faults: Mapping[str, float]) -> None:
        """Put these faults in place of the present ones, from the next request on.

        Raises:
            ValueError: An unknown name or a number that is no probability; nothing is changed.
        """
        self._context.faults = FaultPlan(faults, self._seed)

    @property
    def latency(self) -> float:
        """Seconds that each request takes to be worked on."""
        return self._context.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self._context.latency = seconds

    def advance(self, seconds: float) -> None:
        """Let time pass on the sandbox's clock: keys age, rate windows close, what was to come has come."""
        self._account.advance(seconds)
        self._account.timetable.run_due()

    def pause_queue(self) -> None:
        """Stop delivering; when this returns nothing more arrives, though sends are still accepted."""
        with self._account.lock:
            self._delivery.paused = True

    def resume_queue(self) -> None:
        """Deliver again."""
        with self._account.lock:
            self._delivery.paused = False
        if not self._closed:
            self._service.wake_delivery()

    def drain(self, timeout: float = 10.0, *, wait_for_throttled: bool = True) -> None:
        """Wait until everything accepted has been delivered or left out; stalled batches are not waited for.

        Args:
            timeout: Seconds to wait at most.
            wait_for_throttled: Whether to wait for throttled batches; else what stands still meanwhile may.

        Raises:
            TimeoutError: Something is still in the queue.
        """
        account = self._account
        with account.lock:
            stalled = self._delivery.stalled
            throttled = set() if wait_for_throttled else self._delivery.throttled
            done = account.queue_empty.wait_for(
                lambda: account.unfinished <= len(stalled) + len(throttled), timeout
            )
            if not done:
                why = self._why_waiting()
                raise TimeoutError(f"{account.unfinished} sends are still queued after {timeout:g} s{why}.")

    def _why_waiting(self) -> str:
        if self._delivery.paused:
            return "; the queue is paused, see resume_queue()"
        if any(progress.throttle for progress in self._account.progress):
            return "; a batch is throttled, see advance() and let_batches_run()"
        return ""


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio sets TCP_NODELAY on such sockets only; else an answer takes 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(2048)
    except BaseException:
        listening.close()
        raise
    return listening

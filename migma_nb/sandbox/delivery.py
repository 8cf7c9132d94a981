"""The queue's worker (S2): delivers accepted sends in the background, singles at once, batches bit by bit."""

import asyncio
import math
from collections import deque
from typing import Any

from migma_nb.sandbox.account import Account
from migma_nb.sandbox.audience import Resource, personal_fields
from migma_nb.sandbox.batch_course import BatchCourse
from migma_nb.sandbox.consent import exclusion
from migma_nb.sandbox.email_log import log_mail
from migma_nb.sandbox.identifiers import new_id
from migma_nb.sandbox.records import Message, Progress, Send, Suppression

_TICK_S = 0.05
_AT_ONCE = 200


class Delivery:
    """Works on the server's event loop; ``submit`` and ``run`` belong to that loop, the rest to anyone.

    Args:
        account: Holds sends, contacts and messages.
        batch_seconds: How long a batch takes from queued to completed, whatever its size.
        strict: Whether a contact's word counts in its own project only; in a rehearsal it counts in any.

    Attributes:
        paused: Whether nothing is delivered.
        course: What befalls batches.
        stalled: The batches that stand still for good.
        throttled: Those that wait for their time.
    """

    def __init__(self, account: Account, *, batch_seconds: float, strict: bool) -> None:
        self._account = account
        self._strict = strict
        self._steps = max(1, round(batch_seconds / _TICK_S))
        self._pause_s = batch_seconds / self._steps
        self._queue: deque[str] = deque()
        self._wake = asyncio.Event()
        self._batches: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.paused = False
        self.course = BatchCourse()
        self.stalled: set[str] = set()
        self.throttled: set[str] = set()

    def submit(self, send_id: str) -> None:
        """Take up an accepted send."""
        self._queue.append(send_id)
        self._wake.set()

    def submit_from_outside(self, send_id: str) -> None:
        """Take up an accepted send, from any thread; before the server runs it is found anyway."""
        if self._loop:
            self._loop.call_soon_threadsafe(self.submit, send_id)

    def wake(self) -> None:
        """Look at the queue again, after a pause."""
        self._wake.set()

    async def run(self) -> None:
        """Deliver until cancelled; begins with what an earlier process left unfinished."""
        self._loop = asyncio.get_running_loop()
        with self._account.lock:
            left = [send.id for send in self._account.sends if not self._progress(send.id).finished]
        for send_id in left:
            self.submit(send_id)
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue and not self.paused:
                self._hand_over(min(len(self._queue), _AT_ONCE))
                await asyncio.sleep(0)

    def _hand_over(self, number: int) -> None:
        """Deliver singles in one commit; a batch gets a task of its own."""
        with self._account.change():
            if self.paused:
                return
            for _ in range(number):
                send = self._send(self._queue.popleft())
                if send.is_batch:
                    task = asyncio.create_task(self._drain(send))
                    self._batches.add(task)
                    task.add_done_callback(self._batches.discard)
                else:
                    self._deliver_single(send)

    def _deliver_single(self, send: Send) -> None:
        progress = self._progress(send.id)
        address = send.recipient_email or ""
        self._deliver(send, progress, address, self._contact(address, send))
        self._settle(send, progress)

    async def _drain(self, send: Send) -> None:
        """Deliver a batch in even steps; each step is one commit."""
        with self._account.lock:
            members = self._account.members.get(send.id) or []
            progress = self._progress(send.id)
        step = min(math.ceil(progress.total / self._steps), _AT_ONCE * 10)
        held = False
        while True:
            # What stands still is looked at now and then, however fast batches go.
            await asyncio.sleep(_TICK_S if held else self._pause_s)
            with self._account.change():
                if progress.finished:
                    return
                held = self.paused or self._is_held(send, progress)
                if held:
                    continue
                done = progress.done
                for contact_id in members[done : self.course.end_of_step(progress, done + step)]:
                    contact = self._account.audience.contacts.get(contact_id)
                    if contact is None:
                        self._miss(send, progress, contact_id)
                    else:
                        self._deliver(send, progress, contact["email"], contact)
                self._settle(send, progress)

    def cancel(self, batch_id: str) -> None:
        """Stop a batch where it is, from any thread. The caller holds ``account.change()``."""
        progress = self._progress(batch_id)
        if progress.finished:
            return
        progress.failed, progress.error = progress.total - progress.sent, "The campaign was cancelled."
        progress.status, progress.throttle, progress.stalled = "failed", None, False
        self._note_waiting(batch_id, progress)
        self._settle(self._send(batch_id), progress)

    def _note_waiting(self, batch_id: str, progress: Progress) -> None:
        for batches, waits in ((self.stalled, progress.stalled), (self.throttled, bool(progress.throttle))):
            (batches.add if waits else batches.discard)(batch_id)

    def _is_held(self, send: Send, progress: Progress) -> bool:
        """Whether something befalls a batch now, or still holds it; what is new about it is written."""
        account = self._account
        before = (progress.status, progress.stalled, progress.resumed)
        held = self.course.holds(progress, account.clock)
        self._note_waiting(send.id, progress)
        if progress.finished:
            self._settle(send, progress)
        elif before != (progress.status, progress.stalled, progress.resumed):
            progress.updated_at = account.clock.timestamp()
            account.progress.put(send.id, progress)
            account.queue_empty.notify_all()
        return held

    def _deliver(self, send: Send, progress: Progress, address: str, contact: Resource | None) -> None:
        """Deliver one message and its blind copies, or note why not; who may be mailed is asked now."""
        fields = personal_fields(contact) if contact and send.is_batch else {}
        left_out = self._left_out(send, address, contact)
        reached = left_out is None
        log_mail(
            self._account,
            send,
            address,
            fields,
            contact_id=contact["id"] if contact else None,
            left_out=left_out,
        )
        if reached:
            self._put(send, address, address, fields, is_bcc=False)
        for copy in send.bcc if reached else ():
            if self._left_out(send, copy, self._contact(copy, send)) is None:
                self._put(send, copy, address, fields, is_bcc=True)
        progress.sent += reached
        progress.failed += not reached

    def _miss(self, send: Send, progress: Progress, contact_id: str) -> None:
        """Leave out somebody who was taken out of the contacts while the batch waited."""
        now = self._account.clock.timestamp()
        gone = Suppression(send.id, f"contact {contact_id}", "deleted", send.transactional, now)
        self._account.suppressed.put(new_id(), gone)
        progress.failed += 1

    def _left_out(self, send: Send, address: str, contact: Resource | None) -> str | None:
        """Note and return why an address is not mailed; None if it is."""
        account = self._account
        topic = account.audience.topics.get(send.topic_id or "")
        reason = exclusion(address, contact, topic, transactional=send.transactional)
        if reason is not None:
            now = account.clock.timestamp()
            account.suppressed.put(new_id(), Suppression(send.id, address, reason, send.transactional, now))
        return reason

    def _put(self, send: Send, to: str, addressed_to: str, fields: dict[str, Any], *, is_bcc: bool) -> None:
        now = self._account.clock.timestamp()
        message = Message(new_id("msg_"), send.id, to, addressed_to, fields, now, is_bcc)
        self._account.messages.put(message.id, message)
        self._account.quota.count(message)

    def _settle(self, send: Send, progress: Progress) -> None:
        """Write how far the send has come, and tell those who wait when it was the last."""
        account = self._account
        progress.updated_at = account.clock.timestamp()
        if not progress.finished:
            progress.status = "processing"
            if progress.done >= progress.total:
                progress.status = "partial" if progress.sent and progress.failed else "completed"
                if not progress.sent:
                    progress.status, progress.error = "failed", "No recipient could be mailed."
        if progress.finished:
            account.unfinished -= 1
            account.queue_empty.notify_all()
        account.progress.put(send.id, progress)

    def _contact(self, address: str, send: Send) -> Resource | None:
        return self._account.audience.find_contact(address, send.project_id, any_project=not self._strict)

    def _send(self, send_id: str) -> Send:
        send = self._account.sends.get(send_id)
        if send is None:
            raise LookupError(f"The queue names the send {send_id}, which the account does not know.")
        return send

    def _progress(self, send_id: str) -> Progress:
        progress = self._account.progress.get(send_id)
        if progress is None:
            raise LookupError(
                f"The queue names the send {send_id}, whose progress the account does not know."
            )
        return progress

"""Batches' own progress: asked for until each ends, stands still for too long, or nobody waits any more.

A batch stands still while neither its status nor its counts change. One that is throttled waits until its
resume time, which is no standstill; one whose standstill lasts longer than `STANDSTILL_S` may never end, so
that it is no longer waited for, and the account says so.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from migma_nb.api.answers import batch_status, text_of
from migma_nb.api.calls import get_batch, read_json
from migma_nb.api.connection import Connection
from migma_nb.api.meaning import Answer, Meaning, judge
from migma_nb.api.models import BatchStatus
from migma_nb.ledger.batches import Handle

#: The wait between two questions about a batch grows from the first to the second (seconds).
FIRST_WAIT_S, LONGEST_WAIT_S = 0.3, 15.0
#: A batch that is throttled is asked about no more often than this (seconds), but right at its resume time.
THROTTLED_WAIT_S = 60.0
#: Where many batches are followed, their questions are so far apart (seconds).
APART_S = 0.1
#: A batch whose counts stand still for so long (seconds) is no longer waited for.
STANDSTILL_S = 600.0
#: A batch that was just taken may not be known yet; later than this (seconds) it is not known at all.
NOT_KNOWN_S = 30.0
#: No server means to throttle for longer than this (seconds).
_A_YEAR_S = 366 * 86_400.0
_NO_ACCESS, _PASSING = (401, 403), (408, 425, 429)


class Heard(Protocol):
    """Told each new status of a batch, with words for a person; None where there is no status."""

    async def __call__(self, handle: Handle, status: BatchStatus | None, words: str) -> None:
        """Write and show it."""


@dataclass(slots=True)
class _Watched:
    """A batch that is followed; times are monotonic (seconds)."""

    handle: Handle
    due: float
    began: float
    moved: float
    wait: float = FIRST_WAIT_S
    last: BatchStatus | None = None
    trouble: Meaning | None = field(default=None, repr=False)

    def take(self, status: BatchStatus, now: float) -> bool:
        """Note a status; return whether anything moved."""
        self.trouble = None
        moved = self.last is None or _progress(status) != _progress(self.last)
        if moved:
            self.moved, self.wait = now, FIRST_WAIT_S
        self.last = status
        if status.throttled and (left := seconds_until_resumed(status)):
            # It says itself until when nothing will move.
            self.moved = max(self.moved, now + left)
        return moved

    def put_off(self, now: float, wait_s: float | None = None) -> None:
        """Decide when to ask again."""
        wait = self.wait if wait_s is None else max(self.wait, wait_s)
        left = seconds_until_resumed(self.last) if self.last is not None and self.last.throttled else None
        if left:
            wait = min(max(wait, THROTTLED_WAIT_S), max(left, FIRST_WAIT_S))
        self.due = now + wait
        self.wait = min(LONGEST_WAIT_S, self.wait * 1.3)

    def given_up(self, now: float) -> str:
        """Return why it is not followed any longer, in words; "" while it is."""
        trouble = self.trouble
        if trouble is not None and trouble.status in _NO_ACCESS:
            return f"its progress could not be read: {trouble.detail} (the key needs email:read)"
        if trouble is not None and _is_definite(trouble) and now - self.began > NOT_KNOWN_S:
            return f"its progress could not be read: {trouble.detail}"
        if now - self.moved <= STANDSTILL_S:
            return ""
        minutes = f"{STANDSTILL_S / 60:.0f} minutes"
        if trouble is not None:
            return (
                f"no clear answer on its progress came for {minutes} (last: {trouble.detail}); it may go on"
            )
        return f"its counts stood still for {minutes} ({words_for(self.last)}); it may go on"


async def follow(
    connection: Connection,
    handles: Sequence[Handle],
    *,
    heard: Heard,
    rest: Callable[[float], Awaitable[None]],
    stopped: Callable[[], bool],
) -> bool:
    """Ask for the status of batches until each has ended or is given up.

    Args:
        connection: to the API.
        handles: the batches.
        heard: told each new status, and why a batch is given up.
        rest: waits so many seconds, or less when nobody wants to know any more.
        stopped: whether nobody wants to know any more. The batches themselves go on at the server.

    Returns:
        Whether all have ended.
    """
    now = time.monotonic()
    watched = [_Watched(handle, now, now, now) for handle in handles]
    all_ended = True
    while watched and not stopped():
        one = min(watched, key=lambda each: each.due)
        await rest(max(one.due - time.monotonic(), APART_S if len(watched) > 1 else 0.0))
        if stopped():
            break
        status, trouble, wait_s = await _ask(connection, one.handle.batch_id)
        now = time.monotonic()
        if status is not None and one.take(status, now):
            await heard(one.handle, status, words_for(status))
        one.trouble = trouble
        given_up = one.given_up(now)
        if given_up:
            all_ended = False
            await heard(one.handle, None, f"no longer followed: {given_up}")
        if given_up or (status is not None and status.ended):
            watched.remove(one)
        else:
            one.put_off(now, wait_s)
    return all_ended and not watched


async def ask(connection: Connection, batch_id: str) -> BatchStatus | None:
    """Return a batch's status, or None where no clear answer came."""
    status, _, _ = await _ask(connection, batch_id)
    return status


def words_for(status: BatchStatus | None) -> str:
    """Return how a batch stands, in words for a person."""
    if status is None:
        return "nothing is known of its progress"
    counts = [(status.sent_count, "sent"), (status.failed_count, "not mailed")]
    told = ", ".join(f"{count:,} {what}" for count, what in counts if count)
    words = f"the batch is {text_of(status.status)}" + (f": {told}" if told else "")
    if status.total_count is not None and told:
        words += f" of {status.total_count:,}"
    if status.throttled:
        words += _throttled(status)
    error = text_of(status.error)
    return f"{words}; {error}" if error else words


def seconds_until_resumed(status: BatchStatus) -> float | None:
    """Return how long a throttled batch still waits (seconds), None where that is not told."""
    until = status.resumes_at
    if until is None:
        return None
    return min(max(0.0, (until - datetime.now(UTC)).total_seconds()), _A_YEAR_S)


def resume_words(status: BatchStatus) -> str:
    """Return "until …" for a throttled batch, "" where its resume time is not told."""
    return f"until {status.resumes_at:%Y-%m-%d %H:%M} UTC" if status.resumes_at is not None else ""


def _throttled(status: BatchStatus) -> str:
    throttle = status.throttle
    parts = [resume_words(status)]
    if throttle is not None:
        parts.append(f"({reason})" if (reason := text_of(throttle.reason)) else "")
        parts.append(f"{throttle.remaining_count:,} are left" if throttle.remaining_count else "")
    shown = " ".join(part for part in parts if part)
    return f"; it goes on by itself {shown}" if shown else "; it goes on by itself"


def _is_definite(trouble: Meaning) -> bool:
    """Say whether asking again would not fare better: the API says no, and not for the moment only."""
    status = trouble.status or 0
    return 400 <= status < 500 and status not in _PASSING  # noqa: PLR2004 - the 4xx


def _progress(status: BatchStatus) -> tuple[object, ...]:
    """Return what has to change for a batch not to stand still: not the time at which it was looked at."""
    counts = (status.total_count, status.queued_count, status.sent_count, status.failed_count)
    return status.status.lower(), *counts, status.resumes_at, status.error


async def _ask(
    connection: Connection, batch_id: str
) -> tuple[BatchStatus | None, Meaning | None, float | None]:
    """Return a batch's status; where no clear answer came, what did, and how long to wait (seconds)."""
    answer = await get_batch(connection, batch_id)
    data = read_json(answer)
    if data is not None:
        return batch_status(data), None, None
    trouble = judge(answer, uncertain=False, now=datetime.now(UTC))
    wait_s = trouble.wait_s if isinstance(answer, Answer) else None
    return None, trouble, None if wait_s is None else min(wait_s, STANDSTILL_S)

"""What became of a run's mails, read from Migma's log and kept in the ledger; nothing is guessed."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias, TypeVar

import sqlalchemy as sa

from migma_nb.api.errors import InputError
from migma_nb.api.logs import KEPT_S, LogEntry, read_log
from migma_nb.api.settings import Settings
from migma_nb.ledger import batches, clock, deliveries, queries
from migma_nb.ledger.claimants import Claimant, claimants_of, first_batch_of
from migma_nb.ledger.deliveries import Fate, Mail
from migma_nb.ledger.store import Ledger
from migma_nb.planning.addresses import identity
from migma_nb.sending.fates import advanced, arrived, is_open
from migma_nb.sending.following import look
from migma_nb.sending.reconciling import EARLY_S, certain

T = TypeVar("T")
_Lines: TypeAlias = dict[int, list[LogEntry]]

#: The wait between two looks grows from the first to the second (seconds), by a factor.
FIRST_WAIT_S, LONGEST_WAIT_S, GROWTH = 2.0, 60.0, 1.5


async def refresh(ledger: Ledger, run_id: str, settings: Settings, *, wait_s: float | None = None) -> None:
    """Read what became of a run's mails, and keep it.

    Args:
        ledger: the ledger.
        run_id: the run.
        settings: the client's settings; its key needs `email:read`.
        wait_s: look again until the log knows how every mail's way ended, for at most so many seconds; None
            looks once.

    Raises:
        InputError: the run belongs to another server, or the account has no such email.
        CallError: a log could not be read. What earlier looks found is kept.
    """
    run = await _reading(ledger, lambda conn: queries.run_of(conn, run_id))
    if run["scope"] != settings.scope:
        raise InputError(
            f"Run {run['run_id']} was sent to {run['server']}, not to {settings.origin}.",
            hint="Nothing was changed. Pass a client of that account: run.refresh(client).",
        )
    # A batch's people are no rows of ours: its own counts are brought up to date.
    await look(ledger, run["run_id"], settings)
    if not await _reading(ledger, lambda conn: batches.has_singles(conn, run["run_id"])):
        return
    until = time.monotonic() + (wait_s or 0.0)
    pause_s = FIRST_WAIT_S
    only_new = False
    while await _look(ledger, run["run_id"], settings, only_new=only_new):
        left_s = until - time.monotonic()
        if left_s <= 0:
            break
        await asyncio.sleep(min(pause_s, left_s))
        pause_s = min(pause_s * GROWTH, LONGEST_WAIT_S)
        # Opens and clicks of the others came with the first look; asking for them each time is many pages.
        only_new = True


async def read_lines(ledger: Ledger, run_id: str, settings: Settings) -> list[LogEntry]:
    """Return the log of a run's email since its first mail, newest first; other sends of it are among them.

    Raises:
        InputError: the run's mails have no log, or belong to another server.
        CallError: the log could not be read.
    """
    run = await _reading(ledger, lambda conn: queries.run_of(conn, run_id))
    if run["scope"] != settings.scope:
        raise InputError(f"Run {run['run_id']} was sent to {run['server']}, not to {settings.origin}.")
    if run["email_id"] is None:
        raise InputError(
            "Migma keeps a log of mails that were sent by email_id= alone, not of those from a raw template "
            "or a conversation.",
            hint="Look into the dashboard's log of the sending domain; or plan with email_id= the next time.",
        )
    mails = await _reading(ledger, lambda conn: deliveries.mails_of(conn, run["run_id"]))
    begun = min([run["started_at"], *(mail.first_attempt_at for mail in mails if mail.first_attempt_at)])
    log = await read_log(settings, run["email_id"], since=begun)
    since = begun + log.ahead_s - EARLY_S
    return [entry for entry in log.entries if entry.created_at is None or entry.created_at >= since]


async def _look(ledger: Ledger, run_id: str, settings: Settings, *, only_new: bool) -> bool:
    """Read the logs once and keep what they say; return whether a mail's end is still to come."""
    mails, now = await _reading(ledger, lambda conn: (deliveries.mails_of(conn, run_id), clock.now(conn)))
    asked = [mail for mail in mails if is_open(mail, now) and not (only_new and arrived(mail.fate))]
    lines: _Lines = {}
    for email_id in sorted({mail.email_id for mail in asked if mail.email_id}):
        part = [mail for mail in asked if mail.email_id == email_id]
        lines |= await _lines_of(ledger, settings, email_id, part, now)

    def write(conn: sa.Connection) -> bool:
        at = clock.now(conn)
        # Another process may have looked meanwhile: what it found is where this goes on.
        known = deliveries.fates_of(conn, run_id)
        found = {}
        for mail in asked:
            fate = known.get(mail.position)
            for line in lines.get(mail.position, [None]):
                fate = advanced(fate, line, at)
            found[mail.position] = fate or Fate()
        deliveries.write(conn, run_id, found.items(), at)
        return not all(map(arrived, found.values()))

    return await asyncio.to_thread(ledger.writing, write)


async def _lines_of(
    ledger: Ledger, settings: Settings, email_id: str, mails: Sequence[Mail], now: float
) -> _Lines:
    """Return the lines of mails of one stored email, by the mails' position.

    A mail's line is the one with its id. Where a mail has no id, or no id of this ledger stands in the log
    (the API's two ids are of different kinds, which no document settles), `certain` says whose a line is.
    """
    begun = [mail.first_attempt_at for mail in mails if mail.first_attempt_at is not None]
    since = max(min(begun, default=0.0), now - KEPT_S)
    ids = {mail.message_id for mail in mails}
    # Where every mail has an id, the log needs to be read only until all of them were seen.
    log = await read_log(settings, email_id, since=since, only=None if None in ids else {*filter(None, ids)})
    of_id: dict[str, list[LogEntry]] = defaultdict(list)
    for entry in log.entries:
        of_id[entry.tracking_id].append(entry)
    found = _by_id(mails, of_id)
    rest = [mail for mail in mails if mail.position not in found]
    if all(mail.message_id for mail in rest) and (found or not log.entries):
        return found

    def others(conn: sa.Connection) -> tuple[list[Claimant], float | None]:
        return claimants_of(conn, settings.scope, email_id), first_batch_of(conn, settings.scope, email_id)

    claimants, batch_at = await _reading(ledger, others)
    if any(one.message_id in of_id for one in claimants if one.message_id):
        rest = [mail for mail in rest if not mail.message_id]
    told = certain(claimants, log, settled=True, batch_at=batch_at)
    for mail in rest:
        said = told.get((mail.claim_id, mail.generation))
        if said is not None and said.tracking_id is not None:
            found[mail.position] = of_id[said.tracking_id]
    return found


def _by_id(mails: Iterable[Mail], of_id: Mapping[str, list[LogEntry]]) -> _Lines:
    """Return the lines that bear a mail's id; where several mails have the same, the address decides."""
    named = [mail for mail in mails if mail.message_id and mail.message_id in of_id]
    shared = Counter(mail.message_id for mail in named)
    found: _Lines = {}
    for mail in named:
        lines = of_id[mail.message_id or ""]
        if shared[mail.message_id] > 1:
            lines = [line for line in lines if identity(line.to_email) == identity(mail.address)]
        if lines:
            found[mail.position] = lines
    return found


async def _reading(ledger: Ledger, query: Callable[[sa.Connection], T]) -> T:
    return await asyncio.to_thread(ledger.reading, query)

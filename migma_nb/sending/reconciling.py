"""Unknown rows settled from Migma's own log: only what is certain.

A line in the log proves that the API took a mail; that there is none proves nothing. A line is a row's only
where no other attempt of this ledger, and no other line, comes into question.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from migma_nb.api.errors import InputError
from migma_nb.api.logs import MARGIN_S, EmailLog, LogEntry, read_log, subject_digest
from migma_nb.api.settings import Settings
from migma_nb.ledger import clock, journal, queries, rulings
from migma_nb.ledger.claimants import Claimant, claimants_of
from migma_nb.ledger.rulings import Doubt, Ruling, Word
from migma_nb.ledger.schema import ClaimState
from migma_nb.ledger.store import Ledger
from migma_nb.planning.addresses import identity

#: A line may bear a time this much before its attempt: `Date` tells only whole seconds.
EARLY_S = 2.0
#: A line that comes later than this after the last attempt is another mailing's (seconds).
LATE_S = 3600.0

_Key = tuple[str, str]


async def reconcile(ledger: Ledger, run_id: str, settings: Settings) -> int:
    """Settle unknown rows that Migma's log certainly holds; return how many those were.

    Args:
        ledger: the ledger.
        run_id: the run.
        settings: the client's settings; its key needs `email:read`.

    Raises:
        InputError: the run's mails have no log, or belong to another server.
        CallError: a log could not be read. Nothing was changed.
    """
    # Rows that were in flight when their process ended are doubts as well.
    journal.settle_the_dead(ledger)
    run = ledger.reading(lambda conn: queries.run_of(conn, run_id))
    if run["scope"] != settings.scope:
        raise InputError(
            f"Run {run['run_id']} was sent to {run['server']}, not to {settings.origin}.",
            hint="Nothing was changed. Pass a client of that account: run.reconcile(client).",
        )
    if run["target"] is not None:
        raise InputError(
            "Whether a batch's one call was taken cannot be told from the log of its mails.",
            hint="Nothing was changed. Look into the dashboard, then run.resolve(…).",
        )
    doubts = [
        one for one in ledger.reading(lambda conn: rulings.doubts_of(conn, run["run_id"])) if _open(one)
    ]
    if not any(one.email_id for one in doubts) and (doubts or not run["email_id"]):
        raise InputError(
            "Migma keeps a log of mails that were sent by email_id= alone, not of those from a raw template "
            "or a conversation, so there is nothing to compare. Nothing was changed.",
            hint='Ask the recipients or look into the dashboard, then run.resolve(rows, as_="sent").',
        )
    logs = {}
    for email_id in sorted({one.email_id for one in doubts if one.email_id}):
        since = min(one.first_attempt_at or 0.0 for one in doubts if one.email_id == email_id)
        logs[email_id] = await read_log(settings, email_id, since=since)

    def write(conn: sa.Connection) -> int:
        still = {doubt.position: doubt for doubt in rulings.doubts_of(conn, run["run_id"])}
        unchanged = [doubt for doubt in doubts if still.get(doubt.position) == doubt]
        made = []
        for email_id, log in logs.items():
            found = certain(claimants_of(conn, settings.scope, email_id), log)
            made += _rulings(unchanged, found)
        rulings.rule(conn, run["run_id"], made, clock.now(conn))
        return len(made)

    return ledger.writing(write)


@dataclass(frozen=True, slots=True)
class Found:
    """What the log says of a claim: the status, and the handle where only one mail comes into question."""

    status: str
    tracking_id: str | None


def certain(
    claimants: Sequence[Claimant], log: EmailLog, *, settled: bool = False
) -> dict[tuple[int, int], Found]:
    """Return which open claims (id, generation) the log certainly holds. Pure.

    A line fits a claim by address and subject, and by a time from its first attempt to an hour after its
    last. Claims whose times overlap stand for each other: only where there are exactly as many lines as
    claims has each of them its own, and only where no earlier claim still lacks its line.

    Args:
        claimants: all that may have put a line there, of every mailing.
        log: the lines.
        settled: return also claims of which it is known already that the API took them.
    """
    lines = {entry.tracking_id: entry for entry in log.entries if entry.tracking_id}
    ahead_s = _ahead(claimants, lines, log.ahead_s)
    known = {one.message_id for one in claimants if one.message_id in lines}
    waiting: dict[_Key, list[Claimant]] = defaultdict(list)
    for one in claimants:
        if one.message_id not in known:
            waiting[identity(one.address), one.subject_sha256].append(_shifted(one, ahead_s))
    fitting: dict[_Key, list[LogEntry]] = defaultdict(list)
    vague: set[_Key] = set()
    for entry in log.entries:
        key = identity(entry.to_email), subject_digest(entry.subject)
        if not entry.tracking_id or entry.created_at is None:
            vague.add(key)
        elif entry.tracking_id not in known and lines[entry.tracking_id] is entry:
            fitting[key].append(entry)
    found: dict[tuple[int, int], Found] = {}
    opened = {(one.claim_id, one.generation) for one in claimants if one.open}
    for key, group in waiting.items():
        if key not in vague:
            found |= _matched(group, fitting[key])
    return found if settled else {key: said for key, said in found.items() if key in opened}


def _matched(group: list[Claimant], lines: list[LogEntry]) -> dict[tuple[int, int], Found]:
    """Match the claims of one person and subject with the lines that nobody else explains."""
    found: dict[tuple[int, int], Found] = {}
    in_doubt_until = float("-inf")
    for together in _overlapping(group):
        begin, last = together[0].first_at - EARLY_S, max(one.last_at for one in together)
        inside = [entry for entry in lines if begin <= (entry.created_at or 0.0) <= last + LATE_S]
        if len(inside) != len(together) or begin < in_doubt_until:
            # A line that one of these still lacks may come late, and look like the next one's.
            in_doubt_until = max(in_doubt_until, last + MARGIN_S)
            continue
        tracking_id = inside[0].tracking_id if len(inside) == 1 else None
        said = Found(", ".join(sorted({entry.status for entry in inside})), tracking_id)
        found |= {(one.claim_id, one.generation): said for one in together}
    return found


def _overlapping(group: Iterable[Claimant]) -> list[list[Claimant]]:
    """Part claims into those whose lines could be taken for each other's."""
    parts: list[list[Claimant]] = []
    until = float("-inf")
    for one in sorted(group, key=lambda claimant: claimant.first_at):
        if one.first_at - EARLY_S > until:
            parts.append([])
        parts[-1].append(one)
        until = max(until, one.last_at + LATE_S)
    return parts


def _shifted(one: Claimant, ahead_s: float) -> Claimant:
    return replace(one, first_at=one.first_at + ahead_s, last_at=one.last_at + ahead_s)


def _ahead(claimants: Iterable[Claimant], lines: dict[str, LogEntry], told_s: float) -> float:
    """Return how far the log's clock is ahead of ours: by the mails that both know, else by `Date`."""
    seen = [
        entry.created_at - one.first_at
        for one in claimants
        if one.attempts == 1 and one.message_id and (entry := lines.get(one.message_id)) and entry.created_at
    ]
    # More than a log is read beyond what is asked for is no clock that is off, but a line that is broken.
    usable = [ahead_s for ahead_s in seen if abs(ahead_s) <= MARGIN_S]
    return min(usable) if usable else told_s


def _open(doubt: Doubt) -> bool:
    return doubt.state is ClaimState.UNKNOWN and doubt.first_attempt_at is not None


def _rulings(doubts: Iterable[Doubt], found: dict[tuple[int, int], Found]) -> list[Ruling]:
    return [
        Ruling(
            doubt.position,
            Word.LOGGED,
            f"found in Migma's log ({said.status})",
            said.tracking_id,
            said.status,
        )
        for doubt in doubts
        if (said := found.get((doubt.claim_id, doubt.generation)))
    ]

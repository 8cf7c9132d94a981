"""What is uncertain in a run, which options there are, and how a doubt is settled without an answer."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa

from migma_nb.api.errors import ConfirmationError, InputError
from migma_nb.api.logs import EmailLog, LogEntry, read_log, subject_digest
from migma_nb.api.meaning import KEY_LIFE_S
from migma_nb.api.settings import Settings
from migma_nb.api.states import Reason, State
from migma_nb.ledger import clock, queries, rulings
from migma_nb.ledger.rulings import Doubt, Ruling, Word
from migma_nb.ledger.schema import ClaimState
from migma_nb.ledger.store import Ledger
from migma_nb.planning.addresses import identity
from migma_nb.sending.accounts import utc_times

#: What each reason of a doubt means to a person.
WHY: dict[str, str] = {
    Reason.LOST_ANSWER: "no answer came, or none that could be read",
    Reason.RUN_DIED: "the process ended while it was in flight",
    Reason.STILL_AT_WORK: "the server said that it was still at work on it",
    Reason.SERVER_ERROR: "the API answered with an error of its own, which may come after it took the mail",
    Reason.UNCLEAR_ANSWER: "the answer contradicts itself",
    Reason.KEY_USED_BEFORE: "this person's key was used before with other content, perhaps by another ledger",
    Reason.PLAN_CHANGED: "it was in flight with other content than the plan has now",
    Reason.OTHER_API_KEY: "it was in flight under another API key, so this one's repeats are not protected",
    Reason.KEY_TOO_OLD: "it is older than the API remembers keys, or its age is not known for certain",
    Reason.ELSEWHERE: "another run is at work on it",
}
_ASK_AGAIN = {Reason.LOST_ANSWER, Reason.RUN_DIED, Reason.STILL_AT_WORK}
COLUMNS = ("recipient", "reason", "why", "first_attempt_at", "attempts", "options")


def options_for(row: dict[str, Any], *, now: float, logged: bool) -> str:
    """Return what a person can do about an unknown row, the safest first.

    Args:
        row: the row's account.
        now: the present (seconds since the epoch).
        logged: whether the API keeps a log of this mailing.
    """
    if row["reason"] == Reason.ELSEWHERE:
        return "look at the other run's account"
    ways = []
    first = row.get("first_attempt_at")
    if row["reason"] in _ASK_AGAIN and isinstance(first, float) and now < first + KEY_LIFE_S:
        until = datetime.fromtimestamp(first + KEY_LIFE_S, UTC)
        ways.append(
            f"send the plan again before {until:%Y-%m-%d %H:%M} UTC: same key, so no second copy "
            "where the server is proven to honour keys"
        )
    if logged:
        ways.append("run.reconcile() looks into Migma's log")
    ways.append(
        'ask the recipient or look into the dashboard, then run.resolve(rows, as_="sent" or "resend")'
    )
    return "; ".join(ways)


def resolve(ledger: Ledger, run_id: str, positions: Sequence[int], as_: str, confirm: object) -> None:
    """Settle unknown rows by a person's word, on record as such.

    Args:
        ledger: the ledger.
        run_id: the run.
        positions: the rows, from 0.
        as_: what the person says, "sent" or "resend".
        confirm: how many rows that is, typed by the person.

    Raises:
        InputError: a row is not unknown (any more), or none was named. Nothing is changed.
        ConfirmationError: the number is missing or another one. Nothing is changed.
    """
    word = Word(as_)
    if not positions:
        raise InputError("No row was named.", hint="run.unknown lists the rows that can be resolved.")
    if confirm != len(positions) or isinstance(confirm, bool):
        risk = " Whoever has got it already gets a second copy." if word is Word.RESEND else ""
        raise ConfirmationError(
            f"This would settle {len(positions):,} unknown rows as {word.value!r} by your word.{risk} "
            "Nothing was changed.",
            hint=f"To go on, add confirm={len(positions)}.",
        )

    def write(conn: sa.Connection) -> None:
        now = clock.now(conn)
        day = datetime.fromtimestamp(now, UTC)
        said = "that it was sent" if word is Word.SENT else "to send it again; send the plan to do so"
        words = f"you said on {day:%Y-%m-%d %H:%M} UTC {said}"
        rulings.rule(conn, run_id, [Ruling(position, word, words) for position in positions], now)

    ledger.writing(write)


async def reconcile(ledger: Ledger, run_id: str, settings: Settings) -> int:
    """Settle unknown rows that Migma's log certainly holds; return how many those were.

    A line in the log proves that the API took a mail; that there is none proves nothing.

    Args:
        ledger: the ledger.
        run_id: the run.
        settings: the client's settings; its key needs `email:read`.

    Raises:
        InputError: the run's mails have no log, or belong to another server.
        CallError: the log could not be read.
    """
    run = ledger.reading(lambda conn: queries.run_of(conn, run_id))
    if run["scope"] != settings.scope:
        raise InputError(f"Run {run_id} was sent to {run['server']}, not to {settings.origin}.")
    if not run["email_id"]:
        raise InputError(
            "Migma keeps no log of mails that were sent from a raw template, so there is nothing to compare.",
            hint='Ask the recipients or look into the dashboard, then run.resolve(rows, as_="sent").',
        )
    found = ledger.reading(lambda conn: rulings.doubts_of(conn, run_id))
    doubts = [one for one in found if one.state is ClaimState.UNKNOWN and one.first_attempt_at is not None]
    if not doubts:
        return 0
    since = min(one.first_attempt_at for one in doubts if one.first_attempt_at is not None)
    log = await read_log(settings, run["email_id"], since=since)

    def write(conn: sa.Connection) -> int:
        handles = {entry.tracking_id for entry in log.entries}
        known = rulings.known_handles(conn, handles)
        rivals = rulings.rivals(conn, settings.scope, doubts, handles, since - 60.0)
        still = {doubt.position: doubt for doubt in rulings.doubts_of(conn, run_id)}
        fresh = [doubt for doubt in doubts if still.get(doubt.position) == doubt]
        made = certain(fresh, log, known, rivals)
        rulings.rule(conn, run_id, made, clock.now(conn))
        return len(made)

    return ledger.writing(write)


def certain(
    doubts: Sequence[Doubt], log: EmailLog, known: set[str], rivals: set[tuple[str, str]]
) -> list[Ruling]:
    """Return the rulings that the log allows without guessing. Pure.

    A line fits a row by address, subject, and a time not before the row's first attempt. Where a person has
    fewer lines than unknown rows, or more, or where a line may be another mail's (`rivals`), nobody can say
    which is which: nothing is ruled.
    """
    waiting: dict[tuple[str, str], list[Doubt]] = defaultdict(list)
    for doubt in doubts:
        if doubt.subject_sha256 is not None:
            waiting[identity(doubt.address), doubt.subject_sha256].append(doubt)
    lines: dict[tuple[str, str], list[LogEntry]] = defaultdict(list)
    for entry in log.entries:
        if entry.tracking_id not in known:
            lines[identity(entry.to_email), subject_digest(entry.subject)].append(entry)
    made = []
    for key, group in waiting.items():
        earliest = min(doubt.first_attempt_at or 0.0 for doubt in group) + log.ahead_s - 2.0
        fitting = sorted(
            (entry for entry in lines[key] if entry.created_at >= earliest),
            key=lambda entry: entry.created_at,
        )
        if len(fitting) != len(group) or key in rivals:
            continue
        for doubt, entry in zip(
            sorted(group, key=lambda one: one.first_attempt_at or 0.0), fitting, strict=True
        ):
            words = f"found in Migma's log ({entry.status})"
            made.append(Ruling(doubt.position, Word.LOGGED, words, entry.tracking_id, entry.status))
    return made


def unknown(ledger: Ledger, run_id: str, index: pd.Index | None) -> pd.DataFrame:
    """Return a run's unknown rows with what is uncertain about each, and which options there are.

    Args:
        ledger: the ledger.
        run_id: the run.
        index: the input's index, None where only the ledger is known.
    """

    def look(conn: sa.Connection) -> tuple[dict[str, Any], list[dict[str, Any]], float]:
        return queries.run_of(conn, run_id), queries.run_rows(conn, run_id), clock.now(conn)

    run, rows, now = ledger.reading(look)
    found = [row for row in rows if row["state"] == State.UNKNOWN]
    logged = run["email_id"] is not None
    data = [
        {
            "recipient": row["address"],
            "reason": row["reason"],
            "why": WHY.get(row["reason"], row["detail"]),
            "first_attempt_at": None,
            "attempts": row["attempts"],
            "options": options_for(row, now=now, logged=logged),
        }
        for row in found
    ]
    frame = pd.DataFrame(data, columns=list(COLUMNS))
    frame["first_attempt_at"] = utc_times([row["first_attempt_at"] for row in found])
    positions = [row["position"] for row in found]
    frame.index = pd.Index(positions, dtype="int64") if index is None else index[positions]
    return frame

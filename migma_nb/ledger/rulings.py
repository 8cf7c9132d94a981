"""How an unknown row is settled by other means than an answer: a person's word, or the API's own log.

What is ruled is on record as such, with how the row stood before. Every function runs inside a write
transaction of its caller.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from migma_nb.api.errors import InputError
from migma_nb.api.states import Reason, State
from migma_nb.ledger.batches import is_batch
from migma_nb.ledger.journal import settle_rows
from migma_nb.ledger.schema import ClaimState, Settled, claims, rows, rulings, runs
from migma_nb.ledger.standings import account_of


class Word(StrEnum):
    """What a ruling says of an unknown row."""

    SENT = "sent"  # a person says: it arrived
    RESEND = "resend"  # a person says: send it again
    LOGGED = "logged"  # the API's log has it
    NOT_TAKEN = "not_taken"  # the API says that it was not taken


@dataclass(frozen=True, slots=True)
class Ruling:
    """One row's ruling; `message_id` and `api_status` are what the log says, where it was asked."""

    position: int
    word: Word
    detail: str
    message_id: str | None = None
    api_status: str | None = None


@dataclass(frozen=True, slots=True)
class Doubt:
    """An unknown row of a run, and how its person stands in the ledger now.

    `email_id` is the stored email that the mail in doubt was made from, None where it was none; `batch` says
    that it was one call to many.
    """

    position: int
    address: str
    claim_id: int
    generation: int
    reason: str | None
    state: ClaimState
    first_attempt_at: float | None
    email_id: str | None
    batch: bool


def doubts_of(conn: sa.Connection, run_id: str, state: State = State.UNKNOWN) -> list[Doubt]:
    """Return the unknown rows of a run (or those in another state) whose person has a claim, in order."""
    # Not always this run: the mail in doubt may be an earlier one's.
    sender = runs.alias()
    columns = (
        rows.c.position,
        rows.c.address,
        claims.c.claim_id,
        claims.c.generation,
        claims.c.reason,
        claims.c.state,
        claims.c.first_attempt_at,
        sa.func.coalesce(claims.c.email_id, sender.c.email_id).label("email_id"),
        claims.c.recipient,
    )
    query = (
        sa.select(*columns)
        .select_from(rows)
        .join(runs, runs.c.run_id == rows.c.run_id)
        .join(
            claims,
            sa.and_(
                claims.c.scope == runs.c.scope,
                claims.c.mailing == runs.c.mailing,
                claims.c.recipient == rows.c.recipient,
            ),
        )
        .join(sender, sender.c.run_id == claims.c.run_id)
        .where(rows.c.run_id == run_id, rows.c.state == state)
        .order_by(rows.c.position)
    )
    found = [dict(row._asdict()) for row in conn.execute(query)]
    for row in found:
        row |= {"state": ClaimState(row["state"]), "batch": is_batch(row.pop("recipient"))}
    return [Doubt(**row) for row in found]


def rule(
    conn: sa.Connection, run_id: str, made: Iterable[Ruling], now: float, state: State = State.UNKNOWN
) -> None:
    """Write rulings on unknown rows of a run; on refused ones where the API shows that it took them before.

    Raises:
        InputError: a row is not unknown, or has been settled or taken up meanwhile. Nothing is changed.
    """
    doubts = {doubt.position: doubt for doubt in doubts_of(conn, run_id, state)}
    settled = []
    for ruling in made:
        doubt = doubts.get(ruling.position)
        if doubt is None:
            raise InputError(f"Row {ruling.position} is not {state}. Nothing was changed.")
        if doubt.state is not ClaimState(state) or not _change(conn, doubt, ruling, now):
            raise InputError(
                f"Row {ruling.position} is {doubt.state} in the ledger meanwhile. Nothing was changed.",
                hint="Send the plan again: its account says what became of the row.",
            )
        conn.execute(
            rulings.insert().values(
                claim_id=doubt.claim_id,
                run_id=run_id,
                generation=doubt.generation,
                ruled_as=ruling.word,
                ruled_at=now,
                state_before=doubt.state,
                reason_before=doubt.reason,
            )
        )
        shown, reason = _SHOWN[ruling.word]
        account = account_of(conn, doubt.claim_id)
        settled.append(Settled(ruling.position, shown, reason, ruling.detail, account))
    settle_rows(conn, run_id, settled)


_SHOWN = {
    Word.SENT: (State.ALREADY_SENT, Reason.RESOLVED),
    Word.RESEND: (State.NOT_SENT, Reason.RESOLVED),
    Word.LOGGED: (State.ACCEPTED, Reason.RECONCILED),
    Word.NOT_TAKEN: (State.NOT_SENT, Reason.RECONCILED),
}
_CLAIM = {
    Word.SENT: ClaimState.ALREADY_SENT,
    Word.RESEND: ClaimState.FREE,
    Word.LOGGED: ClaimState.ACCEPTED,
    Word.NOT_TAKEN: ClaimState.FREE,
}


def _change(conn: sa.Connection, doubt: Doubt, ruling: Ruling, now: float) -> bool:
    values = {
        "state": _CLAIM[ruling.word],
        "reason": _SHOWN[ruling.word][1],
        "detail": ruling.detail,
        "uncertain": False,
        "ruled_as": ruling.word,
        "finished_at": now,
    }
    if ruling.word in {Word.RESEND, Word.NOT_TAKEN}:
        # A key of its own, or the server would replay the old answer.
        values |= {"generation": doubt.generation + 1, "attempts": 0, "first_attempt_at": None}
    if ruling.word is Word.LOGGED:
        values |= {"message_id": ruling.message_id, "api_status": ruling.api_status}
    found = conn.execute(
        claims.update()
        .where(claims.c.claim_id == doubt.claim_id, claims.c.generation == doubt.generation)
        .where(claims.c.state == doubt.state)
        .values(values)
    )
    return found.rowcount == 1

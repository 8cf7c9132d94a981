"""What Migma's log said became of a run's mails: kept for each row, and when it was asked.

Every function runs inside a transaction of its caller. Times are seconds since the epoch.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from migma_nb.api.states import State
from migma_nb.ledger.batches import batches_in
from migma_nb.ledger.dialects import insert
from migma_nb.ledger.schema import claims, metadata, rows, runs
from migma_nb.ledger.told import Told

#: When a run's log was last asked; a run with no line here was never refreshed.
refreshes = sa.Table(
    "refreshes",
    metadata,
    sa.Column("run_id", sa.String, primary_key=True),
    sa.Column("refreshed_at", sa.Float, nullable=False),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("run_id", sa.String, primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("delivery", Told),
    sa.Column("opened_at", sa.Float),
    sa.Column("clicked_at", sa.Float),
    sa.Column("bounced_at", sa.Float),
    sa.Column("complained_at", sa.Float),
    sa.Column("checked_at", sa.Float, nullable=False),
    sa.Column("bounce_type", Told),
    sqlite_with_rowid=False,
)
#: What `run.frame` shows of them, in this order.
DELIVERY_COLUMNS = ("delivery", "opened_at", "clicked_at", "bounced_at", "complained_at", "checked_at")

_TAKEN = (State.ACCEPTED, State.ALREADY_SENT)


@dataclass(frozen=True, slots=True)
class Fate:
    """What is known of one row's mail.

    Args:
        delivery: the most telling word of the log so far, None where it has no line of this mail yet.
        opened_at, clicked_at: the first time, by the log.
        bounced_at, complained_at: when the log was first seen to say so; it has no time of its own for them.
        checked_at: when the log was last asked for this row.
        bounce_type: the log's word for the bounce, None where there was none.
    """

    delivery: str | None = None
    opened_at: float | None = None
    clicked_at: float | None = None
    bounced_at: float | None = None
    complained_at: float | None = None
    checked_at: float = 0.0
    bounce_type: str | None = None


@dataclass(frozen=True, slots=True)
class Mail:
    """A row of a run that the API took, and what is known of its mail.

    Args:
        position: which row.
        address: the recipient on the wire.
        message_id: the API's handle, None where no answer gave one.
        claim_id, generation: which claim it is, and under which of its keys.
        first_attempt_at: when it left, None where that is not on record.
        email_id: the stored email that it was made from; None where it has no log.
        fate: what is known, None before the first look.
    """

    position: int
    address: str
    message_id: str | None
    claim_id: int
    generation: int
    first_attempt_at: float | None
    email_id: str | None
    fate: Fate | None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many single mails of a run, which the API took, are alike in what is known of them.

    Args:
        delivery: the most telling word of the log so far, None where it has no line of these mails yet.
        opened, clicked: whether the log has a time for that.
        has_log: whether they were made from a stored email, so that they have a log.
        old: whether they left before the moment that was asked about.
        count: how many they are (int).
    """

    delivery: str | None
    opened: bool
    clicked: bool
    has_log: bool
    old: bool
    count: int


_FATE = [deliveries.c[name] for name in Fate.__slots__]


# The content is that of the run that sent it, which may be an earlier one.
_SENDER = runs.alias()
_EMAIL_ID = sa.func.coalesce(claims.c.email_id, _SENDER.c.email_id)


def _mails(run_id: str, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """Return the query for every single mail of a run that the API took, with what is known of it."""
    return (
        _with_fates(sa.select(*columns).select_from(rows))
        .join(runs, runs.c.run_id == rows.c.run_id)
        .join(
            claims,
            sa.and_(
                claims.c.scope == runs.c.scope,
                claims.c.mailing == runs.c.mailing,
                claims.c.recipient == rows.c.recipient,
            ),
        )
        .join(_SENDER, _SENDER.c.run_id == claims.c.run_id)
        .where(rows.c.run_id == run_id, rows.c.state.in_(_TAKEN), ~batches_in(rows.c.recipient))
    )


def _with_fates(query: sa.Select[Any]) -> sa.Select[Any]:
    same_row = sa.and_(deliveries.c.run_id == rows.c.run_id, deliveries.c.position == rows.c.position)
    return query.outerjoin(deliveries, same_row)


def tallies_of(conn: sa.Connection, run_id: str, since: float) -> list[Tally]:
    """Return what is known of a run's mails, counted by the database: there may be very many.

    Args:
        conn: a transaction.
        run_id: the run.
        since: what left before this moment is `old`.
    """
    known = (
        deliveries.c.delivery.label("delivery"),
        deliveries.c.opened_at.is_not(None).label("opened"),
        deliveries.c.clicked_at.is_not(None).label("clicked"),
    )
    email_id = conn.execute(sa.select(runs.c.email_id).where(runs.c.run_id == run_id)).scalar_one()
    stored = _EMAIL_ID.is_not(None).label("has_log")
    queries = [_mails(run_id, *known, stored, _before(claims.c.first_attempt_at, since), sa.func.count())]
    if email_id is not None:
        # What the run sent itself it sent from its own email, and its row knows when: no claim is looked up.
        queries[0] = queries[0].where(rows.c.state != State.ACCEPTED)
        own = sa.select(*known, sa.true().label("has_log"), _before(rows.c.first_attempt_at, since))
        own = _with_fates(own.add_columns(sa.func.count()).select_from(rows))
        queries.append(
            own.where(rows.c.run_id == run_id, rows.c.state == State.ACCEPTED, ~batches_in(rows.c.recipient))
        )
    return [
        Tally(word, bool(opened), bool(clicked), bool(has_log), bool(old), int(count))
        for query in queries
        for word, opened, clicked, has_log, old, count in conn.execute(
            query.group_by("delivery", "opened", "clicked", "has_log", "old")
        )
    ]


def _before(moment: "sa.ColumnElement[float | None]", since: float) -> sa.Label[bool]:
    return sa.and_(moment.is_not(None), moment < since).label("old")


def mails_of(conn: sa.Connection, run_id: str) -> list[Mail]:
    """Return every single mail of a run that the API took, in order; in an earlier run, too."""
    query = _mails(
        run_id,
        rows.c.position,
        rows.c.address,
        rows.c.message_id,
        claims.c.claim_id,
        claims.c.generation,
        claims.c.first_attempt_at,
        _EMAIL_ID.label("email_id"),
        *_FATE,
    ).order_by(rows.c.position)
    own = Mail.__slots__[:-1]
    return [
        Mail(
            **{name: getattr(row, name) for name in own},
            fate=None if row.checked_at is None else Fate(*row[len(own) :]),
        )
        for row in conn.execute(query)
    ]


def refreshed_at(conn: sa.Connection, run_id: str) -> float | None:
    """Return when a run's log was last asked, None where it never was."""
    query = sa.select(refreshes.c.refreshed_at).where(refreshes.c.run_id == run_id)
    found: float | None = conn.execute(query).scalar()
    return found


def fates_of(conn: sa.Connection, run_id: str, start: int = 0, stop: int | None = None) -> dict[int, Fate]:
    """Return what is known of a run's mails, by position, from one to before another (None: to the end)."""
    query = sa.select(deliveries.c.position, *_FATE).where(
        deliveries.c.run_id == run_id, deliveries.c.position >= start
    )
    query = query if stop is None else query.where(deliveries.c.position < stop)
    return {row.position: Fate(*row[1:]) for row in conn.execute(query)}


def words_of(conn: sa.Connection, run_id: str) -> dict[str, int] | None:
    """Return how many rows have which word of the log, most first; None where it was never asked."""
    if refreshed_at(conn, run_id) is None:
        return None
    query = (
        sa.select(deliveries.c.delivery, sa.func.count())
        .where(deliveries.c.run_id == run_id, deliveries.c.delivery.is_not(None))
        .group_by(deliveries.c.delivery)
        .order_by(sa.func.count().desc(), sa.func.min(deliveries.c.position))
    )
    return {str(word): int(count) for word, count in conn.execute(query)}


def write(conn: sa.Connection, run_id: str, fates: Iterable[tuple[int, Fate]], now: float) -> None:
    """Write what is known of rows (position, fate) in place of what was, and that the log was asked."""
    made = insert(conn, refreshes).values(run_id=run_id, refreshed_at=now)
    conn.execute(
        made.on_conflict_do_update(
            index_elements=["run_id"], set_={"refreshed_at": made.excluded.refreshed_at}
        )
    )
    # Not by `asdict`, which copies: there may be very many.
    values = [
        {"run_id": run_id, "position": position} | {name: getattr(fate, name) for name in Fate.__slots__}
        for position, fate in fates
    ]
    if values:
        kept = insert(conn, deliveries)
        conn.execute(
            kept.on_conflict_do_update(
                index_elements=["run_id", "position"],
                set_={name: kept.excluded[name] for name in Fate.__slots__},
            ),
            values,
        )

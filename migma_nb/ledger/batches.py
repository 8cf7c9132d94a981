"""Which recipients are batches, and how far those of a run have come.

A batch's recipient is `tag:ID` or `segment:ID`; no address has a colon before its @, so that the two cannot
be mistaken for each other, in ledgers of any version.
"""

from dataclasses import dataclass, replace

import sqlalchemy as sa

from migma_nb.api.models import BatchStatus
from migma_nb.api.states import LIVE_STATES, State
from migma_nb.ledger.prepared import Prepared
from migma_nb.ledger.schema import ClaimState, claims, rows, runs
from migma_nb.planning.targets import BATCH_PREFIXES

_HANDLE = ("position", "recipient", "message_id", "api_status", "state", "detail")
#: Stands between which earlier run sent a batch, and how the batch stands now.
_BETWEEN = " | "

#: Before the id of a campaign, where the API names no batch of it: it is not followed as a batch is.
CAMPAIGN = "campaign:"
_IS_CAMPAIGN = rows.c.message_id.startswith(CAMPAIGN, autoescape=True)


@dataclass(frozen=True, slots=True)
class Handle:
    """A batch of a run that the API took: its row, whom it is for, and the id that the API knows it by.

    `status` is the API's last word on it; `before` says which earlier run sent it, "" where this one did.
    """

    position: int
    recipient: str
    batch_id: str
    status: str | None
    before: str = ""


def is_batch(recipient: str | None) -> bool:
    """Say whether a recipient of the ledger is a batch."""
    return recipient is not None and recipient.startswith(BATCH_PREFIXES)


def batches_in(column: "sa.ColumnElement[str | None]") -> sa.ColumnElement[bool]:
    """Return the condition that a column's recipient is a batch."""
    return sa.or_(*(column.startswith(prefix, autoescape=True) for prefix in BATCH_PREFIXES))


def has_singles(conn: sa.Connection, run_id: str) -> bool:
    """Return whether any row of a run is for one person."""
    person = (rows.c.recipient.is_not(None), ~batches_in(rows.c.recipient))
    query = sa.select(rows.c.position).where(rows.c.run_id == run_id, *person)
    return conn.execute(query.limit(1)).first() is not None


def handles(conn: sa.Connection, run_id: str) -> list[Handle]:
    """Return the batches of a run that the API took, in order; campaigns are not among them."""
    return _taken(conn, run_id, ~_IS_CAMPAIGN)


def campaigns(conn: sa.Connection, run_id: str) -> list[Handle]:
    """Return the campaigns of a run that the API took and named no batch of, by the campaigns' own ids."""
    found = _taken(conn, run_id, _IS_CAMPAIGN)
    return [replace(handle, batch_id=handle.batch_id.removeprefix(CAMPAIGN)) for handle in found]


def _taken(conn: sa.Connection, run_id: str, which: sa.ColumnElement[bool]) -> list[Handle]:
    settled = [State.ACCEPTED, State.ALREADY_SENT]
    query = (
        sa.select(*(rows.c[name] for name in _HANDLE))
        .where(rows.c.run_id == run_id, rows.c.state.in_(settled), rows.c.message_id.is_not(None))
        .where(batches_in(rows.c.recipient), which)
        .order_by(rows.c.position)
    )
    return [
        Handle(
            row.position,
            row.recipient,
            row.message_id,
            row.api_status,
            _before(row.detail) if row.state == State.ALREADY_SENT else "",
        )
        for row in conn.execute(query)
    ]


def write_campaign(conn: sa.Connection, run_id: str, handle: Handle, status: str, words: str) -> None:
    """Write a campaign's own status beside its row, and how it stands in words."""
    write_status(conn, run_id, handle, None, words)
    whose = (rows.c.run_id == run_id, rows.c.position == handle.position)
    conn.execute(rows.update().where(*whose).values(api_status=status))


def write_status(
    conn: sa.Connection, run_id: str, handle: Handle, status: BatchStatus | None, words: str
) -> None:
    """Write a batch's own counts and how it stands beside its row; where there are none, how it stands."""
    detail = f"{handle.before}{_BETWEEN}{words}" if handle.before else words
    values: dict[str, object] = {"detail": detail}
    if status is not None:
        values |= {
            "api_status": status.status,
            "batch_total": status.total_count,
            "batch_queued": status.queued_count,
            "batch_sent": status.sent_count,
            "batch_failed": status.failed_count,
        }
    whose = (rows.c.run_id == run_id, rows.c.position == handle.position)
    conn.execute(rows.update().where(*whose).values(values))


def _before(detail: str | None) -> str:
    return (detail or "").partition(_BETWEEN)[0]


def held_by(conn: sa.Connection, scope: str, mailing: str) -> set[str | None]:
    """Return whom a mailing holds: the recipient of each batch, and None for single recipients.

    A run that is going counts although it may have claimed nobody yet.
    """
    whose = {"of_scope": scope, "of_mailing": mailing}
    found: set[str | None] = set()
    for batch, single in (_TAKEN, _WAITING):
        found.update(recipient for (recipient,) in batch.all(conn, whose))
        if None not in found and single.one(conn, whose) is not None:
            found.add(None)
    return found


def _held(
    column: "sa.ColumnElement[str | None]", *where: sa.ColumnElement[bool]
) -> tuple[Prepared, Prepared]:
    """Return what finds the batches in a column, and what finds a single recipient there."""
    batch = batches_in(column)
    return (
        Prepared(sa.select(column).where(*where, batch).distinct()),
        Prepared(sa.select(column).where(*where, ~batch).limit(1)),
    )


_SCOPE: sa.BindParameter[str] = sa.bindparam("of_scope")
_MAILING: sa.BindParameter[str] = sa.bindparam("of_mailing")
_GOING = sa.select(runs.c.run_id).where(
    runs.c.scope == _SCOPE,
    runs.c.mailing == _MAILING,
    sa.or_(*(runs.c.state == state for state in LIVE_STATES)),
)
_TAKEN = _held(
    claims.c.recipient,
    claims.c.scope == _SCOPE,
    claims.c.mailing == _MAILING,
    claims.c.state != ClaimState.FREE,
)
_WAITING = _held(rows.c.recipient, rows.c.run_id.in_(_GOING), rows.c.recipient.is_not(None))

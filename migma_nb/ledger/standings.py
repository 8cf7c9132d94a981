"""How people stand in a mailing, as the ledger has it now."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from migma_nb.ledger.prepared import Prepared
from migma_nb.ledger.schema import ACCOUNT_COLUMNS, ClaimState, Standing, claims

#: So many people are asked for in one statement.
_AT_ONCE = 500
_ACCOUNT = [claims.c[name] for name in ACCOUNT_COLUMNS]
_STANDING = (
    "claim_id",
    "recipient",
    "state",
    "run_id",
    "plan_id",
    "generation",
    "uncertain",
    "key_fingerprint",
)
_COLUMNS = [*(claims.c[name] for name in _STANDING), *_ACCOUNT]
#: What picks one person of a mailing out of the claims.
WHOSE = (
    claims.c.scope == sa.bindparam("whose_scope"),
    claims.c.mailing == sa.bindparam("whose_mailing"),
    claims.c.recipient == sa.bindparam("whose_recipient"),
)
# Built once, since every row asks: building a statement costs ten times what running it does.
_ONE = sa.select(*_COLUMNS).where(*WHOSE)
_ANYBODY = Prepared(sa.select(claims.c.claim_id).where(*WHOSE[:2]).limit(1))
_ACCOUNT_OF = Prepared(sa.select(*_ACCOUNT).where(claims.c.claim_id == sa.bindparam("the_claim")))


def standing_of(conn: sa.Connection, scope: str, mailing: str, recipient: str) -> Standing | None:
    """Return how one person stands in a mailing, or None where nobody has claimed them yet."""
    whose = {"whose_scope": scope, "whose_mailing": mailing, "whose_recipient": recipient}
    found = conn.execute(_ONE, whose).one_or_none()
    return None if found is None else _standing(found._asdict())


def standings(
    conn: sa.Connection, scope: str, mailing: str, recipients: Sequence[str] | None = None
) -> dict[str, Standing]:
    """Return how people stand who were ever claimed in a mailing, by recipient.

    Args:
        conn: a transaction.
        scope: the server or account.
        mailing: the mailing.
        recipients: whom to look for; None for everybody.
    """
    found = _found(conn, _COLUMNS, scope, mailing, recipients)
    return {one.recipient: _standing(one._asdict()) for one in found}


def states_of(
    conn: sa.Connection, scope: str, mailing: str, recipients: Sequence[str]
) -> dict[str, ClaimState]:
    """Return in which state these people's claims are, by recipient; arguments as for `standings`."""
    found = _found(conn, [claims.c.recipient, claims.c.state], scope, mailing, recipients)
    return {one.recipient: ClaimState(one.state) for one in found}


def numbers_of(conn: sa.Connection, scope: str, mailing: str) -> dict[ClaimState, int]:
    """Return how many people were ever claimed in a mailing, by the state of their claims."""
    query = sa.select(claims.c.state, sa.func.count()).where(
        claims.c.scope == scope, claims.c.mailing == mailing
    )
    return {ClaimState(state): int(count) for state, count in conn.execute(query.group_by(claims.c.state))}


def is_begun(conn: sa.Connection, scope: str, mailing: str) -> bool:
    """Return whether anybody was ever claimed in a mailing."""
    return _ANYBODY.one(conn, {"whose_scope": scope, "whose_mailing": mailing}) is not None


def _found(
    conn: sa.Connection,
    columns: Sequence[sa.ColumnElement[Any]],
    scope: str,
    mailing: str,
    recipients: Sequence[str] | None,
) -> Iterator[sa.Row[Any]]:
    query = sa.select(*columns).where(claims.c.scope == scope, claims.c.mailing == mailing)
    if recipients is None:
        yield from conn.execute(query)
        return
    for start in range(0, len(recipients), _AT_ONCE):
        part = recipients[start : start + _AT_ONCE]
        yield from conn.execute(query.where(claims.c.recipient.in_(part)))


def account_of(conn: sa.Connection, claim_id: int) -> dict[str, Any]:
    """Return what a claim knows of its mail: the account's columns by name."""
    return dict(zip(ACCOUNT_COLUMNS, _ACCOUNT_OF.one(conn, {"the_claim": claim_id}), strict=True))


def _standing(values: Mapping[str, Any]) -> Standing:
    own = {name: values[name] for name in _STANDING}
    # A driver gives the number that stands for it.
    own |= {"state": ClaimState(values["state"]), "uncertain": bool(values["uncertain"])}
    return Standing(**own, account={name: values[name] for name in ACCOUNT_COLUMNS})

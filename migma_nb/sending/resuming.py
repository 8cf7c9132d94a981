"""A mailing looked at before it goes on: which run is meant, who of a plan is left, and what has changed."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from migma_nb.api.errors import InputError
from migma_nb.api.states import RunState
from migma_nb.ledger import journal, queries
from migma_nb.ledger.schema import ClaimState
from migma_nb.ledger.standings import standings
from migma_nb.ledger.store import Ledger
from migma_nb.planning.frozen import Plan

_DONE = (ClaimState.ACCEPTED, ClaimState.ALREADY_SENT)


@dataclass(frozen=True, slots=True)
class Left:
    """How a plan's people stand in a mailing that was begun.

    `mailed` got it; `left` never did, or were refused other bytes than the plan has now, and are taken up;
    `refused` and `unknown` are not, unless asked for; `held` are in flight elsewhere. `gone` counts people of
    the run who are not in the plan, `new` people of the plan who were not in the run.
    """

    mailed: int
    left: int
    refused: int
    unknown: int
    held: int
    gone: int
    new: int


def run_meant(ledger: Ledger, text: str) -> Mapping[str, Any]:
    """Return the record of the run that a text names: by its id, or the newest of the mailing of that name.

    Args:
        ledger: the ledger.
        text: a run's id, or its first letters; or a mailing's whole name.

    Raises:
        InputError: nothing on record is called so, or several runs begin so.
    """

    def look(conn: sa.Connection) -> Mapping[str, Any]:
        newest = queries.newest_run(conn, text)
        return queries.run_of(conn, text if newest is None else newest)

    return ledger.reading(look)


def require_live_mailing(record: Mapping[str, Any]) -> None:
    """Refuse to go on with a rehearsal: its sandbox went with the process that made it.

    Raises:
        InputError: the run was one.
    """
    if record["sandbox"]:
        raise InputError(
            f"Run {record['run_id']} was a rehearsal, and its sandbox went with it.",
            hint="Send it anew: a rehearsal mails nobody real.",
        )


def require_same_mailing(record: Mapping[str, Any], plan: Plan, scope: str, origin: str) -> None:
    """Refuse a plan of another mailing, or a client of another account: there everybody would count as new.

    Raises:
        InputError: says which two differ. Nothing was sent.
    """
    if plan.mailing != record["mailing"]:
        raise InputError(
            f"Run {record['run_id']} is of mailing {record['mailing']!r}, not of {plan.mailing!r}. "
            "Nothing was sent.",
            hint="Leave mailing= out, or name that one.",
        )
    if scope != record["scope"]:
        raise InputError(
            f"Run {record['run_id']} was sent at {record['server']} (account {record['scope']!r}), not at "
            f"{origin} ({scope!r}), where nobody of this mailing is on record. Nothing was sent.",
            hint="Give the same base_url= and account= as then.",
        )


def going(ledger: Ledger, record: Mapping[str, Any]) -> list[tuple[str, RunState]]:
    """Return which runs of the mailing still go on, after those whose process is gone were settled."""
    journal.settle_for_a_look(ledger)
    return ledger.reading(
        lambda conn: [
            (run_id, RunState(queries.run_of(conn, run_id)["state"]))
            for run_id in queries.live_runs(conn, record["scope"], record["mailing"])
        ]
    )


def left_of(ledger: Ledger, record: Mapping[str, Any], plan: Plan) -> Left:
    """Return how a plan's people stand.

    Args:
        ledger: the ledger.
        record: the run.
        plan: what is to go on.

    Raises:
        InputError: nobody of the run is in the plan, so that it is the wrong list. Nothing was sent.
    """
    then, known = ledger.reading(
        lambda conn: (
            queries.recipients_of(conn, record["run_id"]),
            standings(conn, record["scope"], record["mailing"]),
        )
    )
    now = {plan.recipient(row): row for row in plan.ready}
    if then and now and then.isdisjoint(now):
        raise InputError(
            f"Nobody of run {record['run_id']} is in this list: it is another one. Nothing was sent.",
            hint="Name the list that was sent; for a new mailing use a new name.",
        )
    counts: Counter[str] = Counter()
    for recipient, row in now.items():
        standing = known.get(recipient)
        if standing is None or standing.state is ClaimState.FREE:
            counts["left"] += 1
        elif standing.state in _DONE:
            counts["mailed"] += 1
        elif standing.state is ClaimState.REFUSED:
            changed = plan.digest_of(plan.body(row)) != standing.told("payload_sha256")
            counts["left" if changed else "refused"] += 1
        else:
            counts["unknown" if standing.state is ClaimState.UNKNOWN else "held"] += 1
    return Left(
        **{name: counts[name] for name in ("mailed", "left", "refused", "unknown", "held")},
        gone=len(then - now.keys()),
        new=len(now.keys() - then),
    )

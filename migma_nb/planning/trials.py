"""A plan's trial: a few of its rows, exactly as they would go, to one address alone.

A trial is a mailing of its own, named after the plan, so that the plan's own people stay as they are. Of a
row only the recipient is another: no address of the list, and no tag, segment or audience, stays in it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from numbers import Integral
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from migma_nb.api.errors import InputError
from migma_nb.api.kinds import kind_of
from migma_nb.api.models import RecipientType
from migma_nb.planning.addresses import bare_address, check_address
from migma_nb.planning.bodies import AnyBodies, RowBodies, build_bodies
from migma_nb.planning.frozen import Plan
from migma_nb.planning.issues import IssueList
from migma_nb.planning.settling import Settled
from migma_nb.planning.spooled import SpooledBodies

#: So many rows are chosen where nobody names them, and so many may be named.
CHOSEN, MOST_ROWS = 5, 20

_WHOM = ("recipientType", "recipientId", "recipientEmail")


def trial_of(plan: Plan, to: object, rows: object = None, again_at: datetime | None = None) -> Plan:
    """Return the plan of a trial; its ID is that of the plan whose rows it tries.

    Args:
        plan: the plan.
        to: the one address that is mailed (str).
        rows: a row's position, or several; None chooses.
        again_at: the time, where it shall go out although it did before.

    Raises:
        InputError: there is no such row, it would not be sent, or `to` is no address. Nothing was sent.
    """
    address, who = _one_address(to)
    taken = tuple(chosen(plan)) if rows is None else _named(plan, rows)
    again = "" if again_at is None else f", again at {again_at:%Y-%m-%d %H:%M:%S}"
    content = plan._content  # noqa: SLF001 - a trial is a plan made of another plan's parts
    contents = plan._contents  # noqa: SLF001 - as above
    return replace(
        plan,
        batches=MappingProxyType({}),
        size=len(taken),
        index=plan.index[list(taken)],
        overlap="allowed",
        duplicates_question="",
        people_note="",
        request=None,
        planned_list=None,
        _content=replace(
            content,
            mailing=f"test of {plan.mailing} (plan {plan.id}){again}",
            constants=MappingProxyType(_rest(content.constants)),
        ),
        _contents=None if contents is None else [contents[row] for row in taken],
        _bodies=_bodies(plan, taken, address),
        # No valid address holds a space, so that none of these is anybody's of another mailing.
        _recipients=[f"{who} {json.dumps([plan.recipient(row)], ensure_ascii=False)}" for row in taken],
        _settled=Settled.all_ready(len(taken)),
        _issues=IssueList().frame([]),
    )


def chosen(plan: Plan) -> list[int]:
    """Return the few rows that show most of what may go wrong, at most `CHOSEN`, in order.

    They are the first one, those with the longest and the shortest values, one that takes a default, one with
    a warning, and where these are fewer the last one, of the rows that will be sent.
    """
    if not plan.ready:
        return []
    ready, bodies = plan.ready, plan._bodies  # noqa: SLF001 - as in trial_of
    lengths = _lengths(bodies, ready)
    longest, shortest = int(np.argmax(lengths)), int(np.argmin(lengths))
    kinds = (ready[0], ready[longest], ready[shortest], *_with_default(plan), *_with_warning(plan), ready[-1])
    return sorted(list(dict.fromkeys(kinds))[:CHOSEN])


def _lengths(bodies: AnyBodies | SpooledBodies, ready: Sequence[int]) -> npt.NDArray[np.int64]:
    if isinstance(bodies, RowBodies):
        return np.array([bodies.size(row) for row in ready], dtype=np.int64)
    return bodies.lengths(np.asarray(ready, dtype=np.intp))


def _with_default(plan: Plan) -> Iterator[int]:
    """Yield the first row that reads as a default does, if there is one."""
    bodies = plan._bodies  # noqa: SLF001 - as in trial_of
    if not isinstance(bodies, RowBodies):
        rows = [
            row
            for name, default in plan.defaults.items()
            for row in _first(at for at in bodies.rows_with(name, default) if at in plan.ready)
        ]
        yield from sorted(rows)[:1]


def _with_warning(plan: Plan) -> Iterator[int]:
    """Yield the first row to be sent that something was noted about, if there is one."""
    rows = plan._issues["row"].dropna()  # noqa: SLF001 - as in trial_of; without a copy of a million lines
    yield from _first(int(row) for row in rows if plan.preset(int(row)) is None)


def _first(rows: Iterable[int]) -> Iterator[int]:
    for row in rows:
        yield row
        return


def _named(plan: Plan, rows: object) -> tuple[int, ...]:
    given = [rows] if isinstance(rows, Integral) else _listed(rows)
    hint = f"Rows are meant by their position, 0 to {plan.size - 1:,}: rows=[0, 17]."
    for one in given:
        row = -1 if isinstance(one, bool) or not isinstance(one, Integral) else int(one)
        if not 0 <= row < plan.size:
            raise InputError(f"There is no row {one!r}. Nothing was sent.", hint=hint)
        preset = plan.preset(row)
        if preset is not None:
            state, _, words = preset
            raise InputError(f"Row {row} will not be sent ({state}): {words}. Nothing was sent.", hint=hint)
    taken = tuple(dict.fromkeys(map(int, given)))
    if not 0 < len(taken) <= MOST_ROWS:
        raise InputError(
            f"rows names {len(taken):,} rows; a test is of 1 to {MOST_ROWS}. Nothing was sent.",
            hint="Leave rows out: a few that show most are chosen.",
        )
    return taken


def _listed(rows: object) -> list[Any]:
    if isinstance(rows, str | bytes | Mapping) or not isinstance(rows, Iterable):
        raise InputError(f"rows={rows!r} names no rows. Nothing was sent.", hint="Write rows=[0, 17].")
    return list(rows)


def _one_address(to: object) -> tuple[str, str]:
    """Return an address as it goes on the wire, and who that is."""
    hint = 'A test goes to one address, such as to="me@acme.example".'
    if not isinstance(to, str):
        raise InputError(f"to is {kind_of(to)}, not an address. Nothing was sent.", hint=hint)
    verdict = check_address(bare_address(to))
    if verdict.identity is None:
        raise InputError(f"to={to!r} is not valid. {verdict.problem} Nothing was sent.", hint=hint)
    return verdict.wire, verdict.identity


def _bodies(plan: Plan, rows: tuple[int, ...], address: str) -> AnyBodies:
    """Return the same requests with another recipient, and nothing of their own left."""
    bodies = plan._bodies  # noqa: SLF001 - as in trial_of
    whom = {"recipientType": RecipientType.EMAIL.value}
    if isinstance(bodies, RowBodies):
        own = [{**_rest(bodies.own[row]), **whom, "recipientEmail": address} for row in rows]
        return RowBodies(_rest(bodies.constants), own, [address] * len(rows))
    constants = {**_rest(plan.constants), **whom}
    return build_bodies(constants, [address] * len(rows), bodies.texts_of(rows))


def _rest(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in _WHOM}

"""`migma-nb resume`: a live mailing goes on where a run of it ended; what was mailed stays mailed."""

import time
from collections.abc import Mapping
from typing import Any

from migma_nb.api.errors import ConfirmationError, InputError
from migma_nb.api.settings import Settings
from migma_nb.api.states import State
from migma_nb.cli.answering import UnfinishedError, answered
from migma_nb.cli.exits import Exit
from migma_nb.cli.mailings import Planned, mailing_of, plan_to_send
from migma_nb.cli.meanwhile import meanwhile
from migma_nb.cli.next_steps import SENDING
from migma_nb.cli.records import check_out
from migma_nb.cli.screen import say
from migma_nb.cli.sends import How, announce, begin, finish, unconfirmed
from migma_nb.ledger.places import place_of
from migma_nb.ledger.store import Ledger, open_ledger
from migma_nb.notebook.lines import counted
from migma_nb.sending.gate import check_other_hosts
from migma_nb.sending.resuming import (
    Left,
    going,
    left_of,
    require_live_mailing,
    require_same_mailing,
    run_meant,
)
from migma_nb.surface.client import Migma
from migma_nb.surface.history import open_run

#: How often a run that is waited for is looked at (seconds).
_LOOK_EVERY_S = 0.5
_FLAGS = ("only_refused", "reconcile", "wait")


@answered
def resume(typed: Mapping[str, Any]) -> Exit:
    """Go on with a mailing, and say what became of every row.

    Args:
        typed: the command's parameters by name.
    """
    how = How.of(typed, rehearses=False)
    check_out(typed)
    ledger = _ledger(how)
    record = run_meant(ledger, typed["run"])
    require_live_mailing(record)
    mailing = mailing_of({**typed, "mailing": typed["mailing"] or record["mailing"]})
    with meanwhile("planning", how.log_every):
        planned = plan_to_send(mailing, live=True)
    if not how.live:
        require_same_mailing(record, planned.plan, record["scope"], record["server"])
        return _look_alone(ledger, record, planned, how)
    client = how.client()
    require_same_mailing(record, planned.plan, client.settings.scope, client.settings.origin)
    announce(planned, client, how)
    with meanwhile("waiting", how.log_every):
        _let_others_end(ledger, record, planned, client.settings, how, wait=typed["wait"])
    if typed["reconcile"]:
        _reconcile(record, client, how)
    _tell(left_of(ledger, record, planned.plan), record, planned, how)
    try:
        run = begin(planned, client, how, only_refused=typed["only_refused"])
    except ConfirmationError as error:
        raise unconfirmed(error, _again(record, how)) from None
    return finish(run, planned, how)


def _ledger(how: How) -> Ledger:
    place = place_of(how.ledger)
    if not place.may_exist:
        raise InputError(
            f"There is no ledger {place.name}, so no run is on record. Nothing was sent.",
            hint="Name the one that the run was sent with by --ledger.",
        )
    return open_ledger(place)


def _look_alone(ledger: Ledger, record: Mapping[str, Any], planned: Planned, how: How) -> Exit:
    """Say what is left, and that nothing was sent: the first of the two safety catches is on."""
    alive = going(ledger, record)
    left = left_of(ledger, record, planned.plan)
    _tell(left, record, planned, how)
    for run_id, state in alive:
        say(f"Run {run_id} of this mailing still goes on ({state}).", aside=how.as_json)
    raise UnfinishedError("Nothing was sent: without --live only what is left is told.", _again(record, how))


def _again(record: Mapping[str, Any], how: How) -> str:
    """Return the line as it was typed, and live; the run by its whole id."""
    keep = SENDING | {"limit", "out", *_FLAGS}
    return how.line.next("resume", str(record["run_id"]), keep=keep, add={"--live": True})


def _let_others_end(
    ledger: Ledger,
    record: Mapping[str, Any],
    planned: Planned,
    settings: Settings,
    how: How,
    *,
    wait: bool,
) -> None:
    """Refuse where a run of the mailing is alive, or wait for its end.

    Raises:
        InputError: names it. Nothing was sent.
        LedgerError: it is another computer's, and nobody can tell from here whether it lives.
    """
    said: set[str] = set()
    while alive := going(ledger, record):
        check_other_hosts(planned.plan, settings, ledger)
        run_id, state = alive[0]
        if not wait:
            raise InputError(
                f"Run {run_id} of mailing {record['mailing']!r} still goes on ({state}). Nothing was sent.",
                hint="Let it end, or add --wait to go on after it.",
            )
        if run_id not in said:
            said.add(run_id)
            say(f"Waiting for run {run_id} ({state}) to end …", aside=how.as_json)
        time.sleep(_LOOK_EVERY_S)


def _reconcile(record: Mapping[str, Any], client: Migma, how: How) -> None:
    run = open_run(str(record["run_id"]), ledger=how.ledger)
    before = run.counts.get(State.UNKNOWN, 0)
    found = before - run.reconcile(client).counts.get(State.UNKNOWN, 0)
    say(f"Migma's log settled {counted(found, 'unknown row', 'unknown rows')}.", aside=how.as_json)


def _tell(left: Left, record: Mapping[str, Any], planned: Planned, how: How) -> None:
    """Say how the plan's people stand, and how the plan differs from the run's."""
    plan, aside = planned.plan, how.as_json
    run_id, then = record["run_id"], record["plan_id"]
    say(f"Going on with mailing {record['mailing']!r} after run {run_id} ({record['state']}).", aside=aside)
    if plan.id == then:
        say(f"The plan is the same ({plan.id}).", aside=aside)
    else:
        say(f"The plan is another one: {then} then, {plan.id} now.", aside=aside)
        say("Whoever was mailed keeps what was sent then; whoever is left gets what it has now.", aside=aside)
        here, there = f"{left.new:,} not in that run", f"{left.gone:,} of that run not in it"
        say(f"Of its people {here}; {there}.", aside=aside)
    parts = [f"{left.left:,} left to mail", f"{left.mailed:,} mailed before"]
    others = {"refused": left.refused, "unknown": left.unknown, "in flight elsewhere": left.held}
    parts += [f"{count:,} {word}" for word, count in others.items() if count]
    say(f"{', '.join(parts)}.", aside=aside)

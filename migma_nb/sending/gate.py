"""The gate before a send: every refusal that needs no network, before anything is put on record."""

from dataclasses import dataclass

import sqlalchemy as sa

from migma_nb.api.errors import ConfigurationError, ConfirmationError, InputError, LedgerError
from migma_nb.api.settings import Settings
from migma_nb.ledger.queries import live_runs, targets_of
from migma_nb.ledger.schema import ClaimState
from migma_nb.ledger.standings import standings
from migma_nb.ledger.store import Ledger
from migma_nb.planning.frozen import Plan


@dataclass(frozen=True, slots=True)
class SendOptions:
    """How a plan is to be sent.

    `confirm` is the number of people (for a batch: the plan's id); `limit` the most rows to begin with;
    `only_refused` takes up what was refused, and nothing else; `confirmed` says that the caller has checked
    the number itself, as for a campaign; `preflight` whether the account is looked at before a live send, or
    with how many calls at most.
    """

    confirm: int | str | None = None
    skip_invalid: bool = False
    limit: int | None = None
    only_refused: bool = False
    confirmed: bool = False
    preflight: bool | int = True


def check(plan: Plan, settings: Settings, options: SendOptions) -> None:
    """Refuse a send that is not ready to go.

    Raises:
        InputError: the plan has errors, a question is open, nobody is left, or `limit` is no number.
        ConfirmationError: a live send was not confirmed, or with another number.
    """
    if options.limit is not None and (isinstance(options.limit, bool) or options.limit < 1):
        raise InputError(f"limit={options.limit!r} is not a whole number of rows from 1.")
    if plan.has_errors and not options.skip_invalid:
        raise InputError(
            f"{_errors(plan)} Nothing was sent.",
            hint="See plan.issues; mend the rows, or pass skip_invalid=True to leave those rows out.",
        )
    if plan.needs_duplicates_choice:
        raise InputError(plan.duplicates_question, hint="Nothing was sent.")
    if not plan.ready:
        raise InputError("Nobody is left to mail: every row is invalid, a duplicate or excluded.")
    if not options.only_refused and not options.confirmed:
        _check_confirm(plan, settings, options)


def check_retry(plan: Plan, settings: Settings, options: SendOptions, ledger: Ledger) -> None:
    """Refuse a retry where nobody was refused, or that was not confirmed with the number of the refused.

    Raises:
        InputError: nobody of this plan stands as refused in its mailing.
        ConfirmationError: the number is missing or another one.
    """
    found = ledger.reading(lambda conn: standings(conn, settings.scope, plan.mailing))
    whom = [plan.recipient(at) for at in plan.ready]
    count = sum(1 for who in whom if who in found and found[who].state is ClaimState.REFUSED)
    if count == 0:
        raise InputError(f"Nobody of this plan was refused in mailing {plan.mailing!r}. Nothing was sent.")
    given = count if options.confirmed else options.confirm
    if (given == count and not isinstance(given, bool)) or (given is None and settings.sandbox):
        return
    raise ConfirmationError(
        f"This would mail {count:,} people whom the API refused, {_where(settings)}. Nothing was sent.",
        hint=f"To go on, add confirm={count}.",
    )


def check_ledger(settings: Settings, ledger: Ledger) -> None:
    """Refuse a live send by a ledger that lies where it is not safe.

    Raises:
        ConfigurationError: it lies on a network drive whose locks are not seen by other computers.
    """
    if ledger.refusal is not None and not settings.sandbox:
        raise ConfigurationError(
            f"{ledger.refusal} Nothing was sent.",
            hint="Set MIGMA_LEDGER or ledger= to a file on a local disk, or to a PostgreSQL database.",
        )


def check_other_hosts(plan: Plan, settings: Settings, ledger: Ledger) -> None:
    """Refuse to wait for a run of this mailing that another computer began, and perhaps will never end.

    Raises:
        LedgerError: says which run, and what a person can do. Nothing was sent.
    """
    for run_id in ledger.reading(lambda conn: live_runs(conn, settings.scope, plan.mailing)):
        lock = ledger.life_lock(run_id).elsewhere()
        if lock is not None:
            host = lock.stem.rpartition("@")[2]
            raise LedgerError(
                f"Run {run_id} of mailing {plan.mailing!r} is on record as going on the computer {host!r}; "
                "from here nobody can tell whether it lives. Nothing was sent.",
                hint=f"Let it end, or call mg.history() there; if {host!r} is gone for good, delete {lock}",
            )


def check_overlap(plan: Plan, settings: Settings, conn: sa.Connection) -> None:
    """Refuse to mix a batch and single recipients in one mailing: who is in a tag only the server knows.

    Raises:
        InputError: the mailing already holds a batch, or single recipients, or another batch.
    """
    if plan.overlap == "allowed":
        return
    others = targets_of(conn, settings.scope, plan.mailing) - {_target(plan)}
    if not others:
        return
    held = "single recipients" if None in others else f"the batch {min(filter(None, others))}"
    raise InputError(
        f"The mailing {plan.mailing!r} already holds {held}: somebody could be mailed twice, since only the "
        "server knows who is in a tag or segment. Nothing was sent.",
        hint='Use a new mailing name, or plan with overlap="allowed" if that is meant.',
    )


def _target(plan: Plan) -> str | None:
    return plan.target.recipient if plan.target else None


def _check_confirm(plan: Plan, settings: Settings, options: SendOptions) -> None:
    wanted: int | str = plan.id if plan.target else plan.people
    given = options.confirm
    if given == wanted and not isinstance(given, bool):
        return
    needed = not settings.sandbox and (plan.target is not None or plan.people > 1)
    if given is None and not needed:
        return
    whom = f"everybody in {plan.target.recipient}" if plan.target else f"{plan.people:,} people"
    where = _where(settings)
    why = "" if given is None else f", and confirm={given!r} is not that number"
    if plan.target and given is not None:
        why = f", and confirm={given!r} is not this plan's id"
    raise ConfirmationError(
        f"This would mail {whom}, {where}{why}. Nothing was sent.",
        hint=f"To go on, type: plan.send(client, confirm={wanted!r})",
    )


def _where(settings: Settings) -> str:
    return "the sandbox" if settings.sandbox else f"LIVE at {settings.origin}"


def _errors(plan: Plan) -> str:
    issues = plan.issues
    errors = issues[issues["severity"] == "error"]
    count = errors["row"].nunique()
    first = errors.iloc[0]
    rows = "1 row has an error" if count == 1 else f"{count:,} rows have errors"
    return f"{rows}; the first: row {first['row']}, {first['code']}: {first['message']}"

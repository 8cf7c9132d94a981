"""The gate before a send: every refusal that needs no network, before anything is put on record."""

from collections.abc import Collection
from dataclasses import dataclass
from numbers import Integral

import sqlalchemy as sa

from migma_nb.api.errors import ConfigurationError, ConfirmationError, InputError, LedgerError
from migma_nb.api.settings import Settings
from migma_nb.ledger.batches import held_by
from migma_nb.ledger.queries import live_runs
from migma_nb.ledger.schema import ClaimState
from migma_nb.ledger.store import Ledger
from migma_nb.planning.frozen import Plan
from migma_nb.planning.issues import error_sentence
from migma_nb.sending.due import standing_as
from migma_nb.sending.headless import check_headless
from migma_nb.sending.roll import WINDOW


@dataclass(frozen=True, slots=True)
class SendOptions:
    """How a plan is to be sent.

    `confirm` is the number of people, batches included as they are counted right before the send, or the
    plan's id where a batch cannot be counted; `limit` the most rows to begin with; `only_refused` takes up
    what was refused, and nothing else; `confirmed` says that the caller has checked the number itself, as for
    a campaign; `preflight` whether the account is looked at before, or with how many calls at most; `window`
    how many rows are looked up in the ledger at a time.
    """

    confirm: int | str | None = None
    skip_invalid: bool = False
    limit: int | None = None
    only_refused: bool = False
    confirmed: bool = False
    preflight: bool | int = True
    window: int = WINDOW


def check(plan: Plan, settings: Settings, options: SendOptions) -> None:
    """Refuse a send that is not ready to go.

    Raises:
        InputError: the plan has errors, a question is open, nobody is left, or `limit` is no number.
        ConfirmationError: a live send to people alone was not confirmed, or with another number.
        ConfigurationError: a live send from a notebook that runs with nobody watching.
    """
    check_headless(settings.origin, sandbox=settings.sandbox)
    limit: object = options.limit
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, Integral) or limit < 1):
        raise InputError(f"limit={limit!r} is not a whole number of rows from 1.")
    check_preflight(options.preflight)
    if not isinstance(options.skip_invalid, bool):
        raise InputError(f"skip_invalid={options.skip_invalid!r} is neither True nor False.")
    if plan.has_errors and not options.skip_invalid:
        raise InputError(
            f"{error_sentence(plan.issues)} Nothing was sent.",
            hint="See plan.issues; mend the rows, or pass skip_invalid=True to leave those rows out.",
        )
    if plan.question:
        raise InputError(plan.question, hint="Nothing was sent.")
    if not plan.ready:
        raise InputError("Nobody is left to mail: every row is invalid, a duplicate or excluded.")
    if not options.only_refused and not options.confirmed and not plan.targets:
        check_confirm(plan, settings, options, plan)


def check_preflight(given: object) -> None:
    """Refuse what is neither yes nor no nor a number of calls.

    Raises:
        InputError: says what it may be.
    """
    if not isinstance(given, Integral) or given < 0:
        raise InputError(
            f"preflight={given!r} is neither True nor False nor a whole number of calls.",
            hint="Leave it out; preflight=200 allows 200 calls, preflight=False sends without.",
        )


def check_confirm(plan: Plan, settings: Settings, options: SendOptions, counted: Plan) -> None:
    """Refuse a live send that was not confirmed with the number of people, or where that cannot be told.

    Args:
        plan: as it was planned.
        settings: of the client.
        options: what was confirmed.
        counted: the plan with the counts of its batches as they are now.

    Raises:
        ConfirmationError: says what to type.
    """
    wanted = _wanted(counted, counted.ready)
    needed = not settings.sandbox and (bool(plan.targets) or plan.people != 1)
    if _is(options.confirm, wanted) or (options.confirm is None and not needed):
        return
    why = "" if options.confirm is None else _mismatch(plan, counted, options.confirm, wanted)
    raise ConfirmationError(
        f"This would mail {_whom(counted)}, {_where(settings)}{why}. Nothing was sent.",
        hint=f"To go on, type: plan.send(client, confirm={wanted!r})",
    )


def check_retry(plan: Plan, settings: Settings, options: SendOptions, ledger: Ledger, counted: Plan) -> None:
    """Refuse a retry where nobody was refused, or that was not confirmed with the number of the refused.

    Raises:
        InputError: nobody of this plan stands as refused in its mailing.
        ConfirmationError: the number is missing or another one.
    """
    rows = standing_as(plan, settings, ledger, {ClaimState.REFUSED})
    if not rows:
        raise InputError(f"Nobody of this plan was refused in mailing {plan.mailing!r}. Nothing was sent.")
    wanted = _wanted(counted, rows)
    given = wanted if options.confirmed else options.confirm
    if _is(given, wanted) or (given is None and settings.sandbox):
        return
    count = counted.people_in(rows)
    whom = "batches of unknown size that" if count is None else f"{count:,} people whom"
    raise ConfirmationError(
        f"This would mail {whom} the API refused, {_where(settings)}. Nothing was sent.",
        hint=f"To go on, add confirm={wanted!r}.",
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
    # A plan that mails nobody any more, since all are unsubscribed, overlaps with nothing.
    if plan.overlap == "allowed" or not plan.ready:
        return
    mailed = {target.recipient for target in plan.targets} | ({None} if plan.singles else set())
    others = held_by(conn, settings.scope, plan.mailing) - mailed
    if not others:
        return
    held = "single recipients" if None in others else f"the batch {min(filter(None, others))}"
    raise InputError(
        f"The mailing {plan.mailing!r} already holds {held}: somebody could be mailed twice, since only the "
        "server knows who is in a tag or segment. Nothing was sent.",
        hint='Use a new mailing name, or plan with overlap="allowed" if that is meant.',
    )


def _wanted(plan: Plan, rows: Collection[int]) -> int | str:
    """Return what confirms these rows: how many people they mail, or the plan's id where nobody can tell."""
    people = plan.people_in(rows)
    return plan.id if people is None else people


def _is(given: int | str | None, wanted: int | str) -> bool:
    told = isinstance(given, Integral | str) and not isinstance(given, bool)
    return told and given == wanted


def _mismatch(plan: Plan, counted: Plan, given: int | str, wanted: int | str) -> str:
    """Return why what was typed does not confirm this send."""
    if wanted == plan.id:
        why = f", since a count could not be read now ({counted.people_note})" if counted.people_note else ""
        return f", and confirm={given!r} is not this plan's id{why}"
    before = {target.recipient: target.count for target in plan.targets}
    changed = [
        f"the {target} held {then:,} when you planned, now {target.count:,}"
        for target in counted.targets
        if (then := before[target.recipient]) is not None and target.count not in {None, then}
    ]
    return f", and confirm={given!r} is not that number{'; ' if changed else ''}{', '.join(changed)}"


def _whom(plan: Plan) -> str:
    people = plan.people
    if not plan.targets:
        return f"{people:,} people"
    size = f"{people:,} people" if people is not None else "a number of people that could not be read"
    if people is None and plan.people_note:
        size += f" ({plan.people_note})"
    if len(plan.targets) == 1 and not plan.singles:
        return f"everybody in {plan.targets[0]}: {size}"
    parts = [f"{len(plan.targets):,} batch{'es' if len(plan.targets) > 1 else ''}"]
    parts += [f"{plan.singles:,} single recipient{'s' if plan.singles > 1 else ''}"] if plan.singles else []
    return f"{' and '.join(parts)}: {size}"


def _where(settings: Settings) -> str:
    return "the sandbox" if settings.sandbox else f"LIVE at {settings.origin}"

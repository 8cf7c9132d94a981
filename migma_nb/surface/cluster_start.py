"""`plan.send(client, cluster=…)`: every check of a send, then of its workers, and then the parts go out."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from migma_nb.api.errors import ConfigurationError, InputError, LedgerError
from migma_nb.api.kinds import kind_of
from migma_nb.api.settings import Settings
from migma_nb.ledger import clock, crews
from migma_nb.ledger.places import Place
from migma_nb.ledger.store import Ledger, open_ledger
from migma_nb.planning.frozen import Plan
from migma_nb.planning.parts import PlanPart, check_people
from migma_nb.sending import gate
from migma_nb.sending.crew import Crew, Task
from migma_nb.sending.crew_parts import Terms, rows_each
from migma_nb.sending.gate import SendOptions
from migma_nb.sending.preparing import new_id, prepared
from migma_nb.surface.cluster_worker import installed, send_part, trouble

#: How often a part that failed on one worker is tried again, perhaps on another.
_RETRIES = 2
#: So many workers' troubles are told.
_MOST_TOLD = 3


def start(
    plan: Plan, settings: Settings, options: SendOptions, cluster: object, *, place: Place | None
) -> Crew:
    """Check a send and the workers that are to make it, and give them its parts.

    Args:
        plan: what to send.
        settings: the client's settings.
        options: confirm, skip_invalid, preflight.
        cluster: the `dask.distributed.Client`.
        place: the ledger; None takes `MIGMA_LEDGER`, also for a sandbox's client.

    Raises:
        InputError, ConfirmationError: the send is not ready to go. Nothing was sent.
        ConfigurationError: a worker cannot send, or not by the same ledger. Nothing was sent.
        LedgerError: the ledger cannot be opened or written. Nothing was sent.
    """
    dask = _checked(cluster)
    if options.limit is not None:
        raise InputError("limit= and cluster= do not go together.", hint="Plan the first rows only.")
    if options.only_refused:
        raise InputError(
            "only_refused= and cluster= do not go together.", hint="plan.retry(client) sends them from here."
        )
    gate.check(plan, settings, options)
    check_people(plan)
    ledger = open_ledger(place)
    if ledger.place.url is None:
        raise ConfigurationError(
            f"Several workers need one ledger in PostgreSQL, and this one is a file ({ledger.name}). "
            "Nothing was sent.",
            hint="Set MIGMA_LEDGER to a postgresql:// URL, here and for the workers (docs/ledger.md).",
        )
    crew_id = new_id(ledger.reading(clock.now))
    ledger.writing(lambda conn: crews.leave_mark(conn, crew_id))
    crew = None
    try:
        terms = Terms.of(settings, crew_id, installed(), confirmed=options.confirm is not None)
        _check_workers(dask, terms)
        plan, _ = prepared(plan, settings, options, ledger)
        ledger.reading(lambda conn: gate.check_overlap(plan, settings, conn))
        crew = Crew(crew_id, plan, settings, ledger, rows_each(plan.size, sum(dask.nthreads().values())))
        _hand_out(crew, dask, terms)
    except BaseException:
        _give_up(ledger, crew_id, crew)
        raise
    return crew


def _hand_out(crew: Crew, dask: Any, terms: Terms) -> None:
    def submit(part: PlanPart, number: int) -> Task:
        name = f"migma_nb-{crew.crew_id}-{number:03d}"
        given: Task = dask.submit(send_part, part, number, terms, key=name, pure=False, retries=_RETRIES)
        return given

    crew.hand_out(submit)


def _give_up(ledger: Ledger, crew_id: str, crew: Crew | None) -> None:
    """Leave nothing behind of a send that did not begin, or was interrupted while its parts went out."""
    if crew is not None:
        crew.stop()
    with suppress(LedgerError):
        ledger.writing(lambda conn: crews.take_mark_back(conn, crew_id))


def _checked(cluster: object) -> Any:
    try:
        from distributed import Client  # noqa: PLC0415 - who has a cluster has it; nobody else needs it
    except ImportError:
        raise InputError(
            "cluster= needs Dask, which is not installed.", hint='Run: pip install "migma-nb[dask,postgres]"'
        ) from None
    if not isinstance(cluster, Client):
        raise InputError(
            f"cluster= is {kind_of(cluster)}, no client of a Dask cluster.",
            hint="Pass dask.distributed.Client(…), such as cluster.get_client().",
        )
    if cluster.asynchronous:
        raise InputError(
            "cluster= is an asynchronous client.", hint="Pass one made without asynchronous=True."
        )
    if cluster.status != "running":
        raise InputError(
            "The client of cluster= is closed.", hint="Connect again: dask.distributed.Client(…)."
        )
    return cluster


def _check_workers(dask: Any, terms: Terms) -> None:
    """Ask every worker whether it can send.

    Raises:
        ConfigurationError: the cluster has none, or one of them cannot; says why.
    """
    answers: dict[str, Any] = dask.run(trouble, terms, on_error="return")
    if not answers:
        raise ConfigurationError(
            "The Dask cluster has no workers. Nothing was sent.",
            hint="Start some: cluster.scale(4); client.wait_for_workers(4).",
        )
    found = [f"Worker {name}: {_words(said)}" for name, said in answers.items() if said != ""]
    if found:
        raise ConfigurationError(f"{_listed(found)} Nothing was sent.")


def _words(said: object) -> str:
    if isinstance(said, str):
        return said
    if isinstance(said, ImportError | AttributeError):
        return "migma_nb cannot be imported there. Install the client's version on all workers."
    return f"it could not be asked ({type(said).__name__})."


def _listed(found: Iterable[str]) -> str:
    lines = list(found)
    more = len(lines) - _MOST_TOLD
    return " ".join([*lines[:_MOST_TOLD], *([f"And {more:,} more."] if more > 0 else [])])

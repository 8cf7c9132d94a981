"""What a worker of a Dask cluster does: it takes its own key, opens its own ledger, and sends a part."""

import time
from importlib import import_module
from importlib.metadata import version

from migma_nb.api.errors import ConfigurationError, LedgerError, MigmaError
from migma_nb.api.settings import Settings, make_settings
from migma_nb.ledger import crews
from migma_nb.ledger.store import Ledger, open_ledger
from migma_nb.planning.parts import PlanPart
from migma_nb.sending import crew_parts
from migma_nb.sending.crew_parts import PartEnd, Terms
from migma_nb.surface.keys import find_key

_WHERE = "in the environment that its workers are started with"
#: A worker that cannot send waits so long (seconds) before it says so: else it would be free before all
#: others, and use up the tries of one part after the other in no time.
_PAUSE_S = 3.0


def installed() -> str:
    """Return the version of the package that is installed here."""
    return version("migma-nb")


def trouble(terms: Terms) -> str:
    """Return why this worker cannot send by these terms, in a sentence without secrets; "" where it can."""
    try:
        _settings(terms)
        _ledger(terms)
    except MigmaError as error:
        return str(error)
    return ""


def send_part(part: PlanPart, number: int, terms: Terms) -> PartEnd:
    """Send a part of a plan from this worker.

    Args:
        part: the part.
        number: which it is, from 0.
        terms: what all workers of this send are told.

    Raises:
        ConfigurationError, LedgerError: this worker cannot send; another one perhaps can.
    """
    try:
        settings, ledger = _settings(terms), _ledger(terms)
    except (ConfigurationError, LedgerError) as error:
        time.sleep(_PAUSE_S)
        kind = ConfigurationError if isinstance(error, ConfigurationError) else LedgerError
        raise kind(f"Worker {_here()}: {error.message}", hint=error.hint) from None
    return crew_parts.send(part, number, terms, settings, ledger)


def _here() -> str:
    """Return the address by which the cluster knows this worker."""
    return str(import_module("distributed").get_worker().address)


def _settings(terms: Terms) -> Settings:
    here = installed()
    if here != terms.version:
        raise ConfigurationError(
            f"It has migma_nb {here}, and the client {terms.version}.",
            hint="Install the same version on all.",
        )
    try:
        key = find_key(ask=False)
    except ConfigurationError as error:
        raise ConfigurationError(error.message, hint=f"Set MIGMA_API_KEY {_WHERE}.") from None
    if key.fingerprint() != terms.fingerprint:
        raise ConfigurationError(
            "Its API key is another one than the client's, so that neither rate nor repeats would be shared.",
            hint=f"Set MIGMA_API_KEY to the same key {_WHERE}.",
        )
    # Scope and rate are the client's, whatever this worker's environment says.
    made = make_settings(
        key, base_url=terms.base_url, account="", rate="auto", timeout=terms.timeout, workers=terms.workers
    )
    return terms.settings(made)


def _ledger(terms: Terms) -> Ledger:
    ledger = open_ledger()
    if ledger.place.url is None:
        raise ConfigurationError(
            f"Its ledger is a file ({ledger.name}), of which other computers know nothing.",
            hint=f"Set MIGMA_LEDGER to the client's postgresql:// URL {_WHERE}.",
        )
    # As for a write: a copy that can only be read is not the ledger.
    if not ledger.writing(lambda conn: crews.is_known(conn, terms.crew_id)):
        raise LedgerError(
            f"Its ledger {ledger.name} is another one than the client's, or the send is over.",
            hint=f"Set MIGMA_LEDGER to the client's postgresql:// URL {_WHERE}.",
        )
    return ledger

"""How fast a run may go at this moment: what a screen says of the pace, read from the ledger."""

from dataclasses import dataclass

from migma_nb.api.settings import Rate
from migma_nb.ledger import clock
from migma_nb.ledger import pace as records
from migma_nb.ledger.store import Ledger
from migma_nb.sending.known_limit import Kind
from migma_nb.sending.pace import pace_of


@dataclass(frozen=True, slots=True)
class Allowance:
    """How fast requests may leave now.

    `per_minute` is None where it is not known; `fixed` says that the user chose it, `met` that the server's
    limit is known. `held_s` is how long (seconds) nobody may send, since the server asked to wait.
    """

    per_minute: float | None = None
    fixed: bool = False
    met: bool = False
    held_s: float = 0.0


#: What is known before anybody has asked.
UNKNOWN = Allowance()


def allowance(
    ledger: Ledger, origin: str, key_fingerprint: str, *, rate: Rate | None = None, elsewhere: str = ""
) -> Allowance:
    """Return how fast may be sent to a server with an API key.

    Args:
        ledger: whose pace it is; all who use it share one.
        origin: the server.
        key_fingerprint: of the API key.
        rate: the user's fixed rate; None for "auto".
        elsewhere: the id of a run that another process drives, whose rate is then asked of the ledger. It is
            there once the run has asked for its first slot; before that nothing is said.
    """
    now, text = ledger.reading(lambda conn: (clock.now(conn), records.read(conn, origin, key_fingerprint)))
    pace = pace_of(text)
    held_s = max(0.0, pace.held_until - now)
    chosen = 0.0 if rate is None else rate.per_minute
    if elsewhere:
        found = dict(pace.chosen).get(elsewhere)
        if found is None:
            return Allowance(held_s=held_s)
        chosen = found
    if chosen:
        return Allowance(chosen, fixed=True, held_s=held_s)
    return Allowance(60.0 / pace.spacing, met=pace.kind is not Kind.UNMET, held_s=held_s)

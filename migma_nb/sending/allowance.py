"""How fast a run may go at this moment: what a screen says of the pace, read from the ledger."""

from dataclasses import dataclass

from migma_nb.api.settings import Rate
from migma_nb.ledger import clock
from migma_nb.ledger import pace as records
from migma_nb.ledger.store import Ledger
from migma_nb.sending.known_limit import Kind, Pace
from migma_nb.sending.pace import pace_of

#: "auto" that has not grown for so long (seconds) says nothing of a run at a rate of its own.
_RECENT_S = 120.0


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
    ledger: Ledger, origin: str, key_fingerprint: str, *, rate: Rate | None = None, driven: bool = True
) -> Allowance:
    """Return how fast may be sent to a server with an API key.

    Args:
        ledger: whose pace it is; all who use it share one.
        origin: the server.
        key_fingerprint: of the API key.
        rate: the user's fixed rate; None for "auto".
        driven: whether this process drives the run, and so knows whether its rate is fixed. Else it is told
            only as far as the ledger shows it: the rate of "auto", or a limit that was met.
    """
    now, text = ledger.reading(lambda conn: (clock.now(conn), records.read(conn, origin, key_fingerprint)))
    pace = pace_of(text)
    held_s = max(0.0, pace.held_until - now)
    if rate is not None:
        return Allowance(60.0 * rate.requests / rate.seconds, fixed=True, held_s=held_s)
    met = pace.kind is not Kind.UNMET
    known = driven or met or _grew_lately(pace, now)
    return Allowance(60.0 / pace.spacing if known else None, met=met, held_s=held_s)


def _grew_lately(pace: Pace, now: float) -> bool:
    return pace.stepped_at > 0 and now - pace.stepped_at < _RECENT_S

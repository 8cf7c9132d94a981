"""What the command's exit codes mean, and which one a run earns."""

from enum import IntEnum
from typing import TYPE_CHECKING

from migma_nb.api.states import LIVE_STATES, Reason, RunState, State

if TYPE_CHECKING:
    from migma_nb.surface.run import Run


class Exit(IntEnum):
    """Exit codes; where several hold, unknown comes before halted, and halted before refused."""

    FINE = 0
    FAULT = 1
    BAD_INPUT = 2
    REFUSED = 3
    UNKNOWN = 4
    HALTED = 5
    INTERRUPTED = 130


#: Shown by `migma-nb --help`; the first character asks for its line breaks to be kept.
EXIT_WORDS = """\b
Exit codes:
    0  all is well (check: no errors in the list)
    1  a fault of the program
    2  bad input, settings, ledger or options (check: errors in the list);
       nothing was sent, or only the file of --out could not be written
    3  the API refused some rows
    4  some rows are unknown: they may have been mailed
    5  the run was halted or stopped before every row had its turn, or it still
       goes on
  130  interrupted by Ctrl-C; what was in flight is on record
Where several hold: 4 before 5 before 3."""

#: Of a run in one of these not every row has had its turn.
_NOT_DONE = {RunState.STOPPED, RunState.HALTED, RunState.DIED, *LIVE_STATES}


def exit_of(run: "Run") -> Exit:
    """Return the code that a run earns; rows that `limit` kept back were asked for and count as well."""
    counts = run.counts
    if counts.get(State.UNKNOWN):
        return Exit.UNKNOWN
    if run.state in _NOT_DONE or (counts.get(State.NOT_SENT) and _was_denied_its_turn(run)):
        return Exit.HALTED
    return Exit.REFUSED if counts.get(State.REFUSED) else Exit.FINE


def _was_denied_its_turn(run: "Run") -> bool:
    return any(state is State.NOT_SENT and reason != Reason.LIMIT for state, reason in run.reasons)

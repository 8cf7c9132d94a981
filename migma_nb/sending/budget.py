"""The error budget: many failures of one kind in a row halt a run. Pure."""

from migma_nb.api.meaning import Meaning, Verdict
from migma_nb.api.states import Reason

#: So many answers of one kind in a row, and no success between them, spend the budget.
MOST_IN_A_ROW = 25
#: Answers that say when to come again are no failures; the pace deals with them.
_PATIENT = {Reason.RATE_LIMITED, Reason.UNAVAILABLE}


class Budget:
    """Counts failures of one kind that follow each other."""

    def __init__(self) -> None:
        self._kind: tuple[Verdict, Reason, int | None] | None = None
        self._in_a_row = 0

    def spent_by(self, meaning: Meaning) -> bool:
        """Count an answer, and return whether it spent the budget."""
        if meaning.verdict in {Verdict.ACCEPTED, Verdict.ALREADY_SENT}:
            self._kind, self._in_a_row = None, 0
            return False
        if meaning.reason in _PATIENT or meaning.verdict is Verdict.OUTDATED:
            return False
        kind = (meaning.verdict, meaning.reason, meaning.status)
        self._in_a_row = self._in_a_row + 1 if kind == self._kind else 1
        self._kind = kind
        return self._in_a_row >= MOST_IN_A_ROW

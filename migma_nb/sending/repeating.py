"""Whether an uncertain row may be asked for again: looked at once more right before each repeat."""

from migma_nb.api.meaning import Past, obstacle
from migma_nb.api.states import Reason
from migma_nb.planning.frozen import Plan
from migma_nb.sending.agenda import Agenda, Task
from migma_nb.sending.proof import Trust
from migma_nb.sending.roll import Roll
from migma_nb.sending.sorting import Sorter

#: How often a row that another process holds, or a proof that is not made yet, is looked at again (seconds).
LOOK_AGAIN_S = 0.3


class Repeats:
    """What speaks against repeats in one run, as of now.

    Args:
        plan: what is sent.
        trust: whether the server honours idempotency keys.
        sorter: says whether the clock can tell how old keys are.
        roll: ends the rows that may not be repeated.
        agenda: takes back those that may be later.
    """

    def __init__(self, plan: Plan, trust: Trust, sorter: Sorter, roll: Roll, agenda: Agenda) -> None:
        self._plan = plan
        self._trust = trust
        self._sorter = sorter
        self._roll = roll
        self._agenda = agenda

    def past(self, task: Task, *, uncertain: bool) -> Past:
        """Return what is known of a row's generation."""
        age_s = task.age.now() if task.age else 0.0
        # A batch whose answer is lost is never repeated, proven keys or not: it would mail everybody again.
        proven = False if self._plan.is_batch(task.position) else self._trust.proven
        known_age_s = age_s if self._sorter.clock_is_sound else None
        return Past(task.tries, uncertain, proven, age_s=known_age_s, lost=task.lost)

    async def allowed(self, task: Task) -> bool:
        """Look once more at a row, for a pause may have been long; what may not be repeated is dealt with."""
        if not task.uncertain:
            return True
        hindrance = obstacle(self.past(task, uncertain=True))
        if hindrance is None and self._agenda.only_doubts_left:
            await self._trust.learn_from_others()
        if hindrance is None and self._trust.proven is True:
            return True
        if hindrance is None and not self._agenda.only_doubts_left:
            # An acceptance that is still to come may prove that this server remembers keys.
            self._agenda.add(task, LOOK_AGAIN_S)
            return False
        await self._roll.give_up(task, hindrance or Reason.LOST_ANSWER)
        return False

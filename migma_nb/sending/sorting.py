"""Where a row belongs, by how the ledger has its person: on the agenda, at its end, or held elsewhere."""

from dataclasses import dataclass
from datetime import UTC, datetime

from migma_nb.api.connection import PATIENCE
from migma_nb.api.meaning import SHORTEST_LOST_WAIT_S, Past, obstacle
from migma_nb.api.settings import Settings
from migma_nb.api.states import Reason, State
from migma_nb.ledger.batches import CAMPAIGN
from migma_nb.ledger.schema import ClaimState, Settled, Standing
from migma_nb.ledger.store import Ledger
from migma_nb.planning.frozen import Plan
from migma_nb.sending.age import KeyAge
from migma_nb.sending.agenda import Task

#: Why a row may be unknown and yet be asked for again under its proven key.
_ASKED_AGAIN = {Reason.LOST_ANSWER, Reason.STILL_AT_WORK, Reason.RUN_DIED}
_HELD = "another run holds this person; its own account has the answer"


@dataclass(slots=True)
class Turn:
    """A row and its place: a task, or its end; neither where another live run holds it."""

    position: int
    task: Task | None = None
    delay: float = 0.0
    settled: Settled | None = None


class Sorter:
    """Sorts the rows of one run.

    Args:
        run_id: the run.
        plan: its plan.
        settings: the client's settings.
        fingerprint: the fingerprint of the API key in use.
        only_refused: take up what was refused, also unchanged, and nothing else.
    """

    def __init__(
        self, run_id: str, plan: Plan, settings: Settings, fingerprint: str, *, only_refused: bool = False
    ) -> None:
        self._run_id = run_id
        self._plan = plan
        self._settings = settings
        self._fingerprint = fingerprint
        self._only_refused = only_refused
        self._proven: bool | None = False
        self._present: KeyAge | None = None
        self._may_live = False
        self.clock_is_sound = False

    def prepare(self, *, proven: bool | None, newest: float | None, now: float, ledger: Ledger) -> None:
        """Note whether the server honours keys, and whether the clock can tell how old they are.

        Args:
            proven: whether it does; None while that may yet be found out.
            newest: the time of the ledger's newest entry.
            now: the present by the ledger's clock.
            ledger: the ledger: where those who write to it share no clock, nobody can tell the age of a key
                that another run began to use.
        """
        self._proven = proven
        self._present = KeyAge.of(now) if ledger.one_clock else None
        self._may_live = ledger.may_outlive_lock
        self.clock_is_sound = newest is None or now >= newest

    def sort(self, position: int, seen: Standing | None) -> Turn:
        """Return where a row belongs."""
        if seen is None or seen.state is ClaimState.FREE:
            return self._untouched(position, seen)
        if seen.state is ClaimState.HELD:
            if seen.run_id == self._run_id:
                # Its intent reached the disk, yet the ledger called the write failed: nothing has left.
                age = KeyAge.of(self._age(seen) or 0.0)
                return Turn(position, Task(position, seen, uncertain=seen.uncertain, age=age))
            return Turn(position)
        if seen.state is ClaimState.UNKNOWN:
            return self._doubtful(position, seen)
        if seen.state is ClaimState.REFUSED:
            return self._refused(position, seen)
        if seen.state is ClaimState.ALREADY_SENT:
            # Either another ledger mailed this person, or somebody said so.
            reason, words = Reason(seen.told("reason")), seen.told("detail")
        else:
            reason, words = Reason.EARLIER_RUN, self._when(seen)
        return self._end(position, seen, State.ALREADY_SENT, reason, words)

    def _untouched(self, position: int, seen: Standing | None) -> Turn:
        if self._only_refused:
            words = "it was not refused, so a retry leaves it alone; send the plan to go on with it"
            return Turn(position, settled=Settled(position, State.NOT_SENT, Reason.NOT_RETRIED, words))
        return Turn(position, Task(position, seen))

    def _refused(self, position: int, seen: Standing) -> Turn:
        if self._only_refused or self._digest(position) != seen.told("payload_sha256"):
            return Turn(position, Task(position, seen))
        return self._end(position, seen, State.REFUSED, seen.told("reason"), seen.told("detail"))

    def _doubtful(self, position: int, seen: Standing) -> Turn:
        why, detail = seen.told("reason"), seen.told("detail")
        if why not in _ASKED_AGAIN or self._only_refused:
            return self._end(position, seen, State.UNKNOWN, why, detail)
        age_s = self._age(seen)
        hindrance = obstacle(
            Past(
                tries=0,
                uncertain=True,
                # A batch in doubt is never repeated, proven keys or not: it would mail everybody again.
                proven=False if self._plan.is_batch(position) else self._proven,
                same_bytes=self._digest(position) == seen.told("payload_sha256"),
                same_api_key=seen.key_fingerprint == self._fingerprint,
                age_s=age_s,
            )
        )
        if hindrance is None and age_s is not None:
            task = Task(position, seen, uncertain=True, age=KeyAge.of(age_s))
            return Turn(position, task, self._delay(why))
        shown = why if hindrance in {None, Reason.LOST_ANSWER} else hindrance
        return self._end(position, seen, State.UNKNOWN, shown, detail)

    def _delay(self, why: str) -> float:
        """Return for how long (seconds) a doubtful request may still be under way."""
        timeout = self._settings.timeout
        # Who has lost its lock and is alive waits for its answer to the end.
        longest = PATIENCE * timeout if self._may_live and why == Reason.RUN_DIED else timeout
        return max(longest, SHORTEST_LOST_WAIT_S)

    def _age(self, seen: Standing) -> float | None:
        first: float | None = seen.told("first_attempt_at")
        if first is None or self._present is None or not self.clock_is_sound:
            return None
        return max(0.0, self._present.now() - first)

    def _digest(self, position: int) -> str:
        return self._plan.digest_of(self._plan.body(position))

    def _when(self, seen: Standing) -> str:
        at = seen.told("finished_at")
        campaign = str(seen.told("message_id") or "").startswith(CAMPAIGN)
        words = f"{'let go as a campaign' if campaign else 'mailed'} by run {seen.run_id}"
        if at is not None:
            words += f" on {datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"
        if seen.plan_id != self._plan.id:
            words += f", with the content of another plan ({seen.plan_id})"
        return words

    @staticmethod
    def _end(position: int, seen: Standing, state: State, reason: str, detail: str | None) -> Turn:
        return Turn(position, settled=Settled(position, state, reason, detail, seen.account))


def closed(turn: Turn, reason: Reason | None, words: str) -> Settled:
    """Return the end of a row whose turn never came, by how its person stands now.

    Args:
        turn: where it belongs.
        reason: why its turn never came.
        words: the same for a person.
    """
    if turn.settled is not None:
        return turn.settled
    if turn.task is None:
        return Settled(turn.position, State.UNKNOWN, Reason.ELSEWHERE, _HELD)
    return unbegun(turn, turn.task, reason, words)


def unbegun(turn: Turn, task: Task, reason: Reason | None, words: str) -> Settled:
    """Return the end of a row that a run did not begin with; a doubt of before stays one."""
    if not task.uncertain or task.seen is None:
        return Settled(turn.position, State.NOT_SENT, reason, words)
    account = task.seen.account
    why = Reason(account.get("reason") or Reason.LOST_ANSWER)
    return Settled(turn.position, State.UNKNOWN, why, words, account)

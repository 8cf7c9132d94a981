"""What a run came to, in a few lines for a person, the next sensible step last."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from migma_nb.api.hints import hint_for
from migma_nb.api.states import STATE_MEANINGS, Reason, RunState, State
from migma_nb.ledger.queries import Holder
from migma_nb.ledger.timeline import Timeline
from migma_nb.planning.trial_names import tried_mailing
from migma_nb.sending.batch_words import batch_lines, campaign_lines, is_campaign, step_for, unfinished
from migma_nb.sending.fates import Fates
from migma_nb.sending.reporting import fate_lines

_MAILED = (State.ACCEPTED, State.ALREADY_SENT)
#: So many kinds of refusal and doubt are named; the rest is counted.
MOST_KINDS = 3

_MEND = (
    "Mend the refused rows and send again: only rows whose content changed are taken up. "
    "Where the cause lay elsewhere and is mended, run.retry() sends to them as they are."
)


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a summary is made of: the run's own record, its counts, and its rows' reasons.

    `rows` has a line for each batch, and one for each kind of refusal and doubt with how many `rows` it has
    (1 where that is not said): of the kinds only the largest, for there may be as many as rows;
    `kept` rows were mailed before with the content of another plan; `held` says which runs are waited for;
    `reconciled` counts the rows that were unknown until Migma's log was asked; `batches` those that are one
    call to many; `fates` is what the log says became of the mails, None where it was not asked; `has_log`
    says whether there is one; `timeline` is when its own mails were answered, None where none was.
    """

    run_id: str
    mailing: str
    server: str
    sandbox: bool
    state: RunState
    detail: str
    ledger: str
    batches: int
    counts: Mapping[State, int]
    kept: int = 0
    first_sent_on: str | None = None
    rows: Sequence[Mapping[str, Any]] = ()
    held: Sequence[Holder] = ()
    reconciled: int = 0
    fates: Fates | None = None
    has_log: bool = False
    timeline: Timeline | None = None

    @property
    def batch(self) -> bool:
        """Whether all its rows are batches, whose people are no rows of the run."""
        return 0 < self.batches == sum(self.counts.values())


def summarise(facts: RunFacts, *, over_time: Sequence[str] = (), funnel: Sequence[str] = ()) -> str:
    """Return the summary: a sentence, the counts by state, what went wrong, and what to do next.

    Args:
        facts: the run.
        over_time: lines that draw when its mails were sent, where there is something to draw.
        funnel: lines that draw how far they came.
    """
    lines = [headline(facts), ""]
    width = max((len(f"{count:,}") for count in facts.counts.values()), default=1)
    lines += [
        f"  {count:>{width},}  {state:<12}  {STATE_MEANINGS[state]}"
        for state in State
        if (count := facts.counts.get(state, 0))
    ]
    lines += [f"  {line}" for line in (*batch_lines(facts.rows), *campaign_lines(facts.rows))]
    for part in (over_time, trouble_of(facts), [*funnel, *([""] if funnel else []), *fate_of(facts)]):
        lines += ["", *part] if part else []
    where = "sandbox" if facts.sandbox else "LIVE"
    lines += ["", f"Run {facts.run_id} at {facts.server} ({where}); ledger {facts.ledger}"]
    step = next_step(facts)
    return "\n".join([*lines, step] if step else lines)


def trouble_of(facts: RunFacts) -> list[str]:
    """Return what a person should know besides the counts: other content, what failed, who is waited for."""
    settled = [f"{State.ACCEPTED}: {facts.reconciled:,} × reconciled: unknown until found in Migma's log"]
    return [
        *_kept(facts),
        *(settled if facts.reconciled else []),
        *unfinished(facts.rows),
        *_kinds(facts, State.REFUSED),
        *_kinds(facts, State.UNKNOWN),
        *_waits(facts),
    ]


def fate_of(facts: RunFacts) -> list[str]:
    """Return what became of the mails, how fresh and how certain that is; nothing where nobody has asked."""
    if facts.batch:
        taken = facts.counts.get(State.ACCEPTED, 0) + facts.counts.get(State.ALREADY_SENT, 0)
        words = (
            "Who of them got it: run.log() reads the log of the whole email since the run; "
            "other sends of the same email are in it too."
        )
        return [words] if taken and facts.has_log else []
    return [] if facts.fates is None else fate_lines(facts.fates)


def headline(facts: RunFacts) -> str:
    """Return the one sentence that says what the run came to."""
    accepted = facts.counts.get(State.ACCEPTED, 0)
    before = facts.counts.get(State.ALREADY_SENT, 0)
    people = sum(facts.counts.values()) - sum(
        facts.counts.get(state, 0) for state in (State.INVALID, State.DUPLICATE, State.EXCLUDED)
    )
    if facts.state is RunState.RUNNING:
        return f"Sending {facts.mailing!r}: {accepted + before:,} of {people:,} mailed so far."
    if facts.state is RunState.PAUSED:
        return f"Paused {facts.mailing!r}: {accepted + before:,} of {people:,} mailed so far. {facts.detail}"
    end = _ending(facts)
    if (tried := tried_mailing(facts.mailing)) is not None:
        return _of_trial(facts, tried, accepted, before, people) + end
    return _of_mailing(facts, accepted, before, people, end)


def _of_mailing(facts: RunFacts, accepted: int, before: int, people: int, end: str) -> str:
    if facts.batches == people == 1 and accepted:
        return f"The batch of {facts.mailing!r} was accepted.{end}"
    if accepted == 0 and before and before == people:
        when = f" on {facts.first_sent_on}" if facts.first_sent_on else ""
        new = "For a new mailing use a new name."
        whom = "the batch was" if facts.batches == people == 1 else f"all {before:,} were"
        said = f"Nobody was mailed: {whom} mailed{when} in mailing {facts.mailing!r}. {new}"
        if any(map(is_campaign, facts.rows)):
            said = f"Nobody was mailed now: a campaign of mailing {facts.mailing!r} was let go{when}; "
            said += f"campaign.refresh() says how it stands. {new}"
        return said
    if accepted == 0:
        return f"Nobody was mailed in this run of {facts.mailing!r}.{end}"
    already = f", {before:,} were mailed before" if before else ""
    return f"{accepted:,} of {people:,} {_noun(facts, people)} mailed in {facts.mailing!r}{already}.{end}"


def _of_trial(facts: RunFacts, tried: str, accepted: int, before: int, people: int) -> str:
    """Return the one sentence on a test that a person sent themselves."""
    if accepted == 0 and before and before == people:
        when = f" on {facts.first_sent_on}" if facts.first_sent_on else ""
        tests = "this 1 test was" if before == 1 else f"these {before:,} tests were"
        return f"Nothing was mailed now: {tests} sent{when}; again=True sends once more."
    already = f", {before:,} were sent before" if before else ""
    return f"{accepted:,} of {people:,} tests of {tried!r} sent to the one address that you named{already}."


def _noun(facts: RunFacts, people: int) -> str:
    if not facts.batches:
        return "people"
    return "batches" if facts.batches == people else f"recipients, {facts.batches:,} of them batches,"


def next_step(facts: RunFacts) -> str:
    """Return what a person would sensibly do next, or "" where there is nothing."""
    if facts.state is RunState.PAUSED:
        return "run.resume() goes on, run.stop() ends it."
    if paused := [one for one in facts.held if one.state is RunState.PAUSED]:
        there = f"mg.open_run({paused[0].run_id!r})"
        return (
            f"{there}.resume() or .stop() lets this run go on with the rows that are held there; "
            "run.stop() ends this one without them."
        )
    if facts.counts.get(State.UNKNOWN, 0):
        return (
            "The unknown rows may have been mailed, so nobody repeats them blindly: "
            "run.unknown says for each what is uncertain, and what you can do."
        )
    if facts.counts.get(State.NOT_SENT, 0):
        same = "Send the same plan" if tried_mailing(facts.mailing) is None else "Run the same test"
        return f"{same} again to go on with the rows that were not sent."
    if step := step_for(facts.rows, facts.run_id):
        return step
    return _after_refusals(facts) if facts.counts.get(State.REFUSED, 0) else ""


def _after_refusals(facts: RunFacts) -> str:
    refused = (row.get("detail") for row in facts.rows if row["state"] == State.REFUSED)
    hint = next((hint for detail in refused if (hint := hint_for(detail))), None)
    return hint or (
        "Mend the refused rows and send again: only rows whose content changed are taken up. "
        "Where the cause lay elsewhere and is mended, run.retry() sends to them as they are."
    )


def _ending(facts: RunFacts) -> str:
    if facts.state is RunState.HALTED:
        return f" Halted: {facts.detail}"
    if facts.state is RunState.STOPPED:
        return " Stopped by you."
    if facts.state is RunState.DIED:
        return " The process that sent it ended before it was done."
    return ""


def _kept(facts: RunFacts) -> list[str]:
    if not facts.kept:
        return []
    whose = "keep what an earlier plan of this mailing sent them"
    return [f"{State.ALREADY_SENT}: {facts.kept:,} {whose}; for the new content use a new mailing name"]


def _kinds(facts: RunFacts, state: State) -> list[str]:
    found: Counter[tuple[str, str]] = Counter()
    for row in facts.rows:
        if row["state"] == state:
            found[row.get("reason") or Reason.REFUSED, _short(row.get("detail"))] += row.get("rows", 1)
    named = found.most_common(MOST_KINDS)
    lines = [f"{state}: {count:,} × {reason}: {words}" for (reason, words), count in named]
    rest = max(found.total(), facts.counts.get(state, 0)) - sum(count for _, count in named)
    return [*lines, f"{state}: {rest:,} more, see run.frame"] if named and rest else lines


def _waits(facts: RunFacts) -> list[str]:
    return [
        f"{State.SENDING}: {one.rows:,} rows are held by run {one.run_id}, which is {one.state}"
        for one in facts.held
    ]


def _short(detail: Any) -> str:
    text = " ".join(str(detail or "").split())
    return text if len(text) <= 120 else text[:119] + "…"  # noqa: PLR2004 - one line of a terminal

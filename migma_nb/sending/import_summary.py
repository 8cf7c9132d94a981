"""What an import came to, in a few lines for a person, the next sensible step last."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from migma_nb.api.states import RunState, State
from migma_nb.sending.import_fates import Fate
from migma_nb.sending.importing import LiveImport

#: The states' meanings where nobody is mailed: an import only changes the account's contacts.
IMPORT_MEANINGS: Mapping[State, str] = {
    State.ACCEPTED: "the API has it as a contact under the tag",
    State.ALREADY_SENT: "an earlier import took it in, with the same content",
    State.UNKNOWN: "it may be in, and no answer settled it",
    State.REFUSED: "the API said no",
    State.INVALID: "our own check stopped it",
    State.DUPLICATE: "another row has the same address and stands for it",
    State.EXCLUDED: "on the exclusion list",
    State.NOT_SENT: "certainly not in by this import",
    State.WAITING: "its turn has not come",
    State.SENDING: "in flight",
}
_SET_ASIDE = (State.INVALID, State.DUPLICATE, State.EXCLUDED)
_TROUBLE = (State.REFUSED, State.UNKNOWN, State.NOT_SENT)
#: Contacts of these statuses get no marketing mail; bounced ones get none at all (S20, S21).
_NOT_MAILED = ("unsubscribed", "bounced", "complained", "non-subscribed", "invalid")
_MOST_KINDS = 3
_LONGEST = 140


@dataclass(frozen=True, slots=True)
class ImportFacts:
    """What a summary is made of."""

    import_id: str
    tag: str
    tag_id: str | None
    tag_trouble: str
    server: str
    sandbox: bool
    ledger: str
    state: RunState
    detail: str
    counts: Mapping[State, int]
    fates: Sequence[Fate]
    notes: Sequence[str]
    posts: int
    reads: int
    earlier_at: tuple[float, float] | None

    @classmethod
    def of(cls, live: LiveImport) -> "ImportFacts":
        """Gather them from an import that goes on or is over."""
        return cls(
            import_id=live.import_id,
            tag=live.contacts.tag,
            tag_id=live.tag.id if live.tag is not None else None,
            tag_trouble=live.tag_trouble,
            server=live.settings.origin,
            sandbox=live.settings.sandbox,
            ledger=live.ledger.name,
            state=live.state,
            detail=live.detail,
            counts=live.counts,
            fates=list(live.fates),
            notes=tuple(live.notes),
            posts=live.posts,
            reads=live.reads,
            earlier_at=live.earlier_at,
        )


def import_headline(facts: ImportFacts) -> str:
    """Return the one sentence that says what the import came to."""
    taken, before = (facts.counts.get(state, 0) for state in (State.ACCEPTED, State.ALREADY_SENT))
    people = sum(facts.counts.values()) - sum(facts.counts.get(state, 0) for state in _SET_ASIDE)
    if facts.state is RunState.RUNNING:
        return f"Importing under the tag {facts.tag!r}: {taken + before:,} of {people:,} people so far."
    end = {
        RunState.HALTED: f" Halted: {facts.detail}",
        RunState.STOPPED: " Stopped by you.",
    }.get(facts.state, "")
    if before and before == people:
        first, last = (f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}" for at in facts.earlier_at or (0.0, 0.0))
        when = f"on {first}" if first == last else f"from {first} to {last}"
        return f"Nothing was imported: all {before:,} were imported {when} under the tag {facts.tag!r}.{end}"
    if not taken:
        return f"Nothing was imported under the tag {facts.tag!r}.{end}"
    already = f"; {before:,} were in before" if before else ""
    return f"{taken:,} of {people:,} people imported under the tag {facts.tag!r}{already}.{end}"


def import_lines(facts: ImportFacts) -> list[str]:
    """Return what a person should know besides the counts: what failed, who is not mailed, who is there."""
    lines = [line for state in _TROUBLE for line in _kinds(facts.fates, state)]
    statuses = Counter(fate.contact_status for fate in facts.fates if fate.contact_status in _NOT_MAILED)
    if statuses:
        found = ", ".join(f"{statuses[word]:,} {word}" for word in _NOT_MAILED if statuses[word])
        lines.append(f"Of the people under the tag marketing mail leaves out {found}; see contact_status.")
    return [*lines, *facts.notes]


def import_next(facts: ImportFacts) -> str:
    """Return what a person would sensibly do next, or "" where there is nothing."""
    if facts.state is RunState.RUNNING:
        return ""
    if facts.counts.get(State.UNKNOWN, 0) or facts.counts.get(State.NOT_SENT, 0):
        return (
            "Import the same list again to go on: rows that are in are left alone, and one that is imported "
            'twice is in once. account="rows" reads back who is in.'
        )
    if facts.counts.get(State.REFUSED, 0):
        return "Mend the refused rows and import again: only they are sent."
    if facts.tag_id is not None:
        return 'mg.plan(result.tag, mailing="…", …) mails everybody under the tag by one call.'
    return f"The tag's ID is not known: {facts.tag_trouble}. The dashboard shows it."


def summarise_import(facts: ImportFacts) -> str:
    """Return the summary: a sentence, the counts by state, what went wrong, and what to do next."""
    width = max((len(f"{count:,}") for count in facts.counts.values()), default=1)
    counts = [
        f"  {count:>{width},}  {state:<12}  {words}"
        for state, words in IMPORT_MEANINGS.items()
        if (count := facts.counts.get(state, 0))
    ]
    lines = import_lines(facts)
    where = "sandbox" if facts.sandbox else "LIVE"
    calls = f"{_counted(facts.posts, 'request')}, {_counted(facts.reads, 'read')}; nobody was mailed"
    tag = f"tag {facts.tag_id}, " if facts.tag_id else ""
    foot = f"Import {facts.import_id} at {facts.server} ({where}): {tag}{calls}; ledger {facts.ledger}"
    step = import_next(facts)
    parts = [import_headline(facts), "", *counts, *(["", *lines] if lines else []), "", foot]
    return "\n".join([*parts, step] if step else parts)


def _kinds(fates: Sequence[Fate], state: State) -> list[str]:
    found = Counter((fate.reason, _short(fate.detail)) for fate in fates if fate.state is state)
    shown = found.most_common(_MOST_KINDS)
    lines = [f"{state}: {count:,} × {reason}: {words}" for (reason, words), count in shown]
    rest = sum(found.values()) - sum(count for _, count in shown)
    return [*lines, f"{state}: {rest:,} more, see result.frame"] if rest else lines


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"

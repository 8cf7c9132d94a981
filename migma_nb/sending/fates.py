"""What became of mails, as a decision: which word of the log tells more, and what all rows come to. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from migma_nb.api.logs import KEPT_S, LogEntry
from migma_nb.api.states import Delivery, State
from migma_nb.ledger.deliveries import Fate, Mail, Tally

#: A word of the API's that we do not know tells as much as `sent`.
_RANK = {str(word): rank for rank, word in enumerate(Delivery)}
#: Words after which the log has nothing more to say of a mail's way; opens and clicks may still come.
_ARRIVED = frozenset(map(str, Delivery)) - {Delivery.SENT}
#: Words after which nothing that matters comes any more.
_LAST = frozenset({Delivery.SUPPRESSED, Delivery.BOUNCED, Delivery.COMPLAINED})
#: A bounce of one of these kinds may be followed by a delivery.
_PASSING_BOUNCES = frozenset({"transient", "undetermined"})


def advanced(before: Fate | None, line: LogEntry | None, now: float) -> Fate:
    """Return what is known of a mail after a look into the log.

    The word only moves on: sent, delivered, opened, clicked; suppressed, bounced and complained tell more
    than all of these. Only a bounce that the log called transient or undetermined gives way to later words.

    Args:
        before: what was known.
        line: the mail's line, None where the log has none (yet): that proves nothing.
        now: when the log was asked.
    """
    before = replace(before or Fate(), checked_at=now)
    if line is None:
        return before
    words = [line.status.lower()] if line.status else []
    words += [str(Delivery.OPENED)] if line.opened_at is not None else []
    words += [str(Delivery.CLICKED)] if line.clicked_at is not None else []
    told = max(words, key=rank_of, default=None)
    word = before.delivery
    if told is not None and (word is None or _gives_way(before) or rank_of(told) >= rank_of(word)):
        word = told
    return Fate(
        delivery=word,
        opened_at=_earlier(before.opened_at, line.opened_at),
        clicked_at=_earlier(before.clicked_at, line.clicked_at),
        bounced_at=_first(before.bounced_at, now, seen=Delivery.BOUNCED in words),
        complained_at=_first(before.complained_at, now, seen=Delivery.COMPLAINED in words),
        checked_at=now,
        bounce_type=(line.bounce_type if Delivery.BOUNCED in words else "") or before.bounce_type,
    )


def rank_of(word: str) -> int:
    """Return how much a word tells; more is greater."""
    return _RANK.get(word, 0)


def arrived(fate: Fate | None) -> bool:
    """Return whether the log knows how a mail's way ended; opens and clicks may still come."""
    return fate is not None and fate.delivery in _ARRIVED


def is_open(mail: Mail, now: float) -> bool:
    """Return whether the log may still have something new to say of a mail."""
    if mail.email_id is None or is_forgotten(mail, now):
        return False
    fate = mail.fate
    return fate is None or fate.delivery not in _LAST or _gives_way(fate)


def is_forgotten(mail: Mail, now: float) -> bool:
    """Return whether a mail is older than its line in the log is kept."""
    return mail.first_attempt_at is not None and mail.first_attempt_at < forgotten_before(now)


def forgotten_before(now: float) -> float:
    """Return the moment before which the log holds nothing any more."""
    return now - KEPT_S


def _gives_way(fate: Fate) -> bool:
    return fate.delivery == Delivery.BOUNCED and (fate.bounce_type or "").lower() in _PASSING_BOUNCES


def _earlier(one: float | None, other: float | None) -> float | None:
    known = [moment for moment in (one, other) if moment is not None]
    return min(known) if known else None


def _first(before: float | None, now: float, *, seen: bool) -> float | None:
    return now if before is None and seen else before


@dataclass(frozen=True, slots=True)
class Fates:
    """What the rows of a run come to.

    Args:
        refreshed_at: when the log was last asked (seconds since the epoch).
        mails: rows that the API took, in this run or an earlier one of the mailing.
        words: rows by the word of the log.
        delivered, opened, clicked: rows that came at least so far.
        pending: rows of which the log has no line yet.
        forgotten: rows of which nothing is known, and that are older than the log is kept.
        without_log: rows made from a raw template or a conversation, of which there is no log.
    """

    refreshed_at: float
    mails: int = 0
    words: Mapping[str, int] = field(default_factory=dict)
    delivered: int = 0
    opened: int = 0
    clicked: int = 0
    pending: int = 0
    forgotten: int = 0
    without_log: int = 0


def fates_of(tallies: Iterable[Tally], refreshed_at: float) -> Fates:
    """Add up what became of mails.

    Args:
        tallies: the rows that the API took; old are those of before `forgotten_before`.
        refreshed_at: when their log was last asked.
    """
    counts: Counter[str] = Counter()
    words: Counter[str] = Counter()
    for mails in tallies:
        counts["mails"] += mails.count
        if mails.delivery is None:
            counts[_silence(mails)] += mails.count
            continue
        words[mails.delivery] += mails.count
        if mails.delivery in {Delivery.BOUNCED, Delivery.SUPPRESSED}:
            # Filters open what never arrives: an open does not make it delivered.
            continue
        clicked = mails.clicked or mails.delivery == Delivery.CLICKED
        opened = clicked or mails.opened or mails.delivery == Delivery.OPENED
        delivered = opened or mails.delivery in {Delivery.DELIVERED, Delivery.COMPLAINED}
        for name, so in {"clicked": clicked, "opened": opened, "delivered": delivered}.items():
            counts[name] += mails.count * so
    ordered = {word: words[word] for word in sorted(words, key=lambda word: (rank_of(word), word))}
    return Fates(refreshed_at, words=ordered, **counts)


def _silence(mails: Tally) -> str:
    """Return why nothing is known of mails."""
    if not mails.has_log:
        return "without_log"
    return "forgotten" if mails.old else "pending"


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a funnel: so many rows (or people), of so many at another stage; the first is of none."""

    name: str
    count: int
    of: str = ""
    whole: int = 0


@dataclass(frozen=True, slots=True)
class Funnel:
    """How far the rows of a run came.

    Args:
        stages: one after the other.
        beside: names and numbers of those that went another way.
        known: whether what became of the mails is known, and so stands among the stages.
    """

    stages: tuple[Stage, ...]
    beside: tuple[tuple[str, int], ...]
    known: bool


_NOT_MAILED = (State.INVALID, State.DUPLICATE, State.EXCLUDED, State.NOT_SENT, State.WAITING, State.SENDING)


def funnel_of(counts: Mapping[State, int], fates: Fates | None) -> Funnel:
    """Return how far the rows of a run came.

    Args:
        counts: rows by state.
        fates: what became of the mails, None where no log was asked yet.
    """
    planned = sum(counts.values())
    accepted = counts.get(State.ACCEPTED, 0) + counts.get(State.ALREADY_SENT, 0)
    stages = [Stage("planned", planned), Stage("accepted", accepted, "planned", planned)]
    beside: list[tuple[str, int]] = []
    # Where no mail has a log, a row of zeros would read as if nobody had got anything.
    known = fates is not None and fates.mails > fates.without_log
    if fates is not None and known:
        stages.append(Stage("delivered", fates.delivered, "accepted", accepted))
        ways = [("opened", fates.opened), ("clicked", fates.clicked)]
        stages += [Stage(name, count, "delivered", fates.delivered) for name, count in ways]
        away = (Delivery.BOUNCED, Delivery.COMPLAINED, Delivery.SUPPRESSED)
        beside += [(str(word), fates.words.get(word, 0)) for word in away]
        beside.append(("no line yet", fates.pending))
    beside += [(str(state), counts.get(state, 0)) for state in (State.REFUSED, State.UNKNOWN)]
    beside.append(("not mailed", sum(counts.get(state, 0) for state in _NOT_MAILED)))
    return Funnel(tuple(stages), tuple((name, count) for name, count in beside if count), known)


def batch_funnel_of(counts: Mapping[str, int]) -> Funnel:
    """Return how far the people of a run's batches came, by the server's own counts of them."""
    total, sent = counts["total"], counts["sent"]
    beside = [(name, counts[name]) for name in ("queued", "failed")]
    stages = Stage("people", total), Stage("sent", sent, "people", total)
    return Funnel(stages, tuple((name, count) for name, count in beside if count), known=True)

"""What became of mails, in sentences: the figures, how fresh and how certain they are, and what to do."""

from datetime import UTC, datetime

from migma_nb.api.states import Delivery
from migma_nb.sending.fates import Fates

_BESIDE = (Delivery.BOUNCED, Delivery.COMPLAINED, Delivery.SUPPRESSED)
_OPENS = (
    "Opens are inflated: Apple's mail privacy, proxies and filters open mails that nobody reads, and filters "
    "follow links. A mail that is not opened by this count may still have been read."
)
_WITHOUT_LOG = (
    "{count} made from a raw template or a conversation, of which Migma keeps no log: delivery stays empty "
    "there. Look into the dashboard's log of the sending domain, and plan with email_id= the next time."
)
_PENDING = (
    "{count} no line in the log yet. Soon after a send that means nothing: run.refresh() looks again, and "
    "run.refresh(wait=600) until all have one, for ten minutes at most."
)
_FORGOTTEN = (
    "{count} older than the about 30 days for which Migma keeps its log, and were not found before: what "
    "became of these mails can no longer be asked."
)


def fate_lines(fates: Fates) -> list[str]:
    """Return what became of a run's mails, in sentences."""
    lines = []
    known = sum(fates.words.values())
    if known:
        lines += [_figures(fates, known), *([_OPENS] if fates.opened else [])]
    if fates.pending:
        when = "" if known else f" (asked {checked(fates)})"
        lines.append(_PENDING.format(count=_mails(fates.pending, "has", "have")) + when)
    if fates.forgotten:
        lines.append(_FORGOTTEN.format(count=_mails(fates.forgotten, "is", "are")))
    if fates.without_log:
        lines.append(_WITHOUT_LOG.format(count=_mails(fates.without_log, "was", "were")))
    return lines


def checked(fates: Fates) -> str:
    """Return when the log was last asked, for a person."""
    return f"{datetime.fromtimestamp(fates.refreshed_at, UTC):%Y-%m-%d %H:%M} UTC"


def _figures(fates: Fates, known: int) -> str:
    way = [("delivered", fates.delivered), ("opened", fates.opened), ("clicked", fates.clicked)]
    away = [(word, fates.words.get(word, 0)) for word in _BESIDE]
    shown = {str(word) for word in Delivery} - {Delivery.SENT}
    other = [(word, count) for word, count in fates.words.items() if word not in shown]
    parts = [f"{count:,} {word}" for word, count in way]
    parts += [f"{count:,} {word}" for word, count in [*away, *other] if count]
    return f"Of {known:,} of {fates.mails:,} mails, Migma's log said on {checked(fates)}: {', '.join(parts)}."


def _mails(count: int, one: str, more: str) -> str:
    return f"1 mail {one}" if count == 1 else f"{count:,} mails {more}"

"""A run at a glance: what it came to, how its rows stand, and the next sensible step."""

from collections import Counter
from dataclasses import replace

from migma_nb.api.states import STATE_MEANINGS, RunState
from migma_nb.notebook.charts import funnel_html, funnel_text, times_html
from migma_nb.notebook.lines import one_line, safe, visible
from migma_nb.notebook.theme import MUTED, apart, badge, bar, card, dot, head, named, panel, section
from migma_nb.notebook.times import times_text
from migma_nb.sending.batch_words import batch_counts, batch_rows
from migma_nb.sending.fates import Funnel, funnel_of
from migma_nb.sending.summary import RunFacts, fate_of, headline, next_step, summarise, trouble_of

_MEANINGS = {str(state): words for state, words in STATE_MEANINGS.items()}
#: A batch's own counts, as the API names them.
_BATCH_PARTS = ("sent", "failed", "queued")
_LONGEST_NAME = 80


def run_text(found: RunFacts) -> str:
    """Return a run as text for a terminal: its summary, without characters that could steer the terminal."""
    funnel = _funnel_of(found)
    told = summarise(
        _short_named(found),
        over_time=[] if found.batch else times_text(found.timeline),
        funnel=[] if funnel is None else funnel_text(funnel),
    )
    return "\n".join(visible(line) for line in told.splitlines())


def run_html(found: RunFacts, *, framed: bool = True) -> str:
    """Return a run as a card: inline styles only, no scripts, nothing from elsewhere.

    Args:
        found: what is known of it.
        framed: whether it has a frame of its own, which it needs where it stands alone.
    """
    counts = {str(state): found.counts[state] for state in STATE_MEANINGS if found.counts.get(state)}
    trouble = apart(_trouble_html(line) for line in trouble_of(found))
    step, batches = next_step(found), _batch_html(found)
    return (card if framed else _bare)(
        head(f"Run {named(found.run_id)} · {found.state}", safe(_title(found), 300), _where(found)),
        _halt_html(found),
        bar(counts, _MEANINGS) if not batches or found.batches < sum(found.counts.values()) else "",
        batches,
        section("Why", trouble) if trouble else "",
        "" if found.batch else times_html(found.timeline),
        _fate_html(found),
        panel(f"<b>Next:</b> {safe(step, 300)}") if step else "",
        f'<div style="{MUTED};font-size:.88em;margin-top:12px">{safe(found.server, 120)} · '
        f"ledger {safe(found.ledger, 200)}</div>",
    )


def _bare(*parts: str) -> str:
    return apart(parts)


def _short_named(found: RunFacts) -> RunFacts:
    return replace(found, mailing=one_line(found.mailing, _LONGEST_NAME))


def _title(found: RunFacts) -> str:
    """Return the headline; why a run was halted stands in a panel of its own."""
    return headline(replace(_short_named(found), detail="")).removesuffix(" Halted: ")


def _halt_html(found: RunFacts) -> str:
    if found.state is not RunState.HALTED:
        return ""
    return panel(f"<b>Halted:</b> {safe(found.detail, 400)}", "refused") + '<div style="height:6px"></div>'


def _where(found: RunFacts) -> str:
    if found.sandbox:
        return f'<span style="{MUTED}">sandbox: nobody real was mailed</span>'
    return badge("LIVE")


def _trouble_html(line: str) -> str:
    return f'<div style="padding:1px 0">{dot(line.partition(":")[0])} {safe(line, 220)}</div>'


def _fate_html(found: RunFacts) -> str:
    """Return how far the mails came, and how fresh and certain that is; "" where nobody has asked."""
    lines = fate_of(found)
    if not lines:
        return ""
    funnel = _funnel_of(found)
    drawn = "" if funnel is None else funnel_html(funnel)
    words = apart(f'<div style="padding:1px 0;{MUTED}">{safe(line, 400)}</div>' for line in lines)
    return section("What became of the mails", f'{drawn}<div style="margin-top:6px">{words}</div>')


def _funnel_of(found: RunFacts) -> Funnel | None:
    """Return how far a run's mails came, None where that is not known."""
    funnel = funnel_of(found.counts, found.fates)
    return funnel if funnel.known and not found.batch else None


def _batch_html(found: RunFacts) -> str:
    """Return how the batches stand by the server's own counts, "" where there are none."""
    counts = batch_counts(found.rows)
    if not counts:
        return ""
    rows = [row for row in batch_rows(found.rows) if row.get("batch_total") is not None]
    stand = Counter(str(row.get("api_status")) for row in rows)
    if len(rows) == 1:
        words = f"The batch has {counts['total']:,} people; the server says: {next(iter(stand))}."
    else:
        told = ", ".join(f"{count:,} × {status}" for status, count in stand.most_common())
        words = f"{len(rows):,} batches have {counts['total']:,} people; the server says: {told}."
    return f"<div>{safe(words, 120)}</div>{bar({name: counts[name] for name in _BATCH_PARTS})}"

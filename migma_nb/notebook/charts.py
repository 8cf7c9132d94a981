"""Small charts as inline SVG, for pages without scripts and style sheets; words beside them say the same."""

from collections.abc import Mapping, Sequence
from html import escape

from migma_nb.ledger.timeline import Timeline
from migma_nb.notebook.lines import share
from migma_nb.notebook.theme import LINE, MUTED, colour, legend, section, steps
from migma_nb.notebook.times import FEWEST_DRAWN, times_words
from migma_nb.sending.fates import Funnel

#: Height of the tallest column, and the width that a column may take at most (pixels).
_HEIGHT, _WIDEST = 44, 14
#: Of its own place a column takes this share; the rest is the gap to the next.
_FILLED = 0.84
#: A mail among thousands can still be seen (pixels).
_LOWEST = 1.5
#: The words below are as wide as so many columns, even where there are fewer.
_FEWEST_WORDS = 34
#: Columns of a terminal that the longest bar takes.
_TEXT_BAR = 30


def times_html(timeline: Timeline | None) -> str:
    """Return when mails were answered: a column for each stretch of time, and the same in words below."""
    if timeline is None:
        return ""
    first, most, last = times_words(timeline)
    totals = timeline.totals
    words = f"from {first} to {last}, {most}"
    if len(totals) < FEWEST_DRAWN:
        return section("Mails over time", f'<div style="{MUTED}">{escape(words)}</div>')
    row = "display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 16px;font-size:.92em"
    row += f";max-width:{max(_FEWEST_WORDS, len(totals)) * _WIDEST}px;{MUTED}"
    named = {str(state): sum(counts) for state, counts in timeline.counts.items()}
    return section(
        "Mails over time",
        _columns({str(state): counts for state, counts in timeline.counts.items()}, words)
        + f'<div style="{row}"><span>from {escape(first)}</span> <span>{escape(most)}</span> '
        f"<span>to {escape(last)}</span></div>" + (legend(named) if len(named) > 1 else ""),
    )


def _columns(counts: Mapping[str, Sequence[int]], words: str) -> str:
    """Return stacked columns, one path a state: a column costs some twenty bytes."""
    totals = [sum(column) for column in zip(*counts.values(), strict=True)]
    most = max(totals)
    below = [0.0] * len(totals)
    paths = []
    for name, values in counts.items():
        drawn = []
        for at, value in enumerate(values):
            if value:
                high = max(_HEIGHT * value / most, _LOWEST)
                drawn.append(f"M{at} {_HEIGHT - below[at]:.1f}v-{high:.1f}h{_FILLED}v{high:.1f}z")
                below[at] += high
        paths.append(f'<path fill="{colour(name)}" d="{"".join(drawn)}"></path>')
    # What is raised so that it can be seen needs room above.
    top = max(below) - _HEIGHT
    box = f"0 {-max(top, 0):.1f} {len(totals)} {_HEIGHT + max(top, 0):.1f}"
    style = f"display:block;max-width:{len(totals) * _WIDEST}px;margin:4px 0 2px;border-bottom:{LINE}"
    return (
        f'<svg role="img" aria-label="{escape(words)}" viewBox="{box}" preserveAspectRatio="none" '
        f'width="100%" height="{_HEIGHT}" style="{style}">{"".join(paths)}</svg>'
    )


def funnel_html(funnel: Funnel) -> str:
    """Return how far mails came: a bar for each stage, and those that went another way in words below."""
    drawn = steps((one.name, one.count, share(one.count, one.whole, one.of)) for one in funnel.stages)
    return drawn + f'<div style="margin-top:4px">{legend(dict(funnel.beside))}</div>'


def funnel_text(funnel: Funnel) -> list[str]:
    """Return how far mails came as lines with a bar each, at most 80 columns wide."""
    names = max(len(one.name) for one in funnel.stages)
    digits = max(len(f"{one.count:,}") for one in funnel.stages)
    most = max(one.count for one in funnel.stages) or 1
    lines = []
    for one in funnel.stages:
        drawn = "█" * -(-_TEXT_BAR * one.count // most)
        words = share(one.count, one.whole, one.of)
        lines.append(f"  {one.name:<{names}}  {one.count:>{digits},}  {drawn:<{_TEXT_BAR}}  {words}".rstrip())
    return lines

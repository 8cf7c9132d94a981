"""Small charts as inline SVG, for pages without scripts and style sheets; words beside them say the same."""

from collections.abc import Mapping, Sequence
from html import escape

from migma_nb.ledger.timeline import Timeline
from migma_nb.notebook.lines import share
from migma_nb.notebook.theme import LINE, MUTED, colour, legend, section, steps
from migma_nb.notebook.times import FEWEST_DRAWN, times_words
from migma_nb.sending.fates import Funnel

#: Height of the tallest column, and the width of a column where there are many and room is enough (pixels).
_HEIGHT, _WIDEST = 44, 14
#: Of its own place a column takes this share; the rest is the gap to the next.
_FILLED = 0.84
#: A mail among thousands can still be seen (pixels).
_LOWEST = 2
#: It is as wide as so many columns, even where there are fewer.
_FEWEST = 40
#: Columns of a terminal that the longest bar takes.
_TEXT_BAR = 30


def times_html(timeline: Timeline | None) -> str:
    """Return when mails were answered: a column for each stretch of time, and the same in words below."""
    if timeline is None:
        return ""
    told, totals = times_words(timeline), timeline.totals
    title = "Mails over time" + (
        f' <span style="{MUTED};font-weight:normal">{told.day}</span>' if told.day else ""
    )
    words = f"from {told.first} to {told.last}, {told.most}"
    if len(totals) < FEWEST_DRAWN:
        return section(title, f'<div style="{MUTED}">{escape(words)}</div>')
    width = f"max-width:{max(_FEWEST, len(totals)) * _WIDEST}px"
    row = f"display:flex;justify-content:space-between;gap:16px;font-size:.92em;{width};{MUTED}"
    counts = {str(state): numbers for state, numbers in timeline.counts.items()}
    below = "".join(f"<span>{escape(part)}</span> " for part in (told.first, told.most, told.last))
    drawn = _columns(counts, words, width) + f'<div style="{row}">{below}</div>'
    return section(
        title, drawn + (legend({name: sum(of) for name, of in counts.items()}) if len(counts) > 1 else "")
    )


def _columns(counts: Mapping[str, Sequence[int]], words: str, width: str) -> str:
    """Return stacked columns, one path a state and one stroke a column: it costs a dozen bytes."""
    totals = [sum(column) for column in zip(*counts.values(), strict=True)]
    most = max(totals)
    below = [0] * len(totals)
    paths = []
    for name, values in counts.items():
        drawn = []
        for at, value in enumerate(values):
            if value:
                high = max(round(_HEIGHT * value / most), _LOWEST)
                drawn.append(f"M{at} {_HEIGHT - below[at]}v-{high}")
                below[at] += high
        stroke = f'stroke="{colour(name)}" stroke-width="{_FILLED}"'
        paths.append(f'<path {stroke} d="{"".join(drawn)}"></path>')
    # What is raised so that it can be seen needs room above.
    top = max(max(below) - _HEIGHT, 0)
    box = f"-.5 {-top} {len(totals)} {_HEIGHT + top}"
    # Pages that set the height of every picture yield to a style of its own.
    style = f"display:block;height:{_HEIGHT}px;{width};margin:4px 0 2px;border-bottom:{LINE}"
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
        drawn = "█" * _blocks(one.count, most)
        words = share(one.count, one.whole, one.of)
        lines.append(f"  {one.name:<{names}}  {one.count:>{digits},}  {drawn:<{_TEXT_BAR}}  {words}".rstrip())
    return lines


def _blocks(count: int, most: int) -> int:
    """Return how long a bar is; as with shares, only nothing is nothing, and only all is all."""
    if count in {0, most}:
        return _TEXT_BAR if count else 0
    return min(max(round(_TEXT_BAR * count / most), 1), _TEXT_BAR - 1)

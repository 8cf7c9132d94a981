"""A run as a figure of matplotlib: how far the mails came, and when they were sent.

Only whoever draws imports this module: matplotlib is optional, and takes its time.
"""

import io
import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import DateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from migma_nb.ledger.timeline import Timeline
from migma_nb.notebook.lines import one_line, share
from migma_nb.notebook.theme import colour
from migma_nb.notebook.times import stretch_name
from migma_nb.sending.batch_words import batch_counts
from migma_nb.sending.fates import Funnel, batch_funnel_of, funnel_of
from migma_nb.sending.reporting import checked
from migma_nb.sending.summary import RunFacts

_DAY_S = 86_400
_LONGEST_NAME = 70
_GREY = "#5a5f66"


class RunFigure(Figure):
    """A figure that a notebook shows although nothing there has set matplotlib up."""

    def _repr_png_(self) -> bytes:
        drawn = io.BytesIO()
        self.savefig(drawn, format="png")
        return drawn.getvalue()


def figure_of(found: RunFacts) -> RunFigure:
    """Return a run's figure: to the left how far its rows came, to the right when its mails were answered."""
    counts = batch_counts(found.rows) if found.batch else {}
    funnel = batch_funnel_of(counts) if counts else funnel_of(found.counts, found.fates)
    bars = len(funnel.stages) + len(funnel.beside)
    figure = RunFigure(figsize=(11, max(3.6, 1.9 + 0.36 * bars)), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    where = "sandbox" if found.sandbox else "LIVE"
    title = f"{one_line(found.mailing, _LONGEST_NAME)}\nrun {found.run_id}, {found.state} ({where})"
    figure.suptitle(_drawable(title), fontsize=11, parse_math=False)
    _draw_funnel(left, funnel)
    _draw_times(right, found.timeline)
    figure.supxlabel(_note(found, funnel), fontsize=8, color=_GREY)
    return figure


def _note(found: RunFacts, funnel: Funnel) -> str:
    if found.batch:
        return "By the server's own counts; who of its people got it, only the server knows."
    if not funnel.known or found.fates is None:
        known = "What became of the mails is not known"
        return known + (
            ": run.refresh() asks." if found.has_log else ": Migma keeps no log of mails of this kind."
        )
    return (
        f"What became of the mails: Migma's log, asked {checked(found.fates)}. "
        "Opens are inflated by privacy proxies and filters."
    )


def _draw_funnel(axes: Axes, funnel: Funnel) -> None:
    bars = [(one.name, one.count, share(one.count, one.whole, one.of)) for one in funnel.stages]
    # A gap between those that went on and those that went another way.
    places = [*range(len(bars)), *(len(bars) + 0.5 + at for at in range(len(funnel.beside)))]
    bars += [(name, count, "") for name, count in funnel.beside]
    most = max((count for _, count, _ in bars), default=0) or 1
    names, counts = [name.replace("_", " ") for name, _, _ in bars], [count for _, count, _ in bars]
    axes.barh(places, counts, color=[colour(name) for name, _, _ in bars], height=0.72)
    for place, (_, count, words) in zip(places, bars, strict=True):
        text = f"{count:,}" + (f"   {words}" if words else "")
        axes.annotate(text, (count, place), (5, 0), textcoords="offset points", va="center", fontsize=9)
    axes.set_yticks(places, names)
    axes.invert_yaxis()
    # Room for the words behind the longest bar.
    axes.set_xlim(0, most * 1.45)
    axes.set_xlabel("people" if funnel.stages[0].name == "people" else "rows")
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10], integer=True))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.set_title("How far they came", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_times(axes: Axes, timeline: Timeline | None) -> None:
    axes.set_title("Mails over time", fontsize=10)
    if timeline is None:
        axes.text(0.5, 0.5, "no mail was sent yet", transform=axes.transAxes, ha="center", color=_GREY)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_xlabel("time (UTC)")
        axes.set_ylabel("mails")
        return
    step, totals = timeline.step_s, timeline.totals
    begins = (timeline.begin + np.arange(len(totals)) * step) / _DAY_S
    below = np.zeros(len(totals))
    for state, counts in timeline.counts.items():
        drawn: dict[str, Any] = {
            "color": colour(state),
            "edgecolor": "white",
            "lw": 0.4,
            "label": f"{sum(counts):,} {state}",
        }
        axes.bar(begins, counts, step / _DAY_S, bottom=below, align="edge", **drawn)
        below += counts
    around = max(step * 0.5, (3 - len(totals)) * step)
    axes.set_xlim((timeline.begin - around) / _DAY_S, (timeline.end + around) / _DAY_S)
    axes.xaxis_date("UTC")
    text, most = _tick_format(len(totals) * step, step)
    # Times are written in whole seconds, so that no finer ones are named.
    ticks = begins if step >= 1.0 else np.arange(math.ceil(timeline.begin), timeline.end) / _DAY_S
    axes.set_xticks(ticks[:: max(1, math.ceil(len(ticks) / most))])
    axes.xaxis.set_major_formatter(
        DateFormatter(text, tz="UTC")  # type: ignore[no-untyped-call]  # it says no types
    )
    # Room above for what came to what, where there is more than one thing.
    several = len(timeline.counts) > 1
    axes.set_ylim(0, max(max(totals) * (1.35 if several else 1.1), 1.2))
    if several:
        axes.legend(loc="upper center", ncols=len(timeline.counts), fontsize=8, frameon=False)
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10], integer=True))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    ends = (timeline.begin, timeline.end - step)
    days = sorted({f"{datetime.fromtimestamp(when, UTC):%Y-%m-%d}" for when in ends})
    axes.set_xlabel(f"time (UTC), {' to '.join(days)}")
    axes.set_ylabel(f"mails in {stretch_name(step)}")
    axes.spines[["top", "right"]].set_visible(False)


def _tick_format(span_s: float, step_s: float) -> tuple[str, int]:
    """Return how the times of an axis are written, and how many of them have room."""
    if step_s < 60:  # noqa: PLR2004 - a minute
        return "%H:%M:%S", 4
    if span_s < _DAY_S:
        return "%H:%M", 6
    return ("%d %b %H:%M", 3) if span_s < 4 * _DAY_S else ("%d %b %Y", 3)


def _drawable(text: str) -> str:
    """Return a text with a box for each character that the font lacks: drawing it would warn every time."""
    font: Any = font_manager.get_font(font_manager.findfont(font_manager.FontProperties()))
    return "".join(char if char == "\n" or font.get_char_index(ord(char)) else "\u25a1" for char in text)

"""A run as a figure of matplotlib: how far the mails came, and when they were sent.

Only whoever draws imports this module: matplotlib is optional, and takes its time.
"""

import io
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import DateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from migma_nb.notebook.lines import one_line, share
from migma_nb.notebook.theme import colour
from migma_nb.sending.fates import Funnel, batch_funnel_of, funnel_of
from migma_nb.sending.reporting import checked
from migma_nb.sending.summary import RunFacts

#: The lengths of time that are counted together (seconds), the shortest first, with their names.
_STEPS = (
    (1, "second"),
    (5, "5 seconds"),
    (15, "15 seconds"),
    (60, "minute"),
    (300, "5 minutes"),
    (900, "15 minutes"),
    (3_600, "hour"),
    (21_600, "6 hours"),
    (86_400, "day"),
    (604_800, "week"),
)
_MOST_BARS = 60
_DAY_S = 86_400
_LONGEST_NAME = 70
_GREY = "#5a5f66"


class RunFigure(Figure):
    """A figure that a notebook shows although nothing there has set matplotlib up."""

    def _repr_png_(self) -> bytes:
        drawn = io.BytesIO()
        self.savefig(drawn, format="png")
        return drawn.getvalue()


def figure_of(found: RunFacts, sent_at: Sequence[float]) -> RunFigure:
    """Return a run's figure: to the left how far its rows came, to the right when its mails were taken.

    Args:
        found: the run.
        sent_at: when each mail was taken by the API (seconds since the epoch).
    """
    batch = found.batch and bool(found.rows) and found.rows[0].get("batch_total") is not None
    funnel = batch_funnel_of(found.rows[0]) if batch else funnel_of(found.counts, found.fates)
    bars = len(funnel.stages) + len(funnel.beside)
    figure = RunFigure(figsize=(11, max(3.6, 1.9 + 0.36 * bars)), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    where = "sandbox" if found.sandbox else "LIVE"
    title = f"{one_line(found.mailing, _LONGEST_NAME)}\nrun {found.run_id}, {found.state} ({where})"
    figure.suptitle(_drawable(title), fontsize=11, parse_math=False)
    _draw_funnel(left, funnel)
    _draw_times(right, sent_at)
    figure.supxlabel(_note(found, funnel), fontsize=8, color=_GREY)
    return figure


def _note(found: RunFacts, funnel: Funnel) -> str:
    if found.batch:
        return "By the server's own counts of the batch; who of its people got it, only the server knows."
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


def _draw_times(axes: Axes, sent_at: Sequence[float]) -> None:
    axes.set_title("Mails taken by the API over time", fontsize=10)
    if not len(sent_at):
        axes.text(0.5, 0.5, "no mail was taken yet", transform=axes.transAxes, ha="center", color=_GREY)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_xlabel("time (UTC)")
        axes.set_ylabel("mails")
        return
    step, name = _step(max(sent_at) - min(sent_at))
    first, last = math.floor(min(sent_at) / step), math.floor(max(sent_at) / step)
    counts = np.bincount(
        np.floor(np.asarray(sent_at) / step).astype(np.int64) - first, minlength=last - first + 1
    )
    begins = (np.arange(first, last + 1) * step) / _DAY_S
    width = step / _DAY_S
    axes.bar(begins, counts, width, align="edge", color=colour("accepted"), edgecolor="white", lw=0.4)
    around = max(step * 0.5, (3 - len(counts)) * step)
    axes.set_xlim((first * step - around) / _DAY_S, ((last + 1) * step + around) / _DAY_S)
    axes.xaxis_date("UTC")
    text, most = _tick_format(len(counts) * step, step)
    axes.set_xticks(begins[:: math.ceil(len(begins) / most)])
    axes.xaxis.set_major_formatter(
        DateFormatter(text, tz="UTC")  # type: ignore[no-untyped-call]  # it says no types
    )
    axes.set_ylim(0, max(int(counts.max()) * 1.1, 1.2))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10], integer=True))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    days = sorted({f"{datetime.fromtimestamp(when, UTC):%Y-%m-%d}" for when in (min(sent_at), max(sent_at))})
    axes.set_xlabel(f"time (UTC), {' to '.join(days)}")
    axes.set_ylabel(f"mails per {name}")
    axes.spines[["top", "right"]].set_visible(False)


def _tick_format(span_s: float, step_s: int) -> tuple[str, int]:
    """Return how the times of an axis are written, and how many of them have room."""
    if step_s < 60:  # noqa: PLR2004 - a minute
        return "%H:%M:%S", 4
    if span_s < _DAY_S:
        return "%H:%M", 6
    return ("%d %b %H:%M", 3) if span_s < 4 * _DAY_S else ("%d %b %Y", 3)


def _step(span_s: float) -> tuple[int, str]:
    """Return the shortest length of time that keeps the bars few enough to be told apart."""
    for seconds, name in _STEPS:
        if span_s / seconds < _MOST_BARS:
            return seconds, name
    weeks = math.ceil(span_s / 604_800 / _MOST_BARS)
    return weeks * 604_800, f"{weeks} weeks"


def _drawable(text: str) -> str:
    """Return a text with a box for each character that the font lacks: drawing it would warn every time."""
    font: Any = font_manager.get_font(font_manager.findfont(font_manager.FontProperties()))
    return "".join(char if char == "\n" or font.get_char_index(ord(char)) else "\u25a1" for char in text)

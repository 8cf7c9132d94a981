"""What the panel says of a run at one moment: a title, a bar, a line on the pace, what went wrong and why."""

from html import escape

from migma_nb.api.states import RunState, State
from migma_nb.ledger.control import Wish
from migma_nb.notebook.lines import counted, one_line, quoted, safe
from migma_nb.notebook.masking import masked
from migma_nb.notebook.theme import MUTED, badge, bar, dot, head, named, panel
from migma_nb.sending.glance import Glance
from migma_nb.sending.troubles import Trouble

_MINUTE_S, _HOUR_S, _DAY_S = 60.0, 3600.0, 86_400.0
_AGAIN = "tried again"


def title_of(found: Glance) -> str:
    """Return the run in one line: its mailing, and how many of its rows are done."""
    name = quoted(masked(found.mailing), 60)
    if found.batches is not None:
        sent, total = found.batches.sent, found.batches.total
        return f"{name}: {sent:,} of {counted(total, 'person', 'people')} mailed by the server"
    return f"{name}: {found.size - found.left:,} of {counted(found.size, 'row', 'rows')} done"


def pace_of(found: Glance) -> str:
    """Return what the run is doing, how fast it goes and may go, and how long it will take, in one line."""
    flying = counted(found.counts.get(State.SENDING, 0), "mail", "mails")
    if found.over:
        return f"The run is over: {found.state}."
    if found.state not in {RunState.RUNNING, RunState.PAUSED}:
        words = f" ({one_line(found.batches.words, 60)})" if found.batches else ""
        return f"Every call is made; the server works on what it took{words}."
    if found.pacing.wanted is Wish.STOP:
        return f"Stopping: {flying} in flight come back first."
    if found.state is RunState.PAUSED:
        why = "Paused by itself" if found.needs_a_person else "Paused"
        return f"{why}: nothing new is sent; {found.left:,} to go."
    if found.pacing.wanted is Wish.PAUSE:
        return f"Pausing: {flying} in flight come back first."
    parts = [_rate(found), _allowed(found), _left(found)]
    return " · ".join(part for part in parts if part)


def held_words(found: Glance) -> str:
    """Return which rows other runs hold, "" for none."""
    told = (
        f"{counted(one.rows, 'row', 'rows')} by run {one.run_id} ({one.state})" for one in found.pacing.held
    )
    words = ", ".join(told)
    return f"Held elsewhere: {words}." if words else ""


def trouble_words(one: Trouble) -> str:
    """Return one kind of trouble in a line: how many rows, why, and which row was the last."""
    state = _AGAIN if one.state is State.WAITING else str(one.state)
    return f"{one.count:,} {state}: {one_line(masked(one.words), 200)} (row {one.newest:,})"


def head_html(found: Glance) -> str:
    """Return the upper part of the panel: what it is, its bar, its counts, and its pace."""
    where = f'<span style="{MUTED}">sandbox: nobody real is mailed</span>' if found.sandbox else badge("LIVE")
    counts = {str(state): count for state, count in found.counts.items()}
    if found.batches is not None:
        told = found.batches
        counts = {"sent": told.sent, "failed": told.failed, "queued": told.queued}
    held = held_words(found)
    return "".join(
        [
            head(
                f"Run {named(found.run_id)} · {found.state}",
                safe(title_of(found), 120),
                f"<span>{where} · {safe(found.server, 80)}</span>",
            ),
            bar(counts),
            f'<div style="margin-top:8px">{safe(pace_of(found), 160)}</div>',
            f'<div style="{MUTED}">{safe(held, 300)}</div>' if held else "",
        ]
    )


def troubles_html(found: Glance) -> str:
    """Return what was refused and why, newest first, in a block that is scrolled once it is long."""
    if not found.troubles:
        return f'<div style="{MUTED};margin-top:8px">Nothing refused so far.</div>'
    lines = "".join(
        f'<div style="padding:1px 0">{dot(_colour(one))} {safe(trouble_words(one), 300)}</div>'
        for one in found.troubles
    )
    style = "max-height:9em;overflow-y:auto;margin-top:8px"
    label = "Refused, unknown, and tried again; newest first"
    return (
        f'<div tabindex="0" role="region" aria-label="{escape(label)}" style="{style}">'
        f'<div style="{MUTED};font-size:.88em">{escape(label)}</div>{lines}</div>'
    )


def reason_html(found: Glance) -> str:
    """Return why a run paused itself, "" where it did not."""
    if not found.needs_a_person:
        return ""
    words = safe(masked(found.detail), 400)
    return f'<div role="status">{panel(f"<b>Paused by itself:</b> {words}", "warning")}</div>'


def about(seconds: float) -> str:
    """Return a time for a person: "about 3 min", never more exact than it can be."""
    if seconds < _MINUTE_S:
        return f"about {max(5, 5 * round(seconds / 5)):.0f} s" if seconds >= 5 else "a few seconds"  # noqa: PLR2004 - by fives
    if seconds < _HOUR_S:
        return f"about {round(seconds / _MINUTE_S)} min"
    if seconds < _DAY_S:
        minutes = round(seconds / _MINUTE_S)
        return f"about {minutes // 60} h {minutes % 60:02d} min"
    return f"about {round(seconds / _DAY_S, 1):g} days"


def _rate(found: Glance) -> str:
    rate = found.pacing.per_minute
    return "starting …" if rate is None else f"{_number(rate)} a minute now"


def _allowed(found: Glance) -> str:
    allowed = found.pacing.allowed
    if allowed.held_s > 0:
        return f"the server asks to wait {about(allowed.held_s)}"
    if allowed.per_minute is None:
        return ""
    how = "as set" if allowed.fixed else "the server's limit" if allowed.met else "growing"
    return f"allowed {_number(allowed.per_minute)} ({how})"


def _left(found: Glance) -> str:
    return "" if found.left_s is None else f"{about(found.left_s)} left"


def _number(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"  # noqa: PLR2004 - two figures that mean something


def _colour(one: Trouble) -> str:
    return "warning" if one.state is State.WAITING else str(one.state)

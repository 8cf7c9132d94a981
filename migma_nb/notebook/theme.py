"""The one style of all cards: inline, since pages strip style sheets, and readable on light and dark."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from migma_nb.notebook.lines import safe

#: Grey on whatever background there is: the page's own text colour, paler.
MUTED = "opacity:.7"
LINE = "1px solid rgba(128,128,128,.35)"
TINT = "background:rgba(128,128,128,.1)"
CODE = "font-family:var(--jp-code-font-family,ui-monospace,Menlo,Consolas,monospace);font-size:.92em"
#: Seen where a page has stripped the styles that keep words apart, and nowhere else.
COMMA = '<span style="display:none">,</span> '
#: Each at least 3:1 against white and against near-black; words and numbers always stand beside them.
COLOURS = {
    "ready": "#2a9d6f",
    "accepted": "#2a9d6f",
    "sent": "#2a9d6f",
    "already_sent": "#4a90d9",
    "unknown": "#d08216",
    "refused": "#d9534f",
    "failed": "#d9534f",
    "error": "#d9534f",
    "invalid": "#c2649f",
    "warning": "#d08216",
    "duplicate": "#9a7fd1",
    "excluded": "#8a8f98",
    "not_sent": "#8a8f98",
    "waiting": "#8a8f98",
    "queued": "#8a8f98",
    "sending": "#1d9aa8",
    "planned": "#8a8f98",
    "delivered": "#1d9aa8",
    "opened": "#4a90d9",
    "clicked": "#9a7fd1",
    "bounced": "#d9534f",
    "complained": "#c2649f",
    "suppressed": "#d08216",
}
_OTHER = "#8a8f98"
#: A part of a bar is never narrower than this, in percent: one row of a million can still be seen.
_NARROWEST = 1.0
#: Between two parts, in percent, so that they can be told apart without colour.
_GAP = 0.25
#: What a bar has before it.
_TRACK = "background:rgba(128,128,128,.15)"
#: Lab styles every table of an output: fixed columns, striped rows, text to the right.
_TABLE = "border-collapse:collapse;table-layout:auto;border:0;font-size:1em;color:inherit"
_CELL = "vertical-align:top;text-align:left;border:0;line-height:1.5;padding:2px 16px 2px 0"


def card(*parts: str) -> str:
    """Return a card of parts that are already HTML; empty parts are left out."""
    style = (
        f"max-width:64em;box-sizing:border-box;padding:16px 20px;margin:6px 0;border:{LINE};"
        "border-radius:10px;font-family:var(--jp-ui-font-family,system-ui,sans-serif);font-size:13px;line-height:1.5;"
        "color:var(--jp-content-font-color1,inherit);overflow-wrap:anywhere;text-align:left"
    )
    return f'<div style="{style}">{apart(parts)}</div>'


def apart(parts: Iterable[str]) -> str:
    """Return parts of HTML one after the other, apart also on a page that strips all tags; none are empty."""
    return "\n".join(part for part in parts if part)


def head(kind: str, title: str, aside: str) -> str:
    """Return a card's head: what it is and an aside in small letters, and its title below; all HTML."""
    row = "display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 16px;font-size:.88em"
    return (
        f'<div style="{row}"><span style="{MUTED}">{kind}</span> {aside}</div>\n'
        f'<div style="font-size:1.3em;line-height:1.35;margin:2px 0 8px"><b>{title}</b></div>'
    )


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Return a two-column table of names (text) and values (HTML)."""
    rows = [(f'<span style="{MUTED}">{escape(name)}</span>', value) for name, value in pairs]
    return _table(rows, ("white-space:nowrap", "padding-right:0"), "margin:12px 0 0")


def bar(counts: Mapping[str, int], meanings: Mapping[str, str] | None = None) -> str:
    """Return a stacked bar of counts with a legend in words and numbers.

    Args:
        counts: state to number of rows; zeros are left out.
        meanings: state to a few words, shown under the bar one a line; without them the legend is one line.
    """
    shown = {name: count for name, count in counts.items() if count}
    if not shown:
        return ""
    total = sum(shown.values())
    widths = [max(100 * count / total, _NARROWEST) for count in shown.values()]
    scale = (100 + _GAP) / sum(widths)
    at, pieces = 0.0, []
    for name, width in zip(shown, widths, strict=True):
        share = width * scale
        pieces.append(
            f'<rect x="{at:.2f}%" width="{share - _GAP:.2f}%" height="10" fill="{colour(name)}"></rect>'
        )
        at += share
    words = escape(", ".join(f"{count:,} {name}" for name, count in shown.items()))
    style = "display:block;height:10px;border-radius:5px;overflow:hidden;margin:8px 0"
    svg = f'<svg role="img" aria-label="{words}" width="100%" height="10" style="{style}">'
    return f"{svg}{''.join(pieces)}</svg>" + (
        legend(shown) if meanings is None else _explained(shown, meanings)
    )


def steps(rows: Iterable[tuple[str, int, str]]) -> str:
    """Return a funnel: a line for each stage with its bar, its number and a few words (text).

    Args:
        rows: the stage's name, its number, and what share that is of which stage; the longest bar is the
            largest number's.
    """
    found = list(rows)
    most = max((count for _, count, _ in found), default=0) or 1
    cells = []
    for name, count, words in found:
        width = max(100 * count / most, _NARROWEST if count else 0)
        drawn = (
            f'<svg role="img" aria-label="{count:,} {escape(name)}" width="100%" '
            f'style="display:block;height:12px;margin:4px 0;min-width:40px;border-radius:3px;{_TRACK}">'
            f'<rect width="{width:.2f}%" height="12" rx="3" fill="{colour(name)}"></rect></svg>'
        )
        muted = f'<span style="{MUTED}">{escape(words)}</span>'
        cells.append((escape(name), drawn, f"<b>{count:,}</b>", muted))
    right = "text-align:right;white-space:nowrap"
    columns = ("white-space:nowrap", "width:100%", right, "white-space:nowrap;padding-right:0")
    return _table(cells, columns, "margin:0;width:100%")


def small_bar(count: int, most: int, name: str) -> str:
    """Return a short bar without words, for beside a number that is one of several; `most` is the largest."""
    width = max(100 * count / most, 4.0)
    return (
        '<svg aria-hidden="true" width="56" '
        f'style="width:56px;height:8px;vertical-align:middle;margin-right:8px;border-radius:2px;{_TRACK}">'
        f'<rect width="{width:.1f}%" height="8" rx="2" fill="{colour(name)}"></rect></svg>'
    )


def dot(name: str) -> str:
    """Return a small square in the colour of a state or severity."""
    size = "display:inline-block;width:9px;height:9px;border-radius:2px"
    return f'<span style="{size};background:{colour(name)}"></span>'


def panel(content: str, name: str = "") -> str:
    """Return a tinted block of HTML, with an edge in the colour of a state or severity where one is named."""
    edge = f";border-left:3px solid {colour(name)}" if name else ""
    return f'<div style="{TINT};border-radius:6px;padding:8px 12px;margin-top:12px{edge}">{content}</div>'


def section(title: str, content: str) -> str:
    """Return a small heading (HTML) with HTML below it."""
    heading = f'<div style="margin-bottom:3px"><b>{title}</b></div>'
    return f'<div style="margin-top:14px">{heading}\n{content}</div>'


def typed(steps: Sequence[tuple[str, str]]) -> str:
    """Return lines to type, each with a few words on what it does (both text)."""
    rows = [(named(line, 90), f'<span style="{MUTED}">{escape(words)}</span>') for line, words in steps]
    return _table(rows, ("white-space:nowrap", "padding-right:0"), "margin:0")


def badge(words: str) -> str:
    """Return a few words (text) in a frame, so that nobody overlooks them."""
    return f'<b style="border:1px solid currentColor;border-radius:4px;padding:0 7px">{escape(words)}</b>'


def named(name: object, most: int = 40) -> str:
    """Return a code or an id, untrusted, in the code font."""
    return f'<code style="{CODE};background:none;padding:0;border:0;color:inherit">{safe(name, most)}</code>'


def legend(counts: Mapping[str, int]) -> str:
    """Return counts in one line, each with its square in its colour."""
    items = COMMA.join(
        f'<span style="white-space:nowrap">{dot(name)} <b>{count:,}</b> {escape(name)}</span>'
        for name, count in counts.items()
    )
    return f'<div style="display:flex;flex-wrap:wrap;gap:2px 20px">{items}</div>'


def _explained(counts: Mapping[str, int], meanings: Mapping[str, str]) -> str:
    rows = [
        (
            f"<b>{count:,}</b>",
            f"{dot(name)} {escape(name)}",
            f'<span style="{MUTED}">{escape(meanings.get(name, ""))}</span>',
        )
        for name, count in counts.items()
    ]
    return _table(rows, ("text-align:right", "white-space:nowrap", "padding-right:0"), "margin:0")


def _table(rows: Iterable[Sequence[str]], columns: Sequence[str], style: str) -> str:
    """Return a table of HTML cells, with a style for each column and one for the whole."""
    lines = "\n".join(
        '<tr style="background:none">'
        + " ".join(f'<td style="{_CELL};{own}">{cell}</td>' for cell, own in zip(cells, columns, strict=True))
        + "</tr>"
        for cells in rows
    )
    return f'<table style="{_TABLE};{style}"><tbody>{lines}</tbody></table>'


def colour(name: str) -> str:
    """Return the colour of a state, a severity or a word of the log."""
    return COLOURS.get(name, _OTHER)

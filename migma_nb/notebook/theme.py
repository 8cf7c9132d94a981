"""The one style of all cards: inline, so that it survives pages that strip styles, in light and dark."""

from html import escape

MUTED = "color:var(--jp-ui-font-color2,#6b7280)"
BORDER = "1px solid var(--jp-border-color2,#d1d5db)"
#: Readable on light and dark backgrounds; words and numbers always stand beside them.
STATE_COLOURS = {
    "accepted": "#2e9e5b",
    "already_sent": "#6a9fd8",
    "unknown": "#d9822b",
    "refused": "#d64545",
    "invalid": "#b0578d",
    "duplicate": "#9a8fc0",
    "excluded": "#8a94a6",
    "not_sent": "#b8a13a",
    "waiting": "#c3c9d4",
    "sending": "#3fb0ac",
    "ready": "#2e9e5b",
}


def clean(text: object, most: int = 80) -> str:
    """Return text on one line, shortened, without characters that turn or hide what follows."""
    words = " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
    return words if len(words) <= most else words[: most - 1] + "…"


def safe(text: object, most: int = 80) -> str:
    """Return untrusted text for HTML: on one line, shortened, escaped."""
    return escape(clean(text, most))


def card(title: str, *parts: str) -> str:
    """Return a card with a title and its parts."""
    head = f'<div style="font-weight:600;font-size:1.05em;margin-bottom:8px">{title}</div>'
    style = (
        f"max-width:860px;padding:14px 16px;margin:4px 0;border:{BORDER};border-radius:8px;line-height:1.45"
    )
    return f'<div style="{style};overflow-wrap:anywhere">{head}{"".join(parts)}</div>'


def facts(pairs: list[tuple[str, str]]) -> str:
    """Return a two-column table of names and (already safe) values."""
    cell = "padding:2px 14px 2px 0;vertical-align:top;text-align:left;border:0;background:none"
    rows = "".join(
        f'<tr style="background:none"><td style="{cell};{MUTED};white-space:nowrap">{name}</td>'
        f'<td style="{cell}">{value}</td></tr>'
        for name, value in pairs
    )
    return f'<table style="border-collapse:collapse;margin:0 0 8px 0;border:0">{rows}</table>'


def bar(counts: dict[str, int]) -> str:
    """Return a stacked bar of counts with a legend in words and numbers."""
    total = sum(counts.values()) or 1
    at, pieces, legend = 0.0, [], []
    for name, count in counts.items():
        width = 100 * count / total
        colour = STATE_COLOURS.get(name, "#8a94a6")
        pieces.append(f'<rect x="{at:.3f}%" width="{width:.3f}%" height="12" fill="{colour}"/>')
        at += width
        dot = (
            f'<span style="display:inline-block;width:9px;height:9px;border-radius:2px;background:{colour}">'
        )
        legend.append(
            f'<span style="margin-right:16px;white-space:nowrap">{dot}</span> {count:,} {escape(name)}</span>'
        )
    words = escape(", ".join(f"{count:,} {name}" for name, count in counts.items()))
    size = 'width="100%" height="12" style="display:block;border-radius:3px"'
    svg = f'<svg role="img" aria-label="{words}" {size}>'
    return f'{svg}{"".join(pieces)}</svg><div style="margin:6px 0 10px 0">{"".join(legend)}</div>'

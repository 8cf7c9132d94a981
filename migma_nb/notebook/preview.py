"""One message as its recipient will read it: as text, and as HTML that cannot do anything."""

import re
import textwrap
from dataclasses import replace
from html import escape

from migma_nb.notebook.lines import many_lines, one_line, safe
from migma_nb.notebook.theme import MUTED, card, facts, head
from migma_nb.planning.rendering import RenderedMessage, start_of

#: First in the frame, before a byte of the mail: nothing is fetched, nothing is sent, a link opens elsewhere.
_GUARD = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; form-action 'none'; base-uri 'none'\"><base target=\"_blank\">"
)
#: Without it Tab passes a mail without links by (Chromium, 2026-11), and no key scrolls it.
_REACHED = '<html tabindex="0">'
#: Seen in Chromium (2026-11): it connects to these tags' hosts before it asks the policy, and so tells them.
_CONNECTING = re.compile(r"<(?:link|iframe|frame)(?=[\s/>])", re.IGNORECASE)
_STORED = "The content is stored at Migma and cannot be shown here."
_NO_TEXT = "No text was found in this mail."
#: So many characters of a message's text are shown; `preview.text` has all.
MOST_TEXT = 6_000
_WIDTH = 96
#: How high the frame is (pixels) for the shortest mails, and for those that are longer or not only words.
_LOW, HIGH = 200, 520
#: A line of text takes about so much (pixels), with the room above it, and holds so many characters.
_LINE, _CHARACTERS = 36, 70
#: HTML of more characters is not read for how high it is: its text takes a moment, and is seldom short.
_READ_FOR_HEIGHT = 10_000
_NOT_ONLY_WORDS = re.compile(r"<(?:img|table|picture|svg|video)\b|height", re.IGNORECASE)


def preview_text(message: RenderedMessage) -> str:
    """Return a message as text: its head, what it says, and what the API leaves open."""
    pairs = _head(message)
    width = max(len(name) for name, _ in pairs)
    lines = [f"{name:<{width}}  {one_line(value, _WIDTH - width)}" for name, value in pairs]
    lines += ["", *(_wrapped(line) for line in shown_text(message).splitlines())]
    notes = [_wrapped(f"Note: {note}") for note in shown_notes(message)]
    return "\n".join([*lines, "", *notes] if notes else lines)


def preview_html(message: RenderedMessage) -> str:
    """Return a message as a card: its head, the mail in a sandboxed frame, and its text for pages without.

    The frame runs no script, follows no refresh and fetches nothing: it is sandboxed without exceptions,
    its policy stands before the mail's first byte, and tags that connect all the same are disarmed.
    """
    pairs = [(name, safe(value, 200)) for name, value in _head(message) if name != "Subject"]
    text = shown_text(message)
    notes = "".join(
        f'<div style="{MUTED};margin-top:4px;font-size:.92em">{safe(note, 300)}</div>'
        for note in shown_notes(message)
    )
    return card(
        head("Preview", safe(message.subject, 200), ""),
        facts(pairs),
        _apart(mail_frame(message.html, frame_height(message))) if message.html is not None else "",
        _as_text(text) if message.html is not None else f'<div style="margin-top:12px">{escape(text)}</div>',
        notes,
    )


def _head(message: RenderedMessage) -> list[tuple[str, str]]:
    pairs = [("From", message.sender), ("To", message.recipient), ("Subject", message.subject)]
    return [*pairs, ("Reply-To", message.reply_to)] if message.reply_to else pairs


def beginning(message: RenderedMessage) -> tuple[RenderedMessage, bool]:
    """Return a message with no more of its HTML than `shown_text` shows, and whether anything was cut off."""
    if message.html is None or len(message.html) <= _READ_FOR_HEIGHT:
        return message, False
    html = start_of(message.html, 2 * MOST_TEXT)
    return replace(message, html=html), len(html) < len(message.html)


def shown_text(message: RenderedMessage, *, cut: bool = False) -> str:
    """Return what a message says, as text that is fit to show; why there is none where there is none.

    Args:
        message: the message.
        cut: whether it is only the beginning of one.
    """
    if message.text is None:
        return _STORED
    if cut:
        return f"{many_lines(message.text[:MOST_TEXT], MOST_TEXT)}\n… and more"
    return many_lines(message.text, MOST_TEXT) or _NO_TEXT


def shown_notes(message: RenderedMessage) -> list[str]:
    """Return what the API leaves open; that stored content cannot be shown stands in place of the text."""
    notes = [note for note in message.notes if not note.startswith(_STORED[:-1])]
    unfilled = ", ".join(f"{{{{{name}}}}}" for name in message.unfilled)
    return [f"Not filled: {unfilled}.", *notes] if unfilled else notes


def _wrapped(line: str) -> str:
    return textwrap.fill(line, _WIDTH, break_long_words=False, break_on_hyphens=False)


def frame_height(message: RenderedMessage) -> int:
    """Return a height (pixels) in which a message leaves little of its frame empty; no frame can be asked."""
    html = message.html or ""
    if len(html) > _READ_FOR_HEIGHT or _NOT_ONLY_WORDS.search(html):
        return HIGH
    lines = [line for line in shown_text(message).splitlines() if line.strip()]
    height = 60 + _LINE * sum(1 + len(line) // _CHARACTERS for line in lines)
    return min(HIGH, max(_LOW, height))


def mail_frame(html: str, height: int, low: int = 0, high: int = 0) -> str:
    """Return a mail in a frame in which it can do nothing: no script, no refresh, nothing fetched.

    Args:
        html: the mail, anybody's.
        height: of the frame (pixels); its corner drags it higher.
        low: its least width (pixels); where there is less room it is scrolled.
        high: its greatest width (pixels), 0 for all the room there is.
    """
    # A mail is written for a white page, whatever the notebook's theme.
    frame = "display:block;width:100%;height:100%;border:0;background:#fff;color-scheme:light"
    frame += f";min-width:{low}px" if low else ""
    frame += f";max-width:{high}px;margin:0 auto" if high else ""
    # What scrolls must be reached by the keyboard, too.
    scrolls = ' tabindex="0" role="region" aria-label="The mail, scrolled sideways"' if low else ""
    overflow = "auto hidden" if low else "hidden"
    inside = escape(_GUARD + _REACHED + _CONNECTING.sub("<meta", html))
    return (
        f'<div{scrolls} style="height:{height}px;resize:vertical;overflow:{overflow}">'
        f'<iframe sandbox srcdoc="{inside}" title="The mail" '
        f'referrerpolicy="no-referrer" style="{frame}"></iframe></div>'
    )


def _apart(frame: str) -> str:
    return f'<div style="margin-top:10px">{frame}</div>'


def _as_text(text: str) -> str:
    start = f'<span style="{MUTED}">{safe(text, 70)}</span>'
    body = "white-space:pre-wrap;overflow-wrap:anywhere;background:none;color:inherit;margin:6px 0 0"
    return (
        f'<details style="margin-top:10px"><summary style="cursor:pointer">As text: {start}</summary>'
        f'<pre style="{body}">{escape(text)}</pre></details>'
    )

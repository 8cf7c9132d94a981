"""One message as its recipient will read it: as text, and as HTML that cannot do anything."""

from html import escape

from migma_nb.notebook.theme import MUTED, card, clean, facts, safe
from migma_nb.planning.rendering import RenderedMessage

#: First in the frame: nothing is fetched, nothing runs, and a link opens elsewhere.
_GUARD = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; form-action 'none'; base-uri 'none'\"><base target=\"_blank\">"
)
_NO_HTML = "The content is stored at Migma and cannot be shown here."
#: So much of a message's text is shown beside the frame.
MOST_TEXT = 1_500


def preview_text(message: RenderedMessage) -> str:
    """Return a message as text."""
    head = "\n".join(f"{name:<9}{clean(value, 200)}" for name, value in _head(message))
    notes = "\n".join(f"Note: {note}" for note in message.notes)
    return f"{head}\n\n{_body(message)}\n" + (f"\n{notes}" if notes else "")


def preview_html(message: RenderedMessage) -> str:
    """Return a message as a card: its head, the mail in a sandboxed frame, and its text for pages without."""
    pairs = [(name, safe(value, 200)) for name, value in _head(message)]
    frame = ""
    if message.html is not None:
        style = "width:100%;height:420px;border:1px solid var(--jp-border-color2,#d1d5db);background:#fff"
        frame = f'<iframe sandbox srcdoc="{escape(_GUARD + message.html)}" style="{style}"></iframe>'
    text = f'<pre style="white-space:pre-wrap;background:none">{escape(_body(message))}</pre>'
    notes = "".join(f'<div style="{MUTED}">{safe(note, 300)}</div>' for note in message.notes)
    return card("Preview", facts(pairs), frame, f"<details><summary>As text</summary>{text}</details>", notes)


def _head(message: RenderedMessage) -> list[tuple[str, str]]:
    pairs = [("To", message.recipient), ("From", message.sender), ("Subject", message.subject)]
    return [*pairs, ("Reply to", message.reply_to)] if message.reply_to else pairs


def _body(message: RenderedMessage) -> str:
    text = (message.text if message.text is not None else _NO_HTML).strip()
    return text if len(text) <= MOST_TEXT else text[:MOST_TEXT] + "…"

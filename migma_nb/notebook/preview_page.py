"""Messages as a page of their own, which is safe to open: no script, nothing fetched, each mail sandboxed."""

from collections.abc import Iterable
from html import escape

from migma_nb.notebook.lines import safe
from migma_nb.notebook.preview import preview_html
from migma_nb.planning.rendering import RenderedMessage

#: The page itself may do no more than its mails: not even a link is followed within it.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; "
    "script-src 'none'"
)


def preview_page(title: str, messages: Iterable[tuple[str, RenderedMessage]]) -> str:
    """Return a page with a card for each message.

    Args:
        title: the page's title, such as the mailing's name (str).
        messages: a heading for each, and the message.
    """
    parts = [
        f'<section style="max-width:60rem;margin:1.5rem auto"><h2 style="font:600 1rem system-ui">'
        f"{safe(heading, 60)}</h2>{preview_html(message)}</section>"
        for heading, message in messages
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">'
        '<meta name="referrer" content="no-referrer">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{safe(title, 120)}</title></head>"
        f'<body style="margin:0 1rem;font-family:system-ui,sans-serif">{"".join(parts)}</body></html>\n'
    )

"""One message as its reader would see it, as far as the API documents that; the rest is said in notes."""

import html as html_entities
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

from migma_nb.planning.content import Content
from migma_nb.planning.placeholders import Slot

_ESCAPING = (
    "Whether Migma escapes <, > and & in a value is not documented; they are shown escaped, so as plain text."
)
_IN_LINKS = "A placeholder inside a link is shown with its value percent-encoded, which is not documented."
_UNFILLED = "A placeholder without value stays visible here; what Migma puts there is not documented."
_STORED = "The content is stored at Migma and cannot be shown here; only the subject is known."
_NESTED = "How Migma shows a list or an object in a template is not documented; it is shown as JSON."
_SPACES = re.compile(r"\s+")
_MANY_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True)
class RenderedMessage:
    """One message of a plan.

    Args:
        recipient: the address, or `tag:ID` and the like (str).
        sender: `Name <address>` (str).
        subject: with its placeholders filled (str).
        html: the template with its placeholders filled, or None where Migma holds the content.
        reply_to: where answers go (str), or None.
        unfilled: the placeholders that nothing here fills.
        notes: what the API leaves open, in sentences.
    """

    recipient: str
    sender: str
    subject: str
    html: str | None
    reply_to: str | None
    unfilled: tuple[str, ...]
    notes: tuple[str, ...]

    @cached_property
    def text(self) -> str | None:
        """The HTML as plain text (str), or None; made when it is asked for: a long mail takes a while."""
        return None if self.html is None else plain_text(self.html)


def render(content: Content, recipient: str, values: Mapping[str, Any]) -> RenderedMessage:
    """Fill a mailing's subject and template for one recipient.

    Args:
        content: the mailing.
        recipient: the address or target, as shown.
        values: plain JSON values by variable.
    """
    texts = {name: _shown(value) for name, value in values.items() if value is not None}
    html = None
    if content.template is not None:
        html = content.template.filled(lambda slot: _in_html(slot, texts))
    return RenderedMessage(
        recipient=recipient,
        sender=content.sender,
        subject=content.subject.filled(lambda slot: texts.get(slot.name)),
        html=html,
        reply_to=content.constants.get("replyTo"),
        unfilled=tuple(name for name in content.placeholders if name not in texts),
        notes=_notes(content, values, texts),
    )


def _notes(content: Content, values: Mapping[str, Any], texts: Mapping[str, str]) -> tuple[str, ...]:
    in_html = [part for part in content.template.parts if isinstance(part, Slot)] if content.template else []
    used = {slot.name: texts.get(slot.name, "") for slot in in_html}
    open_points = {
        _STORED: content.template is None,
        _ESCAPING: any(set("<>&").intersection(text) for text in used.values()),
        _IN_LINKS: any(
            slot.in_link and quote(used[slot.name], safe="") != used[slot.name] for slot in in_html
        ),
        _UNFILLED: any(name not in texts for name in content.placeholders),
        _NESTED: any(isinstance(values.get(name), (list, dict)) for name in content.placeholders),
    }
    return tuple(note for note, applies in open_points.items() if applies)


def _in_html(slot: Slot, texts: Mapping[str, str]) -> str | None:
    text = texts.get(slot.name)
    if text is None:
        return None
    return quote(text, safe="") if slot.in_link else html_entities.escape(text)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


#: HTML is read in pieces of so many characters where only its beginning is wanted.
_CHUNK = 8_192


def plain_text(html: str) -> str:
    """Return what is left of HTML for a reader without pictures and colours (str)."""
    reader = _TextReader()
    reader.feed(html)
    reader.close()
    text = "\n".join(line.strip() for line in "".join(reader.pieces).split("\n"))
    return _MANY_LINES.sub("\n\n", text).strip()


def start_of(html: str, most: int) -> str:
    """Return the beginning of HTML that holds at least so many characters of text, or all of it.

    Args:
        html: anybody's.
        most: characters of text (int).
    """
    reader, fed, read = _TextReader(), 0, 0
    while fed < len(html) and read <= most:
        reader.feed(html[fed : fed + _CHUNK])
        fed += _CHUNK
        read = sum(map(len, reader.pieces))
    # Never within a tag, or within an address.
    end = html.rfind("<", 0, fed) if fed < len(html) else len(html)
    return html[:end] if end > 0 else html


class _TextReader(HTMLParser):
    """Collects the text between tags; blocks begin a new line, links keep their address."""

    # Not `head`: HTML may leave its end out, and all that could be read in it is silent by itself.
    _SILENT = frozenset({"style", "script", "title"})
    _PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "table", "ul", "ol", "blockquote", "hr"})
    _LINES = frozenset({"div", "tr", "li", "section", "header", "footer"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._silence = 0
        self._breaks = 0
        self._link = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line for a block, remember a link's address."""
        if tag in self._SILENT:
            self._silence += 1
        elif tag == "br":
            self._breaks += 1
        elif tag in {"td", "th"}:
            self.handle_data(" ")
        elif tag == "a":
            self._link = dict(attrs).get("href") or ""
        elif tag == "img":
            self.handle_data(dict(attrs).get("alt") or "")
        self._end_block(tag)

    def handle_endtag(self, tag: str) -> None:
        """End what began."""
        if tag in self._SILENT:
            self._silence = max(0, self._silence - 1)
        elif tag == "a" and self._link:
            self.handle_data(f" ({self._link})")
            self._link = ""
        self._end_block(tag)

    def handle_data(self, data: str) -> None:
        """Keep text, with the source's line breaks as spaces."""
        if self._silence or (self._breaks and not data.strip()):
            return
        self.pieces.append("\n" * self._breaks + _SPACES.sub(" ", data))
        self._breaks = 0

    def _end_block(self, tag: str) -> None:
        if tag in self._PARAGRAPHS:
            self._breaks = max(self._breaks, 2)
        elif tag in self._LINES:
            self._breaks = max(self._breaks, 1)

"""Addresses made fit to be kept in a notebook: `j…@acme.example` for whatever looks like one."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from html import escape
from urllib.parse import quote, quote_plus

from migma_nb.planning.rendering import RenderedMessage

#: What stands for "@" somewhere: itself, its wide forms, percent-encoded, as HTML and as JSON.
_AT = re.compile(r"[@＠﹫]|%40|&#0*64;|&#x0*40;|&commat;|\\u0040", re.IGNORECASE)
#: No local part is longer; percent-encoded letters of other scripts take up to twelve characters each.
_LONGEST = 800
#: What is shorter tells nobody's name, and stands in other words everywhere.
_SHORTEST = 3
#: What may stand before the "@", read backwards; an escaped apostrophe or ampersand is one character.
_LOCAL = re.compile(r"(?:;(?:72x#|93#|sopa|pma)&|[^\s@＠﹫<>()\[\]{},;:\"\\])+")
_DOMAIN = re.compile(r"[\w.-]+\.\w|\[[\w.:]+\]")
_WORD_BEFORE = re.compile(r"[^\s<>()\[\]{},;:\"\\]+(?=\s{1,3}\Z)")
#: A quoted local part, in quotation marks as they are and as HTML has them.
_QUOTED = re.compile(r'(?:"[^"\n]{1,200}"|&quot;(?:(?!&quot;).){1,200}&quot;)\Z')
_LETTER = re.compile(r"\w")
#: Punctuation before a name, which stays, and the name's first character.
_FIRST = re.compile(
    r"(?:(?!%[0-9a-f]{2}|&)[\W_])*(?:&#?\w{1,8};|(?:%[0-9a-f]{2})+|.)?", re.IGNORECASE | re.DOTALL
)
#: What ends a name in a URL: the address begins behind it.
_URL_PARTS = re.compile(r".*[/?&]", re.DOTALL)


def masked(text: str) -> str:
    """Return a text in which every address is shortened to `j…@acme.example`.

    The first character and the domain stay. Broken addresses, such as `jane@@x` or `jane @acme.example`,
    quoted, percent-encoded and internationalised ones are shortened too; in doubt too much is.

    Args:
        text: any text (str), also HTML.
    """
    pieces: list[str] = []
    done = 0
    for sign in _AT.finditer(text):
        begin = _begin(text, done, sign.start(), sign.end())
        local = text[begin : sign.start()]
        if _LETTER.search(local) or (local and _LETTER.match(text, sign.end())):
            pieces += [text[done:begin], _short(local)]
            done = sign.start()
    return "".join([*pieces, text[done:]]) if pieces else text


def masked_address(address: str) -> str:
    """Return the shortened form of what stands in an address column, also where that is no address at all."""
    short = masked(address)
    trimmed = address.strip()
    return short if short != address else f"{trimmed[:1]}…" if trimmed else address


def masked_with(text: str, address: str) -> str:
    """Return a text in which every address is shortened, and so is one that nobody would take for one.

    Args:
        text: any text (str).
        address: what stands in somebody's address cell (str), "" for nothing; the text may hold it whole, or
            cut at its end with a "…".
    """
    whole = address.strip()
    if len(whole) < _SHORTEST or masked(whole) != whole:
        return masked(text)
    if text.endswith("…") and len(text) > _SHORTEST and whole.startswith(text[:-1]):
        return masked_address(whole)
    # Whole words only: "anna" is not looked for in "Hannah".
    found = re.compile(rf"(?<!\w){re.escape(whole)}(?!\w)", re.IGNORECASE)
    return masked(found.sub(lambda _: masked_address(whole), text))


def masked_message(message: RenderedMessage) -> RenderedMessage:
    """Return a message in which nobody's address can be read but the sender's own.

    The recipient's address is found in subject, HTML and text, as it is, escaped and percent-encoded; any
    other address in them is shortened as well.

    Args:
        message: as `Plan.message` has it.
    """
    own = _Own(message)
    return _Masked(
        recipient=masked_address(message.recipient),
        sender=message.sender,
        subject=own.hidden(message.subject),
        html=None if message.html is None else own.hidden(message.html),
        reply_to=message.reply_to,
        unfilled=message.unfilled,
        notes=tuple(map(own.hidden, message.notes)),
        read=lambda: None if message.text is None else own.hidden(message.text),
    )


@dataclass(frozen=True)
class _Masked(RenderedMessage):
    """A message whose text is masked once more: an address that tags cut in pieces is whole there."""

    read: Callable[[], str | None]

    @cached_property
    def text(self) -> str | None:
        """The HTML as plain text (str), or None."""
        return self.read()


class _Own:
    """What is one message's own: the recipient, who is to be hidden, and the sender, who may be read."""

    def __init__(self, message: RenderedMessage) -> None:
        whole = message.recipient.strip()
        forms = (
            {whole, escape(whole), quote(whole, safe=""), quote(whole), quote_plus(whole)} if whole else ()
        )
        longest_first = sorted(forms, key=len, reverse=True)
        broken = "@" not in whole
        # What is no address may be a word of the mail, or a part of one.
        edges = (r"(?<!\w)", r"(?!\w)") if broken else ("", "")
        sought = f"{edges[0]}(?:{'|'.join(map(re.escape, longest_first))}){edges[1]}"
        looked_for = bool(whole) and not (broken and len(whole) < _SHORTEST)
        self._forms = re.compile(sought, re.IGNORECASE) if looked_for else None
        said = [message.sender, message.reply_to or ""]
        self._senders = {
            address.casefold() for text in said for address in re.findall(r"[^\s<>]+@[^\s<>]+", text)
        }

    def hidden(self, text: str) -> str:
        if self._forms is not None:
            text = self._forms.sub(lambda found: masked_address(found[0]), text)
        if not self._senders:
            return masked(text)
        kept = re.compile(
            "|".join(map(re.escape, sorted(self._senders, key=len, reverse=True))), re.IGNORECASE
        )
        pieces, done = [], 0
        for found in kept.finditer(text):
            before = _LOCAL.match(text[max(0, found.start() - 1) : found.start()])
            if before is None or before[0] in "=/?&":
                pieces += [masked(text[done : found.start()]), found[0]]
                done = found.end()
        return "".join([*pieces, masked(text[done:])])


def _begin(text: str, done: int, sign: int, after: int) -> int:
    """Return where the local part before a sign begins; the sign itself where there is none."""
    window = text[max(done, sign - _LONGEST) : sign]
    if quoted := _QUOTED.search(window):
        return sign - len(window) + quoted.start()
    if local := _LOCAL.match(window[::-1]):
        return sign - len(_of_url(window[len(window) - local.end() :]))
    if _DOMAIN.match(text, after) and (word := _WORD_BEFORE.search(window)):
        return sign - len(window) + word.start()
    return sign


def _of_url(local: str) -> str:
    """Return what may be an address of what stands before a sign; in a URL that begins behind its `?to=`."""
    if not (local.startswith("//") or "?" in local):
        return local
    rest = _URL_PARTS.sub("", local)
    return rest.partition("=")[2] or rest


def _short(local: str) -> str:
    quotes = next((mark for mark in ('"', "&quot;") if local.startswith(mark) and local.endswith(mark)), "")
    first = _FIRST.match(local.removeprefix(quotes))
    return f"{first[0] if first else ''}…"

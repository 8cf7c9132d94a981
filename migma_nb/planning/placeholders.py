"""Placeholders `{{name}}` in subjects and templates, also percent-encoded inside links.

The API documents neither spaces inside the braces nor conditions (migma-api.md section 4), so that
placeholders go out without inner spaces and a name that is no plain name has to be filled by somebody.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import quote, unquote_plus

_PLACEHOLDER = re.compile(
    r"\{\{(?P<plain>[^{}]*)\}\}"
    r"|%7B%7B(?P<link>(?:(?!%7B|%7D)[^{}\"'<>\r\n])*)%7D%7D",
    re.IGNORECASE,
)
_NAME_WITHOUT_SPACE = re.compile(r"\s+")
_SET_ASIDE = re.compile(r"[\s_]+")
#: What nobody reads of a mail: styles, scripts and comments.
NO_MAIL_TEXT = re.compile(r"<(style|script)\b.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_STRAY_BRACES = re.compile(r"\{\{|\}\}|%7B%7B|%7D%7D", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Slot:
    """One place where a value goes.

    Args:
        name: the placeholder's name as it goes on the wire (str).
        in_link: whether it stands percent-encoded, as inside a link.
    """

    name: str
    in_link: bool

    @property
    def wire(self) -> str:
        """The placeholder as it goes on the wire (str)."""
        return f"%7B%7B{quote(self.name, safe='')}%7D%7D" if self.in_link else f"{{{{{self.name}}}}}"


@dataclass(frozen=True, slots=True)
class SplitText:
    """A subject or template, split once at its placeholders.

    Args:
        parts: literal texts and slots, in order.
    """

    parts: tuple[str | Slot, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the placeholders, each once, in order of appearance."""
        return tuple(dict.fromkeys(part.name for part in self.parts if isinstance(part, Slot)))

    @property
    def wire(self) -> str:
        """The text as it goes on the wire: placeholders without inner spaces."""
        return self.filled(lambda _slot: None)

    @property
    def stray_braces(self) -> bool:
        """Whether double braces are left that are no placeholder, outside of styles and scripts."""
        literal = " ".join(part for part in self.parts if isinstance(part, str))
        return bool(_STRAY_BRACES.search(NO_MAIL_TEXT.sub(" ", literal)))

    def filled(self, value_of: Callable[[Slot], str | None]) -> str:
        """Return the text with its placeholders filled.

        Args:
            value_of: the text for a slot, or None where the placeholder stays as it is.
        """

        def shown(slot: Slot) -> str:
            value = value_of(slot)
            return slot.wire if value is None else value

        return "".join(part if isinstance(part, str) else shown(part) for part in self.parts)


def split_text(text: str) -> SplitText:
    """Split a subject or template at its placeholders."""
    parts: list[str | Slot] = []
    end = 0
    for match in _PLACEHOLDER.finditer(text):
        in_link = match["link"] is not None
        name = placeholder_name(unquote_plus(match["link"]) if in_link else match["plain"])
        if not name:
            continue
        parts += [text[end : match.start()], Slot(name, in_link)]
        end = match.end()
    return SplitText((*parts, text[end:]))


def placeholder_name(raw: str) -> str:
    """Return a placeholder's name as it goes on the wire: no outer spaces, inner ones as underscores."""
    return _NAME_WITHOUT_SPACE.sub("_", raw.strip())


def folded(name: object) -> str:
    """Return a name with case, spaces and underscores set aside, to match placeholders with columns."""
    return _SET_ASIDE.sub("", str(name).casefold())


def matching(name: str, candidates: Iterable[str]) -> list[str]:
    """Return the candidates that are this name with case, spaces and underscores set aside."""
    wanted = folded(name)
    return [candidate for candidate in candidates if folded(candidate) == wanted]

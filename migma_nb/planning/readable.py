"""What a reader's text is made of: a mailing's literal parts and its places, without styles and scripts."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from migma_nb.planning.placeholders import NO_MAIL_TEXT, Slot, SplitText

_MARK = re.compile("\0(\\d+)\0")


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a text where a value is read.

    Args:
        name: the variable (str).
        in_link: whether it stands percent-encoded, inside a link.
        before: the literal text before it, back to the next place (str).
        after: the literal text behind it, up to the next place (str).
        first: whether nothing stands before `before`.
        followed: whether another place comes behind `after`.
    """

    name: str
    in_link: bool
    before: str
    after: str
    first: bool
    followed: bool

    def shown(self, value: str) -> str:
        """Return a value as it is read here (str)."""
        return quote(value, safe="") if self.in_link else value


@dataclass(frozen=True, slots=True)
class Readable:
    """A subject or template as its reader meets it.

    Args:
        what: "subject" or "template".
        parts: literal texts and slots in turn; it begins and ends with a literal text.
    """

    what: str
    parts: tuple[str | Slot, ...]

    @property
    def literals(self) -> tuple[str, ...]:
        """What is the same for everybody."""
        return tuple(part for part in self.parts if isinstance(part, str))

    @property
    def places(self) -> tuple[Place, ...]:
        """Where values are read, in order."""
        found = []
        for at, part in enumerate(self.parts):
            if isinstance(part, Slot):
                before, after = str(self.parts[at - 1]), str(self.parts[at + 1])
                followed = at + 2 < len(self.parts)
                found.append(Place(part.name, part.in_link, before, after, at == 1, followed))
        return tuple(found)

    def segments(self, values: Mapping[str, str]) -> list[tuple[str, str | None]]:
        """Return one recipient's text in pieces, each with the variable that it is the value of, or None.

        Args:
            values: what is read, by variable; the placeholder itself stays where there is nothing.
        """
        shown: Callable[[Slot], tuple[str, str | None]] = lambda slot: (  # noqa: E731 - one expression
            (quote(values[slot.name], safe="") if slot.in_link else values[slot.name], slot.name)
            if slot.name in values
            else (slot.wire, None)
        )
        return [(part, None) if isinstance(part, str) else shown(part) for part in self.parts]


def readable(what: str, text: SplitText, known: Mapping[str, object]) -> Readable:
    """Take styles, scripts and comments out of a text, with the placeholders inside them.

    Args:
        what: "subject" or "template".
        text: the text, split at its placeholders.
        known: the variables that have values; a placeholder of no such variable stays as it is.
    """
    slots = [part for part in text.parts if isinstance(part, Slot)]
    marks = iter(range(len(slots)))
    joined = "".join(
        part.replace("\0", " ") if isinstance(part, str) else f"\0{next(marks)}\0" for part in text.parts
    )
    if what != "subject":
        joined = NO_MAIL_TEXT.sub(" ", joined)
    pieces = _MARK.split(joined)
    parts: list[str | Slot] = [pieces[0]]
    for number, literal in zip(pieces[1::2], pieces[2::2], strict=True):
        slot = slots[int(number)]
        if slot.name in known:
            # A subject holds no links: a value is read there as it is.
            parts += [Slot(slot.name, in_link=slot.in_link and what != "subject"), literal]
        else:
            # Told already; whatever touches it is no seam of a value.
            parts[-1] = f"{parts[-1]}{slot.wire}{literal}"
    return Readable(what, tuple(parts))

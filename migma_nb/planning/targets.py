"""Targets of a batch send: a tag, a segment or an audience, each named by its ID."""

from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

from migma_nb.api.errors import InputError
from migma_nb.api.models import UNSAFE_IN_HEADER
from migma_nb.planning.issues import shortened


@dataclass(frozen=True, repr=False)
class _Target:
    id: str
    name: str | None = field(default=None, compare=False, kw_only=True)
    count: int | None = field(default=None, compare=False, kw_only=True)

    recipient_type: ClassVar[str]
    _identity_prefix: ClassVar[str]

    def __post_init__(self) -> None:
        kind = type(self).__name__
        given: object = self.id
        if not isinstance(given, str) or not given.strip():
            raise InputError(
                f"mg.{kind}(…) needs the {self.recipient_type}'s ID as text, not {given!r} (S12).",
                hint=f'The Migma dashboard shows the ID; write mg.{kind}("the ID").',
            )
        # An ID is printable; half of a surrogate pair could not even be written to the request.
        if UNSAFE_IN_HEADER.intersection(self.id.strip()) or not self.id.strip().isprintable():
            raise InputError(
                f"The ID of mg.{kind}(…) has a line break or a character that no ID has: {self.id!r}.",
                hint="Copy the ID alone.",
            )
        object.__setattr__(self, "id", self.id.strip())

    @property
    def recipient(self) -> str:
        """The identity of this target in a mailing, such as `tag:ID` (str)."""
        return f"{self._identity_prefix}:{self.id}"

    def known_as(self, name: str | None, count: int | None) -> Self:
        """Return the same target with what the API tells of it: its name and how many people it holds."""
        return replace(self, name=name, count=count)

    def __repr__(self) -> str:
        known = [("name", self.name), ("count", self.count)]
        told = "".join(f", {word}={value!r}" for word, value in known if value is not None)
        return f"{type(self).__name__}(id={self.id!r}{told})"

    def __str__(self) -> str:
        if self.name is None:
            return f"{self.recipient_type} {self.id}"
        return f"{self.recipient_type} {shortened(self.name)!r} ({self.id})"


#: How the recipient of a batch begins in a mailing; no address begins so.
BATCH_PREFIXES = ("tag:", "segment:")


class Tag(_Target):
    """Everybody who has a tag (S9, S12).

    Args:
        id: the tag's ID, not its name (str).
        name: its name, where it is known (str); it changes nothing of what is sent, nor does `count`.
        count: how many people it holds, where that is known (int).
    """

    recipient_type = "tag"
    _identity_prefix = "tag"


class Segment(_Target):
    """Everybody in a segment (S9, S12).

    Args:
        id: the segment's ID (str).
        name: its name, where it is known (str); it changes nothing of what is sent, nor does `count`.
        count: how many people it holds, where that is known (int).
    """

    recipient_type = "segment"
    _identity_prefix = "segment"


class Audience(_Target):
    """Everybody in an audience, the API's other word for a segment (S9, S12).

    Args:
        id: the segment's ID (str). An audience and a segment of one ID are one recipient.
        name: its name, where it is known (str); it changes nothing of what is sent, nor does `count`.
        count: how many people it holds, where that is known (int).
    """

    recipient_type = "audience"
    _identity_prefix = "segment"

"""Targets of a batch send: a tag, a segment or an audience, each named by its ID."""

from dataclasses import dataclass
from typing import ClassVar

from migma_nb.api.errors import InputError
from migma_nb.api.models import UNSAFE_IN_HEADER


@dataclass(frozen=True)
class _Target:
    id: str

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

    def __str__(self) -> str:
        return f"{self.recipient_type} {self.id}"


class Tag(_Target):
    """Everybody who has a tag (S9, S12).

    Args:
        id: the tag's ID, not its name (str).
    """

    recipient_type = "tag"
    _identity_prefix = "tag"


class Segment(_Target):
    """Everybody in a segment (S9, S12).

    Args:
        id: the segment's ID (str).
    """

    recipient_type = "segment"
    _identity_prefix = "segment"


class Audience(_Target):
    """Everybody in an audience, the API's other word for a segment (S9, S12).

    Args:
        id: the segment's ID (str). An audience and a segment of one ID are one recipient.
    """

    recipient_type = "audience"
    _identity_prefix = "segment"

"""The arguments of a plan as one frozen object."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from migma_nb.api.errors import InputError
from migma_nb.api.kinds import kind_of
from migma_nb.planning.stored import Conversation, StoredEmail

Format = str | Callable[[Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """What a mailing is, apart from its recipients; every field is an argument of `make_plan`."""

    mailing: str
    sender: str | None = None
    subject: str | None = None
    template: Any = None
    conversation_id: str | Conversation | None = None
    email_id: str | StoredEmail | Conversation | None = None
    project_id: str | None = None
    transactional: bool | None = None
    address: object = None
    key: object = None
    variables: Sequence[Any] | Mapping[str, Any] | None = None
    defaults: Mapping[str, Any] | None = None
    formats: Mapping[str, Format] | None = None
    reply_to: str | None = None
    provider: str | None = None
    topic_id: str | None = None
    exclude: Any = None
    allow: Any = None
    duplicates: str | None = None
    overlap: str | None = None

    def __post_init__(self) -> None:
        _one_of("duplicates", self.duplicates, "first")
        _one_of("overlap", self.overlap, "allowed")
        if self.transactional is not None and not isinstance(self.transactional, bool):
            raise InputError(
                f"transactional is {self.transactional!r}.", hint="Write transactional=True or False."
            )
        for name in ("defaults", "formats"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, Mapping):
                raise InputError(
                    f"{name} is {kind_of(value)}, not a dict.",
                    hint=f'Write {name}={{"variable": …}}.',
                )

    def refuse_for_target(self) -> None:
        """Refuse what only a list of people can have.

        Raises:
            InputError: names the argument and what to use instead.
        """
        for name in ("address", "key", "defaults", "formats", "exclude", "allow", "duplicates"):
            if getattr(self, name) is not None:
                raise InputError(
                    f"{name} is for a list of people; who is in a tag or segment only the server knows.",
                    hint=f'Leave {name} out. A value for everybody goes into variables={{"name": value}}.',
                )


def _one_of(name: str, value: object, allowed: str) -> None:
    if value is not None and value != allowed:
        raise InputError(f"{name} is {value!r}.", hint=f'Leave it out, or write {name}="{allowed}".')

"""The filters of a segment as calls give them (migma-api.md section 5), within the API's limits."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from migma_nb.sandbox.asked import Asked
from migma_nb.sandbox.audience import normal_status
from migma_nb.sandbox.contact_fields import Status
from migma_nb.sandbox.segmentation import FIELD_MODES

_MOST_LEVELS = 3
_MOST_CONDITIONS = 50


def _mode(text: str) -> str:
    if text not in FIELD_MODES:
        raise ValueError(f"there is no mode '{text}'; the sandbox knows {', '.join(FIELD_MODES)}")
    return text


class FieldCondition(Asked):
    """What a standard or custom field must be."""

    key: str
    mode: Annotated[str, AfterValidator(_mode), Field(json_schema_extra={"enum": list(FIELD_MODES)})] = "is"
    values: list[str] = Field(default=[])


class Filters(Asked):
    """Who is in a segment; see ``segmentation``. Groups are filters themselves."""

    match: Literal["all", "any"] | None = None
    tags: list[str] | None = Field(default=None, description="IDs; any of them")
    exclude_tags: list[str] | None = Field(default=None, description="IDs; none of them")
    status: list[Status] | None = None
    custom_fields: dict[str, list[str]] | None = None
    validation_status: list[Literal["valid", "invalid", "risky", "unknown"]] | None = None
    # Loose, because it is read to be refused: nobody's opens and clicks are rehearsed contact by contact.
    activity: list[dict[str, Any]] | None = Field(default=None, max_length=0)
    fields: list[FieldCondition] | None = None
    groups: list["Filters"] | None = Field(default=None, max_length=10)

    @model_validator(mode="after")
    def _within_limits(self) -> "Filters":
        if self._levels() > _MOST_LEVELS:
            raise ValueError(f"groups go at most {_MOST_LEVELS} levels deep")
        if self._conditions() > _MOST_CONDITIONS:
            raise ValueError(f"a segment has at most {_MOST_CONDITIONS} conditions")
        return self

    def _levels(self) -> int:
        return max((1 + group._levels() for group in self.groups or ()), default=0)  # noqa: SLF001 - of its own class

    def _conditions(self) -> int:
        single = (self.tags, self.exclude_tags, self.status, self.validation_status)
        own = sum(bool(each) for each in single) + len(self.custom_fields or ()) + len(self.fields or ())
        return own + sum(group._conditions() for group in self.groups or ())  # noqa: SLF001 - of its own class

    def as_json(self) -> dict[str, Any]:
        """As the audience keeps them: what was given, statuses in the newer words."""
        return _in_newer_words(self.model_dump(by_alias=True, exclude_none=True))


def _in_newer_words(filters: dict[str, Any]) -> dict[str, Any]:
    if "status" in filters:
        filters["status"] = [normal_status(each) for each in filters["status"]]
    for group in filters.get("groups", ()):
        _in_newer_words(group)
    return filters

"""A contact's fields as calls give them (migma-api.md section 5), and the first fault of a row in words."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints, ValidationError

from migma_nb.sandbox.given import Asked, first_fault
from migma_nb.sandbox.rules import is_address

#: Newer and older words; ``active`` is ``subscribed``.
Status = Literal["subscribed", "unsubscribed", "bounced", "non-subscribed", "active", "complained"]


def _address(text: str) -> str:
    if not is_address(text):
        raise ValueError("is not a valid email address")
    return text


Address = Annotated[str, AfterValidator(_address), Field(json_schema_extra={"format": "email"})]
TagName = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class ContactFields(Asked):
    """What may be said of a contact; tags go by name, and are made where there is none."""

    first_name: str | None = None
    last_name: str | None = None
    phone: str | None = Field(default=None, max_length=30)
    country: str | None = Field(default=None, pattern="^[A-Za-z]{2}$", description="ISO 3166-1 alpha-2")
    language: str | None = Field(
        default=None, pattern="^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$", description="ISO 639-1 or BCP 47"
    )
    tags: list[TagName] | None = None
    custom_fields: dict[str, Any] | None = None
    status: Status | None = None

    def given(self) -> dict[str, Any]:
        """The fields that were given, under the API's names."""
        return self.model_dump(by_alias=True, exclude_none=True, exclude={"email", "project_id"})


class ContactRow(ContactFields):
    """One contact of an import."""

    email: Address


def row_of(given: Mapping[str, Any], number: int) -> ContactRow | str:
    """Read one row of an import; null counts as absent.

    Args:
        given: The row.
        number: Its number, from 1.

    Returns:
        The row, or what is wrong with it: the first fault, with number and address.
    """
    try:
        return ContactRow.model_validate({name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        return f"Row {number} ({given.get('email')}): {first_fault(error)}"

"""What a call gives, read by a model; what does not fit is a 400 that names the field."""

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from migma_nb.sandbox.envelope import Refusal


class Asked(BaseModel):
    """What a call may ask for, under the API's names; unknown fields are ignored, as the API does."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=False, extra="ignore", frozen=True)


Model = TypeVar("Model", bound=BaseModel)


def checked(given: Any, model: type[Model]) -> Model:
    """What was given, as its model has it.

    Raises:
        Refusal: 400 for the first field at fault.
    """
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise Refusal(400, "VALIDATION_ERROR", first_fault(error)) from None


def first_fault(error: ValidationError) -> str:
    """The first field at fault and what is wrong with it, in words."""
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(step) for step in first["loc"])
    said = "is required" if first["type"] == "missing" else first["msg"].removeprefix("Value error, ")
    return f"{field}: {said}." if field else f"{said}."

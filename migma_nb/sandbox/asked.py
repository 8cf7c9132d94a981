"""A call's query and body, read by their models; what does not fit is a 400 that names the field."""

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from migma_nb.sandbox.envelope import Refusal
from migma_nb.sandbox.exchange import Call
from migma_nb.sandbox.rules import parse_json


class Asked(BaseModel):
    """What a call may ask for, under the API's names; unknown fields are ignored, as the API does."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=False, extra="ignore", frozen=True)


Model = TypeVar("Model", bound=BaseModel)


def query_of(call: Call, model: type[Model]) -> Model:
    """The call's query.

    Raises:
        Refusal: 400 for the first parameter at fault.
    """
    try:
        return model.model_validate(call.query)
    except ValidationError as error:
        raise _invalid(error) from None


def body_of(call: Call, model: type[Model]) -> Model:
    """The call's JSON body; null counts as absent.

    Raises:
        Refusal: 400 for what is no JSON object, and for the first field at fault.
    """
    given = {name: value for name, value in parse_json(call.body).items() if value is not None}
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise _invalid(error) from None


def _invalid(error: ValidationError) -> Refusal:
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(step) for step in first["loc"])
    said = "is required" if first["type"] == "missing" else first["msg"]
    return Refusal(400, "VALIDATION_ERROR", f"{field}: {said}." if field else f"{said}.")

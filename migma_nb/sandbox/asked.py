"""A call's query and body, read by their models; what does not fit is a 400 that names the field."""

from migma_nb.sandbox.exchange import Call
from migma_nb.sandbox.given import Asked, Model, checked
from migma_nb.sandbox.rules import parse_json

__all__ = ["Asked", "body_of", "query_of"]


def query_of(call: Call, model: type[Model]) -> Model:
    """The call's query.

    Raises:
        Refusal: 400 for the first parameter at fault.
    """
    return checked(call.query, model)


def body_of(call: Call, model: type[Model]) -> Model:
    """The call's JSON body; null counts as absent.

    Raises:
        Refusal: 400 for what is no JSON object, and for the first field at fault.
    """
    return checked({name: value for name, value in parse_json(call.body).items() if value is not None}, model)

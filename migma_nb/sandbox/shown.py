"""The base of what answers hold: under the API's names, and nothing that is not declared."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Shown(BaseModel):
    """What ``data`` of an answer is. It documents answers and is held against them; routes make plain dicts.

    A field with a default may be absent.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=False, extra="forbid", frozen=True)

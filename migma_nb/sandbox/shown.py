"""The base of what answers hold: under the API's names, and nothing that is not declared."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Shown(BaseModel):
    """What ``data`` of an answer is. It documents answers and is held against them; routes make plain dicts.

    A field with a default may be absent.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=False, extra="forbid", frozen=True)

    @classmethod
    def of(cls, record: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        """Pick this shape's names out of a record and of what is given beside it; None is left out."""
        source = {**record, **more}
        names = [field.alias or name for name, field in cls.model_fields.items()]
        return {name: source[name] for name in names if source.get(name) is not None}

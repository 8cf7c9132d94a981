"""Whether a contact is in a segment: the filters of migma-api.md section 5, without any state of its own.

Within one list of values any of them suffices; ``match`` says whether all conditions must hold ("all", the
default) or one of them ("any"). ``excludeTags`` shuts out either way. The sheet names no modes of ``fields``
and no test of ``validationStatus``: the sandbox has ``FIELD_MODES``, and holds a contact for ``invalid``
where its status says so, else for ``valid``.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

#: What a condition on a field asks; the first is the default.
FIELD_MODES: dict[str, Callable[[str, Collection[str]], bool]] = {
    "is": lambda found, values: found in values,
    "is_not": lambda found, values: found not in values,
    "contains": lambda found, values: any(value in found for value in values),
    "exists": lambda found, _: bool(found),
    "not_exists": lambda found, _: not found,
}
_FROM_CONTACT = frozenset({"email", "firstName", "lastName", "phone", "country", "language", "status"})


def is_in(contact: Mapping[str, Any], filters: Mapping[str, Any], tag_names: Mapping[str, str]) -> bool:
    """Whether the filters let a contact through.

    Args:
        contact: As the audience keeps it.
        filters: As the API takes them; none at all let everybody through.
        tag_names: The project's tags, name by ID. An ID that is none of them is nobody's.
    """
    excluded = {tag_names.get(each) for each in filters.get("excludeTags") or ()}
    if not excluded.isdisjoint(contact["tags"]):
        return False
    conditions = list(_conditions(contact, filters, tag_names))
    if not conditions:
        return True
    return any(conditions) if filters.get("match") == "any" else all(conditions)


def _conditions(
    contact: Mapping[str, Any], filters: Mapping[str, Any], tag_names: Mapping[str, str]
) -> Iterator[bool]:
    if filters.get("tags"):
        names = {tag_names[each] for each in filters["tags"] if each in tag_names}
        yield not names.isdisjoint(contact["tags"])
    if filters.get("status"):
        yield contact["status"] in filters["status"]
    for key, values in (filters.get("customFields") or {}).items():
        yield str(contact["customFields"].get(key)) in values
    for condition in filters.get("fields") or ():
        yield FIELD_MODES[condition["mode"]](_text(contact, condition["key"]), condition["values"])
    if filters.get("validationStatus"):
        found = "invalid" if contact["status"] == "invalid" else "valid"
        yield found in filters["validationStatus"]
    for group in filters.get("groups") or ():
        yield is_in(contact, group, tag_names)


def _text(contact: Mapping[str, Any], key: str) -> str:
    found = contact[key] if key in _FROM_CONTACT else contact["customFields"].get(key)
    return "" if found is None else str(found)

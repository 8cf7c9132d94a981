"""The routes of ``/v1/projects`` and their field catalogue (migma-api.md section 4, contract summary).

The sheet states no permission for them, so that any key will do.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from migma_nb.sandbox.asked import Asked, query_of
from migma_nb.sandbox.audience import STANDARD_FIELDS, Resource
from migma_nb.sandbox.context import Context
from migma_nb.sandbox.envelope import Answer, Refusal
from migma_nb.sandbox.exchange import Call
from migma_nb.sandbox.operations import Operation
from migma_nb.sandbox.people_models import Project
from migma_nb.sandbox.scope import LONGEST_PAGE, answer, project_of
from migma_nb.sandbox.shown import Shown

_SAMPLES = 3
_LABELS = {"firstName": "First name", "lastName": "Last name"}


class ProjectsAsked(Asked):
    """Which projects; an account of the sandbox is one organization, so that its ID tells nothing apart."""

    limit: int = Field(default=20, ge=1, le=LONGEST_PAGE)
    offset: int = Field(default=0, ge=0)
    status: str | None = None
    organization_id: str | None = None


class Pagination(Shown):
    """Where a list of projects stands."""

    total: int
    limit: int
    offset: int
    has_more: bool


class Projects(Shown):
    """A part of the account's projects."""

    projects: list[Project]
    pagination: Pagination


class CohortAsked(Asked):
    """Whose fields: a segment's, a tag's, or the whole project's."""

    segment_id: str | None = None
    tag: str | None = Field(default=None, description="A tag's ID or name")


class CatalogEntry(Shown):
    """A field that templates may name; ``fillRate`` goes from 0 to 1, ``auto`` says that Migma keeps it."""

    key: str
    label: str
    type: Literal["string", "number", "boolean", "date", "url", "unknown"]
    fill_rate: float
    sample: list[str]
    auto: bool


class Catalog(Shown):
    """The fields of a cohort."""

    entries: list[CatalogEntry]
    total_subscribers: int
    computed_at: str


def _get_projects(call: Call, context: Context) -> Answer:
    asked = query_of(call, ProjectsAsked)
    found = [_shown(each) for each in context.account.projects]
    found = [each for each in found if asked.status in (None, each["status"])]
    end = asked.offset + asked.limit
    place = {"total": len(found), "limit": asked.limit, "offset": asked.offset, "hasMore": end < len(found)}
    return answer(call, {"projects": found[asked.offset : end], "pagination": place})


def _shown(project: Resource) -> Resource:
    return Project.of(project, _id=project["id"], status=project.get("status", "active"))


def _get_catalog(call: Call, context: Context) -> Answer:
    asked = query_of(call, CohortAsked)
    people = _cohort(asked, project_of(context, call.params["id"]), context)
    custom = dict.fromkeys(key for contact in people for key in contact["customFields"])
    entries = [_entry(key, (contact[key] for contact in people), auto=True) for key in STANDARD_FIELDS]
    entries += [
        _entry(key, (contact["customFields"].get(key) for contact in people), auto=False) for key in custom
    ]
    shown = {"entries": entries, "totalSubscribers": len(people)}
    return answer(call, {**shown, "computedAt": context.account.clock.timestamp()})


def _cohort(asked: CohortAsked, project_id: str, context: Context) -> list[Resource]:
    audience = context.account.audience
    if asked.segment_id is not None:
        segment = audience.segments.get(asked.segment_id)
        if segment is None or segment["projectId"] != project_id:
            raise Refusal(404, "NOT_FOUND", f"segmentId: there is no segment '{asked.segment_id}'.")
        return audience.members_of_segment(segment)
    if asked.tag is not None:
        tag = audience.tags.get(asked.tag) or audience.find_tag(asked.tag, project_id)
        if tag is None or tag["projectId"] != project_id:
            raise Refusal(404, "NOT_FOUND", f"tag: there is no tag '{asked.tag}'.")
        return audience.members_of_tag(tag)
    return audience.contacts_of(project_id)


def _entry(key: str, values: Iterable[Any], *, auto: bool) -> dict[str, Any]:
    everybody = list(values)
    filled = [value for value in everybody if value not in (None, "")]
    kinds = {_kind(value) for value in filled}
    return {
        "key": key,
        "label": _LABELS.get(key, key.capitalize() if auto else key),
        "type": kinds.pop() if len(kinds) == 1 else "string" if kinds else "unknown",
        "fillRate": round(len(filled) / len(everybody), 4) if everybody else 0.0,
        "sample": list(dict.fromkeys(str(value) for value in filled))[:_SAMPLES],
        "auto": auto,
    }


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if not isinstance(value, str):
        return "unknown"
    if re.match(r"https?://\S+$", value):
        return "url"
    return "date" if re.match(r"\d{4}-\d\d-\d\d", value) and _is_date(value) else "string"


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


OPERATIONS = [
    Operation(
        method="GET",
        path="/projects",
        action=_get_projects,
        summary="The projects of the account",
        source="contract summary",
        permission=None,
        query=ProjectsAsked,
        data=Projects,
        refusals=(400,),
    ),
    Operation(
        method="GET",
        path="/projects/{id}/field-catalog",
        action=_get_catalog,
        summary="The fields that a project's contacts have, and how many have them",
        source="section 4",
        permission=None,
        query=CohortAsked,
        data=Catalog,
        refusals=(400, 404),
    ),
]

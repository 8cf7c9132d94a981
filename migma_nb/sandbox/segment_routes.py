"""The routes of ``/v1/segments`` (migma-api.md section 5). PATCH replaces the filters as a whole.

The sheet names no paging for them; here they are paged as tags are, so that nothing is shown in part unsaid.
"""

from pydantic import Field

from migma_nb.sandbox.asked import Asked, body_of, query_of
from migma_nb.sandbox.audience import Resource
from migma_nb.sandbox.context import Context
from migma_nb.sandbox.envelope import Answer
from migma_nb.sandbox.exchange import Call
from migma_nb.sandbox.operations import Operation
from migma_nb.sandbox.people_models import Deleted, Segment
from migma_nb.sandbox.scope import InProject, Page, answer, known, project_of
from migma_nb.sandbox.segment_filters import Filters


class SegmentFields(Asked):
    """What a segment has beside its name."""

    description: str | None = Field(default=None, max_length=500)
    filters: Filters | None = None


class NewSegment(SegmentFields, InProject):
    """A segment to make."""

    name: str = Field(min_length=1, max_length=200)


class SegmentChange(SegmentFields, InProject):
    """What to change of a segment."""

    name: str | None = Field(default=None, min_length=1, max_length=200)


def _shown(segment: Resource, context: Context) -> Resource:
    return Segment.of(segment, count=len(context.account.audience.members_of_segment(segment)))


def _get_segments(call: Call, context: Context) -> Answer:
    asked = query_of(call, Page)
    project_id = project_of(context, asked.project_id)
    found = [each for each in context.account.audience.segments if each["projectId"] == project_id]
    return answer(call, [_shown(each, context) for each in asked.of(found)], count=len(found))


def _post_segment(call: Call, context: Context) -> Answer:
    asked = body_of(call, NewSegment)
    filters = asked.filters.as_json() if asked.filters else {}
    project_id = project_of(context, asked.project_id)
    segment = context.account.audience.put_segment(asked.name, project_id, filters, asked.description or "")
    return answer(call, _shown(segment, context), status=201)


def _get_segment(call: Call, context: Context) -> Answer:
    return answer(call, _shown(_known(call, context, query_of(call, InProject)), context))


def _patch_segment(call: Call, context: Context) -> Answer:
    asked = body_of(call, SegmentChange)
    segment = _known(call, context, asked)
    changes = asked.model_dump(exclude_none=True, include={"name", "description"})
    if asked.filters is not None:
        changes["filters"] = asked.filters.as_json()
    changed = {**segment, **changes, "updatedAt": context.account.clock.timestamp()}
    context.account.audience.segments.put(segment["id"], changed)
    return answer(call, _shown(changed, context))


def _delete_segment(call: Call, context: Context) -> Answer:
    segment = _known(call, context, query_of(call, InProject))
    context.account.audience.segments.delete(segment["id"])
    return answer(call, Deleted.of({"id": segment["id"], "deleted": True}))


def _known(call: Call, context: Context, asked: InProject) -> Resource:
    return known(context.account.audience.segments, call, context, asked.project_id, "segment")


OPERATIONS = [
    Operation(
        method="GET",
        path="/segments",
        action=_get_segments,
        summary="A page of the segments of a project",
        source="section 5",
        permission="audience:read",
        query=Page,
        data=list[Segment],
        counts=True,
        refusals=(400, 404),
    ),
    Operation(
        method="POST",
        path="/segments",
        action=_post_segment,
        summary="Make a segment",
        source="section 5",
        permission="audience:write",
        body=NewSegment,
        data=Segment,
        status=201,
        refusals=(400, 404),
    ),
    Operation(
        method="GET",
        path="/segments/{id}",
        action=_get_segment,
        summary="One segment with the number of its contacts",
        source="section 5",
        permission="audience:read",
        query=InProject,
        data=Segment,
        refusals=(400, 404),
    ),
    Operation(
        method="PATCH",
        path="/segments/{id}",
        action=_patch_segment,
        summary="Change a segment",
        source="section 5",
        permission="audience:write",
        body=SegmentChange,
        data=Segment,
        refusals=(400, 404),
    ),
    Operation(
        method="DELETE",
        path="/segments/{id}",
        action=_delete_segment,
        summary="Take a segment out; its contacts stay",
        source="section 5",
        permission="audience:write",
        query=InProject,
        data=Deleted,
        refusals=(400, 404),
    ),
]

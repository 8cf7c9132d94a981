"""The routes of ``/v1/tags`` (migma-api.md section 5); a name that another tag has is a 409."""

from typing import Literal

from pydantic import Field

from migma_nb.sandbox.asked import Asked, body_of, query_of
from migma_nb.sandbox.audience import Resource
from migma_nb.sandbox.contact_fields import TagName
from migma_nb.sandbox.context import Context
from migma_nb.sandbox.envelope import Answer, Refusal
from migma_nb.sandbox.exchange import Call
from migma_nb.sandbox.operations import Operation
from migma_nb.sandbox.people_models import Deleted, Tag
from migma_nb.sandbox.scope import InProject, Page, answer, known, project_of


class TagPage(Page):
    """A page of tags."""

    search: str | None = Field(default=None, description="In the names, in any case")
    sort_by: Literal["createdAt", "name"] = "createdAt"
    sort_order: Literal["asc", "desc"] = "asc"


class TagFields(Asked):
    """What a tag has beside its name."""

    color: str | None = Field(default=None, pattern="^#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})$")
    description: str | None = Field(default=None, max_length=500)


class NewTag(TagFields, InProject):
    """A tag to make."""

    name: TagName


class TagChange(TagFields, InProject):
    """What to change of a tag."""

    name: TagName | None = None


def shown(tag: Resource, context: Context) -> Resource:
    """A tag as the API shows it."""
    return Tag.of(tag, subscriberCount=context.account.audience.tag_size(tag))


def _get_tags(call: Call, context: Context) -> Answer:
    asked = query_of(call, TagPage)
    project_id = project_of(context, asked.project_id)
    sought = (asked.search or "").casefold()
    found = [
        tag
        for tag in context.account.audience.tags
        if tag["projectId"] == project_id and sought in tag["name"].casefold()
    ]
    found.sort(key=lambda tag: str(tag[asked.sort_by]), reverse=asked.sort_order == "desc")
    return answer(call, [shown(tag, context) for tag in asked.of(found)], count=len(found))


def _post_tag(call: Call, context: Context) -> Answer:
    asked = body_of(call, NewTag)
    project_id = project_of(context, asked.project_id)
    _must_be_free(asked.name, project_id, context)
    given = asked.model_dump(exclude_none=True, include={"color", "description"})
    tag = context.account.audience.put_tag(asked.name, project_id, **given)
    return answer(call, shown(tag, context), status=201)


def _must_be_free(name: str, project_id: str, context: Context) -> None:
    taken = context.account.audience.find_tag(name, project_id)
    if taken:
        raise Refusal(409, "CONFLICT", f"name: the tag '{name}' exists already, with the id '{taken['id']}'.")


def _get_tag(call: Call, context: Context) -> Answer:
    return answer(call, shown(_known(call, context, query_of(call, InProject)), context))


def _patch_tag(call: Call, context: Context) -> Answer:
    asked = body_of(call, TagChange)
    tag = _known(call, context, asked)
    if asked.name not in (None, tag["name"]):
        _must_be_free(asked.name or "", tag["projectId"], context)
    given = asked.model_dump(exclude_none=True, exclude={"project_id"})
    return answer(call, shown(context.account.audience.change_tag(tag, given), context))


def _delete_tag(call: Call, context: Context) -> Answer:
    tag = _known(call, context, query_of(call, InProject))
    context.account.audience.delete_tag(tag)
    return answer(call, Deleted.of({"id": tag["id"], "deleted": True}))


def _known(call: Call, context: Context, asked: InProject) -> Resource:
    return known(context.account.audience.tags, call, context, asked.project_id, "tag")


OPERATIONS = [
    Operation(
        method="GET",
        path="/tags",
        action=_get_tags,
        summary="A page of the tags of a project",
        source="section 5",
        permission="audience:read",
        query=TagPage,
        data=list[Tag],
        counts=True,
        refusals=(400, 404),
    ),
    Operation(
        method="POST",
        path="/tags",
        action=_post_tag,
        summary="Make a tag",
        source="section 5",
        permission="audience:write",
        body=NewTag,
        data=Tag,
        status=201,
        refusals=(400, 404, 409),
    ),
    Operation(
        method="GET",
        path="/tags/{id}",
        action=_get_tag,
        summary="One tag with the number of its contacts",
        source="section 5",
        permission="audience:read",
        query=InProject,
        data=Tag,
        refusals=(400, 404),
    ),
    Operation(
        method="PATCH",
        path="/tags/{id}",
        action=_patch_tag,
        summary="Change a tag; its contacts follow it to a new name",
        source="section 5",
        permission="audience:write",
        body=TagChange,
        data=Tag,
        refusals=(400, 404, 409),
    ),
    Operation(
        method="DELETE",
        path="/tags/{id}",
        action=_delete_tag,
        summary="Take a tag out; its contacts stay",
        source="section 5",
        permission="audience:write",
        query=InProject,
        data=Deleted,
        refusals=(400, 404),
    ),
]

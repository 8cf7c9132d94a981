"""The routes of ``/v1/topics`` (migma-api.md section 5). The sheet has no paging for topics, nor a count."""

from typing import Literal

from pydantic import Field, StrictBool, StrictInt

from migma_nb.sandbox.asked import Asked, body_of, query_of
from migma_nb.sandbox.audience import Resource
from migma_nb.sandbox.context import Context
from migma_nb.sandbox.envelope import Answer, Refusal
from migma_nb.sandbox.exchange import Action, Call
from migma_nb.sandbox.operations import Operation
from migma_nb.sandbox.people_models import Deleted, Topic
from migma_nb.sandbox.scope import InProject, answer, known, project_of
from migma_nb.sandbox.shown import Shown


class TopicsOf(InProject):
    """Whose topics, and which."""

    include_inactive: bool = False


class TopicFields(Asked):
    """What a topic has beside its name; ``opt_in`` has contacts in until they leave."""

    description: str | None = Field(default=None, max_length=500)
    default_subscription: Literal["opt_in", "opt_out"] | None = None
    visibility: Literal["public", "private"] | None = None
    display_order: StrictInt | None = None
    is_active: StrictBool | None = None


class NewTopic(TopicFields, InProject):
    """A topic to make."""

    name: str = Field(min_length=1)


class TopicChange(TopicFields, InProject):
    """What to change of a topic."""

    name: str | None = Field(default=None, min_length=1)


class Subscriber(InProject):
    """The contact that joins or leaves, by its ID."""

    subscriber_id: str = Field(min_length=1)


class Subscribed(Shown):
    """Whether a contact follows a topic now."""

    topic_id: str
    subscriber_id: str
    subscribed: bool


def _get_topics(call: Call, context: Context) -> Answer:
    asked = query_of(call, TopicsOf)
    project_id = project_of(context, asked.project_id)
    found = [
        Topic.of(each)
        for each in context.account.audience.topics
        if each["projectId"] == project_id and (each["isActive"] or asked.include_inactive)
    ]
    return answer(call, sorted(found, key=lambda topic: int(topic["displayOrder"])))


def _post_topic(call: Call, context: Context) -> Answer:
    asked = body_of(call, NewTopic)
    given = asked.model_dump(by_alias=True, exclude_none=True, exclude={"name", "project_id"})
    topic = context.account.audience.put_topic(asked.name, project_of(context, asked.project_id), given)
    return answer(call, Topic.of(topic), status=201)


def _get_topic(call: Call, context: Context) -> Answer:
    return answer(call, Topic.of(_known(call, context, query_of(call, InProject))))


def _patch_topic(call: Call, context: Context) -> Answer:
    asked = body_of(call, TopicChange)
    topic = _known(call, context, asked)
    given = asked.model_dump(by_alias=True, exclude_none=True, exclude={"project_id"})
    changed = {**topic, **given, "updatedAt": context.account.clock.timestamp()}
    context.account.audience.topics.put(topic["id"], changed)
    return answer(call, Topic.of(changed))


def _delete_topic(call: Call, context: Context) -> Answer:
    topic = _known(call, context, query_of(call, InProject))
    context.account.audience.topics.delete(topic["id"])
    return answer(call, Deleted.of({"id": topic["id"], "deleted": True}))


def _choosing(*, subscribed: bool) -> Action:
    def choose(call: Call, context: Context) -> Answer:
        asked = body_of(call, Subscriber)
        topic = _known(call, context, asked)
        audience = context.account.audience
        contact = audience.contacts.get(asked.subscriber_id)
        if contact is None or contact["projectId"] != topic["projectId"]:
            message = f"subscriberId: there is no contact '{asked.subscriber_id}' in this project."
            raise Refusal(404, "NOT_FOUND", message)
        topics = {**contact["topics"], topic["id"]: subscribed}
        audience.put_contact(contact["email"], contact["projectId"], {"topics": topics})
        data = {"topicId": topic["id"], "subscriberId": contact["id"], "subscribed": subscribed}
        return answer(call, data)

    return choose


def _known(call: Call, context: Context, asked: InProject) -> Resource:
    return known(context.account.audience.topics, call, context, asked.project_id, "topic")


OPERATIONS = [
    Operation(
        method="GET",
        path="/topics",
        action=_get_topics,
        summary="All topics of a project",
        source="section 5",
        permission="audience:read",
        query=TopicsOf,
        data=list[Topic],
        refusals=(400, 404),
    ),
    Operation(
        method="POST",
        path="/topics",
        action=_post_topic,
        summary="Make a topic",
        source="section 5",
        permission="audience:write",
        body=NewTopic,
        data=Topic,
        status=201,
        refusals=(400, 404),
    ),
    Operation(
        method="GET",
        path="/topics/{id}",
        action=_get_topic,
        summary="One topic",
        source="section 5",
        permission="audience:read",
        query=InProject,
        data=Topic,
        refusals=(400, 404),
    ),
    Operation(
        method="PATCH",
        path="/topics/{id}",
        action=_patch_topic,
        summary="Change a topic",
        source="section 5",
        permission="audience:write",
        body=TopicChange,
        data=Topic,
        refusals=(400, 404),
    ),
    Operation(
        method="DELETE",
        path="/topics/{id}",
        action=_delete_topic,
        summary="Take a topic out",
        source="section 5",
        permission="audience:write",
        query=InProject,
        data=Deleted,
        refusals=(400, 404),
    ),
    Operation(
        method="POST",
        path="/topics/{id}/subscribe",
        action=_choosing(subscribed=True),
        summary="Have a contact follow a topic",
        source="section 5",
        permission="audience:write",
        body=Subscriber,
        data=Subscribed,
        refusals=(400, 404),
    ),
    Operation(
        method="POST",
        path="/topics/{id}/unsubscribe",
        action=_choosing(subscribed=False),
        summary="Have a contact leave a topic",
        source="section 5",
        permission="audience:write",
        body=Subscriber,
        data=Subscribed,
        refusals=(400, 404),
    ),
]

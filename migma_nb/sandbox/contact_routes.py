"""The routes of ``/v1/contacts`` for one contact and for lists of them (migma-api.md section 5).

Where the sheet is silent: a list is in the order in which its contacts came; several tags in the filter mean
any of them; creating a contact whose address is known changes it as an import would; PATCH replaces the tags
and merges ``customFields``. Deleting an unsubscribed contact forgets that it was unsubscribed.
"""

from pydantic import Field, StrictBool

from migma_nb.sandbox.asked import body_of, query_of
from migma_nb.sandbox.audience import Resource, normal_status
from migma_nb.sandbox.contact_fields import Address, ContactFields, ContactRow, Status
from migma_nb.sandbox.context import Context
from migma_nb.sandbox.envelope import Answer, Refusal
from migma_nb.sandbox.exchange import Call
from migma_nb.sandbox.operations import Operation
from migma_nb.sandbox.people_models import Contact, Deleted
from migma_nb.sandbox.scope import InProject, Page, answer, known, project_of
from migma_nb.sandbox.shown import Shown

_MOST_DELETED = 1000


class ContactPage(Page):
    """A page of contacts."""

    tags: str | None = Field(default=None, description="Names of tags, by commas; IDs are taken too")
    status: Status | None = None
    search: str | None = Field(default=None, description="In address and names, in any case")


class NewContact(ContactRow, InProject):
    """A contact to add."""


class ContactChange(ContactFields, InProject):
    """What to change of a contact."""


class StatusChange(InProject):
    """A contact's new status."""

    email: Address
    status: Status
    all_lists: StrictBool = True
    tags: list[str] = Field(default=[], description="IDs of tags")


class StatusChanged(Shown):
    """That the status was changed."""

    success: bool


class BulkDelete(InProject):
    """Contacts to take out."""

    emails: list[str] = Field(min_length=1, max_length=_MOST_DELETED)


class BulkDeleted(Shown):
    """What was taken out, and which addresses were not there."""

    deleted: int
    not_found: list[str]


def _shown(contact: Resource, context: Context) -> Resource:
    """A contact as the API shows it; generation B says ``active`` for ``subscribed``."""
    in_older_words = context.policy.generation == "b" and contact["status"] == "subscribed"
    return Contact.of({**contact, "status": "active"} if in_older_words else contact)


def _get_contacts(call: Call, context: Context) -> Answer:
    asked = query_of(call, ContactPage)
    found = _found(asked, context)
    return answer(call, [_shown(each, context) for each in asked.of(found)], count=len(found))


def _found(asked: ContactPage, context: Context) -> list[Resource]:
    audience, project_id = context.account.audience, project_of(context, asked.project_id)
    if asked.tags:
        named = [each.strip() for each in asked.tags.split(",")]
        tags = [audience.tags.get(each) or audience.find_tag(each, project_id) for each in named]
        members = [
            contact
            for tag in tags
            if tag and tag["projectId"] == project_id
            for contact in audience.members_of_tag(tag)
        ]
        found = list({contact["id"]: contact for contact in members}.values())
    else:
        found = audience.contacts_of(project_id)
    if asked.status:
        status = normal_status(asked.status)
        found = [contact for contact in found if contact["status"] == status]
    if asked.search:
        sought = asked.search.casefold()
        found = [contact for contact in found if sought in _searched(contact)]
    return found


def _searched(contact: Resource) -> str:
    return "\n".join(contact[name] or "" for name in ("email", "firstName", "lastName")).casefold()


def _post_contact(call: Call, context: Context) -> Answer:
    asked = body_of(call, NewContact)
    project_id = project_of(context, asked.project_id)
    contact = context.account.audience.take_contact(asked.email, project_id, asked.given())
    return answer(call, _shown(contact, context), status=201)


def _get_contact(call: Call, context: Context) -> Answer:
    return answer(call, _shown(_known(call, context, query_of(call, InProject)), context))


def _patch_contact(call: Call, context: Context) -> Answer:
    asked = body_of(call, ContactChange)
    contact = _known(call, context, asked)
    given = asked.given()
    given["customFields"] = {**contact["customFields"], **given.get("customFields", {})}
    changed = context.account.audience.put_contact(contact["email"], contact["projectId"], given)
    return answer(call, _shown(changed, context))


def _delete_contact(call: Call, context: Context) -> Answer:
    contact = _known(call, context, query_of(call, InProject))
    context.account.audience.delete_contact(contact)
    return answer(call, Deleted.of({"id": contact["id"], "deleted": True}))


def _known(call: Call, context: Context, asked: InProject) -> Resource:
    return known(context.account.audience.contacts, call, context, asked.project_id, "contact")


def _post_status(call: Call, context: Context) -> Answer:
    """With ``allLists: false`` only the tags named are left or joined, and the status stays: our reading."""
    asked = body_of(call, StatusChange)
    audience, project_id = context.account.audience, project_of(context, asked.project_id)
    contact = audience.find_contact(asked.email, project_id, any_project=False)
    if contact is None:
        raise Refusal(404, "NOT_FOUND", f"email: there is no contact '{asked.email}' in this project.")
    status = normal_status(asked.status)
    if asked.all_lists:
        audience.put_contact(contact["email"], project_id, {"status": status})
        return answer(call, {"success": True})
    if status not in {"subscribed", "unsubscribed"} or not asked.tags:
        message = "allLists: false needs tags, and a status of subscribed or unsubscribed for them."
        raise Refusal(400, "VALIDATION_ERROR", message)
    names = [_tag_name(each, project_id, context) for each in asked.tags]
    kept = [name for name in contact["tags"] if name not in names]
    tags = kept if status == "unsubscribed" else [*contact["tags"], *names]
    audience.put_contact(contact["email"], project_id, {"tags": tags})
    return answer(call, {"success": True})


def _tag_name(tag_id: str, project_id: str, context: Context) -> str:
    tag = context.account.audience.tags.get(tag_id)
    if tag is None or tag["projectId"] != project_id:
        raise Refusal(404, "NOT_FOUND", f"tags: no tag has the id '{tag_id}'.")
    return str(tag["name"])


def _post_bulk_delete(call: Call, context: Context) -> Answer:
    asked = body_of(call, BulkDelete)
    audience, project_id = context.account.audience, project_of(context, asked.project_id)
    deleted, not_found = 0, []
    for email in asked.emails:
        contact = audience.find_contact(email, project_id, any_project=False)
        if contact is None:
            not_found.append(email)
        else:
            audience.delete_contact(contact)
            deleted += 1
    return answer(call, {"deleted": deleted, "notFound": not_found})


OPERATIONS = [
    Operation(
        method="GET",
        path="/contacts",
        action=_get_contacts,
        summary="A page of the contacts of a project",
        source="section 5",
        permission="audience:read",
        query=ContactPage,
        data=list[Contact],
        counts=True,
        refusals=(400, 404),
    ),
    Operation(
        method="POST",
        path="/contacts",
        action=_post_contact,
        summary="Add a contact, or change the one of that address",
        source="section 5",
        permission="audience:write",
        body=NewContact,
        data=Contact,
        status=201,
        refusals=(400, 404, 409),
        idempotent=True,
    ),
    Operation(
        method="GET",
        path="/contacts/{id}",
        action=_get_contact,
        summary="One contact",
        source="section 5",
        permission="audience:read",
        query=InProject,
        data=Contact,
        refusals=(400, 404),
    ),
    Operation(
        method="PATCH",
        path="/contacts/{id}",
        action=_patch_contact,
        summary="Change a contact",
        source="section 5",
        permission="audience:write",
        body=ContactChange,
        data=Contact,
        refusals=(400, 404),
    ),
    Operation(
        method="DELETE",
        path="/contacts/{id}",
        action=_delete_contact,
        summary="Take a contact out",
        source="section 5",
        permission="audience:write",
        query=InProject,
        data=Deleted,
        refusals=(400, 404),
    ),
    Operation(
        method="POST",
        path="/contacts/status",
        action=_post_status,
        summary="Subscribe or unsubscribe a contact, everywhere or from tags",
        source="section 5",
        permission="audience:write",
        body=StatusChange,
        data=StatusChanged,
        refusals=(400, 404),
    ),
    Operation(
        method="POST",
        path="/contacts/bulk-delete",
        action=_post_bulk_delete,
        summary="Take up to 1,000 contacts out by their addresses",
        source="section 5",
        permission="audience:write",
        body=BulkDelete,
        data=BulkDeleted,
        refusals=(400, 404),
    ),
]

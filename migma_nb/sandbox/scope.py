"""Which project a call means, and which page of a list."""

from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import Field

from migma_nb.sandbox.asked import Asked
from migma_nb.sandbox.context import Context
from migma_nb.sandbox.envelope import Answer, Refusal, success
from migma_nb.sandbox.exchange import Call
from migma_nb.sandbox.store import Table

Item = TypeVar("Item")
LONGEST_PAGE = 100


class InProject(Asked):
    """The project that a call is about."""

    project_id: str = Field(min_length=1)


class Page(InProject):
    """A page of a project's list."""

    page: int = Field(default=1, ge=1)
    limit: int = Field(default=20, ge=1, le=LONGEST_PAGE)

    def of(self, items: Sequence[Item]) -> Sequence[Item]:
        """The items that are on it."""
        first = (self.page - 1) * self.limit
        return items[first : first + self.limit]


def project_of(context: Context, project_id: str) -> str:
    """The project that an id means; in a rehearsal an unknown one stands for the account's first.

    So whoever rehearses with the id of a real project finds the people that were put in for it.

    Raises:
        Refusal: 404 for an unknown project of a strict sandbox.
    """
    account = context.account
    if project_id in account.projects:
        return project_id
    if context.policy.strict:
        raise Refusal(404, "NOT_FOUND", f"projectId: there is no project '{project_id}' (section 5).")
    return str(account.default_project["id"])


def known(
    table: Table[dict[str, Any]], call: Call, context: Context, project_id: str, kind: str
) -> dict[str, Any]:
    """The record that the path's ``id`` names in a project.

    Raises:
        Refusal: 404 where the project has no such thing.
    """
    found = table.get(call.params["id"])
    if found is None or found["projectId"] != project_of(context, project_id):
        raise Refusal(404, "NOT_FOUND", f"There is no {kind} '{call.params['id']}' in this project.")
    return found


def answer(call: Call, data: Any, *, count: int | None = None, status: int = 200) -> Answer:
    """A call's success with data, and with the length of the whole list where it is a page."""
    return success(data, request_id=call.request_id, timestamp=call.received_at, count=count, status=status)

"""Which project a read is about: the one that is named, else the account's only one."""

import os

from migma_nb.api.connection import Connection
from migma_nb.api.errors import InputError
from migma_nb.api.reads import read_list
from migma_nb.api.resources import ProjectInfo

#: So many projects are named in a question; the rest is counted.
_MOST_NAMED = 8


async def list_projects(connection: Connection) -> list[ProjectInfo]:
    """Return the account's projects.

    Raises:
        AccountError, CallError: they could not be read.
    """
    found = await read_list(connection, "/projects", name="projects", by_offset=True)
    return [ProjectInfo.of(one) for one in found.wanted("the projects")]


async def project_for(connection: Connection, project_id: str | None) -> str:
    """Return the ID of the project that a call is about.

    Args:
        connection: to the API.
        project_id: as given; None takes `MIGMA_PROJECT_ID`, else the account's only project.

    Raises:
        InputError: the account has several projects, or none, so that one has to be named.
        AccountError, CallError: the projects could not be read.
    """
    named: object = project_id if project_id is not None else os.getenv("MIGMA_PROJECT_ID")
    if named is not None:
        if not isinstance(named, str) or not named.strip():
            raise InputError(
                f"project_id={named!r} is no project's ID.", hint="client.projects() lists them."
            )
        return named.strip()
    projects = [one for one in await list_projects(connection) if one.id]
    if len(projects) == 1:
        return str(projects[0].id)
    if not projects:
        raise InputError(
            "The account has no project, or shows none to this key.",
            hint='Make one in the Migma dashboard, or write project_id="…".',
        )
    shown = [f"{one.name or 'without name'} ({one.id})" for one in projects[:_MOST_NAMED]]
    rest = len(projects) - len(shown)
    raise InputError(
        f"The account has {len(projects)} projects: {', '.join(shown)}{f' and {rest} more' if rest else ''}. "
        "Which one is meant?",
        hint=f'Write project_id="{projects[0].id}", or set MIGMA_PROJECT_ID.',
    )

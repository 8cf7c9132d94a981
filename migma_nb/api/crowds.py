"""Who a tag or a segment is, and how many people it holds, as far as the API tells.

Only a clear answer counts: the API itself knows no such ID, though it lists others; or knows it as the other
kind. Whatever else comes back, that is no answer.
"""

import difflib
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from migma_nb.api.connection import Connection
from migma_nb.api.reads import items_of, part_of_path, read, read_list

#: Under which of these a crowd's number stands (migma-api.md, section 5).
_COUNTS = ("subscriberCount", "count")
#: So many of a list suffice to name what is near.
_MOST_LISTED = 1_000
_MOST_NEAR = 3
_OTHER = {"tag": "segment", "segment": "tag"}
_NO_ACCESS = (401, 403)


@dataclass(frozen=True, slots=True)
class Crowd:
    """What the API tells of a tag or segment.

    Args:
        name: its name (str), None where it is not told.
        count: how many people it holds (int), None where it is not told.
        problem: what is clearly wrong with the ID, in words; "" where nothing is.
        hint: what to do about it.
        unclear: why there is no clear answer, in words; "" where there is one.
    """

    name: str | None = None
    count: int | None = None
    problem: str = ""
    hint: str = ""
    unclear: str = ""


class CrowdReader:
    """Reads tags and segments of an account over one connection.

    Args:
        connection: to the API.
        project_id: where they are looked for first; then without a project, and in the account's only one.
    """

    def __init__(self, connection: Connection, project_id: str | None) -> None:
        #: What was told so far, by kind and ID.
        self.found: dict[tuple[str, str], Crowd] = {}
        self._connection = connection
        self._named = project_id or os.getenv("MIGMA_PROJECT_ID") or None
        self._only: str | None = None
        self._lists: dict[str, dict[str, Any] | None] = {}

    async def read(self, kinds_and_ids: Sequence[tuple[str, str]]) -> None:
        """Find out what the API tells of each, into `found`.

        Args:
            kinds_and_ids: "tag" or "segment", and the ID.
        """
        kinds = [kind for kind, _ in kinds_and_ids]
        for kind, id_ in kinds_and_ids:
            # One list costs fewer calls than many single reads.
            listed = await self._listed(kind) if kinds.count(kind) > 1 else None
            item = (listed or {}).get(id_)
            crowd = crowd_of(item) if isinstance(item, Mapping) else Crowd()
            self.found[kind, id_] = crowd if crowd.count is not None else await self._one(kind, id_)

    async def _one(self, kind: str, id_: str) -> Crowd:
        missing, unclear = False, ""
        async for project in self._projects():
            found = await read(self._connection, f"/{kind}s/{part_of_path(id_)}", {"projectId": project})
            if found.trouble is None:
                if isinstance(found.data, Mapping):
                    return crowd_of(found.data)
                unclear = "an answer that could not be read"
            elif found.missing:
                missing = True
            else:
                unclear = found.trouble.detail
                if found.trouble.status in _NO_ACCESS or found.trouble.status is None:
                    return Crowd(unclear=unclear)
        return await self._absent(kind, id_) if missing else Crowd(unclear=unclear)

    async def _absent(self, kind: str, id_: str) -> Crowd:
        """Return what is wrong with an ID that was not found, if that can be told for certain."""
        other = _OTHER[kind]
        async for project in self._projects():
            found = await read(self._connection, f"/{other}s/{part_of_path(id_)}", {"projectId": project})
            if found.trouble is None and isinstance(found.data, Mapping):
                named = crowd_of(found.data).name
                words = f"{id_!r} is the ID of a {other}{f' ({named!r})' if named else ''}, not of a {kind}"
                return Crowd(problem=words, hint=f"Write mg.{other.capitalize()}({id_!r}).")
        listed = await self._listed(kind)
        if listed is None or id_ in listed:
            return Crowd(unclear=f"the API did not find the {kind}, and its list of {kind}s tells no more")
        return Crowd(problem=f"the account has no {kind} with the ID {id_!r}", hint=_near(kind, id_, listed))

    async def _listed(self, kind: str) -> dict[str, Any] | None:
        """Return all tags or segments by ID, None where they cannot be listed."""
        if kind not in self._lists:
            items: dict[str, Any] | None = None
            async for project in self._projects():
                found = await read_list(
                    self._connection, f"/{kind}s", {"projectId": project}, most=_MOST_LISTED
                )
                if found.trouble is None:
                    items = (items or {}) | {_id(item): item for item in found.data if _id(item)}
            self._lists[kind] = items
        return self._lists[kind]

    async def _projects(self) -> AsyncIterator[str | None]:
        """Yield where to look, one after the other; the account's only project is asked for at most once."""
        if self._named is not None:
            yield self._named
        yield None
        if self._only is None:
            found = await read(self._connection, "/projects", {"limit": 2})
            ids = [_id(item) for item in items_of(found.data)] if found.trouble is None else []
            self._only = ids[0] if len(ids) == 1 else ""
        if self._only and self._only != self._named:
            yield self._only


def crowd_of(data: Mapping[str, Any]) -> Crowd:
    """Return what a tag's or segment's own data tells of it."""
    name = data.get("name")
    counts = [value for field in _COUNTS if type(value := data.get(field)) is int and value >= 0]
    return Crowd(name if isinstance(name, str) and name.strip() else None, counts[0] if counts else None)


def _id(item: Any) -> str:
    found = (item.get("id") or item.get("_id")) if isinstance(item, Mapping) else None
    return str(found) if found else ""


def _near(kind: str, id_: str, listed: Mapping[str, Any]) -> str:
    """Return a hint that names what was probably meant: an ID is wanted, and people write names."""
    names = {str(item.get("name") or ""): key for key, item in listed.items() if isinstance(item, Mapping)}
    by_fold = {name.casefold(): name for name in names if name}
    if id_.casefold() in by_fold:
        name = by_fold[id_.casefold()]
        return f"That is a {kind}'s name; its ID is another: write mg.{kind.capitalize()}({names[name]!r})."
    close = difflib.get_close_matches(id_.casefold(), list(by_fold), n=_MOST_NEAR, cutoff=0.6)
    shown = [by_fold[fold] for fold in close] or list(by_fold.values())[:_MOST_NEAR]
    if not shown:
        return f"The account has no {kind}s that this key can see."
    known = ", ".join(f"{name!r} ({names[name]})" for name in shown)
    return f"{'Did you mean' if close else f'Its {kind}s are such as'} {known}{'?' if close else '.'}"

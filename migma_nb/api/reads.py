"""Reading from the API: one resource, or all pages of a list. A read changes nothing and may be repeated."""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlencode

from migma_nb.api.answers import parsed
from migma_nb.api.connection import Connection
from migma_nb.api.errors import AccountError, CallError, InputError
from migma_nb.api.meaning import Answer, Meaning, NoAnswer, Past, Verdict, judge, repeat_after
from migma_nb.api.states import Reason

#: The API's own limit for a page (migma-api.md, section 8).
PAGE = 100
#: So many pages are read at most: a list that goes on has no end.
MOST_PAGES = 10_000
#: So often is a read made at most, where no clear answer comes.
MOST_TRIES = 4
#: A server that asks for a longer wait than this (seconds) is not waited for.
LONGEST_WAIT_S = 60.0
#: Statuses after which the same read may fare better.
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_SUCCESS, _NOT_FOUND = 2, 404


@dataclass(frozen=True, slots=True)
class Read:
    """What a read came to.

    `data` is what the API said; `count` is the length of the whole list, where the API tells it; `trouble`
    says why there is no clear answer, None where there is one; `missing` says that the API itself, in its own
    envelope, knows no such thing; `ahead_s` is how far the server's clock is ahead of ours, by its `Date`.
    """

    data: Any = None
    count: int | None = None
    trouble: Meaning | None = None
    missing: bool = False
    ahead_s: float = 0.0

    def wanted(self, what: str, *, permission: str | None = None) -> Any:
        """Return the data of a read that must succeed.

        Args:
            what: what was read, in words, for the error: "the tags".
            permission: what the key needs for it, such as "audience:read", where that is known.

        Raises:
            InputError: the API knows no such thing.
            AccountError: the key is not valid or lacks the permission.
            CallError: no clear answer came; nothing is changed by asking again.
        """
        if self.trouble is None:
            return self.data
        if self.missing:
            raise InputError(f"The account has no such thing: {what} ({self.trouble.detail}).")
        error = AccountError if self.trouble.verdict is Verdict.HALT else CallError
        raise error(
            f"Could not read {what}: {self.trouble.detail.rstrip('.')}.",
            hint=_hint(self.trouble, permission),
            status=self.trouble.status,
            code=self.trouble.code,
            request_id=self.trouble.request_id,
        )


def _hint(trouble: Meaning, permission: str | None) -> str:
    if trouble.reason is Reason.NO_PERMISSION and permission is not None:
        return f"The key needs the permission {permission}: Migma dashboard, Settings, API Integration (S8)."
    if trouble.reason is Reason.BAD_KEY:
        return "Check the API key: Migma dashboard, Settings, API Integration (S8)."
    return "Nothing was changed; ask again later, or check the key's permissions."


async def read(connection: Connection, path: str, query: Mapping[str, Any] | None = None) -> Read:
    """Ask for one thing, again where the API asks to come later or no answer came.

    Args:
        connection: to the API.
        path: below the base URL; its parts are quoted already.
        query: the parameters; None values are left out, bools are written as JSON writes them.
    """
    asked = {name: _text(value) for name, value in (query or {}).items() if value is not None}
    where = f"{path}?{urlencode(asked)}" if asked else path
    tries = 0
    while True:
        answer = await connection.get(where)
        found = _understood(answer)
        tries += 1
        if found.trouble is None or found.missing or tries >= MOST_TRIES:
            return found
        wait_s = _wait(found.trouble, tries)
        if wait_s is None:
            return found
        await asyncio.sleep(wait_s)


async def read_list(
    connection: Connection,
    path: str,
    query: Mapping[str, Any] | None = None,
    *,
    most: int | None = None,
    name: str | None = None,
    by_offset: bool = False,
) -> Read:
    """Ask for all pages of a list (`page`, `limit`); `data` is then the list of its items.

    Args:
        connection: to the API.
        path: of the list.
        query: further parameters.
        most: so many items suffice; None asks for all.
        name: what the list is called within `data`, where it is not `data` itself.
        by_offset: whether the list is paged by `offset` in place of `page`.
    """
    items: list[Any] = []
    count: int | None = None
    last: list[Any] | None = None
    for page in range(1, MOST_PAGES + 1):
        where = {"offset": len(items)} if by_offset else {"page": page}
        found = await read(connection, path, {**(query or {}), **where, "limit": PAGE})
        if found.trouble is not None:
            return found
        part = items_of(found.data, name)
        if part and part == last:
            break  # a list without pages: it says the same again
        last = part
        count = found.count if found.count is not None else count
        items += part
        if most is not None and len(items) >= most:
            return Read(items[:most], count)
        # A list that is not told its length ends with a page that is not full.
        if not part or (len(items) >= count if count is not None else len(part) < PAGE):
            break
    return Read(items, count if count is not None else len(items))


def part_of_path(text: str) -> str:
    """Return an ID as it stands in a path.

    Raises:
        InputError: no server could tell it from a path of its own.
    """
    if text.strip() in {"", ".", ".."}:
        raise InputError(f"{text!r} is no ID.", hint="Copy the ID from the list or the dashboard.")
    return quote(text.strip(), safe="")


def items_of(data: Any, name: str | None = None) -> list[Any]:
    """Return the items of a list answer: the data itself, or a list within it (`{projects: […]}`).

    Args:
        data: of the answer.
        name: of the list within; else it is taken where there is only one.
    """
    if isinstance(data, list):
        return data
    if isinstance(data, dict) and isinstance(data.get(name), list):
        return list(data[name])
    lists = [value for value in data.values() if isinstance(value, list)] if isinstance(data, dict) else []
    return lists[0] if len(lists) == 1 else []


def _understood(answer: Answer | NoAnswer) -> Read:
    parts = (parsed(answer.body) if isinstance(answer, Answer) and answer.complete else None) or {}
    status = answer.status if isinstance(answer, Answer) else 0
    if status // 100 == _SUCCESS and parts.get("success") is not False and "data" in parts:
        return Read(parts["data"], _count(parts), ahead_s=_ahead(answer))
    meaning = judge(answer, uncertain=False, now=datetime.now(UTC))
    missing = status == _NOT_FOUND and "success" in parts
    return Read(trouble=meaning, missing=missing)


def _count(parts: Mapping[str, Any]) -> int | None:
    """Return the length of the whole list: beside `data`, or within it in one of two places."""
    data = parts["data"] if isinstance(parts["data"], dict) else {}
    paging = data.get("pagination")
    told = (parts.get("count"), paging.get("total") if isinstance(paging, dict) else None, data.get("total"))
    return next((one for one in told if isinstance(one, int) and not isinstance(one, bool)), None)


def _ahead(answer: Answer | NoAnswer) -> float:
    date = answer.headers.get("date", "") if isinstance(answer, Answer) else ""
    try:
        return (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return 0.0


def _wait(trouble: Meaning, tries: int) -> float | None:
    """Return the seconds to wait before the same read, None where it would not fare better."""
    if trouble.status is not None and trouble.status not in _PASSING:
        return None
    past = Past(tries=tries, uncertain=False, proven=True)
    again = Meaning(Verdict.NOT_ACCEPTED, trouble.reason, trouble.detail, trouble.wait_s)
    wait_s = repeat_after(again, past, timeout=0.0, chance=random.random())  # noqa: S311 - a jitter
    return wait_s if wait_s is not None and wait_s <= LONGEST_WAIT_S else None


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

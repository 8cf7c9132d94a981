"""The dialect of contacts: what the answers to `POST /v1/contacts/bulk` and on its jobs say (section 5)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from migma_nb.api.answers import parsed, text_of
from migma_nb.api.connection import Connection
from migma_nb.api.meaning import MOST_LOST_TRIES, Meaning, Past, Verdict, repeat_after
from migma_nb.api.reads import Read, read, read_list
from migma_nb.api.resources import TagInfo
from migma_nb.api.states import Reason

BULK = "/contacts/bulk"
#: So many of the API's own words on what failed are kept.
_MOST_ERRORS = 1_000


@dataclass(frozen=True, slots=True)
class Bulk:
    """What the API says of many contacts: counts and words, not rows.

    Args:
        job: the id of the job that does the work, None where it is done.
        status: the job's own word, "" where there is no job.
        processed: how many contacts a job has dealt with, None where it does not say.
        open: how many contacts are not said to be in: failed, or left out of every count.
        errors: the API's words on what failed.
        detail: the API's words on a job that failed, "" for none.
    """

    job: str | None
    status: str
    processed: int | None
    open: int
    errors: tuple[str, ...]
    detail: str = ""

    @property
    def ended(self) -> bool:
        """Whether a job is at its end; an unknown word is not, and is asked for again."""
        return self.status in {"completed", "failed"}


def bulk_of(body: bytes, rows: int) -> Bulk:
    """Return what a successful answer to a bulk import says.

    Args:
        body: the answer's.
        rows: how many contacts were sent.
    """
    data = (parsed(body) or {}).get("data")
    return _bulk(data if isinstance(data, Mapping) else {}, rows)


def job_of(data: Any, rows: int) -> Bulk:
    """Return how a job is, from the data of `GET /v1/contacts/bulk/{jobId}`."""
    parts = data if isinstance(data, Mapping) else {}
    result = parts.get("result")
    counts = result if isinstance(result, Mapping) else {}
    said = _bulk(counts, rows)
    return Bulk(
        job=_id(parts.get("jobId")),
        status=str(parts.get("status") or "").lower(),
        processed=_count(parts.get("processed")),
        open=said.open if counts else 0,
        errors=said.errors,
        detail=text_of(parts.get("error")) or "",
    )


async def ask_job(connection: Connection, job: str) -> Read:
    """Ask how a job is."""
    return await read(connection, f"{BULK}/{quote(job, safe='')}")


async def find_tag(connection: Connection, project_id: str, name: str) -> tuple[TagInfo | None, Read]:
    """Return the tag of a name, None where there is none or no clear answer came, and the answer itself."""
    found = await read_list(connection, "/tags", {"projectId": project_id, "search": name}, name="tags")
    tags = [tag for tag in map(TagInfo.of, found.data or []) if tag.id and tag.name]
    exact = [tag for tag in tags if tag.name == name]
    alike = [tag for tag in tags if str(tag.name).strip().casefold() == name.casefold()]
    return next(iter(exact or alike), None), found


def repeat_upsert_after(
    meaning: Meaning, *, tries: int, lost: int, timeout: float, chance: float
) -> float | None:
    """Return the seconds after which the same bulk import may be made again, or None where it shall not.

    A bulk import is an upsert and mails nobody: made twice it leaves the contacts as made once. So whatever
    became of an attempt, a repeat does no harm, also at a server that ignores keys: each counts as proven,
    and an error of the server's own is asked again too. How often and after how long stays with `meaning`.

    Args:
        meaning: what the last answer meant.
        tries: attempts so far.
        lost: those of them whose answer was lost, or was an error of the server's own.
        timeout: the client's time-out in seconds.
        chance: a random number in [0, 1), for the jitter.
    """
    if meaning.reason is Reason.SERVER_ERROR and lost < MOST_LOST_TRIES:
        meaning = Meaning(Verdict.NOT_ACCEPTED, meaning.reason, meaning.detail, meaning.wait_s)
    past = Past(tries=tries, uncertain=False, proven=True, lost=lost)
    return repeat_after(meaning, past, timeout=timeout, chance=chance)


def _bulk(data: Mapping[str, Any], rows: int) -> Bulk:
    failed, errors = _count(data.get("failed")), _errors(data.get("errors"))
    done = [_count(data.get(name)) for name in ("success", "updated")]
    open_ = len(errors) if failed is None else failed
    if any(count is not None for count in done):
        # Whether `updated` is a part of `success` is not documented: only what no reading covers is open.
        open_ = max(open_, rows - sum(count or 0 for count in done))
    return Bulk(
        job=_id(data.get("jobId")),
        status=str(data.get("status") or "").lower(),
        processed=None,
        open=min(max(0, open_), rows),
        errors=errors,
    )


def _errors(found: Any) -> tuple[str, ...]:
    if not isinstance(found, list):
        return ()
    texts = (one if isinstance(one, str) else json.dumps(one, default=str) for one in found[:_MOST_ERRORS])
    return tuple(text for one in texts if (text := text_of(one)))


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _id(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None

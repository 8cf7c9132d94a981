"""What became of each row of an import, as far as the API tells: it has counts and words, not rows. Pure."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from migma_nb.api.contacts import Bulk
from migma_nb.api.meaning import Meaning, Verdict
from migma_nb.api.resources import Contact
from migma_nb.api.states import Reason, State
from migma_nb.planning.addresses import identity
from migma_nb.planning.contacts import ContactList

_TAKEN = {Verdict.ACCEPTED, Verdict.ALREADY_SENT}
#: What looks like an address within the API's words on a failure.
_ADDRESS = re.compile(r"[^\s\"'<>(),;:\[\]{}]+@[^\s\"'<>(),;:\[\]{}]+")


@dataclass(frozen=True, slots=True)
class Fate:
    """How one row stands, and what is known of the request that carried it.

    `contact_id` and `contact_status` are what the API holds, where its contacts were read.
    """

    state: State
    reason: Reason | str | None = None
    detail: str = ""
    http_status: int | None = None
    request_id: str | None = None
    idempotency_key: str | None = None
    finished_at: float | None = None
    contact_id: str | None = None
    contact_status: str | None = None


def fates_of(contacts: ContactList, rows: Sequence[int], bulk: Bulk) -> dict[int, Fate]:
    """Return how the rows of a request stand that the API has dealt with.

    Where it counts failures, its words settle the rows that they name; were some left, nobody can tell which
    of the others they are.

    Args:
        contacts: the list.
        rows: those of the request.
        bulk: what the API said, at the end of the job where there was one.
    """
    if bulk.status == "failed":
        return _fates_of_failed_job(rows, bulk)
    named = _named(contacts, rows, bulk.errors)
    if len(named) > bulk.open:
        words = f"the API names it, and counts only {bulk.open:,} failed"
        unsure = Fate(State.UNKNOWN, Reason.NOT_TOLD, words)
        return {
            row: replace(unsure, detail=f"{words}: {named[row]}") if row in named else _IN for row in rows
        }
    left = bulk.open - len(named)
    others = len(rows) - len(named)
    rest = _IN if left == 0 else _not_told(left, others, bulk.errors)
    return {row: Fate(State.REFUSED, Reason.REFUSED, named[row]) if row in named else rest for row in rows}


def fate_of_all(meaning: Meaning) -> Fate:
    """Return how every row of a request stands whose answer was no account of them."""
    if meaning.verdict is Verdict.REFUSED:
        return Fate(State.REFUSED, meaning.reason, f"the whole request was refused: {meaning.detail}")
    if meaning.verdict in {Verdict.NOT_ACCEPTED, Verdict.HALT, Verdict.OUTDATED}:
        return Fate(State.NOT_SENT, meaning.reason, meaning.detail)
    return Fate(State.UNKNOWN, meaning.reason, meaning.detail)


def is_taken(meaning: Meaning) -> bool:
    """Say whether the API took a request; a replayed answer is the one that it gave before."""
    return meaning.verdict in _TAKEN


def seen(fate: Fate, contact: Contact, sent: str) -> Fate:
    """Return how a row stands whose contact was read from the API, under the tag.

    A doubt is settled where the API holds what was sent: to be under the tag alone may be an earlier import's
    doing. What was refused stays refused.

    Args:
        fate: how the row stood.
        contact: what the API holds.
        sent: the contact as it went out, as JSON.
    """
    found = replace(fate, contact_id=contact.id, contact_status=contact.status)
    if fate.state not in {State.UNKNOWN, State.NOT_SENT}:
        return found
    if _holds(contact, json.loads(sent)):
        words = "found under the tag with what was sent"
        return replace(found, state=State.ACCEPTED, reason=Reason.RECONCILED, detail=words)
    return replace(found, detail=f"{fate.detail}; it is under the tag, with other content")


def not_seen(fates: Mapping[int, Fate]) -> dict[int, Fate]:
    """Return how rows stand that are not under the tag, although all its people were read.

    Only what has ended is settled by that: a request without an answer, or a job at work, may yet be done.

    Args:
        fates: how they stood.
    """
    changed: dict[int, Fate] = {}
    for row, fate in fates.items():
        if fate.state is State.UNKNOWN and fate.reason is Reason.NOT_TOLD:
            words = f"not under the tag: one of those that failed ({fate.detail})"
            changed[row] = replace(fate, state=State.REFUSED, reason=Reason.NOT_THERE, detail=words)
        elif fate.state is State.UNKNOWN and fate.reason is Reason.JOB_FAILED:
            words = f"not under the tag ({fate.detail})"
            changed[row] = replace(fate, state=State.NOT_SENT, detail=words)
        elif fate.state is State.UNKNOWN:
            changed[row] = replace(fate, detail=f"{fate.detail}; not under the tag so far")
        elif fate.state in {State.ACCEPTED, State.ALREADY_SENT}:
            words = "the API counted it as imported, but it is not under the tag"
            changed[row] = replace(fate, state=State.UNKNOWN, reason=Reason.NOT_THERE, detail=words)
    return changed


def _holds(contact: Contact, sent: Mapping[str, Any]) -> bool:
    """Say whether the API holds each value that was sent."""
    held = {
        "firstName": contact.first_name,
        "lastName": contact.last_name,
        "phone": contact.phone,
        "country": contact.country,
        "language": contact.language,
        "status": contact.status,
    }
    custom = contact.custom_fields or {}
    return all(held[name] == value for name, value in sent.items() if name in held) and all(
        custom.get(name) == value for name, value in sent.get("customFields", {}).items()
    )


_IN = Fate(State.ACCEPTED, Reason.OK)


def _fates_of_failed_job(rows: Sequence[int], bulk: Bulk) -> dict[int, Fate]:
    why = f": {bulk.detail}" if bulk.detail else ""
    if bulk.processed == 0:
        words = f"the API's job failed before it began{why}"
        return dict.fromkeys(rows, Fate(State.NOT_SENT, Reason.JOB_FAILED, words))
    told = "some" if bulk.processed is None else f"{bulk.processed:,}"
    words = f"the API's job failed after {told} of {len(rows):,}, and does not say which{why}"
    return dict.fromkeys(rows, Fate(State.UNKNOWN, Reason.JOB_FAILED, words))


def _not_told(left: int, others: int, errors: Sequence[str]) -> Fate:
    said = f' ("{errors[0]}")' if errors else ""
    if left >= others:
        return Fate(State.REFUSED, Reason.REFUSED, f"the API says that it failed{said}")
    return Fate(
        State.UNKNOWN,
        Reason.NOT_TOLD,
        f"the API says that {left:,} of these {others:,} failed, not which{said}",
    )


def _named(contacts: ContactList, rows: Sequence[int], errors: Sequence[str]) -> dict[int, str]:
    """Return the rows whose address stands in the API's words, each with those."""
    if not errors:
        return {}
    by_person = {contacts.person(row): row for row in rows}
    found: dict[int, str] = {}
    for words in errors:
        for address in _ADDRESS.findall(words):
            for spelled in (address, address.rstrip(".!?")):
                if (row := by_person.get(identity(spelled))) is not None:
                    found.setdefault(row, words)
    return found

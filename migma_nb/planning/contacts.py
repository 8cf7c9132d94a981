"""A list of people becomes contacts under one tag: mapped, checked and frozen before the first call."""

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.api.models import UNSAFE_IN_HEADER
from migma_nb.api.states import Reason, State
from migma_nb.planning.address_column import find_address_column
from migma_nb.planning.bodies import build_bodies
from migma_nb.planning.columns import column_at, column_names
from migma_nb.planning.contact_fields import SUBSCRIBED, map_contact_columns, read_custom, read_fields
from migma_nb.planning.issues import IssueList
from migma_nb.planning.lists import identities
from migma_nb.planning.people import People, read_people
from migma_nb.planning.read_report import ReadReport
from migma_nb.planning.settling import Rules, Settled, settle
from migma_nb.planning.sources import people_frame
from migma_nb.planning.targets import Audience, Segment, Tag
from migma_nb.planning.values import json_text

#: The API takes so many contacts at a time without making a job of it (migma-api.md, section 5).
CHUNK_ROWS = 5_000
#: Our own limit on what one request carries (bytes); the API documents none.
CHUNK_BYTES = 4 * 1024 * 1024
LONGEST_TAG = 100
#: How many contacts a page of the API's list holds.
PAGE_ROWS = 100


@dataclass(frozen=True, slots=True, repr=False, eq=False, kw_only=True)
class ContactList:
    """People who are to be contacts under one tag, ready to be looked at and imported.

    Rows are meant by their position in the input, from 0.

    Args:
        id: 12 hexadecimal digits over everything that is imported (str).
        tag: the tag's name (str).
        project_id: the Migma project, None where the account's only one is meant (str).
        size: input rows (int).
        index: the input's index, unchanged.
        address_note: which column holds the addresses and why (str).
        fields: a contact's field to the column that it is taken from.
        custom: a custom field to the column that it is taken from.
        statuses: the API's word for a status to the ready rows that say so.
        resubscribe: whether unsubscribed people may be subscribed again.
        duplicates_question: what has to be decided before the import (str), "" if nothing.
        reading: how the list was read from a file, None where it was not.
    """

    id: str
    tag: str
    project_id: str | None
    size: int
    index: pd.Index
    address_note: str
    fields: Mapping[str, str]
    custom: Mapping[str, str]
    statuses: Mapping[str, int]
    resubscribe: bool
    duplicates_question: str
    _people: People
    _texts: Sequence[str]
    _settled: Settled
    _issues: pd.DataFrame
    reading: ReadReport | None = None

    @property
    def issues(self) -> pd.DataFrame:
        """One line per problem, with the columns `ISSUE_COLUMNS`; a copy."""
        return self._issues.copy()

    @property
    def ready(self) -> Sequence[int]:
        """The rows to be imported, in order."""
        return self._settled.ready

    @property
    def has_errors(self) -> bool:
        """Whether a row that is not excluded has an error."""
        return self._settled.has_errors

    @property
    def stand(self) -> Mapping[State, int]:
        """How many rows stand back in which state."""
        return self._settled.stand

    def preset(self, row: int) -> tuple[State, Reason, str] | None:
        """Return state, reason and words of a row that is not imported; None for one that is ready."""
        return self._settled.presets.get(row)

    def address(self, row: int) -> str:
        """Return a row's address as it goes on the wire; for an invalid one what stood there."""
        return self._people.addresses[row]

    def person(self, row: int) -> str:
        """Return who a row is; "" where there is nobody."""
        return self._people.identities[row] or ""

    def text(self, row: int) -> str:
        """Return a row's contact as the JSON that goes on the wire."""
        return self._texts[row]

    def digest(self, row: int) -> str:
        """Return what stands for the exact content of a row's contact."""
        return hashlib.sha256(self._texts[row].encode()).hexdigest()

    def chunks(self, rows: Sequence[int] | None = None) -> list[tuple[int, ...]]:
        """Part rows into requests, in order; the same rows are always parted alike.

        Args:
            rows: which; None for all that are ready.
        """
        return list(_parted(self.ready if rows is None else rows, self._texts))

    def body(self, rows: Iterable[int], project_id: str) -> bytes:
        """Return the exact bytes of one request for these rows."""
        contacts = ",".join(self._texts[row] for row in rows)
        return f'{{"projectId":{json_text(project_id)},"subscribers":[{contacts}]}}'.encode()

    def pages(self) -> int:
        """Return how many pages of the API's list hold the people, if nobody else is under the tag."""
        return max(1, math.ceil(len(self.ready) / PAGE_ROWS))


def make_contacts(
    people: Any,
    *,
    tag: str | None = None,
    project_id: str | None = None,
    address: object = None,
    columns: Mapping[str, Any] | None = None,
    custom: Any = "rest",
    exclude: Any = None,
    duplicates: str | None = None,
    resubscribe: bool = False,
) -> ContactList:
    """Plan an import: who becomes which contact under a tag. Nothing is sent, and importing mails nobody.

    A tag of its own for each import keeps older members of a tag from receiving the mail too.

    Args:
        people: a DataFrame, a Polars or PyArrow table, a file, a list of dicts, or one address.
        tag: the tag's name, at most 100 characters; it is made where there is none.
        project_id: the Migma project; None takes `MIGMA_PROJECT_ID`, else the account's only project.
        address: the column with the addresses; looked for when not given.
        columns: field to column, such as `{"firstName": "Vorname"}`, where the name alone does not tell;
            `{"country": None}` says that no column is the country. The fields are `firstName`, `lastName`,
            `phone`, `country`, `language` and `status`.
        custom: which columns become custom fields: "rest" for all others, a list of columns, a mapping of
            name to column, or None for none.
        exclude: addresses that are left out: a column, list, set, frame or file.
        duplicates: "first" if only the first of a person's differing rows counts.
        resubscribe: True also subscribes people who have unsubscribed or whose mail bounced. Do so only with
            a new consent that you can prove: to mail people against their word is unlawful in most countries.

    Raises:
        InputError: an argument or the list cannot be used; says what to do. Nothing was sent.
    """
    name = _tag_name(tag)
    if duplicates not in {None, "first"}:
        raise InputError(f"duplicates is {duplicates!r}.", hint='Leave it out, or write duplicates="first".')
    if not isinstance(resubscribe, bool):
        raise InputError(f"resubscribe is {resubscribe!r}.", hint="Write resubscribe=True or False.")
    if isinstance(people, Tag | Segment | Audience):
        hint = "Pass a DataFrame, a file or a list of dicts."
        raise InputError(f"{people} is no list of people.", hint=hint)
    frame = people_frame(people)
    issues = IssueList()
    column = find_address_column(frame, address)
    mapped = map_contact_columns(frame, column.position, columns, custom)
    found = read_people(column_at(frame, column.position), column.name, issues)
    fields = read_fields(frame, mapped, issues)
    own = read_custom(frame, mapped, issues)
    statuses = list(fields.get("status", [None] * len(frame)))
    fields["status"] = _sent_statuses(statuses, given="status" in mapped.fields, resubscribe=resubscribe)
    rules = Rules(
        excluded=frozenset() if exclude is None else identities(exclude, "exclude"),
        allowed=None,
        column=column.name,
        fix_duplicate="Only the first valid one is imported.",
        fix_differs='Write duplicates="first" to import the first only, or leave the others out.',
    )
    # The same rules as for a mailing; these bodies are looked at by them, and never sent.
    named = {f"custom {field}" if field in fields else field: texts for field, texts in own.items()}
    looked_at = build_bodies({"tags": [name]}, found.addresses, fields | named)
    settled = settle(found, found.identities, looked_at, rules, issues)
    texts = _contact_texts(name, found.addresses, fields, own)
    names = column_names(frame)
    said = pd.Series([statuses[row] for row in settled.ready], dtype=object).value_counts()
    return ContactList(
        id=_list_id(name, texts, settled.ready),
        tag=name,
        project_id=project_id,
        size=len(frame),
        index=frame.index.copy(),
        address_note=column.note,
        fields=MappingProxyType({field: names[at] for field, at in mapped.fields.items()}),
        custom=MappingProxyType({field: names[at] for field, at in mapped.custom.items()}),
        statuses=MappingProxyType({str(word).strip('"'): int(count) for word, count in said.items()}),
        resubscribe=resubscribe,
        duplicates_question="" if duplicates == "first" else _question(settled.differing),
        _people=found,
        _texts=texts,
        _settled=settled,
        _issues=issues.frame(frame.index),
        reading=ReadReport.of(frame),
    )


def _tag_name(tag: object) -> str:
    hint = 'Write tag="2026-11 renewal"; a new name for each import keeps older members out of it.'
    if not isinstance(tag, str) or not tag.strip():
        raise InputError(f"An import needs the name of a tag, not {tag!r}. Nothing was sent.", hint=hint)
    name = tag.strip()
    if len(name) > LONGEST_TAG:
        raise InputError(f"The tag's name has {len(name)} characters, more than {LONGEST_TAG}.", hint=hint)
    if UNSAFE_IN_HEADER.intersection(name) or not name.isprintable():
        raise InputError(f"The tag's name has a line break or a hidden character: {name!r}.", hint=hint)
    return name


def _sent_statuses(texts: Sequence[str | None], *, given: bool, resubscribe: bool) -> Sequence[str | None]:
    """Return which status goes out with each row.

    "Subscribed" stays at home: a new contact is subscribed by itself, and what the API holds of an older one,
    who may have unsubscribed, is not written over.
    """
    word = json_text(SUBSCRIBED)
    if resubscribe:
        return texts if given else [word] * len(texts)
    return [None if text == word else text for text in texts]


def _contact_texts(
    tag: str,
    addresses: Sequence[str],
    fields: Mapping[str, Sequence[str | None]],
    custom: Mapping[str, Sequence[str | None]],
) -> list[str]:
    """Return each row's contact as JSON, keys sorted, what is missing left out."""
    rows = len(addresses)
    parts: dict[str, Sequence[str | None]] = dict(fields)
    parts["email"] = [json_text(address) if address.isascii() else _safely(address) for address in addresses]
    if custom:
        parts["customFields"] = _objects(custom, rows)
    parts["tags"] = [json_text([tag])] * rows
    return [text or "{}" for text in _objects(parts, rows)]


def _objects(parts: Mapping[str, Sequence[str | None]], rows: int) -> list[str | None]:
    keys = [f"{json_text(name)}:" for name in sorted(parts)]
    columns = [list(parts[name]) for name in sorted(parts)]
    made: list[str | None] = []
    for values in zip(*columns, strict=True) if columns else [()] * rows:
        pairs = [key + value for key, value in zip(keys, values, strict=True) if value is not None]
        made.append(f"{{{','.join(pairs)}}}" if pairs else None)
    return made


def _safely(address: str) -> str:
    """Return an address as JSON; one that is not valid, and so is never sent, in any form that can be."""
    return json_text(address.encode("utf-8", "backslashreplace").decode("utf-8"))


def _parted(rows: Sequence[int], texts: Sequence[str]) -> Iterator[tuple[int, ...]]:
    part, size = list[int](), 0
    for row in rows:
        length = len(texts[row].encode()) + 1
        if part and (len(part) == CHUNK_ROWS or size + length > CHUNK_BYTES):
            yield tuple(part)
            part, size = [], 0
        part.append(row)
        size += length
    if part:
        yield tuple(part)


def _list_id(tag: str, texts: Sequence[str], ready: Sequence[int]) -> str:
    whole = hashlib.sha256(f"import 1\n{tag}".encode())
    for digest in sorted(hashlib.sha256(texts[row].encode()).digest() for row in ready):
        whole.update(digest)
    return whole.hexdigest()[:12]


def _question(differing: int) -> str:
    if not differing:
        return ""
    rows = "1 row is" if differing == 1 else f"{differing:,} rows are"
    return (
        f"{rows} of somebody who is in the list already, but with other content (see duplicate_differs in "
        'plan.issues). Write duplicates="first" to import only the first row of each person.'
    )

"""A frozen plan: who gets what, exactly, decided and checked before the first call."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.api.states import Reason, State
from migma_nb.planning.bodies import AnyBodies
from migma_nb.planning.content import Content
from migma_nb.planning.list_checks import PlannedList
from migma_nb.planning.presets import Preset
from migma_nb.planning.questions import overlap_question
from migma_nb.planning.read_report import ReadReport
from migma_nb.planning.rendering import RenderedMessage, render
from migma_nb.planning.settling import Settled
from migma_nb.planning.sources import Target
from migma_nb.planning.spooled import SpooledBodies
from migma_nb.planning.stored import StoredEmail
from migma_nb.planning.target_checks import PlannedTargets


@dataclass(frozen=True, slots=True)
class Request:
    """Another call than `POST /sending` that mails a plan's target, such as the send of a campaign.

    Args:
        path: below the base URL.
        body: its exact bytes.
        digest: what stands for it in the record, in place of its bytes' hash: those may be the same for all.
    """

    path: str
    body: bytes
    digest: str


@dataclass(frozen=True, slots=True, repr=False, eq=False, kw_only=True)
class Plan:
    """One mailing to a list of people, to one target, or to a frame of targets, ready to be sent.

    Rows are meant by their position in the input, from 0. A row is for one person, or it is a batch: one call
    that mails everybody in a tag, segment or audience.

    Args:
        id: 12 hexadecimal digits over everything that changes what is sent (str).
        batches: row to its target, for the rows that are batches.
        size: input rows (int); 1 for a target.
        index: the input's index, unchanged.
        address_column: the column with the addresses (str), or None.
        address_note: which column that is and why (str).
        columns: placeholder to the column that fills it.
        defaults: placeholder to what stands in for a missing cell of its column, as JSON text.
        overlap: "allowed" if people may also be mailed by a batch of this mailing, else None.
        duplicates_question: what has to be decided before the send (str), "" if nothing.
        per_row: what each row says itself: field on the wire to the column it was taken from.
        people_note: why it is not known how many people the batches hold (str), "" where nobody asked.
        reading: how the list was read from a file, None where it was not.
        request: the call that mails the target, None for a send.
        planned_list: the list that was planned, None for a target and for lists in pieces.
        mendable: whether anything in the list can be repaired, once somebody has looked.
    """

    id: str
    batches: Mapping[int, Target]
    size: int
    index: pd.Index
    address_column: str | None
    address_note: str
    columns: Mapping[str, str]
    defaults: Mapping[str, str]
    overlap: str | None
    duplicates_question: str
    per_row: Mapping[str, str]
    _content: Content
    #: Each row's own content where they differ, else None.
    _contents: Sequence[Content] | None
    _bodies: AnyBodies | SpooledBodies
    _recipients: Sequence[str | None]
    _settled: Settled
    _issues: pd.DataFrame
    people_note: str = ""
    reading: ReadReport | None = None
    request: Request | None = None
    planned_list: PlannedList | PlannedTargets | None = None
    mendable: list[bool] = field(default_factory=list)

    @property
    def in_pieces(self) -> bool:
        """Whether the list was too long for memory, so that its rows are on disk."""
        return isinstance(self._bodies, SpooledBodies)

    @property
    def path(self) -> str:
        """Where the plan's calls go, below the base URL (str)."""
        return "/sending" if self.request is None else self.request.path

    def digest_of(self, body: bytes) -> str:
        """Return what stands in the record for a call with these bytes (hexadecimal digits)."""
        return hashlib.sha256(body).hexdigest() if self.request is None else self.request.digest

    @property
    def mailing(self) -> str:
        """The user's own name for this mailing (str)."""
        return self._content.mailing

    @property
    def target(self) -> Target | None:
        """The one target that the plan is for; None where it has several rows, or a person's."""
        return self.batches.get(0) if self.size == 1 else None

    @property
    def people(self) -> int | None:
        """How many people will be mailed, None where it is not known how many a batch holds."""
        return self.people_in(self.ready)

    def people_in(self, rows: Collection[int]) -> int | None:
        """Return how many people these rows mail, None where it is not known how many a batch holds."""
        if not self.batches:
            return len(rows)
        counts = [self.batches[row].count if row in self.batches else 1 for row in rows]
        known = [count for count in counts if count is not None]
        return sum(known) if len(known) == len(counts) else None

    def is_batch(self, i: int) -> bool:
        """Say whether a row is a batch: one call to everybody in a tag, segment or audience."""
        return i in self.batches

    @property
    def targets(self) -> tuple[Target, ...]:
        """The different targets of the rows to be sent, in their order."""
        if not self.batches:
            return ()
        sent = {self.batches[row].recipient: self.batches[row] for row in self.ready if row in self.batches}
        return tuple(sent.values())

    @property
    def singles(self) -> int:
        """How many rows to be sent are for one person each (int)."""
        return len(self.ready) - (sum(map(self.is_batch, self.ready)) if self.batches else 0)

    def knowing(self, targets: Iterable[Target], note: str = "") -> "Plan":
        """Return the same plan with what is known of its targets, their names and counts; its id stays.

        Args:
            targets: the targets, with what is known.
            note: why not all is known, "" for nothing.
        """
        known = {target: target for target in targets}
        batches = {row: known.get(target, target) for row, target in self.batches.items()}
        return replace(self, batches=MappingProxyType(batches), people_note=note)

    @property
    def constants(self) -> Mapping[str, Any]:
        """The wire fields that are the same in every request, by their names on the wire."""
        return self._content.constants

    @property
    def stored(self) -> StoredEmail | None:
        """The email that Migma holds, where its content was read; None for a template or an unread ID."""
        return self._content.stored

    @property
    def issues(self) -> pd.DataFrame:
        """One line per problem, with the columns `ISSUE_COLUMNS`; a copy."""
        return self._issues.copy()

    @property
    def ready(self) -> Sequence[int]:
        """The rows to be sent, in order."""
        return self._settled.ready

    @property
    def has_errors(self) -> bool:
        """Whether a row that is not excluded has an error."""
        return self._settled.has_errors

    @property
    def needs_duplicates_choice(self) -> bool:
        """Whether somebody is in two rows that say different things, and it is open what to do."""
        return bool(self.duplicates_question)

    @property
    def overlap_question(self) -> str:
        """What has to be decided where somebody may be in several of the plan's batches, "" if nothing."""
        return overlap_question(self.overlap, self.targets, self.singles)

    @property
    def question(self) -> str:
        """What has to be decided before the send (str), "" if nothing."""
        return self.duplicates_question or self.overlap_question

    @property
    def stand(self) -> Mapping[State, int]:
        """How many rows stand back in which state."""
        return self._settled.stand

    def preset(self, i: int) -> tuple[State, Reason, str] | None:
        """Return state, reason and words of a row that will not be sent; None for one that is ready."""
        return self._settled.presets.get(self._row(i))

    def state(self, i: int) -> State | None:
        """Return the state of a row that will not be sent; None for one that is ready."""
        preset = self.preset(i)
        return preset[0] if preset else None

    def recipient(self, i: int) -> str:
        """Return who a row's person is in this mailing, key columns joined in; "" where there is nobody."""
        return self._recipients[self._row(i)] or ""

    def address(self, i: int) -> str:
        """Return a row's address as it goes on the wire; for an invalid one what stood there."""
        row = self._row(i)
        if row in self.batches:
            return self.batches[row].id
        return (self._bodies.addresses[row] or "") if self._bodies.addresses is not None else ""

    def body(self, i: int) -> bytes:
        """Return the exact bytes of a row's request.

        Raises:
            InputError: the row has an error, so that there is nothing to send.
        """
        preset = self.preset(i)
        if preset and preset[0] is State.INVALID:
            raise InputError(f"Row {i} cannot be sent: {preset[2]}", hint="See plan.issues.")
        if self.request is not None:
            return self.request.body
        return self._bodies.body(i)

    def values(self, i: int) -> dict[str, Any]:
        """Return a row's variables as plain JSON values by name."""
        return self._bodies.values(self._row(i))

    def message(self, i: int) -> RenderedMessage:
        """Return a row's message as the documented rules render it, as far as its values go."""
        row = self._row(i)
        shown = self.batches[row].recipient if row in self.batches else self.address(i)
        content = self._content if self._contents is None else self._contents[row]
        return render(content, shown, self._bodies.values(row))

    def find(self, text: str, after: int = -1) -> int | None:
        """Return the next row behind one whose address or a value contains a text, None for none.

        Args:
            text: what is looked for; upper and lower case are the same.
            after: the row behind which the search begins (int), -1 for all rows.
        """
        return self._bodies.find(text, after)

    def own_email_id(self, i: int) -> str | None:
        """Return the stored email that a row names itself, None where it names none."""
        found = self._bodies.fields(self._row(i)).get("emailId")
        return None if found is None else str(found)

    def without(self, presets: Mapping[int, Preset]) -> "Plan":
        """Return the same plan, under the same id, with these rows left out.

        Args:
            presets: state, reason and words by row.
        """
        return replace(self, _settled=self._settled.without(presets))

    def _row(self, i: int) -> int:
        if not 0 <= i < self.size:
            raise IndexError(f"row {i}: the plan has rows 0 to {self.size - 1}")
        return i

    def __repr__(self) -> str:
        people = "" if self.people is None else f"{self.people:,} people"
        batches = f"{len(self.targets):,} batches" if self.batches else ""
        whom = str(self.target) if self.target else " in ".join(part for part in (people, batches) if part)
        return (
            f"Plan({self.mailing!r}, {whom}, {self.size:,} rows, {len(self._issues):,} issues, id={self.id})"
        )

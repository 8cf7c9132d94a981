"""A frozen plan: who gets what, exactly, decided and checked before the first call."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.api.states import Reason, State
from migma_nb.planning.bodies import Bodies
from migma_nb.planning.content import Content
from migma_nb.planning.rendering import RenderedMessage, render
from migma_nb.planning.settling import Preset, Settled
from migma_nb.planning.sources import Target
from migma_nb.planning.stored import StoredEmail


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
    """One mailing to one list of people or one target, ready to be looked at and sent.

    Rows are meant by their position in the input, from 0.

    Args:
        id: 12 hexadecimal digits over everything that changes what is sent (str).
        target: the batch target, or None for a list of people.
        size: input rows (int); 1 for a target.
        people: people who will be mailed (int); for a target 1, since it is one call.
        index: the input's index, unchanged.
        address_column: the column with the addresses (str), or None.
        address_note: which column that is and why (str).
        columns: placeholder to the column that fills it.
        defaults: placeholder to what stands in for a missing cell of its column, as JSON text.
        overlap: "allowed" if people may also be mailed by a batch of this mailing, else None.
        duplicates_question: what has to be decided before the send (str), "" if nothing.
        request: the call that mails the target, None for a send.
    """

    id: str
    target: Target | None
    size: int
    people: int
    index: pd.Index
    address_column: str | None
    address_note: str
    columns: Mapping[str, str]
    defaults: Mapping[str, str]
    overlap: str | None
    duplicates_question: str
    _content: Content
    _bodies: Bodies
    _recipients: Sequence[str | None]
    _settled: Settled
    _issues: pd.DataFrame
    request: Request | None = None

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
        return any(state is State.INVALID for state, _, _ in self._settled.presets.values())

    @property
    def needs_duplicates_choice(self) -> bool:
        """Whether somebody is in two rows that say different things, and it is open what to do."""
        return bool(self.duplicates_question)

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
        if self.target is not None:
            return self.target.id
        return self._bodies.addresses[row] if self._bodies.addresses is not None else ""

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
        shown = self.target.recipient if self.target is not None else self.address(i)
        return render(self._content, shown, self._bodies.values(self._row(i)))

    def without(self, presets: Mapping[int, Preset]) -> "Plan":
        """Return the same plan, under the same id, with these rows left out.

        Args:
            presets: state, reason and words by row.
        """
        ready = tuple(row for row in self._settled.ready if row not in presets)
        settled = replace(self._settled, ready=ready, presets={**self._settled.presets, **presets})
        return replace(self, _settled=settled)

    def _row(self, i: int) -> int:
        if not 0 <= i < self.size:
            raise IndexError(f"row {i}: the plan has rows 0 to {self.size - 1}")
        return i

    def __repr__(self) -> str:
        whom = f"{self.people:,} people" if self.target is None else str(self.target)
        return (
            f"Plan({self.mailing!r}, {whom}, {self.size:,} rows, {len(self._issues):,} issues, id={self.id})"
        )

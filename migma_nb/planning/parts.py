"""A part of a plan that goes to another process: all that it takes there to send its rows, and no more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.planning.bodies import AnyBodies
from migma_nb.planning.coded_texts import CodedTexts
from migma_nb.planning.content import Content
from migma_nb.planning.frozen import Plan
from migma_nb.planning.issues import ISSUE_COLUMNS
from migma_nb.planning.presets import Preset, PresetRows
from migma_nb.planning.settling import Settled


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class PlanPart:
    """Some rows of a plan, one after the other; it can be pickled.

    Args:
        plan_id: the whole plan's id (str).
        start: the first row's position in the whole plan (int).
        overlap: as in the whole plan.
        content: what is the same for everybody.
        contents: each row's own content where they differ, else None.
        bodies: the rows' exact bodies.
        recipients: who each row's person is in this mailing.
        presets: state, reason and words of the rows that stand back, by their place in this part; words that
            name a row mean the whole plan's.
    """

    plan_id: str
    start: int
    overlap: str | None
    content: Content
    contents: Sequence[Content] | None
    bodies: AnyBodies
    recipients: CodedTexts
    presets: Mapping[int, Preset] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """How many rows it has."""
        return len(self.recipients)

    @property
    def people(self) -> int:
        """How many of them are to be sent."""
        return self.size - len(self.presets)

    def plan(self) -> Plan:
        """Return the part as a plan of the same id and mailing; its row 0 is the whole plan's `start`."""
        presets = PresetRows.none(self.size).overlaid(self.presets)
        return Plan(
            id=self.plan_id,
            batches=MappingProxyType({}),
            size=self.size,
            index=pd.RangeIndex(self.start, self.start + self.size),
            address_column=None,
            address_note="",
            columns=MappingProxyType({}),
            defaults=MappingProxyType({}),
            overlap=self.overlap,
            duplicates_question="",
            per_row=MappingProxyType({}),
            _content=self.content,
            _contents=self.contents,
            _bodies=self.bodies,
            _recipients=self.recipients,
            _settled=Settled(presets.ready(), presets, 0),
            _issues=pd.DataFrame(columns=ISSUE_COLUMNS),
        )

    def __repr__(self) -> str:
        # Short, and without anybody's address: the logs of a cluster show it.
        return f"PlanPart({self.plan_id}, rows {self.start:,} to {self.start + self.size - 1:,})"


def check_people(plan: Plan) -> None:
    """Refuse a plan that cannot be cut into parts.

    Raises:
        InputError: it mails a tag, a segment, an audience or a campaign.
    """
    if plan.batches or plan.request is not None:
        raise InputError(
            "Only a plan of people can be sent in parts: a tag, a segment or an audience is one call.",
            hint="Leave cluster= out: one call needs no cluster.",
        )


def part_of(plan: Plan, start: int, stop: int) -> PlanPart:
    """Return some rows of a plan of people.

    Args:
        plan: the whole plan.
        start: the first row, from 0.
        stop: the row behind the last.

    Raises:
        InputError: it is no plan of people.
        IndexError: there are no such rows.
    """
    check_people(plan)
    if not 0 <= start < stop <= plan.size:
        raise IndexError(f"rows {start} to {stop}: the plan has rows 0 to {plan.size - 1}")
    rows = range(start, stop)
    presets = {row - start: preset for row in rows if (preset := plan.preset(row)) is not None}
    return PlanPart(
        plan_id=plan.id,
        start=start,
        overlap=plan.overlap,
        content=plan._content,  # noqa: SLF001 - a part is made of what the whole is made of
        contents=None if plan._contents is None else list(plan._contents[start:stop]),  # noqa: SLF001 - as above
        bodies=plan._bodies.part(start, stop),  # noqa: SLF001 - as above
        recipients=CodedTexts.of([plan.recipient(row) or None for row in rows]),
        presets=presets,
    )

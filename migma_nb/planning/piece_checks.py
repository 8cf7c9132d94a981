"""One piece of a long list is checked as a whole list is, given what the whole says."""

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from migma_nb.planning.arrow_memory import thrifty
from migma_nb.planning.bodies import build_bodies
from migma_nb.planning.coded_texts import CodedTexts
from migma_nb.planning.issues import IssueList
from migma_nb.planning.list_checks import PlannedList, check_list
from migma_nb.planning.list_looks import ListLook
from migma_nb.planning.presets import Kinds
from migma_nb.planning.settling import Rules, kinds_of
from migma_nb.planning.spooled import row_schema
from migma_nb.planning.text_arrays import array_of

#: Bytes that stand for a person: enough that two of ten million never share theirs.
_DIGEST = 16
Digests = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class CheckedPiece:
    """What is left of a piece: what its rows send, and what was found.

    Args:
        rows: each row as `row_schema` says.
        problems: `ISSUE_TABLE`, in order of the rows, which count from the whole list's first.
        kinds: what each row is by itself.
        persons: rows × 2, a number of 128 bits for each row's person, 0 for nobody.
    """

    rows: pa.RecordBatch
    problems: pa.Table
    kinds: Kinds
    persons: Digests


def check_piece(
    planned: PlannedList, rules: Rules, look: ListLook, frame: pd.DataFrame, start: int
) -> CheckedPiece:
    """Check a piece of a list.

    Args:
        planned: how the list is planned.
        rules: who may be mailed.
        look: how the whole list looks.
        frame: the piece.
        start: the position of its first row in the list (int).
    """
    with thrifty(len(frame)):
        issues = IssueList(start=start)
        checked = check_list(planned, frame, issues, look)
        bodies = build_bodies(planned.content.constants, checked.people.addresses, checked.texts)
        persons, identities = CodedTexts.of(checked.persons), CodedTexts.of(checked.people.identities)
        kinds = kinds_of(identities, persons, bodies, rules, issues)
        errors = array_of(issues.first_errors.get(row) for row in range(len(frame)))
        own = [
            persons.arrow(),
            identities.arrow(),
            CodedTexts.coded(checked.people.addresses).arrow(),
            errors,
        ]
        rows = pa.RecordBatch.from_arrays(
            [*own, *(texts.arrow() for texts in bodies.texts)], schema=row_schema(len(bodies.texts))
        )
        return CheckedPiece(rows, issues.table(), kinds, _digests(persons))


def _digests(persons: CodedTexts) -> Digests:
    told = b"".join(
        hashlib.blake2b(text.encode(), digest_size=_DIGEST).digest() for text in persons.different.to_pylist()
    )
    every = np.frombuffer(told + bytes(_DIGEST), dtype="<u8").reshape(-1, 2).astype(np.uint64)
    found: Digests = every[persons.codes]
    return found

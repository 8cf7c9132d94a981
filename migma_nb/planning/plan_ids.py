"""A plan's id: a short hash of all that changes what is sent, whatever the order of rows and columns."""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from xxhash import xxh3_128_digest

from migma_nb.planning.bodies import AnyBodies, Bodies, RowBodies
from migma_nb.planning.coded_texts import CodedTexts
from migma_nb.planning.text_arrays import TEXT, Places, bounds_and_bytes, give_back

Sums = npt.NDArray[np.uint64]
_LANES = 2
#: So many rows are digested at a time: what a core's cache holds.
_AT_ONCE = 4_096
#: After so many rows what the small arrays took is given back.
_GIVEN_BACK = 16 * _AT_ONCE


def plan_id(mailing: str, bodies: AnyBodies, recipients: Sequence[str | None], ready: Sequence[int]) -> str:
    """Return a short hash of all that changes what is sent.

    Each row that is sent is digested to 128 bits; the digests are added up, in two lanes of 64 bits, so that
    their order does not count, none has to be kept, and the sums of a list's pieces can be added too. That
    tells one plan from another; it is no seal against somebody who composes rows so that two plans are alike.
    So a fast digest does: XXH3 takes a third of what SHA-256 does for rows of a hundred bytes.

    Args:
        mailing: the mailing's name.
        bodies: the request bodies.
        recipients: each row's recipient.
        ready: the rows that are to be sent.

    Returns:
        12 hexadecimal digits (str).
    """
    return sealed(mailing, bodies, row_sums(bodies, recipients, ready), len(ready))


def row_sums(bodies: AnyBodies, recipients: Sequence[str | None], ready: Sequence[int] | Places) -> Sums:
    """Return the digests of the rows that are to be sent, added up; those of a list's pieces add up too."""
    persons, rows = CodedTexts.coded(recipients), np.asarray(ready, dtype=np.intp)
    total = np.zeros(_LANES, dtype=np.uint64)
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        if isinstance(bodies, RowBodies):
            digests = b"".join(_by_row(bodies, persons, some))
        else:
            digests = b"".join(_by_column(bodies, persons, some))
        total += np.frombuffer(digests, dtype="<u8").reshape(-1, _LANES).sum(axis=0, dtype=np.uint64)
        if start % _GIVEN_BACK == 0:
            give_back(len(rows))
    return total


def sealed(mailing: str, bodies: AnyBodies, total: Sums, count: int) -> str:
    """Return the plan's ID.

    Args:
        mailing: the mailing's name.
        bodies: request bodies with the plan's chunks and variables.
        total: the sums over all rows.
        count: how many rows are to be sent.
    """
    names = () if isinstance(bodies, RowBodies) else bodies.variables
    fixed = (b"plan 3", mailing.encode(), *bodies.chunks, *(name.encode() for name in names))
    whole = hashlib.sha256()
    for part in (*fixed, str(count).encode(), total.astype("<u8").tobytes()):
        whole.update(len(part).to_bytes(8, "big"))
        whole.update(part)
    return whole.hexdigest()[:12]


def _by_row(bodies: RowBodies, persons: CodedTexts, rows: Places) -> Iterator[bytes]:
    for row in rows.tolist():
        line = [(persons[row] or "").encode(), *bodies.own_parts(row)]
        yield xxh3_128_digest(b"\0".join(line))


def _by_column(bodies: Bodies, persons: CodedTexts, rows: Places) -> list[bytes]:
    """Digest recipient, address and JSON texts, parted by NUL, which none holds; "" is no JSON text."""
    columns = [persons, *([] if bodies.addresses is None else [bodies.addresses]), *bodies.texts]
    between = pa.scalar("\0", TEXT)
    lines = pc.binary_join_element_wise(
        *(column.take(rows).arrow() for column in columns),
        between,
        null_handling="replace",
        null_replacement="",
    )
    bounds, data = bounds_and_bytes(lines)
    text = data.tobytes()
    return [xxh3_128_digest(text[begin:end]) for begin, end in pairwise(bounds.tolist())]

"""A plan's id: a short hash of all that changes what is sent, whatever the order of rows and columns."""

import hashlib
import itertools
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from xxhash import xxh3_128_digest

from migma_nb.planning.bodies import AnyBodies, Bodies, RowBodies
from migma_nb.planning.coded_texts import CodedTexts
from migma_nb.planning.text_arrays import TEXT, Places

Sums = npt.NDArray[np.uint64]
_LANES = 2
#: So many rows are digested at a time: what a core's cache holds.
_AT_ONCE = 4_096
#: The rows that are sent are close together where there are at most so many times as many between them.
_DENSE = 1.1


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
    """Return the digests of the rows that are to be sent, in order, added up; those of pieces add up too."""
    persons, rows = CodedTexts.coded(recipients), np.asarray(ready, dtype=np.intp)
    total = np.zeros(_LANES, dtype=np.uint64)
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        if isinstance(bodies, RowBodies):
            total += _sums(_by_row(bodies, persons, some))
        else:
            total += _by_column(bodies, persons, some)
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


def _by_column(bodies: Bodies, persons: CodedTexts, rows: Places) -> Sums:
    """Digest recipient, address and JSON texts, parted by NUL, which none holds; "" is no JSON text."""
    columns = [persons, *([] if bodies.addresses is None else [bodies.addresses]), *bodies.texts]
    between = pa.scalar("\0", TEXT)
    first, last = int(rows[0]), int(rows[-1])
    # Where nearly all rows are sent, the others are left out at the end: much is there in one piece then.
    dense = last - first < len(rows) * _DENSE
    lines = pc.binary_join_element_wise(
        *(column.part(first, last + 1) if dense else column.take(rows).arrow() for column in columns),
        between,
        null_handling="replace",
        null_replacement="",
    )
    lines = lines.cast(pa.large_binary()).to_pylist()
    if not dense:
        return _sums(map(xxh3_128_digest, lines))
    sent = np.zeros(len(lines), dtype=bool)
    sent[rows - first] = True
    return _sums(map(xxh3_128_digest, itertools.compress(lines, sent.tolist())))


def _sums(digests: Iterable[bytes]) -> Sums:
    lanes = np.frombuffer(b"".join(digests), dtype="<u8")
    return np.array([lanes[at::_LANES].sum(dtype=np.uint64) for at in range(_LANES)], dtype=np.uint64)

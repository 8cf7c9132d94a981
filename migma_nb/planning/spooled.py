"""The rows of a checked list, on disk: who each is, and its own parts of the body."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from migma_nb.planning.bodies import Bodies
from migma_nb.planning.coded_texts import CodedTexts
from migma_nb.planning.spool import Spool
from migma_nb.planning.text_arrays import TEXT, Places, numbered

#: The columns of each row; behind them are its variables' JSON texts, in the order of the plan's variables.
PERSON, IDENTITY, ADDRESS, ERROR = "person", "identity", "address", "error"
_OWN = (PERSON, IDENTITY, ADDRESS, ERROR)


def row_schema(variables: int) -> pa.Schema:
    """Return the columns of the rows of a list with so many variables."""
    return pa.schema([(name, TEXT) for name in (*_OWN, *map(str, range(variables)))])


def coded_array(texts: Any) -> CodedTexts:
    """Return the texts of an Arrow array as they stand, without looking for equal ones."""
    if not texts.null_count:
        return CodedTexts(np.arange(len(texts), dtype=np.int32), texts)
    there = texts.is_valid()
    return CodedTexts(numbered(there.to_numpy(zero_copy_only=False)), texts.filter(there))


class SpooledTexts(Sequence[str | None]):
    """A text of each row; reads like a list of texts.

    Args:
        spool: the rows.
        column: which of their columns.
    """

    def __init__(self, spool: Spool, column: str) -> None:
        self._spool, self._column = spool, column

    def __len__(self) -> int:
        return len(self._spool)

    @overload
    def __getitem__(self, at: int) -> str | None: ...
    @overload
    def __getitem__(self, at: slice) -> list[str | None]: ...
    def __getitem__(self, at: int | slice) -> str | list[str | None] | None:
        if isinstance(at, slice):
            return self.take(range(*at.indices(len(self))))[:]
        batch, place = self._spool.place(at)
        text: str | None = self._spool.batch(batch)[self._column][place].as_py()
        return text

    def __iter__(self) -> Iterator[str | None]:
        for batch in self._spool:
            yield from batch[self._column].to_pylist()

    def take(self, rows: Any) -> CodedTexts:
        """Return the texts of these rows, in their order; each batch is read once."""
        return taken(self._spool, rows, (self._column,))[0]


def taken(spool: Spool, rows: Any, columns: Sequence[str]) -> list[CodedTexts]:
    """Return some columns of some rows, in the rows' order; each batch is read once."""
    wanted = np.asarray(rows, dtype=np.intp)
    order = np.argsort(wanted, kind="stable")
    ascending = wanted[order]
    found: list[list[Any]] = [[pa.array([], TEXT)] for _ in columns]
    for at, (start, end) in enumerate(spool.spans):
        first, last = np.searchsorted(ascending, (start, end))
        if first < last:
            batch, places = spool.batch(at), pa.array(ascending[first:last] - start)
            for parts, column in zip(found, columns, strict=True):
                parts.append(batch[column].take(places))
    back = np.empty(len(order), dtype=np.intp)
    back[order] = np.arange(len(order))
    return [coded_array(pa.concat_arrays(parts).take(pa.array(back))) for parts in found]


class SpooledErrors(Mapping[int, str]):
    """Row to its first error.

    Args:
        texts: each row's first error, None where it has none.
        rows: the rows that have one, in order.
    """

    def __init__(self, texts: SpooledTexts, rows: Places) -> None:
        self._texts, self._rows = texts, rows

    def __getitem__(self, row: int) -> str:
        text = self._texts[row]
        if text is None:
            raise KeyError(row)
        return text

    def __iter__(self) -> Iterator[int]:
        yield from self._rows.tolist()

    def __len__(self) -> int:
        return len(self._rows)


@dataclass(frozen=True, slots=True)
class SpooledBodies:
    """The request bodies of a list on disk; what `Bodies` says of each.

    Args:
        whole: the same without rows: chunks, variables and keys.
        spool: the rows.
    """

    whole: Bodies
    spool: Spool

    @property
    def chunks(self) -> tuple[bytes, ...]:
        """The constant bytes before, between and after a row's own parts."""
        return self.whole.chunks

    @property
    def addresses(self) -> SpooledTexts:
        """Each row's `recipientEmail`."""
        return SpooledTexts(self.spool, ADDRESS)

    def of_batch(self, batch: pa.RecordBatch) -> Bodies:
        """Return the bodies of some rows."""
        texts = tuple(coded_array(batch[str(at)]) for at in range(len(self.whole.variables)))
        whole = self.whole
        return Bodies(whole.chunks, coded_array(batch[ADDRESS]), whole.variables, whole.keys, texts)

    def body(self, row: int) -> bytes:
        """Return the body of one row (bytes)."""
        return self._one(row).body(0)

    def own_parts(self, row: int) -> list[bytes]:
        """Return what is a row's own in its body: address and variables, as JSON (list of bytes)."""
        return self._one(row).own_parts(0)

    def values(self, row: int) -> dict[str, Any]:
        """Return a row's variables as plain JSON values by name; those without value are left out."""
        return self._one(row).values(0)

    def fields(self, row: int) -> Mapping[str, Any]:
        """Return what a row says itself besides recipient and variables: nothing."""
        return self.whole.fields(row)

    def find(self, text: str, after: int) -> int | None:
        """Return the next row behind one whose address or a variable contains a text, as in `Bodies`."""
        for at, (start, end) in enumerate(self.spool.spans):
            if end > after + 1:
                found = self.of_batch(self.spool.batch(at)).find(text, max(after - start, -1))
                if found is not None:
                    return start + found
        return None

    def lengths(self, rows: Places) -> npt.NDArray[np.int64]:
        """Return how many characters the variables of some rows, in order, have, as JSON."""
        parts = [np.empty(0, dtype=np.int64)]
        for at, (start, end) in enumerate(self.spool.spans):
            some = rows[slice(*np.searchsorted(rows, (start, end)))] - start
            if len(some):
                parts.append(self.of_batch(self.spool.batch(at)).lengths(some))
        return np.concatenate(parts)

    def texts_of(self, rows: Sequence[int]) -> dict[str, list[str | None]]:
        """Return the variables of some rows as JSON texts, by name."""
        names = self.whole.variables
        return {name: texts[:] for name, texts in zip(names, self._taken(rows), strict=True)}

    def rows_with(self, name: str, text: str) -> Iterator[int]:
        """Yield the rows whose variable of this name is this JSON text, in order."""
        for batch, (start, _) in zip(self.spool, self.spool.spans, strict=True):
            for row in self.of_batch(batch).rows_with(name, text):
                yield start + row

    def part(self, start: int, stop: int) -> Bodies:
        """Return the bodies of some rows, one after the other, without the others' texts."""
        rows = range(start, stop)
        texts = tuple(self._taken(rows))
        whole = self.whole
        return Bodies(whole.chunks, self.addresses.take(rows), whole.variables, whole.keys, texts)

    def differences(self, rows: Places, others: Places) -> dict[int, list[str]]:
        """Return the variables in which rows differ from the others beside them, by place, if in any."""
        mine, theirs = self._taken(rows), self._taken(others)
        found: dict[int, list[str]] = {}
        for name, one, other in zip(self.whole.variables, mine, theirs, strict=True):
            for at, (text, stands) in enumerate(zip(one, other, strict=True)):
                if text != stands:
                    found.setdefault(at, []).append(name)
        return found

    def _taken(self, rows: Any) -> list[CodedTexts]:
        return taken(self.spool, rows, [str(at) for at in range(len(self.whole.variables))])

    def _one(self, row: int) -> Bodies:
        batch, place = self.spool.place(row)
        return self.of_batch(self.spool.batch(batch).slice(place, 1))

"""The exact bytes of each request: constant chunks made once, a row's own parts joined in.

The bytes are those of `SendRequest.body()`: JSON, UTF-8, keys sorted, the same in every process.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from migma_nb.api.models import encode
from migma_nb.planning.coded_texts import CHUNK, CodedTexts
from migma_nb.planning.text_arrays import Places
from migma_nb.planning.values import json_text

#: Our own limit on one request, in bytes; the API documents none (migma-api.md section 8).
MAX_BODY_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Bodies:
    """All request bodies of a plan.

    Args:
        chunks: the constant bytes before, between and after a row's own parts.
        addresses: each row's `recipientEmail`, or None for a batch target.
        variables: the variables' names, sorted.
        keys: the same as JSON keys with their colon.
        texts: for each name its rows' JSON texts; None where a cell has no value.
    """

    chunks: tuple[bytes, ...]
    addresses: CodedTexts | None
    variables: tuple[str, ...]
    keys: tuple[str, ...]
    texts: tuple[CodedTexts, ...]

    def body(self, row: int) -> bytes:
        """Return the body of one row (bytes)."""
        own = self.own_parts(row)
        pieces = [self.chunks[0]]
        for part, chunk in zip(own, self.chunks[1:], strict=True):
            pieces += [part, chunk]
        return b"".join(pieces)

    def own_parts(self, row: int) -> list[bytes]:
        """Return what is a row's own in its body: address and variables, as JSON (list of bytes)."""
        parts = [] if self.addresses is None else [json_text(self.addresses[row]).encode()]
        return [*parts, self.variables_text(row).encode()] if self.keys else parts

    def variables_text(self, row: int) -> str:
        """Return a row's variables as one JSON object; a variable without value is left out (str)."""
        pairs = (
            f"{key}{text}"
            for key, column in zip(self.keys, self.texts, strict=True)
            if (text := column[row]) is not None
        )
        return f"{{{','.join(pairs)}}}"

    def values(self, row: int) -> dict[str, Any]:
        """Return a row's variables as plain JSON values by name; those without value are left out."""
        pairs = zip(self.variables, self.texts, strict=True)
        return {name: json.loads(text) for name, column in pairs if (text := column[row]) is not None}

    def find(self, text: str, after: int) -> int | None:
        """Return the next row behind one whose address or a variable contains a text, None for none.

        Args:
            text: what is looked for; upper and lower case are the same.
            after: the row behind which the search begins (int), -1 for all rows.
        """
        plain = text.casefold()
        coded = json.dumps(text, ensure_ascii=False)[1:-1].casefold()
        columns = self.texts if self.addresses is None else (self.addresses, *self.texts)
        rows = max(map(len, columns), default=0)
        for start in range(after + 1, rows, CHUNK):
            found = rows
            for column in columns:
                own = column is self.addresses
                for at, held in enumerate(column[start : min(found, start + CHUNK)], start):
                    if plain in (held or "").casefold() if own else _holds(held, plain, coded):
                        found = at
                        break
            if found < rows:
                return found
        return None

    def part(self, start: int, stop: int) -> "Bodies":
        """Return the bodies of the rows from one to before another, which hold nothing of the others."""
        addresses = None if self.addresses is None else CodedTexts.of(self.addresses[start:stop])
        texts = tuple(CodedTexts.of(column[start:stop]) for column in self.texts)
        return replace(self, addresses=addresses, texts=texts)

    def fields(self, row: int) -> Mapping[str, Any]:
        """Return what a row says itself besides recipient and variables: nothing."""
        del row
        return {}

    def size(self, row: int) -> int:
        """Return the length of one row's body in bytes (int)."""
        return sum(map(len, self.chunks)) + sum(map(len, self.own_parts(row)))

    def lengths(self, rows: Places) -> npt.NDArray[np.int64]:
        """Return how many characters the variables of some rows have, as JSON."""
        return sum((column.lengths()[rows] for column in self.texts), np.zeros(len(rows), dtype=np.int64))

    def texts_of(self, rows: Sequence[int]) -> dict[str, list[str | None]]:
        """Return the variables of some rows as JSON texts, by name."""
        pairs = zip(self.variables, self.texts, strict=True)
        return {name: column.take(rows)[:] for name, column in pairs}

    def rows_with(self, name: str, text: str) -> Iterator[int]:
        """Yield the rows whose variable of this name is this JSON text, in order."""
        yield from self.texts[self.variables.index(name)].rows_with(text).tolist()

    def differences(self, rows: Places, others: Places) -> dict[int, list[str]]:
        """Return the variables in which rows differ from the others beside them, by place, if in any."""
        found: dict[int, list[str]] = {}
        for name, texts in zip(self.variables, self.texts, strict=True):
            for at in np.flatnonzero(texts.differs(rows, others)).tolist():
                found.setdefault(at, []).append(name)
        return found

    def maybe_large(self) -> list[int]:
        """Return the rows whose body may go beyond the limit, without building any."""
        own = self.texts if self.addresses is None else (*self.texts, self.addresses)
        # As JSON an address may take six times as much, with marks around it; so no text takes more.
        fixed = sum(map(len, self.chunks)) + sum(len(key) * 4 + 8 for key in self.keys) + 8
        if fixed + sum(column.longest * 6 for column in own) <= MAX_BODY_BYTES or not own:
            return [0] if not own and fixed > MAX_BODY_BYTES else []
        sizes = sum((column.sizes() * 6 for column in own), np.int64(fixed))
        found: list[int] = np.flatnonzero(sizes > MAX_BODY_BYTES).tolist()
        return found


@dataclass(frozen=True, slots=True)
class RowBodies:
    """All request bodies of a frame of targets, whose rows need not even have the same fields.

    Args:
        constants: wire fields that are the same in every request.
        own: each row's own wire fields, as plain JSON values.
        addresses: whom each row is for, as on the wire: an address, or a target's ID.
    """

    constants: Mapping[str, Any]
    own: Sequence[Mapping[str, Any]]
    addresses: Sequence[str]

    @property
    def chunks(self) -> tuple[bytes, ...]:
        """What is the same in every body, as bytes."""
        return (encode(dict(self.constants)),)

    def body(self, row: int) -> bytes:
        """Return the body of one row (bytes)."""
        return encode({**self.constants, **self.own[row]})

    def own_parts(self, row: int) -> list[bytes]:
        """Return what is a row's own in its body, as JSON (list of bytes)."""
        return [encode(dict(self.own[row]))]

    def values(self, row: int) -> dict[str, Any]:
        """Return a row's variables as plain JSON values by name."""
        return dict(self.own[row].get("variables", {}))

    def find(self, text: str, after: int) -> int | None:
        """Return the next row behind one whose address or a variable contains a text, as in `Bodies`."""
        sought = text.casefold()
        for at in range(after + 1, len(self.own)):
            told = [self.addresses[at], *map(_told, self.values(at).values())]
            if any(sought in words.casefold() for words in told):
                return at
        return None

    def part(self, start: int, stop: int) -> "RowBodies":
        """Return the bodies of the rows from one to before another."""
        own = [dict(fields) for fields in self.own[start:stop]]
        return RowBodies(dict(self.constants), own, list(self.addresses[start:stop]))

    def fields(self, row: int) -> Mapping[str, Any]:
        """Return a row's own wire fields."""
        return self.own[row]

    def size(self, row: int) -> int:
        """Return the length of one row's body in bytes (int)."""
        return len(self.body(row))

    def differences(self, rows: Places, others: Places) -> dict[int, list[str]]:
        """Return what rows say differently from the others beside them, by place, if anything."""
        pairs = enumerate(zip(rows.tolist(), others.tolist(), strict=True))
        return {at: names for at, (row, other) in pairs if (names := self._differing(row, other))}

    def maybe_large(self) -> range:
        """Return the rows whose body may go beyond the limit: only building them tells."""
        return range(len(self.own))

    def _differing(self, row: int, other: int) -> list[str]:
        mine, theirs = self._said(row), self._said(other)
        return [name for name in sorted({*mine, *theirs}) if mine.get(name) != theirs.get(name)]

    def _said(self, row: int) -> dict[str, Any]:
        own = self.own[row]
        content = {name: own[name] for name in ("subject", "conversationId", "emailId") if name in own}
        return {**content, **self.values(row)}


def _holds(text: str | None, plain: str, coded: str) -> bool:
    """Say whether a JSON text contains something; it is decoded only where that is likely."""
    if text is None or coded not in text.casefold():
        return False
    return "\\" not in text or plain in _told(json.loads(text)).casefold()


def _told(value: Any) -> str:
    return value if isinstance(value, str) else json_text(value)


AnyBodies = Bodies | RowBodies


def build_bodies(
    constants: Mapping[str, Any],
    addresses: Sequence[str] | None,
    variables: Mapping[str, Sequence[str | None]],
) -> Bodies:
    """Prepare all bodies of a plan.

    Args:
        constants: wire fields that are the same in every request.
        addresses: each row's address, or None for a batch target.
        variables: name to JSON texts, one per row.
    """
    own = {"recipientEmail"} if addresses is not None else set()
    own |= {"variables"} if variables else set()
    chunks, chunk = [], "{"
    for position, key in enumerate(sorted({*constants, *own})):
        chunk += f"{',' if position else ''}{json_text(key)}:"
        if key in own:
            chunks.append(chunk.encode())
            chunk = ""
        else:
            chunk += json_text(constants[key])
    names = sorted(variables)
    return Bodies(
        chunks=(*chunks, f"{chunk}}}".encode()),
        addresses=None if addresses is None else CodedTexts.coded(addresses),
        variables=tuple(names),
        keys=tuple(f"{json_text(name)}:" for name in names),
        texts=tuple(CodedTexts.coded(variables[name]) for name in names),
    )

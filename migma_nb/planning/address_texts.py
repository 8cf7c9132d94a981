"""A column of addresses, judged: the plain ones all at once, the others by the rule for one address.

The way for plain ones only skips work: what it takes, email-validator takes, and as the same person.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import email_validator
import numpy as np
import numpy.typing as npt
import pandas as pd  # noqa: TC002 - imported as everywhere here
import pyarrow as pa
import pyarrow.compute as pc

from migma_nb.api.kinds import kind_of
from migma_nb.planning.addresses import AddressVerdict, check_address, is_special
from migma_nb.planning.coded_texts import CodedTexts
from migma_nb.planning.text_arrays import (
    TEXT,
    Codes,
    Places,
    TextArray,
    array_of,
    bounds_and_bytes,
    encoded,
    holdable,
    lowered,
    matching,
    missing_in,
    numbered,
    one_in_each,
    replaced,
    sizes_of,
    taken,
    text_array,
)
from migma_nb.planning.values import is_missing

_ATOM = r"[A-Za-z0-9_!#$%&'*+/=?^`{|}~-]+"
_LABEL = r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*"
#: What is plain beyond doubt, save for special-use domains; for RE2, in which `\z` is the very end.
_PLAIN = rf"\A{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+[A-Za-z](?:[A-Za-z0-9]*[A-Za-z])?\z"
#: Within this no label, no local part and no domain is too long (bytes).
_LONGEST = 64
#: Whether a special-use domain ends with these two letters.
_SPECIAL_ENDS = np.zeros((256, 256), dtype=bool)
for _name in email_validator.SPECIAL_USE_DOMAIN_NAMES:
    _SPECIAL_ENDS[ord(_name[-2]), ord(_name[-1])] = True


@dataclass(frozen=True, slots=True, eq=False)
class ReadAddresses:
    """The addresses of a column.

    Args:
        wires: each row's address as on the wire; what stood there for invalid ones, "" for missing ones.
        identities: who each row is, None where the address is missing or invalid.
        invalid: what is wrong, by code of `wires`.
        missing: the rows without an address.
        refused: the rows whose address is not valid.
    """

    wires: CodedTexts
    identities: CodedTexts
    invalid: Mapping[int, AddressVerdict]
    missing: Places
    refused: Places


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """What stands before and behind the @ of valid addresses.

    Args:
        locals: the first, one for each different address.
        domains: the other.
    """

    locals: TextArray
    domains: CodedTexts

    @classmethod
    def of(cls, identities: CodedTexts) -> "Parts":
        """Part the different addresses."""
        texts = identities.different
        signs = one_in_each(texts, b"@")
        if signs is None or not len(texts):
            # In quotation marks there may be another one: what parts is the last.
            pairs = pc.split_pattern(texts, "@", max_splits=1, reverse=True)
            return cls(pc.list_element(pairs, 0), CodedTexts.of_array(pc.list_element(pairs, 1)))
        # One array of both parts in turn, over the same bytes.
        bounds = bounds_and_bytes(texts)[0]
        edges = np.append(np.column_stack([bounds[:-1], signs]), bounds[-1])
        both = pa.LargeStringArray.from_buffers(2 * len(texts), pa.py_buffer(edges), texts.buffers()[2])
        places = pa.array(np.arange(0, 2 * len(texts), 2))
        domains = CodedTexts.of_array(both.slice(1).take(places))
        beyond = pc.utf8_slice_codeunits(domains.different, 1)
        return cls(both.take(places), CodedTexts(domains.codes, beyond, distinct=True))

    def places_of_local(self, names: Collection[str]) -> Places:
        """Return the addresses whose first part is one of these names."""
        found = pc.is_in(self.locals, value_set=pa.array(sorted(names), TEXT))
        return np.flatnonzero(found.to_numpy(zero_copy_only=False))


def have_plain_shape(texts: TextArray) -> npt.NDArray[np.bool_]:
    """Say of each text, none of which is null, whether it is a plain address, whatever its domain is for."""
    return matching(texts, _PLAIN) & (sizes_of(texts) <= _LONGEST)


def are_plain(texts: TextArray) -> npt.NDArray[np.bool_]:
    """Say of each text whether it is a valid address beyond doubt, to be folded by its letters' case alone.

    Args:
        texts: none of which is null.
    """
    plain = have_plain_shape(texts)
    places = _maybe_special(texts, plain)
    domains = CodedTexts.of_array(pc.list_element(pc.split_pattern(texts.take(pa.array(places)), "@"), 1))
    special = [at for at, domain in enumerate(domains.different.to_pylist()) if is_special(domain.lower())]
    plain[places[domains.rows_of(np.array(special, dtype=np.intp))]] = False
    return plain


def _maybe_special(texts: TextArray, plain: npt.NDArray[np.bool_]) -> Places:
    """Return the plain addresses whose last two letters a special-use domain may have."""
    bounds, data = bounds_and_bytes(texts)
    places = np.flatnonzero(plain)
    ends = bounds[places + 1]
    # The letters' case is one bit, which other characters that can stand there do not lose.
    maybe: Places = places[_SPECIAL_ENDS[data[ends - 2] | 0x20, data[ends - 1] | 0x20]]
    return maybe


def read_addresses(cells: "pd.Series[Any]") -> ReadAddresses:
    """Judge a column of addresses, each different cell once.

    Args:
        cells: the column, of any dtype.
    """
    texts, others = _texts_and_others(cells)
    codes, different = encoded(texts)
    empty, plain = missing_in(different), are_plain(different)
    judged = np.flatnonzero(~plain & ~empty)
    verdicts = dict(zip(judged.tolist(), map(check_address, taken(different, judged)), strict=True))
    extra = {verdict: len(different) + at for at, verdict in enumerate(dict.fromkeys(others.values()))}
    persons, different_persons = _persons(different, plain, verdicts)

    empty, persons = np.append(empty, True), np.append(persons, np.int32(-1))
    missing = empty[codes]
    missing[list(others)] = False
    identities = CodedTexts(persons[codes], different_persons, distinct=True)
    codes = np.where(missing, np.int32(len(different) + len(extra)), codes)
    codes[list(others)] = [extra[verdict] for verdict in others.values()]
    odd = [at for at, verdict in verdicts.items() if verdict.identity is None]
    invalid = {at: verdicts[at] for at in odd} | {at: verdict for verdict, at in extra.items()}
    refused = np.zeros(len(different) + len(extra) + 1, dtype=bool)
    refused[list(invalid)] = True
    return ReadAddresses(
        CodedTexts(codes, _wires(different, verdicts, [verdict.wire for verdict in extra])),
        identities,
        invalid,
        np.flatnonzero(missing),
        np.flatnonzero(refused[codes]),
    )


def _texts_and_others(cells: "pd.Series[Any]") -> tuple[TextArray, dict[int, AddressVerdict]]:
    """Return a column's texts, null where there is none, and the verdict on each cell that is none."""
    texts = text_array(cells)
    if texts is not None:
        return texts, {}
    found: list[str | None] = []
    others: dict[int, AddressVerdict] = {}
    for row, cell in enumerate(cells.tolist()):
        plain = isinstance(cell, str) and (cell.isascii() or holdable(cell) == cell)
        found.append(cell if plain else None)
        if plain or is_missing(cell):
            continue
        verdict = AddressVerdict(str(cell), None, f"It is {kind_of(cell)}, not a text.")
        others[row] = check_address(cell) if isinstance(cell, str) else verdict
    return array_of(found), others


def _persons(
    different: TextArray, plain: npt.NDArray[np.bool_], verdicts: Mapping[int, AddressVerdict]
) -> tuple[Codes, TextArray]:
    """Return which person each different cell is, -1 for nobody, and the different persons."""
    places = np.fromiter(verdicts, dtype=np.intp)
    known = [verdict.identity or verdict.wire for verdict in verdicts.values()]
    valid = plain.copy()
    valid[places] = [verdict.identity is not None for verdict in verdicts.values()]
    folded = _with(lowered(different), places, known)
    if folded.equals(different):
        # All are written as they are folded, so that no two are one person's.
        return numbered(valid), folded if valid.all() else folded.filter(pa.array(valid))
    persons = CodedTexts.of_array(folded.filter(pa.array(valid)))
    codes: Codes = np.full(len(different), -1, dtype=np.int32)
    codes[valid] = persons.codes
    return codes, persons.different


def _wires(different: TextArray, verdicts: Mapping[int, AddressVerdict], extra: list[str]) -> TextArray:
    """Return the different addresses as they go on the wire, with those of other cells, and "" for none."""
    places = np.fromiter(verdicts, dtype=np.intp)
    wires = _with(different, places, [verdict.wire for verdict in verdicts.values()])
    return pa.concat_arrays([wires, array_of([*extra, ""])])


def _with(texts: TextArray, places: Places, by: Sequence[str]) -> TextArray:
    """Return the texts with those at these places replaced; the same array where all stand there already."""
    pairs = zip(places.tolist(), taken(texts, places), by, strict=True)
    new = [(at, text) for at, before, text in pairs if before != text]
    return replaced(texts, np.array([at for at, _ in new], dtype=np.intp), [text for _, text in new])

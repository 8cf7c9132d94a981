"""What must not stand in a mail, and which of a variable's different texts may bring it there, all at once.

A suspect is only looked at; whether there is something to tell is decided by who looks.
"""

import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from migma_nb.planning.matching import Filling
from migma_nb.planning.readable import Place
from migma_nb.planning.text_arrays import (
    Places,
    TextArray,
    bounds_and_bytes,
    matching,
    missing_in,
    places_with,
    sizes_of,
)
from migma_nb.planning.texts import odd_texts

#: An open placeholder, what a failed formula leaves, an object that was no text, letters that were lost.
TOKENS = (
    *("{{", "}}", "%7b%7b", "%7d%7d"),
    *("#ref!", "#n/a", "#value!", "#name?", "#div/0!", "#num!", "#null!"),
    *("[object object]", "\ufffd"),
)
LONGEST = max(map(len, TOKENS))
# Ahead of itself, so that one that begins inside of another is found too.
ANY = re.compile(f"(?=({'|'.join(map(re.escape, TOKENS))}))", re.IGNORECASE)
_PREFIXES = frozenset(token[:end] for token in TOKENS for end in range(1, len(token)))
#: What each token begins with in UTF-8, of which there is nothing in most texts.
_BEGINS = bytes(sorted({token.encode()[0] for token in TOKENS}))
_BEGINS_LONG = bytes(sorted({token.encode()[0] for token in TOKENS if len(token) > 1}))


def _for_re2(words: Sequence[str]) -> str:
    # To Python these two are an i as well, where case does not count.
    escaped = (re.escape(word).replace("i", "[i\u0130\u0131]") for word in words)
    return "|".join(escaped)


#: For RE2: a token, the beginning of one at the end of a JSON text, or a list or object, of any content.
_MAY_BE_READ = f'(?i)(?:{_for_re2(TOKENS)})|(?:{_for_re2(sorted(_PREFIXES))})"?\\z|\\A[\\[{{]'


def open_end(text: str, longer_than: int) -> bool:
    """Say whether a text ends in the middle of a token, of which more than so many characters are there."""
    tail = text[-LONGEST:].lower()
    return any(tail[-size:] in _PREFIXES for size in range(longer_than + 1, min(len(tail), LONGEST) + 1))


def suspects(filling: Filling, texts: TextArray, words: int, places: Sequence[Place]) -> Places:
    """Return which of a variable's different JSON texts could be found fault with; nearly always none.

    Args:
        filling: the variable.
        texts: its different JSON texts.
        words: so many of them, the first, are text cells as they stand.
        places: where it is read.
    """
    open_places = [place for place in places if open_end(place.before, 0)]
    if any(place.in_link for place in open_places) or filling.column is None:
        return np.arange(len(texts))
    found = [_with_tokens(texts, words if filling.form is None else len(texts)), _by_their_ends(texts)]
    continued = {rest for place in open_places for rest in _continuations(place.before)}
    if continued:
        starts = pc.utf8_lower(pc.utf8_slice_codeunits(pc.utf8_ltrim(texts, '"'), 0, 1))
        found.append(np.flatnonzero(pc.is_in(starts, pa.array(sorted(continued), starts.type))))
    if filling.form is not None:
        # Nothing has told yet what is odd about these; where one has an escape, it is not what it reads.
        bare = pc.utf8_trim(texts, '"')
        odd = np.fromiter(odd_texts(bare), dtype=np.intp)
        found += [odd, np.flatnonzero(missing_in(bare)), places_with(texts, b"\\")]
    if filling.default is not None:
        found.append(np.flatnonzero(pc.equal(texts, filling.default)))
    return np.unique(np.concatenate(found))


def may_reach_on(place: Place, texts: TextArray) -> Places:
    """Return which JSON texts may end, with what follows at a place, in the middle of a token."""
    if open_end(place.before, 0):
        return np.arange(len(texts))
    return _matching(texts, places_with(texts, _BEGINS_LONG))


def _with_tokens(texts: TextArray, words: int) -> Places:
    """Return the texts with a token or the beginning of one; of other cells than text all that might."""
    maybe = places_with(texts, _BEGINS)
    return np.concatenate([_matching(texts, maybe[maybe < words]), maybe[maybe >= words]])


def _matching(texts: TextArray, places: Places) -> Places:
    return places[matching(texts.take(pa.array(places)), _MAY_BE_READ)] if len(places) else places


def _by_their_ends(texts: TextArray) -> Places:
    """Return the texts that say nothing, or end with a mark that may come twice."""
    sizes = sizes_of(texts)
    bounds, data = bounds_and_bytes(texts)
    quoted = np.flatnonzero(sizes > 2)  # noqa: PLR2004 - more than the two quotation marks
    ends = bounds[1:] if len(quoted) == len(texts) else bounds[quoted + 1]
    last = data.take(ends - 2)
    nothing = np.flatnonzero(sizes == 2)  # noqa: PLR2004 - as above, or a number of two digits
    return np.concatenate([quoted[(last == ord(",")) | (last == ord(";"))], nothing])


def _continuations(before: str) -> set[str]:
    """Return the characters that would carry on a token in whose middle a text ends."""
    tail = before[-LONGEST:].lower()
    ends = {tail[-size:] for size in range(1, len(tail) + 1)} & _PREFIXES
    return {token[len(end)] for end in ends for token in TOKENS if token.startswith(end)}

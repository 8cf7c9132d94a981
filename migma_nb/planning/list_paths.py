"""A list that is given as a path: what its reader asks for is told to somebody who cannot pass it there."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from migma_nb.api.errors import InputError

_ASKED_FOR = re.compile(r"\b(?:encoding|delimiter|quote|sheet|header|member|hidden)=")


@contextmanager
def read_by_path() -> Iterator[None]:
    """Let a refusal that asks for an argument of `read_recipients` say so: a plan takes none of them.

    Raises:
        InputError: as inside.
    """
    try:
        yield
    except InputError as error:
        asked_for = _ASKED_FOR.search(error.hint or "")
        if asked_for is None:
            raise
        said = f"{error.hint} {asked_for[0]} is for mg.read_recipients; pass its frame in place of the path."
        raise InputError(error.message, hint=said) from error

"""Temporary files: for their user alone, gone with their handle, and a full disk is said in words."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from migma_nb.api.errors import InputError


def temporary_file() -> BinaryIO:
    """Return a file for this user alone that goes with its handle, also where the process is killed.

    Raises:
        InputError: there is no room for one.
    """
    with room():
        return tempfile.TemporaryFile(prefix="migma_nb-list-")


def put_away(file: BinaryIO) -> None:
    """Close a temporary file, and with it what it holds; what a full disk did not take is not missed."""
    with suppress(OSError):
        file.close()


@contextmanager
def room() -> Iterator[None]:
    """Say in words why nothing can be written to a temporary file.

    Raises:
        InputError: where it cannot.
    """
    try:
        yield
    except OSError as error:
        raise InputError(
            f"A long list is kept in {tempfile.gettempdir()} while it is planned and sent, and nothing can "
            f"be written there: {error.strerror or error}. Nothing was sent.",
            hint="Free some disk there, or set TMPDIR to a folder on a larger one and start again.",
        ) from error

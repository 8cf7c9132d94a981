"""Which sends a page's kernels are at, noted in folders, so that whoever serves them lets each one end.

A page's server gives each kernel a folder of its own. A kernel whose page was closed is ended, but not while
anything is noted there: its mails are still going out.
"""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkstemp
from typing import TYPE_CHECKING

from migma_nb.ledger.places import place_of
from migma_nb.ledger.reading import open_to_read
from migma_nb.surface.run import Run

if TYPE_CHECKING:
    from migma_nb.sending.live import LiveRun

#: The environment's name for a kernel's own folder.
PLACE = "MIGMA_FORM_RUNS"


@dataclass(frozen=True, slots=True)
class Noted:
    """A run that a kernel is at.

    Args:
        run_id: its id (str).
        ledger: the file of its ledger (str); None for the one of the environment, whose address may hold a
            password and is written nowhere.
    """

    run_id: str
    ledger: str | None

    def open(self) -> Run:
        """Return the run, to be looked at and stopped from any process."""
        return Run(open_to_read(place_of(self.ledger)), self.run_id)


class Note:
    """That a kernel is about to send, or sends.

    Args:
        folder: the kernel's own.
    """

    def __init__(self, folder: Path) -> None:
        handle, name = mkstemp(dir=folder)
        os.close(handle)
        self._file = Path(name)
        self.kept = False

    def keep_until_ended(self, live: "LiveRun", ledger: str | None) -> None:
        """Say which run it is, and let a thread take the note away once that has ended.

        Args:
            live: the run.
            ledger: as in `Noted`.
        """
        text = json.dumps({"run_id": live.run_id, "ledger": ledger})
        # Whoever reads it finds all of it or nothing.
        whole = self._file.with_suffix(".new")
        whole.write_text(text, encoding="utf-8")
        whole.replace(self._file)

        def wait() -> None:
            live.ended.wait()
            self.remove()

        threading.Thread(target=wait, name="mnb-page-note", daemon=True).start()
        self.kept = True

    def remove(self) -> None:
        """Take the note away."""
        self._file.unlink(missing_ok=True)


@contextmanager
def noted(folder: Path | None) -> Iterator[Note | None]:
    """Note that something is being sent, until the end of the block or of the run that the note is kept for.

    Args:
        folder: the kernel's own; None notes nothing.
    """
    note = None if folder is None else Note(folder)
    try:
        yield note
    finally:
        if note is not None and not note.kept:
            note.remove()


def own_folder() -> Path | None:
    """Return this kernel's own folder, None where no page's server gave it one."""
    named = os.environ.get(PLACE)
    return Path(named) if named and Path(named).is_dir() else None


def is_sending(folder: Path) -> bool:
    """Say whether the kernel of a folder is about to send, or sends."""
    return any(folder.iterdir())


def runs_of(folders: Path) -> list[Noted]:
    """Return the runs that the kernels of all folders are at, oldest first.

    Args:
        folders: what holds the kernels' folders.
    """
    found = []
    for file in folders.glob("*/*"):
        # A note goes while it is looked at, or says no more yet than that a send begins.
        with suppress(OSError, ValueError, TypeError):
            found.append(Noted(**json.loads(file.read_text(encoding="utf-8"))))
    return sorted(found, key=lambda one: one.run_id)

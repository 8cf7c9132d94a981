"""What the crash tests share: a nursery of processes for the whole session, and mailings."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.crash.mailings import Mailing, well
from tests.crash.processes import Nursery
from tests.servers.scripted import ScriptedServer


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Return a process that forks others; it and all that it forked end with the session."""
    if not sys.platform.startswith("linux"):
        pytest.skip("forks and signals are tried on Linux")
    with Nursery() as nursery:
        yield nursery


@pytest.fixture
def mailing(nursery: Nursery, tmp_path: Path) -> Iterator[Callable[..., Mailing]]:
    """Return a function that makes a mailing with a server and a ledger of its own."""
    with ExitStack() as stack:
        made: list[Mailing] = []

        def make(place: Path | None = None, **options: Any) -> Mailing:
            server = stack.enter_context(ScriptedServer(well))
            folder = tmp_path / f"mailing{len(made)}"
            made.append(Mailing(nursery, server, folder, place or folder / "ledger", **options))
            made[-1].script(well)
            return made[-1]

        yield make

"""What the tests of secrets share: every log at its lowest level, and no long waits."""

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing be waited for longer than it must."""
    for module in ("migma_nb.api.meaning", "migma_nb.sending.sorting"):
        monkeypatch.setattr(f"{module}.SHORTEST_LOST_WAIT_S", 0.01)
    monkeypatch.setattr("migma_nb.api.meaning.MOST_TRIES", 2)
    monkeypatch.setattr("migma_nb.sending.proof.TRY_AGAIN_S", (0.0,))


@pytest.fixture
def debug_log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Everything that anybody logs, at the lowest level."""
    names = ["httpx", "httpcore", "asyncio", "sqlalchemy", "uvicorn", "filelock", "migma_nb"]
    before = {name: logging.getLogger(name).level for name in names}
    caplog.set_level(1)
    for name in names:
        logging.getLogger(name).setLevel(1)
    yield caplog
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)

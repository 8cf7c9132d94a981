"""What the tests of secrets share: every log at its lowest level."""

import logging
from collections.abc import Iterator

import pytest


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

"""An import's bar in a notebook: it goes where the account takes its place, and stays where nothing does."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.kernels import PARAMS

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")

PEOPLE = """
import migma_nb as mg
people = [{"email": f"p{n}@d.example"} for n in range(7_000)]
sandbox = mg.Sandbox()
"""
IMPORT = 'mg.import_contacts(people, sandbox.client(rate="2/second"), tag="t")'
STOPPED = """
import _thread, threading
threading.Timer(8, _thread.interrupt_main).start()
mg.import_contacts(people, sandbox.client(rate="1/minute"), tag="other")
"""


@pytest.fixture(params=PARAMS[:1])
def run(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], list[dict[str, Any]]]]:
    """Returns a function that runs a cell in a kernel, and returns all messages that came of it."""
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    with request.param.running(tmp_path / "jupyter") as client:

        def execute(code: str) -> list[dict[str, Any]]:
            heard: list[dict[str, Any]] = []
            client.execute_interactive(code, allow_stdin=False, timeout=90, output_hook=heard.append)
            return heard

        execute(PEOPLE)
        yield execute


def bar_of(messages: list[dict[str, Any]]) -> str:
    """Return the id of the bar's widget: the only one that is displayed."""
    views = [
        message["content"]["data"]["application/vnd.jupyter.widget-view+json"]["model_id"]
        for message in messages
        if message["msg_type"] == "display_data"
    ]
    assert 1 == len(views)
    return str(views[0])


def closed(messages: list[dict[str, Any]]) -> set[str]:
    """Return the ids of the widgets that were taken off the screen."""
    return {one["content"]["comm_id"] for one in messages if one["msg_type"] == "comm_close"}


def test_the_bar_gives_way_to_the_account(run: Callable[[str], list[dict[str, Any]]]) -> None:
    """It is gone before the account stands there, which says all of it."""
    messages = run(IMPORT)
    kinds = [one["msg_type"] for one in messages]
    assert bar_of(messages) in closed(messages[: kinds.index("execute_result")])
    result = messages[kinds.index("execute_result")]["content"]["data"]
    assert "7,000" in result["text/plain"]


def test_the_bar_of_an_import_that_was_stopped_stays(run: Callable[[str], list[dict[str, Any]]]) -> None:
    """No account follows: how far it came stands there, above the line that goes on."""
    messages = run(STOPPED)
    assert bar_of(messages) not in closed(messages)
    (error,) = (one["content"] for one in messages if one["msg_type"] == "error")
    assert "KeyboardInterrupt" == error["ename"]

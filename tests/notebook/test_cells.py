"""Buttons of a run are grey while a cell runs, and only then: whichever thread makes their panel."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.kernels import PARAMS_IN_PROOF

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")

#: A thread that the cell began, and that makes the panel once the cell has ended, as a form's check may.
LATE_PANEL = """
import contextvars, threading, time
from functools import partial
from pathlib import Path
import ipywidgets
import migma_nb as mg

sandbox = mg.Sandbox()
run = mg.plan(
    [{{"email": f"p{{n}}@d.example"}} for n in range(900)], mailing="m", sender="A <a@b.example>",
    subject="Hi", template="<p>x</p>", project_id="p", transactional=True,
).start(sandbox.client(rate="2/second"), progress=False)
ended = threading.Event()

def late():
    ended.wait()
    run._repr_mimebundle_()
    before = None
    while True:
        stops = [
            one for one in list(ipywidgets.Widget.widgets.values())
            if isinstance(one, ipywidgets.Button) and "mnb-run-stop" in one._dom_classes
        ]
        grey = [one.disabled for one in stops]
        if grey != before:
            Path({told!r}).write_text(str(grey))
        before = grey
        time.sleep(0.1)

threading.Thread(target={target}, daemon=True).start()
get_ipython().events.register("post_run_cell", lambda _: threading.Timer(0.5, ended.set).start())
"""


@pytest.fixture(params=PARAMS_IN_PROOF)
def kernel(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A running kernel."""
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    with request.param.running(tmp_path / "jupyter") as client:
        yield client


def stays(told: Path, words: str, seconds: float) -> bool:
    """Return whether a file comes to say something, and says nothing else for so long then."""
    patience = time.monotonic() + 90
    since = None
    while time.monotonic() < patience:
        said = told.read_text() == words if told.exists() else False
        since = (since or time.monotonic()) if said else None
        if since is not None and time.monotonic() - since > seconds:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("target", ["late", "partial(contextvars.copy_context().run, late)"])
def test_a_panel_made_by_a_thread_after_its_cell_can_be_pressed_until_a_cell_runs(
    kernel: Any, tmp_path: Path, target: str
) -> None:
    """It is grey while another cell runs, also where that fails, and not before and not after."""
    told, enough = tmp_path / "told", tmp_path / "enough"

    kernel.execute(LATE_PANEL.format(told=str(told), target=target))
    # Longer than a cell must run for its buttons to be grey.
    assert stays(told, "[False]", 1.5)
    kernel.execute(f"while not Path({str(enough)!r}).exists(): time.sleep(0.05)\n1 / 0")
    assert stays(told, "[True]", 1.0)
    enough.touch()
    assert stays(told, "[False]", 1.5)

"""The quickstart notebook in a real JupyterLab, from top to bottom, as a stranger sees it."""

import json

import pytest

from tests.browser.kernels import ROOT
from tests.browser.lab import Lab, errors_of
from tests.browser.screens import inspect

pytestmark = pytest.mark.browser
NAME = "01_quickstart.ipynb"


def test_the_quickstart_runs_from_top_to_bottom_and_can_be_read(lab: Lab) -> None:
    """No error; plan and preview are cards, the run is a panel at its end."""
    lab.copy(ROOT / "notebooks" / NAME)
    cells = json.loads((ROOT / "notebooks" / NAME).read_text())["cells"]
    lab.open(NAME)
    lab.run_all()
    code = [at for at, cell in enumerate(cells) if cell["cell_type"] == "code"]
    assert [] == [error for at in code for error in errors_of(lab.outputs(at))]

    at = {next(iter(cells[place]["source"])).strip(): place for place in code}
    plan, preview, send = at["plan = mg.plan("], at["plan.preview(17)"], at["sandbox = mg.Sandbox()"]
    lab.seen(plan).get_by_text("481 people of 500 rows").wait_for()
    lab.seen(send).get_by_text("481 of 481 people mailed").wait_for()
    frame = lab.seen(preview).locator("iframe")
    assert "" == frame.get_attribute("sandbox")
    frame.content_frame.get_by_text("Thank you for being with us").wait_for()
    for state, cell in {"plan": plan, "preview": preview}.items():
        inspect(lab, cell, "quickstart", state, only=".jp-RenderedHTMLCommon")
    inspect(lab, send, "quickstart", "sent", only=".mnb-run")

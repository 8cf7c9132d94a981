"""The quickstart notebook in a real JupyterLab, from top to bottom, as a stranger sees it."""

import json
import shutil
from pathlib import Path

import pytest

from tests.browser.lab import ROOT, Lab, errors_of

pytestmark = pytest.mark.browser
NAME = "01_quickstart.ipynb"
SIZES = {"wide": 1400, "narrow": 600}
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}


def test_the_quickstart_runs_from_top_to_bottom_and_can_be_read(lab: Lab, tmp_path: Path) -> None:
    """No error; the bar is a widget at its end; plan, preview and run are cards."""
    shutil.copy(ROOT / "notebooks" / NAME, lab.server.work / NAME)
    cells = json.loads((ROOT / "notebooks" / NAME).read_text())["cells"]
    lab.open(NAME)
    lab.run_all()
    code = [at for at, cell in enumerate(cells) if cell["cell_type"] == "code"]
    assert [] == [error for at in code for error in errors_of(lab.outputs(at))]

    at = {next(iter(cells[place]["source"])).strip(): place for place in code}
    plan, preview, send = at["plan = mg.plan("], at["plan.preview(17)"], at["sandbox = mg.Sandbox()"]
    assert lab.seen(plan).get_by_text("481 people of 500 rows").is_visible()
    assert lab.seen(send).locator(".widget-hprogress .progress-bar-success").is_visible()
    assert lab.seen(send).get_by_text("481/481").is_visible()
    assert lab.seen(send).get_by_text("481 of 481 people mailed").is_visible()
    frame = lab.seen(preview).locator("iframe")
    assert "" == frame.get_attribute("sandbox")
    assert frame.content_frame.get_by_text("Thank you for being with us").is_visible()
    _photograph(lab, tmp_path)


def _photograph(lab: Lab, folder: Path) -> None:
    lab.command("application:toggle-left-area")
    lab.page.evaluate(
        "jupyterapp.shell.currentWidget.content.node.querySelector('.jp-WindowedPanel-outer').scrollTop = 0"
    )
    panel = lab.page.locator(".jp-NotebookPanel")
    for theme, name in THEMES.items():
        lab.command("apputils:change-theme", theme=name)
        for size, width in SIZES.items():
            lab.page.set_viewport_size({"width": width + 110, "height": 3600})
            panel.screenshot(path=folder / f"{size}-{theme}.png")

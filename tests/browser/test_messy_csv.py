"""The notebook on a messy CSV in a real JupyterLab, from top to bottom, as a stranger sees it."""

import json
import shutil

import pytest

from tests.browser.kernels import ROOT
from tests.browser.lab import Lab, errors_of
from tests.browser.screens import inspect

pytestmark = pytest.mark.browser
NAME = "05_messy_csv.ipynb"


def test_a_messy_list_is_refused_repaired_and_accounted_for(lab: Lab) -> None:
    """One error, the refusal, which stops nothing; plan, repairs and account are cards that can be read."""
    shutil.copytree(ROOT / "notebooks" / "data", lab.copy(ROOT / "notebooks" / NAME).parent / "data")
    cells = json.loads((ROOT / "notebooks" / NAME).read_text(encoding="utf-8"))["cells"]
    at = {"".join(cell["source"]).splitlines()[-1]: place for place, cell in enumerate(cells)}
    code = [place for place, cell in enumerate(cells) if cell["cell_type"] == "code"]
    refused, run = at["mg.read_recipients(path)"], at["run"]
    lab.open(NAME)
    lab.run_all()
    # The kernel is idle for a moment after the error, with the rest yet to come.
    lab.await_end(code[-1])
    assert [refused] == [place for place in code if errors_of(lab.outputs(place))]
    lab.seen(refused).get_by_text("header=2 to take the names from there").first.wait_for()
    lab.seen(run).get_by_text("47 of 47 people mailed").wait_for()
    mail = lab.seen(at["plan.preview(36)"]).locator("iframe").content_frame
    mail.get_by_text("Hello Bruno,").wait_for()
    for state, place in {"plan": at["plan"], "fixed": at["fixed"]}.items():
        inspect(lab, place, "messy", state, only=".jp-RenderedHTMLCommon")
    inspect(lab, run, "messy", "sent", only=".mnb-run")

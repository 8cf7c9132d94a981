"""How runs show themselves in notebooks: one panel below a cell, and the truth on a page without widgets."""

import os
import re
import warnings
from html import unescape
from typing import Any

import pytest

import migma_nb as mg
from migma_nb.surface import showing

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
VIEW = "application/vnd.jupyter.widget-view+json"
SETUP = """
import sys, time
import migma_nb as mg
sandbox = mg.Sandbox()
def planned(mailing, people=40):
    return mg.plan([{"email": f"jane.doe{n}@x.example"} for n in range(people)], mailing=mailing,
                   sender="A <a@b.example>", subject="S", template="<p>x</p>", project_id="p",
                   transactional=True)
client = sandbox.client(rate="40/second")
"""
CELLS = {
    "setup": SETUP,
    "start": "run = planned('a').start(client)",
    "wait": "run.wait()",
    "value": "run",
    "send": "sent = planned('b').send(client)\nsent",
    "start and wait": "planned('c').start(client).wait()",
    "open": "mg.open_run(run.id, ledger=sandbox.ledger)",
    "quiet": "planned('d').start(client, progress=False).wait(progress=False).state",
    "again": "planned('b').send(client)",
    "twice": "display(run)\ndisplay(run)",
    "one only": "with_end = planned('e').start(client)\nwith_end",
    "end of it": "with_end.wait(progress=False)",
    "over before": "other = mg.Sandbox()\nearly = planned('h').start(other.client(rate='40/second'))",
    "meanwhile": "from migma_nb.surface import showing\n"
    "while not all(panel.ended.is_set() for panel in showing._panels_of(early)):\n    time.sleep(0.05)",
    "late": "early.wait(progress=False)",
    "print": "print(run)",
    "kept": (
        "from pathlib import Path\nkeeping = mg.Sandbox(path=Path.home() / 'kept')\n"
        "planned('g').start(keeping.client(rate='40/second')).wait(progress=False)"
    ),
    "broken": (
        "sys.modules['migma_nb.notebook.run_panel'] = None\n"
        "kept = planned('f').start(client)\nprint(kept.wait().state)"
    ),
    "nobody twice": "print(sandbox.outbox['to'].value_counts().unique())",
}


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A notebook of these cells, run from top to bottom in a kernel, the state of its widgets kept in it."""
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipywidgets")
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS.values()])
    home = tmp_path_factory.mktemp("home")
    client = nbclient.NotebookClient(made, kernel_name="python3", store_widget_state=True, timeout=120)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        client.execute(env=os.environ | {"HOME": str(home), "IPYTHONDIR": str(home)})
    return made


def outputs(notebook: Any, name: str) -> list[Any]:
    """Return the outputs of a cell."""
    found: list[Any] = notebook.cells[list(CELLS).index(name)].outputs
    return found


def panels(notebook: Any, name: str) -> list[Any]:
    """Return the outputs of a cell that are a panel where widgets are."""
    return [one.data for one in outputs(notebook, name) if VIEW in one.get("data", {})]


@pytest.mark.parametrize(
    "name", ["start", "wait", "value", "send", "start and wait", "open", "again", "twice", "one only"]
)
def test_a_cell_shows_a_run_as_one_panel(notebook: Any, name: str) -> None:
    """However often it is shown there; after it comes what is seen without its kernel, and one line."""
    assert 1 == len(panels(notebook, name))
    assert VIEW in outputs(notebook, name)[0].data
    assert "mnb-lost" in outputs(notebook, name)[1].data["text/html"]
    for other in outputs(notebook, name)[2:]:
        assert "see above" in other.data["text/plain"]
        assert "see above" in other.data["text/html"]


@pytest.mark.parametrize(
    "name", ["start", "wait", "value", "send", "start and wait", "open", "one only", "over before"]
)
def test_a_page_without_widgets_has_the_end_of_the_run(notebook: Any, name: str) -> None:
    """Also where the cell had returned long before; in HTML and in text."""
    (panel,) = panels(notebook, name)
    for kind in ("text/plain", "text/html"):
        assert "40 of 40 people mailed" in panel[kind]
    assert "widget" not in panel["text/plain"].lower()


@pytest.mark.parametrize(
    "name", ["start", "wait", "value", "send", "start and wait", "open", "one only", "over before"]
)
def test_where_the_kernel_has_gone_the_end_and_the_way_on_are_read(notebook: Any, name: str) -> None:
    """Hidden while the panel lives; a rehearsal whose sandbox went with it cannot be opened again."""
    html = outputs(notebook, name)[1].data["text/html"]
    assert html.startswith('<div class="mnb-lost" style="display:none">')
    assert "40 of 40 people mailed" in html
    assert "Run the cell again" in html
    assert "open_run" not in html


def test_a_run_that_was_kept_is_opened_again_by_the_line_that_stands_there(notebook: Any) -> None:
    """It names the run and its ledger, also where the run was still going when it was shown."""
    kept = outputs(notebook, "kept")[1].data
    (line,) = re.findall(r"mg\.open_run\(.*\)", unescape(kept["text/html"]))
    # Where text alone is shown, as in a terminal, nobody is told that a kernel has gone.
    assert "text/plain" not in kept
    run = eval(line, {"mg": mg})
    assert 40 == run.counts[mg.State.ACCEPTED]


def test_running_a_cell_again_says_that_nobody_was_mailed(notebook: Any) -> None:
    """In the panel and its text, and the outbox agrees."""
    (panel,) = panels(notebook, "again")
    assert panel["text/plain"].startswith("Nobody was mailed: all 40 were mailed on")
    assert [6] == [int(word) for word in outputs(notebook, "nobody twice")[0].text.strip("[]\n ").split()]


def test_without_progress_nothing_is_shown(notebook: Any) -> None:
    """Only the cell's own value."""
    (value,) = outputs(notebook, "quiet")
    assert {"text/plain"} == set(value.data)


def test_printing_a_run_prints_its_summary(notebook: Any) -> None:
    """As everywhere else."""
    assert outputs(notebook, "print")[0].text.startswith("40 of 40 people mailed in 'a'.")


def test_a_panel_that_cannot_be_shown_keeps_nobody_from_the_run(notebook: Any) -> None:
    """A warning says so, and the caller has the run in hand."""
    said = "".join(one.get("text", "") for one in outputs(notebook, "broken"))
    assert "finished" in said
    assert "The panel cannot be shown" in said
    assert "mg.open_run(" in said


def test_neither_outputs_nor_widgets_hold_an_address(notebook: Any) -> None:
    """Nor a key: what is kept in the notebook's file can be passed on."""
    state = notebook.metadata["widgets"]
    told = repr([state, [one.outputs for one in notebook.cells]])
    assert "x.example" in told
    assert "jane.doe" not in told


def test_an_interrupt_while_the_panel_is_made_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The person is told where to look; no run goes on behind their back."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(showing, "has_widgets", lambda: True)
    monkeypatch.setattr(showing, "show", interrupted)
    with mg.Sandbox() as sandbox:
        plan = mg.plan(
            [{"email": f"p{n}@x.example"} for n in range(60)],
            mailing="m",
            sender="A <a@b.example>",
            subject="S",
            template="<p>x</p>",
            project_id="p",
            transactional=True,
        )
        with pytest.raises(KeyboardInterrupt, match=r"mg\.open_run\('"):
            plan.start(sandbox.client(rate="5/second"))
        run = mg.open_run(mg.history(ledger=sandbox.ledger)["run_id"].iloc[0], ledger=sandbox.ledger)
        assert mg.RunState.STOPPED is run.wait(progress=False).state
        assert run.counts.get(mg.State.ACCEPTED, 0) == len(sandbox.outbox) < 60

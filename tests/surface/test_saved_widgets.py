"""What a saved notebook keeps of its widgets: no key, and nobody's full address."""

import base64
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from tests.sweeping import files_with_a_sandbox_key

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ["01_quickstart.ipynb", "06_form.ipynb"]
#: An address of somebody; the senders of mailings, which are nobody's secret, apart.
ADDRESS = re.compile(r"[\w.+'-]+(?:@|%40|&#64;|\\u0040)[\w-]+(?:\.[\w-]+)+")
SENDERS = {"billing@acme.example", "news@acme.example"}
#: What is written as an example, in a box that is empty.
EXAMPLES = {"me@acme.example"}

LIST = """
import migma_nb as mg
people = [{"email": f"person{n}@d{n % 7}.example", "name": f"N{n}"} for n in range(60)]
people += [{"email": "brok@@en.example", "name": "B"}, {"email": "person1@d1.example", "name": "Twice"}]
mailing = dict(mailing="m", sender="A <news@acme.example>", subject="Hi {{name}}, is {{email}} yours?",
               template='<p>{{email}}</p><a href="https://x.example/?to={{email}}">x</a>', project_id="p",
               transactional=True, duplicates="first")
sandbox = mg.Sandbox()
"""
FORM = "form = mg.form(people, sandbox.client(), **mailing)\nform"
#: What a person does in it: looks through the mails, tests, leaves out what is wrong, and sends.
USED = """
form.settle()
for row in (1, 60, 59):
    form.preview.show(row)
form.check.skip.value = True
form.settle()
click = {"event": "click"}
form.send._mine.value = "colleague@home.example"
form.send.test._handle_custom_msg(click, [])
form.settle()
form.send._number.value = str(form.plan.people)
form.send.send._handle_custom_msg(click, [])
form.settle()
form.run.wait(progress=False)
print(len(sandbox.outbox), form.errors)
"""
RUN = """
run = mg.plan(people, **mailing | {"mailing": "other"}).start(sandbox.client(), skip_invalid=True)
run.wait()
"""


def executed(notebook: Any) -> Any:
    """Run a notebook as nbclient does, which keeps its widgets' state in it."""
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipywidgets")
    nbclient.NotebookClient(notebook, timeout=120, store_widget_state=True).execute(env={**os.environ})
    return notebook


def kept(notebook: Any) -> str:
    """Return all that is kept of a notebook's widgets, buffers as text too."""
    state = notebook["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    buffers = [
        base64.b64decode(one["data"]).decode("utf-8", "replace")
        for model in state.values()
        for one in model.get("buffers", ())
    ]
    return "\n".join([json.dumps(state, ensure_ascii=False), *buffers])


def addresses(text: str) -> set[str]:
    """Return the full addresses in a text, the senders' and the examples' apart."""
    return set(ADDRESS.findall(text)) - SENDERS - EXAMPLES


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize("name", NOTEBOOKS)
@pytest.mark.proof
def test_our_notebooks_keep_no_address_and_no_key_in_their_widgets(name: str, tmp_path: Path) -> None:
    """Run from top to bottom and saved with all that their widgets show."""
    nbformat = pytest.importorskip("nbformat")
    notebook = executed(nbformat.read(ROOT / "notebooks" / name, 4))
    assert set() == addresses(kept(notebook))
    (tmp_path / name).write_text(nbformat.writes(notebook), encoding="utf-8")
    assert [] == files_with_a_sandbox_key(tmp_path)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
def test_a_form_that_was_used_keeps_no_address_and_no_key(tmp_path: Path) -> None:
    """Previews, problems, a test and a run with its rows, of mails that hold the address themselves."""
    v4 = pytest.importorskip("nbformat").v4
    cells = [v4.new_code_cell(source) for source in (LIST, FORM, USED, RUN)]
    notebook = executed(v4.new_notebook(cells=cells))
    said = "".join(output.get("text", "") for output in notebook.cells[2].outputs)
    assert re.search(r"6\d \[\]", said), said
    text = kept(notebook)
    assert set() == addresses(text)
    # It is the form's state that was searched: what is masked stands in it.
    assert "p…@d" in text
    (tmp_path / "saved.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    assert [] == files_with_a_sandbox_key(tmp_path)


@pytest.mark.parametrize(
    "hidden", ["ann@x.example", "ann%40x.example", "ann&#64;x.example", '{"to": "a.b+c@x-y.example"}']
)
def test_the_search_would_find_an_address(hidden: str) -> None:
    """In a text, in a link, in HTML and in JSON; a masked one is none."""
    assert addresses(hidden)
    assert not addresses("a…@x.example")

"""A notebook that runs with nobody watching mails nobody real; whoever sits before it, and a script, may."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import migma_nb as mg
from tests.browser.kernels import PARAMS_IN_PROOF

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")

PLAN = """
import migma_nb as mg
people = [{"email": f"p{n}@d.example", "name": f"N{n}"} for n in range(3)]
plan = mg.plan(people, mailing="m", sender="A <a@b.example>", subject="Hi {{name}}", template="<p>x</p>",
               project_id="p", transactional=True)
"""
SEND = "run = plan.send(mg.Migma(), confirm=3, progress=False)\nprint(run.counts)"
REFUSED = "run with nobody watching"
#: What else may mail somebody real.
SENDS = [
    SEND,
    "plan.start(mg.Migma(), confirm=3)",
    "plan.test(mg.Migma(), to='me@acme.example', progress=False)",
    "plan.retry(mg.Migma(), confirm=3)",
    (
        "mg.Migma().send(recipient_type='email', recipient_email='x@y.example', from_='a@b.example',\n"
        "                from_name='A', subject='S', template='<p>x</p>', project_id='p')"
    ),
]
#: A button's callback carries its send in a thread, as ours do.
BUTTON = """
import contextvars, threading, ipywidgets
done = threading.Event()
def send():
    try:
        print(plan.send(mg.Migma(), confirm=3, progress=False).counts)
    finally:
        done.set()
def clicked(button, content, buffers):
    if content.get("event") == "click":
        threading.Thread(target=contextvars.copy_context().run, args=(send,)).start()
button = ipywidgets.Button(description="Send")
button.on_msg(clicked)
print(button.comm.comm_id)
"""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[mg.Sandbox]:
    """A sandbox that plays the real server: clients of its address are live."""
    with mg.Sandbox() as made:
        monkeypatch.setenv("MIGMA_API_KEY", made.server.api_key)
        monkeypatch.setenv("MIGMA_BASE_URL", made.url)
        yield made


@pytest.fixture(params=PARAMS_IN_PROOF)
def kernel(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A running kernel with the plan in it."""
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    with request.param.running(tmp_path / "jupyter") as client:
        client.execute_interactive(PLAN, allow_stdin=False, timeout=60, output_hook=lambda _: None)
        yield client


def said_by(kernel: Any, code: str, *, asks: bool) -> str:
    """Run a cell for a front end that may be asked something, or may not; return what it showed."""
    said: list[str] = []

    def show(message: dict[str, Any]) -> None:
        content = message["content"]
        said.append(str(content.get("text", "")) + str(content.get("evalue", "")))

    kernel.execute_interactive(code, allow_stdin=asks, timeout=60, output_hook=show)
    return "".join(said)


def outputs(notebook: Any) -> list[str]:
    """Return what each of a notebook's cells has shown."""
    return [str(cell.outputs) for cell in notebook.cells]


def run_by_nbclient(notebook: Any) -> Any:
    """Run it as nbclient does, and papermill, whose engine is a subclass that changes what is recorded."""
    client = pytest.importorskip("nbclient").NotebookClient(notebook, timeout=60, allow_errors=True)
    return client.execute(env={**os.environ})


def run_by_nbconvert(notebook: Any) -> Any:
    """Run it as `jupyter nbconvert --execute` does."""
    made = pytest.importorskip("nbconvert.preprocessors").ExecutePreprocessor(timeout=60, allow_errors=True)
    return made.preprocess(notebook, {})[0]


def notebook_of(*cells: str) -> Any:
    """Return a notebook of these cells."""
    v4 = pytest.importorskip("nbformat").v4
    return v4.new_notebook(cells=[v4.new_code_cell(cell) for cell in cells])


@pytest.mark.parametrize("run", [run_by_nbclient, run_by_nbconvert])
def test_a_notebook_run_headless_mails_nobody_real(server: mg.Sandbox, run: Callable[[Any], Any]) -> None:
    """None of the ways to send; each says what to set where that is meant."""
    shown = outputs(run(notebook_of(PLAN, *SENDS)))
    assert ["[]", *SENDS] == [
        shown[0],
        *(send for send, said in zip(SENDS, shown[1:], strict=True) if REFUSED in said),
    ]
    assert all("Set MIGMA_ALLOW_HEADLESS=1" in said for said in shown[1:])
    assert 0 == len(server.outbox)


def test_a_campaign_is_not_let_go_headless_either(server: mg.Sandbox) -> None:
    """Making it mails nobody and is free; sending it is refused."""
    server.server.add_contact("ann@x.example", tags=["VIP"])
    email = server.server.add_email("Generated", "<p>Hi</p>")["emailId"]
    made = (
        "import migma_nb as mg\nclient = mg.Migma()\n"
        f"plan = mg.plan(mg.Tag({server.tags['id'][0]!r}), mailing='m', sender='A <a@b.example>',\n"
        f"               subject='Hi', email_id=client.email({email!r}))\n"
        "campaign = plan.campaign(client)\nprint('made', campaign.status)"
    )
    shown = outputs(run_by_nbclient(notebook_of(made, "campaign.send(confirm=1)")))
    assert "made draft" in shown[0]
    assert REFUSED in shown[1]
    assert 0 == len(server.outbox)


@pytest.mark.proof
def test_what_follows_from_a_headless_cell_is_headless_too(server: mg.Sandbox) -> None:
    """A task that outlives its cell, and a callback of an output, which nbclient renews by itself."""
    send = (
        "said = []\ndef send(*_):\n"
        "    try: plan.send(mg.Migma(), confirm=3, progress=False); said.append('sent')\n"
        "    except Exception as error: said.append(str(error))"
    )
    task = (
        "import asyncio\nasync def later():\n    await asyncio.sleep(0.3)\n    send()\n"
        "task = asyncio.create_task(later())"
    )
    output = (
        "import ipywidgets\nout = ipywidgets.Output(); display(out); out.observe(send, 'outputs')\n"
        "with out: print('x')"
    )
    wait = "await asyncio.sleep(1); print(said)"
    for code in (task, output):
        said = outputs(run_by_nbclient(notebook_of(PLAN, send, "import asyncio", code, wait)))[-1]
        assert REFUSED in said
        assert "'sent'" not in said
    assert 0 == len(server.outbox)


def test_a_paused_live_run_is_not_resumed_headless(server: mg.Sandbox, kernel: Any) -> None:
    """Of this kernel's, or of another process; pausing and stopping are always free."""
    slow = "run = plan.start(mg.Migma(rate='1/minute'), confirm=3, progress=False)"
    said_by(kernel, slow, asks=True)
    run_id = said_by(kernel, "run.pause(); print(run.id)", asks=False).strip()
    until = "import time\nwhile run.state != 'paused': time.sleep(0.05)"
    said_by(kernel, until, asks=False)
    assert REFUSED in said_by(kernel, "run.resume()", asks=False)
    assert REFUSED in said_by(kernel, f"mg.open_run({run_id!r}).resume()", asks=False)
    assert "paused" in said_by(kernel, "print(run.state)", asks=False)
    assert "" == said_by(kernel, "run.resume()", asks=True)
    assert "" == said_by(kernel, "run.pause(); run.stop()", asks=False)
    assert len(server.outbox) < 3


def test_the_sandbox_is_free_when_headless(server: mg.Sandbox) -> None:
    """Whoever tests notebooks rehearses."""
    shown = outputs(
        run_by_nbclient(notebook_of(PLAN, SEND.replace("mg.Migma(), confirm=3", "mg.Sandbox().client()")))
    )
    assert "'accepted'>: 3" in shown[1]
    assert 0 == len(server.outbox)


@pytest.mark.parametrize(("value", "mailed"), [("1", 3), ("0", 0)])
def test_a_headless_notebook_sends_live_where_that_was_allowed(
    server: mg.Sandbox, monkeypatch: pytest.MonkeyPatch, value: str, mailed: int
) -> None:
    """By the environment, and by the one word alone."""
    monkeypatch.setenv("MIGMA_ALLOW_HEADLESS", value)
    run_by_nbclient(notebook_of(PLAN, SEND))
    assert mailed == len(server.outbox)


def test_a_cell_that_a_person_runs_sends_and_the_same_cell_headless_does_not(
    server: mg.Sandbox, kernel: Any
) -> None:
    """In one kernel; what counts is who asks now."""
    assert REFUSED in said_by(kernel, SEND, asks=False)
    assert 0 == len(server.outbox)
    assert "'accepted'" in said_by(kernel, SEND, asks=True)
    assert 3 == len(server.outbox)
    assert REFUSED in said_by(kernel, SEND, asks=False)


@pytest.mark.proof
def test_a_thread_that_a_headless_cell_starts_is_headless_too(server: mg.Sandbox, kernel: Any) -> None:
    """No way round it by another thread."""
    code = (
        "import threading\n"
        "def send():\n    try: plan.send(mg.Migma(), confirm=3, progress=False)\n"
        "    except Exception as error: said.append(str(error))\n"
        "said = []; thread = threading.Thread(target=send); thread.start(); thread.join(); print(said)"
    )
    assert REFUSED in said_by(kernel, code, asks=False)
    assert 0 == len(server.outbox)


def test_a_click_sends_although_the_page_was_run_headless(server: mg.Sandbox, kernel: Any) -> None:
    """As on a page that voila serves: its cells ran with nobody watching, and then a person clicks."""
    comm_id = said_by(kernel, BUTTON, asks=False).strip()
    content = {"comm_id": comm_id, "data": {"method": "custom", "content": {"event": "click"}}}
    kernel.shell_channel.send(kernel.session.msg("comm_msg", content))
    assert "True" in said_by(kernel, "print(done.wait(30))", asks=False)
    assert 3 == len(server.outbox)


@pytest.mark.proof
def test_a_click_that_a_headless_cell_pretends_sends_nothing(server: mg.Sandbox, kernel: Any) -> None:
    """The message has to come from the front end."""
    said_by(kernel, BUTTON, asks=False)
    pretended = "button._handle_custom_msg({'event': 'click'}, [])\nprint(done.wait(30))"
    assert "True" in said_by(kernel, pretended, asks=False)
    assert 0 == len(server.outbox)


def test_a_script_is_no_notebook(server: mg.Sandbox) -> None:
    """Nor is IPython loaded by it."""
    code = f"{PLAN}\n{SEND}\nimport sys; print('IPython' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert "False" in done.stdout
    assert 3 == len(server.outbox)

"""The bar: in words where there are no widgets, and never in the sender's way."""

import subprocess
import sys

import pytest

import migma_nb as mg

NOTEBOOK_WITHOUT_WIDGETS = """
import sys
sys.modules["ipywidgets"] = None
from IPython.core.interactiveshell import InteractiveShell

class ZMQInteractiveShell(InteractiveShell):
    pass

ZMQInteractiveShell.instance()
import migma_nb as mg
with mg.Sandbox() as sandbox:
    plan = mg.plan([{"email": f"p{n}@x.example"} for n in range(30)], mailing="news", sender="A <a@b.io>",
                   subject="Hi", template="<p>x</p>", project_id="p", transactional=True)
    plan.send(sandbox.client())
"""


def test_a_notebook_without_widgets_gets_the_bar_in_text() -> None:
    """No warning, no error: the same bar as in a terminal."""
    pytest.importorskip("IPython")
    command = [sys.executable, "-W", "error", "-c", NOTEBOOK_WITHOUT_WIDGETS]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert 0 == found.returncode, found.stderr
    assert "news: 100%" in found.stderr
    assert "30/30" in found.stderr


def test_waiting_with_a_time_limit_leaves_the_run_going() -> None:
    """`wait` returns, the run goes on, and a later wait sees its end."""
    with mg.Sandbox() as sandbox:
        people = [{"email": f"p{n}@x.example"} for n in range(20)]
        plan = mg.plan(
            people,
            mailing="m",
            sender="A <a@b.example>",
            subject="S",
            template="<p>x</p>",
            project_id="p",
            transactional=True,
        )
        run = plan.start(sandbox.client(rate="20/second"))
        assert mg.RunState.RUNNING is run.wait(0.2, progress=False).state
        assert 20 == len(run.frame)
        assert {"accepted": 20} == run.wait(progress=False).counts


@pytest.mark.parametrize(("cut_short", "shown"), [(True, "0/20 "), (False, "20/20 ")])
def test_a_run_that_was_cut_short_has_no_full_bar(
    capsys: pytest.CaptureFixture[str], *, cut_short: bool, shown: str
) -> None:
    """Rows that were not sent are no part of it, unless a limit was all that the person had asked for."""
    with mg.Sandbox() as sandbox:
        plan = mg.plan(
            [{"email": f"p{n}@x.example"} for n in range(20)],
            mailing="m",
            sender="A <a@b.example>",
            subject="S",
            template="<p>x</p>",
            project_id="p",
            transactional=True,
        )
        client = mg.Migma("k" * 20, base_url=sandbox.url) if cut_short else sandbox.client()
        run = plan.send(client, limit=5, confirm=20)
    assert ("halted" if cut_short else "finished") == run.state
    last = capsys.readouterr().err.rstrip().split("\r")[-1]
    assert shown in last
    assert f"not_sent={run.counts[mg.State.NOT_SENT]}" in last


def test_the_bar_of_a_batch_follows_it_to_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    """One call, and then the server's own counts, until every one of its people is done."""
    with mg.Sandbox() as sandbox:
        tag = sandbox.server.add_tag("news")
        for n in range(60):
            sandbox.server.add_contact(f"c{n}@x.example", tags=["news"])
        plan = mg.plan(
            mg.Tag(tag["id"]),
            mailing="m",
            sender="A <a@b.example>",
            subject="S",
            template="<p>x</p>",
            project_id="p",
        )
        run = plan.send(sandbox.client())
        assert 60 == run.frame["batch_sent"].iloc[0] == len(sandbox.outbox)
    shown = capsys.readouterr().err
    assert "batch: 100%" in shown
    assert "60/60" in shown
    assert "status=completed" in shown

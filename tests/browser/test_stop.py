"""The toolbar's ■ while a cell sends: what was in flight is on record, the cell is free, nobody gets two."""

import ast
from typing import Any

import pytest

from tests.browser.kernels import on_both_kernels
from tests.browser.lab import Lab, counts_in, errors_of

pytestmark = pytest.mark.browser

WORKERS = 4
SETUP = """
import migma_nb as mg
sandbox = mg.Sandbox()

def planned(mailing, people):
    return mg.plan(
        [{{"email": f"{{mailing}}{{n}}@x.example"}} for n in range(people)], mailing=mailing,
        sender="A <a@b.example>", subject="Hi", template="<p>x</p>", project_id="p", transactional=True,
    )

# From here on the sandbox is known to honour keys, and what takes its time is the mails alone.
planned("before", 1).send(sandbox.client(), progress=False)
plan = planned("slow", 60)
sandbox.server.latency = {latency}
"""
SEND = f"""
run = plan.send(sandbox.client(workers={WORKERS}, timeout=120))
print({{str(state): count for state, count in run.counts.items()}})
"""
LOOK = """
record = mg.open_run(mg.history(ledger=sandbox.ledger)["run_id"].iloc[0], ledger=sandbox.ledger)
record.wait()
counts = {str(state): count for state, count in record.counts.items()}
mailed = sandbox.outbox["to"][sandbox.outbox["to"].str.startswith("slow")]
print([str(record.state), counts, len(record.frame), len(mailed), mailed.nunique()])
"""
AGAIN = "sandbox.server.latency = 0"


@on_both_kernels
def test_stop_ends_the_cell_with_one_line_and_the_same_cell_goes_on(lab: Lab) -> None:
    """What was in flight is accepted, no traceback is shown, and the second run mails only the rest."""
    lab.write("stop.ipynb", [SETUP.format(latency=1.5), SEND, LOOK, AGAIN])
    lab.open("stop.ipynb")
    lab.run(0)
    _begin_and_stop(lab, "accepted")
    lab.await_end(1)
    shown = _interrupt_shown(lab)
    assert shown.startswith("KeyboardInterrupt: Stopped by you: ")
    assert shown.endswith("Send the same plan again to go on.")

    state, counts, rows, mails, people = _looked(lab)
    assert ("stopped", 60) == (state, rows)
    assert {"accepted", "not_sent"} == set(counts)
    assert counts["accepted"] == mails == people
    lab.seen(1).get_by_text(f"{mails} of 60 people mailed in 'slow'. Stopped by you.").wait_for()

    lab.run(3)
    lab.run(1)
    assert {"accepted": 60 - mails, "already_sent": mails} == ast.literal_eval(lab.text(1))
    assert (60, 60) == _looked(lab)[3:]


def test_a_second_stop_frees_the_cell_and_loses_nothing(lab: Lab) -> None:
    """The cell ends while rows are in flight; the thread puts on record what comes back."""
    lab.write("twice.ipynb", [SETUP.format(latency=25), SEND, LOOK, "print('free')"])
    lab.open("twice.ipynb")
    lab.run(0)
    _begin_and_stop(lab, "sending")
    lab.seen(1).get_by_text("come back first").wait_for()
    lab.interrupt()
    lab.await_end(1)
    shown = _interrupt_shown(lab)
    assert "without waiting" in shown
    assert "mg.open_run(" in shown

    state, counts, rows, mails, people = _looked(lab)
    assert ("stopped", 60) == (state, rows)
    assert {"accepted": WORKERS, "not_sent": 60 - WORKERS} == counts
    assert WORKERS == mails == people


def _begin_and_stop(lab: Lab, state: str) -> None:
    """Interrupt the cell that sends once as many mails as are in flight at a time are in a state."""
    lab.begin(1)
    lab.seen(1).get_by_text("■ stops it").wait_for()
    bar = lab.seen(1).locator(".mnb-run-head svg[role=img]").first
    lab.until(lambda: counts_in(bar.get_attribute("aria-label") or "").get(state, 0) >= WORKERS, "none")
    lab.interrupt()


def _interrupt_shown(lab: Lab) -> str:
    """Return the one line that an interrupted cell shows."""
    (error,) = errors_of(lab.outputs(1))
    (line,) = error["traceback"]
    lab.seen(1).get_by_text(line).wait_for()
    return str(line)


def _looked(lab: Lab) -> tuple[Any, ...]:
    assert [] == errors_of(lab.run(2))
    return tuple(ast.literal_eval(lab.text(2)))

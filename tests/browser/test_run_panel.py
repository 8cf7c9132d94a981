"""The run panel in a real JupyterLab: its buttons, a reload and a restart in the middle, another kernel."""

import json
from typing import Any

import pytest

from tests.browser.account import Account
from tests.browser.kernels import on_both_in_proof, on_both_kernels
from tests.browser.keyboard import assert_reached_by_tab
from tests.browser.lab import Lab, counts_in, errors_of
from tests.browser.screens import inspect

pytestmark = pytest.mark.browser
PEOPLE = 450
PLAN = f"""
plan = mg.plan(
    [{{"email": f"p{{n}}@x.example"}} for n in range({PEOPLE})], mailing="news", sender="A <a@b.example>",
    subject="Hi", template="<p>x</p>", project_id="p", transactional=True,
)
"""
#: Beside the other run, whose rate it shares, these take a while.
MORE = 60
START = f"run = plan.start(client, confirm={PEOPLE})\nprint(run.id)"
SEND = f"""
other = mg.plan(
    [{{"email": f"q{{n}}@x.example"}} for n in range({MORE})], mailing="more", sender="A <a@b.example>",
    subject="Hi", template="<p>x</p>", project_id="p", transactional=True,
).send(client, confirm={MORE})
other
"""
#: A run still goes on once a page or a kernel has started, or pictures are taken, on a busy machine.
SLOW = "5/second"
QUICK = "500/second"


def _begun(lab: Lab, account: Account, name: str, *more: str) -> str:
    """Start a run in a new notebook's cell 2; return its id once its panel moves."""
    lab.write(name, [account.cell(SLOW), PLAN, START, *more])
    lab.open(name)
    for cell in range(3):
        assert [] == errors_of(lab.run(cell))
    _wait_for_more(lab, 2, 5)
    return lab.text(2).strip()


def _counts(lab: Lab, cell: int) -> dict[str, int]:
    """Return the counts that stand on a cell's panel."""
    bar = lab.seen(cell).locator(".mnb-run-head svg[role=img]").first
    return counts_in(bar.get_attribute("aria-label") or "")


def _wait_for_more(lab: Lab, cell: int, accepted: int) -> None:
    """Wait until the panel shows more than so many accepted."""
    lab.until(lambda: _counts(lab, cell).get("accepted", 0) > accepted, f"no more than {accepted} accepted")


def _press(lab: Lab, cell: int, name: str) -> None:
    lab.seen(cell).get_by_role("button", name=name, exact=True).click()


def _await_settled(lab: Lab, cell: int, account: Account, run_id: str) -> None:
    """Wait until the panel says what the ledger says, nothing being in flight."""

    def agree() -> bool:
        shown = _counts(lab, cell)
        return "sending" not in shown and shown == account.counts(run_id)

    lab.until(agree, "the panel does not come to say what the ledger says")


def _assert_mailed(account: Account, count: int) -> None:
    """So many people were mailed, and nobody twice."""
    assert count == len(account.mailed) == len(set(account.mailed))


@on_both_kernels
def test_pause_resume_and_stop_work_while_the_run_goes_on(lab: Lab, account: Account) -> None:
    """After each the outbox holds what the screen says, and the same cell mails only the rest."""
    run_id = _begun(lab, account, "buttons.ipynb", account.cell(QUICK))
    seen = lab.seen(2)
    seen.get_by_text("a minute now").wait_for()
    inspect(lab, 2, "run", "running", only=".mnb-run")
    _press(lab, 2, "Pause")
    seen.get_by_role("button", name="Resume", exact=True).wait_for()
    _await_settled(lab, 2, account, run_id)
    paused = _counts(lab, 2)["accepted"]
    _assert_mailed(account, paused)
    seen.get_by_text("Paused: nothing new is sent").wait_for()
    assert_reached_by_tab(lab.page, ".mnb-run")
    inspect(lab, 2, "run", "paused", only=".mnb-run")
    _assert_mailed(account, paused)

    _press(lab, 2, "Resume")
    _wait_for_more(lab, 2, paused)
    _press(lab, 2, "Stop")
    seen.get_by_text("Stopped by you").wait_for()
    stopped = account.counts(run_id)
    assert stopped == _read_account(lab, 2)
    _assert_mailed(account, stopped["accepted"])
    assert {"accepted", "not_sent"} == set(stopped)
    assert_reached_by_tab(lab.page, ".mnb-run")
    inspect(lab, 2, "run", "stopped", only=".mnb-run")

    # What a page without widgets shows has followed it, and so has what is left without the kernel.
    twin, lost = (out["data"] for out in lab.outputs(2) if out["output_type"] == "display_data")
    assert "Stopped by you" in "".join(twin["text/plain"])
    assert "Stopped by you" in "".join(twin["text/html"])
    assert "Stopped by you" in "".join(lost["text/html"])

    assert [] == errors_of([*lab.run(3), *lab.run(2)])
    lab.seen(2).get_by_text(f"{stopped['accepted']} were mailed before").wait_for()
    _assert_mailed(account, PEOPLE)


def test_a_reload_in_the_middle_changes_nothing_but_the_page(lab: Lab, account: Account) -> None:
    """The panel is there again, moves on, and its button is heard."""
    run_id = _begun(lab, account, "reload.ipynb")
    lab.reload()
    before = len(account.mailed)
    _wait_for_more(lab, 2, before)
    _press(lab, 2, "Stop")
    lab.seen(2).get_by_text("Stopped by you").wait_for()
    found = account.counts(run_id)
    assert found == _read_account(lab, 2)
    _assert_mailed(account, found["accepted"])
    assert 1 == len(account.history)


def test_a_restart_in_the_middle_loses_nobody_and_the_run_can_be_opened_again(
    lab: Lab, account: Account
) -> None:
    """The new kernel shows the account; sending the plan again mails only the rest."""
    run_id = _begun(lab, account, "restart.ipynb", "")
    lab.restart_kernel()
    old = ".jp-Notebook .jp-Cell:nth-child(3) .mnb-run.jupyter-widgets-disconnected"
    lab.page.locator(old).wait_for()
    said = lab.page.evaluate("of => getComputedStyle(document.querySelector(of), '::before').content", old)
    assert "As it was last seen: its kernel has ended or was restarted" in said
    inspect(lab, 2, "run", "old", only=".mnb-run")
    lab.write("again.ipynb", [account.cell(QUICK), PLAN, f"mg.open_run({run_id!r})", START])
    lab.open("again.ipynb")
    for cell in range(3):
        assert [] == errors_of(lab.run(cell))
    lab.seen(2).locator(".mnb-run-end").wait_for()
    found = account.counts(run_id)
    assert found == _read_account(lab, 2)
    mailed = found["accepted"] + found.get("unknown", 0)
    assert len(account.mailed) in range(found["accepted"], mailed + 1)

    lab.run(3)
    lab.seen(3).locator(".mnb-run-end").wait_for()
    assert len(account.mailed) == len(set(account.mailed))
    assert PEOPLE - len(account.mailed) <= found.get("unknown", 0)


def test_another_kernel_shows_the_run_live_and_its_buttons_are_heard(lab: Lab, account: Account) -> None:
    """`mg.open_run` elsewhere while the run goes on: it moves, pauses, and stops."""
    run_id = _begun(lab, account, "first.ipynb")
    lab.save()
    lab.write("second.ipynb", [account.cell(SLOW), f"mg.open_run({run_id!r})"])
    lab.open("second.ipynb")
    lab.run(0)
    assert [] == errors_of(lab.run(1))
    _press(lab, 1, "Pause")
    lab.seen(1).get_by_role("button", name="Resume", exact=True).wait_for()
    _await_settled(lab, 1, account, run_id)
    _assert_mailed(account, _counts(lab, 1)["accepted"])
    _press(lab, 1, "Stop")
    lab.seen(1).get_by_text("Stopped by you").wait_for()
    found = account.counts(run_id)
    assert found == _read_account(lab, 1)
    _assert_mailed(account, found["accepted"])


@on_both_in_proof
def test_a_cell_that_waits_has_no_button_and_says_what_stops_it(lab: Lab, account: Account) -> None:
    """While another cell runs the buttons are grey; under a blocking send there are none."""
    run_id = _begun(lab, account, "blocking.ipynb", SEND)
    lab.begin(3)
    lab.seen(3).get_by_text("■ stops it").wait_for()
    assert 0 == lab.seen(3).get_by_role("button").count()
    lab.seen(2).get_by_text("A cell is running").wait_for()
    assert lab.seen(2).get_by_role("button", name="Stop", exact=True).is_disabled()
    inspect(lab, 3, "run", "blocking", only=".mnb-run")
    lab.await_end(3)
    lab.seen(3).get_by_text(f"{MORE} of {MORE} people mailed").wait_for()
    # The panel, what is left without the kernel, and one short line for the cell's value: not twice the same.
    outputs = lab.outputs(3)
    assert ["display_data", "display_data", "execute_result"] == [out["output_type"] for out in outputs]
    assert "see above" in "".join(outputs[2]["data"]["text/plain"])
    _press(lab, 2, "Stop")
    lab.seen(2).get_by_text("Stopped by you").wait_for()
    assert account.counts(run_id) == _read_account(lab, 2)
    _assert_mailed(account, MORE + account.counts(run_id)["accepted"])


def _read_account(lab: Lab, cell: int) -> dict[str, int]:
    """Return the counts in the account that stands on a panel at the end."""
    lab.seen(cell).locator(".mnb-run-end").wait_for()
    return _counts(lab, cell)


def test_a_saved_notebook_holds_no_address(lab: Lab, account: Account) -> None:
    """Neither its outputs nor, where Lab is told to keep it, the state of its widgets."""
    _begun(lab, account, "saved.ipynb")
    _press(lab, 2, "Stop")
    lab.seen(2).locator(".mnb-run-end").wait_for()
    lab.save()
    saved: Any = json.loads((lab.server.work / "saved.ipynb").read_text(encoding="utf-8"))
    told = json.dumps([cell["outputs"] for cell in saved["cells"]] + [saved["metadata"]])
    assert "Stopped by you" in told
    assert "p1@x.example" not in told

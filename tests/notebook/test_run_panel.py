"""The live panel of a run without a browser: what it says is the ledger's truth, and its buttons work."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import migma_nb as mg
from migma_nb.notebook.run_panel import MOST_FAILURES, WIDGET_MIME, RunPanel
from migma_nb.surface.showing import panel_of
from tests.notebook.screen import everything, visible_parts
from tests.servers.scripted import Act, ScriptedServer

pytest.importorskip("ipywidgets")
CLICK = {"event": "click"}


@pytest.fixture
def sandbox() -> Iterator[mg.Sandbox]:
    """A sandbox that refuses nobody."""
    with mg.Sandbox() as made:
        yield made


@pytest.fixture
def planned() -> Callable[..., mg.SendPlan]:
    """Return a function that plans a mailing to so many people, one of them without an address."""

    def make(people: int, **changes: Any) -> mg.SendPlan:
        listed = [{"email": f"jane.doe{n}@d{n}.example"} for n in range(people)] + [{"email": "nobody"}]
        options: dict[str, Any] = {
            "mailing": "m",
            "sender": "A <a@b.example>",
            "subject": "S",
            "project_id": "p",
        }
        return mg.plan(listed, template="<p>x</p>", transactional=True, **options | changes)

    return make


@pytest.fixture
def panels() -> Iterator[Callable[[mg.Run], RunPanel]]:
    """Return a function that makes panels; at the end they are closed, and their threads have ended."""
    made: list[RunPanel] = []

    def make(run: mg.Run, **options: Any) -> RunPanel:
        made.append(panel_of(run, **options))
        return made[-1]

    yield make
    for panel in made:
        panel.close()
    until(lambda: not [one for one in threading.enumerate() if one.name == "migma_nb panel"])
    assert [] == [error for panel in made for error in panel.errors if not isinstance(error, mg.LedgerError)]


def batch_of(people: int, sandbox: mg.Sandbox) -> mg.SendPlan:
    """Return a plan for a tag that holds so many people."""
    tag = sandbox.server.add_tag("news")
    for n in range(people):
        sandbox.server.add_contact(f"c{n}@x.example", tags=["news"])
    return mg.plan(
        mg.Tag(tag["id"]),
        mailing="m",
        sender="A <a@b.example>",
        subject="S",
        template="<p>x</p>",
        project_id="p",
    )


def until(happens: Callable[[], Any], seconds: float = 20.0) -> None:
    """Wait until something happens, and fail where it does not."""
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def text(panel: RunPanel) -> str:
    """Return the words that stand on a panel."""
    html = " ".join(str(one.value) for one in visible_parts(panel.widget) if type(one).__name__ == "HTML")
    return " ".join(unescape(re.sub(r"<title>.*?</title>|<style>.*?</style>|<[^>]*>", " ", html)).split())


def counts(panel: RunPanel) -> dict[str, int]:
    """Return the counts that stand on a panel, by state."""
    found = re.findall(
        r"(\d[\d,]*) (accepted|refused|unknown|invalid|waiting|sending|not_sent)\b", text(panel)
    )
    return {state: int(count.replace(",", "")) for count, state in found}


def buttons(panel: RunPanel) -> dict[str, Any]:
    """Return the run's buttons that are shown, by what they say."""
    shown = (one for one in visible_parts(panel.widget) if type(one).__name__ == "Button")
    names = {"mnb-run-pause", "mnb-run-resume", "mnb-run-stop"}
    return {one.description: one for one in shown if names & set(one._dom_classes)}


def click(panel: RunPanel, name: str) -> None:
    """Click a button as the front end does."""
    button = buttons(panel)[name]
    assert not button.disabled
    button._handle_custom_msg(CLICK, [])


def state_of(panel: RunPanel) -> str:
    """Return everything that the front end, and so perhaps a saved notebook, is given."""
    return repr([one.get_state() for one in everything(panel.widget)])


def test_a_second_click_on_pause_never_resumes(
    sandbox: mg.Sandbox, planned: Callable[..., mg.SendPlan], panels: Callable[..., RunPanel]
) -> None:
    """Over a slow line it arrives once the run is paused: it was a click on Pause all the same."""
    run = planned(300).start(sandbox.client(rate="40/second"), skip_invalid=True, progress=False)
    panel = panels(run)
    pause, stop = buttons(panel)["Pause"], buttons(panel)["Stop"]
    pause._handle_custom_msg(CLICK, [])
    until(lambda: "Resume" in buttons(panel) and not buttons(panel)["Resume"].disabled)
    pause._handle_custom_msg(CLICK, [])
    time.sleep(0.6)
    assert "paused" == run.state
    stop._handle_custom_msg(CLICK, [])
    assert panel.ended.wait(20)


def test_the_buttons_pause_resume_and_stop_a_run_and_the_screen_is_the_ledgers_truth(
    sandbox: mg.Sandbox, planned: Callable[..., mg.SendPlan], panels: Callable[..., RunPanel]
) -> None:
    """At each stand the counts on the panel are those of the ledger, and at the end its summary."""
    run = planned(300).start(sandbox.client(rate="40/second"), skip_invalid=True, progress=False)
    panel = panels(run)
    until(lambda: counts(panel).get("accepted", 0) > 3)
    assert "running" in text(panel)
    assert "left" in text(panel)
    assert {"Pause", "Stop"} == set(buttons(panel))

    click(panel, "Pause")
    until(lambda: "Resume" in buttons(panel) and not run.counts.get(mg.State.SENDING))
    panel.refresh()
    assert run.counts == counts(panel)
    assert "paused" == run.state
    mailed = len(sandbox.outbox)
    time.sleep(0.4)
    assert mailed == len(sandbox.outbox)

    click(panel, "Resume")
    until(lambda: counts(panel).get("accepted", 0) > mailed)
    click(panel, "Stop")
    assert panel.ended.wait(20)
    assert "stopped" == run.state
    assert run.frame["state"].value_counts().to_dict() == counts(panel)
    assert len(sandbox.outbox) == counts(panel)["accepted"]
    assert "Stopped by you" in text(panel)
    assert "Next: Send the same plan again" in text(panel)
    assert {} == buttons(panel)


def test_a_click_that_comes_from_a_cell_does_nothing(
    sandbox: mg.Sandbox, planned: Callable[..., mg.SendPlan], panels: Callable[..., RunPanel]
) -> None:
    """Only the front end's own message counts, so that running a cell again presses no button."""
    run = planned(40).start(sandbox.client(rate="20/second"), skip_invalid=True, progress=False)
    panel = panels(run)
    buttons(panel)["Stop"].click()
    run.wait(progress=False)
    assert mg.RunState.FINISHED is run.state


def test_a_run_is_opened_again_and_steered_through_the_ledger(
    sandbox: mg.Sandbox, planned: Callable[..., mg.SendPlan], panels: Callable[..., RunPanel]
) -> None:
    """A panel that knows only the ledger says the same, and its buttons are heard."""
    run = planned(200).start(sandbox.client(rate="30/second"), skip_invalid=True, progress=False)
    opened = panels(mg.open_run(run.id, ledger=sandbox.ledger))
    until(lambda: counts(opened).get("accepted", 0) > 3)
    click(opened, "Pause")
    until(lambda: run.state is mg.RunState.PAUSED and not run.counts.get(mg.State.SENDING))
    until(lambda: "Resume" in buttons(opened))
    opened.refresh()
    assert run.counts == counts(opened)
    click(opened, "Stop")
    assert opened.ended.wait(20)
    assert run.frame["state"].value_counts().to_dict() == counts(opened)


def test_what_is_refused_is_told_as_it_happens_without_an_address(
    planned: Callable[..., mg.SendPlan], panels: Callable[..., RunPanel]
) -> None:
    """By kind, with its count; a run that pauses itself says why, and can be resumed."""
    with ScriptedServer(lambda call: Act.REFUSE if call.number <= 25 else Act.OK) as server:
        client = mg.Migma("k" * 20, base_url=server.url, rate="50/second")
        run = planned(60).start(client, confirm=60, skip_invalid=True, preflight=False, progress=False)
        panel = panels(run)
        until(lambda: "Paused by itself" in text(panel))
        assert "in a row were alike" in text(panel)
        assert re.search(r"2\d refused: .*that is no mail", text(panel))
        assert "LIVE" in text(panel)
        click(panel, "Resume")
        assert panel.ended.wait(30)
    assert run.counts == counts(panel)
    assert "jane.doe" not in state_of(panel)


def test_the_rows_can_be_filtered_searched_and_exported(
    sandbox: mg.Sandbox,
    planned: Callable[..., mg.SendPlan],
    panels: Callable[..., RunPanel],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Addresses are shortened unless the person asks for them; the file has them in full."""
    monkeypatch.chdir(tmp_path)
    run = planned(25).send(sandbox.client(), skip_invalid=True, progress=False)
    panel = panels(run)
    assert panel.table is not None
    assert "jane.doe" not in state_of(panel)
    assert "j…@d7.example" in text(panel)
    source = panel.table.source
    assert [("accepted", 25), ("invalid", 1)] == list(source.choices())
    rows, total = source.page("accepted", "D7.example", 0, 10)
    assert (1, ["7", "jane.doe7@d7.example", "accepted"]) == (total, list(rows[0])[:3])
    assert ([], 0) == source.page("invalid", "d7.example", 0, 10)
    assert (5, 25) == (len(source.page("accepted", "", 20, 10)[0]), source.page("accepted", "", 20, 10)[1])

    (full,) = (one for one in visible_parts(panel.widget) if type(one).__name__ == "Checkbox")
    full.value = True
    assert "jane.doe7@d7.example" in text(panel)

    (export,) = (one for one in visible_parts(panel.widget) if getattr(one, "description", "") == "Export")
    export.click()
    until(lambda: "Saved:" in text(panel))
    (path,) = tmp_path.glob("run-*.csv")
    written = pd.read_csv(path)
    assert run.frame["recipient"].tolist() == written["recipient"].tolist()


def test_several_panels_of_one_run_agree(
    sandbox: mg.Sandbox, planned: Callable[..., mg.SendPlan], panels: Callable[..., RunPanel]
) -> None:
    """Closing one leaves the run and the others alone."""
    run = planned(60).start(sandbox.client(rate="60/second"), skip_invalid=True, progress=False)
    first, second = panels(run), panels(run)
    first.close()
    assert second.ended.wait(20)
    assert run.counts == counts(second) == {"accepted": 60, "invalid": 1}


def test_a_panel_whose_comm_is_closed_ends(
    sandbox: mg.Sandbox, planned: Callable[..., mg.SendPlan], panels: Callable[..., RunPanel]
) -> None:
    """Its thread ends; the run does not."""
    run = planned(60).start(sandbox.client(rate="20/second"), skip_invalid=True, progress=False)
    panel = panels(run)
    panel.widget.close()
    assert panel.ended.wait(10)
    assert mg.RunState.RUNNING is run.state
    assert {"accepted": 60, "invalid": 1} == run.wait(progress=False).counts


def test_while_a_cell_waits_there_are_no_buttons_but_words(
    sandbox: mg.Sandbox, planned: Callable[..., mg.SendPlan], panels: Callable[..., RunPanel]
) -> None:
    """Nobody would hear them; they are there again once the cell waits no more."""
    run = planned(60).start(sandbox.client(rate="20/second"), skip_invalid=True, progress=False)
    panel = panels(run, stopping="■ stops it.")
    assert {} == buttons(panel)
    assert "■ stops it." in text(panel)
    panel.waited_for("")
    assert {"Pause", "Stop"} == set(buttons(panel))
    assert "■" not in text(panel)
    run.stop()
    assert panel.ended.wait(20)


def test_a_ledger_that_cannot_be_read_is_said_and_not_asked_for_ever(
    sandbox: mg.Sandbox,
    planned: Callable[..., mg.SendPlan],
    panels: Callable[..., RunPanel],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The error stands on the panel and is kept; after a while the panel gives up."""
    monkeypatch.setattr("migma_nb.notebook.run_panel.RECORD_EVERY_S", 0.01)
    run = planned(60).start(sandbox.client(rate="20/second"), skip_invalid=True, progress=False)
    opened = mg.open_run(run.id, ledger=sandbox.ledger)
    panel = panels(opened)

    def fails(_: object) -> None:
        raise mg.LedgerError("The ledger could not be read: it is gone.")

    monkeypatch.setattr(opened._ledger, "reading", fails)
    assert panel.ended.wait(20)
    assert "it is gone" in text(panel)
    assert "no longer watches" in text(panel)
    assert MOST_FAILURES == len(panel.errors)
    run.stop()
    run.wait(progress=False)


def test_a_page_without_widgets_has_the_truth_in_html_and_text(
    sandbox: mg.Sandbox, planned: Callable[..., mg.SendPlan], panels: Callable[..., RunPanel]
) -> None:
    """While the run goes on it says as of when, and how to look again; at its end it is the account."""
    run = planned(60).start(sandbox.client(rate="60/second"), skip_invalid=True, progress=False)
    panel = panels(run)
    found = panel.bundle()
    assert {WIDGET_MIME, "text/html", "text/plain"} == set(found)
    assert f"mg.open_run('{run.id}'" in found["text/plain"]
    assert re.search(
        r"was running at \d{4}-\d\d-\d\d \d\d:\d\d UTC, with \d+ of 61 rows to go", found["text/plain"]
    )
    assert panel.ended.wait(20)
    assert run.summary() == panel.bundle()["text/plain"]
    assert "60 of 60 people mailed" in panel.bundle()["text/html"]


def test_a_batch_shows_the_servers_own_counts(sandbox: mg.Sandbox, panels: Callable[..., RunPanel]) -> None:
    """How many of its people the server has mailed, until every one of them is done."""
    run = batch_of(60, sandbox).start(sandbox.client(), progress=False)
    panel = panels(run)
    assert panel.ended.wait(30)
    assert "60 people" in text(panel)
    assert "60 sent" in text(panel)


def test_a_batch_can_be_left_to_the_server(sandbox: mg.Sandbox, panels: Callable[..., RunPanel]) -> None:
    """Nobody can call it back, so that the button says what it does: look no longer."""
    run = batch_of(5000, sandbox).start(sandbox.client(), progress=False)
    panel = panels(run)
    until(lambda: "Stop following" in buttons(panel))
    until(lambda: "of 5,000 people mailed by the server" in text(panel))
    click(panel, "Stop following")
    assert panel.ended.wait(30)
    assert "finished" == run.state

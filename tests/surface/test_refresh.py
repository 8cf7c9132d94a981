"""`run.refresh` as people meet it: in a new process, in the summary, in files and at the command line."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

import migma_nb as mg
from migma_nb.cli import main

PEOPLE = pd.DataFrame(
    {"email": ["ann@x.example", "bo@x.example", "bounced@x.example"], "name": ["Ann", "Bo", "Cy"]},
    index=[30, 10, 20],
)


def sent(sandbox: mg.Sandbox) -> mg.Run:
    """Send a stored email to three people, of whom one cannot be reached and one clicks."""
    email = sandbox.server.add_email("Generated", "<p>{{name}}</p>")["emailId"]
    plan = mg.plan(
        PEOPLE, mailing="m", sender="A <a@b.example>", subject="{{name}}", email_id=email, transactional=True
    )
    run = plan.send(sandbox.client(), progress=False)
    sandbox.server.drain()
    sandbox.server.note_event(run.frame["message_id"].iloc[1], "clicked")
    return run


def test_the_index_of_the_input_stays(sandbox: mg.Sandbox) -> None:
    """And the columns can be joined to the input, and written as CSV."""
    run = sent(sandbox).refresh()
    assert [30, 10, 20] == run.frame.index.tolist()
    assert ["delivered", "clicked", "suppressed"] == run.frame["delivery"].tolist()
    assert ["Ann", "Bo", "Cy"] == run.join(PEOPLE)["name"].tolist()


def test_another_process_finds_what_a_refresh_found(sandbox: mg.Sandbox, tmp_path: Path) -> None:
    """The ledger keeps it; nobody is asked."""
    run = sent(sandbox).refresh()
    out = tmp_path / "again.csv"
    again = (
        f"import migma_nb as mg; mg.open_run({run.id!r}, ledger={str(sandbox.ledger)!r}).to_csv({str(out)!r})"
    )
    asked = len(sandbox.server.requests())
    subprocess.run([sys.executable, "-c", again], check=True, timeout=120)
    assert asked == len(sandbox.server.requests())
    found = pd.read_csv(out)
    assert ["delivered", "clicked", "suppressed"] == found["delivery"].tolist()
    assert [False, True, False] == found["clicked_at"].notna().tolist()


def test_a_run_that_was_opened_without_a_client_says_how_to_refresh_it(sandbox: mg.Sandbox) -> None:
    """With one it works, and the run that sent it sees the same."""
    run = sent(sandbox)
    opened = mg.open_run(run.id, ledger=sandbox.ledger)
    for call, name in ((opened.refresh, "refresh"), (opened.log, "log")):
        with pytest.raises(mg.InputError, match=rf"run\.{name}\(client\)"):
            call()
    opened.refresh(sandbox.client())
    pd.testing.assert_frame_equal(opened.frame, run.frame.reset_index(drop=True))


def test_the_summary_says_how_fresh_and_how_certain(sandbox: mg.Sandbox) -> None:
    """When the log was asked, what it said, and what an open is worth."""
    run = sent(sandbox)
    assert "Migma's log" not in run.summary()
    run.refresh()
    checked = run.frame["checked_at"].max()
    for words in (
        f"Of 3 of 3 mails, Migma's log said on {checked:%Y-%m-%d %H:%M} UTC: ",
        "2 delivered, 1 opened, 1 clicked, 1 suppressed",
        "Opens are inflated: Apple's mail privacy",
    ):
        assert words in run.summary()
        assert words.replace("'", "&#x27;") in run._repr_html_()


def test_the_command_line_asks_before_it_reports(
    sandbox: mg.Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the key from the environment; without --refresh nobody is asked."""
    run = sent(sandbox)
    monkeypatch.setenv("MIGMA_API_KEY", sandbox.server.api_key)
    monkeypatch.setenv("MIGMA_BASE_URL", sandbox.url)
    told = []
    for more in ([], ["--refresh"], ["--wait=5"]):
        monkeypatch.setattr(
            sys, "argv", ["migma-nb", "report", run.id, f"--ledger={sandbox.ledger}", "--json", *more]
        )
        with pytest.raises(SystemExit) as ended:
            main()
        assert 0 == int(ended.value.code or 0)
        told.append(json.loads(capsys.readouterr().out)["deliveries"])
    assert [None, {"delivered": 1, "clicked": 1, "suppressed": 1}] == told[:2]
    assert told[1] == told[2]


def test_an_interrupt_ends_the_waiting_and_the_asking(
    sandbox: mg.Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cell is free at once, and nothing goes on asking behind it."""
    monkeypatch.setattr("migma_nb.sending.refreshing.FIRST_WAIT_S", 0.05)
    sandbox.server.pause_queue()
    plan = mg.plan("a@x.example", mailing="m", sender="A <a@b.example>", subject="S", email_id="e")
    run = plan.send(sandbox.client(), progress=False)
    key = threading.Timer(0.5, os.kill, [os.getpid(), signal.SIGINT])
    key.start()
    with pytest.raises(KeyboardInterrupt):
        run.refresh(wait=120)
    key.join()
    time.sleep(0.5)
    asked = len(sandbox.server.requests())
    time.sleep(2.0)
    assert asked == len(sandbox.server.requests())


@pytest.fixture
def sandbox() -> Iterator[mg.Sandbox]:
    """A sandbox that ends with the test."""
    with mg.Sandbox() as made:
        yield made

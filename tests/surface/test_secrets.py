"""The API key reaches no output: not a traceback's locals, not a log, not a file."""

import logging
import traceback
from pathlib import Path

import pytest

import migma_nb as mg

FIELDS = {
    "recipient_type": "email",
    "recipient_email": "x@y.example",
    "from_": "a@b.example",
    "from_name": "A",
    "subject": "S",
    "template": "<p>x</p>",
    "project_id": "p",
}


@pytest.mark.parametrize("fault", ["accept_then_drop", "silence_before_accept", "cut_json", "html_error"])
def test_an_error_shows_the_key_in_no_frame_and_no_log(fault: str, caplog: pytest.LogCaptureFixture) -> None:
    """With every local variable of every frame shown, and everything logged."""
    caplog.set_level(logging.DEBUG)
    with mg.Sandbox(faults={fault: 1.0}) as sandbox:
        client = sandbox.client(timeout=0.5)
        with pytest.raises(mg.UnknownError) as caught:
            client.send(**FIELDS)
        shown = "".join(
            traceback.TracebackException.from_exception(caught.value, capture_locals=True).format()
        )
        assert sandbox.server.api_key not in shown
        assert sandbox.server.api_key not in caplog.text


def test_a_wrong_argument_does_not_show_the_key_that_came_with_it() -> None:
    """The client's own frame holds no text of the key any more."""
    key = "mgma_sk_test_never_shown"
    with pytest.raises(mg.ConfigurationError) as caught:
        mg.Migma(key, base_url="nowhere")
    shown = traceback.TracebackException(
        type(caught.value), caught.value, caught.tb.tb_next, capture_locals=True
    )
    assert key not in "".join(shown.format())


def test_no_key_is_an_error_with_a_way_out() -> None:
    """Importing needs no key; a client does."""
    with pytest.raises(mg.ConfigurationError, match="MIGMA_API_KEY"):
        mg.Migma()


def test_no_file_of_a_run_holds_the_key(tmp_path: Path) -> None:
    """Ledger, locks and the account's file, after a send with a lost answer."""
    with mg.Sandbox(faults={"accept_then_drop": 0.3}, idempotency=False) as sandbox:
        people = [{"email": f"p{n}@x.example"} for n in range(30)]
        plan = mg.plan(
            people,
            mailing="m",
            sender="A <a@b.example>",
            subject="S",
            template="<p>x</p>",
            project_id="p",
            transactional=True,
        )
        run = plan.send(sandbox.client(), ledger=tmp_path / "ledger.sqlite3", progress=False)
        run.to_csv(tmp_path / "sent.csv")
        key = sandbox.server.api_key.encode()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 1
    assert all(key not in path.read_bytes() for path in files)

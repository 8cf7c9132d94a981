"""Bad input from Python: a sentence and a hint, nothing sent, and nothing lost of what is on record."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import migma_nb as mg

LISTS = {
    "empty.csv": "",
    "header.csv": "email,name\n",
    "nobody.csv": "name\nAnn\n",
    "two.csv": "email,work_email,name\na@x.example,b@x.example,N\n",
    "fine.csv": "email,name\na@x.example,Ann\n",
}
MAILING: dict[str, Any] = {
    "mailing": "m",
    "sender": "Acme <billing@acme.example>",
    "subject": "Hello {{name}}",
    "template": "<p>x</p>",
    "project_id": "p",
    "transactional": True,
}


@pytest.fixture
def lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to a folder of lists, all but one of them no good."""
    for name, content in LISTS.items():
        (tmp_path / name).write_text(content)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        pytest.param(lambda: plan("no.csv"), mg.InputError, "There is no file no.csv", id="no such file"),
        pytest.param(lambda: plan("empty.csv"), mg.InputError, "empty.csv is empty", id="an empty file"),
        pytest.param(lambda: plan("nobody.csv"), mg.InputError, "Its columns are: name", id="no addresses"),
        pytest.param(lambda: plan("two.csv"), mg.InputError, 'or address="work_email"', id="two columns"),
        pytest.param(
            lambda: plan("fine.csv", subject="{{plan}}"), mg.InputError, "{{plan}}", id="nothing fills it"
        ),
        pytest.param(lambda: plan("header.csv"), mg.InputError, "no rows", id="zero rows in a file"),
        pytest.param(lambda: plan(pd.DataFrame({"email": []})), mg.InputError, "no rows", id="zero rows"),
        pytest.param(mg.Migma, mg.ConfigurationError, "MIGMA_API_KEY", id="no key"),
        pytest.param(
            lambda: mg.history(ledger="fine.csv/l.db"), mg.LedgerError, "cannot be written", id="no ledger"
        ),
    ],
)
@pytest.mark.usefixtures("lists")
def test_bad_input_is_a_sentence_and_a_hint(
    make: Callable[[], object], error: type[mg.MigmaError], words: str
) -> None:
    """What is wrong, where, and what to do; a notebook shows it without a traceback."""
    with pytest.raises(error) as caught:
        make()
    assert words in str(caught.value)
    assert caught.value.hint
    assert 2 == len(caught.value._render_traceback_())


def test_bad_input_sends_nothing_and_loses_nothing(lists: Path) -> None:
    """A ledger that cannot be written and a server that is gone leave an earlier mailing as it is."""
    ledger = lists / "ledger.sqlite3"
    with mg.Sandbox() as sandbox:
        client = sandbox.client()
        plan("fine.csv").send(client, ledger=ledger, progress=False)
        before = mg.history(ledger=ledger)
        another = plan("fine.csv", mailing="another")
        for place in ("fine.csv/l.db", "fine.csv", "."):
            with pytest.raises(mg.LedgerError):
                another.send(client, ledger=place, progress=False)
        assert 1 == len(sandbox.outbox)
    assert LISTS["fine.csv"] == (lists / "fine.csv").read_text()
    pd.testing.assert_frame_equal(before, mg.history(ledger=ledger))

    run = another.send(_client_of_nobody(), confirm=1, ledger=ledger, progress=False)
    assert ("halted", {"not_sent": 1}) == (run.state, run.counts)
    assert "no connection" in run.summary()
    again = plan("fine.csv").send(client, ledger=ledger, progress=False)
    assert {"already_sent": 1} == again.counts


def plan(people: object, **changes: Any) -> mg.SendPlan:
    """Plan a mailing that lacks nothing but people."""
    return mg.plan(people, **MAILING | changes)


def _client_of_nobody() -> mg.Migma:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return mg.Migma("mgma_sk_test_0123456789", base_url=f"http://127.0.0.1:{port}")


@pytest.mark.parametrize("wrong", [5, None, b"x", ""])
def test_a_run_is_opened_by_its_id(wrong: object, tmp_path: Path) -> None:
    """A mistake is a sentence."""
    with pytest.raises(mg.InputError, match="is no run's id"):
        mg.open_run(wrong, ledger=tmp_path / "l.sqlite3")  # type: ignore[arg-type]  # that is the mistake


@pytest.mark.parametrize(
    ("make", "words"),
    [
        pytest.param(lambda run, _: run.refresh(wait="x"), "wait='x' is not a number of seconds", id="wait"),
        pytest.param(lambda run, _: run.wait("x"), "timeout='x' is not a number of seconds", id="a timeout"),
        pytest.param(lambda run, _: run.to_csv(5), "path is an int, no file's name", id="a file"),
        pytest.param(lambda *_: plan("fine.csv").preview("x"), "There is no row 'x'", id="a row"),  # type: ignore[arg-type]  # the mistake
        pytest.param(lambda *_: plan("fine.csv").preview(0.5), r"There is no row 0\.5", id="half a row"),  # type: ignore[arg-type]  # the mistake
        pytest.param(lambda *_: plan("fine.csv").preview(True), "There is no row True", id="no number"),
        pytest.param(lambda run, _: run.join(5), "no frame to join to", id="join"),
        pytest.param(lambda _, client: plan("fine.csv").send(client, ledger=5), "not a place", id="a place"),  # type: ignore[call-overload]  # the mistake
        pytest.param(
            lambda _, client: plan("fine.csv").send(client, skip_invalid="x"),  # type: ignore[call-overload]  # the mistake
            "True nor False",
            id="yes or no",
        ),
        pytest.param(
            lambda _, client: mg.import_html("<p>x</p>", client, name=5),  # type: ignore[arg-type]  # the mistake
            "no text",
            id="a name",
        ),
        pytest.param(lambda *_: mg.Migma(5), "key is no text", id="a key"),  # type: ignore[arg-type]  # the mistake
        pytest.param(lambda *_: mg.history(ledger=5), "not a place", id="a ledger"),  # type: ignore[arg-type]  # the mistake
        pytest.param(lambda *_: mg.Sandbox(faults={"x": 1}), "has no fault 'x'", id="a fault"),
    ],
)
@pytest.mark.usefixtures("lists")
def test_an_argument_of_another_kind_is_a_sentence(
    make: Callable[[Any, mg.Migma], object], words: str
) -> None:
    """What an argument is, and what it should be, in place of a traceback; nobody is mailed."""
    with mg.Sandbox() as sandbox:
        client = sandbox.client()
        run = plan("fine.csv").send(client, progress=False)
        with pytest.raises(mg.MigmaError, match=words):
            make(run, client)
        assert 1 == len(sandbox.outbox)

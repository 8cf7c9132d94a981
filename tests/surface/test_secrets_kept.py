"""What is kept of a session holds no key: a notebook saved with its errors, and the command line's output."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from migma_nb.cli import main
from tests.servers.answering import AnsweringServer, Reply
from tests.surface.leaks import SENTINEL, leaks, leaks_in_files

CELLS = [
    "import migma_nb as mg, pandas as pd\n%xmode Verbose",
    "client = mg.Migma(timeout=2.0)\nclient",
    (
        "people = pd.DataFrame({'email': ['a@x.example', 'b@x.example'], 'name': ['A', 'B']})\n"
        "plan = mg.plan(people, mailing='m', sender='A <a@b.example>', subject='Hi {{name}}',\n"
        "               template='<p>x</p>', project_id='p', transactional=True)\nplan"
    ),
    "run = plan.send(client, confirm=2)\nrun",
    "run.frame",
    (
        "client.send(recipient_type='email', recipient_email='x@y.example', from_='a@b.example',\n"
        "            from_name='A', subject='S', template='<p>x</p>', project_id='p')"
    ),
    "%tb",
    "mg.Migma(base_url='http://api.migma.ai')",
    "%tb",
    "import copy, pickle\npickle.dumps(client)",
    "vars(client), client.settings",
]


def notebook_of(cells: list[str]) -> Any:
    """Return a notebook of these cells, none of them run."""
    empty: dict[str, Any] = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    parts = [{**empty, "id": f"c{at}", "source": cell} for at, cell in enumerate(cells)]
    made = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": parts}
    return pytest.importorskip("nbformat").from_dict(made)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
def test_a_saved_notebook_with_errors_in_it_holds_no_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Executed by a kernel, in IPython's Verbose mode, which shows what every line speaks of."""
    body = f'{{"success":false,"error":"no such key: {SENTINEL.encode().hex()}","code":"X"}}'.encode()
    with AnsweringServer(lambda _: Reply(401, body, {"X-Echo": SENTINEL})) as server:
        monkeypatch.setenv("MIGMA_API_KEY", SENTINEL)
        monkeypatch.setenv("MIGMA_BASE_URL", server.url)
        monkeypatch.setenv("MIGMA_LEDGER", str(tmp_path / "l.sqlite3"))
        monkeypatch.setenv("MIGMA_ALLOW_HEADLESS", "1")
        notebook = notebook_of(CELLS)
        nbclient = pytest.importorskip("nbclient")
        run = nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3", allow_errors=True)
        run.execute(env={**os.environ})
    saved = json.dumps(notebook, ensure_ascii=False)
    (tmp_path / "saved.ipynb").write_text(saved)
    assert "AccountError" in saved
    assert "base_url" in saved
    assert [] == leaks(SENTINEL, saved.encode().decode("unicode_escape", "ignore"))
    assert [] == leaks_in_files(SENTINEL, tmp_path)


ANSWERS = {
    0: Reply(200, b'{"success":true,"data":{"id":"m"}}', {"X-Echo": SENTINEL}),
    2: Reply(200, b"{}"),
    3: Reply(400, b'{"success":false,"error":"Bearer %s"}' % SENTINEL.encode().hex().encode()),
    4: Reply(500, b'{"success":false,"error":"%s"}' % SENTINEL.encode().hex().encode()),
    5: Reply(401, b'{"success":false,"error":"%s"}' % SENTINEL.encode().hex().encode()),
}


@pytest.mark.parametrize("code", ANSWERS)
def test_no_output_of_the_command_line_holds_the_key(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whatever it ends with, and with its own faults shown."""
    (tmp_path / "people.csv").write_text("email,name\na@x.example,Ann\nb@x.example,Bob\n")
    (tmp_path / "mail.html").write_text("<p>Hello {{name}}</p>")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MIGMA_API_KEY", SENTINEL)
    monkeypatch.setenv("MIGMA_DEBUG", "1")
    monkeypatch.setenv("MIGMA_LEDGER", str(tmp_path / "l.sqlite3"))
    send = "send people.csv --template=mail.html --subject=Hi --sender=A<a@b.example> --mailing=m"
    words = [
        *send.split(),
        "--project=p",
        "--transactional",
        "--live",
        f"--confirm={3 if code == 2 else 2}",
        "--out=out.csv",
    ]
    with AnsweringServer(lambda _: ANSWERS[code]) as server:
        monkeypatch.setenv("MIGMA_BASE_URL", server.url)
        for command in (words, [*words, "--json"], ["runs"], ["runs", "--json"]):
            monkeypatch.setattr(sys, "argv", ["migma-nb", *command])
            with pytest.raises(SystemExit) as ended:
                main()
            assert command[0] == "runs" or int(ended.value.code or 0) == code
    said = capfd.readouterr()
    assert [] == leaks(SENTINEL, said.out + said.err)
    assert SENTINEL.encode().hex() not in said.out + said.err
    assert [] == leaks_in_files(SENTINEL, tmp_path)

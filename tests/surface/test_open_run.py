"""`mg.open_run`: which ledgers are looked into for a run."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import migma_nb as mg

MAIL: dict[str, Any] = {
    "mailing": "spring",
    "sender": "Acme <news@acme.example>",
    "subject": "News",
    "template": "<p>Hello</p>",
    "project_id": "p",
    "transactional": True,
}
PEOPLE = pd.DataFrame({"email": ["ann@x.example", "bo@x.example"]})


@pytest.fixture(autouse=True)
def own_ledger(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The user's ledger is the test's own."""
    monkeypatch.setenv("MIGMA_LEDGER", str(tmp_path / "ledger.sqlite3"))


def test_a_rehearsals_run_is_found_while_its_sandbox_lives() -> None:
    """Of whichever sandbox of this process it is, without naming its ledger."""
    with mg.Sandbox() as one, mg.Sandbox() as other:
        runs = [mg.plan(PEOPLE, **MAIL).send(box.client(), progress=False) for box in (one, other)]
        for run in runs:
            opened = mg.open_run(run.id)
            assert ({"accepted": 2}, run.id) == (opened.counts, opened.id)


def test_a_run_that_is_nowhere_is_an_error_that_says_where_rehearsals_are(tmp_path: Path) -> None:
    """A ledger that was named is the only one that is looked into."""
    with mg.Sandbox() as sandbox:
        run = mg.plan(PEOPLE, **MAIL).send(sandbox.client(), progress=False)
        with pytest.raises(mg.InputError, match="No run in this ledger") as error:
            mg.open_run("19990101-000000")
        assert "ledger=sandbox.ledger" in str(error.value.hint)
        with pytest.raises(mg.InputError, match="No run in this ledger"):
            mg.open_run(run.id, ledger=tmp_path / "other.sqlite3")

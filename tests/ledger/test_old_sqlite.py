"""A ledger asks nothing of SQLite that the version of a system's old Python does not know."""

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

import migma_nb as mg
from migma_nb.api.states import State
from migma_nb.ledger import journal
from migma_nb.ledger.schema import RowRecord, RunRecord
from migma_nb.ledger.store import open_ledger


@pytest.fixture
def asked() -> Iterator[list[str]]:
    """Give every statement that SQLite is asked to run, the texts and brackets in it left out."""
    found: list[str] = []

    def bare(statement: str) -> None:
        text = re.sub(r"'[^']*'|\"[^\"]*\"", "", statement)
        while (less := re.sub(r"\([^()]*\)", "", text)) != text:
            text = less
        found.append(" ".join(text.split()))

    def watch(connection: sqlite3.Connection, _: object) -> None:
        connection.set_trace_callback(bare)

    sa.event.listen(sa.Engine, "connect", watch)
    yield found
    sa.event.remove(sa.Engine, "connect", watch)


def test_a_mailing_and_the_end_of_a_dead_run_need_no_new_sqlite(asked: list[str], tmp_path: Path) -> None:
    """UPDATE ... FROM came with 3.33, RETURNING with 3.35; systems with Python 3.11 have SQLite 3.26."""
    people = pd.DataFrame({"email": [f"p{at}@d.example" for at in range(4)]})
    ledger = open_ledger(tmp_path / "ledger.sqlite3")
    with mg.Sandbox() as sandbox:
        client = sandbox.client()
        plan = mg.plan(
            people,
            mailing="m",
            sender="Acme <a@acme.example>",
            subject="Hello",
            template="<p>x</p>",
            project_id="p",
            transactional=True,
        )
        run = plan.send(client, progress=False, ledger=ledger.path)
        scope = plan.send(client, progress=False, ledger=ledger.path).frame
        assert {"already_sent"} == set(scope["state"])
    with ledger.read() as conn:
        (of_run,) = conn.execute(sa.text("SELECT scope FROM runs WHERE run_id = :id"), {"id": run.id}).one()
    dead = RunRecord("dead", of_run, "m", "p", "https://x:443", True, "fp", 1, 1, None, 1.0)
    rows = [RowRecord(0, "p0@d.example", "p0@d.example", State.WAITING)]
    ledger.writing(lambda conn: journal.begin(conn, dead, rows))
    assert ["dead"] == journal.settle_the_dead(ledger)
    (row,) = mg.open_run("dead", ledger=ledger.path).frame.to_dict("records")
    assert ("already_sent", "earlier_run") == (row["state"], row["reason"])
    assert run.frame["message_id"].iloc[0] == row["message_id"]
    updates = [one for one in asked if one.startswith("UPDATE")]
    assert updates
    assert [] == [one for one in asked if "RETURNING" in one]
    assert [] == [one for one in updates if " FROM " in one]

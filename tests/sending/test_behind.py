"""The outcome of a row and its worker's next intent share a commit, and yet come in their order."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import migma_nb as mg
from migma_nb.api.errors import LedgerError
from migma_nb.ledger import claims
from migma_nb.ledger.schema import ACCOUNT_COLUMNS
from migma_nb.ledger.schema import claims as claims_table
from migma_nb.ledger.schema import rows as rows_table
from migma_nb.ledger.scribe import Scribe
from migma_nb.ledger.store import open_ledger
from tests.servers.scripted import Act, ScriptedServer

Plan = Callable[..., mg.SendPlan]

pytestmark = pytest.mark.usefixtures("hasten")


def client_of(server: ScriptedServer) -> mg.Migma:
    """Return a live client that sends one mail after the other."""
    return mg.Migma("k" * 20, base_url=server.url, timeout=2.0, workers=1, rate="1000/second")


def test_an_outcome_and_the_next_intent_are_one_commit(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty rows take little more than twenty commits, not forty."""
    together = Scribe._together
    commits: list[int] = []

    def counted(self: Scribe, works: Any) -> Any:
        commits.append(len(works))
        return together(self, works)

    monkeypatch.setattr(Scribe, "_together", counted)
    with ScriptedServer(lambda _: Act.OK) as server:
        run = plan(20).send(client_of(server), confirm=20, progress=False, ledger=tmp_path / "l.sqlite3")
    assert {"accepted": 20} == run.counts
    assert len(commits) < 40
    assert commits.count(2) > 10


def test_nothing_more_leaves_where_the_outcome_before_it_is_not_on_record(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next row's claim, taken in the same commit, is given back, and can be taken again."""
    monkeypatch.setattr("migma_nb.ledger.scribe.OUTCOME_WAITS_S", ())
    record, place = claims.record, tmp_path / "l.sqlite3"
    calls: list[object] = []

    def fails(*args: Any) -> None:
        calls.append(args)
        if len(calls) > 5:
            raise LedgerError("The disk is full.")
        record(*args)

    with ScriptedServer(lambda _: Act.OK) as server:
        with monkeypatch.context() as patch:
            patch.setattr(claims, "record", fails)
            run = plan(12).send(client_of(server), confirm=12, progress=False, ledger=place)
        first = dict(server.mailed)
        assert {"accepted": 5, "unknown": 1, "not_sent": 6} == run.counts
        assert 6 == len(first)
        again = plan(12).send(client_of(server), confirm=12, progress=False, ledger=place)
    assert {"accepted", "already_sent"} >= set(again.frame["state"])
    assert [1] * 12 == list(server.mailed.values())


@pytest.mark.usefixtures("short_waits")
def test_a_row_tells_of_its_mail_what_its_claim_tells(plan: Plan, tmp_path: Path) -> None:
    """The row's account is written without reading the claim's back, and is the same in every column."""
    script = {3: Act.REFUSE, 5: Act.LIMITED_BARE, 6: Act.LIMITED_BARE, 8: Act.ERROR_AFTER, 11: Act.AT_WORK}
    with ScriptedServer(lambda call: script.get(call.number, Act.OK)) as server:
        run = plan(12).send(client_of(server), confirm=12, progress=False, ledger=tmp_path / "l.sqlite3")
    assert {"accepted", "refused", "unknown"} == set(run.counts)

    def accounts(conn: sa.Connection) -> dict[str, Any]:
        return {
            table.name: conn.execute(
                sa.select(table.c.recipient, *(table.c[name] for name in ACCOUNT_COLUMNS)).order_by(
                    table.c.recipient
                )
            ).all()
            for table in (claims_table, rows_table)
        }

    found = open_ledger(tmp_path / "l.sqlite3").reading(accounts)
    assert found["claims"] == found["rows"]
    assert {1, 2} <= {row.attempts for row in found["rows"]}

"""From an older ledger's shape to the present one: once, with every row; and never backwards."""

import threading

import pytest
import sqlalchemy as sa

from migma_nb.api.errors import LedgerError
from migma_nb.api.states import State
from migma_nb.ledger import claims, journal, queries, standings
from migma_nb.ledger.leave import leave
from migma_nb.ledger.migrations import version_of
from migma_nb.ledger.schema import (
    SCHEMA_VERSION,
    Intent,
    RowRecord,
    RunRecord,
    Taken,
    meta,
    metadata,
)
from migma_nb.ledger.store import Ledger, open_ledger

pytestmark = pytest.mark.both_at_once

_ACCOUNT = (
    "reason VARCHAR, detail VARCHAR, message_id VARCHAR, provider VARCHAR, api_status VARCHAR, "
    "http_status INTEGER, attempts INTEGER, first_attempt_at FLOAT, finished_at FLOAT, latency_s FLOAT, "
    "request_id VARCHAR, idempotency_key VARCHAR, payload_sha256 VARCHAR"
)
#: What the first version made, and rows in it; `{number}` is a key that counts by itself.
FIRST = """
CREATE TABLE meta (name VARCHAR PRIMARY KEY, value VARCHAR NOT NULL);
CREATE TABLE runs (run_id VARCHAR PRIMARY KEY, scope VARCHAR NOT NULL, mailing VARCHAR NOT NULL, plan_id
VARCHAR NOT NULL, server VARCHAR NOT NULL, sandbox BOOLEAN NOT NULL, key_fingerprint VARCHAR NOT NULL,
size INTEGER NOT NULL, people INTEGER NOT NULL, target VARCHAR, state VARCHAR NOT NULL, reason VARCHAR,
detail VARCHAR, started_at FLOAT NOT NULL, finished_at FLOAT);
CREATE TABLE claims (claim_id {number}, scope VARCHAR NOT NULL, mailing VARCHAR NOT NULL, recipient
VARCHAR NOT NULL, state VARCHAR NOT NULL, run_id VARCHAR NOT NULL, plan_id VARCHAR NOT NULL, generation
INTEGER NOT NULL, uncertain BOOLEAN NOT NULL, key_fingerprint VARCHAR, {account}, UNIQUE (scope,
mailing, recipient));
CREATE INDEX claims_by_run ON claims (run_id, state);
CREATE TABLE attempts (attempt_id {number}, claim_id INTEGER NOT NULL REFERENCES claims (claim_id),
run_id VARCHAR NOT NULL, generation INTEGER NOT NULL, payload_sha256 VARCHAR NOT NULL, key_fingerprint
VARCHAR NOT NULL, intent_at FLOAT NOT NULL, finished_at FLOAT, verdict VARCHAR, reason VARCHAR,
http_status INTEGER, request_id VARCHAR);
CREATE INDEX ix_attempts_claim_id ON attempts (claim_id);
CREATE INDEX ix_attempts_intent_at ON attempts (intent_at);
CREATE INDEX attempts_open ON attempts (run_id, finished_at);
CREATE TABLE rows (run_id VARCHAR NOT NULL, position INTEGER NOT NULL, recipient VARCHAR, address
VARCHAR NOT NULL, state VARCHAR NOT NULL, {account}, batch_total INTEGER, batch_queued INTEGER,
batch_sent INTEGER, batch_failed INTEGER, PRIMARY KEY (run_id, position));
CREATE TABLE proofs (origin VARCHAR NOT NULL, key_fingerprint VARCHAR NOT NULL, proven_at FLOAT NOT
NULL, PRIMARY KEY (origin, key_fingerprint));
INSERT INTO meta VALUES ('schema_version', '1');
INSERT INTO runs VALUES ('old', 's', 'm', 'plan', 'https://x:443', false, 'fp', 3, 3, NULL, 'finished',
NULL, NULL, 1.0, 2.0);
INSERT INTO claims (scope, mailing, recipient, state, run_id, plan_id, generation, uncertain, attempts,
first_attempt_at) VALUES ('s', 'm', 'ann@x.example', 'accepted', 'old', 'plan', 1, false, 1, 1.5), ('s',
'm', 'bo@x.example', 'unknown', 'old', 'plan', 1, true, 2, 1.5), ('s', 'm', 'cy@x.example', 'free',
'old', 'plan', 1, false, 0, NULL);
INSERT INTO rows (run_id, position, recipient, address, state) VALUES ('old', 0, 'ann@x.example',
'Ann@x.example', 'accepted'), ('old', 1, 'bo@x.example', 'bo@x.example', 'unknown'), ('old', 2,
'cy@x.example', 'cy@x.example', 'not_sent');
INSERT INTO proofs VALUES ('https://x:443', 'fp', 1.0)
"""


def first_version(place: str) -> Ledger:
    """Make a ledger as the first version left it, with rows in it."""
    ledger = open_ledger(place)

    def make(conn: sa.Connection) -> None:
        metadata.drop_all(conn)
        number = "SERIAL PRIMARY KEY" if conn.dialect.name == "postgresql" else "INTEGER PRIMARY KEY"
        for line in FIRST.format(number=number, account=_ACCOUNT).split(";"):
            conn.exec_driver_sql(line)

    ledger.writing(make)
    return ledger


def test_a_ledger_of_the_first_version_is_brought_up_and_keeps_every_row(place: str) -> None:
    """It works as one made anew: its columns are the same, and a send can go on in it."""
    first_version(place).close()
    ledger = open_ledger(place)
    assert SCHEMA_VERSION == ledger.reading(version_of)
    found = ledger.reading(lambda conn: standings.standings(conn, "s", "m"))
    states = {who: str(one.state) for who, one in found.items()}
    assert {"ann@x.example": "accepted", "bo@x.example": "unknown", "cy@x.example": "free"} == states
    rows = ledger.reading(lambda conn: queries.run_rows(conn, "old"))
    assert ["accepted", "unknown", "not_sent"] == [row["state"] for row in rows]
    assert ledger.reading(lambda conn: journal.is_proven(conn, "https://x:443", "fp", 2.0))
    run = RunRecord("new", "s", "m", "plan", "https://x:443", False, "fp", 1, 1, None, 3.0)
    ledger.writing(lambda conn: journal.begin(conn, run, [RowRecord(0, "cy@x.example", "cy", State.WAITING)]))
    intent = Intent("s", "m", "cy@x.example", "new", "plan", "sha", "fp", 4.0, email_id="e")
    taken = ledger.writing(lambda conn: claims.take(leave(conn, "new"), intent, found["cy@x.example"]))
    assert isinstance(taken, Taken)
    shape = ledger.reading(_shape)
    ledger.writing(metadata.drop_all)
    ledger.close()
    again = open_ledger(place)
    assert again.reading(_shape) == shape
    again.close()


def _shape(conn: sa.Connection) -> dict[str, set[str]]:
    seen = sa.inspect(conn)
    return {
        table.name: {column["name"] for column in seen.get_columns(table.name)}
        for table in metadata.sorted_tables
    }


def test_an_old_ledger_that_many_open_at_once_is_brought_up_once(place: str) -> None:
    """A second time would fail on what is there already."""
    first_version(place).close()
    errors: list[Exception] = []
    barrier = threading.Barrier(4)

    def race() -> None:
        barrier.wait()
        try:
            open_ledger(place).close()
        except Exception as error:  # noqa: BLE001 - the test wants to see it
            errors.append(error)

    threads = [threading.Thread(target=race) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [] == errors
    ledger = open_ledger(place)
    assert 3 == len(ledger.reading(lambda conn: standings.standings(conn, "s", "m")))
    ledger.close()


def test_a_step_that_fails_leaves_the_ledger_as_it_was(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Version and shape go together."""
    ledger = first_version(place)

    def fail(conn: sa.Connection) -> None:
        conn.exec_driver_sql("ALTER TABLE runs ADD COLUMN half VARCHAR")
        raise LedgerError("The power went.")

    monkeypatch.setattr("migma_nb.ledger.migrations._STEPS", {2: fail})
    with pytest.raises(LedgerError, match="The power went"):
        open_ledger(place)
    assert 1 == ledger.reading(version_of)
    columns = ledger.reading(lambda conn: {one["name"] for one in sa.inspect(conn).get_columns("runs")})
    assert "half" not in columns
    ledger.close()


def test_a_ledger_of_a_newer_program_is_left_alone(place: str) -> None:
    """An older program says so and stops."""
    ledger = open_ledger(place)
    ledger.writing(lambda conn: conn.execute(meta.update().values(value="99")))
    with pytest.raises(LedgerError, match=r"newer migma_nb.*Upgrade"):
        open_ledger(ledger.place)
    ledger.close()


def test_a_program_whose_ledger_is_brought_up_while_it_sends_writes_no_further_intent(place: str) -> None:
    """Its run halts with a sentence; nothing is claimed."""
    ledger = open_ledger(place)
    run = RunRecord("one", "s", "m", "plan", "https://x:443", False, "fp", 1, 1, None, 3.0)
    ledger.writing(lambda conn: journal.begin(conn, run, [RowRecord(0, "cy@x.example", "cy", State.WAITING)]))
    intent = Intent("s", "m", "cy@x.example", "one", "plan", "sha", "fp", 4.0)
    ledger.writing(lambda conn: conn.execute(meta.update().values(value=str(SCHEMA_VERSION + 1))))
    with pytest.raises(LedgerError, match="newer migma_nb has brought up the ledger"):
        ledger.writing(lambda conn: claims.take(leave(conn, intent.run_id), intent, None))
    assert {} == ledger.reading(lambda conn: standings.standings(conn, "s", "m"))
    ledger.close()

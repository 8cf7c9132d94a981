"""The ledger in PostgreSQL: one writer at a time, locks that the server keeps, a password nobody sees."""

import asyncio
import multiprocessing
import os
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

import migma_nb as mg
from migma_nb.api.errors import ConfigurationError, LedgerError
from migma_nb.ledger import clock, store
from migma_nb.ledger.migrations import version_of
from migma_nb.ledger.schema import SCHEMA_VERSION, meta
from migma_nb.ledger.scribe import Scribe
from migma_nb.ledger.store import Ledger, LedgerGoneError, open_ledger
from tests.servers.pooler import Pooler
from tests.servers.postgres import PostgresServer


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    """Give the URL of an empty database."""
    with postgres.database() as made:
        yield made


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    """Give a ledger in it."""
    opened = open_ledger(url)
    yield opened
    opened.close()


def names(conn: sa.Connection) -> set[str]:
    """Return what stands in the table that tests write to."""
    return set(conn.scalars(sa.select(meta.c.name))) - {"schema_version"}


def add(conn: sa.Connection, name: str) -> None:
    """Write something."""
    conn.execute(meta.insert().values(name=name, value=""))


def test_its_tables_stand_in_a_schema_of_their_own(
    url: str, ledger: Ledger, postgres: PostgresServer
) -> None:
    """A table of the team's own called `meta` is not touched."""
    with postgres.connect(url.rpartition("/")[2]) as connection:
        connection.execute("CREATE TABLE meta (x int)")
        query = "SELECT schemaname FROM pg_tables WHERE tablename = 'claims'"
        assert [("migma_nb",)] == connection.execute(query).fetchall()
    assert ledger.reading(version_of) == SCHEMA_VERSION


def test_two_ledgers_of_one_database_know_nothing_of_each_other(postgres: PostgresServer) -> None:
    """Neither rows nor locks: a write here does not wait for a write there."""
    with postgres.schema() as here, postgres.schema() as there:
        one, two = open_ledger(here), open_ledger(there)
        lock, other = one.life_lock("r"), two.life_lock("r")
        assert (True, True) == (lock.take(), other.take())
        with one.write() as conn:
            add(conn, "here")
            two.writing(lambda conn: add(conn, "there"))
        assert ({"here"}, {"there"}) == (one.reading(names), two.reading(names))
        for held in (lock, other):
            held.release(for_good=True)
        one.close()
        two.close()


def test_every_commit_is_synced_whatever_the_servers_default_is(url: str, postgres: PostgresServer) -> None:
    """And nobody who falls asleep in mid-transaction holds the others up for ever."""
    with postgres.connect() as connection:
        connection.execute(f"ALTER DATABASE {url.rpartition('/')[2]} SET synchronous_commit = off".encode())
    ledger = open_ledger(url)
    shown = (
        "synchronous_commit",
        "lock_timeout",
        "idle_in_transaction_session_timeout",
        "transaction_isolation",
    )

    def look(conn: sa.Connection) -> list[str]:
        return [conn.exec_driver_sql(f"SHOW {name}").scalar_one() for name in shown]

    assert ["on", "30s", "15s", "read committed"] == ledger.writing(look)
    assert "repeatable read" == ledger.reading(look)[3]
    ledger.close()


def test_writers_take_turns_and_each_sees_what_was_before(ledger: Ledger) -> None:
    """Twenty that count up at once count to twenty."""

    def count(_: int) -> None:
        with ledger.write() as conn:
            add(conn, f"n{len(names(conn))}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count, range(20)))
    assert {f"n{n}" for n in range(20)} == ledger.reading(names)


def test_what_is_read_is_of_one_moment(ledger: Ledger) -> None:
    """A write in between is not seen."""
    with ledger.read() as conn:
        before = names(conn)
        ledger.writing(lambda conn: add(conn, "later"))
        assert before == names(conn)
    assert {"later"} == ledger.reading(names)


def test_a_writer_that_waits_too_long_says_so(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """And writes nothing."""
    monkeypatch.setattr(store, "BUSY_S", 0.2)
    ledger = open_ledger(url)
    with ledger.write(), pytest.raises(LedgerGoneError, match="lock timeout"):
        ledger.writing(lambda conn: add(conn, "late"))
    assert set() == ledger.reading(names)
    ledger.close()


def test_a_statement_that_failed_unseen_does_not_pass_for_a_commit(ledger: Ledger) -> None:
    """PostgreSQL answers such a COMMIT with a quiet ROLLBACK."""

    def work(conn: sa.Connection) -> None:
        add(conn, "a")
        try:
            conn.exec_driver_sql("SELECT 1/0")
        except sa.exc.DataError:
            return

    with pytest.raises(LedgerError, match="could not be written"):
        ledger.writing(work)
    assert set() == ledger.reading(names)


def test_where_the_connection_dies_at_the_commit_nothing_is_written_a_second_time(
    ledger: Ledger, postgres: PostgresServer
) -> None:
    """It is open whether it was committed, so none of those who shared it may act as if it were not."""
    calls = []

    def work(conn: sa.Connection) -> None:
        calls.append(1)
        pid = conn.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with postgres.connect() as connection:
            connection.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    async def write() -> list[object]:
        scribe = Scribe(ledger)
        try:
            works = [scribe.write(work), scribe.write(lambda conn: None)]  # noqa: ARG005 - a work's signature
            return list(await asyncio.gather(*works, return_exceptions=True))
        finally:
            scribe.close()

    found = asyncio.run(write())
    assert [LedgerGoneError, LedgerGoneError] == [type(one) for one in found]
    assert 1 == len(calls)
    assert ledger.reading(version_of) == SCHEMA_VERSION


def test_a_lock_ends_with_its_connection_and_its_holder_notices(
    ledger: Ledger, postgres: PostgresServer
) -> None:
    """Asked for in the transaction of an intent; another can take it then, and settle the run."""
    lock, other = ledger.life_lock("r"), ledger.life_lock("r")
    assert (True, False) == (lock.take(), other.take())
    ledger.writing(lock.require)
    with postgres.connect() as connection:
        query = "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory'"
        connection.execute(query)
    with pytest.raises(LedgerError, match="has lost its lock"):
        ledger.writing(lock.require)
    assert other.take()
    ledger.writing(other.require)
    lock.release(for_good=True)
    ledger.writing(other.require)
    other.release(for_good=True)


def test_a_pooler_is_refused_since_no_lock_would_hold_through_it(url: str, postgres: PostgresServer) -> None:
    """It hands one server's process to many, and so would give away a lock that is held."""
    with Pooler(postgres.port) as pooler:
        through = url.replace(f":{postgres.port}/", f":{pooler.port}/")
        ledger = open_ledger(through)
        with pytest.raises(ConfigurationError, match="connection pooler"):
            ledger.life_lock("r").take()
        ledger.close()


def test_the_servers_clock_is_the_ledgers(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """However wrong this machine's is."""
    before = time.time()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert abs(ledger.reading(clock.now) - before) < 60


@pytest.mark.proof
def test_programs_that_open_an_empty_database_at_once_make_it_once(url: str) -> None:
    """And each finds it whole."""
    code = "import sys; from migma_nb.ledger.store import open_ledger; open_ledger(sys.argv[1]).close()"
    command = [sys.executable, "-c", code, url]
    started = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    ended = [process.communicate(timeout=120)[1] for process in started]
    assert [""] * 3 == ended
    ledger = open_ledger(url)
    assert ledger.reading(version_of) == SCHEMA_VERSION
    ledger.close()


def _child(ledger: Ledger, results: "multiprocessing.queues.Queue[object]") -> None:
    found: object = ledger.reading(names)
    ledger.writing(lambda conn: add(conn, "child"))
    results.put(found)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_has_connections_of_its_own(ledger: Ledger) -> None:
    """Both go on, and the parent's lock is neither inherited nor ended."""
    ledger.writing(lambda conn: add(conn, "parent"))
    lock = ledger.life_lock("r")
    assert lock.take()
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    child = context.Process(target=_child, args=(ledger, results))
    child.start()
    assert {"parent"} == results.get(timeout=60)
    child.join(60)
    assert 0 == child.exitcode
    assert {"parent", "child"} == ledger.reading(names)
    ledger.writing(lock.require)
    lock.release(for_good=True)


def test_a_user_who_may_not_make_a_schema_is_told_what_to_ask_for(url: str, postgres: PostgresServer) -> None:
    """Word for word."""
    database = url.rpartition("/")[2]
    with postgres.connect(database) as connection:
        connection.execute("CREATE ROLE ann LOGIN PASSWORD 'ann'")
    try:
        theirs = url.replace(f"postgres:{postgres.password}@", "ann:ann@")
        with pytest.raises(LedgerError, match="CREATE SCHEMA migma_nb AUTHORIZATION ann"):
            open_ledger(theirs)
        with postgres.connect(database) as connection:
            connection.execute("CREATE SCHEMA migma_nb AUTHORIZATION ann")
        ledger = open_ledger(theirs)
        assert ledger.reading(version_of) == SCHEMA_VERSION
        ledger.close()
    finally:
        with postgres.connect(database) as connection:
            connection.execute("DROP OWNED BY ann CASCADE")
            connection.execute("DROP ROLE ann")


def test_without_the_driver_the_extra_is_named(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing else is wrong."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigurationError, match=r"migma-nb\[postgres\]"):
        open_ledger(url)


def test_the_password_is_in_no_name_no_error_and_no_frame(postgres: PostgresServer, url: str) -> None:
    """With every local variable of every frame shown; a wrong one, and a server that is not there."""
    secret = "pass-w0rd-" * 2
    wrong = url.replace(postgres.password, secret)
    nowhere = f"postgresql://ann:{secret}@127.0.0.1:9/team?password={secret}"
    shown = [repr(mg.history(ledger=url)), repr(open_ledger(url))]
    for place in (wrong, nowhere):
        with pytest.raises(LedgerError) as caught:
            mg.history(ledger=place)
        trace = traceback.TracebackException(
            type(caught.value), caught.value, caught.tb.tb_next, capture_locals=True
        )
        shown += ["".join(trace.format()), str(caught.value)]
    assert [] == [text for text in shown if secret in text or postgres.password in text]
    assert "127.0.0.1:9/team" in shown[-1]


def test_a_server_that_is_restarted_is_found_again(url: str) -> None:
    """The first try may fail; no later one does."""
    del url
    with PostgresServer() as server:
        ledger = open_ledger(server.url("postgres"))
        ledger.writing(lambda conn: add(conn, "before"))
        server.kill()
        with pytest.raises(LedgerGoneError):
            ledger.reading(names)
        server.start()
        assert {"before"} == ledger.reading(names)
        ledger.close()


def test_a_program_suspended_in_mid_write_holds_nobody_up_for_ever(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server ends its transaction; its own write fails, and the next one's goes on."""
    monkeypatch.setattr("migma_nb.ledger.server.IDLE_S", 1)
    ledger = open_ledger(url)
    inside, over = threading.Event(), threading.Event()
    errors: list[Exception] = []

    def asleep(conn: sa.Connection) -> None:
        add(conn, "asleep")
        inside.set()
        over.wait(60)

    def write() -> None:
        try:
            ledger.writing(asleep)
        except LedgerError as error:
            errors.append(error)

    thread = threading.Thread(target=write)
    thread.start()
    assert inside.wait(30)
    ledger.writing(lambda conn: add(conn, "awake"))
    over.set()
    thread.join()
    assert 1 == len(errors)
    assert {"awake"} == ledger.reading(names)
    ledger.close()

"""The ledger as a file: where it is, who may read it, and how its commits reach the disk."""

import stat
from pathlib import Path

import pytest
import sqlalchemy as sa

from migma_nb.api.errors import ConfigurationError, LedgerError
from migma_nb.ledger.locks import FileLifeLock
from migma_nb.ledger.places import place_of
from migma_nb.ledger.store import Ledger, open_ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Return a ledger in a folder that is not there yet."""
    return open_ledger(tmp_path / "new" / "ledger.sqlite3")


def test_a_lock_is_held_against_every_other_holder(tmp_path: Path) -> None:
    """Also against another lock object of the same process."""
    lock, other = FileLifeLock(tmp_path, "r"), FileLifeLock(tmp_path, "r")
    assert lock.take()
    assert not other.take()
    lock.release(for_good=False)
    assert other.take()
    other.release(for_good=True)
    assert [] == list(tmp_path.iterdir())


def test_the_ledger_is_for_its_owners_eyes_only(ledger: Ledger) -> None:
    """The file, what SQLite puts beside it, the locks' folder, and a folder that we made."""
    lock = ledger.life_lock("r")
    assert lock.take()
    with ledger.write() as conn:
        conn.exec_driver_sql("INSERT INTO meta VALUES ('a', 'b')")
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in ledger.path.parent.iterdir()}
    lock.release(for_good=True)
    beside = {"ledger.sqlite3": 0o600, "ledger.sqlite3-wal": 0o600, "ledger.sqlite3-shm": 0o600}
    assert {**beside, "ledger.sqlite3.locks": 0o700} == modes
    assert 0o700 == stat.S_IMODE(ledger.path.parent.stat().st_mode)


def test_in_a_folder_that_others_may_read_the_file_is_still_the_owners(tmp_path: Path) -> None:
    """The folder stays as somebody made it."""
    tmp_path.chmod(0o755)
    made = open_ledger(tmp_path / "ledger.sqlite3").path
    assert (0o600, 0o755) == (stat.S_IMODE(made.stat().st_mode), stat.S_IMODE(tmp_path.stat().st_mode))


def test_every_commit_is_synced(ledger: Ledger) -> None:
    """FULL in WAL: a power cut loses no intent whose mail has left."""

    def pragma(conn: sa.Connection) -> list[object]:
        return [
            conn.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("journal_mode", "synchronous")
        ]

    assert ["wal", 2] == ledger.reading(pragma)


@pytest.mark.parametrize("where", ["file/ledger.sqlite3", "folder"])
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, where: str) -> None:
    """The sentence names the file, and nothing was sent."""
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder").mkdir()
    with pytest.raises(LedgerError) as caught:
        open_ledger(tmp_path / where)
    assert str(tmp_path / where) in str(caught.value)


def test_a_file_that_is_no_ledger_is_named(tmp_path: Path) -> None:
    """A CSV passed by mistake is not overwritten."""
    wrong = tmp_path / "people.csv"
    wrong.write_text("email\n" + "ann@x.example\n" * 200)
    with pytest.raises(LedgerError, match=r"people\.csv"):
        open_ledger(wrong)
    assert wrong.read_text().startswith("email")


def test_the_ledgers_place_comes_from_argument_environment_or_the_users_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this order."""
    default = place_of().path
    assert default is not None
    assert "ledger.sqlite3" == default.name
    monkeypatch.setenv("MIGMA_LEDGER", str(tmp_path / "team.db"))
    assert tmp_path / "team.db" == place_of().path
    assert tmp_path / "mine.db" == place_of(f"sqlite:///{tmp_path}/mine.db").path
    monkeypatch.setenv("MIGMA_LEDGER", "postgresql://ann@db.example/team")
    assert "postgresql://ann@db.example/team" == place_of().name


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://u:secretword@h/d", "not in 'mysql'"),
        ("postgresql+asyncpg://u:secretword@h/d", "not through 'asyncpg'"),
        ("postgresql://u:secretword/x@h:port/d", "cannot be read"),
        ("sqlite:///:memory:", "not in 'sqlite'"),
    ],
)
def test_what_cannot_hold_a_ledger_is_refused_with_a_sentence(url: str, words: str) -> None:
    """Which never shows the password."""
    with pytest.raises(ConfigurationError, match=words) as caught:
        place_of(url)
    assert "secretword" not in str(caught.value)

"""A ledger on a network drive: found out from the table of mounts, kept safely there, or refused."""

import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa

import migma_nb as mg
from migma_nb.api.errors import ConfigurationError, LedgerError
from migma_nb.ledger.mounts import Keeping, mount_of, mount_under
from migma_nb.ledger.store import Ledger, open_ledger

Table = Callable[[str], None]

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads Linux's table of mounts")


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Table:
    """Return a function that puts a text in place of this system's table of mounts."""
    folder = tmp_path / "proc" / "self"
    folder.mkdir(parents=True)

    def write(text: str) -> None:
        (folder / "mounts").write_text(text)
        monkeypatch.setattr(psutil, "PROCFS_PATH", str(folder.parent))

    return write


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a folder that can be said to lie on any kind of drive."""
    made = tmp_path / "home"
    made.mkdir()
    return made


@pytest.fixture
def plan() -> Callable[[int], mg.SendPlan]:
    """Return a function that plans a mailing to so many people."""
    return lambda people: mg.plan(
        [{"email": f"p{number}@x.example"} for number in range(people)],
        mailing="m",
        sender="A <a@b.example>",
        subject="S",
        template="<p>x</p>",
        project_id="p",
        transactional=True,
    )


def on(home: Path, kind: str, options: str = "rw") -> str:
    """Return a table of mounts in which the folder is a drive of its own."""
    return f"/dev/sda1 / ext4 rw 0 0\nserver:/export {home} {kind} {options} 0 0\n"


@pytest.mark.parametrize(
    ("kind", "options", "keeping"),
    [
        ("ext4", "rw", Keeping.WAL),
        ("overlay", "rw,lowerdir=/a", Keeping.WAL),
        ("tmpfs", "rw", Keeping.WAL),
        ("fuseblk", "rw", Keeping.WAL),
        ("fuse.fuse-overlayfs", "rw", Keeping.WAL),
        ("nfs4", "rw,vers=4.2,local_lock=none", Keeping.ROLLBACK),
        ("nfs", "rw,vers=4.1,local_lock=none", Keeping.ROLLBACK),
        ("nfs", "rw,nfsvers=4", Keeping.ROLLBACK),
        ("ceph", "rw", Keeping.ROLLBACK),
        ("gpfs", "rw", Keeping.ROLLBACK),
        ("lustre", "rw,flock", Keeping.ROLLBACK),
        ("nfs4", "rw,vers=4.2,local_lock=all", Keeping.UNSAFE),
        ("nfs", "rw,vers=3,local_lock=none", Keeping.UNSAFE),
        ("nfs", "rw,vers=3,nolock", Keeping.UNSAFE),
        ("lustre", "rw,localflock", Keeping.UNSAFE),
        ("lustre", "rw", Keeping.UNSAFE),
        ("cifs", "rw,vers=3.1.1", Keeping.UNSAFE),
        ("smb3", "rw", Keeping.UNSAFE),
        ("fuse.sshfs", "rw", Keeping.UNSAFE),
        ("fuse.gcsfuse", "rw", Keeping.UNSAFE),
        ("9p", "rw,trans=virtio", Keeping.UNSAFE),
        ("vboxsf", "rw", Keeping.UNSAFE),
    ],
)
def test_each_kind_of_drive_is_kept_as_sqlites_documents_allow(
    table: Table, home: Path, kind: str, options: str, keeping: Keeping
) -> None:
    """WAL on this computer's own disks only; else a rollback journal where locks hold, or nothing."""
    table(on(home, kind, options))
    found = mount_under(home / "ledger.sqlite3")
    assert found is not None
    assert (kind, str(home), keeping) == (found.kind, found.point, found.keeping)


def test_the_longest_mount_counts_and_of_two_at_one_place_the_last(table: Table) -> None:
    """A folder that only begins alike is another one."""
    lines = [
        "/dev/sda1 / ext4 rw 0 0",
        "auto.home /drives/people autofs rw 0 0",
        "server:/ann /drives/people/ann nfs4 rw 0 0",
        "/dev/sdb1 /drives/people/anna xfs rw 0 0",
        "/dev/sdc1 /drives/over ext4 rw 0 0",
        "server:/x /drives/over cifs rw 0 0",
    ]
    table("\n".join(lines) + "\n")
    where = (
        "/drives/people/ann/data",
        "/drives/people/anna/data",
        "/drives/people/annabel",
        "/drives/over/x",
        "/drives/overs",
    )
    found = [mount_under(Path(path)) for path in where]
    assert ["nfs4", "xfs", "autofs", "cifs", "ext4"] == [one.kind for one in found if one]


def test_names_with_spaces_and_backslashes_are_read(table: Table) -> None:
    """The table has them as octal numbers."""
    table("/dev/sda1 / ext4 rw 0 0\nserver:/x /drives/our\\040team\\134s\\011drive cifs rw 0 0\n")
    found = mount_under(Path("/drives/our team\\s\tdrive/ledger.sqlite3"))
    assert found is not None
    assert "cifs" == found.kind


@pytest.mark.parametrize(
    "text", ["", "\n\n", "garbage\n", "/dev/sda1 /drives/x\n", "\x00\xff\n", "a b c d 0 0\n"]
)
def test_a_table_that_says_nothing_is_no_reason_to_refuse(table: Table, home: Path, text: str) -> None:
    """It is taken for a disk of this computer."""
    table(text)
    assert mount_under(home) is None
    assert Keeping.WAL is open_ledger(home / "ledger.sqlite3").keeping


def test_a_link_to_a_network_drive_leads_there(table: Table, home: Path, tmp_path: Path) -> None:
    """What counts is where the file lies."""
    link = tmp_path / "link"
    link.symlink_to(home)
    table(on(home, "cifs"))
    assert open_ledger(link / "ledger.sqlite3").refusal is not None


def test_a_windows_share_is_a_network_drive() -> None:
    """It has no line in any table."""
    found = mount_of("\\\\server\\share\\ledger.sqlite3", [])
    assert found is not None
    assert Keeping.UNSAFE is found.keeping


def pragmas(ledger: Ledger) -> list[object]:
    """Return a ledger's journal mode and how it syncs."""
    names = ("journal_mode", "synchronous")
    return ledger.reading(
        lambda conn: [conn.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in names]
    )


def test_where_locks_hold_a_ledger_gets_a_rollback_journal_and_a_send_works(
    table: Table, home: Path, plan: Callable[[int], mg.SendPlan]
) -> None:
    """EXTRA syncs each commit; nothing stays that must be shared as memory."""
    table(on(home, "nfs4", "rw,vers=4.2"))
    ledger = open_ledger(home / "ledger.sqlite3")
    assert (["persist", 3], False, None) == (pragmas(ledger), ledger.one_clock, ledger.refusal)
    with mg.Sandbox() as sandbox:
        live = mg.Migma(sandbox.server.api_key, base_url=sandbox.url, rate="500/second")
        run = plan(5).send(live, confirm=5, progress=False, ledger=ledger.path)
        again = plan(5).send(live, confirm=5, progress=False, ledger=ledger.path)
    assert ({"accepted": 5}, {"already_sent": 5}) == (run.counts, again.counts)
    assert {"ledger.sqlite3", "ledger.sqlite3-journal", "ledger.sqlite3.locks"} == {
        path.name for path in home.iterdir()
    }


def test_a_ledger_that_moves_to_a_network_drive_and_back_changes_its_mode_and_keeps_its_rows(
    table: Table, home: Path
) -> None:
    """Its file says how it was kept; a journal that was left is taken in first."""
    place = home / "ledger.sqlite3"
    table(on(home, "ext4"))
    ledger = open_ledger(place)
    ledger.writing(lambda conn: conn.exec_driver_sql("INSERT INTO meta VALUES ('kept', 'x')"))
    assert ["wal", 2] == pragmas(ledger)
    ledger.close()
    for kind, mode in (("nfs4", "persist"), ("cifs", "persist"), ("ext4", "wal")):
        table(on(home, kind))
        ledger = open_ledger(place)
        assert mode == pragmas(ledger)[0]
        query = sa.text("SELECT value FROM meta WHERE name = 'kept'")
        assert "x" == ledger.reading(lambda conn, query=query: conn.scalar(query))  # type: ignore[misc]
        ledger.close()


def test_a_ledger_that_is_open_elsewhere_cannot_change_its_mode(
    table: Table, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence says so; nothing is harmed."""
    table(on(home, "ext4"))
    place = home / "ledger.sqlite3"
    open_ledger(place).close()
    other = sqlite3.connect(place)
    other.execute("SELECT * FROM meta").fetchall()
    monkeypatch.setattr("migma_nb.ledger.store.BUSY_S", 0.1)
    table(on(home, "nfs4"))
    with pytest.raises(LedgerError, match="Close it in every other program"):
        open_ledger(place)
    other.close()
    assert "persist" == pragmas(open_ledger(place))[0]


def test_where_locks_may_not_hold_a_live_send_is_refused_and_looking_is_not(
    table: Table, home: Path, plan: Callable[[int], mg.SendPlan]
) -> None:
    """The sentence names kind, mount and the way out; a rehearsal may go on."""
    table(on(home, "cifs"))
    ledger = home / "ledger.sqlite3"
    with mg.Sandbox() as sandbox:
        live = mg.Migma(sandbox.server.api_key, base_url=sandbox.url)
        with pytest.raises(ConfigurationError) as caught:
            plan(2).send(live, confirm=2, progress=False, ledger=ledger)
        assert [] == sandbox.server.requests()
        assert {"accepted": 2} == plan(2).send(sandbox.client(), progress=False, ledger=ledger).counts
    assert all(word in str(caught.value) for word in ("'cifs'", str(home), "MIGMA_LEDGER", "PostgreSQL"))
    assert 1 == len(mg.history(ledger=ledger))


def test_a_run_of_another_computer_is_never_settled_from_here(
    table: Table, home: Path, plan: Callable[[int], mg.SendPlan], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it lives only that computer knows, or a person."""
    table(on(home, "nfs4"))
    ledger = open_ledger(home / "ledger.sqlite3")
    monkeypatch.setattr("socket.gethostname", lambda: "node12")
    with mg.Sandbox() as sandbox:
        client = sandbox.client(rate="10/second")
        run = plan(50).start(client, ledger=ledger.path)
        monkeypatch.setattr("socket.gethostname", lambda: "node7")
        assert ["running"] == list(mg.history(ledger=ledger.path)["state"])
        with pytest.raises(LedgerError, match=r"going on the computer 'node12'.*delete .*@node12\.lock"):
            plan(50).send(client, progress=False, ledger=ledger.path)
        mg.open_run(run.id, ledger=ledger.path).stop()
        run.wait(timeout=60, progress=False)
        done = plan(50).send(sandbox.client(), progress=False, ledger=ledger.path)
        assert {1} == set(sandbox.outbox["to"].value_counts())
        assert 50 == sum(done.counts.values())
        assert {"accepted", "already_sent"} == set(done.counts)
    assert [] == list(ledger.locks.iterdir())


def test_a_dead_run_of_another_computer_is_settled_once_a_person_says_so(
    table: Table, home: Path, plan: Callable[[int], mg.SendPlan]
) -> None:
    """By deleting the file that stands for it."""
    table(on(home, "nfs4"))
    ledger = home / "ledger.sqlite3"
    with mg.Sandbox() as sandbox:
        plan(3).send(sandbox.client(), limit=1, progress=False, ledger=ledger)
        opened = open_ledger(ledger)
        opened.writing(lambda conn: conn.exec_driver_sql("UPDATE runs SET state = 'running'"))
        run_id = str(mg.history(ledger=ledger)["run_id"][0])
        opened.writing(lambda conn: conn.exec_driver_sql("UPDATE runs SET state = 'running'"))
        file = opened.locks / f"{run_id}@node12.lock"
        file.touch()
        assert ["running"] == list(mg.history(ledger=ledger)["state"])
        file.unlink()
        assert ["died"] == list(mg.history(ledger=ledger)["state"])
        done = plan(3).send(sandbox.client(), progress=False, ledger=ledger)
    assert {"already_sent": 1, "accepted": 2} == done.counts

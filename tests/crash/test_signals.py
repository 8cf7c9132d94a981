"""SIGTERM, SIGINT once, twice and a third time, and a script that ends while rows are in flight."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from migma_nb.cli.exits import Exit
from tests.crash.mailings import Mailing
from tests.crash.processes import Child
from tests.servers.scripted import Act

Make = Callable[..., Mailing]


@pytest.fixture
def slow(mailing: Make) -> Mailing:
    """Return a mailing whose server works for some seconds on each mail: more than a busy machine is late."""
    letter = mailing(timeout=20.0)
    letter.server.delay_s = 6.0
    return letter


def in_flight(letter: Mailing, mails: int = 3) -> bool:
    """Return whether so many mails are being worked on."""
    return len(letter.server.calls) == len(letter.server.accepted) + mails


def said(child: Child, words: str) -> bool:
    """Return whether a process has printed this."""
    heard = Path(child.order.out + ".said")
    return heard.exists() and words in heard.read_text()


def test_sigterm_ends_a_script_at_once_and_is_as_safe_as_a_kill(slow: Mailing) -> None:
    """Python dies of it, as when a container stops or a hub ends a kernel; the next send goes on."""
    child = slow.begin()
    slow.wait_until(lambda: in_flight(slow))
    child.signal(signal.SIGTERM)
    assert -signal.SIGTERM == child.wait().code
    slow.check_record()
    slow.server.delay_s = 0.0
    slow.finish(timeout=0.5)


def test_a_worker_forked_in_the_middle_does_not_keep_its_killed_parent_alive(slow: Mailing) -> None:
    """It has a copy of the lock, and lives on; the parent's rows are settled all the same."""
    child = slow.begin("send and fork")
    slow.wait_until(lambda: said(child, ".") and in_flight(slow))
    words = Path(child.order.out + ".said").read_text()
    worker = int(words.partition("worker ")[2].partition(".")[0])
    try:
        child.signal(signal.SIGKILL)
        assert child.wait().killed
        slow.server.delay_s = 0.0
        slow.finish(timeout=0.5)
        os.kill(worker, 0)  # it was there all the time
    finally:
        os.kill(worker, signal.SIGKILL)


def test_an_interrupt_lets_what_is_in_flight_come_back(slow: Mailing) -> None:
    """Three rows are accepted, the rest not sent, and the words say what is waited for."""
    child = slow.begin()
    slow.wait_until(lambda: in_flight(slow))
    child.signal(signal.SIGINT)
    ended = child.wait()
    assert ended.told["interrupted"]
    assert "Stopping: 3" in ended.said
    assert ("stopped", {"accepted": 3, "not_sent": 7}) == (ended.told["state"], ended.told["counts"])
    slow.check_frame(ended)
    slow.check_nothing_is_open()
    slow.server.delay_s = 0.0
    slow.finish(timeout=0.5)


def test_a_second_interrupt_frees_the_cell_while_the_run_comes_to_its_end(slow: Mailing) -> None:
    """The answers of what was in flight are recorded by the thread; the cell can wait for that, or go on."""
    child = interrupted_twice(slow, "send in spite of interrupts")
    ended = child.wait()
    assert "running" == ended.told["freed_while"]
    assert ("stopped", {"accepted": 3, "not_sent": 7}) == (ended.told["state"], ended.told["counts"])
    slow.check_frame(ended)
    slow.check_nothing_is_open()


def test_a_script_that_ends_at_the_second_interrupt_still_records_what_comes_back(slow: Mailing) -> None:
    """The interpreter waits on its way out: no row in flight is left in doubt."""
    child = interrupted_twice(slow)
    slow.wait_until(Path(child.order.out).exists)
    assert in_flight(slow), "the script was not freed at once"
    assert 0 == child.wait().code
    slow.check_record()
    slow.check_nothing_is_open()
    slow.server.delay_s = 0.0
    assert 3 == list(slow.finish(timeout=0.5).states.values()).count("already_sent")


def test_an_interrupt_at_the_exit_is_as_safe_as_a_kill(slow: Mailing) -> None:
    """Who does not wait even then leaves rows in doubt, which the next send settles."""
    child = interrupted_twice(slow)
    slow.wait_until(Path(child.order.out).exists)
    time.sleep(0.3)
    child.signal(signal.SIGINT)
    child.wait()
    slow.check_record()
    slow.server.delay_s = 0.0
    slow.finish(timeout=0.5)


def test_a_script_that_ends_in_the_middle_records_what_is_in_flight(slow: Mailing) -> None:
    """`plan.start` and the end of the script: every row is on record, none in doubt."""
    child = slow.begin("start and end")
    slow.wait_until(lambda: in_flight(slow))
    assert 0 == child.wait().code
    slow.check_record()
    slow.check_nothing_is_open()
    slow.server.delay_s = 0.0
    assert 3 <= list(slow.finish(timeout=0.5).states.values()).count("already_sent")


def test_a_script_that_ends_while_the_server_is_silent_ends_all_the_same(mailing: Make) -> None:
    """It waits for the time-out and no longer; the rows are in doubt, and their keys settle them later."""
    letter = mailing(timeout=1.0)
    letter.script(lambda call: Act.SILENT_AFTER if call.number > 1 else Act.OK)
    child = letter.begin("start and end")
    assert 0 == child.wait(30).code
    letter.check_record()
    letter.check_nothing_is_open()
    letter.finish()


def test_the_command_terminated_twice_ends_with_its_code_and_all_on_record(
    slow: Mailing, tmp_path: Path
) -> None:
    """`migma-nb send` takes SIGTERM for Ctrl-C: what is in flight comes back, also on its way out."""
    people = [f"p{n}@d.example,N{n}" for n in range(10)]
    (tmp_path / "people.csv").write_text("\n".join(["email,first_name", *people]))
    (tmp_path / "mail.html").write_text("<p>{{first_name}}</p>")
    options = ["--template=mail.html", "--subject=Hello", "--sender=A <a@b.example>", "--mailing=m"]
    options += [
        "--project=p",
        "--transactional",
        "--live",
        "--confirm=10",
        "--rate=500/second",
        "--timeout=20",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "migma_nb.cli", "send", "people.csv", *options, f"--ledger={slow.ledger}"],
        cwd=tmp_path,
        env=os.environ | {"MIGMA_BASE_URL": slow.server.url, "MIGMA_API_KEY": "k" * 20},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    slow.wait_until(lambda: in_flight(slow, 8))
    process.send_signal(signal.SIGTERM)
    while b"Stopping:" not in process.stderr.readline():
        assert process.poll() is None, "it ended without a word"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert Exit.INTERRUPTED == process.returncode
    slow.check_record()
    slow.check_nothing_is_open()
    assert [("accepted", 8)] == slow.asked("SELECT state, count(*) FROM claims GROUP BY state")
    assert 8 == slow.server.mailed.total()


def interrupted_twice(letter: Mailing, job: str = "send") -> Child:
    """Return a process that was interrupted with mails in flight, and again while it waited for them."""
    child = letter.begin(job)
    letter.wait_until(lambda: in_flight(letter))
    child.signal(signal.SIGINT)
    letter.wait_until(lambda: said(child, "Stopping:"))
    child.signal(signal.SIGINT)
    return child

"""SIGTERM, SIGINT once, twice and a third time, and a script that ends while rows are in flight."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crash.mailings import Mailing
from tests.crash.processes import Child
from tests.servers.scripted import Act

Make = Callable[..., Mailing]


@pytest.fixture
def slow(mailing: Make) -> Mailing:
    """Return a mailing whose server works for two seconds on each mail."""
    letter = mailing(timeout=20.0)
    letter.server.delay_s = 2.0
    return letter


def in_flight(letter: Mailing, mails: int = 3) -> bool:
    """Return whether so many mails are being worked on."""
    return len(letter.server.calls) == len(letter.server.accepted) + mails


def said(child: Child, words: str) -> bool:
    """Return whether a process has printed this."""
    return words in Path(child.order.out + ".said").read_text()


def test_sigterm_ends_a_script_at_once_and_is_as_safe_as_a_kill(slow: Mailing) -> None:
    """Python dies of it, as when a container stops or a hub ends a kernel; the next send goes on."""
    child = slow.begin()
    slow.wait_until(lambda: in_flight(slow))
    child.signal(signal.SIGTERM)
    assert -signal.SIGTERM == child.wait().code
    slow.check_record()
    slow.server.delay_s = 0.0
    slow.finish(timeout=0.5)


def test_an_interrupt_lets_what_is_in_flight_come_back(slow: Mailing) -> None:
    """Three rows are accepted, the rest not sent, and the words say how to go on."""
    child = slow.begin()
    slow.wait_until(lambda: in_flight(slow))
    child.signal(signal.SIGINT)
    ended = child.wait()
    assert ended.told["interrupted"]
    assert "send the same plan again to go on" in ended.said
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


def interrupted_twice(letter: Mailing, job: str = "send") -> Child:
    """Return a process that was interrupted with mails in flight, and again while it waited for them."""
    child = letter.begin(job)
    letter.wait_until(lambda: in_flight(letter))
    child.signal(signal.SIGINT)
    letter.wait_until(lambda: said(child, "Stopping:"))
    child.signal(signal.SIGINT)
    return child

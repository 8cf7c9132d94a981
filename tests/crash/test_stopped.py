"""A sender that SIGSTOP holds for longer than its time-out: nobody takes it for dead, and it finds back."""

import signal
import time
from collections.abc import Callable

import pytest

from tests.crash.mailings import Mailing
from tests.servers.scripted import Act

Make = Callable[..., Mailing]

#: Moments at which it is stopped: around the intent, with the request half out, and before the outcome.
STEPS = [
    "write: the ledger is ours",
    "intent: on disk",
    "mail: send_request_body half",
    "mail: receive_response_body complete",
    "outcome: commit begun",
]


@pytest.mark.parametrize("step", STEPS)
def test_stopped_for_longer_than_the_time_out_it_goes_on_and_mails_nobody_twice(
    mailing: Make, step: str
) -> None:
    """It goes on after four time-outs; a send meanwhile neither mails its rows nor calls it dead."""
    letter = mailing(timeout=0.4)
    nth = 12 if step.startswith("write") else 2
    stopped = letter.begin(step=step, nth=nth, signal=signal.SIGSTOP)
    letter.wait_until(lambda: stopped.is_stopped)
    second = letter.begin()
    time.sleep(1.6)
    assert [("running",)] == letter.asked("SELECT state FROM runs ORDER BY started_at LIMIT 1"), (
        "a run that is only stopped was taken for dead"
    )
    stopped.signal(signal.SIGCONT)
    first, other = stopped.wait(), second.wait()
    letter.check_record()
    for ended in (first, other):
        assert "finished" == ended.told.get("state"), (ended.told, ended.said)
        letter.check_frame(ended)
    letter.check_nothing_is_open()
    letter.finish()


def test_a_stopped_sender_whose_server_hung_up_meanwhile_mails_nobody_twice(mailing: Make) -> None:
    """It wakes with an idle connection that the server has closed, and with an answer that it never read."""
    letter = mailing(timeout=0.4)
    stopped = letter.begin(step="mail: receive_response_headers started", nth=4, signal=signal.SIGSTOP)
    letter.wait_until(lambda: stopped.is_stopped)
    letter.server.hang_up()
    time.sleep(1.0)
    stopped.signal(signal.SIGCONT)
    ended = stopped.wait()
    letter.check_record()
    letter.check_frame(ended)
    letter.finish()


def test_killed_while_stopped_its_rows_are_settled_at_once(mailing: Make) -> None:
    """No timer is involved: the lock is free the moment that the process is gone."""
    letter = mailing()
    stopped = letter.begin(step="intent: on disk", nth=2, signal=signal.SIGSTOP)
    letter.wait_until(lambda: stopped.is_stopped)
    second = letter.begin()
    time.sleep(0.8)
    assert ("running",) in letter.asked("SELECT state FROM runs ORDER BY started_at LIMIT 1")
    stopped.signal(signal.SIGKILL)
    assert stopped.wait().killed
    ended = second.wait()
    letter.check_record()
    assert "finished" == ended.told.get("state"), ended
    letter.finish()
    assert Act.OK in letter.acts["p0@d.example"]

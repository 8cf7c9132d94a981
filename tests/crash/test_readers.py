"""Who only looks at a ledger while a run writes it takes nothing away from that run."""

import signal
import time
from collections.abc import Callable

from tests.crash.mailings import Mailing
from tests.servers.scripted import Act, Call

Make = Callable[..., Mailing]


def slowly(_: Call) -> Act:
    """Take a while for each request."""
    time.sleep(0.1)
    return Act.OK


def test_a_run_keeps_its_records_while_its_own_process_and_others_look_at_the_ledger(mailing: Make) -> None:
    """A file opened and closed beside SQLite loses the process its locks; others then tidy up too much."""
    letter = mailing(workers=1)
    letter.script(slowly)
    child = letter.begin("send and look")
    letter.wait_until(lambda: bool(letter.server.calls))
    while letter.server.mailed.total() < 8:
        letter.do("look")
    child.signal(signal.SIGKILL)
    assert child.wait().killed
    letter.check_record()
    letter.finish()

"""The account of a part that two runs sent at the same time, as where a worker was only taken for lost."""

import threading
from collections.abc import Callable
from pathlib import Path

import migma_nb as mg
from migma_nb.ledger import crews
from migma_nb.ledger.store import open_ledger
from migma_nb.planning.parts import part_of
from migma_nb.sending import crew_parts
from migma_nb.sending.crew import Crew
from migma_nb.sending.crew_accounts import Book
from migma_nb.sending.crew_parts import Terms
from migma_nb.surface.client import settings_of
from migma_nb.surface.cluster_worker import installed
from tests.sending.test_controls import until
from tests.servers.scripted import Act, ScriptedServer

Plan = Callable[..., mg.SendPlan]


def test_the_end_that_one_run_knows_counts_more_than_that_another_found_it_held(
    plan: Plan, tmp_path: Path
) -> None:
    """The second run is stopped while the first one's mails are in flight: both say what they know."""
    place = tmp_path / "ledger.sqlite3"
    ledger = open_ledger(place)
    made = plan(4)
    with ScriptedServer(lambda call: Act.OK if call.number == 1 else Act.REFUSE) as server:
        server.delay_s = 5.0
        settings = settings_of(mg.Migma("k" * 20, base_url=server.url, workers=4, rate="1000/second"))
        ledger.writing(lambda conn: crews.leave_mark(conn, "crew"))
        terms = Terms.of(settings, "crew", installed(), confirmed=True)
        crew = Crew("crew", made._plan, settings, ledger, rows=4)

        def begin() -> threading.Thread:
            work = (part_of(crew.plan, 0, 4), 0, terms, settings, ledger)
            thread = threading.Thread(target=crew_parts.send, args=work)
            thread.start()
            return thread

        first = begin()
        until(lambda: len(server.calls) == 4)
        second = begin()
        until(lambda: len(crew.runs()) == 2)
        ledger.writing(lambda conn: crews.stop(conn, "crew"))
        second.join()
        book = Book(crew)
        during = book.counts()
        first.join()
    held, known = (mg.open_run(run.run_id, ledger=place) for run in reversed(crew.runs()))
    assert {"unknown": 4} == held.counts
    assert {"sending": 4} == during
    assert {"accepted": 1, "refused": 3} == known.counts == book.counts()
    assert list(known.frame["state"]) == list(book.frame()["state"])
    assert book.unknown().empty

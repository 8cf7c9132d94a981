"""Work in the background of which only the newest counts."""

import threading

from migma_nb.notebook.newest import Newest


def test_only_the_newest_of_what_waits_is_done() -> None:
    """What was asked for while nothing had begun is done once, for the last that was asked."""
    done: list[int] = []
    newest: Newest[int, int] = Newest(lambda job: job, done.append, wait_s=0.05)
    for job in range(5):
        newest.ask(job)
    assert newest.settle()
    assert [4] == done


def test_what_a_newer_one_has_overtaken_is_not_shown() -> None:
    """A job that was begun is done to its end, and then forgotten."""
    begun, go_on = threading.Event(), threading.Event()
    done: list[int] = []

    def work(job: int) -> int:
        if job == 1:
            begun.set()
            assert go_on.wait(30)
        return job

    newest: Newest[int, int] = Newest(work, done.append)
    newest.ask(1, now=True)
    assert begun.wait(30)
    newest.ask(2, now=True)
    go_on.set()
    assert newest.settle()
    assert [2] == done


def test_no_thread_is_left_when_there_is_nothing_to_do() -> None:
    """And the next job finds another one."""
    done: list[int] = []
    newest: Newest[int, int] = Newest(lambda job: job, done.append, wait_s=0)
    for job in (1, 2):
        newest.ask(job)
        assert newest.settle()
        assert not newest.busy
    assert [1, 2] == done
    for thread in threading.enumerate():
        if thread.name == "mnb-form":
            thread.join(30)
            assert not thread.is_alive()

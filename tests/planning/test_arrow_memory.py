"""Where Arrow takes memory from is the user's: planning changes it for itself and puts it back."""

import os
import subprocess
import sys
import threading

import pandas as pd
import pyarrow as pa
import pytest

import migma_nb as mg
from migma_nb.planning.arrow_memory import thrifty

WITHIN = """
import pyarrow as pa
from migma_nb.planning.arrow_memory import thrifty
with thrifty(100_000):
    print(pa.default_memory_pool().backend_name)
"""


FORKED = """
import os
import pyarrow as pa
from migma_nb.planning.arrow_memory import thrifty
usual = pa.default_memory_pool().backend_name
with thrifty(1):
    child = os.fork()
    if not child:
        print(usual == pa.default_memory_pool().backend_name, flush=True)
        os._exit(0)
    os.waitpid(child, 0)
print(usual == pa.default_memory_pool().backend_name)
"""


def test_planning_leaves_arrows_allocator_as_it_was() -> None:
    """Also where it was refused in the middle."""
    before = pa.default_memory_pool().backend_name
    people = pd.DataFrame({"email": ["ann@acme.org"], "name": ["Ann"]})
    mg.plan(
        people, mailing="m", sender="A <a@acme.org>", subject="Hi", template="<p>{{name}}</p>", project_id="p"
    )
    assert before == pa.default_memory_pool().backend_name
    with pytest.raises(ZeroDivisionError), thrifty(1):
        1 / 0  # noqa: B018 - whatever goes wrong within
    assert before == pa.default_memory_pool().backend_name


def test_plans_made_at_once_leave_it_too() -> None:
    """The last one to end puts back what the first one found, in whatever order they begin and end."""
    before = pa.default_memory_pool().backend_name
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with thrifty(1):
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    with thrifty(1):
        thread.start()
        assert inside.wait(10)
        within = pa.default_memory_pool().backend_name
    assert within == pa.default_memory_pool().backend_name
    leave.set()
    thread.join()
    assert before == pa.default_memory_pool().backend_name


def test_whoever_chooses_an_allocator_meanwhile_keeps_it() -> None:
    """In another thread, or where a format of a column does."""
    before = pa.default_memory_pool()
    try:
        with thrifty(1):
            pa.set_memory_pool(pa.system_memory_pool())
        assert "system" == pa.default_memory_pool().backend_name
    finally:
        pa.set_memory_pool(before)


def test_a_pool_that_counts_is_used() -> None:
    """Its name is that of the one that it counts for."""
    before = pa.default_memory_pool()
    counting = pa.proxy_memory_pool(before)
    pa.set_memory_pool(counting)
    try:
        with thrifty(1):
            kept = pa.array([*range(1_000)])
            assert counting.bytes_allocated() >= kept.nbytes
        assert counting.bytes_allocated() == pa.default_memory_pool().bytes_allocated()
        del kept
    finally:
        pa.set_memory_pool(before)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system forks nothing")
def test_a_process_that_was_forked_in_the_middle_has_the_usual_allocator() -> None:
    """It has no plan in the making that would put it back."""
    assert "True True" == _said(FORKED)


@pytest.mark.parametrize("chosen", ["system", "mimalloc"])
def test_whoever_chose_an_allocator_keeps_it(chosen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it is the usual one."""
    monkeypatch.setenv("ARROW_DEFAULT_MEMORY_POOL", chosen)
    assert chosen == _said(WITHIN)


@pytest.mark.skipif(sys.platform != "linux", reason="Arrow is built with jemalloc for Linux")
def test_while_a_list_is_planned_memory_comes_from_jemalloc(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes half of what the usual one does for a list of this length."""
    monkeypatch.delenv("ARROW_DEFAULT_MEMORY_POOL", raising=False)
    assert "jemalloc" == _said(WITHIN)


def _said(script: str) -> str:
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return " ".join(answer.stdout.split())

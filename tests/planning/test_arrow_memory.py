"""Where Arrow takes memory from is the user's: planning changes it for itself and puts it back."""

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


@pytest.mark.parametrize("chosen", ["system", "mimalloc"])
def test_whoever_chose_an_allocator_keeps_it(chosen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it is the usual one."""
    monkeypatch.setenv("ARROW_DEFAULT_MEMORY_POOL", chosen)
    assert chosen == _name_within()


@pytest.mark.skipif(sys.platform != "linux", reason="Arrow is built with jemalloc for Linux")
def test_while_a_list_is_planned_memory_comes_from_jemalloc(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes half of what the usual one does for a list of this length."""
    monkeypatch.delenv("ARROW_DEFAULT_MEMORY_POOL", raising=False)
    assert "jemalloc" == _name_within()


def _name_within() -> str:
    answer = subprocess.run([sys.executable, "-c", WITHIN], capture_output=True, text=True, check=True)
    return answer.stdout.strip()

"""Equal cells have one digest in every process, other cells another one."""

import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from migma_nb.planning.cell_digest import cell_digest

#: Made anew in a process with another hash seed and other addresses of its objects.
MADE = """
import pandas as pd
from datetime import date
class Odd: pass
frame = pd.DataFrame({
    "texts": ["a", None, "c"], "numbers": [1, 2, 3], "lists": [["a", 1], ("b", {"c": None}), {"d", "e", "f"}],
    "odd": [Odd(), date(2026, 1, 2), b"x"], "times": pd.to_datetime(["2026-01-01", None, "2026-01-03"]),
}).assign(kinds=pd.Categorical(["x", "y", "x"]), strings=pd.array(["u", None, "w"], dtype="string"))
"""


def test_it_is_the_same_in_every_process() -> None:
    """Whatever the cells are; an object that says nothing of itself counts by its kind."""
    script = f"{MADE}\nfrom migma_nb.planning.cell_digest import cell_digest\nprint(cell_digest(frame).hex())"
    found = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert 1 == len(found)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["a", "b"], ["b", "a"]),
        (["a", None], ["a", ""]),
        (["1", "2"], [1, 2]),
        ([1, 2], [1, 3]),
        ([[1], [2]], [[1], [3]]),
        ([{"a": 1}, None], [{"a": 2}, None]),
        ([Decimal("1.0"), None], [Decimal("1.1"), None]),
        ([datetime(2026, 1, 1, tzinfo=UTC)], [datetime(2026, 1, 1, 1, tzinfo=UTC)]),
        ([True, "x"], [1, "x"]),
    ],
)
def test_other_cells_have_another_one(one: list[Any], other: list[Any]) -> None:
    """Also in another order, or of another kind."""
    frames = [pd.DataFrame({"email": "a@x.com", "cell": cells}) for cells in (one, other)]
    assert cell_digest(frames[0]) != cell_digest(frames[1])
    assert cell_digest(frames[0]) == cell_digest(frames[0].copy(deep=True))

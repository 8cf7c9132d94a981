"""The bytes of a request and the plan's id: the same in every process, and changed by what is sent only."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migma_nb.api.models import SendRequest
from migma_nb.planning.plan import Plan, make_plan

Planner = Callable[..., Plan]
MAILING: dict[str, Any] = {
    "mailing": "m",
    "sender": "Ünï <a@x.example>",
    "subject": "{{v}}",
    "template": "<p>{{w}}</p>",
    "project_id": "p",
    "transactional": False,
}
SAFE = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1).filter(str.strip)


@given(SAFE, SAFE | st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_a_body_is_what_the_wire_model_would_send(v: str, w: Any) -> None:
    """The joined chunks are, byte for byte, the body of the API's own model."""
    frame = pd.DataFrame({"email": ["a@x.example"], "v": [v], "w": pd.Series([w], dtype=object)})
    body = make_plan(frame, **MAILING).body(0)
    assert SendRequest.model_validate(json.loads(body)).body() == body


@pytest.mark.parametrize("changes", [{"variables": []}, {"reply_to": "r@x.example", "topic_id": "t"}])
def test_a_body_without_variables_has_no_such_field(
    plan: Planner, people: pd.DataFrame, changes: Any
) -> None:
    """The chunks fit together whatever fields there are."""
    body = plan(people, **changes).body(1)
    assert SendRequest.model_validate(json.loads(body)).body() == body
    assert b"variables" not in body


PROGRAM = """
import pandas as pd
from migma_nb.planning.plan import make_plan
cells = [{"b": [1.5, None], "a": "é"}, "x"]
frame = pd.DataFrame({"email": ["a@x.example", "b@x.example"], "v": cells, "w": [1, 2]})
plan = make_plan(frame, exclude={"c@x.example", "d@x.example"}, **MAILING)
print(plan.id, plan.body(0).hex(), plan.body(1).hex())
"""


def test_bytes_and_id_are_the_same_in_every_process() -> None:
    """No set order and no clock: a fresh process with other hash seeds makes the same bytes."""
    program = f"MAILING = {MAILING!r}\n{PROGRAM}"
    answers = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert 1 == len(answers)


def test_a_large_template_costs_a_row_little(plan: Planner, people: pd.DataFrame) -> None:
    """The template's bytes are made once and shared by all rows."""
    made = plan(people, template="<p>{{plan}}</p>" + "x" * 200_000)
    longest = max(len(part) for i in made.ready for part in made._bodies.own_parts(i))
    assert longest < 100


FRAME = pd.DataFrame(
    {"email": ["a@x.example", "b@x.example", "broken"], "v": ["1", "2", "3"], "w": [1, 2, 3]}
)


@settings(max_examples=20)
@given(st.permutations([0, 1, 2]), st.permutations(["email", "v", "w", "extra"]), st.integers())
def test_the_id_ignores_order_and_unused_columns(rows: list[int], columns: list[str], extra: int) -> None:
    """Row order, column order, index, and columns or broken rows that are not sent leave the id as it is."""
    other = FRAME.assign(extra=extra)[columns].iloc[rows]
    assert make_plan(FRAME, **MAILING).id == make_plan(other, **MAILING).id


@pytest.mark.parametrize(
    "frame",
    [
        FRAME.assign(v=["1", "x", "3"]),
        FRAME.assign(w=[1, 3, 3]),
        FRAME.assign(email=["a@x.example", "c@x.example", "broken"]),
        FRAME.assign(email=["a@x.example", "B@x.example", "broken"]),
        FRAME.assign(email=["a@x.example", "b@x.example", "c@x.example"]),
        FRAME.iloc[:1],
    ],
)
def test_the_id_follows_what_is_sent(frame: pd.DataFrame) -> None:
    """Another value, address or person is another plan."""
    assert make_plan(FRAME, **MAILING).id != make_plan(frame, **MAILING).id


@pytest.mark.parametrize(
    "changes",
    [
        {"mailing": "n"},
        {"subject": "{{v}}!"},
        {"template": "<b>{{w}}</b>"},
        {"sender": "Uni <a@x.example>"},
        {"transactional": True},
        {"key": "v"},
        {"exclude": ["a@x.example"]},
        {"variables": ["v"]},
        {"project_id": "q"},
    ],
)
def test_the_id_follows_the_mailing(changes: dict[str, Any]) -> None:
    """Every argument that changes what goes out, or to whom, changes the id."""
    ids = [make_plan(FRAME, **mailing).id for mailing in (MAILING, {**MAILING, **changes})]
    assert ids[0] != ids[1]
    assert all(len(each) == 12 and int(each, 16) >= 0 for each in ids)

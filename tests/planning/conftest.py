"""What the tests of planning share: a mailing that is complete, so that each test says only what differs."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from migma_nb.planning.plan import Plan, make_plan

#: A mailing with nothing wrong in it; the content needs no column.
COMPLETE: dict[str, Any] = {
    "mailing": "2026-11 renewal notice",
    "sender": "Acme Billing <billing@acme.example>",
    "subject": "Your plan renews",
    "template": "<p>Hello</p>",
    "project_id": "proj_1",
    "transactional": True,
}


@pytest.fixture
def plan() -> Callable[..., Plan]:
    """Return `make_plan` with a complete mailing, of which a test changes what it is about."""

    def make(recipients: Any, **changes: Any) -> Plan:
        return make_plan(recipients, **{**COMPLETE, **changes})

    return make


@pytest.fixture
def people() -> pd.DataFrame:
    """Return three people with nothing wrong about them."""
    return pd.DataFrame(
        {
            "email": ["ann@acme.example", "bo@acme.example", "cy@acme.example"],
            "first_name": ["Ann", "Bo", "Cy"],
            "plan": ["Team", "Team", "Starter"],
        },
    )

"""What the tests of sending share: people, a plan of them, and who got mail."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import migma_nb as mg


@pytest.fixture
def by_default(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the ledger be there, unless a test names another."""
    monkeypatch.setenv("MIGMA_LEDGER", place)


@pytest.fixture
def plan() -> Callable[..., mg.SendPlan]:
    """Return a function that plans a mailing to so many people, or to what it is given."""

    def make(people: Any = 20, **changes: Any) -> mg.SendPlan:
        if isinstance(people, int):
            numbers = range(people)
            people = pd.DataFrame(
                {
                    "email": [f"p{n}@d{n % 7}.example" for n in numbers],
                    "first_name": [f"N{n}" for n in numbers],
                }
            )
        options: dict[str, Any] = {
            "mailing": "m",
            "sender": "Acme <billing@acme.example>",
            "subject": "Hello {{first_name}}",
            "template": "<p>{{first_name}}</p>",
            "project_id": "p",
            "transactional": True,
        }
        return mg.plan(people, **options | changes)

    return make


@pytest.fixture
def mails() -> Callable[[mg.Sandbox], Counter[str]]:
    """Return a function that counts the mails that each person got."""
    return lambda sandbox: Counter(sandbox.outbox["to"])


@pytest.fixture
def hasten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a lost answer be asked for again after the client's time-out, not after ten seconds."""
    for module in ("migma_nb.api.meaning", "migma_nb.sending.sorting"):
        monkeypatch.setattr(f"{module}.SHORTEST_LOST_WAIT_S", 0.01)

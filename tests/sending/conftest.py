"""What the tests of sending share: people, a plan of them, and who got mail."""

from collections import Counter
from collections.abc import Callable, Iterator
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


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[mg.Sandbox]:
    """A sandbox that ignores idempotency keys, so that what is lost stays unknown; no long proof of it."""
    monkeypatch.setattr("migma_nb.sending.proof.TRY_AGAIN_S", (0.0,))
    with mg.Sandbox(idempotency=False) as made:
        yield made


@pytest.fixture
def stored(sandbox: mg.Sandbox) -> str:
    """The id of an email that the sandbox's account holds."""
    return str(sandbox.server.add_email("Generated", "<p>{{first_name}}</p>")["emailId"])


@pytest.fixture
def by_email(plan: Callable[..., mg.SendPlan], stored: str) -> Callable[..., mg.SendPlan]:
    """Returns a function that plans a mailing of the stored email."""
    return lambda people=20, **changes: plan(
        people, **{"template": None, "project_id": None, "email_id": stored} | changes
    )

"""People and a client that cannot be missed, and all that a run shows of them."""

from pathlib import Path
from typing import Any

import pandas as pd

import migma_nb as mg
from tests.servers.answering import AnsweringServer
from tests.surface.leaks import SENTINEL

FIELDS = {
    "recipient_type": "email",
    "recipient_email": "sentinel.person@people.example",
    "from_": "a@b.example",
    "from_name": "A",
    "subject": "S",
    "template": "<p>x</p>",
    "project_id": "p",
}


def people(count: int = 8) -> pd.DataFrame:
    """Return people whose names and addresses cannot be missed."""
    numbers = range(count)
    return pd.DataFrame(
        {
            "email": [f"sentinel.person{n}@people.example" for n in numbers],
            "first_name": [f"Sentinelina{n}" for n in numbers],
        }
    )


def planned(**changes: Any) -> mg.SendPlan:
    """Return a plan for them."""
    options: dict[str, Any] = {
        "mailing": "m",
        "sender": "Acme <billing@acme.example>",
        "subject": "Hello {{first_name}}",
        "template": "<p>{{first_name}}</p>",
        "project_id": "p",
        "transactional": True,
    }
    return mg.plan(people(), **options | changes)


def everything_of(run: mg.Run, folder: Path) -> str:
    """Return all that a run shows, and write all that it writes."""
    run.to_csv(folder / "sent.csv")
    views = (run.frame, run.unknown, run.join(people()))
    frames = [
        text
        for frame in views
        for text in (frame.to_string(), frame.to_html(), frame.to_json(date_format="iso"))
    ]
    return "\n".join([*frames, repr(run), run.summary(), run._repr_html_(), repr(vars(run)), str(run.counts)])


def live(server: AnsweringServer, **options: Any) -> mg.Migma:
    """Return a client of a server that bears the sentinel."""
    return mg.Migma(SENTINEL, base_url=server.url, **{"timeout": 2.0, "workers": 2} | options)

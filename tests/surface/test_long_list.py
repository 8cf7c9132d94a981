"""A list in pieces is sent like any other: who is mailed what, the account, a second send, a test."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import migma_nb as mg
from migma_nb.planning import long_files, pieces

PEOPLE = pd.DataFrame(
    {
        "email": [
            *(f"p{at}@d{at % 3}.example" for at in range(40)),
            "P3@d0.example",
            "nobody",
            None,
            "out@x.example",
        ],
        "first_name": [*(f"N{at}" for at in range(40)), "Other", "X", "Y", "Z"],
    }
)
MAILING: dict[str, Any] = {
    "mailing": "renewal",
    "sender": "Acme <billing@acme.example>",
    "subject": "Hello {{first_name}}",
    "template": "<p>Dear {{first_name}}</p>",
    "project_id": "p",
    "transactional": True,
    "duplicates": "first",
    "exclude": ["out@x.example"],
}


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every file for a long one, seven rows at a time."""
    monkeypatch.setattr(long_files, "LONG_BYTES", 0)
    monkeypatch.setattr(pieces, "PIECE_ROWS", 7)


@pytest.fixture
def sandbox() -> Iterator[mg.Sandbox]:
    """Serve a sandbox."""
    with mg.Sandbox() as serving:
        yield serving


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_each_person_is_mailed_once_and_each_row_accounted_for(
    tmp_path: Path, sandbox: mg.Sandbox, kind: str
) -> None:
    """The account is that of the same list in memory, and a second send mails nobody."""
    path = tmp_path / f"people.{kind}"
    if kind == "csv":
        PEOPLE.to_csv(path, index=False)
    else:
        PEOPLE.to_parquet(path)
    plan = mg.plan(path, **MAILING)
    assert 40 == plan.people
    assert mg.plan(PEOPLE, **MAILING).id == plan.id
    run = plan.send(sandbox.client(), skip_invalid=True, progress=False)
    sent = sandbox.outbox.set_index("to")["subject"].to_dict()
    assert {f"p{at}@d{at % 3}.example": f"Hello N{at}" for at in range(40)} == sent
    assert 40 == len(sandbox.outbox)
    account = run.join(PEOPLE)
    assert ["accepted"] * 40 + ["duplicate", "invalid", "invalid", "excluded"] == account["state"].tolist()
    assert "same recipient as row 3" in account["detail"][40]
    again = mg.plan(path, **MAILING).send(sandbox.client(), skip_invalid=True, progress=False)
    assert "Nobody was mailed" in again.summary()
    assert 40 == len(sandbox.outbox)
    run.to_csv(tmp_path / "sent.csv")
    assert 44 == len(pd.read_csv(tmp_path / "sent.csv"))


def test_a_few_rows_go_to_oneself_first(tmp_path: Path, sandbox: mg.Sandbox) -> None:
    """As of any plan: with the rows' own values, to one address."""
    path = tmp_path / "people.csv"
    PEOPLE.to_csv(path, index=False)
    plan = mg.plan(path, **MAILING)
    plan.test(sandbox.client(), to="me@acme.example")
    assert {"me@acme.example"} == set(sandbox.outbox["to"])
    assert set(sandbox.outbox["subject"]) <= {f"Hello N{at}" for at in range(40)}
    assert "Dear N39" in str(plan.preview(39).text)


def test_a_file_of_targets_is_read_whole(tmp_path: Path, sandbox: mg.Sandbox) -> None:
    """Its rows are calls, of which there are few."""
    path = tmp_path / "targets.csv"
    PEOPLE.head(9).assign(recipientType="email").rename(columns={"email": "recipientEmail"}).to_csv(
        path, index=False
    )
    plan = mg.plan(path, **MAILING | {"exclude": None})
    assert 9 == plan.people
    run = plan.send(sandbox.client(), progress=False)
    assert {mg.State.ACCEPTED: 9} == {state: count for state, count in run.counts.items() if count}


def test_a_file_that_changes_while_it_is_planned_is_refused(tmp_path: Path) -> None:
    """What would be sent is not what was checked."""
    path = tmp_path / "people.parquet"
    PEOPLE.to_parquet(path)

    def changing(name: str) -> str:
        PEOPLE.head(20).to_parquet(path)
        return name

    formats = {"first_name": changing}
    with pytest.raises(mg.InputError, match="changed"):
        mg.plan(path, **MAILING | {"formats": formats})

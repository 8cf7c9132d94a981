"""`migma-nb import`: a list imported as contacts under a tag, rehearsed or live."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

Run = Callable[..., Any]


def test_a_rehearsal_changes_no_account(migma: Run) -> None:
    """Without --live it goes to a sandbox of its own, and says so."""
    done = migma("import", "people.csv", "--tag=t")
    assert 0 == done.returncode
    assert "REHEARSAL" in done.stdout
    assert "2 of 2 people imported under the tag 't'" in done.stdout
    assert "nobody was mailed" in done.stdout


def test_live_it_imports_once(folder: Path, serve: Callable[..., Any], migma: Run) -> None:
    """Again it imports nothing; the document has counts and the tag's ID; the CSV every row."""
    server, ledger = serve(), folder / "ledger.sqlite3"
    options = ["--tag=t", "--live", f"--ledger={ledger}", "--read-back", "--out=in.csv", "--json"]
    first, again = (migma("import", "people.csv", *options, **server.env) for _ in range(2))
    assert (0, 0) == (first.returncode, again.returncode), first.stderr + again.stderr
    found, told = json.loads(first.stdout), json.loads(again.stdout)
    assert ({"accepted": 2}, {"already_sent": 2}) == (found["counts"], told["counts"])
    assert found["tag_id"] == told["tag_id"]
    listed = json.loads(migma("runs", "--imports", f"--ledger={ledger}", "--json").stdout)
    assert [("t", 2, 1)] == [(one["tag"], one["people"], one["answered"]) for one in listed]
    shown = migma("runs", "--imports", f"--ledger={ledger}")
    assert (0, True) == (shown.returncode, listed[0]["import_id"] in shown.stdout)
    assert "1 answered" in shown.stdout
    refused = migma("runs", "--imports", "--state=finished", f"--ledger={ledger}")
    assert (2, True) == (refused.returncode, "Leave --state out" in refused.stderr)
    rows = pd.read_csv(folder / "in.csv")
    assert ["subscribed", "subscribed"] == rows["contact_status"].tolist()
    assert [] == server.mailed()


def test_bad_input_is_said_in_options(folder: Path, migma: Run) -> None:
    """Each with exit code 2, before anything is sent."""
    (folder / "odd.csv").write_text("email,country\na@x.example,Germany\n")
    for arguments, words in (
        (["people.csv"], "needs the name of a tag"),
        (["--tag=t"], "migma-nb import FILE --tag NAME"),
        (["odd.csv", "--tag=t"], "--field country="),
        (["people.csv", "--tag=t", "--field=name"], "--field firstName=Vorname"),
        (["people.csv", "--tag=t", "--base-url=http://127.0.0.1:1"], "Add --live"),
    ):
        done = migma("import", *arguments)
        assert 2 == done.returncode
        assert words in done.stdout + done.stderr
    assert 0 == migma("import", "odd.csv", "--tag=t", "--field=country=").returncode

"""`migma-nb import`: a list imported as contacts under a tag, rehearsed or live."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from migma_nb.cli.exits import Exit
from tests.importing.lists import data, refusal
from tests.servers.answering import AnsweringServer, Reply, Request

Run = Callable[..., Any]


def last(found: Any) -> str:
    """Return the last line of what was printed."""
    line: str = found.stdout.rstrip().splitlines()[-1]
    return line


def test_a_rehearsal_changes_no_account(migma: Run) -> None:
    """Without --live it goes to a sandbox of its own, and says so."""
    done = migma("import", "people.csv", "--tag=t")
    assert 0 == done.returncode
    assert "REHEARSAL" in done.stdout
    assert "2 of 2 people imported under the tag 't'" in done.stdout
    assert "nobody was mailed" in done.stdout
    assert "ledger" not in done.stdout
    kept = migma("import", "people.csv", "--tag=t", "--ledger=kept.db")
    assert "kept.db" in kept.stdout


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


def test_bad_input_is_said_in_options(folder: Path, here: Run) -> None:
    """Each with exit code 2, before anything is sent."""
    (folder / "odd.csv").write_text("email,country\na@x.example,Germany\n")
    for arguments, words in (
        (["people.csv"], "Write --tag"),
        (["--tag=t"], "migma-nb import FILE --tag NAME"),
        (["odd.csv", "--tag=t"], "--field country="),
        (["people.csv", "--tag=t", "--field=name"], "--field firstName=Vorname"),
        (["people.csv", "--tag=t", "--base-url=http://127.0.0.1:1"], "Add --live"),
    ):
        done = here("import", *arguments)
        assert 2 == done.returncode
        assert words in done.stdout + done.stderr
        assert 'tag="' not in done.stderr
        told = json.loads(here("import", *arguments, "--json").stdout)
        assert (2, False) == (told["exit_code"], 'tag="' in f"{told}")
    assert 0 == here("import", "odd.csv", "--tag=t", "--field=country=").returncode


def test_a_rehearsal_leads_to_the_import_and_that_to_a_look_at_its_tag(
    folder: Path, serve: Callable[..., Any], here: Run, paste: Run
) -> None:
    """By pasting what each ends with, which a script has under `next`."""
    server = serve()
    (folder / "people.csv").rename(folder / "Ann's list.csv")
    command = ["import", "Ann's list.csv", "--tag=it's a tag", "--custom=name"]
    rehearsed = here(*command)
    line = last(rehearsed)
    assert line == json.loads(here(*command, "--json").stdout)["next"]
    assert line.endswith(" --live")
    done = paste(f"{line} --json", **server.env)
    assert 0 == done.returncode, done.stderr
    told = json.loads(done.stdout)
    assert {"accepted": 2} == told["counts"]
    looked = paste(told["next"], **server.env)
    assert (0, True) == (looked.returncode, f"tag {told['tag_id']}" in looked.stdout), looked.stderr


def test_to_subscribe_again_wants_its_number_in_a_line_to_type(
    serve: Callable[..., Any], here: Run, paste: Run
) -> None:
    """Rehearsed it asks for none; live the refusal has the whole line."""
    server = serve()
    asked = paste(last(here("import", "people.csv", "--tag=t", "--resubscribe")), **server.env)
    assert (2, True) == (asked.returncode, "a new consent that you can prove" in asked.stderr)
    line = asked.stderr.rstrip().splitlines()[-1]
    assert line.endswith(" --live --confirm 2")
    assert 0 == paste(line, **server.env).returncode


@pytest.mark.parametrize(
    ("reply", "code", "state", "options"),
    [
        (data({"success": 0, "failed": 2, "errors": ["no"]}), Exit.REFUSED, "refused", "--live"),
        (data({"success": 1, "failed": 1, "errors": ["one"]}), Exit.UNKNOWN, "unknown", "--live --read-back"),
        (refusal(401, "who are you"), Exit.HALTED, "not_sent", "--live"),
    ],
)
def test_what_went_wrong_has_a_code_and_a_line_that_goes_on(  # noqa: PLR0917 - two of them are fixtures
    here: Run, monkeypatch: pytest.MonkeyPatch, reply: Reply, code: Exit, state: str, options: str
) -> None:
    """Refused, unknown and halted: as a send's, in the document as well."""

    def answer(request: Request) -> Reply:
        if request.path.endswith("/contacts/bulk"):
            return reply
        known = "/tags?" in request.path
        return data([{"id": "tag_1", "name": "t"}], count=1) if known else refusal(404, "no such thing")

    monkeypatch.setenv("MIGMA_API_KEY", "mgma_sk_test_0123456789")
    with AnsweringServer(answer) as server:
        live = ["--live", f"--base-url={server.url}", "--rate=500/second", "--project=p"]
        done = here("import", "people.csv", "--tag=t", *live, "--json")
    told = json.loads(done.stdout)
    assert (code, code, {state: 2}) == (done.returncode, told["exit_code"], told["counts"]), done.stderr
    assert told["next"].startswith("migma-nb import people.csv ")
    assert told["next"].endswith(f" {options}")


def test_a_job_file_serves_import_check_and_send(folder: Path, here: Run) -> None:
    """Its list, and the columns that become what; the tag of a mailing is none of an import's."""
    (folder / "out.csv").write_text("email\nb@x.example\n")
    (folder / "job.toml").write_text(
        'file = "people.csv"\nexclude = "out.csv"\nmailing = "m"\n'
        '[import]\ntag = "spring"\nfield = {firstName = "name"}\n'
    )
    done = here("import", "--config=job.toml", "--json")
    assert ("spring", {"accepted": 1, "excluded": 1}) == (
        json.loads(done.stdout)["tag"],
        json.loads(done.stdout)["counts"],
    )
    assert "Job file job.toml" in done.stderr
    assert json.loads(done.stdout)["next"] == "migma-nb import --config job.toml --live"
    assert "winter" == json.loads(here(*done.args, "--tag=winter").stdout)["tag"]
    assert 1 == json.loads(here("check", "--config=job.toml", "--json").stdout)["people"]
    (folder / "job.toml").write_text('file = "people.csv"\ntag = "ID"\n')
    assert "Write --tag" in here("import", "--config=job.toml").stderr
    (folder / "job.toml").write_text("[import]\nlive = true\n")
    assert "not read from a file" in here("import", "people.csv", "--config=job.toml").stderr

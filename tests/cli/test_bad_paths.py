"""Paths that lead nowhere: one sentence and exit code 2 before anything is sent, never a fault of ours."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from migma_nb.cli.answering import answered, begun
from migma_nb.cli.exits import Exit

Here = Callable[..., subprocess.CompletedProcess[str]]

#: What leads nowhere, for root too: a name that is too long, a path through a file, a loop of links.
NOWHERE = {
    "too long": ("x" * 300 + "{}", "too long"),
    "through a file": ("people.csv/x{}", "people.csv"),
    "a loop": ("loop{}", "links"),
}
MAIL = ["--subject=x", "--sender=A <a@acme.example>", "--mailing=m", "--transactional"]
PLAIN = ["people.csv", "--template=mail.html", *MAIL]
LINES: dict[str, tuple[str, list[str]]] = {
    "check": (".csv", ["check", "{}"]),
    "send": (".csv", ["send", "{}", "--template=mail.html", *MAIL]),
    "import": (".csv", ["import", "{}", "--tag=t"]),
    "fix": (".csv", ["fix", "{}", "--code=all", "--out=fixed.csv"]),
    "fix in place": (".csv", ["fix", "{}", "--code=all", "--in-place"]),
    "preview": (".csv", ["preview", "{}", "--template=mail.html", *MAIL]),
    "exclude": (".csv", ["send", *PLAIN, "--exclude={}"]),
    "template": (".html", ["send", "people.csv", "--template={}", *MAIL]),
    "send's out": (".csv", ["send", *PLAIN, "--out={}"]),
    "import's out": (".csv", ["import", "people.csv", "--tag=t", "--out={}"]),
    "html": (".html", ["preview", *PLAIN, "--html={}"]),
    "runs' ledger": (".db", ["runs", "--ledger={}"]),
    "imports' ledger": (".db", ["runs", "--imports", "--ledger={}"]),
    "report's ledger": (".db", ["report", "r", "--ledger={}"]),
    "resume's ledger": (".db", ["resume", "r", "--ledger={}"]),
    "send's ledger": (".db", ["send", *PLAIN, "--ledger={}"]),
}


@pytest.mark.parametrize("where", NOWHERE)
@pytest.mark.parametrize("line", LINES)
def test_a_path_that_leads_nowhere_is_bad_input(here: Here, folder: Path, line: str, where: str) -> None:
    """Whichever option names it, and before anything is sent."""
    ending, typed = LINES[line]
    pattern, words = NOWHERE[where]
    (folder / f"loop{ending}").symlink_to(f"loop{ending}")
    found = here(*(part.replace("{}", pattern.format(ending)) for part in typed))
    _is_a_sentence(found, words)
    assert "people mailed" not in found.stdout


def test_a_repaired_list_that_cannot_be_written_is_said(here: Here) -> None:
    """The list itself is as it was."""
    found = here("fix", "people.csv", "--code=all", f"--out={'x' * 300}.csv")
    _is_a_sentence(found, "cannot be written: File name too long")


@pytest.mark.parametrize(
    "typed",
    [
        ["check", "people.csv"],
        ["check", "{}/people.csv", "--exclude=x.csv"],
        ["send", "{}/people.csv", "--template=mail.html", *MAIL],
        ["send", "{}/people.csv", "--template={}/mail.html", *MAIL, "--out=sent.csv"],
        ["send", "{}/people.csv", "--template={}/mail.html", *MAIL, "--ledger=l.db"],
        ["import", "{}/people.csv", "--tag=t", "--out=sent.csv"],
        ["preview", "{}/people.csv", "--template={}/mail.html", *MAIL, "--html=x.html"],
        ["fix", "{}/people.csv", "--code=all", "--out=x.csv"],
        ["runs", "--ledger=l.db"],
        ["report", "r", "--ledger=l.db"],
    ],
)
def test_a_folder_that_was_deleted_under_the_command_is_said(
    here: Here, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: list[str]
) -> None:
    """What is relative to it leads nowhere."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    found = here(*(part.replace("{}", str(folder)) for part in typed))
    _is_a_sentence(found, "")
    assert "people mailed" not in found.stdout


def test_a_list_with_a_long_name_is_checked_repaired_and_accounted_for(here: Here, folder: Path) -> None:
    """As long as a name can be: no name that is made of it is longer."""
    stem = "x" * (255 - len(".csv"))
    (folder / f"{stem}.csv").write_text('email,name\nann@x.org,"A&amp;B"\n')
    found = here("check", f"{stem}.csv", "--template={{name}}", *MAIL)
    assert Exit.FINE == found.returncode, found.stderr
    line = re.search(r"--out (\S+\.fixed\.csv)", found.stdout.replace("\n", " "))
    assert line is not None
    assert len(line[1]) <= 255
    out = "y" * (255 - len(".csv")) + ".csv"
    sent = here("send", f"{stem}.csv", "--template={{name}}", *MAIL, f"--out={out}")
    assert Exit.FINE == sent.returncode, sent.stderr
    assert "ann@x.org" in (folder / out).read_text(encoding="utf-8")


def test_no_backup_with_a_name_too_long(here: Here, folder: Path) -> None:
    """It is said, and the list is as it was."""
    stem, content = "x" * (255 - len(".csv")), 'email,name\nann@x.org,"A&amp;B"\n'
    (folder / f"{stem}.csv").write_text(content)
    found = here("fix", f"{stem}.csv", "--template={{name}}", *MAIL, "--code=all", "--in-place")
    _is_a_sentence(found, "No backup")
    assert content == (folder / f"{stem}.csv").read_text()


def test_a_home_that_nobody_has_is_a_file_that_is_not_there(here: Here) -> None:
    """As where the shell leaves the name to us."""
    _is_a_sentence(here("check", "~nobody-here/people.csv"), "There is no file ~nobody-here/people.csv")
    _is_a_sentence(here("runs", "--ledger=~nobody-here/l.db"), "There is no ledger")


def test_only_before_a_run_has_begun_a_path_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    """From then on the code must not say that nothing was sent; and each command begins anew."""

    @answered
    def command(*, starts: bool) -> Exit:
        if starts:
            begun()
        raise PermissionError(13, os.strerror(13), "people.csv")

    assert Exit.BAD_INPUT == command(starts=False)
    assert "people.csv cannot be used: Permission denied" in capsys.readouterr().err
    assert Exit.FAULT == command(starts=True)
    assert "fault of migma-nb" in capsys.readouterr().err
    assert Exit.BAD_INPUT == command(starts=False)


def _is_a_sentence(found: subprocess.CompletedProcess[str], words: str) -> None:
    assert Exit.BAD_INPUT == found.returncode, found.stdout + found.stderr
    assert found.stderr.startswith("Error: ")
    assert words in found.stderr.replace("\n", " "), found.stderr
    assert not re.search(r"Traceback|fault|Errno", found.stderr), found.stderr
    assert len(found.stderr) < 1_000

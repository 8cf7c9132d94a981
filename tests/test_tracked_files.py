"""What must never be committed is found by `tools/check_files.py`, and nothing of it is here."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CHECK = ROOT / "tools" / "check_files.py"
#: Made by work in the folder; only where the project came as an archive, so that git cannot say so.
NOT_OURS = {"__pycache__", ".ipynb_checkpoints", "out", "dist", "build", "migma-nb-demo", "sandbox.key"}
HIDDEN_OURS = {".ci", ".gitignore", ".pre-commit-config.yaml"}


def checked(*paths: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the check over files."""
    command = [sys.executable, str(CHECK), *map(str, paths)]
    return subprocess.run(command, env=env or None, capture_output=True, text=True, cwd=ROOT, check=False)


def tracked() -> list[Path]:
    """Return the project's files: what git tracks, or all there is in an archive without git."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z"], capture_output=True, text=True, cwd=ROOT, check=True
        )
        return [ROOT / name for name in listed.stdout.split("\0") if name]
    inside = (path.relative_to(ROOT) for path in sorted(ROOT.rglob("*")) if path.is_file())
    seen = (path for path in inside if not path.parts[0].startswith(".") or path.parts[0] in HIDDEN_OURS)
    return [ROOT / path for path in seen if NOT_OURS.isdisjoint(path.parts)]


def test_no_tracked_file_holds_a_key_a_place_or_an_address() -> None:
    """No key, no path of a machine, no registry in what builds, nothing big; in notebooks' outputs too."""
    files = tracked()
    assert {"Makefile", "constraints.txt", "01_quickstart.ipynb"} <= {path.name for path in files}
    found = checked(*files)
    assert (0, "") == (found.returncode, found.stdout)


# Put together here, so that this file passes its own check.
@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.py", "key = mgma" + "_sk_live_" + "a1B2" * 6, "Migma key"),
        ("a.py", "key = sk" + "_test_" + "a1B2" * 6, "Migma key"),
        ("a.ipynb", '"text": ["key mgma' + '_sk_live_abc…"]', "beginning of a key"),
        ("a.txt", "-----BEGIN RSA " + "PRIVATE KEY-----", "private key"),
        ("a.txt", "gh" + "p_" + "x" * 36, "token"),
        ("a.py", 'password = "' + "correct-horse-battery-staple" + '"', "password"),
        ("a.ipynb", '"ledger /' + 'home/maria/ledger.sqlite3"', "place on one machine"),
        ("a.md", "see /" + "tmp/result.csv", "place on one machine"),
        ("a.md", "C:" + "\\Users\\maria", "place on one machine"),
        ("constraints.txt", "--extra-" + "index-url x", "address"),
        ("constraints.txt", "six @ https" + "://files.example/six.whl", "address"),
        ("Makefile", "pip install -i https" + "://mirror.example/simple", "address"),
        ("a.md", "<" * 7 + " HEAD", "merge"),
    ],
)
def test_each_of_them_is_found(tmp_path: Path, name: str, text: str, words: str) -> None:
    """With its file and line."""
    path = tmp_path / name
    path.write_text(f"fine\n{text}\n", encoding="utf-8")
    found = checked(path)
    assert 1 == found.returncode
    assert f"{path}:2: " in found.stdout
    assert words in found.stdout


def test_this_machines_own_places_are_found(tmp_path: Path) -> None:
    """Wherever it keeps its temporary files, for one."""
    path = tmp_path / "a.toml"
    path.write_text(f"find = '{tmp_path}/wheels'")
    assert "place on one machine" in checked(path, TMPDIR=str(tmp_path)).stdout


def test_a_big_file_is_found(tmp_path: Path) -> None:
    """Nobody reads it."""
    (tmp_path / "list.csv").write_bytes(b"x" * 500_001)
    assert "500,001 bytes" in checked(tmp_path / "list.csv").stdout


@pytest.mark.parametrize(
    "text",
    [
        "#!/usr/bin/env bash",
        "GET /v1/tmp/x",
        "https://api.migma.ai/home/x",
        "mgma_sk_test_…",
        "secret = key",
        "/home/ann/list.csv",
    ],
)
def test_what_is_harmless_passes(tmp_path: Path, text: str) -> None:
    """A check that cries at everything is switched off."""
    (tmp_path / "a.md").write_text(text, encoding="utf-8")
    assert (0, "") == (checked(tmp_path / "a.md").returncode, checked(tmp_path / "a.md").stdout)

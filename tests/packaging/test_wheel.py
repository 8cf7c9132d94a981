"""The artefact itself: what is in wheel and sdist, and that the wheel works with no extras, from anywhere."""

import json
import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WHEEL = f"migma_nb-{PROJECT['version']}-py3-none-any.whl"
SDIST = f"migma_nb-{PROJECT['version']}.tar.gz"
Completed = subprocess.CompletedProcess[str]
UV = [sys.executable, "-m", "uv", "--quiet", "--no-progress"]

pytestmark = pytest.mark.proof


@dataclass(frozen=True)
class Machine:
    """Runs commands in the machine's own environment; what is in that is shown to nobody."""

    env: dict[str, str] = field(repr=False)

    def run(self, *command: str | Path, folder: Path, expected: int = 0, **changes: str) -> Completed:
        """Run a command in a folder, and see that it ends as expected."""
        __tracebackhide__ = True
        found = subprocess.run(
            command, env=self.env | changes, cwd=folder, capture_output=True, text=True, check=False
        )
        if found.returncode != expected:
            pytest.fail(
                f"{command} ended with {found.returncode}:\n{found.stdout}\n{found.stderr}", pytrace=False
            )
        return found


@pytest.fixture(scope="session")
def machine() -> Machine:
    """Return the machine as it is before each test gets an empty home: its caches spare downloads."""
    ours = ("MIGMA_", "PYTHON", "VIRTUAL_ENV", "COVERAGE")
    return Machine({name: value for name, value in os.environ.items() if not name.startswith(ours)})


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory, unpack: Callable[[Path], Path]) -> Path:
    """Unpack the project in a folder whose name has a space."""
    return unpack(tmp_path_factory.mktemp("unpacked") / "migma nb")


@pytest.fixture(scope="session")
def built(archive: Path, machine: Machine) -> Path:
    """Build wheel and sdist, both from the tree, and return their folder."""
    options = ["--build-constraints", "constraints.txt", "--wheel", "--sdist", "--out-dir", "out"]
    machine.run(*UV, "build", *options, ".", folder=archive)
    return archive / "out"


def sources(package: Path) -> set[str]:
    """Return the files of the package as they stand in the tree."""
    files = {path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    return {path.relative_to(package.parent).as_posix() for path in files}


def contents(wheel: Path) -> dict[str, int]:
    """Return the checksum of each file of a wheel."""
    with zipfile.ZipFile(wheel) as opened:
        return {each.filename: each.CRC for each in opened.infolist()}


def test_the_wheel_holds_the_package_its_data_and_its_types_and_no_tests(built: Path, archive: Path) -> None:
    """What is imported is there, and nothing else."""
    names = set(contents(built / WHEEL))
    package = {name for name in names if not name.split("/")[0].endswith(".dist-info")}
    assert sources(archive / "migma_nb") == package
    assert {"migma_nb/py.typed", "migma_nb/data/people.csv", "migma_nb/data/renewal.html"} <= package
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_the_wheels_words_are_the_projects(built: Path) -> None:
    """Version, Python, licence and dependencies; the extras are optional; no address stands in it."""
    with zipfile.ZipFile(built / WHEEL) as wheel:
        [name] = [name for name in wheel.namelist() if name.endswith("/METADATA")]
        words = Parser().parsestr(wheel.read(name).decode())
    needed = words.get_all("Requires-Dist", [])
    plain = {need.split(">")[0] for need in needed if "extra ==" not in need}
    assert (PROJECT["version"], ">=3.11", "MIT") == (
        words["Version"],
        words["Requires-Python"],
        words["License-Expression"],
    )
    assert {need.split(">")[0] for need in PROJECT["dependencies"]} == plain
    assert set(PROJECT["optional-dependencies"]) == set(words.get_all("Provides-Extra", []))
    assert [] == [need for need in needed if "://" in need or " @ " in need]


def test_the_sdist_builds_the_same_wheel(built: Path, archive: Path, machine: Machine) -> None:
    """It has all that building and testing need, and no git."""
    with tarfile.open(built / SDIST) as sdist:
        names = {name.split("/", 1)[1] for name in sdist.getnames()}
    assert sources(archive / "migma_nb") | sources(archive / "tests") <= names
    assert {"Makefile", "constraints.txt", "constraints-oldest.txt", "README.md", ".ci/run"} <= names
    options = ["--build-constraints", "constraints.txt", "--wheel", "--out-dir", "again"]
    machine.run(*UV, "build", *options, f"out/{SDIST}", folder=archive)
    assert contents(built / WHEEL) == contents(archive / "again" / WHEEL)


@pytest.fixture(params=["this", "3.12", "3.13"])
def clean_room(request: pytest.FixtureRequest, built: Path, machine: Machine, tmp_path: Path) -> Path:
    """Install the wheel, no extra and nothing else in an empty environment; return its folder of commands."""
    python = sys.executable if request.param == "this" else request.param
    find = [*UV, "python", "find", "--no-project", "--no-python-downloads", python]
    if subprocess.run(find, env=machine.env, capture_output=True, check=False).returncode:
        pytest.skip(f"this machine has no Python {python}")
    inside = tmp_path / "clean room" / "bin"
    machine.run(*UV, "venv", "--no-project", "--python", python, inside.parent, folder=tmp_path)
    pins = ["-c", str(ROOT / "constraints.txt"), str(built / WHEEL)]
    machine.run(*UV, "pip", "install", "--python", inside / "python", *pins, folder=tmp_path)
    return inside


def test_the_wheel_works_with_no_extras(clean_room: Path, machine: Machine, tmp_path: Path) -> None:
    """From an empty environment and an empty home it imports, says its version, and runs the demo."""
    listed = machine.run(
        *UV, "pip", "list", "--python", clean_room / "python", folder=tmp_path
    ).stdout.lower()
    assert "migma-nb" in listed
    assert [] == [extra for extra in ("ipywidgets", "ipython", "openpyxl") if extra in listed]
    machine.run(clean_room / "python", "-W", "error", "-c", "import migma_nb", folder=tmp_path)
    command = clean_room / "migma-nb"
    version = machine.run(command, "--version", folder=tmp_path)
    assert f"migma-nb {PROJECT['version']}\n" == version.stdout
    demo = machine.run(command, "demo", folder=tmp_path, HOME=str(tmp_path / "home"))
    assert "Nobody was mailed: all 481" in demo.stdout
    assert (tmp_path / "migma-nb-demo" / "sent.csv").exists()


def test_the_wheel_rehearses_a_mailing(clean_room: Path, machine: Machine, tmp_path: Path) -> None:
    """Two people are planned and sent; a file that needs an extra gets a sentence, not a traceback."""
    (tmp_path / "people.csv").write_text("email,name\nann@x.example,Ann\nbo@x.example,Bo\n")
    (tmp_path / "mail.html").write_text("<p>Hello {{name}}</p>")
    content = ["--template", "mail.html", "--subject", "Hi"]
    mailing = ["--sender", "A <a@b.example>", "--mailing", "m", "--transactional", "--json"]
    command, home = clean_room / "migma-nb", str(tmp_path / "home")
    sent = machine.run(command, "send", "people.csv", *content, *mailing, folder=tmp_path, HOME=home)
    assert {"accepted": 2} == json.loads(sent.stdout)["counts"]
    (tmp_path / "people.xlsx").write_bytes(b"PK")
    refused = machine.run(command, "check", "people.xlsx", *content, folder=tmp_path, expected=2, HOME=home)
    assert "migma-nb[excel]" in refused.stderr
    assert "Traceback" not in refused.stderr

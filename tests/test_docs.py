"""The documents: what they name exists, what they show runs, and what people meet stands in them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import migma_nb as mg
from migma_nb.api.states import Delivery, Reason
from migma_nb.ledger.deliveries import DELIVERY_COLUMNS
from migma_nb.surface.accessor import FrameTools
from tests.checks.lists import plan
from tests.checks.test_value_shift import listed, shifted

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/*.md")])
TESTS = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests").rglob("test_*.py")))


def named(pattern: str) -> Iterator[tuple[str, str]]:
    """Yield each page's name with everything in it that fits a pattern's group."""
    for page in PAGES:
        for found in re.findall(pattern, page.read_text(encoding="utf-8")):
            yield page.name, found


def test_every_test_that_a_page_names_exists() -> None:
    """A promise whose proof was renamed is a promise without proof."""
    missing = [
        (page, name) for page, name in named(r"`(test_\w+)`") if not re.search(rf"def {name}\(", TESTS)
    ]
    assert [] == missing


def test_every_file_that_a_page_links_to_exists() -> None:
    """Links within the project lead somewhere."""
    links = named(r"\]\((?!https?:|#)([^)#]+)")
    assert [] == [
        (page, link)
        for page, link in links
        if not (ROOT / link).exists() and not (ROOT / "docs" / link).exists()
    ]


def test_every_function_that_a_page_names_exists() -> None:
    """What is typed from a page must not be an AttributeError."""
    assert [] == [(page, name) for page, name in named(r"\bmg\.(\w+)") if not hasattr(mg, name)]
    held = {"df.migma": FrameTools, "people.migma": FrameTools, "run": mg.Run, "plan": mg.SendPlan}
    for thing, kind in held.items():
        called = named(rf"(?<![\w.]){re.escape(thing)}\.(\w+)\(")
        assert [] == [(page, name) for page, name in called if not hasattr(kind, name)]


@pytest.mark.parametrize("word", [*map(str, mg.State), *map(str, Reason)])
def test_every_state_and_reason_is_explained(word: str) -> None:
    """Whoever meets one in a frame finds it."""
    assert f"| `{word}` |" in (ROOT / "docs" / "states.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", list(mg.IssueCode))
def test_every_code_is_explained_under_its_severity(code: mg.IssueCode) -> None:
    """Its rule, an example, what to do, and whether it can be repaired; and it has a test file of its own."""
    page = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
    sections = {words.partition(":")[0]: words for words in page.split("\n## ")}
    section = sections["Errors" if code.severity is mg.Severity.ERROR else "Warnings"]
    (line,) = [line for line in page.splitlines() if line.startswith(f"| `{code}` |")]
    assert line in section
    assert all(cell.strip() for cell in line.strip("|").split(" | "))
    assert 5 == len(re.split(r"(?<!\\) \| ", line.strip("| ")))
    assert (ROOT / "tests" / "checks" / f"test_{code}.py").is_file()


@pytest.mark.parametrize("code", list(mg.IssueCode))
def test_the_page_says_of_each_code_whether_it_is_repaired(code: mg.IssueCode) -> None:
    """As `plan.fix` itself says it."""
    page = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
    (line,) = [line for line in page.splitlines() if line.startswith(f"| `{code}` |")]
    says_no = line.strip("| ").split(" | ")[-1].startswith("no")
    made = plan(shifted(all_wrong(), 1, 0, 30), subject="{{first_name}} {{v}}", template="{{zip}} {{n}}")
    assert says_no is made.fix(code).changes.empty


def all_wrong() -> pd.DataFrame:
    """Return a list with an example of everything that can be repaired."""
    odd = [b"Ann", "a\nb", "<b>x</b>", "nan"]
    broken = ["Ann <ann@acme.org>", "bo@gmial.com"]
    people = listed(40)
    return people.assign(
        email=[*people["email"].head(38), *broken],
        zip=["70116"] * 39 + ["501"],
        v=pd.Series(["x"] * 36 + odd, dtype=object),
        n="7.0",
    )


def test_the_page_on_checks_runs() -> None:
    """Its lines, as one session: what is certain is repaired, and the list can be sent."""
    page = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    exec("\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL)), names)
    assert ["ann@acme.org", "bo@gmail.com", "cy@acme.org"] == names["fixed"].people["email"].tolist()
    assert names["plan"].issues.empty


def test_the_page_on_exploring_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of its lines, as one session of a live client, and the campaign goes to whom it should."""
    page = (ROOT / "docs" / "exploring.md").read_text(encoding="utf-8")
    (tmp_path / "renewal.html").write_text("<p>Hello {{first_name}}</p>", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with mg.Sandbox() as sandbox:
        for name in ("ann", "bo"):
            sandbox.server.add_contact(f"{name}@x.example", tags=["VIP"], custom_fields={"plan": "pro"})
        monkeypatch.setenv("MIGMA_API_KEY", sandbox.server.api_key)
        monkeypatch.setenv("MIGMA_BASE_URL", sandbox.url)
        exec("\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL)), {})
        assert {"News of spring": 2} == sandbox.outbox["subject"].value_counts().to_dict()


def test_the_readmes_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a CSV to a live send, its last line sent to a sandbox that plays the real server."""
    example = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    people = pd.DataFrame(
        {
            "email": ["ann@x.example", "bo@x.example"],
            "first_name": ["Ann", "Bo"],
            "renews_on": ["1 May", "2 May"],
        }
    )
    people.to_csv(tmp_path / "customers.csv", index=False)
    (tmp_path / "renewal.html").write_text("<p>Hello {{first_name}}</p>", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with mg.Sandbox() as server:
        monkeypatch.setenv("MIGMA_API_KEY", server.server.api_key)
        monkeypatch.setenv("MIGMA_BASE_URL", server.url)
        for block in example:
            exec(block, {})
        assert ["Ann, your plan renews on 1 May", "Bo, your plan renews on 2 May"] == sorted(
            server.outbox["subject"]
        )


def test_the_example_of_what_became_of_mails_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A send, a refresh, a summary and a picture."""
    page = (ROOT / "docs" / "deliveries.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(example, names)
    assert ["delivered", "suppressed"] == names["run"].frame["delivery"].tolist()
    assert (tmp_path / "run.png").read_bytes().startswith(b"\x89PNG")


def test_the_page_on_notebooks_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of its lines, with a list and a run in hand; nobody is mailed by them."""
    pytest.importorskip("ipywidgets")
    lines = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "notebook.md").read_text("utf-8"), re.DOTALL)
    (tmp_path / "renewal.html").write_text("<p>Hello {{first_name}}</p>", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    names = [f"N{at}" for at in range(20)]
    people = pd.DataFrame({"email": [f"{name}@acme.org" for name in names], "first_name": names})
    with mg.Sandbox() as sandbox:
        monkeypatch.setenv("MIGMA_API_KEY", sandbox.server.api_key)
        monkeypatch.setenv("MIGMA_BASE_URL", sandbox.url)
        plan = people.migma.plan(
            mailing="m",
            sender="A <a@acme.example>",
            subject="s",
            template="<p>x</p>",
            project_id="p",
            transactional=True,
        )
        run = plan.send(sandbox.client(), progress=False)
        held: dict[str, Any] = {"people": people, "run": run}
        exec("\n".join(lines), held)
        assert len(people) == len(sandbox.outbox)
        assert "Hello N17" == people.migma.preview(17, **held["mail"]).subject
        assert (tmp_path / "run.png").read_bytes().startswith(b"\x89PNG")


def test_the_page_on_targets_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of its lines, as one session of a live client: only the IDs and the count are this account's."""
    page = (ROOT / "docs" / "targets.md").read_text(encoding="utf-8")
    lines = "\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL))
    monkeypatch.chdir(tmp_path)
    with mg.Sandbox() as sandbox:
        monkeypatch.setenv("MIGMA_API_KEY", sandbox.server.api_key)
        monkeypatch.setenv("MIGMA_BASE_URL", sandbox.url)
        tags = {"VIP": "65f0c0ffee65f0c0ffee65f0", "German": "t_de", "French": "t_fr", "English": "t_en"}
        for name, shown in tags.items():
            assert f'"{shown}"' in lines
            lines = lines.replace(f'"{shown}"', f'"{sandbox.server.add_tag(name)["id"]}"')
            sandbox.server.add_contact(f"{name}@x.example".lower(), tags=[name])
        email = sandbox.server.add_email("Stored", "<p>News</p>")["emailId"]
        names: dict[str, Any] = {}
        exec(re.sub(r'"(…|e_de|e_fr|e_en)"', f'"{email}"', lines).replace("confirm=312", "confirm=1"), names)
        assert {"News in November": 1} == sandbox.outbox["subject"].value_counts().to_dict()
        assert 3 == names["plan"].people


@pytest.mark.parametrize("word", [*map(str, Delivery), *DELIVERY_COLUMNS])
def test_every_word_of_a_delivery_is_explained(word: str) -> None:
    """Whoever meets one in a frame finds it."""
    assert re.search(
        rf"^\|.*`{word}`.*\|", (ROOT / "docs" / "deliveries.md").read_text(encoding="utf-8"), re.MULTILINE
    )

"""`docs/api-coverage.md`: a row for each fact and endpoint, and in each row nothing that does not exist."""

import importlib
import re
from functools import reduce
from pathlib import Path

import httpx
import pytest

import migma_nb as mg
from migma_nb.sandbox import SandboxServer

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "api-coverage.md").read_text(encoding="utf-8")
FACTS, ENDPOINTS = 4, 5
Row = list[str]


def rows(page: str, columns: int) -> list[Row]:
    """The rows of a table of so many columns, without its head."""
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in page.splitlines()
        if line.startswith("|")
    ]
    return [row for row in cells if len(row) == columns and not row[0].startswith("---")][1:]


def faults(row: Row) -> list[str]:
    """What is wrong with a row: no test, a test that is none, a rule or a method that does not exist."""
    found = []
    tests = re.findall(r"`([\w./]+)::(test_\w+)`", row[2])
    if not tests:
        found.append("no test")
    for path, name in tests:
        file = ROOT / path
        if not file.is_file() or not re.search(rf"def {name}\(", file.read_text(encoding="utf-8")):
            found.append(f"{path}::{name} does not exist")
    rules = re.findall(r"`([\w.]+)`", row[3])
    if not rules:
        found.append("no rule")
    found += [f"{rule} does not exist" for rule in rules if not is_in_the_sandbox(rule)]
    if len(row) == ENDPOINTS:
        methods = re.findall(r"`mg\.([\w.]+)`", row[4])
        if not methods and row[4] != "—":
            found.append("neither a method nor —")
        found += [f"mg.{name} does not exist" for name in methods if not is_reached(mg, name.split("."))]
    return [f"{row[0]}: {each}" for each in found]


def is_in_the_sandbox(rule: str) -> bool:
    """Whether `module.name` is something of the sandbox."""
    module, *names = rule.split(".")
    try:
        return is_reached(importlib.import_module(f"migma_nb.sandbox.{module}"), names)
    except ModuleNotFoundError:
        return False


def is_reached(start: object, names: list[str]) -> bool:
    """Whether an attribute of an attribute exists."""
    return reduce(lambda found, name: getattr(found, name, None), names, start) is not None


@pytest.mark.parametrize(
    ("cell", "broken", "fault"),
    [
        (2, "", "no test"),
        (2, "`tests/test_api_coverage.py::test_that_nobody_wrote`", "does not exist"),
        (2, "`tests/no_file.py::test_x`", "does not exist"),
        (3, "", "no rule"),
        (3, "`rules.no_such_rule`", "does not exist"),
        (3, "`no_module.check`", "does not exist"),
        (4, "", "neither"),
        (4, "`mg.Migma.no_such_method`", "does not exist"),
    ],
)
def test_a_row_that_is_broken_is_found(cell: int, broken: str, fault: str) -> None:
    """A check that cannot fail is none."""
    test = "`tests/test_api_coverage.py::test_a_row_that_is_broken_is_found`"
    whole = ["`GET /x`", "what it says", test, "`rules.check`", "`mg.Migma.send`"]
    assert [] == faults(whole)
    whole[cell] = broken
    assert [True] == [fault in each for each in faults(whole)]


def test_every_row_is_whole() -> None:
    """Each names a test and a rule that exist, and methods that exist."""
    found = rows(PAGE, FACTS) + rows(PAGE, ENDPOINTS)
    assert [] == [fault for row in found for fault in faults(row)]


def test_every_fact_has_its_row() -> None:
    """S1 to S21, in order, once each."""
    assert [f"S{number}" for number in range(1, 22)] == [row[0] for row in rows(PAGE, FACTS)]


def test_every_endpoint_has_its_row() -> None:
    """Those that the sandbox's own OpenAPI document tells of, once each, and no others."""
    with SandboxServer() as server:
        paths = httpx.get(f"{server.url}/openapi.json", trust_env=False).json()["paths"]
    served = {f"`{method.upper()} {path}`" for path, methods in paths.items() for method in methods}
    found = [row[0] for row in rows(PAGE, ENDPOINTS)]
    assert (served, len(served)) == (set(found), len(found))

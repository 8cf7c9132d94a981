"""What was found and repaired is tied to the frame, and every plan on it shows it."""

import gc
import pickle
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import migma_nb as mg
from migma_nb.planning import read_report

MAILING: dict[str, Any] = {
    "mailing": "m",
    "sender": "A <a@acme.example>",
    "subject": "Hi {{name}}",
    "template": "<p>x</p>",
    "project_id": "p",
    "transactional": True,
}
ODD = "\ufeff email ;name;\r\nann@x.example;Ann;\r\n;;\r\nbo@x.example;Bo;\r\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a list with a mark, blanks around a name, a blank row and an empty column."""
    path = tmp_path / "customers.csv"
    path.write_text(ODD, encoding="utf-8", newline="")
    return path


def test_a_plan_shows_how_its_list_was_read(path: Path) -> None:
    """From a frame that was read and from the path alike, in text, in HTML and as an attribute."""
    for plan in (mg.plan(mg.read_recipients(path), **MAILING), mg.plan(path, **MAILING)):
        report = plan.reading
        assert report is not None
        assert "customers.csv: CSV, UTF-8 with a byte order mark, semicolons" == report.summary
        assert 4 == len(report.repairs)
        assert f"  Read        {report.summary}\n" in repr(plan)
        assert "4 times, see plan.reading: The byte order mark was taken off." in repr(plan)
        assert report.summary in plan._repr_html_()


def test_an_import_shows_how_its_list_was_read(path: Path) -> None:
    """As a plan does."""
    plan = mg.plan_import(path, tag="t")
    assert plan.reading is not None
    assert plan.reading.summary in " ".join(repr(plan).split())


def test_a_plan_on_a_frame_of_targets_shows_how_it_was_read(tmp_path: Path) -> None:
    """It comes from a file as well."""
    path = tmp_path / "targets.csv"
    path.write_text("recipientType,recipientEmail\nemail,ann@x.example\n", encoding="utf-8")
    plan = mg.plan(path, **MAILING | {"subject": "Hi"})
    assert "targets.csv: CSV, ASCII, commas" == getattr(plan.reading, "summary", "")


def test_a_frame_of_ones_own_has_no_report(path: Path) -> None:
    """Nor has a copy or a part of one that was read."""
    frame = mg.read_recipients(path)
    own = pd.DataFrame({"email": ["a@x.example"], "name": ["A"]})
    for other in (own, frame.copy(), frame.iloc[:1], pickle.loads(pickle.dumps(frame)), None, "x"):
        assert mg.ReadReport.of(other) is None
    assert mg.plan(own, **MAILING).reading is None
    assert "Read " not in repr(mg.plan(own, **MAILING))


def test_a_frame_that_is_gone_leaves_no_report_behind(path: Path) -> None:
    """However many are read, and whatever comes to live in their place."""
    gc.collect()
    before = len(read_report._reports)
    for _ in range(50):
        assert mg.ReadReport.of(mg.read_recipients(path)) is not None
    gc.collect()
    assert before == len(read_report._reports)


def test_a_report_as_text_lists_every_repair(path: Path) -> None:
    """One line each, below what was found."""
    assert [
        "customers.csv: CSV, UTF-8 with a byte order mark, semicolons; 2 rows × 2 columns",
        "  repaired: The byte order mark was taken off.",
        "  repaired: Blanks around 1 column name was taken off.",
        "  repaired: Blank rows were left out: line 3.",
        "  repaired: Empty columns at the end were left out: 1.",
    ] == str(mg.ReadReport.of(mg.read_recipients(path))).splitlines()


@pytest.mark.parametrize("count", [1, 2, 5, 6, 1000])
def test_many_lines_are_named_in_short(count: int, tmp_path: Path) -> None:
    """The first five and how many more."""
    path = tmp_path / "list.csv"
    path.write_text("email\n" + "\n" * count + "a@x.example\n", encoding="utf-8")
    said = getattr(mg.ReadReport.of(mg.read_recipients(path)), "repaired", "")
    expected = {1: "line 2", 2: "lines 2 and 3", 5: "lines 2, 3, 4, 5 and 6", 6: "6 and 1 more"}
    assert said.endswith(f"{expected.get(count, '6 and 995 more')}.")


def test_a_plans_id_does_not_hang_on_how_the_list_was_read(path: Path) -> None:
    """The same people and cells are the same plan."""
    own = pd.DataFrame({"email": ["ann@x.example", "bo@x.example"], "name": ["Ann", "Bo"]})
    assert mg.plan(own, **MAILING).id == mg.plan(path, **MAILING).id

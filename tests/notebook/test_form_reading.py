"""Files that the form cannot read by itself: which fields appear, what they do, and what Python then says."""

import gzip
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import migma_nb as mg
from migma_nb.notebook.form_bench import Bench
from migma_nb.notebook.form_fields import PYTHON
from tests.notebook.conftest import COMPLETE
from tests.notebook.screen import visible_parts
from tests.notebook.test_form import complete, control, seen, settled, upload

pytest.importorskip("ipywidgets")
FIELDS = ("encoding", "delimiter", "quote", "sheet", "header", "member", "hidden")
HEAD = "email,first_name,plan\n"


@pytest.fixture
def form() -> Iterator[Any]:
    """Return a form in which everything but the list is filled in."""
    with mg.Sandbox(seed=1) as sandbox:
        made = settled(mg.form(None, sandbox.client(), **COMPLETE))
        control(made, "mnb-people-kind").value = "File"
        yield made


def fields(form: Any) -> set[str]:
    """Return which fields on the reading of a file are shown."""
    shown = {name for part in visible_parts(form.widget) for name in part._dom_classes}
    return {name for name in FIELDS if f"mnb-read-{name}" in shown}


def run_in(folder: Path, lines: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run the lines of a form up to its client in a folder, and return their plan."""
    monkeypatch.chdir(folder)
    space: dict[str, Any] = {}
    exec(lines.partition("\n# client")[0], space)
    return space["plan"]


LATIN = f"{HEAD}ann@x.org,Andr\xe9,T\nbo@x.org,\x8e,T\n".encode("latin-1")
BOTH = b"first_name,plan;a,city\nAnn,T;a,Bonn\nBo,S;a,Rome\n"
BARE = b"ann@x.org,Ann,T\nbo@x.org,Bo,T\n"
ASKED = [
    (LATIN, "encoding", "cp1250", 'encoding="cp1250"'),
    (BOTH, "delimiter", ";", 'delimiter=";"'),
    (BARE, "header", "0", "header=0"),
]


@pytest.mark.parametrize("asked", ASKED, ids=[field for _, field, *_ in ASKED])
def test_what_cannot_be_found_out_is_asked_for_by_its_own_field(
    form: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: tuple[bytes, str, str, str]
) -> None:
    """That one and no other; typed in, the list is read, and the lines say how and make the same plan."""
    content, field, typed, argument = asked
    (tmp_path / "a.csv").write_bytes(content)
    assert set() == fields(form)
    upload(form, "mnb-upload-list", "a.csv", content)
    form.settle()
    assert {field} == fields(form)
    said = seen(form).partition("⚠")[2].partition(" Content ")[0]
    assert "a.csv" in said
    assert not PYTHON.search(said)
    assert form.draft.recipients is None
    control(form, f"mnb-read-{field}").value = typed
    form.settle()
    assert f'people = mg.read_recipients("a.csv", {argument})' in form.lines
    assert {field} == fields(form)
    assert "Read as CSV" in seen(form)
    if form.plan is not None:
        assert form.plan.id == run_in(tmp_path, form.lines, monkeypatch).id


def test_all_fields_that_fit_a_file_are_there_on_demand(form: Any) -> None:
    """Each with its label; of a workbook others than of a text; a wrong one says so in the form's words."""
    content = f"{HEAD}ann@x.org,Ann,T\nbo@x.org,Bo,T\n".encode()
    upload(form, "mnb-upload-list", "a.csv.gz", gzip.compress(content))
    settled(form)
    assert set() == fields(form)
    control(form, "mnb-how-read").value = True
    assert {"encoding", "delimiter", "quote", "header"} == fields(form)
    labels = [control(form, f"mnb-read-{name}").description for name in FIELDS]
    assert [
        "Encoding",
        "Delimiter",
        "Quote",
        "Sheet",
        "Header line",
        "File in the zip",
        "Hidden rows",
    ] == labels
    control(form, "mnb-read-encoding").value = "klingon"
    form.settle()
    assert "Encoding: klingon is no encoding" in seen(form)
    assert "No list is chosen now." in seen(form)
    assert control(form, "mnb-send").disabled
    control(form, "mnb-read-encoding").value = ""
    control(form, "mnb-read-header").value = "first"
    form.settle()
    assert "klingon" not in seen(form)
    said = seen(form).partition(" List ")[2].partition(" Content ")[0]
    assert "Header line: first is no number. Type 0 for no header. No list is chosen now." in said
    assert form.draft.recipients is None
    control(form, "mnb-read-header").value = ""
    form.settle()
    assert "is no number" not in seen(form)
    assert 2 == form.plan.people


def test_what_is_chosen_while_a_file_is_taken_up_has_the_last_word(form: Any) -> None:
    """Whoever overtakes what was read waits until it is taken up, rather than that it comes in afterwards."""
    bench, events, begun = Bench(form.desk, form.draft, lambda: None), [], threading.Event()
    bench.begin()

    def take_up(found: str) -> None:
        begun.set()
        time.sleep(0.2)
        events.append(found)

    bench.read("people", lambda: "the file", take_up, lambda: None)
    assert begun.wait(30)
    bench.overtake("people")
    events.append("another choice")
    bench.settle()
    assert ["the file", "another choice"] == events
    bench.read("people", lambda: time.sleep(0.2), lambda _: events.append("too late"), lambda: None)
    bench.overtake("people")
    bench.settle()
    assert ["the file", "another choice"] == events


def test_what_was_said_of_the_columns_holds_when_the_same_file_is_read_after_all(
    people: pd.DataFrame, tmp_path: Path
) -> None:
    """Whoever is told apart by a key must not be mailed again without it; another list needs its own."""
    path = tmp_path / "a.csv"
    people.assign(invoice=["1", "2", "3"]).to_csv(path, index=False)
    with mg.Sandbox() as sandbox:
        form = settled(mg.form(path, sandbox.client(), **COMPLETE, address="email", key="invoice"))
        before = form.plan.id
        control(form, "mnb-read-encoding").value = "klingon"
        form.settle()
        assert form.draft.recipients is None
        control(form, "mnb-read-encoding").value = ""
        form.settle()
        assert before == form.plan.id
        assert 'key="invoice"' in form.lines
        control(form, "mnb-read-encoding").value = "klingon"
        form.settle()
        control(form, "mnb-people-kind").value = "File"
        upload(form, "mnb-upload-list", "b.csv", f"{HEAD}bo@x.org,Bo,T\n".encode())
        form.settle()
        assert "key=" not in form.lines
        assert 1 == form.plan.people


def test_another_sheet_is_read_when_it_is_named(form: Any, tmp_path: Path) -> None:
    """The first file's words do not stay for the next one."""
    pytest.importorskip("openpyxl")
    frame = pd.DataFrame({"email": ["ann@x.org"], "first_name": ["Ann"], "plan": ["T"]})
    with pd.ExcelWriter(tmp_path / "a.xlsx") as book:
        frame.to_excel(book, sheet_name="old", index=False)
        frame.assign(email="new@x.org").to_excel(book, sheet_name="new", index=False)
    upload(form, "mnb-upload-list", "a.xlsx", (tmp_path / "a.xlsx").read_bytes())
    form.settle()
    assert {"sheet"} == fields(form)
    control(form, "mnb-read-sheet").value = "new"
    form.settle()
    assert 'mg.read_recipients("a.xlsx", sheet="new")' in form.lines
    assert ["new@x.org"] == list(form.draft.recipients.frame["email"])
    upload(form, "mnb-upload-list", "b.csv", f"{HEAD}bo@x.org,Bo,T\n".encode())
    form.settle()
    assert set() == fields(form)
    assert "sheet=" not in form.lines


def test_hidden_rows_of_a_sheet_are_asked_about(
    form: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody who was filtered out is mailed without a word; the answer stands in the lines."""
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (HEAD.strip().split(","), ["ann@x.org", "Ann", "T"], ["bo@x.org", "Bo", "T"]):
        book.active.append(row)
    book.active.row_dimensions[3].hidden = True
    book.save(tmp_path / "a.xlsx")
    upload(form, "mnb-upload-list", "a.xlsx", (tmp_path / "a.xlsx").read_bytes())
    form.settle()
    assert {"hidden"} == fields(form)
    assert "Choose Hidden rows: read to take them, Hidden rows: skip to leave them out" in seen(form)
    assert form.draft.recipients is None
    control(form, "mnb-read-hidden").value = "skip"
    form.settle()
    assert 1 == form.plan.people
    assert 'mg.read_recipients("a.xlsx", hidden="skip")' in form.lines
    assert "Repaired: 1 hidden row was left out, as given: row 3." in seen(form)
    assert form.plan.id == run_in(tmp_path, form.lines, monkeypatch).id


def test_what_was_repaired_is_said(form: Any) -> None:
    """What the file is in one line, and every repair in a line of its own; nobody's address in either."""
    upload(form, "mnb-upload-list", "a.csv", f"\ufeff{HEAD} ann@x.org ,Ann,T\n\n".encode())
    settled(form)
    assert "Read as CSV, UTF-8" in seen(form)
    assert "Repaired: The byte order mark was taken off." in seen(form)
    assert "ann@x.org" not in seen(form)


def test_lines_of_a_file_stop_where_another_file_has_its_name(
    form: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is sent, with a sentence that names the file."""
    content = f"{HEAD}ann@x.org,Ann,T\n".encode()
    upload(form, "mnb-upload-list", "a.csv", content)
    settled(form)
    (tmp_path / "a.csv").write_bytes(content)
    assert form.plan.id == run_in(tmp_path, form.lines, monkeypatch).id
    (tmp_path / "a.csv").write_bytes(content.replace(b"ann@", b"bo@"))
    with pytest.raises(mg.InputError, match=r"another file is called a\.csv here"):
        run_in(tmp_path, form.lines, monkeypatch)


def test_rows_with_errors_are_left_out_of_no_list_that_nobody_looked_at(people: pd.DataFrame) -> None:
    """The next list is to be looked at anew."""
    with mg.Sandbox(seed=1) as sandbox:
        form = complete(pd.concat([people, people.head(1).assign(email="nobody")]), sandbox)
        control(form, "mnb-skip-invalid").value = True
        control(form, "mnb-subject").value = "News, {{first_name}}"
        settled(form)
        assert control(form, "mnb-skip-invalid").value
        content = f"{HEAD}ann@x.org,Ann,T\nbroken,Bo,T\n".encode()
        upload(form, "mnb-upload-list", "a.csv", content)
        settled(form)
        control(form, "mnb-confirm").value = "1"
        assert (False, True) == (
            control(form, "mnb-skip-invalid").value,
            control(form, "mnb-send").disabled,
        )


def test_no_broken_address_is_kept_with_the_notebook(people: pd.DataFrame) -> None:
    """Whatever stands in the address column, with an @ or without; who asks sees it."""
    broken = ["jane.doe at acme.org", "JaneDoeOfAcme", "Jane Doe <janedoe>"]
    with mg.Sandbox(seed=1) as sandbox:
        form = complete(people.assign(email=broken), sandbox, subject="To {{email}}")
        for row in range(len(broken)):
            form.preview.show(row)
            kept = " ".join(str(part.get_state()) for part in _everything(form.widget)).casefold()
            assert not [one for one in ("jane.doe", "janedoe") if one in kept]
        control(form, "mnb-full-addresses").value = True
        assert "JaneDoeOfAcme" in seen(form)


def _everything(widget: Any) -> Iterator[Any]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from _everything(child)


def test_no_problem_in_the_form_speaks_python(people: pd.DataFrame) -> None:
    """Neither in the table nor beside the mail, for duplicates, gaps, floats and whatever else there is."""
    plans: list[Any] = [None, 2.0, "nan"]
    messy = pd.concat([people, people.assign(plan=plans)])
    messy["email"] = ["ann@acme.org", "ann@acme.org", "admin@gmial.com", "x@mailinator.com", "bo@", None]
    with mg.Sandbox(seed=1) as sandbox:
        form = complete(messy, sandbox, template="<p>{{first_name}} {{plan}}</p>")
        source = form.preview.source
        said = [words for row in range(source.size) for words in source.problems(row)]
        assert len(said) >= len(messy)
        assert not [words for words in said if PYTHON.search(words)]

"""The lines that the form shows as Python: they make the same plan, in this process and in a new one."""

import ast
import re
import subprocess
import sys
import textwrap
from pathlib import Path, PurePath
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import migma_nb as mg
from migma_nb.notebook.form_checks import Checker
from migma_nb.notebook.form_draft import Draft, draft_of, uploaded_list, uploaded_template
from migma_nb.notebook.form_expressions import NotWrittenError, expression
from migma_nb.notebook.form_lines import python_lines
from migma_nb.planning.plan import make_plan

COMPLETE: dict[str, Any] = {
    "mailing": "2026-11 renewal notice",
    "sender": "Acme Billing <billing@acme.example>",
    "subject": "{{first_name}}, your plan renews",
    "template": "<p>Hello {{first_name}},\nyou have {{plan}}.</p>",
    "project_id": "proj_1",
    "transactional": True,
}
PEOPLE = pd.DataFrame(
    {
        "email": ["ann@acme.org", "bo@acme.org", "ann@acme.org"],
        "First Name": ["Ann", None, "Ann"],
        "plan": ["Team", "Team", "Starter"],
    }
)
CSV = "email,First Name,plan\nann@acme.org,Ann,Team\nbo@acme.org,00501,\n"
#: What people type and paste, with all that Python has to write with care.
TEXTS = st.lists(
    st.sampled_from([*"aB3 {}\"'\\\n\t\r<>&é\u2028\x00", "{{first_name}}", "{{plan}}", '"""', "\ud800"]),
    max_size=24,
).map("".join)
COLUMNS = st.sampled_from([None, "First Name", "plan", "email"])


def checked(draft: Draft) -> Any:
    """Return what the form would find out about a draft."""
    return Checker(lambda people, arguments: make_plan(people, **arguments)).check(draft)


def lines_of(draft: Draft) -> str:
    """Return the lines up to the plan: those after it send."""
    lines = python_lines(draft, checked(draft).placeholders)
    return lines[: lines.index("\nclient =")]


def run_lines(lines: str, **in_hand: Any) -> Any:
    """Run the lines here, and return the plan."""
    space = dict(in_hand)
    exec(compile(lines, "lines", "exec"), space)
    return space["plan"]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "mailing": TEXTS,
            "subject": TEXTS,
            "template": TEXTS,
            "sender": st.sampled_from(["A <a@b.example>", '"Q, \\"x\\"" <a@b.example>', "nobody"]),
            "reply_to": st.sampled_from(["a@b.example", "B <b@b.example>"]),
            "provider": st.sampled_from(["ses", "post"]),
            "transactional": st.booleans(),
            "duplicates": st.just("first"),
            "key": st.sampled_from(["plan", "gone"]),
            "address": st.sampled_from(["email", "plan"]),
            "variables": st.dictionaries(
                st.sampled_from(["first_name", "Plan", "other"]), COLUMNS, max_size=3
            ),
            "defaults": st.dictionaries(
                st.sampled_from(["first_name", "plan"]), TEXTS | st.integers(), max_size=2
            ),
        },
    )
)
def test_the_lines_make_the_plan_that_the_form_has(given_arguments: dict[str, Any]) -> None:
    """Whatever was typed: the same id, and where the lines are refused the form has no plan either."""
    draft = draft_of(PEOPLE, {**COMPLETE, **given_arguments})
    found = checked(draft)
    try:
        made = run_lines(lines_of(draft), people=PEOPLE).id
    except mg.InputError:
        made = None
    # Where it is a question what fills a placeholder, the form asks more than the planner does.
    assert found.plan is None or found.plan.id == made


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=6,
    )
)
def test_an_expression_is_read_as_the_value_that_it_stands_for(value: Any) -> None:
    """Python reads back exactly what was there."""
    assert value == ast.literal_eval(expression(value))


def test_what_cannot_be_written_is_named_and_told() -> None:
    """A frame, a function and a list of addresses stay variables, with a line that says what they are."""
    draft = draft_of(
        PEOPLE, COMPLETE | {"exclude": ["bo@acme.org"], "formats": {"plan": str.upper}, "duplicates": "first"}
    )
    lines = lines_of(draft)
    assert "# exclude: the list that you passed to mg.form" in lines
    assert "    exclude=exclude,\n" in lines
    assert "# formats: the dict that you passed to mg.form" in lines
    assert "bo@acme.org" not in lines
    made = run_lines(lines, people=PEOPLE, exclude=["bo@acme.org"], formats={"plan": str.upper})
    assert checked(draft).plan.id == made.id
    with pytest.raises(NotWrittenError):
        expression(PEOPLE)


def test_a_new_process_makes_the_same_plan_of_uploaded_files(tmp_path: Path) -> None:
    """An upload is named by its file name, and read from there by the very functions that read it here."""
    html = "<p>Hello {{first_name}},\r\nyou have {{plan}}.</p>"
    (tmp_path / "my people.csv").write_text(CSV)
    (tmp_path / "renewal.html").write_bytes(html.encode())
    text, code = uploaded_template("C:\\mails\\renewal.html", html.encode())
    draft = draft_of(None, COMPLETE).to(uploaded_list("my people.csv", CSV.encode()))
    draft = draft.given("template", text, code).given("variables", {"plan": "email"})
    lines = lines_of(draft)
    assert 'people = mg.read_recipients("my people.csv")' in lines
    assert 'template=Path("renewal.html")' in lines
    plan = checked(draft).plan
    assert plan.id == _id_in_a_new_process(lines, tmp_path)


def test_a_new_process_makes_the_same_plan_of_a_frame_in_hand(tmp_path: Path) -> None:
    """The frame is called `people`, and a line says what it was."""
    draft = draft_of(PEOPLE, {**COMPLETE, "duplicates": "first", "defaults": {"first_name": "friend"}})
    lines = lines_of(draft)
    assert "# people: the DataFrame of 3 rows that you passed to mg.form\n" in lines
    PEOPLE.to_pickle(tmp_path / "people.pickle")
    before = "import pandas as pd\npeople = pd.read_pickle('people.pickle')\n"
    assert checked(draft).plan.id == _id_in_a_new_process(before + lines, tmp_path)


def test_a_new_process_makes_the_same_plan_of_a_tag(tmp_path: Path) -> None:
    """A tag is named by its ID; its placeholders get the same for everybody."""
    draft = draft_of(
        mg.Tag("tag_1", name="VIP"), COMPLETE | {"variables": {"plan": "Team", "first_name": "you"}}
    )
    lines = lines_of(draft)
    assert 'mg.Tag("tag_1"),' in lines
    assert checked(draft).plan.id == _id_in_a_new_process(lines, tmp_path)


def test_one_address_is_not_written_out() -> None:
    """The lines stay in the saved notebook, and so nobody's address stands in them."""
    draft = draft_of("ann@acme.org", COMPLETE | {"variables": {"plan": "Team", "first_name": "Ann"}})
    assert "ann@acme.org" not in lines_of(draft)
    assert checked(draft).plan.id == run_lines(lines_of(draft), people="ann@acme.org").id


def test_an_error_in_an_upload_names_the_file_without_its_folder() -> None:
    """Nobody is told a temporary path."""
    with pytest.raises(mg.InputError, match=re.escape("people.csv is not UTF-8: line 2")) as error:
        uploaded_list("people.csv", b"email\n\xff\xff@acme.org\n")
    assert "/" not in str(error.value).replace("UTF-8", "")
    with pytest.raises(mg.InputError, match=r"people\.doc"):
        uploaded_list("people.doc", b"email\n")
    with pytest.raises(mg.InputError, match=r"empty\.html"):
        uploaded_template("empty.html", b" ")


@pytest.mark.parametrize("name", ["../../x.csv", "C:\\x.csv", "/etc/x.csv"])
def test_an_upload_keeps_no_folder_of_its_name(name: str) -> None:
    """What the browser calls a file never decides where something is read or written."""
    assert '"x.csv"' in uploaded_list(name, CSV.encode()).before[0]
    assert PurePath(name).name  # the name itself is no empty one


def _id_in_a_new_process(lines: str, folder: Path) -> str:
    """Run lines in a new Python in a folder, and return the id of the plan that they make."""
    script = textwrap.dedent(f"{lines}\nprint(plan.id)\n")
    environment = {"PYTHONPATH": str(Path(mg.__file__).parents[1]), "HOME": str(folder), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr
    return done.stdout.strip()

"""A frame of targets: a row for each tag, segment, audience or address, with content of its own."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from migma_nb.api.errors import InputError
from migma_nb.planning.fixes import repair
from migma_nb.planning.plan import Plan
from migma_nb.planning.targets import Segment, Tag

Planner = Callable[..., Plan]

#: One tag per language, each with its own subject and stored email.
LANGUAGES = pd.DataFrame(
    {
        "recipientType": ["tag", "tag", "segment"],
        "recipientId": ["t_de", "t_fr", "s_en"],
        "subject": ["Neues im November", "Nouveautés", "News"],
        "emailId": ["e_de", "e_fr", "e_en"],
    },
    index=["de", "fr", "en"],
)
#: Such a frame brings its subject and its content itself.
OF_ROWS: dict[str, Any] = {"subject": None, "template": None, "project_id": None, "transactional": None}


def mixed(**changes: Any) -> pd.DataFrame:
    """Return a tag and two people; a changed column stands in for its own."""
    columns: dict[str, Any] = {
        "recipientType": ["tag", "email", "email"],
        "recipientId": ["t", None, None],
        "recipientEmail": [None, "ann@acme.org", "bo@acme.org"],
    }
    return pd.DataFrame({**columns, **changes})


def changed(frame: pd.DataFrame, **columns: Any) -> pd.DataFrame:
    """Return a frame with other columns."""
    return frame.assign(**columns)


def codes(made: Plan, row: int) -> set[str]:
    """Return the codes of a row's issues."""
    issues = made.issues
    return set(issues[issues["row"] == row]["code"])


def test_each_row_is_a_call_of_its_own(plan: Planner) -> None:
    """Type, ID, subject and content go out row by row; marketing by default, and said on the wire (S5)."""
    made = plan(LANGUAGES, **OF_ROWS, overlap="allowed")
    bodies = [json.loads(made.body(row)) for row in made.ready]
    assert [("tag", "t_de"), ("tag", "t_fr"), ("segment", "s_en")] == [
        (body["recipientType"], body["recipientId"]) for body in bodies
    ]
    assert [("Neues im November", "e_de"), ("Nouveautés", "e_fr"), ("News", "e_en")] == [
        (body["subject"], body["emailId"]) for body in bodies
    ]
    assert [False] * 3 == [body["transactional"] for body in bodies]
    assert ["tag:t_de", "tag:t_fr", "segment:s_en"] == [made.recipient(row) for row in made.ready]
    assert [True] * 3 == [made.is_batch(row) for row in range(3)]
    assert made.issues.empty
    pd.testing.assert_index_equal(LANGUAGES.index, made.index)
    assert "Nouveautés" == made.message(1).subject


def test_the_plan_lists_the_columns_that_it_took(plan: Planner) -> None:
    """Under their names on the wire, in either spelling."""
    frame = LANGUAGES.rename(columns={"recipientType": "recipient_type", "emailId": "email_id"})
    assert {
        "recipientType": "recipient_type",
        "recipientId": "recipientId",
        "subject": "subject",
        "emailId": "email_id",
    } == dict(plan(frame, **OF_ROWS).per_row)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"subject": "Hello"}, "subject is given twice"),
        ({"email_id": "e"}, "content is given twice"),
        ({"conversation_id": "c"}, "content is given twice"),
        ({"template": "<p>x</p>", "project_id": "p"}, "content is given twice"),
        ({"address": "mail"}, "address is for a list of people"),
        ({"exclude": ["a@x.example"]}, "exclude cannot hold for a frame with batches"),
        ({"allow": ["a@x.example"]}, "allow cannot hold"),
        ({"key": "subject"}, "key tells several mails"),
    ],
)
def test_what_the_rows_say_is_not_said_by_an_argument_too(
    plan: Planner, given: dict[str, Any], words: str
) -> None:
    """Which one counts is a question, not a guess; what could not hold for a batch is refused."""
    with pytest.raises(InputError, match=words):
        plan(LANGUAGES, **OF_ROWS | given)


@pytest.mark.parametrize(
    ("extra", "given"),
    [("variables", {"variables": ["a"]}), ("recipientEmail", {"address": "recipientEmail"})],
)
def test_variables_and_addresses_are_not_given_twice_either(
    plan: Planner, extra: str, given: dict[str, Any]
) -> None:
    """The same question for the other two fields."""
    with pytest.raises(InputError, match="given twice"):
        plan(changed(LANGUAGES, **{extra: None}), **OF_ROWS | given)


def test_two_columns_for_one_field_are_a_question(plan: Planner) -> None:
    """Both spellings at once."""
    with pytest.raises(InputError, match="2 columns for recipientId"):
        plan(changed(LANGUAGES, recipient_id="x"), **OF_ROWS)


def test_only_a_column_of_types_makes_a_frame_of_targets(plan: Planner, people: pd.DataFrame) -> None:
    """A list of people may have columns called subject or variables."""
    made = plan(people.assign(subject="x", variables="y", recipientId="z"))
    assert (3, {}, {}) == (made.people, dict(made.batches), dict(made.per_row))


@pytest.mark.parametrize(
    ("changes", "row", "code"),
    [
        ({"recipientType": ["tagg", "email", "email"]}, 0, "unknown_recipient_type"),
        ({"recipientType": [None, "email", "email"]}, 0, "unknown_recipient_type"),
        ({"recipientId": [None, None, None]}, 0, "missing_recipient_id"),
        ({"recipientId": ["a\nb", None, None]}, 0, "unserialisable_value"),
        ({"recipientId": ["t", "t", None]}, 1, "contradictory_row"),
        ({"recipientEmail": ["x@acme.org", "ann@acme.org", "bo@acme.org"]}, 0, "contradictory_row"),
        ({"recipientEmail": [None, None, "bo@acme.org"]}, 1, "missing_email"),
        ({"recipientEmail": [None, "ann@", "bo@acme.org"]}, 1, "invalid_email"),
    ],
)
def test_a_row_that_names_nobody_or_two_is_an_error_of_its_own(
    plan: Planner, changes: dict[str, Any], row: int, code: str
) -> None:
    """The others stand; an address and a tag's ID in one row contradict each other."""
    made = plan(mixed(**changes), transactional=False)
    errors = made.issues[made.issues["severity"] == "error"]
    assert [(row, code)] == list(zip(errors["row"], errors["code"], strict=True))
    assert [at for at in range(3) if at != row] == list(made.ready)
    assert "invalid" == made.state(row)
    assert all(errors["fix"])


def test_types_are_read_in_any_case_and_ids_as_numbers(plan: Planner) -> None:
    """As a spreadsheet may have them."""
    frame = pd.DataFrame({"recipient_type": [" Tag ", "SEGMENT"], "recipient_id": [17, 23]})
    made = plan(frame, transactional=None)
    assert ["tag:17", "segment:23"] == [made.recipient(row) for row in made.ready]


@pytest.mark.parametrize(
    ("subject", "email", "code"),
    [
        (None, "e", "missing_content"),
        ("a\nb", "e", "unsafe_header"),
        (["x"], "e", "unserialisable_value"),
        ("s", None, "missing_content"),
        ("{{oops", "e", "suspicious_text"),
    ],
)
def test_a_row_without_content_is_named(plan: Planner, subject: Any, email: Any, code: str) -> None:
    """Subject and content belong to every row that says its own."""
    frame = LANGUAGES.copy()
    frame["subject"] = pd.Series([subject, "b", "c"], index=frame.index, dtype=object)
    frame["emailId"] = [email, "e2", "e3"]
    assert {code} == codes(plan(frame, **OF_ROWS), 0)


def test_two_contents_in_one_row_are_a_contradiction(plan: Planner) -> None:
    """A conversation here and an email there is fine; both in one row is not."""
    frame = changed(LANGUAGES, conversationId=["c", None, None], emailId=[None, "e2", "e3"])
    made = plan(frame, **OF_ROWS)
    assert [{"c"}, {"e2"}, {"e3"}] == [
        {json.loads(made.body(row)).get(field) for field in ("conversationId", "emailId")} - {None}
        for row in range(3)
    ]
    both = plan(changed(frame, emailId=["e1", "e2", "e3"]), **OF_ROWS)
    assert {"contradictory_row"} == codes(both, 0)


def test_the_same_target_twice_is_a_duplicate(plan: Planner) -> None:
    """An audience and a segment of one ID are one recipient; a tag of that ID is another."""
    frame = pd.DataFrame({"recipientType": ["segment", "audience", "tag"], "recipientId": ["x", "x", "x"]})
    made = plan(frame, transactional=None)
    assert ["duplicate", None] == [made.state(row) for row in (1, 2)]
    assert [0, 2] == list(made.ready)
    assert not made.needs_duplicates_choice


def test_the_same_target_with_another_content_is_a_question(plan: Planner) -> None:
    """Which of the two the tag gets is not guessed, and no key tells two mails to a tag apart."""
    frame = changed(LANGUAGES, recipientType="tag", recipientId=["a", "a", "b"])
    made = plan(frame, **OF_ROWS)
    assert {"duplicate_recipient", "duplicate_differs"} == codes(made, 1)
    assert 'duplicates="first"' in made.duplicates_question
    assert "key=" not in made.duplicates_question
    assert "" == plan(frame, **OF_ROWS, duplicates="first").duplicates_question


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (LANGUAGES, "3 batches"),
        (mixed(), "1 batch"),
    ],
)
def test_who_might_be_reached_twice_is_a_question(plan: Planner, frame: pd.DataFrame, words: str) -> None:
    """Only the server knows who is in a tag: batches overlap each other and single recipients."""
    options = OF_ROWS if "subject" in frame else {"transactional": False}
    made = plan(frame, **options)
    assert words in made.overlap_question
    assert 'overlap="allowed"' in made.question
    assert "" == plan(frame, **options, overlap="allowed").question


def test_single_rows_among_several_ask_for_transactional(plan: Planner) -> None:
    """Batches alone are marketing (S5), one address is transactional (S4); together it must be said."""
    with pytest.raises(InputError, match="transactional"):
        plan(mixed(), transactional=None)
    one = mixed().iloc[[1]]
    assert plan(one, transactional=None).constants["transactional"] is True
    assert plan(mixed().iloc[[0]], transactional=None).constants["transactional"] is False
    both = plan(mixed(), transactional=True)
    assert [True] * 3 == [json.loads(both.body(row))["transactional"] for row in range(3)]


def test_variables_come_from_a_dict_or_from_json_text(plan: Planner) -> None:
    """Each row's own; names fit placeholders as columns do, and what has no value is left out."""
    cells = [{"Season": "spring", "n": 7.0, "gone": None}, '{"season": "summer"}', None]
    made = plan(
        mixed(variables=cells), subject="In {{season}}", transactional=False, defaults={"season": "x"}
    )
    assert [{"season": "spring", "n": 7.0}, {"season": "summer"}, {"season": "x"}] == [
        json.loads(made.body(row)).get("variables", {}) for row in range(3)
    ]
    assert "In summer" == made.message(1).subject


@pytest.mark.parametrize(
    "cell", ["{", "[1]", "7", 7, [1], {"x": {1}}, '{"x": Infinity}', {"x": float("inf")}]
)
def test_variables_that_are_no_object_are_an_error_of_their_row(plan: Planner, cell: Any) -> None:
    """What JSON cannot carry is an issue, not a crash."""
    made = plan(mixed(variables=[cell, None, None]), transactional=False)
    assert {"unserialisable_value"} == codes(made, 0)
    assert [1, 2] == list(made.ready)


def test_variables_come_from_columns_as_for_people(plan: Planner) -> None:
    """A single recipient must have them; what a batch lacks, the contacts' own fields may fill."""
    options = {"subject": "Hi {{first_name}}", "transactional": False}
    made = plan(mixed(**{"First Name": [None, "Ann", None]}), **options)
    assert {"first_name": "Ann"} == json.loads(made.body(1))["variables"]
    assert "variables" not in json.loads(made.body(0))
    assert [{"placeholder_unfilled"}, set(), {"missing_variable"}] == [codes(made, row) for row in range(3)]
    filled = plan(mixed(**{"First Name": [None, "Ann", None]}), **options, defaults={"first_name": "you"})
    assert "variables" not in json.loads(filled.body(0)), "a default would hide everybody's own name"
    assert {"first_name": "you"} == json.loads(filled.body(2))["variables"]


def test_a_placeholder_without_any_column_is_an_error_for_people_alone(plan: Planner) -> None:
    """Contacts may have it; a single recipient has nothing else."""
    made = plan(mixed(), subject="Hi {{first_name}}", transactional=False)
    assert [0] == list(made.ready)
    assert "missing_variable" in codes(made, 1)
    with pytest.raises(InputError, match="no column fills"):
        plan(mixed().iloc[1:], subject="Hi {{first_name}}", transactional=False)


def test_a_column_fills_only_the_rows_that_ask_for_it(plan: Planner) -> None:
    """What one language's subject asks for does not go out with the others."""
    frame = changed(LANGUAGES, subject=["Hallo {{name}}", "Bonjour", "Hi"], name=["ihr", "vous", "you"])
    made = plan(frame, **OF_ROWS)
    assert [{"name": "ihr"}, None, None] == [json.loads(made.body(row)).get("variables") for row in range(3)]


def test_hostile_values_of_a_dict_are_seen(plan: Planner) -> None:
    """The same eyes as for columns: line breaks in the subject, HTML, leftovers of spreadsheets."""
    cell = {"a": "x\ny", "b": "<b>x</b>", "c": "#REF!"}
    made = plan(
        mixed(variables=[cell, None, None]), subject="{{a}}", transactional=False, defaults={"a": "z"}
    )
    assert {"unsafe_header", "html_in_value", "suspicious_text"} == codes(made, 0)


def test_a_mail_with_nothing_behind_its_greeting_is_told_of_people_alone(plan: Planner) -> None:
    """An empty default stands in for single recipients; everybody in a tag has a name of their own."""
    frame = mixed(first_name=["", "Ann", None], recipientEmail=[None, "ann@acme.org", "bo@acme.org"])
    options = {
        "template": "<p>Dear {{first_name}},</p>",
        "transactional": False,
        "defaults": {"first_name": ""},
    }
    made = plan(frame, **options)
    told = made.issues[made.issues["code"] == "suspicious_text"]
    assert ["What stands in for first_name"] == [words[:29] for words in told["message"]]
    assert made.message(2).html == "<p>Dear ,</p>"
    assert "suspicious_text" not in set(plan(frame.iloc[:2], **options).issues["code"])


def test_what_a_row_does_not_send_is_not_read(plan: Planner) -> None:
    """A column fills only the subjects that ask for it, and is looked at where they do."""
    frame = changed(LANGUAGES, subject=["Hallo {{{name}}", "Bonjour", "Hi {{name}}"], name=["{x", "{x", "{x"])
    issues = plan(frame, **OF_ROWS, overlap="allowed").issues
    assert [(0, "name")] == list(zip(issues["row"], issues["column"], strict=True))


def test_dicts_are_repaired_in_the_form_that_they_have(plan: Planner) -> None:
    """JSON text stays JSON text, with its other values as they are; your own dicts stay as they are."""
    own = {"season": "MÃ¼tter", "n": [1, {"x": "y"}]}
    cells = [None, own, '{"Season": "nan", "n": 7.50, "ä": "<b>x</b>"}']
    frame = mixed(variables=cells)
    made = plan(frame, subject="In {{season}}", transactional=False, defaults={"season": "x"})
    fixed = repair(made)
    assert [
        (1, "variables.season", "MÃ¼tter", "Mütter"),
        (2, "variables.season", "nan", None),
        (2, "variables.ä", "<b>x</b>", "x"),
    ] == sorted(
        tuple(line)
        for line in fixed.changes[["row", "column", "before", "after"]].itertuples(index=False, name=None)
    )
    assert [{"season": "Mütter", "n": [1, {"x": "y"}]}, '{"n": 7.5, "ä": "x"}'] == fixed.people[
        "variables"
    ].tolist()[1:]
    assert "MÃ¼tter" == own["season"] == frame["variables"].iloc[1]["season"]


def test_a_frame_that_was_changed_since_is_not_repaired(plan: Planner) -> None:
    """A dict that is held by reference changes under everybody's hands."""
    own = {"season": "nan"}
    made = plan(mixed(variables=[None, own, None]), subject="In {{season}}", transactional=False)
    own["season"] = "summer"
    with pytest.raises(InputError, match="no longer what was planned"):
        repair(made)


def test_a_repaired_key_of_single_targets_stays_what_was_sent(plan: Planner) -> None:
    """As in a list of people: another key would be another mail."""
    frame = mixed(invoice=[None, "1.0", "<b>2</b>"]).iloc[1:]
    for more in ({}, {"variables": [None, {"invoice": "1.0"}, {"invoice": "<b>2</b>"}]}):
        made = plan(
            mixed(invoice=[None, "1.0", "<b>2</b>"], **more).iloc[1:] if more else frame,
            subject="{{invoice}}",
            key="variables" if more else "invoice",
            transactional=True,
        )
        assert {"html_in_value", "whole_number_as_float"} & set(made.issues["code"])
        assert repair(made).changes.empty


def test_what_is_known_of_a_target_changes_neither_plan_nor_identity(plan: Planner) -> None:
    """Name and count come from the API, and may change; the plan's id is over what is sent."""
    told, bare = Tag("t", name="VIP", count=312), Tag("t")
    assert told == bare
    assert hash(told) == hash(bare)
    assert "Tag(id='t', name='VIP', count=312)" == repr(told)
    plans = [plan(target, transactional=None) for target in (told, bare)]
    assert plans[0].id == plans[1].id
    assert [312, None] == [made.people for made in plans]
    known = plans[1].knowing([told])
    assert (312, plans[1].id) == (known.people, known.id)


def test_people_are_those_of_all_rows_or_not_known(plan: Planner) -> None:
    """Single recipients and what the batches hold; one batch that is not known makes all of it unknown."""
    made = plan(mixed(), transactional=False)
    assert (None, 2) == (made.people, made.singles)
    assert 312 == made.knowing([Tag("t", count=310)]).people
    assert made.knowing([Segment("t", count=310)]).people is None
    assert made.knowing([], "no answer came").people_note == "no answer came"


def test_the_id_follows_every_row(plan: Planner) -> None:
    """Another subject, content, target or variable of one row is another plan; another order is not."""
    base = changed(LANGUAGES, variables=[{"a": 1}, None, None])
    others = [
        changed(base, subject=["x", *base["subject"][1:]]),
        changed(base, emailId=["x", *base["emailId"][1:]]),
        changed(base, recipientId=["x", *base["recipientId"][1:]]),
        changed(base, recipientType=["segment", *base["recipientType"][1:]]),
        changed(base, variables=[{"a": 2}, None, None]),
    ]
    first = plan(base, **OF_ROWS).id
    assert 6 == len({first, *(plan(frame, **OF_ROWS).id for frame in others)})
    assert first == plan(base.iloc[::-1], **OF_ROWS).id


BYTES = """
import hashlib
import pandas as pd
from migma_nb.planning.plan import make_plan
frame = pd.DataFrame({"recipientType": ["tag", "email"], "recipientId": ["t", None],
                      "recipientEmail": [None, "ä@acme.org"], "subject": ["é {{z}}", "b"],
                      "variables": [{"z": 1, "a": {"y": 2, "b": [1.5, "ü"]}}, '{"q": 1, "b": 2}']})
plan = make_plan(frame, mailing="m", sender="A <a@b.example>", email_id="e", transactional=False)
print(plan.id, hashlib.sha256(b"".join(plan.body(row) for row in plan.ready)).hexdigest())
"""


def test_the_bytes_are_the_same_in_every_process() -> None:
    """Whatever the order that sets and dicts have there."""
    seen = set()
    for seed in ("0", "1", "4242"):
        command = [sys.executable, "-c", BYTES]
        found = subprocess.run(
            command, env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        )
        seen.add(found.stdout)
    assert 1 == len(seen)

"""`suspicious_text`: what nobody must ever read, in a cell, in the text for all, or where the two meet."""

from typing import Any

import pandas as pd
import pytest

import migma_nb as mg
from tests.checks.lists import (
    KINDS,
    TO_TARGETS,
    addressed,
    count_of,
    plan,
    plan_as,
    rows_of,
    to_targets,
    told,
)

CODE = "suspicious_text"
FRIEND = {"defaults": {"v": "friend"}}


@pytest.mark.parametrize(
    "cell",
    [
        *("nan", "NaN", " None ", "NaT", "<NA>", "null", "NULL", "undefined", "#N/A", "#REF!", "#VALUE!"),
        *("#NAME?", "#DIV/0!", "#NUM!", "[object Object]", "\\N", "####", " ######## "),
    ],
)
def test_a_stand_in_for_nothing_is_named_and_emptied(cell: str) -> None:
    """Then a default stands in, or the row says that nothing is there."""
    made = plan(addressed("Ann", cell), **FRIEND)
    assert [1] == rows_of(made, CODE)
    fixed = made.fix(CODE)
    assert [(1, "v", cell, None, CODE)] == told(fixed)
    again = plan(fixed.people, **FRIEND)
    assert ([], 2) == (rows_of(again, CODE), again.people)
    assert [1] == rows_of(plan(fixed.people), "missing_variable")


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("MÃ¼ller", "Müller"),
        ("Donâ€™t", "Don’t"),
        ("GarcÃ\xada", "García"),
        ("Å\x81Ã³dÅº", "Łódź"),
        ("ÐŸÑ€Ð¸Ð²ÐµÑ‚", "Привет"),
        ("50 â‚¬", "50 €"),
        ("Ã‰milie", "Émilie"),
    ],
)
def test_what_was_read_in_the_wrong_encoding_is_read_right(cell: str, meant: str) -> None:
    """Where the letters are all still there."""
    made = plan(addressed("Ann", cell))
    assert [1] == rows_of(made, CODE)
    assert [(1, "v", cell, meant, CODE)] == told(made.fix(CODE))


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("'00501", "00501"),
        (" '+49 (151) 123 ", "+49 (151) 123"),
        ("'12.50", "12.50"),
        ('="00501"', "00501"),
        ('="say ""hi"""', 'say "hi"'),
        ('=""', None),
    ],
)
def test_what_a_spreadsheet_put_around_a_text_is_taken_off(cell: str, meant: str | None) -> None:
    """The marks by which it keeps zeros; nobody is to read them."""
    made = plan(addressed("Ann", cell))
    assert [1] == rows_of(made, CODE)
    assert [(1, "v", cell, meant, CODE)] == told(made.fix(CODE))


@pytest.mark.parametrize(
    "cell", ["4.91512E+11", "4,91512E+11", "-1.2E-05", " 5E+15 ", "1e+22", "6.02214E+123"]
)
def test_a_number_whose_digits_are_lost_is_named_and_left_alone(cell: str) -> None:
    """Only who has the list can say which they were."""
    made = plan(addressed("Ann", cell))
    assert ([1], []) == (rows_of(made, CODE), told(made.fix(CODE)))


@pytest.mark.parametrize("cell", ["M\ufffdller", "{{first_name}}", "Ann}}", "see {{x", "[[a]] {{b}}"])
def test_what_cannot_be_known_is_left_to_its_owner(cell: str) -> None:
    """Lost letters, and braces that somebody typed."""
    made = plan(addressed("Ann", cell))
    assert ([1], []) == (rows_of(made, CODE), told(made.fix(CODE)))


@pytest.mark.parametrize(
    "cell",
    [
        "Nan",
        "Nanette",
        "None of these",
        "Null Island",
        "#1",
        "#hashtag",
        "{x}",
        "a}b",
        "Ünïcødé",
        "«Ça»",
        "Żółć",
        *(
            "'90s",
            "'26",
            "'n Beat",
            "O'Neil",
            "###",
            "# 1",
            "1E10",
            "E+11",
            "12E+05",
            "1.5E+5x",
            "2026-11-05",
        ),
        *("=", '="', '="a"b', "a=b", "N", "\\n", "\\NB"),
        *("Ã", "It’s “fine”…", "東京", "100%", "[draft]", "N/A", "-", "n.a."),
    ],
)
def test_what_only_looks_like_it_is_not_named(cell: str) -> None:
    """Names, words and every alphabet."""
    assert [] == rows_of(plan(addressed("Ann", cell)), CODE)


# --- where a value meets the text for all ---


@pytest.mark.parametrize(
    ("template", "cell"),
    [
        ("<p>{{{v}}}</p>", "{x"),
        ("<p>{{{v}}} </p>", "x}"),
        ("<p>#{{v}}/A</p>", "N"),
        ("<p>Hello {{v}}, welcome</p>", "Ann,"),
        ("<p>Total {{v}}</p>", "see #REF! below"),
        ("<p>{{v}} x</p>", "a [object Object]"),
        ('<p>{{v}}<a href="https://acme.org/?n=%7B{{v}}">x</a></p>', "%7Bx"),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_fine_alone_and_not_in_its_place_is_named(kind: str, template: str, cell: str) -> None:
    """The row whose mail reads so, and no other."""
    assert [1] == rows_of(plan_as(kind, addressed("Ann", cell, "Cy"), template=template), CODE)


def test_a_value_is_not_told_twice() -> None:
    """What the cell's own check has named is not named again for how it reads."""
    assert [1] == rows_of(plan(addressed("Ann", "nan"), subject="{{v}}", template="<p>{{v}} {{v}}</p>"), CODE)


def test_styles_scripts_and_comments_are_not_read() -> None:
    """CSS has braces."""
    template = "<style>.a{b:{{v}}}</style><!-- {{{v}}} --><p>{{v}}</p>"
    assert 0 == count_of(plan(addressed("{x", "red"), template=template), CODE)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("template", ["<p>Dear {{v}},</p>", "<p>{{v}}, hello</p>", "Dear {{v}}!"])
def test_an_empty_greeting_is_told_once_of_its_default(kind: str, template: str) -> None:
    """It is the default's doing that a mail begins with "Dear ,", and not each row's."""
    made = plan_as(kind, addressed("Ann", None, None), template=template, defaults={"v": ""})
    assert (1, []) == (count_of(made, CODE), rows_of(made, CODE))


def test_an_empty_default_that_nobody_stumbles_over_is_fine() -> None:
    """Where it leaves no mark behind."""
    assert 0 == count_of(
        plan(addressed("Ann", None), template="<p>Hello {{v}}</p>", defaults={"v": ""}), CODE
    )


def test_what_a_format_makes_of_a_value_is_read_too() -> None:
    """Its result, not the cell."""
    made = plan(addressed("1", "2"), formats={"v": lambda cell: "nan" if cell == "2" else cell})
    assert [1] == rows_of(made, CODE)


def test_what_stands_in_lists_and_objects_is_read_too() -> None:
    """A list of items in a mail."""
    assert [1, 2] == rows_of(plan(addressed(["a"], ["a", "nan"], {"a": {"b": "#REF!"}})), CODE)


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "MÃ¼ller"},
        {"template": "<p>Total: #REF!</p>"},
        {"template": "<p>\ufffd {{v}}</p>"},
        {"template": "<p>{{oops</p>"},
        {"subject": "Hi [object Object]"},
    ],
)
@pytest.mark.parametrize("kind", [*KINDS, "tag"])
def test_the_text_for_all_is_told_once(kind: str, changes: dict[str, Any]) -> None:
    """However many rows read it, or one call to everybody in a tag."""
    people = addressed("Ann", "Bo")
    made = plan(mg.Tag("t1"), **changes) if kind == "tag" else plan_as(kind, people, **changes)
    assert (1, []) == (count_of(made, CODE), rows_of(made, CODE))


@pytest.mark.parametrize(
    "template",
    [
        "<p>########</p><p>{{v}}</p>",
        "None of {{v}} null",
        "<p>{{v}} None {{v}}</p>",
        "<p>#1 and 100%{{v}}</p>",
    ],
)
def test_words_of_the_author_are_the_authors(template: str) -> None:
    """The word "None" is one."""
    assert 0 == count_of(plan(addressed("Ann", "Bo"), template=template), CODE)


def test_the_stand_in_of_a_column_for_all_is_told_once() -> None:
    """A default that is itself a left-over."""
    made = plan(addressed("Ann", None, None), defaults={"v": "nan"})
    assert (1, []) == (count_of(made, CODE), rows_of(made, CODE))


def test_a_row_for_a_tag_is_read_too() -> None:
    """In a frame of targets, values and subjects."""
    rows = [{"recipientType": "tag", "recipientId": "t1", "variables": {"v": "#REF!"}}]
    assert [0] == rows_of(to_targets(rows, subject="{{v}}"), CODE)


# --- what a row of a frame of targets says itself ---


@pytest.mark.parametrize(
    ("subject", "meant"),
    [
        ("nan", [None]),
        (" None ", [None]),
        ("MÃ¼ller {{v}}", ["Müller {{v}}"]),
        ("Hi #REF!", []),
        ("see [object Object] now", []),
        ("{{v", []),
    ],
)
def test_a_rows_own_subject_is_read(subject: str, meant: list[str | None]) -> None:
    """By itself, whoever the row is for; a left-over is emptied, and its row then has no subject."""
    subjects = {"t1": "None of it {{v}}", "t2": subject}
    rows = [{"recipientType": "tag", "recipientId": at, "subject": one} for at, one in subjects.items()]
    made = to_targets(rows, subject=None, overlap="allowed")
    assert [1] == rows_of(made, CODE)
    fixed = made.fix(CODE)
    assert [(1, "subject", subject, after, CODE) for after in meant] == told(fixed)
    assert ["missing_content" if after is None else "" for after in meant] == fixed.changes["error"].tolist()


def test_a_subject_is_read_with_the_values_of_its_own_rows() -> None:
    """Where the same subject is fine with another row's value, and the same value in another subject."""
    rows = [
        {
            "recipientType": "email",
            "recipientEmail": f"p{at}@acme.org",
            "subject": subject,
            "v": cell,
            "w": "}",
        }
        for at, (subject, cell) in enumerate(
            [
                ("Hi {{{v}}", "Ann"),
                ("Hi {{{v}}", "{x"),
                ("Hi {{v}}", "{x"),
                ("{{v}}{{w}}", "x}"),
                ("Hi", "{x"),
            ]
        )
    ]
    assert [1, 3] == rows_of(to_targets(rows, subject=None), CODE)


@pytest.mark.parametrize("cell", ["nan", "None", "#REF!", "NaT", "{{id}}", "t\ufffd"])
@pytest.mark.parametrize("column", ["recipientId", "emailId", "conversationId"])
def test_a_left_over_is_no_id(column: str, cell: str) -> None:
    """Named; a stand-in for nothing is emptied, and then the row says what it lacks."""
    fine = {"recipientType": "tag", "recipientId": "t1", "emailId": "e1"}
    rows: list[dict[str, Any]] = [fine, {**fine, "recipientId": "t2", column: cell}]
    if column == "conversationId":
        rows[1]["emailId"] = None
    made = to_targets(rows, email_id=None, overlap="allowed")
    assert [1] == rows_of(made, CODE)
    fixed = made.fix(CODE)
    emptied = cell not in {"{{id}}", "t\ufffd"}
    assert [(1, column, cell, None, CODE)] * emptied == told(fixed)
    error = "missing_recipient_id" if column == "recipientId" else "missing_content"
    assert [error] * emptied == fixed.changes["error"].tolist()


def test_left_overs_of_empty_cells_are_no_contradiction_once_they_are_gone() -> None:
    """A frame that was turned into text has "nan" where a row has no ID, or no address."""
    rows = [
        {"recipientType": "tag", "recipientId": "t1", "recipientEmail": "nan"},
        {"recipientType": "email", "recipientId": "nan", "recipientEmail": "ann@acme.org"},
    ]
    made = to_targets(rows, overlap="allowed")
    assert ([0, 1], [0, 1]) == (rows_of(made, CODE), rows_of(made, "contradictory_row"))
    assert mg.plan(made.fix().people, **TO_TARGETS, overlap="allowed").issues.empty


@pytest.mark.parametrize("cell", ["nan", "MÃ¼ller", "", "Ann,", "x\ufffd"])
def test_a_value_for_a_whole_tag_is_read(cell: str) -> None:
    """As the mail has it, and once."""
    for whom in (mg.Tag("t1"), "ann@acme.org"):
        made = plan(whom, template="<p>Dear {{v}}, hello</p>", variables={"v": cell})
        assert (1, ["v"]) == (count_of(made, CODE), made.issues["column"].tolist())
        assert 0 == count_of(plan(whom, template="<p>Dear {{v}}, hi</p>", variables={"v": "Ann"}), CODE)


@pytest.mark.parametrize(
    ("whom", "changes"),
    [
        (mg.Tag("nan"), {}),
        (mg.Tag("t1"), {"project_id": "None"}),
        ("ann@acme.org", {"sender": "nan <a@acme.org>"}),
        ("ann@acme.org", {"template": None, "project_id": None, "email_id": "#REF!"}),
    ],
)
def test_an_argument_that_is_a_left_over_is_told_once(whom: Any, changes: dict[str, Any]) -> None:
    """An ID of a lookup that found nothing."""
    assert 1 == count_of(plan(whom, **{"template": "<p>x</p>", **changes}), CODE)


def test_one_row_of_several_columns_has_a_line_for_each() -> None:
    """Each has its own repair."""
    people = pd.DataFrame({"email": ["ann@acme.org"], "a": ["nan"], "b": ["#N/A"]})
    assert [0, 0] == rows_of(plan(people, template="{{a}}{{b}}"), CODE)

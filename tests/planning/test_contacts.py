"""A list of people as contacts under a tag: which column is which field, and what the API would not take."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from migma_nb.api.errors import InputError
from migma_nb.api.states import State
from migma_nb.planning.contacts import ContactList, make_contacts


def people(**columns: Any) -> pd.DataFrame:
    """Return two people with these columns."""
    return pd.DataFrame({"email": ["ann@x.example", "bo@x.example"], **columns})


def sent(contacts: ContactList, row: int = 0) -> dict[str, Any]:
    """Return a row's contact as it goes out."""
    found: dict[str, Any] = json.loads(contacts.text(row))
    return found


def codes(contacts: ContactList) -> list[tuple[Any, str]]:
    """Return row and code of each problem."""
    return list(zip(contacts.issues["row"].tolist(), contacts.issues["code"].tolist(), strict=True))


def test_columns_become_fields_by_name_and_the_rest_custom_fields() -> None:
    """Case, spaces and underscores do not count; what is missing does not go out."""
    frame = people(
        **{"First Name": ["Ann", None], "LAST_NAME": ["Lee", "Ray"], "plan": ["Team", None], "seats": [3, 4]}
    )
    made = make_contacts(frame, tag="t")
    assert {
        "email": "ann@x.example",
        "firstName": "Ann",
        "lastName": "Lee",
        "customFields": {"plan": "Team", "seats": 3},
        "tags": ["t"],
    } == sent(made)
    assert {"email": "bo@x.example", "lastName": "Ray", "customFields": {"seats": 4}, "tags": ["t"]} == sent(
        made, 1
    )


def test_columns_can_be_said() -> None:
    """A field takes the column that is named, or none; custom fields those that are chosen."""
    frame = people(Vorname=["Ann", "Bo"], country=["Germany", "France"], a=[1, 2], b=[3, 4])
    made = make_contacts(frame, tag="t", columns={"first_name": "Vorname", "country": None}, custom=["a"])
    assert ("Ann", {"a": 1}) == (sent(made)["firstName"], sent(made)["customFields"])
    assert [] == codes(made)
    assert {"c": 3} == sent(make_contacts(frame, tag="t", custom={"c": "b"}, columns={"country": None}))[
        "customFields"
    ]
    kept = make_contacts(frame, tag="t", columns={"country": None})
    assert {"country": "Germany", "Vorname": "Ann", "a": 1, "b": 3} == sent(kept)["customFields"]
    assert "customFields" not in sent(make_contacts(people(a=[1, 2]), tag="t", custom=None))


def test_custom_fields_are_named_as_placeholders_are_sent() -> None:
    """{{renews on}} goes out as {{renews_on}}, and so must the field that fills it."""
    assert {"renews_on": "x"} == sent(make_contacts(people(**{"renews on": ["x", "y"]}), tag="t"))[
        "customFields"
    ]
    with pytest.raises(InputError, match="Two columns would both be the custom field 'renews_on'"):
        make_contacts(people(**{"renews on": [1, 2], "renews_on": [1, 2]}), tag="t")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"tag": None}, "needs the name of a tag"),
        ({"tag": " "}, "needs the name of a tag"),
        ({"tag": "x" * 101}, "101 characters, more than 100"),
        ({"tag": "a\nb"}, "line break"),
        ({"columns": {"town": "a"}}, "'town', which is no field"),
        ({"columns": {"email": "a"}}, "address has an argument"),
        ({"columns": {"phone": "b"}}, "does not have"),
        ({"columns": ["a"]}, "not a dict"),
        ({"custom": 3}, "custom is 3"),
        ({"custom": ["b"]}, "does not have"),
        ({"duplicates": "last"}, "duplicates is 'last'"),
        ({"resubscribe": "yes"}, "resubscribe is 'yes'"),
        ({"address": "b"}, "does not have"),
    ],
)
def test_an_argument_that_cannot_be_used_is_named(arguments: dict[str, Any], words: str) -> None:
    """Each error says what to write."""
    with pytest.raises(InputError, match=words) as raised:
        make_contacts(people(a=[1, 2]), **{"tag": "t", **arguments})
    assert raised.value.hint


def test_two_columns_for_one_field_are_a_question() -> None:
    """No guess; the hint has the line to type."""
    with pytest.raises(InputError, match="2 columns could be the contact's firstName") as raised:
        make_contacts(people(**{"first_name": ["a", "b"], "First Name": ["c", "d"]}), tag="t")
    assert "columns={\"firstName\": 'first_name'}" in str(raised.value.hint)


def test_no_rows_are_no_import() -> None:
    """As for a mailing."""
    with pytest.raises(InputError, match="no rows"):
        make_contacts(people().iloc[:0], tag="t")


@pytest.mark.parametrize(
    ("field", "given", "goes_out"),
    [
        ("country", "de", "DE"),
        ("country", " FR ", "FR"),
        ("language", "pt_BR", "pt-BR"),
        ("phone", 491701234567, "491701234567"),
        ("phone", "+49 170 1234567", "+49 170 1234567"),
        ("firstName", 7, "7"),
        ("lastName", " Lee ", "Lee"),
    ],
)
def test_fields_go_out_as_the_api_takes_them(field: str, given: Any, goes_out: str) -> None:
    """Texts, whatever type a column has; codes in their own spelling."""
    assert goes_out == sent(make_contacts(people(**{field: [given, given]}), tag="t"))[field]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("country", "Germany", "invalid_field"),
        ("country", "D", "invalid_field"),
        ("language", "German", "invalid_field"),
        ("phone", "0" * 31, "invalid_field"),
        ("phone", True, "invalid_field"),
        ("firstName", ["Ann"], "invalid_field"),
        ("firstName", "Ann\r\nBcc: x@y.example", "unsafe_header"),
        ("lastName", b"x", "unserialisable_value"),
    ],
)
def test_what_the_api_would_not_take_is_an_error_of_its_row(field: str, value: Any, code: str) -> None:
    """With a fix; the other row is ready."""
    cells = np.empty(2, dtype=object)
    cells[:] = ["", value]
    made = make_contacts(people(**{field: cells}), tag="t")
    assert [(1, code)] == codes(made)
    assert made.has_errors
    assert [0] == list(made.ready)
    assert all(made.issues["fix"])


def test_the_checks_of_a_mailing_are_made() -> None:
    """The same rules, codes and columns of the issues."""
    frame = pd.DataFrame(
        {
            "email": ["ann@acme.com", None, "bad", "Ann@Acme.com", "d@gmial.com"],
            "firstName": ["Ann", "B", "C", "Else", "#N/A"],
            "note": ["<b>", "", "", "", ""],
        }
    )
    made = make_contacts(frame, tag="t")
    assert {
        (0, "duplicate_recipient"),
        (0, "html_in_value"),
        (1, "missing_email"),
        (2, "invalid_email"),
        (3, "duplicate_recipient"),
        (3, "duplicate_differs"),
        (4, "lookalike_domain"),
        (4, "suspicious_text"),
    } == set(codes(made))
    assert ["key=" in fix for fix in made.issues["fix"]] == [False] * len(made.issues)
    states = [preset[0] if (preset := made.preset(row)) else None for row in range(5)]
    assert [None, State.INVALID, State.INVALID, State.DUPLICATE, None] == states
    assert 'duplicates="first"' in made.duplicates_question
    assert "" == make_contacts(frame, tag="t", duplicates="first").duplicates_question


def test_the_excluded_are_left_out() -> None:
    """As in a mailing."""
    made = make_contacts(people(), tag="t", exclude=["BO@x.example"])
    assert [0] == list(made.ready)
    assert State.EXCLUDED == (made.preset(1) or ("",))[0]


def test_subscribed_is_not_sent_unless_it_is_meant() -> None:
    """A new contact is subscribed by itself; an older one, who may have left, stays as it is."""
    frame = people(status=["active", "Unsubscribed"])
    made = make_contacts(frame, tag="t")
    assert "status" not in sent(made)
    assert "unsubscribed" == sent(made, 1)["status"]
    assert {"subscribed": 1, "unsubscribed": 1} == dict(made.statuses)
    again = make_contacts(frame, tag="t", resubscribe=True)
    assert ["subscribed", "unsubscribed"] == [sent(again, row)["status"] for row in (0, 1)]
    everybody = make_contacts(people(), tag="t", resubscribe=True)
    assert ["subscribed"] * 2 == [sent(everybody, row)["status"] for row in (0, 1)]


def test_a_status_of_something_else_is_a_custom_field() -> None:
    """Lists of customers have such columns; only one with the API's own words is taken for the field."""
    assert {"status": "gold"} == sent(make_contacts(people(status=["gold", "active"]), tag="t"))[
        "customFields"
    ]
    named = make_contacts(people(status=["gold", "bounced"]), tag="t", columns={"status": "status"})
    assert [(0, "invalid_field")] == codes(named)


def test_requests_hold_at_most_5000_contacts_and_not_too_many_bytes() -> None:
    """The same rows are always parted alike, so that what was lost is asked for under the same key."""
    many = pd.DataFrame({"email": [f"p{n}@x.example" for n in range(12_000)]})
    made = make_contacts(many, tag="t")
    assert [5_000, 5_000, 2_000] == [len(part) for part in made.chunks()]
    assert made.chunks() == make_contacts(many, tag="t").chunks()
    long = make_contacts(many.head(10).assign(note="x" * 1_000_000), tag="t")
    assert max(len(long.body(part, "p")) for part in long.chunks()) < 5_000_000
    assert list(range(10)) == [row for part in long.chunks() for row in part]


def test_a_request_is_the_project_and_its_contacts() -> None:
    """The exact bytes, which are JSON."""
    made = make_contacts(people(firstName=["Änn", None]), tag="t")
    assert {"projectId": 'p"1', "subscribers": [sent(made, 0), sent(made, 1)]} == json.loads(
        made.body([0, 1], 'p"1')
    )


def test_the_list_id_hangs_on_what_is_imported() -> None:
    """Not on the order of rows or on the index; on every value and on the tag."""
    frame = people(firstName=["Ann", "Bo"])
    one = make_contacts(frame, tag="t")
    assert one.id == make_contacts(frame.iloc[::-1], tag="t").id
    assert one.id != make_contacts(frame, tag="u").id
    assert one.id != make_contacts(people(firstName=["Ann", "Bob"]), tag="t").id
    assert one.digest(0) == make_contacts(frame.iloc[::-1], tag="t").digest(1)

"""Internationalised addresses: accepted, one person in either spelling, sent as they were written."""

import pandas as pd
import pytest

import migma_nb as mg
from tests.checks.lists import plan, rows_of


@pytest.mark.parametrize(
    "address",
    [
        "info@müller.de",
        "jürgen@müller.de",
        "δοκιμή@παράδειγμα.ελ",
        "почта@пример.рф",
        "用户@例子.广告",
        "संपर्क@डेटामेल.भारत",
        "ann@bücher.co.at",
        "ann@xn--bcher-kva.ch",
    ],
)
def test_it_is_valid_and_goes_out_as_it_was_written(address: str) -> None:
    """No domain is rewritten on the way: the API documents neither form, so that yours is kept."""
    with mg.Sandbox() as sandbox:
        run = plan([{"email": address, "v": 1}]).send(sandbox.client(), progress=False)
        assert [address] == sandbox.outbox["to"].tolist()
        assert ["accepted"] == run.frame["state"].astype(str).tolist()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ann@müller.de", "ann@xn--mller-kva.de"),
        ("ann@MÜLLER.de", "Ann@müller.de"),
        ("ann@mu\u0308ller.de", "ann@müller.de"),
        ("jose\u0301@acme.org", "josé@acme.org"),
        ("JÜRGEN@acme.org", "jürgen@acme.org"),
        ("ann@faß.de", "ann@xn--fa-hia.de"),
        ("ann@пример.рф", "ann@xn--e1afmkfd.xn--p1ai"),
    ],
)
def test_two_spellings_of_an_address_are_one_person(one: str, other: str) -> None:
    """Nobody is mailed twice for having an umlaut."""
    made = plan(pd.DataFrame({"email": [one, other], "v": [1, 1]}))
    assert (1, [0, 1]) == (made.people, rows_of(made, "duplicate_recipient"))
    assert 0 == len(plan([{"email": one, "v": 1}], exclude=[other]).issues.query("severity == 'error'"))
    assert 0 == plan([{"email": one, "v": 1}], exclude=[other]).people


@pytest.mark.parametrize(("one", "other"), [("ann@faß.de", "ann@fass.de"), ("jürgen@a.org", "juergen@a.org")])
def test_two_people_stay_two(one: str, other: str) -> None:
    """Addresses that only sound alike are two persons' own."""
    assert 2 == plan(pd.DataFrame({"email": [one, other], "v": [1, 1]})).people


def test_its_request_is_json_in_utf_8_of_the_very_letters() -> None:
    """As JSON is defined; no other encoding is left to be guessed."""
    with mg.Sandbox() as sandbox:
        plan([{"email": "jürgen@müller.de", "v": "ß"}]).send(sandbox.client(), progress=False)
        (line,) = sandbox.outbox.to_dict("records")
    assert ("jürgen@müller.de", "<p>Hello ß!</p>") == (line["to"], line["html"])

"""`plan.fix` and the mails after it: nobody gets one twice, or one that was not for them."""

import pytest

import migma_nb as mg
from tests.checks.lists import addressed, plan, rows_of, told


def test_a_repaired_key_mails_nobody_twice() -> None:
    """A key says which mail a row is: another one would be sent to who has that mail already."""
    mail = {"template": "<p>{{invoice}} {{v}}</p>", "key": "invoice", "defaults": {"v": "you"}}
    people = addressed("nan", "<b>Bo</b>").assign(invoice=["1001.0", "1002.0"])
    with mg.Sandbox() as sandbox:
        made = plan(people, **mail)
        made.send(sandbox.client(), progress=False)
        fixed = made.fix()
        assert ["v", "v"] == fixed.changes["column"].tolist()
        plan(fixed.people, **mail).send(sandbox.client(), progress=False)
        assert 2 == len(sandbox.outbox)


def test_a_key_that_cannot_be_sent_is_repaired() -> None:
    """Nobody was mailed under it."""
    people = addressed("Ann", "Bo").assign(invoice=[b"1001", "1002"])
    fixed = plan(people, key="invoice").fix()
    assert [(0, "invoice", b"1001", "1001", "unserialisable_value")] == told(fixed)


@pytest.mark.parametrize("typed", ["cy@gmial.com", "cy@acme,org", "Cy <cy@acme,org>", "mailto:cy@gmial.com"])
def test_who_is_excluded_as_they_stand_here_stays_so(typed: str) -> None:
    """A repaired address would not be on the exclusion list, and its owner would be mailed after all."""
    people = addressed("Ann", "Cy").assign(email=["ann@acme.org", typed])
    made = plan(people, address="email", exclude=[typed])
    again = plan(made.fix().people, address="email", exclude=[typed])
    assert ([], 1) == (told(made.fix()), again.people)


def test_what_a_format_takes_away_again_is_no_change() -> None:
    """A postal code whose zeros the format drops is repaired once, and is listed once."""
    people = addressed(*["70116"] * 9, "501", name="zip")
    fixed = plan(people, template="{{zip}}", formats={"zip": lambda code: str(int(code))}).fix()
    assert [(9, "zip", "501", "00501", "lost_leading_zeros")] == told(fixed)


def test_two_columns_that_are_shown_alike_are_not_mixed_up() -> None:
    """Whose problem it is cannot be told from the name: no cell is repaired for another column's sake."""
    first, second = "zip\x07", "zip\\x07"
    people = addressed(*["70116"] * 9, "501", name=first).assign(**{second: ["123456"] * 9 + ["42"]})
    mail = {"template": "{{v}} {{w}}", "variables": {"v": first, "w": second}}
    made = plan(people, **mail)
    assert [9] == rows_of(made, "lost_leading_zeros")
    assert [] == told(made.fix())

"""From a frame to a tag to mail, by few calls: against the real sandbox, over HTTP."""

import re

import pytest

import migma_nb as mg
from tests.importing.lists import TAG, asked, people


@pytest.mark.proof
def test_twelve_thousand_are_imported_and_mailed_by_tag_in_at_most_ten_posts(sandbox: mg.Sandbox) -> None:
    """Unsubscribed and bounced ones are not mailed, and each of them is accounted for."""
    server, frame = sandbox.server, people(12_000, renews_on="2026-12-01")
    gone, bounced = frame["email"][:300], frame["email"][300:400]
    for status, addresses in (("unsubscribed", gone), ("bounced", bounced)):
        for address in addresses:
            server.add_contact(address, status=status)
    client = sandbox.client()
    result = mg.import_contacts(frame, client, tag=TAG, account="rows", progress=False)
    assert (12_000, {"accepted": 12_000}) == (len(result.frame), dict(result.counts))
    statuses = result.frame["contact_status"].value_counts().to_dict()
    assert {"subscribed": 11_600, "unsubscribed": 300, "bounced": 100} == statuses
    assert ["unsubscribed"] * 300 == result.frame["contact_status"][:300].tolist()
    assert result.frame["contact_id"].notna().all()
    plan = mg.plan(
        result.tag,
        mailing="renewal",
        sender="Acme <billing@acme.example>",
        subject="Your plan renews",
        template="<p>Hello {{first_name}}, on {{renews_on}}</p>",
        project_id=server.project_id,
    )
    run = plan.send(client, progress=False)
    assert {"accepted": 1} == dict(run.counts)
    mailed = set(sandbox.outbox["to"])
    assert (11_600, set()) == (len(sandbox.outbox), mailed & {*gone, *bounced})
    assert mailed == set(frame["email"][400:])
    posts = {what: count for what, count in asked(server).items() if what.startswith("POST")}
    assert {"POST /v1/contacts/bulk": 3, "POST /v1/sending": 1} == posts


def test_the_forecast_says_how_many_calls_each_account_takes(sandbox: mg.Sandbox) -> None:
    """Before anything is sent, and it is so."""
    plan = mg.plan_import(people(5_200), tag=TAG)
    assert [2, 2] == plan.forecast["requests"].tolist()
    assert [4, 56] == plan.forecast["reads"].tolist()
    assert 'account="rows" says of each row whether it is in, and takes 56 reads' in " ".join(
        repr(plan).split()
    )
    for account, reads in plan.forecast["reads"].items():
        before = asked(sandbox.server)
        result = plan.send(sandbox.client(account=str(account)), account=str(account), progress=False)
        calls = asked(sandbox.server) - before
        project = calls["GET /v1/projects"]
        assert (2, reads + project) == (
            calls["POST /v1/contacts/bulk"],
            sum(count for what, count in calls.items() if what.startswith("GET")),
        )
        assert re.search(rf"2 requests, {reads} reads; nobody was mailed", result.summary())


def test_every_row_is_accounted_for_in_its_order_and_under_its_index(sandbox: mg.Sandbox) -> None:
    """Invalid rows, duplicates and excluded ones too; beside the input, and as CSV."""
    frame = people(6)
    frame.loc[1, "email"] = "broken"
    frame.loc[4, "email"] = "p0@d0.example"
    frame.loc[4, "first_name"] = "N0"
    frame.index = list("abcdef")
    plan = mg.plan_import(frame, tag=TAG, exclude=["p5@d5.example"])
    result = plan.send(sandbox.client(), skip_invalid=True, progress=False)
    states = ["accepted", "invalid", "accepted", "accepted", "duplicate", "excluded"]
    assert states == result.frame["state"].tolist()
    assert list("abcdef") == result.frame.index.tolist()
    assert frame["email"].tolist() == result.frame["recipient"].tolist()
    assert states == result.join(frame)["state"].tolist()
    assert (3, mg.RunState.FINISHED) == (plan.people, result.state)
    assert {"p0@d0.example", "p2@d2.example", "p3@d3.example"} == set(sandbox.contacts["email"])


def test_one_broken_among_5001_stops_nobody(sandbox: mg.Sandbox) -> None:
    """5,000 are imported by one request; without skip_invalid nothing is sent."""
    frame = people(5_001)
    frame.loc[17, "email"] = "p17@@x.example"
    with pytest.raises(mg.InputError, match="row 17, invalid_email"):
        mg.import_contacts(frame, sandbox.client(), tag=TAG, progress=False)
    assert 0 == asked(sandbox.server)["POST /v1/contacts/bulk"]
    result = mg.import_contacts(frame, sandbox.client(), tag=TAG, skip_invalid=True, progress=False)
    assert {"accepted": 5_000, "invalid": 1} == dict(result.counts)
    assert 1 == asked(sandbox.server)["POST /v1/contacts/bulk"]


def test_values_arrive_as_they_were_planned(sandbox: mg.Sandbox) -> None:
    """Fields, custom fields of every kind, and the tag by its name."""
    frame = people(1, country="de", seats=3, note="Größe")
    mg.import_contacts(frame, sandbox.client(), tag=TAG, progress=False)
    [contact] = sandbox.server.contacts()
    assert ("N0", "DE", [TAG]) == (contact["firstName"], contact["country"], contact["tags"])
    assert {"seats": 3, "note": "Größe"} == contact["customFields"]


def test_older_members_of_a_tag_are_said(sandbox: mg.Sandbox) -> None:
    """Mail to the tag reaches them too; exactly where the tag was read, else at most."""
    for number in range(7):
        sandbox.server.add_contact(f"old{number}@x.example", tags=[TAG])
    told = mg.import_contacts(people(3), sandbox.client(), tag=TAG, progress=False).summary()
    assert "also holds up to 7 people who are not in this list" in told
    exact = mg.import_contacts(people(3), sandbox.client(), tag=TAG, account="rows", progress=False)
    assert "also holds 7 people who are not in this list" in exact.summary()
    fresh = mg.import_contacts(people(3), sandbox.client(), tag="fresh", progress=False)
    assert "also holds" not in fresh.summary()


def test_few_people_under_a_large_tag_are_read_one_by_one(sandbox: mg.Sandbox) -> None:
    """Whichever takes fewer calls."""
    for number in range(350):
        sandbox.server.add_contact(f"old{number}@x.example", tags=[TAG])
    before = asked(sandbox.server)
    result = mg.import_contacts(people(2), sandbox.client(), tag=TAG, account="rows", progress=False)
    # Two of them, and twice the unsubscribed are counted; four pages would hold the tag.
    assert 2 + 2 == (asked(sandbox.server) - before)["GET /v1/contacts"]
    assert result.frame["contact_id"].notna().all()

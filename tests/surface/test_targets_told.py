"""Who a target is and how many people it holds, as Migma tells it; what is clearly wrong is refused early."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest

import migma_nb as mg
from migma_nb.planning.options import PlanOptions
from migma_nb.sandbox import SandboxServer
from migma_nb.sending import headcount

OPTIONS: dict[str, Any] = {
    "mailing": "m",
    "sender": "A <a@b.example>",
    "subject": "Hi",
    "template": "<p>x</p>",
    "project_id": "p",
}
Client = Callable[..., mg.Migma]


@pytest.fixture
def sandbox() -> Iterator[mg.Sandbox]:
    """A sandbox with a tag of three people, a segment of one, and an empty tag."""
    with mg.Sandbox() as made:
        made.server.add_tag("VIP")
        made.server.add_tag("Nobody")
        for n in range(3):
            made.server.add_contact(f"p{n}@d.example", tags=["VIP"])
        made.server.add_segment("Gold", tags=[])
        yield made


def tag(sandbox: mg.Sandbox, name: str = "VIP") -> str:
    """Return a tag's ID."""
    return str(next(one["id"] for one in sandbox.server.tags() if one["name"] == name))


def segment(sandbox: mg.Sandbox) -> str:
    """Return the segment's ID."""
    return str(sandbox.server.segments()[0]["id"])


def asked(sandbox: mg.Sandbox) -> list[str]:
    """Return the paths that were asked for so far."""
    return [str(request["path"]) for request in sandbox.server.requests()]


def test_a_plan_shows_the_targets_name_and_how_many_people_it_holds(sandbox: mg.Sandbox) -> None:
    """With a client; without one it knows neither, and its id is the same."""
    told = mg.plan(mg.Tag(tag(sandbox)), client=sandbox.client(), **OPTIONS)
    bare = mg.plan(mg.Tag(tag(sandbox)), **OPTIONS)
    assert (3, None) == (told.people, bare.people)
    assert told.id == bare.id
    for shown in (repr(told), told._repr_html_()):
        assert "VIP" in shown
        assert "3 people" in shown
    assert "confirm=3" in repr(told)
    assert f"confirm='{bare.id}'" in repr(bare)
    assert "how many people is not known; mg.plan(…, client=client)" in " ".join(repr(bare).split())


def test_an_audience_is_told_as_the_segment_that_it_is(sandbox: mg.Sandbox) -> None:
    """The API's two words for one thing."""
    for kind in (mg.Segment, mg.Audience):
        plan = mg.plan(kind(segment(sandbox)), client=sandbox.client(), **OPTIONS)
        assert plan.people == sandbox.server.segments()[0]["count"]
        assert "Gold" in repr(plan)


def test_what_a_target_knows_already_is_not_asked_for(sandbox: mg.Sandbox) -> None:
    """Not by the plan; a people's list asks for nothing either."""
    known = mg.Tag(tag(sandbox), name="VIP", count=3)
    assert 3 == mg.plan(known, client=sandbox.client(), **OPTIONS).people
    assert 1 == mg.plan("a@x.example", client=sandbox.client(), **OPTIONS).people
    assert [] == asked(sandbox)


def test_a_frame_of_targets_is_told_in_few_calls(sandbox: mg.Sandbox) -> None:
    """One list in place of many single reads."""
    for n in range(10):
        sandbox.server.add_tag(f"t{n}")
        sandbox.server.add_contact(f"q{n}@d.example", tags=[f"t{n}"])
    ids = [one["id"] for one in sandbox.server.tags() if one["name"].startswith("t")]
    frame = pd.DataFrame({"recipientType": "tag", "recipientId": ids})
    plan = mg.plan(frame, client=sandbox.client(), **OPTIONS)
    assert 10 == plan.people
    assert 6 > len(asked(sandbox))


@pytest.mark.parametrize("at_the_plan", [True, False])
@pytest.mark.parametrize(
    ("target", "words"),
    [
        (lambda _: mg.Tag("0" * 24), "no tag with the ID '0+'.*Its tags are such as .*VIP"),
        (lambda _: mg.Tag("vip"), r"That is a tag's name; its ID is another: write mg\.Tag\('"),
        (lambda _: mg.Tag("VIPs"), "Did you mean 'VIP' "),
        (
            lambda sandbox: mg.Tag(segment(sandbox)),
            r"is the ID of a segment \('Gold'\), not of a tag.*mg\.Segment",
        ),
        (
            lambda sandbox: mg.Segment(tag(sandbox)),
            r"is the ID of a tag \('VIP'\), not of a segment.*mg\.Tag",
        ),
    ],
)
def test_what_the_api_clearly_does_not_know_is_refused_before_anything_is_posted(
    sandbox: mg.Sandbox, target: Callable[[mg.Sandbox], Any], words: str, *, at_the_plan: bool
) -> None:
    """By the plan where it has a client, and by the send in any case."""
    client, whom = sandbox.client(), target(sandbox)
    if at_the_plan:
        with pytest.raises(mg.InputError, match=words):
            mg.plan(whom, client=client, **OPTIONS)
    else:
        plan = mg.plan(whom, **OPTIONS)
        with pytest.raises(mg.InputError, match=words):
            plan.send(client, progress=False)
    assert not any(request["method"] == "POST" for request in sandbox.server.requests())


def test_a_tag_with_nobody_in_it_is_refused_at_the_send(sandbox: mg.Sandbox) -> None:
    """The plan shows it; in a frame the row is named."""
    client = sandbox.client()
    plan = mg.plan(mg.Tag(tag(sandbox, "Nobody")), client=client, **OPTIONS)
    assert 0 == plan.people
    with pytest.raises(mg.InputError, match="holds nobody"):
        plan.send(client, progress=False)
    frame = pd.DataFrame({"recipientType": "tag", "recipientId": [tag(sandbox), tag(sandbox, "Nobody")]})
    with pytest.raises(mg.InputError, match=r"Row 1: The tag 'Nobody' .* holds nobody"):
        mg.plan(frame, overlap="allowed", **OPTIONS).send(client, progress=False)
    assert 0 == len(sandbox.outbox)


def test_a_key_that_may_not_read_stops_no_send(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said why the number is not known."""
    monkeypatch.setattr("migma_nb.sending.batches.STANDSTILL_S", 0.1)
    with mg.Sandbox() as sandbox, SandboxServer(batch_seconds=0) as server:
        made = server.add_tag("VIP")
        server.add_contact("a@d.example", tags=["VIP"])
        key = server.make_key(["email:send"])
        client = mg.Migma(key, base_url=server.url, rate="1000/second")
        plan = mg.plan(mg.Tag(made["id"]), client=client, **OPTIONS)
        assert plan.people is None
        assert "HTTP 403" in repr(plan)
        run = plan.send(client, confirm=plan.id, progress=False, ledger=sandbox.ledger)
        assert {"accepted": 1} == run.counts
        assert "email:read" in run.frame["detail"].iloc[0]


def test_no_network_and_no_answer_in_time_are_no_clear_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plan is made all the same, and soon."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setattr(headcount, "LONGEST_LOOK_S", 0.3)
        client = mg.Migma("k" * 20, base_url=f"http://127.0.0.1:{taken.getsockname()[1]}", timeout=5)
        plan = mg.plan(mg.Tag("t"), client=client, **OPTIONS)
    assert plan.people is None
    assert "no clear answer came" in repr(plan)


def test_a_plan_takes_what_planning_takes_and_a_client() -> None:
    """The arguments are listed once for people and once as options; the two agree."""
    import inspect  # noqa: PLC0415 - only here

    listed = set(inspect.signature(mg.plan).parameters) - {"recipients", "client"}
    assert listed == set(PlanOptions.__dataclass_fields__)
    key: Any = "key"
    with pytest.raises(mg.InputError, match=r"no mg\.Migma"):
        mg.plan("a@x.example", client=key, **OPTIONS)

"""Whatever a cell or an argument holds: refused with a code before the send, or carried as it is."""

import json
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import migma_nb as mg
from migma_nb.sending.account_files import neutral
from tests.servers.answering import AnsweringServer, Reply

HOSTILE = [
    "Ann\r\nBcc: evil@evil.example",
    "\0",
    "a\0b",
    "\u202eevil\u202c",
    "\u2066x",
    "\ud800",
    "a\udfffb",
    "😀" * 2500,
    "👩\u200d👩\u200d👧",
    "\x1b[2J\x1b]0;title\x07",
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{name}}",
    "{{{{x}}}}",
    "=cmd|' /C calc'!A0",
    "e\u0301 é",
    "\ufeffx",
    "\u2028\u2029\x85",
    "\\u0000",
    "'",
    "%00%0d%0a",
]
#: Everything that a Python string can hold, half surrogate pairs included.
TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(codec=None, exclude_categories=())))
BY_EXAMPLES = settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def server() -> Iterator[AnsweringServer]:
    """A server that takes everything."""
    taken = Reply(200, b'{"success":true,"data":{"id":"m","status":"completed"}}')
    with AnsweringServer(lambda _: taken) as made:
        yield made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the ledgers of all examples are."""
    return tmp_path_factory.mktemp("ledgers")


@pytest.fixture(scope="module")
def sent(server: AnsweringServer, folder: Path) -> Callable[[mg.SendPlan], tuple[list[bytes], mg.Run]]:
    """Return a function that sends a plan live and returns the bodies that arrived, and the run."""
    made: list[int] = []

    def send(plan: mg.SendPlan) -> tuple[list[bytes], mg.Run]:
        made.append(len(made))
        server.requests.clear()
        client = mg.Migma("k" * 20, base_url=server.url, rate="5000/second", workers=1)
        ledger = folder / f"{len(made)}.sqlite3"
        confirm = plan.id if plan._plan.target else plan.people
        run = plan.send(client, confirm=confirm, skip_invalid=True, progress=False, ledger=ledger)
        bodies = [one.body for one in server.requests]
        return [body for body in bodies if b'"from"' in body], run

    return send


Sent = Callable[[mg.SendPlan], tuple[list[bytes], mg.Run]]
OPTIONS: dict[str, Any] = {
    "mailing": "m",
    "sender": "Acme <billing@acme.example>",
    "subject": "Hello {{name}}",
    "template": "<p>{{name}}</p>",
    "project_id": "p",
    "transactional": True,
}


@BY_EXAMPLES
@given(cells=st.lists(TEXTS, min_size=1, max_size=8))
@example(cells=HOSTILE)
def test_a_cell_is_refused_with_a_code_or_arrives_as_the_same_string(sent: Sent, cells: list[str]) -> None:
    """The bytes on the wire are the cell's own, in JSON; nobody is lost in between."""
    addresses = [f"p{at}@x.example" for at in range(len(cells))]
    people = pd.DataFrame({"email": [*addresses, "last@x.example"], "name": [*cells, "Ann"]}, dtype=object)
    plan = mg.plan(people, **OPTIONS)
    errors = plan.issues[plan.issues["severity"] == "error"]
    refused = {int(row) for row in errors["row"]}
    assert set(errors["code"]) <= {"missing_variable", "unserialisable_value", "unsafe_header"}
    bodies, run = sent(plan)
    arrived = {json.loads(body)["recipientEmail"]: body for body in bodies}
    assert len(bodies) == len(arrived)
    wanted = {addresses[at]: cell for at, cell in enumerate(cells) if at not in refused}
    assert {*wanted, "last@x.example"} == arrived.keys()
    for address, cell in wanted.items():
        assert cell == json.loads(arrived[address])["variables"]["name"]
        assert json.dumps(cell, ensure_ascii=False).encode() in arrived[address]
    assert ["invalid" if at in refused else "accepted" for at in range(len(cells))] == list(
        run.frame["state"][:-1]
    )


@BY_EXAMPLES
@given(cells=st.lists(TEXTS, min_size=1, max_size=8))
@example(cells=[f"a{text}b@x.example" for text in HOSTILE])
@example(cells=[f"a@x.example{text}" for text in HOSTILE])
def test_an_address_is_refused_with_a_code_or_arrives_trimmed(sent: Sent, cells: list[str]) -> None:
    """A line break brings in no header; what cannot be an address is on record all the same."""
    people = pd.DataFrame(
        {"email": [*cells, "last@x.example"], "name": ["Ann"] * (len(cells) + 1)}, dtype=object
    )
    plan = mg.plan(people, address="email", **OPTIONS)
    bodies, run = sent(plan)
    states = list(run.frame["state"])
    wanted = [cell.strip() for cell, state in zip(cells, states, strict=False) if state == "accepted"]
    assert [*wanted, "last@x.example"] == [json.loads(body)["recipientEmail"] for body in bodies]
    assert set(states) <= {"accepted", "invalid", "duplicate"}
    assert not any(set("\r\n\0") & set(address) for address in wanted)


@BY_EXAMPLES
@given(
    where=st.sampled_from(["subject", "sender", "reply_to", "template", "mailing", "project_id", "topic_id"]),
    text=TEXTS,
)
@example(where="sender", text="A\r\nBcc: evil@evil.example")
@example(where="subject", text="A\r\nBcc: evil@evil.example")
@example(where="reply_to", text="a@x.example\r\nBcc: evil@evil.example")
@example(where="mailing", text="\x1b[2J\u202e")
@example(where="subject", text="\x1b[2J\u202e</p><script>")
def test_an_argument_is_refused_in_words_or_arrives_as_it_is(sent: Sent, where: str, text: str) -> None:
    """No header is injected, whichever field the text is put into."""
    given_text = f"{text} <a@b.example>" if where == "sender" else text
    people = pd.DataFrame({"email": ["ann@x.example"], "name": ["Ann"]})
    try:
        plan = mg.plan(people, variables=["name"], **OPTIONS | {where: given_text})
    except mg.InputError as error:
        refusal = str(error)
        plan = None
    if plan is None:
        assert [] == steering(refusal)
        return
    bodies, run = sent(plan)
    assert {"accepted": 1} == run.counts
    wire = json.loads(bodies[0])
    names = {"subject": "subject", "reply_to": "replyTo", "project_id": "projectId", "topic_id": "topicId"}
    if where in names:
        assert text.strip() == wire[names[where]].strip()
    if where != "template":
        assert not any(set("\r\n\0") & set(str(wire[name])) for name in ("subject", "from", "fromName"))
    for view in (repr(plan), repr(run), run.summary(), repr(plan.preview(0))):
        assert [] == steering(view)


@BY_EXAMPLES
@given(text=TEXTS)
@example(text="\x1b[2J")
def test_a_target_is_refused_in_words_or_arrives_as_it_is(sent: Sent, text: str) -> None:
    """A tag's id as well; its views hold nothing that steers."""
    try:
        plan = mg.plan(
            mg.Tag(text), **OPTIONS | {"subject": "S", "template": "<p>x</p>", "transactional": None}
        )
    except mg.InputError:
        return
    bodies, run = sent(plan)
    assert text.strip() == json.loads(bodies[0])["recipientId"]
    assert [] == steering(repr(plan)) + steering(repr(run))


def steering(text: str) -> list[str]:
    """Return the characters of a text that could steer a terminal or turn its reading order."""
    return [char for char in text if not (char.isprintable() or char in "\n\u200c\u200d")]


@pytest.mark.parametrize("said", ["\x1b[2J\x07 gone", "\u202etxt.exe", "a\r\nb", "\ud800", "\0", "x" * 9000])
@pytest.mark.parametrize("status", [200, 400, 401, 500])
@pytest.mark.usefixtures("short_waits")
def test_words_and_ids_of_a_server_neither_steer_nor_break_the_record(
    said: str, status: int, folder: Path
) -> None:
    """Whatever it answers, an accepted mail is on record as accepted."""
    body = {"success": status == 200, "error": said, "code": said, "metadata": {"requestId": said}}
    body |= {
        "data": {"id": said, "status": said, "provider": said, "message": said} if status == 200 else None
    }
    plan = mg.plan(pd.DataFrame({"email": ["a@x.example"], "name": ["A"]}), **OPTIONS)
    with AnsweringServer(lambda _: Reply(status, json.dumps(body).encode())) as server:
        client = mg.Migma("k" * 20, base_url=server.url, timeout=2.0)
        run = plan.send(client, confirm=1, progress=False, ledger=folder / f"{status}{hash(said)}.sqlite3")
        with pytest.raises(mg.MigmaError) if status != 200 else nullcontext() as caught:
            client.send(**FIELDS)
    assert {200: "accepted", 400: "refused", 401: "not_sent", 500: "unknown"}[status] == run.frame["state"][0]
    shown = [repr(run), run.summary(), str(run.frame["detail"][0])]
    shown += [str(caught.value)] if caught is not None else []
    assert [] == steering("\n".join(shown))


FIELDS = {
    "recipient_type": "email",
    "recipient_email": "x@y.example",
    "from_": "a@b.example",
    "from_name": "A",
    "subject": "S",
    "template": "<p>x</p>",
    "project_id": "p",
}


@given(
    text=TEXTS,
    lead=st.text(
        st.sampled_from([" ", "\t", "\r", "\n", "\u00a0", "\u200b", "\ufeff", "\0", "\x0b"]), max_size=3
    ),
    sign=st.sampled_from("=+-@＝＋－＠﹦﹢﹣﹫"),
)
def test_no_cell_of_an_export_begins_a_formula(text: str, lead: str, sign: str) -> None:
    """However its first sign is spelled or hidden."""
    assert neutral(f"{lead}{sign}{text}") == f"'{lead}{sign}{text}"

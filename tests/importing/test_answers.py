"""What a server says of many contacts, and what that says of each row: counts and words, not rows."""

from collections.abc import Callable
from typing import Any

import pytest

import migma_nb as mg
from tests.importing.conftest import Say
from tests.importing.lists import TAG, data, people, refusal
from tests.servers.answering import AnsweringServer, Reply

Saying = Callable[..., tuple[AnsweringServer, mg.Migma]]


def imported(
    saying: Saying, say: Say, count: int = 4, **options: Any
) -> tuple[AnsweringServer, mg.ImportRun]:
    """Import so many people from a server that says this to each bulk import."""
    server, client = saying(say, **options)
    run = mg.import_contacts(people(count), client, tag=TAG, project_id="p", progress=False)
    return server, run


def bulks(server: AnsweringServer) -> list[tuple[str, bytes]]:
    """Return key and body of each bulk import that came."""
    found = [one for one in server.requests if one.path.endswith("/contacts/bulk")]
    return [(one.headers.get("idempotency-key", ""), one.body) for one in found]


@pytest.mark.parametrize(
    ("counts", "states"),
    [
        ({"success": 4, "failed": 0, "updated": 0}, "aaaa"),
        ({"success": 4, "failed": 0, "updated": 4}, "aaaa"),
        ({"success": 1, "failed": 0, "updated": 3}, "aaaa"),
        ({"success": 4, "failed": 0}, "aaaa"),
        ({}, "aaaa"),
        ({"success": 3, "failed": 1, "errors": ["Row 2 (p1@d1.example): no"]}, "araa"),
        ({"success": 3, "failed": 1, "errors": ["P1@D1.EXAMPLE."]}, "araa"),
        ({"success": 3, "failed": 1, "errors": [{"email": "p1@d1.example", "why": "no"}]}, "araa"),
        ({"success": 3, "failed": 1, "errors": ["one was bad"]}, "uuuu"),
        ({"success": 2, "failed": 2, "errors": ["<p0@d0.example> no", "another"]}, "ruuu"),
        ({"success": 0, "failed": 4, "errors": ["all bad"]}, "rrrr"),
        ({"success": 2, "failed": 0, "updated": 0}, "uuuu"),
        ({"success": 4, "failed": 0, "errors": ["p2@d2.example looks odd"]}, "aaua"),
        ({"success": 3, "failed": 1, "errors": ["who@else.example: no"]}, "uuuu"),
        ({"failed": "1", "success": True}, "aaaa"),
        ({"failed": 9, "success": 0}, "rrrr"),
    ],
)
def test_counts_and_words_settle_the_rows_that_they_can(
    saying: Saying, counts: dict[str, Any], states: str
) -> None:
    """Rows that the words name are refused; where some are left, the others are unknown, and it is said."""
    _, run = imported(saying, lambda _: data(counts))
    assert states == "".join(str(state)[0] for state in run.frame["state"])
    unknown = run.frame[run.frame["state"] == "unknown"]
    assert {"not_told"} >= set(unknown["reason"])
    if "uuu" in states:
        assert "failed, not which" in unknown["detail"].iloc[0]
        assert "Import the same list again" in run.summary()


def test_rows_that_were_not_told_are_sent_again(saying: Saying) -> None:
    """Since an upsert made twice does no harm; what is in stays in."""
    answers = iter([{"success": 3, "failed": 1, "errors": ["one was bad"]}, {"success": 4, "failed": 0}])
    server, client = saying(lambda _: data(next(answers)))
    for states in ({"unknown"}, {"accepted"}, {"already_sent"}):
        run = mg.import_contacts(people(4), client, tag=TAG, project_id="p", progress=False)
        assert states == set(run.frame["state"])
    (first, body), (second, same) = bulks(server)
    assert body == same
    assert first != second  # the server keeps its answer under the first


@pytest.mark.usefixtures("hasten")
def test_a_lost_answer_is_asked_for_again_under_the_same_key(saying: Saying) -> None:
    """It mails nobody, and made twice it is made once."""
    answers: list[Reply | None] = [
        None,
        refusal(500, "it broke"),
        Reply(502, b"<html>"),
        data({"success": 4}),
    ]
    server, run = imported(saying, lambda _: answers.pop(0), timeout=0.5)
    assert {"accepted": 4} == dict(run.counts)
    assert (4, 1) == (len(bulks(server)), len(set(bulks(server))))


@pytest.mark.usefixtures("hasten")
def test_content_that_was_lost_on_its_way_leaves_no_older_record(saying: Saying) -> None:
    """A change whose answer was lost may be in: going back to the old content sends that again."""

    def say(body: dict[str, Any]) -> Reply:
        lost = "customFields" in body["subscribers"][0]
        return refusal(500, "it broke") if lost else data({"success": 2, "failed": 0})

    _, client = saying(say, timeout=0.5)
    states = []
    for frame in (people(2), people(2, plan="b"), people(2), people(2)):
        run = mg.import_contacts(frame, client, tag=TAG, project_id="p", progress=False)
        states.append(set(run.frame["state"]))
    assert [{"accepted"}, {"unknown"}, {"accepted"}, {"already_sent"}] == states


@pytest.mark.usefixtures("hasten", "fives")
@pytest.mark.parametrize(("reply", "reason"), [(None, "lost_answer"), (refusal(500, "no"), "server_error")])
def test_a_request_without_an_answer_is_unknown_and_stops_no_other(
    saying: Saying, reply: Reply | None, reason: str
) -> None:
    """Some tries, then the next request; the next run asks under the same key."""
    state = {"down": True}

    def say(body: dict[str, Any]) -> Reply | None:
        broken = state["down"] and body["subscribers"][0]["email"] == "p0@d0.example"
        return reply if broken else data({"success": len(body["subscribers"])})

    server, client = saying(say, timeout=0.5)
    run = mg.import_contacts(people(8), client, tag=TAG, project_id="p", progress=False)
    assert {"accepted": 3, "unknown": 5} == dict(run.counts)
    assert reason == run.frame["reason"][0]
    state["down"] = False
    again = mg.import_contacts(people(8), client, tag=TAG, project_id="p", progress=False)
    assert {"accepted": 5, "already_sent": 3} == dict(again.counts)
    assert bulks(server)[0] == bulks(server)[-1]


@pytest.mark.usefixtures("fives")
@pytest.mark.parametrize(
    ("reply", "reason", "words"),
    [
        (refusal(401, "who are you"), "bad_key", "Check the API key"),
        (refusal(403, "not you"), "no_permission", "audience:write"),
        (refusal(402, "pay first"), "quota", "Raise the quota"),
        (refusal(404, "no such project"), "not_found", "Check project_id"),
        (Reply(302, b"", {"Location": "/elsewhere"}), "not_the_api", "Check base_url"),
    ],
)
def test_the_accounts_problem_halts_and_can_be_gone_on_from(
    saying: Saying, reply: Reply, reason: str, words: str
) -> None:
    """One request is made, the rest wait for the cause to be mended."""
    answers = [reply]
    server, client = saying(
        lambda body: answers.pop() if answers else data({"success": len(body["subscribers"])})
    )
    run = mg.import_contacts(people(8), client, tag=TAG, project_id="p", progress=False)
    assert (mg.RunState.HALTED, 1) == (run.state, len(bulks(server)))
    assert {reason} == set(run.frame["reason"])
    assert "accepted" not in run.counts
    assert words in run.summary()
    with pytest.raises(mg.InputError, match="The ID of the tag"):
        _ = run.tag
    again = mg.import_contacts(people(8), client, tag=TAG, project_id="p", progress=False)
    assert {"accepted": 8} == dict(again.counts)
    # A refusal may be stored under its key; a redirection is no answer of the API's.
    assert (reply.status < 400) == (bulks(server)[0][0] == bulks(server)[1][0])


def test_a_request_refused_for_one_row_is_parted_to_find_it(saying: Saying) -> None:
    """Whether one contact spoils its request is not documented: the row is found, the others are in."""

    def say(body: dict[str, Any]) -> Reply:
        spoilt = any(one["email"] == "p777@d0.example" for one in body["subscribers"])
        return refusal(400, "a contact is wrong") if spoilt else data({"success": len(body["subscribers"])})

    server, run = imported(saying, say, 5_000)
    assert {"accepted": 4_999, "refused": 1} == dict(run.counts)
    assert "refused" == run.frame["state"][777]
    assert "a contact is wrong" in run.frame["detail"][777]
    assert len(bulks(server)) <= 2 * 13 + 1


def test_a_server_that_refuses_everything_is_not_asked_for_ever(saying: Saying) -> None:
    """No row is the cause; all are refused with its words."""
    server, run = imported(saying, lambda _: refusal(400, "tags are off"), 12_000)
    assert {"refused": 12_000} == dict(run.counts)
    assert len(bulks(server)) < 20
    assert "tags are off" in run.summary()


def test_a_too_large_request_is_parted(saying: Saying) -> None:
    """413 says that fewer may go."""

    def say(body: dict[str, Any]) -> Reply:
        many = len(body["subscribers"]) > 1_300
        return refusal(413, "too large") if many else data({"success": len(body["subscribers"])})

    server, run = imported(saying, say, 5_000)
    assert {"accepted": 5_000} == dict(run.counts)
    assert 4 + 3 == len(bulks(server))


def test_a_server_that_asks_for_patience_gets_it(saying: Saying) -> None:
    """429 with Retry-After is waited for; an hour is not, and halts."""
    replies = [Reply(429, b'{"success":false,"error":"slowly"}', {"Retry-After": "0"}), data({"success": 4})]
    _, run = imported(saying, lambda _: replies.pop(0))
    assert {"accepted": 4} == dict(run.counts)


def test_an_hour_is_not_waited_for(saying: Saying) -> None:
    """The import halts, and says until when."""
    hour = Reply(429, b'{"success":false,"error":"slowly"}', {"Retry-After": "3600"})
    _, run = imported(saying, lambda _: hour)
    assert (mg.RunState.HALTED, {"not_sent": 4}) == (run.state, dict(run.counts))
    assert "wait 60 minutes" in run.summary()


def test_what_the_server_says_steers_no_terminal(saying: Saying) -> None:
    """Its words are shown as text."""
    _, run = imported(saying, lambda _: data({"failed": 4, "success": 0, "errors": ["\x1b[2Jp0@d0.example"]}))
    assert "\x1b" not in run.summary() + run._repr_html_() + str(run.frame["detail"].tolist())

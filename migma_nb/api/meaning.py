"""What an answer means, and whether a call may be repeated: the one place that decides it.

Pure functions: the clock and chance are parameters, nothing sleeps, nothing is sent. Whether a person is
mailed twice hangs on this file, the ledger's claim and the runner.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from migma_nb.api.answers import parsed, send_answer, text_of
from migma_nb.api.models import SendAnswer
from migma_nb.api.states import Reason

#: A wait beyond this (seconds) halts the run, resumable, instead of holding it.
LONGEST_WAIT_S = 15 * 60.0
#: The API forgets a key after 24 hours (migma-api.md, section 2); one hour is kept as a margin.
KEY_LIFE_S = 23 * 3600.0
#: A clock that is ahead of the server's by less than this is taken for right: answers take time (seconds).
CLOCK_MARGIN_S = 600.0
#: A lost answer is asked for again no sooner than this (seconds), and no sooner than the time-out.
SHORTEST_LOST_WAIT_S = 10.0
#: How many attempts a row gets in one run after certain non-acceptances, and after lost answers.
MOST_TRIES = 8
MOST_LOST_TRIES = 4

#: No server means a wait beyond this (seconds), and no calendar may overflow by it.
_A_YEAR_S = 366 * 86_400.0
_RECIPIENT_WORDS = ("RECIPIENT", "SUPPRESS", "UNSUBSCRIBED", "BOUNCED")


class Answer(NamedTuple):
    """An HTTP answer: status, headers with lower-case names, and the body as far as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    complete: bool = True


class NoAnswer(NamedTuple):
    """No answer came. `connected` is False only where certainly not all of the request left."""

    connected: bool
    what: str


class Verdict(StrEnum):
    """The kinds of answer, by what may follow."""

    ACCEPTED = "accepted"
    ALREADY_SENT = "already_sent"
    REFUSED = "refused"
    NOT_ACCEPTED = "not_accepted"  # certainly: the same call may be made again
    HALT = "halt"  # certainly not accepted, and no other call would fare better
    OUTDATED = "outdated"  # certainly not accepted: yesterday's answer, stored under the key
    LOST = "lost"  # perhaps accepted: repeat only under a proven key
    UNKNOWN = "unknown"  # perhaps accepted: never repeat


class Meaning(NamedTuple):
    """One answer, understood.

    `wait_s` is what the server asked us to wait (seconds) or None; `detail` is in words for a person.
    """

    verdict: Verdict
    reason: Reason
    detail: str
    wait_s: float | None = None
    answer: SendAnswer | None = None
    status: int | None = None
    code: str | None = None
    request_id: str | None = None


class Past(NamedTuple):
    """What is known of a row's generation when a repeat is decided.

    `tries` counts attempts in this run, `lost` those whose answer was lost; `uncertain` says that an attempt
    of this generation may have been accepted; `proven` says whether the server was seen to honour keys, None
    while that may yet be found out; `age_s` is the age of its key in seconds, None where no clock can tell.
    """

    tries: int
    uncertain: bool
    proven: bool | None
    same_bytes: bool = True
    same_api_key: bool = True
    age_s: float | None = 0.0
    lost: int = 0


def judge(answer: Answer | NoAnswer, *, uncertain: bool, now: datetime) -> Meaning:
    """Say what an answer to `POST /v1/sending` means.

    Args:
        answer: what came back.
        uncertain: an earlier attempt under the same key may have been accepted.
        now: the present (aware datetime), for a `Retry-After` that is a date.
    """
    if isinstance(answer, NoAnswer):
        if answer.connected:
            return Meaning(Verdict.LOST, Reason.LOST_ANSWER, answer.what)
        return Meaning(Verdict.NOT_ACCEPTED, Reason.NO_CONNECTION, answer.what)
    return _Reading(answer, uncertain, now).meaning()


def obstacle(past: Past) -> Reason | None:
    """Return why an uncertain row must not be repeated, or None where its key protects a repeat.

    While the proof is not made yet (`proven` is None) a repeat may be planned, not made.
    """
    if past.proven is False:
        return Reason.LOST_ANSWER
    if not past.same_bytes:
        return Reason.PLAN_CHANGED
    if not past.same_api_key:
        return Reason.OTHER_API_KEY
    if past.age_s is None or past.age_s >= KEY_LIFE_S:
        return Reason.KEY_TOO_OLD
    return None


def repeat_after(meaning: Meaning, past: Past, *, timeout: float, chance: float) -> float | None:
    """Return the seconds after which the same call may be made again, or None where it may not.

    Args:
        meaning: what the last answer meant.
        past: the row's generation, the last attempt included.
        timeout: the client's time-out in seconds.
        chance: a random number in [0, 1), for the jitter.
    """
    uncertain = past.uncertain or meaning.verdict is Verdict.LOST
    if uncertain and obstacle(past) is not None:
        return None
    if meaning.verdict is Verdict.OUTDATED:
        return 0.0 if past.tries < MOST_TRIES else None
    if meaning.verdict is Verdict.LOST and past.lost < MOST_LOST_TRIES:
        return max(timeout, SHORTEST_LOST_WAIT_S, meaning.wait_s or 0.0)
    if meaning.verdict is Verdict.NOT_ACCEPTED and past.tries < MOST_TRIES:
        if meaning.wait_s is not None:
            return meaning.wait_s
        return float(min(60.0, 0.5 * 2**past.tries) * (0.5 + chance / 2))
    return None


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return `Retry-After` in seconds, from seconds or an HTTP date, or None where there is none.

    A date is counted from the answer's own `Date`, so that a clock that is off does no harm.
    """
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if value.isdecimal() and value.isascii():
        return min(float(value), _A_YEAR_S)
    until, since = _date(value), _date(headers.get("date", "")) or now
    return None if until is None else min(max(0.0, (until - since).total_seconds()), _A_YEAR_S)


def seconds_ahead(headers: Mapping[str, str], now: float) -> float:
    """Return how far our clock is ahead of the server's, by an answer's own `Date`; 0.0 where it is not.

    Args:
        headers: the answer's.
        now: the present by our clock (seconds since the epoch).
    """
    date = _date(headers.get("date", ""))
    ahead_s = 0.0 if date is None else now - date.timestamp()
    return ahead_s if ahead_s > CLOCK_MARGIN_S else 0.0


@lru_cache(maxsize=16)  # most answers bear the `Date` of the last one, or none
def _date(value: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


class _Reading:
    """One HTTP answer with what its branches ask for."""

    def __init__(self, answer: Answer, uncertain: bool, now: datetime) -> None:
        self.status = answer.status
        self.complete = answer.complete
        self.uncertain = uncertain
        self.replayed = answer.headers.get("idempotent-replayed", "").strip().lower() == "true"
        self.wait_s = retry_after(answer.headers, now)
        self.json = parsed(answer.body) if answer.complete else None
        parts = self.json or {}
        self.code = text_of(parts.get("code"))
        metadata = parts.get("metadata")
        found = metadata.get("requestId") if isinstance(metadata, dict) else None
        self.request_id = text_of(found) or answer.headers.get("x-request-id")
        self.words = text_of(parts.get("error")) or text_of(parts.get("message")) or ""

    def meaning(self) -> Meaning:
        """Go through the branches in the order of the design's list."""
        if 200 <= self.status < 300:
            return self._success()
        if 300 <= self.status < 400:
            return self._halt(Reason.NOT_THE_API, "the server redirects; check the base URL")
        if self.status >= 500:
            return self._server_error()
        return self._client_error()

    def _success(self) -> Meaning:
        parts = self.json
        data = send_answer(parts)
        if parts is None or not isinstance(parts.get("success"), bool):
            return self._lost("a 2xx answer that could not be read")
        if parts["success"] is False:
            if self.words and data.message_id is None:
                return self._refused(Reason.REFUSED)
            return self._say(Verdict.UNKNOWN, Reason.UNCLEAR_ANSWER, "success is false, yet it is no refusal")
        if self.replayed and not self.uncertain:
            words = "the API took this very mail before, for a run that this ledger does not know"
            return self._say(Verdict.ALREADY_SENT, Reason.ANOTHER_LEDGER, words, answer=data)
        return self._say(Verdict.ACCEPTED, Reason.OK, text_of(data.message) or "", answer=data)

    def _server_error(self) -> Meaning:
        # 5xx answers of the API itself are not stored under a key, so the key protects no repeat.
        if self.status == 503 and self.wait_s is not None:
            return self._not_accepted(Reason.UNAVAILABLE)
        own = {"success", "error"} & (self.json or {}).keys()
        if not own and self.complete and self.status in {502, 504}:
            return self._lost("a gateway answered for the API")
        return self._say(Verdict.UNKNOWN, Reason.SERVER_ERROR, self.words or "no word from the API")

    def _client_error(self) -> Meaning:
        code = (self.code or "").upper().replace("-", "_")
        if self.status == 402 or "QUOTA" in code:
            return self._halt(Reason.QUOTA, self.words or "the account's quota is used up")
        if self.status == 429:
            return self._not_accepted(Reason.RATE_LIMITED)
        if self.status == 401:
            return self._halt(Reason.BAD_KEY, self.words or "the API key is not accepted")
        if self.status == 403 and not any(word in code for word in _RECIPIENT_WORDS):
            return self._halt(Reason.NO_PERMISSION, self.words or "the API key may not send (S7)")
        if self.status in {404, 405} and self.json is None:
            return self._halt(Reason.NOT_THE_API, "this address is not the Migma API; check the base URL")
        if self.status == 409:
            return self._conflict(code)
        if self.status in {408, 425}:
            return self._lost(self.words or "the server gave up on the request")
        reasons = {404: Reason.NOT_FOUND, 413: Reason.TOO_LARGE}
        if self.status in {400, 403, 404, 405, 413, 415, 422}:
            return self._refused(reasons.get(self.status, Reason.REFUSED))
        return self._say(Verdict.UNKNOWN, Reason.UNCLEAR_ANSWER, self.words or "a status no document names")

    def _conflict(self, code: str) -> Meaning:
        if code == "IDEMPOTENCY_CONFLICT":
            words = "this person's key was used before with other content; see plan changes and other ledgers"
            return self._say(Verdict.UNKNOWN, Reason.KEY_USED_BEFORE, words)
        return self._say(Verdict.LOST, Reason.STILL_AT_WORK, self.words or "still at work on this key")

    def _refused(self, reason: Reason) -> Meaning:
        # A refusal of a repeat says nothing of the first attempt, unless it is that attempt's own answer.
        if self.uncertain and not self.replayed:
            words = f"a repeat was refused ({self.words or 'no word'}), the first attempt is still open"
            return self._say(Verdict.UNKNOWN, Reason.LOST_ANSWER, words)
        return self._say(Verdict.REFUSED, reason, self.words or "refused without a word")

    def _not_accepted(self, reason: Reason) -> Meaning:
        if self._outdated:
            return self._say(
                Verdict.OUTDATED, reason, f"an earlier answer, stored ({self.words or 'no word'})"
            )
        if self.wait_s is not None and self.wait_s > LONGEST_WAIT_S:
            return self._halt(reason, f"the server asks to wait {self.wait_s / 60:.0f} minutes")
        return self._say(Verdict.NOT_ACCEPTED, reason, self.words or "asked to come again later")

    @property
    def _outdated(self) -> bool:
        # What a server stored of the account's trouble says nothing of today, and would for a whole day. It
        # also settles a doubt: had an attempt under this key been accepted, that would be stored instead.
        return self.replayed and self.status >= 400

    def _halt(self, reason: Reason, words: str) -> Meaning:
        if self._outdated:
            return self._say(Verdict.OUTDATED, reason, f"an earlier answer, stored ({words})")
        return self._say(Verdict.HALT, reason, words)

    def _lost(self, words: str) -> Meaning:
        return self._say(Verdict.LOST, Reason.LOST_ANSWER, words)

    def _say(
        self, verdict: Verdict, reason: Reason, words: str, *, answer: SendAnswer | None = None
    ) -> Meaning:
        detail = words if verdict is Verdict.ACCEPTED else f"HTTP {self.status}: {words}"
        return Meaning(verdict, reason, detail, self.wait_s, answer, self.status, self.code, self.request_id)

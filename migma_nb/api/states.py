"""The vocabulary of accounts: every state and reason, defined once and used word for word everywhere."""

from enum import StrEnum


class State(StrEnum):
    """What became of one input row (design: "The shape of a mailing")."""

    ACCEPTED = "accepted"
    ALREADY_SENT = "already_sent"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    INVALID = "invalid"
    DUPLICATE = "duplicate"
    EXCLUDED = "excluded"
    NOT_SENT = "not_sent"
    WAITING = "waiting"
    SENDING = "sending"


#: In the order in which a person wants to read them.
STATE_MEANINGS: dict[State, str] = {
    State.ACCEPTED: "the API took it",
    State.ALREADY_SENT: "an earlier run of this mailing mailed this person",
    State.UNKNOWN: "it may have arrived, and no answer settled it",
    State.REFUSED: "the API said no",
    State.INVALID: "our own check stopped it",
    State.DUPLICATE: "another row has the same recipient and stands for it",
    State.EXCLUDED: "excluded, unsubscribed, or outside the allow-list",
    State.NOT_SENT: "the run ended before its turn",
    State.WAITING: "its turn has not come",
    State.SENDING: "in flight",
}


class Reason(StrEnum):
    """Why a row is in its state: stable codes; the words stand in `detail`."""

    # accepted and already_sent
    OK = "ok"
    EARLIER_RUN = "earlier_run"
    ANOTHER_LEDGER = "another_ledger"
    RECONCILED = "reconciled"
    RESOLVED = "resolved"
    EARLIER_IMPORT = "earlier_import"
    # unknown
    LOST_ANSWER = "lost_answer"
    SERVER_ERROR = "server_error"
    UNCLEAR_ANSWER = "unclear_answer"
    KEY_USED_BEFORE = "key_used_before"
    STILL_AT_WORK = "still_at_work"
    PLAN_CHANGED = "plan_changed"
    OTHER_API_KEY = "other_api_key"
    KEY_TOO_OLD = "key_too_old"
    RUN_DIED = "run_died"
    NOT_TOLD = "not_told"
    JOB_FAILED = "job_failed"
    NOT_THERE = "not_there"
    # refused
    REFUSED = "refused"
    NOT_FOUND = "not_found"
    TOO_LARGE = "too_large"
    # not_sent
    STOPPED = "stopped"
    LIMIT = "limit"
    NOT_RETRIED = "not_retried"
    NO_CONNECTION = "no_connection"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    BAD_KEY = "bad_key"
    NO_PERMISSION = "no_permission"
    QUOTA = "quota"
    NOT_THE_API = "not_the_api"
    HALTED = "halted"
    PAUSED = "paused"
    LEDGER = "ledger"
    # settled before the send
    HAS_ERRORS = "has_errors"
    SAME_RECIPIENT = "same_recipient"
    EXCLUDE_LIST = "exclude_list"
    NOT_ALLOWED = "not_allowed"
    UNSUBSCRIBED = "unsubscribed"
    NOT_SUBSCRIBED = "not_subscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    # not settled yet
    ELSEWHERE = "elsewhere"


class RunState(StrEnum):
    """How a run stands."""

    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"
    HALTED = "halted"
    DIED = "died"


#: A run in one of these is driven by a process that lives, or died without a word.
LIVE_STATES = (RunState.RUNNING, RunState.PAUSED)


class Delivery(StrEnum):
    """What Migma's log says became of a mail that the API took, the most telling word last.

    A word of the API's that is not among these is shown as it is, and tells as much as `sent`.
    """

    SENT = "sent"
    DELIVERED = "delivered"
    OPENED = "opened"
    CLICKED = "clicked"
    SUPPRESSED = "suppressed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"

"""What is uncertain in a run, which options there are, and how a doubt is settled without an answer."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa

from migma_nb.api.errors import ConfirmationError, InputError
from migma_nb.api.meaning import KEY_LIFE_S
from migma_nb.api.states import Reason, State
from migma_nb.ledger import clock, queries, rulings
from migma_nb.ledger.batches import is_batch
from migma_nb.ledger.rulings import Doubt, Ruling, Word
from migma_nb.ledger.store import Ledger
from migma_nb.sending.accounts import utc_times

#: What each reason of a doubt means to a person.
WHY: dict[str, str] = {
    Reason.LOST_ANSWER: "no answer came, or none that could be read",
    Reason.RUN_DIED: "the process ended while it was in flight",
    Reason.STILL_AT_WORK: "the server said that it was still at work on it",
    Reason.SERVER_ERROR: "the API answered with an error of its own, which may come after it took the mail",
    Reason.UNCLEAR_ANSWER: "the answer contradicts itself",
    Reason.KEY_USED_BEFORE: "this person's key was used before with other content, perhaps by another ledger",
    Reason.PLAN_CHANGED: "it was in flight with other content than the plan has now",
    Reason.OTHER_API_KEY: "it was in flight under another API key, so this one's repeats are not protected",
    Reason.KEY_TOO_OLD: "it is older than the API remembers keys",
    Reason.ELSEWHERE: "another run is at work on it",
}
_ASK_AGAIN = {Reason.LOST_ANSWER, Reason.RUN_DIED, Reason.STILL_AT_WORK}
COLUMNS = ("recipient", "reason", "why", "first_attempt_at", "attempts", "options")


def options_for(
    row: Mapping[str, Any], *, now: float, logged: bool, batch: bool = False, run: str = "run"
) -> str:
    """Return what a person can do about an unknown row, the safest first.

    Args:
        row: the row's account.
        now: the present (seconds since the epoch).
        logged: whether the API keeps a log of this mail.
        batch: whether it is one call to many, which nobody repeats.
        run: how the run is written down in which the doubt can be settled.
    """
    if row["reason"] == Reason.ELSEWHERE:
        return "look at the other run's account"
    if batch:
        return (
            f"look into the dashboard whether the batch was taken, then {run}.resolve(rows, "
            'as_="sent" or "resend"); it is never repeated by itself, since it would mail everybody again'
        )
    ways = []
    first = row.get("first_attempt_at")
    if row["reason"] in _ASK_AGAIN and isinstance(first, float) and now < first + KEY_LIFE_S:
        until = datetime.fromtimestamp(first + KEY_LIFE_S, UTC)
        ways.append(
            f"send the plan again before {until:%Y-%m-%d %H:%M} UTC: same key, so no second copy "
            "where the server is proven to honour keys"
        )
    if logged:
        ways.append(f"{run}.reconcile() looks into Migma's log")
    ways.append(
        f'ask the recipient or look into the dashboard, then {run}.resolve(rows, as_="sent" or "resend")'
    )
    return "; ".join(ways)


def resolve(ledger: Ledger, rows: Mapping[str, Sequence[int]], as_: str, confirm: object) -> None:
    """Settle unknown rows by a person's word, on record as such; all of them, or none.

    Args:
        ledger: the ledger.
        rows: by run, its rows, from 0.
        as_: what the person says, "sent" or "resend".
        confirm: how many rows that is, typed by the person.

    Raises:
        InputError: a row is not unknown (any more), or none was named. Nothing is changed.
        ConfirmationError: the number is missing or another one. Nothing is changed.
    """
    word = Word(as_)
    count = sum(map(len, rows.values()))
    if not count:
        raise InputError("No row was named.", hint="run.unknown lists the rows that can be resolved.")
    if confirm != count or isinstance(confirm, bool):
        risk = " Whoever has got it already gets a second copy." if word is Word.RESEND else ""
        raise ConfirmationError(
            f"This would settle {count:,} unknown rows as {word.value!r} by your word.{risk} "
            "Nothing was changed.",
            hint=f"To go on, add confirm={count}.",
        )

    def write(conn: sa.Connection) -> None:
        now = clock.now(conn)
        day = datetime.fromtimestamp(now, UTC)
        said = "that it was sent" if word is Word.SENT else "to send it again; send the plan to do so"
        words = f"you said on {day:%Y-%m-%d %H:%M} UTC {said}"
        for run_id, positions in rows.items():
            rulings.rule(conn, run_id, [Ruling(position, word, words) for position in positions], now)

    ledger.writing(write)


def unknown(ledger: Ledger, run_id: str, index: pd.Index | None) -> pd.DataFrame:
    """Return a run's unknown rows with what is uncertain about each, and which options there are.

    Args:
        ledger: the ledger.
        run_id: the run.
        index: the input's index, None where only the ledger is known.
    """

    def look(conn: sa.Connection) -> tuple[list[dict[str, Any]], list[Doubt], float]:
        found = queries.run_rows(conn, run_id, state=State.UNKNOWN)
        return found, rulings.doubts_of(conn, run_id), clock.now(conn)

    found, doubts, now = ledger.reading(look)
    # Whether a batch's one call was taken cannot be told from the log of its mails.
    logged = {doubt.position for doubt in doubts if doubt.email_id is not None and not doubt.batch}
    positions = [row["position"] for row in found]
    labels = pd.Index(positions, dtype="int64") if index is None else index[positions]
    options = [
        options_for(row, now=now, logged=row["position"] in logged, batch=is_batch(row["recipient"]))
        for row in found
    ]
    return told(found, options, labels)


def told(rows: Sequence[Mapping[str, Any]], options: Sequence[str], labels: pd.Index) -> pd.DataFrame:
    """Return unknown rows, as `queries.run_rows` has them, under these labels: rows × `COLUMNS`."""
    data = [
        {
            "recipient": row["address"],
            "reason": row["reason"],
            "why": WHY.get(row["reason"], row["detail"]),
            "first_attempt_at": None,
            "attempts": row["attempts"],
            "options": ways,
        }
        for row, ways in zip(rows, options, strict=True)
    ]
    frame = pd.DataFrame(data, columns=list(COLUMNS))
    frame["first_attempt_at"] = utc_times([row["first_attempt_at"] for row in rows])
    frame.index = labels
    return frame

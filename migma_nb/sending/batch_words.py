"""What the batches of a run came to, in words: their counts, who was not mailed, and how to go on."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from typing import Any

from migma_nb.api.answers import text_of
from migma_nb.api.models import is_end
from migma_nb.api.resources import CampaignInfo
from migma_nb.api.states import State
from migma_nb.ledger.batches import CAMPAIGN, is_batch

Row = Mapping[str, Any]
#: So many batches have a line of their own; the rest is summed up.
MOST_BATCHES = 8
#: Characters of what a server says that stand on a line.
_LONGEST = 160
_PARTS = ("total", "queued", "sent", "failed")
_MAILED = (State.ACCEPTED, State.ALREADY_SENT)


def batch_rows(rows: Iterable[Row]) -> list[Row]:
    """Return the rows that are batches and that the API took, under an id that it can be asked about."""
    taken = [row for row in rows if row["state"] in _MAILED and is_batch(row.get("recipient"))]
    return [row for row in taken if row.get("message_id") and not is_campaign(row)]


def is_campaign(row: Row) -> bool:
    """Say whether a row is a campaign, whose own status tells how it stands."""
    return str(row.get("message_id") or "").startswith(CAMPAIGN)


def campaign_words(info: CampaignInfo) -> str:
    """Return how a campaign stands, in words for a person."""
    words = f"the campaign is {text_of(info.status)}"
    if (info.status or "").lower() == "scheduled" and info.scheduled_at is not None:
        words += f" for {info.scheduled_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    error = text_of(info.error)
    return f"{words}; {error}" if error else words


def campaign_lines(rows: Iterable[Row]) -> list[str]:
    """Return a line for each campaign: how it stood when it was last looked at."""
    taken = [row for row in rows if row["state"] in _MAILED and is_campaign(row)]
    return [
        f"{_short(row['recipient'])}, {_short(row['message_id'])}: {_short(row.get('api_status'))} "
        "when last asked"
        for row in taken[:MOST_BATCHES]
    ]


def batch_counts(rows: Iterable[Row]) -> dict[str, int]:
    """Return the counts of all batches together, by total, queued, sent and failed; {} if there are none."""
    told = [row for row in batch_rows(rows) if row.get("batch_total") is not None]
    return {part: sum(int(row.get(f"batch_{part}") or 0) for row in told) for part in _PARTS} if told else {}


def batch_lines(rows: Sequence[Row]) -> list[str]:
    """Return a line with the counts of each batch, and one for all where there are several."""
    told = [row for row in batch_rows(rows) if row.get("batch_total") is not None]
    lines = [
        f"{_short(row['recipient'])}, batch {_short(row.get('message_id'))}: "
        + ", ".join(f"{row[f'batch_{part}'] or 0:,} {part}" for part in _PARTS)
        + f" ({_short(row.get('api_status'))})"
        for row in told[:MOST_BATCHES]
    ]
    if len(told) > 1:
        counts = batch_counts(rows)
        words = Counter(_short(row.get("api_status")) for row in told)
        stand = ", ".join(f"{count:,} × {status}" for status, count in words.most_common())
        lines.append(
            f"all {len(told):,} batches: {', '.join(f'{counts[part]:,} {part}' for part in _PARTS)} ({stand})"
        )
    return lines


def unfinished(rows: Sequence[Row]) -> list[str]:
    """Return a line for each batch that did not reach everybody, or has not ended as far as is known."""
    lines = []
    for row in batch_rows(rows):
        if _unmailed(row) or (row.get("api_status") or "").lower() == "failed":
            count, total = row.get("batch_failed"), row.get("batch_total")
            many = f"{count:,} of {total:,} people were not mailed" if count and total else "it failed"
            lines.append(f"{row['state']}: {_short(row['recipient'])}: {many}: {_short(row.get('detail'))}")
        elif not is_end(row.get("api_status")):
            words = _short(row.get("detail") or row.get("api_status"))
            lines.append(f"{row['state']}: {_short(row['recipient'])}: {words}")
    return [
        *lines[:MOST_BATCHES],
        *([f"{len(lines) - MOST_BATCHES:,} more batches"] * (len(lines) > MOST_BATCHES)),
    ]


def step_for(rows: Sequence[Row], run_id: str) -> str:
    """Return what a person would sensibly do about the batches, "" where there is nothing."""
    found = batch_rows(rows)
    if any(not is_end(row.get("api_status")) for row in found):
        return (
            "The server goes on with what it took, whoever looks: run.wait() follows it to its end; from "
            f"another kernel mg.open_run({run_id!r}).wait(client=client) does."
        )
    if any(map(_unmailed, found)):
        return (
            "Who was left out only Migma knows (bounced, invalid and unsubscribed people always are): the "
            "dashboard names them. To mail the rest, give those people a tag of their own and the mailing a "
            "new name; the same tag again would mail the others twice."
        )
    return ""


def _short(words: object) -> str:
    text = " ".join(str(words or "").split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _unmailed(row: Row) -> bool:
    failed = (row.get("api_status") or "").lower() in {"failed", "partial"}
    return is_end(row.get("api_status")) and (failed or bool(row.get("batch_failed")))

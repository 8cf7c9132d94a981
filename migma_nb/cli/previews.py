"""`migma-nb preview`: messages as their recipients will see them; nothing is sent."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from migma_nb.api.errors import InputError
from migma_nb.cli.answering import answered
from migma_nb.cli.exits import Exit
from migma_nb.cli.mailings import Planned, mailing_of, plan_to_check
from migma_nb.cli.meanwhile import meanwhile
from migma_nb.cli.next_steps import show_next, to_send
from migma_nb.cli.problems import message_of
from migma_nb.cli.records import check_out
from migma_nb.cli.screen import document, heading, say
from migma_nb.cli.wording import for_terminal
from migma_nb.notebook.preview_page import preview_page
from migma_nb.planning.writing import write_file

_WAYS = {"row": "--row", "rows": "--rows", "find": "--find", "problems": "--problems"}


@answered
def preview(typed: Mapping[str, Any]) -> Exit:
    """Plan a mailing and show some of its messages.

    Args:
        typed: the command's parameters by name.
    """
    check_out(typed, "html", (".html", ".htm"))
    with meanwhile("planning", typed["log_every"]):
        planned = plan_to_check(mailing_of(typed))
    if planned.list_alone:
        raise InputError(
            "There is no message to show yet.", hint="Add --subject and --template (or --email-id)."
        )
    found = _rows(planned, typed)
    shown = found[: typed["most"]]
    messages = [_message(planned, row) for row in shown]
    if typed["html"] is not None:
        _write(planned, shown, typed["html"])
        said = f"Safe to open, with no script and nothing fetched: {typed['html']}"
        say(said, aside=typed["as_json"])
    words, line = to_send(planned, typed["line"])
    if typed["as_json"]:
        plan_id = None if planned.missing else planned.plan.id
        html = None if typed["html"] is None else str(typed["html"])
        told = {"plan_id": plan_id, "found": len(found), "messages": messages, "html": html}
        document({**told, "missing": list(planned.missing), "next": line})
        return Exit.FINE
    for row, message in zip(shown, messages, strict=True):
        heading(f"Row {row:,}")
        _show(planned, row, message)
    if len(found) > len(shown):
        say(f"\n… and {len(found) - len(shown):,} more; --most {len(found)} shows all.")
    show_next(line, words)
    return Exit.FINE


def _rows(planned: Planned, typed: Mapping[str, Any]) -> list[int]:
    """Return the rows that were asked for, by their positions from 0; the first to be mailed if none was.

    Raises:
        InputError: they are named in two ways, or there is no such row.
    """
    ways = [name for name in _WAYS if typed[name] is not None and typed[name] is not False]
    if len(ways) > 1:
        raise InputError(
            f"{_WAYS[ways[0]]} and {_WAYS[ways[1]]} both say which rows are shown.", hint="Keep one of them."
        )
    plan = planned.plan
    if not ways:
        return list(plan.ready[:1]) or [0]
    found = _found(planned, typed, ways[0])
    wrong = next((row for row in found if not 0 <= row < plan.size), None)
    if wrong is not None:
        raise InputError(f"There is no row {wrong}.", hint=f"The rows are 0 to {plan.size - 1:,}.")
    if not found:
        what = f"No row has {typed['find']!r}" if ways[0] == "find" else "No row has a problem"
        raise InputError(f"{what}, so there is nothing to show.")
    return found


def _found(planned: Planned, typed: Mapping[str, Any], way: str) -> list[int]:
    if way == "row":
        return [typed["row"]]
    if way == "rows":
        return _numbers(typed["rows"])
    if way == "find":
        return list(_finding(planned, typed["find"]))
    return sorted({int(row) for row in planned.held.issues["row"].dropna()})


def _numbers(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise InputError(f"--rows {text!r} is no list of rows.", hint="Write it like --rows 0,17,481.")
    return list(dict.fromkeys(map(int, parts)))


def _finding(planned: Planned, text: str) -> Iterator[int]:
    row = planned.plan.find(text)
    while row is not None:
        yield row
        row = planned.plan.find(text, row)


def _message(planned: Planned, row: int) -> dict[str, Any]:
    """Return a message and what is to be known of its row, as a script reads it."""
    message, preset = planned.plan.message(row), planned.plan.preset(row)
    issues = planned.held.issues
    return {
        "row": row,
        "mailed": preset is None,
        "state": None if preset is None else str(preset[0]),
        "why": None if preset is None else for_terminal(preset[2]),
        "recipient": message.recipient,
        "sender": message.sender if "--sender" not in planned.missing else None,
        "reply_to": message.reply_to,
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "unfilled": list(message.unfilled),
        "notes": list(message.notes),
        "issues": [str(code) for code in issues.loc[issues["row"] == row, "code"]],
    }


def _show(planned: Planned, row: int, message: Mapping[str, Any]) -> None:
    if not message["mailed"]:
        say(f"Not mailed: {message['state']}, {message['why']}", bold=True)
    shown = repr(planned.held.preview(row)).rstrip()
    stood_in = "\n".join(shown.split("\n")[1:])
    say(stood_in if message["sender"] is None else shown)
    issues = planned.held.issues
    for _, line in issues[issues["row"] == row].iterrows():
        say(f"{line['severity'].capitalize()}: {for_terminal(message_of(line))}")


def _write(planned: Planned, rows: list[int], path: Path) -> None:
    cards = [(f"Row {row:,}", planned.plan.message(row)) for row in rows]
    write_file(preview_page(planned.plan.mailing, cards), path)

"""Conversations, which emails come of (migma-api.md section 4): an import is at work for a moment.

An import here keeps its HTML as it is; the API speaks of a conversion, which may change it.
"""

import email
import email.policy
import re
from functools import partial
from html import unescape
from typing import Any

from migma_nb.sandbox.account import Account
from migma_nb.sandbox.audience import Resource
from migma_nb.sandbox.identifiers import new_id

_HEADER = re.compile(r"\s*[A-Za-z][A-Za-z0-9-]*:")
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)


class Conversations:
    """The imports of an account. The account's lock guards it.

    Args:
        account: Keeps conversations and emails.
        import_seconds: How long an import is at work.

    Attributes:
        failing: The error that imports end with from now on, or None.
    """

    def __init__(
        self,
        account: Account,
        *,
        import_seconds: float,
    ) -> None:
        self._account = account
        self._import_seconds = import_seconds
        self.failing: str | None = None
        for conversation in account.conversations:
            if conversation["status"] == "processing":
                account.timetable.put(
                    conversation["readyAt"], partial(self._make, conversation["conversationId"])
                )

    def begin(self, project_id: str, files: list[tuple[str, str]]) -> Resource:
        """Take an import up; its emails are there when it is completed.

        Args:
            project_id: The project that the emails are for.
            files: Name and source of each.
        """
        account = self._account
        now = account.clock.timestamp()
        conversation: Resource = {"conversationId": new_id(), "projectId": project_id}
        conversation |= {"title": files[0][0] or "Imported HTML", "status": "processing", "error": None}
        conversation |= {"createdAt": now, "updatedAt": now, "files": [list(each) for each in files]}
        conversation["readyAt"] = account.clock.now() + self._import_seconds
        account.conversations.put(conversation["conversationId"], conversation)
        account.timetable.put(conversation["readyAt"], partial(self._make, conversation["conversationId"]))
        return conversation

    def _make(self, conversation_id: str, at: float) -> None:
        """End an import."""
        account = self._account
        conversation = dict(account.conversations.get(conversation_id) or {})
        conversation |= {"status": "completed", "updatedAt": account.clock.timestamp(at)}
        if self.failing is not None:
            conversation |= {"status": "failed", "error": self.failing}
        else:
            for name, source in conversation["files"]:
                subject, html = read_source(name, source)
                account.add_email(
                    subject, html, project_id=conversation["projectId"], conversation_id=conversation_id
                )
        account.conversations.put(conversation_id, conversation | {"files": []})


def read_source(name: str, source: str) -> tuple[str, str]:
    """Subject and HTML of a file: of HTML its title, else the file's name; of an .eml what it says itself."""
    if not name.lower().endswith(".eml") or not _HEADER.match(source):
        title = _TITLE.search(source)
        return (unescape(title[1]).strip() if title else "") or name or "Imported HTML", source
    # The parser takes no lone surrogates, which JSON may hold.
    message = email.message_from_bytes(source.encode("utf-8", "replace"), policy=email.policy.default)
    part = message.get_body(("html", "plain"))
    html = part.get_content() if part is not None else ""
    return str(message.get("subject", "") or name), str(html)


def emails_as_json(account: Account, conversation_id: str) -> list[dict[str, Any]]:
    """The emails of a conversation as its status shows them, by slot."""
    return [
        {
            "emailId": each["emailId"],
            "conversationId": conversation_id,
            "slot": slot,
            "subject": each["subject"],
            "preheader": "",
            "html": each["html"],
            "status": "ready",
        }
        for slot, each in enumerate(account.emails_of(conversation_id), start=1)
    ]


def status_as_json(account: Account, conversation_id: str) -> dict[str, Any] | None:
    """A conversation as its status shows it, or None if there is none."""
    conversation = _conversation(account, conversation_id)
    if conversation is None:
        return None
    names = ("conversationId", "status", "createdAt", "updatedAt")
    shown: dict[str, Any] = {name: conversation[name] for name in names}
    if conversation["error"]:
        shown["error"] = conversation["error"]
    if conversation["status"] == "completed":
        made = emails_as_json(account, conversation_id)
        shown["result"] = {"subject": made[0]["subject"], "emails": made}
    return shown


def conversations_of(account: Account, project_id: str) -> list[Resource]:
    """The conversations of a project, newest first, those whose emails a person put there included."""
    ids = {each["conversationId"]: None for each in account.emails if each["projectId"] == project_id}
    own = {each["conversationId"]: None for each in account.conversations if each["projectId"] == project_id}
    found = [each for name in ids | own if (each := _conversation(account, name))]
    return sorted(found, key=lambda each: str(each["createdAt"]), reverse=True)


def listed_as_json(account: Account, conversation: Resource) -> dict[str, Any]:
    """A conversation as the list shows it: without its emails' ids."""
    made = account.emails_of(conversation["conversationId"])
    names = ("conversationId", "title", "status", "createdAt", "updatedAt")
    return {name: conversation[name] for name in names} | {
        "subject": made[0]["subject"] if made else None,
        "previewText": None,
        "screenshotUrl": None,
    }


def _conversation(account: Account, conversation_id: str) -> Resource | None:
    known = account.conversations.get(conversation_id)
    made = account.emails_of(conversation_id)
    if known is not None or not made:
        return known
    # A person put its emails there: it was never at work.
    first = {"conversationId": conversation_id, "title": made[0]["subject"], "status": "completed"}
    return first | {"error": None, "createdAt": made[0]["updatedAt"], "updatedAt": made[-1]["updatedAt"]}

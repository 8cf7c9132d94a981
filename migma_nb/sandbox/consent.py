"""Who may be mailed: the one decision of S20 and S21, without any state of its own."""

from collections.abc import Mapping
from typing import Any

ALWAYS_EXCLUDED = frozenset({"bounced", "invalid"})
EXCLUDED_FROM_MARKETING = frozenset({"complained", "unsubscribed", "non-subscribed"})


def meaning_of(address: str) -> str | None:
    """The status that an address bears in its local part, on any domain: ``bounced+7@…`` is bounced."""
    local = address.rpartition("@")[0].partition("+")[0].casefold()
    return local if local in ALWAYS_EXCLUDED | EXCLUDED_FROM_MARKETING else None


def exclusion(
    address: str, contact: Mapping[str, Any] | None, topic: Mapping[str, Any] | None, *, transactional: bool
) -> str | None:
    """Why an address is not mailed, or None if it is.

    An address that is no contact has no status: it is mailed either way (the documents leave it open).

    Args:
        address: The recipient.
        contact: The recipient's contact, if there is one.
        topic: The topic of the send, if it names a known one.
        transactional: True bypasses subscription and topics, but not bounced and invalid (S20, S21).
    """
    found = {meaning_of(address), contact["status"] if contact else None}
    always = sorted(status for status in found & ALWAYS_EXCLUDED if status)
    if always:
        return always[0]
    if transactional:
        return None
    marketing = sorted(status for status in found & EXCLUDED_FROM_MARKETING if status)
    if marketing:
        return marketing[0]
    if contact and topic and not _follows(contact, topic):
        return "topic_opt_out"
    return None


def _follows(contact: Mapping[str, Any], topic: Mapping[str, Any]) -> bool:
    """A contact's own word, else the topic's default: ``opt_in`` has contacts in until they leave."""
    choice = contact["topics"].get(topic["id"])
    return bool(topic["defaultSubscription"] == "opt_in" if choice is None else choice)

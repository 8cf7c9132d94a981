"""A mailing in as few words as one takes, for tests of who gets it."""

from typing import Any

MAIL: dict[str, Any] = {
    "mailing": "m",
    "sender": "Acme <billing@acme.org>",
    "subject": "Hi",
    "template": "<p>x</p>",
    "project_id": "p",
    "transactional": True,
}

"""What the tests of cards share: a complete mailing, and a reader that refuses live or broken HTML."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest

from migma_nb.planning.plan import Plan, make_plan

COMPLETE: dict[str, Any] = {
    "mailing": "2026-11 renewal notice",
    "sender": "Acme Billing <billing@acme.example>",
    "subject": "{{first_name}}, your plan renews",
    "template": "<p>Hello {{first_name}}, you have {{plan}}.</p>",
    "project_id": "proj_1",
    "transactional": True,
}
_VOID = frozenset({"br", "hr", "img", "meta", "link", "base", "input"})
_LIVE = frozenset({"script", "style", "link", "meta", "base", "object", "embed", "img", "form", "input", "a"})
_ELSEWHERE = re.compile(r"url\(|@import|https?:|//|expression\(", re.IGNORECASE)


class _CardReader(HTMLParser):
    """Collects tags and refuses what a card must not have: live tags, handlers, other places' resources."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Judge one tag."""
        assert tag not in _LIVE
        self.tags.append((tag, dict(attrs)))
        for name, value in attrs:
            assert not name.startswith("on")
            assert name in {"srcdoc", "aria-label"} or not _ELSEWHERE.search(value or "")
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Judge one tag that ends where it begins."""
        self.handle_starttag(tag, attrs)
        self.open.remove(tag)

    def handle_endtag(self, tag: str) -> None:
        """See that it closes what was opened last."""
        assert tag == self.open.pop()


@pytest.fixture
def tags() -> Callable[[str], list[tuple[str, dict[str, str | None]]]]:
    """Return a reader of a card's tags; it fails on HTML that is broken, live or fetches anything."""

    def read(html: str) -> list[tuple[str, dict[str, str | None]]]:
        reader = _CardReader()
        reader.feed(html)
        reader.close()
        assert [] == reader.open
        return reader.tags

    return read


@pytest.fixture
def plan() -> Callable[..., Plan]:
    """Return `make_plan` with a complete mailing, of which a test changes what it is about."""

    def make(recipients: Any, **changes: Any) -> Plan:
        return make_plan(recipients, **{**COMPLETE, **changes})

    return make


@pytest.fixture
def people() -> pd.DataFrame:
    """Return three people with nothing wrong about them."""
    return pd.DataFrame(
        {
            "email": ["ann@acme.org", "bo@acme.org", "cy@acme.org"],
            "First Name": ["Ann", "Bo", "Cy"],
            "plan": ["Team", "Team", "Starter"],
        },
    )

"""Cards and previews: hostile text stays text, and a mail's own HTML can do nothing."""

from html.parser import HTMLParser
from typing import Any

import pandas as pd

import migma_nb as mg

EVIL = "<script>alert(1)</script>\n\u202eevil " + "x" * 10_000


def plan(**changes: Any) -> mg.SendPlan:
    """Plan a mail to somebody with a hostile name."""
    options: dict[str, Any] = {
        "mailing": EVIL.replace("\n", " ")[:200],
        "sender": "A <a@b.example>",
        "subject": "Hi",
        "template": "<script>x()</script><meta http-equiv=refresh content='0;url=//evil'><p>{{name}}</p>",
        "project_id": "p",
        "transactional": True,
    }
    return mg.plan(pd.DataFrame({"email": ["a@x.example"], "name": [EVIL]}), **options | changes)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep each tag."""
        self.found.append((tag, dict(attrs)))


def test_cards_are_small_and_hold_no_live_tag() -> None:
    """A plan of hostile texts is at most 20 kB of HTML without scripts."""
    html = plan()._repr_html_()
    assert 20_000 > len(html)
    assert "<script" not in html
    assert "\n" not in html.split("<table")[0]


def test_a_preview_shows_the_mail_only_inside_a_guarded_frame() -> None:
    """Sandboxed, with the policy first: nothing runs, nothing is fetched."""
    tags = _Tags()
    tags.feed(plan().preview(0)._repr_html_())
    frames = [attrs for tag, attrs in tags.found if tag == "iframe"]
    assert 1 == len(frames)
    assert "" == (frames[0]["sandbox"] or "")
    assert (frames[0]["srcdoc"] or "").startswith('<meta http-equiv="Content-Security-Policy"')
    assert {"script", "meta"}.isdisjoint(tag for tag, _ in tags.found)


def test_texts_can_be_read_at_a_glance() -> None:
    """A plan's text has whom, what and the next line, in at most 30 lines of 110 characters."""
    text = repr(plan(mailing="m"))
    assert "1 people of 1 rows" in text
    assert "confirm=1" in text
    assert 30 > len(text.splitlines())
    assert "Subject  Hi" in repr(plan().preview(0))

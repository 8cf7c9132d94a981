"""A message as its reader will see it, which can do nothing to the notebook it is shown in."""

import re
from collections.abc import Callable

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migma_nb.notebook.preview import preview_html, preview_text
from migma_nb.planning.plan import Plan
from migma_nb.planning.rendering import RenderedMessage

Planner = Callable[..., Plan]
Tags = Callable[[str], list[tuple[str, dict[str, str | None]]]]

#: First in every frame, character by character: what was measured to fetch nothing, then what Tab reaches.
GUARD = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; form-action 'none'; base-uri 'none'\"><base target=\"_blank\">"
    '<html tabindex="0">'
)
LIVE = (
    "<script>parent.document.title='x'</script><meta http-equiv=refresh content='0;url=https://evil.example'>"
    "<img src=https://evil.example/p.gif onerror=\"x()\"><a href='https://acme.example/'>go</a>"
    "\"'></iframe><script>x()</script>"
)


def message(html: str | None, **changes: object) -> RenderedMessage:
    """Return a message with some HTML."""
    fields: dict[str, object] = {
        "recipient": "ann@acme.org",
        "sender": "Acme <a@acme.example>",
        "subject": "Hi",
        "html": html,
        "reply_to": None,
        "unfilled": (),
        "notes": (),
    }
    return RenderedMessage(**{**fields, **changes})  # type: ignore[arg-type]


def frame_of(tags: Tags, made: RenderedMessage) -> dict[str, str | None]:
    """Return the attributes of a preview's only frame."""
    frames = [attrs for tag, attrs in tags(preview_html(made)) if tag == "iframe"]
    assert 1 == len(frames)
    return frames[0]


def test_a_preview_reads_like_the_mail(plan: Planner, people: pd.DataFrame) -> None:
    """Head first, then the text with its links, then what the API leaves open."""
    made = plan(
        people.assign(plan="R&D"),
        template="<h1>Hello {{first_name}}</h1><p>You have {{plan}}.<br><a href='https://x.example'>See</a></p>",
        reply_to="help@acme.org",
    )
    assert [
        "From      Acme Billing <billing@acme.example>",
        "To        bo@acme.org",
        "Subject   Bo, your plan renews",
        "Reply-To  help@acme.org",
        "",
        "Hello Bo",
        "",
        "You have R&D.",
        "See (https://x.example)",
        "",
        "Note: Whether Migma escapes <, > and & in a value is not documented; they are shown escaped, so",
        "as plain text.",
    ] == preview_text(made.message(1)).splitlines()


def test_what_is_not_filled_is_named() -> None:
    """A placeholder without value stands in the notes by its name, in text and card."""
    made = message("<p>{{name}}</p>", unfilled=("name",))
    assert "Note: Not filled: {{name}}." in preview_text(made)
    assert "Not filled: {{name}}." in preview_html(made)


def test_stored_content_says_that_it_cannot_be_shown(tags: Tags) -> None:
    """There is no frame, and the reason stands once."""
    note = "The content is stored at Migma and cannot be shown here; only the subject is known."
    made = message(None, notes=(note,))
    assert "iframe" not in [tag for tag, _ in tags(preview_html(made))]
    for shown in (preview_text(made), preview_html(made)):
        assert 1 == shown.count("The content is stored at Migma")


def test_a_mail_of_pictures_only_says_so() -> None:
    """An empty text twin would look like a fault."""
    assert "No text was found in this mail." in preview_text(message("<img src=data:,>"))


def test_the_frame_is_sandboxed_and_its_policy_comes_first(tags: Tags) -> None:
    """No permission is given to the frame, and before the mail's first byte stand policy and base."""
    frame = frame_of(tags, message("<!doctype html><p>x</p>"))
    assert frame["sandbox"] in {None, ""}
    assert GUARD + "<!doctype html><p>x</p>" == frame["srcdoc"]


def test_a_live_mail_stays_inside_the_frame(tags: Tags) -> None:
    """Scripts, refresh, pixels and quotes that try to leave the attribute are only in the frame's source."""
    html = preview_html(message(LIVE, subject=LIVE, recipient=LIVE))
    assert LIVE in (frame_of(tags, message(LIVE))["srcdoc"] or "")
    outside = re.sub(r'srcdoc="[^"]*"', "", html)
    assert "<script" not in outside
    assert "<meta" not in outside


@pytest.mark.parametrize(
    "tag", ["<link rel=preconnect href=//e>", "<IFRAME src=//e>", "<frame/src=//e>", "<link\n>"]
)
def test_tags_that_connect_before_the_policy_is_asked_are_disarmed(tags: Tags, tag: str) -> None:
    """A connection alone tells the sender's tracker that somebody looked."""
    inside = frame_of(tags, message(f"<p>a</p>{tag}<p>b</p>"))["srcdoc"] or ""
    assert not re.search(r"<(link|iframe|frame)\b", inside, re.IGNORECASE)
    assert inside.endswith("<p>b</p>")


def test_a_page_that_loses_the_frame_still_has_the_text() -> None:
    """The text twin stands below the frame, its beginning in plain sight."""
    html = preview_html(message("<p>Hello Ann, your plan renews.</p>"))
    assert "As text: " in html
    assert 2 == html.split("</iframe>")[1].count("Hello Ann, your plan renews.")


def test_a_long_text_is_cut_and_says_so() -> None:
    """A text of a megabyte does not flood the notebook; controls cannot steer the terminal."""
    text = preview_text(message("<p>\x1b[2J" + "word " * 200_000))
    assert 10_000 > len(text)
    assert "more characters" in text
    assert "\x1b" not in text


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(), st.text(max_size=20))
def test_any_html_survives_its_way_into_the_frame(tags: Tags, html: str, subject: str) -> None:
    """Whatever a template holds, the frame gets it and the card stays whole."""
    html = html.replace("\x00", "").replace("\r", "")
    frame = frame_of(tags, message(html, subject=subject))
    assert GUARD + html == frame["srcdoc"]

"""No address that was meant for somebody can be read in what a notebook keeps."""

import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migma_nb.notebook.masking import masked, masked_message
from migma_nb.planning.rendering import RenderedMessage

LETTERS = st.text("abcxyzABCäßñé0123456789", min_size=2, max_size=12)
LOCALS = st.lists(LETTERS, min_size=1, max_size=3).flatmap(
    lambda parts: st.sampled_from([".", "-", "_", "+", "'", "=", "/"]).map(lambda mark: mark.join(parts))
)
DOMAINS = st.lists(st.text("abcxyz0123456789ü", min_size=2, max_size=8), min_size=1, max_size=3).map(".".join)
AROUND = st.sampled_from(
    ["", " ", "<", ">", '"', "'", "(", "mailto:", "\n", ",", ";", "https://a.example/?to=", "a@b.example,"]
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("jane@acme.example", "j…@acme.example"),
        ("Jane Doe <jane.doe@acme.example>", "Jane Doe <j…@acme.example>"),
        ("jane@a.example, joe@b.example; al@c.example", "j…@a.example, j…@b.example; a…@c.example"),
        ("jane@@acme.example", "j…@@acme.example"),
        ("jane@x", "j…@x"),
        ("jane@", "j…@"),
        ("jane @acme.example", "j…@acme.example"),
        ("jane@ acme.example", "j…@ acme.example"),
        ("jane@doe@acme.example", "j…@d…@acme.example"),
        ("'jane.doe@acme.example'", "'j…@acme.example'"),
        ('"jane doe"@acme.example', "j…@acme.example"),
        ("&quot;jane doe&quot;@acme.example", "j…@acme.example"),
        ("o&#x27;brien@acme.example", "o…@acme.example"),
        ("&lt;jane@acme.example&gt;", "&lt;j…@acme.example&gt;"),
        ("Dear&nbsp;jane@acme.example", "Dear&nbsp;j…@acme.example"),
        ("jürgen@müller.example", "j…@müller.example"),
        ("用户@例子.广告", "用…@例子.广告"),
        ("jane＠acme.example", "j…＠acme.example"),
        ("jane%40acme.example", "j…%40acme.example"),
        ("j%C3%BCrgen%40acme.example", "j…%40acme.example"),
        ("%C3%BCrgen%40acme.example", "%C3%BC…%40acme.example"),
        ("jane&#64;acme.example", "j…&#64;acme.example"),
        ("bounce+jane=acme.example@lists.example", "b…@lists.example"),
        ("https://a.example/?to=jane@acme.example&x=1", "https://a.example/?to=j…@acme.example&x=1"),
        ("mailto:jane@a.example?cc=joe@b.example", "mailto:j…@a.example?cc=j…@b.example"),
    ],
)
def test_an_address_is_shortened_to_its_first_character(text: str, found: str) -> None:
    """Whole or broken, quoted, encoded or in any script; its domain stays."""
    assert found == masked(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tag:01HX",
        "Row 3: nothing stands in email.",
        "p{color:red}@media (max-width:600px){p{color:blue}}",
        "@import 'x.css'; @font-face {}",
        "https://blog.example/@jane",
        "The part after the '@'.",
        "5 @ 3 a piece",
    ],
)
def test_what_is_no_address_stays(text: str) -> None:
    """Style sheets, names of accounts and lone signs are left as they are."""
    assert text == masked(text)


@given(AROUND, LOCALS, DOMAINS, AROUND)
def test_no_address_is_left_whole(before: str, local: str, domain: str, after: str) -> None:
    """Whatever stands around it, neither the address nor more of its local part than one run can be read."""
    assert f"{local}@{domain}" not in masked(f"{before}{local}@{domain}{after}")
    assert f"{quote(local)}%40{domain}" not in masked(f"{before}{quote(local)}%40{domain}{after}")


@given(AROUND, LOCALS, DOMAINS)
def test_masking_twice_is_masking_once(before: str, local: str, domain: str) -> None:
    """What is masked stays as it is, so that nobody has to know whether it was."""
    once = masked(f"{before}{local}@{domain}")
    assert once == masked(once)


def message(recipient: str, html: str) -> RenderedMessage:
    """Return a message to somebody, with some HTML."""
    return RenderedMessage(
        recipient=recipient,
        sender="Acme Billing <billing@acme.example>",
        subject=f"For {recipient}",
        html=html,
        reply_to="help@acme.example",
        unfilled=(),
        notes=(f"Not sent to {recipient}.",),
    )


def test_a_message_hides_its_recipient_wherever_it_stands() -> None:
    """As it is, escaped for HTML, and percent-encoded in a link, in any case."""
    made = masked_message(
        message(
            "Mary.O'Neil@acme.example",
            "<p>Mary.O&#x27;Neil@acme.example, MARY.O'NEIL@ACME.EXAMPLE</p>"
            '<a href="https://a.example/u?to=Mary.O%27Neil%40acme.example">out</a>',
        )
    )
    for text in (made.recipient, made.subject, made.html, made.text, *made.notes):
        assert text is not None
        assert not re.search("neil", text, re.IGNORECASE)
    assert "M…@acme.example" == made.recipient
    assert 'href="https://a.example/u?to=M…%40acme.example"' in (made.html or "")


def test_a_message_hides_everybody_else_but_its_sender() -> None:
    """Whom the mail is from and who answers may be read; a colleague's address in a cell may not."""
    made = masked_message(
        message(
            "jane@acme.example",
            "<p>Ask boss@acme.example, xbilling@acme.example or billing@acme.example.</p>"
            '<a href="mailto:help@acme.example">Help</a>',
        )
    )
    assert (
        "<p>Ask b…@acme.example, x…@acme.example or billing@acme.example.</p>"
        '<a href="mailto:help@acme.example">Help</a>'
    ) == made.html
    assert "Acme Billing <billing@acme.example>" == made.sender


def test_a_message_to_nobody_is_masked_too() -> None:
    """An empty cell has no address to look for; the rest is still shortened."""
    assert "<p>j…@b.example</p>" == masked_message(message("", "<p>jane@b.example</p>")).html


def test_a_large_mail_is_masked_in_a_moment() -> None:
    """A picture of two million characters, and a hundred thousand signs, do not take minutes."""
    picture = "data:image/png;base64," + "a" * 2_000_000
    assert picture == masked(picture)
    assert 100_000 == masked("ab@" * 100_000).count("…")


def test_an_address_that_tags_cut_in_pieces_is_masked_in_the_text() -> None:
    """In the HTML nobody reads it as one; the text has it whole."""
    made = masked_message(message("jane@b.example", "<p><b>boss</b>@<i>acme</i>.example</p>"))
    assert "b…@acme.example" == made.text

"""One message as its reader would see it, and what the API leaves open about it."""

from collections.abc import Callable

import pandas as pd
import pytest

from migma_nb.planning.plan import Plan
from migma_nb.planning.rendering import plain_text
from migma_nb.planning.targets import Tag

Planner = Callable[..., Plan]


def test_a_message_is_the_mailing_filled_for_one_row(plan: Planner, people: pd.DataFrame) -> None:
    """Subject and template with this row's values, and who it is from and to."""
    made = plan(
        people, subject="{{first_name}}!", template="<p>Your {{ plan }}</p>", reply_to="r@acme.example"
    )
    message = made.message(2)
    assert ("cy@acme.example", "Acme Billing <billing@acme.example>", "Cy!", "<p>Your Starter</p>") == (
        message.recipient,
        message.sender,
        message.subject,
        message.html,
    )
    assert ("Your Starter", "r@acme.example", (), ()) == (
        message.text,
        message.reply_to,
        message.unfilled,
        message.notes,
    )


def test_values_are_shown_as_text_and_the_open_question_is_said(plan: Planner) -> None:
    """Escaping is not documented: markup is shown as text, in links percent-encoded, and notes say so."""
    frame = pd.DataFrame({"email": ["a@x.example"], "v": ["R&D <b>"]})
    message = plan(frame, subject="{{v}}", template="<a href='x?%7B%7Bv%7D%7D'>{{v}}</a>").message(0)
    assert ("R&D <b>", "<a href='x?R%26D%20%3Cb%3E'>R&amp;D &lt;b&gt;</a>") == (message.subject, message.html)
    assert ["Whether Migma escapes", "A placeholder inside a link"] == [
        note[: len(start)]
        for note, start in zip(
            message.notes, ["Whether Migma escapes", "A placeholder inside a link"], strict=True
        )
    ]


def test_a_value_is_never_a_template(plan: Planner) -> None:
    """Braces in a value are text."""
    frame = pd.DataFrame({"email": ["a@x.example"], "v": ["{{w}}"], "w": ["no"]})
    assert "<p>{{w}} no</p>" == plan(frame, template="<p>{{v}} {{w}}</p>").message(0).html


def test_an_invalid_row_is_shown_as_far_as_it_goes(plan: Planner) -> None:
    """What is missing stays visible and is named."""
    frame = pd.DataFrame({"email": ["broken"], "v": [None], "w": [7]})
    message = plan(frame, template="<p>{{v}} {{w}}</p>").message(0)
    assert ("broken", "<p>{{v}} 7</p>", ("v",)) == (message.recipient, message.html, message.unfilled)


def test_stored_content_cannot_be_shown(plan: Planner, people: pd.DataFrame) -> None:
    """Only the subject is known, and the notes say so."""
    made = plan(people, subject="{{plan}}", template=None, project_id=None, email_id="e")
    message = made.message(0)
    assert ("Team", None, None) == (message.subject, message.html, message.text)
    assert "stored at Migma" in message.notes[0]


def test_a_batch_message_leaves_the_contacts_fields_open(plan: Planner) -> None:
    """What Migma fills from its contacts stays visible."""
    message = plan(
        Tag("t1"), template="<p>{{first_name}} {{season}}</p>", variables={"season": "spring"}
    ).message(0)
    assert ("tag:t1", "<p>{{first_name}} spring</p>", ("first_name",)) == (
        message.recipient,
        message.html,
        message.unfilled,
    )


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<h1>A</h1><p>b\n  c</p>", "A\n\nb c"),
        ("<style>p{}</style><title>t</title><p>x<br>y</p>", "x\ny"),
        ("<a href='https://x.example'>go</a>", "go (https://x.example)"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("a &amp; b", "a & b"),
    ],
)
def test_html_has_a_text_twin(html: str, text: str) -> None:
    """Paragraphs, lines, cells and links survive; styles do not."""
    assert text == plain_text(html)


def test_text_is_read_where_the_head_has_no_end_and_from_pictures() -> None:
    """HTML may leave `</head>` out, and a picture's text stands in for it."""
    html = '<html><head><title>t</title><style>p{}</style><body><p>Hello</p><img src="x" alt="a boat">'
    assert "Hello\n\na boat" == plain_text(html)

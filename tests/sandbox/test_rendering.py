"""What a person finds in the mail: filled placeholders, escaped values, and what stays visible."""

import html
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migma_nb.sandbox import SandboxServer
from migma_nb.sandbox.render import fill_html, fill_subject

Serve = Callable[..., SandboxServer]
Post = Callable[..., httpx.Response]
Body = Callable[..., dict[str, Any]]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{name}} {{ name }} {{  name}}", "Zo&#x27;&amp; Zo&#x27;&amp; Zo&#x27;&amp;"),
        ("<a href='/?n=%7B%7Bname%7D%7D'>", "<a href='/?n=Zo%27%26'>"),
        ("<a href='/?n=%7b%7b%20name%20%7d%7d&m=%7B%7Bcount%7D%7D'>", "<a href='/?n=Zo%27%26&m=3'>"),
        ("{{count}} {{price}} {{yes}} {{list}}", "3 1.5 true [1, 2]"),
        ("{{other}} {{nothing}} %7B%7Bother%7D%7D", "{{other}} {{nothing}} %7B%7Bother%7D%7D"),
        ("{name} {{{name}}} {{na me}}", "{name} {Zo&#x27;&amp;} {{na me}}"),
        ("{{template}}", "{{name}}"),
    ],
)
def test_placeholders_in_html_are_filled(template: str, expected: str) -> None:
    """With or without spaces, also percent-encoded; values are escaped; what has no value stays visible."""
    values = {"name": "Zo'&", "count": 3, "price": 1.5, "yes": True, "list": [1, 2], "nothing": None}
    assert expected == fill_html(template, values | {"template": "{{name}}"})


@settings(deadline=None)
@given(st.text(), st.text())
def test_any_value_arrives_as_text(before: str, value: str) -> None:
    """Whatever stands in a value is shown as it is and never becomes markup or a template."""
    prefix = before.replace("{", "").replace("%", "")
    assert prefix + value == fill_subject(prefix + "{{v}}", {"v": value})
    assert value == html.unescape(fill_html("{{v}}", {"v": value}))
    assert value == unquote(fill_html("%7B%7Bv%7D%7D", {"v": value}))


def test_batches_personalise_from_the_contact(serve: Serve, post: Post, batch: Body) -> None:
    """Standard fields, snake case and custom fields fill the template; variables of the request win."""
    server = serve(batch_seconds=0)
    server.add_contact(
        "ann@customer.example",
        tags=["news"],
        first_name="Ann",
        country="DE",
        custom_fields={"plan": "pro", "x": 1},
    )
    server.add_contact("ben@customer.example", tags=["news"], first_name="Ben")
    changes = {
        "subject": "{{firstName}} {{first_name}} {{country}} {{plan}} {{x}}",
        "template": "{{email}}",
        "variables": {"x": 2},
    }
    post(server, batch(server, server.add_tag("news")["id"], **changes))
    server.drain()
    assert ["Ann Ann DE pro 2", "Ben Ben {{country}} {{plan}} 2"] == [
        mail["subject"] for mail in server.outbox()
    ]
    assert ["ann@customer.example", "ben@customer.example"] == [mail["html"] for mail in server.outbox()]


def test_letters_of_all_kinds_arrive_whole(serve: Serve, http: httpx.Client, single: Body) -> None:
    """Emoji, right-to-left text and even a lone surrogate pass through."""
    server = serve()
    for word in ("Zoë 👋", "שלום", "\ud800"):
        body = single(server, variables={"name": word}, template="<a href='%7B%7Bname%7D%7D'>" + word)
        http.post(f"{server.url}/v1/sending", content=json.dumps(body), headers={"X-API-Key": server.api_key})
    server.drain()
    assert ["Hello Zoë 👋", "Hello שלום", "Hello \ud800"] == [mail["subject"] for mail in server.outbox()]

"""Which words of a refusal show that a server takes no raw template, and which do not."""

import pytest

from migma_nb.api.hints import hint_for


@pytest.mark.parametrize(
    "words",
    [
        "HTTP 400: template is no longer taken: make an email of it",
        "HTTP 422: Unrecognized key: 'template' is unknown",
        "HTTP 400: template: not supported",
        "HTTP 400: emailId or conversationId is required (section 0).",
    ],
)
def test_a_server_of_stored_emails_is_recognised(words: str) -> None:
    """The hint says what to type."""
    assert "mg.import_html" in str(hint_for(words))


@pytest.mark.parametrize(
    "words",
    [
        None,
        "",
        "HTTP 400: from: the domain is not verified",
        "HTTP 400: template is required unless conversationId is given (S14)",
        "HTTP 400: template or conversationId is required",
        "HTTP 404: there is no tag t1",
    ],
)
def test_other_refusals_get_no_such_hint(words: str | None) -> None:
    """An older server that misses a template is the opposite."""
    assert hint_for(words) is None

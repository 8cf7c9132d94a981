"""What a person can do about a refusal, where the API's words show it. Decides nothing."""

import re

_NO_TEMPLATE = re.compile(
    r"\btemplate\b.*\b(no longer|not (taken|accepted|supported|allowed)|unrecogni[sz]ed|unexpected|unknown"
    r"|deprecated|removed)\b",
    re.IGNORECASE | re.DOTALL,
)
_STORED_ONLY = re.compile(r"\b(emailId|conversationId)\b.*\brequired\b", re.IGNORECASE | re.DOTALL)

IMPORT_HTML = (
    "This server takes no raw template any more, only emails that it holds: make one with "
    'email = mg.import_html("template.html", client), then plan with email_id=email.'
)


def hint_for(words: str | None) -> str | None:
    """Return what to do about a refusal of a send, None where its words do not tell.

    Args:
        words: the API's, as they stand in a row's `detail`.
    """
    said = words or ""
    stored_only = _STORED_ONLY.search(said) and "template" not in said.lower()
    return IMPORT_HTML if _NO_TEMPLATE.search(said) or stored_only else None

"""Templates are filled here: ``{{name}}`` in subjects and HTML, and its percent-encoded form inside links.

The documents leave much open (migma-api.md section 4); the sandbox decides: spaces inside the braces do not
matter; a value is inserted as text, never as a template; in HTML it is escaped; a percent-encoded placeholder
gets a percent-encoded value; a placeholder without a value, or with null, stays visible as it stands.
"""

import html as html_entities
import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, unquote

_PLACEHOLDER = re.compile(r"\{\{([^{}]*)\}\}")
_IN_HTML = re.compile(r"\{\{([^{}]*)\}\}|%7B%7B((?:(?!%7B|%7D)[^\s\"'<>])*)%7D%7D", re.IGNORECASE)


def fill_subject(subject: str, values: Mapping[str, Any]) -> str:
    """The subject with its placeholders filled; values stand as they are."""
    return _PLACEHOLDER.sub(lambda match: _value(match, match[1].strip(), values, str), subject)


def fill_html(html: str, values: Mapping[str, Any]) -> str:
    """The HTML with its placeholders filled, escaped in text and percent-encoded in percent-encoded ones."""

    def replace(match: re.Match[str]) -> str:
        if match[1] is not None:
            return _value(match, match[1].strip(), values, html_entities.escape)
        return _value(
            match,
            unquote(match[2]).strip(),
            values,
            lambda text: quote(text, safe="", errors="surrogatepass"),
        )

    return _IN_HTML.sub(replace, html)


def _value(match: re.Match[str], name: str, values: Mapping[str, Any], encode: Callable[[str], str]) -> str:
    value = values.get(name)
    if value is None:
        return match[0]
    return encode(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))

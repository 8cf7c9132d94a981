"""What was meant by an address that cannot be used: one guess that is accepted, or none."""

import re
import unicodedata

from migma_nb.api.models import UNSAFE_IN_HEADER
from migma_nb.planning.addresses import bare_address, check_address
from migma_nb.planning.domains import meant_domain

_QUOTES = "\"'`´‘’‚‛“”„‟«»‹›"
#: What may stand at the beginning where one of these stands at the end.
_OPENS = {
    "'": "'`´‘’‚‛",
    "`": "`",
    "´": "´`",
    "’": "‘’‚‛",
    "‘": "‚‘’",
    "‛": "‚‛",
    '"': '"',
    "”": "“”„‟",
    "“": "„“”",
    "‟": "„‟",
    "»": "«»",
    "«": "»«",
    "›": "‹›",
    "‹": "›‹",
}
#: Marks that an address may begin with.
_OWN = "'`"
_AROUND = "".join(UNSAFE_IN_HEADER) + " \t"
_AFTER_IT = re.compile(r"(?P<address>[^\s()<>]+@[^\s()<>]+)\s*\((?P<remark>[^()]*)\)")
_SPACE_IN_DOMAIN = re.compile(r"\s*\.\s*")
_SPACE_AFTER_DOT = re.compile(r"\.\s+")
_SPACE_AT_SIGN = re.compile(r"\s*@\s*")
_COMMA = re.compile(r"\s*,\s*")
_MANY_DOTS = re.compile(r"\.{2,}")
_MANY_SIGNS = re.compile(r"@{2,}")
_WIDE_SIGNS = str.maketrans({"\uff20": "@", "\ufe6b": "@"})
_WIDE_DOTS = str.maketrans({"\u3002": ".", "\uff0e": ".", "\uff61": "."})


def meant_address(text: str) -> str | None:
    """Return the address that an unusable text certainly means, or None.

    It is what is left when everything that is no part of an address is taken away: a display name, `mailto:`,
    quotation marks, brackets, invisible characters, spaces beside `@` and the domain's dots, punctuation at
    the end, a doubled `@` or dot in the domain. One comma in the domain is a dot where that is the only
    reading. Nothing within the part before the `@` is ever guessed at, since that would be somebody else.

    Args:
        text: what stands in the cell, and is no valid address.

    Returns:
        An address that email-validator accepts, other than the text itself; None where there is none, or
        more than one.
    """
    shown = _visible(text.strip(_AROUND))
    if "@" not in shown or UNSAFE_IN_HEADER.intersection(shown):
        return None
    alone = _alone(shown)
    if alone is None:
        return None
    # The text itself is none: it is known that it cannot be used.
    guesses = {guess for guess in _guesses(alone) - {text.strip()} if check_address(guess).identity}
    return guesses.pop() if len(guesses) == 1 else None


def meant_provider(text: str) -> str | None:
    """Return an address at the provider that its domain is a slip for (`gmial.com`), or None.

    Args:
        text: a valid address.
    """
    local, sign, domain = text.strip().rpartition("@")
    meant = meant_domain(domain.casefold())
    return f"{local}@{meant}" if sign and meant else None


def _visible(text: str) -> str:
    """Return text without what has no width, and with the signs of Asian keyboards as plain ones."""
    if text.isascii():
        return text
    kept = "".join(char for char in text if unicodedata.category(char) != "Cf")
    return kept.replace("\u00a0", " ").translate(_WIDE_SIGNS)


def _alone(text: str) -> str | None:
    """Return the one address in a text; None where it holds two."""
    after = _AFTER_IT.fullmatch(text)
    if after:
        if "@" in after["remark"]:
            return None
        text = after["address"]
    bare = bare_address(text)
    name = text.partition("<")[0] if bare != text.strip() else ""
    if "@" in name and name.strip(_QUOTES + " \t") != bare:
        return None
    previous = None
    while previous != bare:
        previous = bare
        bare = _unquoted(bare.strip()).rstrip(".,;:>)]\u3002\uff0e\uff61").lstrip("<([,;")
        if bare[:7].casefold() == "mailto:":
            bare = bare[7:]
            if "%" in bare:
                return None  # in a link a sign may stand as its code, and what it was is not certain
    return bare


def _unquoted(text: str) -> str:
    """Return a text without quotation marks around it.

    A mark at the beginning goes with its other half at the end alone where it may be an address's own first
    sign: 't.hooft@… is somebody else than t.hooft@….
    """
    while text and text[-1] in _QUOTES:
        if len(text) > 1 and text[0] in _OPENS.get(text[-1], ""):
            text = text[1:-1].strip()
        elif text[0] in _OWN:
            return text  # half of another pair: what was meant is not certain
        else:
            text = text[:-1].lstrip(_QUOTES)
    return text.lstrip('"')


def _guesses(text: str) -> set[str]:
    local, sign, domain = _SPACE_AT_SIGN.sub("@", _MANY_SIGNS.sub("@", text)).rpartition("@")
    if not sign or "@" in local:
        return set()
    domain = domain.translate(_WIDE_DOTS)
    # "acme.com. Info" may be a sentence's end, and "acme.co. uk" one name: both are accepted, as below.
    ends = {f"{local}@{domain[: gap.start()].strip()}" for gap in _SPACE_AFTER_DOT.finditer(domain)}
    domain = _MANY_DOTS.sub(".", _SPACE_IN_DOMAIN.sub(".", domain))
    if ends:
        return ends | {f"{local}@{domain}"}
    if domain.count(",") == 1:
        before = domain.partition(",")[0].strip()
        # "acme.com,de" may be a list of two, or one name: both are accepted, so that neither is taken.
        # Without a dot none is a domain.
        return {f"{local}@{some}" for some in (before, _COMMA.sub(".", domain)) if "." in some}
    return {f"{local}@{domain}"}

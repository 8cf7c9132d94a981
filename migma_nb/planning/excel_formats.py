"""What Excel's number formats do to a number: 501 that is shown as 00501 is text, whatever is stored.

A format has up to three sections for numbers, `positive;negative;zero`. In a section `0`, `#` and `?` stand
for digits; behind the first `0` every one of them is shown, as a zero where the number has none.
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

#: Quoted text, an escaped sign, a padding as wide as one, a filling, a colour and its like, a sign.
_TOKEN = re.compile(r'"[^"]*"?|\\.|_.|\*.|\[[^\]]*\]|E[+-]|.', re.IGNORECASE | re.DOTALL)
_COLOURS = "black|blue|cyan|green|magenta|red|white|yellow|color ?\\d+"
#: A language, such as [$-409], or a colour: what shows no sign.
_UNSEEN = re.compile(rf"\[(?:\$-[0-9A-F,]+|{_COLOURS})\]", re.IGNORECASE)
_CONDITION = re.compile(r"\[([<>=]+)(-?\d+(?:\.\d+)?)\]")
_HOLDS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
    "<>": operator.ne,
}
#: Shares, thousands, fractions and powers of ten are amounts, to which no zeros belong.
_AMOUNTS = {"%", ",", "/", "E+", "E-", "e+", "e-"}
_MINUS = {"-", "\\-", '"-"'}


@dataclass(frozen=True, slots=True)
class _Section:
    """One section of a format.

    Args:
        digits: how many digits it shows at least, 0 where it shows no zeros at the start.
        before: what it writes before zeros that are all else; None where it is another kind of section.
        condition: the numbers that it is for, as [<=99999], where it names them.
    """

    digits: int
    before: str | None
    condition: str

    def writes(self, before: str) -> bool:
        """Say whether all that it writes is this, and a number with zeros at its start."""
        return bool(self.digits) and self.before == before


def shown_text(number: float, style: str) -> str | None:
    """Return the text that a format makes of a number, where all that it does is to write zeros.

    Args:
        number: the stored number.
        style: the format.
    """
    if number % 1:
        return None
    found = _sections_for(number, style)
    # Where all numbers have one section, Excel writes the minus by itself.
    minus = "-" if number < 0 else ""
    if len(found) != 1 or not found[0].writes(minus if len(_sections(style)) > 1 else ""):
        return None
    return minus + str(abs(int(number))).zfill(found[0].digits)


def loses_zeros(number: float, style: str) -> bool:
    """Say whether a format shows, or may show, zeros at the start that the stored number does not have."""
    digits = max((section.digits for section in _sections_for(number, style)), default=0)
    return bool(digits) and abs(number) < 10 ** (digits - 1)


def _sections_for(number: float, style: str) -> tuple[_Section, ...]:
    """Return the section that shows a number; several where it would take Excel to say which."""
    every = _sections(style)
    if any(section.condition for section in every):
        found = _CONDITION.fullmatch(every[0].condition)
        if number < 0 or not found or found[1] not in _HOLDS:
            return every
        if _HOLDS[found[1]](number, float(found[2])):
            return every[:1]
        return every[1:]
    return (every[1:2] if number < 0 else every[2:3] if number == 0 else ()) or every[:1]


@lru_cache(maxsize=256)
def _sections(style: str) -> tuple[_Section, ...]:
    parts: list[list[str]] = [[]]
    for sign in _TOKEN.findall(style):
        if sign == ";":
            parts.append([])
        else:
            parts[-1].append(sign)
    # What has an @ is for texts.
    return tuple(_section(part) for part in parts[:3] if "@" not in part)


def _section(signs: list[str]) -> _Section:
    condition = next((sign for sign in signs if sign[:2] in {"[<", "[>", "[="}), "")
    seen = [sign for sign in signs if sign[0] != "_" and sign != condition and not _UNSEEN.fullmatch(sign)]
    if not _AMOUNTS.isdisjoint(seen):
        return _Section(0, None, condition)
    whole = seen[: seen.index(".")] if "." in seen else seen
    places = [sign for sign in whole if sign in {"0", "#", "?"}]
    digits = len(places) - places.index("0") if "0" in places else 0
    minus = bool(seen) and seen[0] in _MINUS
    plain = set(seen[minus:]) == {"0"}
    return _Section(digits if digits > 1 else 0, ("-" if minus else "") if plain else None, condition)

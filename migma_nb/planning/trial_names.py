"""How a trial's mailing is called; no mailing to people may be called so."""

import re

_NAME = re.compile(r"test of (?P<mailing>.*) \(plan [0-9a-f]{12}\)(?:, again at .*)?", re.DOTALL)


def tried_mailing(mailing: str) -> str | None:
    """Return which mailing a trial of this name tries, None where the name is that of no trial."""
    found = _NAME.fullmatch(mailing)
    return found["mailing"] if found else None

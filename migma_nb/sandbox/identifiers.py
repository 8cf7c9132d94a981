"""New ids: 24 hex digits as the documents show them, with a prefix where the kind has one."""

import secrets


def new_id(prefix: str = "") -> str:
    """A fresh id, such as ``65f0…`` or ``req_65f0…``."""
    return prefix + secrets.token_hex(12)

"""What httpx and httpcore log of our requests: at DEBUG they show every header that a server sends back."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from migma_nb.api.secret import ApiKey

#: The loggers themselves: a filter does not reach the records of a logger's children.
_LOGGERS = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy", "httpcore.socks")
_in_use: ContextVar[ApiKey | None] = ContextVar("migma_nb_key_in_use", default=None)


def guard_logs() -> None:
    """Blank keys out of these logs from now on."""
    for name in _LOGGERS:
        # Adding the same filter again changes nothing.
        logging.getLogger(name).addFilter(_blanked)


@contextmanager
def guarded(key: ApiKey) -> Iterator[None]:
    """Blank a key out of what is logged of the request that is made inside."""
    token = _in_use.set(key)
    try:
        yield
    finally:
        _in_use.reset(token)


def _blanked(record: logging.LogRecord) -> bool:
    if "setup_socks5_connection" in str(record.msg):
        return False  # it holds the proxy's user and password
    key = _in_use.get()
    if key is not None:
        record.msg, record.args = key.blank_out(record.getMessage()), ()
    return True

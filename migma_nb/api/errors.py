"""The error tree: its first split is what became of the mail.

```
MigmaError                 message, hint
├── ConfigurationError     nothing was sent: key, base URL, options, ledger setting
├── InputError             nothing was sent: the list, the template or an argument is wrong
│   └── ConfirmationError  nothing was sent: the number of people was not confirmed
├── LedgerError            the durable record cannot be read or written; nothing new was sent
└── CallError              one call: status, code, request_id
    ├── NotSentError       the mail certainly did not leave
    │   └── AccountError   … and no other mail would: key, permission, quota, wrong server
    ├── RefusedError       the API said no to this one
    └── UnknownError       it may have left, and no answer settles it: do not simply repeat
```

Each is shown to a person as its message and its hint, in IPython without a traceback.
"""

from typing import Any


class MigmaError(Exception):
    """The root of every error that migma_nb raises on purpose.

    Args:
        message: what happened, and to which row, column or field (str).
        hint: what to do next (str), or None where the message says it all.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message

    def _render_traceback_(self) -> list[str]:
        """Tell IPython to show the sentence, and no traceback (IPython's own protocol)."""
        lines = [f"{type(self).__name__}: {self.message}"]
        return [*lines, f"  → {self.hint}"] if self.hint else lines


class ConfigurationError(MigmaError):
    """The key, base URL, an option or the ledger's address is missing or wrong. Nothing was sent."""


class InputError(MigmaError, ValueError):
    """A list, template or argument cannot be used as it is. Nothing was sent."""


class ConfirmationError(InputError):
    """A live send needs the number of people typed in. Nothing was sent."""


class LedgerError(MigmaError):
    """The record of who was mailed cannot be read or written. Nothing new is sent without it."""


class CallError(MigmaError):
    """What one call came to, where that is not success.

    Args:
        message: what the API or the network said (str), with the key blanked out.
        hint: what to do next (str).
        status: HTTP status (int), or None where no answer came.
        code: the API's own error code (str), or None.
        request_id: the API's id of the request (str), or None.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = code
        self.request_id = request_id

    def __reduce__(self) -> tuple[Any, ...]:
        """Keep the keyword-only parts when an error crosses to another process."""
        return (_rebuilt, (type(self), self.message, dict(self.__dict__)))


class NotSentError(CallError):
    """The mail certainly did not leave; the same call may be made again."""


class AccountError(NotSentError):
    """The account, key, quota or server is the problem: no other call would fare better."""


class RefusedError(CallError):
    """The API refused this mail; it was not sent."""


class UnknownError(CallError):
    """The mail may have left. Repeating the call could mail a person twice."""


def _rebuilt(kind: type[CallError], message: str, state: dict[str, Any]) -> CallError:
    error = kind(message)
    error.__dict__.update(state)
    return error

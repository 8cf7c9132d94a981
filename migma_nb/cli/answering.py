"""Every command ends in an exit code: a person's mistake in a sentence, a fault of ours in a line."""

import functools
import os
import traceback
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any, NoReturn, ParamSpec

import typer

from migma_nb.api.errors import InputError, LedgerError, MigmaError
from migma_nb.cli.exits import Exit
from migma_nb.cli.screen import document, say
from migma_nb.cli.wording import for_terminal
from migma_nb.planning.paths import reason_of, shown

P = ParamSpec("P")
#: Whether the command at work has begun to send or to import.
_begun = ContextVar("begun", default=False)


def answered(command: Callable[P, Exit]) -> Callable[P, Exit]:
    """Return the same command, which raises nothing: errors are said on stderr and become exit codes."""

    @functools.wraps(command)
    def answer(*args: P.args, **kwargs: P.kwargs) -> Exit:
        _begun.set(False)
        try:
            return command(*args, **kwargs)
        except MigmaError as error:
            return _refused(error, args, kwargs)
        except KeyboardInterrupt:
            say("Interrupted.", aside=True)
            return _ended(Exit.INTERRUPTED, {"error": "Interrupted."}, args, kwargs)
        except Exception as error:  # noqa: BLE001 - whatever it is, a person gets a line and a script a code
            if isinstance(error, OSError) and error.filename is not None and not _begun.get():
                return _refused(_of_a_path(error), args, kwargs)
            _say_fault(error)
            words = f"a fault of migma-nb itself: {type(error).__name__}: {error}"
            return _ended(Exit.FAULT, {"error": words}, args, kwargs)

    return answer


def begun() -> None:
    """Note that what a command does has begun: from now on no error may say that it was bad input."""
    _begun.set(True)


def _refused(error: MigmaError, args: Any, kwargs: Any) -> Exit:
    say_error(error)
    told = {"error": for_terminal(error.message), "hint": for_terminal(error.hint or "") or None}
    more = {"next": error.line} if isinstance(error, UnfinishedError) else {}
    code = Exit.UNKNOWN if isinstance(error, LostSightError) else Exit.BAD_INPUT
    return _ended(code, told | more, args, kwargs)


def _of_a_path(error: OSError) -> InputError:
    return InputError(
        f"{shown(os.fsdecode(error.filename))} cannot be used: {reason_of(error)}.",
        hint="Check the path and its rights.",
    )


def refuse(error: MigmaError, *, as_json: bool) -> NoReturn:
    """End a command that has not begun, as `answered` ends one that has."""

    @answered
    def command(*, as_json: bool) -> Exit:
        del as_json
        raise error

    raise typer.Exit(command(as_json=as_json))


def _ended(code: Exit, told: Mapping[str, Any], args: Any, kwargs: Any) -> Exit:
    """Give a script that asked for JSON its one document, also where the command came to nothing."""
    typed = args[0] if args and isinstance(args[0], Mapping) else kwargs
    if typed.get("as_json"):
        document({**told, "exit_code": int(code)})
    return code


class UnfinishedError(InputError):
    """A command that goes no further by itself, and the line that does. Nothing was sent.

    Args:
        message: what is missing (str).
        line: the line to type (str).
    """

    def __init__(self, message: str, line: str) -> None:
        super().__init__(message, hint="To go on, type this line:")
        self.line = line


class LostSightError(LedgerError):
    """The record failed after a run had begun: what is not in it may have been mailed."""


def say_error(error: MigmaError) -> None:
    """Say on stderr what went wrong and what to do, in the words of the command line."""
    say(f"Error: {for_terminal(error.message)}", aside=True)
    if error.hint:
        say(f"  → {for_terminal(error.hint)}", aside=True)
    if isinstance(error, UnfinishedError):
        say(error.line, aside=True, whole=True)


def _say_fault(error: Exception) -> None:
    if os.getenv("MIGMA_DEBUG") == "1":
        say("".join(traceback.format_exception(error)), aside=True)
    say(f"Error: a fault of migma-nb itself: {type(error).__name__}: {error}", aside=True)
    say("  → Please report it; MIGMA_DEBUG=1 shows where it happened.", aside=True)

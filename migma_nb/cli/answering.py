"""Every command ends in an exit code: a person's mistake in a sentence, a fault of ours in a line."""

import functools
import os
import traceback
from collections.abc import Callable
from typing import ParamSpec

from migma_nb.api.errors import MigmaError
from migma_nb.cli.exits import Exit
from migma_nb.cli.screen import say
from migma_nb.cli.wording import for_terminal

P = ParamSpec("P")


def answered(command: Callable[P, Exit]) -> Callable[P, Exit]:
    """Return the same command, which raises nothing: errors are said on stderr and become exit codes."""

    @functools.wraps(command)
    def answer(*args: P.args, **kwargs: P.kwargs) -> Exit:
        try:
            return command(*args, **kwargs)
        except MigmaError as error:
            say_error(error)
            return Exit.BAD_INPUT
        except KeyboardInterrupt:
            say("Interrupted.", aside=True)
            return Exit.INTERRUPTED
        except Exception as error:  # noqa: BLE001 - whatever it is, a person gets a line and a script a code
            _say_fault(error)
            return Exit.FAULT

    return answer


def say_error(error: MigmaError) -> None:
    """Say on stderr what went wrong and what to do, in the words of the command line."""
    say(f"Error: {for_terminal(error.message)}", aside=True)
    if error.hint:
        say(f"  → {for_terminal(error.hint)}", aside=True)


def _say_fault(error: Exception) -> None:
    if os.getenv("MIGMA_DEBUG") == "1":
        say("".join(traceback.format_exception(error)), aside=True)
    say(f"Error: a fault of migma-nb itself: {type(error).__name__}: {error}", aside=True)
    say("  → Please report it; MIGMA_DEBUG=1 shows where it happened.", aside=True)

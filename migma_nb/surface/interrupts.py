"""An interrupt that says how to go on, where Python's own says nothing."""

import sys

from tqdm.std import tqdm as text_bar


def say_at_once(words: str) -> None:
    """Print a line beside the bars, also into a file, which would otherwise have it at the end only."""
    text_bar.write(words)
    sys.stdout.flush()


def explain(interrupt: KeyboardInterrupt, words: str) -> None:
    """Let an interrupt carry a sentence, which IPython shows in place of the traceback.

    It stays a plain KeyboardInterrupt, so that a script that is interrupted ends as every other.

    Args:
        interrupt: the exception that is about to be raised again.
        words: the sentence.
    """
    interrupt.args = (words,)
    vars(interrupt)["_render_traceback_"] = lambda: [f"KeyboardInterrupt: {words}"]

"""Nothing that goes wrong in a callback vanishes, and what is shown of it is fit to be kept."""

import re
import threading
from typing import Any

import ipywidgets as widgets
import pytest

from migma_nb.api.errors import InputError
from migma_nb.api.secret import ApiKey
from migma_nb.notebook.notices import Notices


def raising(error: Exception) -> Any:
    """Return a function that raises."""

    def fails(*_: object) -> None:
        raise error

    return fails


def seen(notices: Notices) -> list[str]:
    """Return the notices on the screen, without tags."""
    blocks = re.findall(r'<div role="(?:alert|status)".*?(?=<div role=|\Z)', notices.widget.value, re.DOTALL)
    return [re.sub(r"<[^>]+>", " ", block).strip() for block in blocks]


def test_an_error_of_ours_is_its_sentence_and_its_hint() -> None:
    """The sentence as an alert, the hint below it; the error itself is kept."""
    notices, error = Notices(), InputError("Nothing stands in email.", hint="Fill it in.")
    assert None is notices.guard(raising(error))()
    assert 'role="alert" aria-live="assertive"' in notices.widget.value
    assert ["Nothing stands in email.", "Fill it in."] == re.split(r"\s{2,}", seen(notices)[0])
    assert [error] == notices.errors


def test_another_error_is_its_type_and_its_words() -> None:
    """Also in the callback of a real button, whose errors would otherwise be gone."""
    notices, button = Notices(), widgets.Button(description="Go")
    button.on_click(notices.guard(raising(KeyError("mail"))))
    button.click()
    assert ["KeyError: &#x27;mail&#x27;"] == seen(notices)


def test_what_is_shown_has_no_key_and_no_address() -> None:
    """An error may quote anything: the key is blanked out, addresses are shortened, tags are text."""
    key = ApiKey("sk_live_0123456789")
    notices = Notices(blank_out=key.blank_out)
    notices.guard(raising(ValueError("<b>sk_live_0123456789</b> for jane.doe@acme.example")))()
    assert ["ValueError: &lt;b&gt;[key]&lt;/b&gt; for j…@acme.example"] == seen(notices)


@pytest.mark.parametrize("words", ["Authorization: Bearer abcdef123456", "bearer abcdef123456 was refused"])
def test_a_header_with_a_key_is_not_shown(words: str) -> None:
    """Also where nobody told which key is in use."""
    notices = Notices()
    notices.guard(raising(ValueError(words)))()
    assert "abcdef123456" not in notices.widget.value


def test_what_succeeds_returns_its_value_and_takes_its_own_error_away() -> None:
    """A mended mistake is not shown for ever; those of others stay."""
    notices, wrong = Notices(), True

    def half(number: int) -> float:
        if wrong:
            raise InputError("Not now.")
        return number / 2

    guarded = notices.guard(half)
    guarded(3)
    notices.say("The list was read.", kind="info")
    wrong = False
    assert 1.5 == guarded(3)
    assert ["The list was read."] == seen(notices)


def test_the_newest_few_are_shown_and_none_twice() -> None:
    """A thread that fails four times a second does not fill the screen, and says it once."""
    notices = Notices()
    failing = notices.guard(raising(InputError("No connection.")))
    for _ in range(300):
        failing()
    for number in range(4):
        notices.say(f"Notice {number}.")
    assert ["Notice 3.", "Notice 2.", "Notice 1."] == seen(notices)
    assert 100 == len(notices.errors)


def test_a_repeated_error_is_not_told_again() -> None:
    """A screen reader would otherwise read it out again and again."""
    notices, told = Notices(), list[object]()
    failing = notices.guard(raising(InputError("No connection.")))
    failing()
    notices.widget.observe(told.append, "value")
    failing()
    assert [] == told


def test_cleared_notices_are_gone_and_their_errors_are_kept() -> None:
    """The screen is one thing, the record another."""
    notices = Notices()
    notices.guard(raising(InputError("Not now.")))()
    notices.clear()
    assert "" == notices.widget.value
    assert 1 == len(notices.errors)


def test_threads_may_fail_at_once() -> None:
    """Every error of every thread is kept."""
    notices = Notices()
    failing = [notices.guard(raising(InputError(f"Thread {number}."))) for number in range(8)]
    threads = [threading.Thread(target=fail) for fail in failing]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {f"Thread {number}." for number in range(8)} == {str(error) for error in notices.errors}
    assert 3 == len(seen(notices))


def test_an_interrupt_is_not_caught() -> None:
    """The kernel's ■ ends what runs; it is no error of the callback."""

    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Notices().guard(interrupted)()

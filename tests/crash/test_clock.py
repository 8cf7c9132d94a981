"""A clock that jumps, before, between and in the middle of runs: no key that looks too young is ever used."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.crash.mailings import Mailing, well
from tests.crash.processes import Ended
from tests.servers import scripted
from tests.servers.scripted import Act, Call

Make = Callable[..., Mailing]
HOUR = 3600.0
#: Why an old doubt stays open; where the proof is too old as well, the doubt's own reason is shown.
TOO_OLD = {"key_too_old", "run_died"}


class Clock:
    """A clock that a test sets, in hours from the real one.

    Args:
        path: where the processes read it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.set(0.0)

    def set(self, hours: float) -> None:
        """Set it, at once for everybody."""
        draft = self.path.with_suffix(".new")
        draft.write_text(str(hours * HOUR))
        draft.rename(self.path)


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    """Return the clock of all processes of a test."""
    return Clock(tmp_path / "clock")


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return a function that lets so many hours pass for the server, which forgets keys after 24."""

    def pass_by(hours: float) -> None:
        real = scripted.WINDOW_S
        monkeypatch.setattr(scripted, "WINDOW_S", real - hours * HOUR)

    return pass_by


def why(ended: Ended) -> dict[str, Any]:
    """Return the reasons of the unknown rows, by recipient."""
    return {row["recipient"]: row["reason"] for row in ended.told["frame"] if row["state"] == "unknown"}


def test_a_clock_that_was_set_back_uses_no_key_until_it_is_right_again(mailing: Make, clock: Clock) -> None:
    """Between two runs: the doubt stays open as `key_too_old`; the rest is mailed; later it is settled."""
    letter = mailing(clock=str(clock.path))
    letter.do(step="mail: receive_response_body complete", nth=4)
    clock.set(-2)
    back = letter.do()
    assert {"key_too_old"} == set(why(back).values()), back
    assert "unknown" != back.states["p9@d.example"]
    clock.set(0)
    letter.finish()


@pytest.mark.parametrize("hours", [23.5, 25.0, 24.0 * 30])
def test_a_clock_that_has_gone_on_uses_no_old_key(
    mailing: Make, clock: Clock, forgetful: Callable[[float], None], hours: float
) -> None:
    """The server may have forgotten it: the doubt is left to a person."""
    letter = mailing(clock=str(clock.path))
    letter.do(step="mail: receive_response_body complete", nth=4)
    clock.set(hours)
    forgetful(hours)
    later = letter.do()
    assert set(why(later).values()) <= TOO_OLD, later
    assert why(later)


def test_a_clock_that_jumps_forth_in_the_middle_uses_no_old_key(
    mailing: Make, clock: Clock, forgetful: Callable[[float], None]
) -> None:
    """A lid that was shut for a day, right after an answer was lost."""
    letter = mailing(clock=str(clock.path), workers=1)

    def script(call: Call) -> Act:
        if call.number != 3:
            return Act.OK
        clock.set(25)
        forgetful(25)
        return Act.DROP_AFTER

    letter.script(script)
    ended = letter.do()
    assert {"p2@d.example": "key_too_old"} == why(ended), ended


def test_a_clock_that_jumps_back_in_the_middle_makes_no_key_younger(
    mailing: Make, clock: Clock, forgetful: Callable[[float], None]
) -> None:
    """Set back by almost a day while a doubt waits: it is settled in this run, or once the clock is right."""
    letter = mailing(clock=str(clock.path), workers=1)
    letter.do(step="mail: receive_response_body complete", nth=2)
    clock.set(22.5)

    def script(call: Call) -> Act:
        if call.recipient == "p5@d.example":
            clock.set(0)
            return Act.DROP_AFTER
        return Act.OK

    letter.script(script)
    letter.do(step="repeat: on disk", nth=2)
    clock.set(2.5)
    forgetful(25)
    letter.script(well)
    later = letter.do()
    assert {"key_too_old"} == set(why(later).values()), later


def test_a_key_from_a_clock_that_was_ahead_is_never_used_too_late(
    mailing: Make, clock: Clock, forgetful: Callable[[float], None]
) -> None:
    """Set right meanwhile, it makes the key look hours old that the server has long forgotten."""
    letter = mailing(clock=str(clock.path))
    clock.set(10)
    letter.do(step="mail: receive_response_body complete", nth=4)
    clock.set(30)
    forgetful(30)
    later = letter.do()
    assert set(why(later).values()) <= TOO_OLD, later
    assert why(later)

"""A disk that fills up: no row leaves without its intent, what came back is kept, and freed space goes on."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.crash.mailings import HASTE, Mailing
from tests.servers.scripted import Act, Call

Make = Callable[..., Mailing]

#: An outcome that cannot be written is offered again at once, not for four seconds.
IMPATIENT = HASTE | {"migma_nb.ledger.scribe.OUTCOME_WAITS_S": (0.05,)}


def test_a_disk_that_is_full_from_the_start_sends_nothing_and_says_so(mailing: Make) -> None:
    """The error names the ledger, and what to do; nobody was mailed; with space it goes on."""
    letter = mailing()
    ended = letter.do(fsize=0)
    assert "LedgerError" == ended.told.get("error"), ended.said
    assert str(letter.ledger) in ended.told["message"]
    assert not letter.server.calls
    letter.finish()


@pytest.mark.parametrize("kilobytes", [4, 60, 140])
def test_wherever_the_disk_fills_up_nobody_is_mailed_twice_or_lost(mailing: Make, kilobytes: int) -> None:
    """A file that may not grow any more, at sizes from before the first row to near the last."""
    letter = mailing(constants=IMPATIENT)
    letter.do(step="run: on disk")
    ended = letter.do(fsize=kilobytes * 1024)
    if "error" in ended.told:
        assert "LedgerError" == ended.told["error"]
        assert not letter.server.calls
    else:
        check_halted(ended.told)
    letter.finish()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a disk of two megabytes."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk; the tests of a limit on files run without")
    place = tmp_path / "disk"
    place.mkdir()
    options = ["-t", "tmpfs", "-o", "size=2m", "tmpfs"]
    found = subprocess.run(["mount", *options, place], capture_output=True, text=True, check=False)
    if found.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {found.stderr}")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_full_disk_before_the_first_row_sends_nothing_and_says_so(mailing: Make, small_disk: Path) -> None:
    """With a ledger that is there, and without one; nobody was mailed, nothing but a LedgerError comes."""
    letter = mailing(small_disk)
    for make_one in (False, True):
        if make_one:
            letter.do(step="run: on disk")
        ballast = fill(small_disk)
        ended = letter.do()
        ballast.unlink()
        assert "LedgerError" == ended.told.get("error"), (ended.told, ended.said)
        assert str(small_disk) in ended.told["message"]
        assert not letter.server.calls
    letter.finish()


@pytest.mark.parametrize("number", [1, 5])
def test_a_disk_full_in_the_middle_halts_with_the_sentence_and_goes_on_once_freed(
    mailing: Make, small_disk: Path, number: int
) -> None:
    """No row leaves without its intent; the outcome that found no space is a doubt that the key settles."""
    letter = mailing(small_disk, constants=IMPATIENT)
    ballast: list[Path] = []

    def script(call: Call) -> Act:
        if call.number == number:
            ballast.append(fill(small_disk))
        return Act.OK

    letter.script(script)
    ended = letter.do()
    check_halted(ended.told)
    ballast[0].unlink()
    letter.finish()


def check_halted(told: dict[str, object]) -> None:
    """The run says that its ledger could not be written, and that the next send goes on."""
    assert "halted" == told.get("state"), told
    assert "could not be written" in str(told["detail"])
    assert "send again to go on" in str(told["detail"])


def fill(place: Path) -> Path:
    """Take all the space that is left, by one file."""
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return ballast

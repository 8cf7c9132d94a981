"""The test's side of the nursery: orders go out, children are signalled and waited for, never for ever."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.crash.orders import Order

#: No child of a test may take longer (seconds).
PATIENCE_S = 60.0
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended: its exit code (negative: the signal), what it wrote down, what it printed."""

    code: int
    told: dict[str, Any]
    said: str

    @property
    def killed(self) -> bool:
        """Whether SIGKILL ended it."""
        return -signal.SIGKILL == self.code

    @property
    def states(self) -> dict[str, str]:
        """The state of each row, by recipient."""
        return {row["recipient"]: row["state"] for row in self.told["frame"]}


class Child:
    """One ordered process.

    Args:
        nursery: its parent.
        pid: its id.
        order: what it does.
    """

    def __init__(self, nursery: "Nursery", pid: int, order: Order) -> None:
        self._nursery = nursery
        self.pid = pid
        self.order = order

    def signal(self, which: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, which)

    def wait(self, timeout: float = PATIENCE_S) -> Ended:
        """Wait for its end; a child that does not end fails the test, with all that it printed."""
        out, said = Path(self.order.out), Path(self.order.out + ".said")
        try:
            code = self._nursery.ended(self.pid, timeout)
        except TimeoutError:
            self.signal(signal.SIGKILL)
            raise AssertionError(f"The process hangs: {self.order}\n{said.read_text()}") from None
        told = json.loads(out.read_text()) if out.exists() else {}
        return Ended(code, told, said.read_text())

    @property
    def is_stopped(self) -> bool:
        """Whether SIGSTOP holds it."""
        return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


class Nursery:
    """The process that forks them."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=_ROOT,
            # Threads of a numeric library would not survive the forks.
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            start_new_session=True,
        )
        assert self._process.stdout is not None
        self._out = self._process.stdout.fileno()
        self._rest = ""
        self._ended: dict[int, int] = {}
        self._begun: list[int] = []
        self._listen(PATIENCE_S, lambda: self._ready)

    _ready = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=PATIENCE_S)

    def begin(self, order: Order) -> Child:
        """Begin a process."""
        assert self._process.stdin is not None
        self._begun.clear()
        self._process.stdin.write(order.line())
        self._process.stdin.flush()
        self._listen(PATIENCE_S, lambda: bool(self._begun))
        return Child(self, self._begun[0], order)

    def ended(self, pid: int, timeout: float) -> int:
        """Wait for the end of a child; return its exit code, negative for a signal."""
        self._listen(timeout, lambda: pid in self._ended)
        return self._ended.pop(pid)

    def _listen(self, timeout: float, enough: Any) -> None:
        until = time.monotonic() + timeout
        while not enough():
            if not select.select([self._out], [], [], max(0.0, until - time.monotonic()))[0]:
                raise TimeoutError
            heard = os.read(self._out, 1 << 16)
            assert heard, "the nursery is gone"
            *lines, self._rest = (self._rest + heard.decode()).split("\n")
            for words in map(str.split, lines):
                self._hear(words)

    def _hear(self, words: list[str]) -> None:
        if words[0] == "ready":
            self._ready = True
        elif words[0] == "begun":
            self._begun.append(int(words[1]))
        else:
            self._ended[int(words[1])] = int(words[2])

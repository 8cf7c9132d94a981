"""What a test orders of a process of its own: a send or a look at the ledger, and how it is to die."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One process: what it does, and what befalls it.

    Args:
        job: a name of `jobs.JOBS`.
        ledger: the ledger's file.
        out: where it writes what it came to (JSON).
        url: the server.
        people: how many people the plan has.
        workers: how many requests may be in flight.
        timeout: the client's time-out (seconds).
        step: the moment at which it sends itself `signal`, by its name in `moments`; None for never.
        nth: at the how many-th of these moments.
        signal: the signal's number.
        clock: a file with the seconds that the clock is off, read whenever it is asked; None for a right one.
        fsize: no file may grow beyond so many bytes; None for no limit.
        bound: file permissions bind this process although it is root's.
        constants: the package's constants by dotted name, and what they are in this process.
    """

    job: str
    ledger: str
    out: str
    url: str = ""
    people: int = 10
    workers: int = 3
    timeout: float = 0.5
    step: str | None = None
    nth: int = 1
    signal: int = 9
    clock: str | None = None
    fsize: int | None = None
    bound: bool = False
    constants: Mapping[str, object] = field(default_factory=dict)

    def line(self) -> bytes:
        """Return the order as a line of JSON."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def of(cls, line: bytes) -> Self:
        """Return the order of a line."""
        return cls(**json.loads(line))

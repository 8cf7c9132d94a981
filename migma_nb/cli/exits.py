"""What the command's exit codes mean."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes; where several hold, unknown comes before halted, halted before refused."""

    FINE = 0
    FAULT = 1
    BAD_INPUT = 2
    REFUSED = 3
    UNKNOWN = 4
    HALTED = 5
    INTERRUPTED = 130


EXIT_WORDS = (
    "Exit codes: 0 all well; 1 a fault of the program; 2 bad input, settings or ledger; 3 rows were refused; "
    "4 rows are unknown; 5 the run was halted or stopped; 130 interrupted."
)

"""The sandbox's faults as parameters of a test."""

import pytest

from migma_nb.sandbox import FAULTS

#: Each by its name. A time to wait for is the same as a date as in seconds, and takes whole seconds longer.
EACH_FAULT = [
    pytest.param(one, marks=pytest.mark.proof) if one == "rate_limited_date" else one
    for one in sorted(FAULTS)
]

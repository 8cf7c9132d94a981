"""An account that outlives kernels: a sandbox in the tests' process, to notebooks a live server."""

import os

import pandas as pd

import migma_nb as mg
from tests.browser.server import LabServer


class Account:
    """A sandbox that notebooks reach as they would the live server, and the ledger that they keep.

    Args:
        server: whose notebooks; their key lies beside them, for as long as the account is open.
        name: of its ledger's file.
    """

    def __init__(self, server: LabServer, name: str) -> None:
        self.sandbox = mg.Sandbox()
        self.ledger = server.work / f"{name}.sqlite3"
        self._key = server.work / f"{name}.key"
        with os.fdopen(os.open(self._key, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
            file.write(self.sandbox.server.api_key)

    def cell(self, rate: str) -> str:
        """Return the source of a cell that connects to it, at so many requests a minute or second."""
        return "\n".join(
            [
                "import os, pathlib",
                "import migma_nb as mg",
                f"os.environ['MIGMA_LEDGER'] = {str(self.ledger)!r}",
                f"key = pathlib.Path({str(self._key)!r}).read_text()",
                f"client = mg.Migma(key, base_url={self.sandbox.url!r}, rate={rate!r})",
            ]
        )

    @property
    def mailed(self) -> list[str]:
        """Who was mailed, in order, whoever was mailed twice being there twice."""
        return list(self.sandbox.outbox["to"])

    @property
    def history(self) -> pd.DataFrame:
        """The runs in the ledger."""
        return mg.history(ledger=self.ledger)

    def runs(self, mailing: str) -> list[str]:
        """Return the runs of a mailing in the ledger, the newest first."""
        found = self.history
        return list(found.loc[found["mailing"] == mailing, "run_id"])

    def counts(self, run_id: str) -> dict[str, int]:
        """Return how many rows of a run are in which state, as the ledger has it."""
        found = mg.open_run(run_id, ledger=self.ledger).counts
        return {str(state): count for state, count in found.items() if count}

    def close(self) -> None:
        """End the server and take the key away."""
        self.sandbox.close()
        self._key.unlink()

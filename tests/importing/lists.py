"""People to import, and what servers say of them."""

import json
from collections import Counter
from typing import Any

import pandas as pd

from migma_nb.sandbox import SandboxServer
from tests.servers.answering import Reply

TAG = "2026-11 renewal"


def people(count: int, **columns: Any) -> pd.DataFrame:
    """Return so many people."""
    numbers = range(count)
    return pd.DataFrame(
        {
            "email": [f"p{n}@d{n % 7}.example" for n in numbers],
            "first_name": [f"N{n}" for n in numbers],
            **columns,
        }
    )


def asked(server: SandboxServer) -> Counter[str]:
    """Return how often each kind of request came: its method and its path without ids."""
    return Counter(f"{one['method']} {str(one['path']).partition('?')[0]}" for one in server.requests())


def data(value: Any, **more: Any) -> Reply:
    """Return a successful answer."""
    return Reply(200, json.dumps({"success": True, "data": value, **more}).encode())


def refusal(status: int, words: str) -> Reply:
    """Return a refusal in the API's envelope."""
    return Reply(status, json.dumps({"success": False, "error": words}).encode())

"""The page on imports: its lines run as they stand."""

import re
from pathlib import Path

import pytest

import migma_nb as mg
from migma_nb.sandbox import SandboxServer
from tests.importing.lists import people

PAGE = Path(__file__).parents[2] / "docs" / "imports.md"


def test_the_lines_of_the_page_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a CSV to mail by tag, at a sandbox that plays the real server."""
    people(5, **{"renews on": "1 May"}).to_csv(tmp_path / "customers.csv", index=False)
    monkeypatch.chdir(tmp_path)
    [example] = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    with SandboxServer(strict=True, domains=["acme.example"]) as server:
        monkeypatch.setenv("MIGMA_API_KEY", server.api_key)
        monkeypatch.setenv("MIGMA_BASE_URL", server.url)
        exec(example, names)
        server.drain()
        assert [("Your plan renews on 1 May", f"<p>Hello N{n}</p>") for n in range(5)] == [
            (mail["subject"], mail["html"]) for mail in server.outbox()
        ]
    result = names["result"]
    assert isinstance(result, mg.ImportRun)
    assert {"accepted": 5} == dict(result.counts)

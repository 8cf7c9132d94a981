"""The question for the API key in a real kernel: it does not echo, and who cannot ask says so."""

import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any

import pytest

KEY = "mgma_sk_test_not_a_real_key"
ASK = "import migma_nb as mg\nclient = mg.Migma()\nprint(repr(client))"
SHOWN = "print(client.settings.key.fingerprint())"


class Kernel:
    """A Jupyter kernel and whoever sits in front of it.

    Args:
        client: the connection to the kernel.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self.heard: list[dict[str, Any]] = []

    def run(self, code: str, answer: str | None = None, *, may_ask: bool = True) -> list[dict[str, Any]]:
        """Run a cell, answer its question, and return its outputs."""
        asked = self._client.execute(code, allow_stdin=may_ask)
        if answer is not None:
            question = self._client.get_stdin_msg(timeout=60)
            assert True is question["content"]["password"]
            assert "not shown" in question["content"]["prompt"]
            self._client.input(answer)
        return list(self._outputs_of(asked))

    def _outputs_of(self, asked: str) -> Iterator[dict[str, Any]]:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                message = self._client.get_iopub_msg(timeout=1)
            except Empty:
                continue
            self.heard.append(message)
            if message["parent_header"].get("msg_id") != asked:
                continue
            if message["content"].get("execution_state") == "idle":
                return
            if message["msg_type"] in {"stream", "error", "execute_result", "display_data"}:
                yield message["content"]
        raise AssertionError("the kernel went quiet")


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kernel]:
    """Start a kernel whose folders are the test's own."""
    manager = pytest.importorskip("jupyter_client.manager")
    for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))
    started, client = manager.start_new_kernel(kernel_name="python3")
    yield Kernel(client)
    client.stop_channels()
    started.shutdown_kernel(now=True)
    started.cleanup_resources()


def test_a_notebook_asks_and_no_message_and_no_file_holds_the_answer(kernel: Kernel, tmp_path: Path) -> None:
    """As a password: what Jupyter would show or save never has it, nor has IPython's history."""
    (out,) = kernel.run(ASK, KEY)
    assert "key hidden" in out["text"]
    (out,) = kernel.run(SHOWN)
    assert 16 == len(out["text"].strip())
    assert KEY not in repr(kernel.heard)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert [] == [path for path in files if KEY.encode() in path.read_bytes()]


@pytest.mark.parametrize(
    ("answer", "words"), [("", "No API key was given"), ("two words", "holds a space"), (None, "No API key")]
)
def test_a_wrong_answer_or_none_is_a_sentence(kernel: Kernel, answer: str | None, words: str) -> None:
    """Empty, no key, or a notebook run where nobody can be asked: no traceback, and what to do."""
    (error,) = kernel.run(ASK, answer, may_ask=answer is not None)
    assert "ConfigurationError" == error["ename"]
    assert words in error["traceback"][0]
    assert "Settings → API Integration" in error["traceback"][1]
    assert 2 == len(error["traceback"])

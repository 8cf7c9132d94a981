"""The kernels that the tests' JupyterLab offers: the newest ipykernel, and the last of the sixth line."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
_OTHER = ROOT / ".venv-ipykernel6" / "bin" / "python"


@dataclass(frozen=True)
class Kernel:
    """A kernel by its name in Jupyter and the Python that runs it."""

    name: str
    python: Path
    version: str

    def register(self, data: Path) -> None:
        """Make it known in one data folder of Jupyter, and nowhere else."""
        place = data / "kernels" / self.name
        place.mkdir(parents=True)
        argv = [str(self.python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        spec = {"argv": argv, "display_name": self.name, "language": "python"}
        (place / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")

    @contextmanager
    def running(self, data: Path) -> Iterator[Any]:
        """Start it, without any front end; give the client of its channels, and stop it at the end.

        Args:
            data: a data folder of Jupyter, which `JUPYTER_PATH` names.
        """
        needed(self).register(data)
        made = pytest.importorskip("jupyter_client.manager").KernelManager
        manager = made(kernel_name=self.name)
        manager.start_kernel(env={**os.environ})
        client = manager.blocking_client()
        client.start_channels()
        client.wait_for_ready(timeout=60)
        yield client
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


NEWEST = Kernel("python3", Path(sys.executable), "7")
SIXTH = Kernel("ipykernel6", _OTHER, "6.31")
KERNELS = (NEWEST, SIXTH)
#: The same as params of a fixture. `make oldest` has one kernel: it leaves out what is named "ipykernel".
PARAMS = [pytest.param(kernel, id=f"ipykernel {kernel.version}") for kernel in KERNELS]
#: Marks a test that runs on both; its `lab` opens notebooks on the one whose turn it is.
on_both_kernels = pytest.mark.parametrize("kernel", PARAMS, indirect=True)
#: The same for what takes long: `make test` has time for the newest, `make proof` runs both.
PARAMS_IN_PROOF = [
    pytest.param(NEWEST, id=f"ipykernel {NEWEST.version}"),
    pytest.param(SIXTH, id=f"ipykernel {SIXTH.version}", marks=pytest.mark.proof),
]
on_both_in_proof = pytest.mark.parametrize("kernel", PARAMS_IN_PROOF, indirect=True)


def needed(kernel: Kernel) -> Kernel:
    """Return a kernel that is there and of the version that it says.

    Without the second one its tests are skipped; where `CI=true` is set they fail.
    """
    if not kernel.python.exists():
        words = f"There is no {kernel.python.parent.parent.name}: `make test` sets it up."
        if os.environ.get("CI") == "true":
            pytest.fail(words)
        pytest.skip(words)
    ask = "from importlib.metadata import version; print(version('ipykernel'))"
    found = subprocess.run([kernel.python, "-c", ask], capture_output=True, text=True, check=True).stdout
    assert found.startswith(f"{kernel.version}."), f"{kernel.name} has ipykernel {found}"
    return kernel

"""The benchmarks run to their end; what they promise of mails holds in a small run too."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.proof

ROOT = Path(__file__).resolve().parent.parent


def run(script: str, *options: str, patience_s: float = 280) -> "subprocess.CompletedProcess[str]":
    """Run a benchmark in a process of its own."""
    command = [sys.executable, str(ROOT / "benchmarks" / script), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=patience_s)


def test_faults_and_kills_mail_nobody_twice_and_leave_no_untrue_state() -> None:
    """600 people, 4 kills, every fault that the sandbox knows: the account fits the outbox."""
    done = run("faults.py", "--people=600", "--kills=4", "--share=0.1", "--seed=3")
    assert (0, "") == (done.returncode, done.stderr), done.stdout
    assert "600 people, 4 kills" in done.stdout


def test_what_reading_costs_can_be_measured() -> None:
    """A small list, ours and pandas': they read the same, and the ratio is printed."""
    done = run("reading.py", "--rounds=1", "--rows=2000")
    assert "" == done.stderr
    assert "ours / pandas: median" in done.stdout


def test_what_planning_costs_can_be_measured() -> None:
    """A small list, ours and pydantic's in turn: speed, memory, looks and templates are printed."""
    done = run("planning.py", "--rounds=1", "--rows=2000")
    assert "" == done.stderr
    assert "times as fast" in done.stdout
    assert all(f"memory, {pages} pages: peak grew by" in done.stdout for pages in ("small", "huge"))


def test_what_a_plan_of_any_length_takes_can_be_measured() -> None:
    """A small list, a tenth of it first: both are planned from their files in processes of their own."""
    done = run("long_plan.py", "--people=2000")
    assert "" == done.stderr
    assert "all: 2,000 rows" in done.stdout
    assert "bytes of memory a row more" in done.stdout


def test_what_a_send_costs_can_be_measured() -> None:
    """Three small rounds: bare, again and ours, with their ratio; how large it is depends on the machine."""
    done = run("sends.py", "--rounds=3", "--people=40")
    assert "" == done.stderr
    assert "ours / bare: median" in done.stdout


def test_what_value_shift_tells_can_be_measured() -> None:
    """Small lists: nothing is told of clean ones, and whole columns that slid are."""
    done = run("value_shift.py", "--lists=3", "--rows=120")
    assert "" == done.stderr
    assert "altogether 0 of 192" in done.stdout
    assert "first.last  block of  120:    3" in done.stdout


def test_what_each_transport_costs_can_be_measured() -> None:
    """A small round of each that is installed: durable sends are among them, with the A/A control."""
    done = run("transports.py", "--rounds=2", "--people=40")
    assert "" == done.stderr
    assert "ours, durable" in done.stdout
    assert "A/A control" in done.stdout


def test_what_importing_costs_can_be_measured() -> None:
    """One round: every promise is judged, and its control is printed beside it."""
    done = run("imports.py", "--rounds=1")
    assert "" == done.stderr
    assert 2 == done.stdout.count("A/A control")
    assert 6 == done.stdout.count("  allowed ")


@pytest.mark.timeout(900)
def test_a_long_list_takes_no_more_memory_and_a_kill_mails_nobody_twice() -> None:
    """12,000 people, several windows long: the accounts on disk are true, by the server's own record."""
    done = run("million.py", "--people=12000", patience_s=850)
    assert "" == done.stderr
    assert "accounts on disk true: True" in done.stdout
    assert "0 of them twice; true: True" in done.stdout


def test_a_send_from_several_workers_survives_a_kill() -> None:
    """600 people, three workers, one of them killed: the account fits the sandbox's own record."""
    done = run("on_a_cluster.py", "--people=600")
    assert 0 == done.returncode, done.stdout + done.stderr
    assert "Killed tcp://" in done.stdout
    assert "The promise holds." in done.stdout

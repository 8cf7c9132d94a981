"""A number out of its range is refused at once, by the name of what holds it."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from migma_nb.cli.exits import Exit

Here = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize("command", ["send", "resume"])
@pytest.mark.parametrize("limit", ["-1", "0"])
def test_a_limit_is_refused_before_anything_is_read(
    here: Here, send: list[str], command: str, limit: str
) -> None:
    """A list of a million is not planned first: here there is none, and the limit is named all the same."""
    run = ["m"] if command == "resume" else []
    found = here(command, *run, "no.csv", *send[2:], f"--limit={limit}")
    assert Exit.BAD_INPUT == found.returncode
    assert "'--limit'" in found.stderr
    assert "no.csv" not in found.stderr


@pytest.mark.parametrize(
    ("variable", "value"),
    [("LOG_EVERY", "-1"), ("LOG_EVERY", "nan"), ("TIMEOUT", "0"), ("TIMEOUT", "nan"), ("TIMEOUT", "soon")],
)
def test_a_variable_is_named_and_not_the_option_that_nobody_typed(
    here: Here, send: list[str], monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    """As text and as a document; what is typed in its place counts."""
    monkeypatch.setenv(f"MIGMA_{variable}", value)
    found = here(*send)
    assert (Exit.BAD_INPUT, True) == (found.returncode, f"MIGMA_{variable}" in found.stderr), found.stderr
    option = f"--{variable.lower().replace('_', '-')}"
    assert option not in found.stderr
    told = json.loads(here(*send, "--json").stdout)
    assert (Exit.BAD_INPUT, True) == (told["exit_code"], f"MIGMA_{variable}" in told["error"])
    assert Exit.FINE == here(*send, f"{option}=10").returncode


@pytest.mark.parametrize(
    ("command", "lines", "words"),
    [
        ("send", "limit = -1", "limit in the job file job.toml"),
        ("send", "timeout = 0", "timeout in the job file job.toml"),
        ("send", "[send]\nlog-every = -1", "log-every in the job file job.toml"),
        ("preview", "[preview]\nmost = 0", "most in the job file job.toml"),
        ("sandbox", "[sandbox]\nport = 70000", "port in the job file job.toml"),
    ],
)
def test_a_job_file_is_named_with_its_key(
    here: Here, folder: Path, command: str, lines: str, words: str
) -> None:
    """The line has nothing wrong in it, so that none of its options is blamed."""
    (folder / "job.toml").write_text(lines)
    file = [] if command == "sandbox" else ["people.csv"]
    found = here(command, *file, "--config=job.toml")
    assert (Exit.BAD_INPUT, True) == (found.returncode, words in found.stderr), found.stderr
    assert "'--" not in found.stderr


@pytest.mark.parametrize("option", ["--timeout", "--log-every"])
def test_what_is_called_a_number_and_is_none_is_refused(here: Here, send: list[str], option: str) -> None:
    """No range would refuse it."""
    found = here(*send, f"{option}=nan")
    assert (Exit.BAD_INPUT, True) == (found.returncode, f"'{option}'" in found.stderr)


@pytest.mark.parametrize("command", ["send", "resume", "import", "form"])
def test_a_rate_that_is_none_is_called_by_where_it_is_from(
    here: Here, folder: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Typed, also in a rehearsal; of the environment and of a job file where it counts: live."""
    monkeypatch.setenv("MIGMA_API_KEY", "mgma_sk_test_0123456789")
    (folder / "job.toml").write_text('rate = "fast"')
    line = [command, *(["m"] if command == "resume" else []), "people.csv"]
    typed = here(*line, "--rate=fast")
    from_file = here(*line, "--live", "--config=job.toml")
    monkeypatch.setenv("MIGMA_RATE", "fast")
    from_outside = here(*line, "--live")
    for found, words in (
        (typed, "Error: --rate fast is no rate."),
        (from_file, "Error: Job file job.toml: --rate fast is no rate."),
        (from_outside, "Error: MIGMA_RATE='fast' is no rate."),
    ):
        assert (Exit.BAD_INPUT, words) == (found.returncode, found.stderr.splitlines()[0])

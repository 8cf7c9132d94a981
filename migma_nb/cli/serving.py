"""`migma-nb sandbox`: the sandbox in a process of its own."""

import os
import signal
import threading
from dataclasses import dataclass
from pathlib import Path

import typer

from migma_nb.api.errors import InputError
from migma_nb.sandbox import SandboxServer


@dataclass(frozen=True, slots=True)
class Wish:
    """How the sandbox is to be."""

    port: int
    path: Path | None
    key_file: Path
    strict: bool
    idempotency: bool
    rate: str | None
    faults: tuple[str, ...]
    seed: int


def serve(wish: Wish) -> None:
    """Serve until SIGINT or SIGTERM; the key goes to a file of its owner's, never to the screen."""
    if wish.path is not None:
        wish.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        server = SandboxServer(
            faults=_faults(wish.faults),
            seed=wish.seed,
            rate=wish.rate,
            path=None if wish.path is None else wish.path / "account.sqlite3",
            idempotency=wish.idempotency,
            strict=wish.strict,
            port=wish.port,
        )
    except (ValueError, OSError, RuntimeError) as error:
        raise InputError(f"The sandbox cannot be served: {error}") from None
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with server:
        _write_key(wish.key_file, server.api_key)
        typer.echo(f"Sandbox at {server.url}")
        typer.echo(f'export MIGMA_BASE_URL={server.url} MIGMA_API_KEY="$(cat {wish.key_file})"')
        ended.wait()


def _write_key(path: Path, key: str) -> None:
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            file.write(key)
    except OSError as error:
        raise InputError(f"The key file {path} cannot be written: {error.strerror}.") from None


def _faults(texts: tuple[str, ...]) -> dict[str, float]:
    try:
        return {name: float(chance) for name, _, chance in (text.partition("=") for text in texts)}
    except ValueError:
        raise InputError("A fault is written name=probability, such as accept_then_drop=0.1.") from None

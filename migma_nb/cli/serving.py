"""`migma-nb sandbox`: the sandbox in a process of its own, until it is told to end."""

import contextlib
import os
import shlex
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migma_nb.api.errors import InputError
from migma_nb.cli.answering import answered
from migma_nb.cli.exits import Exit
from migma_nb.cli.mailings import pairs_of
from migma_nb.cli.screen import say
from migma_nb.sandbox import FAULTS, SandboxServer


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How the sandbox is to be."""

    port: int
    path: Path | None
    key_file: Path | None
    strict: bool
    domains: tuple[str, ...]
    idempotency: bool
    rate: str | None
    faults: tuple[str, ...]
    seed: int

    @classmethod
    def of(cls, typed: Mapping[str, Any]) -> "Wish":
        """Return how a command's parameters say it."""
        return cls(
            domains=tuple(typed["domain"] or ()),
            idempotency=not typed["no_idempotency"],
            faults=tuple(typed["fault"] or ()),
            **{name: typed[name] for name in ("port", "path", "key_file", "strict", "rate", "seed")},
        )


@answered
def serve(typed: Mapping[str, Any]) -> Exit:
    """Serve until SIGINT or SIGTERM; the key goes to a file of its owner's, never to the screen.

    Args:
        typed: the command's parameters by name.
    """
    wish = Wish.of(typed)
    with _told_to_end() as ended, _folder(wish) as folder, _server(wish) as server:
        key_file = wish.key_file or folder / "key"
        _write_key(key_file, server.api_key)
        say(f"Sandbox at {server.url}")
        settings = f"MIGMA_BASE_URL={server.url} MIGMA_PROJECT_ID={server.project_id}"
        say(f'export {settings} MIGMA_API_KEY="$(cat {shlex.quote(str(key_file.absolute()))})"', whole=True)
        say("That line, typed in another terminal, sends --live mailings here. Ctrl-C ends the sandbox.")
        ended.wait()
    say(f"Ended. {len(server.outbox()):,} messages were delivered.")
    return Exit.FINE


@contextlib.contextmanager
def _told_to_end() -> Iterator[threading.Event]:
    """Yield an event that SIGINT and SIGTERM set."""
    ended = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: ended.set()) for number in numbers]
    try:
        yield ended
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


@contextlib.contextmanager
def _folder(wish: Wish) -> Iterator[Path]:
    """Yield the folder of the account and its key; one that nobody asked for goes with the sandbox."""
    if wish.path is None:
        folder = Path(tempfile.mkdtemp(prefix="migma_nb-sandbox-"))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return
    try:
        wish.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"The folder {wish.path} cannot be made: {error.strerror}.") from None
    yield wish.path


def _server(wish: Wish) -> SandboxServer:
    try:
        return SandboxServer(
            faults=_faults(wish.faults),
            seed=wish.seed,
            rate=wish.rate,
            path=None if wish.path is None else wish.path / "account.sqlite3",
            domains=wish.domains or "any",
            idempotency=wish.idempotency,
            strict=wish.strict,
            port=wish.port,
        )
    except (ValueError, OverflowError, RuntimeError) as error:
        raise InputError(str(error)) from None
    except OSError as error:
        why = error.strerror or str(error)
        raise InputError(
            f"The sandbox cannot be served at port {wish.port}: {why}.",
            hint="Leave --port out for a free one.",
        ) from None


def _write_key(path: Path, key: str) -> None:
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            # A file that was there already keeps its rights unless told otherwise.
            os.fchmod(file.fileno(), 0o600)
            file.write(key)
    except OSError as error:
        raise InputError(
            f"The key file {path} cannot be written: {error.strerror}.", hint="Give --key-file another place."
        ) from None


def _faults(texts: tuple[str, ...]) -> dict[str, float]:
    pairs = pairs_of(texts, "faults")
    try:
        return {name: float(chance) for name, chance in pairs.items()}
    except ValueError:
        raise InputError(
            f"A fault's probability is a number from 0 to 1, not {list(pairs.values())!r}.",
            hint=f"Write --fault name=probability; the faults are {', '.join(FAULTS)}.",
        ) from None

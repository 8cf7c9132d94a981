"""The journal of an account: one SQLite file that holds every record, and the tables in memory above it."""

import contextlib
import itertools
import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Generic, TypeVar

Record = TypeVar("Record")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
    position INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (kind, key)
)
"""
_PUT = (
    "INSERT INTO records (kind, key, body) VALUES (?, ?, ?) "
    "ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body"
)
_DELETE = "DELETE FROM records WHERE kind = ? AND key = ?"


class Journal:
    """One SQLite file that one process at a time holds.

    A commit survives the death of the process as soon as it returns; WAL with ``synchronous=NORMAL`` is
    enough for that and costs a tenth of a millisecond. Only a power cut may lose the last commits.

    Args:
        path: The file; it and its folder are made if they do not exist. It holds API keys, hence mode 0600.

    Raises:
        RuntimeError: Another sandbox holds the file, or it is no sandbox file.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        # A change without a body is a deletion.
        self._waiting: list[tuple[str, str, str | None]] = []
        self._depth = 0
        self._db = sqlite3.connect(path, timeout=1.0, isolation_level=None, check_same_thread=False)
        try:
            self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute(_SCHEMA)
            self._db.execute("COMMIT")
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise RuntimeError(
                f"The sandbox cannot open {path}: {error}. "
                "Close the sandbox that uses it, or give another path."
            ) from error

    def read(self, kind: str) -> list[tuple[str, Any]]:
        """All records of a kind, as (key, body) in the order in which they first came."""
        rows = self._db.execute("SELECT key, body FROM records WHERE kind = ? ORDER BY position", (kind,))
        return [(key, json.loads(body)) for key, body in rows]

    def write(self, kind: str, key: str, body: Any) -> None:
        """Put one record; inside ``transaction`` it waits for the end of it."""
        self._change(kind, key, json.dumps(body))

    def delete(self, kind: str, key: str) -> None:
        """Take one record out; inside ``transaction`` it waits for the end of it."""
        self._change(kind, key, None)

    def _change(self, kind: str, key: str, body: str | None) -> None:
        self._waiting.append((kind, key, body))
        if self._depth == 0:
            self._flush()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all that is written within as one; the outermost of nested ones counts."""
        self._depth += 1
        try:
            yield
        finally:
            # What memory holds goes to the file even when the block failed half way: they never differ.
            self._depth -= 1
            if self._depth == 0 and self._waiting:
                self._flush()

    def _flush(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for deleted, changes in itertools.groupby(self._waiting, lambda change: change[2] is None):
                if deleted:
                    self._db.executemany(_DELETE, [(kind, key) for kind, key, _ in changes])
                else:
                    self._db.executemany(_PUT, changes)
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._waiting.clear()

    def close(self) -> None:
        """Close the file."""
        self._db.close()


class Table(Generic[Record]):
    """Records of one kind in order of arrival, in memory and, if there is one, in the journal.

    Args:
        kind: The name of the kind in the journal.
        journal: Where records are also kept, or None.
        encode: Makes a JSON value of a record.
        decode: Makes the record of that value.
    """

    def __init__(
        self,
        kind: str,
        journal: Journal | None,
        encode: Callable[[Record], Any],
        decode: Callable[[Any], Record],
    ) -> None:
        self._kind = kind
        self._journal = journal
        self._encode = encode
        saved = journal.read(kind) if journal else []
        self._rows: dict[str, Record] = {key: decode(body) for key, body in saved}

    def put(self, key: str, record: Record) -> None:
        """Add a record, or replace the one of that key at its place."""
        self._rows[key] = record
        if self._journal is not None:
            self._journal.write(self._kind, key, self._encode(record))

    def delete(self, key: str) -> None:
        """Take a record out.

        Raises:
            KeyError: There is none of that key.
        """
        del self._rows[key]
        if self._journal is not None:
            self._journal.delete(self._kind, key)

    def get(self, key: str) -> Record | None:
        """The record of that key, or None."""
        return self._rows.get(key)

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def __iter__(self) -> Iterator[Record]:
        return iter(self._rows.values())

    def __len__(self) -> int:
        return len(self._rows)

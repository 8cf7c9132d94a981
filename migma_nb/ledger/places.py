"""Where a ledger is: a SQLite file, or a PostgreSQL database whose password is never shown."""

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import platformdirs
import sqlalchemy as sa

from migma_nb.api.errors import ConfigurationError, LedgerError
from migma_nb.api.kinds import kind_of
from migma_nb.planning.paths import (
    current_folder,
    expanded,
    look_at,
    reason_of,
    shown,
    where_paths_begin,
)

#: The one driver that is spoken, and the names under which people know the database.
_DRIVER = "postgresql+psycopg"
_POSTGRES = {"postgresql", "postgres"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a ledger is; exactly one of the two is given.

    `path` is that of a SQLite file, links followed, since its locks lie beside it; `url` leads to a
    PostgreSQL database.
    """

    path: Path | None = None
    url: sa.URL | None = None

    @property
    def name(self) -> str:
        """What people are told: the file, or the database without password and options."""
        if self.url is None:
            return str(self.path)
        bare = self.url.set(drivername="postgresql", query={})
        return sa.URL.create(
            "postgresql", bare.username, None, bare.host, bare.port, bare.database
        ).render_as_string()

    @property
    def may_exist(self) -> bool:
        """Whether there may be a ledger; of a server that is not known before it is asked.

        Raises:
            LedgerError: that cannot be found out of the file.
        """
        if self.path is None:
            return True
        found = look_at(self.path)
        if found.trouble:
            raise LedgerError(
                f"The ledger {shown(self.path)} cannot be read: {found.trouble}.",
                hint="Set MIGMA_LEDGER or ledger= to a file in a folder that you may write to.",
            )
        return found.there

    def __repr__(self) -> str:
        return f"Place({self.name!r})"


Setting: TypeAlias = str | os.PathLike[str] | Place | None


def place_of(setting: Setting = None) -> Place:
    """Return the place that a setting names.

    Args:
        setting: a path, a `sqlite:///` URL or a `postgresql://` URL; None takes `MIGMA_LEDGER`, else a file
            in the user's data folder.

    Raises:
        ConfigurationError: the setting is no place, or a database that this version cannot keep a ledger in.
    """
    if isinstance(setting, Place):
        return setting
    if not (setting is None or isinstance(setting, str | os.PathLike)):
        raise ConfigurationError(
            f"The ledger is {kind_of(setting)}, not a place.",
            hint="Pass the path of a file, or a postgresql:// URL.",
        )
    text = os.fspath(setting) if setting is not None else os.getenv("MIGMA_LEDGER", "")
    if not text:
        return Place(_resolved(platformdirs.user_data_dir("migma_nb", appauthor=False)) / "ledger.sqlite3")
    if "://" not in text:
        return Place(_resolved(text))
    kind, url = text.partition(":")[0], _url_of(text)
    # The password stands in no frame of the errors below.
    setting = text = ""
    if url is None:
        raise ConfigurationError(
            f"The {kind} URL of the ledger cannot be read.",
            hint="Special characters in user and password are percent-encoded: @ is %40, / is %2F.",
        )
    backend, _, driver = url.drivername.partition("+")
    if backend == "sqlite" and url.database and url.database != ":memory:":
        return Place(_resolved(url.database))
    if backend not in _POSTGRES:
        raise ConfigurationError(
            f"This version keeps its ledger in a SQLite file or in PostgreSQL, not in {kind!r}.",
            hint="Set MIGMA_LEDGER or ledger= to the path of a file, or to postgresql://user@host/database.",
        )
    if driver not in {"", "psycopg"}:
        raise ConfigurationError(
            f"The ledger speaks to PostgreSQL through psycopg 3, not through {driver!r}.",
            hint="Begin the ledger's URL with postgresql://.",
        )
    aside = url.query.get("password")
    if isinstance(aside, str):
        # SQLAlchemy hides a password only where a password belongs.
        url = url.set(password=url.password or aside).difference_update_query(["password"])
    return Place(url=url.set(drivername=_DRIVER))


def _resolved(text: str) -> Path:
    """Return a file's path with all links followed.

    Raises:
        ConfigurationError: it leads nowhere.
    """
    try:
        return expanded(text).resolve()
    except RuntimeError:  # before Python 3.13 so
        reason = os.strerror(errno.ELOOP)
    except (OSError, ValueError) as error:
        reason = reason_of(error) if current_folder() else where_paths_begin()
    raise ConfigurationError(
        f"The ledger {shown(text)} leads nowhere: {reason}.",
        hint="Set MIGMA_LEDGER or ledger= to a file in a folder that you may write to.",
    ) from None


def _url_of(text: str) -> sa.URL | None:
    try:
        return sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        return None

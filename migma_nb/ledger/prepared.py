"""Statements that every row and every run go through: written with SQLAlchemy, run by the driver itself.

What SQLAlchemy does around a statement each time takes several times as long as the statement, and to compile
one takes longer than ten sends; SQLAlchemy would do that anew for each ledger that is opened.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

_Bound = tuple[Any, ...] | dict[str, Any]
_Process = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement in the words of one database; `pick` is None where it takes its values by name."""

    text: str
    fixed: Mapping[str, Any]
    processes: tuple[tuple[str, _Process], ...]
    pick: Callable[[Mapping[str, Any]], tuple[Any, ...]] | None

    def bound(self, values: Mapping[str, Any]) -> _Bound:
        """Return the values as the driver takes them."""
        if not self.processes and not self.fixed and self.pick is not None:
            return self.pick(values)
        every = {**self.fixed, **values}
        for name, process in self.processes:
            value = every[name]
            if value is not None:
                every[name] = process(value)
        return every if self.pick is None else self.pick(every)


class Prepared:
    """A statement, compiled once for each kind of database.

    Args:
        statement: an insert, an update or a select.
        columns: the columns that an insert or update gets values for, beside those that are fixed in it.
        number: the column whose value an insert returns.
    """

    def __init__(
        self, statement: Any, columns: tuple[str, ...] = (), number: sa.Column[int] | None = None
    ) -> None:
        self._statement = statement
        self._columns = columns
        self._number = number
        self._compiled: dict[str, _Compiled] = {}

    def run(self, conn: sa.Connection, values: Mapping[str, Any]) -> int:
        """Run it with these values; return how many rows it met."""
        return int(self._run(conn, values).rowcount)

    def run_all(self, conn: sa.Connection, many: Iterable[Mapping[str, Any]]) -> None:
        """Run it once with each of these."""
        compiled = self._compiled.get(conn.dialect.name) or self._compile(conn.dialect)
        _driven(conn, "executemany", compiled.text, [compiled.bound(values) for values in many])

    def one(self, conn: sa.Connection, values: Mapping[str, Any]) -> Any:
        """Run a select; return the first row that it finds as a tuple, or None."""
        return self._run(conn, values).fetchone()

    def all(self, conn: sa.Connection, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run a select; return all that it finds, as the driver gives it."""
        found: list[tuple[Any, ...]] = self._run(conn, values).fetchall()
        return found

    def add(self, conn: sa.Connection, values: Mapping[str, Any]) -> int | None:
        """Run an insert; return the number of the new row, or None where none was made."""
        made = self._run(conn, values)
        if conn.dialect.name == "sqlite":
            return int(made.lastrowid) if made.rowcount == 1 else None
        found = made.fetchone()
        return None if found is None else int(found[0])

    def _run(self, conn: sa.Connection, values: Mapping[str, Any]) -> Any:
        compiled = self._compiled.get(conn.dialect.name) or self._compile(conn.dialect)
        return _driven(conn, "execute", compiled.text, compiled.bound(values))

    def _compile(self, dialect: sa.Dialect) -> _Compiled:
        statement = self._statement
        if isinstance(statement, Mapping):
            statement = statement[dialect.name]
        if self._number is not None and dialect.name != "sqlite":
            statement = statement.returning(self._number)
        made = statement.compile(dialect=dialect, column_keys=list(self._columns) or None)
        processes = {
            name: process
            for bind, name in made.bind_names.items()
            if (process := bind.type.dialect_impl(dialect).bind_processor(dialect)) is not None
        }
        fixed = {name: bind.value for bind, name in made.bind_names.items() if not bind.required}
        compiled = _Compiled(str(made), fixed, tuple(processes.items()), _picking(made.positiontup))
        self._compiled[dialect.name] = compiled
        return compiled


def plainly(conn: sa.Connection, text: str) -> None:
    """Run a statement that takes no values and finds nothing, such as a transaction's first and last."""
    _driven(conn, "execute", text)


def _driven(conn: sa.Connection, how: str, text: str, *bound: object) -> Any:
    driver: Any = conn.connection.dbapi_connection
    cursor = driver.cursor()
    try:
        getattr(cursor, how)(text, *bound)
    except conn.dialect.loaded_dbapi.Error as error:
        failed = error
    else:
        return cursor
    # From nothing: a driver's frames hold the values.
    raise _as_raised_by_sqlalchemy(conn, text, failed) from None


def _picking(order: Sequence[str] | None) -> Callable[[Mapping[str, Any]], tuple[Any, ...]] | None:
    """Return what puts values into a statement's order, None where it takes them by name."""
    if order is None or len(order) > 1:
        return None if order is None else itemgetter(*order)
    return lambda values: tuple(values[name] for name in order)


def _as_raised_by_sqlalchemy(conn: sa.Connection, text: str, error: Any) -> Any:
    """Return a driver's error as the kind that everybody here expects, without the values."""
    driver: Any = conn.connection.dbapi_connection
    return sa.exc.DBAPIError.instance(
        text,
        None,
        error,
        conn.dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=conn.dialect.is_disconnect(error, driver, None),
        dialect=conn.dialect,
    )

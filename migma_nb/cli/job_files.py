"""A job file: options of the command line in TOML, for mailings that are sent again and again."""

import difflib
import math
import os
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import typer

from migma_nb.api.errors import InputError
from migma_nb.cli.lines import TROUBLE
from migma_nb.cli.options import Group
from migma_nb.cli.own_options import OWN
from migma_nb.cli.parameters import SHARED

#: Parameters that are files.
_FILES = frozenset({"file", "exclude", "out", "html", "path", "key_file"})
#: Parameters that are tables of names and values.
_TABLES = frozenset({"variables", "defaults", "formats", "field", "fault"})
_SECRETS = frozenset({"api-key", "apikey", "migma-api-key", "key-id", "password", "token", "secret"})
#: The two safety catches, which are typed at each send.
_CATCHES = frozenset({"live", "confirm"})
_SPELT = {
    "project_id": "project",
    "topic_id": "topic",
    "variables": "var",
    "defaults": "default",
    "formats": "format",
    "as_json": "json",
    "tag_name": "tag",
}


def key_of(name: str) -> str:
    """Return the key under which a parameter stands in a job file: its option without the dashes."""
    return _SPELT.get(name, name.replace("_", "-"))


def apply(context: typer.Context, path: Path) -> None:
    """Let a job file's options count where nothing is typed and the environment says nothing.

    What is wrong with it waits in the context until the command begins, which knows how to say it.

    Args:
        context: the command's.
        path: the file.
    """
    try:
        context.default_map = values_for(str(context.info_name), path)
    except InputError as error:
        context.meta[TROUBLE] = error


def values_for(command: str, path: Path) -> dict[str, Any]:
    """Return what a job file says to a command, by parameter.

    Args:
        command: its name, such as "send".
        path: the file; paths in it are relative to its folder.

    Raises:
        InputError: it cannot be read, or a key or a value is wrong, also one for another command.
    """
    job = _read(path)
    tables = {name: value for name, value in job.items() if name in OWN}
    where = f"Job file {path}"
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise InputError(
                f"{where}: {name!r} is the table of the command {name}.",
                hint=f"Write [{name}] and options below it.",
            )
    shared = _values(
        {name: value for name, value in job.items() if name not in OWN}, SHARED, where, path.parent, top=True
    )
    own = {
        name: _values(table, {**SHARED, **OWN[name]}, f"{where}, [{name}]", path.parent)
        for name, table in tables.items()
    }
    # Some commands have a word of their own for something else, such as the limit of `runs`.
    meant = {name: value for name, value in shared.items() if name not in OWN.get(command, {})}
    return {**meant, **own.get(command, {})}


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))  # editors of Windows write the mark
    except OSError as error:
        raise InputError(f"The job file {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise InputError(f"The job file {path} is not UTF-8.", hint="Save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(
            f"The job file {path} is no TOML: {error}.", hint='Write texts in quotes: subject = "Hello".'
        ) from None


def _values(
    table: Mapping[str, Any], group: Group, where: str, folder: Path, *, top: bool = False
) -> dict[str, Any]:
    names = {key_of(name): name for name in group}
    found: dict[str, Any] = {}
    for written, value in table.items():
        key = written.replace("_", "-")
        _check_known(key, written, names, where, top=top)
        name = names[key]
        if name in found:
            raise InputError(f"{where}: {written!r} is there twice, once with - and once with _.")
        found[name] = _value(name, value, group[name], f"{where}: {written}", folder)
    return found


def _check_known(key: str, written: str, names: Mapping[str, str], where: str, *, top: bool) -> None:
    if key in _SECRETS and key not in names:
        raise InputError(
            f"{where}: {written!r} is not read from a file: files are copied and shared.",
            hint="Set MIGMA_API_KEY, or keep the key in the OS keyring: keyring set migma_nb api_key",
        )
    if key in _CATCHES:
        raise InputError(
            f"{where}: {written!r} is not read from a file: the two safety catches of a live send are typed, "
            "so that no file mails people by itself.",
            hint="Type --live and --confirm N.",
        )
    if key in names:
        return
    owners = [command for command, group in OWN.items() if key in map(key_of, group)]
    if top and owners:
        raise InputError(
            f"{where}: {written!r} belongs below a command's own heading.",
            hint=f"Write it below [{owners[0]}]."
            if len(owners) == 1
            else f"Write it below one of {_listed(owners)}.",
        )
    if key == "marketing":
        raise InputError(f"{where}: there is no {written!r}.", hint="Write transactional = false.")
    near = difflib.get_close_matches(key, [*names, *(OWN if top else ())], n=2, cutoff=0.6)
    raise InputError(
        f"{where}: there is no {written!r}.",
        hint=f"Did you mean {' or '.join(near)}?" if near else f"The keys are {', '.join(names)}.",
    )


def _listed(commands: list[str]) -> str:
    return ", ".join(f"[{name}]" for name in commands)


def _value(name: str, value: Any, parameter: tuple[Any, Any], where: str, folder: Path) -> Any:
    if name in _TABLES:
        return _pairs(value, where)
    kind, wanted, fits = _KINDS[_kind_of(parameter)]
    if kind is list:
        value = [value] if isinstance(value, str) else value
    if not fits(value):
        raise InputError(f"{where} is {value!r}, and should be {wanted}.")
    if name in _FILES:
        return os.fspath(_placed(value, folder))
    if name == "template" and "<" not in value:
        return os.fspath(_placed(value, folder))
    if name == "ledger" and "://" not in value:
        return os.fspath(_placed(value, folder))
    return value


def _pairs(value: Any, where: str) -> list[str]:
    if not isinstance(value, dict):
        raise InputError(f"{where} is {value!r}, and should be a table.", hint='Write {name = "value"}.')
    for name, one in value.items():
        if isinstance(one, bool) or not isinstance(one, str | int | float):
            raise InputError(f"{where}.{name} is {one!r}, and should be a text or a number.")
        if "=" in name:
            raise InputError(f"{where}: the name {name!r} holds a =, which no placeholder has.")
    return [f"{name}={one}" for name, one in value.items()]


def _placed(value: str, folder: Path) -> Path:
    return folder / Path(value).expanduser()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_KINDS: dict[str, tuple[type, str, Callable[[Any], bool]]] = {
    "bool": (bool, "true or false", lambda value: isinstance(value, bool)),
    "int": (int, "a whole number", _is_whole),
    "float": (float, "a number", _is_number),
    "list": (
        list,
        "a text or a list of texts",
        lambda value: isinstance(value, list) and all(isinstance(one, str) for one in value),
    ),
    "text": (str, "a text, in quotes", lambda value: isinstance(value, str)),
}


def _kind_of(parameter: tuple[Any, Any]) -> str:
    words = str(parameter[0].__origin__)
    return next((kind for kind in ("list", "bool", "int", "float") if kind in words), "text")

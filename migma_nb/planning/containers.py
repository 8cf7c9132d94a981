"""Where a list comes from: a path, bytes or an open file, perhaps packed; out comes one file's content."""

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

from migma_nb.api.errors import InputError
from migma_nb.api.kinds import kind_of
from migma_nb.planning.packed import LAYERS, Content, Raw, unwrapped
from migma_nb.planning.paths import expanded, look_at, reason_of, shown, where_paths_begin
from migma_nb.planning.windows import Window


def opened(source: Any, name: str | None, member: str | None, suffixes: tuple[str, ...]) -> Content[bytes]:
    """Return what a source holds, unpacked.

    Args:
        source: a path, bytes, or an open file.
        name: what to call it, where it is no path.
        member: which file of a zip is meant; None where it holds one list only.
        suffixes: the endings of files that can be read.

    Raises:
        InputError: it is not there, cannot be read, is damaged, or holds several lists.
    """
    if not (name is None or isinstance(name, str)):
        raise InputError(f"name is {kind_of(name)}, not a text.", hint='Write for example name="list.csv".')
    return unwrapped(_content(source, name, suffixes), member, suffixes)


def opened_window(
    path: str | os.PathLike[str], member: str | None, suffixes: tuple[str, ...]
) -> Content[Window]:
    """Return what a file holds, unpacked into temporary files instead of memory; close its window.

    Args:
        path: the file.
        member: which file of a zip is meant; None where it holds one list only.
        suffixes: the endings of files that can be read.

    Raises:
        InputError: as `opened` does.
    """
    file = expanded(path)
    suffix = _suffix_of(file, None, suffixes)
    content = Content(_from_disk(file, lambda: Window.of(file.open("rb"))), str(file), suffix)
    try:
        return unwrapped(content, member, suffixes)
    except BaseException:
        content.raw.close()
        raise


def _content(source: Any, name: str | None, suffixes: tuple[str, ...]) -> Content[bytes]:
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _of_bytes(bytes(source), name)
    if isinstance(source, str | os.PathLike):
        return _of_file(expanded(source), name, suffixes)
    if callable(getattr(source, "read", None)):
        found = _read(source, name)
        own = getattr(source, "name", None)
        called = name or (os.path.basename(own) if isinstance(own, str) else None)  # noqa: PTH119 - any text
        if isinstance(found, str):
            return replace(_of_bytes(_encoded(found, called), called), decoded=True)
        if isinstance(found, bytes):
            return _of_bytes(found, called)
    raise InputError(
        f"A list of people cannot be read from {kind_of(source)}.",
        hint="Pass a path, bytes, or a file opened with open(path, 'rb').",
    )


def _read(source: Any, name: str | None) -> Any:
    try:
        return source.read()
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name or 'The list'} was opened as text in {error.encoding}, in which it is not.",
            hint="Open it with open(path, 'rb'), and leave the encoding to read_recipients.",
        ) from error
    except (OSError, ValueError) as error:  # it is closed, or open for writing
        raise InputError(
            f"{name or 'The list'} cannot be read: {reason_of(error).rstrip('.')}.",
            hint="Open it anew with open(path, 'rb'), or pass its path.",
        ) from error


def _encoded(text: str, name: str | None) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"{name or 'The list'} was opened with an encoding that does not fit: half a character stands at "
            f"position {error.start:,}.",
            hint="Open it with open(path, 'rb'), and leave the encoding to read_recipients.",
        ) from error


def _of_bytes(raw: bytes, name: str | None) -> Content[bytes]:
    return Content(raw, name or "the list", PurePath(name or "").suffix.lower(), named=bool(name))


def _of_file(file: Path, name: str | None, suffixes: tuple[str, ...]) -> Content[bytes]:
    suffix = _suffix_of(file, name, suffixes)
    return Content(_from_disk(file, file.read_bytes), name or str(file), suffix)


def _suffix_of(file: Path, name: str | None, suffixes: tuple[str, ...]) -> str:
    found = look_at(file)
    if not found.there:
        refuse_list_itself(str(file))
    if found.trouble:
        raise _unreadable(file, found.trouble)
    if found.is_folder:
        raise InputError(f"{file} is a folder, not a file.", hint="Name the file inside it.")
    suffix = PurePath(name or file).suffix.lower()
    if suffix not in (*suffixes, *LAYERS):
        raise _unknown(file.name, suffix, suffixes)
    if not found.there:
        raise InputError(f"There is no file {file}.", hint=_nearby(file, suffixes))
    return suffix


def refuse_list_itself(text: str) -> None:
    """Refuse the text of a list where its path or one address belongs, neither of which has a line break.

    Raises:
        InputError: it has several lines.
    """
    lines = re.split(r"[\r\n]+", text.strip())
    if len(lines) > 1:
        raise InputError(
            f"This is no path of a file, but the text of a list: {len(lines):,} lines that begin with "
            f"{lines[0][:60]!r}.",
            hint="Pass the path of the file, or the text as an open file: io.StringIO(text).",
        )


def _from_disk(file: Path, read: Callable[[], Raw]) -> Raw:
    try:
        return read()
    except OSError as error:
        raise _unreadable(file, reason_of(error)) from error


def _unreadable(file: Path, reason: str) -> InputError:
    return InputError(f"{shown(file)} cannot be read: {reason}.", hint="Check the path and its rights.")


def _unknown(name: str, suffix: str, suffixes: tuple[str, ...]) -> InputError:
    return InputError(
        f"{name} ends in {suffix or 'nothing'}, which is no kind of list that can be read.",
        hint=f"Save it as {', '.join(suffixes)}, or read it with pandas and pass the DataFrame.",
    )


def require_known(content: Content[Any], suffixes: tuple[str, ...]) -> None:
    """Refuse content that has a name by which it is no list.

    Raises:
        InputError: it has such a name.
    """
    if content.named and content.suffix not in suffixes:
        raise _unknown(content.name, content.suffix, suffixes)


def _nearby(file: Path, suffixes: tuple[str, ...]) -> str:
    folder, here = file.parent, where_paths_begin()
    if not look_at(folder).is_folder:
        return f"There is no folder {folder} either; {here}."
    try:
        lists = sorted(entry.name for entry in folder.iterdir() if entry.suffix.lower() in suffixes)
    except OSError:
        lists = []
    return f"In that folder are: {', '.join(lists[:5])}." if lists else f"{here[0].upper()}{here[1:]}."

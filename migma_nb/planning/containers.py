"""Where a list comes from: a path, bytes or an open file, perhaps packed; out comes one file's content."""

import gzip
import io
import os
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

from migma_nb.api.errors import InputError
from migma_nb.api.kinds import kind_of

_PACKED = (".gz", ".zip")
_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PARQUET = b"PAR1"
#: What a zip holds that makes it a workbook, or something else than a folder of lists.
_INSIDE = {"xl/workbook.xml": ".xlsx", "word/document.xml": ".docx", "xl/workbook.bin": ".xlsb"}
#: A list packed inside a packed list is unpacked too; more layers are no list any more.
_MOST_LAYERS = 3
#: What a packed file may come to, in bytes or as so many times its size: lists are packed to a tenth or so.
_ENOUGH, _MOST_TIMES = 1 << 28, 200


@dataclass(frozen=True, slots=True)
class Content:
    """One file's content.

    Args:
        raw: its bytes.
        name: what it is called in errors and reports (str).
        suffix: its ending in lower case, "" for none (str).
        named: whether it had a name at all (bool).
        repairs: what was done on the way, a sentence each.
        decoded: whether it came as text, so that its encoding is no question any more (bool).
    """

    raw: bytes
    name: str
    suffix: str
    named: bool = True
    repairs: tuple[str, ...] = ()
    decoded: bool = False


def opened(source: Any, name: str | None, member: str | None, suffixes: tuple[str, ...]) -> Content:
    """Return what a source holds, unpacked.

    Args:
        source: a path, bytes, or an open file.
        name: what to call it, where it is no path.
        member: which file of a zip is meant; None where it holds one list only.
        suffixes: the endings of files that can be read.

    Raises:
        InputError: it is not there, cannot be read, is damaged, or holds several lists.
    """
    content = _content(source, name, suffixes)
    for _ in range(_MOST_LAYERS):
        if content.raw.startswith(_GZIP):
            content = _ungzipped(content)
        elif content.raw.startswith(_ZIP):
            infos = _inside_of(content)
            inside = [info.filename for info in infos]
            kind = next((suffix for mark, suffix in _INSIDE.items() if mark in inside), None)
            if kind is None and "mimetype" in inside and "content.xml" in inside:
                kind = ".ods"
            if kind is not None:
                _refuse_bomb(content, sum(info.file_size for info in infos), _most(content))
                content = _of_kind(content, kind)
                break
            content = _unzipped(content, inside, member, suffixes)
            member = None
        else:
            break
    if member is not None:
        raise InputError(
            f"{content.name} is no zip, so member={member!r} names nothing.", hint="Leave it out."
        )
    if content.raw.startswith(_PARQUET):
        content = _of_kind(content, ".parquet")
    elif content.raw.startswith(_OLE):
        raise InputError(
            f"{content.name} is no workbook that can be read: it has a password, or it is an old .xls.",
            hint="Take the password off, or save it as .xlsx or CSV UTF-8.",
        )
    return content


def _of_kind(content: Content, suffix: str) -> Content:
    if content.suffix == suffix or not content.named:
        return replace(content, suffix=suffix)
    note = f"By its content it is {suffix}, not {content.suffix or 'without an ending'}, and was read so."
    return replace(content, suffix=suffix, repairs=(*content.repairs, note))


def _content(source: Any, name: str | None, suffixes: tuple[str, ...]) -> Content:
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _of_bytes(bytes(source), name)
    if isinstance(source, str | os.PathLike):
        return _of_file(Path(os.fsdecode(source)).expanduser(), name, suffixes)
    if callable(getattr(source, "read", None)):
        found = source.read()
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


def _encoded(text: str, name: str | None) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"{name or 'The list'} was opened with an encoding that does not fit: half a character stands at "
            f"position {error.start:,}.",
            hint="Open it with open(path, 'rb'), and leave the encoding to read_recipients.",
        ) from error


def _of_bytes(raw: bytes, name: str | None) -> Content:
    return Content(raw, name or "the list", PurePath(name or "").suffix.lower(), named=bool(name))


def _of_file(file: Path, name: str | None, suffixes: tuple[str, ...]) -> Content:
    if file.is_dir():
        raise InputError(f"{file} is a folder, not a file.", hint="Name the file inside it.")
    suffix = PurePath(name or file).suffix.lower()
    if suffix not in (*suffixes, *_PACKED):
        raise _unknown(file.name, suffix, suffixes)
    if not file.exists():
        raise InputError(f"There is no file {file}.", hint=_nearby(file, suffixes))
    try:
        raw = file.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            f"{file} cannot be read: {reason}.", hint="Check the file and its rights."
        ) from error
    return Content(raw, name or str(file), suffix)


def _unknown(name: str, suffix: str, suffixes: tuple[str, ...]) -> InputError:
    return InputError(
        f"{name} ends in {suffix or 'nothing'}, which is no kind of list that can be read.",
        hint=f"Save it as {', '.join(suffixes)}, or read it with pandas and pass the DataFrame.",
    )


def require_known(content: Content, suffixes: tuple[str, ...]) -> None:
    """Refuse content that has a name by which it is no list.

    Raises:
        InputError: it has such a name.
    """
    if content.named and content.suffix not in suffixes:
        raise _unknown(content.name, content.suffix, suffixes)


def _nearby(file: Path, suffixes: tuple[str, ...]) -> str:
    folder = file.parent
    if not folder.is_dir():
        return f"There is no folder {folder} either; the current folder is {Path.cwd()}."
    lists = sorted(entry.name for entry in folder.iterdir() if entry.suffix.lower() in suffixes)
    return f"In that folder are: {', '.join(lists[:5])}." if lists else f"The current folder is {Path.cwd()}."


def _ungzipped(content: Content) -> Content:
    most = _most(content)

    def unpack() -> bytes:
        with gzip.GzipFile(fileobj=io.BytesIO(content.raw)) as packed:
            return packed.read(most + 1)

    raw = _unpacked(content, unpack)
    _refuse_bomb(content, len(raw), most)
    inner = (
        content.name.removesuffix(PurePath(content.name).suffix) if content.suffix == ".gz" else content.name
    )
    return _inside(content, raw, inner, "It was unpacked from gzip.")


def _inside_of(content: Content) -> list[zipfile.ZipInfo]:
    with _unpacked(content, lambda: zipfile.ZipFile(io.BytesIO(content.raw))) as archive:
        return list(archive.infolist())


def _most(content: Content) -> int:
    return max(_ENOUGH, _MOST_TIMES * len(content.raw))


def _refuse_bomb(content: Content, size: int, most: int) -> None:
    """Refuse what would fill the memory: a few kilobytes can be packed that unpack to gigabytes.

    Raises:
        InputError: it comes to more than a list ever does.
    """
    if size > most:
        raise InputError(
            f"{content.name} would unpack to more than {_MOST_TIMES} times its size, as no list does.",
            hint="Unpack it yourself and look at what is in it.",
        )


def _unzipped(content: Content, inside: list[str], member: str | None, suffixes: tuple[str, ...]) -> Content:
    files = [
        name
        for name in inside
        if not name.endswith("/") and "__MACOSX" not in name and not PurePath(name).name.startswith(".")
    ]
    lists = [name for name in files if PurePath(name).suffix.lower() in (*suffixes, *_PACKED)]
    # A .txt beside a list says something about it; alone it is the list.
    lists = [name for name in lists if PurePath(name).suffix.lower() != ".txt"] or lists
    if member is not None:
        lists = [name for name in files if name == member]
    if len(lists) != 1:
        raise InputError(
            f"{content.name} holds {_counted(member, files, lists)}.",
            hint=f"Say which: {' or '.join(f'member={name!r}' for name in (lists or files)[:5])}."
            if files
            else "Check the export.",
        )
    left = [name for name in files if name != lists[0]]
    with zipfile.ZipFile(io.BytesIO(content.raw)) as archive:
        # What is read of a file is never more than it says.
        found = next(info for info in archive.infolist() if info.filename == lists[0])
        _refuse_bomb(content, found.file_size, _most(content))
        raw = _unpacked(content, lambda: archive.read(found))
    beside = f"; beside it are {', '.join(left[:3])}, which were not read" if left else ""
    return _inside(content, raw, lists[0], f"{lists[0]} was unpacked from the zip {content.name}{beside}.")


def _counted(member: str | None, files: list[str], lists: list[str]) -> str:
    if not files:
        return "no file"
    if member is not None:
        return f"no {member!r}" if not lists else f"{len(lists)} files called {member!r}"
    return f"{len(lists)} lists" if lists else f"no list, but {', '.join(files[:5])}"


def _inside(content: Content, raw: bytes, name: str, note: str) -> Content:
    suffix = PurePath(name).suffix.lower()
    return Content(raw, name, suffix, named=content.named and bool(suffix), repairs=(*content.repairs, note))


def _unpacked(content: Content, unpack: Callable[[], Any]) -> Any:
    try:
        return unpack()
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, ValueError, RuntimeError) as error:
        protected = isinstance(error, RuntimeError) and "password" in str(error)
        why = "it is protected by a password" if protected else f"{error}".rstrip(".") or "it is cut off"
        raise InputError(
            f"{content.name} cannot be unpacked: {why}.", hint="Unpack it yourself, or get the file again."
        ) from error

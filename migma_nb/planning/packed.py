"""One file's content: gzip and zip are taken off, in memory or in temporary files."""

import gzip
import io
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import IO, Any, BinaryIO, Generic, TypeVar, cast

from migma_nb.api.errors import InputError
from migma_nb.planning.windows import Window

#: The endings of what is taken off.
LAYERS = (".gz", ".zip")
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

#: A list that fits in memory, or one of any length.
Raw = TypeVar("Raw", bytes, Window)


@dataclass(frozen=True, slots=True)
class Content(Generic[Raw]):
    """One file's content.

    Args:
        raw: its bytes, or a window on them.
        name: what it is called in errors and reports (str).
        suffix: its ending in lower case, "" for none (str).
        named: whether it had a name at all (bool).
        repairs: what was done on the way, a sentence each.
        decoded: whether it came as text, so that its encoding is no question any more (bool).
    """

    raw: Raw
    name: str
    suffix: str
    named: bool = True
    repairs: tuple[str, ...] = ()
    decoded: bool = False


def unwrapped(content: Content[Raw], member: str | None, suffixes: tuple[str, ...]) -> Content[Raw]:
    """Return what a file holds, with all that it is packed in taken off, and its kind by its content.

    Args:
        content: the file.
        member: which file of a zip is meant; None where it holds one list only.
        suffixes: the endings of files that can be read.

    Raises:
        InputError: it is damaged, holds several lists, or unpacks to more than any list.
    """
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


def _of_kind(content: Content[Raw], suffix: str) -> Content[Raw]:
    if content.suffix == suffix or not content.named:
        return replace(content, suffix=suffix)
    note = f"By its content it is {suffix}, not {content.suffix or 'without an ending'}, and was read so."
    return replace(content, suffix=suffix, repairs=(*content.repairs, note))


def _ungzipped(content: Content[Raw]) -> Content[Raw]:
    most = _most(content)

    def unpack() -> Any:
        with gzip.GzipFile(fileobj=_file_of(content)) as packed:
            return _kept(content, cast("BinaryIO", packed), most + 1)

    raw = _unpacked(content, unpack)
    _refuse_bomb(content, len(raw), most)
    inner = (
        content.name.removesuffix(PurePath(content.name).suffix) if content.suffix == ".gz" else content.name
    )
    return _inside(content, raw, inner, "It was unpacked from gzip.")


def _file_of(content: Content[Any]) -> BinaryIO:
    raw = content.raw
    return io.BytesIO(raw) if isinstance(raw, bytes) else cast("BinaryIO", io.BufferedReader(raw.opened()))


def _kept(content: Content[Any], source: IO[bytes], most: int) -> Any:
    """Return what a file inside a content holds, kept where that content is: in memory, or on disk."""
    raw = content.raw
    return source.read(most) if isinstance(raw, bytes) else raw.copied(source, most)


def _inside_of(content: Content[Any]) -> list[zipfile.ZipInfo]:
    with _unpacked(content, lambda: zipfile.ZipFile(_file_of(content))) as archive:
        return list(archive.infolist())


def _most(content: Content[Any]) -> int:
    return max(_ENOUGH, _MOST_TIMES * len(content.raw))


def _refuse_bomb(content: Content[Any], size: int, most: int) -> None:
    """Refuse what would fill the memory: a few kilobytes can be packed that unpack to gigabytes.

    Raises:
        InputError: it comes to more than a list ever does.
    """
    if size > most:
        raise InputError(
            f"{content.name} would unpack to more than {_MOST_TIMES} times its size, as no list does.",
            hint="Unpack it yourself and look at what is in it.",
        )


def _unzipped(
    content: Content[Raw], inside: list[str], member: str | None, suffixes: tuple[str, ...]
) -> Content[Raw]:
    files = [
        name
        for name in inside
        if not name.endswith("/") and "__MACOSX" not in name and not PurePath(name).name.startswith(".")
    ]
    lists = [name for name in files if PurePath(name).suffix.lower() in (*suffixes, *LAYERS)]
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
    with zipfile.ZipFile(_file_of(content)) as archive:
        # What is read of a file is never more than it says.
        found = next(info for info in archive.infolist() if info.filename == lists[0])
        _refuse_bomb(content, found.file_size, _most(content))

        def unpack() -> Any:
            with archive.open(found) as packed:
                return _kept(content, packed, found.file_size + 1)

        raw = _unpacked(content, unpack)
    beside = f"; beside it are {', '.join(left[:3])}, which were not read" if left else ""
    return _inside(content, raw, lists[0], f"{lists[0]} was unpacked from the zip {content.name}{beside}.")


def _counted(member: str | None, files: list[str], lists: list[str]) -> str:
    if not files:
        return "no file"
    if member is not None:
        return f"no {member!r}" if not lists else f"{len(lists)} files called {member!r}"
    return f"{len(lists)} lists" if lists else f"no list, but {', '.join(files[:5])}"


def _inside(content: Content[Raw], raw: Raw, name: str, note: str) -> Content[Raw]:
    suffix = PurePath(name).suffix.lower()
    return Content(raw, name, suffix, named=content.named and bool(suffix), repairs=(*content.repairs, note))


def _unpacked(content: Content[Any], unpack: Callable[[], Any]) -> Any:
    try:
        return unpack()
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, ValueError, RuntimeError) as error:
        protected = isinstance(error, RuntimeError) and "password" in str(error)
        why = "it is protected by a password" if protected else f"{error}".rstrip(".") or "it is cut off"
        raise InputError(
            f"{content.name} cannot be unpacked: {why}.", hint="Unpack it yourself, or get the file again."
        ) from error

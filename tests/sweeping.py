"""A search for API keys in files, in every form in which a key could hide there."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path

#: What a sandbox's own keys look like.
SANDBOX_KEY = re.compile(rb"mgma_sk_test_[0-9a-f]{48}")
#: A sandbox that is kept on disk keeps its own key there, as every server does, and gives it out in a file.
_OF_A_SERVER = re.compile(r"account\.sqlite.*|.*key")
_LARGEST = 20_000_000


def forms_of(key: str) -> set[bytes]:
    """Return a key as it stands in a file: as it is, URL-escaped, in hexadecimal, UTF-16 and base64."""
    raw = key.encode()
    forms = {raw, raw.replace(b"_", b"%5F"), raw.hex().encode(), raw.hex().upper().encode()}
    forms |= {key.encode("utf-16-le"), key.encode("utf-16-be")}
    # In base64 a text looks different by where in three bytes it begins, and so do its ends.
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw + b"\0" * 3)
        middle = encoded[4 if before else 0 : (before + len(raw)) * 4 // 3 - 3]
        forms |= {middle, middle.replace(b"+", b"-").replace(b"/", b"_")}
    return forms


def files_with(keys: set[str], *folders: Path) -> list[Path]:
    """Return the files below folders that hold one of these keys in any form."""
    forms = {form for key in keys for form in forms_of(key)}
    return [path for path, content in _contents(*folders) if any(form in content for form in forms)]


def files_with_a_sandbox_key(*folders: Path) -> list[Path]:
    """Return the files below folders that hold the key of any sandbox; a server's own are left out."""
    found = (path for path, content in _contents(*folders) if SANDBOX_KEY.search(content))
    return [path for path in found if not _OF_A_SERVER.fullmatch(path.name)]


def _contents(*folders: Path) -> Iterator[tuple[Path, bytes]]:
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink() and path.stat().st_size < _LARGEST:
                yield path, path.read_bytes()

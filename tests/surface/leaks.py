"""Searches for a secret in all that was written, shown or kept, in every form in which it may stand there."""

import base64
import gc
import json
import re
import traceback
import types
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from IPython.core.ultratb import VerboseTB

import migma_nb as mg
from migma_nb.api.secret import ApiKey

#: A key with every character that one of the forms escapes.
SENTINEL = 'mgma_sk_test_S3nt+/inel="&\\key'

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_PACKAGE = str(Path(mg.__file__).parent)


def forms(secret: str) -> dict[str, str]:
    """Return a secret as it may stand in a text: raw, in base64 at each offset, URL- and JSON-escaped."""
    found = {
        "raw": secret,
        "url": quote(secret, safe=""),
        "json": json.dumps(secret)[1:-1],
        "json with slashes": json.dumps(secret)[1:-1].replace("/", "\\/"),
        "html": secret.replace("&", "&amp;").replace('"', "&quot;"),
        "repr": repr(secret)[1:-1],
    }
    for before in range(3):
        text = base64.b64encode(b"\0" * before + secret.encode() + b"\0\0\0").decode()
        # Four characters at each end may belong to what stands beside it.
        found[f"base64 after {before}"] = text[4:-8]
        found[f"URL-safe base64 after {before}"] = text[4:-8].replace("+", "-").replace("/", "_")
    return found


def leaks(secret: str, text: str | bytes) -> list[str]:
    """Return the forms in which a secret stands in a text."""
    whole = text.decode("latin-1") if isinstance(text, bytes) else text
    return [name for name, form in forms(secret).items() if form in whole]


def leaks_in_files(secret: str, *folders: Path) -> list[str]:
    """Return the files below some folders that hold a secret, with the form it has there."""
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [f"{path.name}: {form}" for path in files for form in leaks(secret, path.read_bytes())]


def shown(error: BaseException) -> str:
    """Return an error as everything that shows errors shows it, local variables of our frames included.

    The test's own frames are left out: they hold the secret, as the cell does that somebody typed it into.
    """
    error = error.with_traceback(_of_ours(error.__traceback__))
    plain = traceback.TracebackException.from_exception(error, capture_locals=True)
    verbose = VerboseTB(include_vars=True)
    trace = verbose.structured_traceback(type(error), error, error.__traceback__)
    return "\n".join(
        [
            *plain.format(),
            _COLOURS.sub("", "\n".join(trace)),
            str(error),
            repr(error),
            repr(vars(error)),
            repr(error.args),
        ]
    )


def _of_ours(trace: types.TracebackType | None) -> types.TracebackType | None:
    while trace is not None and not trace.tb_frame.f_code.co_filename.startswith(_PACKAGE):
        trace = trace.tb_next
    return trace


def reachable_leaks(secret: str, *roots: object, most: int = 300_000) -> list[str]:
    """Return the texts that hold a secret among everything that can be reached, save inside an `ApiKey`.

    Modules, classes and the globals of functions are not followed: they lead to the test itself.
    """
    seen: set[int] = {id(secret)}
    waiting = list(roots)
    found = []
    while waiting and len(seen) < most:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, (types.ModuleType, type, ApiKey)):
            continue
        seen.add(id(one))
        if isinstance(one, (str, bytes, bytearray)):
            found += leaks(secret, bytes(one) if isinstance(one, bytearray) else one)
            continue
        waiting += _within(one)
    assert len(seen) < most, "too much to search"
    return found


def _within(one: object) -> Iterable[Any]:
    if isinstance(one, types.FunctionType):
        cells = [cell.cell_contents for cell in one.__closure__ or () if cell != types.CellType()]
        return [*cells, one.__defaults__, one.__kwdefaults__]
    if isinstance(one, types.FrameType):
        return []
    return gc.get_referents(one)

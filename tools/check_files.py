"""Look for what must not be committed: keys, places on one machine, addresses of registries, big files.

Run: python tools/check_files.py FILE…  It prints `file:line: what` and exits 1 if there is anything. It needs
no network and nothing installed, so that a commit hook can run it anywhere.
"""

import functools
import pwd
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from os import getuid
from pathlib import Path

#: Bytes; lists, pictures and notebooks of this size are read by nobody.
LARGEST = 500_000
#: A notebook's outputs are where a key is shown by accident: there, even the beginning of one is too much.
IN_NOTEBOOKS = re.compile(r"\b(?:mgma_)?sk_\w")
SECRETS = {
    "looks like a Migma key": re.compile(r"\b(?:mgma_)?sk_(?:live_|test_)?[A-Za-z0-9]{16,}"),
    "looks like a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    "looks like a cloud or forge token": re.compile(
        r"\b(?:AKIA[0-9A-Z]{16}|gh[opsu]_\w{30,}|xox[abp]-[\w-]{20,})"
    ),
    "holds a password": re.compile(
        r"""(?i)\b(?:password|api_?key|secret|token)["']?\s*[=:]\s*["'][^"'\s{}]{24,}["']"""
    ),
}
#: Ann and you are at home in examples.
PLACES = re.compile(
    r"(?<![\w.:/)}>*-])(?:/(?:home|root|Users|tmp|mnt|srv|opt|work|workspace|private)/+(?!(?:ann|you)/)[\w.~-]+"
    r"|[A-Z]:\\\\?Users\\(?!ann|you))"
)
#: What says which versions are built and where from; the registry is the user's own affair.
BUILD_FILES = re.compile(
    r"(?:^|/)(?:constraints[^/]*\.txt|Makefile|pyproject\.toml|\.ci/[^/]+|\.[\w-]+\.ya?ml)$"
)
ADDRESS = re.compile(r"\b(?:https?|file|ssh|git\+\w+)://|(?<!emit-)(?:index-url|find-links|trusted-host)\b")
CONFLICT = re.compile(r"^(?:<{7}|>{7}) ")


def check(path: Path) -> Iterator[str]:
    """Yield what is wrong with a file, one line each, as `file:line: what`."""
    data = path.read_bytes()
    if len(data) > LARGEST:
        yield f"{path}:1: has {len(data):,} bytes; {LARGEST:,} are plenty"
        return
    for number, line in enumerate(data.decode("utf-8", errors="replace").splitlines(), start=1):
        yield from (f"{path}:{number}: {what}" for what in _wrong(line, path.as_posix()))


def _wrong(line: str, name: str) -> Iterator[str]:
    yield from (what for what, pattern in SECRETS.items() if pattern.search(line))
    if name.endswith(".ipynb") and IN_NOTEBOOKS.search(line):
        yield "shows the beginning of a key"
    if PLACES.search(line) or any(place in line for place in _own_places()):
        yield "names a place on one machine"
    if BUILD_FILES.search(name) and ADDRESS.search(line):
        yield "names an address"
    if CONFLICT.search(line):
        yield "is left over from a merge"


@functools.cache
def _own_places() -> set[str]:
    """Return this machine's own folders: the clone, the home, the place of temporary files."""
    clone = Path(__file__).resolve().parent.parent
    found = {clone, Path(pwd.getpwuid(getuid()).pw_dir), Path(tempfile.gettempdir())}
    return {str(place) for place in found if len(place.parts) > 2}  # noqa: PLR2004 - "/app" may be a URL's end


def main(names: Iterable[str]) -> int:
    """Check files, and return 1 if anything is wrong with one."""
    found = [line for name in names if Path(name).is_file() for line in check(Path(name))]
    sys.stdout.write("".join(f"{line}\n" for line in found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

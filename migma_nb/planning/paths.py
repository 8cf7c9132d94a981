"""What is at a path that somebody typed: no name, link or folder of theirs ends in a crash."""

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path

#: Of a path, in an error.
_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Found:
    """What is at a path, links followed.

    Args:
        status: what the system says of it; None where nothing is there, or that cannot be found out.
        error: why it cannot be found out, None where it can.
    """

    status: os.stat_result | None = None
    error: OSError | ValueError | None = None

    @property
    def there(self) -> bool:
        """Whether anything is there."""
        return self.status is not None

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.status is not None and stat.S_ISDIR(self.status.st_mode)

    @property
    def is_file(self) -> bool:
        """Whether it is an ordinary file."""
        return self.status is not None and stat.S_ISREG(self.status.st_mode)

    @property
    def is_no_name(self) -> bool:
        """Whether nothing can ever have such a name: it is too long."""
        return isinstance(self.error, OSError) and self.error.errno == errno.ENAMETOOLONG

    @property
    def trouble(self) -> str:
        """Why it cannot be found out, in words; "" where it can."""
        return "" if self.error is None else reason_of(self.error)


def look_at(path: Path) -> Found:
    """Return what is at a path; one that leads through a file leads to nothing."""
    try:
        return Found(path.stat())
    except (FileNotFoundError, NotADirectoryError):
        return Found()
    except (OSError, ValueError) as error:  # ValueError: a NUL in it
        return Found(error=error)


def reason_of(error: OSError | ValueError) -> str:
    """Return why the system refused something, in words."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def expanded(path: str | os.PathLike[str]) -> Path:
    """Return a path with `~` as somebody's home; as it stands where there is no such home."""
    plain = Path(os.fsdecode(path))
    try:
        return plain.expanduser()
    except RuntimeError:
        return plain


def current_folder() -> Path | None:
    """Return the folder that paths are relative to, None where it was deleted meanwhile."""
    try:
        return Path.cwd()
    except OSError:
        return None


def where_paths_begin() -> str:
    """Return the end of a sentence on the current folder, for a path that leads nowhere."""
    folder = current_folder()
    return "the current folder is not there any more" if folder is None else f"the current folder is {folder}"


def real_path(path: Path) -> Path:
    """Return where a path leads with all links followed, as far as that can be found out."""
    try:
        return Path(os.path.realpath(path))
    except (OSError, ValueError):
        return path


def is_same_file(one: Path, other: Path) -> bool:
    """Say whether two paths lead to one file that is there."""
    first, second = look_at(one).status, look_at(other).status
    return first is not None and second is not None and os.path.samestat(first, second)


def shown(path: str | os.PathLike[str]) -> str:
    """Return a path for an error: one that is very long without its middle."""
    text = os.fsdecode(path)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN // 2]}…{text[-_SHOWN // 2 :]}"

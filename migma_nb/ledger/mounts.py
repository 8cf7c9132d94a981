"""On what kind of file system a file is, and whether a SQLite ledger is safe there.

SQLite's own documents say (sqlite.org: wal.html, useovernet.html, howtocorrupt.html, faq.html#q5): WAL needs
memory that all processes share, so it never works across a network; a rollback journal does, but only where
file locks of one computer are seen by all others, which many network file systems do not keep to.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

#: Cluster file systems whose servers keep the locks of all computers.
_LOCK_FOR_ALL = {"nfs4", "ceph", "gpfs", "gfs2", "ocfs2"}
#: File systems whose locks another computer does not see, or not surely; "fuse." ones are all taken for such.
_LOCK_FOR_ONE = {
    "9p",
    "afpfs",
    "afs",
    "beegfs",
    "cifs",
    "coda",
    "davfs",
    "davfs2",
    "drvfs",
    "fuse",
    "macfuse",
    "ncpfs",
    "orangefs",
    "osxfuse",
    "prl_fs",
    "pvfs2",
    "smb2",
    "smb3",
    "smbfs",
    "vboxsf",
    "virtiofs",
    "vmhgfs",
    "webdav",
}
#: These run in user space, but on a disk of this computer.
_FUSE_LOCAL = {"fuse.fuse-overlayfs", "fuse.mergerfs", "fuse.gocryptfs", "fuse.encfs", "fuse.ntfs-3g"}
#: Mount options by which locks stay on one computer although the file system could do better.
_LOCKS_STAY_HERE = {"nolock", "local_lock=all", "local_lock=flock", "local_lock=posix", "localflock"}


class Keeping(StrEnum):
    """How a SQLite ledger is kept on a file system."""

    WAL = "wal"  # a disk of this computer
    ROLLBACK = "rollback"  # a network whose locks everybody sees
    UNSAFE = "unsafe"  # a network whose locks may be seen by nobody else


class Partition(Protocol):
    """One line of the table of mounts, as psutil reads it on every system."""

    @property
    def mountpoint(self) -> str:
        """Where it is mounted."""

    @property
    def fstype(self) -> str:
        """Its kind."""

    @property
    def opts(self) -> str:
        """Its options, parted by commas."""


@dataclass(frozen=True, slots=True)
class Mount:
    """The file system that a file is on: its kind in the system's own word, where it begins, its options."""

    kind: str
    point: str
    options: frozenset[str]

    @property
    def keeping(self) -> Keeping:
        """How a SQLite ledger is kept here."""
        if self.kind in _LOCK_FOR_ALL or (self.kind == "nfs" and self._is_version_4):
            return Keeping.UNSAFE if self.options & _LOCKS_STAY_HERE else Keeping.ROLLBACK
        if self.kind == "lustre":
            return Keeping.ROLLBACK if "flock" in self.options else Keeping.UNSAFE
        remote = self.kind == "nfs" or self.kind in _LOCK_FOR_ONE or "remote" in self.options
        if remote or (self.kind.startswith("fuse.") and self.kind not in _FUSE_LOCAL):
            return Keeping.UNSAFE
        return Keeping.WAL

    @property
    def _is_version_4(self) -> bool:
        return any(option.startswith(("vers=4", "nfsvers=4")) for option in self.options)


def mount_of(path: str, partitions: Iterable[Partition]) -> Mount | None:
    """Return the mount that a path is on: the longest that holds it, of equals the last. Pure.

    Args:
        path: absolute, with no symbolic link in it.
        partitions: the table of mounts, in its order.
    """
    if path.startswith("\\\\"):
        return Mount("share", path, frozenset({"remote"}))
    best: Mount | None = None
    for part in partitions:
        point = part.mountpoint
        inside = path == point or path.startswith(point.rstrip("/\\") + os.sep)
        if point and inside and (best is None or len(point) >= len(best.point)):
            best = Mount(part.fstype.lower(), point, frozenset(part.opts.lower().split(",")))
    return best


def mount_under(path: Path) -> Mount | None:
    """Return the mount that a file or folder is on, None where this system does not say."""
    import psutil  # noqa: PLC0415 - a tenth of a second that only who opens a ledger pays

    try:
        return mount_of(os.path.realpath(path), psutil.disk_partitions(all=True))
    except (OSError, psutil.Error):
        return None

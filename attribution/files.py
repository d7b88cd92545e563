"""Files written whole or not at all, and checksums of what they hold."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
from pathlib import Path

__all__ = ["checksum", "settle", "sync", "take_place", "temporary_beside", "write_new", "write_whole"]


def checksum(path: Path | str) -> str:
    """SHA-256 of a file, as ``sha256:...``."""
    with Path(path).open("rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()


def write_new(path: Path, content: bytes | str) -> None:
    """Write a file that is not there yet; what fails leaves none.

    Raises
    ------
    FileExistsError
        Where there is one.
    """
    data = content.encode() if isinstance(content, str) else content
    with path.open("xb") as file:  # as the process's umask has it, unlike what tempfile makes
        try:
            file.write(data)
            file.flush()
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def write_whole(path: Path, content: bytes | str) -> None:
    """Write a file so that readers see the old content or the new one, never a part, after a power cut either."""
    temporary = temporary_beside(path)
    write_new(temporary, content)
    take_place(temporary, path)


def take_place(temporary: Path, path: Path) -> None:
    """Put a file that is done in the place of another in the same folder; what fails removes the new one."""
    try:
        sync(temporary)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    settle(path.parent)


def sync(path: Path) -> None:
    """Bring what a file holds down to the disk."""
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def temporary_beside(path: Path) -> Path:
    """A hidden name in the same folder that nothing has, for what is to become ``path`` by renaming."""
    return path.with_name(f".{path.name[:100]}.{secrets.token_hex(8)}")


def settle(folder: Path) -> None:
    """Bring the names in a folder down to the disk, where the system can."""
    if os.name == "nt":
        return  # folders cannot be opened there, and NTFS keeps a journal of names
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # network file systems that have no such call
            raise
    finally:
        os.close(handle)

"""Output files: written whole or not at all, each with a checksum."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["checksum", "staged_folder", "write_whole"]


def checksum(path: Path | str) -> str:
    """SHA-256 of a file, as ``sha256:...``."""
    with Path(path).open("rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()


def write_whole(path: Path, content: bytes | str) -> None:
    """Write a file so that readers see the old content or the new one, never a part."""
    data = content.encode() if isinstance(content, str) else content
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        temporary = Path(file.name)
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    temporary.chmod(0o644)
    temporary.replace(path)


@contextmanager
def staged_folder(target: Path, last: str) -> Iterator[Path]:
    """A scratch folder beside ``target`` whose files move into it together once the block succeeds.

    Parameters
    ----------
    target
        The output folder; what else lies in it stays.
    last
        The file that moves last, and is removed first: where it stands, the set is complete.
    """
    target.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(dir=target, prefix=".stage-"))
    try:
        yield stage
        (target / last).unlink(missing_ok=True)
        files = sorted(path.relative_to(stage) for path in stage.rglob("*") if path.is_file())
        for name in sorted(files, key=lambda name: str(name) == last):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            with (stage / name).open("rb") as file:
                os.fsync(file.fileno())
            (stage / name).replace(target / name)
    finally:
        shutil.rmtree(stage, ignore_errors=True)

"""One run at a time in an output folder."""

from __future__ import annotations

import datetime as dt
import json
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from attribution.errors import BadInput
from attribution.files import write_whole
from optimizer.planning.ledger.place import disk_errors, made, refused
from optimizer.planning.ledger.record import remove_leftovers
from optimizer.planning.ledger.runs import LOCK

__all__ = ["locked", "one_at_a_time"]

_HOLDER = f"{LOCK}.json"
_TURN, _PATIENCE = ".turn", 20.0  # seconds
_BOOT = Path("/proc/sys/kernel/random/boot_id")


@contextmanager
def locked(output: Path) -> Iterator[None]:
    """Keep an output folder to this process, and remove first what a killed run left in it.

    The system's own lock decides, which ends with its process. On some shared disks it does not reach other hosts, so
    a holder on another host that has not signed off counts as one that still runs. The folder is made where there is
    none, and goes again where nothing came of the block.

    Raises
    ------
    BadInput
        Where another run holds it: which process, on which host, since when; where the folder cannot be written.
    CacError
        What disk and folders do to the block, in one line.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(made(output))
            stack.enter_context(_held(output))
            remove_leftovers(output)
        except OSError as error:
            raise refused(output, error) from None
        with disk_errors(output):
            yield


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """A moment in which no other process reads and writes again what a folder keeps; others wait for their turn.

    Raises
    ------
    BadInput
        Where another holds it for longer than such a moment takes, or the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(folder / _TURN)
    try:
        lock.acquire(timeout=_PATIENCE)
    except Timeout:
        raise BadInput(f"{folder}: another process is writing there. Wait until it ends, and try again.") from None
    except OSError as error:
        raise BadInput(f"{folder}: cannot be written ({error.strerror or error}).") from None
    try:
        yield
    finally:
        with suppress(OSError):
            (folder / _TURN).unlink(missing_ok=True)
        lock.release()


@contextmanager
def _held(output: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    lock = FileLock(output / LOCK)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise _taken(output, _holder(output), "Wait until it ends, or name another folder.") from None
    try:
        holder = _holder(output)
        if holder and holder["host"] != socket.gethostname() and holder["boot"] != _boot():
            raise _taken(output, holder, f"If it has ended, delete {output / _HOLDER}.")
        try:
            _sign(output)
            yield
        finally:
            with suppress(OSError):
                (output / _HOLDER).unlink(missing_ok=True)
    finally:
        with suppress(OSError):
            (output / LOCK).unlink(missing_ok=True)  # while it is held: who opened it sees that its name is gone
        lock.release()


def _sign(output: Path) -> None:
    since = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    holder = {"process": os.getpid(), "host": socket.gethostname(), "boot": _boot(), "since": since}
    write_whole(output / _HOLDER, json.dumps(holder))


def _holder(output: Path) -> dict[str, str]:
    """Who signed last and not off; empty where nobody did, or the record cannot be read."""
    try:
        holder = json.loads((output / _HOLDER).read_text(encoding="utf-8"))
        return {name: str(holder[name]) for name in ("process", "host", "boot", "since")}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _taken(output: Path, holder: dict[str, str], remedy: str) -> BadInput:
    who = "process {process} on {host}, since {since}".format(**holder) if holder else "another process"
    return BadInput(f"{output}: a run is at work there ({who}). {remedy}")


def _boot() -> str:
    """Which start of which machine this is, the same in all containers on it; empty where the system does not say."""
    try:
        return _BOOT.read_text(encoding="utf-8").strip()
    except OSError:
        return ""

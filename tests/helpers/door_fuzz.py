"""Random changes of tables and plan files, and how many of them a test tries."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence

from hypothesis import settings

from attribution.errors import CacError, Problem

TIMES = int(os.environ.get("FUZZ", "1"))
"""How many times as many cases as in the suite; above 1 they are other ones in each run."""

SIGNS = [*"0123456789+-.,eE :TZz/_'\"; \t\n\r>", "\u00a0", "\u202f", "\ufeff", "\x0b", "\x1c", "\u2028", "é", "−", "٣"]
NUMBERS = [
    "0", "12", "1000.5", "70.906", "1e3", "-3", "+4.25", ".5", "7.", "0.001", "1234567", "1,234.5", "1.234,5", "10%",
    "€5", "", " ", "nan", "inf", "Infinity", "1_000", "0x10", "１２", "1e400", "1e-400", "00012", "--5", "5-", "1 000",
    "true", "1e", ".", "5E05", "NULL", "#REF!", "½", "²", "9" * 40, "0." + "3" * 40,
]  # fmt: skip
TIMES_OF_DAY = [
    "2024-01-02", "2024-01-02 10:00:00", "2024-01-02T10:00", "2024-01-02T10:00:00.25", "2024-01-03 10:00:00.123456789",
    "2024-01-02T10:00:00Z", "2024-01-02 10:00:00 UTC", "2024-01-02T10:00:00+01:00", "2024-01-02 10:00:00-0530",
    "2024-01-02 10:00:00 +05", "2024-02-30", "2024-2-3", "20240102", "2024-01-02T24:00:00", "2024-01-02 23:59:60",
    "2024-W01-1", "01/02/2024", "now", "today", "infinity", "epoch", "0000-01-01", "9999-12-31", "2024-01-02 10",
    "2024-01-02 10:00:00 PM", "2024-01-02T10:00:00+14:00", "2024-01-02T10:00:00+15:00", "2024-01-02 (BC)",
    "1970-01-01", "1969-12-31 23:59:59.5", "10000-01-01", "1704189600", "45292",
]  # fmt: skip


def examples(number: int) -> settings:
    """So many examples in the suite, and more of them, other ones each time, where FUZZ says so."""
    return settings(max_examples=number * TIMES, derandomize=TIMES == 1)


def changed(text: str, chance: random.Random, signs: Sequence[str] = SIGNS) -> str:
    """The text with no to three signs put in, left out or replaced."""
    for _ in range(chance.choice([0, 1, 1, 1, 2, 3])):
        place, end = chance.randrange(len(text) + 1), chance.choice([0, 1, 1])
        text = text[:place] + chance.choice([*signs, ""]) + text[place + end :]
    return text


def changed_bytes(data: bytes, chance: random.Random) -> bytes:
    """The bytes with one to three places put in, left out, replaced, repeated or cut off."""
    signs = [b",", b";", b"\t", b'"', b"\n", b"\r", b"\r\n", b"\xef\xbb\xbf", b"\xff", b"\x00", b"\xc2\xa0", b"0", b"."]
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        place, other = sorted(chance.randrange(len(data) + 1) for _ in range(2))
        piece = chance.choice([chance.choice(signs), bytes([chance.randrange(256)])])
        what = chance.random()
        if what < 0.4:
            data = data[:place] + piece + data[place:]
        elif what < 0.6:
            data = data[:place] + data[place + chance.choice([1, 2, 5]) :]
        elif what < 0.85:
            data = data[:place] + piece + data[place + 1 :]
        elif what < 0.95:
            data = data[:other] + data[place:]
        else:
            data = data[:place]
    return data


def refusal(read: Callable[[], object]) -> tuple[object, CacError | None]:
    """What a reading gives, or its refusal, of which every problem names a table and a remedy; other errors rise."""
    try:
        return read(), None
    except CacError as error:
        refused = error
    problems = getattr(refused, "problems", ())
    assert problems
    assert len(str(refused)) < 50 * 2_100
    for problem in problems:
        assert isinstance(problem, str) or (problem.table and problem.remedy), problem
        assert not isinstance(problem, Problem) or "/" not in problem.table
    return None, refused

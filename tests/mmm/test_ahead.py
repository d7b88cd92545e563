"""A kernel compiled in a process of its own is the one that this process then loads."""

import os
import subprocess
import sys

import pytest

COMPILES = """
from mmm.kernel import ahead
ahead.begin()
ahead.begin()
(process,) = ahead._started
ahead.join()
assert process.returncode == 0, process.returncode
import pathlib, sys
kept = set(pathlib.Path(sys.argv[1]).rglob("*.nbc"))
assert kept, "the process kept nothing"
from mmm.kernel.density import entries
[one.address for one in entries()]
assert set(pathlib.Path(sys.argv[1]).rglob("*.nbc")) == kept, "this process compiled once more"
"""
LEFT = """
from mmm.kernel import ahead
ahead.begin()
print(ahead._started[0].pid)
"""


def python(code: str, *arguments: str, **variables: str) -> str:
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    done = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return done.stdout


@pytest.mark.long
def test_what_it_compiles_is_loaded(tmp_path):
    python(COMPILES, str(tmp_path), NUMBA_CACHE_DIR=str(tmp_path))


def test_a_program_that_ends_early_leaves_no_process_behind(tmp_path):
    pid = int(python(LEFT, NUMBA_CACHE_DIR=str(tmp_path)))
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return
    raise AssertionError("still running")

"""Put one small fault at a time into the files where a wrong sign costs most, and see whether a test notices.

``python tests/mutation/run.py`` mutates all files, ``python tests/mutation/run.py optimizer/question/constraints.py``
one; ``--sample 40`` takes that many faults of each, evenly spread. Survivors that docs/mutation.md does not explain
fail the command.

Each fault is tried in a fork of a process that has loaded all libraries, so that a try costs the tests alone. Tools at
hand do not serve here: mutmut leaves decorated functions alone, which a compiled kernel consists of, and cosmic-ray
starts Python for each fault.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.abc
import importlib.util
import math
import os
import resource
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
KERNEL = "mmm/kernel/density.py"
TARGETS = {
    "optimizer/question/constraints.py": ("tests/optimizer/test_constraints.py",),
    "optimizer/question/groups.py": ("tests/optimizer/test_constraints.py",),
    "optimizer/question/rows.py": ("tests/optimizer/test_constraints.py",),
    "attribution/models/absorbing_chain.py": ("tests/attribution/test_absorbing_chain.py",),
    KERNEL: (),
}  # fmt: skip
SKIPPED = {KERNEL: frozenset({"_entries", "entries"})}  # a table of addresses, which only the compiled kernel reads
LIBRARIES = ("numpy", "pandas", "scipy.optimize", "scipy.sparse.linalg", "ibis", "duckdb", "pytest", "hypothesis")
_MOST = 600.0  # processor seconds


class _Served(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Serves a module from another source."""

    def __init__(self, name: str, source: str) -> None:
        self.name, self.source = name, source

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        return importlib.util.spec_from_loader(name, self) if name == self.name else None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.source, f"<mutant of {self.name}>", "exec"), module.__dict__)  # noqa: S102  our own sources


def loaded(name: str, path: Path) -> ModuleType:
    """A file as a module."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def by_tests(target: str) -> Callable[[], bool]:
    """Whether the target's tests pass."""
    for library in LIBRARIES:
        importlib.import_module(library)
    import pytest

    options = shlex.split("-x -q -p no:cacheprovider -p no:xdist -p no:cov --assert=plain --hypothesis-seed=0")
    return lambda: pytest.main([*options, *(str(ROOT / test) for test in TARGETS[target])]) == 0


def by_graph() -> Callable[[], bool]:
    """Whether the interpreted kernel has the PyMC graph's density."""
    kernel = loaded("kernel_in_python", HERE / "kernel_in_python.py")
    tests = loaded("density_tests", ROOT / "tests/mmm/test_density.py")
    values = kernel.graph_values(loaded("mmm_fixtures", ROOT / "tests/mmm/conftest.py"), tests)
    stand_ins = kernel.stand_ins()

    def holds() -> bool:
        for name in [name for name in sys.modules if name.startswith(("mmm.kernel", "mmm.sampling"))]:
            del sys.modules[name]
        sys.modules.update(stand_ins)
        return bool(kernel.holds(values))

    return holds


def survives(mutant: Any, target: str, check: Callable[[], bool], most: float) -> tuple[bool, float]:
    """Whether the checks pass on a mutant, and the processor seconds they took; past ``most`` they do not pass.

    The checks run in a process of their own, which the system ends when its seconds are spent.
    """
    child = os.fork()
    if child == 0:
        passed = False
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(most), math.ceil(most)))
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
            sys.meta_path.insert(0, _Served(target.removesuffix(".py").replace("/", "."), mutant.source))
            passed = check()
        except BaseException:  # noqa: S110  any error of a mutant is noticed
            pass
        os._exit(0 if passed else 1)
    _, status, used = os.wait4(child, 0)
    return status == 0, used.ru_utime + used.ru_stime


def one_file(target: str, sample: int | None) -> int:
    """Mutate one file and print what nobody noticed and nobody explained, as it comes; returns how many."""
    faults = loaded("mutants", HERE / "mutants.py")
    explained = (ROOT / "docs" / "mutation.md").read_text(encoding="utf-8")
    explained = explained.split(f"## {target}\n")[-1].split("\n## ")[0]
    source = (ROOT / target).read_text(encoding="utf-8")
    every = list(faults.mutants(source, SKIPPED.get(target, frozenset())))
    chosen = every[:: max(1, len(every) // sample)] if sample else every
    check = by_graph() if target == KERNEL else by_tests(target)
    passed, seconds = survives(faults.Mutant("", 0, "", source), target, check, _MOST)
    if not passed:
        raise SystemExit(f"{target}: the checks fail without any fault")
    known = left = 0
    for fault in chosen:
        if survives(fault, target, check, 10 + 5 * seconds)[0]:
            if str(fault) in explained:
                known += 1
            else:
                left += 1
                print(f"{target}:{fault.line}: {fault}", flush=True)
    noticed = len(chosen) - known - left
    print(
        f"{target}: {len(chosen)} of {len(every)} faults tried, {noticed} noticed, {known} explained, {left} left",
        flush=True,
    )
    return left


def main() -> int:
    """Run each file in a process of its own, so that none sees what another loaded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", help=f"of {', '.join(TARGETS)}; all of them unless given")
    parser.add_argument("--sample", type=int, help="faults per file; all of them unless given")
    arguments = parser.parse_args()
    if len(arguments.targets) == 1:
        return one_file(arguments.targets[0], arguments.sample) > 0
    more = ["--sample", str(arguments.sample)] if arguments.sample else []
    return max(
        subprocess.run([sys.executable, __file__, target, *more], check=False).returncode
        for target in arguments.targets or TARGETS
    )


if __name__ == "__main__":
    raise SystemExit(main())

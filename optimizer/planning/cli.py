"""The command ``cac``: arguments in, exit codes out, no logic of its own."""

from __future__ import annotations

import sys
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
    help="Plan a quarter's marketing budget: attribution, mix model, optimizer, report.",
    epilog="Exit codes: 0 fine, 2 bad input, 3 infeasible plan, 4 model not converged, 5 an answer "
    "that fails its own check, 6 a spend to certify breaks a "
    "promise or limit, 7 it keeps them and is further from the best than asked, 1 anything else. "
    "Of cac monitor alone: 5 stop, 8 halve.",
)

PlanFile = Annotated[Path, typer.Argument(help="The plan file, see `cac init`.", show_default=False)]
OutFolder = Annotated[
    Path | None, typer.Option("--out", help="Output folder; the plan file's own by default.", show_default=False)
]


def _version(wanted: bool) -> None:
    if wanted:
        from optimizer.planning.stages.provenance import versions

        for name, version in versions().items():
            typer.echo(f"{name} {version}")
        raise typer.Exit


@app.callback()
def _cac(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Versions, and where mmm is loaded from."),
    ] = False,
) -> None:
    pass


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Folder to write into; made if missing.", show_default=False)],
) -> None:
    """Write a commented starter plan and templates of the tables."""
    from optimizer.planning.starter import write_starter

    for path in write_starter(folder):
        typer.echo(f"wrote {path}")
    typer.echo(f"Next: put your data in place of the samples, then cac check {folder / 'plan.yaml'}")


@app.command(name="import")
def import_(
    folder: Annotated[Path, typer.Argument(help="Folder that the exports lie in.", show_default=False)],
) -> None:
    """Say what each export in a folder is, and write a plan file that assembles the weekly table of them."""
    from optimizer.planning.importer import import_folder

    files, plan = import_folder(folder)
    for each in files:
        typer.echo(f"{each.path}: {each.kind + ', ' if each.kind else ''}{each.text}")
    typer.echo(f"wrote {plan}")
    typer.echo(f"Next: name your channels in it, then cac check {plan}")


@app.command()
def check(plan: PlanFile) -> None:
    """Validate the plan file and every table it names, and show what was understood, without running anything."""
    from optimizer.planning.outputs.check_view import show_check
    from optimizer.planning.run import check_plan

    show_check(check_plan(plan))


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
def what_if(plan: PlanFile, out: OutFolder = None) -> None:
    """Plan every scenario of the plan file and write scenarios.csv; reuses a fitted model of the same inputs."""
    _run(plan, out, "what-if")


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
    typer.echo(f"Removed: runs {len(done.runs)}, fits {len(done.fits)}. Runs that stay: {len(done.kept)}.")
    if done.unread:
        typer.echo(f"Every fit stays, for these runs do not say which is theirs: {', '.join(done.unread)}.", err=True)


@app.command()
def certify(
    plan: PlanFile,
    spend: Annotated[Path, typer.Argument(help="A table of channel and spend over the horizon.", show_default=False)],
    out: OutFolder = None,
    column: Annotated[str, typer.Option(help="The table's column of spend, spend_planned of a plan.csv.")] = "spend",
    within: Annotated[
        float | None, typer.Option(help="Distance from the best to accept, 0.01 for 1 %; plan.gap by default.")
    ] = None,
) -> None:
    """Say what anybody's spend brings, which promises it breaks, and how far it is from the best plan."""
    from optimizer.planning.file.keys.plan import GivenTable
    from optimizer.planning.outputs.given_in_words import lines, verdict
    from optimizer.planning.run import certify_spend

    run, given = certify_spend(plan, GivenTable(path=spend, spend=column), out)
    for line in lines(given, run, within):
        typer.echo(line)
    raise typer.Exit(verdict(given, run, within).exit_code)


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
    typer.echo(as_json(found) if json else as_text(found), nl=not json)
    typer.echo(f"wrote {', '.join(path.name for path in files)} to {files[0].parent}", err=True)
    raise typer.Exit(found.exit_code)


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
            typer.echo(f"{'fine     ' if one.passed else 'attention'} {one.name}: {one.text}")
    raise typer.Exit(0 if all(finding.passed for finding in findings) else 1)


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


def _run(plan: Path, out: Path | None, goal: Goal) -> None:
    from optimizer.planning.outputs.terminal import show
    from optimizer.planning.run import run_plan

    show(*run_plan(plan, out=out, goal=goal))


def main() -> None:
    """Run the command line; errors of the user's making, and of disks, go to standard error without a traceback."""
    from optimizer.planning.outputs.streams import carry_every_sign

    carry_every_sign()
    try:
        app(prog_name="cac")
    except CacError as error:
        from optimizer.planning.file.wording import in_words_of_the_file

        typer.secho(in_words_of_the_file(str(error)), err=True, fg=typer.colors.RED if sys.stderr.isatty() else None)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(1)
    except OSError as error:
        typer.echo(f"{error.filename or 'cac'}: {error.strerror or error}.", err=True)
        sys.exit(1)

"""Tables for other tools, one fact a row, whose columns stay: runs, contributions, curves, moves and scenarios.

Each is written as CSV and as Parquet. ``run`` is in all of them, so that the tables of several runs can stand in one.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from attribution.estimates import HIGH, LOW, Estimate
from attribution.files import write_new
from optimizer.planning.outputs.csv_files import write_csv
from optimizer.planning.outputs.curve_points import points_by_channel
from optimizer.planning.outputs.sections.moves import plan_frame
from optimizer.planning.outputs.sections.scenarios import scenario_frame
from optimizer.planning.stages.from_today import from_today
from optimizer.planning.stages.order import order_of
from optimizer.planning.stages.question import cases
from optimizer.planning.stages.result import PlanResult, PlanWorth, Run, blended_cac

__all__ = ["FOLDER", "LONG_TABLES", "long_tables", "write_long_tables"]

FOLDER = "tables"
_TEXT, _DAY, _NUMBER, _WHOLE, _YES = "string", "datetime64[us]", "float64", "int64", "bool"


def _numbers(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, _NUMBER)


def _ranged(*names: str) -> dict[str, str]:
    """Figures, each with the ends of its 90 % interval."""
    return _numbers(*(f"{name}{end}" for name in names for end in ("", "_low", "_high")))


_CELL = {"run": _TEXT, "channel": _TEXT, "market": _TEXT}

LONG_TABLES: Mapping[str, Mapping[str, str]] = {
    "runs": {
        **dict.fromkeys(("run", "name", "currency", "outcome", "aim", "better"), _TEXT),
        "weeks": _WHOLE,
        "first_day": _DAY,
        "last_day": _DAY,
        "seed": _WHOLE,
        "converged": _YES,
        **_numbers("spend_now", "spend_planned", "fixed_cost_now", "fixed_cost_planned"),
        **_ranged(*(f"{name}_{side}" for name in ("customers", "blended_cac", "aim") for side in ("now", "planned"))),
        **_ranged("customers_change", "blended_cac_change", "aim_change"),
        **_numbers("probability_better", "bound", "gap"),
        "made_for": _TEXT,
        "checks": _WHOLE,
        "checks_failed": _WHOLE,
        **_ranged("aim_change_corrected"),
        **_numbers("probability_better_corrected"),
    },
    "contributions": {
        "run": _TEXT,
        "period": _DAY,
        "channel": _TEXT,
        "kind": _TEXT,
        "spend": _NUMBER,
        **_ranged("customers"),
    },
    "curves": {
        **_CELL,
        "spend": _NUMBER,
        **_ranged("customers", "cac", "marginal_cac"),
        "is_now": _YES,
        "is_planned": _YES,
    },
    "moves": {
        **_CELL,
        **_numbers("spend_now", "spend_planned", "spend_change"),
        **_ranged("customers_now", "customers_planned", "customers_change"),
        **_ranged("cac_now", "cac_planned", "marginal_cac_planned"),
        "share_of_spend": _NUMBER,
        **_ranged("share_of_effect"),
        "limit": _TEXT,
        **_numbers("turns_around_at", "probability_of_that"),
    },
    "scenarios": {
        "run": _TEXT,
        "scenario": _TEXT,
        "channel": _TEXT,
        "market": _TEXT,
        **_numbers("spend", "total_spend"),
        **_ranged("customers", "blended_cac", "aim", "aim_change_from_now"),
        **_numbers("probability_better_than_now", "gap"),
        "problem": _TEXT,
    },
}
"""Table -> column -> its type; docs/outputs.md says what each holds."""


def write_long_tables(run: Run, plan: PlanResult, worth: PlanWorth, name: str, folder: Path) -> None:
    """Write all tables into ``tables/`` of a folder, as CSV and as Parquet.

    Parameters
    ----------
    run, plan, worth
        A finished run with its plan.
    name
        What the run is called in the column ``run``.
    folder
        Where.
    """
    place = folder / FOLDER
    place.mkdir()
    for table, frame in long_tables(run, plan, worth, name).items():
        days = [column for column, kind in LONG_TABLES[table].items() if kind == _DAY]
        text = frame.assign(**{column: frame[column].dt.strftime("%Y-%m-%d") for column in days})
        write_csv(text, place / f"{table}.csv", run.config.quote_formulas)
        whole = io.BytesIO()
        frame.to_parquet(whole, index=False)
        write_new(place / f"{table}.parquet", whole.getvalue())


def long_tables(run: Run, plan: PlanResult, worth: PlanWorth, name: str) -> dict[str, pd.DataFrame]:
    """The tables with the columns and types of :data:`LONG_TABLES`; channels in the run's order."""
    frames = {
        "runs": _runs(run, plan, worth),
        "contributions": _contributions(run),
        "curves": _curves(run, plan),
        "moves": _moves(run, plan, worth),
        "scenarios": _scenarios(run, plan, worth),
    }
    return {
        table: frame.assign(run=name).reindex(columns=list(LONG_TABLES[table])).astype(dict(LONG_TABLES[table]))
        for table, frame in frames.items()
    }


def _runs(run: Run, plan: PlanResult, worth: PlanWorth) -> pd.DataFrame:
    now, planned, aim = plan.now, plan.planned, worth.worth.aim
    weeks = run.config.plan.weeks if run.config.plan else 0
    row: dict[str, object] = {
        "name": run.config.name,
        "currency": run.config.currency,
        "outcome": run.config.outcome,
        "weeks": weeks,
        "first_day": plan.organic.dates[0],
        "last_day": plan.organic.dates[0] + pd.Timedelta(days=7 * weeks - 1),
        "aim": aim.name,
        "better": "lower" if aim.lower_is_better else "higher",
        "converged": run.converged,
        "seed": run.config.seed,
        "spend_now": float(now.spend.sum()),
        "spend_planned": float(planned.spend.sum()),
        "fixed_cost_now": now.fixed_cost,
        "fixed_cost_planned": planned.fixed_cost,
        "probability_better": aim.probability_better,
        "bound": plan.allocation.bound,
        "made_for": cases(run.config.plan),
        "gap": plan.allocation.gap,
        "checks": len(run.findings),
        "checks_failed": sum(not finding.passed for finding in run.findings),
    }
    row |= Estimate.of(now.customers).flat("customers_now") | Estimate.of(planned.customers).flat("customers_planned")
    row |= blended_cac(now).flat("blended_cac_now") | blended_cac(planned).flat("blended_cac_planned")
    row |= aim.before.flat("aim_now") | aim.after.flat("aim_planned") | aim.change.flat("aim_change")
    for one in worth.worth.figures:
        if one.name in ("customers", "blended CAC"):
            row |= one.change.flat(f"{one.name.replace(' ', '_').lower()}_change")
    corrected = worth.corrected
    if corrected is not None:
        row |= corrected.change.flat("aim_change_corrected")
        row["probability_better_corrected"] = corrected.probability_better
    return pd.DataFrame([row])


def _contributions(run: Run) -> pd.DataFrame:
    if run.posterior is None:
        return pd.DataFrame(columns=list(LONG_TABLES["contributions"]))
    panel = run.posterior.panel
    table = run.posterior.sources_by_week().rename(columns={"source": "channel", "mean": "customers"})
    table = table.rename(columns={LOW: "customers_low", HIGH: "customers_high"})
    sources = list(dict.fromkeys(table["channel"]))
    kinds = {name: "paid" if name in panel.channels else "unpaid" for name in sources[:-1]} | {sources[-1]: "baseline"}
    spend = (
        panel.national_spend.rename_axis("period").reset_index().melt("period", var_name="channel", value_name="spend")
    )
    table = table.assign(kind=table["channel"].map(kinds)).merge(spend, on=["period", "channel"], how="left")
    places = table["channel"].map(order_of(run).place).to_numpy()
    return table.iloc[np.lexsort((places, table["period"].to_numpy()))]


def _curves(run: Run, plan: PlanResult) -> pd.DataFrame:
    parts, points = [], points_by_channel(plan)
    for row in plan.rows:
        table = points[row.channel]
        parts.append(
            table.assign(
                **_named(run, row.channel), is_now=table["spend"] == row.now, is_planned=table["spend"] == row.planned
            )
        )
    return pd.concat(parts, ignore_index=True)


def _named(run: Run, cell: str) -> dict[str, str]:
    """Channel and market of a cell; a market without a name where there is one alone."""
    markets = run.inputs.markets
    if markets is None or not run.by_market:
        return {"channel": cell, "market": ""}
    channel, market = markets.cells.get(cell, (cell, markets.names[0]))
    return {"channel": channel, "market": market}


def _moves(run: Run, plan: PlanResult, worth: PlanWorth) -> pd.DataFrame:
    turning = {one.channel: one for one in worth.tipping}
    shares = {one.channel: one for one in from_today(plan).shares}
    rows: list[dict[str, object]] = []
    for line in (
        plan_frame(plan).rename(columns={"change": "spend_change", "binding_limit": "limit"}).to_dict("records")
    ):
        cell = str(line["channel"])
        gained = (plan.planned.paid[cell] - plan.now.paid[cell]).to_numpy()
        row: dict[str, object] = {str(key): value for key, value in line.items()} | _named(run, cell)
        row |= Estimate.of(gained).flat("customers_change") | shares[cell].effect.flat("share_of_effect")
        row |= {"share_of_spend": shares[cell].spend}
        if cell in turning:
            row |= {"turns_around_at": turning[cell].factor, "probability_of_that": turning[cell].probability}
        rows.append(row)
    return pd.DataFrame(rows)


def _scenarios(run: Run, plan: PlanResult, worth: PlanWorth) -> pd.DataFrame:
    table = scenario_frame(run.scenarios, plan, worth.worth)
    if "problem" not in table:
        table["problem"] = ""
    cells = [
        _named(run, str(cell)) if isinstance(cell, str) else {"channel": "", "market": ""} for cell in table["channel"]
    ]
    named = pd.DataFrame(cells, index=table.index)
    ordered = order_of(run).frame(table)
    return ordered.assign(**named.loc[ordered.index], problem=ordered["problem"].fillna(""))

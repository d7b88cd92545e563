"""Companies whose true curves are known, as the folder that ``cac plan`` reads.

Kinds: those of our own simulator, whose brand search, retargeting and affiliates ride on demand (``riders``), with
logistic or S-shaped curves, little or much brought by media, or one rider alone; worlds of ``mmm-framework`` whose
channels add up (see mmm_silent), without a path log and without riders, where a channel's true curve is what its steady
spend brings beyond none; and, where they are asked for, companies of hostile_worlds that follow an unseen demand or
none, without a path log too.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from hostile_worlds import company_of, faint_followers, healthy
from mmm_silent import generators

import mmm
from mmm.curves import Tabulated
from mmm.simulate import channels as families
from mmm.simulate.weekly_world import WorldData, WorldTruth, world

WEEKS = 13
OWN = {
    "riders": {},
    "riders, logistic": {"family": families.logistic},
    "riders, S-shaped": {"family": families.s_shaped},
    "riders, media 10 %": {"media_share": 0.1},
    "riders, media 70 %": {"media_share": 0.7},
    "few riders": {"channels": 5, "media_share": 0.4},
}
OTHERS = (
    "clean",
    "saturation_misspec",
    "heavy_tailed_noise",
    "unobserved_confounding",
    "adstock_misspec",
    "trend_break",
)
HIDDEN = {"faint followers": faint_followers, "no followers": healthy}
_LOG_WEEKS, _GRID = 26, np.linspace(0.0, 4.0, 161)


@dataclass(frozen=True, eq=False)
class Company:
    """What a company sees, and what its spend would bring.

    Attributes
    ----------
    kind, seed
        Where it comes from.
    table, upcoming
        Weeks with ``week``, ``new_customers``, channels and controls; controls of the coming weeks.
    journeys
        Touchpoints and conversions; None without a log.
    curves
        True customers by channel over 13 weeks of steady spend.
    now
        Spend of the last 13 weeks.
    organic
        True organic customers of the coming 13 weeks.
    """

    kind: str
    seed: int
    table: pd.DataFrame
    upcoming: pd.DataFrame
    channels: tuple[str, ...]
    controls: tuple[str, ...]
    journeys: tuple[pd.DataFrame, pd.DataFrame] | None
    curves: mmm.ResponseCurves
    now: pd.Series
    organic: float

    @property
    def name(self) -> str:
        """Of its file."""
        return f"{self.kind}-{self.seed}".replace(" ", "_").replace(",", "").replace("%", "pc")

    def customers(self, spend: pd.Series) -> float:
        """True customers of the coming weeks at a spend over them."""
        return self.organic + float(self.curves.customers(spend[list(self.channels)])[0])

    def written(self, folder: Path, plan: str, tests: pd.DataFrame | None = None) -> Path:
        """The tables, lift tests among them where there are any, and a plan file with a ``plan`` section."""
        self.table.to_csv(folder / "weekly.csv", index=False)
        listed = ", ".join(self.channels)
        lines = [f"name: {self.name}", f"seed: {self.seed}", "data:", "  weekly:", "    path: weekly.csv"]
        lines += ["    date: week", "    kpi: new_customers", f"    spend: [{listed}]"]
        if self.controls:
            self.upcoming.to_csv(folder / "upcoming.csv", index=False)
            lines += [f"    controls: [{', '.join(self.controls)}]", "  upcoming: upcoming.csv"]
        if tests is not None and len(tests):
            tests.to_csv(folder / "lift_tests.csv", index=False)
            lines += ["  lift_tests: {path: lift_tests.csv}"]
        if self.journeys is not None:
            for name, table in zip(("touchpoints", "conversions"), self.journeys, strict=True):
                table.to_parquet(folder / f"{name}.parquet")
            lines += ["  touchpoints:", "    path: touchpoints.parquet", "    user: user", "    time: time"]
            lines += ["    channel: channel"]
            lines += ["    conversions: {path: conversions.parquet, user: user, time: time, value: value}"]
        path = folder / "plan.yaml"
        path.write_text("\n".join(lines) + "\n" + plan, encoding="utf-8")
        return path


def made(kind: str, seed: int) -> Company:
    """One company."""
    if kind in OWN:
        return _own(kind, seed, *world(seed, journey_weeks=_LOG_WEEKS, **OWN[kind]))
    return _hidden(kind, seed) if kind in HIDDEN else _other(kind, seed)


def _hidden(kind: str, seed: int) -> Company:
    """A company of hostile_worlds, whose coming quarter has the controls and organic customers of the last."""
    sketch, seen = company_of(HIDDEN[kind], seed)
    now = seen.table[list(seen.channels)].tail(WEEKS).sum()
    curves = {}
    for medium in sketch.media:
        curve, spend = medium.curve(families.hill), float(now[medium.name])
        curves[medium.name] = Tabulated(_GRID * spend, WEEKS * np.array([curve(x * spend / WEEKS) for x in _GRID]))
    coming = seen.table[["week", *seen.controls]].tail(WEEKS)
    coming = coming.assign(week=pd.to_datetime(coming["week"]) + pd.Timedelta(weeks=WEEKS)).reset_index(drop=True)
    organic = float(sketch.organic[-WEEKS:].sum())
    tables = (seen.table, coming, seen.channels, seen.controls, None)
    return Company(kind, seed, *tables, mmm.ResponseCurves(curves), now, organic)


def _own(kind: str, seed: int, data: WorldData, truth: WorldTruth) -> Company:
    log = None if data.journeys is None else (data.journeys.touchpoints, data.journeys.conversions)
    organic = float(truth.upcoming_organic.sum())
    tables = (data.weekly, data.upcoming, data.channels, data.controls, log)
    return Company(kind, seed, *tables, truth.curves(WEEKS), truth.spend_now(WEEKS), organic)


def _other(kind: str, seed: int) -> Company:
    """A world of mmm-framework; its steady spend of a channel against none, in 13 weeks."""
    source = generators().build(kind, seed=seed)
    spend, answer = source.spend, source.response_fn
    recent = spend.tail(WEEKS).mean()
    steady = np.tile(recent.to_numpy(float), (len(spend), 1))
    curves = {}
    for place, name in enumerate(spend):
        levels = []
        for factor in _GRID:
            changed = steady.copy()
            changed[:, place] *= factor
            levels.append(float(answer(changed)[-1]))
        gains = np.maximum.accumulate(WEEKS * (np.array(levels) - levels[0]))
        curves[name] = Tabulated(_GRID * WEEKS * float(recent[name]), gains)
    nothing = float(answer(0 * steady)[-WEEKS:].sum())
    frame = pd.concat([spend, source.controls], axis=1).set_axis(source.weeks, axis=0)
    table = frame.assign(week=source.weeks, new_customers=np.maximum(source.y.to_numpy(), 0.0)).reset_index(drop=True)
    coming = pd.date_range(table["week"].iloc[-1] + pd.Timedelta(weeks=1), periods=WEEKS, freq="7D")
    upcoming = source.controls.tail(52).head(WEEKS).reset_index(drop=True).assign(week=coming)
    names = (tuple(map(str, spend)), tuple(map(str, source.controls)))
    return Company(
        kind, seed, table, upcoming, *names, None, mmm.ResponseCurves(curves), spend.tail(WEEKS).sum(), nothing
    )

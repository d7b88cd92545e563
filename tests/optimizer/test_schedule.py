"""Schedules: held against a simulation of their own week by week, against equal weeks, and against their limits."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest

from attribution.errors import BadInput, InfeasiblePlan, UnknownChannel
from mmm.curves import Exponential, Hill, MichaelisMenten, ResponseCurves
from optimizer import Budget, Calendar, Channel, Customers, Flight, MonthLimits, Plan, WeekLimits, scheduled

WEEKS = pd.date_range("2026-10-05", periods=13, freq="7D")
LONG = [0.3 * 0.7**lag for lag in range(12)]


def simulated(flight: Flight, spend: np.ndarray, future: dict[str, float]) -> float:
    """Customers of spend (weeks x channels), counted week by week: past, horizon and future as one line of spend."""
    total = 0.0
    for place, channel in enumerate(flight.curves):
        lags = list(np.asarray(flight.carryover.get(channel, [1.0])))
        past, after = list(flight.history.get(channel, [])), [future[channel]] * (len(lags) - 1)
        for weekly, sign in ((list(spend[:, place]), 1), ([0.0] * len(spend), -1)):
            line = [*past, *weekly, *after]
            for week in range(len(past), len(line)):
                stock = sum(lag * line[week - age] for age, lag in enumerate(lags) if week >= age)
                total += sign * float(flight.curves[channel].mean(stock))
    return total


def by_month(spend: pd.DataFrame) -> pd.Series:
    """Spend by month, each week's divided evenly between its days."""
    daily = pd.concat(
        [pd.Series(amounts.sum() / 7, pd.date_range(week, periods=7)) for week, amounts in spend.iterrows()]
    )
    return daily.groupby(daily.index.strftime("%Y-%m")).sum()


# spend goes on after the horizon


@pytest.mark.parametrize(
    ("lags", "curve"),
    [
        (LONG, Hill(90, 6000, 1)),
        ([0.1, 0.2, 0.4, 0.2, 0.1], Exponential(90, 6000)),
        ([0.5, 0.5], MichaelisMenten(90, 2000)),
        (LONG, Hill(90, 3000, 2.0)),
    ],
    ids=["geometric", "delayed", "short", "S-shaped beyond its turn"],
)
@pytest.mark.parametrize("limit", [Budget(exactly=48_000), Budget(at_most=48_000), Channel("tv").fixed(48_000)])
def test_what_is_steady_stays_steady(lags, curve, limit):
    flight = Flight({"tv": curve}, 8, {"tv": np.array(lags) / sum(lags)}, history={"tv": [6000.0] * 12})
    found = flight.solve(Plan(maximize=Customers(), subject_to=limit), gap=1e-6)
    assert found.spend["tv"].to_numpy() == pytest.approx(6000.0, rel=0.02)
    assert found.future["tv"] == pytest.approx(6000.0, rel=0.01)


def test_a_stated_future_is_what_the_tail_counts_on():
    last = {}
    for future in (0.0, 6000.0, {"tv": 30_000.0}):
        flight = Flight({"tv": Hill(90, 6000, 1)}, 8, {"tv": LONG}, history={"tv": [6000.0] * 12}, future=future)
        found = flight.solve(Plan(maximize=Customers(), subject_to=Budget(exactly=48_000)))
        after = dict(found.future)
        assert found.customers == pytest.approx(simulated(flight, found.spend.to_numpy(), after), rel=1e-9)
        last[after["tv"]] = found.spend["tv"].iloc[-1]
    assert last[0.0] > 3 * last[6000.0] > 3 * last[30_000.0]


def test_with_free_totals_the_future_is_the_average_week():
    curves = ResponseCurves({"tv": Hill(90, 6000, 1), "search": Exponential(60, 2000)})
    flight = Flight(curves, 6, {"tv": LONG, "search": [0.8, 0.2]})
    plan = Plan(maximize=Customers(), subject_to=Budget(at_most=40_000))
    found = flight.solve(plan)
    assert found.future.to_numpy() == pytest.approx(found.spend.mean().to_numpy(), abs=0.02 * 40_000 / 6)
    assert flight.missed(plan, found.spend, found.future) == ()
    assert found.customers == pytest.approx(simulated(flight, found.spend.to_numpy(), dict(found.future)), rel=1e-9)


# limits of weeks and months


def _world(seed: int) -> tuple[Flight, dict[str, float]]:
    """A random flight with a random calendar."""
    rng = np.random.default_rng([seed, 5])
    money = 10.0 ** rng.uniform(-1, 6)
    families = [Exponential, MichaelisMenten, Hill]
    curves = {
        name: families[rng.integers(3)](*(np.array([90.0, money]) * np.exp(rng.normal(0, 0.5, 2))))
        for name in ("tv", "search", "social")
    }
    if rng.random() < 0.3:
        curves["tv"] = Hill(90.0, money, float(rng.uniform(1.5, 4)))
    totals = {name: float(money * 13 * rng.uniform(0.4, 1.2)) for name in curves}
    history = {name: money * rng.uniform(0.2, 1.0, 8) * (rng.random(8) < 0.8) for name in curves}
    weekly: dict[str, WeekLimits] = {}
    for name, total in totals.items():
        blackout = tuple(WEEKS[rng.choice(np.arange(2, 13), int(rng.integers(0, 3)), replace=False)])
        free = [week for week in WEEKS[2:] if week not in blackout]
        committed = {free[int(rng.integers(len(free)))]: total * rng.uniform(0, 0.2)} if rng.random() < 0.5 else {}
        smallest = total / 13 * rng.uniform(0.5, 3) if rng.random() < 0.3 else None
        most = max(total / 13 * rng.uniform(1.2, 4), smallest or 0.0, *committed.values(), 0.0)
        weekly[name] = WeekLimits(most if rng.random() < 0.6 else None, smallest, blackout, committed)
    spent = None
    if rng.random() < 0.3:
        spent = pd.DataFrame({name: totals[name] * rng.uniform(0, 0.1, 2) for name in curves}, index=WEEKS[:2])
    months = (
        {"2026-12": MonthLimits(at_most=sum(totals.values()) * rng.uniform(0.2, 0.5))} if rng.random() < 0.5 else {}
    )
    if rng.random() < 0.3:
        months["2026-10"] = MonthLimits(at_least=sum(totals.values()) * rng.uniform(0.1, 0.35))
    pacing = float(rng.uniform(0.1, 0.6)) if rng.random() < 0.5 else None
    usual = {name: max(total / 13, float(history[name].max())) for name, total in totals.items()}
    calendar = Calendar(weekly, months, pacing, usual, spent)
    lags = {name: (1 - r) * r ** np.arange(6) for name, r in zip(curves, rng.uniform(0.1, 0.7, 3), strict=True)}
    return Flight(ResponseCurves(curves), WEEKS, lags, history=history, calendar=calendar), totals


def _kept(flight: Flight, totals: dict[str, float], spend: pd.DataFrame) -> list[str]:
    """What a schedule breaks, by an arithmetic of its own."""
    calendar, near, broken = flight.calendar, 1 + 1.5e-9, []
    for name in spend:
        own, line = calendar.weekly[name], spend[name]
        if abs(line.sum() - totals[name]) > 1e-9 * totals[name] or line.min() < 0:
            broken.append(f"total of {name}")
        given = set() if calendar.spent is None else set(calendar.spent.index)
        past = [money for money in flight.history[name] if money > 0]
        before = past[-1] if past else None
        for week, money in line.items():
            if week in given:
                broken += [f"spent {name}"] * bool(abs(money - calendar.spent.loc[week, name]) > 1e-9 * money)
                before = money or before
                continue
            broken += [f"blackout {name}"] * bool(week in own.blackout and money > 0)
            broken += [f"most {name}"] * bool(own.at_most is not None and money > own.at_most * near)
            broken += [f"committed {name}"] * bool(money * near < own.committed.get(week, 0.0))
            if week in own.committed and calendar.pacing is not None:
                most = max(own.committed[week], calendar.usual[name])
                broken += [f"committed most {name}"] * bool(money > most * near)
            small = own.at_least_if_used is not None and 0 < money * near < own.at_least_if_used
            broken += [f"booking {name}"] * bool(small and money > own.committed.get(week, 0.0) * near)
            if week in own.blackout or week in own.committed or (own.at_least_if_used is not None and money == 0):
                continue
            if calendar.pacing is not None and before is not None:
                step = calendar.pacing * calendar.usual[name]
                broken += [f"pace {name}"] * bool(abs(money - before) > step * near + 1e-14 * max(money, before))
            before = money
    months = by_month(spend)
    for month, limits in calendar.months.items():
        broken += [f"most {month}"] * bool(limits.at_most is not None and months[month] > limits.at_most * near)
        broken += [f"least {month}"] * bool(limits.at_least is not None and months[month] * near < limits.at_least)
    return broken


def verdict(seed: int) -> str:
    """What a random schedule does; a sentence that begins with FAULT where it is wrong."""
    flight, totals = _world(seed)
    try:
        found = scheduled(flight, totals, time_limit=1.0)
    except InfeasiblePlan:
        return "no room"
    broken = _kept(flight, totals, found.spend)
    if broken:
        return f"FAULT breaks {broken}"
    future = {name: total / 13 for name, total in totals.items()}
    won = simulated(flight, found.spend.to_numpy(), future)
    if abs(won - found.customers) > 1e-9 * won or found.bound < won * (1 - 1e-9):
        return f"FAULT says {found.customers} of {won}, bound {found.bound}"
    even = pd.DataFrame({name: np.full(13, total / 13) for name, total in totals.items()}, index=WEEKS)
    if not _kept(flight, totals, even) and won < simulated(flight, even.to_numpy(), future) * (1 - 1e-9):
        return "FAULT is worse than equal weeks"
    return "solved"


def test_random_calendars_are_kept_and_worth_what_they_say() -> None:
    said = {seed: verdict(seed) for seed in range(24)}
    assert not {seed: text for seed, text in said.items() if text.startswith("FAULT")}
    assert list(said.values()).count("solved") >= 12


def test_no_schedule_of_a_grid_beats_the_bound_of_bookings() -> None:
    curves, weeks = {"tv": Hill(60, 4000, 2.0)}, 5
    calendar = Calendar({"tv": WeekLimits(at_least_if_used=3000.0, blackout=(2,), committed={4: 1000.0})})
    flight = Flight(curves, weeks, {"tv": [0.6, 0.3, 0.1]}, history={"tv": [2000.0]}, future=2000.0, calendar=calendar)
    found = scheduled(flight, {"tv": 10_000.0}, time_limit=20.0)
    grid = [0.0, 1000.0, 3000.0, 3500.0, 4000.0, 4500.0, 5000.0, 6000.0, 7000.0, 9000.0, 10_000.0]
    best = 0.0
    for line in product(grid, repeat=weeks):
        if abs(sum(line) - 10_000) < 1e-9 and line[1] == 0 and line[3] >= 1000 and 1000.0 not in line[:3]:
            best = max(best, simulated(flight, np.array(line)[:, None], {"tv": 2000.0}))
    assert best <= found.bound * (1 + 1e-9)
    assert found.customers >= best * (1 - 1e-3)


def test_every_kind_of_breach_is_named() -> None:
    spent = pd.DataFrame({"tv": [1000.0]}, index=WEEKS[:1])
    limits = WeekLimits(3000.0, 500.0, (WEEKS[3],), {WEEKS[5]: 1500.0})
    calendar = Calendar({"tv": limits}, {"2026-12": MonthLimits(100.0, 5000.0)}, 0.5, {"tv": 2000.0}, spent)
    flight = Flight({"tv": Hill(60, 4000)}, WEEKS, history={"tv": [1000.0, 0.0]}, calendar=calendar)
    plan = Plan(maximize=Customers())
    good = pd.DataFrame({"tv": [1000.0, 1500, 1500, 0, 1500, 1500, 1500, *[1000.0] * 6]}, index=WEEKS)
    assert flight.missed(plan, good) == ()
    breaches = {
        "tv in 2026-10-05 exactly 1,000": (0, 900.0),
        "tv in 2026-10-26 at most 0": (3, 10.0),
        "tv in 2026-11-30 at most 3,000": (8, 3001.0),
        "tv in 2026-11-09 at least 1,500": (5, 1400.0),
        "tv in 2026-11-16 zero or at least 500": (6, 400.0),
        "change of tv into 2026-10-12 at most 1,000": (1, 2001.0),
        "2026-12 at most 5,000": (10, 2900.0),
    }
    for name, (week, money) in breaches.items():
        bad = good.copy()
        bad.iloc[week, 0] = money
        assert name in {str(miss.limit) for miss in flight.missed(plan, bad)}, name


def test_the_first_step_counts_from_the_last_week_on_air_and_passes_over_rests() -> None:
    calendar = Calendar({"tv": WeekLimits(blackout=(WEEKS[4],))}, pacing=0.1, usual={"tv": 1000.0})
    flight = Flight({"tv": Hill(60, 400)}, WEEKS, {"tv": LONG}, history={"tv": [800.0, 0.0]}, calendar=calendar)
    spend = scheduled(flight, {"tv": 13_000.0}).spend["tv"]
    assert spend.iloc[0] <= 900.0 * (1 + 1e-9)
    free = spend.drop(WEEKS[4])
    assert free.diff().abs().max() <= 100.0 * (1 + 1e-9)
    assert spend[WEEKS[4]] == 0


# what does not fit is refused, with the figure at which it would

NARROW = {
    "capacity": (WeekLimits(at_most=10_000.0), r"plan at most ([\d,]+)", lambda f, n: (f, {"tv": n})),
    "committed": (WeekLimits(committed={WEEKS[2]: 300_000.5}), r"plan at least ([\d,]+)", lambda f, n: (f, {"tv": n})),
}


@pytest.mark.parametrize("case", NARROW)
def test_totals_that_do_not_fit_are_told_what_would(case: str) -> None:
    limits, pattern, mended = NARROW[case]
    flight = Flight({"tv": Hill(90, 40_000)}, WEEKS, calendar=Calendar({"tv": limits}))
    with pytest.raises(InfeasiblePlan, match="Remedy") as refused:
        scheduled(flight, {"tv": 200_000.0})
    figure = float(re.search(pattern, str(refused.value))[1].replace(",", ""))
    assert scheduled(*mended(flight, figure)).total_spend == pytest.approx(figure)


def test_steps_that_do_not_reach_the_plan_are_told_which_would() -> None:
    calendar = Calendar(pacing=0.02, usual={"tv": 20_000.0})
    flight = Flight({"tv": Hill(90, 40_000)}, WEEKS, history={"tv": [5000.0]}, calendar=calendar)
    with pytest.raises(InfeasiblePlan, match="pacing of") as refused:
        scheduled(flight, {"tv": 260_000.0})
    share = float(re.search(r"pacing of (\d+)\s% or more", str(refused.value))[1]) / 100
    scheduled(replace(flight, calendar=replace(calendar, pacing=share)), {"tv": 260_000.0})
    with pytest.raises(InfeasiblePlan):
        scheduled(replace(flight, calendar=replace(calendar, pacing=share - 0.011)), {"tv": 260_000.0})


@pytest.mark.parametrize("side", ["at_most", "at_least"])
def test_months_that_cannot_hold_are_told_what_would(side: str) -> None:
    def flight(figure: float) -> Flight:
        months = {"2026-12": MonthLimits(**{side: figure})}
        calendar = Calendar({"tv": WeekLimits(at_most=20_000.0, blackout=(WEEKS[10],))}, months)
        return Flight({"tv": Hill(90, 40_000)}, WEEKS, calendar=calendar)

    with pytest.raises(InfeasiblePlan, match=f"months.2026-12.{side} of") as refused:
        scheduled(flight(1000.0 if side == "at_most" else 190_000.0), {"tv": 200_000.0})
    figure = float(re.search(rf"2026-12.{side} of ([\d,]+) or", str(refused.value))[1].replace(",", ""))
    found = scheduled(flight(figure), {"tv": 200_000.0})
    assert by_month(found.spend)["2026-12"] == pytest.approx(figure, rel=1e-3)


CHANGES = {  # what a refusal proposes, and how it is done
    r"pacing of ([\d,]+) % or more": lambda c, t, n: (replace(c, pacing=n / 100), t),
    r"months\.(\S+)\.(at_\w+) of ([\d,]+) or \w+": lambda c, t, month, side, n: (
        replace(c, months={**c.months, month: replace(c.months[month], **{side: n})}), t,
    ),
    r"plan at \w+ ([\d,]+) for (\w+)": lambda c, t, n, name: (c, {**t, name: n}),
    r"weekly\.(\w+)\.at_most of ([\d,]+) or more": lambda c, t, name, n: (_week(c, name, at_most=n), t),
    r"take weeks out of weekly\.(\w+)\.blackout": lambda c, t, name: (_week(c, name, blackout=()), t),
    r"take what is not booked out of weekly\.(\w+)\.committed": lambda c, t, name: (_week(c, name, committed={}), t),
}  # fmt: skip


def _week(calendar: Calendar, name: str, **changed: object) -> Calendar:
    return replace(calendar, weekly={**calendar.weekly, name: replace(calendar.weekly[name], **changed)})


def _changed(calendar: Calendar, totals: dict[str, float], way: str) -> tuple[Calendar, dict[str, float]]:
    pattern, done = next((re.fullmatch(key, way), done) for key, done in CHANGES.items() if re.fullmatch(key, way))
    figures = (float(each.replace(",", "")) if re.fullmatch(r"[\d,]+", each) else each for each in pattern.groups())
    return done(calendar, totals, *figures)


def _narrow(seed: int) -> tuple[Flight, dict[str, float]]:
    rng = np.random.default_rng(seed)
    weeks, names = WEEKS[3:8], ("tv", "search")
    totals = {name: float(rng.integers(10_000, 200_000)) for name in names}
    history = {name: rng.uniform(0.3, 2.5, 3) * totals[name] / 5 for name in names}
    weekly = {}
    for name in names:
        most = float(np.round(totals[name] / 5 * rng.uniform(0.9, 2))) if rng.random() < 0.5 else None
        booked = {weeks[4]: float(np.round(totals[name] / 5 * rng.uniform(0.2, 0.9)))} if rng.random() < 0.4 else {}
        weekly[name] = WeekLimits(most, blackout=tuple(weeks[: rng.integers(0, 2)]), committed=booked)
    sides = ({"at_most": 0.9}, {"at_least": 1.1})
    parts = {"2026-10": 0.4 + 1 / 35, "2026-11": 0.6 - 1 / 35}
    months = {
        month: MonthLimits(**{side: float(np.round(part * by * sum(totals.values()))) for side, by in sides[k].items()})
        for (month, part), k in zip(parts.items(), rng.integers(0, 2, 2), strict=True)
        if rng.random() < 0.6
    }
    pacing = float(rng.choice([0.05, 0.2, 0.5])) if rng.random() < 0.6 else None
    calendar = Calendar(weekly, months, pacing, usual={name: totals[name] / 5 for name in names})
    return Flight({name: Hill(90, 40_000) for name in names}, weeks, history=history, calendar=calendar), totals


def test_each_way_that_a_refusal_proposes_makes_room() -> None:
    proposed, wrong = 0, []
    for seed in range(14):
        flight, totals = _narrow(seed)
        try:
            scheduled(flight, totals)
        except InfeasiblePlan as refused:
            said = str(refused).replace("\xa0", " ").rstrip(".")
            ways = said.partition("Remedy: ")[2].removeprefix("let one of these give way: ").split("; or ")
            if "; and " in said or "relax at least" in said:
                continue
            for way in ways:
                proposed += 1
                calendar, changed = _changed(flight.calendar, totals, way)
                usual = {name: changed[name] / 5 for name in changed}
                try:
                    scheduled(replace(flight, calendar=replace(calendar, usual=usual)), changed)
                except InfeasiblePlan as still:
                    wrong.append((seed, way, str(still)))
    assert not wrong
    assert proposed > 10


def test_the_fewest_limits_that_clash_are_named() -> None:
    months = {"2026-10": MonthLimits(at_most=50_000.0), "2026-11": MonthLimits(at_most=60_000.0)}
    flight = Flight(
        {"tv": Hill(90, 40_000), "search": Hill(50, 3000)}, WEEKS[:8],
        calendar=Calendar({"search": WeekLimits(at_most=9_000.0), "tv": WeekLimits(blackout=(WEEKS[0],))}, months),
    )  # fmt: skip
    with pytest.raises(InfeasiblePlan) as refused:
        scheduled(flight, {"tv": 100_000.0, "search": 30_000.0})
    clash, _, ways = str(refused.value).partition(". Remedy: let one of these give way: ")
    assert clash == (
        "months.2026-10.at_most of 50,000, months.2026-11.at_most of 60,000, the plan's 100,000 for tv and the plan's "
        "30,000 for search contradict each other"
    )
    assert ways.rstrip(".").split("; or ") == [
        "months.2026-10.at_most of 70,000 or more",
        "months.2026-11.at_most of 80,000 or more",
        "plan at most 80,000 for tv",
        "plan at most 10,000 for search",
    ]


def test_a_plan_below_what_is_spent_is_told_so() -> None:
    spent = pd.DataFrame({"tv": [70_000.0, 50_000.0]}, index=WEEKS[:2])
    flight = Flight({"tv": Hill(90, 40_000)}, WEEKS, calendar=Calendar(spent=spent))
    told = "the plan's 100,000 for tv cannot hold, beside what is spent already. Remedy: plan at least 120,000 for tv."
    with pytest.raises(InfeasiblePlan, match=f"^{told}$"):
        scheduled(flight, {"tv": 100_000.0})


def test_a_plan_of_nothing_has_no_weeks() -> None:
    with pytest.raises(InfeasiblePlan, match="spends nothing"):
        scheduled(Flight({"tv": Hill(90, 40_000)}, WEEKS), {"tv": 0.0})


def test_a_channel_without_money_stands_idle() -> None:
    flight = Flight({"tv": Hill(90, 40_000), "search": Hill(50, 3000, 2.0)}, WEEKS, calendar=Calendar(pacing=0.5))
    found = scheduled(flight, {"search": 60_000.0}, time_limit=2.0)
    assert found.spend["tv"].eq(0).all()
    assert found.spend["search"].sum() == pytest.approx(60_000.0)


REFUSED = {
    "negative": lambda: Calendar({"tv": WeekLimits(at_most=-1.0)}),
    "booking above the most": lambda: Calendar({"tv": WeekLimits(10.0, 20.0)}),
    "committed in blackout": lambda: Calendar({"tv": WeekLimits(blackout=(1,), committed={1: 5.0})}),
    "committed above the most": lambda: Calendar({"tv": WeekLimits(10.0, committed={1: 50.0})}),
    "month upside down": lambda: Calendar(months={"2026-12": MonthLimits(5.0, 1.0)}),
    "no pace": lambda: Calendar(pacing=0.0),
    "strange week": lambda: _solved(Calendar({"tv": WeekLimits(blackout=(pd.Timestamp("2026-10-06"),))})),
    "strange month": lambda: _solved(Calendar(months={"2027-12": MonthLimits(at_most=1.0)})),
    "months without dates": lambda: _solved(Calendar(months={"2026-12": MonthLimits(at_most=1.0)}), 4),
    "spent in the middle": lambda: _solved(Calendar(spent=pd.DataFrame({"tv": [1.0]}, index=WEEKS[3:4]))),
    "spent of others": lambda: _solved(Calendar(spent=pd.DataFrame({"radio": [1.0]}, index=WEEKS[:1]))),
    "future below zero": lambda: Flight({"tv": Hill(9, 9)}, 3, future=-1.0),
}


def _solved(calendar: Calendar, weeks: object = WEEKS) -> None:
    scheduled(Flight({"tv": Hill(90, 40_000)}, weeks, calendar=calendar), {"tv": 1000.0})


@pytest.mark.parametrize("case", REFUSED)
def test_calendars_that_say_nonsense_are_refused(case: str) -> None:
    with pytest.raises(BadInput) as caught:
        REFUSED[case]()
    assert len(str(caught.value)) > 20


def test_unknown_channels_of_a_calendar_are_named() -> None:
    for field in ({"calendar": Calendar({"tvv": WeekLimits(5.0)})}, {"future": {"tvv": 1.0}}):
        with pytest.raises(UnknownChannel, match="tv"):
            Flight({"tv": Hill(9, 9)}, 3, **field)

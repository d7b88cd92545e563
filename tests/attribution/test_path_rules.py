"""Rules of paths, held against plain loops over the log, in memory and in an engine."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import attribution.paths.journeys as module
from attribution import (
    BadInput,
    FirstTouch,
    Journeys,
    LastTouch,
    Linear,
    Markov,
    OncePerDay,
    PathRules,
    Sessions,
    Shapley,
    TimeDecay,
    UnknownChannel,
    credit_per_conversion,
    only,
    prioritise,
    with_periods,
    without,
)

START = pd.Timestamp("2024-03-25 07:00")


@pytest.fixture(params=["memory", "engine"])
def held(request, monkeypatch) -> None:
    """Where paths are held."""
    if request.param == "engine":
        monkeypatch.setattr(module, "is_local", lambda table: False)


def world(seed: int, users: int = 12) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A log in hours, with views and clicks, and sign-ups and purchases."""
    rng = np.random.default_rng(seed)

    def frame(rows: int) -> pd.DataFrame:
        hours = rng.integers(24 * 20, size=rows)
        people = rng.integers(users, size=rows).astype(str)
        return pd.DataFrame({"user": people, "time": START + pd.to_timedelta(hours, unit="h")})

    rows, sold = 22 * users, 4 * users
    touched = frame(rows).assign(
        channel=rng.choice(["search", "mail", "direct", "tv"], rows, p=[0.4, 0.3, 0.2, 0.1]),
        interaction=rng.choice(["click", "view"], rows),
    )
    touched = touched.drop_duplicates(ignore_index=True)
    kinds = rng.choice(["signup", "purchase"], sold)
    bought = frame(sold).assign(value=rng.gamma(2.0, 30.0, sold).round(2), kind=kinds)
    return touched, bought.drop_duplicates(["user", "time"], ignore_index=True)


def by_loops(touched: pd.DataFrame, bought: pd.DataFrame, ends: tuple[str, ...] | None, days: float) -> pd.DataFrame:
    """Linear credit and paths without conversion where each conversion looks back over what no other has ended."""
    credit, lost = {}, 0
    window = pd.Timedelta(days=days)
    for user in sorted({*touched["user"], *bought["user"]}):
        mine, sold = (frame[frame["user"] == user].sort_values("time") for frame in (touched, bought))
        events = [(row.time, 0, row.channel, "") for row in mine.itertuples()]
        events += [(row.time, 1, "", row.kind) for row in sold.itertuples()]
        parts: list[list[tuple]] = [[]]
        for event in sorted(events, key=lambda event: event[:2]):
            before = parts[-1][-1] if parts[-1] else None
            closed = before is not None and before[1] == 1 and (ends is None or before[3] in ends)
            if closed or (before is not None and event[0] - before[0] > window):
                parts.append([])
            parts[-1].append(event)
        for part in parts:
            used = set()
            for at, event in enumerate(part):
                if event[1] == 0:
                    continue
                path = [place for place in range(at) if part[place][1] == 0 and event[0] - part[place][0] <= window]
                used |= set(path)
                for place in path:
                    key = (user, event[0], part[place][2])
                    credit[key] = credit.get(key, 0.0) + 1 / len(path)
            left = [place for place, event in enumerate(part) if event[1] == 0 and place not in used]
            lost += bool(left)
    frame = pd.Series(credit).rename_axis(["user", "time", "channel"]).sort_index()
    return frame, lost


def rows_of(journeys: Journeys) -> pd.Series:
    found = credit_per_conversion(journeys, Linear())
    frame = found if isinstance(found, pd.DataFrame) else found.execute()
    frame["time"] = pd.to_datetime(frame["time"]).dt.tz_convert(None)
    return frame.set_index(["user", "time", "channel"])["conversions"].sort_index()


ENDS = [("memory", None, 8), ("memory", (), 2), ("engine", ("purchase",), 8), ("memory", ("purchase", "signup"), 2)]


@pytest.mark.parametrize(("held", "ends", "days"), ENDS, indirect=["held"])
def test_conversions_that_end_no_path_leave_their_touches_to_later_ones(held, ends, days):
    touched, bought = world(1)
    journeys = Journeys.from_touchpoints(touched, bought, lookback=f"{days}D", rules=PathRules(ends=ends))
    expected, lost = by_loops(touched, bought, ends, days)
    found = rows_of(journeys)
    assert found.index.equals(expected.index)
    np.testing.assert_allclose(found, expected)
    assert journeys.totals["nulls"] == lost
    assert journeys.totals["conversions"] + journeys.totals["untouched"] == len(bought)
    assert journeys.totals["value"] + journeys.totals["untouched_value"] == pytest.approx(bought["value"].sum())


def test_a_purchase_after_a_signup_sees_what_came_before_it():
    touched = pd.DataFrame({"user": "u", "time": ["2024-01-01", "2024-01-02"], "channel": ["tv", "search"]})
    bought = pd.DataFrame({"user": "u", "time": ["2024-01-03", "2024-01-04"], "value": [0.0, 90.0]})
    bought["kind"] = ["signup", "purchase"]
    cut = Journeys.from_touchpoints(touched, bought)
    assert (cut.totals["untouched"], cut.totals["untouched_value"], cut.totals["value"]) == (1, 90, 0)
    whole = Journeys.from_touchpoints(touched, bought, rules=PathRules(ends=("purchase",)))
    assert (whole.totals["untouched_value"], whole.totals["nulls"]) == (0, 0)
    assert Linear()(whole).value.to_dict() == {"search": 45, "tv": 45}
    with pytest.raises(BadInput, match="did you mean 'purchase'"):
        Journeys.from_touchpoints(touched, bought, rules=PathRules(ends=("purchases",)))


RULES = [
    PathRules(ends=("purchase",), lookback_of={"view": "2D"}),
    PathRules(rank_of={"view": 2}, last_resort=("direct",), ends=()),
    PathRules(weight_of={"view": 0.25, "click": 2.0}, last_resort=("direct", "tv"), lookback_of={"view": "1D"}),
    PathRules(collapse=OncePerDay(), days_in="America/New_York", ends=("purchase",)),
    PathRules(exclude=("direct",), collapse=Sessions("2h"), weight_of={"view": 0.5}),
]


@pytest.mark.parametrize("rules", RULES, ids=range(len(RULES)))
def test_engine_and_memory_read_each_rule_alike(rules):
    touched, bought = world(2, users=40)
    here = Journeys.from_touchpoints(touched, bought, lookback="6D", rules=rules)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "is_local", lambda table: False)
        there = Journeys.from_touchpoints(touched, bought, lookback="6D", rules=rules)
    assert there.won is None
    assert there.totals == pytest.approx(here.totals)
    assert there.exclusions == here.exclusions
    for model in (Linear(), TimeDecay("2D"), Markov(2)):
        for name in ("conversions", "value"):
            ours, theirs = (getattr(model(journeys), name) for journeys in (here, there))
            np.testing.assert_allclose(theirs, ours, rtol=1e-9, atol=1e-9, err_msg=model.name)


def collapsed(touched: pd.DataFrame, bought: pd.DataFrame, same) -> pd.DataFrame:
    """The touches that a plain loop keeps; ``same`` says whether a touch repeats the one before it."""
    stay = []
    for _, alike in touched.sort_values("time").groupby(["user", "channel", "interaction"]):
        sold = bought[bought["user"] == alike["user"].iloc[0]]["time"]
        before = None
        for row in alike.itertuples():
            between = before is not None and ((sold >= before) & (sold < row.time)).any()
            if before is None or between or not same(before, row.time):
                stay.append(row.Index)
            before = row.time
    return touched.loc[sorted(stay)]


@pytest.mark.parametrize(
    ("collapse", "same"),
    [
        (Sessions("5h"), lambda before, now: now - before <= pd.Timedelta(hours=5)),
        (OncePerDay(), lambda before, now: before.date() == now.date()),
    ],
    ids=["session", "day"],
)
def test_repeats_of_a_channel_are_one_touch(collapse, same):
    touched, bought = world(5)
    rules = PathRules(collapse=collapse, weight_of={"view": 0.5})
    found = Journeys.from_touchpoints(touched, bought, rules=rules)
    left = collapsed(touched, bought, same)
    plain = Journeys.from_touchpoints(left, bought, rules=PathRules(weight_of={"view": 0.5}))
    assert len(left) < len(touched)
    assert found.totals == pytest.approx(plain.totals)
    assert sum(found.exclusions.values()) == len(touched) - len(left)
    pd.testing.assert_series_equal(Markov(2)(found).conversions, Markov(2)(plain).conversions)


def test_days_are_those_of_the_time_zone():
    touched = pd.DataFrame({"user": "u", "time": ["2024-07-01T21:30Z", "2024-07-01T22:30Z"], "channel": "a"})
    bought = pd.DataFrame({"user": ["u"], "time": ["2024-07-02T12:00Z"]})

    def touches(zone: str | None) -> float:
        rules = PathRules(collapse=OncePerDay(), days_in=zone)
        return Journeys.from_touchpoints(touched, bought, rules=rules).totals["touches"]

    assert (touches(None), touches("Europe/Berlin")) == (1, 2)  # 23:30 and 0:30 in summer


def test_clicks_come_before_views_and_direct_last():
    rows = [("u", 1, "tv", "view"), ("u", 2, "search", "click"), ("u", 3, "direct", "click"), ("u", 4, "tv", "view")]
    rows += [("v", 1, "tv", "view"), ("v", 2, "direct", "click"), ("w", 1, "direct", "view")]
    touched = pd.DataFrame(rows, columns=["user", "day", "channel", "interaction"])
    touched["time"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(touched.pop("day"), unit="D")
    bought = pd.DataFrame({"user": list("uvw"), "time": "2024-01-08"})

    def credit(**rules) -> dict[str, float]:
        return LastTouch()(Journeys.from_touchpoints(touched, bought, rules=PathRules(**rules))).conversions.to_dict()

    assert credit(rank_of={"view": 2}) == {"direct": 3, "search": 0, "tv": 0}
    assert credit(rank_of={"view": 2}, last_resort=("direct",)) == {"direct": 1, "search": 1, "tv": 1}
    assert credit(last_resort=("direct",)) == {"direct": 1, "search": 0, "tv": 2}
    with pytest.raises(UnknownChannel, match="'direct'"):
        credit(last_resort=("Direct",))
    with pytest.raises(BadInput, match="did you mean 'view'"):
        credit(weight_of={"views": 0.5})


def test_last_resort_is_priority_by_channel():
    touched, bought = world(4)
    ruled = Journeys.from_touchpoints(touched, bought, rules=PathRules(last_resort=("direct", "tv")))
    ranked = prioritise(Journeys.from_touchpoints(touched, bought), {"direct": 2, "tv": 2})
    assert ruled.totals == pytest.approx(ranked.totals)
    for model in (Linear(), Markov(2)):
        pd.testing.assert_series_equal(model(ruled).conversions, model(ranked).conversions)


def test_weights_of_views_count_in_rules_of_thumb():
    touched = pd.DataFrame({"user": "u", "time": ["2024-01-01", "2024-01-02"], "channel": ["tv", "search"]})
    touched["interaction"] = ["view", "click"]
    bought = pd.DataFrame({"user": ["u"], "time": ["2024-01-03"]})
    journeys = Journeys.from_touchpoints(touched, bought, rules=PathRules(weight_of={"view": 0.25}))
    assert Linear()(journeys).conversions.to_dict() == pytest.approx({"search": 0.8, "tv": 0.2})
    assert FirstTouch()(journeys).conversions.to_dict() == {"search": 0, "tv": 1}
    assert Shapley()(journeys).conversions.to_dict() == {"search": 0.5, "tv": 0.5}


@pytest.mark.parametrize(
    "rules",
    [
        {"weight_of": {"view": 0}},
        {"weight_of": {"view": float("nan")}},
        {"rank_of": {"view": 0}},
        {"days_in": "Europe/Berln"},
        {"collapse": lambda: Sessions("often")},
    ],
    ids=lambda rule: next(iter(rule)),
)
def test_rules_that_say_nothing_are_refused(rules):
    with pytest.raises(BadInput):
        PathRules(**{name: rule() if callable(rule) else rule for name, rule in rules.items()})


@pytest.mark.parametrize("rules", [PathRules(), PathRules(idle_gap="30h"), PathRules(lookback_of={"view": "1D"})])
def test_without_is_a_log_without(rules):
    touched, bought = world(0, users=100)
    less = touched[touched["channel"] != "direct"]
    ours = without(Journeys.from_touchpoints(touched, bought, lookback="3D", rules=rules), "direct")
    theirs = Journeys.from_touchpoints(less, bought, lookback="3D", rules=rules)
    assert ours.totals == pytest.approx(theirs.totals)
    assert ours.channels == theirs.channels
    for model in (Linear(), TimeDecay("1D"), Markov(2)):
        pd.testing.assert_series_equal(model(ours).conversions, model(theirs).conversions)


def test_without_does_again_what_was_done_since(held):
    touched, bought = world(3)
    touched["geo"] = np.where(touched["user"].astype(int) % 2 == 0, "DE", "FR")
    rules = PathRules(segments=("geo",))

    def changed(journeys: Journeys) -> Journeys:
        return only(with_periods(prioritise(journeys, {"tv": 2}), "W"), geo="DE", period="2024-04-01/2024-04-07")

    ours = without(changed(Journeys.from_touchpoints(touched, bought, rules=rules)), "direct")
    theirs = changed(Journeys.from_touchpoints(touched[touched["channel"] != "direct"], bought, rules=rules))
    assert ours.totals == pytest.approx(theirs.totals)
    pd.testing.assert_series_equal(Linear()(ours).value, Linear()(theirs).value)


def test_aggregated_paths_lose_the_steps():
    table = pd.DataFrame({"path": ["a > b > a", "b", "c"], "conversions": [2, 1, 1]})
    left = without(Journeys.from_paths(table), "b")
    assert left.channels == ("a", "c")
    assert left.totals["untouched"] == 1
    assert LastTouch()(left).conversions.to_dict() == {"a": 2, "c": 1}
    with pytest.raises(BadInput, match="no channel is left"):
        without(left, "a", "c")

"""Several markets in one plan file: read by market, planned by channel and market, summed draw by draw, or refused."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

import mmm
from attribution.errors import BadInput
from attribution.findings import Finding
from attribution.numbers import amount
from mmm.sampling.from_draws import assemble
from mmm.sampling.prepared import prepare
from optimizer.planning import run as running
from optimizer.planning.check import check_plan
from optimizer.planning.file.config import Config, read_config
from optimizer.planning.file.keys.plan import GivenTable
from optimizer.planning.file.markets import Markets, by_cell
from optimizer.planning.inputs.given_by_market import read_given_by_market
from optimizer.planning.inputs.inputs import Inputs, read_inputs
from optimizer.planning.inputs.markets import findings_by_cell, lift_tests_by_cell, markets_of, spend_by_cell
from optimizer.planning.language.wording import in_words_of_the_file
from optimizer.planning.ledger.runs import run_folder
from optimizer.planning.outputs.against_today import signed
from optimizer.planning.outputs.check_view import show_check
from optimizer.planning.run import run_plan
from optimizer.planning.sealed.review import Review, review
from optimizer.planning.sealed.seals import seal
from optimizer.planning.stages.model import mix_model
from optimizer.planning.stages.progress import Progress
from optimizer.planning.stages.result import Run
from optimizer.planning.stages.sense import present_spend

PLAN = """\
name: Two countries
data:
  weekly:
    path: weekly.csv
    kpi: customers
    geo: country
    population: people
    controls: [price]
    spend: [tv, search, radio]
  upcoming: last_year
model: {season: {order: 1}, lags: 4, sensitivity: false, rivals: false}
plan:
  weeks: 4
  maximize: customers
  explore: true
  budget: {exactly: +0%}
"""
WEEKS = 70


def weekly(countries: tuple[str, ...] = ("DE", "FR")) -> pd.DataFrame:
    """Radio never spent anything in France; France is smaller."""
    rng = np.random.default_rng(1)
    parts = []
    for country in countries:
        size = {"DE": 3.0, "FR": 1.0}[country]
        spend = {name: np.round(rng.uniform(500, 1500, WEEKS) * size, 2) for name in ("tv", "search", "radio")}
        if country == "FR":
            spend["radio"] = np.zeros(WEEKS)
        price = rng.normal(10, 1, WEEKS).round(2)
        level = 300 * size + 0.03 * spend["tv"] + 0.05 * spend["search"] + 0.02 * spend["radio"]
        parts.append(pd.DataFrame({
            "week": pd.date_range("2024-01-01", periods=WEEKS, freq="7D").strftime("%Y-%m-%d"), "country": country,
            "people": size * 1e6, "price": price, "customers": np.round(level + rng.normal(0, 10, WEEKS)), **spend,
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    weekly().to_csv(tmp_path / "weekly.csv", index=False)
    (tmp_path / "plan.yaml").write_text(PLAN, encoding="utf-8")
    return tmp_path


@pytest.fixture(autouse=True)
def _no_sampling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "fit_or_load", _stand_in)


def _stand_in(config: Config, inputs: Inputs, folder: Path, update: object) -> mmm.Posterior:
    """Draws around the prior's centre in place of a fit: what a plan makes of draws does not hang on the sampler."""
    assert inputs.panel is not None
    ready = prepare(inputs.panel, mix_model(config, inputs))
    centre = ready.problem.centre
    theta = centre + 0.3 * np.random.default_rng(2).standard_normal((2, 30, len(centre)))
    nothing = {name: np.zeros((2, 30)) for name in ("diverging", "n_steps", "energy")}
    return assemble(ready, theta, nothing, (), 0)


def planned(folder: Path, text: str, goal: Any = "optimize") -> tuple[Run, Path]:
    (folder / "plan.yaml").write_text(text, encoding="utf-8")
    run, _ = run_plan(folder / "plan.yaml", goal=goal, progress=Progress(io.StringIO()))
    return run, folder / "plan-output" / "latest"


def spend_of(run: Run, channel: str = "", market: str = "") -> float:
    assert run.plan is not None
    assert run.inputs.markets is not None
    cells = run.inputs.markets.cells
    wanted = [cell for cell, (c, m) in cells.items() if channel in ("", c) and market in ("", m)]
    return float(run.plan.planned.spend[wanted].sum())


def test_the_table_is_read_by_market(folder: Path) -> None:
    inputs = read_inputs(*read_config(folder / "plan.yaml"))
    table = weekly()
    assert inputs.panel is not None
    assert inputs.now is not None
    assert inputs.markets is not None
    assert inputs.panel.geos == ("DE", "FR")
    assert list(inputs.panel.population) == [3e6, 1e6]  # type: ignore[arg-type]
    last = table.groupby("country").tail(4).groupby("country")[["tv", "search", "radio"]].sum()
    assert list(inputs.now.index) == ["tv @ DE", "search @ DE", "radio @ DE", "tv @ FR", "search @ FR"]
    for cell, (channel, market) in inputs.markets.cells.items():
        np.testing.assert_allclose(inputs.now[cell], last.loc[market, channel])
    assert isinstance(inputs.upcoming, dict)
    for market, coming in inputs.upcoming.items():
        own = table[table["country"] == market]["price"].to_numpy()
        np.testing.assert_allclose(coming["price"], own[WEEKS - 52 : WEEKS - 48])
    told = check_plan(folder / "plan.yaml")
    assert told.files[0].covers.endswith("70 weeks from Monday in 2 markets")
    assert any("no part in the plan: radio in FR." in text for text in told.assumptions)
    assert told.by_market is not None  # what percentages of markets are of
    np.testing.assert_allclose(told.by_market.loc[["DE", "FR"], list(last)], last)
    shown = Console(file=io.StringIO(), width=120)
    show_check(told, shown)
    written = shown.file.getvalue()  # type: ignore[attr-defined]
    assert f"{last.loc['FR'].sum():,.0f}" in written[written.index("Spend now by market") :]


def test_coming_controls_are_of_their_market(folder: Path) -> None:
    days = pd.date_range("2024-01-01", periods=WEEKS + 4, freq="7D")[WEEKS:].strftime("%Y-%m-%d")
    coming = pd.concat([pd.DataFrame({"week": days, "country": c, "price": p}) for c, p in (("FR", 2.0), ("DE", 1.0))])
    coming.to_csv(folder / "coming.csv", index=False)
    (folder / "plan.yaml").write_text(PLAN.replace("upcoming: last_year", "upcoming: coming.csv"), encoding="utf-8")
    upcoming = read_inputs(*read_config(folder / "plan.yaml")).upcoming
    assert isinstance(upcoming, dict)
    assert upcoming["DE"]["price"].tolist() == [1.0] * 4
    assert upcoming["FR"]["price"].tolist() == [2.0] * 4
    coming.iloc[:-1].to_csv(folder / "coming.csv", index=False)
    with pytest.raises(BadInput, match="lacks 1 of the coming 4 weeks for DE"):
        read_inputs(*read_config(folder / "plan.yaml"))


def test_one_market_is_the_plan_without_the_key(folder: Path) -> None:
    weekly(("DE",)).to_csv(folder / "weekly.csv", index=False)
    limits = "  channels: {tv: {at_least: -20%}}\n  every_channel: {at_most: +30%}\n"
    scenarios = "scenarios:\n- {name: No tv, off: [tv]}\n- {name: Other, instead: {channels: {radio: {fixed: 100}}}}\n"
    _, out = planned(folder, PLAN + limits + scenarios, "what-if")
    by_market, what_if = pd.read_csv(out / "plan.csv"), (out / "scenarios.csv").read_bytes()
    planned(folder, PLAN.replace("    geo: country\n    population: people\n", "") + limits + scenarios, "what-if")
    alone = pd.read_csv(out / "plan.csv")
    assert set(by_market.pop("market")) == {"DE"}
    pd.testing.assert_frame_equal(by_market, alone)
    assert what_if == (out / "scenarios.csv").read_bytes()


def test_sums_are_of_draws_and_add_up_to_the_whole(folder: Path) -> None:
    run, out = planned(folder, PLAN.replace("rivals: false", "rivals: true") + "  fixed_cost: 1_000\n", "report")
    plan, markets = run.plan, run.inputs.markets
    assert plan is not None
    assert markets is not None
    np.testing.assert_allclose(plan.organic.by_geo.sum(axis=1), plan.organic.predicted, rtol=1e-12)
    tables = {kind: pd.read_csv(out / f"plan_by_{kind}.csv").set_index(kind) for kind in ("market", "channel")}
    for kind, place in (("channel", 0), ("market", 1)):
        table = tables[kind]
        np.testing.assert_allclose(table["spend_planned"].sum(), plan.planned.spend.sum(), rtol=1e-8)
        for name in table.index:
            own = [cell for cell, pair in markets.cells.items() if pair[place] == name]
            draws = plan.planned.paid[own].to_numpy().sum(axis=1)
            if kind == "market":
                draws = draws + plan.organic.by_geo[:, markets.names.index(name)]
            row = table.loc[name]
            np.testing.assert_allclose(row["spend_planned"], plan.planned.spend[own].sum(), rtol=1e-8)
            np.testing.assert_allclose(row["customers_planned"], draws.mean(), rtol=1e-8)
            np.testing.assert_allclose(row["customers_planned_low"], np.quantile(draws, 0.05), rtol=1e-8)
            np.testing.assert_allclose(row["customers_planned_high"], np.quantile(draws, 0.95), rtol=1e-8)
    np.testing.assert_allclose(tables["market"]["customers_planned"].sum(), plan.planned.expected_customers, rtol=1e-8)
    rows = pd.read_csv(out / "plan.csv")
    assert list(rows.columns[:2]) == ["market", "channel"]
    assert set(zip(rows["channel"], rows["market"], strict=True)) == set(markets.cells.values())
    report = (out / "report.html").read_text(encoding="utf-8")
    assert 'id="markets"' in report
    assert list(tables["market"]["spend_planned"]) == sorted(tables["market"]["spend_planned"], reverse=True)
    for section in ("brought", "diagnostics"):  # whose channels are sums over markets
        assert "All 2 markets together: DE, FR." in report[report.index(f'id="{section}"') :][:400]
    moved = plan.planned.spend.sum() - plan.now.spend.sum()
    assert signed(amount)(moved) in report[report.index('id="today_to_plan"') :].partition('class="total"')[2][:200]
    assert "rivals_compared" in {finding.name for finding in run.findings if not finding.passed}
    assert (
        "rivals_compared" in {finding.name for finding in run.findings if not finding.passed}
        or not run.config.model.rivals
    )


def test_limits_hold_for_channels_over_markets_and_for_markets_over_channels(folder: Path) -> None:
    free, _ = planned(folder, PLAN)
    assert free.inputs.now is not None
    now = free.inputs.now.to_dict()
    limits = """\
  channels: {tv: {at_most: -30%}, radio: {at_least: -10%}}
  every_channel: {at_most: +25%}
  groups: {both: {channels: [search, radio], at_most: +15%}}
  markets: {FR: {at_most: -20%}}
"""
    run, _ = planned(folder, PLAN.replace("exactly: +0%", "at_most: -5%") + limits)
    today = lambda *parts: sum(value for cell, value in now.items() if all(part in cell for part in parts))  # noqa: E731
    assert spend_of(run, "tv") <= today("tv") * 0.7 * (1 + 1e-9)
    assert spend_of(run, "radio") >= today("radio") * 0.9 * (1 - 1e-9)
    assert spend_of(run, "search") <= today("search") * 1.25 * (1 + 1e-9)
    both = today("search") + today("radio")
    assert spend_of(run, "search") + spend_of(run, "radio") <= both * 1.15 * (1 + 1e-9)
    assert spend_of(run, market="FR") <= today("@ FR") * 0.8 * (1 + 1e-9)
    assert spend_of(free, "tv") > today("tv") * 0.7 or spend_of(free, market="FR") > today("@ FR") * 0.8


def test_a_fixed_channel_is_fixed_over_all_markets_and_may_move_between_them(folder: Path) -> None:
    run, _ = planned(folder, PLAN + "  channels: {tv: {fixed: +0%}}\n")
    assert run.inputs.now is not None
    np.testing.assert_allclose(spend_of(run, "tv"), run.inputs.now[["tv @ DE", "tv @ FR"]].sum(), rtol=1e-6)


def test_a_channel_taken_off_is_off_in_every_market_and_its_limits_are_put_aside(folder: Path) -> None:
    text = PLAN.replace("exactly: +0%", "at_most: +0%") + "  channels: {tv: {at_least: -20%}}\n"
    run, _ = planned(folder, text + "scenarios:\n- {name: No tv, off: [tv]}\n", "what-if")
    (scenario,) = run.scenarios
    assert scenario.outcome is not None, scenario.problem
    assert scenario.outcome.spend[["tv @ DE", "tv @ FR"]].abs().max() == 0
    assert run.plan is not None
    assert run.plan.planned.spend[["tv @ DE", "tv @ FR"]].sum() > 0


@pytest.mark.parametrize(
    ("more", "line", "said"),
    [
        ("  now: {tv: 1, search: 1, radio: 1}\n", 17, "plan.now: is spend by channel, and present spend is needed by"),
        ("  new_channels: {pod: {like: tv, at_most: 10}}\n", 17, "plan.new_channels: have no market to begin in"),
        ("  schedule: {}\n", 17, "plan.schedule: divides the plan of one market between weeks"),
        ("  tests: {weeks: 2}\n", 17, "plan.tests: needs standard_error with several markets"),
        ("  channels: {tv: {zero_or_at_least: 5}}\n", 17, "plan.channels.tv.zero_or_at_least: is a price of entry"),
        ("  every_channel: {zero_or_at_least: 5}\n", 17, "plan.every_channel.zero_or_at_least: is a price of entry"),
        ("  risk: {worst: 0.2}\n  channels: {tv: {max_cac: 90}}\n", 18, "plan.channels.tv.max_cac: of a channel in"),
        ("  risk: {worst: 0.2}\n  markets: {DE: {max_cac: 90}}\n", 18, "plan.markets.DE.max_cac: cannot be kept in"),
        ("  markets: {FRA: {at_most: 5}}\n", 17, "plan.markets.FRA: unknown market 'FRA'. Did you mean 'FR'?"),
        ("  markets: {DE: {}}\n", 17, "plan.markets.DE: say at_least, at_most, max_cac"),
        ("  groups: {tv in all markets: {channels: [tv], at_most: 5}}\n", 17, "choose another name"),
        ("scenarios:\n- name: A\n  referral: {customers: 9, capacity: 5, tiers: [{reward: 9, share: 0.1, each: 1}]}\n", 19,
         "has no market to run in"),
        ("scenarios:\n- {name: A, instead: {markets: {XX: {at_most: 1}}}}\n", 18, "unknown market 'XX'. Markets: DE, FR."),
    ],
)  # fmt: skip
def test_what_several_markets_cannot_have_is_refused_by_line_before_sampling(
    folder: Path, more: str, line: int, said: str
) -> None:
    (folder / "plan.yaml").write_text(PLAN + more, encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        check_plan(folder / "plan.yaml")
    assert said in str(caught.value)
    assert f"plan.yaml:{line}: " in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("    geo: country\n", "", "population scales media between markets; name their column with geo"),
        ("    geo: country\n    population: people\n", "", "where they are markets, name their column: data.weekly.geo: country"),
        ("geo: country", "geo: county", "column 'county': is missing"),
        ("sensitivity: false", "sensitivity: false, likelihood: student_t", "set model.likelihood: normal, or sum"),
    ],
)  # fmt: skip
def test_a_table_of_markets_says_which_key_is_wrong(folder: Path, old: str, new: str, said: str) -> None:
    (folder / "plan.yaml").write_text(PLAN.replace(old, new), encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        check_plan(folder / "plan.yaml")
    assert said in in_words_of_the_file(str(caught.value))


def test_limits_of_markets_need_their_column(folder: Path) -> None:
    text = PLAN.replace("    geo: country\n    population: people\n", "") + "  markets: {DE: {at_most: 5}}\n"
    (folder / "plan.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=r"plan.yaml:15: plan.markets: limits markets; name their column"):
        read_config(folder / "plan.yaml")


def test_a_change_of_each_needs_present_spend_in_each_market(folder: Path) -> None:
    table = weekly()
    last = table["week"] > table["week"].unique()[-6]
    table.loc[last & (table["country"] == "FR"), "search"] = 0.0
    table.to_csv(folder / "weekly.csv", index=False)
    (folder / "plan.yaml").write_text(PLAN + "  change: {each: ±20%}\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"plan.change.each: .* there is none for search @ FR"):
        check_plan(folder / "plan.yaml")


def test_a_percentage_of_a_market_without_spend_is_said_with_keys_of_the_file(folder: Path) -> None:
    text = PLAN.replace("exactly: +0%", "at_most: +0%") + "  markets: {FR: {at_most: +10%}}\n"
    (folder / "plan.yaml").write_text(text, encoding="utf-8")
    own = markets()[1]
    section = by_cell(read_config(folder / "plan.yaml")[0], own).plan
    assert section is not None
    now = pd.Series({cell: 100.0 * (market == "DE") for cell, (_, market) in own.cells.items()})
    finding = present_spend(section, now, by_market=True)
    assert finding.channels == ("tv @ FR", "search @ FR")
    assert "Give an amount, in plan.channels or plan.markets" in finding.text
    assert present_spend(section, now + 1.0, by_market=True).passed


def markets() -> tuple[mmm.Panel, Markets]:
    panel = mmm.Panel.from_frame(weekly(), "week", "customers", ["tv", "search", "radio"], geo="country")
    return panel, markets_of(panel)


def test_a_test_of_one_market_measures_its_cell_alone_and_one_of_all_every_cell() -> None:
    panel, own = markets()
    one = mmm.LiftTest("tv", "2024-03-04", "2024-03-31", 100, 5, 1, "FR")
    whole = mmm.LiftTest("search", "2024-03-04", "2024-03-31", 100, 5, 1)
    abroad = mmm.LiftTest("radio", "2024-03-04", "2024-03-31", 100, 5, 1, "IT", 0.5)
    cells = [test.channel for test in lift_tests_by_cell((one, whole, abroad), panel, own)]
    assert cells == ["tv @ FR", "search @ DE", "search @ FR", "radio @ DE"]
    (told,) = findings_by_cell([Finding("follows_demand", False, 1.0, 0.0, "x", ("radio", "tv"))], own)
    assert told.channels == ("radio @ DE", "tv @ DE", "tv @ FR")
    np.testing.assert_allclose(spend_by_cell(panel, own).sum(axis=1), panel.national_spend.sum(axis=1))


def test_keys_of_channels_are_said_of_each_cell(folder: Path) -> None:
    more = "  custom: {carbon: {weights: {tv: 2, radio: 1}, at_most: +0%}}\n  hidden_demand: {channels: [tv]}\n"
    more += "  value_per_organic: 1\n  value_per_customer: {tv: 1, search: 2, radio: 3}\n"
    more += "scenarios:\n- {name: Dear, cost: {tv: +10%}}\n"
    (folder / "plan.yaml").write_text(
        PLAN.replace("customers\n  explore", "profit\n  explore") + more, encoding="utf-8"
    )
    config = by_cell(read_config(folder / "plan.yaml")[0], markets()[1])
    assert config.plan is not None
    assert config.plan.custom["carbon"].weights == {"tv @ DE": 2, "tv @ FR": 2, "radio @ DE": 1}
    assert config.plan.hidden_demand is not None
    assert config.plan.hidden_demand.channels == ["tv @ DE", "tv @ FR"]
    assert config.plan.value_per_customer == {
        "tv @ DE": 1,
        "tv @ FR": 1,
        "search @ DE": 2,
        "search @ FR": 2,
        "radio @ DE": 3,
    }
    assert config.scenarios[0].cost == {"tv @ DE": 0.1, "tv @ FR": 0.1}


def test_what_a_fit_knows_of_a_market_adds_up_to_what_it_knows_of_all(folder: Path) -> None:
    config, document = read_config(folder / "plan.yaml")
    inputs = read_inputs(config, document)
    posterior, panel = _stand_in(config, inputs, folder, None), inputs.panel
    assert panel is not None
    assert isinstance(inputs.upcoming, dict)
    level, parts = panel.level(), panel.spend.sum(axis=1) / panel.spend.sum(axis=(0, 1))
    curves, whole = posterior.curves_by_geo(weeks=4), posterior.curves(weeks=4)
    assert [list(curves[geo]) for geo in panel.geos] == [["tv", "search", "radio"], ["tv", "search"]]
    for place, channel in enumerate(panel.channels):
        own = [curves[geo][channel](4 * level[channel] * part)
               for geo, part in zip(panel.geos, parts[:, place], strict=True) if part > 0]  # fmt: skip
        np.testing.assert_allclose(np.sum(own, axis=0), whole[channel](4 * level[channel]), rtol=1e-9)
    alike = posterior.organic(4, inputs.upcoming["DE"])
    same = posterior.organic(4, dict.fromkeys(panel.geos, inputs.upcoming["DE"]))
    np.testing.assert_array_equal(alike.by_geo, same.by_geo)
    other = posterior.organic(4, {"DE": inputs.upcoming["DE"], "FR": inputs.upcoming["DE"] + 1.0})
    np.testing.assert_array_equal(other.by_geo[:, 0], same.by_geo[:, 0])
    assert np.all(other.by_geo[:, 1] != same.by_geo[:, 1])
    with pytest.raises(BadInput, match="coming controls: lack FR"):
        posterior.organic(4, {"DE": inputs.upcoming["DE"]})


GIVEN = "market,channel,spend\nFR,tv,1\nFR,search,2\nDE,tv,3\nDE,radio,4\nDE,search,5\nFR,radio,0\n"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("FR,radio,0", "FR,radio,7", "row 7: spends on radio in FR, where it never spent"),
        ("DE,tv,3\n", "", "lacks tv @ DE"),
        ("DE,tv,3", "DK,tv,3", "column 'market', row 4: unknown 'DK'"),
        ("DE,tv,3", "DE,tvv,3", "column 'channel', row 4: unknown 'tvv'. Remedy: did you mean 'tv'?"),
        ("DE,tv,3", "FR,tv,3", "FR"),
    ],
)
def test_a_given_plan_names_every_channel_in_every_market(tmp_path: Path, old: str, new: str, said: str) -> None:
    (tmp_path / "b.csv").write_text(GIVEN, encoding="utf-8")
    read = read_given_by_market(GivenTable(path=Path("b.csv")), tmp_path, markets()[1])
    assert read.spend.to_dict() == {"tv @ DE": 3, "search @ DE": 5, "radio @ DE": 4, "tv @ FR": 1, "search @ FR": 2}
    (tmp_path / "b.csv").write_text(GIVEN.replace(old, new), encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        read_given_by_market(GivenTable(path=Path("b.csv")), tmp_path, markets()[1])
    assert said in str(caught.value)


def test_money_that_delivered_nothing_in_a_market_is_refused() -> None:
    table = weekly()
    table["seen"] = table["tv"] * (table["country"] == "DE")
    media = {"tv": mmm.Exposure("tv", "seen"), "search": "search"}
    panel = mmm.Panel.from_frame(table, "week", "customers", media, geo="country")
    with pytest.raises(BadInput, match="tv spent in FR and delivered nothing there"):
        markets_of(panel)


def test_names_that_would_be_one_cell_are_refused() -> None:
    table = weekly().rename(columns={"tv": "a", "search": "a @ x"}).replace({"country": {"DE": "x @ y", "FR": "y"}})
    panel = mmm.Panel.from_frame(table, "week", "customers", ["a", "a @ x"], geo="country")
    with pytest.raises(BadInput, match="two cells of the plan would be called 'a @ x @ y'"):
        markets_of(panel)


def test_several_markets_are_sealed_and_reviewed(folder: Path) -> None:
    run, output = planned(folder, PLAN)
    assert run.forecast is not None
    frame = pd.read_csv(run_folder(output) / "forecast.csv")
    total = frame[frame["week"] == "all"].set_index("channel")
    for channel in ("tv", "search", "radio"):
        assert total.loc[channel, "spend"] == pytest.approx(spend_of(run, channel))
    seal(output, "Q")
    course, dates = run.forecast.course, run.forecast.forecast.dates
    parts = []
    for geo, market in enumerate(("DE", "FR")):
        spend = pd.DataFrame(course.spend[geo], columns=["tv", "search", "radio"])
        price = course.controls[market]["price"].to_numpy()  # type: ignore[call-overload, index]
        parts.append(spend.assign(week=dates, country=market, price=price, customers=400.0 + geo))
    table = pd.concat(parts, ignore_index=True)

    def reviewed(table: pd.DataFrame) -> Review:
        table.to_csv(folder / "came.csv", index=False)
        return review(output, str(folder / "came.csv"), progress=Progress(io.StringIO()))

    same = reviewed(table)
    assert same.bridge.residual < 1e-9
    assert same.bridge.causes["mix"] == pytest.approx(0, abs=1e-3)
    assert same.bridge.actual == pytest.approx(4 * 801)
    moved = table.assign(tv=table["tv"].to_numpy()[np.r_[4:8, 0:4]])  # the same money in the other country
    assert reviewed(moved).bridge.causes["level of spend"] == pytest.approx(0, abs=1e-3)
    with pytest.raises(BadInput, match="names IT, which the plan does not have"):
        reviewed(table.replace({"country": {"FR": "IT"}}))
    with pytest.raises(BadInput, match="lacks 1 week of FR"):
        reviewed(table.drop(index=5))

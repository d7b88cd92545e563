"""Plans as Robyn, Meridian and PyMC-Marketing write them become spend over the horizon, or say what they lack."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import netCDF4
import numpy as np
import pandas as pd
import pytest

import mmm
from attribution.errors import BadInput
from optimizer.planning.file.keys.plan import GivenTable
from optimizer.planning.file.markets import Markets
from optimizer.planning.inputs.given_by_market import read_given_by_market
from optimizer.planning.inputs.given_tables import Given, read_given
from optimizer.planning.outputs.given_in_words import said_of_the_table

CHANNELS = ["tv", "search"]
COLUMNS = {"tv_S": "tv", "search_S": "search"}


def panel(days: int = 7) -> mmm.Panel:
    weeks = pd.DataFrame(
        {"week": pd.date_range("2024-01-01", periods=60 * 7 // days, freq=f"{days}D"), "kpi": 100.0 + np.arange(60 * 7 // days) % 7}
    ).assign(tv=10.0 + np.arange(60 * 7 // days) % 5, search=5.0)  # fmt: skip
    return mmm.Panel.from_frame(weeks, "week", "kpi", CHANNELS)


def read(path: Path, days: int = 7, **keys: Any) -> Given:
    return read_given(GivenTable(path=Path(path.name), **keys), path.parent, panel(days), horizon=13, columns=COLUMNS)


def netcdf(path: Path, form: Any, variables: dict[str, tuple[tuple[str, ...], Any]], **attributes: str) -> Path:
    """A file as xarray writes it: texts whole in NetCDF 4, letter by letter in NetCDF 3."""
    with netCDF4.Dataset(str(path), "w", format=form) as file:
        for dims, values in variables.values():
            for dim, size in zip(dims, np.shape(values), strict=True):
                if dim not in file.dimensions:
                    file.createDimension(dim, size)
        for name, (dims, values) in variables.items():
            array = np.asarray(values)
            if array.dtype.kind != "U":
                file.createVariable(name, "f8", dims)[:] = array
            elif form == "NETCDF4":
                file.createVariable(name, str, dims)[:] = array.astype(object)
            else:
                letters = netCDF4.stringtochar(np.char.encode(array, "utf-8"))
                file.createDimension(f"string_{name}", letters.shape[-1])
                file.createVariable(name, "S1", (*dims, f"string_{name}"))[:] = letters
        file.setncatts(attributes)
    return path


@pytest.mark.parametrize(
    ("periods", "times"), [("52 weeks", 13.0), ("365 days", 91.0), ("12 months", 13 * 7 * 12 / 365.25)]
)
def test_robyn_s_spend_per_period_is_summed_over_the_horizon(tmp_path: Path, periods: str, times: float) -> None:
    table = pd.DataFrame({
        "solID": "1_2_3", "channels": ["search_S", "tv_S"], "periods": periods, "initSpendUnit": [9.0, 9.0],
        "optmSpendUnit": [20.25, 100.5], "optmSpendUnitUnbound": [1.0, 2.0], "optmCPAUnit": [1.0, 1.0],
    }, index=["1", "2"])  # fmt: skip
    table.to_csv(tmp_path / "1_2_3_reallocated.csv")  # row names in a column without name, as R writes them
    given = read(tmp_path / "1_2_3_reallocated.csv")
    assert given.spend.to_dict() == pytest.approx({"tv": 100.5 * times, "search": 20.25 * times})
    assert given.says.startswith("Read as a plan of Robyn: optmSpendUnit is spend per ")
    assert "for 13 weeks of the plan" in given.says
    stated = read(tmp_path / "1_2_3_reallocated.csv", weeks=2)
    assert stated.spend["tv"] == pytest.approx(100.5 * 6.5)


@pytest.mark.parametrize("form", ["NETCDF4", "NETCDF3_64BIT"])
def test_meridian_s_dataset_carries_its_own_dates(tmp_path: Path, form: Any) -> None:
    variables = {
        "channel": (("channel",), ["tv", "search"]),
        "metric": (("metric",), ["mean", "median"]),
        "spend": (("channel",), [5200.0, 520.0]),
        "pct_of_spend": (("channel",), [0.9, 0.1]),
        "incremental_outcome": (("channel", "metric"), [[1.0, 2.0], [3.0, 4.0]]),
    }
    path = netcdf(tmp_path / "plan.nc", form, variables, start_date="2023-01-02", end_date="2023-12-25")
    given = read(path)
    assert given.spend.to_dict() == pytest.approx({"tv": 1300.0, "search": 130.0})
    assert "2023-01-02 to 2023-12-25, 52 weeks" in given.says


def test_meridian_s_table_needs_its_weeks_and_names_a_channel_once_for_each_metric(tmp_path: Path) -> None:
    rows = [(c, m, s) for c, s in (("tv", 5200.0), ("search", 520.0)) for m in ("mean", "median", "ci_lo", "ci_hi")]
    table = pd.DataFrame(rows, columns=["channel", "metric", "spend"]).assign(pct_of_spend=0.5, incremental_outcome=1.0)
    table.to_csv(tmp_path / "plan.csv", index=False)
    with pytest.raises(BadInput, match=r"plan.csv, column 'spend': is Meridian's.*--weeks 52"):
        read(tmp_path / "plan.csv")
    assert read(tmp_path / "plan.csv", weeks=52).spend.to_dict() == pytest.approx({"tv": 1300.0, "search": 130.0})
    table.loc[1, "spend"] = 7.0  # two amounts of one channel are no repetition
    table.to_csv(tmp_path / "plan.csv", index=False)
    with pytest.raises(BadInput, match="tv"):
        read(tmp_path / "plan.csv", weeks=52)


@pytest.mark.parametrize("days", [7, 1])
@pytest.mark.parametrize("name", ["__xarray_dataarray_variable__", "allocation", "optimal"])
def test_pymc_marketing_s_allocation_is_per_period(tmp_path: Path, name: str, days: int) -> None:
    variables = {"channel": (("channel",), ["search", "tv"]), name: (("channel",), [2.0, 10.0])}
    path = netcdf(tmp_path / "allocation.nc", "NETCDF4", variables)
    periods = 13 * 7 / days
    assert read(path, days).spend.to_dict() == pytest.approx({"tv": 10 * periods, "search": 2 * periods})
    if name == "allocation":
        pd.DataFrame({"channel": ["search", "tv"], name: [2.0, 10.0]}).to_csv(tmp_path / "a.csv", index=False)
        assert read(tmp_path / "a.csv", days).spend.to_dict() == pytest.approx(
            {"tv": 10 * periods, "search": 2 * periods}
        )


def test_an_allocation_by_geo_is_one_by_market_and_a_plan_without_markets_is_refused(tmp_path: Path) -> None:
    cells = {"tv | DE": ("tv", "DE"), "tv | FR": ("tv", "FR")}
    markets: Any = SimpleNamespace(cells=cells, names=("DE", "FR"), channels=("tv",))
    assert set(vars(markets)) <= {*dir(Markets), *Markets.__dataclass_fields__}
    variables = {
        "geo": (("geo",), ["FR", "DE"]),
        "channel": (("channel",), ["tv"]),
        "allocation": (("geo", "channel"), [[3.0], [4.0]]),
    }
    netcdf(tmp_path / "a.nc", "NETCDF4", variables)
    given = read_given_by_market(GivenTable(path=Path("a.nc")), tmp_path, markets, horizon=10)
    assert given.spend.to_dict() == {"tv | DE": 40.0, "tv | FR": 30.0}
    (tmp_path / "r.csv").write_text("channels,periods,optmSpendUnit\ntv,52 weeks,3\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"r.csv: is by channel alone.*divide each channel's spend"):
        read_given_by_market(GivenTable(path=Path("r.csv")), tmp_path, markets, horizon=10)


def test_a_table_of_nobody_says_what_plans_are_known_by(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text("medium,money\ntv,1\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"column 'spend': is missing(.|\n)*optmSpendUnit(.|\n)*pct_of_spend"):
        read(tmp_path / "b.csv")
    (tmp_path / "torn.nc").write_bytes(b"CDF\x01 and then nothing")
    with pytest.raises(BadInput, match=r"torn.nc: is no NetCDF file that can be read"):
        read(tmp_path / "torn.nc")
    with pytest.raises(BadInput, match=r"none.nc: does not exist"):
        read(tmp_path / "none.nc")
    netcdf(tmp_path / "other.nc", "NETCDF4", {"x": (("t",), [1.0])})
    with pytest.raises(BadInput, match=r"other.nc: has no spend by channel. Remedy: its variables: x; plans are known"):
        read(tmp_path / "other.nc")


def test_own_tables_stay_as_they_are_and_name_channels_either_way_but_not_twice(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text("channel,spend\ntv_S,1\nsearch,2\n", encoding="utf-8")
    given = read(tmp_path / "b.csv")
    assert (given.spend.to_dict(), given.says) == ({"tv": 1.0, "search": 2.0}, "")
    assert read(tmp_path / "b.csv", weeks=26).spend["search"] == pytest.approx(1.0)
    (tmp_path / "b.csv").write_text("channel,spend\ntv_S,1\nsearch,2\ntv,3\n", encoding="utf-8")
    with pytest.raises(BadInput, match="names tv twice, once by its column of spend"):
        read(tmp_path / "b.csv")


@pytest.mark.parametrize(("times", "told"), [(0.2, True), (0.5, False), (2.0, False), (4.0, True)])
def test_a_sum_of_another_length_is_told(times: float, told: bool) -> None:
    now = pd.Series({"tv": 100.0, "search": 50.0})
    given: Any = SimpleNamespace(says="", outcome=SimpleNamespace(spend=now * times))
    plan: Any = SimpleNamespace(now=SimpleNamespace(spend=now))
    assert [("--weeks" in line) for line in said_of_the_table(given, plan)] == [True] * told

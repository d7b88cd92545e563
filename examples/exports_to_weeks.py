"""From exports to the weekly table: the last year of the shipped quarter, taken apart and put together again.

Writes its spend and customers as Google Ads, Meta, a TV agency and a shop would hand them out, lets
`cac import` write the plan file, names the channels, and holds the assembled weeks against the table they came from.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from optimizer.planning.file.config import read_config
from optimizer.planning.importer import import_folder
from optimizer.planning.inputs.inputs import read_inputs

WEEKLY = pd.read_csv(Path(__file__).parent / "quarter" / "weekly.csv", parse_dates=["week"], index_col="week").tail(52)
CHANNELS = ["brand_search", "generic_search", "paid_social", "tv"]


def by_day(column: str) -> pd.Series:
    """Each week's amount on its seven days, to the cent; what the division leaves is in the last of them."""
    cents = (WEEKLY[column] * 100).round().astype(int)
    days = np.repeat(cents.to_numpy() // 7, 7).reshape(-1, 7)
    days[:, -1] += cents.to_numpy() % 7
    return pd.Series(days.ravel() / 100, pd.date_range(WEEKLY.index[0], periods=days.size))


def write_exports(folder: Path) -> None:
    search = pd.concat(
        {"DE | Brand | Exact": by_day("brand_search"), "DE | Generic": by_day("generic_search")}
    ).reset_index()
    search.columns = ["Campaign", "Day", "Cost"]
    search.assign(**{"Currency code": "EUR"}).to_csv(folder / "google-ads.csv", index=False)

    (folder / "meta").mkdir()
    for year, part in by_day("paid_social").groupby(lambda day: day.year):
        day = part.index.strftime("%Y-%m-%d")
        columns = {"Reporting starts": day, "Reporting ends": day, "Campaign name": "Always on"}
        table = pd.DataFrame({**columns, "Amount spent (EUR)": part.to_numpy()})
        table.to_csv(folder / "meta" / f"{year}.csv", index=False)

    tv = WEEKLY["tv"].rename("net").rename_axis("week of")
    tv.to_csv(folder / "tv-agency.csv")

    week = WEEKLY.index.repeat(WEEKLY["new_customers"].astype(int))
    number = np.arange(len(week))
    orders = pd.DataFrame({"order_id": number, "date": week + pd.to_timedelta(number % 7, unit="D")})
    again = orders.sample(frac=0.2, random_state=0).assign(order_id=lambda table: table["order_id"] + len(week))
    orders = pd.concat([orders, again.assign(date=again["date"] + pd.Timedelta(days=60))])  # some buy twice
    people = orders["order_id"] % len(week)
    orders.assign(customer_id=people)[orders["date"] < week[-1] + pd.Timedelta(days=7)].to_parquet(
        folder / "orders.parquet"
    )


def main() -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_exports(folder)
        files, plan = import_folder(folder)
        for file in files:
            print(f"{file.path}: {file.kind} {file.text}".replace(":  ", ": "))

        text = plan.read_text(encoding="utf-8")
        text = text.replace('{"*": google_ads}', '{"*| Brand |*": brand_search, "*": generic_search}')
        text = text.replace('{"*": meta_ads}', '{"*": paid_social}')
        tv = '    - {path: tv-agency.csv, date: "week of", amount: net, channel: tv, spread: week}\n'
        plan.write_text(text.replace("  outcome:\n", f"{tv}  outcome:\n"), encoding="utf-8")

        inputs = read_inputs(*read_config(plan))
    assembled = inputs.assembled.weekly.set_index("week")
    print("\n".join(["", *inputs.passed_over, *inputs.assumptions]))
    lost = (assembled[CHANNELS] - WEEKLY.loc[assembled.index, CHANNELS]).abs().to_numpy().max()
    missed = (assembled["new_customers"] - WEEKLY.loc[assembled.index, "new_customers"]).abs().max()
    print(f"\n{len(assembled)} weeks; spend of a week is off by {lost:.2f} EUR at most, new customers by {missed:.0f}.")


if __name__ == "__main__":
    main()

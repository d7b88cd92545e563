"""Synthetic exports in the shape that each platform writes, all of one simulated company."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

DAYS = pd.date_range("2024-01-01", "2025-06-29")
"""546 days; the first is a Monday, the last a Sunday: 78 whole weeks."""


def _spend(seed: int, low: float = 20, high: float = 400) -> np.ndarray:
    return np.random.default_rng(seed).uniform(low, high, len(DAYS)).round(2)


def _english(amount: float) -> str:
    return f"{amount:,.2f}"


def _lines(path: Path, lines: list[str], encoding: str = "utf-8") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode(encoding))
    return path


def google_ads(folder: Path) -> tuple[Path, float]:
    """The interface's own CSV: UTF-16, tabs, two lines of preamble, totals."""
    brand, other = _spend(1), _spend(2, high=3000)
    head = ["Campaign report", "January 1, 2024 - June 29, 2025"]
    head.append("\t".join(["Campaign", "Day", "Currency code", "Cost", "Impr.", "Clicks", "CTR"]))
    rows = []
    for day, first, second in zip(DAYS, brand, other, strict=True):
        rows.append(
            "\t".join(["DE | Brand | Exact", f"{day:%Y-%m-%d}", "EUR", _english(first), "1,200", "60", "5.00%"])
        )
        rows.append("\t".join(["DE | Generic", f"{day:%Y-%m-%d}", "EUR", _english(second), "9,000", "90", "1.00%"]))
    total = float(brand.sum() + other.sum())
    rows += [
        "\t".join([f"Total: {what}", " --", "EUR", _english(total), "--", "--", "--"])
        for what in ("Campaigns", "Account")
    ]
    return _lines(folder / "google-ads.csv", [*head, *rows], "utf-16"), total


def google_ads_api(folder: Path) -> tuple[Path, float]:
    """Rows of a data transfer, with money in millionths."""
    spent = _spend(3)
    frame = pd.DataFrame({"segments_date": DAYS, "customer_id": 12, "campaign_name": "Search", "metrics_clicks": 5})
    frame["metrics_cost_micros"] = np.rint(spent * 1e6).astype(int)
    frame["metrics_impressions"] = 100
    frame.to_parquet(folder / "transfer.parquet")
    return folder / "transfer.parquet", float(spent.sum())


def microsoft_ads(folder: Path) -> tuple[Path, float]:
    """A report with a preamble, American dates, a line of totals and one of copyright."""
    spent = _spend(4)
    head = [
        '"Report Name: Campaigns, daily"',
        '"Report Time: 1/1/2024 - 6/29/2025"',
        '"Time Zone: Berlin"',
        '"Rows: 545"',
        "",
    ]
    head.append("Gregorian date,Account name,Campaign name,Impressions,Clicks,Spend,Currency code")
    rows = [
        f'{day.month}/{day.day}/{day.year},Acme,"Search, DE",500,20,"{_english(amount)}",EUR'
        for day, amount in zip(DAYS, spent, strict=True)
    ]
    tail = [f'Total,,,,,"{_english(spent.sum())}",', "", '"©2026 Microsoft Corporation. All rights reserved. "']
    return _lines(folder / "microsoft.csv", [*head, *rows, *tail], "utf-8-sig"), float(spent.sum())


def meta_ads(folder: Path) -> tuple[Path, float]:
    """Two files by quarter of years, the currency in the header, a line of sums without names on top."""
    spent = _spend(5)
    half = len(DAYS) // 2
    for name, part in (("a", slice(0, half)), ("b", slice(half, None))):
        days, amounts = DAYS[part], spent[part]
        head = ["Reporting starts,Reporting ends,Campaign name,Amount spent (EUR),Impressions,Link clicks"]
        head.append(f"{days[0]:%Y-%m-%d},{days[-1]:%Y-%m-%d},,{amounts.sum():.2f},0,0")
        rows = [f"{day:%Y-%m-%d},{day:%Y-%m-%d},Prospecting,{a},900,9" for day, a in zip(days, amounts, strict=True)]
        _lines(folder / "meta" / f"{name}.csv", [*head, *rows])
    return folder / "meta" / "*.csv", float(spent.sum())


def meta_ads_breakdown(folder: Path) -> tuple[Path, float]:
    """The breakdown for mix models: a row per day and platform."""
    spent = _spend(6)
    head = ["Account ID,Campaign name,Country,Publisher platform,Device platform,Day,Amount spent (EUR),Impressions"]
    rows = [
        f"77,Always on,DE,{platform},mobile_app,{day:%Y-%m-%d},{a},10"
        for day, a in zip(DAYS, spent, strict=True)
        for platform in ("facebook", "instagram")
    ]
    return _lines(folder / "meta-mmm.csv", [*head, *rows]), float(2 * spent.sum())


def tiktok_ads(folder: Path) -> tuple[Path, float]:
    """Days without spend are simply not there; a line of totals closes the file."""
    spent = _spend(7)
    keep = np.arange(len(DAYS)) % 5 != 3
    keep[[0, -1]] = True
    head = ["By Day,Campaign name,Cost,Impressions,Clicks (destination),Currency"]
    rows = [f"{day:%Y-%m-%d},UGC,{a},5000,70,EUR" for day, a in zip(DAYS[keep], spent[keep], strict=True)]
    total = float(spent[keep].sum())
    return _lines(folder / "tiktok.csv", [*head, *rows, f"Total of {keep.sum()} results,,{total:.2f},,,"]), total


def linkedin_ads(folder: Path) -> tuple[Path, float]:
    """Days in UTC, in American order, money in dollars."""
    spent = _spend(8)
    head = ["Campaign Performance Report (in UTC)", '"Report Start: January 1, 2024, 12:00 AM"', ""]
    head.append("Start Date (in UTC),Account Name,Currency,Campaign Name,Total Spent,Impressions,Clicks")
    rows = [f'{d:%m/%d/%Y},Acme,USD,Leads,"{_english(a)}",100,4' for d, a in zip(DAYS, spent, strict=True)]
    return _lines(folder / "linkedin.csv", [*head, *rows]), float(spent.sum())


def dbt_ad_reporting(folder: Path) -> tuple[Path, float]:
    """All platforms in one table."""
    spent = _spend(9)
    frame = pd.concat(
        [
            pd.DataFrame(
                {
                    "date_day": DAYS,
                    "platform": name,
                    "account_id": "1",
                    "campaign_name": "All",
                    "clicks": 3,
                    "impressions": 30,
                }
            ).assign(spend=spent)
            for name in ("pinterest_ads", "snapchat_ads")
        ]
    )
    frame.to_csv(folder / "ad_reporting.csv", index=False)
    return folder / "ad_reporting.csv", float(2 * spent.sum())


def tv_invoices(folder: Path) -> tuple[Path, float]:
    """A sheet of monthly money, beside another sheet."""
    months = pd.date_range("2024-01-01", "2025-06-01", freq="MS")
    spent = np.random.default_rng(10).uniform(5e3, 9e4, len(months)).round(2)
    with pd.ExcelWriter(folder / "tv-invoices.xlsx") as book:
        pd.DataFrame({"month": months.strftime("%Y-%m"), "net": spent}).to_excel(book, sheet_name="2026", index=False)
        pd.DataFrame({"remarks": ["none"]}).to_excel(book, sheet_name="notes", index=False)
    return folder / "tv-invoices.xlsx", float(spent.sum())


def orders(folder: Path, per_day: int = 10) -> Path:
    """Orders with lines, people who come again, and refunds; Parquet."""
    random = np.random.default_rng(11)
    days = np.repeat(DAYS, random.poisson(per_day, len(DAYS)))
    frame = pd.DataFrame({"order_id": np.arange(len(days)), "date": days, "value": 50.0})
    frame["customer_id"] = np.where(
        random.random(len(days)) < 0.2, random.integers(0, 500, len(days)), 1000 + frame.index
    )
    lines = pd.concat([frame, frame.sample(frac=0.3, random_state=1)])
    lines.to_parquet(folder / "orders.parquet", index=False)
    return folder / "orders.parquet"


SPEND: dict[str, Callable[[Path], tuple[Path, float]]] = {
    make.__name__: make
    for make in (
        google_ads, google_ads_api, microsoft_ads, meta_ads, meta_ads_breakdown, tiktok_ads, linkedin_ads, dbt_ad_reporting,
    )
}  # fmt: skip
"""Name -> what writes the export into a folder, and gives its path and all its spend."""


def shopify_orders(folder: Path) -> tuple[Path, dict[str, int]]:
    """One row per line item: two lines in every third order, every tenth cancelled, every seventh refunded whole."""
    head = "Name,Email,Financial Status,Paid at,Currency,Total,Created at,Lineitem quantity,Lineitem name,Refunded Amount,Cancelled at"
    rows, first, people = [], 0, set[int]()
    for number, day in enumerate(DAYS.repeat(3)):
        person = number % 1000
        gone, back = number % 10 == 9, number % 7 == 6
        at = f"{day:%Y-%m-%d} 12:00:00 +0100"
        mail = f"P{person}@Example.com" if number % 2 else f"p{person}@example.com"
        cancelled, refunded = at if gone else "", "80.00" if back else "0.00"
        rows.append(f"#{number},{mail},paid,{at},EUR,80.00,{at},1,Shirt,{refunded},{cancelled}")
        if number % 3 == 0:
            rows.append(f"#{number},{mail},,,,,,2,Socks,,")
        if not gone and not back and person not in people:
            people.add(person)
            first += 1
    counted = sum(number % 10 != 9 and number % 7 != 6 for number in range(3 * len(DAYS)))
    return _lines(folder / "shopify.csv", [head, *rows]), {"orders": counted, "new": first}


def stripe_payments(folder: Path) -> tuple[Path, dict[str, int]]:
    """Payments, of which every fifth failed, every seventh was paid back whole and every third in part."""
    head = "id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Status,Customer ID,Customer Email"
    rows, won, people = [], 0, set[int]()
    for number, day in enumerate(DAYS.repeat(3)):
        person, failed, back = number % 1000, number % 5 == 4, number % 7 == 6
        refunded = "25.00" if back else "5.00" if number % 3 == 0 else "0.00"
        status = "Failed" if failed else "Refunded" if back else "Paid"
        at = f"{day:%Y-%m-%d} 12:00:00"
        rows.append(f"ch_{number},{at},25.00,{refunded},eur,true,{status},cus_{person},p{person}@example.com")
        if not failed and not back:
            won += 1
            people.add(person)
    return _lines(folder / "unified_payments.csv", [head, *rows]), {"orders": won, "new": len(people)}


def hubspot_deals(folder: Path) -> tuple[Path, dict[str, int]]:
    """Deals of companies, of which every other one is won."""
    head = "Record ID,Deal Name,Deal Stage,Close Date,Amount,Associated Company IDs (Primary)"
    stages = ("Closed Won", "Closed Lost", "Closed Won", "Proposal")
    rows = [
        f"{number},Deal {number},{stages[number % 4]},{day:%Y-%m-%d} 10:30,900,{number % 800}"
        for number, day in enumerate(DAYS.repeat(4))
    ]
    rows.append("99999,Open deal,Proposal,,,12")
    won = [number for number in range(4 * len(DAYS)) if number % 2 == 0]
    return _lines(folder / "hubspot.csv", [head, *rows]), {"orders": len(won), "new": len({n % 800 for n in won})}


def ga4_events(folder: Path) -> tuple[Path, dict[str, int]]:
    """Events with nested parameters; some purchases are sent twice, some are refunded."""
    events: list[dict[str, object]] = []

    def event(name: str, day: pd.Timestamp, person: int, transaction: str | None, value: float | None) -> None:
        parameters = [
            {"key": "ga_session_id", "value": {"string_value": None, "int_value": 7, "double_value": None}},
            {"key": "value", "value": {"string_value": None, "int_value": None, "double_value": value}},
        ]
        events.append(
            {
                "event_date": f"{day:%Y%m%d}",
                "event_timestamp": day.value // 1000 + 43_200_000_000,
                "event_name": name,
                "user_pseudo_id": f"{person}.1",
                "event_params": parameters if value is not None else [],
                "ecommerce": {"transaction_id": transaction, "purchase_revenue": value},
            }
        )

    for number, day in enumerate(DAYS.repeat(2)):
        person = number % 700
        event("page_view", day, person, None, None)
        event("purchase", day, person, f"T{number}", 30.0)
        if number % 11 == 0:
            event("purchase", day, person, f"T{number}", 30.0)
        if number % 13 == 5:
            event("refund", day, person, f"T{number}", 30.0 + 30.0 * (number % 11 == 0))
    pd.DataFrame(events).to_parquet(folder / "events.parquet")
    kept = [number for number in range(2 * len(DAYS)) if number % 13 != 5]
    return folder / "events.parquet", {"orders": len(kept), "new": len({number % 700 for number in kept})}


def ga4_exploration(folder: Path) -> tuple[Path, dict[str, int]]:
    """An exploration as CSV: lines that begin with #, days without signs, a grand total."""
    counts = np.random.default_rng(12).poisson(30, len(DAYS))
    head = ["# ----------------------------------------", "# Free form 1", f"# {DAYS[0]:%Y%m%d}-{DAYS[-1]:%Y%m%d}", ""]
    rows = [f"{day:%Y%m%d},{count * 9},{count}" for day, count in zip(DAYS, counts, strict=True)]
    lines = [*head, "Date,Sessions,Key events", f"Grand total,{counts.sum() * 9},{counts.sum()}", *rows]
    return _lines(folder / "exploration.csv", lines), {"orders": int(counts.sum())}


ORDERS: dict[str, Callable[[Path], tuple[Path, dict[str, int]]]] = {
    make.__name__: make for make in (shopify_orders, stripe_payments, hubspot_deals, ga4_events)
}
"""Kind -> what writes the export into a folder, and gives its path and what there is to count."""

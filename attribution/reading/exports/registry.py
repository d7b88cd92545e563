"""All kinds of exports that are known, and what a file is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeVar, cast

from attribution.errors import BadInput, Problem, UnknownName
from attribution.reading.addresses import address_of
from attribution.reading.encodings import in_encoding
from attribution.reading.exports.advertising import Advertising, Reading
from attribution.reading.exports.amounts import Marks
from attribution.reading.exports.dbt_ad_reporting import DBT_AD_REPORTING
from attribution.reading.exports.export import Export
from attribution.reading.exports.ga4 import GA4_EVENTS, is_ga4_events, read_ga4_events
from attribution.reading.exports.google_ads import GOOGLE_ADS
from attribution.reading.exports.header import header_of
from attribution.reading.exports.hubspot_deals import HUBSPOT_DEALS
from attribution.reading.exports.lines import lines_of
from attribution.reading.exports.linkedin_ads import LINKEDIN_ADS
from attribution.reading.exports.meta_ads import META_ADS
from attribution.reading.exports.microsoft_ads import MICROSOFT_ADS
from attribution.reading.exports.order_tables import OrderReading, OrderTable
from attribution.reading.exports.orders import Orders
from attribution.reading.exports.shopify_orders import SHOPIFY_ORDERS
from attribution.reading.exports.stripe_payments import STRIPE_PAYMENTS
from attribution.reading.exports.tiktok_ads import TIKTOK_ADS

__all__ = ["ADVERTISING", "ORDERS", "read_export", "read_orders", "recognise"]

ADVERTISING = {
    kind.name: kind for kind in (GOOGLE_ADS, MICROSOFT_ADS, META_ADS, TIKTOK_ADS, LINKEDIN_ADS, DBT_AD_REPORTING)
}
"""Kinds of spend by name."""

_ORDER_TABLES = {kind.name: kind for kind in (SHOPIFY_ORDERS, STRIPE_PAYMENTS, HUBSPOT_DEALS)}
_ANY_ORDERS = OrderTable(
    "orders",
    "table of orders",
    {
        "date": ("date", "order date", "created at", "day", "time", "bestelldatum", "auftragsdatum", "datum"),
        "order": ("order id", "order", "order number", "bestellnummer", "auftragsnummer"),
        "person": ("customer id", "person", "email", "user", "kundennummer", "e mail"),
        "value": ("value", "amount", "total", "gesamtbetrag", "betrag", "summe"),
        "currency": ("currency", "currency code", "währung"),
        "status": ("order status", "status", "financial status", "bestellstatus", "auftragsstatus"),
    },
    doubtful=r"cancel|void|refund|return|fail|declin|reject|draft|expired|trash|charge.?back|lost|storn|erstatt|abgelehnt",
)
ORDERS = (*_ORDER_TABLES, GA4_EVENTS, _ANY_ORDERS.name)
"""Names of the kinds of orders; ``orders`` is any table whose columns are named."""


def recognise(source: str | os.PathLike[str]) -> str | None:
    """The kind of a file by the names of its columns; None where it is of no known kind.

    Raises
    ------
    BadInput
        A file that cannot be read, or that fits several kinds.
    """
    if address_of(source).form in ("parquet", "json") and is_ga4_events(source):
        return GA4_EVENTS
    file = lines_of(source)
    kinds: list[Advertising | OrderTable] = [*ADVERTISING.values(), *_ORDER_TABLES.values()]
    fitting = [kind.name for kind in kinds if kind.fits(file)]
    fitting += [GA4_EVENTS] if not fitting and is_ga4_events(source) else []
    if len(fitting) > 1:
        text = f"may be of kind {' or '.join(fitting)}."
        raise BadInput(Problem(file.name, text, remedy="say which with kind."))
    if not fitting and header_of(file, _ANY_ORDERS.columns, [("date",), ("order",), ("person",)]) is not None:
        return _ANY_ORDERS.name
    return fitting[0] if fitting else None


def read_export(
    source: object,
    kind: str | Advertising | None = None,
    date_format: str | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    covers: str | None = None,
    encoding: str | None = None,
) -> Export:
    """Spend of an advertising platform's export as a long table.

    Parameters
    ----------
    source
        CSV in UTF-8 or UTF-16, xlsx, Parquet, ``file.duckdb::table``, or a pandas, polars or Arrow table.
    kind
        ``"google_ads"``, ``"microsoft_ads"``, ``"meta_ads"``, ``"tiktok_ads"``, ``"linkedin_ads"``,
        ``"dbt_ad_reporting"``, or what :func:`table_of_spend` makes; None: by the names of its columns.
    date_format
        ``strptime`` pattern of its dates, where they are others than the platform's own.
    decimal, thousands
        Signs of its numbers, where they are others than 1,234.50.
    covers
        ``"week"`` or ``"month"`` where each row holds so much from its date on.
    encoding
        Of a CSV file that is neither UTF-8 nor UTF-16 with its mark, such as ``"cp1252"``.

    Raises
    ------
    BadInput
        Every problem of the file; where it is of another kind, the columns that identify the one asked for.
    """
    source = _written_in(source, encoding)
    known = ADVERTISING.get(kind) if isinstance(kind, str) else kind
    if known is None:
        if isinstance(kind, str):
            raise UnknownName(kind, ADVERTISING, where="kinds of exports")
        named = recognise(source) if isinstance(source, str | os.PathLike) else None
        if named not in ADVERTISING:
            what = f"is {named}, which holds no spend" if named else "is of no known kind"
            place = Path(os.fspath(source)).name if isinstance(source, str | os.PathLike) else "table"
            remedy = f"say kind: {', '.join(ADVERTISING)}; for any other table name its columns of date and amount."
            raise BadInput(Problem(place, f"{what}.", remedy=remedy))
        known = ADVERTISING[named]
    return known.read(lines_of(source), Reading(Marks(decimal, thousands), date_format, covers))


def read_orders(source: object, kind: str, reading: OrderReading | None = None) -> Orders:
    """Orders of a shop, a CRM, an analytics export or any table.

    Parameters
    ----------
    source
        As for :func:`read_export`.
    kind
        ``"shopify_orders"``, ``"stripe_payments"``, ``"hubspot_deals"``, ``"ga4_events"``, or ``"orders"`` for a table
        whose columns ``reading`` names.
    reading
        Columns, time zone and forms that are not the kind's own.

    Raises
    ------
    BadInput
        Every problem of the file.
    """
    if kind not in ORDERS:
        raise UnknownName(kind, ORDERS, where="kinds of orders")
    reading = reading or OrderReading()
    source = _written_in(source, reading.encoding)
    if kind == GA4_EVENTS:
        if not isinstance(source, str | os.PathLike):
            raise BadInput(Problem("table", f"is no file of {kind}.", remedy="give the path of the Parquet files."))
        return read_ga4_events(source, reading)
    return _ORDER_TABLES.get(kind, _ANY_ORDERS).read(lines_of(source), reading)


Source = TypeVar("Source")


def _written_in(source: Source, encoding: str | None) -> Source:
    return cast("Source", in_encoding(source, encoding))

"""The dbt package ad_reporting: its campaign report, all platforms in one table, without a currency."""

from attribution.reading.exports.advertising import Advertising

__all__ = ["DBT_AD_REPORTING"]

DBT_AD_REPORTING = Advertising(
    "dbt_ad_reporting",
    "dbt ad_reporting__campaign_report",
    {
        "date": ("date day",),
        "account": ("account id", "account name"),
        "campaign": ("campaign name", "campaign id"),
        "spend": ("spend",),
        "impressions": ("impressions",),
        "clicks": ("clicks",),
    },
    marks=("platform",),
    empty=(),
)
"""`by: platform` in a plan file makes channels of its platforms."""

"""LinkedIn Ads: performance reports of the campaign manager, days in UTC."""

from attribution.reading.exports.advertising import Advertising

__all__ = ["LINKEDIN_ADS"]

LINKEDIN_ADS = Advertising(
    "linkedin_ads",
    "LinkedIn Ads",
    {
        "date": ("start date in utc", "date in utc"),
        "account": ("account id", "account name"),
        "campaign": ("campaign name", "campaign id"),
        "spend": ("total spent",),
        "impressions": ("impressions",),
        "clicks": ("clicks",),
        "currency": ("currency",),
    },
    marks=("total spent",),
    totals=r"total$",
    american=True,
    notes=("its days are days in UTC, as the platform reports them.",),
)

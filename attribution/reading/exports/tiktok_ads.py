"""TikTok Ads: files of the ads manager and rows of the reporting API."""

from attribution.reading.exports.advertising import Advertising

__all__ = ["TIKTOK_ADS"]

TIKTOK_ADS = Advertising(
    "tiktok_ads",
    "TikTok Ads",
    {
        "date": ("by day", "date", "stat time day", "day"),
        "account": ("advertiser id", "account id", "account name"),
        "campaign": ("campaign name", "campaign id"),
        "spend": ("cost", "total cost", "spend"),
        "impressions": ("impressions", "impression"),
        "clicks": ("clicks destination", "clicks", "click", "clicks all"),
        "currency": ("currency",),
    },
    marks=("by day", "stat time day", "clicks destination", "ctr destination", "cpc destination"),
    totals=r"total of \d+ result",
)

"""Meta Ads (Facebook, Instagram): Ads Manager and Ads Reporting files, the breakdown for mix models, and the API."""

from attribution.reading.exports.advertising import Advertising

__all__ = ["META_ADS"]

META_ADS = Advertising(
    "meta_ads",
    "Meta Ads",
    {
        "date": ("day", "tag"),
        "from": ("reporting starts", "date start", "berichtsstart"),
        "until": ("reporting ends", "date stop", "berichtsende"),
        "account": ("account id", "account name"),
        "campaign": ("campaign name", "ad set name", "ad name", "kampagnenname", "anzeigengruppenname", "anzeigenname"),
        "spend": ("amount spent", "spend", "ausgegebener betrag"),
        "impressions": ("impressions", "impressionen"),
        "clicks": ("link clicks", "clicks all", "inline link clicks", "clicks", "link klicks", "klicks alle"),
        "currency": ("currency", "account currency"),
    },
    marks=("amount spent", "date start", "reporting starts", "ausgegebener betrag"),
    blank=(
        "day",
        "account name",
        "campaign name",
        "ad set name",
        "ad name",
        "tag",
        "kampagnenname",
        "anzeigengruppenname",
        "anzeigenname",
    ),
)
"""The line of sums of Ads Reporting has no day and no names; its dates are those of the whole report."""

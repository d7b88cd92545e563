"""Microsoft Advertising: reports of the interface and of the API, with a preamble and a closing line of copyright."""

from attribution.reading.exports.advertising import Advertising

__all__ = ["MICROSOFT_ADS"]

MICROSOFT_ADS = Advertising(
    "microsoft_ads",
    "Microsoft Advertising",
    {
        "date": ("gregorian date", "day", "timeperiod", "time period", "date"),
        "week": ("week",),
        "month": ("month",),
        "account": (
            "account number",
            "accountnumber",
            "account id",
            "accountid",
            "account name",
            "accountname",
            "account",
        ),
        "campaign": ("campaign name", "campaignname", "campaign"),
        "spend": ("spend",),
        "impressions": ("impressions", "impr"),
        "clicks": ("clicks",),
        "currency": ("currency code", "currencycode", "currency"),
    },
    marks=(
        "gregorian date",
        "timeperiod",
        "campaignname",
        "accountname",
        "currencycode",
        "currency code",
        "impr",
        "top impr",
        "bid strategy type",
    ),
    totals=r"(overall )?total(s)?\b|©|\(c\) ?\d{4} microsoft",
    american=True,
)

"""What names of columns tell of an unknown table by week: the outcome, spend, what was delivered, what is neither."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from optimizer.planning.looks import Look

__all__ = ["Columns", "columns_of", "is_by_channel", "words_of"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SPEND = _words("spend spent cost costs expenditure kosten ausgaben spendings 花费 费用 支出")
_VOLUME = _words("impression impressions clicks sends views grp grps reach frequency 曝光 点击")
_LAST = {"s": _SPEND, "i": _VOLUME, "p": _VOLUME}  # letters that end a name, as tv_S and tv_I
_CHANNELS = _words(
    "tv radio ooh print search social facebook meta google youtube tiktok display video affiliate affiliates "
    "linkedin podcast podcasts shopping sea bing microsoft instagram snapchat pinterest influencer influencers "
    "webinars retargeting"
)
_CUSTOMERS = ("customers", "neukunden", "kunden", "新客户", "新客", "客户")
_COUNTS = (
    *_CUSTOMERS,
    *("conversions", "orders", "bestellungen", "订单", "purchases", "transactions", "bookings", "installs"),
    *("subscribers", "registrations", "signups", "leads", "sales", "kpi"),
)
_MONEY = ("revenue", "umsatz", "销售额", "收入")
_PARTS = ("kosten", "ausgaben", "neukunden", "bestandskunden", "kunden", "bestellungen", "umsatz")  # of long words
_RIVALS = _words("competitor competitors competition wettbewerb wettbewerber 竞品 竞争")
_PLANNED = _words(
    "target targets goal forecast budget budgeted plan planned expected last ly py previous prior ziel soll "
    "prognose geplant vorjahr 目标 预算 预测 去年 计划"
)
_DERIVED = _words(
    "per pro rate share anteil avg average median value wert cpc cpm cpa cpl cpo cac roas roi ctr cvr aov ltv "
    "clv % pct percent change log lag adstock cumulative cum kumuliert"
)
_NO_MEDIA = _words(
    "shipping goods cogs fulfilment fulfillment returns versand refund refunds personal staff salary salaries "
    "wages rent miete fuel material energy office index"
)
_OTHERS = _words(
    "returning existing active lost churned repeat cancelled canceled returned refunded bestandskunden 老客户 "
    "price preis index"
)
_UNPAID = _words(
    "organic trend trends followers volume queries searches completes likes engagement engagements sessions "
    "visits visitors traffic besuche sitzungen"
)
_WHOLE = _words("total sum gesamt summe all overall marketing media advertising ad ads werbe 总 合计")
_CURRENCIES = {"€": "EUR", "$": "USD", "£": "GBP"} | {
    code.lower(): code for code in ("EUR", "USD", "GBP", "CHF", "CNY", "JPY", "SEK", "NOK", "DKK", "PLN", "CAD", "AUD")
}
_UNITS = {
    **dict.fromkeys(("k", "tsd", "thousand", "thousands", "000", "000s", "teur", "keur"), "thousand"),
    **dict.fromkeys(("mio", "mn", "million", "millions"), "million"),
}
_BY_CHANNEL = _words(
    "channel platform campaign source medium publisher network partner kanal plattform kampagne quelle 渠道 平台"
)
_UNNAMED = re.compile(r"Unnamed.*|\(column \d+\)")


@dataclass(frozen=True)
class Columns:
    """What was taken for what.

    Parameters
    ----------
    outcome
        The column counted or earned; empty where no name tells it.
    spend
        Column to channel.
    driven
        Channel to the column of what it delivered.
    people
        The column of a market's people.
    numbers, words
        What else may move demand.
    unused
        What follows from spend or the outcome, was planned, or counts others again: none of it a control.
    """

    outcome: str
    is_money: bool
    spend: Mapping[str, str]
    driven: Mapping[str, str]
    people: str
    numbers: tuple[str, ...]
    words: tuple[str, ...]
    unused: tuple[str, ...]

    @property
    def is_customers(self) -> bool:
        """Whether the outcome counts customers one by one."""
        return bool(words_of(self.outcome) & set(_CUSTOMERS)) and not self.unit_of(self.outcome)

    @property
    def earned_in(self) -> str:
        """Currency of an outcome that is money, where its name tells it."""
        return _first(_CURRENCIES, words_of(self.outcome)) if self.is_money else ""

    @property
    def currencies(self) -> dict[str, str]:
        """Channel to the currency that its column names."""
        codes = {channel: _first(_CURRENCIES, words_of(column)) for column, channel in self.spend.items()}
        return {channel: code for channel, code in codes.items() if code}

    @property
    def units(self) -> set[str]:
        """What amounts of spend are counted in, as names of their columns tell; empty for units."""
        return {self.unit_of(column) for column in self.spend}

    @staticmethod
    def unit_of(column: str) -> str:
        """Thousand or million where the name says so."""
        return _first(_UNITS, words_of(column))


def words_of(name: str) -> set[str]:
    """Words of a name in small letters: `newCustomers`, `Suchekosten` and names without blanks are parted too."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    words = {part.lower() for text in (name, parted) for part in re.split(r"[\W_]+", text) if part}
    every = (_SPEND, _VOLUME, _COUNTS, _MONEY, _RIVALS, _PLANNED, _OTHERS, _WHOLE, _BY_CHANNEL)
    for word in words - set().union(*every):  # Gesamtkosten is gesamt and kosten
        if part := next((part for part in _PARTS if word.endswith(part)), ""):
            words = words - {word} | {part, word.removesuffix(part)} - {""}
    words |= {sign for sign in (*_CURRENCIES, "%") if sign in name and not sign.isalpha()}
    words |= {word for some in every for word in some if not word.isascii() and word in name}
    last = re.split(r"[\W_]+", name)[-1].lower()
    return words - set(_LAST) | ({next(iter(sorted(_LAST[last])))} if last in _LAST else set())


def is_by_channel(look: Look) -> bool:
    """Whether rows of a day are of channels, not of markets."""
    return bool(words_of(look.geo) & _BY_CHANNEL) or any(words_of(value) & _CHANNELS for value in look.geos)


def columns_of(look: Look) -> Columns:
    """What a table's columns are by their names; one of spend in which some cells are no numbers counts as such."""
    every = (*look.numbers, *look.words)
    spend = _spend(every, look.numbers)
    fit = [name for name in every if name not in spend and _may_be_outcome(name, spend)]
    outcome = min(fit, key=_rank, default="y" if "y" in look.numbers else "")
    people = next((name for name in look.numbers if look.geo and "population" in words_of(name)), "")
    driven = _driven([name for name in look.numbers if name not in spend], list(spend.values()))
    taken = {outcome, people, *spend, *driven.values()}
    rest = [name for name in every if name not in taken]
    unused = [name for name in rest if _is_unused(name) or name in look.varied]
    kept = [name for name in rest if name not in unused]
    numbers = tuple(name for name in kept if name in look.numbers)
    words = tuple(name for name in kept if name in look.words)
    is_money = _is_money(outcome, look.whole)
    return Columns(outcome, is_money, spend, driven, people, numbers, words, tuple(unused))


def _spend(every: Sequence[str], numbers: Sequence[str]) -> dict[str, str]:
    """Column to channel; a column of the whole beside its parts is none."""
    no = _RIVALS | _PLANNED | _DERIVED | _NO_MEDIA | _UNPAID
    ours = [name for name in every if not words_of(name) & no]
    marked = [name for name in ours if words_of(name) & _SPEND]
    if not marked:
        bare = [name for name in ours if words_of(name) & _CHANNELS and not words_of(name) & (_VOLUME | {*_COUNTS})]
        return {name: name for name in bare if name in numbers and not words_of(name) & {*_MONEY}}
    own = {name: words_of(_stem(name)) - _WHOLE - _SPEND for name in marked}
    parts = [name for name in marked if own[name]]
    alike = [name for name in parts if "total" in words_of(name) and list(own.values()).count(own[name]) > 1]
    parts = [name for name in parts if name not in alike] or [
        min(marked, key=lambda name: "total" not in words_of(name))
    ]
    times = Counter(_stem(name).lower() for name in parts)
    return {name: _stem(name) if times[_stem(name).lower()] == 1 else name for name in parts}


def _may_be_outcome(name: str, spend: Mapping[str, str]) -> bool:
    """A total of all: neither of one channel, nor planned, nor of those who were customers before."""
    words = words_of(name)
    if not words & {*_COUNTS, *_MONEY} or words & (_SPEND | _VOLUME | _CHANNELS | _DERIVED | _PLANNED | _OTHERS):
        return False
    return not words & _RIVALS and not any(words_of(channel) <= words for channel in spend.values())


def _rank(name: str) -> tuple[int, bool, int]:
    """The best known word counts, then what is new, then the shortest name."""
    words = words_of(name)
    place = next(place for place, word in enumerate((*_COUNTS, *_MONEY)) if word in words)
    return (
        place if place >= len(_CUSTOMERS) else 0,
        not words & {"new", "first", "neukunden", "新客户", "新客"},
        len(words),
    )


def _is_money(outcome: str, whole: Sequence[str]) -> bool:
    words = words_of(outcome)
    paid = words & {*_CURRENCIES, "net", "gross"} or outcome not in whole
    return bool(words & {*_MONEY}) or ("sales" in words and bool(paid))


def _is_unused(name: str) -> bool:
    words = words_of(name)
    if words & _RIVALS:
        return False
    of_sales = words & {*_COUNTS, *_MONEY, *_SPEND, *_VOLUME, *_PLANNED}
    derived = words & _DERIVED or words & {"sessions", "visits", "visitors", "traffic", "besuche", "sitzungen"}
    return bool(of_sales or derived) or words <= _WHOLE or bool(_UNNAMED.fullmatch(name))


def _driven(names: Sequence[str], channels: Sequence[str]) -> dict[str, str]:
    """Channel to the first column of what it delivered, by the beginning of its name."""
    found: dict[str, str] = {}
    for name in names:
        if words_of(name) & _VOLUME:
            stem = _stem(name).lower()
            channel = next((one for one in channels if re.fullmatch(rf"{re.escape(one.lower())}([_ ].*)?", stem)), "")
            found.setdefault(channel, name)
    found.pop("", None)
    return found


def _stem(name: str) -> str:
    """A column's name without what says that it is spend or a volume, and in which money."""
    said = _SPEND | _VOLUME | {*_CURRENCIES, *_UNITS, *_LAST}
    for word in said:
        name = name if word.isascii() else name.replace(word, " ")
    joint = "_" if "_" in name else " "
    parts = list(_parts(name))
    kept = [part for part in parts if part.lower() not in said]
    if len(kept) == len(parts):  # newCustomers
        camel = list(_parts(re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)))
        shorter = [part for part in camel if part.lower() not in said]
        kept = shorter if len(shorter) < len(camel) else kept
    return joint.join(kept) or name


def _parts(name: str) -> Iterator[str]:
    yield from (part for part in re.split(r"[\s_()\[\]€$£]+", name) if part)


def _first(known: Mapping[str, str], words: set[str]) -> str:
    return next((known[word] for word in sorted(words) if word in known), "")

"""Amounts in another currency than the plan's: the stated rates, where they are used, and the sentences that say so."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from attribution.numbers import CURRENCY, plain
from optimizer.planning.file.document import Place

__all__ = ["Rates", "is_foreign", "said_of_amounts", "said_of_columns"]

_FOREIGN = re.compile(r"^\s*(\d[\d_]*(?:\.\d{1,2})?)\s*([A-Z]{3})\s*$")  # 1.200 may mean 1200, so it is no amount
_SHOWN = 6


@dataclass(frozen=True)
class Rates:
    """What one unit of other currencies costs in the plan's own.

    Parameters
    ----------
    own
        The plan's currency.
    others
        Currency -> rate.
    """

    own: str
    others: Mapping[str, float]

    @classmethod
    def of_file(cls, data: Any) -> Rates:
        """The rates that a plan file states, as far as they are well formed; its keys are checked elsewhere."""
        stated = data.get("currencies")
        pairs = stated.items() if isinstance(stated, Mapping) else ()
        usable = {str(code): float(rate) for code, rate in pairs if _is_rate(rate)}
        return cls(str(data.get("currency", CURRENCY)), usable)

    def money(self, text: str) -> float:
        """An amount such as ``120_000 USD`` in the plan's currency.

        Raises
        ------
        ValueError
            Where it is no such amount, or its currency has no rate.
        """
        match = _FOREIGN.match(text)
        if match is None:
            raise ValueError(f"{text!r} is not an amount")
        return float(match[1].replace("_", "")) * self.rate(match[2])

    def rate(self, code: str) -> float:
        """What one unit of a currency costs in the plan's own."""
        if code == self.own:
            return 1.0
        if code not in self.others:
            text = f"{code} has no rate; state what one {code} costs in {self.own} as currencies: {{{code}: 0.92}}"
            raise ValueError(text)
        return self.others[code]

    def written(self, code: str) -> str:
        """The rate as a sentence has it."""
        return f"1 {code} = {plain(self.rate(code))} {self.own}"


def is_foreign(value: Any) -> bool:
    """Whether a value of the file is an amount with its currency."""
    return isinstance(value, str) and _FOREIGN.match(value) is not None


def said_of_amounts(data: Any, rates: Rates) -> Iterator[str]:
    """Which amounts of the file were converted, a sentence a currency."""
    used: dict[str, list[str]] = {}
    for place, value in _strings(data, ()):
        match = _FOREIGN.match(value)
        if match is not None and match[2] in rates.others and match[2] != rates.own:
            used.setdefault(match[2], []).append(".".join(map(str, place)))
    for code, places in used.items():
        more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
        yield f"Amounts in {code} ({', '.join(places[:_SHOWN])}{more}) are converted at {rates.written(code)}."


def said_of_columns(currencies: Mapping[str, str], rates: Rates) -> Iterator[str]:
    """Which columns of spend were converted, a sentence a currency."""
    for code in dict.fromkeys(code for code in currencies.values() if code != rates.own):
        channels = ", ".join(channel for channel, own in currencies.items() if own == code)
        yield f"Spend on {channels} stands in {code} and is converted at {rates.written(code)}, the same for all weeks."


def _strings(node: Any, place: Place) -> Iterator[tuple[Place, str]]:
    inner = node.items() if isinstance(node, Mapping) else enumerate(node) if isinstance(node, list) else ()
    for key, value in inner:
        if isinstance(value, str):
            yield (*place, key), value
        else:
            yield from _strings(value, (*place, key))


def _is_rate(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf

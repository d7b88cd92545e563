"""Names that look alike: told, and folded into one spelling where asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from attribution.errors import bounded, quoted
from attribution.findings import Finding
from attribution.numbers import percent
from attribution.reading.dialects import carried, composed
from attribution.reading.log_columns import as_name, without_blanks
from attribution.reading.look_alikes import look_alikes, spelt_out

if TYPE_CHECKING:
    import ibis

__all__ = ["alike_ids", "alike_names", "folded_id", "in_one_spelling", "one_spelling"]

_SHOWN, _LONGEST = 5, 60
_SAMPLE = 10_000
_FEW = 0.005


def one_spelling(counts: Mapping[str, float]) -> dict[str, str]:
    """Each name that has others like it -> the most frequent of them, the first in the alphabet among equals.

    >>> one_spelling({"Email": 3, "email ": 2, "email": 3, "tv": 9})
    {'Email': 'Email', 'email ': 'Email', 'email': 'Email'}
    >>> one_spelling({"paid_social": 3, "Paid Social": 2, "paid": 9})
    {'paid_social': 'paid_social', 'Paid Social': 'paid_social'}
    """
    best: dict[str, str] = {}
    for group in look_alikes(counts):
        chosen = min(group, key=lambda name: (-counts[name], name))
        best |= dict.fromkeys(group, chosen)
    return best


def alike_names(names: Mapping[str, Iterable[str]]) -> Finding:
    """Whether names of channels or of other columns differ by case, blanks, separators or letters that look alike.

    Parameters
    ----------
    names
        What they are called -> those that occur.
    """
    found = [(what, group) for what, there in names.items() for group in look_alikes(there)]
    text = "No two names look alike."
    if found:
        shown = "; ".join(
            f"{what} {', '.join(spelt_out(bounded(name, _LONGEST)) for name in group[:_SHOWN])}"
            for what, group in found[:_SHOWN]
        )
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        text = (
            f"Names that look alike, and differ by case, blanks, separators or letters of another script, share what "
            f"belongs to one: {shown}{more}. Correct them at the source, or fold them with fold_names."
        )
    return Finding("alike_names", not found, float(len(found)), 0.0, text)


def in_one_spelling(events: ibis.Table, columns: Iterable[str]) -> ibis.Table:
    """The events with names of some columns folded into the most frequent spelling of each."""
    import ibis

    for column in columns:
        name = as_name(events[column])
        counted = events.group_by(_name=name).aggregate(rows=events.count()).execute().dropna()
        spelling = one_spelling(dict(zip(counted["_name"].astype(str), counted["rows"], strict=True)))
        changed = {name: chosen for name, chosen in spelling.items() if name != chosen}
        if changed:
            listed = pd.DataFrame({"_written": list(changed), "_chosen": list(changed.values())})
            book = carried(ibis.memtable(listed), events.get_backend())
            joined = events.left_join(book, name == book["_written"])
            events = joined.mutate(**{column: joined["_chosen"].fill_null(as_name(joined[column]))})
            events = events.drop("_written", "_chosen")
    return events


def folded_id(user: Any) -> Any:
    """The expression of an id in lower case, without blanks around it and signs that nobody sees, accents composed."""
    return composed(without_blanks(as_name(user))).lower()


def _as_number(key: Any) -> Any:
    """The expression of a folded id as a spreadsheet keeps it: without zeros before it, a point, or a quote."""
    return key.re_replace(r"^'", "").re_replace(r"^0+([0-9]+)$", r"\1").re_replace(r"^([0-9]+)[.]0+$", r"\1")


def alike_ids(touches: ibis.Table, conversions: ibis.Table) -> Finding:
    """Whether users of conversions have touches only under ids that differ by case, blanks, accents, zeros or a point.

    Looked for among 10,000 of them, so that a large log is read once more by its ids alone.
    """
    sample = conversions.select(user=conversions.user, same=folded_id(conversions.user))
    sample = sample.mutate(key=_as_number(sample.same)).distinct().limit(_SAMPLE)
    keyed = touches.select(touched=touches.user, folded=folded_id(touches.user))
    pairs = sample.left_join(keyed.mutate(key=_as_number(keyed.folded)), "key")
    folds = (pairs.folded == pairs.same).fill_null(False)
    found = pairs.group_by("user").aggregate(
        same=(pairs.touched == pairs.user).fill_null(False).any(),
        folds=folds.any(),
        touched=pairs.touched.min(),
        twin=pairs.touched.min(where=folds),
    ).execute()  # fmt: skip
    apart = ~found["same"].astype(bool) & found["touched"].notna()
    share = float(apart.mean()) if len(found) else 0.0
    text = "Ids of touchpoints and conversions meet as they are written."
    if apart.any():
        folded = apart & found["folds"].astype(bool)
        other = "twin" if folded.any() else "touched"
        one = found[folded if folded.any() else apart].sort_values("user").iloc[0]
        pair = " and ".join(quoted(bounded(str(one[written]), _LONGEST)) for written in (other, "user"))
        text = (
            f"{percent(share)} of users with a conversion have touches only under ids that differ by zeros before "
            f"them, a point or a quote, such as {pair}: one of the two was read as a number. Correct them at the "
            "source."
        )
        if folded.any():
            text = (
                f"{percent(share)} of users with a conversion have touches only under ids that differ by case, blanks "
                f"or how accents are written, such as {pair}. Correct them at the source, or fold them "
                "with fold_names."
            )
    return Finding("alike_ids", share <= _FEW, share, _FEW, text)

"""Path rules held against the log that they are for: what they name must be there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attribution.errors import BadInput, Problem, UnknownChannel, UnknownName

if TYPE_CHECKING:
    import ibis

    from attribution.paths.path_rules import PathRules
    from attribution.reading.log_checks import Log

__all__ = ["check_channels", "check_names", "in_order_of_moment"]


def check_names(touched: Log, won: Log, rules: PathRules) -> None:
    """Raise where a rule names a column, a kind of interaction or a kind of conversion that the log does not have.

    Raises
    ------
    UnknownName
        The nearest name that there is comes with it.
    BadInput
        The log lacks what a rule needs.
    """
    known = [column[6:] for column in touched.events.columns if column.startswith("extra_")]
    for where, name in [*(("segments", name) for name in rules.segments), ("sequence", rules.sequence)]:
        if name is not None and name not in known:
            raise UnknownName(name, known, where=f"rules.{where}")
    if rules.sequence and not touched.events[f"extra_{rules.sequence}"].type().is_numeric():
        remedy = "number the touches of a moment 1, 2, 3 and so on."
        raise BadInput(
            Problem(touched.name, "orders touches of one moment and is no number.", rules.sequence, remedy=remedy)
        )
    if rules.interactions:
        if "interaction" not in touched.events.columns:
            rule = next(name for name in ("lookback_of", "weight_of", "rank_of") if getattr(rules, name))
            raise BadInput(f"{rule} needs an 'interaction' column in the touchpoints, such as click or view.")
        if rules.weight_of or rules.rank_of:
            _among(rules.interactions, touched.events.interaction, "the interactions of the touchpoints")
    if rules.ends:
        if "kind" not in won.events.columns:
            raise BadInput(
                "ends names kinds of conversion; the conversions need a column of them, columns={'kind': ...}."
            )
        _among(rules.ends, won.events.kind, "the kinds of conversion")


def check_channels(names: tuple[str, ...], touched: Log, rule: str) -> None:
    """Raise UnknownChannel where a rule names a channel that no touch has."""
    known = _distinct(touched.events.channel)
    for name in names:
        if name not in known:
            raise UnknownChannel(name, known, where=f"rules.{rule}")


def _among(names: tuple[str, ...], column: Any, where: str) -> None:
    known = _distinct(column)
    for name in names:
        if name not in known:
            raise UnknownName(name, known, where=where)


def _distinct(column: Any) -> list[str]:
    values = column.as_table().distinct().execute().iloc[:, 0].dropna()
    return sorted(map(str, values))


def in_order_of_moment(touches: ibis.Table) -> ibis.Table:
    """The touches with their ``sequence`` as a rank from 0 among those of their user and moment."""
    import ibis

    moment = ibis.window(group_by=["user", "time"], order_by="sequence")
    return touches.mutate(sequence=ibis.dense_rank().over(moment).cast("int64"))

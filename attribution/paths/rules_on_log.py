"""Path rules held against the log that they are for: what they name must be there; spellings of one name are folded."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from attribution.errors import BadInput, Problem, UnknownChannel, UnknownName
from attribution.reading.log_columns import as_name
from attribution.reading.named import require_values
from attribution.reading.spellings import in_one_spelling

if TYPE_CHECKING:
    import ibis

    from attribution.paths.path_rules import PathRules
    from attribution.reading.log_checks import Log

__all__ = ["check_channels", "check_names", "in_one_spelling_of_rules", "in_order_of_moment", "number_of"]


def check_names(touched: Log, won: Log, rules: PathRules) -> None:
    """Refuse columns and kinds of conversion that do not occur, and rules on interactions without their column.

    The interactions themselves are looked for when kinds of touch are counted, which a large log does only once.

    Raises
    ------
    BadInput
        With the nearest name that occurs.
    """
    known = [column[6:] for column in touched.events.columns if column.startswith("extra_")]
    for where, name in [*(("segments", name) for name in rules.segments), ("sequence", rules.sequence)]:
        if name is not None and name not in known:
            raise UnknownName(name, known, where=f"rules.{where}")
    if rules.sequence:
        _require_numbers(touched, rules.sequence)
    for rule, kinds in (("kinds", rules.kinds), ("ends", rules.ends)):
        if not kinds:
            continue
        if "kind" not in won.events.columns:
            text = f"{rule} are of conversions in a table of their own, or of events, and these are marked in the log."
            raise BadInput(Problem(won.name, text, remedy=f"pass conversions=, or leave {rule} out."))
        require_values(kinds, won.events, "kind", won.name, "kind of conversion")
    if rules.interactions and "interaction" not in touched.events.columns:
        rule = next(name for name in ("lookback_of", "weight_of", "rank_of") if getattr(rules, name))
        text = f"{rule} needs the column of interactions, such as click or view, and there is none."
        raise BadInput(Problem(touched.name, text, remedy="name it with columns={'interaction': ...}."))


def in_one_spelling_of_rules(touched: Log, won: Log, rules: PathRules) -> tuple[Log, Log]:
    """Touchpoints and conversions whose channels, interactions, segments and kinds have one spelling each."""
    own = ["channel", "interaction", *(f"extra_{segment}" for segment in rules.segments)]
    logs = []
    for log, columns in ((touched, own), (won, ["kind"])):
        there = [column for column in columns if column in log.events.columns]
        logs.append(replace(log, events=in_one_spelling(log.events, there)))
    return logs[0], logs[1]


def number_of(column: Any) -> Any:
    """A column of whole numbers, which a file may hold as text; empty where it is none."""
    if column.type().is_integer():
        return column.cast("int64")
    text = as_name(column)
    return text.re_search(r"^[0-9]{1,18}$").ifelse(text, None).cast("int64")


def _require_numbers(touched: Log, sequence: str) -> None:
    number = number_of(touched.events[f"extra_{sequence}"])
    if touched.events.filter(number.isnull()).count().execute():
        remedy = "number the touches of a moment 1, 2, 3 and so on."
        raise BadInput(
            Problem(touched.name, "orders touches of one moment and is not a whole number.", sequence, remedy=remedy)
        )


def check_channels(names: tuple[str, ...], touched: Log, rule: str) -> None:
    """Raise UnknownChannel where a rule names a channel that no touch has."""
    known = _distinct(touched.events.channel)
    for name in names:
        if name not in known:
            raise UnknownChannel(name, known, where=f"rules.{rule}")


def _distinct(column: Any) -> list[str]:
    values = column.as_table().distinct().execute().iloc[:, 0].dropna()
    return sorted(map(str, values))


def in_order_of_moment(touches: ibis.Table) -> ibis.Table:
    """The touches with their ``sequence`` as a rank from 0 among those of their user and moment."""
    import ibis

    moment = ibis.window(group_by=["user", "time"], order_by="sequence")
    return touches.mutate(sequence=ibis.dense_rank().over(moment).cast("int64"))

"""Every promise and limit: its rows hold exactly where its own words do, by how much, and what raising it relieves."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from attribution.errors import BadInput, UnknownChannel
from mmm.curves import Hill, MichaelisMenten, Mixture, Power, ResponseCurves
from optimizer import BlendedCAC, Budget, Change, Channel, Group, MaxCAC, Pacing, Plan
from optimizer.question.program import KEPT, Bound

CURVES = ResponseCurves(
    {"a": Hill(900.0, 60_000.0, 1.0), "b": Hill(500.0, 20_000.0, 1.0), "seo": Hill(700.0, 9_000.0, 3.0)}
)
NOW = np.array([30_000.0, 10_000.0, 20_000.0])
FIXED, ORGANIC = 7_000.0, 40.0
AB = Group("ab", ["a", "b"])


def setting(now=True):
    current = dict(zip(CURVES.channels, NOW, strict=True)) if now else None
    return Plan(minimize=BlendedCAC(fixed_cost=FIXED, organic=ORGANIC), now=current).setting(CURVES)


def lines(constraint):
    return constraint.rows(setting())


def excess(line, spend, won):
    """By how much a row or bound is exceeded; negative where it holds."""
    if isinstance(line, Bound):
        _, channel, sign, room, _ = (getattr(line, field.name) for field in fields(line))
        return sign * spend[channel] - room
    return line.residual(spend, won)


def relief(line, spend, won):
    by = [getattr(line, field.name) for field in fields(line)][4]
    return by(spend, won) if callable(by) else by


MOST = 25_000.0
CASES = {
    "budget at most": (lambda x: Budget(at_most=x), MOST, lambda x, s, w: [s.sum() - x]),
    "budget at least": (lambda x: Budget(at_least=x), MOST, lambda x, s, w: [x - s.sum()]),
    "budget exactly": (lambda x: Budget(exactly=x), MOST, lambda x, s, w: [x - s.sum(), s.sum() - x]),
    "budget between": (lambda x: Budget(at_least=x, at_most=2 * x), MOST, lambda x, s, w: [x - s.sum(), s.sum() - 2 * x]),
    "blended": (lambda x: MaxCAC(x), 60.0, lambda x, s, w: [FIXED + s.sum() - x * (ORGANIC + w.sum())]),
    "channel at most": (lambda x: Channel("b").at_most(x), MOST, lambda x, s, w: [s[1] - x]),
    "channel at least": (lambda x: Channel("b").at_least(x), MOST, lambda x, s, w: [x - s[1]]),
    "channel fixed": (lambda x: Channel("seo").fixed(x), MOST, lambda x, s, w: [x - s[2], s[2] - x]),
    "channel off": (lambda x: Channel("seo").zero(), 0.0, lambda x, s, w: [-s[2], s[2]]),
    "channel between": (lambda x: Channel("a").between(x, 2 * x), MOST, lambda x, s, w: [x - s[0], s[0] - 2 * x]),
    "group at most": (lambda x: AB.at_most(x), MOST, lambda x, s, w: [s[0] + s[1] - x]),
    "group at least": (lambda x: AB.at_least(x), MOST, lambda x, s, w: [x - s[0] - s[1]]),
    "group between": (lambda x: AB.between(x, 2 * x), MOST, lambda x, s, w: [x - s[:2].sum(), s[:2].sum() - 2 * x]),
    "member named twice": (lambda x: Group("bb", ["b", "b"]).at_most(x), MOST, lambda x, s, w: [s[1] - x]),
    "group of one name": (lambda x: Group("seo", "seo").at_most(x), MOST, lambda x, s, w: [s[2] - x]),
    "against now": (lambda x: AB.relative(x, 1.5), 0.8, lambda x, s, w: [x * 4e4 - s[:2].sum(), s[:2].sum() - 6e4]),
    "against now, open": (lambda x: AB.relative(x), 0.8, lambda x, s, w: [x * 4e4 - s[:2].sum()]),
    "against now, from zero": (lambda x: Channel("seo").relative(upper=x), 0.8, lambda x, s, w: [-s[2], s[2] - x * 2e4]),
    "share at most": (lambda x: AB.share(at_most=x), 0.6, lambda x, s, w: [s[:2].sum() - x * s.sum()]),
    "share at least": (lambda x: AB.share(at_least=x), 0.6, lambda x, s, w: [x * s.sum() - s[:2].sum()]),
    "share both": (
        lambda x: AB.share(x, 1.0), 0.6, lambda x, s, w: [x * s.sum() - s[:2].sum(), s[:2].sum() - s.sum()]
    ),
    "average CAC": (lambda x: AB.cac_at_most(x), 60.0, lambda x, s, w: [s[:2].sum() - x * w[:2].sum()]),
    "change of each": (
        lambda x: Change(at_most=x), 0.3,
        lambda x, s, w: [part for n, y in zip(NOW, s, strict=True) for part in (n * (1 - x) - y, y - n * (1 + x))],
    ),
    "change by more than all": (
        lambda x: Change(at_most=x), 2.0,
        lambda x, s, w: [part for n, y in zip(NOW, s, strict=True) for part in (-y, y - n * (1 + x))],
    ),
    "change in all": (
        lambda x: Change(total=x), 5_000.0,
        lambda x, s, w: [part for n, y in zip(NOW, s, strict=True) for part in (y - n - x, n - y - x)],
    ),
    "entry": (lambda x: Channel("seo").zero_or_at_least(x, 90_000.0), MOST, lambda x, s, w: [s[2] - 90_000]),
    "entry without ceiling": (lambda x: Channel("seo").zero_or_at_least(x), MOST, lambda x, s, w: []),
}  # fmt: skip


def places():
    rng = np.random.default_rng(0)
    for _ in range(20):
        spend = rng.uniform(0, 60_000, 3) * (rng.random(3) < 0.8)
        yield spend, rng.uniform(0, 500, 3)


@pytest.mark.parametrize("case", CASES)
def test_rows_say_what_the_words_say(case):
    made, figure, words = CASES[case]
    for spend, won in places():
        expected = words(figure, spend, won)
        np.testing.assert_allclose(
            sorted(excess(line, spend, won) for line in lines(made(figure))), sorted(expected), rtol=1e-12, atol=1e-6
        )


ONE_FIGURE = [
    "budget at most", "budget at least", "channel at most", "channel at least", "group at most", "group at least",
    "blended", "share at most", "share at least", "average CAC",
]  # fmt: skip


@pytest.mark.parametrize("case", ONE_FIGURE)
def test_relief_is_what_raising_the_figure_gives(case):
    made, figure, _ = CASES[case]
    (line,), (raised,) = lines(made(figure)), lines(made(figure * (1 + 1e-6)))
    for spend, won in places():
        gained = excess(line, spend, won) - excess(raised, spend, won)
        np.testing.assert_allclose(gained / (figure * 1e-6), relief(line, spend, won), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("case", ["budget exactly", "channel fixed"])
def test_an_exact_figure_is_relieved_on_one_side_and_tightened_on_the_other(case):
    made, figure, _ = CASES[case]
    spend = np.full(3, figure / 3)
    assert sorted(relief(line, spend, spend) for line in lines(made(figure))) == [-1, 1]
    assert all("exactly 25,000" in str(getattr(line, fields(line)[0].name)) for line in lines(made(figure)))


@pytest.mark.parametrize(
    ("constraint", "words"),
    [
        (Budget(at_most=5_000), ["budget at most 5,000"]),
        (Budget(at_least=1_000, at_most=5_000), ["budget at least 1,000", "budget at most 5,000"]),
        (MaxCAC(60), ["blended CAC at most 60"]),
        (AB.share(0.1, 0.4), ["ab share at least 10.0%", "ab share at most 40.0%"]),
        (AB.cac_at_most(60), ["ab CAC at most 60"]),
        (Channel("a").marginal_cac_at_most(90), ["a marginal CAC at most 90"]),
        (Channel("a").relative(0.5, 2), ["a against now at least 15,000", "a against now at most 60,000"]),
        (Channel("a").zero_or_at_least(5, 10), ["a at most 10"]),
    ],
)
def test_rows_are_called_by_their_limit(constraint, words):
    assert [str(getattr(line, fields(line)[0].name)) for line in lines(constraint)] == words


def test_the_limit_of_a_budget_is_its_ceiling_or_its_floor_where_it_has_none():
    stated = [Budget(at_most=5), Budget(at_least=3), Budget(exactly=4), Budget(at_least=3, at_most=5)]
    words = ["budget at most 5", "budget at least 3", "budget exactly 4", "budget at most 5"]
    assert [str(budget.limit) for budget in stated] == words


def test_one_channel_gives_bounds_and_several_give_rows():
    assert isinstance(lines(Channel("seo").at_most(5))[0], Bound)
    assert not isinstance(lines(AB.at_most(5))[0], Bound)


def test_a_price_of_entry_is_a_hole_in_the_channel():
    (gap,) = Channel("seo").zero_or_at_least(25_000).gaps(setting())
    assert (gap.channel, gap.ends) == (2, (0.0, 25_000.0))
    assert Channel("a").zero_or_at_least(0.0).gaps(setting())[0].ends == (0.0, 0.0)
    assert AB.at_most(5).gaps(setting()) == []
    (dearer,) = Channel("seo").zero_or_at_least(25_001).gaps(setting())
    for spend, won in places():
        assert excess(gap.below, spend, won) == spend[2]  # nothing stays nothing whatever entry costs
        assert excess(gap.above, spend, won) == 25_000 - spend[2]
        for side, after in ((gap.below, dearer.below), (gap.above, dearer.above)):
            assert relief(side, spend, won) == excess(side, spend, won) - excess(after, spend, won)


@pytest.mark.parametrize("cap", [20.0, 45.0, 90.0])
def test_marginal_cac_allows_the_spends_whose_last_customer_is_cheap_enough(cap):
    concave, s_shaped = Group("as", ["a", "seo"]).marginal_cac_at_most(cap).rows(setting())
    (gap,) = Group("as", ["a", "seo"]).marginal_cac_at_most(cap).gaps(setting())
    assert gap.channel == 2  # a concave channel is cheapest at its first unit
    nothing = np.zeros(3)
    for index, bound in ((0, concave), (2, s_shaped)):
        curve, most = CURVES[CURVES.channels[index]], -excess(bound, nothing, nothing)
        slopes = np.array([float(curve.mean_marginal(most * share)) for share in (0.999, 1.001)])
        full = np.zeros(3)
        full[index] = most
        assert excess(bound, full, nothing) == pytest.approx(0)
        assert excess(bound, 2 * full, nothing) == pytest.approx(most)
        if most > 0:
            assert slopes[0] > 1 / cap > slopes[1]
    least = gap.ends[1]
    slopes = [float(CURVES["seo"].mean_marginal(least * share)) for share in (0.999, 1.001)]
    assert slopes[0] < 1 / cap < slopes[1]


@pytest.mark.parametrize("cap", [80.0, 120.0])
def test_raising_a_cap_on_marginal_cac_moves_the_bound_by_its_relief(cap):
    nothing = np.zeros(3)
    (line,) = lines(Channel("a").marginal_cac_at_most(cap))
    low, high = (lines(Channel("a").marginal_cac_at_most(cap * by))[0] for by in (0.999, 1.001))
    moved = excess(low, nothing, nothing) - excess(high, nothing, nothing)
    assert relief(line, nothing, nothing) == pytest.approx(moved / (cap * 0.002), rel=1e-3)


def test_a_hole_of_less_than_one_unit_of_currency_is_one():
    curves = ResponseCurves({"seo": Hill(700.0, 0.5, 3.0)})
    (gap,) = Channel("seo").marginal_cac_at_most(0.002).gaps(Plan(minimize=BlendedCAC()).setting(curves))
    assert 0 < gap.ends[1] < 0.5
    assert gap.above.relief_at(np.zeros(1), np.zeros(1)) > 0


@pytest.mark.parametrize("cap", [20.0, 45.0, 90.0, 300.0])
def test_a_concave_channel_ends_where_its_formula_says(cap):
    (bound,) = lines(Channel("a").marginal_cac_at_most(cap))  # S h / (h + x)**2 = 1 / cap
    end = max(0.0, np.sqrt(900 * 60_000 * cap) - 60_000)
    assert bound.room == pytest.approx(end)
    assert (bound.relief_at(NOW, NOW) == 0) == (end == 0)


HUMPS = {
    "once": (Hill(700.0, 9_000.0, 3.0), 45.0),
    "twice": (Mixture([Hill(300.0, 2_000.0, 3.0), Hill(900.0, 50_000.0, 6.0)], [1, 1]), 40.0),
}


@pytest.mark.parametrize("shape", HUMPS)
def test_raising_a_cap_moves_the_ends_of_what_it_allows_by_their_relief(shape):
    curve, cap = HUMPS[shape]
    where, nothing = Plan(minimize=BlendedCAC()).setting(ResponseCurves({"x": curve})), np.zeros(1)

    def sides(figure):
        limit = Channel("x").marginal_cac_at_most(figure)
        return [*limit.rows(where), *(end for gap in limit.gaps(where) for end in (gap.below, gap.above))]

    assert len(sides(cap)) == {"once": 3, "twice": 5}[shape]
    for side, low, high in zip(sides(cap), sides(cap * 0.9999), sides(cap * 1.0001), strict=True):
        assert side.relief_at(nothing, nothing) == pytest.approx((high.room - low.room) / (cap * 2e-4), rel=1e-3)
        at = np.array([side.sign * side.room])
        assert float(curve.mean_marginal(at[0])) == pytest.approx(1 / cap) or side.room == 0
        assert excess(side, at + side.sign, nothing) == pytest.approx(1)


def test_a_channel_that_stays_cheap_for_ever_has_no_bound():
    curve = Mixture([MichaelisMenten(900.0, 60_000.0), Power(0.002, 1.0)], [1, 1])  # its slope falls towards 0.002
    where, nothing = Plan(minimize=BlendedCAC()).setting(ResponseCurves({"x": curve})), np.zeros(1)
    assert Channel("x").marginal_cac_at_most(501.0).rows(where) == []
    (bound,) = Channel("x").marginal_cac_at_most(500 * (1 - 5e-6)).rows(where)
    assert 0 < bound.room < np.inf
    assert bound.relief_at(nothing, nothing) == 0  # a cap a little higher lifts the bound altogether: no finite price


def test_the_last_customer_is_cheap_enough_draw_by_draw():
    sizes = np.array([300.0, 600.0, 900.0, 1200.0])
    curves = ResponseCurves({"a": MichaelisMenten(sizes, 60_000.0), "seo": Hill(sizes, 0.8, 3.0)})
    where = Plan(minimize=BlendedCAC()).setting(curves)
    both, paid = Group("both", ["a", "seo"]), np.zeros((4, 2))

    def kept(cap, *spend):
        return list(both.marginal_cac_at_most(cap).kept(where, np.array(spend), paid).values())

    slopes = sizes * 60_000 / 90_000**2
    for cap in (100.0, 160.0, 250.0, 500.0):
        held, idle = kept(cap, 30_000.0, 0.0)
        np.testing.assert_array_equal(held, slopes >= 1 / cap)
        assert idle.all()  # who gets nothing has no last customer, though the first would be dear
    ratio = 0.5 / 0.8  # less than a unit of currency counts as spend
    slope = sizes / 0.8 * 3 * ratio**2 / (1 + ratio**3) ** 2
    _, small = kept(1 / np.sqrt(slope[1] * slope[2]), 0.0, 0.5)
    np.testing.assert_array_equal(small, [False, False, True, True])
    for off, holds in ((0.5, True), (3.0, False)):  # of what is allowed to rounding
        held, _ = kept((1 - off * KEPT) / slopes[2], 30_000.0, 0.0)
        assert held.tolist() == [False, False, holds, True]


def test_a_change_in_all_is_cut_where_a_plan_goes_too_far():
    change = Change(total=6_000.0)
    assert Change(at_most=0.1).cut(setting(), NOW * 2) is None
    assert change.cut(setting(), np.add(NOW, [3_000, -3_000, 0])) is None
    assert change.cut(setting(), np.add(NOW, [3_000, -3_000 - 3e-7, 0])) is None  # within rounding
    assert change.cut(setting(), np.add(NOW, [3_000, -3_000 - 3e-3, 0])) is not None
    cut = change.cut(setting(), np.add(NOW, [5_000, -4_000, 0]))
    won = np.zeros(3)
    assert excess(cut, np.add(NOW, [5_000, -4_000, 0]), won) == pytest.approx(3_000)
    assert excess(cut, NOW, won) == pytest.approx(-6_000)
    assert excess(cut, np.add(NOW, [6_000, 0, 500]), won) == pytest.approx(0)  # looks at signs that departed only
    assert excess(cut, NOW, np.array([1e6, 0, 0])) == pytest.approx(-6_000)  # customers play no part
    assert relief(cut, NOW, won) == 1


def test_rounding_is_no_change_in_all():
    none = Change(total=0.0)
    assert none.cut(setting(), NOW * (1 + np.finfo(float).eps)) is None
    assert none.cut(setting(), NOW * (1 + 1e-13)) is not None
    ((above, below),) = none.touching(setting(), NOW)
    assert (above.per_spend.tolist(), below.per_spend.tolist()) == ([1, 1, 1], [-1, -1, -1])


@pytest.mark.parametrize(
    ("channel", "moved", "alone"),
    [("seo", 2e-4, True), ("seo", -2e-4, True), ("seo", 1e-2, False), ("a", 1e-4, True), ("a", 1e-3, False)],
)
def test_a_channel_moved_by_rounding_counts_as_left_alone(channel, moved, alone):
    """By a ten-millionth of its spend, or of its part of what may be moved, whichever is more."""
    now, place = np.array([0.0, 0.0, 20_000.0]), CURVES.channels.index(channel)
    spend = now + np.array([0.0, 6_000.0, 0.0])
    spend[place] += moved
    ((above, below),) = Change(total=6_000.0).touching(idle_setting(), spend)
    assert (above.per_spend[place] != below.per_spend[place]) == alone


REFUSED = {
    "budget without figure": (lambda: Budget(), "needs exactly"),
    "budget exactly and at most": (lambda: Budget(exactly=5, at_most=5), "needs exactly"),
    "budget exactly and at least": (lambda: Budget(exactly=5, at_least=5), "needs exactly"),
    "budget negative": (lambda: Budget(at_most=-1), "not negative"),
    "budget infinite": (lambda: Budget(at_most=np.inf), "finite"),
    "cac of zero": (lambda: MaxCAC(0), "positive"),
    "cac infinite": (lambda: MaxCAC(np.inf), "finite"),
    "change without figure": (lambda: Change(), "needs at_most"),
    "change negative": (lambda: Change(at_most=-0.1), "not negative"),
    "change in all negative": (lambda: Change(total=-1), "not negative"),
    "pace of zero": (lambda: Pacing(0), "positive"),
    "no channels": (lambda: Group("none", []), "has no channels"),
    "upside down": (lambda: AB.between(5, 4), "limit 5 exceeds the upper one 4"),
    "relative upside down": (lambda: AB.relative(2, 1), "exceeds the upper"),
    "share upside down": (lambda: AB.share(0.5, 0.4), "exceeds the upper"),
    "entry above ceiling": (lambda: Channel("a").zero_or_at_least(5, 4), "exceeds the upper"),
    "share of nothing": (lambda: AB.share(), "between 0 and 1"),
    "share above one": (lambda: AB.share(at_most=1.01), "between 0 and 1"),
    "least share above one": (lambda: AB.share(at_least=1.01), "between 0 and 1"),
    "group at most negative": (lambda: AB.at_most(-1), "not negative"),
    "group at least negative": (lambda: AB.at_least(-1), "not negative"),
    "group CAC of zero": (lambda: AB.cac_at_most(0), "positive"),
    "group marginal CAC of zero": (lambda: AB.marginal_cac_at_most(0), "positive"),
    "relative NaN": (lambda: AB.relative(np.nan), "not negative"),
    "pacing without weeks": (lambda: lines(Pacing(0.2)), "this plan has none"),
    "change without now": (lambda: Change(at_most=0.1).rows(setting(now=False)), "relative to current spend"),
    "relative without now": (lambda: AB.relative(0.5).rows(setting(now=False)), "relative to current spend"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_figures_that_make_no_sense_are_refused(case):
    make, words = REFUSED[case]
    with pytest.raises(BadInput, match=words):
        make()


def test_edges_are_allowed():
    for line in (Budget(at_most=0), Budget(at_least=0, at_most=0), AB.between(5, 5), AB.share(0, 1), AB.relative(0, 0)):
        assert lines(line)
    assert lines(Channel("a").at_most(0.5))  # less than one unit of a currency
    assert lines(MaxCAC(0.5))
    assert lines(Change(at_most=0.0))
    assert lines(Change(total=0.0))
    with pytest.raises(UnknownChannel, match="tv"):
        lines(Channel("tv").at_most(5))


def idle_setting():
    return Plan(minimize=BlendedCAC(), now={"a": 0.0, "b": 0.0, "seo": 20_000.0}).setting(CURVES)


def test_a_multiple_of_no_spend_is_no_limit_from_above():
    for nothing in (AB, Channel("b")):
        with pytest.raises(BadInput, match="no current spend"):
            nothing.relative(0.5, 1.5).rows(idle_setting())
        assert nothing.relative(0.5).rows(idle_setting())  # from below it asks for nothing
    assert Group("some", ["a", "seo"]).relative(0.5, 1.5).rows(idle_setting())


def test_a_share_of_no_spend_limits_nothing_and_names_the_channels():
    change = Change(at_most=0.3)
    assert {line.channel for line in change.rows(idle_setting())} == {2}
    assert change.unlimited(idle_setting()) == [0, 1]
    assert change.unlimited(setting()) == []
    cents = Plan(minimize=BlendedCAC(), now={"a": 0.5, "b": 0.0, "seo": 0.5}).setting(CURVES)  # in millions, say
    assert {line.channel for line in change.rows(cents)} == {0, 2}
    assert Change(total=5.0).unlimited(idle_setting()) == []


def test_a_change_in_all_binds_where_all_of_it_is_moved():
    change, nothing = Change(total=6_000.0), np.zeros(3)
    assert change.touching(setting(), np.add(NOW, [3_000, -2_999, 0])) == []
    assert Change(at_most=0.1).touching(setting(), 2 * NOW) == []
    moved = np.add(NOW, [4_000, -2_000, 0])
    ((above, below),) = change.touching(setting(), moved)
    for side in (above, below):
        assert excess(side, moved, nothing) == pytest.approx(0)
        assert relief(side, moved, nothing) == 1
    for channel, step in ((0, 1.0), (1, -1.0), (2, 1.0)):  # to the right of a channel left alone
        further = moved.copy()
        further[channel] += step
        assert excess(above, further, nothing) == pytest.approx(1)
    less = moved - np.array([0, 0, 1.0])
    assert excess(below, less, nothing) == pytest.approx(1)
    assert excess(above, less, nothing) == pytest.approx(-1)  # which is why there are two

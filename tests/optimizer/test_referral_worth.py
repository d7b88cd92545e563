"""A referral programme asked of a plan that values customers by channel: its customers have a value of their own."""

from __future__ import annotations

import numpy as np
import pytest

from attribution.economics import Referral, Tier
from attribution.errors import BadInput
from mmm.curves import Hill, ResponseCurves
from optimizer import Budget, Plan, Profit, ReferralProgramme, compare

PROGRAMME = Referral(9_000, (Tier(20, 0.05, 1.0), Tier(50, 0.08, 1.1)), capacity=2_000, already=0.01)
CURVES = ResponseCurves({"tv": Hill(900.0, 60_000.0, 1.0), "search": Hill(500.0, 20_000.0, 1.0)})


def plan(values: object) -> Plan:
    return Plan(maximize=Profit(values), subject_to=[Budget(at_most=80_000)], now={"tv": 30_000, "search": 20_000})


@pytest.mark.parametrize("value", [30.0, 90.0, 400.0])
def test_it_is_asked_as_where_all_customers_are_worth_as_much(value: float) -> None:
    by_channel, alike = plan({"tv": value, "search": value}), plan(value)
    own = compare(by_channel, CURVES, [ReferralProgramme(PROGRAMME, value=value)]).frame
    one = compare(alike, CURVES, [ReferralProgramme(PROGRAMME)]).frame
    for column in ("spend", "customers"):
        assert np.allclose(own[column].iloc[1], one[column].iloc[1], rtol=1e-6)


def test_the_more_its_customers_are_worth_the_more_is_spent_on_it() -> None:
    whole = plan({"tv": 80.0, "search": 120.0})
    spent = []
    for value in (0.0, 40.0, np.array([20.0, 60.0]), 300.0):
        _, curves = ReferralProgramme(PROGRAMME, value=value).applied(whole, CURVES)
        asked, _ = ReferralProgramme(PROGRAMME, value=value).applied(whole, CURVES)
        spent.append(float(asked.solve(curves).spend["referral"]))
    assert spent[0] == 0
    assert spent[1] == pytest.approx(spent[2], rel=1e-6)  # draws by their mean
    assert spent[1] <= spent[3]
    assert spent[3] > 0


def test_without_a_value_it_is_refused() -> None:
    with pytest.raises(BadInput, match="does not say what a customer who comes by friends is worth"):
        ReferralProgramme(PROGRAMME, "friends").applied(plan({"tv": 80.0, "search": 120.0}), CURVES)

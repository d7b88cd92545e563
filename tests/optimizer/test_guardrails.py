"""Guardrails: warn late enough not to cry wolf, and stop early enough to matter."""

import numpy as np
import pandas as pd
import pytest

from attribution.errors import BadInput
from optimizer.cycle.guardrails import Ceiling, Guardrails

WEEKS = pd.date_range("2026-01-05", periods=8, freq="7D")


def results(spend, customers):
    return pd.DataFrame({"week": WEEKS, "spend": spend, "customers": customers})


def verdicts(rails, table):
    return {finding.name: finding.passed for finding in rails.check(table)}


RAILS = Guardrails(Ceiling(warn=60, stop=80), lifetime_value=200)


def test_healthy_weeks_pass():
    assert verdicts(RAILS, results(50_000.0, 1000)) == {"cac_warning": True, "cac_breaker": True, "ltv_cac": True}


def test_limits_are_crossed_one_after_the_other():
    assert verdicts(RAILS, results(70_000.0, 1000)) == {"cac_warning": False, "cac_breaker": True, "ltv_cac": False}
    assert verdicts(RAILS, results(90_000.0, 1000)) == {"cac_warning": False, "cac_breaker": False, "ltv_cac": False}


def test_few_customers_prove_little():
    few, many = results(630.0, 10), results(630_000.0, 10_000)  # the same CAC of 63
    assert verdicts(RAILS, few)["cac_warning"]
    assert not verdicts(RAILS, many)["cac_warning"]


def test_noisier_weeks_need_more_evidence():
    table = results(63_000.0, 1000)
    assert not verdicts(RAILS, table)["cac_warning"]
    noisy = Guardrails(Ceiling(60, 80), dispersion=20.0)
    assert verdicts(noisy, table)["cac_warning"]


def test_only_the_window_counts():
    customers = np.where(np.arange(8) < 4, 1, 1000)
    assert verdicts(RAILS, results(50_000.0, customers))["cac_breaker"]
    assert not verdicts(Guardrails(Ceiling(60, 80), window=8), results(50_000.0, customers))["cac_breaker"]


def test_false_alarms_are_as_rare_as_stated():
    rng = np.random.default_rng(0)
    rails = Guardrails(Ceiling(warn=50, stop=80), confidence=0.9)
    alarms = [not verdicts(rails, results(10_000.0, rng.poisson(200, 8)))["cac_warning"] for _ in range(400)]
    assert np.mean(alarms) == pytest.approx(0.1, abs=0.05)


def test_fixed_cost_is_part_of_the_cac():
    rails = Guardrails(Ceiling(60, 80), fixed_cost=40_000)
    assert rails.check(results(50_000.0, 1000))[0].value == pytest.approx(90)


def test_no_spend_and_nobody_is_no_cac_of_zero():
    findings = RAILS.check(results(0.0, 0))
    assert all(np.isnan(finding.value) and not finding.passed for finding in findings)
    assert all("nobody came" in finding.text for finding in findings)


def test_spend_on_nobody_costs_without_end_and_customers_for_nothing_cost_nothing():
    dear, free = RAILS.check(results(90_000.0, 0)), RAILS.check(results(0.0, 50))
    assert [finding.value for finding in dear] == [np.inf, np.inf, 0.0]
    assert not any(finding.passed for finding in dear)
    assert [finding.value for finding in free] == [0.0, 0.0, np.inf]
    assert all(finding.passed for finding in free)
    fixed = Guardrails(Ceiling(60, 80), fixed_cost=40_000).check(results(0.0, 0))
    assert [finding.value for finding in fixed] == [np.inf, np.inf]
    assert not any(finding.passed for finding in fixed)


BAD = {
    "negative spend": lambda: RAILS.check(results(-1.0, 5)),
    "missing column": lambda: RAILS.check(results(1.0, 5).drop(columns="customers")),
    "repeated week": lambda: RAILS.check(pd.concat([results(1.0, 5)] * 2)),
    "too few weeks": lambda: RAILS.check(results(1.0, 5).head(2)),
    "days": lambda: RAILS.check(results(1.0, 5).assign(week=pd.date_range("2026-01-05", periods=8))),
    "months": lambda: RAILS.check(results(1.0, 5).assign(week=pd.date_range("2026-01-01", periods=8, freq="MS"))),
    "a week left out": lambda: RAILS.check(results(1.0, 5).drop(index=3)),
    "crossed limits": lambda: Ceiling(80, 60),
    "no window": lambda: Guardrails(Ceiling(60, 80), window=0),
    "no value": lambda: Guardrails(Ceiling(60, 80), lifetime_value=0.0),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused(case):
    with pytest.raises(BadInput):
        BAD[case]()


def test_rows_that_are_no_weeks_are_named_and_their_order_does_not_matter():
    with pytest.raises(BadInput, match="2026-01-19 and 2026-02-02"):
        RAILS.check(results(1.0, 5).drop(index=3))
    with pytest.raises(BadInput, match=r"and 4 more\..*sum days to weeks"):
        RAILS.check(results(1.0, 5).assign(week=pd.date_range("2026-01-05", periods=8)))
    shuffled = results(np.linspace(1e4, 2e5, 8), 1000).sample(frac=1, random_state=0)
    assert verdicts(RAILS, shuffled) == verdicts(RAILS, shuffled.sort_values("week"))

"""One fit makes its panel and model ready once, and refuses what it could not explain."""

import sys
from collections import Counter
from functools import wraps

import numpy as np
import pandas as pd
import pytest

import mmm
from attribution.errors import BadInput
from mmm.model.baseline import design
from mmm.sampling.layout import layout
from mmm.sampling.usable import active


@pytest.fixture
def calls(monkeypatch) -> Counter:
    """How often each was called, under whatever name a module imported it."""
    counted: Counter = Counter()
    _ = mmm.fit, mmm.preview  # a module that is loaded only now would keep the names that count
    for function in (active, design, layout):

        @wraps(function)
        def counting(*args, _function=function, **kwargs):
            counted[_function.__name__] += 1
            return _function(*args, **kwargs)

        for module in [module for name, module in sys.modules.items() if name.startswith("mmm")]:
            for name, value in list(vars(module).items()):
                if value is function:
                    monkeypatch.setattr(module, name, counting)
    return counted


def regional(frame: pd.DataFrame, empty: bool = False) -> mmm.Panel:
    south = frame.assign(customers=0 if empty else frame["customers"].to_numpy()[::-1])
    both = pd.concat([frame.assign(geo="north"), south.assign(geo="south")])
    return mmm.Panel.from_frame(both, "week", "customers", ["tv", "search"], ["price"], geo="geo")


def test_a_fit_works_each_thing_out_once(panel, calls):
    mmm.fit(panel, draws=20, tune=20, time_budget=0)
    assert calls == {"active": 1, "design": 1, "layout": 1}
    calls.clear()
    mmm.preview(panel, draws=20)
    assert calls == {"active": 1, "design": 1, "layout": 1}


def test_a_fit_by_geo_works_out_one_design_for_each(company, calls):
    mmm.fit(regional(company(80)[0]), draws=20, tune=20, time_budget=0)
    assert calls == {"active": 1, "design": 2, "layout": 1}


def test_a_geo_without_customers_is_refused_by_name(company):
    with pytest.raises(BadInput, match=r"column 'customers': is zero throughout in south\. Remedy: leave its rows out"):
        regional(company(80)[0], empty=True)
    frame = company(100)[0]
    late = frame.assign(geo="late", customers=np.where(np.arange(100) < 80, 0, frame["customers"]))
    both = pd.concat([frame.assign(geo="always"), late])
    panel = mmm.Panel.from_frame(both, "week", "customers", ["tv"], geo="geo")
    with pytest.raises(BadInput, match="zero throughout in late"):
        mmm.fit(panel.select(0, 80))


def test_a_kpi_that_is_no_count_is_refused_under_a_likelihood_of_counts(company):
    frame = company(80)[0]
    frame["customers"] = frame["customers"].astype(float)
    frame.loc[[7, 30], "customers"] += 0.25
    panel = mmm.Panel.from_frame(frame, "week", "customers", ["tv", "search"])
    model = mmm.Model(likelihood=mmm.NegativeBinomialLikelihood())
    for ask in (mmm.fit, mmm.preview):
        with pytest.raises(BadInput, match=r"column 'customers', row of 2023-02-20: .*\.25, which is no count; 2 such"):
            ask(panel, model)
    assert mmm.preview(panel, draws=20).n_draws == 20  # the normal likelihood takes it

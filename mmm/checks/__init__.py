"""Checks: whether a model can be believed.

Forecasts of weeks it did not see (``backtest``), weights by such forecasts (``stacking``), intervals held against
simulated truth (``calibration``), the same data under another belief (``prior_sensitivity``). Every check fits models,
so this room stands below ``mmm.sampling`` and nothing that fits imports it. Begin with ``backtest``.
"""

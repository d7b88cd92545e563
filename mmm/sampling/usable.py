"""What a panel can bear before it is fitted: which media act, and how many parameters there are for its rows."""

from __future__ import annotations

import numpy as np

from attribution.findings import Finding
from mmm.data.lift_tests import check_windows
from mmm.data.panel import Panel
from mmm.data.panel_checks import check_panel
from mmm.model.baseline import design
from mmm.model.model import Model
from mmm.sampling.layout import layout
from mmm.sampling.national_problem import reference_noise

__all__ = ["active", "panel_findings", "parameter_count"]


def active(panel: Panel) -> Panel:
    """The panel without channels that never spent or delivered anything."""
    acts = dict(zip(panel.media_names, panel.media.sum(axis=(0, 1)) > 0, strict=True))
    return panel.with_channels(
        [channel for channel in panel.channels if acts[channel]],
        [channel for channel in panel.organic_channels if acts[channel]],
    )


def parameter_count(panel: Panel, model: Model) -> int:
    """Parameters that a model learns from a panel, the baseline's included.

    The steps of a wandering level count by the degrees of freedom that its prior leaves them, which are far fewer.
    """
    terms = design(panel, model.trends, model.seasons)
    steps = np.array([group == "level" for group in terms.groups])
    count = layout(model, panel).size + int((~steps).sum())
    if not steps.any():
        return count
    kpi = panel.kpi[0] / panel.kpi[0].mean()
    noise = reference_noise(kpi, terms.matrix[:, ~steps])
    singular = np.linalg.svd(terms.matrix[:, steps] * terms.sd[steps] / noise, compute_uv=False)
    return count + int(np.ceil((singular**2 / (1.0 + singular**2)).sum()))


def panel_findings(panel: Panel, model: Model) -> tuple[Finding, ...]:
    """Findings on a panel as given, for this model."""
    kept = active(panel)
    about = model.about(panel, kept)
    return (*check_panel(panel, parameter_count(kept, about)), *check_windows(about.lift_tests, panel))

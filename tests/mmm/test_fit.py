"""Fitting: recovery of a known truth, the gate, determinism, and the honesty of intervals."""

import subprocess
import sys

import numpy as np
import pytest

import mmm
from attribution.errors import UnknownChannel
from mmm.sampling.nuts import ChainProgress, Progress


def test_recovers_contributions(posterior, truth):
    summary = posterior.contributions().summary()
    for channel, brought in truth.items():
        assert summary.loc[channel, "5%"] * 0.9 <= brought <= summary.loc[channel, "95%"] * 1.1
        assert summary.loc[channel, "median"] == pytest.approx(brought, rel=0.35)


def test_converged_with_findings_named_by_the_gate(posterior):
    assert posterior.converged
    names = [finding.name for finding in posterior.diagnostics]
    assert names[:4] == ["r_hat", "ess_bulk", "ess_tail", "divergences"]
    assert {"spend_present", "spend_varies", "collinear", "rows_per_parameter", "baseline_positive"} <= set(names)


def test_same_seed_same_bytes_other_seed_other_draws(panel):
    model = mmm.Model(saturation=mmm.MichaelisMentenSaturation())
    first, again, other = (mmm.fit(panel, model, draws=150, tune=200, seed=s, time_budget=0) for s in (4, 4, 5))
    for name, values in first.draws.items():
        assert values.tobytes() == again.draws[name].tobytes()
    assert not np.array_equal(first.draws["share"], other.draws["share"])


def test_sampling_goes_on_until_the_gate_passes(panel):
    short = mmm.fit(panel, mmm.Model(saturation=mmm.MichaelisMentenSaturation()), draws=60, tune=150, seed=2)
    assert short.information["attempts"] > 1
    assert short.converged
    assert short.draws["sigma"].shape[1] > 60


def test_without_time_the_verdict_is_honest(panel):
    rushed = mmm.fit(panel, draws=20, tune=60, seed=2, time_budget=0)
    assert rushed.information["attempts"] == 1
    assert not rushed.converged
    failed = [finding.name for finding in rushed.diagnostics if not finding.passed]
    assert "ess_bulk" in failed


def test_progress_reports_draws_and_divergences(panel):
    seen: list[Progress] = []
    mmm.fit(panel, draws=100, tune=100, seed=2, progress=seen.append, time_budget=0)
    assert seen[-1].share == 1.0
    assert {chain.total for chain in seen[-1].chains} == {200}
    assert seen[-1].attempt == 1
    assert seen[-1].remaining == 0.0
    half = Progress(2, (ChainProgress(50, 200, 0), ChainProgress(150, 200, 1)), seconds=70.0, running=30.0)
    assert half.remaining == pytest.approx(30.0)


def test_progress_that_interrupts_ends_the_chains(panel):
    def interrupt(state: Progress) -> None:
        assert state.share < 1.0
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        mmm.fit(panel, draws=200_000, tune=1000, seed=2, progress=interrupt)


def test_silent_channel_is_left_out_and_said(panel):
    from dataclasses import replace

    spend = panel.spend.copy()
    spend[:, :, 2] = 0.0
    silent = replace(panel, spend=spend, media=spend.copy(), before=spend[:, :13].mean(axis=1))
    result = mmm.fit(silent, draws=100, tune=150, seed=1, time_budget=0)
    assert result.channels == ("tv", "search")
    finding = next(f for f in result.diagnostics if f.name == "spend_present")
    assert not finding.passed
    assert "social" in finding.text


def test_unknown_family_name_offers_the_nearest(panel):
    with pytest.raises(UnknownChannel, match="Did you mean 'search'"):
        mmm.fit(panel, mmm.Model(adstock={"serach": mmm.NoAdstock()}))


def test_prior_decides_where_data_are_silent(panel):
    strong = mmm.Model(effects=mmm.ShareOfCustomers({"tv": (0.02, 0.05)}))
    shift = mmm.fit(panel, strong, draws=200, tune=200, seed=1, time_budget=0).prior_shift()
    assert shift.loc["tv", "text"] == "mostly your prior"
    assert shift.loc["search", "learnt"] > 0.2


def test_import_is_light():
    code = "import sys, mmm; bad = {'pymc', 'arviz', 'matplotlib', 'numba', 'nutpie'} & set(sys.modules); sys.exit(repr(bad) if bad else 0)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_fitting_does_not_import_pymc():
    code = (
        "import sys; sys.path.insert(0, 'tests/mmm'); import mmm, mmm.sampling.fit, mmm.sampling.nuts; mmm.sampling.nuts._extension();"
        "bad = {'pymc', 'arviz', 'matplotlib', 'pytensor'} & set(sys.modules); sys.exit(repr(bad) if bad else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

"""Many fits: kept where they are, failing alone, by several backends with the same draws."""

import json
import shutil
from dataclasses import replace

import joblib
import numpy as np
import pytest

import mmm
from attribution.errors import BadInput, UnknownName
from mmm.sampling.fit_many import FitFailed

MODEL = mmm.Model(saturation=mmm.MichaelisMentenSaturation(), season=mmm.Season(order=1))
SHORT = {"draws": 50, "tune": 100, "chains": 2}


@pytest.fixture(scope="module")
def jobs(panel):
    return {"north/west": (panel.select(0, 70), MODEL), "all": (panel, None)}


@pytest.fixture(scope="module")
def done(jobs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fits")
    return mmm.fit_many(jobs, folder, **SHORT)


def test_each_fit_has_a_folder_with_posterior_and_verdict(done):
    assert sorted(path.name for path in done.folder.iterdir()) == ["all", "north%2Fwest"]
    verdict = json.loads((done.folder / "all" / "verdict.json").read_text())
    assert verdict["converged"] == done["all"].converged
    assert {finding["name"] for finding in verdict["findings"]} >= {"r_hat", "ess_bulk", "ess_tail", "divergences"}
    assert list(done.table["status"]) == ["fitted", "fitted"]
    assert list(done) == ["north/west", "all"]


def test_draws_are_those_of_a_fit_alone(done, jobs):
    panel, model = jobs["north/west"]
    alone = mmm.fit(panel, model, **SHORT)
    np.testing.assert_array_equal(done["north/west"].draws["share"], alone.draws["share"])


def test_what_is_there_is_kept_and_what_changed_is_fitted_again(done, jobs, tmp_path):
    home = shutil.copytree(done.folder, tmp_path / "fits")
    files = {name: home / name / "posterior.nc" for name in ("all", "north%2Fwest")}
    before = {name: path.stat().st_mtime_ns for name, path in files.items()}
    panel, _ = jobs["north/west"]
    changed = {**jobs, "north/west": (replace(panel, kpi=panel.kpi * 1.01), MODEL)}
    again = mmm.fit_many(changed, home, **SHORT)
    assert dict(again.table["status"]) == {"north/west": "fitted", "all": "kept"}
    assert files["all"].stat().st_mtime_ns == before["all"]
    assert files["north%2Fwest"].stat().st_mtime_ns > before["north%2Fwest"]
    assert again["all"].summary().equals(done["all"].summary())
    files["all"].write_bytes(files["all"].read_bytes()[:-100])
    mended = mmm.fit_many({"all": jobs["all"]}, home, **SHORT)
    assert mended.table.loc["all", "status"] == "fitted"


def test_one_failure_leaves_the_others_alone(panel, tmp_path):
    broken = replace(panel, media=np.zeros_like(panel.media))
    fits = mmm.fit_many({"broken": (broken, MODEL), "sound": (panel, MODEL)}, tmp_path, **SHORT)
    assert list(fits.failures) == ["broken"]
    assert fits.table.loc["sound", "status"] == "fitted"
    with pytest.raises(FitFailed, match=r"1 of 2 fits failed.\nbroken: .*no channel has any spend"):
        fits.checked()
    with pytest.raises(FitFailed, match="no channel has any spend"):
        fits["broken"]
    with pytest.raises(UnknownName, match="Did you mean 'sound'"):
        fits["sond"]


def test_names_that_would_share_a_folder_are_refused(panel, tmp_path):
    with pytest.raises(BadInput, match="'North' and 'north' would share a folder"):
        mmm.fit_many({"north": (panel, MODEL), "North": (panel, MODEL)}, tmp_path)
    with pytest.raises(BadInput, match="nothing to fit"):
        mmm.fit_many({}, tmp_path)


def test_names_stay_inside_the_folder(panel, tmp_path):
    home = tmp_path / "home"
    mmm.fit_many({"../escape": (panel, MODEL)}, home, **SHORT)
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


@pytest.mark.long
@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_backends_of_joblib_give_the_same_draws(backend, done, jobs, tmp_path):
    with joblib.parallel_config(backend=backend):
        fits = mmm.fit_many(jobs, tmp_path, workers=2, **SHORT)
    for name in jobs:
        np.testing.assert_array_equal(fits[name].draws["share"], done[name].draws["share"])


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # sockets of the cluster close after it has stopped
def test_a_dask_cluster_gives_the_same_draws(done, jobs, tmp_path):
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        fits = mmm.fit_many(jobs, tmp_path, workers=-1, **SHORT)
    assert list(fits.table["status"]) == ["fitted", "fitted"]
    for name in jobs:
        np.testing.assert_array_equal(fits[name].draws["share"], done[name].draws["share"])

"""PyTensor's BLAS is settled: no search of the system, no warning, and the user's own choice stays."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.long

GRAPH = """
import numpy as np, pandas as pd, mmm, pytensor
from mmm.sampling.pymc_graph import build
weeks = pd.date_range("2024-01-01", periods=40, freq="7D")
table = pd.DataFrame({"week": weeks, "tv": np.arange(40.0) % 7, "customers": 100 + np.arange(40) % 5})
graph = build(mmm.Panel.from_frame(table, "week", "customers", ["tv"]), mmm.Model(likelihood=mmm.StudentTLikelihood()))
"""
CHOICES = {
    "none": ("", "", ""),
    "PyTensor loaded first": ("", "import pymc", ""),
    "in the environment": ("blas__ldflags=-lmine", "", "-lmine"),
    "in Python": ("", "import pytensor; pytensor.config.blas__ldflags = '-lmine'", "-lmine"),
}


def run(code, **variables):
    environment = {name: value for name, value in os.environ.items() if name != "PYTENSOR_FLAGS"} | variables
    command = [sys.executable, "-W", "error", "-W", "ignore::FutureWarning", "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("choice", CHOICES)
def test_numpy_is_taken_unless_the_user_chose(choice, tmp_path):
    flags, before, expected = CHOICES[choice]
    asked = f"{before}\n{GRAPH}\nprint(pytensor.config.blas__ldflags)"
    assert run(asked, HOME=str(tmp_path), PYTENSOR_FLAGS=flags) == expected


def test_a_choice_in_the_settings_file_stays(tmp_path):
    (tmp_path / "own").write_text("[blas]\nldflags = -lmine\n", encoding="utf-8")
    assert run(f"{GRAPH}\nprint(pytensor.config.blas__ldflags)", PYTENSORRC=str(tmp_path / "own")) == "-lmine"


def test_products_in_the_default_mode_bring_no_warning_and_are_right(tmp_path):
    product = (
        "import pytensor.tensor as pt\n"
        "left, right = pt.dmatrix(), pt.dmatrix()\n"
        "values = np.arange(12.0).reshape(3, 4), np.arange(20.0).reshape(4, 5)\n"
        "found = pytensor.function([left, right], pt.dot(left, right))(*values)\n"
        "print(np.allclose(found, values[0] @ values[1]))"
    )
    assert run(f"{GRAPH}\n{product}", PYTENSOR_FLAGS=f"base_compiledir={tmp_path}") == "True"

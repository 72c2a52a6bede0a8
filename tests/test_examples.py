"""The scripts in examples/, each run as a reader runs it, on the digits that come with the package."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import nn

FOLDER = Path(__file__).parents[1] / "examples"


@pytest.fixture
def run(tmp_path):
    """Return a function that runs an example where there is no MNIST, and returns what it prints."""
    environment = os.environ | {
        "FORKGRAD_DATA": str(tmp_path), "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "error",
        "FORKGRAD_KERNELS": "numpy",  # compiling takes longer than such small networks
    }  # fmt: skip

    def run(name, *options):
        command = [sys.executable, str(FOLDER / name), *options]
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def promised(name):
    """Return the indented lines at the end of an example's docstring: what it says that it prints."""
    docstring = (FOLDER / name).read_text().split('"""')[1]
    return re.sub(r"^    ", "", docstring.split("\n\n")[-1], flags=re.MULTILINE)


@pytest.mark.parametrize("name", ["01_multiplication.py", "02_linear_regression.py"])
def test_prints_what_its_docstring_says(run, name):
    assert run(name) == promised(name)


@pytest.mark.parametrize(
    ("name", "epochs", "least"),
    [
        ("03_logistic_regression.py", 8, 0.75),
        ("04_mlp.py", 121, 0.5),  # in the first 60 or so nearly nothing seems to be learned
        ("05_deep_mlp.py", 3, 0.75),
        ("06_cnn.py", 3, 0.3),
    ],
)
def test_learns_the_bundled_digits_and_says_so(run, name, epochs, least):
    lines = run(name, "--epochs", str(epochs)).splitlines()
    assert lines[0].startswith("MNIST is not here: set FORKGRAD_DATA")
    assert lines[1] == "the bundled digits: 1,442 images of 8x8 to train with, 355 to test"
    assert lines[2].startswith("epoch   1: test accuracy ")
    last = re.fullmatch(rf"epoch +{epochs}: test accuracy (\d+\.\d\d)%", lines[-1])
    assert float(last[1]) / 100 > least


@pytest.mark.parametrize("name", ["03_logistic_regression.py", "04_mlp.py", "05_deep_mlp.py", "06_cnn.py"])
def test_takes_mnist_where_it_is(name, monkeypatch, capsys):
    rng = np.random.default_rng(0)
    images, digits = rng.random((300, 1, 28, 28), np.float32), rng.integers(0, 10, 300)
    monkeypatch.setattr(nn.data, "load_mnist", lambda: ((images, digits), (images[:70], digits[:70])))
    monkeypatch.setattr(sys, "argv", [name, "--epochs", "1"])
    monkeypatch.syspath_prepend(FOLDER)
    monkeypatch.delitem(sys.modules, "digit_images", raising=False)
    runpy.run_path(str(FOLDER / name), run_name="__main__")
    first, second = capsys.readouterr().out.splitlines()
    assert first == "MNIST: 300 images of 28x28 to train with, 70 to test"
    assert re.fullmatch(r"epoch   1: test accuracy \d+\.\d\d%", second)


def test_each_is_short_enough_to_compare_line_by_line():
    scripts = sorted(FOLDER.glob("0*.py"))
    assert [path.name[:2] for path in scripts] == ["01", "02", "03", "04", "05", "06"]
    assert all(20 <= len(path.read_text().splitlines()) <= 60 for path in scripts)

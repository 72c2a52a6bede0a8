"""In a user's test a failed gradient check shows its report, by the plugin that installing registers."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TESTS = """
import numpy as np
import pytest
from autograd import gradcheck, op
from autograd.testing import check_op

@op(x=lambda g, x: 2 * g * np.cos(x))
def wrong(x):
    return np.sin(x)

X = np.array([0.5, 1.0])

def test_asserted():
    assert gradcheck(wrong, X, raise_exception=False)

def test_named():
    report = gradcheck(wrong, X, raise_exception=False)
    assert report

def test_attribute():
    assert gradcheck(wrong, X, raise_exception=False).ok

def test_raised():
    gradcheck(wrong, X)

def test_op():
    check_op(wrong, [(X,)])

def test_something_else():
    report = gradcheck(np.sin, X)
    assert not report

def test_caught():
    with pytest.raises(AssertionError):
        gradcheck(wrong, X)
"""


def pytest_run(folder: Path, *options: str) -> str:
    """Return what pytest prints for the tests above, with the plugin loaded as if it were installed."""
    (folder / "test_user.py").write_text(TESTS)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "COLUMNS": "150"}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", str(folder), *options, "."]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=False).stdout


@pytest.fixture(scope="module")
def failures(tmp_path_factory):
    """Return what is printed about each test that failed."""
    out = pytest_run(tmp_path_factory.mktemp("user"), "-p", "forkgrad_pytest")
    assert "6 failed, 1 passed" in out, out
    parts = out.partition("= FAILURES =")[2].partition("short test summary")[0].split("____ test_")[1:]
    return {part.partition(" ")[0]: part for part in parts}


@pytest.mark.parametrize("test", ["asserted", "named", "attribute", "raised", "op"])
def test_reports_are_shown_once(failures, test):
    assert failures[test].count("gradcheck of wrong: 1 of 1 inputs WRONG") == 1
    assert "numeric" in failures[test]


@pytest.mark.parametrize("test", ["asserted", "named", "attribute"])
def test_reports_are_a_section_of_their_own(failures, test):
    assert "- gradient check -" in failures[test]


@pytest.mark.parametrize(("test", "line"), [("raised", "gradcheck(wrong, X)"), ("op", "check_op(wrong, [(X,)])")])
def test_tracebacks_end_in_the_test(failures, test, line):
    assert f">       {line}" in failures[test]
    assert "autograd/checking" not in failures[test]
    assert "autograd/testing" not in failures[test]


def test_reports_that_hold_are_not_shown(failures):
    assert "- gradient check -" not in failures["something_else"]


@pytest.mark.parametrize("style", ["long", "short", "line", "native", "no"])
def test_every_style_of_traceback_works(tmp_path, style):
    out = pytest_run(tmp_path, "-p", "forkgrad_pytest", f"--tb={style}")
    assert "6 failed, 1 passed" in out
    assert "INTERNALERROR" not in out


def test_the_plugin_is_registered_and_costs_nothing():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["entry-points"]["pytest11"] == {"forkgrad": "forkgrad_pytest"}
    assert "forkgrad_pytest" in project["tool"]["setuptools"]["py-modules"]
    code = "import sys, pytest; before = set(sys.modules); import forkgrad_pytest; print(set(sys.modules) - before)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stdout.strip() == "{'forkgrad_pytest'}"

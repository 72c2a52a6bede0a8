"""The error function without SciPy, against SciPy and Python."""

import math
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose

from autograd.kernels import error_function

POINTS = np.concatenate([np.linspace(-6, 6, 4001), [0.0, -0.0, 1e-300, 0.46875, -0.46875, 4.0, -4.0, 26.0]])
PYTHON = {"erf": math.erf, "erfc": math.erfc, "ndtr": lambda x: 0.5 * math.erfc(-x / math.sqrt(2))}


@pytest.mark.parametrize("name", PYTHON)
def test_values_are_exact(name):
    expected = [PYTHON[name](x) for x in POINTS.tolist()]
    assert_allclose(getattr(error_function, name)(POINTS), expected, rtol=2e-14, atol=0)


@pytest.mark.parametrize("name", PYTHON)
def test_values_at_the_ends(name):
    low = {"erf": -1, "erfc": 2, "ndtr": 0}[name]
    high = {"erf": 1, "erfc": 0, "ndtr": 1}[name]
    assert_allclose(getattr(error_function, name)(np.array([-np.inf, np.inf, np.nan])), [low, high, np.nan])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (0,), (2, 3)])
def test_dtypes_and_shapes_stay(dtype, shape):
    for name in PYTHON:
        out = getattr(error_function, name)(np.ones(shape, dtype))
        assert out.dtype == dtype
        assert out.shape == shape


def test_gelu_needs_no_scipy():
    code = "import sys; sys.modules['scipy'] = None; import nn; print(nn.GELU()(1.0).item())"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert float(output) == pytest.approx(0.8413447)

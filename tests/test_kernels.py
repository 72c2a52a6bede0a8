"""Compiled kernels are equal to NumPy's, over random shapes and options."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from autograd.kernels import window
from autograd.kernels.choosing import compiling

pytest.importorskip("numba", reason="needs the extra 'fast'")
if not compiling():
    pytest.skip("needs the extra 'fast'", allow_module_level=True)

from autograd.kernels.compiled import window as compiled_window

DTYPES = st.sampled_from([np.float32, np.float64])


def close(actual, expected):
    """Hold two results equal but for the rounding of sums in another order."""
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape
    rtol = 1e-4 if expected.dtype == np.float32 else 1e-12
    assert_allclose(actual, expected, rtol=rtol, atol=rtol * max(np.abs(expected).max(initial=0), 1e-30))


def pairs(low, high):
    return st.tuples(st.integers(low, high), st.integers(low, high))


@st.composite
def convolutions(draw):
    """Draw images, filters and the options of a convolution."""
    groups = draw(st.integers(1, 3))
    n, c, o = draw(st.integers(1, 5)), groups * draw(st.integers(1, 4)), groups * draw(st.integers(1, 5))
    size, kernel = draw(pairs(1, 14)), draw(pairs(1, 5))
    stride, padding, dilation = draw(pairs(1, 3)), draw(pairs(0, 3)), draw(pairs(1, 3))
    reach = [s + 2 * p - d * (k - 1) for s, p, d, k in zip(size, padding, dilation, kernel, strict=True)]
    assume(min(reach) >= 1)
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    dtype = draw(DTYPES)
    x, weight = (rng.normal(size=shape).astype(dtype) for shape in ((n, c, *size), (o, c // groups, *kernel)))
    return x, weight, (stride, padding, dilation, groups)


@settings(max_examples=200)
@given(convolutions())
def test_convolution(case):
    x, weight, options = case
    out = window.correlate.reference(x, weight, *options)
    close(compiled_window.correlate(x, weight, *options), out)
    g = np.random.default_rng(1).normal(size=out.shape).astype(x.dtype)
    of_input = compiled_window.correlate_input(g, weight, x.shape[2:], *options)
    close(of_input, window.correlate_input.reference(g, weight, x.shape[2:], *options))
    of_weight = compiled_window.correlate_weight(x, g, weight.shape[2:], *options)
    close(of_weight, window.correlate_weight.reference(x, g, weight.shape[2:], *options))


def test_convolution_of_more_than_fits_the_scratch_memory():
    rng = np.random.default_rng(0)
    x, weight = (rng.normal(size=shape).astype(np.float32) for shape in ((5, 24, 40, 40), (9, 24, 3, 3)))
    options = ((1, 1), (1, 1), (1, 1), 1)
    close(compiled_window.correlate(x, weight, *options), window.correlate.reference(x, weight, *options))


def test_convolution_of_views():
    x, weight = np.ones((2, 6, 5, 3), np.float32).transpose(0, 3, 2, 1), np.ones((4, 3, 2, 2), np.float32)[::-1]
    options = ((1, 1), (0, 0), (1, 1), 1)
    close(compiled_window.correlate(x, weight, *options), window.correlate.reference(x, weight, *options))


@pytest.mark.parametrize("shape", [(1, 2, 5), (1, 2, 5, 5, 5)])
def test_other_numbers_of_axes_are_left_to_numpy(shape):
    axes = len(shape) - 2
    x, weight = np.ones(shape, np.float32), np.ones((1, 2, *[2] * axes), np.float32)
    options = ((1,) * axes, (0,) * axes, (1,) * axes, 1)
    assert compiled_window.correlate(x, weight, *options) is NotImplemented
    assert window.correlate(x, weight, *options).shape[2:] == (4,) * axes


def test_other_dtypes_are_left_to_numpy():
    x, weight = np.ones((1, 1, 3, 3), np.float16), np.ones((1, 1, 2, 2), np.float16)
    options = ((1, 1), (0, 0), (1, 1), 1)
    assert compiled_window.correlate(x, weight, *options) is NotImplemented
    assert window.correlate(x, weight, *options).dtype == np.float16


def test_results_are_the_same_bits_each_time():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(16, 8, 20, 20)).astype(np.float32)
    options = ((1, 1), (1, 1), (1, 1), 1)
    g = rng.normal(size=(16, 16, 20, 20)).astype(np.float32)
    for _ in range(5):
        first, again = (compiled_window.correlate_weight(x, g, (3, 3), *options) for _ in range(2))
        assert np.array_equal(first, again)

"""Compiled normalization is equal to NumPy's, over random shapes and options."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from autograd.kernels import normalizing
from autograd.kernels.choosing import compiling

pytest.importorskip("numba", reason="needs the extra 'fast'")
if not compiling():
    pytest.skip("needs the extra 'fast'", allow_module_level=True)

from autograd.kernels.compiled import normalizing as compiled_normalizing


@pytest.fixture(autouse=True, scope="module")
def _of_any_size():
    before = compiled_normalizing._SMALL, compiled_normalizing._SHORT
    compiled_normalizing._SMALL, compiled_normalizing._SHORT = 0, 0
    yield
    compiled_normalizing._SMALL, compiled_normalizing._SHORT = before


def close(actual, expected, scale=1.0):
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape
    tolerance = 1e-5 if expected.dtype == np.float32 else 1e-12
    assert_allclose(actual, expected, rtol=tolerance, atol=tolerance * max(scale, np.abs(expected).max()))


@st.composite
def normalizations(draw):
    """Draw x, weight and bias or None, how many axes are normalized, eps and whether the mean is subtracted."""
    shape = tuple(draw(st.lists(st.integers(1, 9), min_size=2, max_size=4)))
    last = draw(st.integers(0, len(shape) - 1))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    of_row = shape[len(shape) - last :] if last else shape[1:2]
    x = (rng.normal(size=shape) + draw(st.sampled_from([0, 3]))).astype(dtype)
    weight, bias = (rng.normal(size=of_row).astype(dtype) if draw(st.booleans()) else None for _ in range(2))
    return x, weight, bias, last, 0.1, bool(not last or draw(st.booleans()))


@settings(max_examples=200)
@given(normalizations())
def test_values_and_gradients(case):
    x, weight, _, *rest = case
    expected = normalizing.normalize.reference(*case)
    for one, other in zip(compiled_normalizing.normalize(*case), expected, strict=True):
        close(one, other)
    g = np.random.default_rng(1).normal(size=x.shape).astype(x.dtype)
    options = (g, x, weight, *expected[1:], *rest)
    actual = compiled_normalizing.normalize_gradients(*options)
    for one, other in zip(actual, normalizing.normalize_gradients.reference(*options), strict=True):
        close(one, other, 10)


@pytest.mark.parametrize(("shape", "last"), [((3, 2, 100, 100), 0), ((3, 20_000), 1)])
def test_more_than_a_block(shape, last):
    x = np.random.default_rng(0).normal(2, 1, size=shape)
    case = (x, None, None, last, 1e-5, True)
    expected = normalizing.normalize.reference(*case)
    for one, other in zip(compiled_normalizing.normalize(*case), expected, strict=True):
        close(one, other)
    options = (x * x, x, None, *expected[1:], last, 1e-5, True)
    actual = compiled_normalizing.normalize_gradients(*options)
    for one, other in zip(actual, normalizing.normalize_gradients.reference(*options), strict=True):
        close(one, other)


@pytest.mark.parametrize(("shape", "last"), [((64, 2, 32, 32), 0), ((2, 65_536), 1)])
def test_variance_far_from_zero_keeps_its_digits(shape, last):
    x = np.random.default_rng(0).normal(1000, 1, size=shape).astype(np.float32)
    axes, _ = normalizing.axes_of(x.ndim, last)
    for function in (normalizing.normalize.reference, compiled_normalizing.normalize):
        y, _, variance = function(x, None, None, last, 0.0, True)
        exact = x.astype(np.float64)
        assert_allclose(variance, exact.var(axis=axes, keepdims=True), rtol=1e-5)
        assert_allclose(y, (exact - exact.mean(axes, keepdims=True)) / exact.std(axes, keepdims=True), atol=2e-4)


def test_nan_and_infinity_stay_in_their_channel():
    x = np.random.default_rng(0).normal(size=(4, 3, 40)).astype(np.float32)
    x[1, 0, 3], x[2, 2, 5] = np.nan, np.inf
    y, mean, variance = compiled_normalizing.normalize(x, None, None, 0, 1e-5, True)
    assert np.isnan(mean[0, 0, 0])
    assert not np.isfinite(mean[0, 2, 0])
    assert np.isnan(y[:, 0]).all()
    assert np.isnan(variance[0, 2, 0])
    assert np.isfinite(y[:, 1]).all()


def test_results_are_the_same_bits_each_time():
    rng = np.random.default_rng(0)
    x, g = (rng.normal(size=(3000, 64)).astype(np.float32) for _ in range(2))
    _, mean, variance = compiled_normalizing.normalize(x, None, None, 1, 1e-5, True)
    results = [compiled_normalizing.normalize_gradients(g, x, None, mean, variance, 1, 1e-5, True) for _ in range(5)]
    for again in results[1:]:
        assert all(np.array_equal(one, other) for one, other in zip(results[0], again, strict=True))


def test_half_precision_is_left_to_numpy():
    x = np.ones((4, 3, 40), np.float16)
    assert compiled_normalizing.normalize(x, None, None, 0, 1e-5, True) is NotImplemented

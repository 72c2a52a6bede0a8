"""Compiled pooling is equal to NumPy's, over random shapes and options."""

import unittest.mock

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from autograd.kernels import pooling
from autograd.kernels.choosing import compiling
from autograd.kernels.window import output_size

pytest.importorskip("numba", reason="needs the extra 'fast'")
if not compiling():
    pytest.skip("needs the extra 'fast'", allow_module_level=True)

from autograd.kernels.compiled import pooling as compiled_pooling


@st.composite
def poolings(draw):
    """Draw images of small integers, which tie, with nan and infinity among them; and the options of a pooling."""
    axes = draw(st.integers(1, 2))

    def each(low, high):
        return tuple(draw(st.lists(st.integers(low, high), min_size=axes, max_size=axes)))

    window, dilation = each(1, 4), each(1, 3)
    stride = draw(st.sampled_from([window, each(1, 4)]))
    if draw(st.booleans()):
        padding, dilation = tuple(draw(st.integers(0, k // 2)) for k in window), (1,) * axes
    else:
        padding = (0,) * axes
    shape = (draw(st.integers(1, 3)), draw(st.integers(1, 4)), *each(1, 13))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    x = rng.integers(-4, 5, shape).astype(draw(st.sampled_from([np.float32, np.float64])))
    if draw(st.booleans()):
        x[rng.random(shape) < 0.1] = draw(st.sampled_from([np.nan, np.inf, -np.inf]))
    return x, window, stride, padding, dilation


def fits(x, window, stride, padding, dilation):
    return all(n + 2 * p > d * (k - 1) for n, k, p, d in zip(x.shape[2:], window, padding, dilation))


@given(poolings())
def test_the_reference_finds_the_same_in_large_windows_as_in_small_ones(case):
    assume(fits(*case))
    small = pooling.largest.reference(*case)
    with unittest.mock.patch.object(pooling, "_FEW", 0):
        large = pooling.largest.reference(*case)
    for one, other in zip(small, large, strict=True):
        assert one.dtype == other.dtype
        assert_array_equal(one, other)


@settings(max_examples=300)
@given(poolings())
def test_largest_and_back(case):
    x = case[0]
    assume(fits(*case))
    expected = pooling.largest.reference(*case)
    for one, other in zip(compiled_pooling.largest(*case), expected, strict=True):
        assert one.dtype == other.dtype
        assert_array_equal(one, other)
    values, positions = expected
    g = np.random.default_rng(0).integers(-9, 9, values.shape).astype(x.dtype)
    back = compiled_pooling.put(g, positions, x.shape[2:])
    assert back.dtype == x.dtype
    assert_array_equal(back, pooling.put.reference(g, positions, x.shape[2:]))


def test_windows_that_reach_over_the_end():
    x = np.random.default_rng(0).normal(size=(2, 3, 7, 6))
    case = (x, (2, 3), (2, 3), (0, 1), (1, 1), (1, 1))
    for one, other in zip(compiled_pooling.largest(*case), pooling.largest.reference(*case), strict=True):
        assert_array_equal(one, other)


@settings(max_examples=300)
@given(poolings())
def test_sums_and_back(case):
    x, window, stride, padding, _ = case
    assume(fits(x, window, stride, padding, (1,) * len(window)))
    x = np.nan_to_num(x, posinf=1, neginf=2)  # sums of small integers are exact in any order
    sums = pooling.add_windows.reference(x, window, stride, padding)
    actual = compiled_pooling.add_windows(x, window, stride, padding)
    assert actual.dtype == x.dtype
    assert_array_equal(actual, sums)
    back = compiled_pooling.spread(sums, x.shape[2:], window, stride, padding)
    assert_array_equal(back, pooling.spread.reference(sums, x.shape[2:], window, stride, padding))


@pytest.mark.parametrize("dtype", [np.float16, np.int64])
def test_other_dtypes_are_left_to_numpy(dtype):
    x = np.ones((1, 1, 4, 4), dtype)
    assert compiled_pooling.largest(x, (2, 2), (2, 2), (0, 0), (1, 1)) is NotImplemented
    assert pooling.largest(x, (2, 2), (2, 2), (0, 0), (1, 1))[0].dtype == dtype


def test_volumes_are_left_to_numpy():
    x = np.arange(64.0).reshape(1, 1, 4, 4, 4)
    options = ((2, 2, 2), (2, 2, 2), (0, 0, 0))
    assert compiled_pooling.largest(x, *options, (1, 1, 1)) is NotImplemented
    assert pooling.largest(x, *options, (1, 1, 1))[0].shape == (1, 1, 2, 2, 2)
    assert pooling.add_windows(x, *options).sum() == x.sum()


def test_views_of_images():
    x = np.random.default_rng(0).normal(size=(4, 4, 2, 3)).transpose(2, 3, 0, 1)[..., ::-1]
    for one, other in zip(
        compiled_pooling.largest(x, (2, 2), (2, 2), (0, 0), (1, 1)),
        pooling.largest.reference(x, (2, 2), (2, 2), (0, 0), (1, 1)),
        strict=True,
    ):
        assert_array_equal(one, other)


def test_sum_of_the_whole_image():
    x = np.random.default_rng(0).normal(size=(2, 3, 5, 4))
    assert output_size((5, 4), (5, 4), (1, 1), (0, 0), (1, 1)) == (1, 1)
    sums = pooling.sum_of_windows(x, (5, 4), (5, 4), (0, 0))
    np.testing.assert_allclose(sums, x.sum(axis=(2, 3), keepdims=True))
    assert_array_equal(pooling.spread_windows(sums, (5, 4), (5, 4), (5, 4), (0, 0)), np.broadcast_to(sums, x.shape))

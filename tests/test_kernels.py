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
from autograd.kernels.compiled import winograd

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
    """Draw images, or signals, filters and the options of a convolution."""
    groups = draw(st.integers(1, 3))
    n, c, o = draw(st.integers(1, 5)), groups * draw(st.integers(1, 4)), groups * draw(st.integers(1, 6))
    size, kernel = (draw(st.integers(1, 14)), draw(st.integers(1, 40))), draw(pairs(1, 5))
    stride, padding, dilation = draw(pairs(1, 3)), draw(pairs(0, 3)), draw(pairs(1, 3))
    if draw(st.booleans()):
        size, kernel, stride, padding, dilation = size[1:], kernel[1:], stride[1:], padding[1:], dilation[1:]
    reach = [s + 2 * p - d * (k - 1) for s, p, d, k in zip(size, padding, dilation, kernel, strict=True)]
    assume(min(reach) >= 1)
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    dtype = draw(DTYPES)
    x, weight = (rng.normal(size=shape).astype(dtype) for shape in ((n, c, *size), (o, c // groups, *kernel)))
    return x, weight, (stride, padding, dilation, groups)


def equals_reference(x, weight, options):
    """Hold the three compiled products of a convolution equal to the reference's."""
    bias = np.arange(len(weight), dtype=x.dtype)
    out = window.correlate.reference(x, weight, *options)
    close(compiled_window.correlate(x, weight, *options), out)
    shifted = window.correlate.reference(x, weight, *options, bias)
    close(compiled_window.correlate(x, weight, *options, bias), shifted)
    g = np.random.default_rng(1).normal(size=out.shape).astype(x.dtype)
    of_input = compiled_window.correlate_input(g, weight, x.shape[2:], *options)
    close(of_input, window.correlate_input.reference(g, weight, x.shape[2:], *options))
    of_weight = compiled_window.correlate_weight(x, g, weight.shape[2:], *options)
    close(of_weight, window.correlate_weight.reference(x, g, weight.shape[2:], *options))


@settings(max_examples=300)
@given(convolutions())
def test_convolution(case):
    equals_reference(*case)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("options", [
    ((1, 1), (0, 0), (1, 1), 1), ((1, 1), (1, 1), (1, 1), 1), ((2, 2), (1, 1), (1, 1), 1), ((1, 1), (2, 2), (2, 2), 1),
    ((2, 3), (1, 2), (1, 1), 2), ((1, 1), (1, 1), (1, 1), 6),
])  # fmt: skip
def test_convolution_of_wide_images(options, dtype):
    rng = np.random.default_rng(0)
    x, weight = (rng.normal(size=shape).astype(dtype) for shape in ((7, 6, 18, 70), (6, 6 // options[-1], 3, 3)))
    equals_reference(x, weight, options)


def test_convolution_with_windows_of_one_place():
    rng = np.random.default_rng(0)
    x, weight = (rng.normal(size=shape).astype(np.float32) for shape in ((3, 9, 5, 7), (6, 3, 1, 1)))
    equals_reference(x, weight, ((1, 1), (0, 0), (1, 1), 3))


def test_results_of_a_row_are_written_once():
    """The last vector of a row overlaps the one before it: its places must not count twice."""
    x, weight = np.ones((1, 1, 1, 13), np.float32), np.ones((1, 1, 1, 2), np.float32)
    options = ((1, 1), (0, 0), (1, 1), 1)
    g = np.ones((1, 1, 1, 12), np.float32)
    assert compiled_window.correlate_weight(x, g, (1, 2), *options).tolist() == [[[[12, 12]]]]
    assert compiled_window.correlate_input(g, weight, (1, 13), *options).tolist() == [[[[1, *[2] * 11, 1]]]]


def test_vectors_do_not_reach_beyond_rows():
    """What is not finite stays where it belongs."""
    x, weight = np.zeros((1, 1, 2, 17), np.float32), np.ones((1, 1, 1, 2), np.float32)
    x[0, 0, 0, 16] = np.inf
    options = ((1, 1), (0, 0), (1, 1), 1)
    found = compiled_window.correlate(x, weight, *options)
    assert np.isinf(found).nonzero()[3].tolist() == [15]
    assert np.isfinite(found).sum() == found.size - 1


# --- windows of 3 by 3 by Winograd's method ---------------------------------------------------------------------------

WINOGRAD = [
    ((2, 32, 32, 32), 32, (1, 1)),
    ((3, 40, 30, 15), 37, (1, 1)),  # tiles reach beyond the images; filters are no multiple of four
    ((9, 32, 8, 8), 33, (1, 0)),
    ((2, 33, 27, 30), 32, (0, 2)),
    ((1, 128, 40, 56), 64, (2, 1)),  # blocks end within an image
]


def root_mean_square(x):
    return np.sqrt(np.mean(np.square(x, dtype=np.float64)))


@pytest.mark.parametrize("case", WINOGRAD, ids=str)
def test_winograd(case):
    """The error stays below what its module says, and is no rounding of something else: some 3e-7 without it."""
    shape, filters, padding = case
    rng = np.random.default_rng(0)
    x, weight = (rng.normal(size=s).astype(np.float32) for s in (shape, (filters, shape[1], 3, 3)))
    bias, options = rng.normal(size=filters).astype(np.float32), ((1, 1), padding, (1, 1), 1)
    exact = window.correlate.reference(*(a.astype(np.float64) for a in (x, weight)), *options)
    places = exact.shape[2:]
    assert winograd.suits(x, weight.shape, places, *options)
    exact += bias.reshape(-1, 1, 1)
    error = compiled_window.correlate(x, weight, *options, bias) - exact
    assert root_mean_square(error) < 5e-6 * root_mean_square(exact)
    assert np.abs(error).max() < 2e-5 * np.abs(exact).max()

    g = rng.normal(size=exact.shape).astype(np.float32)
    exact = window.correlate_weight.reference(*(a.astype(np.float64) for a in (x, g)), (3, 3), *options)
    error = compiled_window.correlate_weight(x, g, (3, 3), *options) - exact
    assert root_mean_square(error) < 5e-6 * root_mean_square(exact)
    exact = window.correlate_input.reference(*(a.astype(np.float64) for a in (g, weight)), shape[2:], *options)
    error = compiled_window.correlate_input(g, weight, shape[2:], *options) - exact
    assert root_mean_square(error) < 5e-6 * root_mean_square(exact)


@pytest.mark.parametrize("change", [
    {"dtype": np.float64}, {"window": (3, 2)}, {"stride": (2, 1)}, {"dilation": (1, 2)}, {"groups": 2},
    {"channels": 16}, {"filters": 16}, {"padding": (3, 3)}, {"size": (9, 9)}, {"images": 1, "size": (8, 8)},
])  # fmt: skip
def test_what_winograds_method_is_not_for(change):
    case = {
        "dtype": np.float32, "window": (3, 3), "stride": (1, 1), "dilation": (1, 1), "groups": 1, "channels": 32,
        "filters": 32, "padding": (1, 1), "size": (16, 16), "images": 4,
    }  # fmt: skip

    def suits(dtype, window, stride, dilation, groups, channels, filters, padding, size, images):
        x = np.zeros((images, channels, *size), dtype)
        return winograd.suits(x, (filters, channels, *window), size, stride, padding, dilation, groups)

    assert suits(**case)
    assert not suits(**case | change)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 7), (7, 4, 5, 9), (40, 32, 21, 20), (0, 2, 3, 3), (2, 3, 2, 2, 2)])
def test_sum_of_channels(shape, dtype):
    g = np.random.default_rng(0).normal(size=shape).astype(dtype)
    close(window.sum_of_channels(g), window.sum_of_channels.reference(g))


def test_convolution_of_more_than_fits_the_scratch_memory():
    rng = np.random.default_rng(0)
    x, weight = (rng.normal(size=shape).astype(np.float32) for shape in ((5, 24, 40, 40), (9, 24, 3, 3)))
    options = ((1, 1), (1, 1), (1, 1), 1)
    close(compiled_window.correlate(x, weight, *options), window.correlate.reference(x, weight, *options))


def test_convolution_of_views():
    x, weight = np.ones((2, 6, 5, 3), np.float32).transpose(0, 3, 2, 1), np.ones((4, 3, 2, 2), np.float32)[::-1]
    options = ((1, 1), (0, 0), (1, 1), 1)
    close(compiled_window.correlate(x, weight, *options), window.correlate.reference(x, weight, *options))


def test_volumes_are_left_to_numpy():
    x, weight = np.ones((1, 2, 5, 5, 5), np.float32), np.ones((1, 2, 2, 2, 2), np.float32)
    options = ((1,) * 3, (0,) * 3, (1,) * 3, 1)
    assert compiled_window.correlate(x, weight, *options) is NotImplemented
    assert window.correlate(x, weight, *options).shape[2:] == (4, 4, 4)


def test_other_dtypes_are_left_to_numpy():
    x, weight = np.ones((1, 1, 3, 3), np.float16), np.ones((1, 1, 2, 2), np.float16)
    options = ((1, 1), (0, 0), (1, 1), 1)
    assert compiled_window.correlate(x, weight, *options) is NotImplemented
    assert window.correlate(x, weight, *options).dtype == np.float16


@pytest.mark.parametrize("channels", [8, 32])
def test_results_are_the_same_bits_each_time(channels):
    rng = np.random.default_rng(0)
    x, g = (rng.normal(size=(16, channels, 20, 20)).astype(np.float32) for _ in range(2))
    weight = rng.normal(size=(channels, channels, 3, 3)).astype(np.float32)
    options = ((1, 1), (1, 1), (1, 1), 1)
    for _ in range(5):
        first, again = (compiled_window.correlate_weight(x, g, (3, 3), *options) for _ in range(2))
        assert np.array_equal(first, again)
        first, again = (compiled_window.correlate(x, weight, *options) for _ in range(2))
        assert np.array_equal(first, again)

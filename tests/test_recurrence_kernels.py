"""Compiled recurrent layers are equal to NumPy's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from autograd.kernels import recurrence
from autograd.kernels.choosing import compiling

if not compiling():
    pytest.skip("needs the extra 'fast'", allow_module_level=True)

from autograd.kernels.compiled import exponentials
from autograd.kernels.compiled import recurrence as compiled
from autograd.kernels.compiled.recurrence import jit


def close(actual, expected):
    assert len(actual) == len(expected)
    for a, b in zip(actual, expected, strict=True):
        assert a.dtype == b.dtype
        assert a.shape == b.shape
        assert_allclose(a, b, rtol=1e-4, atol=2e-6)


@st.composite
def layers(draw, blocks):
    """Draw what a layer takes: sizes of the batch in each step, and a function that draws matrices."""
    sizes = tuple(sorted(draw(st.lists(st.integers(1, 9), min_size=1, max_size=6)), reverse=True))
    size, reverse, masked = draw(st.integers(1, 20)), draw(st.booleans()), draw(st.booleans())
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))

    def array(*shape):
        return rng.normal(size=shape).astype(np.float32)

    mask = array(sizes[0], size) if masked else None
    options = {name: draw(st.booleans()) for name in ("of_h", "of_c", "of_gates", "bias")}
    weight = array(blocks * size, size) / np.float32(2 * size**0.5)  # larger ones enlarge rounding from step to step
    return sizes, size, reverse, mask, array, options, weight


@settings(max_examples=60)
@given(layers(4))
def test_lstm(case):
    sizes, size, reverse, mask, array, options, weight = case
    rows = sum(sizes)
    x, h0, c0 = array(rows, 4 * size), array(sizes[0], size), array(sizes[0], size)
    arguments = (x, h0, c0, weight, None, mask, sizes, reverse)
    out = recurrence.lstm_forward.reference(*arguments)
    close(compiled.lstm_forward(*arguments), out)
    gradients = [
        array(rows, k * size) if options[name] else None for name, k in (("of_h", 1), ("of_c", 1), ("of_gates", 4))
    ]
    arguments = (*gradients, out[1], array(rows, size), out[2], weight, None, mask, sizes, reverse)
    close(compiled.lstm_backward(*arguments)[:3], recurrence.lstm_backward.reference(*arguments)[:3])


@settings(max_examples=60)
@given(layers(3))
def test_gru(case):
    sizes, size, reverse, mask, array, options, weight = case
    rows = sum(sizes)
    bias = array(3 * size) if options["bias"] else None
    arguments = (array(rows, 3 * size), array(sizes[0], size), weight, bias, mask, sizes, reverse)
    out = recurrence.gru_forward.reference(*arguments)
    close(compiled.gru_forward(*arguments), out)
    gradients = [array(rows, k * size) if options[name] else None for name, k in (("of_h", 1), ("of_gates", 4))]
    arguments = (*gradients, array(rows, size), out[1], weight, mask, sizes, reverse)
    close(compiled.gru_backward(*arguments), recurrence.gru_backward.reference(*arguments))


def test_several_threads_give_the_same_bits():
    rng = np.random.default_rng(0)
    x, h0, weight = (rng.normal(size=s).astype(np.float32) for s in ((64 * 32, 512), (32, 128), (512, 128)))
    arguments = (x, h0, h0, weight / 20, None, None, (32,) * 64, False)  # larger weights make it chaotic
    first, again = compiled.lstm_forward(*arguments), compiled.lstm_forward(*arguments)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    close(first, recurrence.lstm_forward.reference(*arguments))


def test_projections_and_other_dtypes_are_left_to_numpy():
    x, h0, weight = np.zeros((2, 8)), np.zeros((1, 2)), np.zeros((8, 2))
    assert compiled.lstm_forward(x, h0, h0, weight, None, None, (1, 1), False) is NotImplemented
    x, h0, weight = (each.astype(np.float32) for each in (x, h0, weight))
    assert compiled.lstm_forward(x, h0, h0, weight, h0, None, (1, 1), False) is NotImplemented


@jit
def _all_of(x, out):
    for k in range(x.size):
        out[0, k] = exponentials.exp(x[k])
        out[1, k] = exponentials.sigmoid(x[k])
        out[2, k] = exponentials.tanh(x[k])


def test_exponentials_are_exact():
    x = np.concatenate([np.linspace(-87, 88, 20001), np.linspace(-1, 1, 20001), np.geomspace(1e-30, 1, 99)])
    x = x.astype(np.float32)
    out = np.empty((3, x.size), np.float32)
    _all_of(x, out)
    exact = x.astype(np.float64)
    for found, expected in zip(out, (np.exp(exact), 1 / (1 + np.exp(-exact)), np.tanh(exact)), strict=True):
        assert_allclose(found, expected, rtol=3e-7)


def test_exponentials_at_the_ends():
    x = np.array([-np.inf, -200, 0, 200, np.inf, np.nan], np.float32)
    out = np.empty((3, x.size), np.float32)
    _all_of(x, out)
    assert_allclose(out[1], [0, 0, 0.5, 1, 1, np.nan], atol=1e-37)
    assert_allclose(out[2], [-1, -1, 0, 1, 1, np.nan])

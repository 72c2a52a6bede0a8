"""Compiled kernels for elements and rows are equal to NumPy's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from autograd.kernels import elementwise, rows, softmaxes
from autograd.kernels.choosing import compiling

pytest.importorskip("numba", reason="needs the extra 'fast'")
if not compiling():
    pytest.skip("needs the extra 'fast'", allow_module_level=True)

from autograd.kernels.compiled import elementwise as compiled_elementwise
from autograd.kernels.compiled import rows as compiled_rows
from autograd.kernels.compiled import softmaxes as compiled_softmaxes

DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])
SPECIAL = [0.0, -0.0, np.nan, np.inf, -np.inf, 1.0, -1.0]


@settings(max_examples=100)
@given(st.integers(1, 20), st.integers(1, 9), st.integers(1, 40), st.integers(0, 2**32))
def test_rows_are_added(count, width, many, seed):
    rng = np.random.default_rng(seed)
    values, places = rng.integers(-9, 9, (many, width)).astype(np.float32), rng.integers(-count, count, many)
    table = compiled_rows.add_rows(values, places, (count, width))
    assert table.dtype == np.float32
    assert_array_equal(table, rows.add_rows.reference(values, places, (count, width)))


def test_numbers_of_no_row_raise():
    with pytest.raises(IndexError):
        rows.add_rows(np.ones((1, 2)), np.array([3]), (3, 2))


@DTYPES
def test_relu_and_its_gradient(dtype):
    x = np.concatenate([SPECIAL, np.random.default_rng(0).normal(size=400_001)]).astype(dtype)
    out = compiled_elementwise.relu(x)
    assert out.dtype == dtype
    assert_array_equal(out, elementwise.relu.reference(x))
    g = np.random.default_rng(1).normal(size=x.size).astype(dtype)
    back = compiled_elementwise.relu_gradient(g, out)
    assert back.dtype == dtype
    assert_array_equal(back, elementwise.relu_gradient.reference(g, out))


@DTYPES
def test_thinned(dtype):
    x = np.concatenate([SPECIAL, SPECIAL, np.random.default_rng(0).normal(size=400_001)]).astype(dtype)
    kept = np.arange(x.size) >= len(SPECIAL)
    actual = compiled_elementwise.thinned(x, kept, 1.25)
    assert actual.dtype == dtype
    with np.errstate(invalid="ignore"):  # infinity * 0
        expected = elementwise.thinned.reference(x, kept, 1.25)
    assert_allclose(actual, expected, rtol=1e-6)


def test_views_and_other_dtypes_are_left_to_numpy():
    x = np.ones((4, 6), np.float32)
    for other in (x[:, ::2], x.astype(np.float16), x.astype(int)):
        assert compiled_elementwise.relu(other) is NotImplemented
    assert compiled_elementwise.relu_gradient(x, x.astype(float)) is NotImplemented
    assert compiled_elementwise.relu_gradient(x, x[0]) is NotImplemented
    assert compiled_elementwise.thinned(x, x[0] > 0, 1.0) is NotImplemented


@pytest.mark.parametrize("p", [0, 0.001, 0.1, 0.5, 1 / 256, 0.999, 1])
def test_random_flags_are_false_with_their_probability(p):
    n = 1_000_001
    flags = elementwise.random_flags(p, n, np.random.default_rng(0))
    assert flags.shape == (n,)
    assert flags.dtype == bool
    assert abs((n - flags.sum()) - n * p) <= 4 * np.sqrt(n * p * (1 - p))
    assert_array_equal(flags, elementwise.random_flags(p, n, np.random.default_rng(0)))


def test_gelu_and_its_gradient():
    x = np.concatenate([[0.0, -0.0, np.inf, 1e30, -1e30], np.linspace(-5, 5, 100_001)]).astype(np.float32)
    exact = x.astype(np.float64)
    out = compiled_elementwise.gelu(x)
    assert out.dtype == np.float32
    assert_allclose(out, elementwise.gelu.reference(exact), rtol=1e-6, atol=1e-30)
    g = np.linspace(1, 2, x.size).astype(np.float32)
    back = compiled_elementwise.gelu_gradient(g, x)
    assert back.dtype == np.float32
    assert_allclose(back, elementwise.gelu_gradient.reference(g.astype(np.float64), exact), rtol=1e-6, atol=1e-6)
    far = np.linspace(-12, -5, 10_001).astype(np.float32)
    assert_allclose(compiled_elementwise.gelu(far), elementwise.gelu.reference(far.astype(np.float64)), rtol=5e-6)


def test_gelu_at_nan_and_infinity():
    x = np.array([np.nan, -np.inf, np.inf], np.float32)
    for kernels in (compiled_elementwise.gelu, elementwise.gelu.reference):
        assert_allclose(kernels(x), [np.nan, 0, np.inf], atol=1e-30)
    for kernels in (compiled_elementwise.gelu_gradient, elementwise.gelu_gradient.reference):
        assert_allclose(kernels(np.ones(3, np.float32), x), [np.nan, 0, 1], atol=1e-30)
    assert compiled_elementwise.gelu(x.astype(np.float64)) is NotImplemented


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (7, 10), (300, 65), (3, 1000)])
def test_cross_entropy(shape, dtype):
    rng = np.random.default_rng(0)
    x, target = (rng.normal(size=shape) * 5).astype(dtype), rng.integers(0, shape[1], shape[0])
    expected = softmaxes.class_entropies.reference(x, target)
    tolerance = 1e-6 if dtype == np.float32 else 1e-14
    for found, right in zip(compiled_softmaxes.class_entropies(x, target), expected, strict=True):
        assert found.dtype == dtype
        assert_allclose(found, right, rtol=10 * tolerance, atol=tolerance)
    for g in (dtype(0.5), rng.normal(size=(shape[0], 1)).astype(dtype)):
        found = compiled_softmaxes.class_entropy_gradient(g, expected[1], target)
        right = softmaxes.class_entropy_gradient.reference(g, expected[1], target)
        assert_allclose(found, right, rtol=10 * tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.filterwarnings("ignore:invalid value")
def test_cross_entropy_of_what_is_not_finite(dtype):
    x = np.array([[0, -np.inf, 1], [np.inf, 0, 0], [np.nan, 0, 0], [0, np.nan, 0], [1e30, -1e30, 0]], dtype)
    target = np.array([1, 0, 0, 2, 0])
    expected = softmaxes.class_entropies.reference(x, target)
    for found, right in zip(compiled_softmaxes.class_entropies(x, target), expected, strict=True):
        assert_allclose(found, right, rtol=1e-5)

"""What gradients are where a function has no derivative: on ties and limits, at poles, for infinities and nan.

No numerical check can decide these: they are conventions, mostly PyTorch's. Gradients are taken for an incoming
gradient of 3, so that one that is lost shows.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd
from autograd import Tensor, special

INF, NAN = np.inf, np.nan


def gradients(f, *inputs):
    """Return the gradient of each input for an incoming gradient of 3."""
    leaves = [Tensor(np.asarray(x, np.float64), requires_grad=True) for x in inputs]
    with np.errstate(all="ignore"):
        y = f(*leaves)
        y.backward(np.full(y.shape, 3.0))
    return [leaf.grad.data for leaf in leaves]


@pytest.mark.parametrize("f", [np.maximum, np.minimum, np.fmax, np.fmin])
def test_equal_numbers_share_the_gradient(f):
    for pair in ((1.0, 1.0), (-2.0, -2.0), (INF, INF)):
        assert_array_equal(gradients(f, *pair), [1.5, 1.5])


@pytest.mark.parametrize("f", [np.maximum, np.minimum])
def test_nan_leads_to_both(f):
    for pair in ((NAN, 1.0), (1.0, NAN), (NAN, NAN)):
        assert_array_equal(gradients(f, *pair), [3, 3])


@pytest.mark.parametrize("f", [np.fmax, np.fmin])
def test_the_number_beside_nan_has_the_gradient(f):
    assert_array_equal(gradients(f, 1.0, NAN), [3, 0])
    assert_array_equal(gradients(f, NAN, 1.0), [0, 3])


def test_on_the_limits_the_gradient_goes_to_what_is_limited():
    x = [-1.0, 0.0, 1.0]
    assert_array_equal(gradients(lambda x: autograd.clip(x, -1, 1), x)[0], [3, 3, 3])
    low, high = gradients(lambda low, high: autograd.clip(np.array(x), low, high), -1.0, 1.0)
    assert (low, high) == (0, 0)
    assert_array_equal(gradients(lambda low, high: autograd.clip(np.array(x), low, high), 1.0, 1.0), [6, 0])
    a, high = gradients(lambda a, high: autograd.clip(a, None, high), [0.0, 1.0, 2.0], 1.0)
    assert_array_equal(a, [3, 3, 0])
    assert high == 3


def test_powers_of_zero():
    base, exponent = gradients(np.power, [0.0, 0.0, 0.0, 0.0], [-1.0, 0.0, 1.0, 2.0])
    assert_array_equal(base, [-INF, 0, 3, 0])
    assert_array_equal(exponent, [-INF, 0, 0, 0])
    assert_array_equal(gradients(lambda y: 0.0**y, [-1.0, 0.0, 1.0])[0], [-INF, 0, 0])
    for n, expected in ((-1, -INF), (0, 0), (1, 3), (2, 0)):
        assert gradients(lambda x, n=n: x**n, 0.0)[0] == expected


def test_logarithms_of_sums_at_infinity():
    for f in (np.logaddexp, np.logaddexp2):
        for pair in ((INF, INF), (-INF, -INF)):
            assert_array_equal(gradients(f, *pair), [1.5, 1.5])
        for number in (INF, -INF):
            assert gradients(lambda x, f=f, n=number: f(x, n), number)[0] == 1.5
            assert gradients(lambda x, f=f, n=number: f(n, x), number)[0] == 1.5
            expected = [1.5, 0 if number > 0 else 3]
            assert_array_equal(gradients(lambda x, f=f, n=number: f(x, n), [number, 1.0])[0], expected)
        mixed = gradients(f, [INF, 1.0, -INF, 1.0], [INF, 1.0, 0.0, INF])
        assert_array_equal(mixed, [[1.5, 1.5, 0, 0], [1.5, 1.5, 3, 3]])


@pytest.mark.parametrize("f", [np.hypot, np.arctan2])
def test_length_and_angle_of_nothing(f):
    one, other = gradients(f, [0.0, 3.0], [0.0, 4.0])
    assert one[0] == other[0] == 0
    assert one[1] != 0 != other[1]


def test_replaced_numbers_have_the_gradient_zero():
    assert_array_equal(gradients(np.nan_to_num, [NAN, INF, -INF, 2.0])[0], [0, 0, 0, 3])


def test_products_with_logarithms_at_their_poles():
    x, y = gradients(special.xlogy, [0.0, 0.0, 0.0, 2.0], [0.0, -1.0, 2.0, 0.5])
    assert_allclose(x, 3 * np.log([1, 1, 2, 0.5]), rtol=1e-14)
    assert_array_equal(y, [0, 0, 0, 12])
    x, y = gradients(special.xlog1py, [0.0, 0.0, 0.0, 2.0], [-1.0, -2.0, 1.0, -0.5])
    assert_allclose(x, 3 * np.log([1, 1, 2, 0.5]), rtol=1e-14)
    assert_array_equal(y, [0, 0, 0, 12])


@pytest.mark.parametrize("value", [0.1, -0.1])
def test_spread_of_what_differs_by_rounding_only(value):
    with np.errstate(all="ignore"):
        x = np.full(7, value)
        assert np.std(x) <= 1e-16
        assert_array_equal(gradients(np.std, x)[0], np.zeros(7))


def test_spread_does_not_depend_on_what_is_masked():
    mask = np.array([True, True, False])
    assert_array_equal(gradients(lambda x: np.std(x, where=mask), [1.0, 2.0, 1e20])[0], [-1.5, 1.5, 0])


@pytest.mark.filterwarnings("ignore:Degrees of freedom:RuntimeWarning")
def test_spread_without_degrees_of_freedom():
    mask = np.array([True, False, True])
    for ddof in (2, 3):
        found = gradients(lambda x, d=ddof: np.var(x, ddof=d, where=mask), [1.0, 2.0, 4.0])[0]
        assert_array_equal(found, [-INF, 0, INF])


@pytest.mark.parametrize("f", [np.nanmax, np.nanmin])
def test_what_is_masked_has_no_part_in_ties(f):
    mask = np.array([True, False, True])
    initial, other = (0, 1) if f is np.nanmax else (4, 3)
    assert_array_equal(gradients(lambda x: f(x, initial=initial, where=mask), [2.0, 2.0, other])[0], [3, 0, 0])


@pytest.mark.parametrize("f", [np.sort, lambda x: np.partition(x, 190)], ids=["sort", "partition"])
def test_equal_numbers_keep_their_order(f):
    values, g = np.random.default_rng(0).integers(0, 3, 200).astype(float), np.arange(200.0)
    x = Tensor(values, requires_grad=True)
    y = f(x)
    y.backward(g)
    for value in range(3):
        assert_array_equal(x.grad.data[values == value], g[y.data == value])


def test_running_logarithms_of_sums_pass_over_minus_infinity():
    last = np.exp(1 - np.logaddexp(0, 1))
    found = gradients(autograd.logcumsumexp, [0.0, -INF, 1.0])[0]
    assert_allclose(found, [3 * (3 - last), 0, 3 * last], rtol=1e-14)


def test_determinants_in_a_stack_of_nearly_singular_matrices():
    a = np.array([[[1.0, 1.0], [1.0, 1.0 + e]] for e in (1e-14, 3e-14, 0.5)])
    x = Tensor(a, requires_grad=True)
    np.linalg.det(x).backward(np.array([1.0, 2.0, 3.0]))
    cofactors = np.array([[a[:, 1, 1], -a[:, 1, 0]], [-a[:, 0, 1], a[:, 0, 0]]])
    assert_allclose(x.grad.data, np.moveaxis(cofactors * [1.0, 2.0, 3.0], -1, 0), rtol=1e-12)


def test_logarithms_of_determinants_in_a_stack_with_singular_matrices():
    a = np.array([[[[1.0, 2.0], [2.0, 4.0]], [[2.0, 1.0], [1.0, 1.0]], [[0.0, 1.0], [0.0, 3.0]]]])
    x = Tensor(a, requires_grad=True)
    with np.errstate(all="ignore"):
        np.linalg.slogdet(x)[1].backward(np.array([[1.0, 2.0, -3.0]]))
    first, second, third = x.grad.data[0]
    assert_array_equal(first, [[INF, -INF], [-INF, INF]])
    assert_allclose(second, [[2, -2], [-2, 4]], rtol=1e-12)
    assert third[0, 0] == -INF
    assert third[1, 0] == INF

"""Polynomials by their coefficients, functions applied along axes, trimming: beside NumPy; what does not fit."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autograd as ag
from autograd import Tensor, gradcheck, gradgradcheck, jacobian

RNG = np.random.default_rng(12)
P, Q = RNG.normal(size=4), RNG.normal(size=2)
X = np.array([0.3, -1.2, 2.0, 0.9, 0.1])
A = RNG.normal(size=(2, 3, 4))
COMPLEX = np.array([1 + 2j, 1 - 2j, 3])

CALLS = [
    (np.vander, X, {}), (np.vander, X, {"N": 3, "increasing": True}), (np.vander, X, {"N": 0}),
    (np.vander, X, {"N": 1}),
    (np.vander, [1, 2, 3], {"N": 4}), (np.vander, COMPLEX, {}),
    (np.polyadd, P, Q), (np.polyadd, Q, P), (np.polyadd, 2.0, P), (np.polysub, P, Q), (np.polysub, Q, P),
    (np.polymul, P, Q), (np.polymul, np.array([0.0, 0.0, 1.0, 2.0]), Q), (np.polymul, np.zeros(2), Q),
    (np.polyder, P, {}), (np.polyder, P, {"m": 3}), (np.polyder, P, {"m": 6}), (np.polyder, P, {"m": 0}),
    (np.polyint, P, {}), (np.polyint, P, {"m": 3}), (np.polyint, P, {"m": 2, "k": 3.0}), (np.polyint, P, {"m": 0}),
    (np.polyint, P, {"m": 2, "k": [1.0, 2.0]}), (np.polyint, np.array([1, 2]), {"k": 4}),
    (np.poly, X, {}), (np.poly, np.array([1, 2]), {}), (np.poly, A[0, :2, :2], {}), (np.poly, COMPLEX, {}),
    (np.poly, np.zeros(0), {}), (np.roots, P, {}), (np.roots, np.array([0.0, 1.0, -3.0, 2.0, 0.0, 0.0]), {}),
    (np.roots, np.array([2.0]), {}), (np.roots, np.zeros(2), {}),
    (np.polyfit, X, {"y": X**2 + 1, "deg": 2}), (np.polyfit, X, {"y": np.stack([X, X**3], 1), "deg": 1}),
    (np.polyfit, X, {"y": X**3, "deg": 1, "w": np.array([1, 2, 1, 3, 1])}), (np.polyfit, X, {"y": X, "deg": 3}),
    (np.trim_zeros, np.array([0, 0, 1.5, 0, 2, 0]), {}), (np.trim_zeros, np.array([0, 1.5, 0]), {"trim": "F"}),
    (np.trim_zeros, np.array([0, 1.5, 0]), {"trim": "b"}), (np.trim_zeros, np.zeros(3), {}),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(CALLS)))
def test_values_are_numpys(number):
    function, x, more = CALLS[number]
    args, options = ((), more) if isinstance(more, dict) else ((more,), {})
    expected = np.asarray(function(x, *args, **options))
    ours = getattr(ag, function.__name__)(x, *args, **options)
    assert not isinstance(ours, Tensor)
    assert_allclose(ours, expected, rtol=1e-12, atol=1e-12)
    got = function(Tensor(np.asarray(x)), *args, **options)
    assert np.asarray(got).dtype == expected.dtype
    assert_allclose(np.asarray(got), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("function", [np.sum, np.cumsum, np.diag, lambda v: np.outer(v, v), lambda v: v[:2] * v[0]])
def test_apply_along_axis(function, axis):
    expected = np.apply_along_axis(function, axis, A)
    got = np.apply_along_axis(function, axis, Tensor(A, requires_grad=True))
    assert_allclose(got.detach().numpy(), expected)
    assert_allclose(ag.apply_along_axis(function, axis, A), expected)
    assert gradcheck(lambda a: np.apply_along_axis(function, axis, a), A)


def test_apply_along_axis_hands_arguments_on():
    got = np.apply_along_axis(lambda v, n, scale: v[:n] * scale, 1, Tensor(A), 2, scale=3.0)
    assert_allclose(got.data, 3 * A[:, :2])


def test_apply_over_axes():
    for function, axes in ((np.sum, [0, 2]), (np.sum, 1), (np.cumsum, (0, -1)), (np.max, [1, 1])):
        expected = np.apply_over_axes(function, A, axes)
        assert_allclose(np.apply_over_axes(function, Tensor(A), axes).data, expected)
        assert_allclose(ag.apply_over_axes(function, A, axes), expected)


def test_trim_zeros_of_several_axes():
    a = np.zeros((4, 5))
    a[1:3, 2] = [1.0, 2.0]
    for axis, expected in ((None, a[1:3, 2:3]), (0, a[1:3]), ((-1,), a[:, 2:3])):
        got = ag.trim_zeros(Tensor(a, requires_grad=True), axis=axis)
        assert_allclose(got.detach().numpy(), expected)
        assert got.requires_grad


def test_derivatives_of_roots():
    """Complex and repeated-at-zero ones too, which strip coefficients from the polynomial."""
    p = np.array([2.0, 1.0, 3.0, 1.0])
    assert np.iscomplexobj(np.roots(p))
    assert gradcheck(np.roots, p)
    assert gradgradcheck(np.roots, p)
    zeros = np.array([1.0, -3.0, 2.0, 0.0])  # roots 2, 1, 0
    found = jacobian(np.roots)(zeros)
    step = 1e-6
    for k in range(4):
        change = (np.roots(zeros + step * np.eye(4)[k]) - np.roots(zeros - step * np.eye(4)[k])) / (2 * step)
        assert_allclose(found[:, k], change, rtol=1e-6, atol=1e-8)
    z = np.array([3.0, 1.0, -2.0])
    order = [np.argmin(np.abs(z - root)) for root in np.roots(np.poly(z))]
    assert_allclose(jacobian(lambda z: np.roots(np.poly(z)))(z), np.eye(3)[order], atol=1e-9)


def test_derivatives_of_polyfit():
    y = np.sin(3 * X)
    assert gradcheck(lambda x, y, w: np.polyfit(x, y, 2, w=w), (X, y, X**2 + 1))
    assert gradgradcheck(lambda x, y: np.polyfit(x, y, 1), (X, y))
    with pytest.warns(np.exceptions.RankWarning):
        ag.polyfit(Tensor(np.ones(3)), Tensor(X[:3]), 1)


def test_coefficients_in_float32_stay_float32():
    p = Tensor(P.astype(np.float32))
    for y in (
        np.polyder(p),
        np.polyint(p),
        np.polyint(p, k=1.0),
        np.polyint(p, 2, [1.0, 2.0]),
        np.vander(p),
        np.roots(p),
    ):
        assert y.dtype in (np.float32, np.complex64)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: np.vander(Tensor(A)), ValueError, r"a vector, not shape \(2, 3, 4\)"),
        (lambda: np.polyder(Tensor(P), -1), ValueError, "see polyint"),
        (lambda: np.polyint(Tensor(P), -1), ValueError, "see polyder"),
        (lambda: np.polyint(Tensor(P), 3, [1.0, 2.0]), ValueError, "one constant or 3, not 2"),
        (lambda: np.poly(Tensor(A)), ValueError, "square matrix"),
        (lambda: np.polyfit(Tensor(X), X, -1), ValueError, "0 or above"),
        (lambda: np.polyfit(Tensor(X), X[1:], 1), TypeError, r"\(5,\) and \(4,\)"),
        (lambda: np.polyfit(Tensor(X), X, 1, w=X[1:]), TypeError, "weight for each of 5"),
        (lambda: np.polyfit(Tensor(X), X, 1, full=True), TypeError, "full"),
        (lambda: np.apply_along_axis(np.sum, 0, Tensor(A[:, :0])), ValueError, "at least one vector"),
        (lambda: np.apply_over_axes(lambda a, i: a.sum(), Tensor(A), [0]), ValueError, "0 were left"),
        (lambda: np.trim_zeros(Tensor(X), "x"), ValueError, "'fb'"),
    ],
)
def test_what_does_not_fit_is_said(call, error, message):
    with pytest.raises(error, match=message):
        call()

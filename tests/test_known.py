"""Derivatives of ops whose rules use what a kernel left when it computed the result."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autograd as ag
from autograd import Tensor
from autograd.ops.normalizing import normalize, scale_shift, standardize
from autograd.ops.softmaxes import softmax_cross_entropy

RNG = np.random.default_rng(7)
TARGET = np.array([1, 3, 3])


def derivatives(f, inputs):
    """Return the gradients of a sum of products of f's elements, recorded and not, and those of such a sum of them."""
    leaves = [Tensor(x, requires_grad=True) for x in inputs]
    y = f(*leaves)
    weights = np.linspace(1.0, 2.0, y.size).reshape(y.shape)
    (y * weights).sum().backward()
    first = taken_from(leaves)
    (f(*leaves) * weights).sum().backward(create_graph=True)
    recorded = taken_from(leaves)
    sum((g * g).sum() for g in recorded).backward()
    return [g.detach() for g in (*first, *recorded, *taken_from(leaves))]


def taken_from(leaves):
    gradients = [leaf.grad if leaf.grad is not None else Tensor(np.zeros(leaf.shape)) for leaf in leaves]
    for leaf in leaves:
        leaf.grad = None
    return gradients


def assert_same_derivatives(f, expected, inputs):
    for ours, theirs in zip(derivatives(f, inputs), derivatives(expected, inputs), strict=True):
        assert_allclose(ours.data, theirs.data, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("factors", [None, np.array([2.0, 0.0, 0.5])])
@pytest.mark.parametrize("count", [None, 3, 2.5])
def test_cross_entropy(factors, count):
    def expected(x):
        losses = -ag.log_softmax(x)[np.arange(3), TARGET]
        losses = losses if factors is None else losses * factors
        return losses if count is None else losses.sum() / count

    assert_same_derivatives(
        lambda x: softmax_cross_entropy(x, TARGET, factors, count), expected, [RNG.normal(size=(3, 4))]
    )


@pytest.mark.parametrize("factors", [None, np.array([2.0, 0.0, 0.5])])
def test_cross_entropy_of_nothing_that_counts_has_gradient_zero(factors):
    scores = Tensor(RNG.normal(size=(3, 4))[: 3 if factors is not None else 0], requires_grad=True)
    none = None if factors is None else factors * 0
    softmax_cross_entropy(scores, TARGET[: len(scores)], none, 0).backward()
    assert scores.grad.shape == scores.shape
    assert not scores.grad.data.any()


@pytest.mark.parametrize(("shape", "last"), [((3, 2, 4), 0), ((5, 2), 0), ((3, 4), 1), ((2, 3, 2), 2)])
@pytest.mark.parametrize("centered", [True, False])
def test_normalize(shape, last, centered):
    axes = tuple(range(len(shape) - last, len(shape))) if last else (0, *range(2, len(shape)))
    row = shape[len(shape) - last :] if last else shape[1:2]
    broad = row if last else (*row, *[1] * (len(shape) - 2))

    def expected(x, weight, bias):
        y = standardize(x, axes, 0.1, centered)[0]
        return scale_shift(y, np.reshape(weight, broad), np.reshape(bias, broad))

    inputs = [RNG.normal(size=shape), RNG.normal(size=row), RNG.normal(size=row)]
    assert_same_derivatives(lambda *given: normalize(*given, last, 0.1, centered)[0], expected, inputs)


def test_normalize_refuses_complex_numbers():
    with pytest.raises(TypeError, match="normalize takes real numbers, not complex128"):
        normalize(Tensor(np.ones((2, 3), complex)), last=1)

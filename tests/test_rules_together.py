"""Ops of one's own with one rule for all their inputs together."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autograd
from autograd import Tensor, gradcheck, gradgradcheck, op
from autograd.samples import sample
from autograd.testing import check_op


def leaf(value):
    return Tensor(np.array(value), requires_grad=True)


def of_distance(g, x, y, out):
    direction = (x - y) * (g / out)
    return direction, -direction


@op(together=(of_distance, "x", "y"), samples=[sample((3,), (3,)), sample((), ()), sample((2, 1), (3,))])
def distance(x, y):
    """Return the length of (1, x - y)."""
    return np.sqrt(1 + (x - y) * (x - y))


def test_gradients_of_any_order():
    x, y = leaf([1.0, 2.0]), leaf([3.0, 7.0])
    distance(x, y).sum().backward()
    slope = np.array([2, 5]) / np.sqrt([5, 26])
    assert_allclose([x.grad.data, y.grad.data], [-slope, slope])
    assert gradcheck(distance, (x, y))
    assert gradgradcheck(distance, (x, y))
    check_op(distance)


def test_inputs_that_broadcast_get_sums():
    x, y = leaf([[1.0], [2.0]]), leaf([3.0, 7.0, 8.0])
    distance(x, y).sum().backward()
    difference = y.data - x.data
    slopes = difference / np.sqrt(1 + difference**2)
    assert_allclose(x.grad.data, -slopes.sum(axis=1, keepdims=True))
    assert_allclose(y.grad.data, slopes.sum(axis=0))


def test_rule_runs_once_and_functions_for_inputs_that_need_a_gradient():
    ran = []

    def rule(g, x_shape, factor):
        ran.append(x_shape)
        return lambda: ran.append("x") or g * factor, lambda: ran.append("y") or g

    @op(together=(rule, "x", "y"))
    def plus(x, y, factor):
        return x * factor + y

    x, y = leaf([1.0]), leaf([2.0])
    plus(x, y, 3).backward()
    assert ran == [(1,), "x", "y"]
    assert (x.grad.tolist(), y.grad.tolist()) == ([3], [1])
    ran.clear()
    plus(x.detach(), y, 3).backward()
    assert ran == [(1,), "y"]
    assert plus.op.keeps == ("x_shape", "factor")


def test_none_is_a_gradient_of_zero():
    @op(together=(lambda g: (None, g), "x", "y"))
    def second(x, y):
        return y + 0 * x

    x, y = leaf(2.0), leaf(3.0)
    (second(x * x, y) + x).backward()
    assert (x.grad.item(), y.grad.item()) == (1, 1)


def test_inputs_that_may_be_left_out():
    @op(together=(lambda g, x, scale: (g if scale is None else g * scale, lambda: g * x), "x", "scale"))
    def scaled(x, scale=None):
        return x if scale is None else x * scale

    x, scale = leaf([2.0]), leaf([3.0])
    (scaled(x * 1) + scaled(x, scale)).backward()
    assert (x.grad.tolist(), scale.grad.tolist()) == ([4], [2])


def test_results_that_nothing_used_have_no_gradient():
    found = []

    def rule(g, x, y):
        found.append([of is None for of in g])
        of_sum, of_product = (0 if of is None else of for of in g)
        return of_sum + of_product * y, of_sum + of_product * x

    @op(together=(rule, "x", "y"), several=True, samples=[sample((2,), (2,))])
    def sum_and_product(x, y):
        return x + y, x * y

    x, y = leaf([2.0]), leaf([3.0])
    total, product = sum_and_product(x, y)
    (total + 10 * product).backward(retain_graph=True)
    assert (x.grad.tolist(), y.grad.tolist()) == ([31], [21])
    x.grad = y.grad = None
    product.backward(create_graph=True)
    assert (x.grad.tolist(), y.grad.tolist()) == ([3], [2])
    assert found == [[False, False], [True, False]]
    check_op(sum_and_product)


def test_parameter_that_takes_a_sequence():
    @op(together=(lambda g, arrays: [g * x for x in arrays], "arrays"), variadic=True)
    def half_sum_of_squares(arrays):
        return sum(x * x for x in arrays) / 2

    x, y = leaf([2.0]), leaf([3.0])
    half_sum_of_squares([x, y, np.array([5.0])]).backward()
    assert (x.grad.tolist(), y.grad.tolist()) == ([2], [3])


def test_graph_and_drawing():
    x, y = leaf([1.0]), leaf([3.0])
    z = distance(x, y)
    assert "distance" in autograd.to_dot(z)
    assert "_needed('distance', ('x', 'y'), _inputs, _rule(_g, x, y, out))" in distance.op.source


@pytest.mark.parametrize(
    ("returned", "text"),
    [
        (lambda g: (g,), "returned 1 of them: it must return a tuple of 2"),
        (lambda g: [g, g, g], "returned 3 of them"),
        (lambda g: np.stack([g, g]), "returned a ndarray"),
        (lambda g: g, "for x, y together returned a ndarray"),
        (lambda g: None, "returned a NoneType"),
    ],
)
def test_wrong_number_of_gradients(returned, text):
    @op(together=(returned, "x", "y"))
    def plus(x, y):
        return x + y

    with pytest.raises(ValueError, match=text):
        plus(leaf([1.0]), leaf([2.0])).backward(np.ones(1))


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"together": of_distance}, "must be a tuple of a rule and the names"),
        ({"together": (of_distance,)}, "must be a tuple of a rule and the names"),
        ({"together": ("x", "y")}, "must be a tuple of a rule and the names"),
        ({"together": (of_distance, ("x", "y"))}, "must be a tuple of a rule and the names"),
        ({"together": (of_distance, "y", "x")}, r"in their order, \('x', 'y'\)"),
        ({"together": (of_distance, "x", "x", "y")}, r"in their order, \('x', 'y'\)"),
        ({"together": (of_distance, "x", "z")}, r"has rules for \['z'\]"),
        ({"together": (lambda g, z: (g, g), "x", "y")}, "names 'z'"),
        ({"together": (of_distance, "x"), "y": lambda g: g}, r"both `together` and rules for \['y'\]"),
    ],
)
def test_mistakes_are_refused_when_the_op_is_made(options, text):
    with pytest.raises(TypeError, match=text):

        @op(**options)
        def f(x, y):
            return x + y


def test_checks_find_mistakes():
    @op(together=(lambda g, x, y: (g * y, g * y), "x", "y"), samples=[sample((2,), (2,))])
    def times(x, y):
        return x * y

    with pytest.raises(AssertionError) as caught:
        check_op(times)
    assert '@op(together=(lambda g, x, y: (g * y, g * y), "x", "y")' in str(caught.value)


def test_second_derivatives_mix_inputs():
    @op(together=(lambda g, x, y: (g * 2 * x * y, g * x * x), "x", "y"))
    def square_times(x, y):
        return x * x * y

    first = autograd.grad(square_times, argnums=(0, 1))
    assert_allclose(autograd.grad(lambda x, y: first(x, y)[1])(2.0, 3.0), 4)

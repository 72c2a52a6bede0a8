"""Comparisons, logic, arithmetic of bits and integers: values without gradients."""

from __future__ import annotations

import operator

import numpy as np

from autograd.ops.common import ANY, COUNTS, FLAGS, PAIR, Array
from autograd.primitive import op
from autograd.samples import Draw, sample
from autograd.tensor import Tensor, tensor_method


@op(operator.eq, x1=None, x2=None, samples=PAIR, numpy=np.equal)
def equal(x1: Array, x2: Array, /) -> Tensor:
    """Return whether x1 == x2, elementwise.

    >>> equal(Tensor([1.0, 2.0]), 2)
    Tensor([False,  True])
    """


@op(operator.ne, x1=None, x2=None, samples=PAIR)
def not_equal(x1: Array, x2: Array, /) -> Tensor:
    """Return whether x1 != x2, elementwise.

    >>> not_equal(Tensor([1.0, 2.0]), 2)
    Tensor([ True, False])
    """


@op(operator.lt, x1=None, x2=None, samples=PAIR)
def less(x1: Array, x2: Array, /) -> Tensor:
    """Return whether x1 < x2, elementwise.

    >>> less(Tensor([1.0, 2.0]), 2)
    Tensor([ True, False])
    """


@op(operator.le, x1=None, x2=None, samples=PAIR)
def less_equal(x1: Array, x2: Array, /) -> Tensor:
    """Return whether x1 <= x2, elementwise.

    >>> less_equal(Tensor([1.0, 2.0]), 2)
    Tensor([ True,  True])
    """


@op(operator.gt, x1=None, x2=None, samples=PAIR)
def greater(x1: Array, x2: Array, /) -> Tensor:
    """Return whether x1 > x2, elementwise.

    >>> greater(Tensor([1.0, 2.0]), 1)
    Tensor([False,  True])
    """


@op(operator.ge, x1=None, x2=None, samples=PAIR)
def greater_equal(x1: Array, x2: Array, /) -> Tensor:
    """Return whether x1 >= x2, elementwise.

    >>> greater_equal(Tensor([1.0, 2.0]), 2)
    Tensor([False,  True])
    """


@op(np.logical_and, x1=None, x2=None, samples=FLAGS)
def logical_and(x1: Array, x2: Array, /) -> Tensor:
    """Return x1 and x2 as truth values, elementwise.

    >>> logical_and(Tensor([True, False]), True)
    Tensor([ True, False])
    """


@op(np.logical_or, x1=None, x2=None, samples=FLAGS)
def logical_or(x1: Array, x2: Array, /) -> Tensor:
    """Return x1 or x2 as truth values, elementwise.

    >>> logical_or(Tensor([True, False]), False)
    Tensor([ True, False])
    """


@op(np.logical_xor, x1=None, x2=None, samples=FLAGS)
def logical_xor(x1: Array, x2: Array, /) -> Tensor:
    """Return whether just one of x1 and x2 is true, elementwise.

    >>> logical_xor(Tensor([True, False]), True)
    Tensor([False,  True])
    """


@op(np.logical_not, x=None, samples=[sample(Draw(kind="b"))])
def logical_not(x: Array, /) -> Tensor:
    """Return the opposite truth value, elementwise.

    >>> logical_not(Tensor([True, False]))
    Tensor([False,  True])
    """


@op(operator.and_, x1=None, x2=None, samples=FLAGS)
def bitwise_and(x1: Array, x2: Array, /) -> Tensor:
    """Return x1 & x2 of bools or integers.

    >>> bitwise_and(Tensor([True, False]), True)
    Tensor([ True, False])
    """


@op(operator.or_, x1=None, x2=None, samples=FLAGS)
def bitwise_or(x1: Array, x2: Array, /) -> Tensor:
    """Return x1 | x2 of bools or integers.

    >>> bitwise_or(Tensor([True, False]), False)
    Tensor([ True, False])
    """


@op(operator.xor, x1=None, x2=None, samples=FLAGS)
def bitwise_xor(x1: Array, x2: Array, /) -> Tensor:
    """Return x1 ^ x2 of bools or integers.

    >>> bitwise_xor(Tensor([True, False]), True)
    Tensor([False,  True])
    """


@op(operator.invert, x=None, samples=[sample(Draw(kind="b"))])
def invert(x: Array, /) -> Tensor:
    """Return ~x of bools or integers.

    >>> invert(Tensor([True, False]))
    Tensor([False,  True])
    """


@op(operator.lshift, x1=None, x2=None, samples=COUNTS, numpy=np.left_shift)
def left_shift(x1: Array, x2: Array, /) -> Tensor:
    """Return integers x1 with their bits moved x2 places up: x1 * 2**x2.

    >>> left_shift(Tensor([1, 3]), 2)
    Tensor([ 4, 12])
    """


@op(operator.rshift, x1=None, x2=None, samples=COUNTS, numpy=np.right_shift)
def right_shift(x1: Array, x2: Array, /) -> Tensor:
    """Return integers x1 with their bits moved x2 places down: floor(x1 / 2**x2).

    >>> right_shift(Tensor([4, 13]), 2)
    Tensor([1, 3])
    """


for _name, _function in (("lshift", left_shift), ("rshift", right_shift)):
    tensor_method(f"__{_name}__")(_function)
    tensor_method(f"__r{_name}__")(lambda self, other, f=_function: f(other, self))


@op(np.bitwise_count, x=None, samples=[sample(Draw(kind="i", domain=(-9, 9)))])
def bitwise_count(x: Array, /) -> Tensor:
    """Return how many bits of the absolute value of integers x are 1.

    >>> bitwise_count(Tensor([4, 7])).tolist()
    [1, 3]
    """


@op(np.gcd, x1=None, x2=None, samples=COUNTS)
def gcd(x1: Array, x2: Array, /) -> Tensor:
    """Return the greatest common divisor of integers.

    >>> gcd(Tensor([12, 7]), 8)
    Tensor([4, 1])
    """


@op(np.lcm, x1=None, x2=None, samples=COUNTS)
def lcm(x1: Array, x2: Array, /) -> Tensor:
    """Return the least common multiple of integers.

    >>> lcm(Tensor([12, 7]), 8)
    Tensor([24, 56])
    """


# --- questions about floating numbers ---------------------------------------------------------------------------------


@op(np.isnan, x=None, samples=ANY)
def isnan(x: Array, /) -> Tensor:
    """Return whether each element is not a number.

    >>> isnan(Tensor([1.0, float("nan")]))
    Tensor([False,  True])
    """


@op(np.isinf, x=None, samples=ANY)
def isinf(x: Array, /) -> Tensor:
    """Return whether each element is infinite.

    >>> isinf(Tensor([1.0, float("inf")]))
    Tensor([False,  True])
    """


@op(np.isfinite, x=None, samples=ANY)
def isfinite(x: Array, /) -> Tensor:
    """Return whether each element is neither infinite nor nan.

    >>> isfinite(Tensor([1.0, float("inf")]))
    Tensor([ True, False])
    """


@op(x=None, samples=ANY)
def isposinf(x: Array) -> Tensor:
    """Return whether each element is infinity.

    >>> isposinf(Tensor([1.0, float("inf")]))
    Tensor([False,  True])
    """
    return np.isposinf(x)  # type: ignore[return-value]


@op(x=None, samples=ANY)
def isneginf(x: Array) -> Tensor:
    """Return whether each element is minus infinity.

    >>> isneginf(Tensor([1.0, float("-inf")]))
    Tensor([False,  True])
    """
    return np.isneginf(x)  # type: ignore[return-value]


@op(np.signbit, x=None, samples=ANY)
def signbit(x: Array, /) -> Tensor:
    """Return whether each element has a minus sign, as -0.0 has.

    >>> signbit(Tensor([1.0, -0.0]))
    Tensor([False,  True])
    """


@op(np.nextafter, x1=None, x2=None, samples=PAIR)
def nextafter(x1: Array, x2: Array, /) -> Tensor:
    """Return the floating number next to x1 in the direction of x2, without a gradient.

    >>> nextafter(Tensor([1.0]), 2) - 1
    Tensor([1.1920929e-07])
    """


@op(np.spacing, x=None, samples=ANY)
def spacing(x: Array, /) -> Tensor:
    """Return the distance from x to the next floating number, without a gradient.

    >>> spacing(Tensor([1.0]))
    Tensor([1.1920929e-07])
    """

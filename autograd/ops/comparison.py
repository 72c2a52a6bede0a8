"""Comparisons and logic: values without gradients."""

from __future__ import annotations

import operator

import numpy as np

from autograd.ops.common import ANY, FLAGS, PAIR, Array
from autograd.primitive import op
from autograd.samples import Draw, sample
from autograd.tensor import Tensor


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

"""Functions that switch: absolute values, signs, extremes, choices, limits, rounding."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from autograd.kernels import elementwise
from autograd.ops.common import ANY, APART, BETWEEN_INTEGERS, KINK_AT_ZERO, Array, flat, is_complex
from autograd.primitive import op
from autograd.samples import Draw, sample
from autograd.tensor import FUNCTIONS, Tensor, tensor_method

# --- absolute values and signs ----------------------------------------------------------------------------------------


def _along_sign(g: Array, x: Array) -> Array:
    return g * (np.conj(np.sign(x)) if is_complex(x) else np.sign(x))


@op(np.absolute, x=_along_sign, samples=KINK_AT_ZERO, numpy=np.absolute)
def absolute(x: Array, /) -> Tensor:
    """Return |x|; the gradient at 0 is 0, of complex x too.

    >>> absolute(Tensor([1.0, -2.0]))
    Tensor([1., 2.])
    """


@op(np.fabs, x=lambda g, x: g * np.sign(x), samples=KINK_AT_ZERO)
def fabs(x: Array, /) -> Tensor:
    """Return |x| of real x, also of integers as a floating number; the gradient at 0 is 0.

    >>> fabs(Tensor([1, -2]))
    Tensor([1., 2.], dtype=float64)
    """


def _sign(g: Array, x: Array) -> Array:
    if not is_complex(x):
        return flat(g)
    # x / |x| turns with x and does not stretch: of the gradient, the part along the sign has no effect.
    zero = x == 0
    s = np.sign(x)
    return np.where(zero, 0, g - (g * s).real * np.conj(s)) / np.where(zero, 1, np.abs(x))


@op(np.sign, x=_sign, samples=KINK_AT_ZERO)
def sign(x: Array, /) -> Tensor:
    """Return -1, 0 or 1, with gradient zero; of complex x, x / |x|, or 0 with gradient zero at 0.

    >>> sign(Tensor([-3.0, 2.0]))
    Tensor([-1.,  1.])
    """


@op(np.copysign, x1=lambda g, x1, out: g * (np.sign(x1) * np.sign(out)), x2=flat,
    samples=[sample(Draw(kinks=(0.0,)), Draw(kinks=(0.0,)))])  # fmt: skip
def copysign(x1: Array, x2: Array, /) -> Tensor:
    """Return |x1| with the sign of x2; at x1 = 0 the gradient is 0.

    >>> copysign(Tensor([1.0, 2.0]), -1)
    Tensor([-1., -2.])
    """


@op(np.heaviside, x1=lambda g: flat(g), x2=lambda g, x1: np.where(x1 == 0, g, 0),
    samples=[sample(Draw(kinks=(0.0,)), ()), sample(Draw(kind="i", domain=(0, 1)), ())])  # fmt: skip
def heaviside(x1: Array, x2: Array, /) -> Tensor:
    """Return 0 where x1 is negative, 1 where it is positive, x2 where it is 0; the gradient to x1 is zero.

    >>> heaviside(Tensor([-1.0, 0.0, 3.0]), 0.5)
    Tensor([0. , 0.5, 1. ])
    """


# --- the larger and the smaller ---------------------------------------------------------------------------------------


def _larger(g: Array, mine: Array, other: Array) -> Array:
    # If one is nan then so is the result, to which both lead, as in PyTorch.
    return np.where(mine == other, g / 2, np.where(mine < other, 0, g))


def _number(g: Array, mine: Array, other: Array, larger: bool) -> Array:
    """Return the gradient of the larger, or smaller, of two, of which one may be nan."""
    chosen = mine > other if larger else mine < other
    return np.where(mine == other, g / 2, np.where(chosen | np.isnan(other), g, 0))


@op(
    np.maximum,
    x1=lambda g, x1, x2: _larger(g, x1, x2),
    x2=lambda g, x1, x2: _larger(g, x2, x1),
    samples=APART,
)
def maximum(x1: Array, x2: Array, /) -> Tensor:
    """Return the larger of x1 and x2; where they are equal each gets half the gradient, as in PyTorch.

    >>> maximum(Tensor([1.0, 5.0]), 3)
    Tensor([3., 5.])
    """


@op(
    np.minimum,
    x1=lambda g, x1, x2: _larger(g, x2, x1),
    x2=lambda g, x1, x2: _larger(g, x1, x2),
    samples=APART,
)
def minimum(x1: Array, x2: Array, /) -> Tensor:
    """Return the smaller of x1 and x2; where they are equal each gets half the gradient, as in PyTorch.

    >>> minimum(Tensor([1.0, 5.0]), 3)
    Tensor([1., 3.])
    """


@op(np.fmax, x1=lambda g, x1, x2: _number(g, x1, x2, True), x2=lambda g, x1, x2: _number(g, x2, x1, True),
    samples=APART)  # fmt: skip
def fmax(x1: Array, x2: Array, /) -> Tensor:
    """Return the larger of x1 and x2, or the one that is not nan; equal ones each get half the gradient.

    >>> fmax(Tensor([1.0, float("nan")]), 0)
    Tensor([1., 0.])
    """


@op(np.fmin, x1=lambda g, x1, x2: _number(g, x1, x2, False), x2=lambda g, x1, x2: _number(g, x2, x1, False),
    samples=APART)  # fmt: skip
def fmin(x1: Array, x2: Array, /) -> Tensor:
    """Return the smaller of x1 and x2, or the one that is not nan; equal ones each get half the gradient.

    >>> fmin(Tensor([1.0, float("nan")]), 0)
    Tensor([0., 0.])
    """


# --- choices and limits -----------------------------------------------------------------------------------------------


@op(
    condition=None,
    x=lambda g, condition: np.where(condition, g, 0),
    y=lambda g, condition: np.where(condition, 0, g),
    samples=[sample(Draw(kind="b"), (), ())],
    numpy=(),
)
def where(condition: Array, x: Array, y: Array, /) -> Tensor:
    """Return x where the condition holds, else y.

    What is not chosen gets the gradient 0. If it was computed by a function whose derivative there is infinite or nan,
    as that of sqrt at 0 and below, the product of both is nan, as in PyTorch. To keep that from the inputs choose
    before computing as well, so that the function never sees what it has no derivative for.

    >>> where(Tensor([True, False]), Tensor([1.0, 2.0]), 0)
    Tensor([1., 0.])
    >>> x = Tensor([0.0, 4.0], requires_grad=True)
    >>> safe = where(x > 0, x, 1)
    >>> where(x > 0, np.sqrt(safe), 0).sum().backward()
    >>> x.grad
    Tensor([0.  , 0.25])
    """
    return np.where(condition, x, y)  # type: ignore[return-value]


def _where(condition: Array, *branches: Array) -> Any:
    """Do what np.where does: without branches it gives the positions of what is true."""
    return where(condition, *branches) if branches else np.nonzero(condition)


FUNCTIONS[np.where] = _where


def _within(g: Array, a: Array, a_min: Array, a_max: Array) -> Array:
    inside = True if a_min is None else a >= a_min
    inside = inside if a_max is None else inside & (a <= a_max)
    return np.where(inside, g, 0)


def _below(g: Array, a: Array, a_min: Array, a_max: Array) -> Array:
    low = a < a_min
    return np.where(low if a_max is None else low & (a_min <= a_max), g, 0)


def _above(g: Array, a: Array, a_min: Array, a_max: Array) -> Array:
    return np.where((a if a_min is None else np.maximum(a, a_min)) > a_max, g, 0)


def _limits_by_name(function: Any) -> Any:
    """Let `clip` have its limits as `min` and `max`, too, as NumPy and the array API standard do."""

    @functools.wraps(function)
    def clip(a: Array, a_min: Array = None, a_max: Array = None, *, min: Array = None, max: Array = None) -> Tensor:
        if min is not None or max is not None:
            if a_min is not None or a_max is not None:
                raise ValueError("clip takes its limits either as a_min and a_max or as min and max, not as both")
            a_min, a_max = min, max
        return function(a, a_min, a_max)  # type: ignore[no-any-return]

    function.op.function = FUNCTIONS[np.clip] = clip
    return tensor_method("clip")(clip)


@_limits_by_name
@op(
    a=_within,
    a_min=_below,
    a_max=_above,
    samples=[
        sample(Draw(kinks=(-1.0, 1.0)), Draw(domain=(-1.05, -0.95)), Draw(domain=(0.95, 1.05))),
        sample(Draw(domain=(1.2, 2)), Draw(domain=(-1, 0)), Draw(domain=(0.9, 1.1))),
        sample(Draw(domain=(-0.9, -0.1)), Draw(domain=(0.6, 0.9)), Draw(domain=(0.1, 0.5))),
        sample(Draw(kinks=(0.0,)), Draw(domain=(-0.05, 0.05)), a_max=None),
        sample(Draw(kinks=(0.0,)), a_min=None, a_max=0.0),
    ],
)
def clip(a: Array, a_min: Array = None, a_max: Array = None) -> Tensor:
    """Return a limited to the interval from a_min to a_max; on the limits the gradient goes to a.

    A limit that is None, as by default, is none. Both can also be given as the keywords `min` and `max`.

    Raises:
        ValueError: when they are given both ways.

    >>> clip(Tensor([-2.0, 0.5, 2.0]), -1, 1)
    Tensor([-1. ,  0.5,  1. ])
    >>> Tensor([-2.0, 0.5, 2.0]).clip(min=0)
    Tensor([0. , 0.5, 2. ])
    """
    if a_min is None and a_max is None:
        return np.copy(a)[()]  # type: ignore[return-value]
    return np.clip(a, a_min, a_max)  # type: ignore[no-any-return]


@op(x=lambda g, out: elementwise.relu_gradient(g, out), samples=KINK_AT_ZERO)
def relu(x: Array, /) -> Tensor:
    """Return max(x, 0), the rectified linear unit; the gradient at 0 is 0.

    >>> relu(Tensor([-1.0, 2.0]))
    Tensor([0., 2.])
    """
    return elementwise.relu(x)  # type: ignore[no-any-return]


def _finite_parts(g: Array, x: Array) -> Array:
    if not is_complex(x):
        return np.where(np.isfinite(x), g, 0)
    return np.where(np.isfinite(x.real), g.real, 0) + 1j * np.where(np.isfinite(x.imag), g.imag, 0)


@op(x=_finite_parts, samples=[*ANY, sample((), nan=1.0, posinf=2.0, neginf=3.0)])
def nan_to_num(
    x: Array, copy: bool = True, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """Return x with other numbers for nan and the infinities, whose gradient is 0.

    Args:
        x: the values.
        copy: must be True; a Tensor's values are not replaced in place here.
        nan: the number for nan.
        posinf: the number for infinity; by default the largest of x's dtype.
        neginf: the number for minus infinity; by default the lowest of x's dtype.

    Raises:
        ValueError: for copy=False.

    >>> nan_to_num(Tensor([1.0, float("nan")]))
    Tensor([1., 0.])
    """
    if not copy:
        raise ValueError("nan_to_num of Tensors makes a copy: write x = nan_to_num(x)")
    return np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)  # type: ignore[no-any-return]


# --- rounding: constant almost everywhere, so with gradient zero ------------------------------------------------------


@op(np.floor, x=flat, samples=BETWEEN_INTEGERS)
def floor(x: Array, /) -> Tensor:
    """Return the largest integer that is not above x; its gradient is zero.

    >>> floor(Tensor([-1.5, 1.5]))
    Tensor([-2.,  1.])
    """


@op(np.ceil, x=flat, samples=BETWEEN_INTEGERS)
def ceil(x: Array, /) -> Tensor:
    """Return the smallest integer that is not below x; its gradient is zero.

    >>> ceil(Tensor([-1.5, 1.5]))
    Tensor([-1.,  2.])
    """


@op(np.trunc, x=flat, samples=BETWEEN_INTEGERS)
def trunc(x: Array, /) -> Tensor:
    """Return x without its fractional part; its gradient is zero.

    >>> trunc(Tensor([-1.5, 1.5]))
    Tensor([-1.,  1.])
    """


@op(np.rint, x=flat, samples=BETWEEN_INTEGERS)
def rint(x: Array, /) -> Tensor:
    """Return the nearest integer, halves to even; its gradient is zero.

    >>> rint(Tensor([-1.6, 1.5]))
    Tensor([-2.,  2.])
    """


@op(a=flat, samples=[sample(Draw(domain=(0.3, 0.4)), decimals=d) for d in (0, -1)], numpy=(np.round, np.around))
def round(a: Array, decimals: int = 0) -> Tensor:
    """Return a rounded to a number of decimals, halves to even; its gradient is zero.

    >>> round(Tensor([1.25, 2.78]), 1)
    Tensor([1.2, 2.8])
    """
    return np.round(a, decimals)  # type: ignore[no-any-return]


@op(x=flat, samples=BETWEEN_INTEGERS, numpy=np.fix)
def fix(x: Array) -> Tensor:
    """Return x rounded towards 0, as `trunc`; its gradient is zero.

    >>> fix(Tensor([-1.5, 1.5]))
    Tensor([-1.,  1.])
    """
    return np.trunc(x)  # type: ignore[return-value]

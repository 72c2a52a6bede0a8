"""Activations with corners, at which the gradients are PyTorch's, and their smooth relatives.

Sources: Maas, Hannun and Ng, Rectifier nonlinearities improve neural network acoustic models (2013), for leaky ReLU;
He et al., Delving deep into rectifiers (2015), for PReLU; Xu et al., Empirical evaluation of rectified activations in
convolutional network (2015), for RReLU; Clevert, Unterthiner and Hochreiter, Fast and accurate deep network learning by
exponential linear units (2016), for ELU; Klambauer et al., Self-normalizing neural networks (2017), for SELU; Barron,
Continuously differentiable exponential linear units (2017), for CELU; Howard et al., Searching for MobileNetV3 (2019),
for the hard sigmoid and swish.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd import Draw, Tensor, op, sample
from nn.module import as_floating

Array = Any  # an array or a Tensor

# Klambauer et al., equation 14.
SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946

_CORNER = Draw(kinks=(0.0,))


def relu(input: Array, inplace: bool = False) -> Tensor:
    """Return max(input, 0) of any shape. `inplace` is taken for PyTorch's sake; the result is always a new Tensor.

    >>> relu(Tensor([-1.0, 2.0]))
    Tensor([0., 2.])
    """
    return autograd.relu(autograd.asarray(input))


# --- bent at 0 --------------------------------------------------------------------------------------------------------
# As ops of their own these keep nothing but their input, and have exactly one derivative at 0.


@op(x=lambda g, x, slope: np.where(x > 0, g, g * slope), samples=[sample(_CORNER, slope=0.1)])
def _bent(x: Array, slope: float) -> Tensor:
    """Return x where it is positive, slope * x elsewhere."""
    return np.where(x > 0, x, x * slope)  # type: ignore[no-any-return]


def _slope_of_exponential(g: Array, x: Array, alpha: float, scale: float, rate: float) -> Array:
    return np.where(x > 0, g * scale, g * (scale * alpha * rate) * np.exp(np.where(x > 0, 0, x) * rate))


@op(x=_slope_of_exponential, samples=[sample(_CORNER, alpha=1.5, scale=1.2, rate=0.7)])
def _exponential(x: Array, alpha: float, scale: float, rate: float) -> Tensor:
    """Return scale * x where it is positive, scale * alpha * (exp(rate * x) - 1) elsewhere."""
    return np.where(x > 0, x * scale, np.expm1(np.minimum(x, 0) * rate) * (scale * alpha))  # type: ignore[no-any-return]


def leaky_relu(input: Array, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """Return the input where it is positive, negative_slope * input elsewhere; any shape, floating.

    `inplace` is taken for PyTorch's sake; the result is always a new Tensor.

    >>> leaky_relu(Tensor([-1.0, 2.0]), 0.1)
    Tensor([-0.1,  2. ])
    """
    return _bent(as_floating(input, None, "leaky_relu"), slope=negative_slope)


def prelu(input: Array, weight: Array) -> Tensor:
    """Return the input where it is positive, weight * input elsewhere, with a slope to be trained.

    Args:
        input: (N, C, ...), floating, or with a single slope any shape.
        weight: the slope, () or (1,), or those of the channels, (C,); taken to the input's dtype.

    Raises:
        ValueError: when the input has not as many channels as there are slopes.

    >>> prelu(Tensor([[-1.0, -1.0]]), Tensor([0.5, 0.1]))
    Tensor([[-0.5, -0.1]])
    """
    x = as_floating(input, None, "prelu")
    slope = per_channel(as_floating(weight, x.dtype, "the weight of prelu"), x, "prelu")
    return autograd.where(x > 0, x, slope * x)


def per_channel(values: Tensor, x: Tensor, who: str) -> Tensor:
    """Return one value, () or (1,), or those of the channels, (C,), in a shape that broadcasts with x (N, C, ...).

    Raises:
        ValueError: when x has not as many channels; names `who` was given it.
    """
    if values.ndim > 1:
        raise ValueError(f"{who} takes one value, () or (1,), or one per channel, (C,), not shape {values.shape}")
    if values.size == 1:
        return values.reshape(())
    if x.ndim < 2 or x.shape[1] != values.size:
        raise ValueError(f"{who}: {values.size} values are for the channels of (N, {values.size}, ...), not {x.shape}")
    return values.reshape(-1, *[1] * (x.ndim - 2))


def rrelu(
    input: Array, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, inplace: bool = False, *,
    generator: np.random.Generator | None = None,
) -> Tensor:  # fmt: skip
    """Return the input where it is positive, a random multiple of it elsewhere.

    Args:
        input: any shape, floating.
        lower: the smallest slope.
        upper: the largest slope.
        training: draw a slope for each element, uniformly; otherwise it is (lower + upper) / 2.
        inplace: taken for PyTorch's sake; the result is always a new Tensor.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: when `lower` is larger than `upper`.

    >>> rrelu(Tensor([-1.0, 2.0]), 0.2, 0.4)
    Tensor([-0.3,  2. ])
    """
    check_slopes(lower, upper)
    x = as_floating(input, None, "rrelu")
    if not training:
        return _bent(x, slope=(lower + upper) / 2)
    slopes = np.asarray((generator or autograd.default_generator()).uniform(lower, upper, x.shape))
    return x * np.where(x.detach().numpy() > 0, 1, slopes).astype(x.dtype)


def check_slopes(lower: float, upper: float) -> None:
    """Raise a ValueError unless the slopes of `rrelu` are in order."""
    if not lower <= upper:
        raise ValueError(f"rrelu needs lower <= upper, not lower={lower} and upper={upper}")


def elu(input: Array, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Return the input where it is positive, alpha * (exp(input) - 1) elsewhere; any shape, floating.

    `inplace` is taken for PyTorch's sake; the result is always a new Tensor.

    >>> elu(Tensor([-1.0, 2.0]))
    Tensor([-0.63212055,  2.        ])
    """
    return _exponential(as_floating(input, None, "elu"), alpha=alpha, scale=1.0, rate=1.0)


def selu(input: Array, inplace: bool = False) -> Tensor:
    """Return s * `elu(input, a)`, with a = 1.673... and s = 1.051... such that mean 0 and variance 1 are kept.

    `inplace` is taken for PyTorch's sake; the result is always a new Tensor.

    >>> selu(Tensor([-1.0, 2.0]))
    Tensor([-1.1113307,  2.101402 ])
    """
    return _exponential(as_floating(input, None, "selu"), alpha=SELU_ALPHA, scale=SELU_SCALE, rate=1.0)


def celu(input: Array, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Return the input where it is positive, alpha * (exp(input / alpha) - 1) elsewhere; any shape, floating.

    `inplace` is taken for PyTorch's sake; the result is always a new Tensor.

    Raises:
        ValueError: when alpha is 0.

    >>> celu(Tensor([-1.0, 2.0]), alpha=2.0)
    Tensor([-0.78693867,  2.        ])
    """
    if alpha == 0:
        raise ValueError("celu: alpha must not be 0, the input is divided by it")
    return _exponential(as_floating(input, None, "celu"), alpha=alpha, scale=1.0, rate=1 / alpha)


# --- piecewise linear -------------------------------------------------------------------------------------------------


def threshold(input: Array, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """Return the input where it is above a threshold, a fixed value elsewhere, with gradient 0; any shape.

    `inplace` is taken for PyTorch's sake; the result is always a new Tensor.

    >>> threshold(Tensor([0.5, 2.0]), 1.0, -1.0)
    Tensor([-1.,  2.])
    """
    x = autograd.asarray(input)
    return autograd.where(x <= threshold, _of_dtype(value, x), x)


def _of_dtype(value: float, x: Tensor) -> Any:
    return x.dtype.type(value)


def hardtanh(input: Array, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """Return the input limited to an interval; on the limits and beyond, the gradient is 0. Any shape.

    `inplace` is taken for PyTorch's sake; the result is always a new Tensor.

    Raises:
        ValueError: when `min_val` is larger than `max_val`.

    >>> hardtanh(Tensor([-3.0, 0.5, 2.0]))
    Tensor([-1. ,  0.5,  1. ])
    """
    check_limits(min_val, max_val)
    x = autograd.asarray(input)
    low, high = _of_dtype(min_val, x), _of_dtype(max_val, x)
    values = x.detach().numpy()
    outside = (values <= low) | (values >= high)
    return autograd.where(outside, np.clip(values, low, high), x)


def check_limits(min_val: float, max_val: float) -> None:
    """Raise a ValueError unless the limits of `hardtanh` are in order."""
    if not min_val <= max_val:
        raise ValueError(f"hardtanh needs min_val <= max_val, not min_val={min_val} and max_val={max_val}")


def relu6(input: Array, inplace: bool = False) -> Tensor:
    """Return min(max(input, 0), 6) of any shape; at 0 and 6 the gradient is 0. `inplace` is as for `relu`.

    >>> relu6(Tensor([-1.0, 2.0, 8.0]))
    Tensor([0., 2., 6.])
    """
    return hardtanh(input, 0.0, 6.0)


def hardsigmoid(input: Array, inplace: bool = False) -> Tensor:
    """Return input / 6 + 1/2, limited to [0, 1]; at +-3 and beyond the gradient is 0. Any shape, floating.

    `inplace` is taken for PyTorch's sake; the result is always a new Tensor.

    >>> hardsigmoid(Tensor([-4.0, 0.0, 3.0]))
    Tensor([0. , 0.5, 1. ])
    """
    return (hardtanh(as_floating(input, None, "hardsigmoid"), -3.0, 3.0) + 3) / 6


def hardswish(input: Array, inplace: bool = False) -> Tensor:
    """Return input * `hardsigmoid(input)` of any shape, floating; at -3 the gradient is 0, at 3 it is 1.

    `inplace` is taken for PyTorch's sake; the result is always a new Tensor.

    >>> hardswish(Tensor([-4.0, 1.0, 3.0]))
    Tensor([0.       , 0.6666667, 3.       ])
    """
    x = as_floating(input, None, "hardswish")
    values = x.detach().numpy()
    inside = autograd.where(np.abs(values) < 3, x, 0)  # of large numbers the square would overflow
    return autograd.where(np.abs(values) < 3, inside * (inside + 3) / 6, autograd.where(values > 0, x, 0))


def softshrink(input: Array, lambd: float = 0.5) -> Tensor:
    """Return the input moved towards 0 by `lambd`, and 0 where it is not farther from 0. Any shape, floating.

    Raises:
        ValueError: when `lambd` is negative.

    >>> softshrink(Tensor([-2.0, 0.3, 2.0]))
    Tensor([-1.5,  0. ,  1.5])
    """
    check_shrinkage(lambd)
    x = as_floating(input, None, "softshrink")
    values = x.detach().numpy()
    shift = (np.sign(values) * lambd).astype(x.dtype)
    return autograd.where(np.abs(values) <= lambd, 0, x - shift)


def check_shrinkage(lambd: float) -> None:
    """Raise a ValueError unless `softshrink` can shrink by this much."""
    if not lambd >= 0:
        raise ValueError(f"softshrink needs lambd >= 0, not {lambd}")


def hardshrink(input: Array, lambd: float = 0.5) -> Tensor:
    """Return the input, and 0 where it is not farther from 0 than `lambd`. Any shape, floating.

    >>> hardshrink(Tensor([-2.0, 0.3, 2.0]))
    Tensor([-2.,  0.,  2.])
    """
    x = as_floating(input, None, "hardshrink")
    values = x.detach().numpy()
    return autograd.where((values >= -lambd) & (values <= lambd), 0, x)

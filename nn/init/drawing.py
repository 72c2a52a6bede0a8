"""Filling Tensors with numbers, constant or drawn from a distribution."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd
from autograd import Tensor

Generator = np.random.Generator


def filled(tensor: Tensor, values: Any) -> Tensor:
    """Write values into a Tensor, unrecorded, and return it.

    Raises:
        TypeError: when it is no Tensor, or of a dtype that cannot have such values.
    """
    if not isinstance(tensor, Tensor):
        raise TypeError(f"initialisers write into Tensors, not into {type(tensor).__name__}")
    given = np.asarray(values)
    if not np.can_cast(given.dtype, tensor.dtype, "same_kind") and np.any(given.astype(tensor.dtype) != given):
        raise TypeError(f"initial {given.dtype} would be lost in a Tensor of {tensor.dtype}: make it floating first")
    with autograd.no_grad():
        tensor[...] = values
    return tensor


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with numbers drawn uniformly from [a, b), and return the Tensor.

    Args:
        tensor: any shape, any floating dtype.
        a: the lower bound.
        b: the upper bound.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: when a is larger than b.

    >>> uniform_(autograd.zeros(3), 2, 2)
    Tensor([2., 2., 2.])
    """
    if a > b:
        raise ValueError(f"uniform_ needs a <= b, not a={a} and b={b}")
    return filled(tensor, (generator or autograd.default_generator()).uniform(a, b, tensor.shape))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with normally distributed numbers, and return the Tensor.

    Args:
        tensor: any shape, any floating dtype.
        mean: the mean.
        std: the standard deviation.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: when std is negative.

    >>> normal_(autograd.zeros(3), 2, 0)
    Tensor([2., 2., 2.])
    """
    if std < 0:
        raise ValueError(f"normal_ needs a standard deviation of at least 0, not std={std}")
    return filled(tensor, (generator or autograd.default_generator()).normal(mean, std, tensor.shape))


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with one number, and return the Tensor.

    >>> constant_(autograd.zeros(2), 0.5)
    Tensor([0.5, 0.5])
    """
    return filled(tensor, val)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with 0, and return the Tensor.

    >>> zeros_(autograd.ones(2))
    Tensor([0., 0.])
    """
    return filled(tensor, 0)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with 1, and return the Tensor.

    >>> ones_(autograd.zeros(2))
    Tensor([1., 1.])
    """
    return filled(tensor, 1)


def trunc_normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Fill with numbers of a normal distribution cut off outside [a, b], and return the Tensor.

    Args:
        tensor: any shape, any floating dtype.
        mean: the mean before cutting.
        std: the standard deviation before cutting.
        a: the lower bound; a number, not a multiple of std.
        b: the upper bound.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: when std is not above 0, or a not below b.

    >>> float(abs(trunc_normal_(autograd.zeros(1000), a=-1, b=1).data).max()) <= 1.0
    True
    """
    if not std > 0:
        raise ValueError(f"trunc_normal_ needs a standard deviation above 0, not std={std}")
    if not a < b:
        raise ValueError(f"trunc_normal_ needs a < b, not a={a} and b={b}")
    rng = generator or autograd.default_generator()
    low, high = (a - mean) / std, (b - mean) / std
    values = mean + std * truncated(rng, low, high, math.prod(tensor.shape))
    return filled(tensor, np.clip(values, a, b).reshape(tensor.shape))  # rounding may have crossed the bounds


def truncated(rng: Generator, low: float, high: float, count: int) -> np.ndarray:
    """Return standard normal numbers from [low, high], by rejection (Robert, Simulation of truncated normal variables,
    1995): proposals come from the distribution of the three that comes closest, and are drawn anew all at once.
    """
    if low + high < 0:  # so that what lies nearest to 0 is low, or 0 itself
        return -truncated(rng, -high, -low, count)
    nearest = max(low, 0.0)
    values = np.empty(count)
    missing = np.arange(count)
    while missing.size:
        n = missing.size
        if low < 0 and high - low > 2:
            proposed = rng.standard_normal(n)
            log_odds = np.zeros(n)
        elif low > 0 and low * (high - low) > 1:
            proposed = low + rng.exponential(1 / low, n)
            log_odds = -((proposed - low) ** 2) / 2
        else:
            proposed = rng.uniform(low, high, n)
            log_odds = (nearest**2 - proposed**2) / 2
        good = (proposed >= low) & (proposed <= high) & (-rng.standard_exponential(n) <= log_odds)
        values[missing[good]] = proposed[good]
        missing = missing[~good]
    return values

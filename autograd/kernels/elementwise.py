"""Elementwise functions of plain arrays that a compiled kernel does in one pass, without temporary arrays."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.kernels import error_function
from autograd.kernels.choosing import kernel

Array = Any

_LARGE = 8_000  # elements from which a compiled kernel's call costs less than it saves


def _for_large(reference: Callable[..., Array]) -> Callable[..., Array]:
    """Let a compiled kernel stand in for a function of large arrays; numbers and Tensors go to the function at once."""
    made = kernel(reference)

    @functools.wraps(reference)
    def chosen(x: Array, *others: Any) -> Array:
        large = x.__class__ is np.ndarray and x.size > _LARGE
        return made(x, *others) if large else reference(x, *others)

    chosen.reference = reference  # type: ignore[attr-defined]
    return chosen


@_for_large
def relu(x: Array) -> Array:
    """Return max(x, 0); nan stays nan."""
    return np.maximum(x, 0)


@_for_large
def relu_gradient(g: Array, out: Array) -> Array:
    """Return g where out > 0, and 0 elsewhere."""
    return g * (out > 0)


@_for_large
def thinned(x: Array, kept: Array, scale: float) -> Array:
    """Return x * scale where `kept`, flags of x's shape, and x * 0 elsewhere."""
    factors = kept.astype(x.dtype)
    factors *= x.dtype.type(scale)
    factors *= x
    return factors


def random_flags(p: float, size: int, generator: np.random.Generator) -> Array:
    """Return flags (size,) that are False with probability p, 0 <= p <= 1, from about a byte of randomness each.

    Random 64-bit integers are taken apart into bytes, the lowest first, one for each flag. A byte below floor(256 * p)
    makes its flag False, one above it True. The bytes in between, one of 256, leave what is missing to p to a further
    draw: one float64 for each of them, in order.
    """
    words = generator.integers(0, np.iinfo(np.uint64).max, -(-size // 8), np.uint64, endpoint=True)
    drawn = words.astype("<u8", copy=False).view(np.uint8)[:size]
    limit = int(256 * p)
    if limit == 256:
        return np.zeros(size, bool)
    flags = drawn > limit
    between = np.flatnonzero(drawn == limit)
    flags[between] = generator.random(len(between)) >= 256 * p - limit
    return flags


# --- the Gaussian error linear unit -----------------------------------------------------------------------------------


_FAR = 40.0  # here Phi(-x) and the density are 0 also in float64


@functools.cache
def _ndtr() -> Callable[[Array], Array]:
    """Return the standard normal distribution function: SciPy's, which is faster, where installed."""
    try:
        import scipy.special
    except ImportError:
        return error_function.ndtr
    return scipy.special.ndtr  # type: ignore[no-any-return]


@_for_large
def gelu(x: Array) -> Array:
    """Return x * Phi(x), with Phi the standard normal distribution function."""
    return np.maximum(x, -_FAR) * _ndtr()(x)


@_for_large
def gelu_gradient(g: Array, x: Array) -> Array:
    """Return g times the derivative of `gelu`, Phi(x) + x * exp(-x**2 / 2) / sqrt(2 * pi)."""
    near = np.clip(x, -_FAR, _FAR)
    return g * (_ndtr()(x) + near * np.exp(near * near * -0.5) * (1 / math.sqrt(2 * math.pi)))

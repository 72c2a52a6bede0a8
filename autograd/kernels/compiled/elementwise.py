"""Elementwise functions, compiled: one pass over flat arrays, large ones on several threads."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.kernels.compiled import jit
from autograd.kernels.compiled.exponentials import exp
from autograd.kernels.threads import share

Array = Any

_WORTH = 200_000  # elements that are worth a thread: some 50 microseconds


def _suits(x: Array, *others: Array) -> bool:
    """Return whether arrays of x's shape lie in memory as they are, x and all but flags of one floating dtype."""
    if x.__class__ is not np.ndarray or x.dtype.char not in "fd" or not x.flags.c_contiguous:
        return False
    kinds = ("?", x.dtype.char)
    return all(
        y.__class__ is np.ndarray and y.shape == x.shape and y.flags.c_contiguous and y.dtype.char in kinds
        for y in others
    )


def relu(x: Array) -> Array:
    """Return max(x, 0); nan stays nan."""
    if not _suits(x):
        return NotImplemented
    out = np.empty_like(x)
    given, flat = x.reshape(-1), out.reshape(-1)
    share(lambda start, stop: _relu(given, flat, start, stop), x.size, _WORTH)
    return out


def relu_gradient(g: Array, out: Array) -> Array:
    """Return g where out > 0, and 0 elsewhere."""
    if not _suits(g, out) or out.dtype != g.dtype:
        return NotImplemented
    result = np.empty_like(g)
    given, by, flat = g.reshape(-1), out.reshape(-1), result.reshape(-1)
    share(lambda start, stop: _relu_gradient(given, by, flat, start, stop), g.size, _WORTH)
    return result


def thinned(x: Array, kept: Array, scale: float) -> Array:
    """Return x * scale where `kept`, and x * 0 elsewhere."""
    if not _suits(x, kept) or kept.dtype.char != "?":
        return NotImplemented
    out = np.empty_like(x)
    given, by, flat, factor = x.reshape(-1), kept.reshape(-1).view(np.uint8), out.reshape(-1), x.dtype.type(scale)
    share(lambda start, stop: _thinned(given, by, factor, flat, start, stop), x.size, _WORTH)
    return out


def gelu(x: Array) -> Array:
    """Return x * Phi(x), with Phi the standard normal distribution function; of float32 only."""
    if not _suits(x) or x.dtype != np.float32:
        return NotImplemented
    out = np.empty_like(x)
    given, flat = x.reshape(-1), out.reshape(-1)
    share(lambda start, stop: _gelu(given, flat, start, stop), x.size, _WORTH // 4)
    return out


def gelu_gradient(g: Array, x: Array) -> Array:
    """Return g times the derivative of `gelu`; of float32 only."""
    if not _suits(g, x) or g.dtype != np.float32 or x.dtype != np.float32:
        return NotImplemented
    result = np.empty_like(g)
    given, at, flat = g.reshape(-1), x.reshape(-1), result.reshape(-1)
    share(lambda start, stop: _gelu_gradient(given, at, flat, start, stop), g.size, _WORTH // 4)
    return result


# --- compiled ---------------------------------------------------------------------------------------------------------


@jit
def _relu(x, out, start, stop):  # type: ignore[no-untyped-def]
    zero = x.dtype.type(0)
    for i in range(np.uintp(start), np.uintp(stop)):
        out[i] = zero if x[i] <= zero else x[i]


@jit
def _relu_gradient(g, by, out, start, stop):  # type: ignore[no-untyped-def]
    zero = g.dtype.type(0)
    for i in range(np.uintp(start), np.uintp(stop)):
        out[i] = g[i] if by[i] > zero else zero


@jit
def _thinned(x, kept, scale, out, start, stop):  # type: ignore[no-untyped-def]
    zero = x.dtype.type(0)
    for i in range(np.uintp(start), np.uintp(stop)):
        out[i] = x[i] * (scale if kept[i] else zero)


F = np.float32


@jit(inline="always")
def _share_below(size):  # type: ignore[no-untyped-def]
    """Return Phi(-size) / exp(-size**2 / 2) of sizes from 0 on.

    A polynomial of t = 1 / (1 + p * size), as in Abramowitz and Stegun, Handbook of mathematical functions, 26.2.17;
    with nine terms, fitted to within 3e-8 of the ratio from 0 to 15.
    """
    t = F(1) / (F(1) + F(0.21) * size)
    p = F(-7.0944225334e-02)
    p = p * t + F(2.8007730671e-01)
    p = p * t + F(-3.2286156284e-01)
    p = p * t + F(3.4073729990e-01)
    p = p * t + F(-8.7751043543e-02)
    p = p * t + F(1.2213708489e-01)
    p = p * t + F(6.9927215322e-02)
    p = p * t + F(8.4959459280e-02)
    p = p * t + F(8.3718476743e-02)
    return p * t


@jit(inline="always")
def _limited(x):  # type: ignore[no-untyped-def]
    """Return |x|, or 15 beyond that, where the density is 0 in float32."""
    size = abs(x)
    return F(15) if size > F(15) else size


@jit
def _gelu(x, out, start, stop):  # type: ignore[no-untyped-def]
    for i in range(np.uintp(start), np.uintp(stop)):
        size = _limited(x[i])
        tail = exp(size * size * F(-0.5)) * _share_below(size)
        rest = size * tail  # from x below 0, and from max(x, 0) above it
        out[i] = (x[i] if x[i] > F(0) else F(0)) - rest


@jit
def _gelu_gradient(g, x, out, start, stop):  # type: ignore[no-untyped-def]
    for i in range(np.uintp(start), np.uintp(stop)):
        size = _limited(x[i])
        e = exp(size * size * F(-0.5))
        below = e * (_share_below(size) - size * F(0.3989422804014327))  # the derivative at -size
        out[i] = g[i] * (F(1) - below if x[i] > F(0) else below)

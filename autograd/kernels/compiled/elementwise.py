"""Elementwise functions, compiled: one pass over flat arrays, large ones on several threads."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.kernels.compiled import jit
from autograd.kernels.threads import share

Array = Any

_WORTH = 100_000  # elements that are worth a thread: some 50 microseconds


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

"""Softmax and cross entropy together, one example after the other."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.kernels.compiled import jit
from autograd.kernels.compiled.exponentials import exp
from autograd.kernels.threads import share

Array = Any

_WORTH = 50_000  # scores that are worth a thread


def _suits(x: Array, target: Array) -> bool:
    return bool(x.dtype.char in "fd" and x.ndim == 2 and x.size and x.flags.c_contiguous and target.dtype.kind in "iu")


def class_entropies(x: Array, target: Array) -> tuple[Array, Array]:
    """Return -log(softmax(x)) at the classes `target` (N,) of scores x (N, C): (N,), and softmax(x)."""
    if not _suits(x, target):
        return NotImplemented  # type: ignore[no-any-return]
    losses, shares = np.empty(len(x), x.dtype), np.empty_like(x)
    kernel = _single if x.dtype.char == "f" else _double
    least = -(-_WORTH // x.shape[1])
    share(lambda start, stop: kernel(x, target, losses, shares, start, stop), len(x), least)
    return losses, shares


def class_entropy_gradient(g: Array, shares: Array, target: Array) -> Array:
    """Return g * (shares - 1 at the classes) for g () or (N, 1) and softmax values (N, C): the gradient of scores."""
    if not _suits(shares, target) or g.dtype != shares.dtype:
        return NotImplemented
    grad = np.empty_like(shares)
    factors = np.reshape(g, -1)
    least = -(-_WORTH // shares.shape[1])
    share(lambda start, stop: _gradient(factors, shares, target, grad, start, stop), len(shares), least)
    return grad


# --- compiled ---------------------------------------------------------------------------------------------------------


@jit
def _single(x, target, losses, shares, start, stop):  # type: ignore[no-untyped-def]
    zero, least = np.float32(0), np.float32(-87.3)
    for n in range(start, stop):
        top = x[n, 0]
        for c in range(x.shape[1]):
            top = max(top, x[n, c])
        for c in range(x.shape[1]):
            below = x[n, c] - top
            shares[n, c] = zero if below < least else exp(below)
        total = zero
        for c in range(x.shape[1]):
            total += shares[n, c]
        losses[n] = np.log(total) - (x[n, target[n]] - top)
        for c in range(x.shape[1]):
            shares[n, c] /= total


@jit
def _double(x, target, losses, shares, start, stop):  # type: ignore[no-untyped-def]
    for n in range(start, stop):
        top, total = x[n].max(), 0.0
        for c in range(x.shape[1]):
            shares[n, c] = np.exp(x[n, c] - top)
            total += shares[n, c]
        losses[n] = np.log(total) - (x[n, target[n]] - top)
        for c in range(x.shape[1]):
            shares[n, c] /= total


@jit
def _gradient(g, shares, target, grad, start, stop):  # type: ignore[no-untyped-def]
    for n in range(start, stop):
        factor = g[n if g.size > 1 else 0]
        for c in range(shares.shape[1]):
            grad[n, c] = factor * shares[n, c]
        grad[n, target[n]] -= factor

"""Softmax and cross entropy together, on plain arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.kernels.choosing import kernel

Array = Any


@kernel
def class_entropies(x: Array, target: Array) -> tuple[Array, Array]:
    """Return -log(softmax(x)) at the classes `target` (N,) of scores x (N, C): (N,), and softmax(x)."""
    shares = x - x.max(axis=1, keepdims=True)
    losses = -shares[np.arange(len(target)), target]
    np.exp(shares, out=shares)
    total = shares.sum(axis=1)
    losses += np.log(total)
    shares /= total[:, None]
    return losses, shares


@kernel
def class_entropy_gradient(g: Array, shares: Array, target: Array) -> Array:
    """Return g * (shares - 1 at the classes) for g () or (N, 1) and softmax values (N, C): the gradient of scores."""
    grad = shares * g
    rows = np.arange(len(target))
    grad[rows, target] -= g if np.ndim(g) == 0 else g[:, 0]
    return grad

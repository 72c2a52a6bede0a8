"""Activations that take several elements together: softmax and its relatives, gates, and maxout."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

import autograd
from autograd import Tensor
from nn.module import as_floating, check_size

Array = Any  # an array or a Tensor


def softmax(input: Array, dim: int, *, dtype: DTypeLike | None = None) -> Tensor:
    """Return exp(input) / sum(exp(input)) along an axis, without overflow.

    Args:
        input: any shape.
        dim: the axis; unlike in PyTorch it must be given.
        dtype: what to convert the input to first.

    >>> softmax(Tensor([0.0, 0.0]), dim=0)
    Tensor([0.5, 0.5])
    """
    x = as_floating(input, dtype, "softmax")
    return autograd.softmax(x, axis=_axis(x, dim, "softmax"))


def log_softmax(input: Array, dim: int, *, dtype: DTypeLike | None = None) -> Tensor:
    """Return the logarithm of `softmax` along an axis, without overflow.

    Args:
        input: any shape.
        dim: the axis; unlike in PyTorch it must be given.
        dtype: what to convert the input to first.

    >>> log_softmax(Tensor([0.0]), dim=0)
    Tensor([0.])
    """
    x = as_floating(input, dtype, "log_softmax")
    return autograd.log_softmax(x, axis=_axis(x, dim, "log_softmax"))


def softmin(input: Array, dim: int, *, dtype: DTypeLike | None = None) -> Tensor:
    """Return softmax(-input) along an axis, without overflow; arguments as for `softmax`.

    >>> softmin(Tensor([0.0, 0.0]), dim=0)
    Tensor([0.5, 0.5])
    """
    x = as_floating(input, dtype, "softmin")
    return autograd.softmax(-x, axis=_axis(x, dim, "softmin"))


def _axis(x: Tensor, dim: int, who: str) -> int | None:
    """Return the axis `dim`; of a single number, None, for all of them.

    Raises:
        IndexError: when there is no such axis.
    """
    if not -max(x.ndim, 1) <= dim < max(x.ndim, 1):
        raise IndexError(f"{who} along dim={dim}, which an input of shape {x.shape} has not")
    return dim if x.ndim else None


def gumbel_softmax(
    logits: Array, tau: float = 1.0, hard: bool = False, eps: float = 1e-10, dim: int = -1, *,
    generator: np.random.Generator | None = None,
) -> Tensor:  # fmt: skip
    """Return softmax((logits + noise) / tau) with Gumbel noise: a soft draw from a categorical distribution.

    Source: Jang, Gu and Poole, Categorical reparameterization with Gumbel-softmax (2017).

    Args:
        logits: log probabilities, up to a constant, of any shape, floating.
        tau: the temperature; towards 0 the results become one-hot.
        hard: return one-hot vectors, with the gradient of the soft ones.
        eps: not used, as in PyTorch.
        dim: the axis of the classes.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: when tau is not positive.

    >>> gumbel_softmax(autograd.zeros(3), hard=True, generator=np.random.default_rng(0)).sum().item()
    1.0
    """
    if not tau > 0:
        raise ValueError(f"gumbel_softmax: the temperature tau must be above 0, not {tau!r}")
    x = as_floating(logits, None, "gumbel_softmax")
    axis = _axis(x, dim, "gumbel_softmax")
    noise = np.asarray((generator or autograd.default_generator()).gumbel(size=x.shape)).astype(x.dtype)
    soft = autograd.softmax((x + noise) / tau, axis=axis)
    if not hard:
        return soft
    values = soft.detach().numpy()
    chosen = np.argmax(values, axis=axis, keepdims=True)
    places = np.arange(values.shape[axis]) if axis is not None else np.zeros((), int)
    if axis is not None:
        places = places.reshape([-1 if i == axis % x.ndim else 1 for i in range(x.ndim)])
    # The value is exactly one-hot, because soft - soft is exactly 0; the gradient is that of soft.
    return (soft - values) + (chosen == places).astype(x.dtype)  # type: ignore[no-any-return]


def glu(input: Array, dim: int = -1) -> Tensor:
    """Return a * sigmoid(b), a and b the halves of the input along an axis: a gated linear unit.

    Source: Dauphin et al., Language modeling with gated convolutional networks (2017).

    Args:
        input: (..., 2*C, ...), floating.
        dim: the axis to halve.

    Returns:
        (..., C, ...).

    Raises:
        IndexError: when there is no such axis.
        ValueError: when its size is odd.

    >>> glu(Tensor([1.0, 0.0]))
    Tensor([0.5])
    """
    x = as_floating(input, None, "glu")
    if not x.ndim:
        raise ValueError("glu halves an axis, which a single number has not")
    _axis(x, dim, "glu")
    if x.shape[dim] % 2:
        raise ValueError(f"glu halves axis {dim}, whose size must be even; got shape {x.shape}")
    a, b = autograd.split(x, 2, dim)
    return a * autograd.sigmoid(b)


def maxout(input: Array, pieces: int, dim: int = 1) -> Tensor:
    """Return the largest of each `pieces` neighbours along an axis; equal ones share the gradient.

    Source: Goodfellow et al., Maxout networks (2013).

    Args:
        input: (..., C * pieces, ...).
        pieces: of how many to take the largest.
        dim: the axis, by default that of the channels of a batch.

    Returns:
        (..., C, ...).

    Raises:
        IndexError: when there is no such axis.
        ValueError: when its size is not a multiple of `pieces`.

    >>> maxout(Tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
    Tensor([[3., 2.]])
    """
    x = autograd.asarray(input)
    if not -x.ndim <= dim < x.ndim:
        raise IndexError(f"maxout along dim={dim}, which an input of shape {x.shape} has not")
    axis, count = dim % x.ndim, check_size(pieces, "pieces")
    if x.shape[axis] % count:
        raise ValueError(f"maxout: the size of axis {dim} must be a multiple of pieces={pieces}; got shape {x.shape}")
    groups = x.reshape(*x.shape[:axis], x.shape[axis] // count, count, *x.shape[axis + 1 :])
    return groups.max(axis=axis + 1)

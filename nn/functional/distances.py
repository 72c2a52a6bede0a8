"""How far apart vectors are."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from nn.module import as_floating

Array = Any  # an array or a Tensor


def pairwise_distance(x1: Array, x2: Array, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """Return the p-norms of x1 - x2 + eps along the last axis.

    Args:
        x1: vectors (..., D), floating.
        x2: vectors (..., D) that broadcast with x1's.
        p: the order of the norm, see `autograd.linalg.vector_norm`.
        eps: added to each difference, so that equal vectors have a gradient.
        keepdim: whether the last axis stays, with size 1.

    Returns:
        (...), or (..., 1).

    Raises:
        TypeError: when the vectors are not floating.
        ValueError: when the shapes do not fit.

    >>> pairwise_distance(Tensor([[3.0, 4.0]]), Tensor([[0.0, 0.0]]), eps=0)
    Tensor([5.])
    """
    a = as_floating(x1, None, "pairwise_distance")
    b = as_floating(x2, a.dtype, "pairwise_distance")
    result: Tensor = autograd.linalg.vector_norm(a - b + eps, ord=p, axis=-1, keepdims=keepdim)
    return result  # type: ignore[no-any-return]


def cosine_similarity(x1: Array, x2: Array, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """Return the cosines of the angles between vectors along an axis, sum(x1 * x2) / (|x1| * |x2|).

    Args:
        x1: vectors, any shape, floating.
        x2: vectors of a shape that broadcasts with x1's.
        dim: the axis of the vectors, which goes away.
        eps: the least length; shorter vectors are divided by this.

    Raises:
        TypeError: when the vectors are not floating.
        ValueError: when the shapes do not fit.
        IndexError: when there is no such axis.

    >>> cosine_similarity(Tensor([[1.0, 1.0]]), Tensor([[2.0, 0.0]]))
    Tensor([0.70710677])
    """
    a = as_floating(x1, None, "cosine_similarity")
    b = as_floating(x2, a.dtype, "cosine_similarity")
    a, b = autograd.broadcast_arrays(a, b)
    if not -max(a.ndim, 1) <= dim < max(a.ndim, 1):
        raise IndexError(f"cosine_similarity along dim={dim}, which vectors of shape {a.shape} have not")
    if not a.ndim:
        a, b = a.reshape(1), b.reshape(1)
    return (_unit(a, dim, eps) * _unit(b, dim, eps)).sum(axis=dim)


def _unit(x: Tensor, dim: int, eps: float) -> Tensor:
    length = autograd.linalg.vector_norm(x, axis=dim, keepdims=True)
    missing = autograd.maximum(eps - length.detach(), 0)
    # Not a limit with its gradient 0, but as in PyTorch: the gradient is that of the length also below eps.
    result: Tensor = x / (length + missing)
    return result


def pdist(input: Array, p: float = 2.0) -> Tensor:
    """Return the distances ||input[i] - input[j]||_p of all pairs i < j, row by row.

    Args:
        input: (N, D), floating.
        p: the order of the norm, at least 0.

    Returns:
        (N * (N - 1) / 2,).

    Raises:
        ValueError: for another number of axes, or a negative p.
        TypeError: when the input is not floating.

    >>> pdist(Tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]]))
    Tensor([5.       , 1.       , 4.2426405])
    """
    x = as_floating(input, None, "pdist")
    if x.ndim != 2:
        raise ValueError(f"pdist takes (N, D), not shape {x.shape}")
    if not p >= 0:
        raise ValueError(f"pdist: p must be at least 0, not {p!r}")
    first, second = np.triu_indices(len(x), 1)
    result: Tensor = autograd.linalg.vector_norm(x[first] - x[second], axis=-1, ord=p)
    return result

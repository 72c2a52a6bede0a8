"""Distances as modules."""

from __future__ import annotations

from typing import Any

from autograd import Tensor
from nn import functional as F
from nn.module import Module


class PairwiseDistance(Module):
    """The p-norm of the differences of vectors.

    Args:
        p: the order of the norm.
        eps: added to each difference, so that equal vectors have a gradient.
        keepdim: whether the last axis stays, with size 1.

    Shapes:
        x1 and x2 (..., D), floating; output (...), or (..., 1).

    Raises:
        ValueError: when the shapes do not fit.

    >>> PairwiseDistance(eps=0)(Tensor([[3.0, 4.0]]), Tensor([[0.0, 0.0]]))
    Tensor([5.])
    """

    norm: float
    eps: float
    keepdim: bool

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        self.norm = p
        self.eps = eps
        self.keepdim = keepdim

    def forward(self, x1: Any, x2: Any) -> Tensor:
        """Return the distances."""
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)


class CosineSimilarity(Module):
    """The cosines of the angles between vectors.

    Args:
        dim: the axis of the vectors.
        eps: the least length; shorter vectors are divided by this.

    Shapes:
        x1 and x2 (..., D, ...), floating; output (..., ...).

    Raises:
        ValueError: when the shapes do not fit.
        IndexError: when there is no such axis.

    >>> CosineSimilarity()(Tensor([[1.0, 1.0]]), Tensor([[2.0, 0.0]]))
    Tensor([0.70710677])
    """

    dim: int
    eps: float

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        self.dim = dim
        self.eps = eps

    def forward(self, x1: Any, x2: Any) -> Tensor:
        """Return the cosines."""
        return F.cosine_similarity(x1, x2, self.dim, self.eps)

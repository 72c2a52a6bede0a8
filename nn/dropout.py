"""Layers that leave out at random, in training."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import Tensor
from nn import functional as F
from nn.functional.dropouts import check_probability
from nn.module import Module


class Dropout(Module):
    """In training, sets each element to 0 with probability p and divides the others by 1 - p; in use, does nothing.

    Source: Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting (2014).

    Args:
        p: the probability, in [0, 1].
        inplace: taken for PyTorch's sake; the result is never written over the input.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Shapes:
        input of any shape, floating; output the same.

    Raises:
        ValueError: when p is not in [0, 1].

    >>> layer = Dropout(0.5, generator=np.random.default_rng(0))
    >>> layer(np.ones(4, np.float32))
    Tensor([2., 0., 0., 0.])
    >>> layer.eval()(np.ones(4, np.float32))
    Tensor([1., 1., 1., 1.])
    """

    p: float
    inplace: bool
    generator: np.random.Generator | None

    def __init__(self, p: float = 0.5, inplace: bool = False, *, generator: np.random.Generator | None = None) -> None:
        check_probability(p)
        self.p = p
        self.inplace = inplace
        self.generator = generator

    def forward(self, input: Any) -> Tensor:
        """Return the input, thinned out in training."""
        return F.dropout(input, self.p, self.training, self.inplace, generator=self.generator)

    def extra_repr(self) -> str:
        """Return the constructor's arguments."""
        return f"p={self.p}, inplace={self.inplace}"

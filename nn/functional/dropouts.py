"""Dropout."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from nn.module import as_floating

Array = Any  # an array or a Tensor


def dropout(
    input: Array, p: float = 0.5, training: bool = True, inplace: bool = False, *,
    generator: np.random.Generator | None = None,
) -> Tensor:  # fmt: skip
    """In training, set each element to 0 with probability p and divide the others by 1 - p; else do nothing.

    Source: Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting (2014), scaled in
    training instead of in use.

    Args:
        input: any shape, floating.
        p: the probability, in [0, 1].
        training: whether to do it.
        inplace: taken for PyTorch's sake; the result is never written over the input.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: when p is not in [0, 1].
        TypeError: when the input is not floating.

    >>> dropout(autograd.ones(4), p=0.5, generator=np.random.default_rng(0))
    Tensor([2., 0., 0., 0.])
    """
    check_probability(p)
    x = as_floating(input, None, "dropout")
    if not training or p == 0:
        return x
    kept = (generator or autograd.default_generator()).random(x.shape) >= p
    return x * (kept / max(1 - p, 1e-300)).astype(x.dtype)  # at p = 1 nothing is kept


def check_probability(p: float) -> None:
    """Raise a ValueError unless p is in [0, 1]."""
    if not 0 <= p <= 1:
        raise ValueError(f"the probability p of dropout must be between 0 and 1, not {p!r}")

"""Random masks: which elements to leave out, and leaving them out."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from autograd.kernels import elementwise as kernel
from autograd.modes import default_generator
from autograd.ops.common import Array
from autograd.primitive import op
from autograd.samples import sample
from autograd.tensor import Tensor, value_of

MASK = np.array([[True, False, True], [False, True, True]])


def random_mask(p: float, shape: Sequence[int], generator: np.random.Generator | None = None) -> Array:
    """Return an array of flags that are False with probability p.

    A generator in the same state gives the same flags, each from about a byte of its random numbers; the probability
    is exact.

    Args:
        p: the probability, in [0, 1].
        shape: the shape of the flags.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: when p is not in [0, 1].

    >>> random_mask(0.5, (4,), np.random.default_rng(0))
    array([False,  True,  True,  True])
    """
    if not 0 <= p <= 1:
        raise ValueError(f"random_mask: the probability p must be between 0 and 1, not {p!r}")
    return kernel.random_flags(p, math.prod(shape), generator or default_generator()).reshape(shape)


@op(
    x=lambda g, mask, scale: masked(g, mask, scale),
    samples=[sample((2, 3), mask=MASK, scale=2.0), sample((3,), mask=np.zeros(3, bool), scale=0.5)],
)
def masked(x: Array, mask: Array, scale: float) -> Tensor:
    """Return x * mask * scale, for flags of x's shape; the mask is all that is kept, a byte for each element.

    >>> masked(Tensor([1.0, 2.0]), np.array([True, False]), 2.0)
    Tensor([2., 0.])
    """
    return kernel.thinned(x, mask, scale)


def apply_mask(x: Array, mask: Array, scale: float = 1.0) -> Tensor:
    """Return x * mask * scale, in one pass where the mask has x's shape.

    Args:
        x: any shape, floating.
        mask: flags that broadcast to x's shape.
        scale: a number.

    >>> apply_mask(Tensor([1.0, 2.0]), np.array([True, False]), 2.0)
    Tensor([2., 0.])
    """
    if mask.shape == np.shape(x) != ():
        return masked(x, mask, scale)
    return x * (mask * scale).astype(value_of(x).dtype)  # type: ignore[no-any-return]

"""Linear maps, and the flattening that goes before them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

import autograd
from autograd import Tensor
from nn import functional as F
from nn import init
from nn.module import Module, Parameter, as_floating, check_size


class Linear(Module):
    """The affine map y = x @ weight.T + bias.

    Weight and bias start uniform in +-1/sqrt(in_features), as in PyTorch: for the weight that is
    `init.kaiming_uniform_(a=sqrt(5))` (He et al., Delving deep into rectifiers, 2015).

    Args:
        in_features: I, the size of the input's last axis.
        out_features: O, the size of the output's.
        bias: whether to add one.
        dtype: of the parameters; the default dtype by default. Input is converted to it.
        generator: the source of the initial values; `autograd.default_generator()` by default.

    Shapes:
        input (..., I), floating; output (..., O); `weight` (O, I); `bias` (O,) or None.

    Raises:
        TypeError: for sizes that are not integers, or input that is not floating.
        ValueError: for negative sizes, or input with another last axis than I.

    >>> layer = Linear(3, 2)
    >>> layer(np.ones((5, 3))).shape
    (5, 2)
    """

    in_features: int
    out_features: int
    weight: Parameter
    bias: Parameter | None

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, *, dtype: DTypeLike | None = None,
        generator: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        self.in_features = check_size(in_features, "in_features", 0)
        self.out_features = check_size(out_features, "out_features", 0)
        self.weight = Parameter(autograd.zeros((self.out_features, self.in_features), dtype))
        self.bias = Parameter(autograd.zeros(self.out_features, dtype)) if bias else None
        self.reset_parameters(generator)

    def reset_parameters(self, generator: np.random.Generator | None = None) -> None:
        """Draw new initial values."""
        reset_weight_and_bias(self.weight, self.bias, generator)

    def forward(self, input: Any) -> Tensor:
        """Return input @ weight.T + bias, for input (..., I)."""
        return F.linear(as_floating(input, self.weight.dtype, "Linear"), self.weight, self.bias)

    def extra_repr(self) -> str:
        """Return the constructor's arguments."""
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


def reset_weight_and_bias(weight: Tensor, bias: Tensor | None, generator: np.random.Generator | None) -> None:
    """Draw weight (O, I, ...) and bias (O,) uniformly from +-1/sqrt(fan_in)."""
    init.kaiming_uniform_(weight, a=math.sqrt(5), generator=generator)
    if bias is not None:
        bound = 1 / math.sqrt(max(init.fans(weight)[0], 1))
        init.uniform_(bias, -bound, bound, generator)


class Flatten(Module):
    """Merges a range of axes into one.

    Args:
        start_dim: the first axis to merge; 1 leaves the batch alone.
        end_dim: the last.

    Shapes:
        input (N, A, B, ...) of any dtype; output (N, A*B*...) by default.

    Raises:
        IndexError: when the input has no such axes.
        ValueError: when the first axis comes after the last.

    >>> Flatten()(np.ones((5, 3, 2, 2))).shape
    (5, 12)
    """

    start_dim: int
    end_dim: int

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Any) -> Tensor:
        """Return the input with axes `start_dim` to `end_dim` merged."""
        x = autograd.asarray(input)
        if not x.ndim:
            return x.reshape(1)
        for axis in (self.start_dim, self.end_dim):
            if not -x.ndim <= axis < x.ndim:
                raise IndexError(f"{self!r} needs an axis {axis}, which an input of shape {x.shape} has not")
        first, last = self.start_dim % x.ndim, self.end_dim % x.ndim
        if first > last:
            raise ValueError(f"{self!r}: the first axis comes after the last in an input of shape {x.shape}")
        merged = math.prod(x.shape[first : last + 1])
        return x.reshape(*x.shape[:first], merged, *x.shape[last + 1 :])

    def extra_repr(self) -> str:
        """Return the constructor's arguments."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"

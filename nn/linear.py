"""Linear maps, and the flattening that goes before them."""

from __future__ import annotations

import math
from collections.abc import Sequence
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


class Unflatten(Module):
    """Splits an axis into several.

    PyTorch's named axes are not there.

    Args:
        dim: the axis.
        unflattened_size: the sizes to make of it; one of them may be -1, for what is left.

    Shapes:
        input (..., A, ...) of any dtype; output (..., *unflattened_size, ...).

    Raises:
        TypeError: when `dim` or the sizes are not integers.
        IndexError: when called, for an input without the axis.
        ValueError: when called, for an axis that the sizes do not make.

    >>> Unflatten(1, (3, 4))(np.ones((5, 12))).shape
    (5, 3, 4)
    """

    dim: int
    unflattened_size: tuple[int, ...]

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        if not isinstance(unflattened_size, tuple | list):
            raise TypeError(f"unflattened_size must be a tuple of integers, not {unflattened_size!r}")
        for value, name in ((dim, "dim"), *((n, "unflattened_size") for n in unflattened_size)):
            if isinstance(value, bool) or not isinstance(value, int | np.integer):
                raise TypeError(f"{name} takes integers, not {value!r}")
        self.dim = dim
        self.unflattened_size = tuple(unflattened_size)

    def forward(self, input: Any) -> Tensor:
        """Return the input with the axis split."""
        x = autograd.asarray(input)
        if not -x.ndim <= self.dim < x.ndim:
            raise IndexError(f"{self!r} needs an axis {self.dim}, which an input of shape {x.shape} has not")
        axis = self.dim % x.ndim
        return x.reshape(*x.shape[:axis], *self._sizes(x.shape, axis), *x.shape[axis + 1 :])

    def _sizes(self, shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
        """Return the sizes to make of an axis, with -1 replaced."""
        sizes = self.unflattened_size
        given = math.prod(n for n in sizes if n != -1)
        rest = shape[axis] // given if given else 0
        whole = tuple(rest if n == -1 else n for n in sizes)
        if sizes.count(-1) > 1 or min(whole, default=1) < 0 or math.prod(whole) != shape[axis]:
            raise ValueError(f"{self!r} cannot split axis {self.dim} of an input of shape {shape} into {sizes}")
        return whole

    def extra_repr(self) -> str:
        """Return the constructor's arguments."""
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"


class Identity(Module):
    """Returns its input; takes any arguments, so that it can stand in for any layer.

    Shapes:
        input of any shape and dtype; output the same.

    >>> Identity(54, unused=True)(np.ones(2, np.float32))
    Tensor([1., 1.])
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def forward(self, input: Any) -> Any:
        """Return the input; an array as a Tensor."""
        return Tensor(input) if isinstance(input, np.ndarray) else input


class Bilinear(Module):
    """The bilinear map y[o] = sum over i, j of x1[i] * weight[o, i, j] * x2[j], plus bias.

    Weight and bias start uniform in +-1/sqrt(in1_features), as in PyTorch.

    Args:
        in1_features: I, the size of the first input's last axis.
        in2_features: J, the size of the second input's.
        out_features: O, the size of the output's.
        bias: whether to add one.
        dtype: of the parameters; the default dtype by default. Input is converted to it.
        generator: the source of the initial values; `autograd.default_generator()` by default.

    Shapes:
        inputs (..., I) and (..., J), floating; output (..., O); `weight` (O, I, J); `bias` (O,) or None.

    Raises:
        TypeError: for sizes that are not integers, or input that is not floating.
        ValueError: for in1_features below 1 or other negative sizes, or input of other shapes.

    >>> Bilinear(3, 4, 2)(np.ones((5, 3)), np.ones((5, 4))).shape
    (5, 2)
    """

    in1_features: int
    in2_features: int
    out_features: int
    weight: Parameter
    bias: Parameter | None

    def __init__(
        self, in1_features: int, in2_features: int, out_features: int, bias: bool = True, *,
        dtype: DTypeLike | None = None, generator: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        self.in1_features = check_size(in1_features, "in1_features")
        self.in2_features = check_size(in2_features, "in2_features", 0)
        self.out_features = check_size(out_features, "out_features", 0)
        shape = (self.out_features, self.in1_features, self.in2_features)
        self.weight = Parameter(autograd.zeros(shape, dtype))
        self.bias = Parameter(autograd.zeros(self.out_features, dtype)) if bias else None
        self.reset_parameters(generator)

    def reset_parameters(self, generator: np.random.Generator | None = None) -> None:
        """Draw new initial values."""
        bound = 1 / math.sqrt(self.in1_features)
        for parameter in (self.weight, self.bias):
            if parameter is not None:
                init.uniform_(parameter, -bound, bound, generator)

    def forward(self, input1: Any, input2: Any) -> Tensor:
        """Return the bilinear map of inputs (..., I) and (..., J)."""
        x1, x2 = (as_floating(x, self.weight.dtype, "Bilinear") for x in (input1, input2))
        return F.bilinear(x1, x2, self.weight, self.bias)

    def extra_repr(self) -> str:
        """Return the constructor's arguments."""
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )

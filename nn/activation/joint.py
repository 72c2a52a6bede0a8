"""Activations of several elements together, as layers."""

from __future__ import annotations

from typing import Any

import autograd
from autograd import Tensor
from nn import functional as F
from nn.module import Module, check_size


class _AlongAxis(Module):
    """An activation along an axis."""

    dim: int

    def __init__(self, dim: int) -> None:
        self.dim = dim

    def extra_repr(self) -> str:
        """Return the constructor's argument."""
        return f"dim={self.dim}"


class Softmax(_AlongAxis):
    """exp(x) / sum(exp(x)) along an axis.

    Args:
        dim: the axis; unlike in PyTorch it must be given.

    Shapes:
        input of any shape, floating; output the same.

    Raises:
        IndexError: when the input has no such axis.

    >>> Softmax(dim=1)(Tensor([[0.0, 0.0]]))
    Tensor([[0.5, 0.5]])
    """

    def forward(self, input: Any) -> Tensor:
        """Return softmax(input) along `dim`."""
        return F.softmax(input, self.dim)


class LogSoftmax(_AlongAxis):
    """The logarithm of softmax along an axis, without overflow.

    Args:
        dim: the axis; unlike in PyTorch it must be given.

    Shapes:
        input of any shape, floating; output the same.

    Raises:
        IndexError: when the input has no such axis.

    >>> LogSoftmax(dim=1)(Tensor([[0.0, 0.0]]))
    Tensor([[-0.6931472, -0.6931472]])
    """

    def forward(self, input: Any) -> Tensor:
        """Return log_softmax(input) along `dim`."""
        return F.log_softmax(input, self.dim)


class Softmin(_AlongAxis):
    """exp(-x) / sum(exp(-x)) along an axis.

    Args:
        dim: the axis; unlike in PyTorch it must be given.

    Shapes:
        input of any shape, floating; output the same.

    Raises:
        IndexError: when the input has no such axis.

    >>> Softmin(dim=1)(Tensor([[0.0, 0.0]]))
    Tensor([[0.5, 0.5]])
    """

    def forward(self, input: Any) -> Tensor:
        """Return softmin(input) along `dim`."""
        return F.softmin(input, self.dim)


class Softmax2d(Module):
    """Softmax over the channels of images, for each pixel.

    Shapes:
        input (N, C, H, W) or (C, H, W), floating; output the same.

    Raises:
        ValueError: for input with another number of axes.

    >>> Softmax2d()(autograd.zeros((4, 1, 1))).tolist()
    [[[0.25]], [[0.25]], [[0.25]], [[0.25]]]
    """

    def forward(self, input: Any) -> Tensor:
        """Return softmax(input) over the channels."""
        x = autograd.asarray(input)
        if x.ndim not in (3, 4):
            raise ValueError(f"Softmax2d takes images (N, C, H, W), or one (C, H, W), not shape {x.shape}")
        return F.softmax(x, -3)


class GLU(_AlongAxis):
    """The gated linear unit a * sigmoid(b), a and b the halves of the input along an axis; see `nn.functional.glu`.

    Args:
        dim: the axis to halve.

    Shapes:
        input (..., 2*C, ...), floating; output (..., C, ...).

    Raises:
        IndexError: when the input has no such axis.
        ValueError: when its size is odd.

    >>> GLU()(Tensor([1.0, 0.0]))
    Tensor([0.5])
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__(dim)

    def forward(self, input: Any) -> Tensor:
        """Return the one half, gated by the other."""
        return F.glu(input, self.dim)


class Maxout(_AlongAxis):
    """The largest of each `pieces` neighbours along an axis; see `nn.functional.maxout`.

    After a linear layer with `pieces` times as many outputs this is a maxout layer.

    Args:
        pieces: of how many to take the largest.
        dim: the axis, by default that of the channels of a batch.

    Shapes:
        input (..., C * pieces, ...); output (..., C, ...).

    Raises:
        IndexError: when the input has no such axis.
        ValueError: when its size is not a multiple of `pieces`.

    >>> Maxout(2)(Tensor([[1.0, 3.0, 2.0, 0.0]]))
    Tensor([[3., 2.]])
    """

    pieces: int

    def __init__(self, pieces: int, dim: int = 1) -> None:
        super().__init__(dim)
        self.pieces = check_size(pieces, "pieces")

    def forward(self, input: Any) -> Tensor:
        """Return the largest of each group."""
        return F.maxout(input, self.pieces, self.dim)

    def extra_repr(self) -> str:
        """Return the constructor's arguments."""
        return f"pieces={self.pieces}, dim={self.dim}"

"""Activation functions as layers."""

from __future__ import annotations

from typing import Any

from autograd import Tensor
from nn import functional as F
from nn.module import Module


class ReLU(Module):
    """The rectified linear unit max(x, 0) (Nair and Hinton, 2010); its gradient at 0 is 0.

    Args:
        inplace: taken for PyTorch's sake; the result is always a new Tensor.

    Shapes:
        input of any shape and real dtype; output the same.

    >>> ReLU()(Tensor([-1.0, 2.0]))
    Tensor([0., 2.])
    """

    inplace: bool

    def __init__(self, inplace: bool = False) -> None:
        self.inplace = inplace

    def forward(self, input: Any) -> Tensor:
        """Return max(input, 0)."""
        return F.relu(input, self.inplace)

    def extra_repr(self) -> str:
        """Return the constructor's argument, if it is not the default."""
        return "inplace=True" if self.inplace else ""


class Tanh(Module):
    """The hyperbolic tangent.

    Shapes:
        input of any shape, floating; output the same.

    >>> Tanh()(Tensor([0.0]))
    Tensor([0.])
    """

    def forward(self, input: Any) -> Tensor:
        """Return tanh(input)."""
        return F.tanh(input)


class Sigmoid(Module):
    """The logistic function 1 / (1 + exp(-x)).

    Shapes:
        input of any shape, floating; output the same.

    >>> Sigmoid()(Tensor([0.0]))
    Tensor([0.5])
    """

    def forward(self, input: Any) -> Tensor:
        """Return 1 / (1 + exp(-input))."""
        return F.sigmoid(input)


class Softmax(Module):
    """exp(x) / sum(exp(x)) along an axis.

    Args:
        dim: the axis; unlike in PyTorch it must be given.

    Shapes:
        input of any shape, floating; output the same.

    >>> Softmax(dim=1)(Tensor([[0.0, 0.0]]))
    Tensor([[0.5, 0.5]])
    """

    dim: int

    def __init__(self, dim: int) -> None:
        self.dim = dim

    def forward(self, input: Any) -> Tensor:
        """Return softmax(input) along `dim`."""
        return F.softmax(input, self.dim)

    def extra_repr(self) -> str:
        """Return the constructor's argument."""
        return f"dim={self.dim}"


class LogSoftmax(Module):
    """The logarithm of softmax along an axis, without overflow.

    Args:
        dim: the axis; unlike in PyTorch it must be given.

    Shapes:
        input of any shape, floating; output the same.

    >>> LogSoftmax(dim=1)(Tensor([[0.0, 0.0]]))
    Tensor([[-0.6931472, -0.6931472]])
    """

    dim: int

    def __init__(self, dim: int) -> None:
        self.dim = dim

    def forward(self, input: Any) -> Tensor:
        """Return log_softmax(input) along `dim`."""
        return F.log_softmax(input, self.dim)

    def extra_repr(self) -> str:
        """Return the constructor's argument."""
        return f"dim={self.dim}"

"""Activations."""

from __future__ import annotations

from typing import Any

from numpy.typing import DTypeLike

import autograd
from autograd import Tensor
from nn.module import as_floating

Array = Any  # an array or a Tensor


def relu(input: Array, inplace: bool = False) -> Tensor:
    """Return max(input, 0) of any shape. `inplace` is taken for PyTorch's sake; the result is always a new Tensor.

    >>> relu(Tensor([-1.0, 2.0]))
    Tensor([0., 2.])
    """
    return autograd.relu(autograd.asarray(input))


def sigmoid(input: Array) -> Tensor:
    """Return 1 / (1 + exp(-input)) of any shape.

    >>> sigmoid(Tensor(0.0))
    Tensor(0.5)
    """
    return autograd.sigmoid(autograd.asarray(input))


def tanh(input: Array) -> Tensor:
    """Return the hyperbolic tangent of any shape.

    >>> tanh(Tensor(0.0))
    Tensor(0.)
    """
    return autograd.tanh(autograd.asarray(input))


def softmax(input: Array, dim: int, *, dtype: DTypeLike | None = None) -> Tensor:
    """Return exp(input) / sum(exp(input)) along an axis, without overflow.

    Args:
        input: any shape.
        dim: the axis; unlike in PyTorch it must be given.
        dtype: what to convert the input to first.

    >>> softmax(Tensor([0.0, 0.0]), dim=0)
    Tensor([0.5, 0.5])
    """
    return autograd.softmax(as_floating(input, dtype, "softmax"), axis=dim)


def log_softmax(input: Array, dim: int, *, dtype: DTypeLike | None = None) -> Tensor:
    """Return the logarithm of `softmax` along an axis, without overflow.

    Args:
        input: any shape.
        dim: the axis; unlike in PyTorch it must be given.
        dtype: what to convert the input to first.

    >>> log_softmax(Tensor([0.0]), dim=0)
    Tensor([0.])
    """
    return autograd.log_softmax(as_floating(input, dtype, "log_softmax"), axis=dim)

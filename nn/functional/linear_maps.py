"""Linear maps."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd import Tensor

Array = Any  # an array or a Tensor


def linear(input: Array, weight: Array, bias: Array | None = None) -> Tensor:
    """Return input @ weight.T + bias.

    Args:
        input: (..., I).
        weight: (O, I), or (I,).
        bias: (O,), or (), or None.

    Returns:
        (..., O), or (...).

    Raises:
        ValueError: when the sizes do not fit; says which.

    >>> linear(Tensor([[1.0, 2.0]]), Tensor([[3.0, 4.0]]), Tensor([5.0]))
    Tensor([[16.]])
    """
    x, w = autograd.asarray(input), autograd.asarray(weight)
    b = None if bias is None else autograd.asarray(bias)
    size, of_x = w.shape, x.shape
    if len(size) not in (1, 2) or not of_x or of_x[-1] != size[-1]:
        raise ValueError(
            f"linear: the last axis of input {of_x} must have the size of the last axis of weight {size}, "
            f"(O, I) or (I,): {size[-1] if size else 'none'}; reshape the input, or make the layer for this size"
        )
    if b is not None and b.shape not in ((), size[:-1]):
        raise ValueError(f"linear: bias must have shape {size[:-1]} to fit weight {size}, not {b.shape}")
    if len(size) == 2 and (b is None or b.shape):
        return autograd.linear(x, w, b)
    out = x @ (w.T if len(size) == 2 else w)
    return out if b is None else out + b


def bilinear(input1: Array, input2: Array, weight: Array, bias: Array | None = None) -> Tensor:
    """Return sum over i, j of input1[..., i] * weight[:, i, j] * input2[..., j], plus bias.

    Args:
        input1: (..., I).
        input2: (..., J), with the same first axes.
        weight: (O, I, J).
        bias: (O,), or None.

    Returns:
        (..., O).

    Raises:
        ValueError: when the sizes do not fit; says which.

    >>> bilinear(Tensor([[1.0, 2.0]]), Tensor([[3.0]]), autograd.ones((1, 2, 1)))
    Tensor([[9.]])
    """
    a, b, w = autograd.asarray(input1), autograd.asarray(input2), autograd.asarray(weight)
    if w.ndim != 3 or not a.ndim or a.shape[:-1] != b.shape[:-1] or (a.shape[-1], b.shape[-1]) != w.shape[1:]:
        raise ValueError(
            f"bilinear takes (..., I), (..., J) with the same first axes, and weight (O, I, J), not {a.shape}, "
            f"{b.shape} and {w.shape}"
        )
    outputs, first, second = w.shape
    if bias is not None and np.shape(bias) != (outputs,):
        raise ValueError(f"bilinear: bias must have shape {(outputs,)} to fit weight {w.shape}, not {np.shape(bias)}")
    # One product with the matrix (I, O*J) leaves for each example a matrix (O, J), which is applied to input2.
    maps = a.reshape(-1, first) @ w.transpose(1, 0, 2).reshape(first, outputs * second)
    out = (maps.reshape(-1, outputs, second) @ b.reshape(-1, second, 1)).reshape(*a.shape[:-1], outputs)
    return out if bias is None else out + bias

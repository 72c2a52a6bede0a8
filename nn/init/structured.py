"""Initial weights with a structure: identities, orthogonal matrices, zeros in most places."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from nn.init.drawing import Generator, filled


def eye_(tensor: Tensor) -> Tensor:
    """Fill a matrix with the identity: 1 on the diagonal, 0 elsewhere; return the Tensor.

    Raises:
        ValueError: when the Tensor has not two axes.

    >>> eye_(autograd.zeros((2, 3)))
    Tensor([[1., 0., 0.],
            [0., 1., 0.]])
    """
    if tensor.ndim != 2:
        raise ValueError(f"eye_ fills matrices (out, in), not shape {tensor.shape}")
    return filled(tensor, np.eye(tensor.shape[0], tensor.shape[1]))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Fill filters such that the convolution passes on its input channels, as many as it can; return the Tensor.

    Args:
        tensor: a weight of a convolution (O, C, ...) with 1 to 3 axes for the window.
        groups: the output channels are in so many groups, each of which passes on the first channels of its own.

    Raises:
        ValueError: when the Tensor has other axes, or groups does not divide O.

    >>> dirac_(autograd.zeros((1, 1, 3)))
    Tensor([[[0., 1., 0.]]])
    """
    values = np.zeros(_filters(tensor, "dirac_"))
    outputs, inputs, *window = values.shape
    if groups < 1 or outputs % groups:
        raise ValueError(f"dirac_: groups={groups} must divide the {outputs} output channels of {tensor.shape}")
    per_group = outputs // groups
    channels = np.arange(min(per_group, inputs))
    firsts = np.arange(groups)[:, None] * per_group  # (groups, 1)
    center: Any = (firsts + channels, channels, *_center(window))
    values[center] = 1
    return filled(tensor, values)


def _filters(tensor: Tensor, who: str) -> tuple[int, ...]:
    if tensor.ndim not in (3, 4, 5):
        raise ValueError(f"{who} fills filters (O, C, ...) with a window of 1 to 3 axes, not shape {tensor.shape}")
    return tensor.shape


def _center(window: list[int]) -> list[int]:
    return [size // 2 for size in window]


def orthogonal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with a random matrix whose rows, or columns if they are fewer, are orthogonal and of length `gain`.

    Source: Saxe, McClelland and Ganguli, Exact solutions to the nonlinear dynamics of learning in deep linear neural
    networks (2014); drawn uniformly as in Mezzadri, How to generate random matrices from the classical compact groups
    (2007).

    Args:
        tensor: a weight (out, in, ...); taken as a matrix (out, in * ...).
        gain: see `calculate_gain`.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: when the Tensor has fewer than two axes.

    >>> w = orthogonal_(autograd.zeros((2, 3)))
    >>> bool(np.allclose(w @ w.T, np.eye(2), atol=1e-6))
    True
    """
    if tensor.ndim < 2:
        raise ValueError(f"orthogonal_ fills weights (out, in, ...), not shape {tensor.shape}")
    rows, columns = tensor.shape[0], math.prod(tensor.shape[1:])
    values = gain * _orthogonal(rows, columns, generator) if tensor.size else np.zeros((rows, columns))
    return filled(tensor, values.reshape(tensor.shape))


def _orthogonal(rows: int, columns: int, generator: Generator | None) -> np.ndarray:
    """Return a matrix with orthonormal rows or columns, whichever are fewer."""
    drawn = (generator or autograd.default_generator()).standard_normal((max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(drawn)
    q *= np.where(np.diagonal(r) < 0, -1, 1)  # makes the decomposition unique, and so the distribution uniform
    return q if rows >= columns else q.T


def delta_orthogonal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill filters with 0 and their centers with an orthogonal matrix: the convolution keeps the norm of its input.

    Source: Xiao et al., Dynamical isometry and a mean field theory of CNNs (2018), algorithm 1.

    Args:
        tensor: a weight of a convolution (O, C, ...) with O >= C and 1 to 3 axes for the window.
        gain: the factor of the norm.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: when the Tensor has other axes, or fewer output than input channels.

    >>> w = delta_orthogonal_(autograd.zeros((3, 2, 3, 3)))[:, :, 1, 1]
    >>> bool(np.allclose(w.T @ w, np.eye(2), atol=1e-6))
    True
    """
    values = np.zeros(_filters(tensor, "delta_orthogonal_"))
    outputs, inputs, *window = values.shape
    if outputs < inputs:
        raise ValueError(
            f"delta_orthogonal_ cannot keep norms with fewer outputs, {outputs}, than inputs, {inputs}; got a weight "
            f"of shape {tensor.shape}"
        )
    if values.size:
        center: Any = (slice(None), slice(None), *_center(window))
        values[center] = gain * _orthogonal(outputs, inputs, generator)
    return filled(tensor, values)


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None) -> Tensor:
    """Fill a matrix with normal numbers, and a part of each column with 0 (Martens, Deep learning via Hessian-free
    optimization, 2010); return the Tensor.

    Args:
        tensor: a weight (out, in).
        sparsity: the part of each column that is 0, rounded up to whole elements.
        std: the standard deviation of the others.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: when the Tensor has not two axes, sparsity is not in [0, 1], or std is negative.

    >>> np.count_nonzero(sparse_(autograd.zeros((4, 3)), 0.5), axis=0).tolist()
    [2, 2, 2]
    """
    if tensor.ndim != 2:
        raise ValueError(f"sparse_ fills matrices (out, in), not shape {tensor.shape}")
    if not 0 <= sparsity <= 1 or not std >= 0:
        raise ValueError(f"sparse_ needs 0 <= sparsity <= 1 and std >= 0, not sparsity={sparsity} and std={std}")
    rng = generator or autograd.default_generator()
    values = rng.normal(0.0, std, tensor.shape)
    ranks = np.argsort(rng.random(tensor.shape), axis=0)  # in each column a random order
    return filled(tensor, np.where(ranks < math.ceil(sparsity * tensor.shape[0]), 0, values))

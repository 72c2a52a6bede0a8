"""Gradients kept from becoming too large. Source: Pascanu et al., On the difficulty of training RNNs (2013)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

import autograd
from autograd import Tensor

Tensors = Tensor | Iterable[Tensor]


def _listed(tensors: Tensors) -> list[Tensor]:
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def _gradients(parameters: Tensors) -> list[Tensor]:
    return [p.grad for p in _listed(parameters) if p.grad is not None]


def _limit(value: float, name: str) -> float:
    """Return a limit as a number, if it can be one."""
    limit = float(value)
    if not limit >= 0:  # nor nan
        raise ValueError(f"{name} must be at least 0, not {value!r}")
    return limit


def get_total_norm(tensors: Tensors, norm_type: float = 2.0, error_if_nonfinite: bool = False) -> Tensor:
    """Return the norm of all elements of some Tensors, as if they were one vector.

    Args:
        tensors: one, or several.
        norm_type: the order of the norm.
        error_if_nonfinite: raise when the norm is not finite.

    Raises:
        RuntimeError: when it is not, and `error_if_nonfinite`.

    >>> get_total_norm([Tensor([3.0]), Tensor([[4.0]])])
    Tensor(5.)
    """
    order = float(norm_type)
    with autograd.no_grad():
        norms = [autograd.linalg.vector_norm(t, ord=order) for t in _listed(tensors)]
        total = autograd.linalg.vector_norm(autograd.stack(norms), ord=order) if norms else Tensor(0.0)
    if error_if_nonfinite and not np.isfinite(total.data):
        raise RuntimeError(
            f"the norm of order {order} of the gradients is {total.item()}: they cannot be scaled to a norm; to go on "
            "without an error, set error_if_nonfinite=False"
        )
    return total


def clip_grads_with_norm_(parameters: Tensors, max_norm: float, total_norm: Tensor) -> None:
    """Multiply the gradients by max_norm / total_norm, in place, if that is less than 1.

    Args:
        parameters: one, or several; those without a gradient do not count.
        max_norm: what the norm shall be at most.
        total_norm: what it is, from `get_total_norm`.

    Raises:
        ValueError: when max_norm is negative or nan.

    >>> p = Tensor([1.0], requires_grad=True)
    >>> p.grad = Tensor([8.0])
    >>> clip_grads_with_norm_(p, 4.0, Tensor(8.0))
    >>> p.grad
    Tensor([3.9999995])
    """
    # 1e-6 against division by 0, as in PyTorch; no comparison, so that a norm of nan shows in the gradients
    factor = np.minimum(_limit(max_norm, "max_norm") / (total_norm.item() + 1e-6), 1.0).item()
    with autograd.no_grad(), np.errstate(invalid="ignore"):
        for gradient in _gradients(parameters):
            gradient *= factor


def clip_grad_norm_(
    parameters: Tensors, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> Tensor:
    """Scale the gradients, in place, so that the norm of all of them together is at most `max_norm`.

    Args:
        parameters: one, or several; those without a gradient do not count.
        max_norm: what the norm shall be at most.
        norm_type: the order of the norm.
        error_if_nonfinite: raise when the norm is not finite.

    Returns:
        The norm before.

    Raises:
        RuntimeError: when the norm is not finite, and `error_if_nonfinite`.
        ValueError: when max_norm is negative or nan.

    >>> p = Tensor([1.0, 1.0], requires_grad=True)
    >>> (p * Tensor([3.0, 4.0])).sum().backward()
    >>> clip_grad_norm_(p, 1.0)
    Tensor(5.)
    >>> p.grad
    Tensor([0.59999..., 0.79999...])
    """
    members = _listed(parameters)
    total = get_total_norm(_gradients(members), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(members, max_norm, total)
    return total


def clip_grad_value_(parameters: Tensors, clip_value: float) -> None:
    """Limit every element of the gradients to +-clip_value, in place.

    Args:
        parameters: one, or several; those without a gradient do not count.
        clip_value: the limit.

    Raises:
        ValueError: when it is negative or nan.

    >>> p = Tensor([1.0, 1.0], requires_grad=True)
    >>> (p * Tensor([3.0, -0.5])).sum().backward()
    >>> clip_grad_value_(p, 1.0)
    >>> p.grad
    Tensor([ 1. , -0.5])
    """
    limit = _limit(clip_value, "clip_value")
    with autograd.no_grad():
        for gradient in _gradients(parameters):
            gradient[...] = np.clip(gradient.data, -limit, limit)

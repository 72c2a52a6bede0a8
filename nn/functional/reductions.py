"""What the losses share: checks of their arguments, and how the losses of the examples become one number."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from nn.module import as_floating

Array = Any  # an array or a Tensor

REDUCTIONS = ("mean", "sum", "none")


def check_reduction(reduction: str, known: tuple[str, ...] = REDUCTIONS) -> None:
    """Raise a ValueError unless `reduction` is a known one."""
    if reduction not in known:
        names = ", ".join(map(repr, known[:-1]))
        raise ValueError(f"reduction must be {names} or {known[-1]!r}, not {reduction!r}")


def check_positive(value: float, name: str, zero: bool = False) -> None:
    """Raise unless an option is a real number above 0, or if `zero` at least 0.

    Raises:
        TypeError: when it is not a real number.
        ValueError: when it is too small, or nan.
    """
    if isinstance(value, complex | str) or not isinstance(value, int | float | np.number):
        raise TypeError(f"{name} must be a number, not {value!r}")
    if not (value >= 0 if zero else value > 0):
        raise ValueError(f"{name} must be {'at least' if zero else 'above'} 0, not {value!r}")


def reduced(losses: Tensor, reduction: str, count: Any = None) -> Tensor:
    """Return the losses, their sum, or their mean: the sum over `count`, by default their number."""
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    if count is None and losses.size:
        return losses.mean()
    divisor = losses.dtype.type(losses.size) if count is None else count
    with np.errstate(divide="ignore", invalid="ignore"):  # where nothing counts, the mean is nan
        return losses.sum() / divisor  # type: ignore[no-any-return]


def weighted(losses: Tensor, weight: Array | None, reduction: str, who: str) -> Tensor:
    """Return the losses times a weight for each, reduced; their mean is then over the sum of the weights.

    Raises:
        ValueError: when there is not one weight for each.
    """
    if weight is None:
        return reduced(losses, reduction)
    factors = autograd.asarray(weight).astype(losses.dtype)
    check_same_shape(losses, factors, "weight", who)
    return reduced(losses * factors, reduction, factors.sum())


def pair(input: Array, target: Array, who: str) -> tuple[Tensor, Tensor]:
    """Return input, floating, and a target of the same shape, taken to the input's dtype.

    Raises:
        TypeError: when the input is not floating.
        ValueError: when the shapes differ.
    """
    x = as_floating(input, None, who)
    y = autograd.asarray(target)
    check_same_shape(x, y, "target", who)
    return x, y.astype(x.dtype)


def check_same_shape(x: Tensor, other: Tensor, name: str, who: str) -> None:
    """Raise a ValueError unless something has the shape of the input."""
    if other.shape != x.shape:
        raise ValueError(
            f"{who}: {name} must have the shape of input {x.shape}, not {other.shape}: broadcasting would compare "
            "elements that do not belong together; reshape one of them"
        )


def class_weight(weight: Array, classes: int, dtype: Any, who: str) -> Tensor:
    """Return a factor for each class, (C,).

    Raises:
        ValueError: when there is not one for each.
    """
    w = as_floating(weight, dtype, f"the weight of {who}")
    if w.shape != (classes,):
        raise ValueError(f"{who}: weight has one number for each of the {classes} classes, not shape {w.shape}")
    return w

"""Losses."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from nn.module import as_floating

Array = Any  # an array or a Tensor


def check_reduction(reduction: str) -> None:
    """Raise a ValueError unless `reduction` is a known one."""
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"reduction must be 'mean', 'sum' or 'none', not {reduction!r}")


def mse_loss(input: Array, target: Array, *, reduction: str = "mean", weight: Array | None = None) -> Tensor:
    """Return the squared error (input - target)**2, averaged over all elements.

    Args:
        input: any shape, floating.
        target: the same shape; taken to the input's dtype.
        reduction: "mean", "sum", or "none" for one error per element.
        weight: a factor for each element, of the same shape; "mean" then divides by the sum of the weights.

    Raises:
        ValueError: when the shapes differ (PyTorch warns, and broadcasts), or for another reduction.
        TypeError: when the input is not floating.

    >>> mse_loss(Tensor([1.0, 2.0]), Tensor([1.0, 4.0]))
    Tensor(2.)
    """
    check_reduction(reduction)
    x = as_floating(input, None, "mse_loss")
    y = autograd.asarray(target)
    for name, other in (("target", y.shape), ("weight", x.shape if weight is None else np.shape(weight))):
        if other != x.shape:
            raise ValueError(
                f"mse_loss: {name} must have the shape of input {x.shape}, not {other}: broadcasting would compare "
                "elements that do not belong together; reshape one of them"
            )
    errors = autograd.square(x - y.astype(x.dtype))
    if weight is None:
        return _reduced(errors, reduction)
    factors = autograd.asarray(weight).astype(x.dtype)
    return _reduced(errors * factors, reduction, factors.sum())


def _reduced(losses: Tensor, reduction: str, count: Any = None) -> Tensor:
    """Return the losses, their sum, or their mean: the sum over `count`, by default their number."""
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    return losses.mean() if count is None else losses.sum() / count


def cross_entropy(
    input: Array, target: Array, weight: Array | None = None, *, ignore_index: int = -100, reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:  # fmt: skip
    """Return the cross entropy between softmax(input) and the target: -log of the probability of the right class.

    For class indices y the loss of an example is -weight[y] * log_softmax(input)[y]; for class probabilities t it is
    -sum(weight * t * log_softmax(input)). Label smoothing mixes the target with the uniform distribution (Szegedy et
    al., Rethinking the Inception architecture for computer vision, 2016, section 7).

    Args:
        input: scores (N, C), (C,) or (N, C, ...), floating; no softmax applied.
        target: class indices (N,), () or (N, ...), integers; or class probabilities, floating, of the input's shape.
        weight: a factor for each class, (C,).
        ignore_index: examples with this class index do not count; where none does, the mean is nan.
        reduction: "mean" over the examples, weighted by the weights of their class indices; "sum"; or "none" for one
            loss per example.
        label_smoothing: in [0, 1], how much of the uniform distribution to mix in.

    Raises:
        ValueError: when shapes do not fit, or an option is not a valid one.
        TypeError: when the input is not floating, or class indices are not integers.
        IndexError: when a class index is not one of the C classes.

    >>> cross_entropy(Tensor([[0.0, 0.0]]), Tensor([1]))
    Tensor(0.6931472)
    """
    check_reduction(reduction)
    check_smoothing(label_smoothing)
    x, y = as_floating(input, None, "cross_entropy"), autograd.asarray(target)
    if not x.ndim:
        raise ValueError("cross_entropy takes scores (N, C), (C,) or (N, C, ...), not a single number")
    _check_target(x.shape, y)
    axis = min(x.ndim - 1, 1)
    w = None if weight is None else _class_weight(weight, x.shape[axis], x.dtype)
    scores = x if axis == x.ndim - 1 else autograd.moveaxis(x, axis, -1)  # (N, ..., C)
    logs = autograd.log_softmax(scores, axis=-1)
    if y.dtype.kind != "f":
        return _of_indices(logs, np.asarray(y).astype(np.int64), w, ignore_index, reduction, label_smoothing)
    probabilities = autograd.moveaxis(y, axis, -1).astype(x.dtype)
    return _of_probabilities(logs, probabilities, w, reduction, label_smoothing)


def check_smoothing(label_smoothing: float) -> None:
    """Raise a ValueError unless `label_smoothing` is in [0, 1]."""
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"label_smoothing must be between 0 and 1, not {label_smoothing!r}")


def _check_target(shape: tuple[int, ...], target: Tensor) -> None:
    """Raise unless the target is class indices or class probabilities for scores (N, C, ...)."""
    examples = shape[:1] + shape[2:] if len(shape) > 1 else ()
    if target.dtype.kind == "f" and target.shape == shape:
        return
    if target.shape != examples:
        raise ValueError(
            f"cross_entropy: scores {shape} go with class indices {examples}, integers, or with class probabilities "
            f"{shape}, floating; got a target of shape {target.shape} and dtype {target.dtype}"
        )
    if target.dtype.kind not in "iu":
        raise TypeError(f"cross_entropy: class indices are integers, not {target.dtype}: use target.astype(np.int64)")


def _class_weight(weight: Array, classes: int, dtype: Any) -> Tensor:
    w = as_floating(weight, dtype, "the weight of cross_entropy")
    if w.shape != (classes,):
        raise ValueError(f"cross_entropy: weight has one number for each of the {classes} classes, not shape {w.shape}")
    return w


def _of_indices(
    logs: Tensor, target: np.ndarray, weight: Tensor | None, ignore_index: int, reduction: str, smoothing: float
) -> Tensor:
    """Return the loss for log probabilities (N, ..., C) and class indices (N, ...)."""
    classes = logs.shape[-1]
    counted = target != ignore_index
    wrong = np.argwhere(counted & ((target < 0) | (target >= classes)))
    if len(wrong):
        place = tuple(map(int, wrong[0]))
        raise IndexError(
            f"cross_entropy: target{list(place) or ''} is {target[place]}, but scores for C = {classes} classes take "
            f"class indices from 0 to {classes - 1}, or ignore_index={ignore_index}"
        )
    target = np.where(counted, target, 0)
    losses = -logs[(*np.indices(target.shape, sparse=True), target)]
    factors = None if weight is None else weight[target]
    if factors is not None:
        losses = losses * factors
    if smoothing:
        spread = -(logs if weight is None else logs * weight).sum(axis=-1)
        losses = (1 - smoothing) * losses + (smoothing / classes) * spread
    if not counted.all():
        ones = counted.astype(logs.dtype)
        losses = autograd.where(counted, losses, 0)
        factors = Tensor(ones) if factors is None else factors * ones
    return _reduced(losses, reduction, None if factors is None else factors.sum())


def _of_probabilities(logs: Tensor, target: Tensor, weight: Tensor | None, reduction: str, smoothing: float) -> Tensor:
    """Return the loss for log probabilities and class probabilities (N, ..., C)."""
    if smoothing:
        target = (1 - smoothing) * target + smoothing / logs.shape[-1]
    products = target * logs if weight is None else target * logs * weight
    return _reduced(-products.sum(axis=-1), reduction)


def one_hot(tensor: Array, num_classes: int = -1) -> Tensor:
    """Return class indices as vectors with a 1 in the place of the class.

    Args:
        tensor: class indices of any shape, integers.
        num_classes: how many classes; by default one more than the largest index.

    Returns:
        int64, the same shape with an axis of `num_classes` at the end.

    Raises:
        TypeError: when the indices are not integers.
        ValueError: when an index is not a class, or there is none to count the classes by.

    >>> one_hot(Tensor([0, 2]))
    Tensor([[1, 0, 0],
            [0, 0, 1]])
    """
    indices = autograd.asarray(tensor).data
    if indices.dtype.kind not in "iu":
        raise TypeError(f"one_hot takes integers, not {indices.dtype}: use x.astype(np.int64)")
    if num_classes < 0 and not indices.size:
        raise ValueError("one_hot needs num_classes when there are no class indices to tell it by")
    classes = int(indices.max()) + 1 if num_classes < 0 else num_classes
    if indices.size and not 0 <= indices.min() <= indices.max() < classes:
        found = f"{indices.min()} to {indices.max()}"
        raise ValueError(f"one_hot: class indices must lie in 0 to {classes - 1}, not {found}")
    return Tensor((indices[..., None] == np.arange(classes)).astype(np.int64))

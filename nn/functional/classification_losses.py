"""Losses for classes: what is predicted is a score or a probability for each."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd import Draw, Tensor, op, sample
from nn.functional.reductions import check_reduction, class_weight, pair, reduced
from nn.module import as_floating

Array = Any  # an array or a Tensor


# --- one of C classes -------------------------------------------------------------------------------------------------


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
    w = None if weight is None else class_weight(weight, x.shape[axis], x.dtype, "cross_entropy")
    if w is None and not label_smoothing and y.dtype.kind != "f" and x.ndim > 1 and x.size:
        return _of_classes(_classes_last(x), np.asarray(y), ignore_index, reduction)
    logs = autograd.log_softmax(_classes_last(x), axis=-1)  # (N, ..., C)
    if y.dtype.kind != "f":
        return _of_indices(logs, np.asarray(y), w, ignore_index, reduction, label_smoothing, "cross_entropy")
    if ignore_index >= 0:
        raise ValueError(f"cross_entropy: ignore_index={ignore_index} is for class indices, not for probabilities")
    return _of_probabilities(logs, _classes_last(y).astype(x.dtype), w, reduction, label_smoothing)


def nll_loss(
    input: Array, target: Array, weight: Array | None = None, *, ignore_index: int = -100, reduction: str = "mean"
) -> Tensor:
    """Return -weight[target] * input[target]: `cross_entropy` of what already are log probabilities.

    Args:
        input: log probabilities (N, C), (C,) or (N, C, ...), floating.
        target: class indices (N,), () or (N, ...), integers.
        weight: a factor for each class, (C,).
        ignore_index: examples with this class index do not count; where none does, the mean is nan.
        reduction: "mean" over the examples, weighted by the weights of their classes; "sum"; or "none" for one loss
            per example.

    Raises:
        ValueError: when shapes do not fit, or for another reduction.
        TypeError: when the input is not floating, or class indices are not integers.
        IndexError: when a class index is not one of the C classes.

    >>> nll_loss(Tensor([[-1.0, -2.0]]), Tensor([1]))
    Tensor(2.)
    """
    check_reduction(reduction)
    x, y = as_floating(input, None, "nll_loss"), autograd.asarray(target)
    examples = x.shape[:1] + x.shape[2:] if x.ndim > 1 else ()
    if not x.ndim or y.shape != examples:
        raise ValueError(
            f"nll_loss: log probabilities (N, C, ...) go with class indices (N, ...), {x.shape} with {examples}; "
            f"got a target of shape {y.shape}"
        )
    if y.dtype.kind not in "iu":
        raise TypeError(f"nll_loss: class indices are integers, not {y.dtype}: use target.astype(np.int64)")
    logs = _classes_last(x)
    w = None if weight is None else class_weight(weight, logs.shape[-1], x.dtype, "nll_loss")
    return _of_indices(logs, np.asarray(y), w, ignore_index, reduction, 0.0, "nll_loss")


def _classes_last(x: Tensor) -> Tensor:
    """Return (N, C, ...) as (N, ..., C)."""
    return x if x.ndim < 3 else autograd.moveaxis(x, 1, -1)


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


def check_classes(target: np.ndarray, classes: int, who: str, ignore_index: int | None = None) -> np.ndarray:
    """Return which class indices count.

    Raises:
        IndexError: when one that counts is not one of the classes; says where.
    """
    counted = target != ignore_index if ignore_index is not None else np.ones(target.shape, bool)
    wrong = np.argwhere(counted & ((target < 0) | (target >= classes)))
    if len(wrong):
        place = tuple(map(int, wrong[0]))
        ignored = "" if ignore_index is None else f", or ignore_index={ignore_index}"
        raise IndexError(
            f"{who}: target{list(place) or ''} is {target[place]}, but scores for C = {classes} classes take "
            f"class indices from 0 to {classes - 1}{ignored}"
        )
    return counted


def _of_classes(scores: Tensor, target: np.ndarray, ignore_index: int, reduction: str) -> Tensor:
    """Return the cross entropy of scores (N, ..., C) and class indices (N, ...), as one operation."""
    classes, factors, count = scores.shape[-1], None, target.size
    flat = target.reshape(-1)
    if 0 <= ignore_index < classes or not 0 <= np.minimum.reduce(flat) <= np.maximum.reduce(flat) < classes:
        counted = check_classes(target, classes, "cross_entropy", ignore_index).reshape(-1)
        flat, factors, count = np.where(counted, flat, 0), counted.astype(scores.dtype), int(counted.sum())
    rows = scores if scores.ndim == 2 else scores.reshape(-1, classes)
    divisors = {"mean": count, "sum": 1, "none": None}
    losses = autograd.softmax_cross_entropy(rows, flat, factors, divisors[reduction])
    return losses.reshape(target.shape) if reduction == "none" and target.ndim > 1 else losses


def _of_indices(
    logs: Tensor, target: np.ndarray, weight: Tensor | None, ignore_index: int, reduction: str, smoothing: float,
    who: str,
) -> Tensor:  # fmt: skip
    """Return the loss for log probabilities (N, ..., C) and class indices (N, ...)."""
    classes, target = logs.shape[-1], target.astype(np.int64)
    counted = check_classes(target, classes, who, ignore_index)
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
    return reduced(losses, reduction, None if factors is None else factors.sum())


def _of_probabilities(logs: Tensor, target: Tensor, weight: Tensor | None, reduction: str, smoothing: float) -> Tensor:
    """Return the loss for log probabilities and class probabilities (N, ..., C)."""
    if smoothing:
        target = (1 - smoothing) * target + smoothing / logs.shape[-1]
    products = target * logs if weight is None else target * logs * weight
    return reduced(-products.sum(axis=-1), reduction)


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


def squared_earth_mover_loss(input: Array, target: Array, *, reduction: str = "mean") -> Tensor:
    """Return the squared earth mover's distance between softmax(input) and the target, for classes in an order.

    It is sum((P - T)**2) over the classes, with P and T the cumulative sums of both distributions: a wrong class costs
    the more the farther it is from the right one. Source: Hou, Yu and Samaras, Squared earth mover's distance-based
    loss for training deep neural networks (2016), equation 12 with l = 2.

    Args:
        input: scores (N, C) or (C,), floating; no softmax applied.
        target: class indices (N,) or (), integers; or class probabilities, floating, of the input's shape.
        reduction: "mean" over the examples, "sum", or "none" for one loss per example.

    Raises:
        ValueError: when shapes do not fit, or for another reduction.
        TypeError: when the input is not floating, or class indices are not integers.
        IndexError: when a class index is not one of the C classes.

    >>> squared_earth_mover_loss(Tensor([[0.0, -1e3, -1e3], [0.0, -1e3, -1e3]]), Tensor([1, 2]), reduction="none")
    Tensor([1., 2.])
    """
    check_reduction(reduction)
    x, y = as_floating(input, None, "squared_earth_mover_loss"), autograd.asarray(target)
    if x.ndim not in (1, 2):
        raise ValueError(f"squared_earth_mover_loss takes scores (N, C) or (C,), not shape {x.shape}")
    _check_target(x.shape, y)
    if y.dtype.kind != "f":
        check_classes(np.asarray(y), x.shape[-1], "squared_earth_mover_loss")
        y = one_hot(y, x.shape[-1])
    difference = autograd.softmax(x, axis=-1) - y.astype(x.dtype)
    return reduced(autograd.square(autograd.cumsum(difference, axis=-1)).sum(axis=-1), reduction)


# --- probabilities ----------------------------------------------------------------------------------------------------


def _limited(log: Array) -> Array:
    return np.maximum(log, log.dtype.type(-100))


def _binary_by_input(g: Array, x: Array, y: Array) -> Array:
    return g * (x - y) / np.maximum((1 - x) * x, x.dtype.type(1e-12))


def _binary_by_target(g: Array, x: Array) -> Array:
    with np.errstate(divide="ignore"):
        return g * (_limited(np.log1p(-x)) - _limited(np.log(x)))


# An op of its own, for its limits: where a probability is 0 or 1, products of derivatives would be nan.
@op(x=_binary_by_input, y=_binary_by_target, samples=[sample(Draw(domain=(0.1, 0.9)), Draw(domain=(0.1, 0.9)))])
def _binary_entropy(x: Array, y: Array) -> Tensor:
    """Return -(y * log(x) + (1 - y) * log(1 - x)), the logarithms limited to at least -100."""
    with np.errstate(divide="ignore"):
        return (y - 1) * _limited(np.log1p(-x)) - y * _limited(np.log(x))  # type: ignore[no-any-return]


def binary_cross_entropy(
    input: Array, target: Array, weight: Array | None = None, *, reduction: str = "mean"
) -> Tensor:
    """Return the cross entropy -(t * log(x) + (1 - t) * log(1 - x)) between probabilities x and targets t.

    Logarithms count as at least -100, and the denominator x * (1 - x) of the gradient as at least 1e-12, as in PyTorch.

    Args:
        input: probabilities, any shape, floating.
        target: in [0, 1], of the same shape; taken to the input's dtype.
        weight: a factor for each element, of a shape that broadcasts with the input's.
        reduction: "mean", "sum", or "none" for one loss per element.

    Raises:
        ValueError: when the shapes differ, the input is no probability, or for another reduction.
        TypeError: when the input is not floating.

    >>> binary_cross_entropy(Tensor([0.5]), Tensor([1.0]))
    Tensor(0.6931472)
    """
    check_reduction(reduction)
    x, y = pair(input, target, "binary_cross_entropy")
    values = x.detach().numpy()
    if ((values < 0) | (values > 1)).any():
        raise ValueError(
            f"binary_cross_entropy takes probabilities in [0, 1], not {values.min()} to {values.max()}: apply sigmoid, "
            "or better, use binary_cross_entropy_with_logits"
        )
    return reduced(_times(_binary_entropy(x, y), weight, "binary_cross_entropy"), reduction)


def _times(losses: Tensor, weight: Array | None, who: str) -> Tensor:
    """Return losses with a weight that broadcasts to their shape; the mean stays one over their number."""
    if weight is None:
        return losses
    factors = autograd.asarray(weight).astype(losses.dtype)
    _check_broadcast(factors, losses.shape, "weight", who)
    return losses * factors


def _check_broadcast(x: Tensor, shape: tuple[int, ...], name: str, who: str) -> None:
    """Raise a ValueError unless something broadcasts to a shape."""
    sizes = zip(reversed(x.shape), reversed(shape), strict=False)
    if x.ndim > len(shape) or any(n not in (1, m) for n, m in sizes):
        raise ValueError(f"{who}: {name} {x.shape} must broadcast to the shape of input {shape}")


def binary_cross_entropy_with_logits(
    input: Array, target: Array, weight: Array | None = None, *, reduction: str = "mean",
    pos_weight: Array | None = None,
) -> Tensor:  # fmt: skip
    """Return the cross entropy between sigmoid(input) and the target, without overflow or cancellation.

    Args:
        input: scores (logits), any shape, floating; no sigmoid applied.
        target: in [0, 1], of the same shape; taken to the input's dtype.
        weight: a factor for each element, of a shape that broadcasts with the input's.
        reduction: "mean", "sum", or "none" for one loss per element.
        pos_weight: a factor for the positive part, t * log(sigmoid(x)), of a shape that broadcasts with the input's.

    Raises:
        ValueError: when the shapes do not fit, or for another reduction.
        TypeError: when the input is not floating.

    >>> binary_cross_entropy_with_logits(Tensor([0.0, 1000.0]), Tensor([1.0, 1.0]), reduction="none")
    Tensor([0.6931472, 0.       ])
    """
    check_reduction(reduction)
    x, y = pair(input, target, "binary_cross_entropy_with_logits")
    positive = y * autograd.softplus(-x)
    if pos_weight is not None:
        factors = autograd.asarray(pos_weight).astype(x.dtype)
        _check_broadcast(factors, x.shape, "pos_weight", "binary_cross_entropy_with_logits")
        positive = positive * factors
    losses = positive + (1 - y) * autograd.softplus(x)
    return reduced(_times(losses, weight, "binary_cross_entropy_with_logits"), reduction)


def multilabel_soft_margin_loss(
    input: Array, target: Array, weight: Array | None = None, *, reduction: str = "mean"
) -> Tensor:
    """Return `binary_cross_entropy_with_logits`, averaged over the C classes first: any number of them may be right.

    Args:
        input: scores (N, C) or (C,), or (..., C), floating; no sigmoid applied.
        target: 0 or 1 for each class, of the same shape; taken to the input's dtype.
        weight: a factor for each class, (C,).
        reduction: "mean" over the examples, "sum", or "none" for one loss per example.

    Raises:
        ValueError: when the shapes do not fit, or for another reduction.
        TypeError: when the input is not floating.

    >>> multilabel_soft_margin_loss(Tensor([[0.0, 0.0]]), Tensor([[1, 0]]))
    Tensor(0.6931472)
    """
    check_reduction(reduction)
    x, y = pair(input, target, "multilabel_soft_margin_loss")
    if not x.ndim:
        raise ValueError("multilabel_soft_margin_loss takes scores (N, C) or (C,), not a single number")
    losses = y * autograd.softplus(-x) + (1 - y) * autograd.softplus(x)
    return reduced(_times(losses, weight, "multilabel_soft_margin_loss").mean(axis=-1), reduction)


def kl_div(input: Array, target: Array, *, reduction: str = "mean", log_target: bool = False) -> Tensor:
    """Return the parts target * (log(target) - input) of the Kullback-Leibler divergence from the input to the target.

    Args:
        input: log probabilities, any shape, floating.
        target: probabilities of the same shape, or their logarithms; where one is 0, so is the loss.
        reduction: "mean" over all elements; "batchmean" for the sum over the size of the first axis, which is the mean
            divergence of the examples; "sum"; or "none" for one part per element.
        log_target: whether the target is given as logarithms.

    Raises:
        ValueError: when the shapes differ, or for another reduction.
        TypeError: when the input is not floating.

    >>> kl_div(Tensor([-1.0, -1.0]), Tensor([1.0, 0.0]), reduction="sum")
    Tensor(1.)
    """
    check_reduction(reduction, KL_REDUCTIONS)
    x, y = pair(input, target, "kl_div")
    if log_target:
        losses = autograd.exp(y) * (y - x)
    else:
        zero = y == 0
        losses = y * (autograd.log(autograd.where(zero, 1, y)) - autograd.where(zero, 0, x))
    if reduction == "batchmean":
        return losses.sum() / (x.shape[0] if x.ndim else 1)
    return reduced(losses, reduction)


KL_REDUCTIONS = ("mean", "batchmean", "sum", "none")

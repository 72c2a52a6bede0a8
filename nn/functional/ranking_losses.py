"""Losses with margins: what should be larger than something else has to be so by a margin, or it costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from nn.functional.classification_losses import check_classes
from nn.functional.distances import pairwise_distance
from nn.functional.reductions import check_positive, check_reduction, class_weight, pair, reduced
from nn.module import as_floating

Array = Any  # an array or a Tensor
Distance = Callable[[Any, Any], Tensor]


def _hinge(x: Tensor) -> Tensor:
    """Return max(x, 0), at 0 with gradient 1, as PyTorch's losses have it."""
    return autograd.clip(x, 0, None)  # type: ignore[no-any-return]


# --- one score for each example ---------------------------------------------------------------------------------------


def soft_margin_loss(input: Array, target: Array, *, reduction: str = "mean") -> Tensor:
    """Return log(1 + exp(-target * input)), without overflow: logistic regression.

    Args:
        input: scores, any shape, floating.
        target: 1 or -1 for each, of the same shape; taken to the input's dtype.
        reduction: "mean", "sum", or "none" for one loss per element.

    Raises:
        ValueError: when the shapes differ, or for another reduction.
        TypeError: when the input is not floating.

    >>> soft_margin_loss(Tensor([0.0, -1000.0]), Tensor([1, 1]), reduction="none")
    Tensor([6.931472e-01, 1.000000e+03])
    """
    check_reduction(reduction)
    x, y = pair(input, target, "soft_margin_loss")
    return reduced(autograd.softplus(-y * x), reduction)


def hinge_embedding_loss(input: Array, target: Array, margin: float = 1.0, *, reduction: str = "mean") -> Tensor:
    """Return the input where the target is 1, max(margin - input, 0) where it is -1.

    The input is a distance of two things, the target says whether they are alike (Hadsell, Chopra and LeCun,
    Dimensionality reduction by learning an invariant mapping, 2006).

    Args:
        input: any shape, floating.
        target: 1 or -1 for each, of the same shape.
        margin: how far apart unlike things should be.
        reduction: "mean", "sum", or "none" for one loss per element.

    Raises:
        ValueError: when the shapes differ, or for another reduction.
        TypeError: when the input is not floating.

    >>> hinge_embedding_loss(Tensor([0.25, 0.25]), Tensor([1, -1]), reduction="none")
    Tensor([0.25, 0.75])
    """
    check_reduction(reduction)
    x, y = pair(input, target, "hinge_embedding_loss")
    return reduced(_by_sign(y, x, _hinge(margin - x)), reduction)


def _by_sign(target: Tensor, alike: Tensor, unlike: Tensor) -> Tensor:
    """Return one loss where the target is 1, another where it is -1; elsewhere both, as PyTorch does."""
    return autograd.where(target != -1, alike, 0) + autograd.where(target != 1, unlike, 0)


def margin_ranking_loss(
    input1: Array, input2: Array, target: Array, margin: float = 0.0, *, reduction: str = "mean"
) -> Tensor:
    """Return max(margin - target * (input1 - input2), 0): which of two scores should be larger.

    Args:
        input1: scores, any shape, floating.
        input2: scores to compare with, as many axes.
        target: 1 where the first should be larger, -1 where the second; as many axes.
        margin: by how much.
        reduction: "mean", "sum", or "none" for one loss per pair.

    Raises:
        ValueError: when the numbers of axes differ, the shapes do not broadcast, or for another reduction.
        TypeError: when the input is not floating.

    >>> margin_ranking_loss(Tensor([2.0]), Tensor([1.0]), Tensor([-1]))
    Tensor(1.)
    """
    check_reduction(reduction)
    a = as_floating(input1, None, "margin_ranking_loss")
    b = as_floating(input2, a.dtype, "margin_ranking_loss")
    y = autograd.asarray(target).astype(a.dtype)
    if not a.ndim == b.ndim == y.ndim:
        raise ValueError(
            f"margin_ranking_loss: scores {a.shape} and {b.shape} and target {y.shape} need as many axes each"
        )
    return reduced(_hinge(margin - y * (a - b)), reduction)


# --- a score for each class -------------------------------------------------------------------------------------------


def multi_margin_loss(
    input: Array, target: Array, p: int = 1, margin: float = 1.0, weight: Array | None = None, *,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """Return sum(weight[y] * max(margin - x[y] + x[i], 0)**p over i != y) / C: the multi-class support vector machine.

    Source: Weston and Watkins, Support vector machines for multi-class pattern recognition (1999).

    Args:
        input: scores x (N, C) or (C,), floating.
        target: the right classes y, (N,) or (), integers.
        p: 1, or 2 to square the margins.
        margin: by how much the right score should be the largest.
        weight: a factor for each class, (C,).
        reduction: "mean" over the examples, "sum", or "none" for one loss per example.

    Raises:
        ValueError: when shapes do not fit, or for another p or reduction.
        TypeError: when the input is not floating, or the target not integers.
        IndexError: when a class index is not one of the C classes.

    >>> multi_margin_loss(Tensor([[0.0, 1.0]]), Tensor([0]))
    Tensor(1.)
    """
    check_reduction(reduction)
    if p not in (1, 2):
        raise ValueError(f"multi_margin_loss: p must be 1 or 2, not {p!r}")
    x, y = _scores(input, "multi_margin_loss"), np.asarray(autograd.asarray(target))
    if y.size != len(x) or y.ndim > 1:
        raise ValueError(f"multi_margin_loss: scores {np.shape(input)} take a class index each, not target {y.shape}")
    if y.dtype.kind not in "iu":
        raise TypeError(f"multi_margin_loss: class indices are integers, not {y.dtype}: use target.astype(np.int64)")
    y = y.reshape(-1)
    check_classes(y, x.shape[1], "multi_margin_loss")
    rows, classes = np.arange(len(x)), np.arange(x.shape[1])
    excess = autograd.relu(margin - x[rows, y][:, None] + x) * (y[:, None] != classes).astype(x.dtype)  # (N, C)
    losses = (excess if p == 1 else autograd.square(excess)).sum(axis=1) / x.shape[1]
    if weight is not None:
        losses = losses * class_weight(weight, x.shape[1], x.dtype, "multi_margin_loss")[y]
    return reduced(losses if np.ndim(input) == 2 else losses[0], reduction)


def _scores(input: Array, who: str) -> Tensor:
    """Return scores (N, C), (C,) or () as (N, C)."""
    x = as_floating(input, None, who)
    if x.ndim > 2 or 0 in x.shape[-1:]:
        raise ValueError(f"{who} takes scores (N, C) or (C,) of some classes, not shape {x.shape}")
    return x if x.ndim == 2 else x.reshape(1, -1)


def multilabel_margin_loss(input: Array, target: Array, *, reduction: str = "mean") -> Tensor:
    """Return sum(max(1 - (x[y] - x[i]), 0)) / C over all right classes y and all wrong classes i.

    Args:
        input: scores x (N, C) or (C,), floating.
        target: of the same shape: the right classes, and -1 after the last.
        reduction: "mean" over the examples, "sum", or "none" for one loss per example.

    Raises:
        ValueError: when shapes do not fit, or for another reduction.
        TypeError: when the input is not floating, or the target not integers.
        IndexError: when a class index is not one of the C classes.

    >>> multilabel_margin_loss(Tensor([[0.1, 0.2, 0.4, 0.8]]), Tensor([[3, 0, -1, 1]]))
    Tensor(0.85)
    """
    check_reduction(reduction)
    x, y = _scores(input, "multilabel_margin_loss"), np.asarray(autograd.asarray(target))
    if y.shape != np.shape(input):
        raise ValueError(f"multilabel_margin_loss: scores {np.shape(input)} take a target of that shape, not {y.shape}")
    if y.dtype.kind not in "iu":
        raise TypeError(f"multilabel_margin_loss: class indices are integers, not {y.dtype}")
    y = y.reshape(x.shape)
    listed = np.logical_and.accumulate(y != -1, axis=1)
    check_classes(np.where(listed, y, 0), x.shape[1], "multilabel_margin_loss")
    y = np.where(listed, y, 0)
    right = ((y[:, :, None] == np.arange(x.shape[1])) & listed[:, :, None]).any(axis=1)  # (N, C): is it a right class
    compared = listed[:, :, None] & ~right[:, None, :]
    rows = np.arange(len(x))[:, None]
    excess = autograd.relu(1 - x[rows, y][:, :, None] + x[:, None, :]) * compared.astype(x.dtype)  # (N, right, wrong)
    losses = excess.sum(axis=(1, 2)) / x.shape[1]
    return reduced(losses if np.ndim(input) == 2 else losses[0], reduction)


# --- vectors ----------------------------------------------------------------------------------------------------------


def cosine_embedding_loss(
    input1: Array, input2: Array, target: Array, margin: float = 0.0, *, reduction: str = "mean"
) -> Tensor:
    """Return 1 - cos(x1, x2) where the target is 1, max(cos(x1, x2) - margin, 0) where it is -1.

    Args:
        input1: vectors (N, D) or (D,), floating.
        input2: vectors of the same shape.
        target: 1 for vectors that should be alike, -1 for others; (N,) or ().
        margin: the largest cosine of unlike vectors that costs nothing.
        reduction: "mean", "sum", or "none" for one loss per pair.

    Raises:
        ValueError: when the shapes do not fit, or for another reduction.
        TypeError: when the input is not floating.

    >>> cosine_embedding_loss(Tensor([[1.0, 0.0]]), Tensor([[0.0, 1.0]]), Tensor([1]))
    Tensor(1.)
    """
    check_reduction(reduction)
    a, b = pair(input1, input2, "cosine_embedding_loss")
    y = autograd.asarray(target)
    if a.ndim not in (1, 2) or y.shape != a.shape[:-1]:
        raise ValueError(
            f"cosine_embedding_loss takes vectors (N, D) and a target (N,), or (D,) and (); got {a.shape} and {y.shape}"
        )
    lengths = (autograd.square(v).sum(axis=-1) + 1e-12 for v in (a, b))  # the same small number as PyTorch's
    cosines = (a * b).sum(axis=-1) / autograd.sqrt(next(lengths) * next(lengths))
    alike = autograd.where(y == 1, 1 - cosines, 0)
    return reduced(alike + autograd.where(y == -1, _hinge(cosines - margin), 0), reduction)


def triplet_margin_loss(
    anchor: Array, positive: Array, negative: Array, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6,
    swap: bool = False, *, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """Return max(margin + d(anchor, positive) - d(anchor, negative), 0), d the p-norm `pairwise_distance`.

    Source: Balntas et al., Learning local feature descriptors with triplets and shallow convolutional networks (2016).

    Args:
        anchor: vectors (N, D) or (D,), floating.
        positive: vectors that should be near them, of the same shape.
        negative: vectors that should be far from them, of the same shape.
        margin: by how much farther, above 0.
        p: the order of the norm.
        eps: added to each difference, so that equal vectors have a gradient.
        swap: count d(positive, negative) where it is smaller than d(anchor, negative).
        reduction: "mean", "sum", or "none" for one loss per triplet.

    Raises:
        ValueError: when the shapes do not fit, or for another margin or reduction.
        TypeError: when the vectors are not floating.

    >>> triplet_margin_loss(Tensor([[0.0, 0.0]]), Tensor([[3.0, 4.0]]), Tensor([[0.0, 1.0]]), eps=0)
    Tensor(5.)
    """

    def distance(x1: Any, x2: Any) -> Tensor:
        return pairwise_distance(x1, x2, p, eps)

    return triplet_margin_with_distance_loss(
        anchor, positive, negative, distance_function=distance, margin=margin, swap=swap, reduction=reduction
    )


def triplet_margin_with_distance_loss(
    anchor: Array, positive: Array, negative: Array, *, distance_function: Distance | None = None,
    margin: float = 1.0, swap: bool = False, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """Return max(margin + d(anchor, positive) - d(anchor, negative), 0) for any distance d.

    Args:
        anchor: (N, ...), floating.
        positive: what should be near, of the same shape.
        negative: what should be far, of the same shape.
        distance_function: d; `pairwise_distance` by default.
        margin: by how much farther, above 0.
        swap: count d(positive, negative) where it is smaller than d(anchor, negative).
        reduction: "mean", "sum", or "none" for one loss per triplet.

    Raises:
        ValueError: when the shapes differ, or for another margin or reduction.
        TypeError: when the input is not floating.

    >>> def city_block(x, y):
    ...     return autograd.abs(x - y).sum(axis=-1)
    >>> triplet_margin_with_distance_loss(
    ...     Tensor([[0.0, 0.0]]), Tensor([[3.0, 4.0]]), Tensor([[0.0, 1.0]]), distance_function=city_block
    ... )
    Tensor(7.)
    """
    check_reduction(reduction)
    check_positive(margin, "the margin of triplets")
    a, near = pair(anchor, positive, "triplet_margin_loss")
    a, far = pair(a, negative, "triplet_margin_loss")
    distance = distance_function or pairwise_distance
    away = distance(a, far)
    if swap:
        away = autograd.minimum(away, distance(near, far))
    return reduced(_hinge(margin + distance(a, near) - away), reduction)

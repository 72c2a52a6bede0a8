"""Losses with margins, as modules; formulas and sources are in `nn.functional.ranking_losses`."""

from __future__ import annotations

from typing import Any

from autograd import Tensor
from nn import functional as F
from nn.functional.ranking_losses import Distance
from nn.functional.reductions import check_positive
from nn.loss.base import Loss


class SoftMarginLoss(Loss):
    """log(1 + exp(-target * input)), without overflow: logistic regression.

    Args:
        reduction: "mean", "sum", or "none" for one loss per element.

    Shapes:
        input, scores, and target, 1 or -1, of the same shape, floating; output (), or with "none" the input's shape.

    Raises:
        ValueError: for another reduction, or when the shapes differ.

    >>> SoftMarginLoss()(Tensor([0.0]), Tensor([1]))
    Tensor(0.6931472)
    """

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class HingeEmbeddingLoss(Loss):
    """The input, a distance, where the target is 1; max(margin - input, 0) where it is -1.

    Args:
        margin: how far apart unlike things should be.
        reduction: "mean", "sum", or "none" for one loss per element.

    Shapes:
        input and target of the same shape, floating; output (), or with "none" the input's shape.

    Raises:
        ValueError: for another reduction, or when the shapes differ.

    >>> HingeEmbeddingLoss()(Tensor([0.25]), Tensor([-1]))
    Tensor(0.75)
    """

    margin: float

    def __init__(self, margin: float = 1.0, *, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.margin = margin

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        return F.hinge_embedding_loss(input, target, self.margin, reduction=self.reduction)


class MarginRankingLoss(Loss):
    """max(margin - target * (input1 - input2), 0): which of two scores should be larger.

    Args:
        margin: by how much.
        reduction: "mean", "sum", or "none" for one loss per pair.

    Shapes:
        input1, input2 and target, 1 or -1, with as many axes each, floating; output (), or with "none" their shape.

    Raises:
        ValueError: for another reduction, or when the shapes do not fit.

    >>> MarginRankingLoss()(Tensor([2.0]), Tensor([1.0]), Tensor([-1]))
    Tensor(1.)
    """

    margin: float

    def __init__(self, margin: float = 0.0, *, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.margin = margin

    def forward(self, input1: Any, input2: Any, target: Any) -> Tensor:
        """Return the loss."""
        return F.margin_ranking_loss(input1, input2, target, self.margin, reduction=self.reduction)


class MultiMarginLoss(Loss):
    """The multi-class support vector machine: sum(max(margin - x[y] + x[i], 0)**p over i != y) / C.

    Args:
        p: 1, or 2 to square the margins.
        margin: by how much the right score should be the largest.
        weight: a factor for each class, (C,); a buffer of the module.
        reduction: "mean" over the examples, "sum", or "none".

    Shapes:
        input, scores x, (N, C) or (C,), floating; target, the right classes y, (N,) or (), integers; output (), or
        with "none" (N,).

    Raises:
        ValueError: for another p or reduction, or when shapes do not fit.
        TypeError: when the input is not floating, or the target not integers.
        IndexError: when a class index is not one of the C classes.

    >>> MultiMarginLoss()(Tensor([[0.0, 1.0]]), Tensor([0]))
    Tensor(1.)
    """

    p: int
    margin: float
    weight: Tensor | None

    def __init__(self, p: int = 1, margin: float = 1.0, weight: Any = None, *, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        if p not in (1, 2):
            raise ValueError(f"MultiMarginLoss: p must be 1 or 2, not {p!r}")
        self.p = p
        self.margin = margin
        self._keep("weight", weight)

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        return F.multi_margin_loss(input, target, self.p, self.margin, self.weight, reduction=self.reduction)


class MultiLabelMarginLoss(Loss):
    """sum(max(1 - (x[y] - x[i]), 0)) / C over all right classes y and all wrong classes i.

    Args:
        reduction: "mean" over the examples, "sum", or "none".

    Shapes:
        input, scores x, (N, C) or (C,), floating; target of the same shape, integers: the right classes, and -1 after
        the last; output (), or with "none" (N,).

    Raises:
        ValueError: for another reduction, or when shapes do not fit.
        TypeError: when the input is not floating, or the target not integers.
        IndexError: when a class index is not one of the C classes.

    >>> MultiLabelMarginLoss()(Tensor([[0.1, 0.2, 0.4, 0.8]]), Tensor([[3, 0, -1, 1]]))
    Tensor(0.85)
    """

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class CosineEmbeddingLoss(Loss):
    """1 - cos(input1, input2) where the target is 1, max(cos(input1, input2) - margin, 0) where it is -1.

    Args:
        margin: the largest cosine of unlike vectors that costs nothing.
        reduction: "mean", "sum", or "none" for one loss per pair.

    Shapes:
        input1 and input2 (N, D) or (D,), floating; target (N,) or (); output (), or with "none" (N,).

    Raises:
        ValueError: for another reduction, or when shapes do not fit.

    >>> CosineEmbeddingLoss()(Tensor([[1.0, 0.0]]), Tensor([[0.0, 1.0]]), Tensor([1]))
    Tensor(1.)
    """

    margin: float

    def __init__(self, margin: float = 0.0, *, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.margin = margin

    def forward(self, input1: Any, input2: Any, target: Any) -> Tensor:
        """Return the loss."""
        return F.cosine_embedding_loss(input1, input2, target, self.margin, reduction=self.reduction)


class TripletMarginLoss(Loss):
    """max(margin + d(anchor, positive) - d(anchor, negative), 0), d the p-norm of the difference.

    Args:
        margin: by how much farther the negative should be, above 0.
        p: the order of the norm.
        eps: added to each difference.
        swap: count d(positive, negative) where it is smaller than d(anchor, negative).
        reduction: "mean", "sum", or "none" for one loss per triplet.

    Shapes:
        anchor, positive and negative (N, D) or (D,), floating; output (), or with "none" (N,).

    Raises:
        ValueError: for another margin or reduction, or when the shapes differ.

    >>> TripletMarginLoss(eps=0)(Tensor([[0.0, 0.0]]), Tensor([[3.0, 4.0]]), Tensor([[0.0, 1.0]]))
    Tensor(5.)
    """

    margin: float
    p: float
    eps: float
    swap: bool

    def __init__(
        self, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6, swap: bool = False, *, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction=reduction)
        check_positive(margin, "the margin of TripletMarginLoss")
        self.margin = margin
        self.p = p
        self.eps = eps
        self.swap = swap

    def forward(self, anchor: Any, positive: Any, negative: Any) -> Tensor:
        """Return the loss."""
        return F.triplet_margin_loss(
            anchor, positive, negative, self.margin, self.p, self.eps, self.swap, reduction=self.reduction
        )


class TripletMarginWithDistanceLoss(Loss):
    """max(margin + d(anchor, positive) - d(anchor, negative), 0) for any distance d.

    Args:
        distance_function: d, a function or module; `nn.functional.pairwise_distance` by default.
        margin: by how much farther the negative should be, above 0.
        swap: count d(positive, negative) where it is smaller than d(anchor, negative).
        reduction: "mean", "sum", or "none" for one loss per triplet.

    Shapes:
        anchor, positive and negative of the same shape, floating; output (), or with "none" that of the distances.

    Raises:
        ValueError: for another margin or reduction, or when the shapes differ.

    >>> loss = TripletMarginWithDistanceLoss(distance_function=lambda x, y: 1 - F.cosine_similarity(x, y))
    >>> loss(Tensor([[1.0, 0.0]]), Tensor([[0.0, 1.0]]), Tensor([[2.0, 0.0]]))
    Tensor(2.)
    """

    distance_function: Distance
    margin: float
    swap: bool

    def __init__(
        self, *, distance_function: Distance | None = None, margin: float = 1.0, swap: bool = False,
        reduction: str = "mean",
    ) -> None:  # fmt: skip
        super().__init__(reduction=reduction)
        check_positive(margin, "the margin of TripletMarginWithDistanceLoss")
        self.distance_function = distance_function or F.pairwise_distance
        self.margin = margin
        self.swap = swap

    def forward(self, anchor: Any, positive: Any, negative: Any) -> Tensor:
        """Return the loss."""
        return F.triplet_margin_with_distance_loss(
            anchor, positive, negative, distance_function=self.distance_function, margin=self.margin, swap=self.swap,
            reduction=self.reduction,
        )  # fmt: skip

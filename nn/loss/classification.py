"""Losses for classes and their probabilities, as modules; see `nn.functional.classification_losses`."""

from __future__ import annotations

from typing import Any

from autograd import Tensor
from nn import functional as F
from nn.functional.classification_losses import KL_REDUCTIONS, check_smoothing
from nn.functional.reductions import check_reduction
from nn.loss.base import Loss


class CrossEntropyLoss(Loss):
    """The cross entropy between softmax(input) and the target; see `nn.functional.cross_entropy` for the formula.

    Args:
        weight: a factor for each class, (C,); a buffer of the module.
        ignore_index: examples with this class index do not count.
        reduction: "mean" over the examples, weighted by the weights of their classes; "sum"; or "none".
        label_smoothing: in [0, 1], how much of the uniform distribution to mix into the target.

    Shapes:
        input (N, C), (C,) or (N, C, ...), floating: scores, no softmax applied; target class indices (N,), () or
        (N, ...), integers, or class probabilities of the input's shape; output (), or with "none" (N,), () or (N, ...).

    Raises:
        ValueError: when shapes do not fit, or an option is not a valid one.
        TypeError: when the input is not floating, or class indices are not integers.
        IndexError: when a class index is not one of the C classes.

    >>> CrossEntropyLoss()(Tensor([[0.0, 0.0]]), Tensor([1]))
    Tensor(0.6931472)
    """

    weight: Tensor | None
    ignore_index: int
    label_smoothing: float

    def __init__(
        self, weight: Any = None, *, ignore_index: int = -100, reduction: str = "mean", label_smoothing: float = 0.0
    ) -> None:
        super().__init__(reduction=reduction)
        check_smoothing(label_smoothing)
        self._keep("weight", weight)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        return F.cross_entropy(
            input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )  # fmt: skip


class NLLLoss(Loss):
    """-weight[target] * input[target] for log probabilities: after LogSoftmax, what CrossEntropyLoss is in one.

    Args:
        weight: a factor for each class, (C,); a buffer of the module.
        ignore_index: examples with this class index do not count.
        reduction: "mean" over the examples, weighted by the weights of their classes; "sum"; or "none".

    Shapes:
        input (N, C), (C,) or (N, C, ...), floating; target class indices (N,), () or (N, ...), integers; output (), or
        with "none" the target's shape.

    Raises:
        ValueError: when shapes do not fit, or for another reduction.
        TypeError: when the input is not floating, or class indices are not integers.
        IndexError: when a class index is not one of the C classes.

    >>> NLLLoss()(Tensor([[-1.0, -2.0]]), Tensor([1]))
    Tensor(2.)
    """

    weight: Tensor | None
    ignore_index: int

    def __init__(self, weight: Any = None, *, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self._keep("weight", weight)
        self.ignore_index = ignore_index

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        return F.nll_loss(input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


class SquaredEarthMoverLoss(Loss):
    """The squared earth mover's distance between softmax(input) and the target, for classes in an order.

    Source: Hou, Yu and Samaras, Squared earth mover's distance-based loss for training deep neural networks (2016).

    Args:
        reduction: "mean" over the examples, "sum", or "none".

    Shapes:
        input (N, C) or (C,), floating: scores, no softmax applied; target class indices (N,) or (), integers, or class
        probabilities of the input's shape; output (), or with "none" (N,) or ().

    Raises:
        ValueError: when shapes do not fit, or for another reduction.
        TypeError: when the input is not floating, or class indices are not integers.
        IndexError: when a class index is not one of the C classes.

    >>> SquaredEarthMoverLoss()(Tensor([[0.0, -1e3, -1e3]]), Tensor([2]))
    Tensor(2.)
    """

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        return F.squared_earth_mover_loss(input, target, reduction=self.reduction)


class BCELoss(Loss):
    """The cross entropy -(t * log(x) + (1 - t) * log(1 - x)) between probabilities; logarithms are at least -100.

    Args:
        weight: a factor for each element, of a shape that broadcasts with the input's; a buffer of the module.
        reduction: "mean", "sum", or "none" for one loss per element.

    Shapes:
        input and target of the same shape, in [0, 1], floating; output (), or with "none" the input's shape.

    Raises:
        ValueError: when shapes do not fit, the input is no probability, or for another reduction.

    >>> BCELoss()(Tensor([0.5]), Tensor([1.0]))
    Tensor(0.6931472)
    """

    weight: Tensor | None

    def __init__(self, weight: Any = None, *, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self._keep("weight", weight)

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        return F.binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(Loss):
    """The cross entropy between sigmoid(input) and the target, without overflow or cancellation.

    Args:
        weight: a factor for each element, of a shape that broadcasts with the input's; a buffer of the module.
        reduction: "mean", "sum", or "none" for one loss per element.
        pos_weight: a factor for the part of the positive targets, likewise; a buffer of the module.

    Shapes:
        input, scores, and target, in [0, 1], of the same shape, floating; output (), or with "none" the input's shape.

    Raises:
        ValueError: when shapes do not fit, or for another reduction.

    >>> BCEWithLogitsLoss()(Tensor([0.0]), Tensor([1.0]))
    Tensor(0.6931472)
    """

    weight: Tensor | None
    pos_weight: Tensor | None

    def __init__(self, weight: Any = None, *, reduction: str = "mean", pos_weight: Any = None) -> None:
        super().__init__(reduction=reduction)
        self._keep("weight", weight)
        self._keep("pos_weight", pos_weight)

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )


class MultiLabelSoftMarginLoss(Loss):
    """`BCEWithLogitsLoss`, averaged over the C classes first: any number of them may be right.

    Args:
        weight: a factor for each class, (C,); a buffer of the module.
        reduction: "mean" over the examples, "sum", or "none".

    Shapes:
        input, scores, and target, 0 or 1, (N, C) or (C,), floating; output (), or with "none" (N,) or ().

    Raises:
        ValueError: when shapes do not fit, or for another reduction.

    >>> MultiLabelSoftMarginLoss()(Tensor([[0.0, 0.0]]), Tensor([[1, 0]]))
    Tensor(0.6931472)
    """

    weight: Tensor | None

    def __init__(self, weight: Any = None, *, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self._keep("weight", weight)

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        return F.multilabel_soft_margin_loss(input, target, self.weight, reduction=self.reduction)


class KLDivLoss(Loss):
    """The Kullback-Leibler divergence from the input to the target, target * (log(target) - input).

    Args:
        reduction: "mean" over all elements; "batchmean" for the mean divergence of the examples; "sum"; or "none".
        log_target: whether the target is given as logarithms.

    Shapes:
        input, log probabilities, and target of the same shape, floating; output (), or with "none" the input's shape.

    Raises:
        ValueError: for another reduction, or when the shapes differ.

    >>> KLDivLoss(reduction="batchmean")(Tensor([[-1.0, -1.0]]), Tensor([[1.0, 0.0]]))
    Tensor(1.)
    """

    log_target: bool

    def __init__(self, *, reduction: str = "mean", log_target: bool = False) -> None:
        check_reduction(reduction, KL_REDUCTIONS)
        self.reduction = reduction
        self.log_target = log_target

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)

"""Losses as modules."""

from __future__ import annotations

from typing import Any

from autograd import Tensor
from nn import functional as F
from nn.functional.losses import check_reduction, check_smoothing
from nn.module import Module, as_floating


class MSELoss(Module):
    """The squared error (input - target)**2, averaged over all elements.

    Args:
        reduction: "mean", "sum", or "none" for one error per element.

    Shapes:
        input and target of the same shape (PyTorch warns and broadcasts, this raises), floating; output (), or with
        "none" the input's shape, in the input's dtype.

    Raises:
        ValueError: for another reduction, or when the shapes differ.

    >>> MSELoss()(Tensor([1.0, 2.0]), Tensor([1.0, 4.0]))
    Tensor(2.)
    """

    reduction: str

    def __init__(self, *, reduction: str = "mean") -> None:
        check_reduction(reduction)
        self.reduction = reduction

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        return F.mse_loss(input, target, reduction=self.reduction)


class CrossEntropyLoss(Module):
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
    reduction: str
    label_smoothing: float

    def __init__(
        self, weight: Any = None, *, ignore_index: int = -100, reduction: str = "mean", label_smoothing: float = 0.0
    ) -> None:
        check_reduction(reduction)
        check_smoothing(label_smoothing)
        self.register_buffer("weight", None if weight is None else as_floating(weight, None, "CrossEntropyLoss"))
        self.ignore_index = ignore_index
        self.reduction = reduction
        self.label_smoothing = label_smoothing

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        return F.cross_entropy(
            input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )  # fmt: skip

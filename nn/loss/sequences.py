"""Losses of sequences, as modules."""

from __future__ import annotations

from typing import Any

from autograd import Tensor
from nn import functional as F
from nn.loss.base import Loss


class CTCLoss(Loss):
    """Connectionist temporal classification: -log of the probability of labels whose times are not known.

    See `nn.functional.ctc_loss` for the formula and its source (Graves et al., 2006), also for what PyTorch's gradient
    has added.

    Args:
        blank: the class that stands for no label.
        reduction: "mean" over the sequences, each divided by its number of labels; "sum"; or "none".
        zero_infinity: make losses 0 that are infinite, because the input is too short.

    Shapes:
        log_probs (T, N, C), or (T, C) of one sequence, floating; targets (N, S), or (sum(target_lengths),), integers;
        input_lengths and target_lengths (N,) or (), integers; output (), or with "none" (N,) or ().

    Raises:
        ValueError: when shapes or lengths do not fit, or for another reduction.
        TypeError: when the log probabilities are not floating, or labels or lengths not integers.
        IndexError: when a label or `blank` is not one of the C classes.

    >>> import numpy as np
    >>> CTCLoss()(np.log(np.full((2, 1, 2), 0.5)), [[1]], [2], [1])  # -log(3/4)
    Tensor(0.28768207, dtype=float64)
    """

    blank: int
    zero_infinity: bool

    def __init__(self, blank: int = 0, *, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(reduction=reduction)
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(self, log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any) -> Tensor:
        """Return the loss."""
        return F.ctc_loss(
            log_probs, targets, input_lengths, target_lengths, self.blank, reduction=self.reduction,
            zero_infinity=self.zero_infinity,
        )  # fmt: skip

"""Losses for numbers, as modules; formulas and sources are in `nn.functional.regression_losses`."""

from __future__ import annotations

from typing import Any

from autograd import Tensor
from nn import functional as F
from nn.functional.reductions import check_positive
from nn.loss.base import Loss


class MSELoss(Loss):
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

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        return F.mse_loss(input, target, reduction=self.reduction)


class HalfSumOfSquaresLoss(Loss):
    """Half the sum of squared errors, sum((input - target)**2) / 2, whose gradient is input - target.

    Args:
        reduction: "sum", "mean" over the examples, or "none" for one loss per example.

    Shapes:
        input and target (N, ...), floating; output (), or with "none" (N,).

    Raises:
        ValueError: for another reduction, or when the shapes differ.

    >>> HalfSumOfSquaresLoss()(Tensor([[1.0, 2.0]]), Tensor([[1.0, 4.0]]))
    Tensor(2.)
    """

    def __init__(self, *, reduction: str = "sum") -> None:
        super().__init__(reduction=reduction)

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        return F.half_sum_of_squares_loss(input, target, reduction=self.reduction)


class L1Loss(Loss):
    """The absolute error |input - target|, averaged over all elements; at 0 its gradient is 0.

    Args, shapes and errors as for `MSELoss`.

    >>> L1Loss()(Tensor([1.0, 2.0]), Tensor([1.0, 4.0]))
    Tensor(1.)
    """

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        return F.l1_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(Loss):
    """d**2 / (2 * beta) where |d| < beta, |d| - beta/2 elsewhere, for d = input - target.

    Args:
        reduction: "mean", "sum", or "none" for one error per element.
        beta: where the parabola becomes a line, at least 0; with 0 this is `L1Loss`.

    Shapes:
        as for `MSELoss`.

    Raises:
        ValueError: for another reduction or beta, or when the shapes differ.

    >>> SmoothL1Loss()(Tensor([5.0]), Tensor([2.0]))
    Tensor(2.5)
    """

    beta: float

    def __init__(self, *, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        check_positive(beta, "the beta of SmoothL1Loss", zero=True)
        self.beta = beta

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(Loss):
    """d**2 / 2 where |d| <= delta, delta * (|d| - delta/2) elsewhere, for d = input - target (Huber, 1964).

    Args:
        reduction: "mean", "sum", or "none" for one error per element.
        delta: where the parabola becomes a line, above 0.

    Shapes:
        as for `MSELoss`.

    Raises:
        TypeError: when delta is not a number.
        ValueError: for another reduction or delta, or when the shapes differ.

    >>> HuberLoss()(Tensor([5.0]), Tensor([2.0]))
    Tensor(2.5)
    """

    delta: float

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        check_positive(delta, "the delta of HuberLoss")
        self.delta = delta

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)


class GaussianNLLLoss(Loss):
    """-log of the density of the target under a normal distribution; see `nn.functional.gaussian_nll_loss`.

    Args:
        full: also add the constant log(2 * pi) / 2.
        eps: the least variance; smaller ones count as this.
        reduction: "mean", "sum", or "none" for one loss per element.

    Shapes:
        input, the means, any shape, floating; target the same; var a number, of that shape, with sizes of 1 in it, or
        without its last axis; output (), or with "none" the input's shape.

    Raises:
        ValueError: for another reduction or eps, when shapes do not fit, or a variance is negative.

    >>> GaussianNLLLoss()(Tensor([0.0]), Tensor([2.0]), Tensor([1.0]))
    Tensor(2.)
    """

    full: bool
    eps: float

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        check_positive(eps, "the eps of GaussianNLLLoss")
        self.full = full
        self.eps = eps

    def forward(self, input: Any, target: Any, var: Any) -> Tensor:
        """Return the loss."""
        return F.gaussian_nll_loss(input, target, var, self.full, self.eps, reduction=self.reduction)


class PoissonNLLLoss(Loss):
    """-log of the probability of a count under a Poisson distribution; see `nn.functional.poisson_nll_loss`.

    Args:
        log_input: whether the input is the logarithm of the rate, or the rate.
        full: also add log(target!), by Stirling's formula.
        eps: added to the rate in its logarithm.
        reduction: "mean", "sum", or "none" for one loss per element.

    Shapes:
        input and target of the same shape, floating; output (), or with "none" the input's shape.

    Raises:
        ValueError: for another reduction, or when the shapes differ.

    >>> PoissonNLLLoss()(Tensor([0.0]), Tensor([3.0]))
    Tensor(1.)
    """

    log_input: bool
    full: bool
    eps: float

    def __init__(
        self, log_input: bool = True, full: bool = False, *, eps: float = 1e-8, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction=reduction)
        self.log_input = log_input
        self.full = full
        self.eps = eps

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        return F.poisson_nll_loss(input, target, self.log_input, self.full, eps=self.eps, reduction=self.reduction)

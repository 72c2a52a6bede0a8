"""Losses for numbers: what is predicted is a value, or the parameters of its distribution."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from nn.functional.reductions import check_positive, check_reduction, pair, reduced, weighted
from nn.module import as_floating

Array = Any  # an array or a Tensor


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
    x, y = pair(input, target, "mse_loss")
    return weighted(autograd.square(x - y), weight, reduction, "mse_loss")


def half_sum_of_squares_loss(input: Array, target: Array, *, reduction: str = "sum") -> Tensor:
    """Return half the sum of squared errors, sum((input - target)**2) / 2, whose gradient is input - target.

    Args:
        input: examples along the first axis, (N, ...), floating; or one number.
        target: the same shape; taken to the input's dtype.
        reduction: "sum", "mean" over the examples, or "none" for one loss per example, (N,).

    Raises:
        ValueError: when the shapes differ, or for another reduction.
        TypeError: when the input is not floating.

    >>> half_sum_of_squares_loss(Tensor([[1.0, 2.0]]), Tensor([[1.0, 4.0]]))
    Tensor(2.)
    """
    check_reduction(reduction)
    x, y = pair(input, target, "half_sum_of_squares_loss")
    return reduced(autograd.square(x - y).sum(axis=tuple(range(1, x.ndim))) / 2, reduction)


def l1_loss(input: Array, target: Array, *, reduction: str = "mean", weight: Array | None = None) -> Tensor:
    """Return the absolute error |input - target|, averaged over all elements; at 0 its gradient is 0.

    Args and errors as for `mse_loss`.

    >>> l1_loss(Tensor([1.0, 2.0]), Tensor([1.0, 4.0]))
    Tensor(1.)
    """
    check_reduction(reduction)
    x, y = pair(input, target, "l1_loss")
    return weighted(autograd.abs(x - y), weight, reduction, "l1_loss")


def huber_loss(
    input: Array, target: Array, *, reduction: str = "mean", delta: float = 1.0, weight: Array | None = None
) -> Tensor:
    """Return d**2 / 2 where |d| <= delta, delta * (|d| - delta/2) elsewhere, for d = input - target.

    Source: Huber, Robust estimation of a location parameter (1964).

    Args:
        input: any shape, floating.
        target: the same shape; taken to the input's dtype.
        reduction: "mean", "sum", or "none" for one error per element.
        delta: where the parabola becomes a line, above 0.
        weight: a factor for each element, of the same shape; "mean" still divides by their number, as in PyTorch,
            unlike that of `mse_loss` and `l1_loss`.

    Raises:
        ValueError: when the shapes differ, or for another reduction or delta.
        TypeError: when the input is not floating.

    >>> huber_loss(Tensor([1.0, 2.0]), Tensor([1.5, 5.0]), reduction="none")
    Tensor([0.125, 2.5  ])
    """
    check_reduction(reduction)
    check_positive(delta, "the delta of huber_loss")
    x, y = pair(input, target, "huber_loss")
    losses = weighted(_huber(x - y, delta), weight, "none", "huber_loss")
    return reduced(losses, reduction)


def _huber(d: Tensor, delta: float) -> Tensor:
    # s is d inside and +-delta outside: both pieces in one formula, without |d|, which has no second derivative at 0.
    s = autograd.clip(d, -delta, delta)
    return s * (d - s / 2)  # type: ignore[no-any-return]


def smooth_l1_loss(input: Array, target: Array, *, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """Return d**2 / (2 * beta) where |d| < beta, |d| - beta/2 elsewhere, for d = input - target.

    Source: Girshick, Fast R-CNN (2015), equation 3.

    Args:
        input: any shape, floating.
        target: the same shape; taken to the input's dtype.
        reduction: "mean", "sum", or "none" for one error per element.
        beta: where the parabola becomes a line, at least 0; with 0 this is `l1_loss`.

    Raises:
        ValueError: when the shapes differ, or for another reduction or beta.
        TypeError: when the input is not floating.

    >>> smooth_l1_loss(Tensor([1.0, 2.0]), Tensor([1.5, 5.0]), reduction="none")
    Tensor([0.125, 2.5  ])
    """
    check_reduction(reduction)
    check_positive(beta, "the beta of smooth_l1_loss", zero=True)
    x, y = pair(input, target, "smooth_l1_loss")
    return reduced(_huber(x - y, beta) / beta if beta else autograd.abs(x - y), reduction)


def gaussian_nll_loss(
    input: Array, target: Array, var: Array, full: bool = False, eps: float = 1e-6, *, reduction: str = "mean"
) -> Tensor:
    """Return -log of the density of the target under a normal distribution, (log(var) + (input - target)**2 / var) / 2.

    Source: Nix and Weigend, Estimating the mean and variance of the target probability distribution (1994).

    Args:
        input: the means, any shape, floating.
        target: the same shape, or one that broadcasts with it; taken to the input's dtype.
        var: the variances: a number, of the input's shape, with sizes of 1 in it, or without its last axis.
        full: also add the constant log(2 * pi) / 2.
        eps: the least variance; smaller ones count as this, with the gradient that it has.
        reduction: "mean", "sum", or "none" for one loss per element.

    Raises:
        ValueError: when the shapes do not fit, a variance is negative, or for another reduction or eps.
        TypeError: when the input is not floating.

    >>> gaussian_nll_loss(Tensor([0.0]), Tensor([2.0]), Tensor([1.0]))
    Tensor(2.)
    """
    check_reduction(reduction)
    check_positive(eps, "the eps of gaussian_nll_loss")
    x = as_floating(input, None, "gaussian_nll_loss")
    y, v = autograd.asarray(target).astype(x.dtype), _variance(var, x)
    values = v.detach().numpy()
    if (values < 0).any():
        raise ValueError(f"gaussian_nll_loss: variances are at least 0, not {values.min()}")
    v = v + (np.maximum(values, x.dtype.type(eps)) - values)  # not a limit with its gradient 0, but as in PyTorch
    losses = (autograd.log(v) + autograd.square(x - y) / v) / 2
    return reduced(losses + 0.5 * math.log(2 * math.pi) if full else losses, reduction)


def _variance(var: Array, x: Tensor) -> Tensor:
    """Return variances in a shape that broadcasts with the input."""
    v = autograd.asarray(var).astype(x.dtype)
    if v.ndim and v.ndim == x.ndim - 1 and v.shape == x.shape[:-1]:
        return v[..., None]
    if v.ndim and (v.ndim != x.ndim or any(n not in (1, m) for n, m in zip(v.shape, x.shape, strict=True))):
        raise ValueError(
            f"gaussian_nll_loss: var is a number, or has the shape of input {x.shape}, with sizes of 1 in it or "
            f"without its last axis, not shape {v.shape}"
        )
    return v


def poisson_nll_loss(
    input: Array, target: Array, log_input: bool = True, full: bool = False, *, eps: float = 1e-8,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """Return -log of the probability of a count under a Poisson distribution, rate - target * log(rate).

    Args:
        input: the logarithm of the rate, or the rate; any shape, floating.
        target: the counts, of the same shape; taken to the input's dtype.
        log_input: which of both the input is.
        full: also add log(target!), by Stirling's formula where the target is above 1, else 0.
        eps: added to the rate in its logarithm.
        reduction: "mean", "sum", or "none" for one loss per element.

    Raises:
        ValueError: when the shapes differ, or for another reduction.
        TypeError: when the input is not floating.

    >>> poisson_nll_loss(Tensor([0.0]), Tensor([3.0]))
    Tensor(1.)
    """
    check_reduction(reduction)
    x, y = pair(input, target, "poisson_nll_loss")
    losses = autograd.exp(x) - y * x if log_input else x - y * autograd.log(x + eps)
    return reduced(losses + _log_factorial(y) if full else losses, reduction)


def _log_factorial(n: Tensor) -> Tensor:
    """Return log(n!) by Stirling's formula, and 0 where n <= 1."""
    large = n > 1
    safe = autograd.where(large, n, 1)
    stirling = safe * autograd.log(safe) - safe + 0.5 * autograd.log(2 * math.pi * safe)
    return autograd.where(large, stirling, 0)

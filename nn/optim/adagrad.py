"""Adagrad, and those that replace its sum of squared gradients by a moving average: RMSprop and Adadelta."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from nn.optim.optimizer import Array, Group, Optimizer, State, average, check_option, count_step, decayed, zeros


class Adagrad(Optimizer):
    """Adagrad: steps by the gradient over the root of the sum of all squared gradients so far.

    With gradient g (its negative if `maximize`), in step t = 1, 2, ..., from sum = initial_accumulator_value:

        g = g + weight_decay * p
        sum = sum + g**2
        p = p - lr / (1 + (t - 1) * lr_decay) * g / (sqrt(sum) + eps)

    Source: Duchi, Hazan and Singer, Adaptive subgradient methods for online learning and stochastic optimization
    (2011), figure 1, diagonal.

    Args:
        params: parameters, pairs (name, parameter), or parameter groups.
        lr: the learning rate.
        lr_decay: how fast it falls.
        weight_decay: the L2 penalty.
        initial_accumulator_value: what the sum starts from.
        eps: keeps the divisor from 0; float16 rounds the default to 0.
        maximize: go up instead of down.

    Raises:
        TypeError, ValueError: for parameters that are none, or options out of their ranges.

    >>> import nn
    >>> p = nn.Parameter([1.0])
    >>> optimizer = Adagrad([p], lr=0.1)
    >>> (p * 2).backward()
    >>> optimizer.step()
    >>> round(p.item(), 4)
    0.9
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-2, lr_decay: float = 0, weight_decay: float = 0,
        initial_accumulator_value: float = 0, eps: float = 1e-10, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        options = {
            "lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value, "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, options)

    def check(self, group: Group) -> None:
        """Raise a ValueError when an option is out of its range."""
        for name in ("lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps"):
            check_option(group, name)

    def update(self, p: Array, g: Array, state: State, group: Group) -> None:
        """Take one step, as the formula of the class says."""
        t = count_step(state)
        if "sum" not in state:
            state["sum"] = np.full_like(p, group["initial_accumulator_value"])
        g = decayed(g, p, group["weight_decay"])
        scratch = np.multiply(g, g)
        state["sum"] += scratch
        np.sqrt(state["sum"], out=scratch)
        scratch += group["eps"]
        np.divide(g, scratch, out=scratch)
        scratch *= group["lr"] / (1 + (t - 1) * group["lr_decay"])
        p -= scratch


class RMSprop(Optimizer):
    """RMSprop: steps by the gradient over the root of the moving average of its square.

    With gradient g (its negative if `maximize`), in each step, all averages starting from 0:

        g = g + weight_decay * p
        v = alpha * v + (1 - alpha) * g**2
        d = sqrt(v) + eps; if `centered` sqrt(v - a**2) + eps, where a = alpha * a + (1 - alpha) * g
        p = p - lr * g / d, with a momentum p = p - lr * b, where b = momentum * b + g / d

    Sources: Tieleman and Hinton, lecture 6.5 of Neural networks for machine learning (2012); Graves, Generating
    sequences with recurrent neural networks (2013), equations 38 to 45, for centered.

    Args:
        params: parameters, pairs (name, parameter), or parameter groups.
        lr: the learning rate.
        alpha: how much of the averages lasts until the next step.
        eps: keeps the divisor from 0; float16 rounds the default to 0.
        weight_decay: the L2 penalty.
        momentum: how much of b lasts until the next step.
        centered: divide by the standard deviation of the gradient.
        maximize: go up instead of down.

    Raises:
        TypeError, ValueError: for parameters that are none, or options out of their ranges.

    >>> import nn
    >>> p = nn.Parameter([1.0])
    >>> optimizer = RMSprop([p], lr=0.1)
    >>> (p * 2).backward()
    >>> optimizer.step()
    >>> round(p.item(), 4)
    0.0
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-2, alpha: float = 0.99, eps: float = 1e-8, weight_decay: float = 0,
        momentum: float = 0, centered: bool = False, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        options = {
            "lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered,
            "weight_decay": weight_decay, "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, options)

    def check(self, group: Group) -> None:
        """Raise a ValueError when an option is out of its range."""
        for name in ("lr", "eps", "weight_decay", "momentum"):
            check_option(group, name)
        check_option(group, "alpha", most=1.0)

    def update(self, p: Array, g: Array, state: State, group: Group) -> None:
        """Take one step, as the formula of the class says."""
        count_step(state)
        alpha, v = group["alpha"], zeros(state, "square_avg", p)
        g = decayed(g, p, group["weight_decay"])
        scratch = np.multiply(g, g)
        average(v, scratch, alpha, scratch)
        if group["centered"]:
            a = zeros(state, "grad_avg", p)
            average(a, g, alpha, scratch)
            np.multiply(a, a, out=scratch)
            np.subtract(v, scratch, out=scratch)
            np.maximum(scratch, 0, out=scratch)  # which rounding may have missed
            np.sqrt(scratch, out=scratch)
        else:
            np.sqrt(v, out=scratch)
        scratch += group["eps"]
        np.divide(g, scratch, out=scratch)
        if group["momentum"]:
            b = zeros(state, "momentum_buffer", p)
            b *= group["momentum"]
            b += scratch
            np.copyto(scratch, b)
        scratch *= group["lr"]
        p -= scratch


class Adadelta(Optimizer):
    """Adadelta: scales the gradient by the ratio of the typical sizes of past steps and past gradients.

    With gradient g (its negative if `maximize`), in each step, both averages starting from 0:

        g = g + weight_decay * p
        v = rho * v + (1 - rho) * g**2
        d = g * sqrt(u + eps) / sqrt(v + eps)
        u = rho * u + (1 - rho) * d**2
        p = p - lr * d

    Source: Zeiler, ADADELTA: an adaptive learning rate method (2012), algorithm 1.

    Args:
        params: parameters, pairs (name, parameter), or parameter groups.
        lr: a factor that the paper has not.
        rho: how much of the averages lasts until the next step.
        eps: starts the steps, and keeps the divisor from 0.
        weight_decay: the L2 penalty.
        maximize: go up instead of down.

    Raises:
        TypeError, ValueError: for parameters that are none, or options out of their ranges.

    >>> import nn
    >>> p = nn.Parameter([1.0])
    >>> optimizer = Adadelta([p])
    >>> (p * 2).backward()
    >>> optimizer.step()
    >>> round(p.item(), 4)
    0.9968
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1.0, rho: float = 0.9, eps: float = 1e-6, weight_decay: float = 0, *,
        maximize: bool = False,
    ) -> None:  # fmt: skip
        options = {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, options)

    def check(self, group: Group) -> None:
        """Raise a ValueError when an option is out of its range."""
        for name in ("lr", "eps", "weight_decay"):
            check_option(group, name)
        check_option(group, "rho", most=1.0)

    def update(self, p: Array, g: Array, state: State, group: Group) -> None:
        """Take one step, as the formula of the class says."""
        count_step(state)
        rho, eps = group["rho"], group["eps"]
        v, u = zeros(state, "square_avg", p), zeros(state, "acc_delta", p)
        g = decayed(g, p, group["weight_decay"])
        scratch = np.multiply(g, g)
        average(v, scratch, rho, scratch)
        np.add(v, eps, out=scratch)
        delta = np.add(u, eps)
        delta /= scratch
        np.sqrt(delta, out=delta)
        delta *= g
        np.multiply(delta, delta, out=scratch)
        average(u, scratch, rho, scratch)
        delta *= group["lr"]
        p -= delta

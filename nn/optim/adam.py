"""Adam and its kin: steps by a mean of the gradients over a measure of their size."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

import autograd
from nn.optim.optimizer import (
    Array,
    Arrays,
    Group,
    Optimizer,
    State,
    average,
    check_betas,
    check_option,
    count_step,
    decayed,
    scalar,
    zeros,
)


class Adam(Optimizer):
    """Adam: steps by the mean of the gradients over the root of the mean of their squares.

    With gradient g (its negative if `maximize`), in step t = 1, 2, ...:

        g = g + weight_decay * p, or with `decoupled_weight_decay` p = p - lr * weight_decay * p
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2, with `amsgrad` the largest so far is used below
        p = p - lr * (m / (1 - beta1**t)) / (sqrt(v / (1 - beta2**t)) + eps)

    Sources: Kingma and Ba, Adam: a method for stochastic optimization (2015), algorithm 1; Reddi et al., On the
    convergence of Adam and beyond (2018), algorithm 2, for amsgrad; Loshchilov and Hutter, Decoupled weight decay
    regularization (2019), algorithm 2.

    Args:
        params: parameters, pairs (name, parameter), or parameter groups.
        lr: the learning rate.
        betas: how much of m and of v lasts until the next step.
        eps: keeps the divisor from 0; float16 rounds the default to 0.
        weight_decay: the L2 penalty.
        amsgrad: divide by the largest v so far.
        maximize: go up instead of down.
        decoupled_weight_decay: shrink the parameters directly, as AdamW does.

    Raises:
        TypeError, ValueError: for parameters that are none, or options out of their ranges.

    >>> import nn
    >>> p = nn.Parameter([1.0])
    >>> optimizer = Adam([p], lr=0.1)
    >>> (p * 2).backward()
    >>> optimizer.step()
    >>> round(p.item(), 3)
    0.9
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, amsgrad: bool = False, *, maximize: bool = False, decoupled_weight_decay: bool = False,
    ) -> None:  # fmt: skip
        options = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad,
            "maximize": maximize, "decoupled_weight_decay": decoupled_weight_decay,
        }  # fmt: skip
        super().__init__(params, options)

    def check(self, group: Group) -> None:
        """Raise a ValueError when an option is out of its range."""
        _check(group)

    def update(self, p: Array, g: Array, state: State, group: Group) -> None:
        """Take one step, as the formula of the class says."""
        g = _regularised(p, g, group)
        t, m, v, scratch = _moments(p, g, state, group)
        if group["amsgrad"]:
            largest = zeros(state, "max_exp_avg_sq", p)
            v = np.maximum(largest, v, out=largest)
        beta1, beta2 = group["betas"]
        _descend(p, m, v, group["lr"] / (1 - beta1**t), math.sqrt(1 - beta2**t), group["eps"], scratch)

    def update_together(self, arrays: Arrays, options: Group) -> bool:
        """Take a step for all parameters at once, where a compiled kernel can."""
        if options["amsgrad"] or not arrays.prepared(arrays.of_state("exp_avg"), arrays.of_state("exp_avg_sq")):
            return False
        t = arrays.count_step()
        if t is None:
            return False
        lr, betas, decay = options["lr"], options["betas"], options["weight_decay"]
        decoupled = options["decoupled_weight_decay"]
        autograd.kernels.updating.adam(
            arrays.table, lr / (1 - betas[0] ** t), math.sqrt(1 - betas[1] ** t), betas, options["eps"],
            0.0 if decoupled else decay, 1 - lr * decay if decoupled else 1.0, options["maximize"],
        )  # fmt: skip
        return True


class AdamW(Adam):
    """Adam with decoupled weight decay: `Adam` with `decoupled_weight_decay=True` and another default decay.

    Source: Loshchilov and Hutter, Decoupled weight decay regularization (2019), algorithm 2.

    Args:
        params: parameters, pairs (name, parameter), or parameter groups.
        lr: the learning rate.
        betas: how much of the means lasts until the next step.
        eps: keeps the divisor from 0; float16 rounds the default to 0.
        weight_decay: by how much, times lr, the parameters shrink in each step.
        amsgrad: divide by the largest mean square so far.
        maximize: go up instead of down.

    Raises:
        TypeError, ValueError: for parameters that are none, or options out of their ranges.

    >>> import nn
    >>> p = nn.Parameter([1.0])
    >>> optimizer = AdamW([p], lr=0.1, weight_decay=0.5)
    >>> (p * 2).backward()
    >>> optimizer.step()
    >>> round(p.item(), 3)
    0.85
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 1e-2, amsgrad: bool = False, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, decoupled_weight_decay=True
        )  # fmt: skip


class Adamax(Optimizer):
    """Adamax: Adam with the largest gradient of the recent past in place of the root of the mean square.

    With gradient g (its negative if `maximize`), in step t = 1, 2, ...:

        g = g + weight_decay * p
        m = beta1 * m + (1 - beta1) * g
        u = max(beta2 * u, abs(g) + eps)
        p = p - lr / (1 - beta1**t) * m / u

    Source: Kingma and Ba, Adam: a method for stochastic optimization (2015), algorithm 2.

    Args:
        params: parameters, pairs (name, parameter), or parameter groups.
        lr: the learning rate.
        betas: how much of m and of u lasts until the next step.
        eps: keeps the divisor from 0; float16 rounds the default to 0.
        weight_decay: the L2 penalty.
        maximize: go up instead of down.

    Raises:
        TypeError, ValueError: for parameters that are none, or options out of their ranges.

    >>> import nn
    >>> p = nn.Parameter([1.0])
    >>> optimizer = Adamax([p], lr=0.1)
    >>> (p * 2).backward()
    >>> optimizer.step()
    >>> round(p.item(), 3)
    0.9
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(
            params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        )

    def check(self, group: Group) -> None:
        """Raise a ValueError when an option is out of its range."""
        _check(group)

    def update(self, p: Array, g: Array, state: State, group: Group) -> None:
        """Take one step, as the formula of the class says."""
        t, (beta1, beta2) = count_step(state), group["betas"]
        m, u = zeros(state, "exp_avg", p), zeros(state, "exp_inf", p)
        g = decayed(g, p, group["weight_decay"])
        scratch = average(m, g, beta1)
        np.absolute(g, out=scratch)
        scratch += group["eps"]
        u *= beta2
        np.maximum(u, scratch, out=u)
        np.divide(m, u, out=scratch)
        scratch *= group["lr"] / (1 - beta1**t)
        p -= scratch


class NAdam(Optimizer):
    """Adam with Nesterov momentum.

    With gradient g (its negative if `maximize`), in step t = 1, 2, ...:

        g = g + weight_decay * p, or with `decoupled_weight_decay` p = p - lr * weight_decay * p
        mu(t) = beta1 * (1 - 0.96**(t * momentum_decay) / 2)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        n = (1 - mu(t)) * g / (1 - mu(1) * ... * mu(t)) + mu(t + 1) * m / (1 - mu(1) * ... * mu(t + 1))
        p = p - lr * n / (sqrt(v / (1 - beta2**t)) + eps)

    Source: Dozat, Incorporating Nesterov momentum into Adam (2016), algorithm 2.

    Args:
        params: parameters, pairs (name, parameter), or parameter groups.
        lr: the learning rate.
        betas: how much of m and of v lasts until the next step.
        eps: keeps the divisor from 0; float16 rounds the default to 0.
        weight_decay: the L2 penalty.
        momentum_decay: how fast mu reaches beta1.
        decoupled_weight_decay: shrink the parameters directly, as AdamW does.
        maximize: go up instead of down.

    Raises:
        TypeError, ValueError: for parameters that are none, or options out of their ranges.

    >>> import nn
    >>> p = nn.Parameter([1.0])
    >>> optimizer = NAdam([p], lr=0.1)
    >>> (p * 2).backward()
    >>> optimizer.step()
    >>> round(p.item(), 3)
    0.894
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, momentum_decay: float = 4e-3, decoupled_weight_decay: bool = False, *,
        maximize: bool = False,
    ) -> None:  # fmt: skip
        options = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay, "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, options)

    def check(self, group: Group) -> None:
        """Raise a ValueError when an option is out of its range."""
        _check(group)
        check_option(group, "momentum_decay")

    def update(self, p: Array, g: Array, state: State, group: Group) -> None:
        """Take one step, as the formula of the class says."""
        (beta1, beta2), lr, decay = group["betas"], group["lr"], group["momentum_decay"]
        g = _regularised(p, g, group)
        # PyTorch's state has the product before the means.
        t = count_step(state)
        product = state.setdefault("mu_product", scalar(1))
        _, m, v, scratch = _moments(p, g, state, group, t)
        mu, after = (beta1 * (1 - 0.5 * 0.96 ** (step * decay)) for step in (t, t + 1))
        product *= mu
        n = np.multiply(g, (1 - mu) / (1 - product.item()))
        np.multiply(m, after / (1 - product.item() * after), out=scratch)
        n += scratch
        _descend(p, n, v, lr, math.sqrt(1 - beta2**t), group["eps"], scratch)


class RAdam(Optimizer):
    """Adam without its first steps, which rest on too few gradients to know their size: rectified Adam.

    With gradient g (its negative if `maximize`), in step t = 1, 2, ..., m and v as in `Adam`:

        g = g + weight_decay * p, or with `decoupled_weight_decay` p = p - lr * weight_decay * p
        rho = most - 2 * t * beta2**t / (1 - beta2**t), where most = 2 / (1 - beta2) - 1
        r = sqrt((rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho))
        p = p - lr * m / (1 - beta1**t) * (r * sqrt(1 - beta2**t) / (sqrt(v) + eps) if rho > 5 else 1)

    Source: Liu et al., On the variance of the adaptive learning rate and beyond (2020), algorithm 2; the bound for rho
    is 5 as in PyTorch and the authors' program, 4 in the paper.

    Args:
        params: parameters, pairs (name, parameter), or parameter groups.
        lr: the learning rate.
        betas: how much of m and of v lasts until the next step.
        eps: keeps the divisor from 0; float16 rounds the default to 0.
        weight_decay: the L2 penalty.
        decoupled_weight_decay: shrink the parameters directly, as AdamW does.
        maximize: go up instead of down.

    Raises:
        TypeError, ValueError: for parameters that are none, or options out of their ranges.

    >>> import nn
    >>> p = nn.Parameter([1.0])
    >>> optimizer = RAdam([p], lr=0.1)
    >>> (p * 2).backward()
    >>> optimizer.step()
    >>> round(p.item(), 3)
    0.8
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, decoupled_weight_decay: bool = False, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        options = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
            "decoupled_weight_decay": decoupled_weight_decay,
        }  # fmt: skip
        super().__init__(params, options)

    def check(self, group: Group) -> None:
        """Raise a ValueError when an option is out of its range."""
        _check(group)

    def update(self, p: Array, g: Array, state: State, group: Group) -> None:
        """Take one step, as the formula of the class says."""
        beta1, beta2 = group["betas"]
        g = _regularised(p, g, group)
        t, m, v, scratch = _moments(p, g, state, group)
        lr, most = group["lr"] / (1 - beta1**t), 2 / (1 - beta2) - 1
        rho = most - 2 * t * beta2**t / (1 - beta2**t)
        if rho <= 5:
            np.multiply(m, lr, out=scratch)
            p -= scratch
            return
        r = math.sqrt((rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho))
        _descend(p, m, v, lr * r * math.sqrt(1 - beta2**t), 1.0, group["eps"], scratch)


# --- what they share --------------------------------------------------------------------------------------------------


def _check(group: Group) -> None:
    for name in ("lr", "eps", "weight_decay"):
        check_option(group, name)
    check_betas(group)


def _regularised(p: Array, g: Array, group: Group) -> Array:
    """Return the gradient with the L2 penalty's, or shrink the parameter itself."""
    if not group["decoupled_weight_decay"]:
        return decayed(g, p, group["weight_decay"])
    if group["weight_decay"]:
        p *= 1 - group["lr"] * group["weight_decay"]
    return g


def _moments(
    p: Array, g: Array, state: State, group: Group, t: float | None = None
) -> tuple[float, Array, Array, Array]:
    """Take the gradient into both means; return the step count, the means, and memory to compute in."""
    t = count_step(state) if t is None else t
    m, v = zeros(state, "exp_avg", p), zeros(state, "exp_avg_sq", p)
    beta1, beta2 = group["betas"]
    scratch = average(m, g, beta1)
    np.multiply(g, g, out=scratch)
    return t, m, v, average(v, scratch, beta2, scratch)


def _descend(p: Array, m: Array, v: Array, lr: float, root: float, eps: float, scratch: Array) -> None:
    """Subtract lr * m / (sqrt(v) / root + eps), with one pass less: root is taken out of the divisor."""
    np.sqrt(v, out=scratch)
    scratch += eps * root
    np.divide(m, scratch, out=scratch)
    scratch *= lr * root
    p -= scratch

"""Adam."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from nn.optim.optimizer import Group, Optimizer, check_option


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
        for name in ("lr", "eps", "weight_decay"):
            check_option(group, name)
        betas = tuple(group["betas"])
        if len(betas) != 2:
            raise ValueError(f"betas must be two numbers, not {betas!r}")
        for i, beta in enumerate(betas):
            check_option({f"betas[{i}]": beta}, f"betas[{i}]", below=1.0)

    def update(self, p: Tensor, g: Tensor, state: dict[str, Any], group: Group) -> None:
        """Take one step, as the formula of the class says."""
        lr, (beta1, beta2), decay = group["lr"], group["betas"], group["weight_decay"]
        if decay and group["decoupled_weight_decay"]:
            p -= lr * decay * p
        elif decay:
            g = g + decay * p
        if not state:
            state.update(step=Tensor(np.float32(0)), exp_avg=autograd.zeros_like(p), exp_avg_sq=autograd.zeros_like(p))
        t = state["step"].item() + 1
        m = beta1 * state["exp_avg"] + (1 - beta1) * g
        v = beta2 * state["exp_avg_sq"] + (1 - beta2) * (g * g)
        state.update(step=Tensor(np.float32(t)), exp_avg=m, exp_avg_sq=v)
        if group["amsgrad"]:
            v = state["max_exp_avg_sq"] = autograd.maximum(state.get("max_exp_avg_sq", v), v)
        root = autograd.sqrt(v) / (1 - beta2**t) ** 0.5
        p -= (lr / (1 - beta1**t)) * (m / (root + group["eps"]))

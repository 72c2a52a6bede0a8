"""Optimizers that go by the signs of gradients: Rprop and Lion."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from nn.optim.optimizer import Array, Group, Optimizer, State, average, check_betas, check_option, count_step, zeros


class Rprop(Optimizer):
    """Resilient backpropagation: every element has its own step size, which only the gradient's sign changes.

    With gradient g (its negative if `maximize`), in each step, for every element:

        step_size = step_size * (etas[1] if g * previous > 0, etas[0] if < 0, else 1), clipped to `step_sizes`
        g = 0 if g * previous < 0
        p = p - sign(g) * step_size
        previous = g

    Source: Riedmiller and Braun, A direct adaptive method for faster backpropagation learning: the RPROP algorithm
    (1993), without going back; that is iRprop- of Igel and Huesken (2000).

    Args:
        params: parameters, pairs (name, parameter), or parameter groups.
        lr: the first step size.
        etas: the factors by which step sizes fall and grow.
        step_sizes: the smallest and the largest.
        maximize: go up instead of down.

    Raises:
        TypeError, ValueError: for parameters that are none, or options out of their ranges.

    >>> import nn
    >>> p = nn.Parameter([1.0])
    >>> optimizer = Rprop([p], lr=0.1)
    >>> (p * 2).backward()
    >>> optimizer.step()
    >>> round(p.item(), 3)
    0.9
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-2, etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50), *, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, {"lr": lr, "etas": etas, "step_sizes": step_sizes, "maximize": maximize})

    def check(self, group: Group) -> None:
        """Raise a ValueError when an option is out of its range."""
        check_option(group, "lr")
        if len(group["etas"]) != 2 or not 0 < group["etas"][0] < 1 < group["etas"][1]:
            raise ValueError(f"etas must be one number in (0, 1) and one above 1, not {group['etas']!r}")
        if len(group["step_sizes"]) != 2 or not 0 <= group["step_sizes"][0] <= group["step_sizes"][1]:
            raise ValueError(f"step_sizes must be the smallest and the largest, not {group['step_sizes']!r}")

    def update(self, p: Array, g: Array, state: State, group: Group) -> None:
        """Take one step, as the formula of the class says."""
        count_step(state)
        previous = zeros(state, "prev", p)
        if "step_size" not in state:
            state["step_size"] = np.full_like(p, group["lr"])
        step_size, (shrink, grow) = state["step_size"], group["etas"]
        scratch = np.multiply(g, previous)
        turned = scratch < 0
        np.multiply(step_size, grow, out=step_size, where=scratch > 0)
        np.multiply(step_size, shrink, out=step_size, where=turned)
        np.clip(step_size, *group["step_sizes"], out=step_size)
        np.copyto(previous, g)
        previous[turned] = 0
        np.sign(previous, out=scratch)
        scratch *= step_size
        p -= scratch


class Lion(Optimizer):
    """Lion: steps of one size, in the direction of the sign of the momentum. PyTorch has it not.

    With gradient g (its negative if `maximize`), in each step, m starting from 0:

        p = p - lr * (sign(beta1 * m + (1 - beta1) * g) + weight_decay * p)
        m = beta2 * m + (1 - beta2) * g

    Source: Chen et al., Symbolic discovery of optimization algorithms (2023), algorithm 2.

    Args:
        params: parameters, pairs (name, parameter), or parameter groups.
        lr: the learning rate; the authors advise a third to a tenth of Adam's.
        betas: how much m counts in the step, and how much of it lasts until the next.
        weight_decay: by how much, times lr, the parameters shrink in each step.
        maximize: go up instead of down.

    Raises:
        TypeError, ValueError: for parameters that are none, or options out of their ranges.

    >>> import nn
    >>> p = nn.Parameter([1.0])
    >>> optimizer = Lion([p], lr=0.1)
    >>> (p * 2).backward()
    >>> optimizer.step()
    >>> round(p.item(), 3)
    0.9
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-4, betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay, "maximize": maximize})

    def check(self, group: Group) -> None:
        """Raise a ValueError when an option is out of its range."""
        for name in ("lr", "weight_decay"):
            check_option(group, name)
        check_betas(group)

    def update(self, p: Array, g: Array, state: State, group: Group) -> None:
        """Take one step, as the formula of the class says."""
        m, (beta1, beta2), lr = zeros(state, "exp_avg", p), group["betas"], group["lr"]
        direction = np.multiply(m, beta1)
        scratch = np.multiply(g, 1 - beta1)
        direction += scratch
        np.sign(direction, out=direction)
        direction *= lr
        if group["weight_decay"]:
            p *= 1 - lr * group["weight_decay"]
        p -= direction
        average(m, g, beta2, scratch)

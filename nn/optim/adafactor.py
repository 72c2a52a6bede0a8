"""Adafactor."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd import Tensor
from nn.optim.optimizer import (
    Array,
    Group,
    Optimizer,
    State,
    average,
    check_number,
    check_option,
    count_step,
    zeros,
)


class Adafactor(Optimizer):
    """Adafactor: like Adam without momentum, keeping of the mean square of a matrix only its rows' and columns' means.

    With gradient g (its negative if `maximize`), in step t = 1, 2, ..., rms the root of the mean square of an array:

        b = 1 - t**beta2_decay
        p = p - lr * weight_decay * p
        r = b * r + (1 - b) * mean(g**2, last axis), c the same over the second last axis
        v = r @ c / max(mean(r), eps[0]); of fewer than two axes v = b * v + (1 - b) * g**2
        u = g / max(sqrt(v), eps[0])
        p = p - max(eps[1], rms(p)) * min(lr, 1 / sqrt(t)) * u / max(1, rms(u) / d)

    Source: Shazeer and Stern, Adafactor: adaptive learning rates with sublinear memory cost (2018), algorithm 4; lr,
    weight decay and the place of eps[0] as in PyTorch.

    Args:
        params: real parameters, pairs (name, parameter), or parameter groups.
        lr: the largest relative step size.
        beta2_decay: the power by which 1 - b falls, at most 0.
        eps: keeps divisors from 0, None for the precision of the dtype; the least scale of a parameter.
        d: the largest root mean square of u.
        weight_decay: by how much, times lr, the parameters shrink in each step.
        maximize: go up instead of down.

    Raises:
        TypeError, ValueError: for parameters that are none, or options out of their ranges.

    >>> import nn
    >>> p = nn.Parameter([1.0])
    >>> optimizer = Adafactor([p], lr=0.1)
    >>> (p * 2).backward()
    >>> optimizer.step()
    >>> round(p.item(), 3)
    0.9
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-2, beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3), d: float = 1.0, weight_decay: float = 0.0, *,
        maximize: bool = False,
    ) -> None:  # fmt: skip
        options = {
            "lr": lr, "beta2_decay": beta2_decay, "eps": eps, "d": d, "weight_decay": weight_decay,
            "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, options)

    def check(self, group: Group) -> None:
        """Raise a ValueError when an option is out of its range."""
        for name in ("lr", "weight_decay"):
            check_option(group, name)
        check_option(group, "d", 1.0)
        check_option(group, "beta2_decay", -float("inf"), most=0.0)
        for i, eps in enumerate(group["eps"]):
            if eps is not None or i:
                check_number(f"eps[{i}]", eps)

    def _change(self, p: Tensor, options: Group) -> None:
        if p.dtype.kind == "c":
            raise TypeError("Adafactor has no formula for complex parameters")
        super()._change(p, options)

    def update(self, p: Array, g: Array, state: State, group: Group) -> None:
        """Take one step, as the formula of the class says."""
        t = count_step(state)
        if not p.size:
            return
        least, least_scale = group["eps"]
        least = float(np.finfo(p.dtype).eps) if least is None else least
        scale = max(least_scale, _root_mean_square(p)) * min(group["lr"], 1 / math.sqrt(t))
        if group["weight_decay"]:
            p *= 1 - group["lr"] * group["weight_decay"]
        u = _mean_square(g, state, 1 - t ** group["beta2_decay"], least)
        np.maximum(u, least * least, out=u)
        np.sqrt(u, out=u)
        np.divide(g, u, out=u)
        u *= scale / max(1.0, _root_mean_square(u) / group["d"])
        p -= u

    def shape_of(self, name: str, p: Tensor) -> tuple[int, ...]:
        """Return the shape of an array of the state."""
        axis = {"row_var": -1, "col_var": -2}.get(name)
        if axis is None or p.ndim < 2:
            return p.shape
        return tuple(1 if i == p.ndim + axis else size for i, size in enumerate(p.shape))


def _root_mean_square(x: Array) -> float:
    return math.sqrt(float(np.vdot(x, x)) / max(x.size, 1))


def _mean_square(g: Array, state: State, beta: float, least: float) -> Array:
    """Take the gradient (..., R, C) or (N,) into its mean square; return that, in memory of its own."""
    square = np.multiply(g, g)
    if g.ndim < 2:
        v = zeros(state, "variance", g)
        average(v, square, beta, square)
        return v.copy()
    for name, axis in (("row_var", -1), ("col_var", -2)):
        mean = square.mean(axis, keepdims=True)
        average(zeros(state, name, mean), mean, beta)
    rows, columns = state["row_var"], state["col_var"]  # (..., R, 1), (..., 1, C)
    np.multiply(rows, columns / np.maximum(rows.mean(-2, keepdims=True), least), out=square)
    return square

"""Stochastic gradient descent, with momentum or with averaging."""

from __future__ import annotations

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
    check_option,
    count_step,
    decayed,
    scalar,
    zeros,
)


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum, Nesterov momentum and weight decay.

    With gradient g (its negative if `maximize`), in each step:

        g = g + weight_decay * p
        b = momentum * b + (1 - dampening) * g, at first b = g
        p = p - lr * (g + momentum * b if nesterov else b)

    With `exponential_average`, b is the exponential moving average of the gradients, started from 0:

        b = momentum * b + (1 - momentum) * g
        p = p - lr * ((1 - momentum) * g + momentum * b if nesterov else b)

    Sources: Sutskever et al., On the importance of initialization and momentum in deep learning (2013); the learning
    rate multiplies b when it is used, as in PyTorch, not when it is collected. The average: Kingma and Ba, Adam
    (2015), algorithm 1, its first moment without the correction of its bias.

    Args:
        params: parameters, pairs (name, parameter), or parameter groups.
        lr: the learning rate.
        momentum: how much of b lasts until the next step.
        dampening: how much of g is kept out of b.
        weight_decay: the L2 penalty.
        nesterov: look ahead; needs a momentum, and no dampening.
        maximize: go up instead of down.
        exponential_average: let b be an average; needs a momentum below 1, and no dampening. PyTorch has no such
            option: it is in the groups only where it is on.

    Raises:
        TypeError, ValueError: for parameters that are none, or options out of their ranges.

    >>> import nn
    >>> p = nn.Parameter([1.0])
    >>> optimizer = SGD([p], lr=0.1)
    >>> (p * 2).backward()
    >>> optimizer.step()
    >>> p
    Parameter([0.8], requires_grad=True)
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, momentum: float = 0, dampening: float = 0,
        weight_decay: float = 0, nesterov: bool = False, *, maximize: bool = False, exponential_average: bool = False,
    ) -> None:  # fmt: skip
        options = {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay, "nesterov": nesterov,
            "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, options | ({"exponential_average": True} if exponential_average else {}))

    def check(self, group: Group) -> None:
        """Raise a ValueError when an option is out of its range."""
        for name in ("lr", "momentum", "weight_decay"):
            check_option(group, name)
        check_option(group, "dampening", -float("inf"))
        if group["nesterov"] and (group["momentum"] == 0 or group["dampening"] != 0):
            raise ValueError(
                "nesterov=True needs a momentum above 0 and dampening=0, not "
                f"momentum={group['momentum']} and dampening={group['dampening']}"
            )
        if group.get("exponential_average") and not (group["momentum"] < 1 and group["dampening"] == 0):
            raise ValueError(
                "exponential_average=True needs a momentum below 1 and dampening=0, not "
                f"momentum={group['momentum']} and dampening={group['dampening']}"
            )

    def update(self, p: Array, g: Array, state: State, group: Group) -> None:
        """Take one step, as the formula of the class says."""
        g = decayed(g, p, group["weight_decay"])
        if group["momentum"]:
            g = self._with_momentum(g, state, group)
        p -= group["lr"] * g

    def update_together(self, arrays: Arrays, options: Group) -> bool:
        """Take a step for all parameters at once, where a compiled kernel can."""
        momentum, averages = options["momentum"], options.get("exponential_average")
        if not arrays.prepared(*[arrays.of_state("momentum_buffer")] if momentum else []):
            return False
        portion = 1 - (momentum if averages else options["dampening"])
        numbers = [options[name] for name in ("weight_decay", "nesterov", "maximize")]
        autograd.kernels.updating.sgd(arrays.table, options["lr"], momentum, portion, *numbers)
        return True

    def _with_momentum(self, g: Array, state: State, group: Group) -> Array:
        momentum, averages = group["momentum"], group.get("exponential_average")
        share = 1 - (momentum if averages else group["dampening"])
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = share * g if averages else g.copy()
        else:
            state["momentum_buffer"] *= momentum
            state["momentum_buffer"] += g if share == 1 else share * g
        if not group["nesterov"]:
            return state["momentum_buffer"]
        ahead: Array = momentum * state["momentum_buffer"]
        ahead += g if share == 1 else share * g
        return ahead


class ASGD(Optimizer):
    """Averaged stochastic gradient descent: the mean of the parameters over the last steps is kept beside them.

    With gradient g (its negative if `maximize`), in step t = 1, 2, ..., from eta = lr and mu = 1:

        g = g + weight_decay * p
        p = (1 - lambd * eta) * p - eta * g
        ax = ax + mu * (p - ax)
        eta = lr / (1 + lambd * lr * t)**alpha
        mu = 1 / max(1, t - t0)

    The average is `optimizer.state[p]["ax"]`.

    Source: Polyak and Juditsky, Acceleration of stochastic approximation by averaging (1992); the schedule of eta:
    Bottou, Large-scale machine learning with stochastic gradient descent (2010).

    Args:
        params: parameters, pairs (name, parameter), or parameter groups.
        lr: the learning rate.
        lambd: the decay term.
        alpha: the power by which eta falls.
        t0: the step from which parameters are averaged.
        weight_decay: the L2 penalty.
        maximize: go up instead of down.

    Raises:
        TypeError, ValueError: for parameters that are none, or options out of their ranges.

    >>> import nn
    >>> p = nn.Parameter([1.0])
    >>> optimizer = ASGD([p], lr=0.1)
    >>> (p * 2).backward()
    >>> optimizer.step()
    >>> round(p.item(), 4)
    0.8
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-2, lambd: float = 1e-4, alpha: float = 0.75, t0: float = 1e6,
        weight_decay: float = 0, maximize: bool = False,
    ) -> None:  # fmt: skip
        options = {
            "lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay, "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, options)

    def check(self, group: Group) -> None:
        """Raise a ValueError when an option is out of its range."""
        for name in ("lr", "lambd", "alpha", "t0", "weight_decay"):
            check_option(group, name)

    def update(self, p: Array, g: Array, state: State, group: Group) -> None:
        """Take one step, as the formula of the class says."""
        lr, lambd = group["lr"], group["lambd"]
        t = count_step(state)
        eta, mu = state.setdefault("eta", scalar(lr)), state.setdefault("mu", scalar(1))
        ax = zeros(state, "ax", p)
        g = decayed(g, p, group["weight_decay"])
        p *= 1 - lambd * eta.item()
        p -= eta.item() * g
        if mu.item() == 1:
            np.copyto(ax, p)
        else:
            ax += mu.item() * (p - ax)
        eta[...] = lr / (1 + lambd * lr * t) ** group["alpha"]
        mu[...] = 1 / max(1, t - group["t0"])

"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autograd import Tensor
from nn.optim.optimizer import Group, Optimizer, check_option


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum, Nesterov momentum and weight decay.

    With gradient g (its negative if `maximize`), in each step:

        g = g + weight_decay * p
        b = momentum * b + (1 - dampening) * g, at first b = g
        p = p - lr * (g + momentum * b if nesterov else b)

    Source: Sutskever et al., On the importance of initialization and momentum in deep learning (2013); the learning
    rate multiplies b when it is used, as in PyTorch, not when it is collected.

    Args:
        params: parameters, pairs (name, parameter), or parameter groups.
        lr: the learning rate.
        momentum: how much of b lasts until the next step.
        dampening: how much of g is kept out of b.
        weight_decay: the L2 penalty.
        nesterov: look ahead; needs a momentum, and no dampening.
        maximize: go up instead of down.

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
        weight_decay: float = 0, nesterov: bool = False, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        options = {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay, "nesterov": nesterov,
            "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, options)

    def check(self, group: Group) -> None:
        """Raise a ValueError when an option is out of its range."""
        for name in ("lr", "momentum", "weight_decay"):
            check_option(group, name)
        if group["nesterov"] and (group["momentum"] == 0 or group["dampening"] != 0):
            raise ValueError(
                "nesterov=True needs a momentum above 0 and dampening=0, not "
                f"momentum={group['momentum']} and dampening={group['dampening']}"
            )

    def update(self, p: Tensor, g: Tensor, state: dict[str, Any], group: Group) -> None:
        """Take one step, as the formula of the class says."""
        momentum = group["momentum"]
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p
        if momentum:
            b = state.get("momentum_buffer")
            b = state["momentum_buffer"] = +g if b is None else momentum * b + (1 - group["dampening"]) * g
            g = g + momentum * b if group["nesterov"] else b
        p -= group["lr"] * g

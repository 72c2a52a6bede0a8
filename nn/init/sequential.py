"""Initial weights that fit the data that goes through them."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from nn.init.drawing import Generator
from nn.init.structured import orthogonal_
from nn.module import Module, Parameter


def lsuv_(
    module: Module, input: Any, tol: float = 0.1, max_iter: int = 10, orthogonal: bool = True,
    generator: Generator | None = None,
) -> Module:  # fmt: skip
    """Give the outputs of all layers unit variance on some data, one layer after the other; return the module.

    Each layer with a `weight` (out, in, ...) starts orthogonal, and is divided by the standard deviation of its output
    until that output's variance is 1 (Mishkin and Matas, All you need is a good init, 2016, algorithm 1).

    Args:
        module: the network; it runs in evaluation, and is as before afterwards, except for weights.
        input: a batch of data for it, or a tuple of arguments.
        tol: how far the variance may be from 1.
        max_iter: the most divisions for each layer.
        orthogonal: whether to make the weights orthogonal first, or to start from what they are.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: when the output of a layer is constant, or not finite.

    >>> import nn
    >>> net = nn.Sequential(nn.Linear(20, 50), nn.ReLU(), nn.Linear(50, 10))
    >>> x = np.random.default_rng(0).normal(size=(100, 20))
    >>> bool(0.9 <= lsuv_(net, x)(x).data.var() <= 1.1)
    True
    """
    args = input if isinstance(input, tuple) else (input,)
    weights = {layer: weight for layer in module.modules() if (weight := _weight(layer)) is not None}
    if orthogonal:
        for weight in weights.values():
            orthogonal_(weight, generator=generator)
    states = [(inner, inner.training) for inner in module.modules()]
    module.eval()
    try:
        for layer in _in_order_of_calls(module, list(weights), args):
            _to_unit_variance(module, layer, weights[layer], args, tol, max_iter)
    finally:
        for inner, training in states:
            inner.training = training
    return module


def _weight(layer: Module) -> Parameter | None:
    """Return what scales the output of a layer: its `weight`, if that is a matrix or filters."""
    weight = vars(layer).get("weight")
    return weight if isinstance(weight, Parameter) and weight.ndim >= 2 else None


def _outputs(module: Module, layers: list[Module], args: tuple[Any, ...]) -> list[tuple[Module, Any]]:
    """Run the network; return the layers in the order of their calls, with what they return."""
    calls: list[tuple[Module, Any]] = []
    handles = [layer.register_forward_hook(lambda layer, _, output: calls.append((layer, output))) for layer in layers]
    try:
        with autograd.no_grad():
            module(*args)
    finally:
        for handle in handles:
            handle.remove()
    return calls


def _in_order_of_calls(module: Module, layers: list[Module], args: tuple[Any, ...]) -> list[Module]:
    return list(dict.fromkeys(layer for layer, _ in _outputs(module, layers, args)))


def _to_unit_variance(
    module: Module, layer: Module, weight: Parameter, args: tuple[Any, ...], tol: float, max_iter: int
) -> None:
    for _ in range(max_iter):
        variance = float(np.var(np.asarray(_outputs(module, [layer], args)[0][1].detach()), dtype=np.float64))
        if not np.isfinite(variance) or variance == 0:
            raise ValueError(f"lsuv_: the output of {layer!r} has the variance {variance}: it cannot be made 1")
        if abs(variance - 1) < tol:
            return
        with autograd.no_grad():
            weight[...] = weight / float(np.sqrt(variance))

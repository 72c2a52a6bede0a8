"""Losses of what a network sees in its input."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import autograd
from autograd import Tensor
from nn import functional as F
from nn.module import Module


class PerceptualLoss(Module):
    """How much the features differ that a trained network finds in input and target, instead of their pixels.

    It is sum(weights[i] * criterion(features_i(input), features_i(target))) over the chosen layers (Johnson, Alahi and
    Fei-Fei, Perceptual losses for real-time style transfer and super-resolution, 2016, section 3.2).

    The network is a part of this module, so that it is saved and converted with it, but it is put into evaluation and
    its parameters are frozen: only the input is to be trained.

    Args:
        network: what sees: a module that takes input like `input`.
        layers: the dotted names of the modules in it whose outputs are compared; "" is the network's own.
        weights: a factor for each layer, by default 1.
        criterion: the loss of two feature maps.

    Shapes:
        input and target of the shape that the network takes; output that of the criterion, usually ().

    Raises:
        ValueError: when there are no layers, or as many weights.
        AttributeError: when the network has no module of a name.
        RuntimeError: when the network did not call one of the layers.

    >>> import nn
    >>> network = nn.Sequential(nn.Flatten(), nn.ReLU())
    >>> PerceptualLoss(network, ["0", "1"])(Tensor([[1.0, -1.0]]), Tensor([[1.0, -3.0]]))
    Tensor(2.)
    """

    network: Module
    layers: list[str]
    weights: list[float]
    criterion: Callable[[Any, Any], Tensor]

    def __init__(
        self, network: Module, layers: Sequence[str], weights: Sequence[float] | None = None,
        criterion: Callable[[Any, Any], Tensor] = F.mse_loss,
    ) -> None:  # fmt: skip
        self.layers = list(layers)
        self.weights = [1.0] * len(self.layers) if weights is None else list(weights)
        if not self.layers or len(self.weights) != len(self.layers):
            raise ValueError(f"PerceptualLoss needs layers, and a weight for each: {self.layers}, {self.weights}")
        for name in self.layers:
            network.get_submodule(name)  # raises if there is none
        self.network = network.eval().requires_grad_(False)
        self.criterion = criterion

    def train(self, mode: bool = True) -> PerceptualLoss:
        """Set `training`; the network stays in evaluation. Return self."""
        super().train(mode)
        self.network.eval()
        return self

    def forward(self, input: Any, target: Any) -> Tensor:
        """Return the loss."""
        found = self._features(input)
        with autograd.no_grad():
            wanted = self._features(target)
        losses = [weight * self.criterion(x, y) for weight, x, y in zip(self.weights, found, wanted, strict=True)]
        return sum(losses[1:], losses[0])

    def _features(self, x: Any) -> list[Tensor]:
        """Return the outputs of the layers."""
        outputs: dict[str, Tensor] = {}

        def keeper(name: str) -> Callable[[Any, Any, Any], None]:
            def keep(module: Any, args: Any, output: Any) -> None:
                outputs[name] = output

            return keep

        handles = [self.network.get_submodule(name).register_forward_hook(keeper(name)) for name in self.layers]
        try:
            self.network(x)
        finally:
            for handle in handles:
                handle.remove()
        if missing := [name for name in self.layers if name not in outputs]:
            raise RuntimeError(f"PerceptualLoss: the network did not call its layers {missing}")
        return [outputs[name] for name in self.layers]

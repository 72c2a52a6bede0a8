"""Running a network to look at it: in eval mode, without leaving gradients behind, with the outputs of its layers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from nn.module import Module

Array = np.ndarray[Any, Any]


@contextlib.contextmanager
def looked_at(model: Module) -> Iterator[None]:
    """Have a model in eval mode, with its parameters as constants; afterwards it is as it was."""
    modes = [(module, module.training) for module in model.modules()]
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    model.eval()
    model.requires_grad_(False)
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training
        for parameter in trained:
            parameter.requires_grad_()


def find_layer(model: Module, layer: str | Module) -> Module:
    """Return a layer of a model by its dotted name, or the layer itself.

    Raises:
        ValueError: when there is no such layer in the model; names those that there are.
    """
    modules = dict(model.named_modules())
    if isinstance(layer, Module):
        if layer not in modules.values():
            raise ValueError(f"the model has no such layer as {layer!r:.60}")
        return layer
    if layer not in modules:
        names = ", ".join(repr(name) for name in modules if name)
        raise ValueError(f"the model has no layer {layer!r}, only {names}")
    return modules[layer]


def outputs_of(model: Module, layers: dict[str, Module], x: Any) -> tuple[Any, dict[str, Tensor]]:
    """Return what a model gives for x, and the last output of each layer that gave a Tensor."""
    found: dict[str, Tensor] = {}

    def noting(name: str) -> Callable[..., None]:
        def note(_: Module, args: Any, output: Any) -> None:
            if isinstance(output, Tensor):
                found[name] = output

        return note

    with contextlib.ExitStack() as stack:
        for name, module in layers.items():
            stack.enter_context(module.register_forward_hook(noting(name)))
        result = model(x)
    return result, {name: found[name] for name in layers if name in found}


def scores_of(model: Module, images: Any) -> Array:
    """Return what a classifier gives for images (N, ...): scores (N, C).

    Raises:
        ValueError: when it gives another shape.
    """
    with looked_at(model), autograd.no_grad():
        scores = model(Tensor(images))
    if not isinstance(scores, Tensor) or scores.ndim != 2:
        shape = getattr(scores, "shape", type(scores).__name__)
        raise ValueError(f"a classifier gives scores (N, C), this model gives {shape}")
    return scores.data


def chosen_classes(model: Module, images: Array, targets: Any) -> Array:
    """Return the classes (N,) that are asked for: `targets`, one for each image or one for all, or the best scored."""
    if targets is None:
        found: Array = scores_of(model, images).argmax(axis=1)
        return found
    return np.broadcast_to(np.asarray(targets, np.int64), (len(images),))


def total_score(scores: Tensor, targets: Array) -> Tensor:
    """Return the sum over all images of the score of the class asked for."""
    return scores[np.arange(len(targets)), targets].sum()

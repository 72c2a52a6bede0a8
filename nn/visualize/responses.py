"""Activation maximisation: images that a unit of a network responds to most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from nn.module import Module, check_size
from nn.visualize.models import find_layer, looked_at, outputs_of
from nn.visualize.pictures import as_picture, panels

Array = np.ndarray[Any, Any]


def maximize_activation(
    model: Module, layer: str | Module, unit: int, shape: Sequence[int], *, steps: int = 100, lr: float = 0.1,
    decay: float = 0.02, smooth: float = 0.3, generator: np.random.Generator | None = None,
) -> Array:  # fmt: skip
    """Return an image that makes a unit respond strongly, found by gradient ascent from noise.

    Each step goes `lr` along the gradient divided by its root mean square, then the image decays, and is mixed with its
    mean over neighbouring pixels, which keeps down high frequencies.

    Sources: Erhan et al., Visualizing higher-layer features of a deep network (2009), for the ascent; Yosinski et al.,
    Understanding neural networks through deep visualization (2015), for decay and smoothing.

    Args:
        model: the network.
        layer: the dotted name of the layer, or the layer.
        unit: a channel of its output (N, K, P, Q), or a feature of (N, K).
        shape: of the image, (C, H, W).
        steps: how many.
        lr: how far each step goes.
        decay: the part of the image that is taken away in each step.
        smooth: the part of each pixel that comes from its neighbours in each step.
        generator: where the noise comes from; the default one.

    Returns:
        The image (C, H, W), in the dtype of the model's parameters.

    Raises:
        ValueError: for a layer or a unit that there is not, or another shape.

    >>> import nn
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    >>> model[1].weight.data[:] = [[1, -1, 1, -1], [0, 0, 0, 0]]
    >>> image = maximize_activation(model, "1", 0, (1, 2, 2), smooth=0.0, generator=np.random.default_rng(0))
    >>> (image > 0).tolist()
    [[[True, False], [True, False]]]
    """
    module = find_layer(model, layer)
    if len(shape) != 3:
        raise ValueError(f"the shape of an image is (C, H, W), not {tuple(shape)}")
    dtype = next((p.dtype for p in model.parameters()), np.dtype(np.float32))
    image = (generator or autograd.default_generator()).normal(0, 0.1, size=(1, *shape)).astype(dtype)

    def response(x: Tensor) -> Tensor:
        _, found = outputs_of(model, {"layer": module}, x)
        if "layer" not in found:
            raise ValueError(f"the layer {layer!r:.60} gave no Tensor when the model ran")
        output = found["layer"]
        if not 0 <= unit < (output.shape[1] if output.ndim > 1 else 0):
            raise ValueError(f"the layer's output has shape {output.shape}, in which there is no unit {unit}")
        return output[:, unit].mean()

    with looked_at(model):
        slope = autograd.grad(response)
        for _ in range(check_size(steps, "steps")):
            g = slope(image)
            image = image + lr * g / (np.sqrt(np.mean(np.square(g))) + 1e-12)
            image = (1 - decay) * ((1 - smooth) * image + smooth * _neighbours(image))
    return image[0].astype(dtype)  # type: ignore[no-any-return]


def _neighbours(image: Array) -> Array:
    """Return the mean over the four pixels next to each, edges repeated; image is (1, C, H, W)."""
    wide = np.pad(image, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="edge")
    mean: Array = (wide[..., :-2, 1:-1] + wide[..., 2:, 1:-1] + wide[..., 1:-1, :-2] + wide[..., 1:-1, 2:]) / 4
    return mean


def plot_responses(
    model: Module, layer: str | Module, shape: Sequence[int], units: Sequence[int] | None = None, **options: Any
) -> Any:
    """Return a matplotlib figure of the images that units of a layer respond to most.

    Args:
        model: the network.
        layer: the dotted name of the layer, or the layer.
        shape: of the images, (C, H, W).
        units: which; by default the first eight, or fewer.
        **options: those of `maximize_activation`.

    Raises:
        ValueError: as `maximize_activation`.
        ImportError: when matplotlib is not installed (extra `plot`).

    >>> import nn
    >>> figure = plot_responses(nn.Sequential(nn.Conv2d(1, 3, 3)), "0", (1, 6, 6), steps=2)
    >>> [axes.get_title() for axes in figure.axes if axes.images]
    ['unit 0', 'unit 1', 'unit 2']
    """
    wanted = range(min(8, _count(model, layer, shape))) if units is None else units
    images = [maximize_activation(model, layer, unit, shape, **options) for unit in wanted]
    figure, places = panels(len(images))
    for axes, unit, image in zip(places, wanted, images, strict=False):
        axes.imshow(as_picture(image), cmap="gray")
        axes.set_title(f"unit {unit}", fontsize="small")
    figure.suptitle(f"what layer {layer!r} responds to" if isinstance(layer, str) else "what the layer responds to")
    return figure


def _count(model: Module, layer: str | Module, shape: Sequence[int]) -> int:
    """Return how many units a layer has."""
    with looked_at(model), autograd.no_grad():
        _, found = outputs_of(model, {"layer": find_layer(model, layer)}, Tensor(np.zeros((1, *shape), np.float32)))
    if "layer" not in found or found["layer"].ndim < 2:
        raise ValueError(f"the layer {layer!r:.60} gives no units (N, K, ...)")
    return found["layer"].shape[1]

"""Feature maps: what each layer of a network makes of an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from nn.module import Module, check_size
from nn.train.plots import new_figure
from nn.visualize.models import find_layer, looked_at, outputs_of
from nn.visualize.pictures import check_images

Array = np.ndarray[Any, Any]


def feature_maps(model: Module, images: Any, layers: Sequence[str] | None = None) -> dict[str, Array]:
    """Return what layers of a network give for images; the network is in eval mode meanwhile.

    Source: Zeiler and Fergus, Visualizing and understanding convolutional networks (2014).

    Args:
        model: the network.
        images: (N, C, H, W) or (C, H, W).
        layers: dotted names; by default all modules without others inside whose output has the shape of images.

    Returns:
        The output (N, K, P, Q) of each layer, in the order in which they stand in the model; of a layer that is called
        several times the last one.

    Raises:
        ValueError: for images of another shape, or a layer that there is not.

    >>> import nn
    >>> model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten())
    >>> {name: maps.shape for name, maps in feature_maps(model, np.zeros((1, 8, 8))).items()}
    {'0': (1, 4, 6, 6), '1': (1, 4, 6, 6)}
    """
    inner = {name: module for name, module in model.named_modules() if next(module.children(), None) is None}
    wanted = inner if layers is None else {name: find_layer(model, name) for name in layers}
    with looked_at(model), autograd.no_grad():
        _, found = outputs_of(model, wanted, Tensor(check_images(images)))
    return {name: maps.data for name, maps in found.items() if layers is not None or maps.ndim == 4}


def plot_feature_maps(model: Module, image: Any, layers: Sequence[str] | None = None, most: int = 12) -> Any:
    """Return a matplotlib figure with a row for each layer and a column for each channel, for one image.

    Each map is scaled to its own range: dark is low, bright is high.

    Args:
        model: the network.
        image: (C, H, W), or (1, C, H, W).
        layers: dotted names; by default all modules without others inside whose output has the shape of images.
        most: how many channels of each layer are shown, the first ones.

    Raises:
        ValueError: for an image of another shape, or when there is no layer to show.
        ImportError: when matplotlib is not installed (extra `plot`).

    >>> import nn
    >>> figure = plot_feature_maps(nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU()), np.ones((1, 8, 8)))
    >>> sum(bool(axes.images) for axes in figure.axes)
    8
    """
    images = check_images(image)
    if len(images) != 1:
        raise ValueError(f"feature maps are shown for one image (C, H, W); got {len(images)}")
    found = {name: maps for name, maps in feature_maps(model, images, layers).items() if maps.ndim == 4}
    if not found:
        raise ValueError("no layer of the model gives feature maps (N, K, P, Q) for this image")
    columns = min(check_size(most, "most"), max(maps.shape[1] for maps in found.values()))
    figure = new_figure(columns * 0.9 + 1.2, len(found) * 0.95 + 0.3)
    rows = figure.subplots(len(found), columns, squeeze=False)
    for places, (name, maps) in zip(rows, found.items(), strict=True):
        for axes in places:
            axes.set(xticks=[], yticks=[])
            axes.set_visible(False)
        for axes, picture in zip(places, maps[0], strict=False):
            axes.set_visible(True)
            axes.imshow(picture, cmap="viridis")
        kind = type(find_layer(model, name)).__name__
        label = f"{name}: {kind}\n{maps.shape[1]} x {maps.shape[2]} x {maps.shape[3]}"
        places[0].set_ylabel(label, rotation=0, ha="right", va="center", fontsize="small")
    return figure

"""What in an image a classifier's decision rests on: saliency, Grad-CAM, occlusion."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from nn.functional.resampling import interpolate
from nn.module import Module, check_size
from nn.visualize.models import chosen_classes, find_layer, looked_at, outputs_of, scores_of, total_score
from nn.visualize.pictures import as_array, as_picture, check_images, panels

Array = np.ndarray[Any, Any]


def saliency(model: Module, images: Any, targets: Any = None) -> Array:
    """Return how much the score of a class changes with each pixel: |gradient|, the largest over the channels.

    Source: Simonyan, Vedaldi and Zisserman, Deep inside convolutional networks (2014), section 3.

    Args:
        model: a classifier that gives scores (N, C); looked at in eval mode.
        images: (N, C, H, W) or (C, H, W).
        targets: the classes asked for, (N,) or one for all; by default those with the highest scores.

    Returns:
        (N, H, W), not below 0.

    Raises:
        ValueError: for other shapes.

    >>> import nn
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    >>> model[1].weight.data[:] = [[1, -2, 0, 3], [0, 0, 0, 0]]
    >>> saliency(model, np.zeros((1, 2, 2), np.float32), targets=0)
    array([[[1., 2.],
            [0., 3.]]], dtype=float32)
    """
    x = check_images(images)
    classes = chosen_classes(model, x, targets)
    with looked_at(model):
        gradient = autograd.grad(lambda pixels: total_score(model(pixels), classes))(x)
    return np.abs(gradient).max(axis=1)  # type: ignore[no-any-return]


def grad_cam(model: Module, images: Any, layer: str | Module, targets: Any = None) -> Array:
    """Return where a convolutional layer sees what speaks for a class.

    The layer's maps are weighted with the mean gradient of the score over each map and added up; what speaks against
    the class is left out, and the result is enlarged to the size of the images.

    Source: Selvaraju et al., Grad-CAM: visual explanations from deep networks via gradient-based localization (2017),
    equations 1 and 2.

    Args:
        model: a classifier that gives scores (N, C); looked at in eval mode.
        images: (N, C, H, W) or (C, H, W).
        layer: the dotted name of a layer that gives maps (N, K, P, Q), or the layer; usually the last convolution.
        targets: the classes asked for, (N,) or one for all; by default those with the highest scores.

    Returns:
        (N, H, W), for each image from 0 to 1, or 0 throughout where nothing speaks for the class.

    Raises:
        ValueError: for other shapes, or a layer that there is not or that gives no maps.

    >>> import nn
    >>> model = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(32, 3))
    >>> grad_cam(model, np.ones((5, 1, 4, 4), np.float32), "0").shape
    (5, 4, 4)
    """
    x = check_images(images)
    module, classes = find_layer(model, layer), chosen_classes(model, x, targets)
    with looked_at(model):
        with autograd.no_grad():
            maps = outputs_of(model, {"layer": module}, Tensor(x))[1].get("layer")
        if maps is None or maps.ndim != 4:
            raise ValueError(f"the layer {layer!r:.60} must give maps (N, K, P, Q), not {getattr(maps, 'shape', None)}")

        def score(change: Tensor) -> Tensor:  # of the maps
            with module.register_forward_hook(lambda _, args, output: output + change):
                return total_score(model(Tensor(x)), classes)

        gradient = autograd.grad(score)(np.zeros_like(maps.data))  # (N, K, P, Q)
    weights = gradient.mean(axis=(2, 3), keepdims=True)
    seen = np.maximum((weights * maps.data).sum(axis=1, keepdims=True), 0)  # (N, 1, P, Q)
    seen = as_array(interpolate(seen, size=x.shape[2:], mode="bilinear"))[:, 0]
    largest = seen.max(axis=(1, 2), keepdims=True)
    return seen / np.where(largest > 0, largest, 1)  # type: ignore[no-any-return]


def occlusion(
    model: Module, images: Any, targets: Any = None, *, window: int = 4, stride: int = 2, fill: float | None = None
) -> Array:
    """Return how much the score of a class falls when a window hides each pixel, the mean over all such windows.

    Source: Zeiler and Fergus, Visualizing and understanding convolutional networks (2014), section 4.2.

    Args:
        model: a classifier that gives scores (N, C); looked at in eval mode.
        images: (N, C, H, W) or (C, H, W).
        targets: the classes asked for, (N,) or one for all; by default those with the highest scores.
        window: the edge of the window.
        stride: how far it moves.
        fill: the value of hidden pixels; by default the mean of each image.

    Returns:
        (N, H, W); negative where the score rises when that is hidden.

    Raises:
        ValueError: for other shapes, or a window that is larger than the images.

    >>> import nn
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(4, 2, bias=False))
    >>> model[1].weight.data[:] = [[1, 0, 0, 3], [0, 0, 0, 0]]
    >>> occlusion(model, np.ones((1, 2, 2), np.float32), 0, window=1, stride=1, fill=0.0)
    array([[[1., 0.],
            [0., 3.]]])
    """
    x = check_images(images)
    edge, step = check_size(window, "window"), check_size(stride, "stride")
    if edge > min(x.shape[2:]):
        raise ValueError(f"a window of {edge} x {edge} is larger than the images, {x.shape[2]} x {x.shape[3]}")
    classes = chosen_classes(model, x, targets)
    rows = np.arange(len(x))
    hidden = x.mean(axis=(1, 2, 3))[:, None, None, None] if fill is None else fill
    whole = scores_of(model, x)[rows, classes]  # (N,)
    falls, counts = np.zeros((len(x), *x.shape[2:])), np.zeros(x.shape[2:])
    for top in _starts(x.shape[2], edge, step):
        for left in _starts(x.shape[3], edge, step):
            place = (slice(top, top + edge), slice(left, left + edge))
            covered = x.copy()
            covered[:, :, *place] = hidden
            falls[:, *place] += (whole - scores_of(model, covered)[rows, classes])[:, None, None]
            counts[place] += 1
    return falls / counts


def _starts(size: int, edge: int, step: int) -> list[int]:
    """Return where windows begin, so that they cover all."""
    starts = list(range(0, size - edge + 1, step))
    return starts if starts[-1] == size - edge else [*starts, size - edge]


def plot_heatmaps(images: Any, heatmaps: Any, titles: Sequence[str] | None = None, title: str = "") -> Any:
    """Return a matplotlib figure of images, and below each the same one under its heat map.

    Args:
        images: (N, C, H, W) or (C, H, W).
        heatmaps: (N, H, W), from `saliency`, `grad_cam` or `occlusion`. Maps with negative values get a scale around 0.
        titles: what stands above each image.
        title: what stands above all.

    Raises:
        ValueError: when the shapes do not fit.
        ImportError: when matplotlib is not installed (extra `plot`).

    >>> figure = plot_heatmaps(np.ones((2, 1, 4, 4)), np.ones((2, 4, 4)))
    >>> [len(axes.images) for axes in figure.axes]
    [1, 1, 2, 2]
    """
    pictures, heat = check_images(images), np.asarray(heatmaps)
    if heat.shape != (len(pictures), *pictures.shape[2:]):
        raise ValueError(f"images {pictures.shape} have heat maps (N, H, W), not {heat.shape}")
    figure, places = panels(2 * len(pictures), columns=len(pictures))
    for i, (image, values) in enumerate(zip(pictures, heat, strict=True)):
        above, below = places[i], places[len(pictures) + i]
        for axes in (above, below):
            axes.imshow(as_picture(image), cmap="gray")
        largest = float(np.abs(values).max()) or 1.0
        lowest, colours = (-largest, "RdBu_r") if values.min() < 0 else (0, "inferno")
        below.imshow(values, cmap=colours, vmin=lowest, vmax=largest, alpha=0.65)
        with contextlib.suppress(TypeError, IndexError):
            above.set_title((titles or [])[i], fontsize="small")
    if title:
        figure.suptitle(title)
    return figure

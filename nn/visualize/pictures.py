"""Images and grids of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import Tensor
from nn.train.plots import new_figure

Array = np.ndarray[Any, Any]


def as_array(values: Any) -> Array:
    """Return the values of a Tensor, or anything that is like an array, as floats."""
    found = np.asarray(values.detach().data if isinstance(values, Tensor) else values)
    return found if found.dtype.kind == "f" else found.astype(np.float32)


def check_images(images: Any) -> Array:
    """Return images (N, C, H, W) as an array; a single one (C, H, W) gets an axis.

    Raises:
        ValueError: for other shapes, or no images.
    """
    found = as_array(images)
    found = found[None] if found.ndim == 3 else found
    if found.ndim != 4 or not found.size:
        raise ValueError(f"images have shape (N, C, H, W) or (C, H, W) and are not empty; got {np.shape(images)}")
    return found


def as_picture(image: Array) -> Array:
    """Return an image (C, H, W) as matplotlib shows it, from 0 to 1: (H, W, 3) for three channels, otherwise (H, W).

    Of other numbers of channels the mean is shown.

    >>> as_picture(np.array([[[2.0, 4.0]]]))
    array([[0., 1.]])
    """
    low, high = float(image.min()), float(image.max())
    scaled = (image - low) / ((high - low) or 1.0)
    return np.moveaxis(scaled, 0, -1) if len(image) == 3 else scaled.mean(axis=0)


def grid(count: int) -> tuple[int, int]:
    """Return rows and columns of a grid with few empty places that is about twice as wide as high.

    >>> grid(8)
    (2, 4)
    """
    rows = min(range(1, count + 1), key=lambda r: -count % r + 2 * abs(r - math.sqrt(count / 2)))
    return rows, -(-count // rows)


def panels(count: int, size: float = 1.5, columns: int | None = None) -> tuple[Any, list[Any]]:
    """Return a figure with so many panels without axes, and these.

    Args:
        count: how many panels.
        size: the edge of each in inches.
        columns: how many stand in a row; by default as `grid` has it.
    """
    rows, columns = grid(count) if columns is None else (-(-count // columns), columns)
    figure = new_figure(columns * size + 0.4, rows * size + 0.6)
    found = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes in found:
        axes.set_axis_off()
    return figure, found


def plot_images(images: Any, titles: Sequence[str] | None = None, title: str = "") -> Any:
    """Return a matplotlib figure of images, each scaled to its own range.

    Args:
        images: (N, C, H, W) or (C, H, W).
        titles: what stands above each.
        title: what stands above all.

    Raises:
        ValueError: for images of another shape, or another number of titles.
        ImportError: when matplotlib is not installed (extra `plot`).

    >>> figure = plot_images(np.zeros((3, 1, 4, 4)), ["a", "b", "c"])
    >>> [axes.get_title() for axes in figure.axes if axes.images]
    ['a', 'b', 'c']
    """
    pictures = check_images(images)
    if titles is not None and len(titles) != len(pictures):
        raise ValueError(f"there are {len(pictures)} images, but {len(titles)} titles")
    figure, places = panels(len(pictures))
    for i, (axes, image) in enumerate(zip(places, pictures, strict=False)):
        axes.imshow(as_picture(image), cmap="gray")
        if titles is not None:
            axes.set_title(titles[i], fontsize="small")
    if title:
        figure.suptitle(title)
    return figure

"""Convolution filters."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from nn.train.plots import new_figure
from nn.visualize.pictures import grid


def plot_filters(weight: Any, path: str | os.PathLike[str] | None = None, title: str = "") -> Any:
    """Draw convolution filters: red for positive, blue for negative weights, on one scale; return the figure.

    Args:
        weight: filters (O, C, K, L), a Tensor or an array. With one channel they fill a grid; with more, each filter
            is a row and each channel a column.
        path: a file to write; its suffix says the format, for example .png or .svg.
        title: stands above.

    Raises:
        ValueError: when `weight` does not have four axes, or is empty.
        ImportError: when matplotlib is not installed.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     figure = plot_filters(np.random.default_rng(0).normal(size=(6, 1, 3, 3)), folder + "/filters.png")
    >>> sum(bool(axes.images) for axes in figure.axes)
    6
    """
    filters = np.asarray(weight.detach() if hasattr(weight, "detach") else weight, np.float64)
    if filters.ndim != 4 or not filters.size:
        raise ValueError(f"filters have shape (O, C, K, L) and are not empty; got {filters.shape}")
    rows, columns = filters.shape[:2] if filters.shape[1] > 1 else grid(filters.shape[0])
    pictures = filters.reshape(-1, *filters.shape[2:])  # (O*C, K, L)
    figure = new_figure(columns + 1.2, rows + 0.6)
    places = figure.subplots(rows, columns, squeeze=False)
    largest = float(np.abs(filters).max()) or 1.0
    for axes in places.flat:
        axes.set_axis_off()
    for axes, picture in zip(places.flat, pictures, strict=False):
        shown = axes.imshow(picture, cmap="RdBu_r", vmin=-largest, vmax=largest)
    figure.colorbar(shown, ax=places, label="weight", shrink=0.8)
    if title:
        figure.suptitle(title)
    if path is not None:
        figure.savefig(path, dpi=150)
    return figure

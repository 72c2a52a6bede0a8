"""Pictures of networks: learned filters, and curves of a training run. Needs matplotlib (extra `plot`)."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nn.extras import require

COLORS = ("#2a6fbb", "#d1602b", "#3c9a5f", "#8a5fb0")  # told apart by colour-blind eyes too


def plot_curves(curves: Mapping[str, Mapping[str, Sequence[float]]], path: str | os.PathLike[str]) -> None:
    """Draw curves of a training run over its epochs into a picture, one panel for each quantity.

    Args:
        curves: by quantity ("loss") and curve ("training"), one number for each epoch.
        path: the file; its suffix says the format, for example .png or .svg.

    Raises:
        ValueError: when there is nothing to draw.
        ImportError: when matplotlib is not installed.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     plot_curves({"loss": {"training": [1.0, 0.5, 0.3]}}, folder + "/curves.png")
    """
    if not curves:
        raise ValueError("there are no curves to plot")
    figure = require("matplotlib.figure", "plot").Figure(figsize=(5 * len(curves), 3.6), layout="constrained")
    for axes, (quantity, lines) in zip(figure.subplots(1, len(curves), squeeze=False)[0], curves.items(), strict=True):
        for color, (name, values) in zip(COLORS, lines.items(), strict=False):
            epochs = range(1, len(values) + 1)
            axes.plot(epochs, values, color=color, label=name, linewidth=1.8, marker="o", markersize=3.5)
        axes.set_title(quantity)
        axes.set_xlabel("epoch")
        axes.set_xlim(0.5, max(map(len, lines.values()), default=1) + 0.5)
        axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
    figure.savefig(path, dpi=150)


def plot_filters(weight: Any, path: str | os.PathLike[str], title: str = "") -> None:
    """Draw convolution filters into a picture: red for positive, blue for negative weights, on one scale.

    Args:
        weight: filters (O, C, K, L), a Tensor or an array. With one channel they fill a grid; with more, each filter
            is a row and each channel a column.
        path: the file; its suffix says the format, for example .png or .svg.
        title: stands above.

    Raises:
        ValueError: when `weight` does not have four axes, or is empty.
        ImportError: when matplotlib is not installed.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     plot_filters(np.random.default_rng(0).normal(size=(6, 1, 3, 3)), folder + "/filters.png")
    """
    filters = np.asarray(weight.detach() if hasattr(weight, "detach") else weight, np.float64)
    if filters.ndim != 4 or not filters.size:
        raise ValueError(f"filters have shape (O, C, K, L) and are not empty; got {filters.shape}")
    rows, columns = filters.shape[:2] if filters.shape[1] > 1 else _grid(filters.shape[0])
    pictures = filters.reshape(-1, *filters.shape[2:])  # (O*C, K, L)
    figure = require("matplotlib.figure", "plot").Figure(figsize=(columns + 1.2, rows + 0.6), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False)
    largest = float(np.abs(filters).max()) or 1.0
    for axes in panels.flat:
        axes.set_axis_off()
    for axes, picture in zip(panels.flat, pictures, strict=False):
        shown = axes.imshow(picture, cmap="RdBu_r", vmin=-largest, vmax=largest)
    figure.colorbar(shown, ax=panels, label="weight", shrink=0.8)
    if title:
        figure.suptitle(title)
    figure.savefig(path, dpi=150)


def _grid(count: int) -> tuple[int, int]:
    """Return rows and columns of a grid with few empty places that is about twice as wide as high."""
    rows = min(range(1, count + 1), key=lambda r: -count % r + 2 * abs(r - math.sqrt(count / 2)))
    return rows, -(-count // rows)

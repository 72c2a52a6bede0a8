"""Curves of a training run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from nn.train.plots import new_figure

COLORS = ("#2a6fbb", "#d1602b", "#3c9a5f", "#8a5fb0")  # told apart by colour-blind eyes too


def plot_curves(curves: Mapping[str, Mapping[str, Sequence[float]]], path: str | os.PathLike[str] | None = None) -> Any:
    """Draw curves of a training run over its epochs, one panel for each quantity, and return the matplotlib figure.

    Args:
        curves: by quantity ("loss") and curve ("training"), one number for each epoch.
        path: a file to write; its suffix says the format, for example .png or .svg.

    Raises:
        ValueError: when there is nothing to draw.
        ImportError: when matplotlib is not installed.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     figure = plot_curves({"loss": {"training": [1.0, 0.5, 0.3]}}, folder + "/curves.png")
    >>> figure.axes[0].get_title()
    'loss'
    """
    if not curves:
        raise ValueError("there are no curves to plot")
    figure = new_figure(5 * len(curves), 3.6)
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
    if path is not None:
        figure.savefig(path, dpi=150)
    return figure

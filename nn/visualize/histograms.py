"""How the weights and the gradients of a network are distributed."""

from __future__ import annotations

from typing import Any

import numpy as np

from nn.module import Module, check_size
from nn.train.plots import new_figure
from nn.visualize.pictures import grid


def plot_histograms(model: Module, kind: str = "weights", *, bins: int = 40) -> Any:
    """Return a matplotlib figure with a histogram for each parameter of a network.

    Args:
        model: the network.
        kind: "weights" or "gradients".
        bins: how many bars, at most; small parameters have fewer.

    Raises:
        ValueError: for another kind, or when there is nothing to show.
        ImportError: when matplotlib is not installed (extra `plot`).

    >>> import nn
    >>> [axes.get_title().splitlines()[0] for axes in plot_histograms(nn.Linear(3, 2)).axes]
    ['weight (2, 3)', 'bias (2,)']
    """
    most = check_size(bins, "bins")
    if kind not in ("weights", "gradients"):
        raise ValueError(f"kind must be 'weights' or 'gradients', not {kind!r}")
    tensors = [(name, p if kind == "weights" else p.grad) for name, p in model.named_parameters()]
    shown = [(name, tensor.data) for name, tensor in tensors if tensor is not None and tensor.size]
    if not shown:
        raise ValueError(
            f"the model has no {kind} to show" + (": call backward() first" if kind == "gradients" else "")
        )
    rows, columns = grid(len(shown))
    figure = new_figure(2.8 * columns, 2.1 * rows + 0.4)
    places = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes, (name, values) in zip(places, shown, strict=False):
        finite = values[np.isfinite(values)].astype(np.float64)
        axes.hist(finite, bins=min(most, max(5, finite.size // 2)), color="#0072b2")
        text = f"mean {finite.mean():.2g}, std {finite.std():.2g}" if finite.size else ""
        if finite.size < values.size:
            text += f", {values.size - finite.size} not finite"
        axes.set_title(f"{name} {values.shape}\n{text}", fontsize="small")
        axes.tick_params(labelsize="x-small")
        axes.spines[["top", "right"]].set_visible(False)
    for axes in places[len(shown) :]:
        axes.remove()
    figure.suptitle(kind)
    return figure

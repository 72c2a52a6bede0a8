"""How classifiers divide the world: confusion matrices and decision boundaries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from nn.module import Module, check_size
from nn.train.plots import new_figure
from nn.visualize.models import looked_at
from nn.visualize.pictures import as_array

Array = np.ndarray[Any, Any]
# After Okabe and Ito, told apart by colour-blind eyes.
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#555555")


def plot_confusion(matrix: Any, names: Sequence[str] | None = None, *, normalize: bool = False) -> Any:
    """Return a matplotlib figure of how often each class was taken for each.

    Args:
        matrix: counts (C, C), a row for each true class, as from `nn.train.confusion_matrix`.
        names: what the classes are called; by default their numbers.
        normalize: show the part of each true class, in percent, instead of counts.

    Raises:
        ValueError: for another shape, negative counts, or another number of names.
        ImportError: when matplotlib is not installed (extra `plot`).

    >>> figure = plot_confusion([[3, 1], [0, 4]], ["cat", "dog"])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['3', '1', '0', '4']
    """
    counts = np.asarray(matrix)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or not counts.size or counts.min() < 0:
        raise ValueError(f"a confusion matrix has shape (C, C) and counts from 0 on; got {counts.shape}")
    labels = [str(i) for i in range(len(counts))] if names is None else list(names)
    if len(labels) != len(counts):
        raise ValueError(f"there are {len(counts)} classes, but {len(labels)} names")
    totals = counts.sum(axis=1, keepdims=True)
    parts = counts / np.where(totals, totals, 1)  # of each true class
    size = 1.6 + 0.5 * len(counts)
    figure = new_figure(size + 1, size)
    axes = figure.subplots()
    shown = axes.imshow(parts, cmap="Blues", vmin=0, vmax=1)
    for (row, column), part in np.ndenumerate(parts):
        text = f"{part:.0%}" if normalize else f"{counts[row, column]:g}"
        colour = "white" if part > 0.5 else "black"
        axes.text(column, row, text, ha="center", va="center", fontsize="small", color=colour)
    places, turned = range(len(counts)), 90 if max(map(len, labels)) > 3 else 0
    axes.set_xticks(places, labels, rotation=turned)
    axes.set_yticks(places, labels)
    axes.set(xlabel="taken for", ylabel="true class")
    figure.colorbar(shown, ax=axes, label="part of the true class", shrink=0.8)
    return figure


def plot_decision_boundary(
    model: Module | Callable[[Any], Any], x: Any, y: Any, *, resolution: int = 200, margin: float = 0.15
) -> Any:
    """Return a matplotlib figure of the regions that a classifier of points in the plane gives to each class.

    The paler a region, the less sure the classifier is.

    Args:
        model: takes points (N, 2), gives scores (N, C), or one score for each point that is above 0 for class 1; a
            network is looked at in eval mode.
        x: points (N, 2).
        y: their classes (N,), integers.
        resolution: how many points are asked for along each axis.
        margin: how much wider than the points the picture is, as a part.

    Raises:
        ValueError: for other shapes.
        ImportError: when matplotlib is not installed (extra `plot`).

    >>> points = np.array([[0.0, 0.0], [1.0, 1.0]])
    >>> figure = plot_decision_boundary(lambda p: p[:, 0] - 0.5, points, [0, 1], resolution=20)
    >>> figure.axes[0].images[0].get_array().shape
    (20, 20, 4)
    """
    points, classes, count = as_array(x), np.asarray(y), check_size(resolution, "resolution", 2)
    if points.ndim != 2 or points.shape[1:] != (2,) or not len(points) or classes.shape != points.shape[:1]:
        raise ValueError(f"points have shape (N, 2) and classes (N,); got {points.shape} and {classes.shape}")
    low, high = points.min(axis=0), points.max(axis=0)
    spread = np.where(high > low, high - low, 1) * margin
    low, high = low - spread, high + spread
    across, up = (np.linspace(low[i], high[i], count, dtype=points.dtype) for i in range(2))
    places = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    chances = _probabilities(model, places)  # (resolution**2, C)
    figure = new_figure(5, 4.2)
    axes = figure.subplots()
    axes.imshow(
        _coloured(chances).reshape(count, count, 4), origin="lower", extent=(low[0], high[0], low[1], high[1]),
        aspect="auto", interpolation="bilinear",
    )  # fmt: skip
    for c in np.unique(classes):
        own = points[classes == c]
        axes.scatter(*own.T, s=18, color=COLOURS[int(c) % len(COLOURS)], edgecolor="white", lw=0.5, label=f"class {c}")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    return figure


def _probabilities(model: Any, points: Array) -> Array:
    """Return the probability of each class (N, C)."""
    if isinstance(model, Module):
        with looked_at(model), autograd.no_grad():
            scores = as_array(model(Tensor(points)))
    else:
        scores = as_array(model(points))
    if scores.ndim == 2 and scores.shape[1] == 1:
        scores = scores[:, 0]
    if scores.ndim == 1 and len(scores) == len(points):
        scores = np.stack([np.zeros_like(scores), scores], axis=1)
    if scores.ndim != 2 or len(scores) != len(points):
        raise ValueError(f"the model must give scores (N, C) or (N,) for points (N, 2); it gave {scores.shape}")
    return np.exp(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))  # type: ignore[no-any-return]


def _coloured(chances: Array) -> Array:
    """Return the colour of the likeliest class (N, 4: red, green, blue, opacity), paler the less likely it is."""
    colours = np.array([[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in COLOURS])
    best, few = chances.argmax(axis=1), 1 / chances.shape[1]
    sure = (chances.max(axis=1) - few) / (1 - few) if chances.shape[1] > 1 else np.ones(len(chances))
    return np.concatenate([colours[best % len(COLOURS)], (0.15 + 0.5 * sure)[:, None]], axis=1)

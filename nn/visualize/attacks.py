"""Adversarial examples: images changed so little that nobody sees it, so that a classifier errs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from nn.module import Module
from nn.visualize.models import looked_at, scores_of
from nn.visualize.pictures import as_picture, check_images, panels

Array = np.ndarray[Any, Any]


def fast_gradient_sign(
    model: Module, loss: Callable[[Any, Any], Tensor], images: Any, targets: Any, epsilon: float, *,
    low: float | None = None, high: float | None = None,
) -> Array:  # fmt: skip
    """Return images changed by epsilon in each pixel, in the direction in which the loss rises.

    Source: Goodfellow, Shlens and Szegedy, Explaining and harnessing adversarial examples (2015), section 4: the fast
    gradient sign method, FGSM.

    Args:
        model: the network; looked at in eval mode.
        loss: takes its output and the targets; `nn.CrossEntropyLoss()` for example.
        images: (N, C, H, W) or (C, H, W).
        targets: (N,), the right classes.
        epsilon: how far each pixel moves, 0 or more.
        low: the lowest value of a pixel, if there is one.
        high: the highest, if there is one.

    Returns:
        (N, C, H, W).

    Raises:
        ValueError: for images of another shape, or a negative epsilon.

    >>> import nn
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(4, 2, bias=False))
    >>> model[1].weight.data[:] = [[1, -1, 1, -1], [0, 0, 0, 0]]
    >>> fast_gradient_sign(model, nn.CrossEntropyLoss(), np.zeros((1, 2, 2), np.float32), [0], 0.1)
    array([[[[-0.1,  0.1],
             [-0.1,  0.1]]]], dtype=float32)
    """
    if not epsilon >= 0:
        raise ValueError(f"epsilon must be 0 or more, not {epsilon!r}")
    x, wanted = check_images(images), np.asarray(targets)
    with looked_at(model):
        gradient = autograd.grad(lambda pixels: loss(model(pixels), wanted))(x)
    changed = x + x.dtype.type(epsilon) * np.sign(gradient)
    return changed if low is None and high is None else np.clip(changed, low, high)  # type: ignore[no-any-return]


def plot_attack(model: Module, images: Any, changed: Any) -> Any:
    """Return a matplotlib figure: images, how they were changed, and what the network takes both for.

    Args:
        model: a classifier that gives scores (N, C).
        images: (N, C, H, W).
        changed: (N, C, H, W), from `fast_gradient_sign`.

    Raises:
        ValueError: when the shapes differ.
        ImportError: when matplotlib is not installed (extra `plot`).

    >>> import nn
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    >>> figure = plot_attack(model, np.zeros((3, 1, 2, 2)), np.ones((3, 1, 2, 2)))
    >>> sum(bool(axes.images) for axes in figure.axes)
    9
    """
    before, after = check_images(images), check_images(changed)
    if before.shape != after.shape:
        raise ValueError(f"the images have shape {before.shape}, the changed ones {after.shape}")
    count = len(before)
    figure, places = panels(3 * count, columns=count)
    for row, shown in enumerate((before, after - before, after)):
        for axes, image in zip(places[row * count :], shown, strict=False):
            axes.imshow(as_picture(image), cmap="RdBu_r" if row == 1 else "gray")
    for row, pictures in ((0, before), (2, after)):
        chances = np.exp(_normalized(scores_of(model, pictures)))
        for axes, chance in zip(places[row * count :], chances, strict=False):
            axes.set_title(f"class {chance.argmax()} ({chance.max():.0%})", fontsize="small")
    for axes in places[count : 2 * count]:
        axes.set_title("the change", fontsize="small")
    return figure


def _normalized(scores: Array) -> Array:
    """Return the logarithms of the probabilities (N, C)."""
    return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)  # type: ignore[no-any-return]

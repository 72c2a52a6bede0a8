"""Sizes and edges of windows over images, as layers and functions take them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autograd
from autograd import Tensor

Array = Any  # an array or a Tensor
Size = int | tuple[int, int]
Pair = tuple[int, int]


# PyTorch's name of a way to continue an image beyond its edge -> NumPy's.
PADDING_MODES: dict[str, Any] = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def pair(value: Any, name: str, least: int) -> Pair:
    """Return (n, n) for n, and a pair as it is.

    Raises:
        ValueError: for anything else, and for numbers below `least`.

    >>> pair(3, "stride", 1)
    (3, 3)
    """
    both = value if isinstance(value, tuple | list) else (value, value)
    if len(both) != 2 or not all(isinstance(n, int | np.integer) and not isinstance(n, bool) for n in both):
        raise ValueError(f"{name} must be an integer or a pair of integers, not {value!r}")
    if min(both) < least:
        raise ValueError(f"{name} must be at least {least}, not {value!r}")
    return int(both[0]), int(both[1])


def over_images(function: Callable[[Tensor], Tensor], x: Tensor, name: str) -> Tensor:
    """Apply a function of images (N, C, H, W) to these, or to a single one (C, H, W)."""
    if x.ndim == 3:
        return function(x[None])[0]
    if x.ndim != 4:
        raise ValueError(f"{name} takes images (N, C, H, W), or one (C, H, W), not shape {x.shape}")
    return function(x)


def edges(padding: str | Size, window: tuple[int, ...], stride: Size, dilation: Size) -> tuple[Pair, Pair]:
    """Return the padding before and after each image axis.

    Raises:
        ValueError: for another word than "same" and "valid", or "same" with another stride than 1.

    >>> edges("same", (3, 2), 1, 1)
    ((1, 1), (0, 1))
    """
    if not isinstance(padding, str):
        p, q = pair(padding, "padding", 0)
        return (p, p), (q, q)
    if padding not in ("same", "valid"):
        raise ValueError(f"padding must be a number, a pair of numbers, 'same' or 'valid', not {padding!r}")
    if padding == "valid":
        return (0, 0), (0, 0)
    if pair(stride, "stride", 1) != (1, 1):
        raise ValueError(f"padding='same' keeps the image's size, which only stride 1 can, not stride={stride}")
    spare = [d * (k - 1) for d, k in zip(pair(dilation, "dilation", 1), window, strict=True)]
    return (spare[0] // 2, spare[0] - spare[0] // 2), (spare[1] // 2, spare[1] - spare[1] // 2)


def pad_image(input: Array, padding: tuple[Pair, Pair], mode: str) -> Tensor:
    """Continue images beyond their edges: by "zeros", or "reflect", "replicate" or "circular" from inside.

    Args:
        input: images (..., H, W).
        padding: how far, before and after each image axis: ((top, bottom), (left, right)).
        mode: PyTorch's `padding_mode`.

    Raises:
        ValueError: when an edge is wider than what it is to be filled from.

    >>> pad_image(Tensor([[1.0, 2.0, 3.0]]), ((0, 0), (2, 0)), "reflect")
    Tensor([[3., 2., 1., 2., 3.]])
    """
    x = autograd.asarray(input)
    if mode == "zeros":
        return autograd.pad(x, [(0, 0)] * (x.ndim - 2) + list(padding))
    for n, widths in zip(x.shape[-2:], padding, strict=True):
        most = {"reflect": n - 1, "circular": n}.get(mode, max(widths))
        if max(widths) > most:
            raise ValueError(f"padding_mode={mode!r} can pad an image axis of size {n} by at most {most}, not {widths}")
    # Padding the positions says which element goes where.
    rows, columns = (np.pad(np.arange(n), p, PADDING_MODES[mode]) for n, p in zip(x.shape[-2:], padding, strict=True))
    return x[..., rows[:, None], columns]

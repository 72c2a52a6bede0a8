"""Sizes and edges of windows over images, as layers and functions take them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd import Tensor

Array = Any  # an array or a Tensor
Size = int | Sequence[int]
Sizes = tuple[int, ...]

# The layout of images by the number of their axes, for messages.
LAYOUTS = {
    1: "signals (N, C, L), or one (C, L)",
    2: "images (N, C, H, W), or one (C, H, W)",
    3: "volumes (N, C, D, H, W), or one (C, D, H, W)",
}
_KINDS = {1: "an integer", 2: "an integer or a pair of integers", 3: "an integer or a triple of integers"}


def per_axis(value: Any, name: str, least: int, axes: int) -> Sizes:
    """Return (n, n, ...) for n or (n,), and a sequence with a number for each image axis as a tuple.

    Raises:
        ValueError: for anything else, and for numbers below `least`.

    >>> per_axis(3, "stride", 1, axes=2)
    (3, 3)
    """
    each = tuple(value) if isinstance(value, tuple | list) else (value,)
    each = each * axes if len(each) == 1 else each
    if len(each) != axes or not all(isinstance(n, int | np.integer) and not isinstance(n, bool) for n in each):
        raise ValueError(f"{name} must be {_KINDS[axes]}, not {value!r}")
    if min(each) < least:
        raise ValueError(f"{name} must be at least {least}, not {value!r}")
    return tuple([int(n) for n in each])


def over_images(function: Callable[[Tensor], Any], x: Tensor, name: str, axes: int) -> Any:
    """Apply a function of images (N, C, *S) with so many image axes to these, or to a single one (C, *S).

    The function may return several Tensors.

    Raises:
        ValueError: for another number of axes.
    """
    if x.ndim not in (axes + 1, axes + 2):
        raise ValueError(f"{name} takes {LAYOUTS[axes]}, not shape {x.shape}")
    if x.ndim == axes + 2:
        return function(x)
    result = function(x[None])
    return tuple([r[0] for r in result]) if isinstance(result, tuple) else result[0]


def edges(padding: str | Size, window: Sizes, stride: Size, dilation: Size) -> tuple[tuple[int, int], ...]:
    """Return the padding before and after each image axis.

    Raises:
        ValueError: for another word than "same" and "valid", or "same" with another stride than 1.

    >>> edges("same", (3, 2), 1, 1)
    ((1, 1), (0, 1))
    """
    axes = len(window)
    if not isinstance(padding, str):
        return tuple([(p, p) for p in per_axis(padding, "padding", 0, axes)])
    if padding not in ("same", "valid"):
        raise ValueError(f"padding must be a number, one for each axis, 'same' or 'valid', not {padding!r}")
    if padding == "valid":
        return ((0, 0),) * axes
    if per_axis(stride, "stride", 1, axes) != (1,) * axes:
        raise ValueError(f"padding='same' keeps the image's size, which only stride 1 can, not stride={stride}")
    spare = [d * (k - 1) for d, k in zip(per_axis(dilation, "dilation", 1, axes), window, strict=True)]
    return tuple([(s // 2, s - s // 2) for s in spare])

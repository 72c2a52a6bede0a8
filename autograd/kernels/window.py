"""Sliding windows over images: convolution on plain arrays, and its transposes.

Images have any number of axes after those of the batch and the channels. Names of axes: N images, C channels in, O
channels out, G groups, *S image size, *P output size, *K window size. Sizes and steps are tuples, one number for each
image axis.
"""

from __future__ import annotations

import functools
import itertools
import math
from typing import Any

import numpy as np

from autograd.kernels.choosing import kernel

Sizes = tuple[int, ...]
Array = Any

AXES = ("depth", "height", "width")

# By the number of image axes: which axes they are, and the axes of windows (N, C, *P, *K) in the order (N, C, *K, *P).
_IMAGE_AXES = [tuple(range(2, 2 + n)) for n in range(32)]
_ELEMENTS_FIRST = [(0, 1, *range(2 + n, 2 + 2 * n), *range(2, 2 + n)) for n in range(32)]


def output_size(size: Sizes, window: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Sizes:
    """Return how many window positions fit each image axis: floor((n + 2p - d(k - 1) - 1) / s) + 1.

    Raises:
        ValueError: when not even one fits; shows the formula with the numbers.

    >>> output_size((32, 32), (5, 5), (1, 1), (2, 2), (1, 1))
    (32, 32)
    """
    fits = []
    for axis, (n, k, s, p, d) in enumerate(zip(size, window, stride, padding, dilation, strict=True)):
        room = n + 2 * p - d * (k - 1) - 1
        if room < 0:
            name = "length" if len(size) == 1 else AXES[axis - len(size)]
            raise ValueError(
                f"no window fits the {name}: floor((size + 2*padding - dilation*(window - 1) - 1) / stride) + 1 = "
                f"floor(({n} + 2*{p} - {d}*({k} - 1) - 1) / {s}) + 1 is below 1; "
                "use a larger image, more padding or a smaller window"
            )
        fits.append(room // s + 1)
    return tuple(fits)


@functools.lru_cache(maxsize=1024)
def _middle(size: Sizes, padding: Sizes) -> tuple[Any, ...]:
    """Return the index of the image in a padded one."""
    return (..., *(slice(p, p + n) for n, p in zip(size, padding, strict=True)))


@functools.lru_cache(maxsize=1024)
def _reach(window: Sizes, stride: Sizes, dilation: Sizes) -> tuple[Sizes, tuple[Any, ...]]:
    """Return how far windows reach, and the index that takes their places and elements from all there are."""
    steps = (..., *(slice(None, None, step) for step in stride + dilation))
    return tuple([d * (k - 1) + 1 for k, d in zip(window, dilation, strict=True)]), steps


def pad_image(x: Array, padding: Sizes, fill: float = 0, extra: Sizes = ()) -> Array:
    """Return x (N, C, *S) with `fill` around the image, and `extra` more of it at the ends: (N, C, *(S + 2p + e))."""
    if not any(padding) and not any(extra):
        return x
    n, c, *size = x.shape
    around = [s + 2 * p + e for s, p, e in zip(size, padding, extra or (0,) * len(padding))]
    padded = np.full_like(x, fill, shape=(n, c, *around))
    padded[_middle(tuple(size), padding)] = x
    return padded


def windows(x: Array, window: Sizes, stride: Sizes, dilation: Sizes) -> Array:
    """Return a view of all windows of x (N, C, *S): (N, C, *P, *K)."""
    reach, steps = _reach(window, stride, dilation)
    return np.lib.stride_tricks.sliding_window_view(x, reach, axis=_IMAGE_AXES[len(window)])[steps]


def columns(x: Array, window: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Array:
    """Return the windows of x (N, C, *S), elements before positions: (N, C, *K, *P), a view where nothing is padded."""
    view = windows(pad_image(x, padding), window, stride, dilation)
    return view.transpose(_ELEMENTS_FIRST[len(window)])


def _matrix(x: Array, window: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int) -> Array:
    """Return each group's windows as the columns of a matrix: (N, G, C/G*K, P)."""
    parts = columns(x, window, stride, padding, dilation)
    n, c = x.shape[:2]
    places = math.prod(parts.shape[2 + len(window) :])
    return parts.reshape(n, groups, c // groups * math.prod(window), places)


@kernel
def correlate(
    x: Array, weight: Array, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int, bias: Array | None = None
) -> Array:
    """Cross-correlate x (N, C, *S) with weight (O, C/G, *K), and add bias (O,): (N, O, *P)."""
    o, _, *window = weight.shape
    size = output_size(x.shape[2:], tuple(window), stride, padding, dilation)
    matrix = _matrix(x, tuple(window), stride, padding, dilation, groups)
    rows = weight.reshape(groups, o // groups, matrix.shape[2])  # (G, O/G, C/G*K)
    out = np.matmul(rows, matrix).reshape(x.shape[0], o, *size)
    if bias is None:
        return out
    shift = bias.reshape(-1, *[1] * len(size))
    return np.add(out, shift, out=out) if np.can_cast(bias.dtype, out.dtype) else out + shift


@kernel
def sum_of_channels(g: Array) -> Array:
    """Return the gradient of `correlate` with respect to the bias, (O,): the sum of each channel of g (N, O, *P)."""
    total: Array = g.sum(axis=(0, *range(2, g.ndim)))
    return total


@kernel
def correlate_weight(
    x: Array, g: Array, window: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> Array:
    """Return the gradient of `correlate` with respect to the weight, (O, C/G, *K), for g (N, O, *P)."""
    n, o = g.shape[:2]
    matrix = _matrix(x, window, stride, padding, dilation, groups)
    rows = g.reshape(n, groups, o // groups, matrix.shape[3])  # (N, G, O/G, P)
    weight = np.matmul(rows, matrix.swapaxes(2, 3)).sum(axis=0)  # (G, O/G, C/G*K)
    return weight.reshape(o, x.shape[1] // groups, *window)


@kernel
def correlate_input(
    g: Array, weight: Array, size: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> Array:
    """Return the gradient of `correlate` with respect to the input, (N, C, *size), for g (N, O, *P)."""
    n, o, *places = g.shape
    c, window = weight.shape[1] * groups, weight.shape[2:]
    inner = weight.shape[1] * math.prod(window)
    rows = weight.reshape(groups, o // groups, inner).swapaxes(1, 2)  # (G, C/G*K, O/G)
    matrix = np.matmul(rows, g.reshape(n, groups, o // groups, math.prod(places)))  # (N, G, C/G*K, P)
    return sum_windows(matrix.reshape(n, c, *window, *places), size, stride, padding, dilation)


@functools.lru_cache(maxsize=256)
def _places(window: Sizes, places: Sizes, stride: Sizes, dilation: Sizes) -> list[tuple[Any, Any]]:
    """Return for each element of a window its index in windows (..., *K, *P) and where it lies in an image, over all P.

    An element at i along an axis lies at i*d, i*d + s, i*d + 2s, ...
    """
    options = zip(window, places, stride, dilation, strict=True)
    lines = [[slice(i * d, i * d + s * p, s) for i in range(k)] for k, p, s, d in options]
    positions = (slice(None),) * len(places)
    elements = itertools.product(*map(range, window))
    return [((..., *e, *positions), (..., *line)) for e, line in zip(elements, itertools.product(*lines))]


def sum_windows(columns: Array, size: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Array:
    """Add windows (N, C, *K, *P) back to the places of an image that they were taken from: (N, C, *size)."""
    n, c, *rest = columns.shape
    window, places = tuple(rest[: len(size)]), tuple(rest[len(size) :])
    around = [s + 2 * p for s, p in zip(size, padding, strict=True)]
    image = np.zeros_like(columns, shape=(n, c, *around))
    for element, line in _places(window, places, stride, dilation):
        image[line] += columns[element]
    return image[_middle(size, padding)] if any(padding) else image

"""Pooling on plain arrays: the largest and the sum of each window of images (N, C, *S), and the ways back.

Names of axes are those of `autograd.kernels.window`: *S image size, *P output size, *K window size. A position is the
place of an element in its flattened image.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from autograd.kernels.choosing import kernel
from autograd.kernels.window import Sizes, output_size, pad_image, sum_windows, windows

Array = Any


def position_dtype(size: Sizes) -> type[np.signedinteger[Any]]:
    """Return the dtype of positions in images of a size: half the memory of the usual integers where that will do."""
    return np.int32 if math.prod(size) <= np.iinfo(np.int32).max else np.int64


_FEW = 64  # elements of a window, up to which a pass over all windows for each is faster than one over copied windows


@functools.lru_cache(maxsize=64)
def _positions(size: Sizes, window: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, extra: Sizes) -> Array:
    """Return the positions of the elements of all windows, (*P, *K), negative in the padding."""
    image = np.arange(math.prod(size), dtype=position_dtype(size)).reshape(1, 1, *size)
    return windows(pad_image(image, padding, -1, extra), window, stride, dilation)[0, 0]


@kernel
def largest(
    x: Array, window: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, extra: Sizes = ()
) -> tuple[Array, Array]:
    """Return the first largest value of each window, (N, C, *P), and its position, integers of the same shape.

    The image is padded by `padding` on each side and by `extra` more at the ends. Where there is nan, the first of
    them is the largest.
    """
    lowest = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    view = windows(pad_image(x, padding, lowest, extra), window, stride, dilation)  # (N, C, *P, *K)
    positions = _positions(tuple(x.shape[2:]), window, stride, padding, dilation, extra)
    return (_of_few if math.prod(window) <= _FEW else _of_many)(view, positions, len(window))


def _of_few(view: Array, positions: Array, axes: int) -> tuple[Array, Array]:
    """Return the first largest of windows (N, C, *P, *K) and its position, of `positions` (*P, *K)."""
    elements = list(np.ndindex(*view.shape[-axes:]))
    top = view[(..., *elements[0])].copy()
    for e in elements[1:]:
        np.maximum(top, view[(..., *e)], out=top)
    lost = top.dtype.kind == "f" and bool(np.isnan(top).any())
    padded = positions.size > 0 and positions.min() < 0
    position = np.zeros(top.shape, positions.dtype)
    for e in reversed(elements):
        found = view[(..., *e)] == top
        if lost:
            found |= np.isnan(view[(..., *e)])
        if padded:  # ties with what is lowest
            found &= positions[(..., *e)] >= 0
        np.copyto(position, positions[(..., *e)], where=found)
    return top, position


def _of_many(view: Array, positions: Array, axes: int) -> tuple[Array, Array]:
    """Return the same in one pass over a copy of the windows."""
    flat, positions = (each.reshape(*each.shape[:-axes], math.prod(each.shape[-axes:])) for each in (view, positions))
    best = flat.argmax(axis=-1)[..., None]  # (N, C, *P, 1)
    top = np.take_along_axis(flat, best, -1)[..., 0]
    position = np.take_along_axis(np.broadcast_to(positions, flat.shape), best, -1)[..., 0]
    first = np.where(positions < 0, np.iinfo(positions.dtype).max, positions).min(axis=-1)
    return top, np.where(position < 0, first, position)


def take(x: Array, positions: Array) -> Array:
    """Return the elements of x (N, C, *S) at positions (N, C, ...)."""
    n, c, *size = x.shape
    flat = x.reshape(n, c, math.prod(size))
    return np.take_along_axis(flat, positions.reshape(n, c, math.prod(positions.shape[2:])), 2).reshape(positions.shape)


@kernel
def put(values: Array, positions: Array, size: Sizes) -> Array:
    """Return images (N, C, *size) of zeros to which values (N, C, ...) were added at their positions."""
    n, c = values.shape[:2]
    planes, area = n * c, math.prod(size)
    image = np.zeros_like(values, shape=planes * area)
    starts = np.arange(0, planes * area, area) if area else np.zeros(planes, int)
    places = positions.reshape(planes, math.prod(positions.shape[2:])) + starts[:, None]
    np.add.at(image, places.reshape(-1), values.reshape(-1))
    return image.reshape(n, c, *size)


def _whole(size: Sizes, window: Sizes, padding: Sizes) -> bool:
    """Return whether the only window is the whole image."""
    return size == window and not any(padding)


def sum_of_windows(x: Array, window: Sizes, stride: Sizes, padding: Sizes) -> Array:
    """Return the sum of each window of x (N, C, *S), zeros of the padding included: (N, C, *P)."""
    axes = len(window)
    output_size(x.shape[2:], window, stride, padding, (1,) * axes)
    if _whole(x.shape[2:], window, padding):
        return x.reshape(*x.shape[:2], *[1] * (axes - 1), math.prod(window)).sum(axis=-1, keepdims=True)
    return add_windows(x, window, stride, padding)


@kernel
def add_windows(x: Array, window: Sizes, stride: Sizes, padding: Sizes) -> Array:
    """Return `sum_of_windows` for windows that fit."""
    axes = len(window)
    view = windows(pad_image(x, padding), window, stride, (1,) * axes)
    return view.sum(axis=tuple(range(2 + axes, 2 + 2 * axes)))


def spread_windows(g: Array, size: Sizes, window: Sizes, stride: Sizes, padding: Sizes) -> Array:
    """Return images (N, C, *size) where each value of g (N, C, *P) is added all over its window."""
    if _whole(size, window, padding):
        image = np.empty_like(g, shape=(*g.shape[:2], *size))
        image[...] = g
        return image
    return spread(g, size, window, stride, padding)


@kernel
def spread(g: Array, size: Sizes, window: Sizes, stride: Sizes, padding: Sizes) -> Array:
    """Return `spread_windows` for windows that are less than the image."""
    n, c, *places = g.shape
    columns = np.broadcast_to(g.reshape(n, c, *[1] * len(window), *places), (n, c, *window, *places))
    return sum_windows(columns, size, stride, padding, (1,) * len(size))

"""Pooling of signals (N, C, L) and images (N, C, H, W), compiled: one pass over them, image by image.

A thread takes a share of the N * C images. They lie in flat arrays, where positions are numbers that cannot be negative
(others would be compared with 0, and the loops not be vectorised).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.kernels.compiled import jit
from autograd.kernels.threads import share
from autograd.kernels.window import Sizes, output_size

Array = Any

_WORTH = 50_000  # elements to look at that are worth a thread: some 50 microseconds


def _suits(x: Array) -> bool:
    return x.__class__ is np.ndarray and x.dtype.char in "fd" and x.ndim in (3, 4) and x.size > 0


def _flat(x: Array) -> Array:
    return x.reshape(-1) if x.flags.c_contiguous else np.ascontiguousarray(x).reshape(-1)


def _two(sizes: Sizes, fill: int) -> Sizes:
    """Return sizes for a height and a width; a signal is an image of height 1."""
    return (fill, *sizes) if len(sizes) == 1 else sizes


def _shared(work: Any, images: int, elements: int) -> None:
    """Share the images among threads; `elements` are those that are touched in all of them."""
    share(work, images, -(-_WORTH * images // elements))


def largest(x: Array, window: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, extra: Sizes = ()) -> Array:
    """Return the first largest value of each window, (N, C, *P), and its position."""
    if not _suits(x) or (any(padding) and max(dilation) > 1) or x[0, 0].size > np.iinfo(np.int32).max:
        return NotImplemented
    size = x.shape[2:]
    around = tuple([n + e for n, e in zip(size, extra)]) if extra else size
    places = output_size(around, window, stride, padding, dilation)
    values = np.empty((*x.shape[:2], *places), x.dtype)
    positions = np.empty(values.shape, np.int32)
    images = x.shape[0] * x.shape[1]
    given, best, where = _flat(x), values.reshape(-1), positions.reshape(-1)
    of = (_two(size, 1), _two(places, 1), _two(window, 1), _two(stride, 1), _two(padding, 0), _two(dilation, 1))
    four = of[2] == of[3] == (2, 2) and not any(padding) and max(dilation) == 1 and not any(extra)
    work = values.size * (4 if four else 4 * math.prod(window))
    _shared(lambda start, stop: _largest(given, best, where, four, *of, start, stop), images, work)
    return values, positions


def put(values: Array, positions: Array, size: Sizes) -> Array:
    """Return images (N, C, *size) of zeros to which values (N, C, ...) were added at their positions."""
    if not values.size or values.dtype.char not in "fd" or positions.dtype != np.int32:
        return NotImplemented
    out = np.empty((*values.shape[:2], *size), values.dtype)
    images = values.shape[0] * values.shape[1]
    given, where, flat = _flat(values), _flat(positions), out.reshape(-1)
    _shared(lambda start, stop: _put(given, where, flat, images, start, stop), images, 2 * values.size)
    return out


def add_windows(x: Array, window: Sizes, stride: Sizes, padding: Sizes) -> Array:
    """Return the sum of each window, zeros of the padding included."""
    if not _suits(x):
        return NotImplemented
    places = output_size(x.shape[2:], window, stride, padding, (1,) * len(window))
    out = np.empty((*x.shape[:2], *places), x.dtype)
    images = x.shape[0] * x.shape[1]
    given, flat = _flat(x), out.reshape(-1)
    of = (_two(x.shape[2:], 1), _two(places, 1), _two(window, 1), _two(stride, 1), _two(padding, 0))
    _shared(lambda start, stop: _add(given, flat, *of, start, stop), images, out.size * math.prod(window))
    return out


def spread(g: Array, size: Sizes, window: Sizes, stride: Sizes, padding: Sizes) -> Array:
    """Return images (N, C, *size) where each value of g (N, C, *P) is added all over its window."""
    if not _suits(g):
        return NotImplemented
    out = np.empty((*g.shape[:2], *size), g.dtype)
    images = g.shape[0] * g.shape[1]
    given, flat = _flat(g), out.reshape(-1)
    of = (_two(size, 1), _two(g.shape[2:], 1), _two(window, 1), _two(stride, 1), _two(padding, 0))
    _shared(lambda start, stop: _spread(given, flat, *of, start, stop), images, g.size * math.prod(window))
    return out


# --- compiled ---------------------------------------------------------------------------------------------------------


@jit(inline="always")
def _inside(shift, size, step, places):  # type: ignore[no-untyped-def]
    """Return from which place to which, in 0 to `places`, place * step + shift lies in 0 to size."""
    low = 0 if shift >= 0 else -(shift // step)
    high = (size - 1 - shift) // step + 1 if size > shift else 0
    return min(low, places), min(high, places)


@jit
def _largest(x, values, positions, four, size, places, window, stride, padding, dilation, start, stop):  # type: ignore[no-untyped-def]
    """Find the largest row by row. `four` says that windows are 2 x 2, next to each other.

    The loops have no branches, which the values would decide at random; so they overlook nan. Rows in which there may
    be one are done again.
    """
    for image in range(start, stop):
        for p in range(places[0]):
            row = np.uintp((image * places[0] + p) * places[1])
            if four:
                corner = image * size[0] * size[1]
                odd = _row_of_four(x, values, positions, corner, p, row, size[1], places[1])
            else:
                odd = _row(x, values, positions, image, p, row, size, places, window, stride, padding, dilation)
            if odd != odd:
                _careful_row(x, values, positions, image, p, row, size, places, window, stride, padding, dilation)


@jit
def _row_of_four(x, values, positions, corner, p, row, width, places):  # type: ignore[no-untyped-def]
    """Return nan if there may be one, else 0."""
    one, two, below = np.uintp(1), np.uintp(2), np.int32(width - 1)
    local = np.int32(2 * p * width)
    top = np.uintp(corner + 2 * p * width)
    bottom = top + np.uintp(width)
    odd = zero = x.dtype.type(0)
    for q in range(np.uintp(places)):
        a, b, c, d = x[top + q * two], x[top + q * two + one], x[bottom + q * two], x[bottom + q * two + one]
        upper, lower = b if b > a else a, d if d > c else c
        best = lower if lower > upper else upper
        odd += (a + b + c + d) * zero  # also infinity becomes nan
        values[row + q] = best
        past = np.int32(a != best) * (np.int32(1) + np.int32(b != best) * (below + np.int32(c != best)))
        positions[row + q] = local + np.int32(q) * np.int32(2) + past
    return odd


@jit
def _row(x, values, positions, image, p, row, size, places, window, stride, padding, dilation):  # type: ignore[no-untyped-def]
    """Return nan if there may be one, else 0."""
    lowest, step = values.dtype.type(-np.inf), np.uintp(stride[1])
    odd = zero = x.dtype.type(0)
    top = p * stride[0] - padding[0]
    first = max(top, 0) * size[1]
    for q in range(places[1]):
        values[row + np.uintp(q)] = lowest
        positions[row + np.uintp(q)] = first + max(q * stride[1] - padding[1], 0)
    for i in range(window[0]):
        y = top + i * dilation[0]
        if y < 0 or y >= size[0]:
            continue
        for j in range(window[1]):
            shift = j * dilation[1] - padding[1]
            low, high = _inside(shift, size[1], stride[1], places[1])
            local = np.int32(y * size[1] + shift + low * stride[1])
            at = np.uintp(image * size[0] * size[1] + y * size[1] + shift + low * stride[1])
            to = row + np.uintp(low)
            for q in range(np.uintp(max(high - low, 0))):
                value, best, place = x[at + q * step], values[to + q], positions[to + q]
                odd += value * zero
                values[to + q] = value if value > best else best
                positions[to + q] = place + np.int32(value > best) * (local + np.int32(q * step) - place)
    return odd


@jit
def _careful_row(x, values, positions, image, p, row, size, places, window, stride, padding, dilation):  # type: ignore[no-untyped-def]
    """Find the first largest value or the first nan of each window of a row."""
    for q in range(places[1]):
        best, place = -np.inf, -1
        for i in range(window[0]):
            y = p * stride[0] - padding[0] + i * dilation[0]
            for j in range(window[1]):
                at = q * stride[1] - padding[1] + j * dilation[1]
                if y < 0 or y >= size[0] or at < 0 or at >= size[1]:
                    continue
                value = x[(image * size[0] + y) * size[1] + at]
                if place < 0 or value > best or (value != value and best == best):
                    best, place = value, y * size[1] + at
        values[row + np.uintp(q)] = best
        positions[row + np.uintp(q)] = place


@jit
def _put(values, positions, out, images, start, stop):  # type: ignore[no-untyped-def]
    many, area = np.uintp(values.size // images), np.uintp(out.size // images)
    zero = out.dtype.type(0)
    for image in range(np.uintp(start), np.uintp(stop)):
        corner, given = image * area, image * many
        for i in range(area):
            out[corner + i] = zero
        for i in range(many):
            out[corner + np.uintp(positions[given + i])] += values[given + i]


@jit
def _add(x, out, size, places, window, stride, padding, start, stop):  # type: ignore[no-untyped-def]
    step = np.uintp(stride[1])
    zero = out.dtype.type(0)
    for image in range(start, stop):
        for p in range(places[0]):
            row = np.uintp((image * places[0] + p) * places[1])
            for q in range(np.uintp(places[1])):
                out[row + q] = zero
            for i in range(window[0]):
                y = p * stride[0] - padding[0] + i
                if y < 0 or y >= size[0]:
                    continue
                for j in range(window[1]):
                    low, high = _inside(j - padding[1], size[1], stride[1], places[1])
                    at = np.uintp((image * size[0] + y) * size[1] + j - padding[1] + low * stride[1])
                    to = row + np.uintp(low)
                    for q in range(np.uintp(max(high - low, 0))):
                        out[to + q] += x[at + q * step]


@jit
def _spread(g, out, size, places, window, stride, padding, start, stop):  # type: ignore[no-untyped-def]
    step = np.uintp(stride[1])
    zero = out.dtype.type(0)
    for image in range(start, stop):
        corner = np.uintp(image * size[0] * size[1])
        for i in range(np.uintp(size[0] * size[1])):
            out[corner + i] = zero
        for p in range(places[0]):
            row = np.uintp((image * places[0] + p) * places[1])
            for i in range(window[0]):
                y = p * stride[0] - padding[0] + i
                if y < 0 or y >= size[0]:
                    continue
                for j in range(window[1]):
                    low, high = _inside(j - padding[1], size[1], stride[1], places[1])
                    at = np.uintp((image * size[0] + y) * size[1] + j - padding[1] + low * stride[1])
                    to = row + np.uintp(low)
                    for q in range(np.uintp(max(high - low, 0))):
                        out[at + q * step] += g[to + q]

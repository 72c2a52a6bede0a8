"""Convolution of images (N, C, H, W) and signals (N, C, L), compiled: which way it is done, and one of them.

Large images are done directly (`direct`), those with many channels and windows of 3 by 3 by Winograd's method
(`winograd`), and small ones here: windows are gathered block by block, each block small enough for the cache, and
multiplied as a matrix. Volumes are NumPy's. Names of axes are those of `autograd.kernels.window`. Each thread takes a
share of the images; gradients of the weight are added up in the order of the threads, so that the result is the same
bits each time.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.kernels.compiled import direct, jit, winograd
from autograd.kernels.compiled.blas import product
from autograd.kernels.threads import share
from autograd.kernels.window import Sizes, output_size

Array = Any

_SCRATCH = 100_000  # elements of the windows gathered at a time: 400 kB of float32, most of a second-level cache
_ONE = (1, 1)
_NUMBERS = 500_000  # numbers to add up that are worth a thread
_WORTH = 2_000_000  # multiplications that are worth a thread: some 50 microseconds


def _suits(*arrays: Array) -> bool:
    """Return whether arrays are of one floating dtype, signals or images."""
    dtype, axes = arrays[0].dtype, arrays[0].ndim
    return dtype.char in "fd" and all(
        x.__class__ is np.ndarray and x.dtype == dtype and x.ndim == axes and 3 <= axes <= 4 and x.size for x in arrays
    )


def _plain(x: Array) -> Array:
    return x if x.flags.c_contiguous else np.ascontiguousarray(x)


def _least(multiplications: int, images: int) -> int:
    """Return how many images are worth a thread."""
    return -(-_WORTH * images // max(multiplications, 1))


def _has_one_row(window: Sizes, stride: Sizes, padding: Sizes) -> bool:
    """Return whether images are as good as signals: they have one axis, or windows have one place."""
    return len(window) == 1 or (window == _ONE and stride == _ONE and not any(padding))


def _row(x: Array) -> Array:
    """Return signals (N, C, L), or images, as images (N, C, 1, -1)."""
    return _plain(x).reshape(*x.shape[:2], 1, -1)


def _along(stride: Sizes, padding: Sizes, dilation: Sizes) -> tuple[Sizes, Sizes, Sizes]:
    """Return options for images of one row."""
    return (1, stride[-1]), (0, padding[-1]), (1, dilation[-1])


def correlate(
    x: Array, weight: Array, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int, bias: Array | None = None
) -> Array:
    """Cross-correlate x (N, C, H, W) with weight (O, C/G, K, L), and add bias (O,): (N, O, P, Q)."""
    if not _suits(x, weight) or (bias is not None and bias.dtype != x.dtype):
        return NotImplemented
    places, window = output_size(x.shape[2:], weight.shape[2:], stride, padding, dilation), weight.shape[2:]
    if _has_one_row(window, stride, padding) and x.shape[2:-1] != (1,):
        found = correlate(_row(x), _row(weight), *_along(stride, padding, dilation), groups, bias)
        return found.reshape(*found.shape[:2], *places)
    x, weight = _plain(x), _plain(weight)
    if winograd.suits(x, weight.shape, places, stride, padding, dilation, groups):
        return winograd.correlate(x, weight, bias, places, padding)
    if direct.suits(places, x.itemsize):
        return direct.correlate(x, weight, bias, places, stride, padding, dilation, groups)
    out = np.empty((x.shape[0], weight.shape[0], *places), x.dtype)

    def part(start: int, stop: int) -> None:
        _correlate(x[start:stop], weight, out[start:stop], stride, padding, dilation, groups)

    share(part, x.shape[0], _least(out.size * weight[0].size, x.shape[0]), blas=True)
    return out if bias is None else np.add(out, bias.reshape(-1, 1, 1), out=out)


def correlate_input(
    g: Array, weight: Array, size: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> Array:
    """Return the gradient of `correlate` with respect to the input, (N, C, H, W), for g (N, O, P, Q)."""
    if not _suits(g, weight):
        return NotImplemented
    if _has_one_row(weight.shape[2:], stride, padding) and g.shape[2:-1] != (1,):
        found = correlate_input(_row(g), _row(weight), (1, math.prod(size)), *_along(stride, padding, dilation), groups)
        return found.reshape(*found.shape[:2], *size)
    g, weight = _plain(g), _plain(weight)
    edge = tuple([d * (k - 1) - p for d, k, p in zip(dilation, weight.shape[2:], padding, strict=True)])
    if stride == _ONE and min(edge) >= 0 and _alike(size, g.shape[2:]):
        back = direct.turned(weight, groups)
        if winograd.suits(g, back.shape, size, stride, edge, dilation, groups):
            return winograd.correlate(g, back, None, size, edge)
        if direct.suits(size, g.itemsize):
            return direct.correlate(g, back, None, size, stride, edge, dilation, groups)
    if direct.suits(g.shape[2:], g.itemsize):
        return direct.correlate_input(g, weight, size, stride, padding, dilation, groups)
    out = np.empty((g.shape[0], weight.shape[1] * groups, *size), g.dtype)

    def part(start: int, stop: int) -> None:
        _correlate_input(g[start:stop], weight, out[start:stop], stride, padding, dilation, groups)

    share(part, g.shape[0], _least(g.size * weight[0].size, g.shape[0]), blas=True)
    return out


def correlate_weight(
    x: Array, g: Array, window: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> Array:
    """Return the gradient of `correlate` with respect to the weight, (O, C/G, K, L), for g (N, O, P, Q)."""
    if not _suits(x, g):
        return NotImplemented
    if _has_one_row(window, stride, padding) and x.shape[2:-1] != (1,):
        long = (1, math.prod(window))
        found = correlate_weight(_row(x), _row(g), long, *_along(stride, padding, dilation), groups)
        return found.reshape(*found.shape[:2], *window)
    x, g = _plain(x), _plain(g)
    shape = (g.shape[1], x.shape[1] // groups, *window)
    if winograd.suits(x, shape, g.shape[2:], stride, padding, dilation, groups):
        return winograd.correlate_weight(x, g, padding)
    if direct.suits(g.shape[2:], g.itemsize):
        return direct.correlate_weight(x, g, window, stride, padding, dilation, groups)

    def part(start: int, stop: int, sums: Array) -> None:
        _correlate_weight(x[start:stop], g[start:stop], sums, stride, padding, dilation, groups)

    return direct.summed(part, x.shape[0], _least(g.size * math.prod(shape[1:]), x.shape[0]), shape, x.dtype, blas=True)


def sum_of_channels(g: Array) -> Array:
    """Return the gradient of `correlate` with respect to the bias, (O,): the sum of each channel of g (N, O, P, Q)."""
    if not _suits(g):
        return NotImplemented
    flat = _plain(g).reshape(*g.shape[:2], -1)

    def part(start: int, stop: int, sums: Array) -> None:
        _sum_of_channels(flat[start:stop], sums)

    return direct.summed(part, g.shape[0], -(-_NUMBERS * g.shape[0] // g.size), g.shape[1:2], g.dtype)


def _alike(size: Sizes, places: Sizes) -> bool:
    """Return whether images are little larger than the result, so that little is gained by adding windows up."""
    return math.prod(size) <= 1.35 * math.prod(places)


# --- compiled ---------------------------------------------------------------------------------------------------------


@jit
def _sum_of_channels(g, sums):  # type: ignore[no-untyped-def]
    """Add the sums of g (N, O, P) over images and places to sums (O,): those of each image first."""
    images, channels, places = g.shape
    flat = g.reshape(-1)
    for n in range(images):
        for c in range(channels):
            at = np.uintp((n * channels + c) * places)
            total = g.dtype.type(0)
            for p in range(np.uintp(places)):
                total += flat[at + p]
            sums[c] += total


@jit
def _pad(image, padded, padding):  # type: ignore[no-untyped-def]
    """Copy image (C, H, W) into the middle of `padded`, which is 0 around it."""
    channels, height, width = image.shape
    for c in range(channels):
        for y in range(height):
            for x in range(width):
                padded[c, y + padding[0], x + padding[1]] = image[c, y, x]


@jit
def _gather(padded, top, columns, kernel, stride, dilation):  # type: ignore[no-untyped-def]
    """Write the windows of a padded image (C, H, W) from row `top` of places on into columns (C*K*L, rows, Q).

    Positions are counted in the flat arrays, by numbers that cannot be negative: others would be compared with 0.
    """
    channels, height, width = padded.shape
    _, rows, places = columns.shape
    flat, given = columns.reshape(-1), padded.reshape(-1)
    step, many = np.uintp(stride[1]), np.uintp(places)
    down = np.uintp(width * stride[0])
    to = np.uintp(0)
    for c in range(channels):
        for i in range(kernel[0]):
            for j in range(kernel[1]):
                start = np.uintp((c * height + top * stride[0] + i * dilation[0]) * width + j * dilation[1])
                for _ in range(rows):
                    if step == np.uintp(1):
                        for q in range(many):
                            flat[to + q] = given[start + q]
                    else:
                        for q in range(many):
                            flat[to + q] = given[start + q * step]
                    to += many
                    start += down


@jit
def _spread(columns, top, padded, kernel, stride, dilation):  # type: ignore[no-untyped-def]
    """Add columns (C*K*L, rows, Q) to where `_gather` took them from."""
    channels, height, width = padded.shape
    _, rows, places = columns.shape
    flat, target = columns.reshape(-1), padded.reshape(-1)
    step, many = np.uintp(stride[1]), np.uintp(places)
    down = np.uintp(width * stride[0])
    to = np.uintp(0)
    for c in range(channels):
        for i in range(kernel[0]):
            for j in range(kernel[1]):
                start = np.uintp((c * height + top * stride[0] + i * dilation[0]) * width + j * dilation[1])
                for _ in range(rows):
                    if step == np.uintp(1):
                        for q in range(many):
                            target[start + q] += flat[to + q]
                    else:
                        for q in range(many):
                            target[start + q * step] += flat[to + q]
                    to += many
                    start += down


@jit
def _rows_at_a_time(inner, rows, places):  # type: ignore[no-untyped-def]
    """Return how many rows of places to gather at a time: equal blocks that fit the scratch memory."""
    most = max(_SCRATCH // max(inner * places, 1), 1)
    blocks = -(-rows // most)
    return -(-rows // blocks)


@jit
def _correlate(x, weight, out, stride, padding, dilation, groups):  # type: ignore[no-untyped-def]
    images, channels = x.shape[:2]
    filters, each, height, width = weight.shape
    _, _, rows, places = out.shape
    inner, share_of = each * height * width, filters // groups
    step = _rows_at_a_time(inner, rows, places)
    scratch = np.empty(inner * step * places, x.dtype)
    matrix = weight.reshape(filters, inner)
    padded = np.zeros((channels, x.shape[2] + 2 * padding[0], x.shape[3] + 2 * padding[1]), x.dtype)
    for n in range(images):
        _pad(x[n], padded, padding)
        target = out[n].reshape(filters, rows * places)
        for group in range(groups):
            image = padded[group * each : (group + 1) * each]
            filters_of = slice(group * share_of, (group + 1) * share_of)
            for top in range(0, rows, step):
                count = min(step, rows - top)
                columns = scratch[: inner * count * places].reshape(inner, count, places)
                _gather(image, top, columns, (height, width), stride, dilation)
                product(
                    matrix[filters_of], False, columns.reshape(inner, count * places), False, 0.0,
                    target[filters_of, top * places : (top + count) * places],
                )  # fmt: skip


@jit
def _correlate_input(g, weight, out, stride, padding, dilation, groups):  # type: ignore[no-untyped-def]
    images = g.shape[0]
    filters, each, height, width = weight.shape
    _, _, rows, places = g.shape
    inner, share_of = each * height * width, filters // groups
    step = _rows_at_a_time(inner, rows, places)
    scratch = np.empty(inner * step * places, g.dtype)
    matrix = weight.reshape(filters, inner)
    channels, bottom, right = out.shape[1:]
    padded = np.empty((channels, bottom + 2 * padding[0], right + 2 * padding[1]), g.dtype)
    for n in range(images):
        given = g[n].reshape(filters, rows * places)
        padded[:] = 0
        for group in range(groups):
            image = padded[group * each : (group + 1) * each]
            filters_of = slice(group * share_of, (group + 1) * share_of)
            for top in range(0, rows, step):
                count = min(step, rows - top)
                columns = scratch[: inner * count * places].reshape(inner, count, places)
                product(
                    matrix[filters_of], True, given[filters_of, top * places : (top + count) * places], False, 0.0,
                    columns.reshape(inner, count * places),
                )  # fmt: skip
                _spread(columns, top, image, (height, width), stride, dilation)
        out[n] = padded[:, padding[0] : padding[0] + bottom, padding[1] : padding[1] + right]


@jit
def _correlate_weight(x, g, weight, stride, padding, dilation, groups):  # type: ignore[no-untyped-def]
    images, channels = x.shape[:2]
    filters, each, height, width = weight.shape
    _, _, rows, places = g.shape
    inner, share_of = each * height * width, filters // groups
    step = _rows_at_a_time(inner, rows, places)
    scratch = np.empty(inner * step * places, x.dtype)
    matrix = weight.reshape(filters, inner)
    padded = np.zeros((channels, x.shape[2] + 2 * padding[0], x.shape[3] + 2 * padding[1]), x.dtype)
    for n in range(images):
        _pad(x[n], padded, padding)
        given = g[n].reshape(filters, rows * places)
        for group in range(groups):
            image = padded[group * each : (group + 1) * each]
            filters_of = slice(group * share_of, (group + 1) * share_of)
            for top in range(0, rows, step):
                count = min(step, rows - top)
                columns = scratch[: inner * count * places].reshape(inner, count, places)
                _gather(image, top, columns, (height, width), stride, dilation)
                product(
                    given[filters_of, top * places : (top + count) * places], False,
                    columns.reshape(inner, count * places), True, 1.0, matrix[filters_of],
                )  # fmt: skip

"""Normalization, compiled: each channel or row is read from memory once, and worked on while it is in the cache.

Statistics are those of blocks that fit the first-level cache, with their mean subtracted before squaring, put together
in float64 (Chan, Golub and LeVeque, Updating formulae and a pairwise algorithm for computing sample variances, 1979).
Arrays are flat, and positions in them numbers that cannot be negative.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.kernels.compiled import jit
from autograd.kernels.threads import get_num_threads, share

Array = Any

_SMALL = 2_000  # elements below which NumPy is as fast
_SHORT = 8  # elements of a channel in an image, or of a row, below which there is nothing to vectorise
_WORTH = 100_000  # elements that are worth a thread: some 50 microseconds
_BLOCK = np.uintp(4096)


def _suits(x: Array, last: int, *others: Array | None) -> bool:
    if x.__class__ is not np.ndarray or x.dtype.char not in "fd" or x.size < _SMALL:
        return False
    run = math.prod(x.shape[x.ndim - last :]) if last else math.prod(x.shape[2:])
    return run >= _SHORT and all(y is None or (y.__class__ is np.ndarray and y.dtype == x.dtype) for y in others)


def _flat(x: Array) -> Array:
    return x.reshape(-1) if x.flags.c_contiguous else np.ascontiguousarray(x).reshape(-1)


def _whole(parameter: Array | None, count: int, fill: int, dtype: Any) -> Array:
    return np.full(count, fill, dtype) if parameter is None else _flat(parameter)


def _sizes(x: Array, last: int) -> tuple[int, int, int]:
    """Return how many images, channels or rows, and elements in each of these there are."""
    if last:
        run = math.prod(x.shape[x.ndim - last :])
        return 1, x.size // run, run
    return x.shape[0], x.shape[1], math.prod(x.shape[2:])


def normalize(
    x: Array, weight: Array | None, bias: Array | None, last: int, eps: float, centered: bool
) -> Array:  # fmt: skip
    """Return (x - mean) / sqrt(variance + eps) * weight + bias, the mean and the variance."""
    if not _suits(x, last, weight, bias) or not (centered or last):
        return NotImplemented
    sizes = _sizes(x, last)
    out = np.empty(x.shape, x.dtype)
    shape = (*x.shape[: x.ndim - last], *[1] * last) if last else (1, x.shape[1], *[1] * (x.ndim - 2))
    mean, variance = np.empty(shape, x.dtype), np.empty(shape, x.dtype)
    count = sizes[2] if last else sizes[1]
    given = (_flat(x), _whole(weight, count, 1, x.dtype), _whole(bias, count, 0, x.dtype))
    results = (out.reshape(-1), mean.reshape(-1), variance.reshape(-1))
    share(
        lambda start, stop: _normalize(*given, *results, sizes, bool(last), eps, centered, start, stop),
        sizes[1], -(-_WORTH * sizes[1] // x.size),
    )  # fmt: skip
    return out, mean, variance


def normalize_gradients(
    g: Array, x: Array, weight: Array | None, mean: Array, variance: Array, last: int, eps: float, centered: bool
) -> Array:
    """Return the gradients of x, weight and bias from that of the result and the statistics."""
    if not _suits(x, last, g, weight, mean, variance) or not (centered or last):
        return NotImplemented
    sizes = _sizes(x, last)
    grad = np.empty(x.shape, x.dtype)
    count = sizes[2] if last else sizes[1]
    sums = np.zeros((get_num_threads(), 2, count))
    given = (_flat(g), _flat(x), _whole(weight, count, 1, x.dtype), _flat(mean), _flat(variance), grad.reshape(-1))

    def part(start: int, stop: int) -> None:
        if last:
            place = (start * len(sums) + sizes[1] - 1) // sizes[1]
            _rows_gradient(*given, sums[place], sizes[2], eps, centered, start, stop)
        else:
            _channels_gradient(*given, sums[0], sizes, eps, start, stop)

    share(part, sizes[1], -(-_WORTH * sizes[1] // x.size))
    total = (sums.sum(axis=0) if last else sums[0]).astype(x.dtype)
    shape = x.shape[x.ndim - last :] if last else (x.shape[1],)
    return grad, total[0].reshape(shape), total[1].reshape(shape)


# --- compiled ---------------------------------------------------------------------------------------------------------


@jit
def _block_moments(x, begin, count):  # type: ignore[no-untyped-def]
    """Return the mean of a block, and the sum of squares of the differences from it."""
    total = squares = rest = x.dtype.type(0)
    for i in range(begin, begin + count):
        total += x[i]
    middle = x.dtype.type(total / count)
    for i in range(begin, begin + count):
        difference = x[i] - middle
        squares += difference * difference
        rest += difference
    return middle + rest / np.float64(count), squares - np.float64(rest) * rest / count


@jit
def _moments(x, begin, images, stride, run):  # type: ignore[no-untyped-def]
    """Return the mean and variance of `images` runs of elements, `stride` apart from each other."""
    mean = m2 = seen = 0.0
    for _ in range(images):
        at = np.uintp(0)
        while at < run:
            count = min(_BLOCK, run - at)
            middle, squares = _block_moments(x, begin + at, count)
            difference = middle - mean
            many = np.float64(count)
            mean += difference * many / (seen + many)
            m2 += squares + difference * difference * seen * many / (seen + many)
            seen += many
            at += count
        begin += stride
    return mean, m2 / seen


@jit
def _mean_square(x, begin, run):  # type: ignore[no-untyped-def]
    total, at = 0.0, np.uintp(0)
    while at < run:
        count = min(_BLOCK, run - at)
        squares = x.dtype.type(0)
        for i in range(begin + at, begin + at + count):
            squares += x[i] * x[i]
        total += squares
        at += count
    return total / run


@jit
def _normalize(x, weight, bias, out, means, variances, sizes, of_rows, eps, centered, start, stop):  # type: ignore[no-untyped-def]
    """Normalize channels or rows from `start` to `stop`."""
    images, run = sizes[0], np.uintp(sizes[2])
    stride = np.uintp(sizes[1]) * run
    for c in range(np.uintp(start), np.uintp(stop)):
        begin = c * run
        mean, variance = _moments(x, begin, images, stride, run) if centered else (0.0, _mean_square(x, begin, run))
        means[c], variances[c] = mean, variance
        middle, factor = x.dtype.type(mean), x.dtype.type(1 / math.sqrt(variance + eps))
        if of_rows:
            for i in range(run):
                out[begin + i] = (x[begin + i] - middle) * factor * weight[i] + bias[i]
            continue
        factor *= weight[c]
        shift = bias[c]
        for _ in range(images):
            for i in range(begin, begin + run):
                out[i] = (x[i] - middle) * factor + shift
            begin += stride


@jit
def _block_sums(g, x, middle, begin, count):  # type: ignore[no-untyped-def]
    """Return the sums of g * (x - middle) and of g over a block."""
    products = total = x.dtype.type(0)
    for i in range(begin, begin + count):
        products += g[i] * (x[i] - middle)
        total += g[i]
    return products, total


@jit
def _channels_gradient(g, x, weight, means, variances, grad, sums, sizes, eps, start, stop):  # type: ignore[no-untyped-def]
    """Write the gradients of channels `start` to `stop`; `sums` (2, C) gets those of weight and bias."""
    images, run = sizes[0], np.uintp(sizes[2])
    stride = np.uintp(sizes[1]) * run
    n = images * np.float64(run)
    for c in range(np.uintp(start), np.uintp(stop)):
        middle = means[c]
        products = total = 0.0
        begin = c * run
        for _ in range(images):
            at = np.uintp(0)
            while at < run:
                count = min(_BLOCK, run - at)
                some, few = _block_sums(g, x, middle, begin + at, count)
                products += some
                total += few
                at += count
            begin += stride
        r = 1 / math.sqrt(variances[c] + eps)
        sums[0, c], sums[1, c] = products * r, total
        scale = r * weight[c]
        of_g, of_x = x.dtype.type(scale), x.dtype.type(-scale * r * r * products / n)
        shift = x.dtype.type(-scale * total / n)
        begin = c * run
        for _ in range(images):
            for i in range(begin, begin + run):
                grad[i] = g[i] * of_g + ((x[i] - middle) * of_x + shift)
            begin += stride


@jit
def _rows_gradient(g, x, weight, means, variances, grad, sums, run, eps, centered, start, stop):  # type: ignore[no-untyped-def]
    """Write the gradients of rows `start` to `stop`, and add what they give weight and bias to `sums` (2, L)."""
    of_weight, of_bias = sums[0], sums[1]
    run = np.uintp(run)
    for row in range(np.uintp(start), np.uintp(stop)):
        begin, middle = row * run, means[row]
        r = x.dtype.type(1 / math.sqrt(variances[row] + eps))
        products = total = 0.0
        at = np.uintp(0)
        while at < run:
            count = min(_BLOCK, run - at)
            some = few = x.dtype.type(0)
            for i in range(at, at + count):
                h, difference = g[begin + i] * weight[i], x[begin + i] - middle
                some += h * difference
                few += h
            products += some
            total += few
            at += count
        for i in range(run):
            of_weight[i] += g[begin + i] * ((x[begin + i] - middle) * r)
            of_bias[i] += g[begin + i]
        of_x = x.dtype.type(-np.float64(r) * r * r * products / run)
        shift = x.dtype.type(-r * total / run if centered else 0.0)
        for i in range(run):
            grad[begin + i] = g[begin + i] * weight[i] * r + ((x[begin + i] - middle) * of_x + shift)

"""Convolution of images (N, C, H, W) without copies of their windows, by the sums over taps of `blocks`.

An image is padded in scratch memory, where its columns are split by the stride: those 0, s, 2s, ... come first, then
those 1, s + 1, ...; so that the places of a tap lie side by side. Without padding and stride it is used as it is.
Rows of places are cut into vectors; where their length is no multiple of a vector's, the last one overlaps the one
before it.
"""

from __future__ import annotations

import functools
import threading
from typing import Any, NamedTuple

import numpy as np

from autograd.kernels.compiled import jit
from autograd.kernels.compiled.blocks import ACROSS, FILTERS, combine, contract, repeated, scatter
from autograd.kernels.compiled.vectors import BYTES
from autograd.kernels.threads import get_num_threads, share
from autograd.kernels.window import Sizes

Array = Any

WORTH = 2_000_000  # multiplications that are worth a thread: some 50 microseconds
_SCRATCH = 40_000  # elements of the padded images at a time, if more than one: some of a second-level cache

_own = threading.local()


def scratch(use: str, shape: Sizes, dtype: Any) -> Array:
    """Return memory of this thread for a use, with whatever is in it; the next call for that use returns it again."""
    count = int(np.prod(shape)) * np.dtype(dtype).itemsize
    kept = getattr(_own, use, None)
    if kept is None or kept.size < count:
        kept = np.empty(count, np.uint8)
        setattr(_own, use, kept)
    made: Array = kept[:count].view(dtype).reshape(shape)
    return made


class Layout(NamedTuple):
    """Where taps and vectors lie.

    Attributes:
        padded: rows, column remainders and columns of an image of one channel in scratch memory.
        plain: whether the image is used as it is.
        offsets: of each tap (C/G, K, L).
        sources: where each vector's places begin in the image.
        targets: where they begin in the result (P, Q).
        skips: how many of a vector's places are the last vector's, too.
    """

    padded: Sizes
    plain: bool
    offsets: Array
    sources: Array
    targets: Array
    skips: Array


@functools.lru_cache(maxsize=256)
def layout(
    channels: int, size: Sizes, window: Sizes, places: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, lanes: int
) -> Layout:
    """Return where taps and vectors of a convolution lie, for one group's channels."""
    (rows, columns), step = (n + 2 * p for n, p in zip(size, padding, strict=True)), stride[1]
    pitch = -(-columns // step)  # of the columns with one remainder
    c, i, j = np.ogrid[:channels, : window[0], : window[1]]
    down, along = i * dilation[0], j * dilation[1]
    offsets = (c * rows + down) * step * pitch + along % step * pitch + along // step
    first = np.arange(0, places[1], lanes)
    clipped = np.minimum(first, places[1] - lanes)
    row = np.arange(places[0])[:, None]
    sources, targets = row * stride[0] * step * pitch + clipped, row * places[1] + clipped
    skips = np.broadcast_to(first - clipped, targets.shape)
    flat = [np.ascontiguousarray(each, np.uintp).reshape(-1) for each in (offsets, sources, targets, skips)]
    return Layout((rows, step, pitch), step == 1 and not any(padding), *flat)


def suits(places: Sizes, itemsize: int) -> bool:
    """Return whether rows of places are long enough: vectors must not cover more than half as many places again."""
    lanes = BYTES // itemsize
    return places[1] >= lanes and -(-places[1] // lanes) * lanes <= 1.5 * places[1]


def in_blocks(rows: Array, dtype: Any) -> Array:
    """Return matrices (G, rows, columns) in blocks of four rows: (G, rows/4, columns, 4), filled up with zeros."""
    groups, count, columns = rows.shape
    blocks = -(-count // FILTERS)
    packed = np.zeros((groups, blocks, columns, FILTERS), dtype)
    whole = count // FILTERS
    packed[:, :whole] = rows[:, : whole * FILTERS].reshape(groups, whole, FILTERS, columns).swapaxes(2, 3)
    if whole < blocks:
        packed[:, whole, :, : count - whole * FILTERS] = rows[:, whole * FILTERS :].swapaxes(1, 2)
    return packed


def _images_at_a_time(plan: Layout, channels: int, images: int) -> int:
    return max(min(_SCRATCH // (channels * plan.padded[0] * plan.padded[1] * plan.padded[2]), images), 1)


def correlate(
    x: Array, weight: Array, bias: Array | None, places: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes,
    groups: int,
) -> Array:  # fmt: skip
    """Cross-correlate x (N, C, H, W) with weight (O, C/G, K, L) and add bias (O,): (N, O, P, Q)."""
    images, channels = x.shape[:2]
    filters, each, *window = weight.shape
    plan = layout(each, x.shape[2:], tuple(window), places, stride, padding, dilation, BYTES // x.itemsize)
    packed = in_blocks(weight.reshape(groups, filters // groups, -1), x.dtype)
    start = np.zeros((groups, packed.shape[1] * FILTERS), x.dtype)
    if bias is not None:
        start[:, : filters // groups] = bias.reshape(groups, -1)
    out = np.empty((images, filters, *places), x.dtype)

    def part(first: int, last: int) -> None:
        many = _images_at_a_time(plan, channels, last - first)
        room = scratch("image", (0 if plan.plain else many, channels, *plan.padded), x.dtype)
        _correlate(
            x[first:last], packed, start, out[first:last], room, padding, many,
            plan.offsets, plan.sources, plan.targets,
        )  # fmt: skip

    share(part, images, -(-WORTH * images // (out.size * packed[0, 0, :, 0].size)))
    return out


def turned(weight: Array, groups: int) -> Array:
    """Return filters (O, C/G, K, L) as those that lead from the result back to the images: (C, O/G, K, L)."""
    filters, each, *window = weight.shape
    parts = weight.reshape(groups, filters // groups, each, *window).swapaxes(1, 2)[..., ::-1, ::-1]
    return np.ascontiguousarray(parts).reshape(groups * each, filters // groups, *window)


def correlate_input(
    g: Array, weight: Array, size: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> Array:
    """Return the gradient of `correlate` with respect to the input, (N, C, H, W), for g (N, O, P, Q)."""
    images, filters, *places = g.shape
    each, *window = weight.shape[1:]
    plan = layout(each, size, tuple(window), tuple(places), stride, padding, dilation, BYTES // g.itemsize)
    packed = in_blocks(weight.reshape(groups, filters // groups, -1).swapaxes(1, 2), g.dtype)
    out = np.empty((images, each * groups, *size), g.dtype)
    lanes = BYTES // g.itemsize

    def part(first: int, last: int) -> None:
        many = _images_at_a_time(plan, each * groups, last - first)
        room = scratch("image", (0 if plan.plain else many, each * groups, *plan.padded), g.dtype)
        given = scratch("gradient", (filters, (many * plan.sources.size + ACROSS - 1) * lanes), g.dtype)
        _correlate_input(
            g[first:last], packed, out[first:last], given, room, padding, many,
            plan.offsets, plan.sources, plan.targets, plan.skips,
        )  # fmt: skip

    share(part, images, -(-WORTH * images // (g.size * plan.offsets.size)))
    return out


def correlate_weight(
    x: Array, g: Array, window: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> Array:
    """Return the gradient of `correlate` with respect to the weight, (O, C/G, K, L), for g (N, O, P, Q)."""
    images, channels = x.shape[:2]
    filters, places = g.shape[1], g.shape[2:]
    each = channels // groups
    plan = layout(each, x.shape[2:], window, places, stride, padding, dilation, BYTES // x.itemsize)
    lanes = BYTES // x.itemsize

    def part(first: int, last: int, weight: Array) -> None:
        many = _images_at_a_time(plan, channels, last - first)
        room = scratch("image", (0 if plan.plain else many, channels, *plan.padded), x.dtype)
        given = scratch("gradient", (filters, many * plan.sources.size * lanes), x.dtype)
        _correlate_weight(
            x[first:last], g[first:last], weight, given, room, padding, many,
            plan.offsets, plan.sources, plan.targets, plan.skips, groups,
        )  # fmt: skip

    least = -(-WORTH * images // (g.size * plan.offsets.size))
    return summed(part, images, least, (filters, plan.offsets.size), x.dtype).reshape(filters, each, *window)


def summed(part: Any, images: int, least: int, shape: Sizes, dtype: Any, blas: bool = False) -> Array:
    """Return the sum of what part(start, stop, sums) adds to arrays of zeros, each thread to one of its own."""
    sums = np.zeros((get_num_threads(), *shape), dtype)
    used = []

    def work(start: int, stop: int) -> None:
        place = (start * len(sums) + images - 1) // images  # in order, whoever is first
        used.append(place)
        part(start, stop, sums[place])

    share(work, images, least, blas)
    return sums[used[0]] if len(used) == 1 else sums.sum(axis=0)


# --- compiled ---------------------------------------------------------------------------------------------------------


@jit
def _pad(image, padded, padding):  # type: ignore[no-untyped-def]
    """Copy image (C, H, W) into `padded` (C, rows, remainders, columns), which is 0 where no image is."""
    channels, height, width = image.shape
    _, rows, step, pitch = padded.shape
    given, to = image.reshape(-1), padded.reshape(-1)
    left, step, pitch = np.uintp(padding[1]), np.uintp(step), np.uintp(pitch)
    at = np.uintp(0)
    for c in range(channels):
        for y in range(height):
            row = np.uintp(c * rows + y + padding[0]) * step * pitch
            if step == np.uintp(1):
                row += left
                for x in range(np.uintp(width)):
                    to[row + x] = given[at + x]
            else:
                for x in range(np.uintp(width)):
                    place = x + left
                    to[row + place % step * pitch + place // step] = given[at + x]
            at += np.uintp(width)


@jit
def _unpad(padded, image, padding):  # type: ignore[no-untyped-def]
    """Copy the middle of `padded` (C, rows, remainders, columns) to image (C, H, W)."""
    channels, height, width = image.shape
    _, rows, step, pitch = padded.shape
    given, to = padded.reshape(-1), image.reshape(-1)
    left, step, pitch = np.uintp(padding[1]), np.uintp(step), np.uintp(pitch)
    at = np.uintp(0)
    for c in range(channels):
        for y in range(height):
            row = np.uintp(c * rows + y + padding[0]) * step * pitch
            if step == np.uintp(1):
                row += left
                for x in range(np.uintp(width)):
                    to[at + x] = given[row + x]
            else:
                for x in range(np.uintp(width)):
                    place = x + left
                    to[at + x] = given[row + place % step * pitch + place // step]
            at += np.uintp(width)


@jit
def _in_vectors(g, vectors, first, targets, skips):  # type: ignore[no-untyped-def]
    """Write the vectors of places of g (O, P*Q) to vectors (O, V) from the first-th on.

    Places that the vector before has, too, become 0.
    """
    filters, places = g.shape
    lanes = np.uintp(32 // g.itemsize)
    given, to = g.reshape(-1), vectors.reshape(-1)
    for o in range(filters):
        at = np.uintp(o * vectors.shape[1]) + np.uintp(first) * lanes
        for v in range(targets.size):
            start = np.uintp(o * places) + targets[v]
            for q in range(lanes):
                to[at + q] = given[start + q]
            for q in range(skips[v]):
                to[at + q] = 0
            at += lanes


@jit
def _correlate(x, weight, bias, out, room, padding, many, offsets, sources, targets):  # type: ignore[no-untyped-def]
    images, channels, height, width = x.shape
    groups, blocks, taps, _ = weight.shape
    filters, plane = out.shape[1] // groups, out.shape[2] * out.shape[3]
    flat, step = x.reshape(-1), channels * height * width
    if room.size:
        flat, step = room.reshape(-1), room[0].size
        flat[:] = 0
    sources, targets = repeated(sources, step, many), repeated(targets, groups * filters * plane, many)
    for n in range(0, images, many):
        count = min(many, images - n)
        if room.size:
            for image in range(count):
                _pad(x[n + image], room[image], padding)
        vectors = sources.size // many * count
        for group in range(groups):
            start = group * (step // groups) + (0 if room.size else n * step)
            combine(
                flat, start, weight.reshape(-1), group * blocks * 4 * taps, bias[group],
                out.reshape(-1), (n * groups + group) * filters * plane, plane, filters,
                offsets, sources[:vectors], targets[:vectors],
            )  # fmt: skip


@jit
def _correlate_input(g, weight, out, given, room, padding, many, offsets, sources, targets, skips):  # type: ignore[no-untyped-def]
    images, all_filters, rows, columns = g.shape
    groups, blocks, filters, _ = weight.shape
    flat, step, long = out.reshape(-1), out.shape[1] * out.shape[2] * out.shape[3], given.shape[1]
    if room.size:
        flat, step = room.reshape(-1), room[0].size
    else:
        flat[:] = 0
    sources = repeated(sources, step, many)
    for n in range(0, images, many):
        count = min(many, images - n)
        if room.size:
            flat[: count * step] = 0
        for image in range(count):
            _in_vectors(g[n + image].reshape(all_filters, rows * columns), given, image * targets.size, targets, skips)
        for group in range(groups):
            scatter(
                given.reshape(-1), group * filters * long, long, weight.reshape(-1), group * blocks * filters * 4,
                flat, group * (step // groups) + (0 if room.size else n * step), filters,
                offsets, sources[: targets.size * count],
            )  # fmt: skip
        if room.size:
            for image in range(count):
                _unpad(room[image], out[n + image], padding)


@jit
def _correlate_weight(x, g, weight, given, room, padding, many, offsets, sources, targets, skips, groups):  # type: ignore[no-untyped-def]
    images, channels, height, width = x.shape
    all_filters, rows, columns = g.shape[1:]
    filters, long = all_filters // groups, given.shape[1]
    flat, step = x.reshape(-1), channels * height * width
    if room.size:
        flat, step = room.reshape(-1), room[0].size
        flat[:] = 0
    sources = repeated(sources, step, many)
    for n in range(0, images, many):
        count = min(many, images - n)
        for image in range(count):
            _in_vectors(g[n + image].reshape(all_filters, rows * columns), given, image * targets.size, targets, skips)
            if room.size:
                _pad(x[n + image], room[image], padding)
        for group in range(groups):
            contract(
                given.reshape(-1), group * filters * long, long,
                flat, group * (step // groups) + (0 if room.size else n * step),
                offsets, sources[: targets.size * count], weight[group * filters : (group + 1) * filters],
            )  # fmt: skip

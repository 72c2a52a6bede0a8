"""Convolution with windows of 3 by 3 by a quarter of the multiplications: Winograd's minimal filtering.

Source: Lavin and Gray, Fast algorithms for convolutional neural networks (2016), section 4.2, F(4x4, 3x3): a tile of
4 by 4 results takes 36 products where the sums over taps take 144. With points 0, 1, -1, 2, -2 and infinity,

    result = A^T [(G w G^T) * (B^T x B)] A        for a tile x of 6 by 6 places of the image and a window w,

where the products * are summed over channels, which makes 36 products of matrices. The gradient of the weight is the
same with a tile of 4 by 4 of the result's gradient in the place of w: F(3x3, 4x4), which has the same B.

The price is rounding: with normal images and windows of 64 channels the root mean square of the error is 2e-6 of that
of the results, 3e-7 for sums over taps; the largest error is 1e-5 of the largest result. It is used for float32 only.
And an infinity or nan in an image reaches all results of the tiles that it is in.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.kernels.compiled import jit
from autograd.kernels.compiled.blocks import combine, contract
from autograd.kernels.compiled.direct import in_blocks, scratch, summed
from autograd.kernels.compiled.vectors import columns, load, muladd, splat, store
from autograd.kernels.compiled.vectors import rows as as_rows
from autograd.kernels.products import matmul
from autograd.kernels.threads import share
from autograd.kernels.window import Sizes

Array = Any

U = np.uintp
_TILES = 96  # at a time: a multiple of three vectors; transformed tiles then stay in a third-level cache
_MORE_TILES = 192  # for sums over tiles, which end once in each block
_CHANNELS = 32  # with fewer it gains less than its rounding costs
_WORTH = 500_000  # products that are worth a thread

_POINTS = (0, 1, -1, 2, -2)
_SCALES = (1 / 4, -1 / 6, -1 / 6, 1 / 24, 1 / 24, 1)


def _powers(count: int) -> Array:
    """Return the powers of the points below `count`, one row for each point: (6, count), the last for infinity."""
    rows = [[float(point**i) for i in range(count)] for point in _POINTS]
    return np.array([*rows, [0.0] * (count - 1) + [1.0]])


# The matrices for both axes at once: of windows (36, 9), and of the gradient of windows (9, 36).
_SCALED = np.array(_SCALES)[:, None] * _powers(3)
_WINDOW = np.kron(_SCALED, _SCALED).astype(np.float32)
_OF_WINDOW = np.ascontiguousarray(_WINDOW.T)


def _tiles(places: Sizes) -> Sizes:
    """Return how many tiles cover the results: an even number in each row, since a vector holds two."""
    return -(-places[0] // 4), -(-places[1] // 8) * 2


def suits(x: Array, weight: Sizes, places: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int) -> bool:
    """Return whether the method is made for images x and a weight of some shape, and pays."""
    if x.dtype != np.float32 or weight[2:] != (3, 3) or groups > 1 or min(weight[:2]) < _CHANNELS:
        return False
    if (*stride, *dilation) != (1, 1, 1, 1) or max(padding) > 2:
        return False
    tiles = math.prod(_tiles(places))
    return x.shape[0] * tiles >= 32 and 16 * tiles <= 1.5 * math.prod(places)


class _Block:
    """Scratch memory for some rows of tiles, of one thread."""

    def __init__(self, images: int, channels: int, filters: int, tiles: Sizes, most: int) -> None:
        self.rows = max(min(most // tiles[1], tiles[0] * images), 1)
        self.width = -(-self.rows * tiles[1] // 8) * 8
        # Odd numbers of cache lines lie between the 36 matrices, which would be in each other's way otherwise.
        self.images = scratch("images", (36, channels * self.width + 16), np.float32)
        self.results = scratch("results", (36, filters * self.width + 16), np.float32)
        self.plane = scratch("plane", (4 * self.rows + 2, 4 * tiles[1] + 8), np.float32)
        self.lines = scratch("lines", (6, self.rows + 3, 4 * tiles[1] + 8), np.float32)


def correlate(x: Array, weight: Array, bias: Array | None, places: Sizes, padding: Sizes) -> Array:
    """Cross-correlate x (N, C, H, W) with weight (O, C, 3, 3), and add bias (O,): (N, O, P, Q)."""
    images, channels = x.shape[:2]
    filters = weight.shape[0]
    tiles = _tiles(places)
    parts = in_blocks(weight.reshape(1, filters, channels * 9), x.dtype)[0]  # (O/4, C*9, 4)
    parts = parts.reshape(-1, channels, 9, 4).transpose(2, 0, 1, 3).reshape(9, -1)
    windows = matmul(_WINDOW, parts)  # (36, O/4*C*4)
    shift = np.zeros(filters, x.dtype) if bias is None else np.ascontiguousarray(bias)
    out = np.empty((images, filters, *places), x.dtype)

    def part(first: int, last: int) -> None:
        b = _Block(last - first, channels, filters, tiles, _TILES)
        _correlate(
            x[first:last], windows, shift, out[first:last], padding, tiles, b.rows, b.width,
            b.images, b.results, b.plane, b.lines,
        )  # fmt: skip

    share(part, images, -(-_WORTH * images // (out.size * channels // 4)))
    return out


def correlate_weight(x: Array, g: Array, padding: Sizes) -> Array:
    """Return the gradient of `correlate` with respect to the weight, (O, C, 3, 3), for g (N, O, P, Q)."""
    images, channels = x.shape[:2]
    filters = g.shape[1]
    tiles = _tiles(g.shape[2:])

    def part(first: int, last: int, sums: Array) -> None:
        b = _Block(last - first, channels, filters, tiles, _MORE_TILES)
        _correlate_weight(
            x[first:last], g[first:last], sums, padding, tiles, b.rows, b.width, b.images, b.results, b.plane, b.lines
        )

    least = -(-_WORTH * images // (g.size * channels // 4))
    sums = summed(part, images, least, (36, filters, channels), x.dtype)
    windows = matmul(_OF_WINDOW, sums.reshape(36, -1))
    return np.ascontiguousarray(windows.T).reshape(filters, channels, 3, 3)


# --- compiled ---------------------------------------------------------------------------------------------------------


@jit
def _pad(image, start, size, top, left, count, plane):  # type: ignore[no-untyped-def]
    """Copy `count` rows of an image plane of some size, from row `top` and column `left` on, 0 where it has none."""
    to, pitch = plane.reshape(-1), plane.shape[1]
    begin, end = max(left, 0), min(left + pitch, size[1])
    for row in range(count):
        y, at = top + row, row * pitch
        if y < 0 or y >= size[0]:
            for q in range(U(at), U(at + pitch)):
                to[q] = 0
            continue
        for q in range(U(at), U(at + begin - left)):
            to[q] = 0
        source, place = U(start + y * size[1] + begin), U(at + begin - left)
        for q in range(U(end - begin)):
            to[place + q] = image[source + q]
        for q in range(place + U(end - begin), U(at + pitch)):
            to[q] = 0


@jit(forceinline=True)
def _of_image(d0, d1, d2, d3, d4, d5):  # type: ignore[no-untyped-def]
    """Return B^T d."""
    one, less = splat(np.float32(1)), splat(np.float32(-1))
    four, least, five = splat(np.float32(4)), splat(np.float32(-4)), splat(np.float32(-5))
    even, odd = muladd(least, d2, d4), muladd(least, d1, d3)
    flat, steep = muladd(less, d2, d4), muladd(less, d1, d3)
    return (
        muladd(four, d0, muladd(five, d2, d4)), muladd(one, odd, even), muladd(less, odd, even),
        muladd(splat(np.float32(2)), steep, flat), muladd(splat(np.float32(-2)), steep, flat),
        muladd(four, d1, muladd(five, d3, d5)),
    )  # fmt: skip


@jit(forceinline=True)
def _of_gradient(d0, d1, d2, d3):  # type: ignore[no-untyped-def]
    """Return the values at the six points of the polynomial with coefficients d."""
    one, less, four = splat(np.float32(1)), splat(np.float32(-1)), splat(np.float32(4))
    even, odd = muladd(one, d2, d0), muladd(one, d3, d1)
    flat, steep = muladd(four, d2, d0), muladd(four, d3, d1)
    return (
        d0, muladd(one, odd, even), muladd(less, odd, even),
        muladd(splat(np.float32(2)), steep, flat), muladd(splat(np.float32(-2)), steep, flat), d3,
    )  # fmt: skip


@jit(forceinline=True)
def _of_products(m0, m1, m2, m3, m4, m5, shift):  # type: ignore[no-untyped-def]
    """Return A^T m + shift."""
    one, less = splat(np.float32(1)), splat(np.float32(-1))
    even, odd = muladd(one, m2, m1), muladd(less, m2, m1)
    more, rest = muladd(one, m4, m3), muladd(less, m4, m3)
    return (
        muladd(one, muladd(one, m0, shift), muladd(one, more, even)),
        muladd(one, shift, muladd(splat(np.float32(2)), rest, odd)),
        muladd(one, shift, muladd(splat(np.float32(4)), more, even)),
        muladd(one, muladd(one, m5, shift), muladd(splat(np.float32(8)), rest, odd)),
    )


@jit(forceinline=True)
def _read(given, at, step):  # type: ignore[no-untyped-def]
    """Return six vectors, with a step from one to the next."""
    return (
        load(given, at), load(given, at + step), load(given, at + U(2) * step),
        load(given, at + U(3) * step), load(given, at + U(4) * step), load(given, at + U(5) * step),
    )  # fmt: skip


@jit(forceinline=True)
def _write(out, at, step, values):  # type: ignore[no-untyped-def]
    """Write six vectors, with a step from one to the next."""
    store(out, at, values[0])
    store(out, at + step, values[1])
    store(out, at + U(2) * step, values[2])
    store(out, at + U(3) * step, values[3])
    store(out, at + U(4) * step, values[4])
    store(out, at + U(5) * step, values[5])


@jit(forceinline=True)
def _pair(v, lines, tiles):  # type: ignore[no-untyped-def]
    """Return where two tiles, from number v on, are in lines, the rows of tiles one after the other."""
    row = v // U(tiles)
    return row * U(lines.shape[2]) + U(4) * (v - row * U(tiles))


@jit
def _transform(x, overlap, padding, tiles, first, rows, width, plane, lines, out):  # type: ignore[no-untyped-def]
    """Write transformed tiles of some rows of tiles of x (N, C, H, W) to out (36, C * width).

    Tiles that overlap are 6 by 6 places of images, others 4 by 4 places of gradients.
    """
    _, channels, height, across = x.shape
    flat, rowed, lined, to = x.reshape(-1), plane.reshape(-1), lines.reshape(-1), out.reshape(-1)
    pitch, apart, step = U(plane.shape[1]), U(lines.shape[1] * lines.shape[2]), U(out.shape[1])
    more = 2 if overlap else 0
    for c in range(channels):
        row = 0
        while row < rows:
            image, down = (first + row) // tiles[0], (first + row) % tiles[0]
            count = min(rows - row, tiles[0] - down)
            start = (image * channels + c) * height * across
            _pad(flat, start, (height, across), down * 4 - padding[0], -padding[1], count * 4 + more, plane)
            for r in range(count):
                at, place = U(4 * r) * pitch, U(row + r) * pitch
                for q in range(U(0), pitch, U(8)):
                    if overlap:
                        d0, d1, d2, d3, d4, d5 = _read(rowed, at + q, pitch)
                        _write(lined, place + q, apart, _of_image(d0, d1, d2, d3, d4, d5))
                    else:
                        d0, d1 = load(rowed, at + q), load(rowed, at + q + pitch)
                        d2, d3 = load(rowed, at + q + U(2) * pitch), load(rowed, at + q + U(3) * pitch)
                        _write(lined, place + q, apart, _of_gradient(d0, d1, d2, d3))
            row += count
        last = U(rows * tiles[1])
        for q in range(U(rows) * pitch, U(rows + 3) * pitch):  # beyond the tiles: what adds nothing
            for i in range(U(6)):
                lined[i * apart + q] = 0
        for v in range(U(0), last, U(8)):
            p0, p1 = _pair(v, lines, tiles[1]), _pair(v + U(2), lines, tiles[1])
            p2, p3 = _pair(v + U(4), lines, tiles[1]), _pair(v + U(6), lines, tiles[1])
            place = U(c * width) + v
            for _ in range(U(6)):
                a, b, e, f = load(lined, p0), load(lined, p1), load(lined, p2), load(lined, p3)
                d0, d1, d2, d3 = columns(a, b, e, f)
                if overlap:
                    a, b = load(lined, p0 + U(4)), load(lined, p1 + U(4))
                    e, f = load(lined, p2 + U(4)), load(lined, p3 + U(4))
                    d4, d5, _, _ = columns(a, b, e, f)
                    _write(to, place, step, _of_image(d0, d1, d2, d3, d4, d5))
                else:
                    _write(to, place, step, _of_gradient(d0, d1, d2, d3))
                p0, p1, p2, p3 = p0 + apart, p1 + apart, p2 + apart, p3 + apart
                place += U(6) * step


@jit
def _transform_back(found, shift, tiles, first, rows, width, lines, out):  # type: ignore[no-untyped-def]
    """Write the results of some rows of tiles, from products found (36, O * width), to out (N, O, P, Q)."""
    _, filters, height, across = out.shape
    flat, lined, to = found.reshape(-1), lines.reshape(-1), out.reshape(-1)
    pitch, apart, step = lines.shape[2], U(lines.shape[1] * lines.shape[2]), U(found.shape[1])
    zero = splat(np.float32(0))
    kept = np.empty(24 * 8, np.float32)
    for o in range(filters):
        start = splat(shift[o])
        for v in range(U(0), U(rows * tiles[1]), U(8)):
            at = U(o * width) + v
            for j in range(U(6)):
                m0, m1, m2, m3, m4, m5 = _read(flat, at + j * step, U(6) * step)
                y0, y1, y2, y3 = _of_products(m0, m1, m2, m3, m4, m5, zero)
                store(kept, U(8) * j, y0)
                store(kept, U(8) * (j + U(6)), y1)
                store(kept, U(8) * (j + U(12)), y2)
                store(kept, U(8) * (j + U(18)), y3)
            p0, p1 = _pair(v, lines, tiles[1]), _pair(v + U(2), lines, tiles[1])
            p2, p3 = _pair(v + U(4), lines, tiles[1]), _pair(v + U(6), lines, tiles[1])
            for i in range(U(4)):
                m0, m1, m2, m3, m4, m5 = _read(kept, U(48) * i, U(8))
                y0, y1, y2, y3 = _of_products(m0, m1, m2, m3, m4, m5, start)
                y0, y1, y2, y3 = as_rows(y0, y1, y2, y3)
                store(lined, p0, y0)
                store(lined, p1, y1)
                store(lined, p2, y2)
                store(lined, p3, y3)
                p0, p1, p2, p3 = p0 + apart, p1 + apart, p2 + apart, p3 + apart
        for row in range(rows):
            image, down = (first + row) // tiles[0], (first + row) % tiles[0]
            for i in range(min(4, height - down * 4)):
                place = U(((image * filters + o) * height + down * 4 + i) * across)
                at = U(i) * apart + U(row * pitch)
                for q in range(U(across)):
                    to[place + q] = lined[at + q]


@jit
def _correlate(x, windows, shift, out, padding, tiles, rows, width, given, found, plane, lines):  # type: ignore[no-untyped-def]
    channels, filters = x.shape[1], out.shape[1]
    offsets, vectors = np.arange(channels).astype(np.uintp) * U(width), np.arange(0, width, 8).astype(np.uintp)
    zeros = np.zeros((filters + 3) // 4 * 4, x.dtype)
    for first in range(0, x.shape[0] * tiles[0], rows):
        count = min(rows, x.shape[0] * tiles[0] - first)
        _transform(x, True, padding, tiles, first, count, width, plane, lines, given)
        used = vectors[: (count * tiles[1] + 7) // 8]
        for k in range(36):
            combine(
                given.reshape(-1), k * given.shape[1], windows.reshape(-1), k * windows.shape[1], zeros,
                found.reshape(-1), k * found.shape[1], width, filters, offsets, used, used,
            )  # fmt: skip
        _transform_back(found, shift, tiles, first, count, width, lines, out)


@jit
def _correlate_weight(x, g, sums, padding, tiles, rows, width, given, of, plane, lines):  # type: ignore[no-untyped-def]
    channels, nothing = x.shape[1], (padding[0] * 0, padding[1] * 0)
    offsets, vectors = np.arange(channels).astype(np.uintp) * U(width), np.arange(0, width, 8).astype(np.uintp)
    for first in range(0, x.shape[0] * tiles[0], rows):
        count = min(rows, x.shape[0] * tiles[0] - first)
        _transform(x, True, padding, tiles, first, count, width, plane, lines, given)
        _transform(g, False, nothing, tiles, first, count, width, plane, lines, of)
        used = vectors[: (count * tiles[1] + 7) // 8]
        for k in range(36):
            contract(
                of.reshape(-1), k * of.shape[1], width, given.reshape(-1), k * given.shape[1], offsets, used, sums[k]
            )

"""Sums of products over taps, the core of every convolution, with blocks of sums in registers.

A tap is an element of a window in one channel: a fixed offset in a flattened image. With taps t, each at an offset, and
vectors v of neighbouring places, each at a source in the image and a target in the result, the three products are

    result[o, target[v]]  = sum over t of weight[o, t] * image[offset[t] + source[v]]     `combine`
    image[offset[t] + source[v]] += sum over o of weight[o, t] * g[o, v]                  `scatter`
    weight[o, t]         += sum over v of g[o, v] * image[offset[t] + source[v]]          `contract`

Four filters by three vectors of sums fit into 16 registers of 32 bytes. No windows are copied (Zhang, Franchetti and
Low, High performance zero-memory overhead direct convolutions, 2018).
"""

from __future__ import annotations

import numpy as np

from autograd.kernels.compiled import jit
from autograd.kernels.compiled.vectors import hidden, load, muladd, splat, store, total

U = np.uintp
FILTERS = 4  # of a block of sums
ACROSS = 3  # vectors of a block of sums


@jit
def repeated(places, step, times):  # type: ignore[no-untyped-def]
    """Return places, then places + step, places + 2*step, and so on: those of one image for several."""
    made = np.empty(times * places.size, np.uintp)
    for n in range(times):
        for v in range(places.size):
            made[n * places.size + v] = U(n * step) + places[v]
    return made


@jit(forceinline=True)
def _sums(image, offsets, taps, s0, s1, s2, weight, at, b0, b1, b2, b3):  # type: ignore[no-untyped-def]
    """Return b + sum over taps of weight * image: four filters, each for the vectors at three places."""
    a00, a01, a02 = b0, b0, b0
    a10, a11, a12 = b1, b1, b1
    a20, a21, a22 = b2, b2, b2
    a30, a31, a32 = b3, b3, b3
    t, one = U(0), hidden(U(1))
    while t < taps:
        offset = offsets[t]
        t += one
        x0, x1, x2 = load(image, s0 + offset), load(image, s1 + offset), load(image, s2 + offset)
        w = splat(weight[at])
        a00, a01, a02 = muladd(w, x0, a00), muladd(w, x1, a01), muladd(w, x2, a02)
        w = splat(weight[at + U(1)])
        a10, a11, a12 = muladd(w, x0, a10), muladd(w, x1, a11), muladd(w, x2, a12)
        w = splat(weight[at + U(2)])
        a20, a21, a22 = muladd(w, x0, a20), muladd(w, x1, a21), muladd(w, x2, a22)
        w = splat(weight[at + U(3)])
        a30, a31, a32 = muladd(w, x0, a30), muladd(w, x1, a31), muladd(w, x2, a32)
        at += U(4)
    return (a00, a01, a02), (a10, a11, a12), (a20, a21, a22), (a30, a31, a32)


@jit(forceinline=True)
def _write(out, row, t0, t1, t2, sums):  # type: ignore[no-untyped-def]
    store(out, row + t0, sums[0])
    store(out, row + t1, sums[1])
    store(out, row + t2, sums[2])


@jit
def combine(given, start, weight, first, bias, out, to, plane, filters, offsets, sources, targets):  # type: ignore[no-untyped-def]
    """Write out[o, target[v]] = bias[o] + sum over t of weight[o, t] * given[offset[t] + source[v]].

    `given` is flat, from `start` on; `weight` in blocks of four filters, (filters/4, taps, 4), flat from `first` on,
    where the last block may hold anything beyond the filters, as bias may; in the flat `out` filter o begins at
    to + o*plane. Offsets, sources and targets are of type uintp.
    """
    taps, count = U(offsets.size), U(sources.size)
    start, to, plane, filters, last = U(start), U(to), U(plane), U(filters), U(sources.size - 1)
    for v in range(U(0), count, U(3)):
        v1, v2 = min(v + U(1), last), min(v + U(2), last)
        s0, s1, s2 = start + sources[v], start + sources[v1], start + sources[v2]
        t0, t1, t2 = to + targets[v], to + targets[v1], to + targets[v2]
        at = U(first)
        for o in range(U(0), filters, U(4)):
            b0, b1, b2, b3 = splat(bias[o]), splat(bias[o + U(1)]), splat(bias[o + U(2)]), splat(bias[o + U(3)])
            sums0, sums1, sums2, sums3 = _sums(given, offsets, taps, s0, s1, s2, weight, at, b0, b1, b2, b3)
            at += U(4) * taps
            row = o * plane
            _write(out, row, t0, t1, t2, sums0)
            if o + U(1) < filters:
                _write(out, row + plane, t0, t1, t2, sums1)
            if o + U(2) < filters:
                _write(out, row + U(2) * plane, t0, t1, t2, sums2)
            if o + U(3) < filters:
                _write(out, row + U(3) * plane, t0, t1, t2, sums3)


@jit(forceinline=True)
def _add(image, offset, s0, s1, s2, count, sums):  # type: ignore[no-untyped-def]
    """Add the first `count` of three vectors to an image."""
    one = splat(image.dtype.type(1))
    store(image, offset + s0, muladd(one, sums[0], load(image, offset + s0)))
    if count > U(1):
        store(image, offset + s1, muladd(one, sums[1], load(image, offset + s1)))
    if count > U(2):
        store(image, offset + s2, muladd(one, sums[2], load(image, offset + s2)))


@jit
def scatter(g, start, row, weight, first, image, to, filters, offsets, sources):  # type: ignore[no-untyped-def]
    """Add to image[offset[t] + source[v]] the sum over filters o of weight[o, t] * g[o, v].

    In the flat `g` filter o begins at start + o*row, with its vectors one after the other, and after them memory for
    two more, whatever is in it; `weight` is in blocks of four taps, (taps/4, filters, 4), flat from `first` on; `image`
    flat, from `to` on. Offsets and sources are of type uintp.
    """
    taps, vectors, filters, start = U(offsets.size), U(sources.size), U(filters), U(start)
    lanes, last = U(32 // image.itemsize), U(sources.size - 1)
    rows = np.empty(filters, np.uintp)
    for o in range(filters):
        rows[o] = U(o) * U(row)
    zero = splat(image.dtype.type(0))
    for v in range(U(0), vectors, U(3)):
        here, count = start + v * lanes, vectors - v
        s0, s1, s2 = U(to) + sources[v], U(to) + sources[min(v + U(1), last)], U(to) + sources[min(v + U(2), last)]
        at = U(first)
        for t in range(U(0), taps, U(4)):
            sums0, sums1, sums2, sums3 = _sums(
                g, rows, filters, here, here + lanes, here + U(2) * lanes, weight, at, zero, zero, zero, zero
            )
            at += U(4) * filters
            _add(image, offsets[t], s0, s1, s2, count, sums0)
            if t + U(1) < taps:
                _add(image, offsets[t + U(1)], s0, s1, s2, count, sums1)
            if t + U(2) < taps:
                _add(image, offsets[t + U(2)], s0, s1, s2, count, sums2)
            if t + U(3) < taps:
                _add(image, offsets[t + U(3)], s0, s1, s2, count, sums3)


@jit
def contract(g, start, row, given, begin, offsets, sources, weight):  # type: ignore[no-untyped-def]
    """Add to weight[o, t] the sum over vectors v of g[o, v] * given[offset[t] + source[v]].

    In the flat `g` filter o begins at start + o*row, with its vectors one after the other; `given` is flat, from
    `begin` on. Offsets and sources are of type uintp.
    """
    vectors, start, row, begin = U(sources.size), U(start), U(row), U(begin)
    lanes = U(32 // given.itemsize)
    filters, taps = weight.shape
    zero, one = splat(given.dtype.type(0)), hidden(U(1))
    for o in range(0, filters, 4):
        r0, r1 = start + U(o) * row, start + U(min(o + 1, filters - 1)) * row
        r2, r3 = start + U(min(o + 2, filters - 1)) * row, start + U(min(o + 3, filters - 1)) * row
        for t in range(0, taps, 3):
            p0, p1, p2 = offsets[t], offsets[min(t + 1, taps - 1)], offsets[min(t + 2, taps - 1)]
            a00, a01, a02 = zero, zero, zero
            a10, a11, a12 = zero, zero, zero
            a20, a21, a22 = zero, zero, zero
            a30, a31, a32 = zero, zero, zero
            v, here = U(0), U(0)
            while v < vectors:
                s = begin + sources[v]
                v += one
                x0, x1, x2 = load(given, s + p0), load(given, s + p1), load(given, s + p2)
                y = load(g, r0 + here)
                a00, a01, a02 = muladd(y, x0, a00), muladd(y, x1, a01), muladd(y, x2, a02)
                y = load(g, r1 + here)
                a10, a11, a12 = muladd(y, x0, a10), muladd(y, x1, a11), muladd(y, x2, a12)
                y = load(g, r2 + here)
                a20, a21, a22 = muladd(y, x0, a20), muladd(y, x1, a21), muladd(y, x2, a22)
                y = load(g, r3 + here)
                a30, a31, a32 = muladd(y, x0, a30), muladd(y, x1, a31), muladd(y, x2, a32)
                here += lanes
            _add_totals(weight, o, t, a00, a01, a02)
            _add_totals(weight, o + 1, t, a10, a11, a12)
            _add_totals(weight, o + 2, t, a20, a21, a22)
            _add_totals(weight, o + 3, t, a30, a31, a32)


@jit
def _add_totals(weight, o, t, a0, a1, a2):  # type: ignore[no-untyped-def]
    """Add the sums of three vectors to weight[o, t : t + 3], as far as that is there."""
    filters, taps = weight.shape
    if o < filters:
        weight[o, t] += total(a0)
        if t + 1 < taps:
            weight[o, t + 1] += total(a1)
        if t + 2 < taps:
            weight[o, t + 2] += total(a2)

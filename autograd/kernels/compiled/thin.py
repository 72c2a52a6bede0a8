"""Products of matrices of which one has few rows or columns: a layer's, for a small batch.

BLAS copies its operands into an order of its own first, which pays where each number is used often. Here blocks of
sums stay in registers while the operands are read as they lie. A block at the edge overlaps the one before it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.kernels.compiled import jit
from autograd.kernels.compiled.vectors import BYTES, load, muladd, splat, store, total
from autograd.kernels.threads import share

Array = Any

_FEW = 16  # rows or columns, up to which this is faster than BLAS
_WORTH = 2_000_000  # multiplications that are worth a thread


def thin_product(a: Array, b: Array) -> Array:
    """Return a @ b for matrices (R, K) and (K, C) of one floating dtype, where R or K is small and b lies in rows.

    Also where R is small and b is the transpose of a matrix that lies in rows.
    """
    (rows, inner), columns = a.shape, b.shape[1]
    lanes = BYTES // a.itemsize
    if a.dtype.char not in "fd" or rows < 4 or not (a.flags.c_contiguous or a.flags.f_contiguous):
        return NotImplemented
    if rows <= _FEW and b.T.flags.c_contiguous and a.flags.c_contiguous and columns >= 3 and inner >= lanes:
        kernel, operands, least = _dots, (a.reshape(-1), b.T.reshape(-1)), 3
    elif min(rows, inner) <= _FEW and b.flags.c_contiguous and columns >= 3 * lanes:
        kernel, operands, least = _combinations, (a, b.reshape(-1)), 3 * lanes
    else:
        return NotImplemented
    out = np.empty((rows, columns), a.dtype)
    least = max(least, -(-_WORTH // max(rows * inner, 1)))
    share(lambda start, stop: kernel(*operands, out.reshape(-1), inner, columns, start, stop), columns, least)
    return out


@jit
def _dots(a, b, out, inner, columns, start, stop):  # type: ignore[no-untyped-def]
    """Write columns start to stop, at least 3, of a (R, K) @ b.T for b (C, K) into out (R, C), all as they lie."""
    lanes = BYTES // a.itemsize
    rows, whole = a.size // inner, inner // lanes * lanes
    zero = splat(a.dtype.type(0))
    for first in range(start, stop, 3):
        column = min(first, stop - 3)
        b0 = np.uintp(column * inner)
        b1, b2 = b0 + np.uintp(inner), b0 + np.uintp(2 * inner)
        for top in range(0, rows, 4):
            row = min(top, rows - 4)
            a0 = np.uintp(row * inner)
            a1, a2, a3 = a0 + np.uintp(inner), a0 + np.uintp(2 * inner), a0 + np.uintp(3 * inner)
            s00 = s01 = s02 = s10 = s11 = s12 = s20 = s21 = s22 = s30 = s31 = s32 = zero
            for k in range(np.uintp(0), np.uintp(whole), np.uintp(lanes)):
                y0, y1, y2 = load(b, b0 + k), load(b, b1 + k), load(b, b2 + k)
                x = load(a, a0 + k)
                s00, s01, s02 = muladd(x, y0, s00), muladd(x, y1, s01), muladd(x, y2, s02)
                x = load(a, a1 + k)
                s10, s11, s12 = muladd(x, y0, s10), muladd(x, y1, s11), muladd(x, y2, s12)
                x = load(a, a2 + k)
                s20, s21, s22 = muladd(x, y0, s20), muladd(x, y1, s21), muladd(x, y2, s22)
                x = load(a, a3 + k)
                s30, s31, s32 = muladd(x, y0, s30), muladd(x, y1, s31), muladd(x, y2, s32)
            for i, sums in enumerate(((s00, s01, s02), (s10, s11, s12), (s20, s21, s22), (s30, s31, s32))):
                for j, vector in enumerate(sums):
                    product = total(vector)
                    for k in range(whole, inner):
                        product += a[(row + i) * inner + k] * b[(column + j) * inner + k]
                    out[(row + i) * columns + column + j] = product


@jit
def _combinations(a, b, out, inner, columns, start, stop):  # type: ignore[no-untyped-def]
    """Write columns start to stop, at least three vectors, of a (R, K) @ b into out (R, C), b and out as they lie."""
    lanes = BYTES // b.itemsize
    rows, next = a.shape[0], np.uintp(lanes)
    zero = splat(b.dtype.type(0))
    for first in range(start, stop, 3 * lanes):
        column = np.uintp(min(first, stop - 3 * lanes))
        for top in range(0, rows, 4):
            row = min(top, rows - 4)
            s00 = s01 = s02 = s10 = s11 = s12 = s20 = s21 = s22 = s30 = s31 = s32 = zero
            place = column
            for k in range(inner):
                y0, y1, y2 = load(b, place), load(b, place + next), load(b, place + next + next)
                x = splat(a[row, k])
                s00, s01, s02 = muladd(x, y0, s00), muladd(x, y1, s01), muladd(x, y2, s02)
                x = splat(a[row + 1, k])
                s10, s11, s12 = muladd(x, y0, s10), muladd(x, y1, s11), muladd(x, y2, s12)
                x = splat(a[row + 2, k])
                s20, s21, s22 = muladd(x, y0, s20), muladd(x, y1, s21), muladd(x, y2, s22)
                x = splat(a[row + 3, k])
                s30, s31, s32 = muladd(x, y0, s30), muladd(x, y1, s31), muladd(x, y2, s32)
                place += np.uintp(columns)
            place = np.uintp(row * columns) + column
            for sums in ((s00, s01, s02), (s10, s11, s12), (s20, s21, s22), (s30, s31, s32)):
                store(out, place, sums[0])
                store(out, place + next, sums[1])
                store(out, place + next + next, sums[2])
                place += np.uintp(columns)

"""Products of matrices on several threads."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.kernels.choosing import compiled, compiling
from autograd.kernels.threads import share

Array = Any

_LARGE = 4_000_000  # multiplications that are worth a second thread: some 50 microseconds
_SMALL = 200_000  # below this BLAS itself stays on one thread
_CACHED = 512_000  # bytes that stay in a usual second-level cache


def matmul(a: Array, b: Array) -> Array:
    """Return a @ b; where kernels are compiled, large products of floats are spread over our own threads.

    BLAS would use its own, which are in the way of ours long after they have ended. Of matrices (..., n, k) with one
    (k, m) all rows are one product: NumPy would make one for each matrix.
    """
    if a.ndim == 2 == b.ndim and a.size * b.shape[1] < _SMALL:
        return np.matmul(a, b)
    if a.__class__ is np.ndarray and a.ndim > 2 == b.ndim and a.shape[-1] == b.shape[0]:
        rows = math.prod(a.shape[:-1])  # -1 would be ambiguous where another size is 0
        return matmul(a.reshape(rows, a.shape[-1]), b).reshape(*a.shape[:-1], b.shape[1])
    if not compiling() or not _on_blas(a, b):
        return np.matmul(a, b)
    rows, inner, columns = a.shape[-2], a.shape[-1], b.shape[-1]
    multiplications = math.prod(a.shape) * columns if a.ndim >= b.ndim else math.prod(b.shape) * rows
    if multiplications < _SMALL:
        return np.matmul(a, b)
    if a.ndim == 2:
        if b.nbytes <= _CACHED:
            thin = compiled("thin", "thin_product")(a, b)  # type: ignore[misc]
            if thin is not NotImplemented:
                return thin
        out = np.empty((rows, columns), a.dtype)
        wide = columns > rows
        count, least = (columns, rows * inner) if wide else (rows, columns * inner)

        def part(start: int, stop: int) -> None:
            if wide:
                np.matmul(a, b[:, start:stop], out=out[:, start:stop])
            else:
                np.matmul(a[start:stop], b, out=out[start:stop])
    else:
        out = np.empty((*a.shape[:-1], columns), a.dtype)
        count, least = a.shape[0], multiplications // a.shape[0]

        def part(start: int, stop: int) -> None:
            np.matmul(a[start:stop], b[start:stop], out=out[start:stop])

    share(part, count, -(-_LARGE // least), blas=True)
    return out


def _on_blas(a: Array, b: Array) -> bool:
    """Return whether the product of two arrays is BLAS's to compute, and of a kind that is split here."""
    return (
        a.__class__ is np.ndarray
        and b.__class__ is np.ndarray
        and a.dtype == b.dtype
        and a.dtype.kind == "f"
        and a.itemsize > 2
        and a.ndim == b.ndim >= 2
        and a.shape[:-2] == b.shape[:-2]
        and a.shape[-1] == b.shape[-2]
    )

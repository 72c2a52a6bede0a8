"""Steps of optimizers in one pass over all parameters, each read and written once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import carray, types
from numba.extending import intrinsic

from autograd.kernels.compiled import jit
from autograd.kernels.threads import share

Array = np.ndarray[Any, Any]

_LEAST = 50_000  # elements that are worth a thread


@intrinsic  # type: ignore[misc]
def _pointer(typing: Any, address: Any, like: Any) -> Any:
    """Return an address as a pointer to numbers of the dtype of the array `like`."""
    pointer = types.CPointer(like.dtype)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(pointer))

    return pointer(types.intp, like), generate


@jit(inline="always")
def _part(addresses, offsets, i, start, stop, like, column):  # type: ignore[no-untyped-def]
    """Return what of the array in a column of row i lies in start to stop, counted over all rows; mostly nothing."""
    before, size = offsets[i], offsets[i + 1] - offsets[i]
    return carray(_pointer(addresses[column, i], like), size)[max(start - before, 0) : max(stop - before, 0)]


@jit
def _address(x):  # type: ignore[no-untyped-def]
    return x.ctypes.data


class Table:
    """Where arrays lie: a row for each parameter, a column for each array of its size that a step reads or writes.

    Args:
        columns: the arrays that stay the same from step to step, the parameters' values first.
    """

    def __init__(self, columns: Sequence[Sequence[Array]]) -> None:
        self.columns = columns
        first = columns[0][0]
        self.dtype = first.dtype
        self.like = np.empty(0, first.dtype)
        self.kind = first.dtype.type
        sizes = [x.size for x in columns[0]]
        self.offsets = np.cumsum([0, *sizes], dtype=np.intp)
        self.usable = first.dtype.char in "fd" and all(
            x.dtype == first.dtype and x.size == n and x.ndim and x.flags.c_contiguous
            for column in columns
            for x, n in zip(column, sizes, strict=True)
        )
        if self.usable:
            gradients = [[0] * len(sizes)]
            self.addresses = np.array([*gradients, *[[_address(x) for x in column] for column in columns]], np.intp)

    def is_of(self, columns: Sequence[Sequence[Array]]) -> bool:
        """Return whether it is about these very arrays."""
        if len(columns) != len(self.columns):
            return False
        for mine, theirs in zip(self.columns, columns, strict=True):
            if len(mine) != len(theirs):
                return False
            for a, b in zip(mine, theirs, strict=True):
                if a is not b:
                    return False
        return True

    def take(self, gradients: Sequence[Array]) -> bool:
        """Enter the gradients of this step; return whether all are like their parameters and whole."""
        dtype = self.dtype
        for i, g in enumerate(gradients):
            if g.dtype != dtype or not g.flags.c_contiguous:
                return False
            self.addresses[0, i] = _address(g)
        return True

    def run(self, kernel: Any, *numbers: Any) -> None:
        """Run a kernel over all elements, with numbers in the arrays' dtype; flags stay what they are."""
        exact = [number if isinstance(number, bool) else self.kind(number) for number in numbers]

        def part(start: int, stop: int) -> None:
            kernel(self.addresses, self.offsets, start, stop, self.like, *exact)

        share(part, int(self.offsets[-1]), _LEAST)


def sgd(
    table: Table, rate: float, momentum: float, portion: float, decay: float, nesterov: bool, maximize: bool
) -> None:
    """Take a step of gradient descent, in place, on a table of parameters and, with momentum, buffers b.

    That is b = momentum * b + portion * g and p = p - rate * b, or with `nesterov`
    p = p - rate * (momentum * b + portion * g).
    """
    sign = -1.0 if maximize else 1.0
    if len(table.columns) == 1:
        table.run(_plain_sgd, rate, decay, sign)
    else:
        table.run(_sgd, rate, momentum, portion, decay, sign, nesterov)


@jit
def _plain_sgd(addresses, offsets, start, stop, like, rate, decay, sign):  # type: ignore[no-untyped-def]
    for i in range(offsets.size - 1):
        g = _part(addresses, offsets, i, start, stop, like, 0)
        p = _part(addresses, offsets, i, start, stop, like, 1)
        for k in range(p.size):
            p[k] -= rate * (sign * g[k] + decay * p[k])


@jit
def _sgd(addresses, offsets, start, stop, like, rate, momentum, portion, decay, sign, nesterov):  # type: ignore[no-untyped-def]
    for i in range(offsets.size - 1):
        g = _part(addresses, offsets, i, start, stop, like, 0)
        p = _part(addresses, offsets, i, start, stop, like, 1)
        b = _part(addresses, offsets, i, start, stop, like, 2)
        for k in range(p.size):
            new = portion * (sign * g[k] + decay * p[k])
            b[k] = momentum * b[k] + new
            p[k] -= rate * (momentum * b[k] + new if nesterov else b[k])


def adam(
    table: Table, rate: float, root: float, betas: tuple[float, float], eps: float, decay: float, shrink: float,
    maximize: bool,
) -> None:  # fmt: skip
    """Take a step of Adam, in place, on a table of parameters, means m and means of squares v.

    With p = shrink * p and g = g + decay * p first, it is m = beta1 * m + (1 - beta1) * g,
    v = beta2 * v + (1 - beta2) * g**2 and p = p - rate * m / (sqrt(v) / root + eps).
    """
    beta1, beta2 = betas
    sign = -1.0 if maximize else 1.0
    table.run(_adam, rate, 1 / root, beta1, 1 - beta1, beta2, 1 - beta2, eps, decay, shrink, sign)


@jit
def _adam(  # type: ignore[no-untyped-def]
    addresses, offsets, start, stop, like, rate, over_root, beta1, new1, beta2, new2, eps, decay, shrink, sign
):
    for i in range(offsets.size - 1):
        gradient = _part(addresses, offsets, i, start, stop, like, 0)
        p = _part(addresses, offsets, i, start, stop, like, 1)
        m = _part(addresses, offsets, i, start, stop, like, 2)
        v = _part(addresses, offsets, i, start, stop, like, 3)
        for k in range(p.size):
            x = shrink * p[k]
            g = sign * gradient[k] + decay * x
            m[k] = beta1 * m[k] + new1 * g
            v[k] = beta2 * v[k] + new2 * g * g
            p[k] = x - rate * m[k] / (np.sqrt(v[k]) * over_root + eps)

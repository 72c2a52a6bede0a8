"""Functions of sampled signals: convolutions, differences, interpolation, and integrals from samples."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.ops.common import Array
from autograd.ops.matrices import conj
from autograd.primitive import composite, op
from autograd.samples import Draw, sample
from autograd.tensor import Tensor, value_of

MODES = ("full", "same", "valid")

# --- convolution ------------------------------------------------------------------------------------------------------


def _of_convolution(g: Array, shape: tuple[int, ...], other: Array, mode: str) -> Array:
    """Return the gradient of one factor of `shape` in a convolution with the other, (n,) and (m,) in any order."""
    n, m = max(shape or (1,)), np.size(other)
    if mode != "full":  # shorter results are the middle of the full one
        before = min(n, m) - 1 if mode == "valid" else (min(n, m) - 1) // 2
        g = np.pad(g, (before, n + m - 1 - before - g.shape[0]))
    return np.convolve(g, np.ravel(other)[::-1], "valid")


@op(
    a=lambda g, a_shape, v, mode: _of_convolution(g, a_shape, v, mode),
    v=lambda g, a, v_shape, mode: _of_convolution(g, v_shape, a, mode),
    samples=[sample((n,), (m,), mode=mode) for n, m in ((4, 3), (2, 4), (3, 3)) for mode in MODES]
    + [sample((), (2,)), sample((), (3,), mode="same"), sample((3,), (), mode="valid")],
)
def convolve(a: Array, v: Array, mode: str = "full") -> Tensor:
    """Return the discrete convolution of two vectors: the sums of a[i] * v[k - i].

    Args:
        a: (n,).
        v: (m,).
        mode: "full" for all n + m - 1 sums, "same" for the max(n, m) in the middle, "valid" for those
            |n - m| + 1 in which all of the shorter vector takes part.

    Raises:
        ValueError: for another mode, an empty vector, or more than one axis.

    >>> convolve(Tensor([1.0, 2.0, 3.0]), Tensor([1.0, -1.0]))
    Tensor([ 1.,  1.,  1., -3.])
    """
    if mode not in MODES:
        raise ValueError(f"mode is one of {MODES}, not {mode!r}")
    return np.convolve(a, v, mode)


@composite(samples=[sample((n,), (m,), mode=mode) for n, m in ((4, 3), (2, 5), (3, 3)) for mode in MODES])
def correlate(a: Array, v: Array, mode: str = "valid") -> Tensor:
    """Return the cross-correlation of two vectors: the sums of a[i + k] * v[i], v conjugated where complex.

    Args:
        a: (n,).
        v: (m,).
        mode: as for `convolve`.

    Raises:
        ValueError: for another mode, an empty vector, or more than one axis.

    >>> correlate(Tensor([1.0, 2.0, 3.0]), Tensor([1.0, -1.0]))
    Tensor([-1., -1.])
    """
    if np.ndim(a) != 1 or np.ndim(v) != 1:
        raise ValueError(f"correlate takes vectors, not shapes {np.shape(a)} and {np.shape(v)}")
    v = conj(np.ravel(v))[::-1]
    n, m = np.size(a), np.size(v)
    if mode == "same" and n < m:  # here NumPy takes the other middle than for convolutions
        return convolve(a, v)[n // 2 : n // 2 + m]
    return convolve(a, v, mode)


# --- differences ------------------------------------------------------------------------------------------------------


def _of_differences(g: Array, a_shape: tuple[int, ...], n: int, axis: int) -> Array:
    """Return the gradient of a in a - shifted a: that is minus the same of g, which is 0 outside."""
    if a_shape[axis] <= n:  # there are no differences, g is empty
        return _padded(g, axis, 0, a_shape[axis])
    return np.diff(_padded(g, axis, n, n), n, axis) * (-1) ** n


def _padded(g: Array, axis: int, before: int, after: int) -> Array:
    widths = [(0, 0)] * g.ndim
    widths[axis] = (before, after)
    return np.pad(g, widths)


@op(a=_of_differences, samples=[sample((4,)), sample((3, 4), n=2, axis=0), sample((3, 2), axis=0),
                                     sample((2, 3), n=3, axis=1)])  # fmt: skip
def _diff(a: Array, n: int = 1, axis: int = -1) -> Tensor:
    """Return `diff` without anything around."""
    return np.diff(a, n, axis)


def _around(x: Array, a: Array, axis: int) -> Array:
    """Return what goes before or after a along an axis; a number goes all along the others."""
    if np.ndim(x):
        return x
    shape = list(np.shape(a))
    shape[axis] = 1
    return np.broadcast_to(x, tuple(shape))


@composite(
    samples=[
        sample((4,)), sample((3, 4), n=2, axis=0), sample((2, 3), (), (2, 2), axis=1, n=2), sample((2, 3), n=0),
    ]
)  # fmt: skip
def diff(a: Array, n: int = 1, axis: int = -1, prepend: Array | None = None, append: Array | None = None) -> Tensor:
    """Return the differences of neighbours along an axis, a[i + 1] - a[i].

    Args:
        a: at least one axis.
        n: how many times.
        axis: along which.
        prepend: values to put before a, in shape as a but for this axis, or a number.
        append: values to put after a, likewise.

    Raises:
        ValueError: for negative n, or a 0-d array.

    >>> diff(Tensor([1.0, 4.0, 9.0]))
    Tensor([3., 5.])
    """
    if n == 0:
        return np.copy(a)
    pieces = [a if x is a else _around(x, a, axis) for x in (prepend, a, append) if x is not None]
    return _diff(pieces[0] if len(pieces) == 1 else np.concatenate(pieces, axis=axis), n, axis)


@composite(samples=[sample((4,)), sample((2, 2), (2,), ()), sample((0,)), sample((3,), to_begin=1.0)])
def ediff1d(ary: Array, to_end: Array | None = None, to_begin: Array | None = None) -> Tensor:
    """Return the differences of neighbours among all elements, between numbers to begin and to end with.

    Raises:
        TypeError: when these numbers do not fit the dtype of ary.

    >>> ediff1d(Tensor([1.0, 4.0, 9.0]), to_end=0.0)
    Tensor([3., 5., 0.])
    """
    differences = _diff(np.ravel(ary)) if np.size(ary) else np.ravel(ary)
    dtype = differences.dtype
    pieces = [np.ravel(x) for x in (to_begin, differences, to_end) if x is not None]
    for piece in pieces:
        if not np.can_cast(piece.dtype, dtype, "same_kind"):
            raise TypeError(f"ediff1d: {piece.dtype} does not fit the {dtype} of ary")
    pieces = [piece if piece.dtype == dtype else piece.astype(dtype) for piece in pieces]
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)


def _part(x: Array, axis: int, start: int | None, stop: int | None) -> Array:
    """Return a piece of x along one axis, counted from 0."""
    return x[(slice(None),) * axis + (slice(start, stop),)]


def _slopes(f: Array, spacing: Array, axis: int, edge_order: int) -> Array:
    """Return the slopes along an axis, for one distance or for the distances (n - 1,) of neighbours.

    Inside, and for `edge_order` 2 at the ends, they are those of the parabolas through three neighbours: Fornberg,
    Generation of finite difference formulas on arbitrarily spaced grids, 1988.
    """
    n = f.shape[axis]
    if n < edge_order + 1:
        raise ValueError(
            f"gradient needs at least edge_order + 1 = {edge_order + 1} samples along axis {axis}, not {n}"
        )
    weight: Any = 0.5  # of the slope before, for the slope at a sample
    if np.ndim(spacing):
        spacing = np.reshape(spacing, (-1,) + (1,) * (f.ndim - 1 - axis))
        weight = spacing[1:] / (spacing[:-1] + spacing[1:])  # the nearer neighbour counts more
    slopes = np.diff(f, axis=axis) / spacing  # between neighbours
    inside = weight * _part(slopes, axis, None, -1) + (1 - weight) * _part(slopes, axis, 1, None)
    first, last = _part(slopes, axis, None, 1), _part(slopes, axis, -1, None)
    if edge_order == 2:  # the slope of a parabola changes evenly
        first, last = 2 * first - _part(inside, axis, None, 1), 2 * last - _part(inside, axis, -1, None)
    return np.concatenate([first, inside, last], axis=axis)


@composite(
    samples=[
        sample((4,)), sample((2, 4), axis=1, edge_order=2), sample((3, 2), axis=-2), sample((2,)),
    ]
)  # fmt: skip
def gradient(f: Array, *varargs: Array, axis: Any = None, edge_order: int = 1) -> Any:
    """Return the slopes of sampled values along each axis, from differences; a tuple if there are several axes.

    Args:
        f: samples, any shape.
        *varargs: for each axis the distance of neighbours, or their coordinates (n,); one distance for all; or
            nothing, for 1. They can have gradients too.
        axis: along which axis, or tuple of axes; by default all.
        edge_order: 1 for the slope of a line through two samples at both ends, 2 for a parabola through three.

    Raises:
        ValueError: when there are too few samples, or coordinates do not fit.
        TypeError: when there are neither one distance nor as many as axes.

    >>> gradient(Tensor([1.0, 2.0, 4.0, 7.0]))
    Tensor([1. , 1.5, 2.5, 3. ])
    """
    f = f if hasattr(f, "dtype") else np.asarray(f)
    if f.dtype.kind in "iub":
        f = f.astype(np.float64)  # differences of unsigned integers would wrap around
    axes = range(f.ndim) if axis is None else (axis,) if np.ndim(axis) == 0 else axis
    axes = [range(f.ndim)[a] for a in axes]
    if edge_order not in (1, 2):
        raise ValueError(f"edge_order is 1 or 2, not {edge_order}")
    spacings = varargs or (1,)
    if len(spacings) == 1 and np.ndim(spacings[0]) == 0:
        spacings = spacings * len(axes)
    if len(spacings) != len(axes):
        raise TypeError(f"gradient takes one distance, or a distance or coordinates for each of {len(axes)} axes")
    results = [_slopes(f, _distances(x, f.shape[a]), a, edge_order) for x, a in zip(spacings, axes)]
    results = [x if x.dtype == f.dtype else x.astype(f.dtype) for x in results]  # not that of the coordinates
    return results[0] if len(results) == 1 else tuple(results)


def _distances(spacing: Array, n: int) -> Array:
    """Return the distances of neighbours (n - 1,) from their coordinates (n,); one distance as it is."""
    if np.ndim(spacing) == 0:
        return spacing
    if np.shape(spacing) != (n,):
        raise ValueError(f"the coordinates of {n} samples have shape ({n},), not {np.shape(spacing)}")
    spacing = spacing if hasattr(spacing, "dtype") else np.asarray(spacing)
    return np.diff(spacing.astype(np.float64) if spacing.dtype.kind in "iub" else spacing)


# --- between samples --------------------------------------------------------------------------------------------------


@composite(
    samples=[
        sample((4,)), sample((2, 3), dx=0.5, axis=0), sample((2, 3), (3,)), sample((3, 2), (3, 2), axis=0),
        sample((1,)),
    ]
)  # fmt: skip
def trapezoid(y: Array, x: Array | None = None, dx: Array = 1.0, axis: int = -1) -> Tensor:
    """Return the integral of sampled values along an axis, by the trapezoidal rule.

    Args:
        y: samples, at least one axis.
        x: their coordinates along the axis, (n,) or in the shape of y.
        dx: the distance of neighbours, where x is None.
        axis: along which.

    >>> trapezoid(Tensor([1.0, 2.0, 3.0]))
    Tensor(4.)
    """
    y = y if hasattr(y, "dtype") else np.asarray(y)
    axis = range(y.ndim)[axis]
    widths = dx
    if x is not None:
        widths = np.diff(x) if np.ndim(x) == 1 else np.diff(x, axis=axis)
        if np.ndim(x) == 1:
            widths = np.reshape(widths, (-1,) + (1,) * (y.ndim - 1 - axis))
    heights = _part(y, axis, 1, None) + _part(y, axis, None, -1)
    return np.sum(widths * heights / 2.0, axis=axis)


def _one_period(x: Array, xp: Array, fp: Array, period: Array) -> tuple[Array, Array, Array]:
    """Return all coordinates within a period, the samples in order and one more on each side."""
    x, xp = x % period, xp % period
    order = np.argsort(value_of(xp))
    xp, fp = xp[order], fp[order]
    xp = np.concatenate([xp[-1:] - period, xp, xp[:1] + period])
    return x, xp, np.concatenate([fp[-1:], fp, fp[:1]])


KNOTS = np.array([-1.5, -0.5, 0.0, 1.5], np.float32)


@composite(
    samples=[
        sample(Draw((2, 3), kinks=tuple(KNOTS)), (4,), xp=KNOTS),
        sample(Draw((5,), kinks=tuple(KNOTS)), (4,), xp=KNOTS, left=0.5, right=-1.0),
        sample(Draw((5,), (1.0, 2.0), kinks=(1.0, 1.5, 2.0)), (4,), xp=KNOTS, period=2.5),
    ]
)
def interp(
    x: Array, xp: Array, fp: Array, left: Array | None = None, right: Array | None = None, period: Any = None
) -> Tensor:
    """Return the values at x of the line through the points (xp, fp); float32 stays float32, unlike in NumPy.

    All of x, xp and fp get gradients. On a point x gets the slope to the right of it, on the last that to the left.

    Args:
        x: where to evaluate, any shape.
        xp: coordinates (n,), increasing unless there is a period.
        fp: values (n,).
        left: the result for x below all of xp, by default fp[0].
        right: the result for x above all of xp, by default fp[-1].
        period: with it x and xp count modulo the period, and left and right are ignored.

    Raises:
        ValueError: when xp and fp are not vectors of one length, are empty, or the period is 0.

    >>> interp(Tensor([0.5, 1.5, 9.0]), Tensor([0.0, 1.0, 2.0]), Tensor([0.0, 10.0, 30.0]))
    Tensor([ 5., 20., 30.])
    """
    x, xp, fp = (a if hasattr(a, "dtype") else np.asarray(a, float) for a in (x, xp, fp))
    if xp.ndim != 1 or fp.shape != xp.shape or not xp.size:
        raise ValueError(f"interp needs xp and fp of one length (n,), not {xp.shape} and {fp.shape}")
    if period is not None:
        if period == 0:
            raise ValueError("the period must not be 0")
        left = right = None
        x, xp, fp = _one_period(x, xp, fp, abs(period))
    above = np.clip(np.searchsorted(value_of(xp), value_of(x), side="right"), 1, max(xp.size - 1, 1))
    below, above = above - 1, np.minimum(above, xp.size - 1)
    start, width = xp[below], xp[above] - xp[below]
    slope = (fp[above] - fp[below]) / np.where(width == 0, 1, width)
    inside = slope * (x - start) + fp[below]
    inside = np.where(x == xp[-1], fp[-1] + slope * (x - xp[-1]), inside)
    result = np.where(x < xp[0], fp[0] if left is None else left, inside)
    return np.where(x > xp[-1], fp[-1] if right is None else right, result)

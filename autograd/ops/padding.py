"""Padding: more elements before and after those of an array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.ops.common import Array
from autograd.ops.indexing import getitem, take, take_along_axis
from autograd.ops.joining import concatenate
from autograd.ops.shaping import broadcast_to, copy
from autograd.primitive import composite, op
from autograd.samples import Draw, sample
from autograd.tensor import Tensor, value_of, wrap

Pair = tuple[Any, Any]

# What each mode takes besides the widths.
OPTIONS: dict[str, tuple[str, ...]] = {
    "constant": ("constant_values",), "edge": (), "empty": (), "linear_ramp": ("end_values",),
    "maximum": ("stat_length",), "mean": ("stat_length",), "median": ("stat_length",), "minimum": ("stat_length",),
    "reflect": ("reflect_type",), "symmetric": ("reflect_type",), "wrap": (),
}  # fmt: skip


def _pairs(given: Any, ndim: int) -> list[Pair]:
    """Return a (before, after) pair for each axis of what NumPy takes: one for all, a pair for all, or pairs."""
    return [(a, b) for a, b in np.broadcast_to(given, (ndim, 2)).tolist()]


def _widths(pad_width: Any, ndim: int) -> list[tuple[int, int]]:
    if isinstance(pad_width, dict):  # by axis
        pairs: list[Any] = [(0, 0)] * ndim
        for axis, width in pad_width.items():
            (pairs[axis],) = _pairs(width, 1)
        pad_width = pairs
    widths = np.asarray(pad_width if ndim else np.zeros((0, 2), int))
    if widths.dtype.kind not in "iu":
        raise TypeError(f"pad_width takes integers, not {widths.dtype}")
    if (widths < 0).any():
        raise ValueError("pad_width cannot be negative; a slice x[1:-1] takes elements away")
    return _pairs(widths, ndim)


def _unpad(g: Array, array_shape: tuple[int, ...], pad_width: list[tuple[int, int]]) -> Array:
    return g[tuple(slice(before, before + n) for (before, _), n in zip(pad_width, array_shape, strict=True))]


# Primitive, because it is one pass over memory and by far the most used.
@op(array=_unpad, samples=[sample((2, 3), pad_width=[(0, 1), (2, 0)], constant_values=3.0)])
def _pad_constant(array: Array, pad_width: list[tuple[int, int]], constant_values: Any = 0) -> Tensor:
    """Return the array with numbers before and after each axis."""
    return np.pad(array, pad_width, constant_values=constant_values)


@composite(samples=[
    sample((2, 3), pad_width=1), sample((2, 3), pad_width=((0, 1), (2, 0)), constant_values=3.0),
    sample((2, 3), pad_width=1, constant_values=((1, 2), (3, 4))), sample((), pad_width=2), sample((0,), pad_width=1),
    sample((2, 3), pad_width=(1, 2), mode="edge"), sample((2, 3), pad_width=((0, 3), (2, 2)), mode="wrap"),
    sample((2, 3), pad_width=((1, 0), (3, 5)), mode="reflect"), sample((1, 3), pad_width=2, mode="symmetric"),
    sample((2, 3), pad_width=((2, 0), (3, 5)), mode="reflect", reflect_type="odd"),
    sample((1, 3), pad_width=((1, 0), (8, 7)), mode="symmetric", reflect_type="odd"),
    sample((2, 3), pad_width=(1, 2), mode="linear_ramp", end_values=((1, 2), (3, 4))),
    sample((2, 3), pad_width=1, mode="mean"), sample((2, 3), pad_width=1, mode="mean", stat_length=(1, 2)),
    sample(Draw((2, 3), distinct=True), pad_width=(1, 2), mode="maximum"),
    sample(Draw((2, 3), distinct=True), pad_width=1, mode="minimum", stat_length=2),
    sample(Draw((4,), distinct=True), pad_width=1, mode="median"),
    sample(Draw((5, 1), distinct=True), pad_width=((1, 0), (0, 0)), mode="median", stat_length=3),
])  # fmt: skip
def pad(
    array: Array, pad_width: Any, mode: str = "constant", *, constant_values: Any = None, end_values: Any = None,
    stat_length: Any = None, reflect_type: str | None = None,
) -> Tensor:  # fmt: skip
    """Return the array with more elements before and after those along each axis.

    Each of the options can be one value, a pair (before, after), or a pair for each axis. Among equal elements the
    gradient of "maximum", "minimum" and "median" goes where that of `max`, `min` and a stable sort does.

    Args:
        array: any shape.
        pad_width: how many, or a dict of these by axis.
        mode: "constant"; "edge" repeats the edge; "reflect" mirrors about the edge, "symmetric" with the edge itself;
            "wrap" continues from the other end; "linear_ramp" leads from the edge to a number; "maximum", "mean",
            "median" and "minimum" are of each line along the axis; "empty" leaves open what is there.
        constant_values: for "constant": the numbers, 0 by default.
        end_values: for "linear_ramp": the numbers at the ends, 0 by default.
        stat_length: for "maximum" to "minimum": of how many elements next to the edge, all by default.
        reflect_type: for "reflect" and "symmetric": "even", or "odd" for twice the edge minus the mirrored elements.

    Raises:
        ValueError: for an unknown mode, an option that the mode does not have, or an empty axis that a mode other
            than "constant" and "empty" would have to continue.

    >>> pad(Tensor([1.0, 2.0]), (1, 0))
    Tensor([0., 1., 2.])
    >>> pad(Tensor([1.0, 2.0, 4.0]), 2, mode="reflect")
    Tensor([4., 2., 1., 2., 4., 2., 1.])
    """
    given = {"constant_values": constant_values, "end_values": end_values, "stat_length": stat_length,
             "reflect_type": reflect_type}  # fmt: skip
    given = {name: value for name, value in given.items() if value is not None}
    if not isinstance(mode, str) or mode not in OPTIONS:
        raise ValueError(f"pad has the modes {', '.join(OPTIONS)}; {mode!r} is not one of them")
    wrong = [name for name in given if name not in OPTIONS[mode]]
    if wrong:
        raise ValueError(f"pad in mode {mode!r} takes no {', '.join(wrong)}")
    if any(isinstance(value, Tensor) and value.requires_grad for value in given.values()):
        raise TypeError("pad sends no gradient to its options: join what shall have one with concatenate")
    ndim = np.ndim(array)
    widths = _widths(pad_width, ndim)
    options = {name: value_of(value) for name, value in given.items()}
    if mode in ("constant", "empty") and ndim:
        return _pad_constant(array, widths, **options)
    return _pad_lines(array, widths, mode, options) if ndim else copy(array)


def _pad_lines(array: Array, widths: list[tuple[int, int]], mode: str, options: dict[str, Any]) -> Tensor:
    """Pad one axis after the other with what follows from the lines along it."""
    if value_of(array).dtype.kind not in "fc":  # has no gradient, and NumPy rounds
        padded = np.pad(value_of(array), widths, mode, **options)
        return wrap(padded) if isinstance(array, Tensor) else padded
    settings = {name: _pairs(value, np.ndim(array)) for name, value in options.items() if name != "reflect_type"}
    for axis, (before, after) in enumerate(widths):
        size = np.shape(array)[axis]
        if not before and not after:
            continue
        if not size:
            raise ValueError(f"pad cannot continue the empty axis {axis} in mode {mode!r}; 'constant' can")
        if mode in ("edge", "reflect", "symmetric", "wrap"):
            ends = _mirrored(array, axis, before, after, mode, options.get("reflect_type", "even"))
        elif mode == "linear_ramp":
            goals = settings["end_values"][axis] if settings else (0, 0)
            ends = _ramp(array, axis, before, goals[0], first=True), _ramp(array, axis, after, goals[1], first=False)
        else:
            lengths = settings["stat_length"][axis] if settings else (size, size)
            ends = _statistics(array, axis, before, after, mode, lengths)
        array = concatenate([ends[0], array, ends[1]], axis)
    return array


def _mirrored(array: Array, axis: int, before: int, after: int, mode: str, reflect_type: str) -> tuple[Array, Array]:
    """Return what stands before and after the array in the modes that repeat its elements in some order."""
    size = np.shape(array)[axis]
    if reflect_type == "odd" and size > (mode == "reflect"):
        where = np.arange(-before, size + after)
        return _odd(array, axis, where[:before], mode), _odd(array, axis, where[before + size :], mode)
    if reflect_type not in ("even", "odd"):
        raise ValueError(f"reflect_type is 'even' or 'odd', not {reflect_type!r}")
    order = np.pad(np.arange(size), (before, after), mode)  # type: ignore[call-overload]
    return take(array, order[:before], axis), take(array, order[before + size :], axis)


def _odd(array: Array, axis: int, where: Any, mode: str) -> Array:
    """Return the elements at positions before or after the array, mirrored in the points of its edges.

    With f the continuation, f(-j) = 2 f(0) - f(j) for "reflect" and f(-1 - j) = 2 f(0) - f(j) for "symmetric", and so
    at the other end. Hence f(j + p) = f(j) + 2 (f(n - 1) - f(0)) with the period p = 2 (n - 1), or 2 n.
    """
    size = np.shape(array)[axis]
    period = 2 * (size - 1) if mode == "reflect" else 2 * size
    times, place = np.divmod(where, period)
    back = place >= size  # on the way back from the far edge
    place = np.where(back, period - place - (mode == "symmetric"), place)
    line = (-1,) + (1,) * (np.ndim(array) - axis - 1)
    dtype = value_of(array).dtype
    sign, from_last, from_first = (
        part.astype(dtype).reshape(line) for part in (1 - 2 * back, 2 * (times + back), -2 * times)
    )
    first, last = _at(array, axis, slice(0, 1)), _at(array, axis, slice(size - 1, size))
    return sign * take(array, place, axis) + from_last * last + from_first * first


def _at(array: Array, axis: int, where: Any) -> Array:
    return getitem(array, (slice(None),) * axis + (where,))


def _ramp(array: Array, axis: int, count: int, goal: float, first: bool) -> Array:
    """Return `count` elements that lead in equal steps between a number and the first or last element."""
    size = np.shape(array)[axis]
    edge = _at(array, axis, slice(0, 1) if first else slice(size - 1, size))
    steps = np.arange(count).astype(value_of(array).real.dtype) / max(count, 1)  # 0 at the goal
    share = (steps if first else steps[::-1]).reshape((-1,) + (1,) * (np.ndim(array) - axis - 1))
    return goal + (edge - goal) * share


def _statistics(array: Array, axis: int, before: int, after: int, mode: str, lengths: Pair) -> tuple[Array, Array]:
    """Return what stands before and after the array when that is a statistic of the elements next to the edge."""
    size = np.shape(array)[axis]
    ends = []
    for count, length, first in ((before, lengths[0], True), (after, lengths[1], False)):
        length = min(int(length), size)
        if length < 1:
            raise ValueError(f"pad in mode {mode!r} needs a stat_length of at least 1")
        chunk = _at(array, axis, slice(0, length) if first else slice(size - length, size))
        value = STATISTICS[mode](chunk, axis)
        shape = np.shape(value)
        ends.append(broadcast_to(value, (*shape[:axis], count, *shape[axis + 1 :])))
    return ends[0], ends[1]


def _median(x: Array, axis: int) -> Array:
    order = np.argsort(value_of(x), axis, kind="stable")
    middle = np.array([(order.shape[axis] - 1) // 2, order.shape[axis] // 2])
    return np.mean(take_along_axis(x, np.take(order, middle, axis), axis), axis=axis, keepdims=True)


STATISTICS: dict[str, Callable[[Array, int], Array]] = {
    "maximum": lambda x, axis: np.max(x, axis=axis, keepdims=True),
    "mean": lambda x, axis: np.mean(x, axis=axis, keepdims=True),
    "median": _median,
    "minimum": lambda x, axis: np.min(x, axis=axis, keepdims=True),
}

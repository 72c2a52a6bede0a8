"""Sums, means, extremes and what is made of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nn.onnx.comparing import Number
from nn.onnx.writing import Writer, translates


def axes_of(axis: Any, ndim: int) -> list[int]:
    """Return the axes that `axis` stands for, None for all, counted from the start."""
    if axis is None:
        return list(range(ndim))
    return [int(a) % ndim for a in (axis if isinstance(axis, tuple | list) else (axis,))]


def reduced(w: Writer, kind: str, x: str, axes: list[int], keepdims: bool) -> str:
    """Write a reduction over axes; over none it leaves x as it is."""
    return w.node(kind, x, w.ints(axes), keepdims=int(keepdims), noop_with_empty_axes=1)


def _check_whole(w: Writer, where: Any, initial: Any) -> None:
    if where is not None or initial is not None:
        raise w.refuse("reductions with where= or initial= have no counterpart in ONNX")


_KINDS = {"sum": "ReduceSum", "prod": "ReduceProd", "max": "ReduceMax", "min": "ReduceMin"}


@translates(*_KINDS)
def _reduction(
    w: Writer, a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, initial: Any = None,
    where: Any = None,
) -> str:  # fmt: skip
    neutral = {"sum": 0, "prod": 1}.get(w.call.op)
    _check_whole(w, where, None if np.ndim(initial) == 0 and initial == neutral else _given(initial))
    return reduced(w, _KINDS[w.call.op], w.operand(a, w.out.dtype), axes_of(axis, w.ndim(a)), keepdims)


def _given(initial: Any) -> Any:
    """Return None where NumPy's mark says that nothing was given."""
    return None if initial is np._NoValue else initial


@translates("mean")
def _mean(w: Writer, a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, where: Any = None) -> str:
    _check_whole(w, where, None)
    return reduced(w, "ReduceMean", w.operand(a, w.out.dtype), axes_of(axis, w.ndim(a)), keepdims)


@translates("var", "std")
def _var(
    w: Writer, a: Any, axis: Any = None, dtype: Any = None, ddof: Any = 0, keepdims: bool = False, where: Any = None,
    correction: Any = None,
) -> str:  # fmt: skip
    _check_whole(w, where, None)
    axes = axes_of(axis, w.ndim(a))
    x = w.operand(a, w.out.dtype)
    difference = w.node("Sub", x, reduced(w, "ReduceMean", x, axes, True))
    out = reduced(w, "ReduceSum", w.node("Mul", difference, difference), axes, keepdims)
    out = w.node("Div", out, _count(w, a, axes, correction if isinstance(correction, int | float) else ddof))
    return w.node("Sqrt", out) if w.call.op == "std" else out


def _count(w: Writer, a: Any, axes: list[int], ddof: float) -> str:
    """Return how many elements a mean is of, less some."""
    shapes = w.value(a).shapes
    counts = tuple([math.prod(shape[axis] for axis in axes) for shape in shapes])
    if len(set(counts)) == 1:
        return w.constant(counts[0] - ddof, w.out.dtype)
    count = w.cast(w.number(Number(counts)), w.out.dtype)
    return w.node("Sub", count, w.constant(ddof, w.out.dtype))


@translates("any", "all")
def _any(w: Writer, a: Any, axis: Any = None, keepdims: bool = False, where: Any = None) -> str:
    _check_whole(w, where, None)
    numbers = w.cast(w.operand(a, np.bool), np.int32)
    kind = "ReduceMax" if w.call.op == "any" else "ReduceMin"
    return w.cast(reduced(w, kind, numbers, axes_of(axis, w.ndim(a)), keepdims), np.bool)


@translates("count_nonzero")
def _count_nonzero(w: Writer, a: Any, axis: Any = None, keepdims: bool = False) -> str:
    numbers = w.cast(w.operand(a, np.bool), w.out.dtype)
    return reduced(w, "ReduceSum", numbers, axes_of(axis, w.ndim(a)), keepdims)


@translates("argmax", "argmin")
def _argmax(w: Writer, a: Any, axis: Any = None, keepdims: bool = False) -> str:
    name = w.operand(a)
    if axis is None:
        name, axis = w.node("Reshape", name, w.ints([-1])), 0
        if keepdims:
            raise w.refuse("axis=None with keepdims=True has no counterpart in ONNX")
    kind = "ArgMax" if w.call.op == "argmax" else "ArgMin"
    return w.node(kind, name, axis=int(axis), keepdims=int(keepdims))


@translates("_power_norm")
def _power_norm(w: Writer, x: Any, ord: float, axis: Any, keepdims: bool = False) -> str:
    name, axes = w.operand(x, w.out.dtype), axes_of(axis, w.ndim(x))
    if ord == 2:
        return w.node("Sqrt", reduced(w, "ReduceSum", w.node("Mul", name, name), axes, keepdims))
    powers = w.node("Pow", w.node("Abs", name), w.constant(ord, w.out.dtype))
    return w.node("Pow", reduced(w, "ReduceSum", powers, axes, keepdims), w.constant(1 / ord, w.out.dtype))


@translates("logsumexp")
def _logsumexp(w: Writer, a: Any, axis: Any = None, keepdims: bool = False) -> str:
    return logsumexp(w, w.operand(a, w.out.dtype), axes_of(axis, w.ndim(a)), keepdims)


def logsumexp(w: Writer, x: str, axes: list[int], keepdims: bool) -> str:
    """Write log(sum(exp(x))) without overflow."""
    top = reduced(w, "ReduceMax", x, axes, True)
    total = reduced(w, "ReduceSum", w.node("Exp", w.node("Sub", x, top)), axes, True)
    out = w.node("Add", w.node("Log", total), top)
    return out if keepdims or not axes else w.node("Squeeze", out, w.ints(axes))


@translates("softmax", "log_softmax")
def _softmax(w: Writer, x: Any, axis: Any = -1) -> str:
    name, axes = w.operand(x, w.out.dtype), axes_of(axis, w.ndim(x))
    logarithm = w.call.op == "log_softmax"
    if len(axes) == 1:
        return w.node("LogSoftmax" if logarithm else "Softmax", name, axis=axes[0])
    out = w.node("Sub", name, logsumexp(w, name, axes, True))
    return out if logarithm else w.node("Exp", out)


@translates("cumsum")
def _cumsum(w: Writer, a: Any, axis: Any = None, dtype: Any = None) -> str:
    name = w.operand(a, w.out.dtype)
    if axis is None:
        name, axis = w.node("Reshape", name, w.ints([-1])), 0
    return w.node("CumSum", name, w.constant(int(axis), np.int64))


@translates("topk")
def _topk(w: Writer, x: Any, k: Any, axis: int = -1, largest: bool = True) -> list[str]:
    return w.nodes_out(2, "TopK", w.operand(x), w.ints([k]), axis=int(axis), largest=int(largest), sorted=1)


@translates("sort", "argsort")
def _sort(w: Writer, a: Any, axis: Any = -1, kind: Any = None, stable: Any = None) -> str:
    name, shapes = w.operand(a), w.value(a).shapes
    if axis is None:
        name, shapes, axis = w.node("Reshape", name, w.ints([-1])), tuple((math.prod(s),) for s in shapes), 0
    sizes = tuple([shape[axis] for shape in shapes])
    count = Number(sizes) if len(set(sizes)) > 1 else sizes[0]
    values, places = w.nodes_out(2, "TopK", name, w.ints([count]), axis=int(axis), largest=0, sorted=1)
    return values if w.call.op == "sort" else places

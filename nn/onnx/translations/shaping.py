"""Shapes, the order of axes, joining and splitting, and elements by index."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nn.onnx.comparing import Number, Varying
from nn.onnx.recording import Ref
from nn.onnx.translations.reductions import axes_of
from nn.onnx.writing import Writer, translates

_FIRST, _LAST = np.iinfo(np.int64).min, np.iinfo(np.int64).max

# --- shapes -----------------------------------------------------------------------------------------------------------


@translates("reshape")
def _reshape(w: Writer, a: Any, shape: Any, order: str = "C", copy: Any = None) -> str:
    sizes = list(shape) if isinstance(shape, tuple | list) else [shape]
    name = w.operand(a)
    if order == "F" and w.ndim(a) + len(sizes) > 2:  # the same with all axes reversed
        name = w.node("Transpose", name, perm=list(range(w.ndim(a)))[::-1])
        name = reshaped(w, name, sizes[::-1])
        return w.node("Transpose", name, perm=list(range(len(sizes)))[::-1])
    return reshaped(w, name, sizes)


def reshaped(w: Writer, name: str, sizes: list[Any]) -> str:
    """Write a reshape; one size that changes with the input is what is left, if need be one without a formula."""
    changing = [i for i, n in enumerate(sizes) if isinstance(n, Number)]
    if changing and not any(n in (-1, 0) for n in sizes if not isinstance(n, Number)):
        unknown = [i for i in changing if len(changing) > 1 and w.formula(sizes[i]) is None]
        rest = (unknown or changing)[0]
        sizes = [-1 if i == rest else n for i, n in enumerate(sizes)]
    return w.node("Reshape", name, w.ints(sizes), allowzero=1 if 0 in sizes else None)


@translates("transpose")
def _transpose(w: Writer, a: Any, axes: Any = None) -> str:
    ndim = w.ndim(a)
    order = list(range(ndim))[::-1] if axes is None else [int(axis) % ndim for axis in axes]
    return w.node("Transpose", w.operand(a), perm=order) if ndim else w.node("Identity", w.operand(a))


@translates("broadcast_to")
def _broadcast_to(w: Writer, array: Any, shape: Any) -> str:
    sizes = shape if isinstance(shape, tuple | list) else (shape,)
    return w.node("Expand", w.operand(array), w.ints(sizes))


@translates("flip")
def _flip(w: Writer, m: Any, axis: Any = None) -> str:
    axes = axes_of(axis, w.ndim(m))
    return sliced(w, w.operand(m), [(a, None, None, -1) for a in axes])


@translates("roll")
def _roll(w: Writer, a: Any, shift: Any, axis: Any = None) -> str:
    name, shapes = w.operand(a), w.value(a).shapes
    if axis is None:
        sizes = {math.prod(s) for s in shapes}
        rolled = _rolled(w, w.node("Reshape", name, w.ints([-1])), shift, 0, sizes)
        return reshaped(w, rolled, [n[0] if len(set(n)) == 1 else Number(n) for n in zip(*shapes)])
    axes = axes_of(axis, w.ndim(a))
    shifts = shift if isinstance(shift, tuple | list) else [shift] * len(axes)
    for one, along in zip(shifts, axes, strict=True):
        name = _rolled(w, name, one, along, {s[along] for s in shapes})
    return name


def _rolled(w: Writer, name: str, shift: Any, axis: int, sizes: set[int]) -> str:
    shift = int(w.constant_of(shift, "shift"))
    if len(sizes) == 1:
        shift %= max(*sizes, 1)
    elif abs(shift) >= min(sizes):
        raise w.refuse(f"rolling by {shift} places goes around an axis whose size is free")
    if not shift:
        return name
    pieces = [sliced(w, name, [(axis, -shift, None, 1)]), sliced(w, name, [(axis, None, -shift, 1)])]
    return w.node("Concat", *pieces, axis=axis)


@translates("tril", "triu")
def _triangle(w: Writer, m: Any, k: Any = 0) -> str:
    if w.ndim(m) < 2:
        raise w.refuse("ONNX has triangles of matrices only, not of vectors")
    return w.node("Trilu", w.operand(m), w.number(k), upper=int(w.call.op == "triu"))


@translates("_pad_constant")
def _pad(w: Writer, array: Any, pad_width: Any, constant_values: Any = 0) -> str:
    if np.ndim(constant_values):
        raise w.refuse("ONNX pads with one number, not with several")
    widths = [before for before, _ in pad_width] + [after for _, after in pad_width]
    return w.node("Pad", w.operand(array), w.ints(widths), w.constant(constant_values, w.out.dtype))


# --- joining and splitting --------------------------------------------------------------------------------------------


@translates("concatenate")
def _concatenate(w: Writer, arrays: Any, axis: Any = 0, dtype: Any = None, casting: Any = None) -> str:
    names = [w.operand(x, w.out.dtype) for x in arrays]
    if axis is None:
        names, axis = [w.node("Reshape", name, w.ints([-1])) for name in names], 0
    return w.node("Concat", *names, axis=int(axis))


@translates("stack")
def _stack(w: Writer, arrays: Any, axis: int = 0, dtype: Any = None, casting: Any = None) -> str:
    axis = axis % len(w.out.shape)
    names = [w.node("Unsqueeze", w.operand(x, w.out.dtype), w.ints([axis])) for x in arrays]
    return w.node("Concat", *names, axis=axis)


@translates("split")
def _split(w: Writer, ary: Any, indices_or_sections: Any, axis: int = 0) -> list[str]:
    sizes = [tuple([shape[axis] for shape in w.value(ref).shapes]) for ref in w.call.results]
    if any(sum(pieces) != shape[axis] for *pieces, shape in zip(*sizes, w.value(ary).shapes)):
        raise w.refuse("the pieces must lie side by side and make up the whole")
    lengths = w.ints([n[0] if len(set(n)) == 1 else Number(n) for n in sizes])
    return w.nodes_out(len(sizes), "Split", w.operand(ary), lengths, axis=int(axis))


@translates("unstack")
def _unstack(w: Writer, x: Any, axis: int = 0) -> list[str]:
    count = len(w.call.results)
    pieces = w.nodes_out(count, "Split", w.operand(x), w.ints([1] * count), axis=int(axis))
    return [w.node("Squeeze", piece, w.ints([axis])) for piece in pieces]


# --- elements by index ------------------------------------------------------------------------------------------------


def sliced(w: Writer, name: str, slices: list[tuple[int, Any, Any, int]]) -> str:
    """Write slices (axis, start, stop, step) of a value; None for an end that is left out."""
    if not slices:
        return name
    starts = [(0 if step > 0 else _LAST) if start is None else start for _, start, _, step in slices]
    stops = [(_LAST if step > 0 else _FIRST) if stop is None else stop for _, _, stop, step in slices]
    axes, steps = [s[0] for s in slices], [s[3] for s in slices]
    return w.node("Slice", name, w.ints(starts), w.ints(stops), w.ints(axes), w.ints(steps))


def _pieces(w: Writer, index: Any, ndim: int) -> list[Any]:
    """Return a piece of an index for each axis, and None for each new axis."""
    pieces: list[Any] = []
    for piece in index if isinstance(index, tuple) else (index,):
        piece = np.asarray(w.constant_of(piece, "list of positions")) if isinstance(piece, list) else piece
        if isinstance(piece, Ref) and w.dtype(piece) == np.bool:
            raise w.refuse("elements chosen by a computed mask have no known number; use np.where")
        if isinstance(piece, bool | np.bool):
            raise w.refuse("a bool as an index")
        if isinstance(piece, np.ndarray) and piece.dtype == np.bool:
            pieces += np.nonzero(piece)
        else:
            pieces.append(piece)
    used = sum(piece is not None and piece is not Ellipsis for piece in pieces)
    at = next((i for i, piece in enumerate(pieces) if piece is Ellipsis), len(pieces))
    return pieces[:at] + [slice(None)] * (ndim - used) + pieces[at + 1 :]


def _is_array(piece: Any) -> bool:
    return isinstance(piece, Ref | Varying) or (isinstance(piece, np.ndarray) and piece.ndim > 0)


@translates("getitem")
def _getitem(w: Writer, x: Any, index: Any) -> str:
    pieces = _pieces(w, index, w.ndim(x))
    if any(_is_array(piece) for piece in pieces):
        return _gathered(w, w.operand(x), pieces)
    return _basic(w, w.operand(x), pieces)


def _basic(w: Writer, name: str, pieces: list[Any]) -> str:
    """Write an index of integers, slices and new axes."""
    old = [piece for piece in pieces if piece is not None]
    whole = slice(None)
    ends = []
    for axis, piece in enumerate(old):
        if isinstance(piece, slice) and piece != whole:
            ends.append((axis, piece.start, piece.stop, int(w.constant_of(piece.step or 1, "step"))))
    name = sliced(w, name, ends)
    integers = [(axis, piece) for axis, piece in enumerate(old) if not isinstance(piece, slice)]
    for axis, piece in reversed(integers):
        name = w.node("Gather", name, w.number(piece), axis=axis)
    left = [piece for piece in pieces if piece is None or isinstance(piece, slice)]
    new = [i for i, piece in enumerate(left) if piece is None]
    return w.node("Unsqueeze", name, w.ints(new)) if new else name


def _gathered(w: Writer, name: str, pieces: list[Any]) -> str:
    """Write an index with arrays of positions; integers beside them count as such, too."""
    places = [i for i, piece in enumerate(pieces) if piece is not None and not isinstance(piece, slice)]
    name = _basic(w, name, [slice(None) if i in places else piece for i, piece in enumerate(pieces)])
    if len(places) == 1:
        return w.node("Gather", name, w.operand(pieces[places[0]], np.int64), axis=places[0])
    rank = max(w.ndim(pieces[i]) for i in places)
    others = [i for i in range(len(pieces)) if i not in places]
    name = w.node("Transpose", name, perm=places + others)
    name = w.node("GatherND", name, _stacked(w, [pieces[i] for i in places]))
    if places[-1] - places[0] >= len(places):  # not side by side: the axes of the positions stay in front, as in NumPy
        return name
    before = places[0]
    order = [*range(rank, rank + before), *range(rank), *range(rank + before, rank + len(others))]
    return w.node("Transpose", name, perm=order) if before else name


def _stacked(w: Writer, positions: list[Any]) -> str:
    """Write arrays of positions, broadcast together, along a new last axis."""
    names = [w.operand(piece, np.int64) for piece in positions]
    if len({w.shape(piece) for piece in positions}) > 1:
        zero, none = w.constant(0, np.int64), ""
        for name in names:
            part = w.node("Mul", name, zero)
            none = w.node("Add", none, part) if none else part
        names = [w.node("Add", name, none) for name in names]
    last = w.ints([-1])
    return w.node("Concat", *[w.node("Unsqueeze", name, last) for name in names], axis=-1)


@translates("scatter")
def _scatter(w: Writer, values: Any, index: Any, shape: Any) -> str:
    pieces = _pieces(w, index, len(shape))
    count = sum(not isinstance(piece, slice) for piece in pieces)
    rest = pieces[count:]
    if any(piece is None for piece in pieces) or any(not isinstance(p, slice) or p != slice(None) for p in rest):
        raise w.refuse("values are added only at positions along the first axes")
    zeros = w.node("Expand", w.constant(0, w.out.dtype), w.ints(shape))
    places = _stacked(w, pieces[:count])
    return w.node("ScatterND", zeros, places, w.operand(values, w.out.dtype), reduction="add")

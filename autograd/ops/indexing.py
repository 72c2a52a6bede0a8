"""Taking elements by index, and putting them back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autograd.kernels import indexing as kernel
from autograd.ops.common import Array
from autograd.ops.shaping import broadcast_to, ravel
from autograd.ops.switching import where
from autograd.primitive import composite, op
from autograd.samples import sample
from autograd.tensor import Tensor, tensor_method, value_of

INDICES = [
    1, (0, -1), slice(None, None, -1), (slice(None), slice(1, None)), (Ellipsis, None, 2), np.array([0, 1, 1, 0]),
    (np.array([0, 1, 0]), np.array([2, 2, 2])), np.array([[True, False, True], [False, True, True]]),
    (slice(None), [0, 0, 2]),
]  # fmt: skip

# --- any index --------------------------------------------------------------------------------------------------------


@op(x=lambda g, x_shape, index: scatter(g, index, x_shape), samples=[sample((2, 3), index=i) for i in INDICES])
def getitem(x: Array, index: Any) -> Tensor:
    """Return x[index], for every index that NumPy takes; repeated elements add up in the gradient.

    >>> getitem(Tensor([1.0, 2.0, 3.0]), [0, 2])
    Tensor([1., 3.])
    """
    return x[index]


def plain_index(index: Any) -> Any:
    """Return an index with the arrays of the Tensors in it."""
    if isinstance(index, tuple):
        return tuple([_plain_piece(piece) for piece in index])
    return _plain_piece(index)


def _plain_piece(piece: Any) -> Any:
    if isinstance(piece, list):
        return [_plain_piece(inner) for inner in piece]
    return value_of(piece)


@op(
    values=lambda g, index: g[index],
    samples=[sample(np.empty((2, 3))[i].shape, index=i, shape=(2, 3)) for i in INDICES],
)
def scatter(values: Array, index: Any, shape: tuple[int, ...]) -> Tensor:
    """Return zeros of `shape` with `values` added at `index`, as often as a place is named.

    >>> scatter(Tensor([1.0, 2.0, 3.0]), [0, 2, 0], (3,))
    Tensor([4., 0., 2.])
    """
    return kernel.scatter(values, index, shape)


# --- positions along an axis ------------------------------------------------------------------------------------------


@composite(samples=[
    sample((3, 2), indices=np.array([[0], [-1]])), sample((3, 2), indices=[1, 1, 0], axis=1),
    sample((2, 3), indices=2, axis=-1), sample((3, 2), indices=[-7, 4], mode="wrap"),
    sample((3, 2), indices=[-1, 9], axis=0, mode="clip"),
])  # fmt: skip
def take(a: Array, indices: Any, axis: int | None = None, *, mode: str = "raise") -> Tensor:
    """Return the elements at positions along an axis, or among all elements.

    Args:
        a: any shape.
        indices: integers of any shape, which takes the place of the axis in the result's shape.
        axis: the axis; None for the flattened array.
        mode: what to do with positions outside: "raise" an IndexError (those from -n to -1 count from the end), "wrap"
            around, or "clip" to the first or last element.

    >>> take(Tensor([1.0, 2.0, 3.0]), [0, 2])
    Tensor([1., 3.])
    """
    if axis is None:
        a, axis = ravel(a), 0
    axis = normalize_axis_index(axis, np.ndim(a))
    return getitem(a, (slice(None),) * axis + (within(value_of(indices), np.shape(a)[axis], mode),))


def within(places: Any, size: int, mode: str) -> Any:
    """Return positions brought into range, as `mode` says for `np.take`, `np.put` and `np.choose`."""
    if mode not in ("raise", "wrap", "clip"):
        raise ValueError(f"mode is 'raise', 'wrap' or 'clip', not {mode!r}")
    places = np.asarray(places)
    if not places.size:
        places = places.astype(np.intp)  # an empty list makes floats
    if places.dtype.kind not in "iu":
        raise TypeError(f"positions are integers, not {places.dtype}")
    if mode == "raise" or not size:
        return places
    return places % size if mode == "wrap" else np.clip(places, 0, size - 1)


@composite(samples=[
    sample((2, 3), indices=np.array([[0], [2]]), axis=1), sample((2, 3), indices=np.array([[0, 1, 0]]), axis=0),
    sample((2, 3), indices=np.array([5, 1]), axis=None),
])  # fmt: skip
def take_along_axis(arr: Array, indices: Array, axis: int | None = -1) -> Tensor:
    """Return for each place the element that `indices` names along the axis.

    Args:
        arr: any shape.
        indices: integers, of as many axes as arr, sizes equal or 1 but along the axis.
        axis: the axis; None for the flattened array.

    >>> take_along_axis(Tensor([[1.0, 2.0], [3.0, 4.0]]), np.array([[0], [1]]), axis=1)
    Tensor([[1.],
            [4.]])
    """
    if axis is None:
        arr, axis = ravel(arr), 0
    return getitem(arr, places_along(np.shape(arr), value_of(indices), axis))


def places_along(shape: tuple[int, ...], places: Any, axis: int) -> tuple[Any, ...]:
    """Return the index that `np.take_along_axis` stands for."""
    axis = normalize_axis_index(axis, len(shape))
    if np.ndim(places) != len(shape):
        raise ValueError(f"the positions need as many axes as the array: {len(shape)}, not {np.ndim(places)}")
    grid: list[Any] = list(np.ogrid[tuple(slice(n) for n in shape)])
    grid[axis] = places
    return tuple(grid)


# --- conditions -------------------------------------------------------------------------------------------------------


@composite(samples=[
    sample((3, 2), condition=[False, True, True], axis=0), sample((2, 3), condition=[True, False, True]),
])  # fmt: skip
def compress(condition: Any, a: Array, axis: int | None = None) -> Tensor:
    """Return the entries along an axis (without one: of all elements) for which the condition, one-dimensional, holds.

    >>> compress([True, False, True], Tensor([1.0, 2.0, 3.0]))
    Tensor([1., 3.])
    """
    chosen = np.asarray(value_of(condition))
    if chosen.ndim != 1:
        raise ValueError(f"compress needs a condition of one axis, not of shape {chosen.shape}")
    return take(a, np.flatnonzero(chosen), axis)


@tensor_method("compress")
def _compress(self: Tensor, condition: Any, axis: int | None = None) -> Tensor:
    return compress(condition, self, axis)


@composite(samples=[sample((2, 3), condition=np.array([[True, False, True], [False, True, True]]))])
def extract(condition: Any, arr: Array) -> Tensor:
    """Return the elements for which the condition holds, in one axis.

    >>> extract([True, False, True], Tensor([1.0, 2.0, 3.0]))
    Tensor([1., 3.])
    """
    return take(arr, np.flatnonzero(value_of(condition)))


# --- choices ----------------------------------------------------------------------------------------------------------


@composite(samples=[
    sample(((3,), (3,)), a=np.array([0, 1, 0])), sample(((2, 1), (3,)), a=np.array([1, 3, 0]), mode="wrap"),
])  # fmt: skip
def choose(a: Any, choices: Sequence[Array], *, mode: str = "raise") -> Tensor:
    """Return for each place the element of the array that the integer `a` there counts among the choices.

    >>> choose([0, 1], [Tensor([1.0, 2.0]), Tensor([3.0, 4.0])])
    Tensor([1., 4.])
    """
    arrays = tuple(choices)
    if not arrays:
        raise ValueError("choose needs at least one choice")
    which = within(value_of(a), len(arrays), mode)
    if which.size and not 0 <= which.min() <= which.max() < len(arrays):
        raise ValueError(f"choose takes integers from 0 to {len(arrays) - 1} here, or mode='wrap' or 'clip'")
    result = arrays[0]
    for number, array in enumerate(arrays):
        result = where(which == number, array, result)
    return result


@composite(samples=[
    sample(((3,), (2, 3)), condlist=[np.array([True, False, False]), np.array([True, True, False])]),
    sample(((3,),), condlist=[np.array([True, False, True])], default=2.0),
])  # fmt: skip
def select(condlist: Sequence[Any], choicelist: Sequence[Array], default: Array = 0) -> Tensor:
    """Return for each place the element of the first choice whose condition holds there, else the default.

    >>> x = Tensor([-2.0, 0.5, 3.0])
    >>> select([x < 0, x > 1], [-x, x * x])
    Tensor([2., 0., 9.])
    """
    if len(condlist) != len(choicelist) or not len(condlist):
        raise ValueError(f"select needs a choice for each condition: {len(condlist)} and {len(choicelist)} were given")
    result = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        holds = np.asarray(value_of(condition))
        if holds.dtype != bool:
            raise TypeError(f"select takes conditions of dtype bool, not {holds.dtype}")
        result = where(holds, choice, result)
    return result


@composite(samples=[
    sample((4,), condlist=[np.array([True, False, True, False])], funclist=[np.sin, 3.0]),
    sample((3,), condlist=[[True, False, True], [False, True, True]], funclist=[np.exp, np.sin, 1]),
])  # fmt: skip
def piecewise(x: Array, condlist: Any, funclist: Sequence[Any], *args: Any, **kw: Any) -> Tensor:
    """Return for each element the value of the function whose condition holds there, the last such one.

    Args:
        x: any shape.
        condlist: a condition, or several.
        funclist: for each condition a function of the elements where it holds, or a number; one more for all others,
            else they give 0.
        *args: further arguments of the functions.
        **kw: further arguments of the functions.

    >>> x = Tensor([-2.0, 3.0])
    >>> piecewise(x, [x < 0], [np.square, np.negative])
    Tensor([ 4., -3.])
    """
    shape = np.shape(x)
    conditions = _conditions(condlist, shape)
    if len(funclist) == len(conditions) + 1:
        conditions.append(~np.any(conditions, axis=0))
    elif len(funclist) != len(conditions):
        raise ValueError(f"piecewise needs {len(conditions)} functions, or one more, not {len(funclist)}")
    result: Array = np.zeros_like(x)
    for i, function in enumerate(funclist):
        # Not where a later one overrules it: what overflows there would have nan as its gradient.
        holds = conditions[i] & ~np.any(conditions[i + 1 :], axis=0)
        value = function
        if callable(function):
            if not holds.any():
                continue
            value = function(getitem(x, holds), *args, **kw)
            value = scatter(broadcast_to(value, (int(holds.sum()),)), holds, shape)
        result = where(holds, value if not hasattr(value, "dtype") else value.astype(result.dtype), result)
    return result


def _conditions(condlist: Any, shape: tuple[int, ...]) -> list[Any]:
    """Return the conditions of `piecewise` as flags of the array's shape."""
    given = value_of(condlist)
    if isinstance(given, list | tuple):
        given = [value_of(condition) for condition in given]
    flags = np.asarray(given, bool)
    several = flags.reshape((-1, *shape)) if flags.size and flags.shape != (*flags.shape[:1], *shape) else flags
    return list(several)

"""NumPy's functions that write to elements: on Tensors they are assignments x[i] = v, recorded like those."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.ops.arranging import resize
from autograd.ops.indexing import places_along, take, within
from autograd.ops.shaping import broadcast_to
from autograd.tensor import FUNCTIONS, Tensor, tensor_method, value_of


def _writes(function: Callable[..., None]) -> Callable[..., None]:
    """Make the function what NumPy's of the same name does when a Tensor is among its arguments."""
    theirs = getattr(np, function.__name__)

    def on_tensors(target: Any, *args: Any, **options: Any) -> None:
        if isinstance(target, Tensor):
            function(target, *args, **options)
        elif any(isinstance(x, Tensor) and x.requires_grad for x in (*args, *options.values())):
            raise TypeError(
                f"np.{theirs.__name__} cannot write a Tensor that needs a gradient to an ndarray, which cannot carry "
                "it: make the target a Tensor, or write x.detach()"
            )
        else:
            theirs(target, *map(value_of, args), **{name: value_of(value) for name, value in options.items()})

    FUNCTIONS[theirs] = on_tensors
    return function


def _as_array(values: Any) -> Any:
    return values if isinstance(values, Tensor) else np.asarray(values)


@_writes
def put_along_axis(arr: Tensor, indices: Any, values: Any, axis: int | None) -> None:
    """Set the elements that `np.take_along_axis` would take."""
    places = value_of(indices)
    if axis is None:
        arr[np.unravel_index(np.asarray(places) % arr.size, arr.shape)] = values
    else:
        arr[places_along(arr.shape, places, axis)] = values


@_writes
def put(a: Tensor, ind: Any, v: Any, mode: str = "raise") -> None:
    """Set elements by their positions in the flattened Tensor; too few values are repeated."""
    places = within(value_of(ind), a.size, mode).reshape(-1)
    if places.size and not -a.size <= places.min() <= places.max() < a.size:
        raise IndexError(f"put takes positions from {-a.size} to {a.size - 1} here, or mode='wrap' or 'clip'")
    if places.size:
        a[np.unravel_index(places % a.size, a.shape)] = resize(_as_array(v), places.shape)


@_writes
def putmask(a: Tensor, mask: Any, values: Any) -> None:
    """Set the elements where the mask holds to those of `values` there, which is repeated to the Tensor's size."""
    holds = np.asarray(value_of(mask), bool)
    if holds.shape != a.shape:
        raise ValueError(f"the mask needs the Tensor's shape {a.shape}, not {holds.shape}")
    a[holds] = take(resize(_as_array(values), a.size), np.flatnonzero(holds))


@_writes
def place(arr: Tensor, mask: Any, vals: Any) -> None:
    """Set the elements where the mask holds to the first of `vals`, in turn; too few are repeated."""
    holds = np.asarray(value_of(mask), bool)
    if holds.size != arr.size:
        raise ValueError(f"the mask needs as many elements as the Tensor, {arr.size}, not {holds.size}")
    if holds.any():
        arr[holds.reshape(arr.shape)] = resize(_as_array(vals), int(holds.sum()))


@_writes
def fill_diagonal(a: Tensor, val: Any, wrap: bool = False) -> None:
    """Set the elements i, i, ..., i; `wrap` goes on below the square part of a tall matrix."""
    if a.ndim < 2:
        raise ValueError(f"fill_diagonal needs at least two axes; the shape is {a.shape}")
    rows, columns = a.shape[0], a.shape[1]
    if a.ndim == 2:
        end = a.size if wrap else columns * columns
        places = np.arange(0, min(end, a.size), columns + 1)
    elif len(set(a.shape)) == 1:
        places = np.arange(rows) * sum(rows**i for i in range(a.ndim))
    else:
        raise ValueError(f"fill_diagonal needs axes of one size, not the shape {a.shape}")
    put(a, places, val)


@_writes
def copyto(dst: Tensor, src: Any, casting: Any = "same_kind", where: Any = True) -> None:
    """Set all elements, or those where a condition holds."""
    values = _as_array(src)
    if not np.can_cast(values.dtype, dst.dtype, casting):
        raise TypeError(f"copyto cannot cast {values.dtype} to {dst.dtype} by the rule {casting!r}")
    if where is True:
        dst[...] = src
    else:
        holds = np.broadcast_to(value_of(where), dst.shape)
        dst[holds] = take(broadcast_to(values, dst.shape), np.flatnonzero(holds))


@tensor_method("put")
def _put(self: Tensor, indices: Any, values: Any, mode: str = "raise") -> None:
    put(self, indices, values, mode)


@tensor_method("fill")
def _fill(self: Tensor, value: Any) -> None:
    self[...] = value

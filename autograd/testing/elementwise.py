"""Calls of an elementwise function in every sort of shape, made from one call of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from autograd.tensor import Tensor, value_of
from autograd.testing.calling import Call, draw_call, edge_shapes
from autograd.testing.strategies import Shape

_MOST_ELEMENTS = 100
_POSITIONS = 5


def elementwise_calls(call: Call, certain: bool) -> Iterator[Call]:
    """Yield calls of a function with 0-d, empty, size-1 and broadcasting inputs, if it is elementwise.

    Args:
        call: one call of the function; where it says how it was drawn, the others are drawn so too, and else made of
            the same numbers.
        certain: the function is elementwise, so these calls must work. Otherwise it is tried whether it is, and calls
            that it does not accept are left out.
    """
    if call.op.variadic or not call.inputs:
        return
    if not certain and not _seems_elementwise(_with_several_elements(call)):
        return
    for shapes in edge_shapes(len(call.inputs)):
        other = _in_shapes(call, shapes)
        if certain or _accepts(other):
            yield other


def _with_several_elements(call: Call) -> Call:
    """Return a call on which an elementwise function can be told from others."""
    if call.sample is not None and all(x.size == 1 for x in call.inputs):
        return _in_shapes(call, [(2, 3)] * len(call.inputs))
    return call


def _in_shapes(call: Call, shapes: list[Shape] | tuple[Shape, ...]) -> Call:
    """Return the call with inputs in other shapes."""
    if call.sample is not None:
        return draw_call(call.op, call.sample, 0, shapes)
    return replace(call, inputs=tuple(np.resize(x, shape) for x, shape in zip(call.inputs, shapes, strict=True)))


def _seems_elementwise(call: Call) -> bool:
    """Return whether each element of the results follows from the elements of the inputs at the same place."""
    if any(x.dtype.kind not in "fc" for x in call.inputs):
        return False
    try:
        whole = np.broadcast_arrays(*call.inputs)
        results = _values(call)
    except Exception:
        return False
    shape, size = whole[0].shape, whole[0].size
    if not 1 < size <= _MOST_ELEMENTS or any(y.shape != shape for y in results):
        return False
    places = [np.unravel_index(i, shape) for i in np.linspace(0, size - 1, _POSITIONS).astype(int)]
    return all(_same_alone(call, whole, results, place) for place in places)


def _same_alone(call: Call, whole: tuple[np.ndarray, ...], results: list[np.ndarray], place: tuple[int, ...]) -> bool:
    """Return whether the results at a place are those for the elements there alone."""
    ones = (1,) * whole[0].ndim
    try:
        alone = _values(replace(call, inputs=tuple(x[place].reshape(ones) for x in whole)))
    except Exception:
        return False
    return len(alone) == len(results) and all(
        one.shape == ones and np.allclose(one.ravel(), y[place], rtol=1e-12, atol=0, equal_nan=True)
        for one, y in zip(alone, results, strict=True)
    )


def _accepts(call: Call) -> bool:
    """Return whether the function gives finite results of the shape that the inputs broadcast to."""
    try:
        shape = np.broadcast_shapes(*(x.shape for x in call.inputs))
        return all(y.shape == shape and np.isfinite(y).all() for y in _values(call))
    except Exception:
        return False


def _values(call: Call) -> list[np.ndarray]:
    """Return the results of the function for Tensors."""
    with np.errstate(all="ignore"):
        return [np.asarray(value_of(y)) for y in call.run([Tensor(x) for x in call.inputs])]

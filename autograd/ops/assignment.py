"""x[i] = v: reading and writing elements of Tensors, recorded and differentiable.

An assignment makes the Tensor x the result of the op `assign`, which writes to x's own memory: it must be held by
nothing else, so that filling a large x bit by bit moves every element once. What is read from a Tensor that
assignments have made is therefore a copy, which rules may keep, and recurrences such as x[i] = f(x[i - 1]) work. The
copy is read-only: writing to it would not write to x.
"""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np

from autograd.kernels import indexing as kernel
from autograd.ops.common import Array
from autograd.ops.indexing import INDICES, getitem, plain_index
from autograd.primitive import Op, as_input, op
from autograd.samples import sample
from autograd.tensor import Tensor, tensor_method, value_of
from autograd.values import held_once, refuse_read_only

# --- the op -----------------------------------------------------------------------------------------------------------


def _of_value(g: Array, index: Any, value_shape: tuple[int, ...]) -> Array:
    picked = g[index]
    stays = kernel.last_named(index, g.shape)
    if stays is not None:
        picked = np.where(stays, picked, 0)
    extra = len(value_shape) - np.ndim(picked)  # NumPy takes values with more axes, of size 1
    return np.reshape(picked, (1,) * extra + np.shape(picked)) if extra > 0 else picked


@op(
    x=lambda g, index: assign(g, 0, index),
    value=_of_value,
    samples=[
        *(sample((2, 3), np.empty((2, 3))[i].shape, index=i) for i in INDICES),
        sample((2, 3), (), index=1), sample((2, 3), (2, 1), index=(slice(None), slice(0, 2))),
        sample((2, 3), (1, 1, 3), index=0), sample((3,), (4,), index=np.array([0, -1, 0, 2])), sample((), (), index=()),
    ],
)  # fmt: skip
def assign(x: Array, value: Array, index: Any, in_place: bool = False) -> Tensor:
    """Return a copy of x with x[index] = value; of several values for one place the last one stays, as in NumPy.

    Args:
        x: any shape.
        value: broadcasts to the shape of x[index].
        index: every index that NumPy takes.
        in_place: write to x's own memory, which nothing else may hold.

    >>> assign(Tensor([1.0, 2.0]), 5, 0)
    Tensor([5., 2.])
    """
    result = x if in_place else x.copy() if isinstance(x, np.ndarray) else np.array(x)
    result[index] = value
    return result


# --- its gradient, without copies -------------------------------------------------------------------------------------

_ASSIGN: Op = assign.op  # type: ignore[attr-defined]
_pull_by_rules = _ASSIGN.pull


def _pull(g: Any, inputs: tuple[Any, ...], saved: tuple[Any, ...]) -> Any:
    """Return the gradients of `assign`: for x in the memory of g, if only the traversal holds that."""
    to_x, to_value = inputs
    fresh = g.__class__ is np.ndarray and g.base is None and g.flags.writeable and sys.getrefcount(g) <= _TRAVERSED
    if to_x is None or not fresh:
        return _pull_by_rules(g, inputs, saved)
    of_value = None if to_value is None else np.array(_of_value(g, *saved))  # a copy, as g changes now
    g[saved[0]] = 0
    return g, of_value


def _measure() -> int:
    """Return how many references an array has in `_pull` when the traversal alone holds it."""
    made = SimpleNamespace(pull=lambda g, inputs, saved: sys.getrefcount(g))
    g = np.empty(2)
    return made.pull(g, (), ())


_TRAVERSED = _measure()
_ASSIGN.pull = _pull

# --- reading and assigning ------------------------------------------------------------------------------------------


@tensor_method("__getitem__")
def _getitem(self: Tensor, index: Any) -> Tensor:
    result = getitem(self, plain_index(index))
    node = self._node
    if node is not None and node.op is _ASSIGN and getattr(result._data, "base", None) is not None:
        result._data = result._data.copy()
        result._data.flags.writeable = False
    return result


@tensor_method("__setitem__")
def _setitem(self: Tensor, index: Any, value: Any) -> None:
    index = plain_index(index)
    refuse_read_only(self, "assignment to elements")
    if isinstance(value, list | tuple):
        value = as_input(value, "assignment")  # which may hold Tensors
    if not self._would_record(value):
        self._write(value_of(value), index)
        return
    _refuse_unsuited(self, value)
    if isinstance(value, Tensor) and self.ndim and np.may_share_memory(value._data, self._data):
        value._data = value._data.copy()  # as in x[:2] = x[2:], where it is a view of what will change
    alone = held_once(self)
    if not alone and (self._node is not None or getattr(self._data, "base", None) is not None):
        raise RuntimeError(
            "assignment to elements would change values in place that something else still holds: a rule that needs "
            "them for its derivative, a view, or an array that this Tensor was made from or that was taken from "
            ".data; assign to a copy, x = x.copy()"
        )
    in_place = alone and self.ndim > 0  # else a constant moves to memory of its own
    self._become(assign(self, value, index, in_place), "assignment to elements", True)


def _refuse_unsuited(x: Tensor, value: Any) -> None:
    """Raise where an assignment cannot be recorded."""
    if x._node is not None and x.is_leaf:
        raise RuntimeError(
            "assignment to elements would overwrite a leaf that requires a gradient; assign to a copy, x = x.copy(), "
            "or do it inside no_grad()"
        )
    kind = getattr(value, "dtype", x.dtype).kind
    if x.dtype.kind not in "fc" or (kind == "c" and x.dtype.kind == "f"):
        raise TypeError(
            f"a Tensor of {x.dtype} cannot take {value.dtype} elements that need a gradient; convert it first, "
            f"x = x.astype(np.{value.dtype})"
        )

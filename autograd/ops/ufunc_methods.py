"""The methods of NumPy's ufuncs on Tensors, `np.add.reduce(x)`, `np.multiply.outer(x, y)` and the like; SciPy's ufuncs.

Where a reduction has a name of its own (`np.add.reduce` is `np.sum`), that is used, whose rule is one pass over the
array. The others go through the elements along the axis one by one: as right, but as slow as a loop.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.ops.common import Array
from autograd.ops.softmaxes import logsumexp
from autograd.primitive import REGISTRY
from autograd.tensor import UFUNCS, Tensor

NAMED_REDUCTIONS: dict[Any, Callable[..., Any]] = {
    np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min, np.logaddexp: logsumexp,
    np.logical_and: np.all, np.logical_or: np.any,
}  # fmt: skip
NAMED_ACCUMULATIONS: dict[Any, Callable[..., Any]] = {np.add: np.cumsum, np.multiply: np.cumprod}

SCIPYS_NAMES = {"psi": "digamma", "expit": "sigmoid", "log_expit": "log_sigmoid"}  # where ours is another


def method(ufunc: Any, name: str) -> Callable[..., Any] | None:
    """Return what does for Tensors what the method `name` of a ufunc does for arrays, or None.

    Args:
        ufunc: NumPy's, or SciPy's.
        name: as `__array_ufunc__` gets it: "__call__", "reduce", "accumulate", "reduceat" or "outer".

    >>> method(np.subtract, "outer")(Tensor([1.0, 2.0]), Tensor([0.0, 1.0]))
    Tensor([[1., 0.],
            [2., 1.]])
    """
    if name == "__call__":
        return _scipys(ufunc)
    function = UFUNCS.get(ufunc)
    if function is None or ufunc.signature or (ufunc.nin, ufunc.nout) != (2, 1) or name not in METHODS:
        return None
    return functools.partial(_without_defaults, METHODS[name], ufunc)


def _without_defaults(function: Callable[..., Any], ufunc: Any, *arrays: Any, **options: Any) -> Any:
    if options.get("dtype", ufunc) is None:  # which callers that go by position have to give
        del options["dtype"]
    return function(ufunc, *arrays, **options)


def _scipys(ufunc: Any) -> Callable[..., Any] | None:
    """Return our function of a ufunc of `scipy.special`, which is in memory if anybody has one of its ufuncs."""
    name = ufunc.__name__
    made = REGISTRY.get(SCIPYS_NAMES.get(name, name))
    theirs = getattr(sys.modules.get("scipy.special"), name, None)
    return made.function if made is not None and theirs is ufunc else None


def _reduce(ufunc: Any, array: Array, /, axis: Any = 0, keepdims: bool = False, **options: Any) -> Tensor:
    if ufunc in NAMED_REDUCTIONS:
        return NAMED_REDUCTIONS[ufunc](array, axis=axis, keepdims=keepdims, **options)
    axis, elements = _elements(ufunc, "reduce", array, axis, options)
    result = functools.reduce(ufunc, elements)
    return np.expand_dims(result, axis) if keepdims else result  # type: ignore[return-value]


def _accumulate(ufunc: Any, array: Array, /, axis: int = 0, **options: Any) -> Tensor:
    if ufunc in NAMED_ACCUMULATIONS:
        return NAMED_ACCUMULATIONS[ufunc](array, axis=axis, **options)
    axis, results = _elements(ufunc, "accumulate", array, axis, options)
    for i in range(1, len(results)):
        results[i] = ufunc(results[i - 1], results[i])
    return np.stack(results, axis=axis)  # type: ignore[return-value]


def _elements(ufunc: Any, name: str, array: Array, axis: Any, options: dict[str, Any]) -> tuple[int, list[Tensor]]:
    """Return the axis, and the parts of the array along it."""
    what = f"np.{ufunc.__name__}.{name}"
    if options:
        raise TypeError(f"{what} of Tensors takes no {', '.join(options)}")
    axes = range(array.ndim) if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
    if len(axes) != 1:
        raise ValueError(f"{what} of Tensors is for one axis at a time, not axis={axis}")
    if not array.shape[axes[0]]:
        raise ValueError(f"{what} of Tensors needs at least one element along axis {axes[0]} of shape {array.shape}")
    return axes[0], list(np.moveaxis(array, axes[0], 0))


def _reduceat(ufunc: Any, array: Array, indices: Sequence[int], /, axis: int = 0, **options: Any) -> Tensor:
    array = np.moveaxis(array, axis, 0)
    starts = np.asarray(indices).tolist()
    ends = [*starts[1:], len(array)]
    parts = [
        _reduce(ufunc, array[start:end], **options) if start < end else array[start]
        for start, end in zip(starts, ends, strict=True)
    ]
    return np.moveaxis(np.stack(parts), 0, axis)  # type: ignore[return-value]


def _outer(ufunc: Any, x1: Array, x2: Array, /) -> Tensor:
    x1, x2 = (x if isinstance(x, Tensor) else np.asarray(x) for x in (x1, x2))
    return ufunc(x1.reshape(x1.shape + (1,) * x2.ndim), x2)  # type: ignore[no-any-return]


METHODS: dict[str, Callable[..., Tensor]] = {
    "reduce": _reduce,
    "accumulate": _accumulate,
    "reduceat": _reduceat,
    "outer": _outer,
}

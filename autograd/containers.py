"""Arrays in nested lists, tuples and dicts: taking them out, naming their places, and putting others there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.tensor import Tensor


def flatten(tree: Any) -> tuple[list[Any], Callable[[Sequence[Any]], Any]]:
    """Return the arrays, Tensors and numbers in nested lists, tuples and dicts, and a function that puts others there.

    >>> leaves, rebuild = flatten({"w": [1.0, 2.0], "name": "layer"})
    >>> leaves, rebuild([3.0, 4.0])
    ([1.0, 2.0], {'w': [3.0, 4.0], 'name': 'layer'})
    """
    leaves: list[Any] = []
    shape = _collect(tree, leaves)
    return leaves, lambda new: _rebuild(shape, new)


def is_leaf(x: Any) -> bool:
    """Return whether x is an array, a Tensor or a number.

    >>> is_leaf(1.5), is_leaf(True), is_leaf([1.5])
    (True, False, False)
    """
    numbers = Tensor | np.ndarray | np.generic | int | float | complex
    return isinstance(x, numbers) and not isinstance(x, bool)


def places(tree: Any, name: str) -> list[str]:
    """Return what to call each leaf of a container of that name, in the order of `flatten`.

    >>> places({"w": [1.0, 2.0], "b": 3.0}, "weights")
    ["weights['w'][0]", "weights['w'][1]", "weights['b']"]
    """
    if is_leaf(tree):
        return [name]
    if isinstance(tree, dict):
        return [place for key, value in tree.items() for place in places(value, f"{name}[{key!r}]")]
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return [place for key, value in zip(tree._fields, tree) for place in places(value, f"{name}.{key}")]
    if isinstance(tree, list | tuple):
        return [place for i, value in enumerate(tree) for place in places(value, f"{name}[{i}]")]
    return []


class _Hole:
    """Where a leaf was taken out of a container."""

    def __init__(self, at: int) -> None:
        self.at = at


def _collect(tree: Any, leaves: list[Any]) -> Any:
    if isinstance(tree, dict):
        return type(tree)((key, _collect(value, leaves)) for key, value in tree.items())
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(_collect(item, leaves) for item in tree))
    if isinstance(tree, list | tuple):
        return type(tree)(_collect(item, leaves) for item in tree)
    if is_leaf(tree):
        leaves.append(tree)
        return _Hole(len(leaves) - 1)
    return tree


def _rebuild(shape: Any, new: Sequence[Any]) -> Any:
    if isinstance(shape, _Hole):
        return new[shape.at]
    if isinstance(shape, dict):
        return type(shape)((key, _rebuild(value, new)) for key, value in shape.items())
    if isinstance(shape, tuple) and hasattr(shape, "_fields"):
        return type(shape)(*(_rebuild(item, new) for item in shape))
    if isinstance(shape, list | tuple):
        return type(shape)(_rebuild(item, new) for item in shape)
    return shape

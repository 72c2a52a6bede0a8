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


def leaves_like(tree: Any, like: Any, name: str) -> list[Any]:
    """Return the leaves of a container that has the structure of another one, in the order of that one's leaves.

    Args:
        tree: the container.
        like: the other one; what stands in place of each of its leaves must be a leaf.
        name: what messages call `tree`.

    Raises:
        ValueError: where the structures differ.

    >>> leaves_like({"b": 1.0, "a": 2.0}, {"a": 0.0, "b": 0.0}, "tangents")
    [2.0, 1.0]
    """
    if is_leaf(like):
        if not is_leaf(tree):
            raise ValueError(f"{name} is a {type(tree).__name__} where an array, a Tensor or a number is needed")
        return [tree]
    if isinstance(like, dict):
        if not isinstance(tree, dict) or tree.keys() != like.keys():
            given = list(tree) if isinstance(tree, dict) else f"a {type(tree).__name__}"
            raise ValueError(f"{name} needs the keys {list(like)}, but is {given}")
        return [leaf for key in like for leaf in leaves_like(tree[key], like[key], f"{name}[{key!r}]")]
    if isinstance(like, list | tuple):
        if not isinstance(tree, list | tuple) or len(tree) != len(like):
            given = f"{len(tree)}" if isinstance(tree, list | tuple) else f"a {type(tree).__name__}"
            raise ValueError(f"{name} needs {len(like)} items, but is {given}")
        pairs = zip(tree, like, strict=True)
        return [leaf for i, (item, model) in enumerate(pairs) for leaf in leaves_like(item, model, f"{name}[{i}]")]
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

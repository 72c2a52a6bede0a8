"""Nested state as JSON and arrays by name, and back: what a checkpoint is made of. Nothing in it can be run."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd import Tensor

Array = np.ndarray[Any, Any]

_KIND = "kind"  # of the objects that stand for what JSON does not have
_FLOATS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_WIDE = np.dtype(np.complex128)  # which safetensors does not have


def pack(tree: Any, path: str = "state") -> tuple[Any, dict[str, Array]]:
    """Return a tree as JSON's values, and the arrays in it by name.

    Args:
        tree: dicts, lists, tuples, `Counter`s, strings, numbers, None, arrays, NumPy scalars and Tensors.
        path: what the names of the arrays begin with.

    Raises:
        TypeError: for anything else; says where it is.

    >>> pack({"a": (1, np.arange(2))})
    ({'a': {'kind': 'tuple', 'items': [1, {'kind': 'array', 'name': 'state.a.1'}]}}, {'state.a.1': array([0, 1])})
    >>> pack({"a": {1}})
    Traceback (most recent call last):
        ...
    TypeError: state.a is a set, which a checkpoint cannot hold; give it as dicts, lists, numbers, strings or arrays
    """
    arrays: dict[str, Array] = {}
    return _packed(tree, path, arrays), arrays


def _packed(tree: Any, path: str, arrays: dict[str, Array]) -> Any:
    if tree is None or isinstance(tree, bool | str) or type(tree) is int:
        return tree
    if type(tree) is float:
        return tree if math.isfinite(tree) else {_KIND: "float", "value": str(tree)}
    if isinstance(tree, Tensor | np.ndarray | np.generic):
        return _packed_array(tree, path, arrays)
    if isinstance(tree, list | tuple):
        items = [_packed(item, f"{path}.{i}", arrays) for i, item in enumerate(tree)]
        return items if isinstance(tree, list) else {_KIND: "tuple", "items": items}
    if isinstance(tree, dict):
        if type(tree) is dict and _KIND not in tree and all(type(key) is str for key in tree):
            return {key: _packed(value, f"{path}.{key}", arrays) for key, value in tree.items()}
        pairs = [[_packed(key, path, arrays), _packed(value, f"{path}.{key}", arrays)] for key, value in tree.items()]
        return {_KIND: "counter" if isinstance(tree, Counter) else "dict", "items": pairs}
    raise TypeError(
        f"{path} is a {type(tree).__name__}, which a checkpoint cannot hold; give it as dicts, lists, numbers, strings "
        "or arrays"
    )


def _packed_array(value: Any, path: str, arrays: dict[str, Array]) -> dict[str, str]:
    array = np.asarray(value.detach() if isinstance(value, Tensor) else value)
    kind = "tensor" if isinstance(value, Tensor) else "array" if isinstance(value, np.ndarray) else "scalar"
    name = path
    while name in arrays:  # a key with a dot in it can make two paths the same
        name += "'"
    wide = array.dtype == _WIDE
    arrays[name] = np.ascontiguousarray(array)[..., np.newaxis].view(np.float64) if wide else array
    return {_KIND: kind, "name": name} | ({"dtype": "complex128"} if wide else {})


def unpack(packed: Any, arrays: Mapping[str, Array]) -> Any:
    """Return the tree that `pack` was given; arrays are copies.

    Raises:
        ValueError: when that is not what `pack` returns: something is unknown, or an array missing or left over.

    >>> unpack(*pack({"a": (1.0, float("inf")), 2: np.float32(3)}))
    {'a': (1.0, inf), 2: np.float32(3.0)}
    """
    left = dict(arrays)
    try:
        tree = _unpacked(packed, left)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"its state is not what was written: {type(error).__name__} {error!s:.80}") from error
    if left:
        raise ValueError(f"its arrays {sorted(left)[:3]} belong to nothing")
    return tree


def _unpacked(packed: Any, left: dict[str, Array]) -> Any:
    if isinstance(packed, list):
        return [_unpacked(item, left) for item in packed]
    if not isinstance(packed, dict):
        return packed
    kind = packed.get(_KIND)
    if kind is None:
        return {key: _unpacked(value, left) for key, value in packed.items()}
    if kind in ("array", "scalar", "tensor"):
        return _unpacked_array(packed, left)
    if kind == "float":
        return _FLOATS[packed["value"]]
    items = [_unpacked(item, left) for item in packed["items"]]
    if kind == "tuple":
        return tuple(items)
    if kind in ("dict", "counter"):
        pairs = dict(items)
        return Counter(pairs) if kind == "counter" else pairs
    raise ValueError(f"its state has something of the unknown kind {kind!r:.40}")


def _unpacked_array(packed: dict[str, Any], left: dict[str, Array]) -> Any:
    array = left.pop(packed["name"]).copy()
    if packed.get("dtype") == "complex128":
        array = array.view(_WIDE)[..., 0]
    if packed[_KIND] == "tensor":
        return Tensor(array)
    return array[()] if packed[_KIND] == "scalar" else array


def check_like(own: Any, given: Any, where: str) -> None:
    """Raise a ValueError unless a state that was read has the form of the present one.

    The keys of dicts and the lengths of tuples must agree, and so must what things are: numbers, strings, sequences,
    dicts or arrays of one shape. None agrees with anything, and lists may have another length.

    >>> check_like({"best": None, "count": 0}, {"best": 1.5, "count": 2}, "EarlyStopping")
    >>> check_like({"count": 0}, {"count": "2"}, "EarlyStopping")
    Traceback (most recent call last):
        ...
    ValueError: EarlyStopping.count: must be a number, not a str
    """
    if own is None or given is None:
        return
    wanted, found = _family(own), _family(given)
    if wanted != found:
        raise ValueError(f"{where}: must be {wanted}, not a {type(given).__name__}")
    if wanted == "an array" and np.shape(own) != np.shape(given):
        raise ValueError(f"{where}: must have shape {np.shape(own)}, not {np.shape(given)}")
    if wanted == "a dict" and not isinstance(own, Counter):
        if own.keys() != given.keys():
            names = sorted(map(str, own.keys() ^ given.keys()))
            raise ValueError(f"{where}: {', '.join(names)[:200]} is on one side only")
        for key in own:
            check_like(own[key], given[key], f"{where}.{key}")
    if isinstance(own, tuple):
        if len(own) != len(given):
            raise ValueError(f"{where}: must have {len(own)} items, not {len(given)}")
        for i, pair in enumerate(zip(own, given)):
            check_like(*pair, f"{where}.{i}")


def _family(value: Any) -> str:
    if isinstance(value, np.ndarray | Tensor) and np.ndim(value):
        return "an array"
    for kinds, name in (((dict,), "a dict"), ((str,), "a string"), ((list, tuple), "a sequence")):
        if isinstance(value, kinds):
            return name
    return "a number"

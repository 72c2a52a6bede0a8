"""What a Tensor may hold, and who else may see it."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd.modes import get_default_dtype


def to_value(data: Any, dtype: DTypeLike | None) -> Any:
    """Return what a Tensor of `data` holds: an array, or a NumPy scalar for 0-d data.

    Raises:
        TypeError: for data that is not numbers or bools.
        ValueError: for ragged lists.

    >>> to_value([1.0, 2.0], None)
    array([1., 2.], dtype=float32)
    """
    if isinstance(data, np.ndarray | np.generic):
        value = _plain_array(data)
    elif hasattr(data, "__array_function__") and hasattr(data, "__array_ufunc__"):
        value = data  # another library's array that speaks NumPy's protocols stays what it is
    else:
        value = _from_python(data, dtype)
    if value.dtype.kind not in "biufc":
        raise TypeError(f"a Tensor holds numbers or bools, not {value.dtype} (from {_brief(data)})")
    if dtype is not None and value.dtype != np.dtype(dtype):
        value = value.astype(dtype)
    return value[()] if isinstance(value, np.ndarray) and not value.ndim else value


def is_tensor(x: Any) -> bool:
    """Return whether x is a Tensor; that class is defined on top of this file."""
    return hasattr(x, "_node")


def _plain_array(data: Any) -> Any:
    if type(data) is np.ndarray or isinstance(data, np.generic):
        return data
    if isinstance(data, np.ma.MaskedArray):
        raise TypeError("a Tensor has no mask: fill the masked array first, for example data.filled(0)")
    return np.asarray(data)


def _from_python(data: Any, dtype: DTypeLike | None) -> Any:
    """Convert numbers, (nested) sequences of them, and foreign arrays."""
    if isinstance(data, list | tuple) and holds_tensor(data):
        raise TypeError("a list of Tensors would lose their gradients here: use autograd.stack or autograd.array")
    foreign = hasattr(data, "__array__")
    try:
        value = np.asarray(data)
    except ValueError as error:
        raise ValueError(f"the nested lists have different lengths, so they make no array: {_brief(data)}") from error
    if value.dtype == object or value.dtype.kind in "USV":
        raise TypeError(f"a Tensor holds numbers or bools; got {_brief(data)}")
    if not foreign and dtype is None and value.dtype.kind in "fc":
        default = get_default_dtype()
        value = value.astype(default if value.dtype.kind == "f" else np.result_type(default, np.complex64))
    return value


def holds_tensor(data: Any) -> bool:
    """Return whether there is a Tensor in nested lists or tuples."""
    return any(is_tensor(x) or (isinstance(x, list | tuple) and holds_tensor(x)) for x in data)


def _brief(data: Any) -> str:
    text = repr(data)
    return f"{type(data).__name__} {text if len(text) < 80 else text[:77] + '...'}"


def require_differentiable(dtype: np.dtype[Any]) -> None:
    """Raise a TypeError for a dtype whose Tensors cannot require a gradient."""
    if dtype.kind not in "fc":
        raise TypeError(
            f"only floating or complex Tensors can require a gradient, not {dtype}: write 3.0 instead of 3, "
            "or pass dtype=np.float32"
        )


def refuse_read_only(tensor: Any, what: str) -> None:
    """Raise where a change in place could not reach all that it should.

    Raises:
        RuntimeError: when the Tensor's memory is read-only.
    """
    flags = getattr(tensor._data, "flags", None)
    if flags is not None and tensor._data.ndim and not flags.writeable:
        raise RuntimeError(
            f"{what}: this Tensor is read-only: a broadcast, or elements read from another Tensor that would not "
            "change with it; assign to that one with one index (x[i, j] = v, x[i] += v), or to x.copy()"
        )


# --- who else holds an array? -----------------------------------------------------------------------------------------
# CPython counts references, so it knows exactly whether anything else (a saved value, a view, a user's variable) can
# see an array. `np.ndarray.resize` asks the same question. The baselines are measured here, by the same kind of code.


def owned(array: Any) -> bool:
    """Return whether the caller's variable is the only thing that can see `array`'s memory, so it may be written."""
    if array.__class__ is not np.ndarray or not array.flags.writeable or sys.getrefcount(array) > _ALONE:
        return False
    return array.base is None or _base_alone(array)


def held_once(tensor: Any) -> bool:
    """Return whether nothing but the Tensor `tensor` holds its values."""
    value = tensor._data
    if value.__class__ is np.ndarray:
        return sys.getrefcount(value) <= _SLOT_ALONE and (value.base is None or _base_alone(value))
    in_node = tensor._node is not None and tensor._node.like is value  # for drawings; no rule needs it there
    return sys.getrefcount(value) <= _SLOT_ALONE + in_node


def _base_alone(view: Any) -> bool:
    """Return whether only `view` holds the array that it is a view of."""
    base = view.base
    while base is not None:
        if base.__class__ is not np.ndarray or sys.getrefcount(base) > _BASE_ALONE:
            return False
        base = base.base
    return True


def is_temporary(count: int) -> bool:
    """Return whether the Tensor that an in-place operator found with this reference count is the interpreter's alone.

    In x[i] += v it is x[i], which Python makes, adds to and stores back: there is no name to see it changed in place.
    """
    return _TEMPORARY < _NAMED and count == _TEMPORARY  # from Python 3.14 on, names are not counted apart


class _Holder:
    """Holds an array as a Tensor does."""

    __slots__ = ("_data",)

    def __init__(self, data: Any) -> None:
        self._data = data


def _measure() -> tuple[int, int, int]:
    def count(array: Any) -> int:
        return sys.getrefcount(array)

    def base_count(array: Any) -> int:
        base = array.base
        return sys.getrefcount(base)

    def slot_count(holder: _Holder) -> int:
        value = holder._data
        return sys.getrefcount(value)

    fresh = np.empty(2)
    view = np.empty(2)[:1]
    return count(fresh), base_count(view), slot_count(_Holder(np.empty(2)))


class _Counter:
    """Counts its references where an in-place operator of a Tensor would."""

    def __iadd__(self, counts: list[int]) -> _Counter:
        counts.append(sys.getrefcount(self))
        return self

    def __getitem__(self, index: int) -> _Counter:
        return _Counter()

    def __setitem__(self, index: int, value: _Counter) -> None:
        pass


def _measure_operands() -> list[int]:
    counts: list[int] = []
    named = _Counter()
    named += counts
    named[0] += counts
    return counts


_ALONE, _BASE_ALONE, _SLOT_ALONE = _measure()
_NAMED, _TEMPORARY = _measure_operands()

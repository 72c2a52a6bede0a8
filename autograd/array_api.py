"""The namespace of the Python array API standard for Tensors: what `x.__array_namespace__()` returns.

NumPy 2 has the standard's functions under the standard's names, and Tensors take part in NumPy's functions. So a name
here is what NumPy's function of that name is for Tensors; functions that create arrays, and those that NumPy cannot
dispatch, are autograd's own; the arguments `device` and `descending`, which NumPy has not, are added here. Arrays given
to these functions are taken as Tensors, and results are Tensors.
"""

from __future__ import annotations

import functools
import importlib
import types
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

import autograd.creation
import autograd.interchange
from autograd.modes import get_default_dtype
from autograd.tensor import FUNCTIONS, UFUNCS, Tensor

__array_api_version__ = "2024.12"

CONSTANTS = ("e", "inf", "nan", "newaxis", "pi")
DTYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "float32", "float64", "complex64", "complex128",
)  # fmt: skip
ABOUT_DTYPES = ("can_cast", "finfo", "iinfo", "isdtype", "result_type", "broadcast_shapes")
CREATION = (
    "arange", "asarray", "empty", "empty_like", "eye", "from_dlpack", "full", "full_like", "linspace", "meshgrid",
    "ones", "ones_like", "tril", "triu", "zeros", "zeros_like",
)  # fmt: skip


WITH_DEVICE = frozenset({*CREATION, "astype"} - {"from_dlpack", "meshgrid", "tril", "triu"})
OF_FREQUENCIES = ("fftfreq", "rfftfreq")


def __getattr__(name: str) -> Any:
    """Return a function or constant of the standard."""
    if name in CONSTANTS or name in DTYPES or name in ABOUT_DTYPES:
        return getattr(np, name)
    if name in ("linalg", "fft"):
        return _namespace(getattr(np, name), importlib.import_module(f"autograd.{name}"))
    if name in _ADDED:
        return _ADDED[name]
    made = [
        getattr(m, name) for m in (autograd.creation, autograd.interchange) if name in CREATION and hasattr(m, name)
    ]
    function = made[0] if made else _for_tensors(np, name)
    return _with_device(function) if name in WITH_DEVICE else function


def __dir__() -> list[str]:
    return sorted({*CONSTANTS, *DTYPES, *ABOUT_DTYPES, *CREATION, *_ADDED, "linalg", "fft", *_names_for_tensors()})


def _names_for_tensors() -> list[str]:
    functions = UFUNCS.keys() | FUNCTIONS.keys()
    found = ((name, getattr(np, name)) for name in dir(np) if not name.startswith("_"))
    return [name for name, value in found if callable(value) and not isinstance(value, type) and value in functions]


def _for_tensors(module: Any, name: str) -> Callable[..., Any]:
    """Return what a function of NumPy is for Tensors."""
    theirs = getattr(module, name, None)
    table = UFUNCS if isinstance(theirs, np.ufunc) else FUNCTIONS
    ours = table.get(theirs) if callable(theirs) else None
    if ours is None:
        raise AttributeError(f"the array API's {name!r} is not available for Tensors")

    @functools.wraps(ours)
    def function(*args: Any, **options: Any) -> Any:
        return ours(*map(_as_tensor, args), **options)

    return function


def _namespace(theirs: Any, ours: types.ModuleType) -> types.ModuleType:
    """Return one of the standard's extensions, where functions that make arrays are our module's."""
    made = types.ModuleType(ours.__name__, f"NumPy's {theirs.__name__} for Tensors.")

    def find(name: str) -> Any:
        return _with_device(getattr(ours, name)) if name in OF_FREQUENCIES else _for_tensors(theirs, name)

    made.__getattr__ = find  # type: ignore[method-assign]
    return made


def _as_tensor(x: Any) -> Any:
    return Tensor(x) if isinstance(x, np.ndarray) else x


# --- what NumPy has not -----------------------------------------------------------------------------------------------


def _with_device(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function take `device`; there is only the CPU."""

    @functools.wraps(function)
    def on_device(*args: Any, device: str | None = None, **options: Any) -> Any:
        if device not in (None, "cpu"):
            raise ValueError(f"Tensors live on 'cpu', not {device!r}")
        return function(*args, **options)

    return on_device


def _asarray(x: Any, /, *, dtype: Any = None, copy: bool | None = None) -> Tensor:
    """Return the data as a Tensor: a copy, one that shares memory, or whichever is possible."""
    made = autograd.creation.asarray(x, dtype)
    if copy:
        return np.copy(made)  # type: ignore[return-value]
    if copy is False and not np.may_share_memory(made.data, x.data if isinstance(x, Tensor) else x):
        raise ValueError(f"asarray cannot share the memory of {type(x).__name__} with copy=False: leave that out")
    return made


def _sort(x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    """Return the elements in order along an axis."""
    ordered: Tensor = np.sort(_as_tensor(x), axis=axis, stable=stable)  # type: ignore[assignment]
    return np.flip(ordered, axis) if descending else ordered  # type: ignore[return-value]


def _argsort(x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    """Return the positions of the elements in order along an axis."""
    x = _as_tensor(x)
    if not descending:
        return np.argsort(x, axis=axis, stable=stable)  # type: ignore[return-value]
    backwards = np.argsort(np.flip(x, axis), axis=axis, stable=stable)  # so that equal ones keep their order
    return x.shape[axis] - 1 - np.flip(backwards, axis)  # type: ignore[no-any-return]


class _Info:
    """What the standard's `__array_namespace_info__()` returns: NumPy's, but for the default dtypes."""

    def __init__(self) -> None:
        self._numpy = np.__array_namespace_info__()
        self.capabilities, self.devices = self._numpy.capabilities, self._numpy.devices
        self.default_device, self.dtypes = self._numpy.default_device, self._numpy.dtypes

    def default_dtypes(self, *, device: Literal["cpu"] | None = None) -> dict[str, Any]:
        """Return the dtypes of arrays made without one, by kind."""
        real = get_default_dtype()
        floating = {"real floating": real, "complex floating": np.result_type(real, np.complex64)}
        return {**self._numpy.default_dtypes(device=device), **floating}


_ADDED: dict[str, Any] = {
    "asarray": _with_device(_asarray), "sort": _sort, "argsort": _argsort, "__array_namespace_info__": _Info,
}  # fmt: skip

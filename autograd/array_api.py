"""The namespace of the Python array API standard for Tensors: what `x.__array_namespace__()` returns.

NumPy 2 has the standard's functions under the standard's names, and Tensors take part in NumPy's functions. So a name
here is what NumPy's function of that name is for Tensors; functions that create arrays, and those that NumPy cannot
dispatch, are autograd's own. Arrays given to these functions are taken as Tensors, and results are Tensors.
"""

from __future__ import annotations

import functools
import importlib
import types
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd.creation
import autograd.interchange
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


def __getattr__(name: str) -> Any:
    """Return a function or constant of the standard."""
    if name in CONSTANTS or name in DTYPES or name in ABOUT_DTYPES:
        return getattr(np, name)
    if name in ("linalg", "fft"):
        return _namespace(getattr(np, name), importlib.import_module(f"autograd.{name}"))
    for module in (autograd.creation, autograd.interchange):
        if name in CREATION and hasattr(module, name):
            return getattr(module, name)
    return _for_tensors(np, name)


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
        return getattr(ours, name) if name in ("fftfreq", "rfftfreq") else _for_tensors(theirs, name)

    made.__getattr__ = find  # type: ignore[method-assign]
    return made


def _as_tensor(x: Any) -> Any:
    return Tensor(x) if isinstance(x, np.ndarray) else x

"""What NumPy's functions and ufuncs are given besides arrays, where Tensors are among the arrays.

`Tensor.__array_function__` and `__array_ufunc__` come here for whatever is not a plain call of a supported function:
options that mean nothing to Tensors are left out, and where one cannot be met the error says what to write instead.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.ops.ufunc_methods import method as find
from autograd.signatures import place_of_out, positional

_UNSUPPORTED = (
    "is not supported on Tensors (the supported functions are listed in README.md under 'Operations'); for values "
    "without a gradient call it on x.detach().numpy(), and see autograd.op for adding an operation of your own"
)
_NO_OUT = "{} cannot write a Tensor's result into out={}: an ndarray cannot carry its gradient; use the returned Tensor"


# --- functions --------------------------------------------------------------------------------------------------------


def without_out(
    function: Callable[..., Any], args: Sequence[Any], options: dict[str, Any]
) -> tuple[Sequence[Any], dict[str, Any]]:
    """Return the arguments of a NumPy function without `out`, those that came after it by name.

    Raises:
        TypeError: when there is an array to write into.

    >>> without_out(np.sum, (1.0, 0, None, None, True), {})
    ((1.0, 0, None), {'keepdims': True})
    """
    place = place_of_out(function)
    names = positional(function)
    by_position = dict(zip(list(names)[place:], args[place:]))
    later = {name: value for name, value in by_position.items() if value is not names[name] or name == "out"}
    given = later | options
    if given.pop("out", None) is not None:
        raise TypeError(_NO_OUT.format(function_name(function), ""))
    return args[:place], given


def function_name(function: Callable[..., Any]) -> str:
    """Return what to call a NumPy function in messages.

    >>> function_name(np.linalg.inv)
    'np.linalg.inv'
    """
    return f"{function.__module__}.{function.__name__}".replace("numpy.", "np.")


def refuse(name: str) -> Any:
    """Raise the TypeError for a function that Tensors do not have."""
    raise TypeError(f"{name} {_UNSUPPORTED}")


# --- ufuncs -----------------------------------------------------------------------------------------------------------

# The options of every ufunc, with the values that change nothing.
_DEFAULTS = {"where": True, "casting": "same_kind", "order": "K", "subok": True, "dtype": None, "signature": None}


def call_ufunc(
    function: Callable[..., Any] | None, ufunc: np.ufunc, method: str, inputs: Sequence[Any], options: dict[str, Any]
) -> Any:
    """Return what a ufunc, or a method of it, gives for Tensors.

    Args:
        function: ours for a plain call of this ufunc, if it is known.
        ufunc: NumPy's or SciPy's.
        method: "__call__", "reduce" and so on.
        inputs: the arrays.
        options: whatever else there was.

    Raises:
        TypeError: when Tensors do not have it, or an option cannot be met.
    """
    name = ufunc_name(ufunc)
    if options.get("out") is not None:
        raise TypeError(_NO_OUT.format(name, f" (or 'array {ufunc.__name__}= tensor')"))
    function = function or find(ufunc, method)
    if function is None:
        refuse(name if method == "__call__" else f"{name}.{method}")
    assert function is not None
    if method == "__call__":
        inputs, options = _without_defaults(name, ufunc, inputs, options)
    return function(*inputs, **options)


def ufunc_name(ufunc: np.ufunc) -> str:
    """Return what to call a ufunc in messages.

    >>> ufunc_name(np.add)
    'np.add'
    """
    name = ufunc.__name__
    for space, module in (("np", np), ("scipy.special", sys.modules.get("scipy.special"))):
        if getattr(module, name, None) is ufunc:
            return f"{space}.{name}"
    return name


def _without_defaults(
    name: str, ufunc: np.ufunc, inputs: Sequence[Any], options: dict[str, Any]
) -> tuple[Sequence[Any], dict[str, Any]]:
    """Return a ufunc's inputs in the dtype that was asked for, and the options that its function may know."""
    asked = {o: v for o, v in options.items() if o in _DEFAULTS and not _equal(v, _DEFAULTS[o])}
    if "where" in asked:
        raise TypeError(
            f"{name} of Tensors takes no where=, which would leave elements without a value: "
            f"use np.where(mask, {name}(...), other)"
        )
    if asked.keys() - {"dtype"}:
        raise TypeError(
            f"{name} of Tensors takes no {', '.join(f'{o}=' for o in asked)}: convert its inputs, or its result, "
            "with astype"
        )
    rest = {o: v for o, v in options.items() if o not in _DEFAULTS}
    return (_in_dtype(name, ufunc, inputs, np.dtype(asked["dtype"])) if asked else inputs), rest


def _equal(value: Any, default: Any) -> bool:
    return value is default or (isinstance(value, str) and value == default)


def _in_dtype(name: str, ufunc: np.ufunc, inputs: Sequence[Any], dtype: np.dtype[Any]) -> list[Any]:
    """Return the inputs converted to a dtype in which the ufunc computes."""
    try:
        loop = ufunc.resolve_dtypes((dtype,) * ufunc.nin + (None,) * ufunc.nout)
    except TypeError:
        loop = ()
    if set(loop) != {dtype}:
        raise TypeError(f"{name} does not compute in {dtype} throughout: convert its result, {name}(...).astype(dtype)")
    return [_converted(name, x, dtype) for x in inputs]


def _converted(name: str, x: Any, dtype: np.dtype[Any]) -> Any:
    if isinstance(x, int | float | complex) and not isinstance(x, np.generic):
        return x  # a Python number takes on the dtype of what it meets
    x = x if hasattr(x, "astype") else np.asarray(x)
    if not np.can_cast(x.dtype, dtype, "same_kind"):
        raise TypeError(f"{name} with dtype={dtype} would lose part of its {x.dtype} input: convert that with astype")
    return x if x.dtype == dtype else x.astype(dtype)

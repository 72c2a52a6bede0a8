"""What can be checked: what `autograd.op` made, a `Function`, and any function of Tensors."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable
from typing import Any, TypeAlias

from autograd.custom import Function
from autograd.primitive import Composite, Op
from autograd.samples import Sample
from autograd.tensor import FUNCTIONS, UFUNCS


class Plain:
    """A function of Tensors that is no registered op; the attributes it shares with `Op` mean the same.

    Attributes:
        function: takes and returns Tensors.
        name: what messages call it.
        elementwise: whether it is a broadcasting function of single elements, defined for every shape.
        variadic: whether its only input is a sequence of Tensors.
    """

    differentiable = True
    samples: tuple[Sample, ...] = ()

    def __init__(
        self, function: Callable[..., Any], name: str, elementwise: bool = False, variadic: bool = False
    ) -> None:
        self.function = function
        self.name = name
        self.elementwise = elementwise
        self.variadic = variadic

    @functools.cached_property
    def signature(self) -> inspect.Signature:
        """The parameters, of a `Function` those of `forward`; *args where Python does not know them."""
        owner = _function_class(self.function)
        try:
            if owner is not None:
                _, *parameters = inspect.signature(owner.forward).parameters.values()
                return inspect.Signature(parameters)
            return inspect.signature(self.function)
        except (TypeError, ValueError):  # some of NumPy's functions have none
            return inspect.signature(lambda *args, **kwargs: None)

    @functools.cached_property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters that are passed by position."""
        positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        return tuple(name for name, p in self.signature.parameters.items() if p.kind in positional)

    def __repr__(self) -> str:
        return f"<function {self.name}>"


Subject: TypeAlias = Op | Composite | Plain


def subject_of(checked: Any) -> Subject:
    """Return what stands for an op or a function in a check.

    Args:
        checked: what `autograd.op` made (the function, or its `op`), a function of NumPy that works on Tensors, a
            `Function` subclass or its `apply`, or any function of Tensors.

    Raises:
        TypeError: when it cannot be called.

    >>> import numpy as np
    >>> subject_of(np.tanh)
    <op tanh>
    >>> def double(x):
    ...     return 2 * x
    >>> subject_of(double)
    <function double>
    """
    if isinstance(checked, Subject):
        return checked
    if isinstance(getattr(checked, "op", None), Op | Composite):
        return checked.op  # type: ignore[no-any-return]
    if isinstance(checked, type) and issubclass(checked, Function):
        return Plain(checked.apply, checked.__name__)
    owner = _function_class(checked)
    if owner is not None:
        return Plain(checked, owner.__name__)
    if not callable(checked):
        raise TypeError(
            f"check_op checks what autograd.op made, Functions and functions of Tensors, not {checked!r:.60}, which "
            "cannot be called"
        )
    module = getattr(checked, "__module__", None)
    if module in ("numpy.linalg", "numpy.fft"):  # what is there is registered when it is first needed
        importlib.import_module(module.replace("numpy", "autograd"))
    registered = (FUNCTIONS.get(checked) or UFUNCS.get(checked)) if _is_hashable(checked) else None
    if isinstance(getattr(registered, "op", None), Op | Composite):
        return registered.op  # type: ignore[union-attr, no-any-return]
    return Plain(checked, getattr(checked, "__name__", type(checked).__name__))


def _function_class(checked: Any) -> type[Function] | None:
    """Return the `Function` whose `apply` this is, or None."""
    owner = getattr(checked, "__self__", None)
    return owner if isinstance(owner, type) and issubclass(owner, Function) and checked == owner.apply else None


def _is_hashable(x: Any) -> bool:
    try:
        hash(x)
    except TypeError:
        return False
    return True

"""Which kernels run: compiled ones where Numba is installed, NumPy's elsewhere.

A kernel is a NumPy function, the reference, in a module here. Of the same name in the module of the same name in
`autograd.kernels.compiled` there may be a compiled one, which returns NotImplemented for what it does not take: other
dtypes than float32 and float64, other memory layouts, or so little data that its call would cost more than it saves.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os
from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

# FORKGRAD_KERNELS=numpy in the environment: without compiled kernels.
_wanted = os.environ.get("FORKGRAD_KERNELS", "compiled") != "numpy"


@functools.cache
def compiling() -> bool:
    """Return whether kernels are compiled: wanted, and the extra `fast` installed, which is looked up once."""
    if not _wanted:
        return False
    return all(importlib.util.find_spec(name) is not None for name in ("numba", "scipy", "threadpoolctl"))


@functools.cache
def compiled(module: str, name: str) -> Callable[..., Any] | None:
    """Return the compiled kernel of a name, imported now, or None where kernels are not compiled."""
    if not compiling():
        return None
    made: Callable[..., Any] = getattr(importlib.import_module(f"autograd.kernels.compiled.{module}"), name)
    return made


def kernel(reference: F) -> F:
    """Let the compiled kernel of the same name stand in for a function where there is one and it takes the arguments.

    The function itself stays there as `kernel.reference`.
    """
    module, name = reference.__module__.rpartition(".")[2], reference.__name__

    @functools.wraps(reference)
    def chosen(*args: Any, **options: Any) -> Any:
        fast = compiled(module, name)
        if fast is not None:
            result = fast(*args, **options)
            if result is not NotImplemented:
                return result
        return reference(*args, **options)

    chosen.reference = reference  # type: ignore[attr-defined]
    return chosen  # type: ignore[return-value]

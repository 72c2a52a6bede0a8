"""What NumPy's functions take: which parameters, and where `out` stands among them."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any


@functools.cache
def positional(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the parameters that a NumPy function takes by position, with their defaults."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:  # functions written in C have none in older versions
        return {}
    return {p.name: p.default for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)}


@functools.cache
def place_of_out(function: Callable[..., Any]) -> int:
    """Return the position at which a NumPy function takes `out`; a large number if at none.

    >>> import numpy as np
    >>> place_of_out(np.sum)
    3
    """
    names = list(positional(function))
    return names.index("out") if "out" in names else sys.maxsize

"""Steps of optimizers over all parameters at once, where kernels are compiled.

Elsewhere an optimizer applies its formula to one parameter after the other; that is the reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.kernels.choosing import compiled, compiling

Array = np.ndarray[Any, Any]


def table(before: Any, columns: Sequence[Sequence[Array]], gradients: Sequence[Array]) -> Any:
    """Return the table of arrays that a step needs, or None where kernels are not compiled or do not take them.

    Args:
        before: the table of the last step, which is used again if it is of the same arrays; or None.
        columns: the values of all parameters, and arrays of their state.
        gradients: the gradients of all parameters.
    """
    if not compiling() or not gradients:
        return None
    if before is None or not before.is_of(columns):
        made: Any = compiled("updating", "Table")
        before = made(columns)
    return before if before.usable and before.take(gradients) else None


def sgd(table: Any, *options: Any) -> None:
    """Take a step of gradient descent: see `autograd.kernels.compiled.updating.sgd`."""
    compiled("updating", "sgd")(table, *options)  # type: ignore[misc]


def adam(table: Any, *options: Any) -> None:
    """Take a step of Adam: see `autograd.kernels.compiled.updating.adam`."""
    compiled("updating", "adam")(table, *options)  # type: ignore[misc]

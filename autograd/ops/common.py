"""What the files of operations share: names for kinds of samples, and how to call arrays in signatures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd.samples import Draw, sample

_FLOAT = np.dtype(np.float64)
Array = Any  # in rules and values: an ndarray, a NumPy scalar or number, or a Tensor

ANY = [sample(())]
PAIR = [sample((), ())]
POSITIVE = [sample(Draw(domain=(0.2, 3.0)))]
INSIDE_ONE = [sample(Draw(domain=(-0.9, 0.9)))]
KINK_AT_ZERO = [sample(Draw(kinks=(0.0,)))]
BETWEEN_INTEGERS = [
    sample(Draw(domain=(-2.4, 2.4), kinks=(-2.5, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5)))
]
FLAGS = [sample(Draw(kind="b"), Draw(kind="b"))]
COUNTS = [sample(Draw(kind="i", domain=(0, 9)), Draw(kind="i", domain=(0, 9)))]
APART = [  # the first below the second, and above
    sample(Draw(domain=(0, 1)), Draw(domain=(1.2, 2))),
    sample(Draw(domain=(1.2, 2)), Draw(domain=(0, 1))),
]


@dataclass(frozen=True)
class Holed(Draw):
    """Numbers of which the second, the fifth and so on are 0, for ops that divide by what they multiply."""

    def array(self, rng: np.random.Generator, dtype: Any = np.float64) -> Any:
        """Return an array drawn as described."""
        values = super().array(rng, dtype)
        values.flat[1::3] = 0
        return values


def is_number(x: Array) -> bool:
    """Return whether x is a Python number, which takes on the dtype of what it meets."""
    return isinstance(x, int | float | complex) and not isinstance(x, np.generic)


def is_complex(x: Array) -> bool:
    """Return whether x is complex: an array, a Tensor, or a number."""
    return getattr(x, "dtype", _FLOAT).kind == "c" or isinstance(x, complex)


def flat(g: Array) -> Array:
    """Return the gradient of a piecewise constant function: zeros, also where g is infinite and g * 0 would be nan."""
    return type(g)(0) if isinstance(g, np.generic) else np.zeros_like(g)  # of scalars much faster

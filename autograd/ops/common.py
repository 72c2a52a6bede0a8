"""What the files of operations share: names for kinds of samples, and how to call arrays in signatures."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.samples import Draw, sample

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


def is_number(x: Array) -> bool:
    """Return whether x is a Python number, which takes on the dtype of what it meets."""
    return isinstance(x, int | float | complex) and not isinstance(x, np.generic)

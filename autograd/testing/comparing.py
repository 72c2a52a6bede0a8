"""How properties say that something does not hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def require(condition: Any, message: str) -> None:
    """Raise AssertionError unless a condition holds."""
    if not condition:
        raise AssertionError(message)


def require_equal(got: Any, want: Any, what: str) -> None:
    """Raise unless dtype, shape and every value are equal."""
    require(got.dtype == want.dtype, f"{what} is {got.dtype}, not {want.dtype}")
    require(got.shape == want.shape, f"{what} has shape {got.shape}, not {want.shape}")
    if not np.array_equal(got, want, equal_nan=got.dtype.kind in "fc"):
        raise AssertionError(f"{what} is {got}, not {want}")


def require_close(got: Sequence[Any], want: Sequence[Any], tolerance: float, what: str) -> None:
    """Raise unless arrays are equal up to a part of their largest value; integers and flags must be equal."""
    require(len(got) == len(want), f"{what} differ: there are {len(got)} of the one and {len(want)} of the other")
    for i, (a, b) in enumerate(zip(got, want, strict=True)):
        require((a is None) == (b is None), f"{what} differ: only one of them has a number {i}")
        if a is not None:
            require(a.shape == b.shape, f"{what} have shapes {a.shape} and {b.shape}")
            # Most are equal to the last bit. Messages are made only where they are needed: printing arrays is slow.
            if not (np.array_equal(a, b) or _close(a, b, tolerance)):
                raise AssertionError(f"{what} differ: {a} and {b}")


def _close(a: np.ndarray, b: np.ndarray, tolerance: float) -> bool:
    scale = max(float(np.abs(b).max(initial=0)), 1.0) if b.dtype.kind in "fc" else 0.0
    return bool(np.allclose(a, b, rtol=0, atol=tolerance * scale, equal_nan=True))

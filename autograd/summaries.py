"""What many numbers are like: their range, mean and histogram."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

BINS = 16  # bars of a histogram


class Summary(NamedTuple):
    """What many numbers are like; of complex numbers, their absolute values.

    Attributes:
        size: how many there are.
        minimum: the smallest finite one; nan where none is finite, as for `mean` and `maximum`.
        mean: the mean of the finite ones.
        maximum: the largest finite one.
        zeros: how many are exactly zero.
        not_finite: how many are nan or infinite.
        counts: how many of the finite ones lie in each of equally wide parts of the range from minimum to maximum,
            the bars of a histogram; all in the first where that range is a single number.
    """

    size: int
    minimum: float
    mean: float
    maximum: float
    zeros: int
    not_finite: int
    counts: tuple[int, ...]


def summarize(values: Any) -> Summary:
    """Return what an array's numbers are like.

    >>> summarize(np.array([0.0, 1.0, 1.0, np.inf]))[:6]
    (4, 0.0, 0.6666666666666666, 1.0, 1, 1)
    """
    if isinstance(values, np.generic):
        return _of_scalar(values)
    flat = np.asarray(values).reshape(-1)
    if flat.dtype.kind == "c":
        flat = np.abs(flat)
    wide = flat.astype(np.float64, copy=False)
    finite = wide[np.isfinite(wide)]
    zeros, odd = int(np.count_nonzero(flat == 0)), flat.size - finite.size
    if not finite.size:
        return Summary(flat.size, np.nan, np.nan, np.nan, zeros, odd, (0,) * BINS)
    low, high = float(finite.min()), float(finite.max())
    with np.errstate(over="ignore"):
        mean = float(np.clip(finite.mean(), low, high))  # rounding may carry it past the ends
    return Summary(flat.size, low, mean, high, zeros, odd, _counts(finite, low, high))


def _of_scalar(value: np.generic) -> Summary:
    """Return the same for one number, a hundred times faster."""
    x = float(abs(value) if value.dtype.kind == "c" else value)  # type: ignore[arg-type]
    finite = math.isfinite(x)
    end = x if finite else math.nan
    return Summary(1, end, end, end, int(x == 0), int(not finite), (int(finite),) + (0,) * (BINS - 1))


def _counts(finite: np.ndarray, low: float, high: float) -> tuple[int, ...]:
    """Return how many numbers lie in each part of their range."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        place = (finite / 2 - low / 2) / (high / 2 - low / 2) * BINS  # halves: the range of float64 may overflow
    place = np.where(np.isfinite(place), place, 0).clip(0, BINS - 1)
    return tuple(np.bincount(place.astype(np.intp), minlength=BINS).tolist())

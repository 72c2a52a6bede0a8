"""Comparing derivatives with what was measured: right, wrong, at a kink, or impossible to tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd.checking.differences import Flags, Slopes
from autograd.checking.problems import Floats

_RTOL = 1e-6
# However far apart two differences are, an error of more than this part of the value is not excused by it. The part
# of the usual size of derivatives is for values that are zero: there any difference is infinitely large.
_WIDEST, _WIDEST_AT_ZERO = 0.05, 1e-8
_TINIEST = 4 * float(np.finfo(np.float64).tiny)
# How many roundings of the largest derivative backward may be off by, also in derivatives that are small or zero.
_ROUNDINGS = 64
# A tolerance of this part of a value settles it, and one of this part at least tells something.
_SHARP, _CLEAR = 1e-3, 1e-2


@dataclass(frozen=True)
class Judge:
    """What is accepted.

    Attributes:
        rounding: the relative rounding error of the function.
        atol, rtol: the absolute and relative error that the user accepts; None for those that follow from the error
            bars.
    """

    rounding: float
    atol: float | None = None
    rtol: float | None = None

    def allowed(self, analytic: Floats, slopes: Slopes, unit: Floats) -> Floats:
        """Return the error to accept at each entry; arguments as for `verdict`."""
        size = _size(analytic, slopes)
        absolute: Any = self.atol
        if absolute is None:
            widest = np.maximum(_WIDEST * size, _WIDEST_AT_ZERO * unit)
            rounded = _ROUNDINGS * self.rounding * np.maximum(unit, _largest(analytic))
            absolute = slopes.noise + np.minimum(4 * slopes.spread, widest) + rounded
        return np.asarray(absolute + (_RTOL if self.rtol is None else self.rtol) * size)

    def verdict(self, analytic: Floats, slopes: Slopes, unit: Floats) -> Verdict:
        """Return what holds at each entry.

        Args:
            analytic: the derivatives that backward computes, one row for each line, one column for each output.
            slopes: what was measured.
            unit: for each row the size of a derivative that is neither large nor small: outputs by inputs.
        """
        unit = np.maximum(unit, _largest(analytic, axis=1))
        error = np.abs(analytic - slopes.numeric)
        allowed = self.allowed(analytic, slopes, unit)
        close = error <= allowed
        slack = slopes.noise + _RTOL * np.maximum(np.abs(slopes.low), np.abs(slopes.high))
        between = (analytic >= slopes.low - slack) & (analytic <= slopes.high + slack)
        kinks = slopes.bent & between & (~close | slopes.kinked)
        size = _size(analytic, slopes)
        # What rounding or extrapolation hides in one step for derivatives of the usual size counts as zero.
        zero = allowed <= (2**13 * self.rounding + 2 * _WIDEST_AT_ZERO) * unit + _TINIEST
        chosen = self.atol is not None
        sharp = close & (chosen | (allowed <= _SHARP * size) | ((analytic == 0) & zero))
        told = chosen | zero | (allowed <= _CLEAR * size) | ((analytic == 0) & (allowed <= _SHARP * unit))
        unclear = ~kinks & close & ~told
        return Verdict(error, allowed, ~close & ~kinks, kinks, unclear, (sharp | kinks).all(axis=1))


@dataclass(frozen=True)
class Verdict:
    """What holds at each entry.

    Attributes:
        error: the distance between analytic and numeric value.
        allowed: the distance to accept.
        wrong, kinks, inconclusive: which entries are that.
        settled: the rows in which no other measurement could change anything.
    """

    error: Floats
    allowed: Floats
    wrong: Flags
    kinks: Flags
    inconclusive: Flags
    settled: Flags


def _size(analytic: Floats, slopes: Slopes) -> Floats:
    return np.asarray(np.fmax(np.abs(analytic), np.abs(slopes.numeric)), np.float64)


def _largest(analytic: Floats, axis: int | None = None) -> Floats:
    """Return the size of the largest finite derivative, of all or of each row."""
    finite = np.isfinite(analytic)
    return np.asarray(np.max(np.abs(analytic), axis=axis, initial=0.0, where=finite, keepdims=True))


def units(base: Floats, scales: Floats) -> Floats:
    """Return for each line the size that derivatives of the outputs usually have; outputs of 0 count as 1."""
    return np.asarray((np.max(np.abs(base), initial=0.0) or 1.0) / scales)[:, None]

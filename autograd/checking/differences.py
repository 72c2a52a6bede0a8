"""Derivatives measured by differences, with an error bar for each.

Along a line through the inputs a step h and its half give four values, two central differences and their
extrapolation (Richardson). How far the two are apart, and how much rounding the step amplifies, is the error bar. Where
the first step does not settle the matter, smaller and larger ones are tried, and each number is taken from the step
that shows it best.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]
# The outputs where the inputs have moved along a line (its number) by a distance; nan where there are none.
Evaluate: TypeAlias = Callable[[int, float], Floats]

# The first step as a part of the scale: it balances the h**4 that extrapolation leaves over with the rounding 1e-16/h.
_STEP = 2.0**-10
# How much smaller or larger the next steps are, and the ends of that ladder, as parts of the scale.
_RUNG, _SMALLEST, _LARGEST = 2.0**6, 2.0**-30, 2.0**-3
# The distance at which roughness is measured, in roundings: far too small for any curvature to show.
_NEARBY = 16.0


@dataclass(frozen=True)
class Slopes:
    """What was measured: one row for each line, one column for each output.

    Attributes:
        numeric: the derivatives.
        noise: what rounding may have added to them.
        spread: how far the measurements with the two steps contradict a smooth function; inf where there are none.
        low, high: between these lie the slopes to both sides; where f jumps, those to its flatter side.
        bent: where those slopes differ as they cannot for a smooth function.
        kinked: where they do so right at the point, not only near it.
        step: the step that was used.
    """

    numeric: Floats
    noise: Floats
    spread: Floats
    low: Floats
    high: Floats
    bent: Flags
    kinked: Flags
    step: Floats

    @property
    def bar(self) -> Floats:
        """How far the derivatives may be off."""
        return self.noise + self.spread

    def rows(self, chosen: NDArray[np.intp] | Flags) -> Slopes:
        """Return some of the rows."""
        return Slopes(*(getattr(self, field.name)[chosen] for field in fields(self)))

    def better_than(self, other: Slopes) -> Flags:
        """Return where the error bar is smaller; of two that contradict each other, the smaller step is right.

        They also do where the smaller step shows a kink clearly, or one that the larger one stepped over, and at a
        jump, whose spread grows as steps shrink.
        """
        smaller = self.step < other.step
        agree = np.abs(self.numeric - other.numeric) <= 4 * (self.bar + other.bar)
        agree &= ~np.where(smaller, self._shows_more_than(other), other._shows_more_than(self))
        return np.isfinite(self.bar) & np.where(agree, self.bar < other.bar, smaller)

    def _shows_more_than(self, coarser: Slopes) -> Flags:
        """Return where these slopes, measured with smaller steps, show a kink or jump that the others do not."""
        angle = self.high - self.low
        clear = (self.noise <= 1e-3 * angle) & (angle <= 2 * (coarser.high - coarser.low))  # noise would grow
        jump = (self.spread > 2 * coarser.spread) & (angle <= 1e-3 * self.spread)
        return np.asarray(self.kinked & (clear | ~coarser.bent | jump))

    def merged(self, chosen: NDArray[np.intp], other: Slopes, better: Flags) -> Slopes:
        """Return the slopes with those of `other`, which has the chosen rows, wherever they are `better`."""
        merged = []
        for field in fields(self):
            old = getattr(self, field.name).copy()
            old[chosen] = np.where(better, getattr(other, field.name), old[chosen])
            merged.append(old)
        return Slopes(*merged)


def measure(
    evaluate: Evaluate,
    base: Floats,
    scales: Floats,
    resolution: Floats,
    rounding: float,
    settled: Callable[[Slopes, NDArray[np.intp]], Flags],
    eps: float | None = None,
    magnitude: float = 0.0,
) -> Slopes:
    """Measure the derivatives along lines.

    Args:
        evaluate: the function.
        base: the outputs at the inputs.
        scales: for each line how far one has to go for the inputs to change by about their own size.
        resolution: for each line the smallest step that is larger than the rounding of the inputs.
        rounding: the relative error of the outputs.
        settled: says for some slopes and their lines' numbers which need no other steps.
        eps: the one step to use.
        magnitude: the size of what the outputs were summed up from, where that may be larger than they are.

    Returns:
        The slopes, one row for each line.
    """
    ladder = _Ladder(evaluate, base, resolution, rounding, magnitude, np.zeros((len(scales), base.size)))
    rows = np.arange(len(scales))
    if eps is not None:
        return ladder.rung(rows, np.full(len(scales), eps))
    steps = powers_of_two(scales * _STEP)
    slopes = ladder.rung(rows, steps)
    left = rows[~(settled(slopes, rows) & ~slopes.bent.any(axis=1))]
    if not len(left):
        return slopes
    ladder.measure_roughness(left, np.maximum(np.minimum(scales, 1.0) * rounding * _NEARBY, 4 * resolution))
    slopes = slopes.merged(left, ladder.rung(left, steps[left]), np.ones((len(left), base.size), bool))
    left = left[~settled(slopes.rows(left), left)]
    least, most = smallest(scales, resolution), np.maximum(scales, 1.0) * _LARGEST
    for factor in _factors(steps, least, most):
        if not len(left):
            break
        tried = steps * factor
        inside = left[(tried[left] >= least[left]) & (tried[left] <= most[left])]
        if len(inside):
            slopes = ladder.improved(slopes, inside, tried[inside])
            left = left[~settled(slopes.rows(left), left)]
    for factor in (_RUNG**0.5, _RUNG**-0.5):  # between the rungs
        if len(left):
            tried = powers_of_two(np.median(slopes.step[left], axis=1)) * factor
            slopes = ladder.improved(slopes, left, np.clip(tried, least[left], most[left]))
            left = left[~settled(slopes.rows(left), left)]
    return slopes


def smallest(scales: Floats, resolution: Floats) -> Floats:
    """Return the smallest step that is of any use along each line."""
    return np.maximum(np.minimum(scales, 1.0) * _SMALLEST, resolution)


def powers_of_two(x: Floats) -> Floats:
    """Return the nearest powers of two: as steps they add to most numbers without rounding.

    >>> powers_of_two(np.array([0.9, 3.1]))
    array([1., 4.])
    """
    return np.asarray(np.exp2(np.round(np.log2(x))), np.float64)


def _factors(steps: Floats, least: Floats, most: Floats) -> list[float]:
    """Return what to multiply the first steps with, smaller and larger ones in turn, to the ends of the ladder."""
    down = int(np.ceil(np.max(np.log2(steps / least)) / np.log2(_RUNG)))
    up = int(np.ceil(np.max(np.log2(most / steps)) / np.log2(_RUNG)))
    turns = [(k, sign) for k in range(1, max(down, up) + 1) for sign in (-1, 1)]
    return [_RUNG ** (sign * k) for k, sign in turns if k <= (up if sign > 0 else down)]


# --- one step for many lines ------------------------------------------------------------------------------------------


@dataclass
class _Ladder:
    """What every step shares.

    Attributes:
        evaluate, base, resolution, rounding, magnitude: as for `measure`.
        roughness: how far outputs jump about between inputs that are next to each other.
    """

    evaluate: Evaluate
    base: Floats
    resolution: Floats
    rounding: float
    magnitude: float
    roughness: Floats

    def values(self, lines: NDArray[np.intp], distances: Floats) -> Floats:
        """Return the outputs at a distance along each line."""
        found = [self.evaluate(int(line), float(distance)) for line, distance in zip(lines, distances, strict=True)]
        return np.array(found).reshape(len(lines), self.base.size)

    def rung(self, lines: NDArray[np.intp], steps: Floats) -> Slopes:
        """Measure with a step for each line, and its half."""
        up, down, near_up, near_down = (self.values(lines, part * steps) for part in (1.0, -1.0, 0.5, -0.5))
        h, base = steps[:, None], self.base
        largest = np.maximum(np.maximum(np.abs(up), np.abs(down)), np.maximum(np.abs(base), self.magnitude))
        noise = 4 * (self.rounding * np.where(largest == 0, 1.0, largest) + self.roughness[lines] + _TINIEST) / h
        right, left, near_right, near_left = up - base, base - down, near_up - base, base - near_down
        slopes = _slopes(noise, right / h, left / h, near_right * 2 / h, near_left * 2 / h, h)
        # Backward computes the derivative at inputs that are rounded, which shows where it changes fast.
        curvature = np.where(slopes.bent, 0, np.maximum(np.abs(right - left) / h - 2 * noise, 0) / h)
        return replace(slopes, noise=noise + self.resolution[lines, None] * curvature)

    def improved(self, slopes: Slopes, lines: NDArray[np.intp], steps: Floats) -> Slopes:
        """Return the slopes with what another step for some lines shows better."""
        found = self.rung(lines, steps)
        return slopes.merged(lines, found, found.better_than(slopes.rows(lines)))

    def measure_roughness(self, lines: NDArray[np.intp], distances: Floats) -> None:
        """Measure what rounding does to the outputs, by fourth differences, which shrink like h**4 for what is smooth.

        They are taken to either side, so that a kink or jump at the point itself does not matter, and at two distances,
        as at one the errors may happen to form a line. They are divided by the root of the sum of the squares of their
        weights, which is how much they enlarge independent errors. Roughness is taken to be at least the rounding of
        the largest output: any may be what is left of such a number.
        """
        self.roughness[lines] = self.rounding * np.abs(self.base).max()
        for part in (1, -11):
            found = [self.values(lines, part * k * distances[lines]) for k in range(1, 6)]
            difference = np.abs(found[0] - 4 * found[1] + 6 * found[2] - 4 * found[3] + found[4]) / 70**0.5
            self.roughness[lines] = np.fmax(self.roughness[lines], difference)


_TINIEST = float(np.finfo(np.float64).tiny)


def _slopes(noise: Floats, right: Floats, left: Floats, near_right: Floats, near_left: Floats, h: Floats) -> Slopes:
    """Judge the slopes to the right and left that a step h and its half gave."""
    far, near = (right + left) / 2, (near_right + near_left) / 2
    # For a smooth function the slopes to both sides differ by h f'', half of that with half the step: twice the one
    # minus the other is zero but for h**3. At a kink both differ by its whole angle, at a jump the nearer ones by more.
    bend, near_bend = right - left, near_right - near_left
    unsmooth = np.abs(2 * near_bend - bend)
    jump = np.abs(near_bend) > 1.5 * np.abs(bend)
    rights = np.stack([right, near_right, 2 * near_right - right])
    lefts = np.stack([left, near_left, 2 * near_left - left])
    flatter = np.where(np.abs(near_right) < np.abs(near_left), rights, lefts)
    sides = np.where(jump, np.concatenate([flatter, flatter]), np.concatenate([rights, lefts]))
    bent = unsmooth > 1e-3 * (np.abs(near_right) + np.abs(near_left)) + 8 * noise
    spread = np.abs(near - far) + unsmooth
    return Slopes(
        numeric=(4 * near - far) / 3,
        noise=noise,
        spread=np.where(np.isfinite(spread), spread, np.inf),
        low=sides.min(axis=0),
        high=sides.max(axis=0),
        bent=bent,
        kinked=bent & (np.abs(near_bend) > 0.75 * np.abs(bend)),
        step=np.broadcast_to(h, noise.shape),
    )

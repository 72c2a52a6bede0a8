"""The line search of quasi-Newton methods: a step length that satisfies the strong Wolfe conditions.

Source: Nocedal and Wright, Numerical optimization (2006), algorithms 3.5 and 3.6 and equation 3.59.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

# Nocedal and Wright's constants: how much of the slope's decrease must be reached, how much slope may be left.
_DECREASE = 1e-4
_CURVATURE = 0.9


class Point(NamedTuple):
    """A place on the line: its distance from the start, the loss, its gradient, and the slope along the line."""

    t: float
    loss: float
    gradient: np.ndarray[Any, Any]
    slope: float


def strong_wolfe(
    evaluate: Callable[[float], Point], start: Point, t: float, scale: float, tolerance: float, most: int
) -> tuple[Point, int]:
    """Return a point on a line where the loss is lower and flatter than at its start, and how often it was evaluated.

    Args:
        evaluate: gives the point at a distance.
        start: the point at distance 0; its slope is negative.
        t: the first distance to try.
        scale: by how much the largest element changes over distance 1.
        tolerance: stop when the largest element is known up to this.
        most: how often to evaluate after the first time.

    >>> def parabola(t):
    ...     return Point(t, (t - 3) ** 2, np.array([2 * (t - 3)]), 2 * (t - 3))
    >>> strong_wolfe(parabola, parabola(0.0), 1.0, 1.0, 1e-9, 20)[0].t
    1.0
    """
    first = evaluate(t)
    ends, tried, done = _bracket(evaluate, start, first, most)
    stuck = False
    while not done and tried < most:
        low = _lower(ends)
        if abs(ends[1].t - ends[0].t) * scale < tolerance:
            break
        t, stuck = _away_from_the_ends(_cubic_minimum(ends[0], ends[1]), ends, stuck)
        point, tried = evaluate(t), tried + 1
        if point.loss > _sufficient(start, t) or point.loss >= ends[low].loss:
            ends[1 - low] = point
            continue
        if abs(point.slope) <= -_CURVATURE * start.slope:
            done = True
        elif point.slope * (ends[1 - low].t - ends[low].t) >= 0:
            ends[1 - low] = ends[low]
        ends[low] = point
        if done:
            return point, tried + 1
    return ends[_lower(ends)], tried + 1


def _bracket(
    evaluate: Callable[[float], Point], start: Point, point: Point, most: int
) -> tuple[list[Point], int, bool]:
    """Return two points with good ones between them, the number of evaluations, and whether the last is good."""
    previous = start
    for tried in range(most):
        if point.loss > _sufficient(start, point.t) or (tried > 1 and point.loss >= previous.loss):
            return [previous, point], tried, False
        if abs(point.slope) <= -_CURVATURE * start.slope:
            return [point, point], tried, True
        if point.slope >= 0:
            return [previous, point], tried, False
        bounds = (point.t + 0.01 * (point.t - previous.t), point.t * 10)
        previous, point = point, evaluate(_cubic_minimum(previous, point, bounds))
    return [start, point], most, False


def _lower(ends: list[Point]) -> int:
    return 0 if ends[0].loss <= ends[1].loss else 1


def _sufficient(start: Point, t: float) -> float:
    return start.loss + _DECREASE * t * start.slope


def _cubic_minimum(a: Point, b: Point, bounds: tuple[float, float] | None = None) -> float:
    """Return where the cubic through two points with these slopes is smallest, clipped; else the middle."""
    left, right = (a, b) if a.t <= b.t else (b, a)
    low, high = bounds or (left.t, right.t)
    middle = (low + high) / 2
    if left.t == right.t:
        return middle
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = d1**2 - a.slope * b.slope
    if not square >= 0:
        return middle
    d2 = math.sqrt(square)
    divisor = right.slope - left.slope + 2 * d2
    if divisor == 0:
        return middle
    return min(max(right.t - (right.t - left.t) * ((right.slope + d2 - d1) / divisor), low), high)


def _away_from_the_ends(t: float, ends: list[Point], stuck: bool) -> tuple[float, bool]:
    """Return t, a tenth of the way from the nearer end if it is there or again close to one; whether it is close."""
    low, high = sorted(end.t for end in ends)
    margin = 0.1 * (high - low)
    if min(high - t, t - low) >= margin:
        return t, False
    if not (stuck or t >= high or t <= low):
        return t, True
    return (high - margin if abs(t - high) < abs(t - low) else low + margin), False

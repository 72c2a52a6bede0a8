"""The simplest call that fails in the same way as a given one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from autograd.testing.calling import Call

# How often a property is tried, and the arrays in which entries are looked at one by one.
_MOST_TRIES = 100
_FEW = 8


def shrunk(call: Call, check: Callable[[Call], None], reason: Exception) -> tuple[Call, Exception]:
    """Return a call that fails a property as another does, with fewer elements and simpler numbers, and its failure.

    Numbers stay among those that the op may be given: between the smallest and largest possible, of the same sign,
    away from kinks, different where they were.

    Args:
        call: a call that fails.
        check: the property that it fails.
        reason: what the property raised.
    """
    tries = _MOST_TRIES
    candidates = simpler(call)
    while tries:
        candidate = next(candidates, None)
        if candidate is None:
            break
        tries -= 1
        failure = _failure(candidate, check)
        if failure is not None and _sort(failure) == _sort(reason):
            call, reason = candidate, failure
            candidates = simpler(call)
    return call, reason


def _failure(call: Call, check: Callable[[Call], None]) -> Exception | None:
    try:
        check(call)
    except Exception as error:
        return error
    return None


def _sort(error: Exception) -> tuple[Any, ...]:
    """Return what two failures for the same reason have in common: the type, and where they were raised."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    place = (traceback.tb_frame.f_code.co_filename, traceback.tb_lineno) if traceback is not None else ()
    return (type(error), *place)


def simpler(call: Call) -> Iterator[Call]:
    """Yield calls that are simpler than a call, the most promising first."""
    yield from _smaller(call)
    for digits in (0, 1, 2, 4):
        yield from _changed(call, range(len(call.inputs)), partial(_rounded, digits))
    for i, x in enumerate(call.inputs):
        if x.size <= _FEW:
            for index in np.ndindex(x.shape):
                for digits in (0, 1, 2):
                    yield from _changed(call, [i], partial(_rounded_at, index, digits))


def _smaller(call: Call) -> Iterator[Call]:
    """Yield calls with fewer elements: axes dropped, or cut to a half of them or to one.

    An axis of one input can be tied to axes of others, most likely to those of the same size.
    """
    if any(x.ndim for x in call.inputs) and all(x.size for x in call.inputs):
        for end in (0, -1):
            yield call.map(partial(_element, end))
            yield call.map(partial(_row, end))
    for size in sorted({n for x in call.inputs for n in x.shape if n > 1}, reverse=True):
        for length in dict.fromkeys([1, size // 2, size - 1]):
            for part in (slice(length), slice(size - length, None)):
                yield call.map(partial(_cut, size, part))
    for i, x in enumerate(call.inputs):
        if x.ndim and len(x):
            yield _with(call, i, x[0])
        for axis in range(x.ndim):
            if x.shape[axis] > 1:
                yield _with(call, i, np.take(x, [0], axis))


def _element(end: int, x: np.ndarray) -> np.ndarray:
    """Return the first or last element, 0-d."""
    return np.asarray(x[(end,) * x.ndim])


def _row(end: int, x: np.ndarray) -> np.ndarray:
    """Return the first or last of what lies along the leading axis."""
    return np.asarray(x[end]) if x.ndim else x


def _cut(size: int, part: slice, x: np.ndarray) -> np.ndarray:
    """Return an array with every axis of one size cut to a part."""
    return x[tuple(part if n == size else slice(None) for n in x.shape)].copy()


def _with(call: Call, i: int, x: np.ndarray) -> Call:
    """Return the call with another array as input i."""
    return replace(call, inputs=tuple(np.asarray(x) if k == i else y for k, y in enumerate(call.inputs)))


def _changed(call: Call, places: Any, change: Callable[[np.ndarray], np.ndarray]) -> Iterator[Call]:
    """Yield the call with the numbers of some inputs changed, if that changes any and the op may be given them."""
    inputs = list(call.inputs)
    for i in places:
        if inputs[i].dtype.kind == "f":
            inputs[i] = np.where(_allowed(call, i, change(inputs[i])), change(inputs[i]), inputs[i])
    if any(not np.array_equal(x, y) for x, y in zip(inputs, call.inputs, strict=True)):
        yield replace(call, inputs=tuple(inputs))


def _allowed(call: Call, i: int, values: np.ndarray) -> Any:
    """Return where input i may have other values."""
    drawn, before = call.draw(i), call.inputs[i]
    low, high = drawn.domain
    fine = (values >= low) & (values <= high) & (np.sign(values) == np.sign(before))
    for kink in drawn.kinks:
        fine &= np.abs(values - kink) >= 0.1
    if len(np.unique(before)) == before.size != len(np.unique(values)):  # ties are kinks of what compares
        return np.zeros_like(fine)
    return fine


def _rounded(digits: int, x: np.ndarray) -> np.ndarray:
    """Return an array with all entries rounded."""
    return np.asarray(np.round(x, digits))


def _rounded_at(index: tuple[int, ...], digits: int, x: np.ndarray) -> np.ndarray:
    """Return an array with one entry rounded."""
    x = np.array(x)
    x[index] = np.round(x[index], digits)
    return x

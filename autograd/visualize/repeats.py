"""Tandem repeats: where a sequence says the same several times in a row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np


class Run(NamedTuple):
    """From `start` on, `period` elements stand `times` times one after the other."""

    start: int
    period: int
    times: int


def find_runs(codes: Sequence[int], longest: int, least: Callable[[int, int], int]) -> Iterator[Run]:
    """Yield the repeats of a sequence that do not overlap, those that cover most first.

    Of several that cover as much, overlapping each other, the last one counts: loops begin in odd ways.

    Args:
        codes: the elements.
        longest: the longest period that is looked for.
        least: takes the start and the period; returns how many repetitions are worth a mention.

    >>> list(find_runs([7, 1, 2, 1, 2, 1, 2, 9, 9], 4, lambda start, period: 2))
    [Run(start=1, period=2, times=3), Run(start=7, period=1, times=2)]
    """
    cover, period = _best(np.asarray(codes), longest)
    starts = np.flatnonzero(cover)
    used = np.zeros(len(cover), bool)
    for start in starts[np.lexsort((-starts, -cover[starts]))].tolist():
        p, length = int(period[start]), int(cover[start])
        if used[start] or used[start + length - 1] or length // p < least(start, p):
            continue
        used[start : start + length] = True
        yield Run(start, p, length // p)


def _best(codes: np.ndarray, longest: int) -> tuple[np.ndarray, np.ndarray]:
    """Return for each position how many elements the repeat that begins there covers at most, and its period."""
    n = len(codes)
    cover, period = np.zeros(n, np.int64), np.zeros(n, np.int64)
    for p in range(1, min(longest, n // 2) + 1):
        same = codes[p:] == codes[:-p]
        if np.count_nonzero(same) < p:
            continue
        places = np.arange(n - p)
        ends = np.minimum.accumulate(np.where(same, n - p, places)[::-1])[::-1]  # the next position that differs
        length = ends - places
        covered = np.where(length >= p, (length // p + 1) * p, 0)
        better = covered > cover[: n - p]
        cover[: n - p][better], period[: n - p][better] = covered[better], p
    return cover, period

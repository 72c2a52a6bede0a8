"""Padding: images continued beyond their edges."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import autograd
from autograd import Tensor
from nn.functional.sizes import Array

PADDING_MODES = ("constant", "reflect", "replicate", "circular")


def pad(input: Array, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """Continue an array beyond the ends of its last axes.

    Args:
        input: any shape for "constant"; for the other modes images with or without axes of batch and channels.
        pad: how far, before and after the last axis, then before and after the one before it, and so on:
            (left, right, top, bottom, ...). Negative numbers cut off.
        mode: "constant"; "reflect" mirrors about the edge without repeating it; "replicate" repeats the edge;
            "circular" continues from the other end.
        value: what "constant" fills with, 0 by default.

    Returns:
        The input's shape, each padded axis longer by both its numbers.

    Raises:
        ValueError: for an unknown mode, an odd number of widths or more than axes, or an axis that is too short to be
            continued so far.

    >>> pad(Tensor([[1.0, 2.0, 3.0]]), (2, 0), "reflect")
    Tensor([[3., 2., 1., 2., 3.]])
    """
    x = autograd.asarray(input)
    widths = _widths(x, pad)
    if mode == "constant":
        return _constant(x, widths, value or 0)
    if mode not in PADDING_MODES:
        raise ValueError(f"pad has the modes {', '.join(PADDING_MODES)}; {mode!r} is not one of them")
    if value:
        raise ValueError(f"pad takes a value only in mode 'constant', not in {mode!r}")
    if not 1 <= x.ndim - len(widths) <= 2 and len(widths) <= 3:
        raise ValueError(
            f"pad in mode {mode!r} takes images (N, C, ...) or (C, ...) with at most 3 axes after those, and widths "
            f"for all of them; got shape {x.shape} and {len(widths)} pairs of widths"
        )
    if not any(w for pair in widths for w in pair):
        return x
    size = x.shape[x.ndim - len(widths) :]
    positions = [_positions(n, *ends, mode) for n, ends in zip(size, widths, strict=True)]
    return x[(..., *np.ix_(*positions))]


def _widths(x: Tensor, pad: Sequence[int]) -> list[tuple[int, int]]:
    """Return how far to pad before and after each of the last axes, in their order."""
    widths = list(pad)
    if not all(isinstance(w, int | np.integer) and not isinstance(w, bool) for w in widths):
        raise TypeError(f"pad takes integers, not {pad!r}")
    if len(widths) % 2 or len(widths) > 2 * x.ndim:
        raise ValueError(
            f"pad takes a number before and one after each padded axis, from the last axis on: an even number of them, "
            f"at most {2 * x.ndim} for shape {x.shape}, not {len(widths)}"
        )
    pairs = list(zip(widths[::2], widths[1::2], strict=True))[::-1]
    for n, ends in zip(x.shape[x.ndim - len(pairs) :], pairs, strict=True):
        if n + sum(ends) < 0 or n + min(*ends, 0) < 0:
            raise ValueError(f"pad cannot cut {ends} off an axis of size {n}; shape {x.shape}")
    return pairs


def _constant(x: Tensor, widths: list[tuple[int, int]], value: float) -> Tensor:
    first = x.ndim - len(widths)
    if any(w < 0 for pair in widths for w in pair):
        cut = [slice(max(-a, 0), n + min(b, 0)) for n, (a, b) in zip(x.shape[first:], widths, strict=True)]
        x = x[(..., *cut)]
    return autograd.pad(x, [(0, 0)] * first + [(max(a, 0), max(b, 0)) for a, b in widths], constant_values=value)


def _positions(n: int, before: int, after: int, mode: str) -> np.ndarray:
    """Return which element of an axis of size n stands at each place of the padded axis."""
    if mode == "circular":
        start, stop = max(-before, 0), n + min(after, 0)  # what is cut off first does not come back
        inside = stop - start
        if max(before, after) > inside:
            raise ValueError(
                f"mode 'circular' can pad an axis of size {inside} by at most {inside}, not {before, after}"
            )
        return start + np.arange(-max(before, 0), inside + max(after, 0)) % max(inside, 1)
    places = np.arange(-before, n + after)
    if mode == "replicate":
        if not n and places.size:
            raise ValueError("mode 'replicate' cannot continue an empty axis")
        return places.clip(0, n - 1)
    if max(before, after) > n - 1:
        raise ValueError(f"mode 'reflect' can pad an axis of size {n} by at most {n - 1}, not {before, after}")
    return np.asarray(n - 1 - np.abs(n - 1 - np.abs(places)))

"""Images made larger or smaller by interpolation, and channels turned into pixels and back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from nn.functional.sizes import Array, Size, Sizes, per_axis

Factor = float | Sequence[float]

# The number of image axes that a mode is for; the others are for any.
MODES = {"nearest": None, "nearest-exact": None, "area": None, "linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}


def interpolate(
    input: Array, size: Size | None = None, scale_factor: Factor | None = None, mode: str = "nearest",
    align_corners: bool | None = None, recompute_scale_factor: bool | None = None,
) -> Tensor:  # fmt: skip
    """Resample images to another size.

    Element i of the result lies at (i + 1/2) * scale - 1/2 of the input, or with `align_corners` at i * scale with the
    scale at which the corners of both fall together; "nearest" takes element floor(i * scale). Cubic interpolation is
    Keys, Cubic convolution interpolation for digital image processing (1981), with a = -3/4.

    Args:
        input: (N, C, L), (N, C, H, W) or (N, C, D, H, W), floating.
        size: the size of the result, a number or one for each image axis.
        scale_factor: how many times larger, likewise, in place of `size`; sizes are rounded down.
        mode: "nearest"; "nearest-exact", without its half pixel of error; "linear", "bilinear", "trilinear" or
            "bicubic" between the elements around; "area" for means as of `adaptive_avg_pool2d`.
        align_corners: for the linear and cubic modes, whether the centres of the corner elements fall together; else
            their outer edges do.
        recompute_scale_factor: take the scale from the rounded size, not from `scale_factor`.

    Returns:
        (N, C, *size).

    Raises:
        ValueError: for both or neither of `size` and `scale_factor`, a mode that does not exist for so many axes, or
            `align_corners` with a mode that has none.
        TypeError: when the input is not floating.

    >>> interpolate(Tensor([[[0.0, 1.0]]]), size=4, mode="linear")
    Tensor([[[0.  , 0.25, 0.75, 1.  ]]])
    """
    x = autograd.asarray(input)
    _check(x, mode, align_corners)
    axes = x.ndim - 2
    target, factors = _target(x.shape[2:], size, scale_factor)
    if mode == "area":
        return adaptive_means(x, target)
    known = factors if factors and not recompute_scale_factor else (None,) * axes
    if mode.startswith("nearest"):
        half = 0.5 if mode == "nearest-exact" else 0
        places = [_nearest(n, m, f, half) for n, m, f in zip(x.shape[2:], target, known, strict=True)]
        return x[(..., *np.ix_(*places))]
    taps = _cubic_taps if mode == "bicubic" else _linear_taps
    for axis, (n, m, f) in enumerate(zip(x.shape[2:], target, known, strict=True), 2):
        x = combine(x, *taps(n, _sources(n, m, f, bool(align_corners))), axis)
    return x


def _check(x: Tensor, mode: str, align_corners: bool | None) -> None:
    if mode not in MODES:
        raise ValueError(f"interpolate has the modes {', '.join(MODES)}; {mode!r} is not one of them")
    axes = MODES[mode]
    if x.ndim - 2 not in ((1, 2, 3) if axes is None else (axes,)) or 0 in x.shape[1:]:
        raise ValueError(
            f"interpolate in mode {mode!r} takes (N, C, *S) with {axes or '1 to 3'} image axes, of which only N may be "
            f"0, not shape {x.shape}"
        )
    if axes is None and align_corners is not None:
        raise ValueError(f"interpolate: align_corners is for the linear and cubic modes, not for {mode!r}")
    if x.dtype.kind != "f" and not mode.startswith("nearest"):
        raise TypeError(f"interpolate in mode {mode!r} takes floating input, not {x.dtype}")


def _target(
    shape: tuple[int, ...], size: Size | None, scale_factor: Factor | None
) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Return the size of the result, and the scale factors if those were given."""
    if (size is None) == (scale_factor is None):
        raise ValueError(f"interpolate takes either size or scale_factor, not {size!r} and {scale_factor!r}")
    if size is not None:
        return per_axis(size, "size", 1, len(shape)), ()
    given: Any = scale_factor
    factors = tuple(given) if isinstance(given, tuple | list) else (given,) * len(shape)
    if len(factors) != len(shape) or not all(isinstance(f, int | float) and f > 0 for f in factors):
        raise ValueError(f"scale_factor must be a positive number, or one for each image axis, not {scale_factor!r}")
    target = tuple([math.floor(n * f) for n, f in zip(shape, factors, strict=True)])
    if not min(target):
        raise ValueError(f"interpolate: scale_factor={scale_factor} leaves nothing of an image of size {shape}")
    return target, factors


def _nearest(n: int, m: int, factor: float | None, half: float) -> np.ndarray:
    """Return which of n elements is nearest to each of m, rounded as PyTorch does, in float32."""
    scale = np.float32(n / m if factor is None else 1 / factor)
    places = np.floor((np.arange(m, dtype=np.float32) + np.float32(half)) * scale)
    return np.asarray(places.astype(np.int64).clip(0, n - 1))


def _sources(n: int, m: int, factor: float | None, align_corners: bool) -> np.ndarray:
    """Return where among n elements each of m lies."""
    if align_corners:
        return np.arange(m) * ((n - 1) / (m - 1) if m > 1 else 0)
    return (np.arange(m) + 0.5) * (n / m if factor is None else 1 / factor) - 0.5


def _linear_taps(n: int, sources: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which elements each result is made of, and their shares: (M, 2) both."""
    sources = np.maximum(sources, 0)
    first = np.minimum(np.floor(sources).astype(np.int64), n - 1)
    t = np.minimum(sources - first, 1)
    return np.stack([first, np.minimum(first + 1, n - 1)], axis=1), np.stack([1 - t, t], axis=1)


def _cubic_taps(n: int, sources: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which elements each result is made of, and their shares: (M, 4) both."""
    a = -0.75
    first = np.floor(sources)
    t = sources - first
    near = [((a + 2) * d - (a + 3)) * d * d + 1 for d in (t, 1 - t)]
    far = [((a * d - 5 * a) * d + 8 * a) * d - 4 * a for d in (t + 1, 2 - t)]
    positions = first.astype(np.int64)[:, None] + np.arange(-1, 3)
    return positions.clip(0, n - 1), np.stack([far[0], near[0], near[1], far[1]], axis=1)


def combine(x: Tensor, positions: np.ndarray, shares: np.ndarray, axis: int) -> Tensor:
    """Return sums of elements along an axis, each times its share, for positions and shares (M, K)."""
    factors = shares.astype(x.dtype).reshape(*shares.shape, *[1] * (x.ndim - axis - 1))
    return (autograd.take(x, positions, axis) * factors).sum(axis=axis + 1)


def adaptive_means(x: Tensor, size: Sizes) -> Tensor:
    """Return the means of the adaptive windows of images (N, C, *S): (N, C, *size).

    >>> adaptive_means(Tensor([[[1.0, 2.0, 4.0]]]), (2,))
    Tensor([[[1.5, 3. ]]])
    """
    for axis, m in enumerate(size, 2):
        starts, ends = adaptive_starts(x.shape[axis], m)
        lengths = (ends - starts)[:, None]
        places = np.arange(lengths.max(initial=0))
        # Shorter windows take their last element more than once, in equal shares.
        positions = np.minimum(starts[:, None] + places, ends[:, None] - 1)
        shares = 1 / lengths / np.where(places < lengths - 1, 1, len(places) - lengths + 1)
        x = combine(x, positions, shares, axis)
    return x


def adaptive_starts(n: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    """Return where each of m windows that cover n elements evenly begins and ends.

    >>> adaptive_starts(5, 3)
    (array([0, 1, 3]), array([2, 4, 5]))
    """
    i = np.arange(m)
    return i * n // max(m, 1), -(-(i + 1) * n // max(m, 1))


def pixel_shuffle(input: Array, upscale_factor: int) -> Tensor:
    """Turn channels into pixels: (..., C*r*r, H, W) into (..., C, H*r, W*r).

    Source: Shi et al., Real-time single image and video super-resolution using an efficient sub-pixel convolutional
    neural network (2016).

    Raises:
        ValueError: when r*r does not divide the channels, or there are fewer than 3 axes.

    >>> pixel_shuffle(Tensor([[[1.0]], [[2.0]], [[3.0]], [[4.0]]]), 2)
    Tensor([[[1., 2.],
             [3., 4.]]])
    """
    x, r = autograd.asarray(input), _factor("upscale_factor", upscale_factor)
    if x.ndim < 3 or x.shape[-3] % (r * r):
        raise ValueError(f"pixel_shuffle takes (..., C*{r}*{r}, H, W), not shape {x.shape}")
    *batch, c, h, w = x.shape
    k, last = len(batch), x.ndim - 3
    parts = x.reshape(*batch, c // (r * r), r, r, h, w)
    # (..., C, r, r, H, W) -> (..., C, H, r, W, r)
    order = (*range(k), last, last + 3, last + 1, last + 4, last + 2)
    return parts.transpose(order).reshape(*batch, c // (r * r), h * r, w * r)


def pixel_unshuffle(input: Array, downscale_factor: int) -> Tensor:
    """Turn pixels into channels: (..., C, H*r, W*r) into (..., C*r*r, H, W), the inverse of `pixel_shuffle`.

    Raises:
        ValueError: when r does not divide height and width, or there are fewer than 3 axes.

    >>> pixel_unshuffle(Tensor([[[1.0, 2.0], [3.0, 4.0]]]), 2).shape
    (4, 1, 1)
    """
    x, r = autograd.asarray(input), _factor("downscale_factor", downscale_factor)
    if x.ndim < 3 or x.shape[-2] % r or x.shape[-1] % r:
        raise ValueError(f"pixel_unshuffle takes (..., C, H*{r}, W*{r}), not shape {x.shape}")
    *batch, c, h, w = x.shape
    k, last = len(batch), x.ndim - 3
    parts = x.reshape(*batch, c, h // r, r, w // r, r)
    # (..., C, H, r, W, r) -> (..., C, r, r, H, W)
    order = (*range(k), last, last + 2, last + 4, last + 1, last + 3)
    return parts.transpose(order).reshape(*batch, c * r * r, h // r, w // r)


def channel_shuffle(input: Array, groups: int) -> Tensor:
    """Mix the groups of channels: channel j of group i becomes channel i of group j.

    Source: Zhang et al., ShuffleNet (2018).

    Args:
        input: (N, C, *S).
        groups: into how many groups the channels are split.

    Raises:
        ValueError: when `groups` does not divide the channels.

    >>> channel_shuffle(Tensor([[[1.0], [2.0], [3.0], [4.0]]]), 2).ravel()
    Tensor([1., 3., 2., 4.])
    """
    x, g = autograd.asarray(input), _factor("groups", groups)
    if x.ndim < 3 or x.shape[1] % g:
        raise ValueError(f"channel_shuffle takes (N, C, *S) with C a multiple of groups={g}, not shape {x.shape}")
    n, c, *size = x.shape
    return x.reshape(n, g, c // g, *size).swapaxes(1, 2).reshape(x.shape)


def _factor(name: str, value: Any) -> int:
    return per_axis(value, name, 1, 1)[0]

"""Pooling: images made smaller, window by window."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from nn.functional.resampling import adaptive_means, adaptive_starts
from nn.functional.sizes import LAYOUTS, Array, Size, Sizes, over_images, per_axis

Output = int | None | tuple[int | None, ...] | list[int | None]


# --- the largest ------------------------------------------------------------------------------------------------------


def max_pool1d(
    input: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    """Return the largest value in each window of signals (N, C, L), or of one (C, L); all else as for `max_pool2d`.

    >>> max_pool1d(Tensor([[1.0, 2.0, 4.0, 3.0]]), 2)
    Tensor([[2., 4.]])
    """
    return _max_pool(1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    input: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    """Return the largest value in each window of the images; of equal ones the first gets the gradient.

    Args:
        input: images (N, C, H, W), or one (C, H, W).
        kernel_size: the window's size, a number or one for each image axis.
        stride: the step between windows; by default the window's size.
        padding: positions added on each side, at most half a window; they never win.
        dilation: the step between the elements of a window.
        ceil_mode: also take windows that reach over the end, if they begin inside.
        return_indices: also return where the values were, as positions in the flattened image.

    Returns:
        (N, C, P, Q), sized as for `conv2d`, with ceil in place of floor in `ceil_mode`; with `return_indices` a tuple
        of this and the positions, integers of the same shape.

    Raises:
        ValueError: when no window fits, showing the formula with the numbers, or for an image without elements.

    >>> max_pool2d(Tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]), 2, ceil_mode=True)
    Tensor([[[5., 6.]]])
    """
    return _max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(
    input: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    """Return the largest value in each window of volumes (N, C, D, H, W), or of one; all else as for `max_pool2d`.

    >>> max_pool3d(autograd.ones((2, 3, 4, 4, 4)), 2).shape
    (2, 3, 2, 2, 2)
    """
    return _max_pool(3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def _max_pool(
    axes: int, input: Array, kernel_size: Size, stride: Size | None, padding: Size, dilation: Size, ceil_mode: bool,
    return_indices: bool,
) -> Any:  # fmt: skip
    name = f"max_pool{axes}d"
    options = _window_options(name, axes, kernel_size, stride, padding, dilation)

    def pool(x: Tensor) -> Any:
        extra = _missing(x.shape[2:], *options) if ceil_mode else (0,) * axes
        values, positions = autograd.max_pool(x, *options, extra)
        return (values, Tensor(positions).astype(np.int64)) if return_indices else values

    return over_images(pool, _checked(name, input, axes), name, axes)


# --- the mean ---------------------------------------------------------------------------------------------------------


def avg_pool1d(
    input: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0, ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:  # fmt: skip
    """Return the mean of each window of signals (N, C, L), or of one (C, L); all else as for `avg_pool2d`.

    >>> avg_pool1d(Tensor([[1.0, 2.0, 4.0, 3.0]]), 2)
    Tensor([[1.5, 3.5]])
    """
    return _avg_pool(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """Return the mean of each window of the images.

    Args:
        input: images (N, C, H, W), or one (C, H, W).
        kernel_size: the window's size, a number or one for each image axis.
        stride: the step between windows; by default the window's size.
        padding: zeros added on each side, at most half a window.
        ceil_mode: also take windows that reach over the end, if they begin inside.
        count_include_pad: the zeros of the padding count as elements.
        divisor_override: divide the sums by this instead of the number of elements.

    Returns:
        (N, C, P, Q), sized as for `conv2d`, with ceil in place of floor in `ceil_mode`.

    Raises:
        ValueError: when no window fits, showing the formula with the numbers, for an image without elements, or for a
            divisor of 0.

    >>> avg_pool2d(Tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]), 2)
    Tensor([[[3.]]])
    """
    return _avg_pool(2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def avg_pool3d(
    input: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """Return the mean of each window of volumes (N, C, D, H, W), or of one; all else as for `avg_pool2d`.

    >>> avg_pool3d(autograd.ones((2, 3, 4, 4, 4)), 2).shape
    (2, 3, 2, 2, 2)
    """
    return _avg_pool(3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def _avg_pool(
    axes: int, input: Array, kernel_size: Size, stride: Size | None, padding: Size, ceil_mode: bool,
    count_include_pad: bool, divisor_override: int | None,
) -> Tensor:  # fmt: skip
    name = f"avg_pool{axes}d"
    if divisor_override == 0:
        raise ValueError(f"{name}: divisor_override must not be 0")
    window, step, edge, _ = options = _window_options(name, axes, kernel_size, stride, padding, 1)

    def pool(x: Tensor) -> Any:
        extra = _missing(x.shape[2:], *options) if ceil_mode else (0,) * axes
        if not any(extra) and (count_include_pad or not any(edge)) and divisor_override is None:
            return autograd.avg_pool(x, window, step, edge)
        widths = [(0, 0), (0, 0), *((p, p + e) for p, e in zip(edge, extra, strict=True))]
        means = autograd.avg_pool(autograd.pad(x, widths), window, step)
        if divisor_override is not None:
            return means * (math.prod(window) / divisor_override)
        counted = np.ones((1, 1, *x.shape[2:]), x.dtype)
        around = [(0, 0), (0, 0), *((p, p) for p in edge)]
        counted = np.pad(counted, around, constant_values=float(count_include_pad))
        counted = np.pad(counted, [(0, 0), (0, 0), *((0, e) for e in extra)])
        return means / autograd.avg_pool(counted, window, step)  # the share of each window that counts

    return over_images(pool, _checked(name, input, axes), name, axes)  # type: ignore[no-any-return]


def _checked(name: str, input: Array, axes: int) -> Tensor:
    x = autograd.asarray(input)
    if x.ndim in (axes + 1, axes + 2) and 0 in x.shape[-axes - 1 :]:
        raise ValueError(f"{name} takes {LAYOUTS[axes]}, of which only N may be 0; got shape {x.shape}")
    return x


def _window_options(
    name: str, axes: int, kernel_size: Size, stride: Size | None, padding: Size, dilation: Size
) -> tuple[Sizes, Sizes, Sizes, Sizes]:
    """Return window, stride, padding and dilation, one number for each image axis."""
    size = per_axis(kernel_size, "kernel_size", 1, axes)
    default = stride is None or (isinstance(stride, tuple | list) and not stride)
    step = size if default else per_axis(stride, "stride", 1, axes)
    edge, gap = per_axis(padding, "padding", 0, axes), per_axis(dilation, "dilation", 1, axes)
    if any(2 * p > d * (k - 1) + 1 for p, k, d in zip(edge, size, gap, strict=True)):
        raise ValueError(f"{name}: padding {edge} may be at most half of the window {size}, dilation {gap}")
    return size, step, edge, gap


def _missing(image: Sizes, size: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Sizes:
    """Return how far the last window of `ceil_mode` reaches over the end of each padded axis."""
    extra = []
    for n, k, s, p, d in zip(image, size, stride, padding, dilation, strict=True):
        room = n + 2 * p - d * (k - 1) - 1
        last = -(-room // s) * s  # where the last window begins, rounding up
        if last >= n + p:  # it would begin beyond the image
            last -= s
        extra.append(max(last - room, 0))
    return tuple(extra)


# --- the norm ---------------------------------------------------------------------------------------------------------


def lp_pool1d(
    input: Array, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False
) -> Tensor:
    """Return the p-norm of each window of signals (N, C, L), or of one (C, L); all else as for `lp_pool2d`.

    >>> lp_pool1d(Tensor([[3.0, 4.0]]), 2, 2)
    Tensor([[5.]])
    """
    return _lp_pool(1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(
    input: Array, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False
) -> Tensor:
    """Return the power average (sum of x**p)**(1/p) of each window of the images, for even p its p-norm.

    Windows of `ceil_mode` that reach over the end count as if the mean of their elements went on, as in PyTorch. Where
    the sum is 0 so is the gradient (PyTorch's is nan).

    Args:
        input: images (N, C, H, W), or one (C, H, W), floating.
        norm_type: p.
        kernel_size: the window's size, a number or one for each image axis.
        stride: the step between windows; by default the window's size.
        ceil_mode: also take windows that reach over the end, if they begin inside.

    Returns:
        (N, C, P, Q) with P = floor((H - K) / stride) + 1, with ceil in `ceil_mode`.

    Raises:
        ValueError: when no window fits, showing the formula with the numbers, or for p = 0.

    >>> lp_pool2d(Tensor([[[3.0, 0.0], [0.0, 4.0]]]), 2, 2)
    Tensor([[[5.]]])
    """
    return _lp_pool(2, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(
    input: Array, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False
) -> Tensor:
    """Return the p-norm of each window of volumes (N, C, D, H, W), or of one; all else as for `lp_pool2d`.

    >>> lp_pool3d(autograd.ones((2, 3, 4, 4, 4)), 1, 2).shape
    (2, 3, 2, 2, 2)
    """
    return _lp_pool(3, input, norm_type, kernel_size, stride, ceil_mode)


def _lp_pool(
    axes: int, input: Array, norm_type: float, kernel_size: Size, stride: Size | None, ceil_mode: bool
) -> Tensor:
    if norm_type == 0:
        raise ValueError(f"lp_pool{axes}d: the 0th root does not exist; norm_type must not be 0")
    count = math.prod(per_axis(kernel_size, "kernel_size", 1, axes))
    sums = _avg_pool(axes, autograd.asarray(input) ** norm_type, kernel_size, stride, 0, ceil_mode, True, None) * count
    nothing = np.asarray(sums.detach()) == 0
    return autograd.where(nothing, 0, autograd.where(nothing, 1, sums) ** (1 / norm_type))


# --- to a given size --------------------------------------------------------------------------------------------------


def adaptive_avg_pool1d(input: Array, output_size: Output) -> Tensor:
    """Return means of signals (N, C, L), or of one (C, L), in as many windows as wanted; see `adaptive_avg_pool2d`.

    >>> adaptive_avg_pool1d(Tensor([[1.0, 2.0, 4.0]]), 2)
    Tensor([[1.5, 3. ]])
    """
    return _adaptive_avg_pool(1, input, output_size)


def adaptive_avg_pool2d(input: Array, output_size: Output) -> Tensor:
    """Return the means of as many windows as wanted, which cover the images evenly.

    Of an axis of size n, window i of m reaches from floor(i*n/m) to ceil((i + 1)*n/m), without that.

    Args:
        input: images (N, C, H, W), or one (C, H, W), floating.
        output_size: (P, Q), or one number for both; None leaves an axis as it is.

    Returns:
        (N, C, P, Q), or (C, P, Q).

    Raises:
        ValueError: for another number of axes or sizes, negative ones, or an image without elements.

    >>> adaptive_avg_pool2d(autograd.ones((1, 3, 7, 5)), (None, 2)).shape
    (1, 3, 7, 2)
    """
    return _adaptive_avg_pool(2, input, output_size)


def adaptive_avg_pool3d(input: Array, output_size: Output) -> Tensor:
    """Return means of volumes (N, C, D, H, W), or of one, in as many windows as wanted; see `adaptive_avg_pool2d`.

    >>> adaptive_avg_pool3d(autograd.ones((1, 3, 7, 5, 4)), 2).shape
    (1, 3, 2, 2, 2)
    """
    return _adaptive_avg_pool(3, input, output_size)


def _adaptive_avg_pool(axes: int, input: Array, output_size: Output) -> Tensor:
    name = f"adaptive_avg_pool{axes}d"

    def pool(x: Tensor) -> Any:
        size = _wanted(name, output_size, x.shape[2:])
        if all(m and n % m == 0 for n, m in zip(x.shape[2:], size, strict=True)):
            return autograd.avg_pool(x, tuple([n // m for n, m in zip(x.shape[2:], size, strict=True)]))
        return adaptive_means(x, size)

    return over_images(pool, _checked(name, input, axes), name, axes)  # type: ignore[no-any-return]


def adaptive_max_pool1d(input: Array, output_size: Output, return_indices: bool = False) -> Any:
    """Return the largest values of signals (N, C, L), or of one (C, L); see `adaptive_max_pool2d`.

    >>> adaptive_max_pool1d(Tensor([[1.0, 2.0, 4.0]]), 2)
    Tensor([[2., 4.]])
    """
    return _adaptive_max_pool(1, input, output_size, return_indices)


def adaptive_max_pool2d(input: Array, output_size: Output, return_indices: bool = False) -> Any:
    """Return the largest values in as many windows as wanted, which lie as for `adaptive_avg_pool2d`.

    Args:
        input: images (N, C, H, W), or one (C, H, W).
        output_size: (P, Q), or one number for both; None leaves an axis as it is.
        return_indices: also return where the values were, as positions in the flattened image.

    Returns:
        (N, C, P, Q), or (C, P, Q); with `return_indices` a tuple of this and the positions.

    Raises:
        ValueError: for another number of axes or sizes, negative ones, or an image without elements.

    >>> adaptive_max_pool2d(autograd.ones((1, 3, 7, 5)), 2).shape
    (1, 3, 2, 2)
    """
    return _adaptive_max_pool(2, input, output_size, return_indices)


def adaptive_max_pool3d(input: Array, output_size: Output, return_indices: bool = False) -> Any:
    """Return the largest values of volumes (N, C, D, H, W), or of one; see `adaptive_max_pool2d`.

    >>> adaptive_max_pool3d(autograd.ones((1, 3, 7, 5, 4)), 2).shape
    (1, 3, 2, 2, 2)
    """
    return _adaptive_max_pool(3, input, output_size, return_indices)


def _adaptive_max_pool(axes: int, input: Array, output_size: Output, return_indices: bool) -> Any:
    name = f"adaptive_max_pool{axes}d"

    def pool(x: Tensor) -> Any:
        positions = _adaptive_positions(x.data, _wanted(name, output_size, x.shape[2:]))
        values = autograd.take_positions(x, positions)
        return (values, Tensor(positions).astype(np.int64)) if return_indices else values

    return over_images(pool, _checked(name, input, axes), name, axes)


def _adaptive_positions(x: np.ndarray, size: Sizes) -> np.ndarray:
    """Return where in its flattened image each adaptive window of x (N, C, *S) has its first largest value."""
    axes = len(size)
    at: Any = 0  # positions in the flattened image, (P, K, Q, L, ...): windows and their elements along each axis
    for axis, (n, m) in enumerate(zip(x.shape[2:], size, strict=True)):
        starts, ends = adaptive_starts(n, m)
        # Shorter windows take their last element more than once, after the first time.
        along = np.minimum(starts[:, None] + np.arange((ends - starts).max(initial=0)), ends[:, None] - 1)
        at = at * n + along.reshape(*along.shape, *[1] * 2 * (axes - axis - 1))
    at = at.transpose(*range(0, 2 * axes, 2), *range(1, 2 * axes, 2))  # (P, Q, ..., K, L, ...)
    at = at.reshape(*size, math.prod(at.shape[axes:]))
    flat = x.reshape(*x.shape[:2], math.prod(x.shape[2:]))
    if not math.prod(size):
        return np.zeros((*x.shape[:2], *size), np.int64)
    best = flat[:, :, at].argmax(axis=-1)  # (N, C, P, Q, ...)
    return np.take_along_axis(at[None, None], best[..., None], axis=-1)[..., 0]


def _wanted(name: str, output_size: Output, size: Sizes) -> Sizes:
    """Return the size that is asked for, with the image's own for None."""
    given = tuple(output_size) if isinstance(output_size, tuple | list) else (output_size,) * len(size)
    if len(given) != len(size):
        raise ValueError(f"{name}: output_size takes {len(size)} numbers, or one for all axes, not {output_size!r}")
    return per_axis([n if m is None else m for n, m in zip(size, given, strict=True)], "output_size", 0, len(size))


# --- back to the places of the largest --------------------------------------------------------------------------------


def max_unpool1d(
    input: Array, indices: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0,
    output_size: tuple[int, ...] | None = None,
) -> Tensor:  # fmt: skip
    """Put values (N, C, P), or (C, P), back to where `max_pool1d` found them; all else as for `max_unpool2d`.

    >>> max_unpool1d(Tensor([[2.0, 4.0]]), Tensor([[1, 2]]), 2)
    Tensor([[0., 2., 4., 0.]])
    """
    return _max_unpool(1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Array, indices: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0,
    output_size: tuple[int, ...] | None = None,
) -> Tensor:  # fmt: skip
    """Put values back to where `max_pool2d` found them, in images that are zero elsewhere.

    Args:
        input: values (N, C, P, Q), or (C, P, Q).
        indices: their positions in the flattened images, from `max_pool2d(..., return_indices=True)`. Of values for
            the same position the last counts, and only that gets the gradient.
        kernel_size: the window's size in the pooling.
        stride: the step between windows; by default the window's size.
        padding: as in the pooling.
        output_size: the size of the images, with or without the axes before; by default
            (P - 1)*stride - 2*padding + K, Q likewise.

    Returns:
        (N, C, H, W), or (C, H, W).

    Raises:
        ValueError: when shapes do not fit, or a position is not in the image.

    >>> max_unpool2d(Tensor([[[5.0]]]), Tensor([[[3]]]), 2)
    Tensor([[[0., 0.],
             [0., 5.]]])
    """
    return _max_unpool(2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(
    input: Array, indices: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0,
    output_size: tuple[int, ...] | None = None,
) -> Tensor:  # fmt: skip
    """Put values (N, C, P, Q, R), or (C, P, Q, R), back to where `max_pool3d` found them; see `max_unpool2d`.

    >>> max_unpool3d(Tensor([[[[5.0]]]]), Tensor([[[[7]]]]), 2).shape
    (1, 2, 2, 2)
    """
    return _max_unpool(3, input, indices, kernel_size, stride, padding, output_size)


def _max_unpool(
    axes: int, input: Array, indices: Array, kernel_size: Size, stride: Size | None, padding: Size,
    output_size: tuple[int, ...] | None,
) -> Tensor:  # fmt: skip
    name = f"max_unpool{axes}d"
    x, places = _checked(name, input, axes), np.asarray(indices)
    if x.ndim not in (axes + 1, axes + 2) or places.shape != x.shape or places.dtype.kind not in "iu":
        raise ValueError(
            f"{name} takes {LAYOUTS[axes]}, and integer indices of the same shape; got {x.shape} and {places.shape} "
            f"{places.dtype}"
        )
    window, step, edge, _ = _window_options(name, axes, kernel_size, stride, padding, 1)
    options = zip(x.shape[-axes:], window, step, edge, strict=True)
    size = tuple([(p - 1) * s - 2 * e + k for p, k, s, e in options])
    if output_size is not None:
        size = per_axis(output_size[-axes:], "output_size", 1, axes)
    outside = (places < 0) | (places >= math.prod(size))
    if outside.any():
        raise ValueError(f"{name}: index {places[outside][0]} is not in an image of size {size}: give output_size")
    result = autograd.zeros((math.prod(x.shape[:-axes]), math.prod(size)), x.dtype)
    image = np.arange(len(result.data))[:, None]
    result[image, places.reshape(len(image), math.prod(x.shape[-axes:]))] = x.reshape(
        len(image), math.prod(x.shape[-axes:])
    )
    return result.reshape(*x.shape[:-axes], *size)

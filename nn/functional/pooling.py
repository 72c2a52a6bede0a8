"""Pooling: images made smaller, window by window."""

from __future__ import annotations

import numpy as np

import autograd
from autograd import Tensor
from nn.functional.sizes import Array, Pair, Size, over_images, pair


def max_pool2d(
    input: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Tensor:  # fmt: skip
    """Return the largest value in each window of the images; of equal ones the first gets the gradient.

    Args:
        input: images (N, C, H, W), or one (C, H, W).
        kernel_size: the window's size, a number or one for each image axis.
        stride: the step between windows; by default the window's size.
        padding: positions added on each side, at most half a window; they never win.
        dilation: the step between the elements of a window.
        ceil_mode: also take windows that reach over the end, if they begin inside.
        return_indices: not supported.

    Returns:
        (N, C, P, Q), sized as for `conv2d`, with ceil in place of floor in `ceil_mode`.

    Raises:
        ValueError: when no window fits; shows the formula with the numbers.
        NotImplementedError: for `return_indices=True`.

    >>> max_pool2d(Tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]), 2, ceil_mode=True)
    Tensor([[[5., 6.]]])
    """
    if return_indices:
        raise NotImplementedError("max_pool2d does not return indices; compute them with argmax where you need them")
    options = _window_options("max_pool2d", kernel_size, stride, padding, dilation)

    def pool(x: Tensor) -> Tensor:
        if ceil_mode:
            extra = _missing(x.shape[2:], *options)
            x = autograd.pad(x, [(0, 0), (0, 0), (0, extra[0]), (0, extra[1])], constant_values=-np.inf)
        return autograd.max_pool2d(x, *options)

    return over_images(pool, autograd.asarray(input), "max_pool2d")


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
        ValueError: when no window fits, showing the formula with the numbers; or for a divisor of 0.

    >>> avg_pool2d(Tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]), 2)
    Tensor([[[3.]]])
    """
    if divisor_override == 0:
        raise ValueError("avg_pool2d: divisor_override must not be 0")
    size, step, edge, _ = options = _window_options("avg_pool2d", kernel_size, stride, padding, 1)

    def pool(x: Tensor) -> Tensor:
        extra = _missing(x.shape[2:], *options) if ceil_mode else (0, 0)
        if extra == (0, 0) and (count_include_pad or edge == (0, 0)) and divisor_override is None:
            return autograd.avg_pool2d(x, size, step, edge)
        widths = [(0, 0), (0, 0), *((p, p + e) for p, e in zip(edge, extra, strict=True))]
        means = autograd.avg_pool2d(autograd.pad(x, widths), size, step)
        if divisor_override is not None:
            return means * (size[0] * size[1] / divisor_override)
        counted = np.ones((1, 1, *x.shape[2:]), x.dtype)
        around = [(0, 0), (0, 0), *((p, p) for p in edge)]
        counted = np.pad(counted, around, constant_values=float(count_include_pad))
        counted = np.pad(counted, [(0, 0), (0, 0), *((0, e) for e in extra)])
        return means / autograd.avg_pool2d(counted, size, step)  # the share of each window that counts

    return over_images(pool, autograd.asarray(input), "avg_pool2d")


def _window_options(
    name: str, kernel_size: Size, stride: Size | None, padding: Size, dilation: Size
) -> tuple[Pair, Pair, Pair, Pair]:
    size = pair(kernel_size, "kernel_size", 1)
    step = size if stride is None else pair(stride, "stride", 1)
    edge = pair(padding, "padding", 0)
    if any(2 * p > k for p, k in zip(edge, size, strict=True)):
        raise ValueError(f"{name}: padding {edge} may be at most half of the window {size}")
    return size, step, edge, pair(dilation, "dilation", 1)


def _missing(image: tuple[int, ...], size: Pair, stride: Pair, padding: Pair, dilation: Pair) -> Pair:
    """Return how far the last window of `ceil_mode` reaches over the end of each padded axis."""
    extra = []
    for n, k, s, p, d in zip(image, size, stride, padding, dilation, strict=True):
        room = n + 2 * p - d * (k - 1) - 1
        last = -(-room // s) * s  # where the last window begins, rounding up
        if last >= n + p:  # it would begin beyond the image
            last -= s
        extra.append(max(last - room, 0))
    return extra[0], extra[1]

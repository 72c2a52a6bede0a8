"""Pooling of images (N, C, *S) with any number of image axes: the largest and the mean of each window."""

from __future__ import annotations

import math

import numpy as np

from autograd.kernels import pooling as kernel
from autograd.kernels.window import Sizes, output_size
from autograd.ops.common import Array
from autograd.ops.known import Known, taken_from
from autograd.ops.window import Size, per_axis
from autograd.primitive import composite, op
from autograd.samples import Draw, sample
from autograd.tensor import Tensor, value_of


def _pooling_options(
    name: str, x: Array, kernel_size: Size, stride: Size | None, padding: Size, dilation: Size
) -> tuple[Sizes, Sizes, Sizes, Sizes]:
    """Return window, stride, padding and dilation, one number for each image axis, checked."""
    axes = np.ndim(x) - 2
    if axes < 1:
        raise ValueError(f"{name} needs images (N, C, *S), got shape {np.shape(x)}")
    window = per_axis(kernel_size, "kernel_size", 1, axes)
    step = window if stride is None else per_axis(stride, "stride", 1, axes)
    edge, gap = per_axis(padding, "padding", 0, axes), per_axis(dilation, "dilation", 1, axes)
    if any(2 * p > d * (k - 1) + 1 for p, k, d in zip(edge, window, gap)):
        raise ValueError(f"{name}: padding {edge} may be at most half of the window {window}, dilation {gap}")
    return window, step, edge, gap


def _check_images(name: str, x: Array) -> None:
    if np.ndim(x) != 4:
        raise ValueError(f"{name} needs images (N, C, H, W), got shape {np.shape(x)}")


@composite(
    samples=[
        sample(Draw((2, 2, 4, 4), distinct=True), kernel_size=2),
        sample(Draw((1, 2, 5, 4), distinct=True), kernel_size=(3, 2), stride=(1, 2), padding=1),
    ]
)
def max_pool2d(
    x: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1
) -> Tensor:
    """Return the largest value in each window of the images; of equal ones the first gets the gradient, as in PyTorch.

    Args:
        x: images (N, C, H, W).
        kernel_size: window size, an integer or a pair.
        stride: step between windows; by default the window size.
        padding: positions added on each side, at most half a window; they never win.
        dilation: step between the elements of a window.

    Returns:
        (N, C, P, Q), sized as for `conv2d`.

    Raises:
        ValueError: when no window fits; shows the formula with the numbers.

    >>> max_pool2d(Tensor([[[[1.0, 2.0], [3.0, 4.0]]]]), 2)
    Tensor([[[[4.]]]])
    """
    _check_images("max_pool2d", x)
    return max_pool(x, kernel_size, stride, padding, dilation)[0]


def max_pool(
    x: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1,
    extra: Size = 0,
) -> tuple[Tensor, Array]:  # fmt: skip
    """Return the largest value in each window of images (N, C, *S), and its position in the flattened image.

    Arguments and errors as for `max_pool2d`, for any number of image axes; `extra` positions are added at the ends
    only. The positions (N, C, *P) are a plain array of integers.

    >>> values, positions = max_pool(Tensor([[[1.0, 2.0, 4.0, 3.0]]]), 2)
    >>> values, positions
    (Tensor([[[2., 4.]]]), array([[[1, 2]]], dtype=int32))
    """
    options = _pooling_options("max_pool", x, kernel_size, stride, padding, dilation)
    more = per_axis(extra, "extra", 0, np.ndim(x) - 2)
    size = np.shape(x)[2:]
    output_size(tuple([n + e for n, e in zip(size, more)]), *options)  # raises where no window fits
    values, positions = kernel.largest(value_of(x), *options, more)
    return taken(x, positions, Known(values)), positions


def take_positions(x: Array, positions: Array) -> Tensor:
    """Return the elements at positions (N, C, ...) in the flattened images of x (N, C, *S): (N, C, ...).

    Raises:
        IndexError: when a position is not in the image.

    >>> take_positions(Tensor([[[1.0, 2.0, 4.0, 3.0]]]), np.array([[[1, 2]]]))
    Tensor([[[2., 4.]]])
    """
    area = math.prod(np.shape(x)[2:])
    if positions.size and not 0 <= positions.min() <= positions.max() < area:
        raise IndexError(f"take_positions: positions must lie in 0 to {area - 1} for images of {np.shape(x)[2:]}")
    return taken(x, positions)


POSITIONS = np.array([[[0, 2, 2], [5, 0, 4]], [[1, 1, 3], [2, 5, 5]]])


@op(
    x=lambda g, x_shape, positions: spread_positions(g, positions, x_shape[2:]),
    samples=[sample((2, 2, 2, 3), positions=POSITIONS), sample((2, 2, 6), positions=POSITIONS)],
)
def taken(x: Array, positions: Array, known: Known | None = None) -> Tensor:
    """Return `take_positions`, or what is known already.

    >>> taken(Tensor([[[1.0, 2.0, 4.0, 3.0]]]), np.array([[[1, 2]]]))
    Tensor([[[2., 4.]]])
    """
    values = taken_from(known)
    return kernel.take(x, positions) if values is None else values  # type: ignore[no-any-return]


@op(
    g=lambda g_out, positions: taken(g_out, positions),
    samples=[sample((2, 2, 3), positions=POSITIONS, size=(2, 3))],
)
def spread_positions(g: Array, positions: Array, size: Sizes) -> Tensor:
    """Return images (N, C, *size) of zeros to which g (N, C, ...) was added at its positions.

    >>> spread_positions(Tensor([[[2.0, 4.0]]]), np.array([[[1, 2]]]), (4,))
    Tensor([[[0., 2., 4., 0.]]])
    """
    return kernel.put(g, positions, size)


@op(
    x=lambda g, x_shape, window, stride, padding: spread_windows(g, x_shape[2:], window, stride, padding),
    samples=[
        sample((2, 2, 3, 4), window=(2, 3), stride=(2, 1), padding=(1, 0)),
        sample((2, 1, 5), window=(2,), stride=(3,), padding=(1,)),
        sample((1, 1, 2, 3, 2), window=(2, 2, 1), stride=(1, 1, 1), padding=(0, 1, 0)),
        sample((2, 2, 2, 3), window=(2, 3), stride=(2, 3), padding=(0, 0)),
    ],
)
def sum_of_windows(x: Array, window: Sizes, stride: Sizes, padding: Sizes) -> Tensor:
    """Return the sum of each window of the images x (N, C, *S): (N, C, *P).

    >>> sum_of_windows(Tensor(np.ones((1, 1, 4, 4))), (2, 2), (2, 2), (0, 0))
    Tensor([[[[4., 4.],
              [4., 4.]]]], dtype=float64)
    """
    return kernel.sum_of_windows(x, window, stride, padding)  # type: ignore[return-value]


@op(
    g=lambda g_out, window, stride, padding: sum_of_windows(g_out, window, stride, padding),
    samples=[
        sample((2, 2, 2, 2), size=(3, 4), window=(2, 3), stride=(2, 1), padding=(1, 0)),
        sample((2, 1, 2), size=(5,), window=(2,), stride=(3,), padding=(1,)),
        sample((2, 2, 1), size=(3,), window=(3,), stride=(3,), padding=(0,)),
    ],
)
def spread_windows(g: Array, size: Sizes, window: Sizes, stride: Sizes, padding: Sizes) -> Tensor:
    """Return images (N, C, *size) where each value of g (N, C, *P) is added all over its window.

    >>> spread_windows(Tensor([[[[1.0]]]]), (2, 2), (2, 2), (2, 2), (0, 0))
    Tensor([[[[1., 1.],
              [1., 1.]]]])
    """
    return kernel.spread_windows(g, size, window, stride, padding)  # type: ignore[return-value]


@composite(
    samples=[sample((2, 2, 4, 4), kernel_size=2), sample((1, 2, 5, 4), kernel_size=(3, 2), stride=(1, 2), padding=1)]
)
def avg_pool2d(x: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0) -> Tensor:
    """Return the mean of each window of the images, zeros of the padding included, as in PyTorch.

    Args:
        x: images (N, C, H, W).
        kernel_size: window size, an integer or a pair.
        stride: step between windows; by default the window size.
        padding: zeros added on each side, at most half a window.

    Returns:
        (N, C, P, Q), sized as for `conv2d`.

    Raises:
        ValueError: when no window fits; shows the formula with the numbers.

    >>> avg_pool2d(Tensor([[[[1.0, 2.0], [3.0, 4.0]]]]), 2)
    Tensor([[[[2.5]]]])
    """
    _check_images("avg_pool2d", x)
    return avg_pool(x, kernel_size, stride, padding)


def avg_pool(x: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0) -> Tensor:
    """Return the mean of each window of images (N, C, *S); arguments and errors as for `avg_pool2d`.

    >>> avg_pool(Tensor([[[1.0, 2.0, 3.0, 5.0]]]), 2)
    Tensor([[[1.5, 4. ]]])
    """
    window, step, edge, _ = _pooling_options("avg_pool", x, kernel_size, stride, padding, 1)
    return sum_of_windows(x, window, step, edge) / math.prod(window)

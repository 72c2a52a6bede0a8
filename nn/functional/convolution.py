"""Convolution, its transpose, and the windows themselves."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from nn.functional.sizes import Array, Size, edges, over_images, per_axis


def conv1d(
    input: Array, weight: Array, bias: Array | None = None, stride: Size = 1, padding: str | Size = 0,
    dilation: Size = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """Convolve signals (N, C, L), or one (C, L), with filters (O, C/groups, K); all else as for `conv2d`.

    >>> conv1d(Tensor([[1.0, 2.0, 4.0]]), Tensor([[[-1.0, 1.0]]]))
    Tensor([[1., 2.]])
    """
    return convolve(1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Array, weight: Array, bias: Array | None = None, stride: Size = 1, padding: str | Size = 0,
    dilation: Size = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """Convolve images with filters (cross-correlation).

    out[n, o, p, q] = bias[o] + sum over c, k, l of weight[o, c, k, l] * input[n, c, p*stride + k*dilation, ...],
    over the padded input (Dumoulin and Visin, A guide to convolution arithmetic for deep learning, 2016).

    Args:
        input: images (N, C, H, W), or one (C, H, W).
        weight: filters (O, C/groups, K, L).
        bias: (O,), or None.
        stride: the step between windows, a number or one for each image axis.
        padding: zeros on each side, likewise; "valid" for none; "same" for as many as keep the size, for stride 1.
        dilation: the step between the elements of a window.
        groups: the channels are split into so many groups, each with its own filters.

    Returns:
        (N, O, P, Q) with P = floor((H + 2*padding - dilation*(K - 1) - 1) / stride) + 1, Q likewise.

    Raises:
        ValueError: when shapes or options do not fit each other; says which formula failed on which numbers.
        TypeError: when input or weight are not floating (or complex), or a bias is complex and they are not.

    >>> conv2d(autograd.ones((1, 3, 8, 8)), autograd.ones((4, 3, 3, 3)), padding="same").shape
    (1, 4, 8, 8)
    """
    return convolve(2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Array, weight: Array, bias: Array | None = None, stride: Size = 1, padding: str | Size = 0,
    dilation: Size = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """Convolve volumes (N, C, D, H, W), or one, with filters (O, C/groups, K, L, M); all else as for `conv2d`.

    >>> conv3d(autograd.ones((1, 3, 8, 8, 8)), autograd.ones((4, 3, 3, 3, 3)), stride=2).shape
    (1, 4, 3, 3, 3)
    """
    return convolve(3, input, weight, bias, stride, padding, dilation, groups)


def convolve(
    axes: int, input: Array, weight: Array, bias: Array | None, stride: Size, padding: str | Size, dilation: Size,
    groups: int,
) -> Tensor:  # fmt: skip
    """Return `conv1d`, `conv2d` or `conv3d`, by the number of image axes."""
    name = f"conv{axes}d"
    x, w, b = _operands(name, input, weight, bias, axes)
    step, gap = per_axis(stride, "stride", 1, axes), per_axis(dilation, "dilation", 1, axes)
    ends = edges(padding, w.shape[2:], step, gap)
    before = tuple([first for first, _ in ends])
    if any(first != last for first, last in ends):  # "same" with windows of even size: one more at the end
        x = autograd.pad(x, [(0, 0)] * (x.ndim - axes) + [(0, last - first) for first, last in ends])
    return over_images(lambda x: autograd.convolution(x, w, b, step, before, gap, groups), x, name, axes)  # type: ignore[no-any-return]


def _operands(
    name: str, input: Array, weight: Array, bias: Array | None, axes: int
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Return input, weight and bias as Tensors whose axes and dtypes fit."""
    x, w = autograd.asarray(input), autograd.asarray(weight)
    if w.ndim != axes + 2:
        raise ValueError(
            f"{name} takes filters with {axes + 2} axes, (O, C/groups, K, ...), not weight of shape {w.shape}"
        )
    for what, value in (("input", x), ("weight", w)):
        if value.dtype.kind not in "fc":
            raise TypeError(f"{name} takes floating {what}, not {value.dtype}: convert it, for example with astype")
    if bias is None:
        return x, w, None
    b = autograd.asarray(bias)
    if not np.can_cast(b.dtype, np.result_type(x.dtype, w.dtype), "same_kind"):
        raise TypeError(f"{name}: bias is {b.dtype}, but input and weight are {x.dtype} and {w.dtype}")
    return x, w, b


def conv_transpose1d(
    input: Array, weight: Array, bias: Array | None = None, stride: Size = 1, padding: Size = 0,
    output_padding: Size = 0, groups: int = 1, dilation: Size = 1,
) -> Tensor:  # fmt: skip
    """Return the transpose of `conv1d`: signals (N, C, P) to (N, O, L); all else as for `conv_transpose2d`.

    >>> conv_transpose1d(Tensor([[1.0, 2.0]]), Tensor([[[1.0, -1.0]]]), stride=2)
    Tensor([[ 1., -1.,  2., -2.]])
    """
    return transpose(1, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    input: Array, weight: Array, bias: Array | None = None, stride: Size = 1, padding: Size = 0,
    output_padding: Size = 0, groups: int = 1, dilation: Size = 1,
) -> Tensor:  # fmt: skip
    """Return the transpose of `conv2d`: each number of the input puts a filter, times it, into the result.

    Source: Dumoulin and Visin, A guide to convolution arithmetic for deep learning (2016), chapter 4.

    Args:
        input: (N, C, P, Q), or (C, P, Q).
        weight: filters (C, O/groups, K, L).
        bias: (O,), or None.
        stride: the step between the places where filters are put, a number or one for each image axis.
        padding: how much is cut off on each side of the result.
        output_padding: how much longer the result is at its end; less than the stride or the dilation.
        groups: the channels are split into so many groups.
        dilation: the step between the elements of a filter.

    Returns:
        (N, O, H, W) with H = (P - 1)*stride - 2*padding + dilation*(K - 1) + output_padding + 1, W likewise.

    Raises:
        ValueError: when shapes or options do not fit each other.
        TypeError: when input or weight are not floating (or complex), or a bias is complex and they are not.

    >>> conv_transpose2d(autograd.ones((1, 4, 3, 3)), autograd.ones((4, 2, 3, 3)), stride=2).shape
    (1, 2, 7, 7)
    """
    return transpose(2, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(
    input: Array, weight: Array, bias: Array | None = None, stride: Size = 1, padding: Size = 0,
    output_padding: Size = 0, groups: int = 1, dilation: Size = 1,
) -> Tensor:  # fmt: skip
    """Return the transpose of `conv3d`: volumes (N, C, P, Q, R) to (N, O, D, H, W); all else as for `conv_transpose2d`.

    >>> conv_transpose3d(autograd.ones((1, 4, 3, 3, 3)), autograd.ones((4, 2, 3, 3, 3))).shape
    (1, 2, 5, 5, 5)
    """
    return transpose(3, input, weight, bias, stride, padding, output_padding, groups, dilation)


def transpose(
    axes: int, input: Array, weight: Array, bias: Array | None, stride: Size, padding: Size, output_padding: Size,
    groups: int, dilation: Size,
) -> Tensor:  # fmt: skip
    """Return `conv_transpose1d`, `conv_transpose2d` or `conv_transpose3d`, by the number of image axes."""
    name = f"conv_transpose{axes}d"
    x, w, b = _operands(name, input, weight, bias, axes)
    options = (
        per_axis(stride, "stride", 1, axes), per_axis(padding, "padding", 0, axes),
        per_axis(output_padding, "output_padding", 0, axes), groups, per_axis(dilation, "dilation", 1, axes),
    )  # fmt: skip
    return over_images(lambda x: autograd.conv_transpose(x, w, b, *options), x, name, axes)  # type: ignore[no-any-return]


# --- the windows themselves -------------------------------------------------------------------------------------------


def unfold(input: Array, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1) -> Tensor:
    """Return the windows of images as the columns of matrices: a convolution is a product with these.

    Args:
        input: images (N, C, H, W), or one (C, H, W).
        kernel_size: (K, L), or one number for both.
        dilation: the step between the elements of a window.
        padding: zeros on each side.
        stride: the step between windows.

    Returns:
        (N, C*K*L, P*Q), or (C*K*L, P*Q), with P and Q as for `conv2d`.

    Raises:
        ValueError: when no window fits; shows the formula with the numbers.

    >>> unfold(Tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]), 2)
    Tensor([[1., 2.],
            [2., 3.],
            [4., 5.],
            [5., 6.]])
    """
    window, gap = per_axis(kernel_size, "kernel_size", 1, 2), per_axis(dilation, "dilation", 1, 2)
    edge, step = per_axis(padding, "padding", 0, 2), per_axis(stride, "stride", 1, 2)

    def columns(x: Tensor) -> Any:
        parts = autograd.unfold(x, window, gap, edge, step)  # (N, C, K, L, P, Q)
        return parts.reshape(x.shape[0], x.shape[1] * math.prod(window), math.prod(parts.shape[4:]))

    return over_images(columns, autograd.asarray(input), "unfold", 2)  # type: ignore[no-any-return]


def fold(
    input: Array, output_size: Size, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1
) -> Tensor:
    """Return images in which windows are added at their places: the transpose of `unfold`, not its inverse.

    Args:
        input: windows (N, C*K*L, P*Q), or (C*K*L, P*Q), as from `unfold`.
        output_size: (H, W), or one number for both.
        kernel_size: (K, L), likewise.
        dilation: the step between the elements of a window.
        padding: how much is cut off on each side.
        stride: the step between windows.

    Returns:
        (N, C, H, W), or (C, H, W).

    Raises:
        ValueError: when the windows are not as many, or not as large, as the sizes say.

    >>> fold(Tensor([[1.0, 2.0], [2.0, 3.0], [4.0, 5.0], [5.0, 6.0]]), (2, 3), 2)
    Tensor([[[ 1.,  4.,  3.],
             [ 4., 10.,  6.]]])
    """
    x = autograd.asarray(input)
    size, window = per_axis(output_size, "output_size", 1, 2), per_axis(kernel_size, "kernel_size", 1, 2)
    gap, edge, step = (
        per_axis(dilation, "dilation", 1, 2), per_axis(padding, "padding", 0, 2), per_axis(stride, "stride", 1, 2)
    )  # fmt: skip
    places = autograd.output_size(size, window, step, edge, gap)
    if x.ndim not in (2, 3) or x.shape[-2] % math.prod(window) or x.shape[-1] != math.prod(places):
        raise ValueError(
            f"fold: windows {window} fit {places} times into {size}, so it takes (N, C*{math.prod(window)}, "
            f"{math.prod(places)}), or this without N, not shape {x.shape}"
        )
    batch = x.shape[:-2] or (1,)
    parts = x.reshape(*batch, x.shape[-2] // math.prod(window), *window, *places)
    image = autograd.fold(parts, size, gap, edge, step)
    return image if x.ndim == 3 else image[0]  # type: ignore[no-any-return]

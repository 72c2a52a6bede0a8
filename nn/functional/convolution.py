"""Convolution."""

from __future__ import annotations

import autograd
from autograd import Tensor
from nn.functional.sizes import Array, Size, edges, over_images


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

    >>> conv2d(autograd.ones((1, 3, 8, 8)), autograd.ones((4, 3, 3, 3)), padding="same").shape
    (1, 4, 8, 8)
    """
    x, w = autograd.asarray(input), autograd.asarray(weight)
    if w.ndim != 4:
        raise ValueError(f"conv2d takes filters (O, C/groups, K, L), not weight of shape {w.shape}")
    (top, bottom), (left, right) = edges(padding, w.shape[2:], stride, dilation)
    if (top, left) != (bottom, right):  # "same" with windows of even size: one more at the end
        x = autograd.pad(x, [(0, 0)] * (x.ndim - 2) + [(0, bottom - top), (0, right - left)])
    return over_images(lambda x: autograd.conv2d(x, w, bias, stride, (top, left), dilation, groups), x, "conv2d")

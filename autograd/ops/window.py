"""Convolution over images (N, C, *S) with any number of image axes.

Convolution is linear in the image and in the weight. Its two transposes are ops as well, and the three are each
other's derivatives, so that any order is covered by six rules.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.kernels import window as kernel
from autograd.kernels.window import Sizes, output_size
from autograd.ops.common import Array
from autograd.ops.joining import concatenate
from autograd.primitive import composite, op
from autograd.samples import sample
from autograd.tensor import Tensor, value_of

Size = int | tuple[int, ...]

NUMBERS = {1: "an integer", 2: "an integer or a pair of integers"}


def per_axis(value: Any, name: str, least: int, axes: int) -> Sizes:
    """Return (n, n, ...) for n, and a tuple with a number for each image axis as it is.

    Raises:
        ValueError: for anything else, and for numbers below `least`.

    >>> per_axis(3, "stride", 1, axes=2)
    (3, 3)
    """
    if value.__class__ is int and value >= least:
        return (value,) * axes
    each = (value,) * axes if isinstance(value, int | np.integer) else value
    if (
        not isinstance(each, tuple | list)
        or len(each) != axes
        or not all(isinstance(n, int | np.integer) for n in each)
    ):
        kinds = NUMBERS.get(axes, f"an integer or a tuple of {axes} integers")
        raise ValueError(f"{name} must be {kinds}, not {value!r}")
    if min(each) < least:
        raise ValueError(f"{name} must be at least {least}, not {value!r}")
    return tuple([int(n) for n in each])


# --- convolution ------------------------------------------------------------------------------------------------------

CONVOLUTIONS: list[tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = [
    ((2, 2, 4, 3), (3, 2, 3, 1), {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "groups": 1}),
    ((1, 4, 4, 3), (2, 2, 1, 2), {"stride": (2, 1), "padding": (1, 2), "dilation": (1, 2), "groups": 2}),
    ((2, 2, 6), (3, 2, 2), {"stride": (2,), "padding": (1,), "dilation": (2,), "groups": 1}),
    ((1, 1, 2, 3, 4), (2, 1, 2, 1, 2), {"stride": (1, 2, 2), "padding": (1, 0, 1), "dilation": (2, 1, 1), "groups": 1}),
]


def _output_shape(x: tuple[int, ...], weight: tuple[int, ...], options: dict[str, Any]) -> tuple[int, ...]:
    steps = {k: v for k, v in options.items() if k != "groups"}
    return (x[0], weight[0], *output_size(x[2:], weight[2:], **steps))


@op(
    x=lambda g, x_shape, weight, stride, padding, dilation, groups: correlate_input(
        g, weight, x_shape[2:], stride, padding, dilation, groups
    ),
    weight=lambda g, x, weight_shape, stride, padding, dilation, groups: correlate_weight(
        x, g, weight_shape[2:], stride, padding, dilation, groups
    ),
    bias=lambda g: _sum_of_channels(g),
    samples=[sample(x, w, **options) for x, w, options in CONVOLUTIONS]
    + [sample(x, w, w[:1], **options) for x, w, options in CONVOLUTIONS],
)
def correlate2d(
    x: Array, weight: Array, bias: Array | None = None, stride: Sizes = (1, 1), padding: Sizes = (0, 0),
    dilation: Sizes = (1, 1), groups: int = 1,
) -> Tensor:  # fmt: skip
    """Cross-correlate images x (N, C, *S) with weight (O, C/groups, *K), and add bias (O,): (N, O, *P).

    >>> correlate2d(Tensor(np.ones((1, 1, 3, 3))), Tensor(np.ones((1, 1, 2, 2)))).shape
    (1, 1, 2, 2)
    """
    return kernel.correlate(x, weight, stride, padding, dilation, groups, bias)


def _sum_of_channels(g: Array) -> Array:
    """Return the sum of each channel of images g (N, O, *P), over images and places: (O,)."""
    if isinstance(g, Tensor):
        return np.sum(g, axis=(0, *range(2, g.ndim)))
    return kernel.sum_of_channels(g)


@op(
    g=lambda g, weight, stride, padding, dilation, groups: correlate2d(
        g, weight, None, stride, padding, dilation, groups
    ),
    weight=lambda g_out, g, weight_shape, stride, padding, dilation, groups: correlate_weight(
        g_out, g, weight_shape[2:], stride, padding, dilation, groups
    ),
    samples=[sample(_output_shape(x, w, options), w, size=x[2:], **options) for x, w, options in CONVOLUTIONS],
)
def correlate_input(
    g: Array, weight: Array, size: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> Tensor:
    """Return the gradient of the images (N, C, *size) of a `correlate2d` whose result has the gradient g (N, O, *P).

    >>> one = (1, 1)
    >>> correlate_input(Tensor(np.ones((1, 1, 2, 2))), Tensor(np.ones((1, 1, 2, 2))), (3, 3), one, (0, 0), one, 1).shape
    (1, 1, 3, 3)
    """
    return kernel.correlate_input(g, weight, size, stride, padding, dilation, groups)


@op(
    x=lambda g_out, x_shape, g, stride, padding, dilation, groups: correlate_input(
        g, g_out, x_shape[2:], stride, padding, dilation, groups
    ),
    g=lambda g_out, x, stride, padding, dilation, groups: correlate2d(
        x, g_out, None, stride, padding, dilation, groups
    ),
    samples=[sample(x, _output_shape(x, w, options), kernel_size=w[2:], **options) for x, w, options in CONVOLUTIONS],
)
def correlate_weight(
    x: Array, g: Array, kernel_size: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> Tensor:
    """Return the gradient of the weight (O, C/groups, *K) of a `correlate2d` whose result has the gradient g.

    >>> one = (1, 1)
    >>> correlate_weight(Tensor(np.ones((1, 1, 3, 3))), Tensor(np.ones((1, 1, 2, 2))), (2, 2), one, (0, 0), one, 1)
    Tensor([[[[4., 4.],
              [4., 4.]]]], dtype=float64)
    """
    return kernel.correlate_weight(x, g, kernel_size, stride, padding, dilation, groups)


@composite(
    samples=[
        sample((2, 2, 5, 4), (3, 2, 3, 2), (3,)),
        sample((1, 4, 6, 5), (2, 2, 2, 3), (2,), stride=(2, 1), padding=(1, 2), dilation=(1, 2), groups=2),
    ]
)
def conv2d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Size = 1,
    padding: Size = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Tensor:
    """Convolve images with a bank of filters (cross-correlation, as in every deep-learning library), and add a bias.

    Args:
        x: images (N, C, H, W).
        weight: filters (O, C/groups, K, L).
        bias: (O,), or None.
        stride: step between window positions, an integer or one for each image axis.
        padding: zeros on each side of the image.
        dilation: step between the elements of a window.
        groups: the channels are split into so many groups, each with its own filters.

    Returns:
        (N, O, P, Q) with P = floor((H + 2*padding - dilation*(K - 1) - 1) / stride) + 1, Q likewise.

    Raises:
        ValueError: when the shapes do not fit each other; says which formula failed on which numbers.

    >>> conv2d(Tensor(np.zeros((1, 3, 32, 32))), Tensor(np.zeros((10, 3, 5, 5))), padding=2).shape
    (1, 10, 32, 32)
    """
    if np.ndim(x) != 4 or np.ndim(weight) != 4:
        raise ValueError(
            f"conv2d needs x (N, C, H, W) and weight (O, C/groups, K, L); got x {np.shape(x)} and weight "
            f"{np.shape(weight)}"
        )
    return convolution(x, weight, bias, stride, padding, dilation, groups)


def convolution(
    x: Array, weight: Array, bias: Array | None = None, stride: Size = 1, padding: Size = 0, dilation: Size = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """Return `conv2d` of images (N, C, *S) with any number of image axes, for filters (O, C/groups, *K).

    Raises:
        ValueError: when the shapes do not fit each other; says which formula failed on which numbers.

    >>> convolution(Tensor(np.zeros((1, 3, 8))), Tensor(np.zeros((10, 3, 5))), stride=3).shape
    (1, 10, 2)
    """
    axes = np.ndim(x) - 2
    if axes < 1 or np.ndim(weight) != axes + 2:
        raise ValueError(
            f"convolution needs x (N, C, *S) and weight (O, C/groups, *K); got x {np.shape(x)} and weight "
            f"{np.shape(weight)}"
        )
    _check_channels("convolution", np.shape(x)[1], np.shape(weight), bias, groups)
    step, edge = per_axis(stride, "stride", 1, axes), per_axis(padding, "padding", 0, axes)
    return correlate2d(x, weight, bias, step, edge, per_axis(dilation, "dilation", 1, axes), groups)


def _check_channels(name: str, channels: int, weight: tuple[int, ...], bias: Array | None, groups: int) -> None:
    """Raise unless images with so many channels, filters (O, C/groups, *K) and bias (O,) fit each other."""
    if groups < 1 or channels % groups or weight[0] % groups:
        raise ValueError(
            f"{name}: groups={groups} must divide the {channels} input and the {weight[0]} output channels"
        )
    if weight[1] * groups != channels:
        raise ValueError(
            f"{name}: x has {channels} channels, but weight {weight} with groups={groups} takes "
            f"{weight[1]} * {groups} = {weight[1] * groups}"
        )
    if bias is not None and np.shape(bias) != weight[:1]:
        raise ValueError(
            f"{name}: bias must have one number for each of the {weight[0]} filters, not shape {np.shape(bias)}"
        )


def conv_transpose(
    x: Array, weight: Array, bias: Array | None = None, stride: Size = 1, padding: Size = 0, output_padding: Size = 0,
    groups: int = 1, dilation: Size = 1,
) -> Tensor:  # fmt: skip
    """Return the transpose of `convolution`: each number of x spreads a filter over the result.

    Source: Dumoulin and Visin, A guide to convolution arithmetic for deep learning (2016), chapter 4.

    Args:
        x: (N, C, *P).
        weight: (C, O/groups, *K), the filters of the convolution that this is the transpose of.
        bias: (O,), or None.
        stride: step between the places where the filters are put.
        padding: how much is cut off on each side of the result.
        output_padding: how much longer the result is at its end, less than the stride or the dilation.
        groups: the channels are split into so many groups.
        dilation: step between the elements of a filter.

    Returns:
        (N, O, *S) with S = (P - 1)*stride - 2*padding + dilation*(K - 1) + output_padding + 1.

    Raises:
        ValueError: when shapes or options do not fit each other.

    >>> conv_transpose(Tensor(np.ones((1, 1, 2))), Tensor(np.ones((1, 1, 2))), stride=2).shape
    (1, 1, 4)
    """
    axes = np.ndim(x) - 2
    if axes < 1 or np.ndim(weight) != axes + 2:
        raise ValueError(
            f"conv_transpose needs x (N, C, *P) and weight (C, O/groups, *K); got x {np.shape(x)} and weight "
            f"{np.shape(weight)}"
        )
    step, edge = per_axis(stride, "stride", 1, axes), per_axis(padding, "padding", 0, axes)
    extra, gap = per_axis(output_padding, "output_padding", 0, axes), per_axis(dilation, "dilation", 1, axes)
    _check_transpose(np.shape(x), np.shape(weight), bias, groups, step, extra, gap)
    for axis, (e, s) in enumerate(zip(extra, step), 2):
        if e >= s:  # windows fit into the extra length: there a convolution of the result would see further zeros
            shape = (*np.shape(x)[:axis], e // s, *np.shape(x)[axis + 1 :])
            x = concatenate([x, np.zeros(shape, value_of(x).dtype)], axis)
    size = transposed_size(np.shape(x)[2:], np.shape(weight)[2:], step, edge, gap)
    size = tuple([n + e % s for n, e, s in zip(size, extra, step)])
    if min(size) < 1:
        raise ValueError(f"conv_transpose: padding {edge} leaves nothing of the result: its size would be {size}")
    out = correlate_input(x, weight, size, step, edge, gap, groups)
    return out if bias is None else out + np.reshape(bias, (-1,) + (1,) * axes)


def transposed_size(size: Sizes, window: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Sizes:
    """Return the size of an image that just so many windows fit: (p - 1)*s - 2*padding + d*(k - 1) + 1.

    >>> transposed_size((32, 32), (5, 5), (1, 1), (2, 2), (1, 1))
    (32, 32)
    """
    options = zip(size, window, stride, padding, dilation, strict=True)
    return tuple([(n - 1) * s - 2 * p + d * (k - 1) + 1 for n, k, s, p, d in options])


def _check_transpose(
    x: Sizes, weight: Sizes, bias: Array | None, groups: int, stride: Sizes, extra: Sizes, dilation: Sizes
) -> None:
    if groups < 1 or x[1] % groups or x[1] != weight[0]:
        raise ValueError(
            f"conv_transpose: x {x} and weight {weight} (C, O/groups, *K) must have the same number of channels C, "
            f"which groups={groups} must divide"
        )
    if bias is not None and np.shape(bias) != (weight[1] * groups,):
        raise ValueError(f"conv_transpose: bias must have shape {(weight[1] * groups,)}, not {np.shape(bias)}")
    if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation)):
        raise ValueError(
            f"conv_transpose: output_padding {extra} must be below the stride {stride} or the dilation {dilation}"
        )


# --- windows themselves -----------------------------------------------------------------------------------------------

WINDOWS: list[tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = [
    ((2, 2, 5, 4), (3, 2), {"stride": (1, 2), "padding": (1, 0), "dilation": (2, 1)}),
    ((2, 1, 6), (2,), {"stride": (2,), "padding": (1,), "dilation": (1,)}),
    ((1, 2, 4), (2,), {"stride": (2,), "padding": (0,), "dilation": (1,)}),
]


@op(
    x=lambda g, x_shape, stride, padding, dilation: _joined_windows(g, x_shape[2:], stride, padding, dilation),
    samples=[sample(x, window=k, **options) for x, k, options in WINDOWS],
)
def _windows(x: Array, window: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Tensor:
    """Return the windows of images x (N, C, *S): (N, C, *K, *P)."""
    output_size(x.shape[2:], window, stride, padding, dilation)
    return np.ascontiguousarray(kernel.columns(x, window, stride, padding, dilation))


@op(
    windows=lambda g, windows_shape, size, stride, padding, dilation: _windows(
        g, windows_shape[2 : 2 + len(size)], stride, padding, dilation
    ),
    samples=[
        sample((*x[:2], *k, *output_size(x[2:], k, **options)), size=x[2:], **options) for x, k, options in WINDOWS
    ],
)
def _joined_windows(windows: Array, size: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Tensor:
    """Return images (N, C, *size) with windows (N, C, *K, *P) added where they would be taken from."""
    return kernel.sum_windows(windows, size, stride, padding, dilation)


def unfold(x: Array, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1) -> Tensor:
    """Return the windows of images (N, C, *S) as (N, C, *K, *P): their elements, then their positions.

    Args:
        x: images.
        kernel_size: window size.
        dilation: step between the elements of a window.
        padding: zeros added on each side.
        stride: step between windows.

    Raises:
        ValueError: when no window fits; shows the formula with the numbers.

    >>> unfold(Tensor([[[1.0, 2.0, 3.0]]]), 2)
    Tensor([[[[1., 2.],
              [2., 3.]]]])
    """
    axes = np.ndim(x) - 2
    if axes < 1:
        raise ValueError(f"unfold needs images (N, C, *S), got shape {np.shape(x)}")
    step, edge = per_axis(stride, "stride", 1, axes), per_axis(padding, "padding", 0, axes)
    return _windows(
        x, per_axis(kernel_size, "kernel_size", 1, axes), step, edge, per_axis(dilation, "dilation", 1, axes)
    )


def fold(windows: Array, size: Sizes, dilation: Size = 1, padding: Size = 0, stride: Size = 1) -> Tensor:
    """Return images (N, C, *size) in which windows (N, C, *K, *P) are added at their places: the transpose of `unfold`.

    Raises:
        ValueError: when there are not as many windows as fit the size.

    >>> fold(Tensor([[[[1.0, 2.0], [2.0, 3.0]]]]), (3,))
    Tensor([[[1., 4., 3.]]])
    """
    axes = len(size)
    if np.ndim(windows) != 2 + 2 * axes:
        raise ValueError(f"fold to {axes} image axes needs windows (N, C, *K, *P), got shape {np.shape(windows)}")
    step, edge, gap = (
        per_axis(v, n, i, axes)
        for v, n, i in ((stride, "stride", 1), (padding, "padding", 0), (dilation, "dilation", 1))
    )
    places = output_size(size, np.shape(windows)[2 : 2 + axes], step, edge, gap)
    if np.shape(windows)[2 + axes :] != places:
        raise ValueError(f"fold: {places} windows fit the size {size}, but windows {np.shape(windows)} are not so many")
    return _joined_windows(windows, size, step, edge, gap)

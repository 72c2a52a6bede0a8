"""Convolution and pooling over images (N, C, H, W).

Convolution is linear in the image and in the weight. Its two transposes are ops as well, and the three are each
other's derivatives, so that any order is covered by six rules.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.kernels import window as kernel
from autograd.kernels.window import Pair, output_size
from autograd.ops.common import Array
from autograd.primitive import composite, op
from autograd.samples import Draw, sample
from autograd.tensor import Tensor, value_of

Size = int | tuple[int, int]


def pair(value: Any, name: str, least: int) -> Pair:
    """Return (n, n) for n, and a pair as it is.

    Raises:
        ValueError: for anything else, and for numbers below `least`.

    >>> pair(3, "stride", 1)
    (3, 3)
    """
    both = (value, value) if isinstance(value, int | np.integer) else value
    if not isinstance(both, tuple | list) or len(both) != 2 or not all(isinstance(n, int | np.integer) for n in both):
        raise ValueError(f"{name} must be an integer or a pair of integers, not {value!r}")
    if min(both) < least:
        raise ValueError(f"{name} must be at least {least}, not {value!r}")
    return int(both[0]), int(both[1])


# --- convolution ------------------------------------------------------------------------------------------------------

CONVOLUTIONS: list[tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = [
    ((2, 2, 5, 4), (3, 2, 3, 2), {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "groups": 1}),
    ((1, 4, 6, 5), (2, 2, 2, 3), {"stride": (2, 1), "padding": (1, 2), "dilation": (1, 2), "groups": 2}),
]


def _output_shape(x: tuple[int, ...], weight: tuple[int, ...], options: dict[str, Any]) -> tuple[int, ...]:
    steps = {k: v for k, v in options.items() if k != "groups"}
    return (x[0], weight[0], *output_size(x[2:], weight[2:], **steps))  # type: ignore[arg-type]


@op(
    x=lambda g, x_shape, weight, stride, padding, dilation, groups: correlate_input(
        g, weight, x_shape[2:], stride, padding, dilation, groups
    ),
    weight=lambda g, x, weight_shape, stride, padding, dilation, groups: correlate_weight(
        x, g, weight_shape[2:], stride, padding, dilation, groups
    ),
    samples=[sample(x, w, **options) for x, w, options in CONVOLUTIONS],
)
def correlate2d(x: Array, weight: Array, stride: Pair, padding: Pair, dilation: Pair, groups: int) -> Tensor:
    """Cross-correlate images x (N, C, H, W) with weight (O, C/groups, K, L): (N, O, P, Q).

    >>> one = (1, 1)
    >>> correlate2d(Tensor(np.ones((1, 1, 3, 3))), Tensor(np.ones((1, 1, 2, 2))), one, (0, 0), one, 1).shape
    (1, 1, 2, 2)
    """
    return kernel.conv2d(x, weight, stride, padding, dilation, groups)


@op(
    g=lambda g, weight, stride, padding, dilation, groups: correlate2d(g, weight, stride, padding, dilation, groups),
    weight=lambda g_out, g, weight_shape, stride, padding, dilation, groups: correlate_weight(
        g_out, g, weight_shape[2:], stride, padding, dilation, groups
    ),
    samples=[sample(_output_shape(x, w, options), w, size=x[2:], **options) for x, w, options in CONVOLUTIONS],
)
def correlate_input(
    g: Array, weight: Array, size: Pair, stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> Tensor:
    """Return the gradient of the images (N, C, *size) of a `correlate2d` whose result has the gradient g (N, O, P, Q).

    >>> one = (1, 1)
    >>> correlate_input(Tensor(np.ones((1, 1, 2, 2))), Tensor(np.ones((1, 1, 2, 2))), (3, 3), one, (0, 0), one, 1).shape
    (1, 1, 3, 3)
    """
    return kernel.conv2d_input(g, weight, size, stride, padding, dilation, groups)


@op(
    x=lambda g_out, x_shape, g, stride, padding, dilation, groups: correlate_input(
        g, g_out, x_shape[2:], stride, padding, dilation, groups
    ),
    g=lambda g_out, x, stride, padding, dilation, groups: correlate2d(x, g_out, stride, padding, dilation, groups),
    samples=[sample(x, _output_shape(x, w, options), kernel_size=w[2:], **options) for x, w, options in CONVOLUTIONS],
)
def correlate_weight(
    x: Array, g: Array, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> Tensor:
    """Return the gradient of the weight (O, C/groups, K, L) of a `correlate2d` whose result has the gradient g.

    >>> one = (1, 1)
    >>> correlate_weight(Tensor(np.ones((1, 1, 3, 3))), Tensor(np.ones((1, 1, 2, 2))), (2, 2), one, (0, 0), one, 1)
    Tensor([[[[4., 4.],
              [4., 4.]]]], dtype=float64)
    """
    return kernel.conv2d_weight(x, g, kernel_size, stride, padding, dilation, groups)


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
    _check_convolution(np.shape(x), np.shape(weight), None if bias is None else np.shape(bias), groups)
    steps = pair(stride, "stride", 1), pair(padding, "padding", 0), pair(dilation, "dilation", 1)
    out = correlate2d(x, weight, *steps, groups)
    return out if bias is None else out + np.reshape(bias, (-1, 1, 1))


def _check_convolution(x: tuple[int, ...], weight: tuple[int, ...], bias: tuple[int, ...] | None, groups: int) -> None:
    if len(x) != 4 or len(weight) != 4:
        raise ValueError(f"conv2d needs x (N, C, H, W) and weight (O, C/groups, K, L); got x {x} and weight {weight}")
    if groups < 1 or x[1] % groups or weight[0] % groups:
        raise ValueError(f"conv2d: groups={groups} must divide the {x[1]} input and the {weight[0]} output channels")
    if weight[1] * groups != x[1]:
        raise ValueError(
            f"conv2d: x {x} has {x[1]} channels, but weight {weight} with groups={groups} takes "
            f"{weight[1]} * {groups} = {weight[1] * groups}"
        )
    if bias is not None and bias != weight[:1]:
        raise ValueError(f"conv2d: bias must have one number for each of the {weight[0]} filters, not shape {bias}")


# --- pooling ----------------------------------------------------------------------------------------------------------


def _check_pooling(name: str, x: tuple[int, ...], window: Pair, padding: Pair) -> None:
    if len(x) != 4:
        raise ValueError(f"{name} needs images (N, C, H, W), got shape {x}")
    if any(2 * p > k for p, k in zip(padding, window, strict=True)):
        raise ValueError(f"{name}: padding {padding} may be at most half of the window {window}")


def _flat_index(positions: Array) -> tuple[Array, ...]:
    """Return the index of elements at `positions` (N, C, P, Q) in images flattened to (N, C, H*W)."""
    n, c = positions.shape[:2]
    return np.arange(n)[:, None, None, None], np.arange(c)[:, None, None], positions


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
    size = pair(kernel_size, "kernel_size", 1)
    step = size if stride is None else pair(stride, "stride", 1)
    edge = pair(padding, "padding", 0)
    _check_pooling("max_pool2d", np.shape(x), size, edge)
    positions = kernel.max_positions(value_of(x), size, step, edge, pair(dilation, "dilation", 1))
    n, c, h, w = np.shape(x)
    return np.reshape(x, (n, c, h * w))[_flat_index(positions)]


@op(
    x=lambda g, x_shape, window, stride, padding: spread_windows(g, x_shape[2:], window, stride, padding),
    samples=[sample((2, 2, 3, 4), window=(2, 3), stride=(2, 1), padding=(1, 0))],
)
def sum_of_windows(x: Array, window: Pair, stride: Pair, padding: Pair) -> Tensor:
    """Return the sum of each window of the images x (N, C, H, W): (N, C, P, Q).

    >>> sum_of_windows(Tensor(np.ones((1, 1, 4, 4))), (2, 2), (2, 2), (0, 0))
    Tensor([[[[4., 4.],
              [4., 4.]]]], dtype=float64)
    """
    output_size(x.shape[2:], window, stride, padding, (1, 1))
    return kernel.windows(kernel.pad_image(x, padding), window, stride).sum(axis=(4, 5))


@op(
    g=lambda g_out, window, stride, padding: sum_of_windows(g_out, window, stride, padding),
    samples=[sample((2, 2, 2, 2), size=(3, 4), window=(2, 3), stride=(2, 1), padding=(1, 0))],
)
def spread_windows(g: Array, size: Pair, window: Pair, stride: Pair, padding: Pair) -> Tensor:
    """Return images (N, C, *size) where each value of g (N, C, P, Q) is added all over its window.

    >>> spread_windows(Tensor([[[[1.0]]]]), (2, 2), (2, 2), (2, 2), (0, 0))
    Tensor([[[[1., 1.],
              [1., 1.]]]])
    """
    n, c, p, q = g.shape
    columns = np.broadcast_to(g[:, :, None, None], (n, c, *window, p, q))
    return kernel.sum_windows(columns, size, stride, padding)


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
    size = pair(kernel_size, "kernel_size", 1)
    step = size if stride is None else pair(stride, "stride", 1)
    edge = pair(padding, "padding", 0)
    _check_pooling("avg_pool2d", np.shape(x), size, edge)
    return sum_of_windows(x, size, step, edge) / (size[0] * size[1])

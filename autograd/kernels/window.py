"""Sliding windows over images: convolution and pooling on plain arrays, and their transposes.

Names of axes: N images, C channels in, O channels out, G groups, (H, W) image size, (P, Q) output size, (K, L) window
size. Sizes and steps are pairs, for the two image axes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Pair = tuple[int, int]
Array = Any


def output_size(size: Pair, window: Pair, stride: Pair, padding: Pair, dilation: Pair) -> Pair:
    """Return how many window positions fit each image axis: floor((n + 2p - d(k - 1) - 1) / s) + 1.

    Raises:
        ValueError: when not even one fits; shows the formula with the numbers.

    >>> output_size((32, 32), (5, 5), (1, 1), (2, 2), (1, 1))
    (32, 32)
    """
    fits = []
    for n, k, s, p, d, axis in zip(size, window, stride, padding, dilation, ("height", "width"), strict=True):
        room = n + 2 * p - d * (k - 1) - 1
        if room < 0:
            raise ValueError(
                f"no window fits the {axis}: floor((size + 2*padding - dilation*(window - 1) - 1) / stride) + 1 = "
                f"floor(({n} + 2*{p} - {d}*({k} - 1) - 1) / {s}) + 1 is below 1; "
                "use a larger image, more padding or a smaller window"
            )
        fits.append(room // s + 1)
    return fits[0], fits[1]


def pad_image(x: Array, padding: Pair, fill: float = 0) -> Array:
    """Return x (N, C, H, W) with `fill` around the image: (N, C, H + 2p, W + 2q)."""
    if padding == (0, 0):
        return x
    n, c, h, w = x.shape
    p, q = padding
    padded = np.full_like(x, fill, shape=(n, c, h + 2 * p, w + 2 * q))
    padded[:, :, p : p + h, q : q + w] = x
    return padded


def windows(x: Array, window: Pair, stride: Pair, dilation: Pair = (1, 1)) -> Array:
    """Return a view of all windows of x (N, C, H, W): (N, C, P, Q, K, L)."""
    (k, m), (s, t), (d, e) = window, stride, dilation
    view = np.lib.stride_tricks.sliding_window_view(x, (d * (k - 1) + 1, e * (m - 1) + 1), axis=(2, 3))
    return view[:, :, ::s, ::t, ::d, ::e]


def _columns(x: Array, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair, groups: int) -> Array:
    """Return each group's windows as the columns of a matrix: (N, G, C/G*K*L, P*Q)."""
    view = windows(pad_image(x, padding), kernel, stride, dilation)
    n, c, p, q, k, m = view.shape
    # (N, C, P, Q, K, L) -> (N, C, K, L, P, Q) -> (N, G, C/G*K*L, P*Q)
    return view.transpose(0, 1, 4, 5, 2, 3).reshape(n, groups, c // groups * k * m, p * q)


def conv2d(x: Array, weight: Array, stride: Pair, padding: Pair, dilation: Pair, groups: int) -> Array:
    """Cross-correlate x (N, C, H, W) with weight (O, C/G, K, L): (N, O, P, Q)."""
    o, _, *kernel = weight.shape
    p, q = output_size(x.shape[2:], tuple(kernel), stride, padding, dilation)  # type: ignore[arg-type]
    columns = _columns(x, tuple(kernel), stride, padding, dilation, groups)  # type: ignore[arg-type]
    rows = weight.reshape(groups, o // groups, -1)  # (G, O/G, C/G*K*L)
    return np.matmul(rows, columns).reshape(x.shape[0], o, p, q)


def conv2d_weight(x: Array, g: Array, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair, groups: int) -> Array:
    """Return the gradient of `conv2d` with respect to the weight, (O, C/G, K, L), for g (N, O, P, Q)."""
    n, o = g.shape[:2]
    columns = _columns(x, kernel, stride, padding, dilation, groups)
    rows = g.reshape(n, groups, o // groups, -1)  # (N, G, O/G, P*Q)
    weight = np.matmul(rows, columns.swapaxes(2, 3)).sum(axis=0)  # (G, O/G, C/G*K*L)
    return weight.reshape(o, x.shape[1] // groups, *kernel)


def conv2d_input(
    g: Array, weight: Array, size: Pair, stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> Array:
    """Return the gradient of `conv2d` with respect to the input, (N, C, *size), for g (N, O, P, Q)."""
    n, o, p, q = g.shape
    c = weight.shape[1] * groups
    kernel = weight.shape[2:]
    rows = weight.reshape(groups, o // groups, -1).swapaxes(1, 2)  # (G, C/G*K*L, O/G)
    columns = np.matmul(rows, g.reshape(n, groups, o // groups, p * q))  # (N, G, C/G*K*L, P*Q)
    return sum_windows(columns.reshape(n, c, *kernel, p, q), size, stride, padding, dilation)


def sum_windows(columns: Array, size: Pair, stride: Pair, padding: Pair, dilation: Pair = (1, 1)) -> Array:
    """Add windows (N, C, K, L, P, Q) back to the places of an image that they were taken from: (N, C, *size)."""
    n, c, k, m, p, q = columns.shape
    (h, w), (s, t), (u, v), (d, e) = size, stride, padding, dilation
    image = np.zeros_like(columns, shape=(n, c, h + 2 * u, w + 2 * v))
    for i in range(k):
        for j in range(m):
            image[:, :, i * d : i * d + s * p : s, j * e : j * e + t * q : t] += columns[:, :, i, j]
    return image[:, :, u : u + h, v : v + w]


def max_positions(x: Array, window: Pair, stride: Pair, padding: Pair, dilation: Pair) -> Array:
    """Return the position in each flattened image of each window's first largest value: (N, C, P, Q), integers."""
    h, w = x.shape[2:]
    p, q = output_size((h, w), window, stride, padding, dilation)
    lowest = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    view = windows(pad_image(x, padding, lowest), window, stride, dilation)
    best = view.reshape(*view.shape[:4], -1).argmax(axis=-1)  # (N, C, P, Q), in 0 .. K*L-1
    row, column = best // window[1], best % window[1]
    top = np.arange(p)[:, None] * stride[0] - padding[0]  # (P, 1)
    left = np.arange(q) * stride[1] - padding[1]  # (Q,)
    return (top + row * dilation[0]) * w + left + column * dilation[1]

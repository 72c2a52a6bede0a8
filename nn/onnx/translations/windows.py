"""Convolution and pooling."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nn.onnx.comparing import Number
from nn.onnx.translations.shaping import reshaped
from nn.onnx.writing import Writer, translates

Sizes = Any  # one number for each image axis


def _per_axis(value: Any, axes: int) -> list[int]:
    return [int(value)] * axes if isinstance(value, int) else [int(n) for n in value]


@translates("correlate2d")
def _correlate(
    w: Writer, x: Any, weight: Any, bias: Any = None, *, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> str:
    operands = [w.operand(each, w.out.dtype) for each in (x, weight, bias) if each is not None]
    return w.node(
        "Conv", *operands, kernel_shape=list(w.shape(weight)[2:]),
        strides=list(stride), pads=[*padding, *padding], dilations=list(dilation), group=groups,
    )  # fmt: skip


@translates("correlate_input")
def _correlate_input(
    w: Writer, g: Any, weight: Any, size: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> str:
    window = w.shape(weight)[2:]
    options = list(zip(stride, padding, dilation, window, strict=True))
    extras = {
        tuple([m - ((n - 1) * s - 2 * p + d * (k - 1) + 1) for m, n, (s, p, d, k) in zip(out[2:], given[2:], options)])
        for out, given in zip(w.out.shapes, w.value(g).shapes)
    }
    if len(extras) > 1:
        raise w.refuse("how much longer the result is at its end changes with the size of the input")
    return w.node(
        "ConvTranspose", w.operand(g, w.out.dtype), w.operand(weight, w.out.dtype), kernel_shape=list(window),
        strides=list(stride), pads=[*padding, *padding], dilations=list(dilation), group=groups,
        output_padding=list(extras.pop()),
    )  # fmt: skip


@translates("sum_of_windows")
def _sum_of_windows(w: Writer, x: Any, window: Sizes, stride: Sizes, padding: Sizes) -> str:
    shape = list(w.constant_of(window, "window"))
    step = list(w.constant_of(stride, "stride"))
    mean = w.node(
        "AveragePool", w.operand(x, w.out.dtype), kernel_shape=shape, strides=step, pads=[*padding, *padding],
        count_include_pad=1,
    )  # fmt: skip
    return w.node("Mul", mean, w.constant(math.prod(shape), w.out.dtype))


@translates("max_pool")
def _max_pool(
    w: Writer, x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, extra: Any = 0
) -> list[str]:
    axes = w.ndim(x) - 2
    window = _per_axis(w.constant_of(kernel_size, "window"), axes)
    step = window if stride is None else _per_axis(w.constant_of(stride, "stride"), axes)
    edge, more = _per_axis(padding, axes), _per_axis(w.constant_of(extra, "size"), axes)
    return _largest(w, x, window, step, edge, _per_axis(dilation, axes), more)


def _largest(
    w: Writer, x: Any, window: list[int], stride: list[int], padding: list[int], dilation: list[int], extra: list[int]
) -> list[str]:
    """Write the largest values, and if anything uses them their positions in the flattened images."""
    options = {
        "kernel_shape": window, "strides": stride, "dilations": dilation,
        "pads": [*padding, *(p + e for p, e in zip(padding, extra))],
    }  # fmt: skip
    if w.call.op == "max_pool" and not w.used(w.call.results[1]):
        return [w.node("MaxPool", w.operand(x), **options)]
    values, places = w.nodes_out(2, "MaxPool", w.operand(x), **options)
    return [values, w.node("Mod", places, _image_size(w, x))]  # ONNX counts on from image to image


def _image_size(w: Writer, x: Any) -> str:
    """Return the number of elements in an image of x (N, C, *S)."""
    name = ""
    for sizes in list(zip(*w.value(x).shapes))[2:]:
        size = w.number(sizes[0] if len(set(sizes)) == 1 else Number(sizes))
        name = w.node("Mul", name, size) if name else size
    return name


@translates("_adaptive_positions")
def _adaptive_positions(w: Writer, x: Any, size: Sizes) -> str:
    windows = {
        tuple([n // m if m and not n % m else 0 for n, m in zip(shape[2:], size, strict=True)])
        for shape in w.value(x).shapes
    }
    window = windows.pop()
    if windows or not all(window):
        raise w.refuse(f"adaptive pooling of size {w.shape(x)[2:]} to {size} has windows of several sizes")
    ones, zeros = [1] * len(window), [0] * len(window)
    return _largest(w, x, list(window), list(window), zeros, ones, zeros)[1]


@translates("take_positions")
def _take_positions(w: Writer, x: Any, positions: Any) -> str:
    lines = w.constant(np.array([0, 0, -1], np.int64))  # (N, C, all else)
    places = w.operand(positions, np.int64)
    flat = w.node("Reshape", w.operand(x), lines)
    taken = w.node("GatherElements", flat, w.node("Reshape", places, lines), axis=2)
    return w.node("Reshape", taken, w.node("Shape", places))


@translates("_windows")
def _windows(w: Writer, x: Any, window: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> str:
    widths = [0, 0, *padding]
    name = w.node("Pad", w.operand(x), w.ints([*widths, *widths]), w.constant(0, w.out.dtype)) if any(widths) else (
        w.operand(x)
    )  # fmt: skip
    count = len(window)
    sizes = list(zip(*w.out.shapes))
    if any(len(set(n)) > 1 for n in sizes[2:]):
        raise w.refuse("the sizes of the images must not change")
    for axis, (k, s, d) in enumerate(zip(window, stride, dilation, strict=True)):
        places = np.arange(k)[:, None] * d + np.arange(w.out.shape[2 + count + axis]) * s
        name = w.node("Gather", name, w.constant(places, np.int64), axis=2 + 2 * axis)
    # (N, C, K, P, L, Q, ...) -> (N, C, K, L, ..., P, Q, ...)
    order = [0, 1, *range(2, 2 + 2 * count, 2), *range(3, 3 + 2 * count, 2)]
    return w.node("Transpose", name, perm=order)


@translates("_joined_windows")
def _joined_windows(w: Writer, windows: Any, size: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> str:
    axes = len(size)
    if axes != 2 or any(len(set(n)) > 1 for n in list(zip(*w.out.shapes))[2:]):
        raise w.refuse("only windows of images of two axes and a fixed size are joined")
    n, c, *window, p, q = w.shape(windows)
    batch = tuple([shape[0] for shape in w.out.shapes])
    columns = reshaped(
        w, w.operand(windows), [Number(batch) if len(set(batch)) > 1 else n, c * math.prod(window), p * q]
    )
    return w.node(
        "Col2Im", columns, w.ints(size), w.ints(window), strides=list(stride), pads=[*padding, *padding],
        dilations=list(dilation),
    )  # fmt: skip

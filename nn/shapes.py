"""The arithmetic of layers: output sizes and numbers of parameters, with the formula and the numbers in it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from nn.module import check_size


@dataclass(frozen=True)
class Calculation:
    """A number, and how it comes about; printing it shows both.

    Attributes:
        value: the number.
        formula: the formula, by names.
        numbers: the formula with the numbers in place of the names.
    """

    value: int
    formula: str
    numbers: str

    def __str__(self) -> str:
        return f"{self.formula} = {self.numbers} = {self.value}"

    def __int__(self) -> int:
        return self.value


def output_size(
    size: int, window: int, stride: int = 1, padding: int = 0, dilation: int = 1, *, strict: bool = False
) -> Calculation:
    """Return how many windows fit an axis: the output size of a convolution or pooling.

    Args:
        size: W, the input's size.
        window: F, the window's ("receptive field").
        stride: S, the step between windows.
        padding: P, zeros on each side.
        dilation: D, the step between the elements of a window.
        strict: refuse sizes where windows do not fill the axis, so that S does not divide W - F + 2P: the last elements
            would not be looked at.

    Raises:
        TypeError: for numbers that are not integers.
        ValueError: for numbers that are too small, when no window fits, or as `strict` says.

    >>> print(output_size(227, 11, stride=4, strict=True))
    (W - F + 2P)/S + 1 = (227 - 11 + 2*0)/4 + 1 = 55
    >>> output_size(10, 3, stride=2, strict=True)
    Traceback (most recent call last):
        ...
    ValueError: windows do not fill the axis: (W - F + 2P)/S = (10 - 3 + 2*0)/2 = 3.5 is not whole; W = 9 or 11 would do
    """
    for name, value, least in (("size", size, 0), ("window", window, 1), ("stride", stride, 1),
                               ("padding", padding, 0), ("dilation", dilation, 1)):  # fmt: skip
        check_size(value, name, least)
    reach = dilation * (window - 1) + 1
    room = size - reach + 2 * padding
    names = "W - F + 2P" if dilation == 1 else "W - D(F - 1) - 1 + 2P"
    numbers = f"{size} - {window}" if dilation == 1 else f"{size} - {dilation}*({window} - 1) - 1"
    numbers += f" + 2*{padding}"
    if room < 0:
        raise ValueError(
            f"no window fits: ({names})/S + 1 = ({numbers})/{stride} + 1 is below 1; use a larger input or more padding"
        )
    rest = room % stride
    if not rest:
        return Calculation(room // stride + 1, f"({names})/S + 1", f"({numbers})/{stride} + 1")
    if strict:
        raise ValueError(
            f"windows do not fill the axis: ({names})/S = ({numbers})/{stride} = {room / stride:g} is not whole; "
            f"W = {size - rest} or {size - rest + stride} would do"
        )
    return Calculation(room // stride + 1, f"floor(({names})/S) + 1", f"floor(({numbers})/{stride}) + 1")


def transposed_output_size(
    size: int, window: int, stride: int = 1, padding: int = 0, output_padding: int = 0, dilation: int = 1
) -> Calculation:
    """Return the output size of a transposed convolution.

    Args:
        size: W, the input's size.
        window: F, the filter's.
        stride: S, the step between the places where filters are put.
        padding: P, how much is cut off on each side.
        output_padding: E, how much longer the result is at its end.
        dilation: D, the step between the elements of a filter.

    Raises:
        TypeError: for numbers that are not integers.
        ValueError: for numbers that are too small, or when nothing is left.

    >>> print(transposed_output_size(16, 4, stride=2, padding=1))
    (W - 1)S - 2P + D(F - 1) + E + 1 = (16 - 1)*2 - 2*1 + 1*(4 - 1) + 0 + 1 = 32
    """
    for name, value, least in (("size", size, 1), ("window", window, 1), ("stride", stride, 1), ("padding", padding, 0),
                               ("output_padding", output_padding, 0), ("dilation", dilation, 1)):  # fmt: skip
        check_size(value, name, least)
    value = (size - 1) * stride - 2 * padding + dilation * (window - 1) + output_padding + 1
    formula = "(W - 1)S - 2P + D(F - 1) + E + 1"
    numbers = f"({size} - 1)*{stride} - 2*{padding} + {dilation}*({window} - 1) + {output_padding} + 1"
    if value < 1:
        raise ValueError(f"nothing is left: {formula} = {numbers} = {value} is below 1; use less padding")
    return Calculation(value, formula, numbers)


def convolution_parameters(
    in_channels: int, out_channels: int, window: int | tuple[int, ...], groups: int = 1, bias: bool = True,
    axes: int = 2,
) -> Calculation:  # fmt: skip
    """Return how many parameters a convolution has.

    Args:
        in_channels: C.
        out_channels: O, the number of filters.
        window: the filter's size, a number or one for each of the image axes.
        groups: G, into how many groups the channels are split.
        bias: whether there is one for each filter.
        axes: the number of image axes, when `window` is a number.

    Raises:
        TypeError: for numbers that are not integers.
        ValueError: for numbers below 1, or groups that do not divide the channels.

    >>> print(convolution_parameters(3, 10, 5))
    (F*F*C + 1)*O = (5*5*3 + 1)*10 = 760
    """
    sizes = tuple(window) if isinstance(window, tuple | list) else (window,) * axes
    for name, value in (("in_channels", in_channels), ("out_channels", out_channels), ("groups", groups),
                        *(("window", k) for k in sizes)):  # fmt: skip
        check_size(value, name)
    if in_channels % groups or out_channels % groups:
        raise ValueError(f"groups={groups} must divide in_channels={in_channels} and out_channels={out_channels}")
    share = "C" if groups == 1 else "C/G"
    product, numbers = "*".join(["F"] * len(sizes)), "*".join(map(str, sizes))
    shown = f"{in_channels}" if groups == 1 else f"{in_channels}/{groups}"
    value = (math.prod(sizes) * in_channels // groups + bias) * out_channels
    if not bias:
        return Calculation(value, f"{product}*{share}*O", f"{numbers}*{shown}*{out_channels}")
    return Calculation(value, f"({product}*{share} + 1)*O", f"({numbers}*{shown} + 1)*{out_channels}")


def linear_parameters(in_features: int, out_features: int, bias: bool = True) -> Calculation:
    """Return how many parameters a linear layer has.

    Raises:
        TypeError: for numbers that are not integers.
        ValueError: for numbers below 1.

    >>> print(linear_parameters(120, 84))
    (I + 1)*O = (120 + 1)*84 = 10164
    """
    check_size(in_features, "in_features")
    check_size(out_features, "out_features")
    value = (in_features + bias) * out_features
    if not bias:
        return Calculation(value, "I*O", f"{in_features}*{out_features}")
    return Calculation(value, "(I + 1)*O", f"({in_features} + 1)*{out_features}")

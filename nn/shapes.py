"""The arithmetic of layers: output sizes and numbers of parameters, with the formula and the numbers in it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import autograd
from nn.containers import Sequential
from nn.conv import Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from nn.linear import Flatten, Linear
from nn.module import Module, Parameter, check_size
from nn.norm import ChannelNorm
from nn.pool import AvgPool1d, AvgPool2d, AvgPool3d, MaxPool1d, MaxPool2d, MaxPool3d

Shape = tuple[int, ...]
Convolution = Conv1d | Conv2d | Conv3d
TransposedConvolution = ConvTranspose1d | ConvTranspose2d | ConvTranspose3d
Pooling = AvgPool1d | AvgPool2d | AvgPool3d | MaxPool1d | MaxPool2d | MaxPool3d


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


# --- whole networks ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LayerSizes:
    """The arithmetic of a layer.

    Attributes:
        name: its dotted name in the network, and its kind.
        shape: of its output, for one example.
        sizes: how that comes about, for each image axis; empty where nothing is to be calculated.
        parameters: their number.
    """

    name: str
    shape: Shape
    sizes: tuple[Calculation, ...] = ()
    parameters: Calculation | None = None


@dataclass(frozen=True)
class LayerTable:
    """The arithmetic of all layers of a network; printing it shows a table.

    Attributes:
        rows: the layers, the first of which is the input.
    """

    rows: tuple[LayerSizes, ...]

    @property
    def parameters(self) -> int:
        """The number of all parameters."""
        return sum(row.parameters.value for row in self.rows if row.parameters)

    def __str__(self) -> str:
        cells = [("layer", "output", "size", "parameters")]
        for row in self.rows:
            sizes = "; ".join(dict.fromkeys(map(str, row.sizes)))
            cells.append((row.name, str(row.shape), sizes, str(row.parameters or "")))
        cells.append(("all", "", "", str(self.parameters)))
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in cells)


def layer_table(network: Module, input_shape: Sequence[int], *, strict: bool = False) -> LayerTable:
    """Return the output sizes and numbers of parameters of the layers of a network, with their formulas.

    Layers inside `Sequential` have a row each; a module of another kind has one row. What has no formula here, is run.

    Args:
        network: the network, or one layer.
        input_shape: of one example, without the batch: (C, H, W) for images.
        strict: refuse windows that do not fill the image, as `output_size` does.

    Raises:
        ValueError: when a layer does not take what the one before gives, or as `strict` says; names the layer.

    >>> import nn
    >>> net = nn.patterns.from_pattern("INPUT -> CONV5-10 -> RELU -> POOL -> FC", (3, 32, 32))
    >>> print(layer_table(net, (3, 32, 32)))
    layer         output        size                                            parameters
    input         (3, 32, 32)
    0: Conv2d     (10, 32, 32)  (W - F + 2P)/S + 1 = (32 - 5 + 2*2)/1 + 1 = 32  (F*F*C + 1)*O = (5*5*3 + 1)*10 = 760
    1: ReLU       (10, 32, 32)
    2: MaxPool2d  (10, 16, 16)  (W - F + 2P)/S + 1 = (32 - 2 + 2*0)/2 + 1 = 16
    3: Flatten    (2560,)       C*H*W = 10*16*16 = 2560
    4: Linear     (10,)                                                         (I + 1)*O = (2560 + 1)*10 = 25610
    all                                                                         26370
    """
    rows = [LayerSizes("input", tuple(check_size(size, "input_shape") for size in input_shape))]
    for name, layer in _layers(network):
        title = f"{name}: {type(layer).__name__}" if name else type(layer).__name__
        try:
            found = measure(layer, rows[-1].shape, strict=strict)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{title}, for input of shape {rows[-1].shape}: {error}") from error
        rows.append(LayerSizes(title, found.shape, found.sizes, found.parameters))
    return LayerTable(tuple(rows))


def _layers(network: Module, prefix: str = "") -> Iterator[tuple[str, Module]]:
    """Yield the layers in the order of their calls, with their dotted names."""
    if not isinstance(network, Sequential):
        yield prefix, network
        return
    for name, child in network.named_children():
        yield from _layers(child, f"{prefix}.{name}" if prefix else name)


def measure(layer: Module, shape: Shape, *, strict: bool = False) -> LayerSizes:
    """Return the arithmetic of one layer for the shape of one example.

    Raises:
        ValueError: when the layer does not take such input, or windows do not fill the image and `strict` is set.

    >>> import nn
    >>> measure(nn.Conv2d(3, 96, 11, stride=4), (3, 227, 227), strict=True).parameters.value
    34944
    """
    kind = type(layer).__name__
    if isinstance(layer, Convolution | TransposedConvolution) and not isinstance(layer.padding, str):
        return _convolution(layer, shape, strict)
    if isinstance(layer, Pooling) and not layer.ceil_mode:
        return _pooling(layer, shape, strict)
    if isinstance(layer, Linear):
        if shape[-1:] != (layer.in_features,):
            raise ValueError(f"takes {layer.in_features} features, not shape {shape}")
        count = linear_parameters(layer.in_features, layer.out_features, layer.bias is not None)
        return LayerSizes(kind, (*shape[:-1], layer.out_features), (), count)
    if isinstance(layer, Flatten) and (layer.start_dim, layer.end_dim) == (1, -1):
        names = "*".join({1: ("I",), 2: ("C", "L"), 3: ("C", "H", "W"), 4: ("C", "D", "H", "W")}.get(len(shape), ()))
        flat = Calculation(math.prod(shape), names or "product", "*".join(map(str, shape)))
        return LayerSizes(kind, (flat.value,), (flat,))
    return _run(layer, shape)


def _convolution(layer: Convolution | TransposedConvolution, shape: Shape, strict: bool) -> LayerSizes:
    _check_layout(shape, layer.axes, layer.in_channels)
    if isinstance(layer, Convolution):
        options = zip(shape[1:], layer.kernel_size, layer.stride, layer.padding, layer.dilation, strict=True)
        sizes = tuple(output_size(*axis, strict=strict) for axis in options)  # type: ignore[arg-type]
    else:
        options = zip(shape[1:], layer.kernel_size, layer.stride, layer.padding, layer.output_padding, layer.dilation)  # type: ignore[assignment]
        sizes = tuple(transposed_output_size(*axis) for axis in options)  # type: ignore[arg-type]
    count = convolution_parameters(
        layer.in_channels, layer.out_channels, layer.kernel_size, layer.groups, layer.bias is not None, layer.axes
    )
    return LayerSizes(type(layer).__name__, (layer.out_channels, *map(int, sizes)), sizes, count)


def _pooling(layer: Pooling, shape: Shape, strict: bool) -> LayerSizes:
    axes = len(shape) - 1
    _check_layout(shape, int(type(layer).__name__[-2]), None)
    given = (layer.kernel_size, layer.stride, layer.padding, getattr(layer, "dilation", 1))
    options = zip(shape[1:], *([value] * axes if isinstance(value, int) else value for value in given), strict=True)
    sizes = tuple(output_size(*axis, strict=strict) for axis in options)
    return LayerSizes(type(layer).__name__, (shape[0], *map(int, sizes)), sizes)


def _check_layout(shape: Shape, axes: int, channels: int | None) -> None:
    if len(shape) != axes + 1 or (channels is not None and shape[0] != channels):
        raise ValueError(f"takes {channels or 'any number of'} channels and {axes} image axes, not shape {shape}")


def _run(layer: Module, shape: Shape) -> LayerSizes:
    """Return the shape that a layer gives by running it, and the sum of the sizes of its parameters."""
    parameters: list[Parameter] = list(layer.parameters())
    dtype = next((p.dtype for p in parameters), autograd.get_default_dtype())
    modes = {module: module.training for module in layer.modules()}
    try:
        with autograd.no_grad():
            output = layer.eval()(autograd.zeros((1, *shape), dtype))
    finally:
        for module, training in modes.items():
            module.training = training
    counts = [p.size for p in parameters]
    formula = "2*C" if isinstance(layer, ChannelNorm) and len(counts) == 2 else "sum of sizes"
    numbers = f"2*{counts[0]}" if formula == "2*C" else " + ".join(map(str, counts))
    return LayerSizes(
        type(layer).__name__, output.shape[1:], (), Calculation(sum(counts), formula, numbers) if counts else None
    )

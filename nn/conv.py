"""Convolution layers, their transposes, and the windows that they work on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

import autograd
from autograd import Tensor
from nn import functional as F
from nn.functional.convolution import convolve, transpose
from nn.functional.sizes import LAYOUTS, Size, Sizes, edges, per_axis
from nn.linear import reset_weight_and_bias
from nn.module import Module, Parameter, as_floating, check_size

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class Convolution(Module):
    """What convolution layers share: their parameters, options and printout. Use `Conv1d` to `ConvTranspose3d`."""

    axes: ClassVar[int]  # the number of image axes

    in_channels: int
    out_channels: int
    kernel_size: Sizes
    stride: Sizes
    padding: str | Sizes
    output_padding: Sizes
    dilation: Sizes
    groups: int
    padding_mode: str
    weight: Parameter
    bias: Parameter | None

    def _set_options(
        self, channels: tuple[int, int], kernel_size: Size, stride: Size, padding: str | Size, dilation: Size,
        groups: int, padding_mode: str,
    ) -> None:  # fmt: skip
        self.in_channels = check_size(channels[0], "in_channels", 0)
        self.out_channels = check_size(channels[1], "out_channels", 0)
        self.kernel_size = per_axis(kernel_size, "kernel_size", 1, self.axes)
        self.stride = per_axis(stride, "stride", 1, self.axes)
        self.padding = padding if isinstance(padding, str) else per_axis(padding, "padding", 0, self.axes)
        self.dilation = per_axis(dilation, "dilation", 1, self.axes)
        self.groups = check_size(groups, "groups")
        self.padding_mode = padding_mode
        self.output_padding = (0,) * self.axes
        if self.in_channels % self.groups or self.out_channels % self.groups:
            raise ValueError(f"groups={groups} must divide in_channels={channels[0]} and out_channels={channels[1]}")

    def _make_parameters(
        self, shape: tuple[int, ...], bias: bool, dtype: DTypeLike | None, generator: np.random.Generator | None
    ) -> None:
        self.weight = Parameter(autograd.zeros(shape, dtype))
        self.bias = Parameter(autograd.zeros(self.out_channels, dtype)) if bias else None
        self.reset_parameters(generator)

    def reset_parameters(self, generator: np.random.Generator | None = None) -> None:
        """Draw new initial values."""
        reset_weight_and_bias(self.weight, self.bias, generator)

    def _checked(self, input: Any) -> Tensor:
        x = as_floating(input, self.weight.dtype, type(self).__name__)
        if x.ndim - self.axes not in (1, 2) or x.shape[-self.axes - 1] != self.in_channels:
            hint = x.ndim - self.axes in (0, 1)
            raise ValueError(
                f"{self!r} takes {LAYOUTS[self.axes]}, with C = {self.in_channels} channels; got shape {x.shape}"
                + (": add the axis of channels with x[:, None]" if hint else "")
            )
        return x

    def extra_repr(self) -> str:
        """Return the constructor's arguments, those that differ from their defaults."""
        nothing = (0,) * self.axes
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        text += f", padding={self.padding}" if self.padding != nothing else ""
        text += f", dilation={self.dilation}" if self.dilation != (1,) * self.axes else ""
        text += f", output_padding={self.output_padding}" if self.output_padding != nothing else ""
        text += f", groups={self.groups}" if self.groups != 1 else ""
        text += ", bias=False" if self.bias is None else ""
        return text + (f", padding_mode={self.padding_mode}" if self.padding_mode != "zeros" else "")


class _Conv(Convolution):
    """A convolution layer with any number of image axes."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Size, stride: Size = 1, padding: str | Size = 0,
        dilation: Size = 1, groups: int = 1, bias: bool = True, padding_mode: str = "zeros", *,
        dtype: DTypeLike | None = None, generator: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        channels = in_channels, out_channels
        self._set_options(channels, kernel_size, stride, padding, dilation, groups, padding_mode)
        edges(self.padding, self.kernel_size, self.stride, self.dilation)  # raises if they do not fit each other
        if padding_mode not in PADDING_MODES:
            raise ValueError(f"padding_mode must be one of {', '.join(PADDING_MODES)}, not {padding_mode!r}")
        shape = (self.out_channels, self.in_channels // self.groups, *self.kernel_size)
        self._make_parameters(shape, bias, dtype, generator)

    def forward(self, input: Any) -> Tensor:
        """Return the convolved images (N, O, *P), for input (N, C, *S)."""
        x = self._checked(input)
        padding = self.padding
        if self.padding_mode != "zeros":
            around = edges(padding, self.kernel_size, self.stride, self.dilation)
            x = F.pad(x, [width for ends in reversed(around) for width in ends], self.padding_mode)
            padding = (0,) * self.axes
        return convolve(self.axes, x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class Conv1d(_Conv):
    """Convolution of signals with learned filters; arguments, initial values and errors as for `Conv2d`.

    Shapes:
        input (N, C, L) or (C, L), floating; output (N, O, P) or (O, P) with
        P = floor((L + 2*padding - dilation*(K - 1) - 1) / stride) + 1; `weight` (O, C/groups, K); `bias` (O,) or None.

    >>> layer = Conv1d(3, 8, kernel_size=5, stride=2)
    >>> layer(np.ones((5, 3, 16))).shape
    (5, 8, 6)
    """

    axes = 1


class Conv2d(_Conv):
    """Convolution of images with learned filters (cross-correlation, see `nn.functional.conv2d` for the formula).

    Weight and bias start uniform in +-1/sqrt(fan_in), fan_in = in_channels/groups * K * L, as in PyTorch: for the
    weight that is `init.kaiming_uniform_(a=sqrt(5))` (He et al., Delving deep into rectifiers, 2015). The layer's idea
    is in LeCun et al., Backpropagation applied to handwritten zip code recognition (1989).

    Args:
        in_channels: C.
        out_channels: O.
        kernel_size: (K, L), or one number for both.
        stride: the step between windows.
        padding: zeros on each side; "valid" for none; "same" for as many as keep the size, for stride 1.
        dilation: the step between the elements of a window.
        groups: the channels are split into so many groups, each with its own filters.
        bias: whether to add one.
        padding_mode: how to continue the image: "zeros", "reflect", "replicate" or "circular".
        dtype: of the parameters; the default dtype by default. Input is converted to it.
        generator: the source of the initial values; `autograd.default_generator()` by default.

    Shapes:
        input (N, C, H, W) or (C, H, W), floating; output (N, O, P, Q) or (O, P, Q) with
        P = floor((H + 2*padding - dilation*(K - 1) - 1) / stride) + 1, Q likewise; `weight` (O, C/groups, K, L);
        `bias` (O,) or None.

    Raises:
        TypeError: for sizes that are not integers, or input that is not floating.
        ValueError: for options that do not fit each other, or input with other channels or smaller than a window.

    >>> layer = Conv2d(3, 8, kernel_size=3, padding=1)
    >>> layer(np.ones((5, 3, 16, 16))).shape
    (5, 8, 16, 16)
    """

    axes = 2


class Conv3d(_Conv):
    """Convolution of volumes with learned filters; arguments, initial values and errors as for `Conv2d`.

    Shapes:
        input (N, C, D, H, W) or (C, D, H, W), floating; output (N, O, P, Q, R) or (O, P, Q, R), sized as for `Conv2d`;
        `weight` (O, C/groups, K, L, M); `bias` (O,) or None.

    >>> layer = Conv3d(3, 8, kernel_size=3, padding="same")
    >>> layer(np.ones((5, 3, 4, 4, 4))).shape
    (5, 8, 4, 4, 4)
    """

    axes = 3


class _ConvTranspose(Convolution):
    """A transposed convolution layer with any number of image axes."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Size, stride: Size = 1, padding: Size = 0,
        output_padding: Size = 0, groups: int = 1, bias: bool = True, dilation: Size = 1, padding_mode: str = "zeros",
        *, dtype: DTypeLike | None = None, generator: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        if padding_mode != "zeros":
            raise ValueError(f"a transposed convolution has only padding_mode='zeros', not {padding_mode!r}")
        channels, edge = (in_channels, out_channels), per_axis(padding, "padding", 0, self.axes)
        self._set_options(channels, kernel_size, stride, edge, dilation, groups, padding_mode)
        self.output_padding = per_axis(output_padding, "output_padding", 0, self.axes)
        shape = (self.in_channels, self.out_channels // self.groups, *self.kernel_size)
        self._make_parameters(shape, bias, dtype, generator)

    def forward(self, input: Any, output_size: Sequence[int] | None = None) -> Tensor:
        """Return images (N, O, *S) for input (N, C, *P); `output_size` chooses S, with or without N and O before it."""
        x = self._checked(input)
        extra = self.output_padding if output_size is None else self._extra(x.shape[-self.axes :], output_size)
        return transpose(
            self.axes, x, self.weight, self.bias, self.stride, self._edge(), extra, self.groups, self.dilation
        )

    def _extra(self, places: Sizes, output_size: Sequence[int]) -> Sizes:
        """Return the output padding that leads to a size."""
        wanted = tuple(output_size)[-self.axes :]
        options = zip(places, self.kernel_size, self.stride, self._edge(), self.dilation, strict=True)
        least = [(p - 1) * s - 2 * e + d * (k - 1) + 1 for p, k, s, e, d in options]
        extra = tuple([n - m for n, m in zip(wanted, least, strict=False)])
        if len(wanted) != self.axes or any(not 0 <= e < s for e, s in zip(extra, self.stride, strict=False)):
            most = [m + s - 1 for m, s in zip(least, self.stride, strict=True)]
            raise ValueError(f"{self!r}: output_size must be between {least} and {most}, not {tuple(output_size)}")
        return extra

    def _edge(self) -> Sizes:
        return per_axis(self.padding, "padding", 0, self.axes)


class ConvTranspose1d(_ConvTranspose):
    """Transposed convolution of signals; arguments, initial values and errors as for `ConvTranspose2d`.

    Shapes:
        input (N, C, P) or (C, P), floating; output (N, O, L) or (O, L), sized as for `ConvTranspose2d`; `weight`
        (C, O/groups, K); `bias` (O,) or None.

    >>> layer = ConvTranspose1d(3, 8, kernel_size=4, stride=2)
    >>> layer(np.ones((5, 3, 16))).shape
    (5, 8, 34)
    """

    axes = 1


class ConvTranspose2d(_ConvTranspose):
    """The transpose of a convolution, which makes images larger (see `nn.functional.conv_transpose2d`).

    Also called deconvolution, wrongly. Source: Zeiler et al., Deconvolutional networks (2010). Weight and bias start
    uniform in +-1/sqrt(fan_in) with fan_in = out_channels/groups * K * L, as in PyTorch.

    Args:
        in_channels: C.
        out_channels: O.
        kernel_size: (K, L), or one number for both.
        stride: the step between the places where filters are put.
        padding: how much is cut off on each side of the result.
        output_padding: how much longer the result is at its end; less than the stride or the dilation.
        groups: the channels are split into so many groups.
        bias: whether to add one.
        dilation: the step between the elements of a filter.
        padding_mode: "zeros" is the only one.
        dtype: of the parameters; the default dtype by default. Input is converted to it.
        generator: the source of the initial values; `autograd.default_generator()` by default.

    Shapes:
        input (N, C, P, Q) or (C, P, Q), floating; output (N, O, H, W) or (O, H, W) with
        H = (P - 1)*stride - 2*padding + dilation*(K - 1) + output_padding + 1, W likewise; `weight`
        (C, O/groups, K, L); `bias` (O,) or None. The layer takes `output_size=(H, W)` as second argument.

    Raises:
        TypeError: for sizes that are not integers, or input that is not floating.
        ValueError: for options that do not fit each other, input with other channels, or an `output_size` that no
            output padding leads to.

    >>> layer = ConvTranspose2d(3, 8, kernel_size=3, stride=2)
    >>> layer(np.ones((5, 3, 16, 16)), output_size=(34, 33)).shape
    (5, 8, 34, 33)
    """

    axes = 2


class ConvTranspose3d(_ConvTranspose):
    """Transposed convolution of volumes; arguments, initial values and errors as for `ConvTranspose2d`.

    Shapes:
        input (N, C, P, Q, R) or (C, P, Q, R), floating; output (N, O, D, H, W) or (O, D, H, W), sized as for
        `ConvTranspose2d`; `weight` (C, O/groups, K, L, M); `bias` (O,) or None.

    >>> layer = ConvTranspose3d(3, 8, kernel_size=2, stride=2)
    >>> layer(np.ones((5, 3, 2, 2, 2))).shape
    (5, 8, 4, 4, 4)
    """

    axes = 3


class Unfold(Module):
    """The windows of images as the columns of matrices.

    Args:
        kernel_size: (K, L), or one number for both.
        dilation: the step between the elements of a window.
        padding: zeros on each side.
        stride: the step between windows.

    Shapes:
        input (N, C, H, W) or (C, H, W); output (N, C*K*L, P*Q) or (C*K*L, P*Q), with P and Q as for `Conv2d`.

    Raises:
        ValueError: when no window fits; shows the formula with the numbers.

    >>> Unfold(2)(np.ones((5, 3, 4, 4))).shape
    (5, 12, 9)
    """

    kernel_size: Size
    dilation: Size
    padding: Size
    stride: Size

    def __init__(self, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1) -> None:
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Any) -> Tensor:
        """Return the windows (N, C*K*L, P*Q), for input (N, C, H, W)."""
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        """Return the constructor's arguments."""
        return f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, stride={self.stride}"


class Fold(Module):
    """Images in which windows are added at their places: the transpose of `Unfold`.

    Args:
        output_size: (H, W), or one number for both.
        kernel_size: (K, L), likewise.
        dilation: the step between the elements of a window.
        padding: how much is cut off on each side.
        stride: the step between windows.

    Shapes:
        input (N, C*K*L, P*Q) or (C*K*L, P*Q); output (N, C, H, W) or (C, H, W).

    Raises:
        ValueError: when the windows are not as many, or not as large, as the sizes say.

    >>> Fold((4, 4), 2)(np.ones((5, 12, 9))).shape
    (5, 3, 4, 4)
    """

    output_size: Size
    kernel_size: Size
    dilation: Size
    padding: Size
    stride: Size

    def __init__(
        self, output_size: Size, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1
    ) -> None:
        self.output_size = output_size
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Any) -> Tensor:
        """Return images (N, C, H, W), for windows (N, C*K*L, P*Q)."""
        return F.fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        """Return the constructor's arguments."""
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, dilation={self.dilation}, "
            f"padding={self.padding}, stride={self.stride}"
        )

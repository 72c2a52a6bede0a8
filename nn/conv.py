"""Convolution layers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

import autograd
from autograd import Tensor
from nn import functional as F
from nn.functional.sizes import PADDING_MODES, Pair, Size, edges, pad_image, pair
from nn.linear import reset_weight_and_bias
from nn.module import Module, Parameter, as_floating, check_size


class Conv2d(Module):
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

    in_channels: int
    out_channels: int
    kernel_size: Pair
    stride: Pair
    padding: str | Pair
    dilation: Pair
    groups: int
    padding_mode: str
    weight: Parameter
    bias: Parameter | None

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Size, stride: Size = 1, padding: str | Size = 0,
        dilation: Size = 1, groups: int = 1, bias: bool = True, padding_mode: str = "zeros", *,
        dtype: DTypeLike | None = None, generator: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        self.in_channels = check_size(in_channels, "in_channels", 0)
        self.out_channels = check_size(out_channels, "out_channels", 0)
        self.kernel_size = pair(kernel_size, "kernel_size", 1)
        self.stride = pair(stride, "stride", 1)
        self.padding = padding if isinstance(padding, str) else pair(padding, "padding", 0)
        self.dilation = pair(dilation, "dilation", 1)
        self.groups = check_size(groups, "groups")
        self.padding_mode = padding_mode
        edges(self.padding, self.kernel_size, self.stride, self.dilation)  # raises if they do not fit each other
        if self.in_channels % self.groups or self.out_channels % self.groups:
            raise ValueError(f"groups={groups} must divide in_channels={in_channels} and out_channels={out_channels}")
        if padding_mode not in PADDING_MODES:
            raise ValueError(f"padding_mode must be one of {', '.join(PADDING_MODES)}, not {padding_mode!r}")
        shape = (self.out_channels, self.in_channels // self.groups, *self.kernel_size)
        self.weight = Parameter(autograd.zeros(shape, dtype))
        self.bias = Parameter(autograd.zeros(self.out_channels, dtype)) if bias else None
        self.reset_parameters(generator)

    def reset_parameters(self, generator: np.random.Generator | None = None) -> None:
        """Draw new initial values."""
        reset_weight_and_bias(self.weight, self.bias, generator)

    def forward(self, input: Any) -> Tensor:
        """Return the convolved images (N, O, P, Q), for input (N, C, H, W)."""
        x = as_floating(input, self.weight.dtype, "Conv2d")
        if x.ndim not in (3, 4) or x.shape[-3] != self.in_channels:
            raise ValueError(
                f"{self!r} takes images (N, C, H, W), or one (C, H, W), with C = {self.in_channels} channels; "
                f"got shape {x.shape}" + (": add the axis of channels with x[:, None]" if x.ndim in (2, 3) else "")
            )
        padding: str | Pair = self.padding
        if self.padding_mode != "zeros":
            around = edges(padding, self.kernel_size, self.stride, self.dilation)
            x, padding = pad_image(x, around, self.padding_mode), (0, 0)
        return F.conv2d(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)

    def extra_repr(self) -> str:
        """Return the constructor's arguments, those that differ from their defaults."""
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        text += f", padding={self.padding}" if self.padding != (0, 0) else ""
        text += f", dilation={self.dilation}" if self.dilation != (1, 1) else ""
        text += f", groups={self.groups}" if self.groups != 1 else ""
        text += ", bias=False" if self.bias is None else ""
        return text + (f", padding_mode={self.padding_mode}" if self.padding_mode != "zeros" else "")

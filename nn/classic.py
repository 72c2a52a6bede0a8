"""Layers of the first convolutional networks: trainable subsampling, connection tables, L2 pooling."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

import autograd
from autograd import Tensor
from nn import functional as F
from nn.conv import Conv2d
from nn.functional.sizes import LAYOUTS, Size
from nn.module import Module, Parameter, as_floating, check_size


class AverageSubsampling(Module):
    """The mean of each window, times a trainable coefficient, plus a trainable bias, one of each for every channel.

    Source: LeCun et al., Gradient-based learning applied to document recognition (1998), section II.B: layers S2 and
    S4 of LeNet-5 (there the sum of a window; the coefficient takes up the difference). The activation that follows
    there is a layer of its own here. Coefficients start at 1 and biases at 0: plain average pooling.

    Args:
        channels: C.
        kernel_size: the window's size, a number or one for each image axis.
        stride: the step between windows; by default the window's size.
        dtype: of the parameters; the default dtype by default. Input is converted to it.

    Shapes:
        input (N, C, H, W) or (C, H, W), floating; output (N, C, P, Q) or (C, P, Q) with
        P = floor((H - K) / stride) + 1; `weight` (C,); `bias` (C,).

    Raises:
        TypeError: for channels that are not an integer, or input that is not floating.
        ValueError: for input with other channels or smaller than a window.

    >>> layer = AverageSubsampling(6, 2)
    >>> layer(np.ones((5, 6, 28, 28))).shape, sum(p.size for p in layer.parameters())
    ((5, 6, 14, 14), 12)
    """

    channels: int
    kernel_size: Size
    stride: Size
    weight: Parameter
    bias: Parameter

    def __init__(
        self, channels: int, kernel_size: Size = 2, stride: Size | None = None, *, dtype: DTypeLike | None = None
    ) -> None:
        self.channels = check_size(channels, "channels")
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.weight = Parameter(autograd.ones(self.channels, dtype))
        self.bias = Parameter(autograd.zeros(self.channels, dtype))

    def forward(self, input: Any) -> Tensor:
        """Return weight * mean + bias (N, C, P, Q), for input (N, C, H, W)."""
        x = as_floating(input, self.weight.dtype, "AverageSubsampling")
        if x.ndim not in (3, 4) or x.shape[-3] != self.channels:
            raise ValueError(f"{self!r} takes {LAYOUTS[2]}, with C = {self.channels} channels; got shape {x.shape}")
        means = F.avg_pool2d(x, self.kernel_size, self.stride)
        return means * self.weight.reshape(-1, 1, 1) + self.bias.reshape(-1, 1, 1)

    def extra_repr(self) -> str:
        """Return the constructor's arguments."""
        return f"{self.channels}, kernel_size={self.kernel_size}, stride={self.stride}"


class ConnectionTableConv2d(Conv2d):
    """A convolution in which each output map sees only some of the input maps.

    The others have no weights as far as can be seen: their part of `weight` is kept, but never used, starts at 0 and
    gets the gradient 0. Source: LeCun et al., Gradient-based learning applied to document recognition (1998),
    section II.B and table I.

    Args:
        in_channels: C.
        out_channels: O.
        kernel_size: (K, L), or one number for both.
        table: which maps are connected: (O, C) of 0 and 1 or bools; `LENET5` is LeNet-5's for 6 and 16 maps. Or an
            integer: each output map sees so many, chosen at random.
        stride: the step between windows.
        padding: as for `Conv2d`.
        bias: whether to add one.
        dtype: of the parameters; the default dtype by default. Input is converted to it.
        generator: the source of the initial values and the choice; `autograd.default_generator()` by default.

    Shapes:
        input (N, C, H, W) or (C, H, W), floating; output (N, O, P, Q) or (O, P, Q), sized as for `Conv2d`; `weight`
        (O, C, K, L); `bias` (O,) or None; `table` (O, C), a buffer of 0 and 1.

    Raises:
        TypeError: for sizes that are not integers, or input that is not floating.
        ValueError: for a table of another shape, with other numbers, or with an output map that sees nothing; or for
            options or input as of `Conv2d`.

    >>> layer = ConnectionTableConv2d(6, 16, 5, table=LENET5)
    >>> layer(np.ones((1, 6, 14, 14))).shape, layer.connections()
    ((1, 16, 10, 10), 1516)
    """

    table: Tensor

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Size, table: Any, stride: Size = 1,
        padding: str | Size = 0, bias: bool = True, *, dtype: DTypeLike | None = None,
        generator: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        shape = check_size(out_channels, "out_channels"), check_size(in_channels, "in_channels")
        chosen = _random_table(shape, table, generator) if isinstance(table, int) else np.asarray(table)
        if chosen.shape != shape or not np.isin(chosen, (0, 1)).all() or not chosen.any(axis=1).all():
            raise ValueError(
                f"a connection table for {in_channels} input and {out_channels} output maps has shape {shape}, is made "
                f"of 0 and 1, and has a 1 in each row; got shape {chosen.shape}:\n{chosen}"
            )
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, bias=bias, dtype=dtype, generator=generator
        )
        self.register_buffer("table", Tensor(chosen.astype(self.weight.dtype)))
        self.reset_parameters(generator)

    def reset_parameters(self, generator: np.random.Generator | None = None) -> None:
        """Draw new initial values, uniform in +-1/sqrt(fan_in), by the number of maps that each output map sees."""
        super().reset_parameters(generator)
        if "table" not in self._buffers:  # called while the convolution is made
            return
        seen = self.table.data.sum(axis=1)
        scale = np.sqrt(self.in_channels / seen).astype(self.weight.dtype)
        with autograd.no_grad():
            self.weight[...] = self.weight * (self.table.data * scale[:, None])[:, :, None, None]
            if self.bias is not None:
                self.bias[...] = self.bias * scale

    def forward(self, input: Any) -> Tensor:
        """Return the convolved images (N, O, P, Q), for input (N, C, H, W)."""
        weight = self.weight * self.table.detach()[:, :, None, None]
        x = self._checked(input)
        return F.conv2d(x, weight, self.bias, self.stride, self.padding, self.dilation, self.groups)

    def connections(self) -> int:
        """Return how many trainable numbers are really used: the weights of connected maps, and the biases."""
        weights = int(self.table.data.sum()) * int(np.prod(self.kernel_size))
        return weights + (self.out_channels if self.bias is not None else 0)

    def extra_repr(self) -> str:
        """Return the constructor's arguments, with the number of connected pairs of maps for the table."""
        return f"{super().extra_repr()}, connected={int(self.table.data.sum())} of {self.table.size}"


def _random_table(shape: tuple[int, int], count: int, generator: np.random.Generator | None) -> np.ndarray:
    """Return a table (O, C) in which each output map sees `count` input maps, chosen at random."""
    if not 1 <= count <= shape[1]:
        raise ValueError(f"each output map can see between 1 and {shape[1]} input maps, not {count}")
    order = (generator or autograd.default_generator()).random(shape).argsort(axis=1)
    return order < count


# Table I of LeCun et al. (1998): which of S2's 6 maps each of C3's 16 maps sees. The first six see three in a row, the
# next six four in a row, the next three two pairs, the last all.
_SEEN = (
    [[(i + k) % 6 for k in range(3)] for i in range(6)]
    + [[(i + k) % 6 for k in range(4)] for i in range(6)]
    + [[(i + k) % 6 for k in (0, 1, 3, 4)] for i in range(3)]
    + [list(range(6))]
)
LENET5 = tuple(tuple(int(c in seen) for c in range(6)) for seen in _SEEN)


class L2Pool2d(Module):
    """The root of the (weighted) sum of squares of each window.

    Source: Sermanet, Chintala and LeCun, Convolutional neural networks applied to house numbers digit classification
    (2012), section 2.1, where the squares are weighted by a Gaussian; without weights it is `LPPool2d(2)`.

    Args:
        kernel_size: the window's size, a number or one for each image axis.
        stride: the step between windows; by default the window's size.
        weight: the weights of a window's squares, (K, L), not negative; all 1 by default.

    Shapes:
        input (N, C, H, W) or (C, H, W), floating; output (N, C, P, Q) or (C, P, Q) with
        P = floor((H - K) / stride) + 1. Where all of a window is 0, so is the gradient.

    Raises:
        ValueError: for weights of another shape than the window, or negative ones, or when no window fits the image.

    >>> L2Pool2d(2)(Tensor([[[3.0, 0.0], [0.0, 4.0]]]))
    Tensor([[[5.]]])
    """

    kernel_size: Size
    stride: Size
    weight: Tensor | None

    def __init__(self, kernel_size: Size, stride: Size | None = None, weight: Any = None) -> None:
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.register_buffer("weight", None if weight is None else Tensor(np.asarray(weight)))
        if self.weight is not None:
            window = (kernel_size, kernel_size) if isinstance(kernel_size, int) else tuple(kernel_size)
            if self.weight.shape != window or (self.weight.data < 0).any():
                raise ValueError(
                    f"L2Pool2d: weight must have the shape of the window {window} and no negative numbers; got shape "
                    f"{self.weight.shape}"
                )

    def forward(self, input: Any) -> Tensor:
        """Return the norms (N, C, P, Q), for input (N, C, H, W)."""
        x = as_floating(input, None, "L2Pool2d")
        if self.weight is None:
            return F.lp_pool2d(x, 2, self.kernel_size, self.stride)
        channels = x.shape[-3] if x.ndim > 2 else 0
        filters = autograd.broadcast_to(self.weight.detach().astype(x.dtype), (channels, 1, *self.weight.shape))
        sums = F.conv2d(autograd.square(x), filters, stride=self.stride, groups=max(channels, 1))
        nothing = sums == 0
        return autograd.where(nothing, 0, autograd.sqrt(autograd.where(nothing, 1, sums)))

    def extra_repr(self) -> str:
        """Return the constructor's arguments."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}"

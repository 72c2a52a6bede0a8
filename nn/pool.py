"""Pooling layers: images made smaller, window by window."""

from __future__ import annotations

from typing import Any

from autograd import Tensor
from nn import functional as F
from nn.functional.sizes import Size
from nn.module import Module


class MaxPool2d(Module):
    """The largest value of each window.

    Args:
        kernel_size: the window's size, a number or one for each image axis.
        stride: the step between windows; by default the window's size.
        padding: positions added on each side, at most half a window; they never win.
        dilation: the step between the elements of a window.
        return_indices: not supported.
        ceil_mode: also take windows that reach over the end, if they begin inside.

    Shapes:
        input (N, C, H, W) or (C, H, W) of any real dtype; output (N, C, P, Q) or (C, P, Q) with
        P = floor((H + 2*padding - dilation*(K - 1) - 1) / stride) + 1.

    Raises:
        ValueError: when options do not fit each other, or no window fits the image.
        NotImplementedError: for `return_indices=True`.

    >>> MaxPool2d(2)(Tensor([[[[1.0, 2.0], [3.0, 4.0]]]]))
    Tensor([[[[4.]]]])
    """

    kernel_size: Size
    stride: Size
    padding: Size
    dilation: Size
    return_indices: bool
    ceil_mode: bool

    def __init__(
        self, kernel_size: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1,
        return_indices: bool = False, ceil_mode: bool = False,
    ) -> None:  # fmt: skip
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, input: Any) -> Tensor:
        """Return the largest values (N, C, P, Q), for input (N, C, H, W)."""
        return F.max_pool2d(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )

    def extra_repr(self) -> str:
        """Return the constructor's arguments."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class AvgPool2d(Module):
    """The mean of each window.

    Args:
        kernel_size: the window's size, a number or one for each image axis.
        stride: the step between windows; by default the window's size.
        padding: zeros added on each side, at most half a window.
        ceil_mode: also take windows that reach over the end, if they begin inside.
        count_include_pad: the zeros of the padding count as elements.
        divisor_override: divide the sums by this instead of the number of elements.

    Shapes:
        input (N, C, H, W) or (C, H, W), floating; output (N, C, P, Q) or (C, P, Q) with
        P = floor((H + 2*padding - K) / stride) + 1.

    Raises:
        ValueError: when options do not fit each other, or no window fits the image.

    >>> AvgPool2d(2)(Tensor([[[[1.0, 2.0], [3.0, 4.0]]]]))
    Tensor([[[[2.5]]]])
    """

    kernel_size: Size
    stride: Size
    padding: Size
    ceil_mode: bool
    count_include_pad: bool
    divisor_override: int | None

    def __init__(
        self, kernel_size: Size, stride: Size | None = None, padding: Size = 0, ceil_mode: bool = False,
        count_include_pad: bool = True, divisor_override: int | None = None,
    ) -> None:  # fmt: skip
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Any) -> Tensor:
        """Return the means (N, C, P, Q), for input (N, C, H, W)."""
        return F.avg_pool2d(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad,
            self.divisor_override,
        )  # fmt: skip

    def extra_repr(self) -> str:
        """Return the first of the constructor's arguments, as PyTorch does."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"

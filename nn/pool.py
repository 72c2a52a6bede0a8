"""Pooling layers: images made smaller, window by window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from autograd import Tensor
from nn import functional as F
from nn.functional.pooling import Output
from nn.functional.sizes import Size, Sizes, per_axis
from nn.module import Module


class _MaxPool(Module):
    """The largest value of each window, for any number of image axes."""

    axes: ClassVar[int]

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

    def forward(self, input: Any) -> Any:
        """Return the largest values (N, C, *P), and with `return_indices` their positions, for input (N, C, *S)."""
        pool = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[self.axes - 1]
        return pool(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )

    def extra_repr(self) -> str:
        """Return the constructor's arguments."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPool):
    """The largest value of each window of signals; arguments and errors as for `MaxPool2d`.

    Shapes:
        input (N, C, L) or (C, L) of any real dtype; output (N, C, P) or (C, P), sized as for `MaxPool2d`.

    >>> MaxPool1d(2)(Tensor([[1.0, 2.0, 4.0, 3.0]]))
    Tensor([[2., 4.]])
    """

    axes = 1


class MaxPool2d(_MaxPool):
    """The largest value of each window.

    Args:
        kernel_size: the window's size, a number or one for each image axis.
        stride: the step between windows; by default the window's size.
        padding: positions added on each side, at most half a window; they never win.
        dilation: the step between the elements of a window.
        return_indices: also return where the values were, as positions in the flattened image, for `MaxUnpool2d`.
        ceil_mode: also take windows that reach over the end, if they begin inside.

    Shapes:
        input (N, C, H, W) or (C, H, W) of any real dtype; output (N, C, P, Q) or (C, P, Q) with
        P = floor((H + 2*padding - dilation*(K - 1) - 1) / stride) + 1.

    Raises:
        ValueError: when options do not fit each other, or no window fits the image.

    >>> MaxPool2d(2)(Tensor([[[[1.0, 2.0], [3.0, 4.0]]]]))
    Tensor([[[[4.]]]])
    """

    axes = 2


class MaxPool3d(_MaxPool):
    """The largest value of each window of volumes; arguments and errors as for `MaxPool2d`.

    Shapes:
        input (N, C, D, H, W) or (C, D, H, W) of any real dtype; output (N, C, P, Q, R) or (C, P, Q, R), sized as for
        `MaxPool2d`.

    >>> import numpy as np
    >>> MaxPool3d(2)(np.ones((5, 3, 4, 4, 4))).shape
    (5, 3, 2, 2, 2)
    """

    axes = 3


class _MaxUnpool(Module):
    """Values put back to where they were largest, for any number of image axes."""

    axes: ClassVar[int]

    kernel_size: Sizes
    stride: Sizes
    padding: Sizes

    def __init__(self, kernel_size: Size, stride: Size | None = None, padding: Size = 0) -> None:
        self.kernel_size = per_axis(kernel_size, "kernel_size", 1, self.axes)
        self.stride = self.kernel_size if stride is None else per_axis(stride, "stride", 1, self.axes)
        self.padding = per_axis(padding, "padding", 0, self.axes)

    def forward(self, input: Any, indices: Any, output_size: Sequence[int] | None = None) -> Tensor:
        """Return images (N, C, *S), for values and their positions (N, C, *P)."""
        unpool = (F.max_unpool1d, F.max_unpool2d, F.max_unpool3d)[self.axes - 1]
        size = None if output_size is None else tuple(output_size)
        return unpool(input, indices, self.kernel_size, self.stride, self.padding, size)

    def extra_repr(self) -> str:
        """Return the constructor's arguments."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpool):
    """Puts values back to where `MaxPool1d` found them; arguments and errors as for `MaxUnpool2d`.

    Shapes:
        input and indices (N, C, P) or (C, P); output (N, C, L) or (C, L).

    >>> MaxUnpool1d(2)(*MaxPool1d(2, return_indices=True)(Tensor([[1.0, 2.0, 4.0, 3.0]])))
    Tensor([[0., 2., 4., 0.]])
    """

    axes = 1


class MaxUnpool2d(_MaxUnpool):
    """Puts values back to where `MaxPool2d` found them, in images that are zero elsewhere.

    Source: Zeiler and Fergus, Visualizing and understanding convolutional networks (2014), section 2.1.

    Args:
        kernel_size: the window's size in the pooling.
        stride: the step between windows; by default the window's size.
        padding: as in the pooling.

    Shapes:
        input and indices (N, C, P, Q) or (C, P, Q); output (N, C, H, W) or (C, H, W) with
        H = (P - 1)*stride - 2*padding + K, or as a third argument `output_size` says.

    Raises:
        ValueError: when shapes do not fit, or a position is not in the image.

    >>> MaxUnpool2d(2)(Tensor([[[5.0]]]), Tensor([[[3]]]))
    Tensor([[[0., 0.],
             [0., 5.]]])
    """

    axes = 2


class MaxUnpool3d(_MaxUnpool):
    """Puts values back to where `MaxPool3d` found them; arguments and errors as for `MaxUnpool2d`.

    Shapes:
        input and indices (N, C, P, Q, R) or (C, P, Q, R); output (N, C, D, H, W) or (C, D, H, W).

    >>> import numpy as np
    >>> MaxUnpool3d(2)(np.ones((3, 1, 1, 1)), np.zeros((3, 1, 1, 1), int)).shape
    (3, 2, 2, 2)
    """

    axes = 3


class AvgPool1d(Module):
    """The mean of each window of signals; arguments and errors as for `AvgPool2d`.

    Shapes:
        input (N, C, L) or (C, L), floating; output (N, C, P) or (C, P), sized as for `AvgPool2d`.

    >>> AvgPool1d(2)(Tensor([[1.0, 2.0, 4.0, 3.0]]))
    Tensor([[1.5, 3.5]])
    """

    kernel_size: Size
    stride: Size
    padding: Size
    ceil_mode: bool
    count_include_pad: bool

    def __init__(
        self, kernel_size: Size, stride: Size | None = None, padding: Size = 0, ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:  # fmt: skip
        self.kernel_size = single(kernel_size)
        self.stride = self.kernel_size if stride is None else single(stride)
        self.padding = single(padding)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Any) -> Tensor:
        """Return the means (N, C, P), for input (N, C, L)."""
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)

    def extra_repr(self) -> str:
        """Return the first of the constructor's arguments, as PyTorch does."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


def single(value: Size) -> Size:
    """Return (n,) for n, and a sequence as it is: how PyTorch keeps and prints sizes of one axis."""
    return (value,) if isinstance(value, int) else value


class _AvgPool(Module):
    """The mean of each window of images or volumes."""

    axes: ClassVar[int]

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
        """Return the means (N, C, *P), for input (N, C, *S)."""
        pool = F.avg_pool2d if self.axes == 2 else F.avg_pool3d
        return pool(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad,
            self.divisor_override,
        )  # fmt: skip

    def extra_repr(self) -> str:
        """Return the first of the constructor's arguments, as PyTorch does."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool2d(_AvgPool):
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

    axes = 2


class AvgPool3d(_AvgPool):
    """The mean of each window of volumes; arguments and errors as for `AvgPool2d`.

    Shapes:
        input (N, C, D, H, W) or (C, D, H, W), floating; output (N, C, P, Q, R) or (C, P, Q, R), sized as for
        `AvgPool2d`.

    >>> import numpy as np
    >>> AvgPool3d(2)(np.ones((5, 3, 4, 4, 4))).shape
    (5, 3, 2, 2, 2)
    """

    axes = 3


class _LPPool(Module):
    """The power average of each window, for any number of image axes."""

    axes: ClassVar[int]

    norm_type: float
    kernel_size: Size
    stride: Size | None
    ceil_mode: bool

    def __init__(
        self, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False
    ) -> None:
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def forward(self, input: Any) -> Tensor:
        """Return the power averages (N, C, *P), for input (N, C, *S)."""
        pool = (F.lp_pool1d, F.lp_pool2d, F.lp_pool3d)[self.axes - 1]
        return pool(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)

    def extra_repr(self) -> str:
        """Return the constructor's arguments."""
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPool):
    """The p-norm of each window of signals; arguments and errors as for `LPPool2d`.

    Shapes:
        input (N, C, L) or (C, L), floating; output (N, C, P) or (C, P), sized as for `LPPool2d`.

    >>> LPPool1d(2, 2)(Tensor([[3.0, 4.0]]))
    Tensor([[5.]])
    """

    axes = 1


class LPPool2d(_LPPool):
    """The power average (sum of x**p)**(1/p) of each window, for even p its p-norm.

    Args:
        norm_type: p; 1 gives sums, larger ones approach the largest value.
        kernel_size: the window's size, a number or one for each image axis.
        stride: the step between windows; by default the window's size.
        ceil_mode: also take windows that reach over the end, if they begin inside.

    Shapes:
        input (N, C, H, W) or (C, H, W), floating; output (N, C, P, Q) or (C, P, Q) with
        P = floor((H - K) / stride) + 1.

    Raises:
        ValueError: when no window fits the image, or p is 0.

    >>> LPPool2d(2, 2)(Tensor([[[3.0, 0.0], [0.0, 4.0]]]))
    Tensor([[[5.]]])
    """

    axes = 2


class LPPool3d(_LPPool):
    """The p-norm of each window of volumes; arguments and errors as for `LPPool2d`.

    Shapes:
        input (N, C, D, H, W) or (C, D, H, W), floating; output (N, C, P, Q, R) or (C, P, Q, R), sized as for
        `LPPool2d`.

    >>> import numpy as np
    >>> LPPool3d(2, 2)(np.ones((5, 3, 4, 4, 4))).shape
    (5, 3, 2, 2, 2)
    """

    axes = 3


class _AdaptiveAvgPool(Module):
    """Means in as many windows as wanted, for any number of image axes."""

    axes: ClassVar[int]

    output_size: Output

    def __init__(self, output_size: Output) -> None:
        self.output_size = output_size

    def forward(self, input: Any) -> Tensor:
        """Return the means (N, C, *output_size), for input (N, C, *S)."""
        pool = (F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d)[self.axes - 1]
        return pool(input, self.output_size)

    def extra_repr(self) -> str:
        """Return the constructor's argument."""
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """Means of signals in as many windows as wanted; errors as for `AdaptiveAvgPool2d`.

    Shapes:
        input (N, C, L) or (C, L), floating; output (N, C, output_size) or (C, output_size).

    >>> AdaptiveAvgPool1d(2)(Tensor([[1.0, 2.0, 4.0]]))
    Tensor([[1.5, 3. ]])
    """

    axes = 1


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """The means of as many windows as wanted, which cover the images evenly (see `F.adaptive_avg_pool2d`).

    Args:
        output_size: (P, Q), or one number for both; None leaves an axis as it is.

    Shapes:
        input (N, C, H, W) or (C, H, W), floating; output (N, C, P, Q) or (C, P, Q).

    Raises:
        ValueError: for another number of axes or sizes, negative ones, or an image without elements.

    >>> AdaptiveAvgPool2d(1)(Tensor([[[[1.0, 2.0], [3.0, 4.0]]]]))
    Tensor([[[[2.5]]]])
    """

    axes = 2


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """Means of volumes in as many windows as wanted; errors as for `AdaptiveAvgPool2d`.

    Shapes:
        input (N, C, D, H, W) or (C, D, H, W), floating; output (N, C, *output_size) or (C, *output_size).

    >>> import numpy as np
    >>> AdaptiveAvgPool3d((2, None, 1))(np.ones((5, 3, 4, 4, 4))).shape
    (5, 3, 2, 4, 1)
    """

    axes = 3


class _AdaptiveMaxPool(Module):
    """Largest values in as many windows as wanted, for any number of image axes."""

    axes: ClassVar[int]

    output_size: Output
    return_indices: bool

    def __init__(self, output_size: Output, return_indices: bool = False) -> None:
        self.output_size = output_size
        self.return_indices = return_indices

    def forward(self, input: Any) -> Any:
        """Return the largest values (N, C, *output_size), with `return_indices` their positions, for (N, C, *S)."""
        pool = (F.adaptive_max_pool1d, F.adaptive_max_pool2d, F.adaptive_max_pool3d)[self.axes - 1]
        return pool(input, self.output_size, self.return_indices)

    def extra_repr(self) -> str:
        """Return the first of the constructor's arguments, as PyTorch does."""
        return f"output_size={self.output_size}"


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """Largest values of signals in as many windows as wanted; arguments and errors as for `AdaptiveMaxPool2d`.

    Shapes:
        input (N, C, L) or (C, L); output (N, C, output_size) or (C, output_size).

    >>> AdaptiveMaxPool1d(2)(Tensor([[1.0, 2.0, 4.0]]))
    Tensor([[2., 4.]])
    """

    axes = 1


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """The largest values of as many windows as wanted, which cover the images evenly (see `F.adaptive_avg_pool2d`).

    Args:
        output_size: (P, Q), or one number for both; None leaves an axis as it is.
        return_indices: also return where the values were, as positions in the flattened image.

    Shapes:
        input (N, C, H, W) or (C, H, W); output (N, C, P, Q) or (C, P, Q).

    Raises:
        ValueError: for another number of axes or sizes, negative ones, or an image without elements.

    >>> AdaptiveMaxPool2d(1)(Tensor([[[[1.0, 2.0], [3.0, 4.0]]]]))
    Tensor([[[[4.]]]])
    """

    axes = 2


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """Largest values of volumes in as many windows as wanted; arguments and errors as for `AdaptiveMaxPool2d`.

    Shapes:
        input (N, C, D, H, W) or (C, D, H, W); output (N, C, *output_size) or (C, *output_size).

    >>> import numpy as np
    >>> AdaptiveMaxPool3d(2)(np.ones((5, 3, 4, 4, 4))).shape
    (5, 3, 2, 2, 2)
    """

    axes = 3

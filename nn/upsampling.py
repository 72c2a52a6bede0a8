"""Layers that make images larger: interpolation, and pixels from channels."""

from __future__ import annotations

from typing import Any

from autograd import Tensor
from nn import functional as F
from nn.functional.resampling import Factor
from nn.functional.sizes import Size
from nn.module import Module


class Upsample(Module):
    """Resamples images to another size (see `nn.functional.interpolate` for the formula).

    Args:
        size: the size of the result, a number or one for each image axis.
        scale_factor: how many times larger, likewise, in place of `size`; sizes are rounded down.
        mode: "nearest", "linear" (signals), "bilinear" or "bicubic" (images), "trilinear" (volumes).
        align_corners: for the linear and cubic modes, whether the centres of the corner elements fall together; else
            their outer edges do.
        recompute_scale_factor: take the scale from the rounded size, not from `scale_factor`.

    Shapes:
        input (N, C, L), (N, C, H, W) or (N, C, D, H, W), floating; output (N, C, *size).

    Raises:
        ValueError: for both or neither of `size` and `scale_factor`, a mode that does not exist for so many axes, or
            `align_corners` with a mode that has none.

    >>> Upsample(scale_factor=2)(Tensor([[[1.0, 2.0]]]))
    Tensor([[[1., 1., 2., 2.]]])
    """

    size: Size | None
    scale_factor: Factor | None
    mode: str
    align_corners: bool | None
    recompute_scale_factor: bool | None

    def __init__(
        self, size: Size | None = None, scale_factor: Factor | None = None, mode: str = "nearest",
        align_corners: bool | None = None, recompute_scale_factor: bool | None = None,
    ) -> None:  # fmt: skip
        self.size = size
        if scale_factor is not None:
            many = isinstance(scale_factor, tuple | list)
            scale_factor = tuple(map(float, scale_factor)) if many else float(scale_factor)  # type: ignore[arg-type]
        self.scale_factor = scale_factor
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input: Any) -> Tensor:
        """Return the resampled images (N, C, *size), for input (N, C, *S)."""
        return F.interpolate(
            input, self.size, self.scale_factor, self.mode, self.align_corners, self.recompute_scale_factor
        )

    def extra_repr(self) -> str:
        """Return the size or the scale factor, and the mode."""
        if self.scale_factor is not None:
            return f"scale_factor={self.scale_factor!r}, mode={self.mode!r}"
        return f"size={self.size!r}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """Makes images larger by repeating pixels.

    Args:
        size: (H, W) of the result, or one number for both.
        scale_factor: how many times larger, in place of `size`.

    Shapes:
        input (N, C, H, W); output (N, C, *size).

    Raises:
        ValueError: for both or neither of `size` and `scale_factor`.

    >>> UpsamplingNearest2d(scale_factor=2)(Tensor([[[[1.0, 2.0]]]]))
    Tensor([[[[1., 1., 2., 2.],
              [1., 1., 2., 2.]]]])
    """

    def __init__(self, size: Size | None = None, scale_factor: Factor | None = None) -> None:
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """Makes images larger by bilinear interpolation with aligned corners.

    Args:
        size: (H, W) of the result, or one number for both.
        scale_factor: how many times larger, in place of `size`.

    Shapes:
        input (N, C, H, W), floating; output (N, C, *size).

    Raises:
        ValueError: for both or neither of `size` and `scale_factor`.

    >>> UpsamplingBilinear2d(size=(1, 3))(Tensor([[[[1.0, 2.0]]]]))
    Tensor([[[[1. , 1.5, 2. ]]]])
    """

    def __init__(self, size: Size | None = None, scale_factor: Factor | None = None) -> None:
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)


class PixelShuffle(Module):
    """Turns channels into pixels.

    Source: Shi et al., Real-time single image and video super-resolution using an efficient sub-pixel convolutional
    neural network (2016).

    Args:
        upscale_factor: r, how many times larger height and width become.

    Shapes:
        input (..., C*r*r, H, W) of any dtype; output (..., C, H*r, W*r).

    Raises:
        ValueError: when r*r does not divide the channels.

    >>> PixelShuffle(2)(Tensor([[[1.0]], [[2.0]], [[3.0]], [[4.0]]]))
    Tensor([[[1., 2.],
             [3., 4.]]])
    """

    upscale_factor: int

    def __init__(self, upscale_factor: int) -> None:
        self.upscale_factor = upscale_factor

    def forward(self, input: Any) -> Tensor:
        """Return images (..., C, H*r, W*r), for input (..., C*r*r, H, W)."""
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        """Return the constructor's argument."""
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """Turns pixels into channels: the inverse of `PixelShuffle`.

    Args:
        downscale_factor: r, how many times smaller height and width become.

    Shapes:
        input (..., C, H*r, W*r) of any dtype; output (..., C*r*r, H, W).

    Raises:
        ValueError: when r does not divide height and width.

    >>> import numpy as np
    >>> PixelUnshuffle(2)(np.ones((5, 3, 4, 6))).shape
    (5, 12, 2, 3)
    """

    downscale_factor: int

    def __init__(self, downscale_factor: int) -> None:
        self.downscale_factor = downscale_factor

    def forward(self, input: Any) -> Tensor:
        """Return images (..., C*r*r, H, W), for input (..., C, H*r, W*r)."""
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        """Return the constructor's argument."""
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(Module):
    """Mixes the groups of channels, so that convolutions with groups see those of all others next.

    Source: Zhang et al., ShuffleNet (2018).

    Args:
        groups: into how many groups the channels are split.

    Shapes:
        input (N, C, *S) of any dtype; output the same.

    Raises:
        ValueError: when `groups` does not divide the channels.

    >>> ChannelShuffle(2)(Tensor([[[1.0], [2.0], [3.0], [4.0]]])).ravel()
    Tensor([1., 3., 2., 4.])
    """

    groups: int

    def __init__(self, groups: int) -> None:
        self.groups = groups

    def forward(self, input: Any) -> Tensor:
        """Return the images (N, C, *S) with their channels mixed."""
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        """Return the constructor's argument."""
        return f"groups={self.groups}"

"""Normalization layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

import autograd
from autograd import Tensor
from nn import functional as F
from nn import init
from nn.module import Module, Parameter, as_floating, check_size

# --- a mean and a variance for each channel ---------------------------------------------------------------------------


class ChannelNorm(Module):
    """What batch and instance normalization share: parameters and running statistics, one number for each channel."""

    ndims: tuple[int, int]  # how many axes an input may have
    num_features: int
    eps: float
    momentum: float | None
    affine: bool
    track_running_stats: bool
    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self, num_features: int, eps: float, momentum: float | None, affine: bool, track_running_stats: bool,
        bias: bool, dtype: DTypeLike | None,
    ) -> None:  # fmt: skip
        self.num_features = check_size(num_features, "num_features", 0)
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        shape = (self.num_features,)
        self.weight = Parameter(autograd.ones(shape, dtype)) if affine else None
        self.bias = Parameter(autograd.zeros(shape, dtype)) if affine and bias else None
        tracked = track_running_stats
        self.register_buffer("running_mean", autograd.zeros(shape, dtype) if tracked else None)
        self.register_buffer("running_var", autograd.ones(shape, dtype) if tracked else None)
        self.register_buffer("num_batches_tracked", Tensor(np.array(0)) if tracked else None)

    def reset_running_stats(self) -> None:
        """Forget the running statistics: mean 0, variance 1."""
        if self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            init.zeros_(self.running_mean)
            init.ones_(self.running_var)
            init.zeros_(self.num_batches_tracked)

    def reset_parameters(self) -> None:
        """Set weight to 1 and bias to 0, and forget the running statistics."""
        self.reset_running_stats()
        reset_scale_and_shift(self.weight, self.bias)

    def _checked(self, input: Any, axis: int) -> Tensor:
        """Return the input as a Tensor, if it has so many axes and channels as it should."""
        dtype = next((t.dtype for t in (self.weight, self.running_mean) if t is not None), None)
        x = as_floating(input, dtype, type(self).__name__)
        if x.ndim not in self.ndims or x.shape[axis] != self.num_features:
            axes = " or ".join(map(str, sorted(set(self.ndims))))
            raise ValueError(
                f"{self!r} takes inputs of {axes} axes with {self.num_features} channels in axis {axis}, "
                f"not shape {x.shape}"
            )
        return x

    def extra_repr(self) -> str:
        """Return the constructor's arguments."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


def reset_scale_and_shift(weight: Tensor | None, bias: Tensor | None) -> None:
    """Set a weight to 1 and a bias to 0."""
    if weight is not None:
        init.ones_(weight)
    if bias is not None:
        init.zeros_(bias)


class BatchNorm(ChannelNorm):
    """What batch normalization of all dimensions shares."""

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True,
        track_running_stats: bool = True, *, bias: bool = True, dtype: DTypeLike | None = None,
    ) -> None:  # fmt: skip
        super().__init__(num_features, eps, momentum, affine, track_running_stats, bias, dtype)

    def forward(self, input: Any) -> Tensor:
        """Return the normalized input; in training, move the running statistics."""
        x = self._checked(input, 1)
        share = self.momentum or 0.0
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked[...] = self.num_batches_tracked + 1
            if self.momentum is None:
                share = 1 / self.num_batches_tracked.item()
        by_batch = self.training or self.running_mean is None
        tracked = not self.training or self.track_running_stats
        mean, variance = (self.running_mean, self.running_var) if tracked else (None, None)
        return F.batch_norm(x, mean, variance, self.weight, self.bias, by_batch, share, self.eps)


class BatchNorm1d(BatchNorm):
    """Normalizes each channel of vectors or sequences over the batch; see `nn.functional.batch_norm` for the formula.

    In training with the batch's mean and variance, in use with running ones, which training collects. Source: Ioffe and
    Szegedy, Batch normalization (2015).

    Args:
        num_features: C.
        eps: added to the variance.
        momentum: how far the running statistics move with each batch, 1 for all the way; None for the mean over all
            batches so far.
        affine: whether to have a weight and a bias.
        track_running_stats: whether to collect running statistics; without them the batch's are always used.
        bias: whether the affine map has a bias.
        dtype: of the parameters; the default dtype by default. Input is converted to it.

    Shapes:
        input (N, C) or (N, C, L), floating; output the same; `weight`, `bias`, `running_mean` and `running_var` (C,)
        or None; `num_batches_tracked` (), int64, or None.

    Raises:
        TypeError: for sizes that are not integers, or input that is not floating.
        ValueError: when called, for other axes or channels, for an eps that is not positive, or in training for only
            one value of each channel.

    >>> layer = BatchNorm1d(1)
    >>> layer(np.array([[1.0], [3.0]], np.float32)).tolist()
    [[-0.9999...], [0.9999...]]
    >>> layer.running_mean.tolist(), layer.running_var.tolist()
    ([0.2000...], [1.1000...])
    """

    ndims = (2, 3)


class BatchNorm2d(BatchNorm):
    """Normalizes each channel of images over the batch; arguments, source and errors as for `BatchNorm1d`.

    Shapes:
        input (N, C, H, W), floating; output the same; parameters and running statistics (C,) or None.

    >>> BatchNorm2d(3)(np.ones((2, 3, 4, 4))).shape
    (2, 3, 4, 4)
    """

    ndims = (4, 4)


class BatchNorm3d(BatchNorm):
    """Normalizes each channel of volumes over the batch; arguments, source and errors as for `BatchNorm1d`.

    Shapes:
        input (N, C, D, H, W), floating; output the same; parameters and running statistics (C,) or None.

    >>> BatchNorm3d(3)(np.ones((2, 3, 4, 4, 4))).shape
    (2, 3, 4, 4, 4)
    """

    ndims = (5, 5)


class InstanceNorm(ChannelNorm):
    """What instance normalization of all dimensions shares."""

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = False,
        track_running_stats: bool = False, *, bias: bool = True, dtype: DTypeLike | None = None,
    ) -> None:  # fmt: skip
        super().__init__(num_features, eps, momentum, affine, track_running_stats, bias, dtype)

    def forward(self, input: Any) -> Tensor:
        """Return the normalized input; in training, move the running statistics if there are any."""
        single = np.ndim(input) == self.ndims[0]
        x = self._checked(input, 0 if single else 1)
        by_input = self.training or self.running_mean is None
        out = F.instance_norm(
            x[None] if single else x, self.running_mean, self.running_var, self.weight, self.bias, by_input,
            self.momentum or 0.0, self.eps,
        )  # fmt: skip
        return out[0] if single else out


class InstanceNorm1d(InstanceNorm):
    """Normalizes each channel of each sequence; see `nn.functional.instance_norm` for the formula.

    Source: Ulyanov et al., Instance normalization: the missing ingredient for fast stylization (2016).

    Args:
        num_features: C.
        eps: added to the variance.
        momentum: how far the running statistics move with each batch, 1 for all the way.
        affine: whether to have a weight and a bias.
        track_running_stats: whether to collect running statistics, and use them after training.
        bias: whether the affine map has a bias.
        dtype: of the parameters; the default dtype by default. Input is converted to it, if there are any.

    Shapes:
        input (N, C, L) or (C, L), floating; output the same; `weight`, `bias`, `running_mean` and `running_var` (C,)
        or None; `num_batches_tracked` (), int64, or None, which as in PyTorch stays 0.

    Raises:
        TypeError: for sizes that are not integers, or input that is not floating.
        ValueError: when called, for other axes or channels, for an eps that is not positive, or for only one value of
            each channel.

    >>> InstanceNorm1d(1, eps=1e-12)(np.array([[[1.0, 3.0]]], np.float32))
    Tensor([[[-1.,  1.]]])
    """

    ndims = (2, 3)


class InstanceNorm2d(InstanceNorm):
    """Normalizes each channel of each image; arguments, source and errors as for `InstanceNorm1d`.

    Shapes:
        input (N, C, H, W) or (C, H, W), floating; output the same; parameters and running statistics (C,) or None.

    >>> InstanceNorm2d(3)(np.ones((2, 3, 4, 4))).shape
    (2, 3, 4, 4)
    """

    ndims = (3, 4)


class InstanceNorm3d(InstanceNorm):
    """Normalizes each channel of each volume; arguments, source and errors as for `InstanceNorm1d`.

    Shapes:
        input (N, C, D, H, W) or (C, D, H, W), floating; output the same; parameters and running statistics (C,) or
        None.

    >>> InstanceNorm3d(3)(np.ones((2, 3, 4, 4, 4))).shape
    (2, 3, 4, 4, 4)
    """

    ndims = (4, 5)


# --- each example for itself ------------------------------------------------------------------------------------------


class LayerNorm(Module):
    """Normalizes each example over its last axes; see `nn.functional.layer_norm` for the formula.

    Source: Ba et al., Layer normalization (2016).

    Args:
        normalized_shape: the sizes of the last axes, or of the last one.
        eps: added to the variance.
        elementwise_affine: whether to have a weight and a bias.
        bias: whether the affine map has a bias.
        dtype: of the parameters; the default dtype by default. Input is converted to it, if there are any.

    Shapes:
        input (..., *normalized_shape), floating; output the same; `weight` and `bias` of `normalized_shape`, or None.

    Raises:
        TypeError: for sizes that are not integers, or input that is not floating.
        ValueError: for negative sizes or eps, or input of other last axes.

    >>> LayerNorm(2, eps=1e-12)(np.array([1.0, 3.0], np.float32))
    Tensor([-1.,  1.], op=normalized)
    """

    normalized_shape: tuple[int, ...]
    eps: float
    elementwise_affine: bool
    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self, normalized_shape: int | Sequence[int], eps: float = 1e-5, elementwise_affine: bool = True,
        bias: bool = True, *, dtype: DTypeLike | None = None,
    ) -> None:  # fmt: skip
        self.normalized_shape = _sizes(normalized_shape)
        self.eps = _not_negative(eps)
        self.elementwise_affine = elementwise_affine
        shape = self.normalized_shape
        self.weight = Parameter(autograd.ones(shape, dtype)) if elementwise_affine else None
        self.bias = Parameter(autograd.zeros(shape, dtype)) if elementwise_affine and bias else None

    def reset_parameters(self) -> None:
        """Set weight to 1 and bias to 0."""
        reset_scale_and_shift(self.weight, self.bias)

    def forward(self, input: Any) -> Tensor:
        """Return the normalized input."""
        x = as_floating(input, None if self.weight is None else self.weight.dtype, "LayerNorm")
        return F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Return the constructor's arguments."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


def _sizes(normalized_shape: int | Sequence[int]) -> tuple[int, ...]:
    """Return the sizes of the axes to normalize, checked."""
    given = normalized_shape if isinstance(normalized_shape, Sequence) else (normalized_shape,)
    return tuple(check_size(n, "normalized_shape", 0) for n in given)


def _not_negative(eps: float) -> float:
    if not eps >= 0:
        raise ValueError(f"eps must be at least 0, not {eps!r}")
    return eps


class RMSNorm(Module):
    """Divides each example by its root mean square over the last axes; see `nn.functional.rms_norm` for the formula.

    Source: Zhang and Sennrich, Root mean square layer normalization (2019).

    Args:
        normalized_shape: the sizes of the last axes, or of the last one.
        eps: added to the mean square; by default the spacing of numbers at 1 in the input's dtype.
        elementwise_affine: whether to have a weight.
        dtype: of the parameters; the default dtype by default. Input is converted to it, if there are any.

    Shapes:
        input (..., *normalized_shape), floating; output the same; `weight` of `normalized_shape`, or None.

    Raises:
        TypeError: for sizes that are not integers, or input that is not floating.
        ValueError: for negative sizes or eps, or input of other last axes.

    >>> RMSNorm(2)(np.array([1.0, 1.0], np.float32))
    Tensor([1., 1.], op=normalized)
    """

    normalized_shape: tuple[int, ...]
    eps: float | None
    elementwise_affine: bool
    weight: Parameter | None

    def __init__(
        self, normalized_shape: int | Sequence[int], eps: float | None = None, elementwise_affine: bool = True, *,
        dtype: DTypeLike | None = None,
    ) -> None:  # fmt: skip
        self.normalized_shape = _sizes(normalized_shape)
        self.eps = None if eps is None else _not_negative(eps)
        self.elementwise_affine = elementwise_affine
        self.weight = Parameter(autograd.ones(self.normalized_shape, dtype)) if elementwise_affine else None

    def reset_parameters(self) -> None:
        """Set weight to 1."""
        reset_scale_and_shift(self.weight, None)

    def forward(self, input: Any) -> Tensor:
        """Return the normalized input."""
        x = as_floating(input, None if self.weight is None else self.weight.dtype, "RMSNorm")
        return F.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        """Return the constructor's arguments."""
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(Module):
    """Normalizes groups of channels of each example; see `nn.functional.group_norm` for the formula.

    Source: Wu and He, Group normalization (2018).

    Args:
        num_groups: how many groups the channels make.
        num_channels: C.
        eps: added to the variance.
        affine: whether to have a weight and a bias.
        bias: whether the affine map has a bias.
        dtype: of the parameters; the default dtype by default. Input is converted to it, if there are any.

    Shapes:
        input (N, C) or (N, C, ...), floating; output the same; `weight` and `bias` (C,) or None.

    Raises:
        TypeError: for sizes that are not integers, or input that is not floating.
        ValueError: for groups that do not divide the channels, a negative eps, or input of other channels.

    >>> GroupNorm(2, 4, affine=False, eps=1e-12)(np.array([[1.0, 3.0, 5.0, 5.0]], np.float32))
    Tensor([[-1.,  1.,  0.,  0.]])
    """

    num_groups: int
    num_channels: int
    eps: float
    affine: bool
    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True, *, bias: bool = True,
        dtype: DTypeLike | None = None,
    ) -> None:  # fmt: skip
        self.num_groups = check_size(num_groups, "num_groups")
        self.num_channels = check_size(num_channels, "num_channels", 0)
        if self.num_channels % self.num_groups:
            raise ValueError(f"num_groups={num_groups} must divide num_channels={num_channels}")
        self.eps = _not_negative(eps)
        self.affine = affine
        self.weight = Parameter(autograd.ones(self.num_channels, dtype)) if affine else None
        self.bias = Parameter(autograd.zeros(self.num_channels, dtype)) if affine and bias else None

    def reset_parameters(self) -> None:
        """Set weight to 1 and bias to 0."""
        reset_scale_and_shift(self.weight, self.bias)

    def forward(self, input: Any) -> Tensor:
        """Return the normalized input."""
        x = as_floating(input, None if self.weight is None else self.weight.dtype, "GroupNorm")
        if x.ndim < 2 or x.shape[1] != self.num_channels:
            raise ValueError(f"{self!r} takes (N, C, ...) with C = {self.num_channels} channels, not shape {x.shape}")
        return F.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Return the constructor's arguments."""
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


# --- neighbouring channels --------------------------------------------------------------------------------------------


class LocalResponseNorm(Module):
    """Divides by a power of the neighbouring channels' mean square; see `nn.functional.local_response_norm`.

    Source: Krizhevsky et al., ImageNet classification with deep convolutional neural networks (2012), section 3.3.

    Args:
        size: how many channels, of which size // 2 come before.
        alpha: the factor of the mean square.
        beta: the exponent.
        k: what is added.

    Shapes:
        input (N, C, ...), floating; output the same.

    Raises:
        TypeError: for a size that is not an integer, or input that is not floating.
        ValueError: for a size below 1, or input of fewer than three axes.

    >>> LocalResponseNorm(1, alpha=1.0, beta=1.0)(Tensor([[[1.0], [2.0]]]))
    Tensor([[[0.5],
             [0.4]]])
    """

    size: int
    alpha: float
    beta: float
    k: float

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        self.size = check_size(size, "size")
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Any) -> Tensor:
        """Return the normalized input."""
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        """Return the constructor's arguments."""
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"

"""Normalization: of batches, layers, groups, single images, neighbouring channels, and of vectors to length 1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from nn.module import as_floating

Array = Any  # an array or a Tensor


def batch_norm(
    input: Array, running_mean: Tensor | None, running_var: Tensor | None, weight: Array | None = None,
    bias: Array | None = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Return (input - mean) / sqrt(variance + eps) * weight + bias, with a mean and a variance for each channel.

    In training these are of the batch, and the running ones move a step towards them, in place: by `momentum` of the
    difference, with the batch's variance divided by n - 1. Otherwise the running ones are used. Source: Ioffe and
    Szegedy, Batch normalization (2015), algorithms 1 and 2.

    Args:
        input: (N, C) or (N, C, ...), floating.
        running_mean: (C,), or None.
        running_var: (C,), or None.
        weight: (C,), or None for ones.
        bias: (C,), or None for zeros.
        training: use the batch's statistics.
        momentum: how far the running statistics move, 1 for all the way.
        eps: added to the variance.

    Raises:
        ValueError: when shapes do not fit, a channel has only one value to train on, eps is not positive, or there are
            no running statistics to use.
        TypeError: when the input is not floating, or running statistics are not Tensors, which can be written to.

    >>> batch_norm(Tensor([[1.0], [3.0]]), None, None, training=True, eps=1e-12)
    Tensor([[-1.],
            [ 1.]])
    """
    x = as_floating(input, None, "batch_norm")
    check_eps("batch_norm", eps)
    if not x.ndim:
        raise ValueError("batch_norm takes (N, C) or (N, C, ...), not a single number")
    channels = x.shape[1] if x.ndim > 1 else 0
    stats = {"running_mean": running_mean, "running_var": running_var}
    _check_channels("batch_norm", x, channels, **stats, weight=weight, bias=bias)
    if not training and (running_mean is None or running_var is None):
        raise ValueError("batch_norm without training=True needs running_mean and running_var")
    if not x.size:
        return _per_channel(x, weight, bias)
    if not training:
        return _by_running_statistics(x, running_mean, running_var, weight, bias, eps)
    n = x.size // channels
    if n == 1:
        raise ValueError(f"batch_norm in training needs more than one value of each channel, not shape {x.shape}")
    y, mean, variance = _normalized(x, 0, eps, weight, bias)
    _move(running_mean, mean.reshape(channels), momentum)
    _move(running_var, variance.reshape(channels) * (n / (n - 1)), momentum)
    return y


def _normalized(
    x: Tensor, last: int, eps: float, weight: Array | None = None, bias: Array | None = None, centered: bool = True
) -> tuple[Tensor, Any, Any]:
    """Return `autograd.normalize` of x of any floating dtype and size, with the plain arrays of mean and variance."""
    weight, bias = _in_dtype(weight, x), _in_dtype(bias, x)
    if x.dtype != np.float16 and x.size:
        return autograd.normalize(x, weight, bias, last, eps, centered)
    axes = tuple(range(x.ndim - last, x.ndim)) if last else (0, *range(2, x.ndim))
    y, mean, variance = autograd.standardize(x, axes, eps, centered)
    y = _affine(y, weight, bias) if last else _per_channel(y, weight, bias)
    return y, mean.detach().numpy(), variance.detach().numpy()


def check_eps(name: str, eps: float) -> None:
    """Raise a ValueError unless eps is positive."""
    if not eps > 0:
        raise ValueError(f"{name}: eps must be positive, not {eps!r}")


def _check_channels(name: str, x: Tensor, channels: int, **vectors: Any) -> None:
    """Raise a ValueError unless each vector has one number for each channel."""
    for what, vector in vectors.items():
        if vector is not None and np.shape(vector) != (channels,):
            raise ValueError(
                f"{name}: {what} must have shape ({channels},), a number for each channel of the input {x.shape}, "
                f"not {np.shape(vector)}"
            )


def _along_channels(vector: Array, x: Tensor) -> Tensor:
    """Return a vector (C,) in the dtype of x (N, C, ...), shaped (C, 1, ...)."""
    v = autograd.asarray(vector)
    v = v if v.dtype == x.dtype else v.astype(x.dtype)
    return v.reshape(-1, *(1,) * (x.ndim - 2)) if x.ndim > 2 else v


def _per_channel(x: Tensor, weight: Array | None, bias: Array | None) -> Tensor:
    """Return x (N, C, ...) * weight + bias, either (C,) or None."""
    w = None if weight is None else _along_channels(weight, x)
    b = None if bias is None else _along_channels(bias, x)
    return _affine(x, w, b)


def _affine(x: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    if weight is None:
        return x if bias is None else x + bias
    return x * weight if bias is None else autograd.scale_shift(x, weight, bias)


def _by_running_statistics(
    x: Tensor, mean: Any, variance: Any, weight: Array | None, bias: Array | None, eps: float
) -> Tensor:
    """Return the normalized x (N, C, ...); the statistics and the affine map make one scale and one shift."""
    scale = (_along_channels(variance, x) + eps) ** -0.5
    scale = scale if weight is None else scale * _along_channels(weight, x)
    shift = -_along_channels(mean, x) * scale
    shift = shift if bias is None else shift + _along_channels(bias, x)
    return autograd.scale_shift(x, scale, shift)


def _move(running: Tensor | None, towards: np.ndarray, share: float) -> None:
    """Move a running statistic (C,) by a share of the way towards a new value, in place."""
    if running is None:
        return
    if not isinstance(running, Tensor):
        raise TypeError(f"running statistics are Tensors, which are written to, not {type(running).__name__}")
    with autograd.no_grad():
        running[...] = (1 - share) * running.data + share * towards


def instance_norm(
    input: Array, running_mean: Tensor | None = None, running_var: Tensor | None = None, weight: Array | None = None,
    bias: Array | None = None, use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Return (input - mean) / sqrt(variance + eps) * weight + bias, with the statistics of each image's channels.

    Source: Ulyanov et al., Instance normalization: the missing ingredient for fast stylization (2016). Running
    statistics, if given, move towards the mean over the batch of the images' statistics, in place.

    Args:
        input: (N, C, ...), floating.
        running_mean: (C,), or None.
        running_var: (C,), or None.
        weight: (C,), or None for ones.
        bias: (C,), or None for zeros.
        use_input_stats: use the input's statistics, as in training; else the running ones.
        momentum: how far the running statistics move, 1 for all the way.
        eps: added to the variance.

    Raises:
        ValueError: when shapes do not fit, a channel has only one value, eps is not positive, or there are no running
            statistics to use.
        TypeError: when the input is not floating, or running statistics are not Tensors, which can be written to.

    >>> instance_norm(Tensor([[[1.0, 3.0]]]), eps=1e-12)
    Tensor([[[-1.,  1.]]])
    """
    x = as_floating(input, None, "instance_norm")
    check_eps("instance_norm", eps)
    if x.ndim < 3:
        raise ValueError(f"instance_norm takes (N, C, ...) with at least one more axis, not shape {x.shape}")
    channels, n = x.shape[1], math.prod(x.shape[2:])
    stats = {"running_mean": running_mean, "running_var": running_var}
    _check_channels("instance_norm", x, channels, **stats, weight=weight, bias=bias)
    if not use_input_stats:
        if running_mean is None or running_var is None:
            raise ValueError("instance_norm with use_input_stats=False needs running_mean and running_var")
        return _by_running_statistics(x, running_mean, running_var, weight, bias, eps)
    if n == 1:
        raise ValueError(f"instance_norm needs more than one value of each channel, not shape {x.shape}")
    y, mean, variance = _normalized(x, x.ndim - 2, eps)
    if x.size:
        _move(running_mean, mean.mean(0).reshape(channels), momentum)
        _move(running_var, variance.mean(0).reshape(channels) * (n / (n - 1)), momentum)
    return _per_channel(y, weight, bias)


def layer_norm(
    input: Array, normalized_shape: Sequence[int], weight: Array | None = None, bias: Array | None = None,
    eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Return (input - mean) / sqrt(variance + eps) * weight + bias, with statistics over the last axes.

    Source: Ba et al., Layer normalization (2016), equation 4.

    Args:
        input: (..., *normalized_shape), floating.
        normalized_shape: the sizes of the axes to normalize.
        weight: of that shape, or None for ones.
        bias: of that shape, or None for zeros.
        eps: added to the variance.

    Raises:
        ValueError: when shapes do not fit.
        TypeError: when the input is not floating.

    >>> layer_norm(Tensor([[1.0, 3.0]]), (2,), eps=1e-12)
    Tensor([[-1.,  1.]])
    """
    x = as_floating(input, None, "layer_norm")
    last = _last_axes("layer_norm", x, normalized_shape, weight=weight, bias=bias)
    return _normalized(x, last, eps, weight, bias)[0]


def rms_norm(
    input: Array, normalized_shape: Sequence[int], weight: Array | None = None, eps: float | None = None
) -> Tensor:
    """Return input / sqrt(mean(input**2) + eps) * weight, with means over the last axes.

    Source: Zhang and Sennrich, Root mean square layer normalization (2019), equation 4.

    Args:
        input: (..., *normalized_shape), floating.
        normalized_shape: the sizes of the axes to normalize.
        weight: of that shape, or None for ones.
        eps: added to the mean square; by default the spacing of numbers at 1 in the input's dtype.

    Raises:
        ValueError: when shapes do not fit.
        TypeError: when the input is not floating.

    >>> rms_norm(Tensor([[1.0, 1.0]]), (2,))
    Tensor([[1., 1.]])
    """
    x = as_floating(input, None, "rms_norm")
    last = _last_axes("rms_norm", x, normalized_shape, weight=weight)
    added = float(np.finfo(x.dtype).eps) if eps is None else eps
    return _normalized(x, last, added, weight, centered=False)[0]


def _last_axes(name: str, x: Tensor, normalized_shape: Sequence[int], **parameters: Any) -> int:
    """Return how many of the last axes to normalize, if they have the sizes that they should have."""
    shape = tuple(normalized_shape)
    if not shape or x.shape[-len(shape) :] != shape:
        raise ValueError(
            f"{name}: normalized_shape={shape} must be the sizes of the last axes, at least one, of the input {x.shape}"
        )
    for what, parameter in parameters.items():
        if parameter is not None and np.shape(parameter) != shape:
            raise ValueError(f"{name}: {what} must have the normalized_shape {shape}, not {np.shape(parameter)}")
    return len(shape)


def _in_dtype(parameter: Array | None, x: Tensor) -> Tensor | None:
    return None if parameter is None else autograd.asarray(parameter, x.dtype)


def group_norm(
    input: Array, num_groups: int, weight: Array | None = None, bias: Array | None = None, eps: float = 1e-5
) -> Tensor:
    """Return (input - mean) / sqrt(variance + eps) * weight + bias, with the statistics of groups of channels.

    Source: Wu and He, Group normalization (2018), equations 1, 2 and 7.

    Args:
        input: (N, C) or (N, C, ...), floating.
        num_groups: how many groups the C channels of each example make.
        weight: (C,), or None for ones.
        bias: (C,), or None for zeros.
        eps: added to the variance.

    Raises:
        ValueError: when shapes do not fit, or the groups do not divide the channels.
        TypeError: when the input is not floating.

    >>> group_norm(Tensor([[1.0, 3.0, 5.0, 5.0]]), 2, eps=1e-12)
    Tensor([[-1.,  1.,  0.,  0.]])
    """
    x = as_floating(input, None, "group_norm")
    if x.ndim < 2:
        raise ValueError(f"group_norm takes (N, C) or (N, C, ...), not shape {x.shape}")
    channels = x.shape[1]
    if num_groups < 1 or channels % num_groups:
        raise ValueError(f"group_norm: num_groups={num_groups} must divide the {channels} channels of {x.shape}")
    _check_channels("group_norm", x, channels, weight=weight, bias=bias)
    groups = x.reshape(x.shape[0], num_groups, channels // num_groups * math.prod(x.shape[2:]))
    y, _, _ = _normalized(groups, 1, eps)
    return _per_channel(y.reshape(x.shape), weight, bias)


def local_response_norm(input: Array, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """Return input / (k + alpha * mean of squares of `size` neighbouring channels)**beta.

    Channels beyond the first and the last count as 0. Source: Krizhevsky et al., ImageNet classification with deep
    convolutional neural networks (2012), section 3.3, which has the sum instead of the mean.

    Args:
        input: (N, C, ...), floating.
        size: how many channels, of which size // 2 come before.
        alpha: the factor of the squares.
        beta: the exponent.
        k: what is added.

    Raises:
        ValueError: for fewer than three axes, or a size below 1.
        TypeError: when the input is not floating.

    >>> local_response_norm(Tensor([[[1.0], [2.0]]]), 1, alpha=1.0, beta=1.0)
    Tensor([[[0.5],
             [0.4]]])
    """
    x = as_floating(input, None, "local_response_norm")
    if x.ndim < 3:
        raise ValueError(f"local_response_norm takes (N, C, ...) with at least one more axis, not shape {x.shape}")
    if size < 1:
        raise ValueError(f"local_response_norm: size must be at least 1, not {size}")
    if not x.size:
        return x
    squares = autograd.square(x).reshape(x.shape[0], 1, x.shape[1], -1)  # images of channels by places
    around = [(0, 0), (0, 0), (size // 2, (size - 1) // 2), (0, 0)]
    means = autograd.avg_pool2d(autograd.pad(squares, around), (size, 1), (1, 1))
    return x / (k + alpha * means.reshape(x.shape)) ** beta


def normalize(input: Array, p: float = 2.0, dim: Any = 1, eps: float = 1e-12) -> Tensor:
    """Return input / max(||input||_p, eps), with the norm along an axis.

    Args:
        input: any shape, floating.
        p: the order of the norm.
        dim: the axis, or several.
        eps: the smallest number to divide by.

    Raises:
        TypeError: when the input is not floating.

    >>> normalize(Tensor([[3.0, 4.0]]))
    Tensor([[0.6, 0.8]])
    """
    x = as_floating(input, None, "normalize")
    if not x.ndim:  # a number counts as a vector of one
        return normalize(x.reshape(1), p, dim, eps).reshape(())
    lengths = autograd.linalg.vector_norm(x, axis=dim, keepdims=True, ord=p)
    return x / autograd.maximum(lengths, eps)

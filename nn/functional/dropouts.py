"""What leaves out or disturbs at random, in training: dropout of elements and of channels, noise, stochastic depth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from nn.module import as_floating

Array = Any  # an array or a Tensor
Generator = np.random.Generator

# Minus the scale times the alpha of SELU (Klambauer et al., 2017): what large negative numbers become.
_SATURATED = -1.0507009873554805 * 1.6732632423543772


def dropout(
    input: Array, p: float = 0.5, training: bool = True, inplace: bool = False, *,
    noise_shape: Sequence[int | None] | None = None, generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """In training, set each element to 0 with probability p and divide the others by 1 - p; else do nothing.

    Source: Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting (2014), scaled in
    training instead of in use.

    Args:
        input: any shape, floating.
        p: the probability, in [0, 1].
        training: whether to do it.
        inplace: taken for PyTorch's sake; the result is never written over the input.
        noise_shape: for each axis its size, or None for the input's, or 1 for one decision for all along the axis.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: when p is not in [0, 1], or `noise_shape` does not fit the input.
        TypeError: when the input is not floating.

    >>> dropout(autograd.ones(4), p=0.5, generator=np.random.default_rng(0))
    Tensor([0., 2., 2., 2.])
    >>> dropout(autograd.ones((2, 3)), noise_shape=(None, 1), generator=np.random.default_rng(0))
    Tensor([[0., 0., 0.],
            [2., 2., 2.]])
    """
    check_probability(p)
    x = as_floating(input, None, "dropout")
    shape = x.shape if noise_shape is None else _noise_shape(noise_shape, x.shape)
    return _thinned(x, p, training, shape, generator)


def check_probability(p: float) -> None:
    """Raise a ValueError unless p is in [0, 1]."""
    if not 0 <= p <= 1:
        raise ValueError(f"the probability p of dropout must be between 0 and 1, not {p!r}")


def _noise_shape(noise_shape: Sequence[int | None], shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of the noise for an input of `shape`."""
    sizes = tuple(noise_shape)
    if len(sizes) != len(shape) or any(n not in (None, 1, m) for n, m in zip(sizes, shape, strict=True)):
        raise ValueError(
            f"noise_shape={sizes} must have for each axis of the input {shape} its size, None for the same, or 1"
        )
    return tuple(m if n is None else n for n, m in zip(sizes, shape, strict=True))


def _thinned(x: Tensor, p: float, training: bool, shape: tuple[int, ...], generator: Generator | None) -> Tensor:
    """Return x with what noise of a shape leaves out, which broadcasts to x's."""
    if not training or p == 0:
        return x
    kept = autograd.random_mask(p, shape, generator)
    return autograd.apply_mask(x, kept, 1 / (1 - p) if p < 1 else 0.0)  # at p = 1 nothing is kept


def dropout1d(
    input: Array, p: float = 0.5, training: bool = True, inplace: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """In training, set each channel of sequences to 0 with probability p and divide the others by 1 - p.

    Source: Tompson et al., Efficient object localization using convolutional networks (2015), section 3.2.

    Args:
        input: (N, C, L), or one (C, L), floating.
        p: the probability, in [0, 1].
        training: whether to do it.
        inplace: taken for PyTorch's sake; the result is never written over the input.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: when p is not in [0, 1], or for an input of other axes.
        TypeError: when the input is not floating.

    >>> dropout1d(autograd.ones((3, 2)), generator=np.random.default_rng(0))
    Tensor([[0., 0.],
            [2., 2.],
            [2., 2.]])
    """
    return _channel_dropout("dropout1d", input, p, training, {2: 1, 3: 2}, generator)


def dropout2d(
    input: Array, p: float = 0.5, training: bool = True, inplace: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """In training, set each channel of images to 0 with probability p and divide the others by 1 - p.

    Three axes are taken for (N, C, L), as in PyTorch. Source and arguments as for `dropout1d`.

    Args:
        input: (N, C, H, W), or (N, C, L), floating.
        p: the probability, in [0, 1].
        training: whether to do it.
        inplace: taken for PyTorch's sake; the result is never written over the input.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: when p is not in [0, 1], or for an input of other axes.
        TypeError: when the input is not floating.

    >>> dropout2d(autograd.ones((1, 2, 1, 2)), generator=np.random.default_rng(0))
    Tensor([[[[0., 0.]],
    <BLANKLINE>
             [[2., 2.]]]])
    """
    return _channel_dropout("dropout2d", input, p, training, {3: 2, 4: 2}, generator)


def dropout3d(
    input: Array, p: float = 0.5, training: bool = True, inplace: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """In training, set each channel of volumes to 0 with probability p and divide the others by 1 - p.

    Source and arguments as for `dropout1d`.

    Args:
        input: (N, C, D, H, W), or one (C, D, H, W), floating.
        p: the probability, in [0, 1].
        training: whether to do it.
        inplace: taken for PyTorch's sake; the result is never written over the input.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: when p is not in [0, 1], or for an input of other axes.
        TypeError: when the input is not floating.

    >>> dropout3d(autograd.ones((2, 1, 1, 1)), generator=np.random.default_rng(0)).reshape(2)
    Tensor([0., 2.])
    """
    return _channel_dropout("dropout3d", input, p, training, {4: 1, 5: 2}, generator)


def _channel_dropout(
    name: str, input: Array, p: float, training: bool, leading: dict[int, int], generator: Generator | None
) -> Tensor:
    """Leave out whole channels; `leading` says how many axes number them in an input of so many axes."""
    check_probability(p)
    x = as_floating(input, None, name)
    if x.ndim not in leading:
        axes = " or ".join(map(str, leading))
        raise ValueError(f"{name} takes inputs of {axes} axes, not shape {x.shape}")
    counted = leading[x.ndim]
    return _thinned(x, p, training, x.shape[:counted] + (1,) * (x.ndim - counted), generator)


def alpha_dropout(
    input: Array, p: float = 0.5, training: bool = False, inplace: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """In training, set elements to SELU's negative limit with probability p; keep mean 0 and variance 1.

    With the limit s, about -1.758, and d = 0 with probability p, else 1, the result is a * (x * d + s * (1 - d)) + b,
    where a = ((1 - p) * (1 + p * s**2))**-0.5 and b = -a * p * s. Source: Klambauer et al., Self-normalizing neural
    networks (2017), section "New dropout technique".

    Args:
        input: any shape, floating.
        p: the probability, in [0, 1].
        training: whether to do it.
        inplace: taken for PyTorch's sake; the result is never written over the input.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: when p is not in [0, 1].
        TypeError: when the input is not floating.

    >>> alpha_dropout(autograd.zeros(3), 0.5, True, generator=np.random.default_rng(0))
    Tensor([-0.77919...,  0.77919...,  0.77919...])
    """
    x = as_floating(input, None, "alpha_dropout")
    return _saturated(x, p, training, x.shape, generator)


def feature_alpha_dropout(
    input: Array, p: float = 0.5, training: bool = False, inplace: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """In training, set whole channels to SELU's negative limit with probability p; keep mean 0 and variance 1.

    Formula, source and arguments as for `alpha_dropout`.

    Args:
        input: (N, C, ...), floating.
        p: the probability, in [0, 1].
        training: whether to do it.
        inplace: taken for PyTorch's sake; the result is never written over the input.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: when p is not in [0, 1], or in training for fewer than two axes.
        TypeError: when the input is not floating.

    >>> feature_alpha_dropout(autograd.zeros((1, 2, 2)), 0.5, True, generator=np.random.default_rng(0))
    Tensor([[[-0.77919..., -0.77919...],
             [ 0.77919...,  0.77919...]]])
    """
    x = as_floating(input, None, "feature_alpha_dropout")
    if training and x.ndim < 2:
        raise ValueError(f"feature_alpha_dropout takes (N, C, ...), not shape {x.shape}")
    return _saturated(x, p, training, x.shape[:2] + (1,) * (x.ndim - 2), generator)


def _saturated(x: Tensor, p: float, training: bool, shape: tuple[int, ...], generator: Generator | None) -> Tensor:
    """Return x with the limit of SELU where noise of a shape says so, which broadcasts to x's."""
    check_probability(p)
    if not training or p == 0:
        return x
    if p == 1:  # nothing is left that could vary
        return x * 0
    a = ((1 - p) * (1 + p * _SATURATED**2)) ** -0.5
    kept = autograd.random_mask(p, shape, generator)
    shift = np.where(kept, 0, a * _SATURATED) - a * p * _SATURATED
    return autograd.scale_shift(x, (a * kept).astype(x.dtype), shift.astype(x.dtype))


def gaussian_noise(
    input: Array, std: float = 1.0, training: bool = True, *, generator: Generator | None = None
) -> Tensor:
    """In training, add normal noise of mean 0 to the input; else do nothing.

    Source: Bishop, Training with noise is equivalent to Tikhonov regularization (1995).

    Args:
        input: any shape, floating.
        std: the noise's standard deviation.
        training: whether to do it.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: when `std` is negative.
        TypeError: when the input is not floating.

    >>> gaussian_noise(autograd.zeros(2), 0.1, generator=np.random.default_rng(0))
    Tensor([ 0.01257302, -0.01321049])
    """
    check_deviation(std)
    x = as_floating(input, None, "gaussian_noise")
    if not training or std == 0:
        return x
    noise = (generator or autograd.default_generator()).normal(0.0, std, x.shape)
    return x + noise.astype(x.dtype)


def check_deviation(std: float) -> None:
    """Raise a ValueError unless a standard deviation is at least 0."""
    if not std >= 0:
        raise ValueError(f"the standard deviation std of noise must be at least 0, not {std!r}")


def stochastic_depth(
    input: Array, p: float, mode: str, training: bool = True, *, generator: Generator | None = None
) -> Tensor:
    """In training, set whole examples to 0 with probability p and divide the others by 1 - p; else do nothing.

    Before it is added to a skip connection, this leaves out a residual branch. Source: Huang et al., Deep networks with
    stochastic depth (2016), scaled in training instead of in use, as in `torchvision.ops`.

    Args:
        input: (N, ...), floating.
        p: the probability, in [0, 1].
        mode: "row" decides for each example, "batch" for all at once.
        training: whether to do it.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: when p is not in [0, 1], or for another mode.
        TypeError: when the input is not floating.

    >>> stochastic_depth(autograd.ones((2, 3)), 0.5, "row", generator=np.random.default_rng(0))
    Tensor([[0., 0., 0.],
            [2., 2., 2.]])
    """
    check_probability(p)
    check_mode(mode)
    x = as_floating(input, None, "stochastic_depth")
    counted = x.shape[:1] if mode == "row" else (1,) * min(x.ndim, 1)
    return _thinned(x, p, training, counted + (1,) * (x.ndim - 1), generator)


def check_mode(mode: str) -> None:
    """Raise a ValueError unless `mode` is a known one of stochastic depth."""
    if mode not in ("batch", "row"):
        raise ValueError(f"the mode of stochastic depth must be 'batch' or 'row', not {mode!r}")

"""Layers that leave out at random, in training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from autograd import Tensor
from nn import functional as F
from nn.functional.dropouts import check_mode, check_probability
from nn.module import Module

Generator = np.random.Generator


class RandomLayer(Module):
    """What the layers share that leave out with a probability."""

    p: float
    inplace: bool
    generator: Generator | None

    def __init__(self, p: float = 0.5, inplace: bool = False, *, generator: Generator | None = None) -> None:
        check_probability(p)
        self.p = p
        self.inplace = inplace
        self.generator = generator

    def extra_repr(self) -> str:
        """Return the constructor's arguments."""
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(RandomLayer):
    """In training, sets each element to 0 with probability p and divides the others by 1 - p; in use, does nothing.

    Source: Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting (2014).

    Args:
        p: the probability, in [0, 1].
        inplace: taken for PyTorch's sake; the result is never written over the input.
        noise_shape: for each axis of the input its size, or None for the same, or 1 for one decision for all along the
            axis, as in Keras.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Shapes:
        input of any shape, floating; output the same.

    Raises:
        ValueError: when p is not in [0, 1], or when called, `noise_shape` does not fit the input.

    >>> layer = Dropout(0.5, generator=np.random.default_rng(0))
    >>> layer(np.ones(4, np.float32))
    Tensor([0., 2., 2., 2.])
    >>> layer.eval()(np.ones(4, np.float32))
    Tensor([1., 1., 1., 1.])
    """

    noise_shape: tuple[int | None, ...] | None

    def __init__(
        self, p: float = 0.5, inplace: bool = False, *, noise_shape: Sequence[int | None] | None = None,
        generator: Generator | None = None,
    ) -> None:  # fmt: skip
        super().__init__(p, inplace, generator=generator)
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)

    def forward(self, input: Any) -> Tensor:
        """Return the input, thinned out in training."""
        return F.dropout(
            input, self.p, self.training, self.inplace, noise_shape=self.noise_shape, generator=self.generator
        )

    def extra_repr(self) -> str:
        """Return the constructor's arguments."""
        return super().extra_repr() + (f", noise_shape={self.noise_shape}" if self.noise_shape is not None else "")


class ChannelDropout(RandomLayer):
    """What the layers share that leave out, or saturate, by a function of `nn.functional`."""

    function: ClassVar[Callable[..., Tensor]]

    def forward(self, input: Any) -> Tensor:
        """Return the input, disturbed in training."""
        return type(self).function(input, self.p, self.training, self.inplace, generator=self.generator)


class Dropout1d(ChannelDropout):
    """In training, sets each channel of sequences to 0 with probability p and divides the others by 1 - p.

    Source: Tompson et al., Efficient object localization using convolutional networks (2015), section 3.2.

    Args:
        p: the probability, in [0, 1].
        inplace: taken for PyTorch's sake; the result is never written over the input.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Shapes:
        input (N, C, L) or (C, L), floating; output the same.

    Raises:
        ValueError: when p is not in [0, 1], or when called, for an input of other axes.

    >>> Dropout1d(generator=np.random.default_rng(0))(np.ones((3, 2), np.float32)).tolist()
    [[0.0, 0.0], [2.0, 2.0], [2.0, 2.0]]
    """

    function = F.dropout1d


class Dropout2d(ChannelDropout):
    """In training, sets each channel of images to 0 with probability p and divides the others by 1 - p.

    Source: Tompson et al., Efficient object localization using convolutional networks (2015), section 3.2.

    Args:
        p: the probability, in [0, 1].
        inplace: taken for PyTorch's sake; the result is never written over the input.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Shapes:
        input (N, C, H, W) or (N, C, L), floating; output the same.

    Raises:
        ValueError: when p is not in [0, 1], or when called, for an input of other axes.

    >>> Dropout2d(generator=np.random.default_rng(0))(np.ones((1, 2, 1, 2), np.float32)).tolist()
    [[[[0.0, 0.0]], [[2.0, 2.0]]]]
    """

    function = F.dropout2d


class Dropout3d(ChannelDropout):
    """In training, sets each channel of volumes to 0 with probability p and divides the others by 1 - p.

    Source: Tompson et al., Efficient object localization using convolutional networks (2015), section 3.2.

    Args:
        p: the probability, in [0, 1].
        inplace: taken for PyTorch's sake; the result is never written over the input.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Shapes:
        input (N, C, D, H, W) or (C, D, H, W), floating; output the same.

    Raises:
        ValueError: when p is not in [0, 1], or when called, for an input of other axes.

    >>> Dropout3d(generator=np.random.default_rng(0))(np.ones((2, 1, 1, 1), np.float32)).reshape(2)
    Tensor([0., 2.])
    """

    function = F.dropout3d


class AlphaDropout(ChannelDropout):
    """In training, sets elements to SELU's negative limit with probability p; keeps mean 0 and variance 1.

    Source: Klambauer et al., Self-normalizing neural networks (2017).

    Args:
        p: the probability, in [0, 1].
        inplace: taken for PyTorch's sake; the result is never written over the input.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Shapes:
        input of any shape, floating; output the same.

    Raises:
        ValueError: when p is not in [0, 1], or when called, for an input of other axes.

    >>> AlphaDropout(generator=np.random.default_rng(0))(np.zeros(3, np.float32))
    Tensor([-0.77919394,  0.77919394,  0.77919394])
    """

    function = F.alpha_dropout


class FeatureAlphaDropout(ChannelDropout):
    """In training, sets channels to SELU's negative limit with probability p; keeps mean 0 and variance 1.

    Source: Klambauer et al., Self-normalizing neural networks (2017).

    Args:
        p: the probability, in [0, 1].
        inplace: taken for PyTorch's sake; the result is never written over the input.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Shapes:
        input (N, C, ...), floating; output the same.

    Raises:
        ValueError: when p is not in [0, 1], or when called, for an input of other axes.

    >>> FeatureAlphaDropout(generator=np.random.default_rng(0))(np.zeros((1, 2, 2), np.float32))
    Tensor([[[-0.77919394, -0.77919394],
             [ 0.77919394,  0.77919394]]])
    """

    function = F.feature_alpha_dropout


class StochasticDepth(Module):
    """In training, sets whole examples to 0 with probability p and divides the others by 1 - p; in use, does nothing.

    Stands at the end of a residual branch, before the sum with its input (also called DropPath). Source: Huang et al.,
    Deep networks with stochastic depth (2016), as in `torchvision.ops`.

    Args:
        p: the probability, in [0, 1].
        mode: "row" decides for each example, "batch" for all at once.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Shapes:
        input (N, ...), floating; output the same.

    Raises:
        ValueError: when p is not in [0, 1], or for another mode.

    >>> layer = StochasticDepth(0.5, "row", generator=np.random.default_rng(0))
    >>> layer(np.ones((2, 3), np.float32)).tolist()
    [[0.0, 0.0, 0.0], [2.0, 2.0, 2.0]]
    """

    p: float
    mode: str
    generator: Generator | None

    def __init__(self, p: float, mode: str, *, generator: Generator | None = None) -> None:
        check_probability(p)
        check_mode(mode)
        self.p = p
        self.mode = mode
        self.generator = generator

    def forward(self, input: Any) -> Tensor:
        """Return the input, in training without some examples."""
        return F.stochastic_depth(input, self.p, self.mode, self.training, generator=self.generator)

    def extra_repr(self) -> str:
        """Return the constructor's arguments."""
        return f"p={self.p}, mode={self.mode}"

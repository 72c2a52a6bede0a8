"""Layers that add noise, in training."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import Tensor
from nn import functional as F
from nn.functional.dropouts import check_deviation
from nn.module import Module


class GaussianNoise(Module):
    """In training, adds normal noise of mean 0 to the input; in use, does nothing.

    Source: Bishop, Training with noise is equivalent to Tikhonov regularization (1995).

    Args:
        std: the noise's standard deviation.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Shapes:
        input of any shape, floating; output the same.

    Raises:
        ValueError: when `std` is negative.

    >>> layer = GaussianNoise(0.1, generator=np.random.default_rng(0))
    >>> layer(np.zeros(2, np.float32))
    Tensor([ 0.01257302, -0.01321049])
    >>> layer.eval()(np.zeros(2, np.float32))
    Tensor([0., 0.])
    """

    std: float
    generator: np.random.Generator | None

    def __init__(self, std: float = 1.0, *, generator: np.random.Generator | None = None) -> None:
        check_deviation(std)
        self.std = std
        self.generator = generator

    def forward(self, input: Any) -> Tensor:
        """Return the input, with noise in training."""
        return F.gaussian_noise(input, self.std, self.training, generator=self.generator)

    def extra_repr(self) -> str:
        """Return the constructor's argument."""
        return f"std={self.std}"

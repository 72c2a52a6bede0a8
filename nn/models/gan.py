"""A small generative adversarial network."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

import autograd
from autograd import Tensor
from nn import functional as F
from nn.activation import LeakyReLU, Tanh
from nn.containers import Sequential
from nn.linear import Flatten, Linear, Unflatten
from nn.models.building import Generator
from nn.module import Module, as_floating, check_size


class GAN(Module):
    """A generator, which makes examples of noise, and a discriminator, which scores how real examples look.

    Both are multilayer perceptrons with leaky rectifiers; the generator ends with tanh, so that data is to be scaled to
    [-1, 1]. Train them in turn: the discriminator with `discriminator_loss`, the generator with `generator_loss`, each
    with an optimizer of its own. Layers start as `Linear` does. Source: Goodfellow et al., Generative adversarial nets
    (2014), algorithm 1; leaky rectifiers and tanh as in Radford, Metz and Chintala, Unsupervised representation
    learning with deep convolutional generative adversarial networks (2016).

    Args:
        shape: of an example, such as (1, 28, 28).
        noise_size: Z, how many normal numbers an example is made of.
        hidden: the sizes of the generator's hidden layers; the discriminator has them in reverse.
        kind: of the losses: "minimax", "non-saturating", "least-squares", "hinge" or "wasserstein".
        dtype: of the parameters; the default dtype by default. Input is converted to it.
        generator: the source of the initial values; `autograd.default_generator()` by default.

    Shapes:
        noise (N, Z); examples (N, *shape); scores (N, 1), without sigmoid.

    Raises:
        TypeError, ValueError: for sizes or a kind that are none.

    >>> gan = GAN((1, 8, 8), noise_size=4, hidden=[16])
    >>> gan(np.zeros((5, 4))).shape
    (5, 1, 8, 8)
    >>> gan.discriminator(gan.sample(3)).shape
    (3, 1)
    """

    def __init__(
        self, shape: Sequence[int], noise_size: int = 64, hidden: Sequence[int] = (128, 256),
        kind: str = "non-saturating", *, dtype: DTypeLike | None = None, generator: Generator | None = None,
    ) -> None:  # fmt: skip
        F.generator_loss(np.zeros(1), kind)  # raises if there is no such kind
        self.noise_size = check_size(noise_size, "noise_size")
        self.kind = kind
        numbers = [check_size(size, "shape") for size in shape]
        features, making = int(np.prod(numbers)), {"dtype": dtype, "generator": generator}
        layers = _perceptron([noise_size, *hidden, features], making)
        self.generator = Sequential(*layers, Tanh(), Unflatten(1, numbers))
        self.discriminator = Sequential(Flatten(), *_perceptron([features, *reversed(hidden), 1], making))

    def forward(self, noise: Any) -> Tensor:
        """Return examples (N, *shape), for noise (N, Z)."""
        return self.generator(as_floating(noise, None, "GAN"))  # type: ignore[no-any-return]

    def noise(self, count: int, generator: Generator | None = None) -> Tensor:
        """Return normal numbers (count, Z)."""
        first = next(iter(self.parameters()))
        source = generator or autograd.default_generator()
        return Tensor(source.normal(size=(check_size(count, "count", 0), self.noise_size)).astype(first.dtype))

    def sample(self, count: int, generator: Generator | None = None) -> Tensor:
        """Return made examples (count, *shape), without a graph."""
        with autograd.no_grad():
            return self(self.noise(count, generator))  # type: ignore[no-any-return]

    def discriminator_loss(self, real: Any, noise: Any) -> Tensor:
        """Return how badly the discriminator tells real examples (N, *shape) from those made of noise (M, Z).

        Its gradient stops at the made examples: the generator is not trained by it.
        """
        fake = self(noise).detach()
        return F.discriminator_loss(self.discriminator(real), self.discriminator(fake), self.kind)

    def generator_loss(self, noise: Any) -> Tensor:
        """Return how badly the generator deceives the discriminator with what it makes of noise (M, Z).

        The discriminator gets a gradient, too: forget it before training that.
        """
        return F.generator_loss(self.discriminator(self(noise)), self.kind)


def _perceptron(sizes: Sequence[int], making: dict[str, Any]) -> list[Module]:
    """Return linear layers with leaky rectifiers between them."""
    layers: list[Module] = []
    for inner, outer in itertools.pairwise(sizes):
        layers += [Linear(inner, outer, **making), LeakyReLU(0.2)]
    return layers[:-1]

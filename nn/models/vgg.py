"""VGG: deep networks of 3x3 convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import DTypeLike

from nn import init
from nn.activation import ReLU
from nn.containers import Sequential
from nn.conv import Conv2d
from nn.dropout import Dropout
from nn.linear import Flatten, Linear
from nn.models.building import Chain, Generator, check_classes, scaled
from nn.module import Module
from nn.pool import AdaptiveAvgPool2d, MaxPool2d


class VGG(Chain):
    """Blocks of 3x3 convolutions with rectifiers, each block followed by 2x2 max-pooling; then 4,096, 4,096, classes.

    Names of parameters are torchvision's. Convolutions start by `init.kaiming_normal_(mode="fan_out")`, linear layers
    normal with standard deviation 0.01, biases at 0, as there; the paper trained a shallow network first, from normal
    weights of variance 0.01, and started deeper ones with its layers. Source: Simonyan and Zisserman, Very deep
    convolutional networks for large-scale image recognition (2015), table 1 and section 3.1.

    Args:
        blocks: the numbers of filters, one for each convolution of each block.
        num_classes: how many classes there are.
        dropout: the probability of leaving out hidden units.
        width: a factor for the numbers of channels and units, for small networks of this form.
        dtype: of the parameters; the default dtype by default. Input is converted to it.
        generator: the source of the initial values and of dropout; `autograd.default_generator()` by default.

    Shapes:
        input (N, 3, H, W), floating, 224x224 pixels in the paper, at least 32x32; output (N, num_classes), scores.

    Raises:
        TypeError, ValueError: for arguments that are none of the above.

    >>> import numpy as np
    >>> VGG([[4], [8, 8]], num_classes=10, width=1 / 2)(np.zeros((2, 3, 28, 28))).shape
    (2, 10)
    """

    def __init__(
        self, blocks: Sequence[Sequence[int]], num_classes: int = 1000, dropout: float = 0.5, *, width: float = 1.0,
        dtype: DTypeLike | None = None, generator: Generator | None = None,
    ) -> None:  # fmt: skip
        making: dict[str, Any] = {"dtype": dtype, "generator": generator}
        channels, layers = 3, list[Module]()
        for block in blocks:
            for filters in block:
                layers += [Conv2d(channels, scaled(filters, width), 3, padding=1, **making), ReLU()]
                channels = scaled(filters, width)
            layers.append(MaxPool2d(2))
        units = scaled(4096, width)
        classifier = Sequential(
            Linear(channels * 49, units, **making), ReLU(), Dropout(dropout, generator=generator),
            Linear(units, units, **making), ReLU(), Dropout(dropout, generator=generator),
            Linear(units, check_classes(num_classes), **making),
        )  # fmt: skip
        features, pool = Sequential(*layers), AdaptiveAvgPool2d(7)
        super().__init__({"features": features, "avgpool": pool, "flatten": Flatten(), "classifier": classifier})
        self.reset_parameters(generator)

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Draw new initial weights, and set biases to 0."""
        for layer in self.modules():
            if isinstance(layer, Conv2d):
                init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu", generator=generator)
            elif isinstance(layer, Linear):
                init.normal_(layer.weight, std=0.01, generator=generator)
            if isinstance(layer, Conv2d | Linear) and layer.bias is not None:
                init.zeros_(layer.bias)


def vgg16(**options: Any) -> VGG:
    """Return the network with 16 layers of weights, configuration D: 138,357,544 parameters; options are `VGG`'s.

    Blocks: 2 convolutions of 64 filters, 2 of 128, 3 of 256, 3 of 512, 3 of 512.

    >>> len([layer for layer in vgg16(width=1 / 64).modules() if hasattr(layer, "weight")])
    16
    """
    return VGG([[64] * 2, [128] * 2, [256] * 3, [512] * 3, [512] * 3], **options)


def vgg19(**options: Any) -> VGG:
    """Return the network with 19 layers of weights, configuration E: 143,667,240 parameters; options are `VGG`'s.

    Blocks: 2 convolutions of 64 filters, 2 of 128, 4 of 256, 4 of 512, 4 of 512.

    >>> len([layer for layer in vgg19(width=1 / 64).modules() if hasattr(layer, "weight")])
    19
    """
    return VGG([[64] * 2, [128] * 2, [256] * 4, [512] * 4, [512] * 4], **options)

"""AlexNet: as published, in two columns of channels, and in the single column that torchvision has."""

from __future__ import annotations

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
from nn.norm import LocalResponseNorm
from nn.pool import AdaptiveAvgPool2d, MaxPool2d


class AlexNet(Chain):
    """AlexNet in a single column of channels, with torchvision's names of parameters: 61,100,840 for 1,000 classes.

    Five convolutions (11x11 with stride 4 and 64 filters; 5x5 with 192; 3x3 with 384, 256 and 256), each with a
    rectifier, 3x3 max-pooling with stride 2 after the first, second and fifth; then two layers of 4,096 units and the
    classes, with dropout before each of the first two. Layers start as `Conv2d` and `Linear` do. Source: Krizhevsky,
    One weird trick for parallelizing convolutional neural networks (2014), after Krizhevsky, Sutskever and
    Hinton (see `TwoColumnAlexNet`).

    Args:
        num_classes: how many classes there are.
        dropout: the probability of leaving out.
        width: a factor for the numbers of channels and units, for small networks of this form.
        dtype: of the parameters; the default dtype by default. Input is converted to it.
        generator: the source of the initial values and of dropout; `autograd.default_generator()` by default.

    Shapes:
        input (N, 3, H, W), floating, H and W at least 63, 224 in the paper; output (N, num_classes), scores.

    Raises:
        TypeError, ValueError: for arguments that are none of the above.

    >>> import numpy as np
    >>> AlexNet(10, width=1 / 32).eval()(np.zeros((2, 3, 64, 64))).shape
    (2, 10)
    """

    def __init__(
        self, num_classes: int = 1000, dropout: float = 0.5, *, width: float = 1.0, dtype: DTypeLike | None = None,
        generator: Generator | None = None,
    ) -> None:  # fmt: skip
        making: dict[str, Any] = {"dtype": dtype, "generator": generator}
        a, b, c, d, units = (scaled(channels, width) for channels in (64, 192, 384, 256, 4096))
        features = Sequential(
            Conv2d(3, a, 11, stride=4, padding=2, **making), ReLU(), MaxPool2d(3, 2),
            Conv2d(a, b, 5, padding=2, **making), ReLU(), MaxPool2d(3, 2),
            Conv2d(b, c, 3, padding=1, **making), ReLU(),
            Conv2d(c, d, 3, padding=1, **making), ReLU(),
            Conv2d(d, d, 3, padding=1, **making), ReLU(), MaxPool2d(3, 2),
        )  # fmt: skip
        classifier = Sequential(
            Dropout(dropout, generator=generator), Linear(d * 36, units, **making), ReLU(),
            Dropout(dropout, generator=generator), Linear(units, units, **making), ReLU(),
            Linear(units, check_classes(num_classes), **making),
        )  # fmt: skip
        parts = {"features": features, "avgpool": AdaptiveAvgPool2d(6), "flatten": Flatten(), "classifier": classifier}
        super().__init__(parts)


class TwoColumnAlexNet(Chain):
    """AlexNet as published, its channels in two columns (once one on each GPU): 60,965,224 parameters.

    | layer | filters | output | parameters |
    |---|---|---|---|
    | convolution 11x11, stride 4; normalization; pooling | 96 | (96, 27, 27) | 34,944 |
    | convolution 5x5, in columns; normalization; pooling | 256 | (256, 13, 13) | 307,456 |
    | convolution 3x3, across columns | 384 | (384, 13, 13) | 885,120 |
    | convolution 3x3, in columns | 384 | (384, 13, 13) | 663,936 |
    | convolution 3x3, in columns; pooling | 256 | (256, 6, 6) | 442,624 |
    | fully connected; dropout | | (4096,) | 37,752,832 |
    | fully connected; dropout | | (4096,) | 16,781,312 |
    | fully connected | | (1000,) | 4,097,000 |

    A rectifier follows every layer but the last. Pooling takes the largest of 3x3 values with stride 2. Local response
    normalization has n = 5, k = 2, beta = 0.75 and alpha = 1e-4 for the sum of squares: 5e-4 for the mean, which
    `LocalResponseNorm` takes. Weights start normal with standard deviation 0.01, biases at 1 in the second, fourth and
    fifth convolution and the hidden fully connected layers, at 0 in the others. The paper says that images have 224x224
    pixels, but its 55x55 positions of the first filters need 227. Source: Krizhevsky, Sutskever and Hinton, ImageNet
    classification with deep convolutional neural networks (2012), sections 3 to 5.

    Args:
        num_classes: how many classes there are.
        dropout: the probability of leaving out.
        width: a factor for the numbers of channels and units, for small networks of this form.
        dtype: of the parameters; the default dtype by default. Input is converted to it.
        generator: the source of the initial values and of dropout; `autograd.default_generator()` by default.

    Shapes:
        input (N, 3, 227, 227), floating; output (N, num_classes), scores.

    Raises:
        TypeError, ValueError: for arguments that are none of the above.

    >>> import numpy as np
    >>> TwoColumnAlexNet(10, width=1 / 48).eval()(np.zeros((2, 3, 227, 227))).shape
    (2, 10)
    """

    def __init__(
        self, num_classes: int = 1000, dropout: float = 0.5, *, width: float = 1.0, dtype: DTypeLike | None = None,
        generator: Generator | None = None,
    ) -> None:  # fmt: skip
        making: dict[str, Any] = {"dtype": dtype, "generator": generator}
        a, b, c, d = (2 * scaled(column, width) for column in (48, 128, 192, 128))
        units = scaled(4096, width)
        convolutions: dict[str, Module] = {
            "conv1": Conv2d(3, a, 11, stride=4, **making), "relu1": ReLU(), "norm1": _norm(), "pool1": MaxPool2d(3, 2),
            "conv2": Conv2d(a, b, 5, padding=2, groups=2, **making), "relu2": ReLU(), "norm2": _norm(),
            "pool2": MaxPool2d(3, 2),
            "conv3": Conv2d(b, c, 3, padding=1, **making), "relu3": ReLU(),
            "conv4": Conv2d(c, c, 3, padding=1, groups=2, **making), "relu4": ReLU(),
            "conv5": Conv2d(c, d, 3, padding=1, groups=2, **making), "relu5": ReLU(), "pool5": MaxPool2d(3, 2),
        }  # fmt: skip
        dense: dict[str, Module] = {
            "flatten": Flatten(),
            "fc6": Linear(d * 36, units, **making), "relu6": ReLU(), "drop6": Dropout(dropout, generator=generator),
            "fc7": Linear(units, units, **making), "relu7": ReLU(), "drop7": Dropout(dropout, generator=generator),
            "fc8": Linear(units, check_classes(num_classes), **making),
        }  # fmt: skip
        super().__init__(convolutions | dense)
        self.reset_parameters(generator)

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Draw new initial weights, and set the biases."""
        for name, layer in self.named_children():
            if isinstance(layer, Conv2d | Linear) and layer.bias is not None:
                init.normal_(layer.weight, std=0.01, generator=generator)
                init.constant_(layer.bias, float(name in ("conv2", "conv4", "conv5", "fc6", "fc7")))


def _norm() -> LocalResponseNorm:
    return LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)


def alexnet(**options: Any) -> AlexNet:
    """Return an `AlexNet`; options are its arguments.

    >>> alexnet(num_classes=10, width=1 / 32).classifier[-1].out_features
    10
    """
    return AlexNet(**options)

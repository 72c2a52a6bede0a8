"""The networks of Nielsen's chapter on deep learning, of convolution-pooling, fully connected and softmax layers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from numpy.typing import DTypeLike

from nn import init
from nn.activation import ReLU, Sigmoid
from nn.containers import Sequential
from nn.conv import Conv2d
from nn.dropout import Dropout
from nn.linear import Flatten, Linear
from nn.models.building import Chain, Generator
from nn.module import Module
from nn.pool import MaxPool2d

Activation = Callable[[], Module]


class ConvPoolLayer(Chain):
    """A convolution, max-pooling of its result, and an activation: the chapter's `ConvPoolLayer`.

    The weights start normal, of mean 0 and variance 1/n with n = filters * K * L / (size of the pooling window), the
    biases normal of variance 1, as in the chapter's `network3.py`.

    Args:
        in_channels: C, the number of feature maps that come in.
        out_channels: O, the number of filters.
        kernel_size: of the filters.
        pool_size: of the pooling's windows.
        activation: makes the layer at the end.
        dtype: of the parameters; the default dtype by default. Input is converted to it.
        generator: the source of the initial values; `autograd.default_generator()` by default.

    Shapes:
        input (N, C, H, W), floating; output (N, O, P, Q) with P = floor((H - K + 1) / pool_size), Q likewise.

    >>> import numpy as np
    >>> ConvPoolLayer(1, 20)(np.zeros((5, 1, 28, 28))).shape
    (5, 20, 12, 12)
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int = 5, pool_size: int = 2,
        activation: Activation = Sigmoid, *, dtype: DTypeLike | None = None, generator: Generator | None = None,
    ) -> None:  # fmt: skip
        conv = Conv2d(in_channels, out_channels, kernel_size, dtype=dtype, generator=generator)
        super().__init__({"conv": conv, "pool": MaxPool2d(pool_size), "activation": activation()})
        _reset(conv, out_channels * kernel_size**2 / pool_size**2, generator)


class FullyConnectedLayer(Chain):
    """Dropout of the input, a linear layer and an activation: the chapter's `FullyConnectedLayer`.

    The weights start normal, of mean 0 and variance 1/out_features, the biases of variance 1, as in its `network3.py`.

    Args:
        in_features: I.
        out_features: O.
        activation: makes the layer at the end.
        dropout: the probability of leaving out each input in training.
        dtype: of the parameters; the default dtype by default. Input is converted to it.
        generator: the source of the initial values and of dropout; `autograd.default_generator()` by default.

    Shapes:
        input (N, I), floating; output (N, O).

    >>> import numpy as np
    >>> FullyConnectedLayer(784, 100)(np.zeros((5, 784))).shape
    (5, 100)
    """

    def __init__(
        self, in_features: int, out_features: int, activation: Activation = Sigmoid, dropout: float = 0.0, *,
        dtype: DTypeLike | None = None, generator: Generator | None = None,
    ) -> None:  # fmt: skip
        linear = Linear(in_features, out_features, dtype=dtype, generator=generator)
        dropping = Dropout(dropout, generator=generator)
        super().__init__({"dropout": dropping, "linear": linear, "activation": activation()})
        _reset(linear, out_features, generator)


class SoftmaxLayer(Chain):
    """Dropout of the input and a linear layer that starts at 0: the chapter's `SoftmaxLayer`, up to the softmax itself.

    The softmax is in `CrossEntropyLoss`, the chapter's log-likelihood cost.

    Args:
        in_features: I.
        out_features: O, the number of classes.
        dropout: the probability of leaving out each input in training.
        dtype: of the parameters; the default dtype by default. Input is converted to it.
        generator: the source of dropout; `autograd.default_generator()` by default.

    Shapes:
        input (N, I), floating; output (N, O), scores.

    >>> import numpy as np
    >>> SoftmaxLayer(100, 10)(np.zeros((5, 100))).shape
    (5, 10)
    """

    def __init__(
        self, in_features: int, out_features: int, dropout: float = 0.0, *, dtype: DTypeLike | None = None,
        generator: Generator | None = None,
    ) -> None:  # fmt: skip
        linear = Linear(in_features, out_features, dtype=dtype, generator=generator)
        super().__init__({"dropout": Dropout(dropout, generator=generator), "linear": linear})
        init.zeros_(linear.weight)
        if linear.bias is not None:
            init.zeros_(linear.bias)


def _reset(layer: Conv2d | Linear, fan_out: float, generator: Generator | None) -> None:
    init.normal_(layer.weight, std=math.sqrt(1 / fan_out), generator=generator)
    if layer.bias is not None:
        init.normal_(layer.bias, generator=generator)


class _Plan(NamedTuple):
    """What a network of the chapter is made of, and what it reached there."""

    filters: Sequence[int]  # of each convolution-pooling layer
    units: Sequence[int]  # of each fully connected layer
    activation: Activation
    dropout: float
    published: float  # accuracy on MNIST's test images, in percent


CHAPTER6 = {
    "shallow": _Plan((), (100,), Sigmoid, 0.0, 97.80),
    "basic_conv": _Plan((20,), (100,), Sigmoid, 0.0, 98.78),
    "dbl_conv": _Plan((20, 40), (100,), Sigmoid, 0.0, 99.06),
    "dbl_conv_relu": _Plan((20, 40), (100,), ReLU, 0.0, 99.23),
    "expanded_data": _Plan((20, 40), (100,), ReLU, 0.0, 99.37),
    "expanded_data_double_fc": _Plan((20, 40), (100, 100), ReLU, 0.0, 99.43),
    "double_fc_dropout": _Plan((20, 40), (1000, 1000), ReLU, 0.5, 99.60),
}


def chapter6(name: str, *, dtype: DTypeLike | None = None, generator: Generator | None = None) -> Sequential:
    """Return a network of Nielsen, Neural networks and deep learning (2015), chapter 6, by its name in `conv.py` there.

    | name | layers between image and softmax layer | accuracy there | parameters |
    |---|---|---|---|
    | shallow | fully connected of 100 units | 97.80 % | 79,510 |
    | basic_conv | convolution-pooling of 20 filters 5x5; as above | 98.78 % | 289,630 |
    | dbl_conv | convolution-pooling of 20 and 40 filters; as above | 99.06 % | 85,670 |
    | dbl_conv_relu | the same with rectified linear units | 99.23 % | 85,670 |
    | expanded_data | the same, trained with images moved by a pixel | 99.37 % | 85,670 |
    | expanded_data_double_fc | two fully connected layers of 100 units | 99.43 % | 95,770 |
    | double_fc_dropout | two of 1,000 units, with dropout of one half | 99.60 % | 1,672,570 |

    The last row's ensemble of five votes to 99.67 % (`nn.train.Ensemble`).

    Args:
        name: one of the names above.
        dtype: of the parameters; the default dtype by default. Input is converted to it.
        generator: the source of the initial values and of dropout; `autograd.default_generator()` by default.

    Shapes:
        input (N, 1, 28, 28), floating; output (N, 10), scores.

    Raises:
        ValueError: for another name.

    >>> [type(layer).__name__ for layer in chapter6("dbl_conv")]
    ['ConvPoolLayer', 'ConvPoolLayer', 'Flatten', 'FullyConnectedLayer', 'SoftmaxLayer']
    """
    if name not in CHAPTER6:
        raise ValueError(f"the chapter has no network {name!r}; there are {', '.join(CHAPTER6)}")
    plan = CHAPTER6[name]
    making: dict[str, Any] = {"dtype": dtype, "generator": generator}
    channels, size, layers = 1, 28, list[Module]()
    for filters in plan.filters:
        layers.append(ConvPoolLayer(channels, filters, activation=plan.activation, **making))
        channels, size = filters, (size - 4) // 2
    layers.append(Flatten())
    features = channels * size**2
    for units in plan.units:
        layers.append(FullyConnectedLayer(features, units, plan.activation, plan.dropout, **making))
        features = units
    return Sequential(*layers, SoftmaxLayer(features, 10, plan.dropout, **making))

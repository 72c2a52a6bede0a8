"""GoogLeNet: modules of parallel convolutions, with auxiliary classifiers while it learns."""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.typing import DTypeLike

import autograd
from autograd import Tensor
from nn import init
from nn.activation import ReLU
from nn.containers import Sequential
from nn.conv import Conv2d
from nn.dropout import Dropout
from nn.linear import Flatten, Linear
from nn.models.building import Generator, check_classes, scaled
from nn.module import Module
from nn.norm import BatchNorm2d, LocalResponseNorm
from nn.pool import AdaptiveAvgPool2d, AvgPool2d, MaxPool2d

Making = dict[str, Any]


class GoogLeNetOutputs(NamedTuple):
    """What a `GoogLeNet` with auxiliary classifiers returns in training: scores (N, num_classes) each."""

    logits: Tensor
    aux_logits2: Tensor
    aux_logits1: Tensor


class BasicConv2d(Sequential):
    """A convolution and a rectifier, with batch normalization between them or with a bias.

    Args:
        in_channels: C.
        out_channels: O.
        kernel_size: of the filters.
        stride: the step between windows.
        padding: zeros on each side.
        batch_norm: normalize, with eps 0.001 and no bias before it; else have a bias.
        dtype: of the parameters; the default dtype by default. Input is converted to it.
        generator: the source of the initial values; `autograd.default_generator()` by default.

    Shapes:
        input (N, C, H, W), floating; output (N, O, P, Q), sized as for `Conv2d`.

    >>> import numpy as np
    >>> BasicConv2d(3, 8, 3, padding=1)(np.ones((2, 3, 4, 4))).shape
    (2, 8, 4, 4)
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, stride: int = 1, padding: int = 0,
        batch_norm: bool = True, *, dtype: DTypeLike | None = None, generator: Generator | None = None,
    ) -> None:  # fmt: skip
        making: Making = {"dtype": dtype, "generator": generator}
        conv = Conv2d(in_channels, out_channels, kernel_size, stride, padding, bias=not batch_norm, **making)
        norm = {"bn": BatchNorm2d(out_channels, eps=0.001, dtype=dtype)} if batch_norm else {}
        super().__init__({"conv": conv, **norm, "relu": ReLU()})


class Inception(Module):
    """An inception module: convolutions of 1x1, 3x3 and 5x5 and max-pooling side by side, their channels joined.

    1x1 convolutions reduce the channels before the larger ones and after the pooling. Source: Szegedy et al., Going
    deeper with convolutions (2015), figure 2b.

    Args:
        in_channels: C.
        ch1x1: channels of the 1x1 convolution.
        ch3x3red: of the reduction before the 3x3 one.
        ch3x3: of the 3x3 one.
        ch5x5red: of the reduction before the 5x5 one.
        ch5x5: of the 5x5 one.
        pool_proj: of the convolution after pooling.
        batch_norm: have batch normalization, and as torchvision 3x3 filters where the paper has 5x5.
        dtype: of the parameters; the default dtype by default. Input is converted to it.
        generator: the source of the initial values; `autograd.default_generator()` by default.

    Shapes:
        input (N, C, H, W), floating; output (N, ch1x1 + ch3x3 + ch5x5 + pool_proj, H, W).

    >>> import numpy as np
    >>> Inception(4, 1, 2, 3, 4, 5, 6)(np.ones((2, 4, 7, 7))).shape
    (2, 15, 7, 7)
    """

    def __init__(
        self, in_channels: int, ch1x1: int, ch3x3red: int, ch3x3: int, ch5x5red: int, ch5x5: int, pool_proj: int, *,
        batch_norm: bool = True, dtype: DTypeLike | None = None, generator: Generator | None = None,
    ) -> None:  # fmt: skip
        making: Making = {"batch_norm": batch_norm, "dtype": dtype, "generator": generator}
        large = 3 if batch_norm else 5
        self.branch1 = BasicConv2d(in_channels, ch1x1, 1, **making)
        self.branch2 = Sequential(
            BasicConv2d(in_channels, ch3x3red, 1, **making), BasicConv2d(ch3x3red, ch3x3, 3, padding=1, **making)
        )
        self.branch3 = Sequential(
            BasicConv2d(in_channels, ch5x5red, 1, **making),
            BasicConv2d(ch5x5red, ch5x5, large, padding=large // 2, **making),
        )
        self.branch4 = Sequential(MaxPool2d(3, 1, 1), BasicConv2d(in_channels, pool_proj, 1, **making))

    def forward(self, input: Any) -> Tensor:
        """Return the channels of all branches (N, O, H, W), for input (N, C, H, W)."""
        branches = (self.branch1, self.branch2, self.branch3, self.branch4)
        return autograd.concatenate([branch(input) for branch in branches], axis=1)


def _auxiliary(in_channels: int, width: float, num_classes: int, dropout: float, making: Making) -> Sequential:
    """Return a classifier for the middle: means at 4x4 places, a 1x1 convolution, a hidden layer, the classes."""
    channels, units = scaled(128, width), scaled(1024, width)
    pool = AdaptiveAvgPool2d(4) if making["batch_norm"] else AvgPool2d(5, 3)
    generator, dense = making["generator"], {name: making[name] for name in ("dtype", "generator")}
    return Sequential(
        {
            "pool": pool, "conv": BasicConv2d(in_channels, channels, 1, **making), "flatten": Flatten(),
            "fc1": Linear(channels * 16, units, **dense), "relu": ReLU(),
            "dropout": Dropout(dropout, generator=generator),
            "fc2": Linear(units, num_classes, **dense),
        }
    )  # fmt: skip


# The channels of each module (table 1 of the paper): 1x1; reduction, 3x3; reduction, 5x5; after pooling.
_MODULES = {
    "inception3a": (64, 96, 128, 16, 32, 32),
    "inception3b": (128, 128, 192, 32, 96, 64),
    "inception4a": (192, 96, 208, 16, 48, 64),
    "inception4b": (160, 112, 224, 24, 64, 64),
    "inception4c": (128, 128, 256, 24, 64, 64),
    "inception4d": (112, 144, 288, 32, 64, 64),
    "inception4e": (256, 160, 320, 32, 128, 128),
    "inception5a": (256, 160, 320, 32, 128, 128),
    "inception5b": (384, 192, 384, 48, 128, 128),
}


class GoogLeNet(Module):
    """GoogLeNet (Inception v1): 22 layers of weights, with two more classifiers in the middle while it learns.

    | part | output for 224x224 pixels |
    |---|---|
    | convolution 7x7, stride 2; pooling 3x3, stride 2 | (64, 56, 56) |
    | convolutions 1x1 and 3x3; pooling | (192, 28, 28) |
    | inception 3a, 3b; pooling | (480, 14, 14) |
    | inception 4a to 4e, with classifiers after 4a and 4d; pooling | (832, 7, 7) |
    | inception 5a, 5b; mean of each channel; dropout; fully connected | (num_classes,) |

    It comes in two forms. With `batch_norm`, it is torchvision's: 13,004,888 parameters, 6,624,904 without the
    auxiliary classifiers. Without it, it is the paper's: 13,378,280, or 6,998,552. Where torchvision's differs from the
    paper: each convolution has batch normalization in place of a bias, and there is no local response normalization
    (the paper has it after the first pooling and before the second); the branches named 5x5 have 3x3 filters (a mistake
    that was kept for the weights' sake); the last pooling is 2x2 instead of 3x3; dropout has probability 0.2 instead of
    0.4; the auxiliary classifiers pool to 4x4 means whatever the size, where the paper takes windows of 5x5 with stride
    3, so that its form with them needs 224x224 pixels in training. The paper adds the auxiliary losses with weight 0.3
    to that of the last classifier.

    Convolutions and linear layers start normal with standard deviation 0.01, cut off at +-2 as in torchvision;
    biases of linear layers as in `Linear`. Source: Szegedy et al., Going deeper with convolutions (2015), table 1 and
    section 5.

    Args:
        num_classes: how many classes there are.
        aux_logits: have auxiliary classifiers.
        dropout: the probability before the last layer; by default 0.2 with `batch_norm`, else 0.4.
        dropout_aux: the probability in the auxiliary classifiers.
        batch_norm: torchvision's form, or the paper's.
        width: a factor for the numbers of channels and units, for small networks of this form.
        dtype: of the parameters; the default dtype by default. Input is converted to it.
        generator: the source of the initial values and of dropout; `autograd.default_generator()` by default.

    Shapes:
        input (N, 3, H, W), floating; output scores (N, num_classes), in training with auxiliary classifiers
        `GoogLeNetOutputs` of them.

    Raises:
        TypeError, ValueError: for arguments that are none of the above.

    >>> import numpy as np
    >>> net = GoogLeNet(10, aux_logits=False, width=1 / 16).eval()
    >>> net(np.zeros((2, 3, 32, 32))).shape
    (2, 10)
    """

    def __init__(
        self, num_classes: int = 1000, aux_logits: bool = True, dropout: float | None = None, dropout_aux: float = 0.7,
        *, batch_norm: bool = True, width: float = 1.0, dtype: DTypeLike | None = None,
        generator: Generator | None = None,
    ) -> None:  # fmt: skip
        making: Making = {"batch_norm": batch_norm, "dtype": dtype, "generator": generator}
        check_classes(num_classes)
        self.aux_logits = aux_logits
        self.batch_norm = batch_norm
        a, channels = scaled(64, width), scaled(192, width)
        self.conv1 = BasicConv2d(3, a, 7, stride=2, padding=3, **making)
        self.conv2 = BasicConv2d(a, a, 1, **making)
        self.conv3 = BasicConv2d(a, channels, 3, padding=1, **making)
        self.pool = MaxPool2d(3, 2, ceil_mode=True)
        self.pool4 = MaxPool2d(2, 2, ceil_mode=True) if batch_norm else self.pool
        self.norm = None if batch_norm else LocalResponseNorm(5)
        inner = {"inception4a": 0, "inception4d": 0}
        for name, numbers in _MODULES.items():
            sizes = [scaled(number, width) for number in numbers]
            setattr(self, name, Inception(channels, *sizes, **making))
            channels = sizes[0] + sizes[2] + sizes[4] + sizes[5]
            inner[name] = channels
        for i, name in enumerate(("inception4a", "inception4d"), 1):
            head = _auxiliary(inner[name], width, num_classes, dropout_aux, making) if aux_logits else None
            setattr(self, f"aux{i}", head)
        self.avgpool, self.flatten = AdaptiveAvgPool2d(1), Flatten()
        self.dropout = Dropout((0.2 if batch_norm else 0.4) if dropout is None else dropout, generator=generator)
        self.fc = Linear(channels, num_classes, dtype=dtype, generator=generator)
        self.reset_parameters(generator)

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Draw new initial weights of convolutions and linear layers."""
        for layer in self.modules():
            if isinstance(layer, Conv2d | Linear):
                init.trunc_normal_(layer.weight, std=0.01, generator=generator)
            if isinstance(layer, Conv2d) and layer.bias is not None:
                init.zeros_(layer.bias)

    def forward(self, input: Any) -> Tensor | GoogLeNetOutputs:
        """Return scores (N, num_classes), or in training those of all classifiers, for input (N, 3, H, W)."""
        x = self._stage(self._stem(input), "3a", "3b")
        first = self._stage(self.pool(x), "4a")
        second = self._stage(first, "4b", "4c", "4d")
        x = self._stage(self.pool4(self._stage(second, "4e")), "5a", "5b")
        logits = self.fc(self.dropout(self.flatten(self.avgpool(x))))
        if not (self.training and self.aux_logits):
            return logits  # type: ignore[no-any-return]
        return GoogLeNetOutputs(logits, self.get_submodule("aux2")(second), self.get_submodule("aux1")(first))

    def _stem(self, input: Any) -> Any:
        x = self.pool(self.conv1(input))
        x = x if self.norm is None else self.norm(x)
        x = self.conv3(self.conv2(x))
        return self.pool(x if self.norm is None else self.norm(x))

    def _stage(self, x: Any, *names: str) -> Any:
        for name in names:
            x = self.get_submodule(f"inception{name}")(x)
        return x


def googlenet(**options: Any) -> GoogLeNet:
    """Return a `GoogLeNet` in torchvision's form; options are its arguments.

    >>> googlenet(num_classes=10, width=1 / 32).fc.out_features
    10
    """
    return GoogLeNet(**options)

"""Residual networks: blocks of convolutions that add to what came in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from numpy.typing import DTypeLike

from autograd import Tensor
from nn import init
from nn.activation import ReLU
from nn.containers import Sequential
from nn.conv import Conv2d
from nn.linear import Flatten, Linear
from nn.models.building import Chain, Generator, check_classes, scaled
from nn.module import Module, check_size
from nn.norm import BatchNorm2d
from nn.pool import AdaptiveAvgPool2d, MaxPool2d


class ResidualBlock(Module):
    """The base of blocks that return relu(branch(x) + x); a projection takes the place of x where shapes differ.

    Args:
        in_channels: C.
        channels: of the 3x3 convolutions; the output has `expansion` times as many.
        stride: of the first 3x3 convolution, and of the projection.
        dtype: of the parameters; the default dtype by default. Input is converted to it.
        generator: the source of the initial values; `autograd.default_generator()` by default.
    """

    expansion: ClassVar[int]

    relu: ReLU
    downsample: Sequential | None

    def __init__(
        self, in_channels: int, channels: int, stride: int = 1, *, dtype: DTypeLike | None = None,
        generator: Generator | None = None,
    ) -> None:  # fmt: skip
        making = {"dtype": dtype, "generator": generator}
        self._add_layers(in_channels, channels, stride, making)
        self.relu = ReLU()
        self.downsample = None
        out_channels = channels * self.expansion
        if stride != 1 or in_channels != out_channels:
            self.downsample = Sequential(*_normalized(in_channels, out_channels, 1, stride, making))

    def _add_layers(self, in_channels: int, channels: int, stride: int, making: dict[str, Any]) -> None:
        """Make the layers of the branch."""
        raise NotImplementedError

    def _branch(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def forward(self, input: Any) -> Tensor:
        """Return relu(branch(x) + x) (N, expansion * channels, P, Q), for input (N, C, H, W)."""
        shortcut = input if self.downsample is None else self.downsample(input)
        return self.relu(self._branch(input) + shortcut)  # type: ignore[no-any-return]


def _normalized(
    in_channels: int, out_channels: int, kernel_size: int, stride: int, making: dict[str, Any]
) -> tuple[Conv2d, BatchNorm2d]:
    """Return a convolution that keeps the size up to its stride, and the normalization after it."""
    conv = Conv2d(in_channels, out_channels, kernel_size, stride, kernel_size // 2, bias=False, **making)
    return conv, BatchNorm2d(out_channels, dtype=making["dtype"])


class BasicBlock(ResidualBlock):
    """Two 3x3 convolutions with batch normalization, added to what came in; arguments as for `ResidualBlock`.

    Source: He, Zhang, Ren and Sun, Deep residual learning for image recognition (2016), figure 5, left.

    Shapes:
        input (N, C, H, W), floating; output (N, channels, H/stride, W/stride), rounded up.

    >>> import numpy as np
    >>> BasicBlock(4, 8, stride=2)(np.ones((2, 4, 6, 6))).shape
    (2, 8, 3, 3)
    """

    expansion = 1

    def _add_layers(self, in_channels: int, channels: int, stride: int, making: dict[str, Any]) -> None:
        self.conv1, self.bn1 = _normalized(in_channels, channels, 3, stride, making)
        self.conv2, self.bn2 = _normalized(channels, channels, 3, 1, making)

    def _branch(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn1(self.conv1(x)))
        return self.bn2(self.conv2(x))  # type: ignore[no-any-return]


class Bottleneck(ResidualBlock):
    """Convolutions of 1x1, 3x3 and 1x1, the last with four times the channels; arguments as for `ResidualBlock`.

    The stride is in the 3x3 convolution, as in torchvision; the paper had it in the first 1x1. Source: He, Zhang, Ren
    and Sun, Deep residual learning for image recognition (2016), figure 5, right.

    Shapes:
        input (N, C, H, W), floating; output (N, 4 * channels, H/stride, W/stride), rounded up.

    >>> import numpy as np
    >>> Bottleneck(16, 4)(np.ones((2, 16, 6, 6))).shape
    (2, 16, 6, 6)
    """

    expansion = 4

    def _add_layers(self, in_channels: int, channels: int, stride: int, making: dict[str, Any]) -> None:
        self.conv1, self.bn1 = _normalized(in_channels, channels, 1, 1, making)
        self.conv2, self.bn2 = _normalized(channels, channels, 3, stride, making)
        self.conv3, self.bn3 = _normalized(channels, channels * self.expansion, 1, 1, making)

    def _branch(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.relu(self.bn2(self.conv2(x)))
        return self.bn3(self.conv3(x))  # type: ignore[no-any-return]


class ResNet(Chain):
    """A 7x7 convolution and max-pooling, four stages of residual blocks, the mean of each channel, and the classes.

    | part | output for 224x224 pixels |
    |---|---|
    | convolution 7x7, stride 2, 64 filters; normalization; rectifier; pooling 3x3, stride 2 | (64, 56, 56) |
    | stage 1: blocks with 64 channels | (64 * expansion, 56, 56) |
    | stage 2: with 128, the first with stride 2 | (128 * expansion, 28, 28) |
    | stage 3: with 256, the first with stride 2 | (256 * expansion, 14, 14) |
    | stage 4: with 512, the first with stride 2 | (512 * expansion, 7, 7) |
    | mean; fully connected | (num_classes,) |

    Names of parameters are torchvision's. Convolutions start by `init.kaiming_normal_(mode="fan_out")`, the linear
    layer as `Linear` does. Source: He, Zhang, Ren and Sun, Deep residual learning for image recognition (2016), table
    1, with projections where shapes differ (option B).

    Args:
        block: `BasicBlock` or `Bottleneck`.
        layers: the number of blocks in each of the four stages.
        num_classes: how many classes there are.
        zero_init_residual: start each block as the identity, by a weight of 0 in its last normalization (Goyal et al.,
            Accurate, large minibatch SGD, 2017, section 5.1).
        width: a factor for the numbers of channels, for small networks of this form.
        dtype: of the parameters; the default dtype by default. Input is converted to it.
        generator: the source of the initial values; `autograd.default_generator()` by default.

    Shapes:
        input (N, 3, H, W), floating; output (N, num_classes), scores.

    Raises:
        TypeError, ValueError: for arguments that are none of the above.

    >>> import numpy as np
    >>> ResNet(BasicBlock, [1, 1, 1, 1], num_classes=10, width=1 / 16)(np.ones((2, 3, 32, 32))).shape
    (2, 10)
    """

    def __init__(
        self, block: type[ResidualBlock], layers: Sequence[int], num_classes: int = 1000,
        zero_init_residual: bool = False, *, width: float = 1.0, dtype: DTypeLike | None = None,
        generator: Generator | None = None,
    ) -> None:  # fmt: skip
        if len(layers) != 4:
            raise ValueError(f"layers must be the numbers of blocks of the four stages, not {list(layers)}")
        making: dict[str, Any] = {"dtype": dtype, "generator": generator}
        channels = scaled(64, width)
        conv, norm = Conv2d(3, channels, 7, 2, 3, bias=False, **making), BatchNorm2d(channels, dtype=dtype)
        parts: dict[str, Module] = {"conv1": conv, "bn1": norm, "relu": ReLU(), "maxpool": MaxPool2d(3, 2, 1)}
        for i, count in enumerate(layers):
            inner = scaled(64 * 2**i, width)
            strides = [1 if i == 0 else 2] + [1] * (check_size(count, "layers") - 1)
            blocks = []
            for stride in strides:
                blocks.append(block(channels, inner, stride, **making))
                channels = inner * block.expansion
            parts[f"layer{i + 1}"] = Sequential(*blocks)
        last = Linear(channels, check_classes(num_classes), **making)
        super().__init__(parts | {"avgpool": AdaptiveAvgPool2d(1), "flatten": Flatten(), "fc": last})
        self._reset_convolutions(zero_init_residual, generator)

    def _reset_convolutions(self, zero_init_residual: bool, generator: Generator | None) -> None:
        for module in self.modules():
            if isinstance(module, Conv2d):
                init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu", generator=generator)
            elif zero_init_residual and isinstance(module, BasicBlock | Bottleneck):
                last = module.bn3 if isinstance(module, Bottleneck) else module.bn2
                init.zeros_(last.weight)  # type: ignore[arg-type]


def resnet18(**options: Any) -> ResNet:
    """Return the network of 18 layers: 11,689,512 parameters; options are `ResNet`'s.

    >>> resnet18(width=1 / 64, num_classes=10).fc.out_features
    10
    """
    return ResNet(BasicBlock, [2, 2, 2, 2], **options)


def resnet34(**options: Any) -> ResNet:
    """Return the network of 34 layers: 21,797,672 parameters; options are `ResNet`'s."""
    return ResNet(BasicBlock, [3, 4, 6, 3], **options)


def resnet50(**options: Any) -> ResNet:
    """Return the network of 50 layers, of bottlenecks: 25,557,032 parameters; options are `ResNet`'s."""
    return ResNet(Bottleneck, [3, 4, 6, 3], **options)


def resnet101(**options: Any) -> ResNet:
    """Return the network of 101 layers, of bottlenecks: 44,549,160 parameters; options are `ResNet`'s."""
    return ResNet(Bottleneck, [3, 4, 23, 3], **options)


def resnet152(**options: Any) -> ResNet:
    """Return the network of 152 layers, of bottlenecks: 60,192,808 parameters; options are `ResNet`'s."""
    return ResNet(Bottleneck, [3, 8, 36, 3], **options)

"""LeNet-5, with its trainable subsampling, connection table, and output layer of radial basis functions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

import autograd
from autograd import Tensor
from nn import functional as F
from nn import init
from nn.activation import ScaledTanh
from nn.classic import LENET5, AverageSubsampling, ConnectionTableConv2d
from nn.conv import Conv2d
from nn.linear import Flatten, Linear
from nn.models.building import Chain, Generator, check_classes
from nn.module import Module, as_floating

# Segments of a seven-segment digit, by the rows and columns that they fill in an image 12 high and 7 wide.
_SEGMENTS = {
    "top": (slice(0, 2), slice(0, 7)), "middle": (slice(5, 7), slice(0, 7)), "bottom": (slice(10, 12), slice(0, 7)),
    "upper left": (slice(0, 7), slice(0, 2)), "upper right": (slice(0, 7), slice(5, 7)),
    "lower left": (slice(5, 12), slice(0, 2)), "lower right": (slice(5, 12), slice(5, 7)),
}  # fmt: skip
_DARK: tuple[tuple[str, ...], ...] = (  # which segments a digit does not have
    ("middle",),
    ("top", "middle", "bottom", "upper left", "lower left"),
    ("upper left", "lower right"),
    ("upper left", "lower left"),
    ("top", "bottom", "lower left"),
    ("upper right", "lower left"),
    ("upper right",),
    ("middle", "bottom", "upper left", "lower left"),
    (),
    ("lower left",),
)


def digit_images() -> np.ndarray:
    r"""Return images of the ten digits, -1 and 1, int8 (10, 84): 12 rows of 7 pixels each, one row after the other.

    LeNet-5's were drawn by hand (figure 3 of the paper); these are the digits of a pocket calculator.

    >>> rows = digit_images()[7].reshape(12, 7)[::2]
    >>> print("\n".join("".join("#" if pixel > 0 else "." for pixel in row) for row in rows))
    #######
    .....##
    .....##
    .....##
    .....##
    .....##
    """
    images = np.full((10, 12, 7), -1, np.int8)
    for image, dark in zip(images, _DARK, strict=True):
        for name, place in _SEGMENTS.items():
            if name not in dark:
                image[place] = 1
    return images.reshape(10, 84)


class RBFOutput(Module):
    """The squared distance of the input to a fixed image of each class: y_i = sum over j of (x_j - w_ij)**2.

    The nearest class has the *smallest* output, and `-y` are the scores that other losses take. Source: LeCun et al.,
    Gradient-based learning applied to document recognition (1998), section II.B, equation 7.

    Args:
        images: what each class should look like, of -1 and 1, (classes, features).
        dtype: the default dtype by default. Input is converted to it.

    Shapes:
        input (N, features), floating; output (N, classes), at least 0; `images` (classes, features) is a buffer.

    Raises:
        ValueError: for images of other than two axes, or input with other features.

    >>> RBFOutput(np.array([[1, 1], [-1, 1]]))(Tensor([[1.0, 1.0]]))
    Tensor([[0., 4.]])
    """

    images: Tensor

    def __init__(self, images: Any, *, dtype: DTypeLike | None = None) -> None:
        values = np.asarray(images)
        if values.ndim != 2:
            raise ValueError(f"RBFOutput takes an image for each class, (classes, features), not shape {values.shape}")
        self.register_buffer("images", Tensor(values.astype(dtype or autograd.get_default_dtype())))

    def forward(self, input: Any) -> Tensor:
        """Return the distances (N, classes), for input (N, features)."""
        x = as_floating(input, self.images.dtype, "RBFOutput")
        if x.ndim != 2 or x.shape[1] != self.images.shape[1]:
            raise ValueError(f"{self!r} takes (N, {self.images.shape[1]}), not shape {x.shape}")
        return autograd.square(x[:, None] - self.images.detach()).sum(axis=2)  # type: ignore[no-any-return]

    def extra_repr(self) -> str:
        """Return the numbers of features and classes."""
        return f"features={self.images.shape[1]}, classes={self.images.shape[0]}"


def rbf_loss(distances: Any, target: Any, j: float = 0.1) -> Tensor:
    """Return the mean of y_D + log(exp(-j) + sum over i of exp(-y_i)), for distances y and the right class D.

    The second term pushes the distances of wrong classes up, those beyond `j` no more. Source: LeCun et al. (1998),
    equation 9.

    Args:
        distances: y, (N, classes), as from `RBFOutput`.
        target: D, integers (N,).
        j: a positive constant; beyond it, classes do not push each other away.

    >>> rbf_loss(Tensor([[0.0, 50.0]]), [0]).item() < rbf_loss(Tensor([[0.0, 1.0]]), [0]).item()
    True
    """
    y = as_floating(distances, None, "rbf_loss")
    right = F.nll_loss(-y, target)
    limit = autograd.full((y.shape[0], 1), -j, dtype=y.dtype)
    return right + autograd.logsumexp(autograd.concatenate([limit, -y], axis=1), axis=1).mean()  # type: ignore[no-any-return]


class LeNet5(Chain):
    """LeNet-5, for images of 32x32 pixels.

    | layer | output | trained numbers |
    |---|---|---|
    | C1: convolution 5x5 | (6, 28, 28) | 156 |
    | S2: mean of 2x2, times a coefficient, plus a bias | (6, 14, 14) | 12 |
    | C3: convolution 5x5 with the connection table | (16, 10, 10) | 1,516 |
    | S4: as S2 | (16, 5, 5) | 32 |
    | C5: convolution 5x5 | (120, 1, 1) | 48,120 |
    | F6: fully connected | (84,) | 10,164 |
    | output | (10,) | none, or 850 |

    The numbers are the paper's, together its "60,000 trainable free parameters"; C3 keeps 900 more that its table
    leaves unused (`ConnectionTableConv2d`). After each layer but the output comes 1.7159 * tanh(2/3 * x). Weights and
    biases of convolutions and F6 start uniform in +-2.4/fan_in, by the number of inputs that a unit really has;
    subsampling starts as a mean. The paper trains with white pixels at -0.1 and black ones at 1.175, so that the mean
    is near 0; MNIST's images of 28x28 get two pixels of white around them. Source: LeCun, Bottou, Bengio and Haffner,
    Gradient-based learning applied to document recognition (1998), section II.B.

    Args:
        num_classes: how many classes there are.
        output: "linear" for scores, to be trained with `CrossEntropyLoss`; "rbf" for the original's distances to
            images of the ten digits (`RBFOutput`), to be trained with `rbf_loss`.
        dtype: of the parameters; the default dtype by default. Input is converted to it.
        generator: the source of the initial values; `autograd.default_generator()` by default.

    Shapes:
        input (N, 1, 32, 32), floating; output (N, num_classes).

    Raises:
        ValueError: for another output, or "rbf" with other than 10 classes.

    >>> net = LeNet5(output="rbf")
    >>> net(np.zeros((5, 1, 32, 32))).shape
    (5, 10)
    >>> sum(p.size for p in net.parameters()) - net.c3.weight.size - 16 + net.c3.connections()
    60000
    """

    def __init__(
        self, num_classes: int = 10, output: str = "linear", *, dtype: DTypeLike | None = None,
        generator: Generator | None = None,
    ) -> None:  # fmt: skip
        making: dict[str, Any] = {"dtype": dtype, "generator": generator}
        convolutions: dict[str, Module] = {
            "c1": Conv2d(1, 6, 5, **making), "tanh1": ScaledTanh(),
            "s2": AverageSubsampling(6, dtype=dtype), "tanh2": ScaledTanh(),
            "c3": ConnectionTableConv2d(6, 16, 5, LENET5, **making), "tanh3": ScaledTanh(),
            "s4": AverageSubsampling(16, dtype=dtype), "tanh4": ScaledTanh(),
            "c5": Conv2d(16, 120, 5, **making), "tanh5": ScaledTanh(),
        }  # fmt: skip
        dense = {"flatten": Flatten(), "f6": Linear(120, 84, **making), "tanh6": ScaledTanh()}
        last = _output(output, check_classes(num_classes), making)
        super().__init__({**convolutions, **dense, "output": last})
        self.reset_parameters(generator)

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Draw new initial values for convolutions and linear layers; let subsampling take means."""
        for layer in self:
            if isinstance(layer, Conv2d | Linear):
                _reset(layer, generator)
            elif isinstance(layer, AverageSubsampling):
                init.ones_(layer.weight)
                init.zeros_(layer.bias)


def _output(output: str, num_classes: int, making: dict[str, Any]) -> Module:
    """Return the last layer."""
    if output == "linear":
        return Linear(84, num_classes, **making)
    if output != "rbf":
        raise ValueError(f"output must be 'linear' or 'rbf', not {output!r}")
    if num_classes != 10:
        raise ValueError(
            f"output='rbf' has images of the 10 digits, not of {num_classes} classes: take output='linear', or put "
            "an RBFOutput with your images in its place"
        )
    return RBFOutput(digit_images(), dtype=making["dtype"])


def _reset(layer: Conv2d | Linear, generator: Generator | None) -> None:
    """Draw weight and bias uniformly from +-2.4/fan_in."""
    layer.reset_parameters(generator)  # within +-1/sqrt(fan_in), also of a connection table's rows
    weight = layer.weight.data
    fan_in = np.full(weight.shape[0], weight[0].size)
    if isinstance(layer, ConnectionTableConv2d):
        fan_in = (layer.table.data.sum(axis=1) * weight[0, 0].size).astype(int)
    factor = (2.4 / np.sqrt(fan_in)).astype(weight.dtype)
    with autograd.no_grad():
        layer.weight[...] = layer.weight * factor.reshape(-1, *[1] * (weight.ndim - 1))
        if layer.bias is not None:
            layer.bias[...] = layer.bias * factor

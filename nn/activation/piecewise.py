"""Activations with corners, as layers; their sources are named in `nn.functional.rectifiers`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

import autograd
from autograd import Tensor
from nn import functional as F
from nn.activation.inplace import InPlace
from nn.functional.rectifiers import check_limits, check_shrinkage, check_slopes
from nn.module import Module, Parameter, as_floating, check_size


class ReLU(InPlace):
    """The rectified linear unit max(x, 0) (Nair and Hinton, 2010); its gradient at 0 is 0.

    Args:
        inplace: taken for PyTorch's sake; the result is always a new Tensor.

    Shapes:
        input of any shape and real dtype; output the same.

    >>> ReLU()(Tensor([-1.0, 2.0]))
    Tensor([0., 2.])
    """

    def forward(self, input: Any) -> Tensor:
        """Return max(input, 0)."""
        return F.relu(input)


class LeakyReLU(InPlace):
    """x where it is positive, negative_slope * x elsewhere.

    Args:
        negative_slope: the slope below 0, and at 0.
        inplace: taken for PyTorch's sake; the result is always a new Tensor.

    Shapes:
        input of any shape, floating; output the same.

    >>> LeakyReLU(0.1)(Tensor([-1.0, 2.0]))
    Tensor([-0.1,  2. ])
    """

    negative_slope: float

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.negative_slope = negative_slope

    def forward(self, input: Any) -> Tensor:
        """Return leaky_relu(input)."""
        return F.leaky_relu(input, self.negative_slope)

    def _options(self) -> list[str]:
        return [f"negative_slope={self.negative_slope}"]


class PReLU(Module):
    """x where it is positive, weight * x elsewhere, with slopes that are trained.

    Args:
        num_parameters: 1 for one slope, or C for one for each channel.
        init: the initial slope.
        dtype: of the slopes; the default dtype by default. Input is converted to it.

    Shapes:
        input (N, C, ...), floating, or with one slope any shape; output the same; `weight` (num_parameters,).

    Raises:
        ValueError: when the input has not as many channels as there are slopes.

    >>> PReLU()(Tensor([-1.0, 2.0]))
    Tensor([-0.25,  2.  ], op=where)
    """

    num_parameters: int
    init: float
    weight: Parameter

    def __init__(self, num_parameters: int = 1, init: float = 0.25, *, dtype: DTypeLike | None = None) -> None:
        self.num_parameters = check_size(num_parameters, "num_parameters")
        self.init = init
        self.weight = Parameter(autograd.zeros(self.num_parameters, dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the slopes to their initial value."""
        with autograd.no_grad():
            self.weight[...] = self.init

    def forward(self, input: Any) -> Tensor:
        """Return prelu(input)."""
        return F.prelu(as_floating(input, self.weight.dtype, "PReLU"), self.weight)

    def extra_repr(self) -> str:
        """Return the constructor's argument."""
        return f"num_parameters={self.num_parameters}"


class RReLU(InPlace):
    """x where it is positive, a random multiple of it elsewhere in training, and the mean multiple in use.

    Args:
        lower: the smallest slope.
        upper: the largest slope.
        inplace: taken for PyTorch's sake; the result is always a new Tensor.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Shapes:
        input of any shape, floating; output the same.

    Raises:
        ValueError: when `lower` is larger than `upper`.

    >>> RReLU(0.2, 0.4).eval()(Tensor([-1.0, 2.0]))
    Tensor([-0.3,  2. ])
    """

    lower: float
    upper: float
    generator: np.random.Generator | None

    def __init__(
        self, lower: float = 1 / 8, upper: float = 1 / 3, inplace: bool = False, *,
        generator: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        super().__init__(inplace)
        check_slopes(lower, upper)
        self.lower = lower
        self.upper = upper
        self.generator = generator

    def forward(self, input: Any) -> Tensor:
        """Return rrelu(input)."""
        return F.rrelu(input, self.lower, self.upper, self.training, generator=self.generator)

    def _options(self) -> list[str]:
        return [f"lower={self.lower}", f"upper={self.upper}"]


class ELU(InPlace):
    """The exponential linear unit: x where it is positive, alpha * (exp(x) - 1) elsewhere.

    Args:
        alpha: minus the value at -infinity.
        inplace: taken for PyTorch's sake; the result is always a new Tensor.

    Shapes:
        input of any shape, floating; output the same.

    >>> ELU()(Tensor([-1.0, 2.0]))
    Tensor([-0.63212055,  2.        ])
    """

    alpha: float

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.alpha = alpha

    def forward(self, input: Any) -> Tensor:
        """Return elu(input)."""
        return F.elu(input, self.alpha)

    def _options(self) -> list[str]:
        return [f"alpha={self.alpha}"]


class SELU(InPlace):
    """The scaled exponential linear unit, which keeps mean 0 and variance 1; see `nn.functional.selu`.

    Args:
        inplace: taken for PyTorch's sake; the result is always a new Tensor.

    Shapes:
        input of any shape, floating; output the same.

    >>> SELU()(Tensor([-1.0, 2.0]))
    Tensor([-1.1113307,  2.101402 ])
    """

    def forward(self, input: Any) -> Tensor:
        """Return selu(input)."""
        return F.selu(input)


class CELU(InPlace):
    """The continuously differentiable ELU: x where it is positive, alpha * (exp(x / alpha) - 1) elsewhere.

    Args:
        alpha: minus the value at -infinity.
        inplace: taken for PyTorch's sake; the result is always a new Tensor.

    Shapes:
        input of any shape, floating; output the same.

    Raises:
        ValueError: when alpha is 0.

    >>> CELU(2.0)(Tensor([-1.0, 2.0]))
    Tensor([-0.78693867,  2.        ])
    """

    alpha: float

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        if alpha == 0:
            raise ValueError("CELU: alpha must not be 0, the input is divided by it")
        self.alpha = alpha

    def forward(self, input: Any) -> Tensor:
        """Return celu(input)."""
        return F.celu(input, self.alpha)

    def _options(self) -> list[str]:
        return [f"alpha={self.alpha}"]


class Threshold(InPlace):
    """x where it is above a threshold, a fixed value elsewhere, with gradient 0.

    Args:
        threshold: the threshold.
        value: the value at the threshold and below.
        inplace: taken for PyTorch's sake; the result is always a new Tensor.

    Shapes:
        input of any shape; output the same.

    >>> Threshold(1.0, -1.0)(Tensor([0.5, 2.0]))
    Tensor([-1.,  2.])
    """

    threshold: float
    value: float

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.threshold = threshold
        self.value = value

    def forward(self, input: Any) -> Tensor:
        """Return threshold(input)."""
        return F.threshold(input, self.threshold, self.value)

    def _options(self) -> list[str]:
        return [f"threshold={self.threshold}", f"value={self.value}"]


class Hardtanh(InPlace):
    """x limited to an interval; on the limits and beyond, the gradient is 0.

    Args:
        min_val: the lower limit.
        max_val: the upper limit.
        inplace: taken for PyTorch's sake; the result is always a new Tensor.

    Shapes:
        input of any shape; output the same.

    Raises:
        ValueError: when `min_val` is larger than `max_val`.

    >>> Hardtanh()(Tensor([-3.0, 0.5, 2.0]))
    Tensor([-1. ,  0.5,  1. ])
    """

    min_val: float
    max_val: float

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        check_limits(min_val, max_val)
        self.min_val = min_val
        self.max_val = max_val

    def forward(self, input: Any) -> Tensor:
        """Return the limited input."""
        return F.hardtanh(input, self.min_val, self.max_val)

    def _options(self) -> list[str]:
        return [f"min_val={self.min_val}", f"max_val={self.max_val}"]


class ReLU6(InPlace):
    """min(max(x, 0), 6); at 0 and 6 the gradient is 0.

    Args:
        inplace: taken for PyTorch's sake; the result is always a new Tensor.

    Shapes:
        input of any shape; output the same.

    >>> ReLU6()(Tensor([-1.0, 2.0, 8.0]))
    Tensor([0., 2., 6.])
    """

    def forward(self, input: Any) -> Tensor:
        """Return min(max(input, 0), 6)."""
        return F.relu6(input)


class Hardsigmoid(Module):
    """x / 6 + 1/2, limited to [0, 1]; at +-3 and beyond the gradient is 0.

    Args:
        inplace: taken for PyTorch's sake; the result is always a new Tensor.

    Shapes:
        input of any shape, floating; output the same.

    >>> Hardsigmoid()(Tensor([-4.0, 0.0, 3.0]))
    Tensor([0. , 0.5, 1. ])
    """

    inplace: bool

    def __init__(self, inplace: bool = False) -> None:
        self.inplace = inplace

    def forward(self, input: Any) -> Tensor:
        """Return hardsigmoid(input)."""
        return F.hardsigmoid(input)


class Hardswish(Module):
    """x * hardsigmoid(x).

    Args:
        inplace: taken for PyTorch's sake; the result is always a new Tensor.

    Shapes:
        input of any shape, floating; output the same.

    >>> Hardswish()(Tensor([-4.0, 1.0, 3.0]))
    Tensor([0.       , 0.6666667, 3.       ])
    """

    inplace: bool

    def __init__(self, inplace: bool = False) -> None:
        self.inplace = inplace

    def forward(self, input: Any) -> Tensor:
        """Return hardswish(input)."""
        return F.hardswish(input)


class _Shrink(Module):
    """What Softshrink and Hardshrink share."""

    lambd: float

    def __init__(self, lambd: float = 0.5) -> None:
        self.lambd = lambd

    def extra_repr(self) -> str:
        """Return the constructor's argument."""
        return f"{self.lambd}"


class Softshrink(_Shrink):
    """x moved towards 0 by `lambd`, and 0 where it is not farther from 0.

    Args:
        lambd: by how much.

    Shapes:
        input of any shape, floating; output the same.

    Raises:
        ValueError: when `lambd` is negative.

    >>> Softshrink()(Tensor([-2.0, 0.3, 2.0]))
    Tensor([-1.5,  0. ,  1.5])
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__(lambd)
        check_shrinkage(lambd)

    def forward(self, input: Any) -> Tensor:
        """Return softshrink(input)."""
        return F.softshrink(input, self.lambd)


class Hardshrink(_Shrink):
    """x, and 0 where it is not farther from 0 than `lambd`.

    Args:
        lambd: the distance.

    Shapes:
        input of any shape, floating; output the same.

    >>> Hardshrink()(Tensor([-2.0, 0.3, 2.0]))
    Tensor([-2.,  0.,  2.])
    """

    def forward(self, input: Any) -> Tensor:
        """Return hardshrink(input)."""
        return F.hardshrink(input, self.lambd)

"""Smooth activations of single elements, as layers; their sources are named in `nn.functional.activations`."""

from __future__ import annotations

from typing import Any

from numpy.typing import DTypeLike

import autograd
from autograd import Tensor
from nn import functional as F
from nn.activation.inplace import InPlace
from nn.functional.rectifiers import per_channel
from nn.module import Module, Parameter, as_floating, check_size


class Sigmoid(Module):
    """The logistic function 1 / (1 + exp(-x)).

    Shapes:
        input of any shape, floating; output the same.

    >>> Sigmoid()(Tensor([0.0]))
    Tensor([0.5])
    """

    def forward(self, input: Any) -> Tensor:
        """Return 1 / (1 + exp(-input))."""
        return F.sigmoid(input)


class LogSigmoid(Module):
    """The logarithm of the logistic function, without overflow.

    Shapes:
        input of any shape, floating; output the same.

    >>> LogSigmoid()(Tensor([0.0, -100.0]))
    Tensor([  -0.6931472, -100.       ])
    """

    def forward(self, input: Any) -> Tensor:
        """Return log(sigmoid(input))."""
        return F.logsigmoid(input)


class Tanh(Module):
    """The hyperbolic tangent.

    Shapes:
        input of any shape, floating; output the same.

    >>> Tanh()(Tensor([0.0]))
    Tensor([0.])
    """

    def forward(self, input: Any) -> Tensor:
        """Return tanh(input)."""
        return F.tanh(input)


class ScaledTanh(Module):
    """a * tanh(b * x), by default scaled such that +-1 become +-1 (LeCun et al., Efficient backprop, 1998).

    Args:
        a: the height.
        b: the steepness.

    Shapes:
        input of any shape, floating; output the same.

    >>> ScaledTanh()(Tensor([0.0, 1.0]))
    Tensor([0.       , 0.9999973])
    """

    a: float
    b: float

    def __init__(self, a: float = 1.7159, b: float = 2 / 3) -> None:
        self.a = a
        self.b = b

    def forward(self, input: Any) -> Tensor:
        """Return a * tanh(b * input)."""
        return F.scaled_tanh(input, self.a, self.b)

    def extra_repr(self) -> str:
        """Return the constructor's arguments."""
        return f"a={self.a}, b={self.b}"


class AbsTanh(Module):
    """|tanh(x)|, the rectification of the early convolutional networks; see `nn.functional.abs_tanh`.

    Shapes:
        input of any shape, floating; output the same.

    >>> AbsTanh()(Tensor([0.0, -1.0]))
    Tensor([0.       , 0.7615942])
    """

    def forward(self, input: Any) -> Tensor:
        """Return |tanh(input)|."""
        return F.abs_tanh(input)


class Tanhshrink(Module):
    """x - tanh(x).

    Shapes:
        input of any shape, floating; output the same.

    >>> Tanhshrink()(Tensor([0.0]))
    Tensor([0.])
    """

    def forward(self, input: Any) -> Tensor:
        """Return input - tanh(input)."""
        return F.tanhshrink(input)


class Softsign(Module):
    """x / (1 + |x|).

    Shapes:
        input of any shape, floating; output the same.

    >>> Softsign()(Tensor([-1.0, 3.0]))
    Tensor([-0.5 ,  0.75])
    """

    def forward(self, input: Any) -> Tensor:
        """Return input / (1 + |input|)."""
        return F.softsign(input)


class Softplus(Module):
    """log(1 + exp(beta * x)) / beta, without overflow.

    Args:
        beta: how sharp the bend is.
        threshold: where beta * x is above, the result is x itself.

    Shapes:
        input of any shape, floating; output the same.

    >>> Softplus()(Tensor([0.0, 100.0]))
    Tensor([  0.6931472, 100.       ])
    """

    beta: float
    threshold: float

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Any) -> Tensor:
        """Return log(1 + exp(beta * input)) / beta."""
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        """Return the constructor's arguments."""
        return f"beta={self.beta}, threshold={self.threshold}"


class GELU(Module):
    """x * Phi(x), Phi the standard normal distribution function; see `nn.functional.gelu`.

    Args:
        approximate: "none" for the exact formula, or "tanh".

    Shapes:
        input of any shape, floating; output the same.

    Raises:
        ValueError: for another `approximate`.

    >>> GELU("tanh")(Tensor([0.0, 1.0]))
    Tensor([0.      , 0.841192])
    """

    approximate: str

    def __init__(self, approximate: str = "none") -> None:
        F.gelu(autograd.zeros(0), approximate)  # raises if there is no such formula
        self.approximate = approximate

    def forward(self, input: Any) -> Tensor:
        """Return input * Phi(input)."""
        return F.gelu(input, self.approximate)

    def extra_repr(self) -> str:
        """Return the constructor's argument."""
        return f"approximate={self.approximate!r}"


class SiLU(InPlace):
    """x * sigmoid(x).

    Args:
        inplace: taken for PyTorch's sake; the result is always a new Tensor.

    Shapes:
        input of any shape, floating; output the same.

    >>> SiLU()(Tensor([0.0, 1.0]))
    Tensor([0.       , 0.7310586])
    """

    def forward(self, input: Any) -> Tensor:
        """Return input * sigmoid(input)."""
        return F.silu(input)


class Swish(Module):
    """x * sigmoid(beta * x) with a beta that is trained (Ramachandran, Zoph and Le, 2017).

    Args:
        num_parameters: 1 for one beta, or C for one for each channel.
        init: the initial beta.
        dtype: of beta; the default dtype by default. Input is converted to it.

    Shapes:
        input (N, C, ...), floating, or with one beta any shape; output the same; `beta` (num_parameters,).

    Raises:
        ValueError: when the input has not as many channels as there are betas.

    >>> Swish()(Tensor([0.0, 1.0]))
    Tensor([0.       , 0.7310586], op=multiply)
    """

    num_parameters: int
    beta: Parameter

    def __init__(self, num_parameters: int = 1, init: float = 1.0, *, dtype: DTypeLike | None = None) -> None:
        self.num_parameters = check_size(num_parameters, "num_parameters")
        self.beta = Parameter(autograd.full(self.num_parameters, float(init), dtype=dtype))

    def forward(self, input: Any) -> Tensor:
        """Return input * sigmoid(beta * input)."""
        x = as_floating(input, self.beta.dtype, "Swish")
        return F.swish(x, per_channel(self.beta, x, "Swish"))

    def extra_repr(self) -> str:
        """Return the constructor's argument."""
        return f"num_parameters={self.num_parameters}"


class Mish(InPlace):
    """x * tanh(softplus(x)).

    Args:
        inplace: taken for PyTorch's sake; the result is always a new Tensor.

    Shapes:
        input of any shape, floating; output the same.

    >>> Mish()(Tensor([0.0, 1.0]))
    Tensor([0.       , 0.8650984])
    """

    def forward(self, input: Any) -> Tensor:
        """Return input * tanh(softplus(input))."""
        return F.mish(input)

"""Smooth activations; those with corners are in `rectifiers`, those of several elements together in `softmaxes`.

Sources: Hendrycks and Gimpel, Gaussian error linear units (2016); Ramachandran, Zoph and Le, Searching for activation
functions (2017), for SiLU and Swish; Misra, Mish (2019); Dugas et al., Incorporating second-order functional knowledge
for better option pricing (2001), for softplus; LeCun et al., Efficient backprop (1998), for the scaled tanh.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd
from autograd import Tensor, op, sample
from nn.module import as_floating

Array = Any  # an array or a Tensor


def sigmoid(input: Array) -> Tensor:
    """Return 1 / (1 + exp(-input)) of any shape.

    >>> sigmoid(Tensor(0.0))
    Tensor(0.5)
    """
    return autograd.sigmoid(autograd.asarray(input))


def logsigmoid(input: Array) -> Tensor:
    """Return log(sigmoid(input)) of any shape, floating, without overflow.

    >>> logsigmoid(Tensor([0.0, -100.0]))
    Tensor([  -0.6931472, -100.       ])
    """
    return autograd.log_sigmoid(as_floating(input, None, "logsigmoid"))


def tanh(input: Array) -> Tensor:
    """Return the hyperbolic tangent of any shape.

    >>> tanh(Tensor(0.0))
    Tensor(0.)
    """
    return autograd.tanh(autograd.asarray(input))


def scaled_tanh(input: Array, a: float = 1.7159, b: float = 2 / 3) -> Tensor:
    """Return a * tanh(b * input) of any shape, floating; as scaled by default, +-1 become +-1 (LeCun et al., 1998).

    >>> scaled_tanh(Tensor([0.0, 1.0]))
    Tensor([0.       , 0.9999973])
    """
    return a * autograd.tanh(b * as_floating(input, None, "scaled_tanh"))


def abs_tanh(input: Array) -> Tensor:
    """Return |tanh(input)| of any shape, floating; the gradient at 0 is 0.

    The rectification of the early convolutional networks (Jarrett et al., What is the best multi-stage architecture
    for object recognition?, 2009).

    >>> abs_tanh(Tensor([0.0, -1.0]))
    Tensor([0.       , 0.7615942])
    """
    return autograd.abs(autograd.tanh(as_floating(input, None, "abs_tanh")))


def tanhshrink(input: Array) -> Tensor:
    """Return input - tanh(input) of any shape, floating.

    >>> tanhshrink(Tensor(0.0))
    Tensor(0.)
    """
    x = as_floating(input, None, "tanhshrink")
    return x - autograd.tanh(x)


# An op of its own: put together from others, its derivative is a difference that loses its digits for large |x|.
@op(x=lambda g, x: g / (1 + np.abs(x)) ** 2, samples=[sample(())])
def _softsign(x: Array) -> Tensor:
    """Return x / (1 + |x|)."""
    return x / (1 + np.abs(x))  # type: ignore[no-any-return]


def softsign(input: Array) -> Tensor:
    """Return input / (1 + |input|) of any shape, floating; also its derivative is exact for large numbers.

    >>> softsign(Tensor([-1.0, 3.0]))
    Tensor([-0.5 ,  0.75])
    """
    return _softsign(as_floating(input, None, "softsign"))


def softplus(input: Array, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """Return log(1 + exp(beta * input)) / beta of any shape, floating, without overflow.

    Args:
        input: any shape.
        beta: how sharp the bend is.
        threshold: where beta * input is above, the result is the input itself, as in PyTorch.

    >>> softplus(Tensor([0.0, 100.0]))
    Tensor([  0.6931472, 100.       ])
    """
    x = as_floating(input, None, "softplus")
    scaled = x * beta
    return autograd.where(scaled > threshold, x, autograd.softplus(scaled) / beta)


def gelu(input: Array, approximate: str = "none") -> Tensor:
    """Return input * Phi(input) of any shape, floating, where Phi is the standard normal distribution function.

    Args:
        input: any shape.
        approximate: "none" for the exact formula; "tanh" for
            input/2 * (1 + tanh(sqrt(2/pi) * (input + 0.044715 * input**3))).

    Raises:
        ValueError: for another `approximate`.

    >>> gelu(Tensor([0.0, 1.0]), approximate="tanh")
    Tensor([0.      , 0.841192])
    """
    x = as_floating(input, None, "gelu")
    if approximate == "none":
        return autograd.gelu(x)
    if approximate != "tanh":
        raise ValueError(f"gelu: approximate must be 'none' or 'tanh', not {approximate!r}")
    # (1 + tanh(u)) / 2 is sigmoid(2 * u), which does not cancel where u is negative.
    return x * autograd.sigmoid(x * (2 * math.sqrt(2 / math.pi)) * (1 + 0.044715 * (x * x)))


def silu(input: Array, inplace: bool = False) -> Tensor:
    """Return input * sigmoid(input) of any shape, floating. `inplace` is taken for PyTorch's sake.

    >>> silu(Tensor([0.0, 1.0]))
    Tensor([0.       , 0.7310586])
    """
    x = as_floating(input, None, "silu")
    return x * autograd.sigmoid(x)


def swish(input: Array, beta: Array = 1.0) -> Tensor:
    """Return input * sigmoid(beta * input) of any shape, floating; with beta = 1 that is `silu`.

    Args:
        input: any shape.
        beta: a number, or a Tensor that broadcasts with the input, to train it.

    >>> swish(Tensor([0.0, 1.0]), beta=2.0)
    Tensor([0.      , 0.880797])
    """
    x = as_floating(input, None, "swish")
    return x * autograd.sigmoid(beta * x)


def mish(input: Array, inplace: bool = False) -> Tensor:
    """Return input * tanh(softplus(input)) of any shape, floating. `inplace` is taken for PyTorch's sake.

    >>> mish(Tensor([0.0, 1.0]))
    Tensor([0.       , 0.8650984])
    """
    x = as_floating(input, None, "mish")
    return x * autograd.tanh(autograd.softplus(x))

"""Initial values of parameters, written in place; names, arguments and defaults are PyTorch's.

Sources: Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks (2010), for
Xavier's; He et al., Delving deep into rectifiers (2015), for Kaiming's.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd
from autograd import Tensor

Generator = np.random.Generator

# How much a nonlinearity shrinks what goes through it; layers without one, and the sigmoid, count as 1.
_GAINS = {"sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4}
_LINEAR = {"linear"} | {f"conv{transposed}{n}d" for transposed in ("", "_transpose") for n in (1, 2, 3)}


def _filled(tensor: Tensor, values: Any) -> Tensor:
    if not isinstance(tensor, Tensor):
        raise TypeError(f"initialisers write into Tensors, not into {type(tensor).__name__}")
    with autograd.no_grad():
        tensor[...] = values
    return tensor


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with numbers drawn uniformly from [a, b), and return the Tensor.

    Args:
        tensor: any shape, any floating dtype.
        a: the lower bound.
        b: the upper bound.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: when a is larger than b.

    >>> uniform_(autograd.zeros(3), 2, 2)
    Tensor([2., 2., 2.])
    """
    if a > b:
        raise ValueError(f"uniform_ needs a <= b, not a={a} and b={b}")
    return _filled(tensor, (generator or autograd.default_generator()).uniform(a, b, tensor.shape))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with normally distributed numbers, and return the Tensor.

    Args:
        tensor: any shape, any floating dtype.
        mean: the mean.
        std: the standard deviation.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: when std is negative.

    >>> normal_(autograd.zeros(3), 2, 0)
    Tensor([2., 2., 2.])
    """
    if std < 0:
        raise ValueError(f"normal_ needs a standard deviation of at least 0, not std={std}")
    return _filled(tensor, (generator or autograd.default_generator()).normal(mean, std, tensor.shape))


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with one number, and return the Tensor.

    >>> constant_(autograd.zeros(2), 0.5)
    Tensor([0.5, 0.5])
    """
    return _filled(tensor, val)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with 0, and return the Tensor.

    >>> zeros_(autograd.ones(2))
    Tensor([0., 0.])
    """
    return _filled(tensor, 0)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with 1, and return the Tensor.

    >>> ones_(autograd.zeros(2))
    Tensor([1., 1.])
    """
    return _filled(tensor, 1)


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """Return the factor by which a weight's standard deviation makes up for the nonlinearity after it.

    Args:
        nonlinearity: "linear", "conv1d" to "conv3d", "conv_transpose1d" to "conv_transpose3d" and "sigmoid" (1),
            "tanh" (5/3), "relu" (sqrt(2)), "leaky_relu" (sqrt(2 / (1 + slope**2))), "selu" (3/4).
        param: the slope of "leaky_relu", by default 0.01.

    Raises:
        ValueError: for another name.

    >>> calculate_gain("leaky_relu", 1.0)
    1.0
    """
    if nonlinearity in _LINEAR:
        return 1.0
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity not in _GAINS:
        known = ", ".join(sorted({*_GAINS, *_LINEAR, "leaky_relu"}))
        raise ValueError(f"no gain is known for {nonlinearity!r}; for these it is: {known}")
    return _GAINS[nonlinearity]


def fans(tensor: Tensor) -> tuple[int, int]:
    """Return how many inputs each output of a weight (out, in, ...) has, and how many outputs each input.

    Raises:
        ValueError: when the Tensor has fewer than two axes.

    >>> fans(autograd.zeros((8, 3, 5, 5)))
    (75, 200)
    """
    if tensor.ndim < 2:
        raise ValueError(f"fan in and fan out are those of a weight (out, in, ...), not of shape {tensor.shape}")
    window = math.prod(tensor.shape[2:])
    return tensor.shape[1] * window, tensor.shape[0] * window


def _xavier_std(tensor: Tensor, gain: float) -> float:
    # Glorot and Bengio, equation 12: Var(W) = 2 / (fan_in + fan_out). Weights without elements have no fans.
    return gain * math.sqrt(2 / max(sum(fans(tensor)), 1))


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with uniform numbers of variance gain**2 * 2 / (fan_in + fan_out) (Glorot and Bengio, equation 16).

    Args:
        tensor: a weight (out, in, ...).
        gain: see `calculate_gain`.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: when the Tensor has fewer than two axes.

    >>> float(abs(xavier_uniform_(autograd.zeros((3, 3))).data).max()) <= 1.0
    True
    """
    bound = math.sqrt(3) * _xavier_std(tensor, gain)
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with normal numbers of variance gain**2 * 2 / (fan_in + fan_out) (Glorot and Bengio, equation 12).

    Args:
        tensor: a weight (out, in, ...).
        gain: see `calculate_gain`.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: when the Tensor has fewer than two axes.

    >>> xavier_normal_(autograd.zeros((3, 3)), gain=0).tolist()[0]
    [0.0, 0.0, 0.0]
    """
    return normal_(tensor, 0.0, _xavier_std(tensor, gain), generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    # He et al., equation 10 (fan_in) and 14 (fan_out): Var(W) = gain**2 / fan. Weights without elements have no fan.
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"mode must be 'fan_in' or 'fan_out', not {mode!r}")
    fan = fans(tensor)[0 if mode == "fan_in" else 1]
    return calculate_gain(nonlinearity, a) / math.sqrt(max(fan, 1))


def kaiming_uniform_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Fill with uniform numbers of variance gain**2 / fan (He et al., equations 10 and 14).

    Args:
        tensor: a weight (out, in, ...).
        a: the slope of a leaky ReLU that follows.
        mode: "fan_in" keeps the variance of activations, "fan_out" that of gradients.
        nonlinearity: what follows, see `calculate_gain`.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: when the Tensor has fewer than two axes, or for an unknown mode or nonlinearity.

    >>> float(abs(kaiming_uniform_(autograd.zeros((4, 6))).data).max()) <= 1.0
    True
    """
    bound = math.sqrt(3) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Fill with normal numbers of variance gain**2 / fan (He et al., equations 10 and 14).

    Args:
        tensor: a weight (out, in, ...).
        a: the slope of a leaky ReLU that follows.
        mode: "fan_in" keeps the variance of activations, "fan_out" that of gradients.
        nonlinearity: what follows, see `calculate_gain`.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: when the Tensor has fewer than two axes, or for an unknown mode or nonlinearity.

    >>> kaiming_normal_(autograd.zeros((4, 6))).shape
    (4, 6)
    """
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)

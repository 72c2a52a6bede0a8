"""Initial weights whose variance fits the number of inputs and outputs.

All are one idea, `variance_scaling_`: a variance scale / fan, and a distribution that has it.

Sources: LeCun et al., Efficient backprop (1998); Glorot and Bengio, Understanding the difficulty of training deep
feedforward neural networks (2010), for Xavier's; He et al., Delving deep into rectifiers (2015), for Kaiming's.
"""

from __future__ import annotations

import math

import autograd
from nn.init.drawing import Generator, normal_, trunc_normal_, uniform_

# How much a nonlinearity shrinks what goes through it; layers without one, and the sigmoid, count as 1.
_GAINS = {"sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4}
_LINEAR = {"linear"} | {f"conv{transposed}{n}d" for transposed in ("", "_transpose") for n in (1, 2, 3)}

# The standard deviation that is left of a normal distribution cut off at twice its own: 1 - 4 phi(2) / (2 Phi(2) - 1).
_CUT_STD = math.sqrt(1 - 4 * math.exp(-2) / math.sqrt(2 * math.pi) / math.erf(math.sqrt(2)))


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


def fans(tensor: autograd.Tensor) -> tuple[int, int]:
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


_DISTRIBUTIONS = ("uniform", "normal", "truncated_normal")


def variance_scaling_(
    tensor: autograd.Tensor, scale: float = 1.0, mode: str = "fan_in", distribution: str = "truncated_normal",
    generator: Generator | None = None,
) -> autograd.Tensor:  # fmt: skip
    """Fill with numbers of mean 0 and variance scale / fan, and return the Tensor.

    Args:
        tensor: a weight (out, in, ...).
        scale: what to divide by the fan.
        mode: the fan: "fan_in" keeps the variance of activations, "fan_out" that of gradients, "fan_avg" is the mean of
            both, "fan_sum" their sum.
        distribution: "uniform", "normal", or "truncated_normal", cut off at twice its standard deviation.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: when the Tensor has fewer than two axes, scale is negative, or for another mode or distribution.

    >>> variance_scaling_(autograd.zeros((4, 6)), distribution="uniform").shape
    (4, 6)
    """
    if scale < 0:
        raise ValueError(f"a variance is at least 0, so scale must be, not {scale}")
    if distribution not in _DISTRIBUTIONS:
        raise ValueError(f"distribution must be one of {', '.join(map(repr, _DISTRIBUTIONS))}, not {distribution!r}")
    std = math.sqrt(scale / max(_fan(tensor, mode), 1))  # weights without elements have no fan
    if distribution == "uniform":
        return uniform_(tensor, -math.sqrt(3) * std, math.sqrt(3) * std, generator)
    if distribution == "normal" or std == 0:
        return normal_(tensor, 0.0, std, generator)
    return trunc_normal_(tensor, 0.0, std / _CUT_STD, -2 * std / _CUT_STD, 2 * std / _CUT_STD, generator)


def _fan(tensor: autograd.Tensor, mode: str) -> float:
    fan_in, fan_out = fans(tensor)
    known = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2, "fan_sum": fan_in + fan_out}
    if mode not in known:
        raise ValueError(
            f"mode must be 'fan_in' or 'fan_out', or of variance_scaling_ also 'fan_avg' or 'fan_sum', not {mode!r}"
        )
    return known[mode]


def xavier_uniform_(tensor: autograd.Tensor, gain: float = 1.0, generator: Generator | None = None) -> autograd.Tensor:
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
    return variance_scaling_(tensor, gain**2, "fan_avg", "uniform", generator)


def xavier_normal_(tensor: autograd.Tensor, gain: float = 1.0, generator: Generator | None = None) -> autograd.Tensor:
    """Fill with normal numbers of variance gain**2 * 2 / (fan_in + fan_out) (Glorot and Bengio, equation 12).

    Args and errors as for `xavier_uniform_`.

    >>> xavier_normal_(autograd.zeros((3, 3)), gain=0).tolist()[0]
    [0.0, 0.0, 0.0]
    """
    return variance_scaling_(tensor, gain**2, "fan_avg", "normal", generator)


def kaiming_uniform_(
    tensor: autograd.Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> autograd.Tensor:  # fmt: skip
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
    return variance_scaling_(tensor, calculate_gain(nonlinearity, a) ** 2, mode, "uniform", generator)


def kaiming_normal_(
    tensor: autograd.Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> autograd.Tensor:  # fmt: skip
    """Fill with normal numbers of variance gain**2 / fan (He et al., equations 10 and 14).

    Args and errors as for `kaiming_uniform_`.

    >>> kaiming_normal_(autograd.zeros((4, 6))).shape
    (4, 6)
    """
    return variance_scaling_(tensor, calculate_gain(nonlinearity, a) ** 2, mode, "normal", generator)


def lecun_uniform_(tensor: autograd.Tensor, generator: Generator | None = None) -> autograd.Tensor:
    """Fill with uniform numbers of variance 1 / fan_in (LeCun et al., equation 16).

    Args:
        tensor: a weight (out, in, ...).
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: when the Tensor has fewer than two axes.

    >>> float(abs(lecun_uniform_(autograd.zeros((4, 3))).data).max()) <= 1.0
    True
    """
    return variance_scaling_(tensor, 1.0, "fan_in", "uniform", generator)


def lecun_normal_(tensor: autograd.Tensor, generator: Generator | None = None) -> autograd.Tensor:
    """Fill with normal numbers of variance 1 / fan_in (LeCun et al., equation 16), as `selu` needs them.

    Args and errors as for `lecun_uniform_`.

    >>> lecun_normal_(autograd.zeros((4, 6))).shape
    (4, 6)
    """
    return variance_scaling_(tensor, 1.0, "fan_in", "normal", generator)


def fan_sum_uniform_(
    tensor: autograd.Tensor, gain: float = math.sqrt(6), generator: Generator | None = None
) -> autograd.Tensor:
    """Fill with uniform numbers from +-gain / sqrt(fan_in + fan_out); with the default gain, `xavier_uniform_`'s.

    Args:
        tensor: a weight (out, in, ...).
        gain: what to divide by the root: sqrt(6) suits tanh, 4 sqrt(6) the sigmoid.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: when the Tensor has fewer than two axes.

    >>> float(abs(fan_sum_uniform_(autograd.zeros((12, 12))).data).max()) <= 0.5
    True
    """
    return variance_scaling_(tensor, gain**2 / 3, "fan_sum", "uniform", generator)

"""What layers and cells share: packed sequences through one direction of one layer, and initial values."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

import autograd
from autograd import Tensor
from nn import functional as F
from nn import init
from nn.module import Module

States = tuple[Tensor, ...]  # for all steps (S, ...), or for one (N, ...): the state, and for LSTM the cell


class Weights(NamedTuple):
    """The parameters of one direction of one layer, with K times H rows for K gates (K = 1 without any)."""

    weight_ih: Tensor
    weight_hh: Tensor
    bias_ih: Tensor | None = None
    bias_hh: Tensor | None = None
    weight_hr: Tensor | None = None

    def enter(self, x: Tensor) -> Tensor:
        """Return what enters the gates from outside, (S, K*H), in one product for all steps of x (S, I)."""
        bias = self.bias_ih if self.bias_hh is None else self.bias_ih + self.bias_hh  # type: ignore[operator]
        return F.linear(x, self.weight_ih, bias)


class Path(NamedTuple):
    """How a layer goes through packed sequences; see `autograd.lstm_sequence`."""

    batch_sizes: tuple[int, ...]
    reverse: bool = False
    mask: np.ndarray | None = None

    def last(self, states: Tensor) -> Tensor:
        """Return of states after each step (S, ...) those after each sequence's last one, (N, ...)."""
        n, sizes = self.batch_sizes[0], np.array(self.batch_sizes)
        if self.reverse:
            return states[:n]
        if sizes[-1] == n:  # all are of one length, and a slice does
            return states[states.shape[0] - n :]
        steps = (sizes[:, None] > np.arange(n)).sum(axis=0)
        return states[(np.cumsum(sizes) - sizes)[steps - 1] + np.arange(n)]


def run_rnn(x: Tensor, start: States, weights: Weights, path: Path, relu: bool) -> States:
    """Return the states of a simple recurrent layer after each step of x (S, I)."""
    sizes, reverse, mask = path
    w, x = weights.weight_hh, weights.enter(x)
    return (autograd.rnn_sequence(x, start[0], w, batch_sizes=sizes, relu=relu, mask=mask, reverse=reverse),)


def run_lstm(x: Tensor, start: States, weights: Weights, path: Path) -> States:
    """Return states and cells of a layer with long short-term memory after each step of x (S, I)."""
    sizes, reverse, mask = path
    (h0, c0), x, (w, hr) = start, weights.enter(x), (weights.weight_hh, weights.weight_hr)
    h, c, _ = autograd.lstm_sequence(x, h0, c0, w, hr, batch_sizes=sizes, mask=mask, reverse=reverse)
    return h, c


def run_gru(x: Tensor, start: States, weights: Weights, path: Path) -> States:
    """Return the states of a layer of gated recurrent units after each step of x (S, I)."""
    sizes, reverse, mask = path
    w, b, x = weights.weight_hh, weights.bias_hh, F.linear(x, weights.weight_ih, weights.bias_ih)
    h, _ = autograd.gru_sequence(x, start[0], w, b, batch_sizes=sizes, mask=mask, reverse=reverse)
    return (h,)


def reset_uniformly(module: Module, hidden_size: int, generator: np.random.Generator | None) -> None:
    """Draw all parameters uniformly from +-1/sqrt(hidden_size)."""
    bound = 1 / math.sqrt(hidden_size)
    for parameter in module.parameters():
        init.uniform_(parameter, -bound, bound, generator)


def check_flag(value: object, name: str) -> bool:
    """Return a bool.

    Raises:
        TypeError: when it is none.
    """
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, not {value!r}")
    return value


def check_nonlinearity(nonlinearity: str) -> str:
    """Return "tanh" or "relu".

    Raises:
        ValueError: when it is neither.
    """
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(f"nonlinearity must be 'tanh' or 'relu', not {nonlinearity!r}")
    return nonlinearity

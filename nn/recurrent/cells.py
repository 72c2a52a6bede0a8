"""Cells: single steps of recurrent layers, for loops of one's own."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

import autograd
from autograd import Tensor
from nn.module import Module, Parameter, as_floating, check_size
from nn.recurrent.sequences import (
    Path,
    States,
    Weights,
    check_flag,
    check_nonlinearity,
    reset_uniformly,
    run_gru,
    run_lstm,
    run_rnn,
)


class Cell(Module):
    """What the cells share."""

    gates: ClassVar[int]

    input_size: int
    hidden_size: int
    bias: bool
    weight_ih: Parameter
    weight_hh: Parameter
    bias_ih: Parameter | None
    bias_hh: Parameter | None

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, *, dtype: DTypeLike | None = None,
        generator: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        self.input_size = check_size(input_size, "input_size")
        self.hidden_size = check_size(hidden_size, "hidden_size")
        self.bias = check_flag(bias, "bias")
        rows = self.gates * self.hidden_size
        self.weight_ih = Parameter(autograd.zeros((rows, self.input_size), dtype))
        self.weight_hh = Parameter(autograd.zeros((rows, self.hidden_size), dtype))
        self.bias_ih = Parameter(autograd.zeros(rows, dtype)) if bias else None
        self.bias_hh = Parameter(autograd.zeros(rows, dtype)) if bias else None
        self.reset_parameters(generator)

    def reset_parameters(self, generator: np.random.Generator | None = None) -> None:
        """Draw new initial values, uniform in +-1/sqrt(hidden_size)."""
        reset_uniformly(self, self.hidden_size, generator)

    def _weights(self) -> Weights:
        return Weights(self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)

    def _run(self, x: Tensor, start: States, path: Path) -> States:
        """Return the states after a step with x (N, I)."""
        raise NotImplementedError

    def _step(self, input: Any, given: tuple[Any, ...]) -> States:
        """Return the states after a step with x (N, I) or (I,), from given ones or from zeros where they are None."""
        name = type(self).__name__
        x = as_floating(input, self.weight_ih.dtype, name)
        if x.ndim not in (1, 2) or x.shape[-1] != self.input_size:
            raise ValueError(f"{name} takes input (N, {self.input_size}) or ({self.input_size},), not shape {x.shape}")
        shape = (*x.shape[:-1], self.hidden_size)
        start = [autograd.zeros(shape, x.dtype) if s is None else as_floating(s, x.dtype, name) for s in given]
        for state in start:
            if state.shape != shape:
                raise ValueError(f"{name} takes states of shape {shape} for input {x.shape}, not {state.shape}")
        if x.ndim == 2:
            return self._run(x, tuple(start), Path((x.shape[0],)))
        return tuple(s[0] for s in self._run(x[None], tuple(s[None] for s in start), Path((1,))))

    def extra_repr(self) -> str:
        """Return the constructor's arguments."""
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else f", bias={self.bias}")


class RNNCell(Cell):
    """One step of a simple recurrent layer: h' = tanh(x @ weight_ih.T + bias_ih + h @ weight_hh.T + bias_hh).

    Parameters start uniform in +-1/sqrt(hidden_size). Source: Elman, Finding structure in time (1990).

    Args:
        input_size: I, the size of the input's last axis.
        hidden_size: H, the size of the state.
        bias: whether to have biases.
        nonlinearity: "tanh" or "relu".
        dtype: of the parameters; the default dtype by default. Input is converted to it.
        generator: the source of the initial values; `autograd.default_generator()` by default.

    Shapes:
        input (N, I) or (I,); state, zeros by default, and output (N, H) or (H,); `weight_ih` (H, I), `weight_hh`
        (H, H), `bias_ih` and `bias_hh` (H,) or None.

    Raises:
        TypeError, ValueError: for arguments that are none of the above, and when called, for input that does not fit.

    >>> RNNCell(3, 5)(np.ones((4, 3))).shape
    (4, 5)
    """

    gates = 1
    nonlinearity: str

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh", *,
        dtype: DTypeLike | None = None, generator: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        self.nonlinearity = check_nonlinearity(nonlinearity)
        super().__init__(input_size, hidden_size, bias, dtype=dtype, generator=generator)

    def forward(self, input: Any, hx: Any = None) -> Tensor:
        """Return the next state."""
        return self._step(input, (hx,))[0]

    def _run(self, x: Tensor, start: States, path: Path) -> States:
        return run_rnn(x, start, self._weights(), path, self.nonlinearity == "relu")

    def extra_repr(self) -> str:
        """Return the constructor's arguments."""
        return super().extra_repr() + ("" if self.nonlinearity == "tanh" else f", nonlinearity={self.nonlinearity}")


class LSTMCell(Cell):
    """One step of a layer with long short-term memory; the formula and its sources stand at `LSTM`.

    Args:
        input_size: I, the size of the input's last axis.
        hidden_size: H, the size of state and cell.
        bias: whether to have biases.
        dtype: of the parameters; the default dtype by default. Input is converted to it.
        generator: the source of the initial values; `autograd.default_generator()` by default.

    Shapes:
        input (N, I) or (I,); a pair of state and cell, zeros by default, and output such a pair, (N, H) or (H,) each;
        `weight_ih` (4H, I), `weight_hh` (4H, H), `bias_ih` and `bias_hh` (4H,) or None.

    Raises:
        TypeError, ValueError: for arguments that are none of the above, and when called, for input that does not fit.

    >>> h, c = LSTMCell(3, 5)(np.ones((4, 3)))
    >>> h.shape, c.shape
    ((4, 5), (4, 5))
    """

    gates = 4

    def forward(self, input: Any, hx: Any = None) -> tuple[Tensor, Tensor]:
        """Return the next state and cell."""
        if hx is not None and (not isinstance(hx, tuple | list) or len(hx) != 2):
            raise TypeError(f"LSTMCell takes a pair (state, cell), not {type(hx).__name__}")
        h, c = self._step(input, (None, None) if hx is None else tuple(hx))
        return h, c

    def _run(self, x: Tensor, start: States, path: Path) -> States:
        return run_lstm(x, start, self._weights(), path)


class GRUCell(Cell):
    """One step of a layer of gated recurrent units; the formula and its source stand at `GRU`.

    Args:
        input_size: I, the size of the input's last axis.
        hidden_size: H, the size of the state.
        bias: whether to have biases.
        dtype: of the parameters; the default dtype by default. Input is converted to it.
        generator: the source of the initial values; `autograd.default_generator()` by default.

    Shapes:
        input (N, I) or (I,); state, zeros by default, and output (N, H) or (H,); `weight_ih` (3H, I), `weight_hh`
        (3H, H), `bias_ih` and `bias_hh` (3H,) or None.

    Raises:
        TypeError, ValueError: for arguments that are none of the above, and when called, for input that does not fit.

    >>> GRUCell(3, 5)(np.ones(3), np.zeros(5)).shape
    (5,)
    """

    gates = 3

    def forward(self, input: Any, hx: Any = None) -> Tensor:
        """Return the next state."""
        return self._step(input, (hx,))[0]

    def _run(self, x: Tensor, start: States, path: Path) -> States:
        return run_gru(x, start, self._weights(), path)

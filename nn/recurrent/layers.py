"""Recurrent layers over whole sequences, as deep as wanted, in one direction or both."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd import Tensor
from nn.recurrent.base import RNNBase
from nn.recurrent.sequences import Path, States, Weights, check_nonlinearity, run_gru, run_lstm, run_rnn


class RNN(RNNBase):
    """Simple recurrent layers: h[t] = tanh(x[t] @ W_ih.T + b_ih + h[t-1] @ W_hh.T + b_hh).

    Each layer after the first takes the states of the one before it. Parameters start uniform in
    +-1/sqrt(hidden_size). Source: Elman, Finding structure in time (1990); both directions: Schuster and Paliwal,
    Bidirectional recurrent neural networks (1997).

    Args:
        input_size: I, the size of the input's last axis.
        hidden_size: H, the size of the states.
        num_layers: L, how many layers.
        nonlinearity: "tanh" or "relu".
        bias: whether to have b_ih and b_hh.
        batch_first: input and output are (N, T, ...) instead of (T, N, ...); states are not.
        dropout: the probability of dropout on the input of each layer but the first, in training.
        bidirectional: in each layer another one goes backward, and the output has the states of both: D = 2, else 1.
        variational_dropout: the probability of dropout on the input of each layer, with one mask for all steps of a
            sequence (Gal and Ghahramani, A theoretically grounded application of dropout in recurrent neural networks,
            2016); not in PyTorch.
        recurrent_dropout: the same for h[t-1] where it meets W_hh.
        dtype: of the parameters; the default dtype by default. Input is converted to it.
        generator: the source of initial values and dropout; `autograd.default_generator()` by default.

    Shapes:
        input (T, N, I), or (T, I) for one sequence, or a `PackedSequence`; initial and last states (L*D, N, H), or
        (L*D, H); output (T, N, D*H), or (T, D*H), or a `PackedSequence`. `weight_ih_l0` (H, I), for later layers
        (H, D*H), `weight_hh_l0` (H, H), `bias_ih_l0` and `bias_hh_l0` (H,), and so on for each layer; names end
        in `_reverse` for the other direction.

    Raises:
        TypeError, ValueError: for arguments that are none of the above, and when called, for input that does not fit.

    >>> output, last = RNN(3, 5, num_layers=2)(np.ones((7, 4, 3)))
    >>> output.shape, last.shape
    ((7, 4, 5), (2, 4, 5))
    """

    gates = 1
    nonlinearity: str

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, nonlinearity: str = "tanh", bias: bool = True,
        batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False, *,
        variational_dropout: float = 0.0, recurrent_dropout: float = 0.0, dtype: DTypeLike | None = None,
        generator: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        self.nonlinearity = check_nonlinearity(nonlinearity)
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, dtype=dtype,
            variational_dropout=variational_dropout, recurrent_dropout=recurrent_dropout, generator=generator,
        )  # fmt: skip

    def _run(self, x: Tensor, start: States, weights: Weights, path: Path) -> States:
        return run_rnn(x, start, weights, path, self.nonlinearity == "relu")


class LSTM(RNNBase):
    """Layers with long short-term memory: gates decide what a cell keeps, takes in and shows.

    With i, f, o = sigmoid(x[t] @ W_ih.T + b_ih + h[t-1] @ W_hh.T + b_hh) and g = tanh of the same, each with rows of
    its own in the order i, f, g, o: c[t] = f * c[t-1] + i * g and h[t] = o * tanh(c[t]), with `proj_size` times W_hr.T.
    Parameters start uniform in +-1/sqrt(hidden_size). Source: Hochreiter and Schmidhuber, Long short-term memory
    (1997); Gers et al., Learning to forget (2000); the projection: Sak et al., Long short-term memory based recurrent
    neural network architectures (2014).

    Args:
        input_size: I, the size of the input's last axis.
        hidden_size: H, the size of the cells.
        num_layers: L, how many layers.
        bias: whether to have b_ih and b_hh.
        batch_first: input and output are (N, T, ...) instead of (T, N, ...); states are not.
        dropout: the probability of dropout on the input of each layer but the first, in training.
        bidirectional: in each layer another one goes backward, and the output has the states of both: D = 2, else 1.
        proj_size: P, the size of the states; 0 for H, without a projection.
        variational_dropout: as in `RNN`; not in PyTorch.
        recurrent_dropout: as in `RNN`; not in PyTorch.
        dtype: of the parameters; the default dtype by default. Input is converted to it.
        generator: the source of initial values and dropout; `autograd.default_generator()` by default.

    Shapes:
        input and output as for `RNN`, with P for H; initial and last states a pair, (L*D, N, P) of states and
        (L*D, N, H) of cells. `weight_ih_l0` (4H, I), for later layers (4H, D*P), `weight_hh_l0` (4H, P), `bias_ih_l0`
        and `bias_hh_l0` (4H,), `weight_hr_l0` (P, H), and so on.

    Raises:
        TypeError, ValueError: for arguments that are none of the above, and when called, for input that does not fit.

    >>> output, (h, c) = LSTM(3, 5, bidirectional=True)(np.ones((7, 4, 3)))
    >>> output.shape, h.shape, c.shape
    ((7, 4, 10), (2, 4, 5), (2, 4, 5))
    """

    gates = 4

    def _run(self, x: Tensor, start: States, weights: Weights, path: Path) -> States:
        return run_lstm(x, start, weights, path)

    def _state_sizes(self) -> tuple[int, ...]:
        return self._state_size, self.hidden_size

    def _taken(self, hx: Any) -> tuple[Any, ...]:
        if not isinstance(hx, tuple | list) or len(hx) != 2:
            raise TypeError(f"LSTM takes a pair (states, cells) to start from, not {type(hx).__name__}")
        return tuple(hx)

    def _given(self, states: States) -> Any:
        return states


class GRU(RNNBase):
    """Layers of gated recurrent units: gates decide how much of the state is renewed, and from how much of the old.

    With a = x[t] @ W_ih.T + b_ih and y = h[t-1] @ W_hh.T + b_hh, each in three parts r, z, n: r = sigmoid(a_r + y_r),
    z = sigmoid(a_z + y_z), n = tanh(a_n + r * y_n), and h[t] = (1 - z) * n + z * h[t-1]. Parameters start uniform in
    +-1/sqrt(hidden_size). Source: Cho et al., Learning phrase representations using RNN encoder-decoder (2014), with r
    after the product with W_hh, as in PyTorch.

    Args:
        input_size: I, the size of the input's last axis.
        hidden_size: H, the size of the states.
        num_layers: L, how many layers.
        bias: whether to have b_ih and b_hh.
        batch_first: input and output are (N, T, ...) instead of (T, N, ...); states are not.
        dropout: the probability of dropout on the input of each layer but the first, in training.
        bidirectional: in each layer another one goes backward, and the output has the states of both: D = 2, else 1.
        variational_dropout: as in `RNN`; not in PyTorch.
        recurrent_dropout: as in `RNN`; not in PyTorch.
        dtype: of the parameters; the default dtype by default. Input is converted to it.
        generator: the source of initial values and dropout; `autograd.default_generator()` by default.

    Shapes:
        as for `RNN`, but `weight_ih_l0` (3H, I), for later layers (3H, D*H), `weight_hh_l0` (3H, H), `bias_ih_l0` and
        `bias_hh_l0` (3H,), and so on.

    Raises:
        TypeError, ValueError: for arguments that are none of the above, and when called, for input that does not fit.

    >>> output, last = GRU(3, 5, batch_first=True)(np.ones((4, 7, 3)), lengths=[7, 2, 5, 1])
    >>> output.shape, last.shape
    ((4, 7, 5), (1, 4, 5))
    """

    gates = 3

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True, batch_first: bool = False,
        dropout: float = 0.0, bidirectional: bool = False, *, variational_dropout: float = 0.0,
        recurrent_dropout: float = 0.0, dtype: DTypeLike | None = None, generator: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, dtype=dtype,
            variational_dropout=variational_dropout, recurrent_dropout=recurrent_dropout, generator=generator,
        )  # fmt: skip

    def _run(self, x: Tensor, start: States, weights: Weights, path: Path) -> States:
        return run_gru(x, start, weights, path)

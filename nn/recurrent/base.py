"""What the recurrent layers share: parameters, layers upon layers, directions, dropout, and forms of input."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

import autograd
from autograd import Tensor
from nn import functional as F
from nn.functional.dropouts import check_probability
from nn.module import Module, Parameter, as_floating, check_size
from nn.recurrent.sequences import Path, States, Weights, check_flag, reset_uniformly
from nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

Generator = np.random.Generator


class RNNBase(Module):
    """The base of RNN, LSTM and GRU; these document it.

    A subclass says how many gates there are and what a sequence goes through in one direction of one layer.
    """

    gates: ClassVar[int]

    input_size: int
    hidden_size: int
    num_layers: int
    bias: bool
    batch_first: bool
    dropout: float
    bidirectional: bool
    proj_size: int
    variational_dropout: float
    recurrent_dropout: float
    generator: Generator | None
    weight_ih_l0: Parameter

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True, batch_first: bool = False,
        dropout: float = 0.0, bidirectional: bool = False, proj_size: int = 0, *, variational_dropout: float = 0.0,
        recurrent_dropout: float = 0.0, dtype: DTypeLike | None = None, generator: Generator | None = None,
    ) -> None:  # fmt: skip
        self.input_size = check_size(input_size, "input_size")
        self.hidden_size = check_size(hidden_size, "hidden_size")
        self.num_layers = check_size(num_layers, "num_layers")
        self.bias = check_flag(bias, "bias")
        self.batch_first = check_flag(batch_first, "batch_first")
        self.bidirectional = check_flag(bidirectional, "bidirectional")
        self.proj_size = check_size(proj_size, "proj_size", 0)
        if self.proj_size >= self.hidden_size:
            raise ValueError(f"proj_size must be below hidden_size={hidden_size}, not {proj_size}")
        self.dropout = _probability(dropout)
        self.variational_dropout = _probability(variational_dropout)
        self.recurrent_dropout = _probability(recurrent_dropout)
        self.generator = generator
        if dropout and num_layers == 1:
            warnings.warn("dropout is between layers, and has no effect in one layer alone", stacklevel=3)
        for layer in range(self.num_layers):
            for suffix in self._suffixes(layer):
                self._add_parameters(self.input_size if not layer else self._output_size, suffix, dtype)
        self.reset_parameters()

    def _suffixes(self, layer: int) -> list[str]:
        """Return how the names of a layer's parameters end, for each direction."""
        return [f"_l{layer}", f"_l{layer}_reverse"] if self.bidirectional else [f"_l{layer}"]

    @property
    def _state_size(self) -> int:
        return self.proj_size or self.hidden_size

    @property
    def _output_size(self) -> int:
        return self._state_size * (2 if self.bidirectional else 1)

    def _state_sizes(self) -> tuple[int, ...]:
        """Return the size of each kind of state."""
        return (self._state_size,)

    def _add_parameters(self, input_size: int, suffix: str, dtype: DTypeLike | None) -> None:
        rows = self.gates * self.hidden_size
        shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, input_size), "weight_hh": (rows, self._state_size)}
        if self.bias:
            shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
        if self.proj_size:
            shapes |= {"weight_hr": (self.proj_size, self.hidden_size)}
        for name, shape in shapes.items():
            self.register_parameter(name + suffix, Parameter(autograd.zeros(shape, dtype)))

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Draw new initial values, uniform in +-1/sqrt(hidden_size)."""
        reset_uniformly(self, self.hidden_size, generator or self.generator)

    def flatten_parameters(self) -> None:
        """Do nothing; PyTorch's arranges memory for GPUs."""

    @property
    def all_weights(self) -> list[list[Tensor]]:
        """The parameters of each layer and direction."""
        suffixes = [suffix for layer in range(self.num_layers) for suffix in self._suffixes(layer)]
        return [[w for w in self._weights(suffix) if w is not None] for suffix in suffixes]

    def _weights(self, suffix: str) -> Weights:
        return Weights(*(getattr(self, name + suffix, None) for name in Weights._fields))  # type: ignore[arg-type]

    # --- the computation --------------------------------------------------------------------------------------------

    def _run(self, x: Tensor, start: States, weights: Weights, path: Path) -> States:
        """Return the states after each step of x (S, I), in one direction of one layer."""
        raise NotImplementedError

    def _layers(self, x: Tensor, sizes: tuple[int, ...], start: States) -> tuple[Tensor, States]:
        """Return the output (S, D*P) of packed input (S, I), and the last states (L*D, N, ...)."""
        last: list[States] = []
        for layer in range(self.num_layers):
            if layer:
                x = F.dropout(x, self.dropout, self.training, generator=self.generator)
            x = self._masked_input(x, sizes)
            outputs = []
            for reverse, suffix in enumerate(self._suffixes(layer)):
                path = Path(sizes, bool(reverse), self._mask(self.recurrent_dropout, (sizes[0], self._state_size)))
                states = self._run(x, tuple(s[len(last)] for s in start), self._weights(suffix), path)
                outputs.append(states[0])
                last.append(tuple(path.last(s) for s in states))
            x = outputs[0] if len(outputs) == 1 else autograd.concatenate(outputs, axis=-1)
        return x, tuple(autograd.stack(kind) for kind in zip(*last, strict=True))

    def _mask(self, p: float, shape: tuple[int, ...]) -> np.ndarray | None:
        """Return factors (N, ...) for the elements of a whole sequence, or None outside of training."""
        if not (self.training and p):
            return None
        ones = autograd.ones(shape, self.weight_ih_l0.dtype)
        return F.dropout(ones, p, generator=self.generator).numpy()

    def _masked_input(self, x: Tensor, sizes: tuple[int, ...]) -> Tensor:
        """Return a layer's input (S, I) times factors that each sequence has once."""
        mask = self._mask(self.variational_dropout, (sizes[0], x.shape[1]))
        if mask is None:
            return x
        sequence = np.nonzero(np.arange(sizes[0]) < np.array(sizes)[:, None])[1]
        return x * mask[sequence]

    # --- the forms of input -----------------------------------------------------------------------------------------

    def forward(self, input: Any, hx: Any = None, *, lengths: Any = None) -> tuple[Any, Any]:
        """Return the output and the last states; see the class.

        Args:
            input: padded sequences, one sequence, or a `PackedSequence`.
            hx: the states to start from; zeros by default.
            lengths: how many elements each padded sequence has, integers (N,); all by default. Outputs after a
                sequence's end are 0, and the last states are those at its end.
        """
        if isinstance(input, PackedSequence):
            if lengths is not None:
                raise TypeError(f"{type(self).__name__}: packed sequences know their lengths; leave out lengths=")
            return self._forward_packed(input, hx)
        x = self._checked(input, (2, 3))
        if lengths is not None:
            if x.ndim == 2:
                raise ValueError(f"{type(self).__name__}: lengths are for a batch (3 axes), not input {x.shape}")
            packed = pack_padded_sequence(x, lengths, self.batch_first, enforce_sorted=False)
            output, last = self._forward_packed(packed, hx)
            return pad_packed_sequence(output, self.batch_first, 0.0, x.shape[self.batch_first])[0], last
        return self._forward_padded(x, hx)

    def _forward_padded(self, x: Tensor, hx: Any) -> tuple[Tensor, Any]:
        """Run a batch of sequences of one length, or one (T, I)."""
        batched = x.ndim == 3
        steps = x.transpose(1, 0, 2) if batched and self.batch_first else x
        count, n = steps.shape[0], steps.shape[1] if batched else 1
        if not count:
            raise ValueError(f"{type(self).__name__} needs at least one step, but the input has shape {x.shape}")
        start = self._start(hx, n, batched)
        output, last = self._layers(steps.reshape(count * n, self.input_size), (n,) * count, start)
        if not batched:
            return output, self._given(tuple(s[:, 0] for s in last))
        output = output.reshape(count, n, self._output_size)
        return output.transpose(1, 0, 2) if self.batch_first else output, self._given(last)

    def _forward_packed(self, packed: PackedSequence, hx: Any) -> tuple[PackedSequence, Any]:
        sizes = tuple(packed.batch_sizes.tolist())
        start = self._start(hx, sizes[0], batched=True)
        order, back = packed.sorted_indices, packed.unsorted_indices
        if order is not None and hx is not None:
            start = tuple(s[:, order.data] for s in start)
        output, last = self._layers(self._checked(packed.data, (2,)), sizes, start)
        if back is not None:
            last = tuple(s[:, back.data] for s in last)
        return packed._replace(data=output), self._given(last)

    def _checked(self, input: Any, axes: tuple[int, ...]) -> Tensor:
        """Return input as a Tensor of the parameters' dtype, with so many axes."""
        name = type(self).__name__
        x = as_floating(input, self.weight_ih_l0.dtype, name)
        if x.ndim not in axes or x.shape[-1] != self.input_size:
            raise ValueError(
                f"{name} takes input with {' or '.join(map(str, axes))} axes, the last of input_size="
                f"{self.input_size}, not shape {x.shape}"
            )
        return x

    def _start(self, hx: Any, n: int, batched: bool) -> States:
        """Return the states to start from, (L*D, N, ...), from what was given."""
        count, name = self.num_layers * (2 if self.bidirectional else 1), type(self).__name__
        dtype = self.weight_ih_l0.dtype
        shapes = [(count, n, size) for size in self._state_sizes()]
        if hx is None:
            return tuple(autograd.zeros(shape, dtype) for shape in shapes)
        states = tuple(as_floating(s, dtype, name) for s in self._taken(hx))
        for state, shape in zip(states, shapes, strict=True):
            wanted = shape if batched else (shape[0], shape[2])
            if state.shape != wanted:
                raise ValueError(f"{name} takes initial states of shape {wanted} for this input, not {state.shape}")
        return states if batched else tuple(s[:, None] for s in states)

    def _taken(self, hx: Any) -> tuple[Any, ...]:
        """Return the kinds of state in what the user gives."""
        return (hx,)

    def _given(self, states: States) -> Any:
        """Return states as the user gets them."""
        return states[0]

    def extra_repr(self) -> str:
        """Return the constructor's arguments, those after the sizes that differ from their defaults."""
        defaults = {
            "proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0, "bidirectional": False,
            "variational_dropout": 0, "recurrent_dropout": 0,
        }  # fmt: skip
        values = {name: getattr(self, name) for name in defaults}
        shown = [f"{name}={value}" for name, value in values.items() if value != defaults[name]]
        return ", ".join([f"{self.input_size}", f"{self.hidden_size}", *shown])


def _probability(p: float) -> float:
    """Return a probability as a float.

    Raises:
        ValueError: when it is none.
    """
    if isinstance(p, bool) or not isinstance(p, int | float | np.number):
        raise ValueError(f"the probability of dropout must be a number between 0 and 1, not {p!r}")
    check_probability(float(p))
    return float(p)

"""What a network costs: a table of its layers with shapes, parameters, multiply-adds, memory and receptive fields."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

import autograd
from autograd import Tensor
from nn import activation
from nn.activation import GLU, LogSoftmax, Maxout, ReLU, Sigmoid, Softmax, Softmin, Tanh
from nn.attention import MultiheadAttention
from nn.classic import AverageSubsampling, L2Pool2d
from nn.conv import Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from nn.dropout import RandomLayer, StochasticDepth
from nn.linear import Bilinear, Flatten, Identity, Linear, Unflatten
from nn.module import Module, check_size
from nn.noise import GaussianNoise
from nn.norm import ChannelNorm, GroupNorm, LayerNorm, LocalResponseNorm, RMSNorm
from nn.padding import Padding
from nn.pool import (
    AvgPool1d,
    AvgPool2d,
    AvgPool3d,
    LPPool1d,
    LPPool2d,
    LPPool3d,
    MaxPool1d,
    MaxPool2d,
    MaxPool3d,
)
from nn.recurrent import GRU, LSTM, RNN
from nn.shapes import measure
from nn.upsampling import ChannelShuffle

Shape = tuple[int, ...]
Field = tuple[tuple[int, ...], tuple[int, ...]]  # by image axis: how far an element sees, and the step to its neighbour

_CONVOLUTIONS = (Conv1d, Conv2d, Conv3d)
_TRANSPOSED = (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)
_WINDOWS = (
    *_CONVOLUTIONS, AvgPool1d, AvgPool2d, AvgPool3d, MaxPool1d, MaxPool2d, MaxPool3d, LPPool1d, LPPool2d, LPPool3d,
    AverageSubsampling, L2Pool2d,
)  # fmt: skip
# What takes every place by itself, and what adds only statistics of the whole image. Some softmaxes mix places.
_MIXING = (Softmax, LogSoftmax, Softmin, GLU, Maxout)
_ACTIVATIONS = tuple(kind for name in activation.__all__ if (kind := getattr(activation, name)) not in _MIXING)
_PLACEWISE = (
    *_ACTIVATIONS, Identity, RandomLayer, StochasticDepth, GaussianNoise, Padding, ChannelShuffle,
    ChannelNorm, GroupNorm, LayerNorm, LocalResponseNorm, RMSNorm,
)  # fmt: skip
# Whose result is all that is kept (their rules need no input), or no memory of its own.
_IN_PLACE = (ReLU, Sigmoid, Tanh, Flatten, Unflatten, Identity)


_UNITS = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


@dataclass(frozen=True)
class LayerSummary:
    """What a layer costs, for one example.

    Attributes:
        name: its dotted name in the network.
        kind: its class.
        shape: of its output, without the batch; () if it is no Tensor.
        parameters: how many numbers are trained or frozen in it; 0 when it is called again.
        multiply_adds: how many multiplications with an addition, None if unknown.
        activations: how many numbers of its output are kept for the backward pass.
        field: the receptive field, by image axis: how many elements of the input's axis an element of the output sees.
            None if unknown, or where the layer sees everything.
    """

    name: str
    kind: str
    shape: Shape
    parameters: int
    multiply_adds: int | None
    activations: int
    field: Shape | None


@dataclass(frozen=True)
class Summary:
    """What a network costs; printed, it is a table.

    Attributes:
        layers: in the order of their calls, the input first.
        parameters: how many numbers it has to learn, frozen ones included.
        trainable: how many of them are not frozen.
        batch_size: for the memory.
        dtype: likewise.
    """

    layers: tuple[LayerSummary, ...]
    parameters: int
    trainable: int
    batch_size: int
    dtype: np.dtype[Any]

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds of all layers for one example; those of unknown layers are missing."""
        return sum(layer.multiply_adds or 0 for layer in self.layers)

    @property
    def activations(self) -> int:
        """Numbers that are kept for the backward pass, for one example."""
        return sum(layer.activations for layer in self.layers)

    @property
    def parameter_bytes(self) -> int:
        """Memory of the parameters."""
        return self.parameters * self.dtype.itemsize

    @property
    def gradient_bytes(self) -> int:
        """Memory of the gradients of the parameters that are trained."""
        return self.trainable * self.dtype.itemsize

    @property
    def activation_bytes(self) -> int:
        """Memory of the activations of a batch; their gradients take as much again if all are kept."""
        return self.activations * self.batch_size * self.dtype.itemsize

    def __str__(self) -> str:
        heads = ("layer", "output", "parameters", "multiply-adds", "activations", "receptive field")
        rows: list[tuple[str, ...]] = [heads]
        for layer in self.layers:
            counts = (layer.parameters, layer.multiply_adds, layer.activations)
            numbers = ("?" if n is None else f"{n:,}" if n else "" for n in counts)
            title = f"{layer.name}: {layer.kind}" if layer.name else layer.kind
            rows.append((title, str(layer.shape), *numbers, "x".join(map(str, layer.field or ()))))
        rows.append(("all", "", f"{self.parameters:,}", f"{self.multiply_adds:,}", f"{self.activations:,}", ""))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = []
        for row in rows:
            cells = (cell.ljust(w) if i < 2 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths)))
            lines.append("  ".join(cells).rstrip())
        return "\n".join([*lines, self._memory()])

    def _memory(self) -> str:
        parts = (
            ("parameters", self.parameter_bytes), ("their gradients", self.gradient_bytes),
            ("activations", self.activation_bytes), ("their gradients at most", self.activation_bytes),
        )  # fmt: skip
        shown = ", ".join(f"{name} {_memory_size(size)}" for name, size in parts)
        return f"memory of a batch of {self.batch_size} in {self.dtype}: {shown}"


def _memory_size(count: int) -> str:
    """Return a number of bytes in the largest unit of which there is one at least."""
    unit = next((unit for unit in ("GiB", "MiB", "KiB") if count >= _UNITS[unit]), "B")
    return f"{count / _UNITS[unit]:.1f} {unit}" if unit != "B" else f"{count} B"


def summary(model: Module, input: Any, *, batch_size: int = 1, dtype: DTypeLike | None = None) -> Summary:
    """Return what a network costs: its layers with output shapes, parameters, multiply-adds, memory, receptive fields.

    The network is called once, in eval mode, but layers whose output shape is known from a formula are not computed, so
    this is quick for large ones. Only layers that are modules are seen, not functions.

    Multiply-adds are those of convolutions, linear, bilinear, recurrent and attention layers; biases, norms and
    activations are not counted. Activations are outputs that are kept for the backward pass; those of ReLU, Sigmoid and
    Tanh take the place of their input, which nobody needs any more. Receptive fields follow Araujo, Norris and Sim,
    Computing receptive fields of convolutional neural networks (2019), equation 2; of layers with several inputs, the
    largest. That normalisations also see the statistics of a whole image is left out. After layers about which nothing
    is known, those of your own for example, there are none.

    Args:
        model: the network.
        input: the shape of one example, (C, H, W) for images, or the number of its features; or a batch: an array, a
            Tensor, or a list of several inputs.
        batch_size: for the memory.
        dtype: for the memory; by default that of the parameters.

    Raises:
        TypeError: when `input` is none of these.
        ValueError: when a layer does not take what it is given.

    >>> import nn
    >>> print(summary(nn.Sequential(nn.Conv2d(1, 20, 5), nn.ReLU(), nn.MaxPool2d(2)), (1, 28, 28), batch_size=64))
    layer         output        parameters  multiply-adds  activations  receptive field
    input         (1, 28, 28)                                      784              1x1
    0: Conv2d     (20, 24, 24)         520        288,000       11,520              5x5
    1: ReLU       (20, 24, 24)                                                      5x5
    2: MaxPool2d  (20, 12, 12)                                   2,880              6x6
    all                                520        288,000       15,184
    memory of a batch of 64 in float32: parameters 2.0 KiB, their gradients 2.0 KiB, activations 3.7 MiB, their
    gradients at most 3.7 MiB
    """
    members = list(model.parameters())
    own = next((p.dtype for p in members if p.dtype.kind == "f"), autograd.get_default_dtype())
    inputs = _inputs(input, own)
    recorder = _Recorder(inputs)
    with recorder.listening(model):
        try:
            model(*inputs)
        except (ValueError, TypeError) as error:
            error.add_note(f"nn.summary called the network with {', '.join(str(x.shape) for x in inputs)}, the shape "
                           "of a batch; a tuple of numbers is the shape of one example, without it")  # fmt: skip
            raise
    return Summary(
        tuple(recorder.rows), sum(p.size for p in members), sum(p.size for p in members if p.requires_grad),
        check_size(batch_size, "batch_size"), np.dtype(own if dtype is None else dtype),
    )  # fmt: skip


def _inputs(input: Any, dtype: np.dtype[Any]) -> list[Tensor]:
    if isinstance(input, int | np.integer):
        input = (input,)
    if isinstance(input, tuple) and all(isinstance(size, int | np.integer) for size in input):
        if any(size < 0 for size in input):
            raise ValueError(f"input {input} is no shape of an example: sizes are at least 0")
        return [_nothing((1, *input), dtype)]
    if not isinstance(input, list | tuple | np.ndarray | Tensor):
        raise TypeError(f"input is the shape of one example, or a batch as an array, not {type(input).__name__}")
    return [autograd.asarray(x) for x in (input if isinstance(input, list | tuple) else [input])]


def _nothing(shape: Shape, dtype: Any) -> Tensor:
    """Return zeros that take no memory."""
    return Tensor(np.broadcast_to(np.zeros((), dtype), shape))


class _Recorder:
    """Notes what layers give when a network is called."""

    def __init__(self, inputs: list[Tensor]) -> None:
        self.rows: list[LayerSummary] = []
        self._counted: set[int] = set()  # parameters, by identity
        self._fields: dict[int, tuple[Tensor, Field | None]] = {}  # by the identity of a Tensor
        for i, x in enumerate(inputs):
            axes = x.ndim - 2
            field = ((1,) * axes, (1,) * axes) if axes > 0 else None
            self._fields[id(x)] = (x, field)
            name = "input" if len(inputs) == 1 else f"input {i}"
            size = math.prod(x.shape[1:])
            self.rows.append(LayerSummary("", name, x.shape[1:], 0, 0, size, field[0] if field else None))

    @contextmanager
    def listening(self, model: Module) -> Iterator[None]:
        """Listen to the layers, in eval mode; those with a formula are not computed."""
        modes = [(module, module.training) for module in model.modules()]
        model.eval()
        with ExitStack() as stack:
            stack.enter_context(autograd.no_grad())
            for module, training in modes:
                stack.callback(setattr, module, "training", training)
            for name, module in model.named_modules():
                inner = next(module.children(), None) is not None
                if not inner or next(module.parameters(recurse=False), None) is not None:
                    stack.enter_context(module.register_forward_hook(self._hook(name)))
                if isinstance(module, (Linear, *_CONVOLUTIONS, *_TRANSPOSED)):
                    vars(module)["forward"] = _formula(module)
                    stack.callback(vars(module).pop, "forward")
            yield

    def _hook(self, name: str) -> Any:
        return lambda module, args, output: self._note(name, module, args, output)

    def _note(self, name: str, module: Module, args: Any, output: Any) -> None:
        first = output[0] if isinstance(output, tuple | list) and output else output
        if not isinstance(first, Tensor):
            return
        fresh = [p for p in module.parameters() if id(p) not in self._counted]
        self._counted.update(map(id, fresh))
        field = _field(module, self._known(args))
        self._fields[id(first)] = (first, field)
        size = 0 if isinstance(module, _IN_PLACE) else math.prod(first.shape[1:])
        self.rows.append(
            LayerSummary(name, type(module).__name__, first.shape[1:], sum(p.size for p in fresh),
                         _multiply_adds(module, args, first), size, field[0] if field else None)
        )  # fmt: skip

    def _known(self, args: Any) -> Field | None:
        """Return the receptive field of a layer's input: of the same Tensor, or the largest of the same image size."""
        given = [arg for arg in args if isinstance(arg, Tensor)]
        if not given:
            return None
        if id(given[0]) in self._fields:
            return self._fields[id(given[0])][1]
        size = given[0].shape[2:]  # of a sum of branches, for example
        alike = [field for x, field in self._fields.values() if x.ndim > 2 and x.shape[2:] == size]
        return max((field for field in alike if field is not None), default=None) if None not in alike else None


def _formula(layer: Any) -> Any:
    def forward(input: Any) -> Tensor:
        x = autograd.asarray(input)
        if not isinstance(layer, Linear) and x.ndim != layer.axes + 2:
            raise ValueError(f"{layer!r} takes examples with channels and {layer.axes} image axes, not {x.shape[1:]}")
        if not isinstance(layer, Linear) and isinstance(layer.padding, str):
            return type(layer).forward(layer, x)  # type: ignore[no-any-return]
        return _nothing((x.shape[0], *measure(layer, x.shape[1:]).shape), layer.weight.dtype)

    return forward


def _multiply_adds(module: Module, args: Any, output: Tensor) -> int | None:
    """Return the multiply-adds of a layer for one example; 0 where none are counted, None where nothing is known."""
    x = args[0] if args and isinstance(args[0], Tensor) else output
    places = math.prod(output.shape[1:])
    if isinstance(module, _CONVOLUTIONS):
        return places * module.weight[0].size
    if isinstance(module, _TRANSPOSED):
        return math.prod(x.shape[1:]) * module.weight[0].size
    if isinstance(module, Linear):
        return places * module.in_features
    if isinstance(module, Bilinear):
        return places * module.weight[0].size
    if isinstance(module, RNN | LSTM | GRU):
        length = x.shape[1] if module.batch_first else x.shape[0]
        return int(length) * sum(p.size for p in module.parameters() if p.ndim == 2)
    if isinstance(module, MultiheadAttention):
        return _attention(module, args)
    simple = all(p.ndim < 2 for p in module.parameters(recurse=False)) or type(module).__name__.startswith("Embedding")
    return 0 if simple else None


def _attention(module: MultiheadAttention, args: Any) -> int:
    """Return the multiply-adds of the four projections, the scores and the weighted sums."""
    axis = 1 if module.batch_first else 0
    target, source = int(args[0].shape[axis]), int(args[1].shape[axis])
    width = module.embed_dim
    return 2 * target * width**2 + 2 * source * width**2 + 2 * target * source * width


def _field(module: Module, before: Field | None) -> Field | None:
    """Return the receptive field of a layer's output, from that of its input."""
    if before is None or isinstance(module, _PLACEWISE):
        return before
    if not isinstance(module, _WINDOWS):
        return None
    sizes, steps = before
    axes = len(sizes)
    windows, strides, dilations = (
        (value,) * axes if isinstance(value, int) else tuple(value)
        for value in (getattr(module, name, 1) for name in ("kernel_size", "stride", "dilation"))
    )
    seen = tuple(r + (k - 1) * d * j for r, k, d, j in zip(sizes, windows, dilations, steps, strict=True))
    return seen, tuple(j * s for j, s in zip(steps, strides, strict=True))

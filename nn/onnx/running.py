"""Runs of a model on inputs of other values and sizes, for what they have in common."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from nn.module import Module
from nn.onnx.comparing import refs
from nn.onnx.recording import Recording, operations, record
from nn.onnx.writing import Axis

DynamicAxes = Mapping[str, Mapping[int, str] | Sequence[int]]

_RUNS = 4  # of other sizes: the given ones, and three more


class Runs:
    """A model and the arrays that it is to be run on.

    Attributes:
        arrays: the arrays among the arguments, in order.
    """

    def __init__(self, model: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.model = model
        self.arguments = args, kwargs
        self.spaces = operations()
        self.arrays: list[np.ndarray] = []
        _replaced(self.arguments, lambda array: self.arrays.append(np.asarray(array)))

    def run(self, arrays: Sequence[np.ndarray]) -> Recording:
        """Return what the model computes on arrays in place of its own, in eval mode."""
        inputs = [Tensor(array.copy(), requires_grad=array.dtype.kind == "f") for array in arrays]
        following = iter(inputs)
        args, kwargs = _replaced(self.arguments, lambda _: next(following))
        with _evaluating(self.model), autograd.enable_grad():
            recording = record(self.model, args, kwargs, inputs, self.spaces)
        recording.calls = _needed(recording)
        return recording

    def run_on_other_values(self) -> tuple[list[np.ndarray], Recording]:
        """Run on other values of the same sizes; integers stay the same if they cannot be mixed."""
        arrays = [_other_values(array) for array in self.arrays]
        with np.errstate(all="ignore"):  # they may lie where some function is not defined
            try:
                return arrays, self.run(arrays)
            except Exception:  # such as lengths, which have to fall
                arrays = [mixed if mixed.dtype.kind == "f" else own for mixed, own in zip(arrays, self.arrays)]
                return arrays, self.run(arrays)


def _replaced(thing: Any, replace: Any) -> Any:
    """Return arguments with something else in place of each array and Tensor in them."""
    if isinstance(thing, np.ndarray):
        return replace(thing)
    if isinstance(thing, Tensor):
        return replace(thing.data)
    if isinstance(thing, dict):
        return {key: _replaced(value, replace) for key, value in thing.items()}
    if isinstance(thing, tuple | list):
        return type(thing)([_replaced(value, replace) for value in thing])
    return thing


@contextlib.contextmanager
def _evaluating(model: Module) -> Iterator[None]:
    """Put a model into eval mode for a while; its modes and the default generator are as they were afterwards."""
    modes = [(module, module.training) for module in model.modules()]
    generator = autograd.default_generator()
    state = generator.bit_generator.state
    model.eval()
    try:
        yield
    finally:
        generator.bit_generator.state = state
        for module, mode in modes:
            module.training = mode


def _needed(recording: Recording) -> list[Any]:
    """Return the operations that the results were computed from."""
    wanted = {ref.index for ref in refs(recording.results)}
    kept = []
    for call in reversed(recording.calls):
        if any(ref.index in wanted for ref in call.results):
            wanted.update(ref.index for ref in refs(list(call.arguments.values())))
            kept.append(call)
    return kept[::-1]


def _other_values(array: np.ndarray) -> np.ndarray:
    """Return the values in another order, floating ones also closer to 0."""
    rng = np.random.default_rng(0)
    mixed = rng.permutation(array.ravel())
    if array.dtype.kind == "f":
        same = bool((mixed == mixed[:1]).all())
        mixed = mixed * rng.uniform(0.5, 1, mixed.shape) + (rng.uniform(0, 1, mixed.shape) if same else 0)
    return mixed.astype(array.dtype).reshape(array.shape)


# --- free axes --------------------------------------------------------------------------------------------------------


def axis_names(name: str, axes: Mapping[int, str] | Sequence[int], ndim: int) -> dict[int, str]:
    """Return the names of the free axes of an input or output, by axis counted from the start.

    Raises:
        ValueError: when it has no such axis.

    >>> axis_names("x", {-1: "time"}, 2), axis_names("x", [0], 2)
    ({1: 'time'}, {0: 'x_0'})
    """
    named = dict(axes) if isinstance(axes, Mapping) else {axis: f"{name}_{axis}" for axis in axes}
    for axis in named:
        if not -ndim <= axis < ndim:
            raise ValueError(f"dynamic_axes: {name!r} has {ndim} axes, so axis {axis} does not exist")
    return {axis % ndim: symbol for axis, symbol in named.items()}


def free_axes(names: Sequence[str], arrays: Sequence[np.ndarray], dynamic_axes: DynamicAxes) -> list[Axis]:
    """Return each free size once, with its values in the runs of other sizes.

    Raises:
        ValueError: when axes of one name have several sizes, or a size is 0.
    """
    free: dict[str, Axis] = {}
    for name, array in zip(names, arrays):
        for axis, symbol in axis_names(name, dynamic_axes.get(name, ()), array.ndim).items():
            n = array.shape[axis]
            if not n:
                raise ValueError(
                    f"dynamic_axes: axis {axis} of {name!r} has size 0 in the example; give it some elements"
                )
            if symbol in free and free[symbol].sizes[0] != n:
                raise ValueError(f"dynamic_axes: {symbol!r} names axes of sizes {free[symbol].sizes[0]} and {n}")
            if symbol not in free:
                i = len(free)  # sizes that grow differently for each axis, so that none is taken for another
                more = [(7 * k + 5 * i + k * k * i) % 9 + 1 for k in range(1, _RUNS)]
                free[symbol] = Axis(symbol, name, axis, (n, *(n + m for m in more)))
    return list(free.values())


def resized(
    names: Sequence[str], arrays: Sequence[np.ndarray], dynamic_axes: DynamicAxes, free: Sequence[Axis]
) -> list[list[np.ndarray]]:
    """Return the arrays in the other sizes, with their elements repeated."""
    sizes = {axis.name: axis.sizes for axis in free}
    rounds = []
    for k in range(1, _RUNS if free else 1):
        grown = []
        for name, array in zip(names, arrays):
            for axis, symbol in axis_names(name, dynamic_axes.get(name, ()), array.ndim).items():
                array = np.take(array, np.arange(sizes[symbol][k]), axis, mode="wrap")
            grown.append(array)
        rounds.append(grown)
    return rounds

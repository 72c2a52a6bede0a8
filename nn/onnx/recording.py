"""What a model computes, as data: every operation that runs in one call of it, with all its inputs and options.

The graph of derivatives holds only what derivatives need: neither comparisons and integers, nor the values of
constants. So the operations are listened to while they run. Values are known by the memory that they lie in: what was
no input, no parameter and no result of an operation is a constant.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from nn import functional
from nn.functional import attention, pooling, rectifiers
from nn.module import Module
from nn.recurrent import cells, layers
from nn.recurrent.sequences import Path

Spaces = list[dict[str, Any]]  # the globals of functions

_ONE_AT_A_TIME = threading.RLock()


@dataclass(frozen=True)
class Ref:
    """A value of the graph: the number `index` in the order in which values became known."""

    index: int


@dataclass
class Call:
    """One operation that ran.

    Attributes:
        op: its name.
        arguments: its arguments by parameter, with a `Ref` for each value that was known.
        results: the values that came to be.
        path: the dotted name of the module in which it ran.
        line: the line of the user's source, "file:line", or "" if only library code was under way.
    """

    op: str
    arguments: dict[str, Any]
    results: list[Ref]
    path: str
    line: str

    def where(self) -> str:
        """Return where it ran, for messages."""
        place = f"in module {self.path!r}" if self.path else "in the model itself"
        return place + (f", {self.line}" if self.line else "")


@dataclass
class Recording:
    """One run of a model.

    Attributes:
        values: all values that were known, in the order in which they became so.
        calls: the operations.
        results: what the model returned, in order, a `Ref` for each value that was known.
        outputs: the values of these.
        other_ops: the names of operations that ran without being listened to.
    """

    values: list[Any] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    results: list[Any] = field(default_factory=list)
    outputs: list[np.ndarray] = field(default_factory=list)
    other_ops: list[str] = field(default_factory=list)
    _known: dict[Any, Ref] = field(default_factory=dict)
    _kept: list[Any] = field(default_factory=list)  # so that no memory is used again while recording

    def add(self, value: Any) -> Ref:
        """Return the number of a value that became known; from now on it is what its memory holds."""
        ref = self._known[_memory(value)] = Ref(len(self.values))
        self.values.append(value)
        return ref

    def resolved(self, thing: Any) -> Any:
        """Return an argument with a `Ref` in place of each value that is known."""
        if isinstance(thing, tuple | list):
            return (tuple if isinstance(thing, tuple) else list)(map(self.resolved, thing))
        if isinstance(thing, slice):
            return slice(*map(self.resolved, (thing.start, thing.stop, thing.step)))
        if isinstance(thing, Tensor):
            thing = thing._data
        if isinstance(thing, np.ndarray | np.generic):
            self._kept.append(thing)
            return self._known.get(_memory(thing), thing)
        return thing


def _memory(value: Any) -> Any:
    """Return what tells values apart: the place in memory of an array, the identity of a scalar."""
    if isinstance(value, np.ndarray):
        return value.__array_interface__["data"][0], value.shape, value.strides, value.dtype.str
    return id(value)


def _own(value: Any) -> Any:
    """Return a value that is an object of its own; of NumPy's bools there are only two."""
    return np.asarray(value) if isinstance(value, np.bool) else value


def record(
    model: Module, args: tuple[Any, ...], kwargs: dict[str, Any], inputs: list[Tensor], spaces: Spaces
) -> Recording:
    """Run a model and return what it computed.

    Args:
        model: the model.
        args: its arguments.
        kwargs: its keyword arguments.
        inputs: the Tensors among its arguments, which become the values 0, 1, ...; its parameters and buffers follow.
        spaces: `operations()`.

    Raises:
        NotImplementedError: when a value is changed in place.
    """
    recording = Recording()
    for tensor in (*inputs, *model.parameters(), *model.buffers()):
        recording.add(tensor.data)
    listener = _Listener(recording, {id(module): name for name, module in model.named_modules()})
    before = autograd.modes.clock.now
    with _ONE_AT_A_TIME, _listening(listener, spaces):
        output = model(*args, **kwargs)
    _refuse_changes(recording, before)
    outputs = tensors_in(output)
    recording.results = [recording.resolved(tensor) for tensor in outputs]
    recording.outputs = [np.asarray(tensor.detach()) for tensor in outputs]
    recording.other_ops = _unheard(outputs, {call.op for call in recording.calls})
    return recording


def _unheard(outputs: list[Tensor], heard: set[str]) -> list[str]:
    """Return the names of the operations in the graph of derivatives that were not heard, such as custom functions."""
    found = dict.fromkeys(name for output in outputs for name in autograd.trace(output, max_elements=0).counts())
    return [name for name in found if name not in heard and name not in autograd.primitive.REGISTRY]


def tensors_in(thing: Any) -> list[Tensor]:
    """Return the Tensors in tuples, lists and dicts of any depth, in order."""
    if isinstance(thing, Tensor):
        return [thing]
    inner = thing.values() if isinstance(thing, dict) else thing if isinstance(thing, tuple | list) else ()
    return [tensor for part in inner for tensor in tensors_in(part)]


def _refuse_changes(recording: Recording, before: int) -> None:
    """Raise where a known value was changed in place, which a graph without time cannot say."""
    if autograd.modes.clock.now == before:
        return
    for value in recording.values:
        line = autograd.modes.clock.changed_since(value, before)
        if line is not None:
            raise NotImplementedError(
                f"a value of shape {value.shape} is changed in place at {line}, which ONNX has no operation for: "
                "make a new one instead, for example with np.where or np.concatenate"
            )


# --- listening --------------------------------------------------------------------------------------------------------


class _Listener:
    """Writes down the operations of the thread that made it."""

    def __init__(self, recording: Recording, paths: dict[int, str]) -> None:
        self.recording = recording
        self.paths = paths
        self.thread = threading.get_ident()
        self.busy = False

    def around(self, name: str, parameters: tuple[str, ...], function: Callable[..., Any]) -> Callable[..., Any]:
        """Return `function` that also writes itself down, as one operation with whatever it is made of."""

        @functools.wraps(function)
        def heard(*args: Any, **kwargs: Any) -> Any:
            if self.busy or threading.get_ident() != self.thread:
                return function(*args, **kwargs)
            given = {**dict(zip(parameters, args)), **kwargs}
            arguments = {p: self.recording.resolved(_summary(a)) for p, a in given.items()}
            self.busy = True
            try:
                result = function(*args, **kwargs)
            finally:
                self.busy = False
            return self._written(name, arguments, result)

        return heard

    def _written(self, name: str, arguments: dict[str, Any], result: Any) -> Any:
        """Write an operation down; return its result, in which nothing has the identity of something else."""
        if result is None:
            return None
        if isinstance(result, tuple | list):
            result = tuple([_own(value) for value in result])
        else:
            result = _own(result)
        several = result if isinstance(result, tuple) else (result,)
        refs = [self.recording.add(v._data if isinstance(v, Tensor) else v) for v in several]
        self.recording.calls.append(Call(name, arguments, refs, *self._place()))
        return result

    def _place(self) -> tuple[str, str]:
        """Return the name of the innermost module that is running, and the innermost line of the user's own source."""
        frame: Any = sys._getframe(3)
        path, line = None, ""
        while frame is not None and frame.f_code is not record.__code__:
            if path is None and frame.f_code is Module.__call__.__code__:
                path = self.paths.get(id(frame.f_locals["self"]))
            if not line and str(frame.f_globals.get("__name__")).split(".")[0] not in _LIBRARIES:
                line = f"{frame.f_code.co_filename}:{frame.f_lineno}"
            frame = frame.f_back
        return path or "", line


def _summary(argument: Any) -> Any:
    """Return a path through sequences as steps, sequences, whether all are of one length, direction and mask."""
    if not isinstance(argument, Path):
        return argument
    sizes = argument.batch_sizes
    return len(sizes), sizes[0], min(sizes) == sizes[0], argument.reverse, argument.mask


_LIBRARIES = ("autograd", "nn", "numpy", "functools", "None")

# Functions that choose elements by value outside of the recorded operations, and those that ONNX has as a whole; they
# are listened to as one operation each.
_WHOLE = (
    "max_pool", "take_positions", "astype", "_adaptive_positions", "_additive", "_merged", "run_rnn",
    "run_lstm", "run_gru", "hardtanh", "hardswish", "softshrink", "hardshrink",
)  # fmt: skip


@contextlib.contextmanager
def _listening(listener: _Listener, spaces: Spaces) -> Iterator[None]:
    """Let the listener hear every operation for a while.

    An operation's functions look up `_value`, which computes, among their globals: that is where the listener goes,
    so that operations cost nothing more while nobody listens.
    """
    with contextlib.ExitStack() as stack:
        for space in spaces:
            made, value = space["_op"], space["_value"]
            names = tuple(made.signature.parameters)
            stack.callback(space.__setitem__, "_value", value)
            space["_value"] = listener.around(made.name, names, value)
        for holder, name, function in _whole_functions():
            stack.callback(setattr, holder, name, function)
            names = tuple(inspect.signature(function).parameters)
            setattr(holder, name, listener.around(function.__name__, names, function))
        yield


def operations() -> Spaces:
    """Return the globals of the functions of all operations, built-in or not, which have a namespace each."""
    return [space for made in autograd.operations() for space in made.spaces]


def _whole_functions() -> Iterator[tuple[Any, str, Any]]:
    """Yield every place where a function of `_WHOLE` is looked up: who holds it, under which name, and itself."""
    ours = functional, attention, pooling, rectifiers, layers, cells
    modules = autograd, autograd.ops.window, autograd.ops.shaping, *ours
    for holder in (*modules, Tensor):
        for name in _WHOLE:
            function = vars(holder).get(name)
            if function is not None:
                yield holder, name, function

"""Writing an ONNX graph: nodes, constants, and numbers that are computed from the sizes of the inputs."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from nn.extras import require
from nn.onnx.comparing import Number, Program, Value, Varying, refs
from nn.onnx.recording import Call, Ref

Translation = Callable[..., Any]
Arrays = tuple[np.ndarray, ...]  # a constant in each run
Shapes = list[tuple[int, ...]]  # for each axis its size in each run

# The operation's name -> what writes it as ONNX nodes; called with the writer and the operation's arguments by name.
TRANSLATIONS: dict[str, Translation] = {}


def translates(*names: str) -> Callable[[Translation], Translation]:
    """Register how the operations of these names are written."""

    def register(translation: Translation) -> Translation:
        TRANSLATIONS.update(dict.fromkeys(names, translation))
        return translation

    return register


@dataclass(frozen=True)
class Axis:
    """An axis whose size is free: its name, the input and axis that tell its size, and its size in each run."""

    name: str
    input: str
    axis: int
    sizes: tuple[int, ...]


class Writer:
    """Collects the nodes of an ONNX graph, in order, under names that the program alone decides.

    Attributes:
        nodes: the nodes so far.
        constants: arrays by name.
        names: the name of each value that has one.
        call: the operation that is being written.
    """

    call: Call

    def __init__(self, program: Program, free: Sequence[Axis]) -> None:
        self.helper = require("onnx.helper", "onnx")
        self.program = program
        self.free = free
        self.nodes: list[Any] = []
        self.constants: dict[str, np.ndarray] = {}
        self.names: dict[int, str] = {}
        self._constant_names: dict[Any, str] = {}
        self._numbers: dict[Any, str] = {}
        arguments = [list(call.arguments.values()) for call in program.calls]
        self._used = {ref.index for ref in refs([arguments, program.results])}

    # --- what the operation is about --------------------------------------------------------------------------------

    def value(self, ref: Ref) -> Value:
        """Return what is known about a value."""
        return self.program.values[ref.index]

    @property
    def out(self) -> Value:
        """What is known about the operation's (first) result."""
        return self.value(self.call.results[0])

    def used(self, ref: Ref) -> bool:
        """Return whether any operation uses a value, or it is a result."""
        return ref.index in self._used

    def shape(self, thing: Any) -> tuple[int, ...]:
        """Return the shape of an array argument, in the first run."""
        if isinstance(thing, Ref):
            return self.value(thing).shape
        return np.shape(thing.arrays[0]) if isinstance(thing, Varying) else np.shape(thing)

    def ndim(self, thing: Any) -> int:
        """Return the number of axes of an array argument."""
        return len(self.shape(thing))

    def dtype(self, *things: Any) -> np.dtype[Any]:
        """Return the dtype that array arguments have together; Python's numbers take the others' dtype."""
        return np.result_type(*[self._kind(thing) for thing in things])

    def _kind(self, thing: Any) -> Any:
        if isinstance(thing, Ref):
            return self.value(thing).dtype
        if isinstance(thing, Varying):
            return thing.arrays[0].dtype
        return thing.values[0] if isinstance(thing, Number) else thing if np.ndim(thing) == 0 else thing.dtype

    def refuse(self, why: str) -> NotImplementedError:
        """Return the error that says what about the operation cannot be written."""
        return NotImplementedError(f"{self.call.op!r} {self.call.where()}: {why}")

    def write(self, call: Call, translation: Translation) -> None:
        """Write an operation and name its results."""
        self.call = call
        names = translation(self, **call.arguments)
        for ref, name in zip(call.results, [names] if isinstance(names, str) else names):
            self.names[ref.index] = name

    # --- nodes ------------------------------------------------------------------------------------------------------

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Write a node with one output, and return the name of that."""
        return self.nodes_out(1, kind, *inputs, **attributes)[0]

    def nodes_out(self, outputs: int, kind: str, *inputs: str, **attributes: Any) -> list[str]:
        """Write a node with several outputs, and return their names."""
        name = f"{self.call.path}/{kind}_{len(self.nodes)}"
        names = [name if not i else f"{name}:{i}" for i in range(outputs)]
        given = {key: value for key, value in attributes.items() if value is not None}
        self.nodes.append(self.helper.make_node(kind, list(inputs), names, name=name, **given))
        return names

    def constant(self, value: Any, dtype: DTypeLike | None = None) -> str:
        """Return the name of a constant."""
        array = np.ascontiguousarray(np.asarray(value, dtype)).reshape(np.shape(value))
        key = array.dtype.str, array.shape, array.tobytes()
        if key not in self._constant_names:
            name = self._constant_names[key] = f"/constant_{len(self._constant_names)}"
            self.constants[name] = array
        return self._constant_names[key]

    def operand(self, thing: Any, dtype: DTypeLike | None = None) -> str:
        """Return the name of an array argument, converted to a dtype if one is given."""
        if isinstance(thing, Ref):
            own = self.value(thing).dtype
            name = self.names[thing.index]
        elif isinstance(thing, Varying):
            own, name = thing.arrays[0].dtype, self._varying(thing)
        elif isinstance(thing, Number):
            own, name = np.dtype(np.int64), self.number(thing)
        else:
            return self.constant(thing, dtype)
        return name if dtype is None or own == np.dtype(dtype) else self.cast(name, dtype)

    def cast(self, name: str, dtype: DTypeLike) -> str:
        """Return the name of a value converted to a dtype."""
        return self.node("Cast", name, to=self.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def constant_of(self, thing: Any, what: str) -> Any:
        """Return an argument that ONNX wants to know beforehand.

        Raises:
            NotImplementedError: when it changes with the sizes or is computed.
        """
        if refs(thing) or any(isinstance(part, Number | Varying) for part in _flat(thing)):
            raise self.refuse(f"its {what} must not change with the input, also not with the sizes of dynamic axes")
        return thing

    # --- numbers that change with the sizes -------------------------------------------------------------------------

    def ints(self, numbers: Sequence[Any]) -> str:
        """Return the name of a vector of integers."""
        if not any(isinstance(n, Number) for n in numbers):
            return self.constant(np.array(numbers, np.int64))
        zero = self.constant(np.array([0], np.int64))
        pieces = [
            self.node("Unsqueeze", self.number(n), zero) if isinstance(n, Number) else self.constant([n], np.int64)
            for n in numbers
        ]
        return pieces[0] if len(pieces) == 1 else self.node("Concat", *pieces, axis=0)

    def number(self, n: Any) -> str:
        """Return the name of an integer of shape ().

        Raises:
            NotImplementedError: when it changes with the sizes in a way that is not understood.
        """
        name = self.formula(n) if isinstance(n, Number) else self.constant(np.array(n, np.int64))
        if name is None:
            raise self.refuse(
                f"a number in it is {n.values} for the sizes that were tried, which no formula was found for"
            )
        return name

    def formula(self, n: Number) -> str | None:
        """Return the number as the size of an axis, or as a formula of the sizes of the free axes; None if neither."""
        arguments = [ref.index for ref in refs(list(self.call.arguments.values()))]
        return self._size_among(n, arguments) or self._from_free_axes(n) or self._size_among(n, [*self.names])

    def _size_among(self, n: Number, indices: Sequence[int]) -> str | None:
        """Return the number as the size of an axis of one of these values."""
        for index in indices:
            for axis, sizes in enumerate(zip(*self.program.values[index].shapes)):
                if sizes == n.values:
                    return self._size(self.names[index], axis)
        return None

    def _size(self, name: str, axis: int) -> str:
        key = name, axis
        if key not in self._numbers:
            self._numbers[key] = self.node("Gather", self.node("Shape", name), self.constant(axis, np.int64), axis=0)
        return self._numbers[key]

    def _from_free_axes(self, n: Number) -> str | None:
        """Return the number as a*p + b*q, for products p and q of the sizes of free axes (q also 1)."""
        products = [axes for k in range(len(self.free) + 1) for axes in itertools.combinations(self.free, k)]
        for first, second in itertools.combinations(products, 2):  # of which the shorter products come first
            values = [[math.prod(sizes) for sizes in zip(*(axis.sizes for axis in axes))] for axes in (second, first)]
            weights = _combination(values[0], values[1] or [1] * len(n.values), n.values)
            if weights is not None:
                terms = [self._times(axes, weight) for axes, weight in zip((second, first), weights) if weight]
                return terms[0] if len(terms) == 1 else self.node("Add", *terms)
        return None

    def _times(self, axes: Sequence[Axis], weight: int) -> str:
        """Return the product of the sizes of some axes and a number."""
        names = [self._size(axis.input, axis.axis) for axis in axes]
        names += [self.constant(weight, np.int64)] if weight != 1 or not names else []
        return functools.reduce(lambda a, b: self.node("Mul", a, b), names)

    # --- constants that change with the sizes -----------------------------------------------------------------------

    def _varying(self, thing: Varying) -> str:
        """Return the name of a constant that changes with the sizes in one of the ways that are understood."""
        shapes = list(zip(*(a.shape for a in thing.arrays)))
        grows = [axis for axis, sizes in enumerate(shapes) if len(set(sizes)) > 1]
        for attempt in (self._repeated, self._counting, self._triangle):
            name = attempt(thing.arrays, shapes, grows) if grows else None
            if name is not None:
                return name
        raise self.refuse(
            f"a constant array has the shapes {[a.shape for a in thing.arrays]} for the sizes that were tried, and is "
            "not just repeated; compute it from the input with functions of autograd, or keep that axis fixed"
        )

    def _repeated(self, arrays: Arrays, shapes: Shapes, grows: list[int]) -> str | None:
        """Return the name of an array that is repeated along the axes whose sizes change."""
        first = [a[tuple([slice(1) if i in grows else slice(None) for i in range(a.ndim)])] for a in arrays]
        if not all(np.array_equal(np.broadcast_to(first[0], a.shape), a) for a in arrays):
            return None
        sizes = [Number(s) if axis in grows else s[0] for axis, s in enumerate(shapes)]
        return self.node("Expand", self.constant(first[0]), self.ints(sizes))

    def _counting(self, arrays: Arrays, shapes: Shapes, grows: list[int]) -> str | None:
        """Return the name of an array that counts from 0 along one axis."""
        if len(grows) > 1 or not all(np.array_equal(np.arange(a.size).reshape(a.shape), a) for a in arrays):
            return None
        line = self._range(Number(shapes[grows[0]]))
        shape = [-1 if axis in grows else 1 for axis in range(len(shapes))]
        return self.cast(self.node("Reshape", line, self.ints(shape)), arrays[0].dtype)

    def _triangle(self, arrays: Arrays, shapes: Shapes, grows: list[int]) -> str | None:
        """Return the name of a matrix with one number on and below the diagonal, and another one above."""
        if any(a.ndim < 2 or a.size != a.shape[-1] * a.shape[-2] for a in arrays):
            return None
        largest = max(arrays, key=np.size)
        below, above = largest.flat[0], largest.flat[largest.shape[-1] - 1]
        if not all(np.array_equal(np.where(np.tri(*a.shape[-2:]) > 0, below, above), a.reshape(a.shape[-2:]))
                   for a in arrays):  # fmt: skip
            return None
        rows, columns = (self._range(Number(n) if len(set(n)) > 1 else n[0]) for n in shapes[-2:])
        rows = self.node("Unsqueeze", rows, self.constant(np.array([1], np.int64)))
        lower = self.node("GreaterOrEqual", rows, columns)
        dtype = arrays[0].dtype
        matrix = self.node("Where", lower, self.constant(below, dtype), self.constant(above, dtype))
        more = list(range(len(shapes) - 2))
        return self.node("Unsqueeze", matrix, self.ints(more)) if more else matrix

    def _range(self, n: Any) -> str:
        return self.node("Range", self.constant(0, np.int64), self.number(n), self.constant(1, np.int64))


def _flat(thing: Any) -> list[Any]:
    return [part for inner in thing for part in _flat(inner)] if isinstance(thing, tuple | list) else [thing]


def _combination(p: Sequence[int], q: Sequence[int], values: Sequence[Any]) -> tuple[int, int] | None:
    """Return integers (a, b) with a*p + b*q = value everywhere, or None.

    >>> _combination([2, 3, 5], [1, 1, 1], [5, 7, 11])
    (2, 1)
    """
    solution, *_ = np.linalg.lstsq(np.array([p, q], float).T, np.array(values, float))
    a, b = (round(x) for x in solution.tolist())
    fits = all(a * x + b * y == value for x, y, value in zip(p, q, values, strict=True))
    return (a, b) if fits else None

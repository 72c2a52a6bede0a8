"""What several runs of a model have in common: one program, with names for the numbers that change with the sizes.

Runs with other values in the inputs must be equal in everything but the values computed: a constant that differs was
computed from the input outside of operations. Runs with other sizes may differ in numbers, such as the shapes that
arrays are brought to, and in the shapes of constants.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nn.onnx.recording import Call, Recording, Ref


@dataclass(frozen=True)
class Number:
    """A number that changes with the sizes of the inputs: its value in each run."""

    values: tuple[int | float, ...]


@dataclass(frozen=True, eq=False)
class Varying:
    """A constant array that changes with the sizes of the inputs: what it is in each run."""

    arrays: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Value:
    """What is known about a value: its dtype, and its shape in each run."""

    dtype: np.dtype[Any]
    shapes: tuple[tuple[int, ...], ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape in the first run."""
        return self.shapes[0]


@dataclass(frozen=True)
class Program:
    """What all runs have in common.

    Attributes:
        values: the values, by their numbers.
        calls: the operations, whose arguments may have a `Number` or a `Varying`.
        results: what the model returned.
    """

    values: list[Value]
    calls: list[Call]
    results: list[Any]


class ChangingError(ValueError):
    """What runs do not have in common; the message says which argument of an operation."""


def common(runs: Sequence[Recording]) -> Program:
    """Return what runs with inputs of several sizes have in common.

    Raises:
        ChangingError: when they do not run the same operations on the same values.
    """
    first = runs[0]
    _check_operations(runs)
    calls = [
        Call(call.op, _common_arguments([run.calls[i] for run in runs]), call.results, call.path, call.line)
        for i, call in enumerate(first.calls)
    ]
    values = [Value(value.dtype, tuple([run.values[i].shape for run in runs])) for i, value in enumerate(first.values)]
    return Program(values, calls, _merged([run.results for run in runs], "the output"))


def _check_operations(runs: Sequence[Recording]) -> None:
    """Raise a ChangingError unless all runs have the same operations with the same results."""
    for run in runs[1:]:
        for a, b in zip(runs[0].calls, run.calls):
            if (a.op, a.results) != (b.op, b.results):
                raise ChangingError(f"another operation runs, once {a.op!r} {a.where()}, once {b.op!r} {b.where()}")
        if len(run.calls) != len(runs[0].calls):
            raise ChangingError(f"once {len(runs[0].calls)} operations run, once {len(run.calls)}")


def _common_arguments(calls: Sequence[Call]) -> dict[str, Any]:
    call = calls[0]
    return {
        name: _merged([c.arguments[name] for c in calls], f"argument {name!r} of {call.op!r} {call.where()}")
        for name in call.arguments
    }


def _merged(things: Sequence[Any], what: str) -> Any:
    """Return what an argument is in all runs."""
    first = things[0]
    if any(type(thing) is not type(first) for thing in things):
        raise ChangingError(f"{what} is once {_shown(first)}, once {_shown(things[-1])}")
    if isinstance(first, tuple | list):
        if len({len(thing) for thing in things}) > 1:
            raise ChangingError(f"{what} has once {len(first)} parts, once {len(things[-1])}")
        return type(first)([_merged(parts, what) for parts in zip(*things)])
    if isinstance(first, slice):
        ends = [(thing.start, thing.stop, thing.step) for thing in things]
        return slice(*(_merged(end, what) for end in zip(*ends)))
    if isinstance(first, np.ndarray):
        return _merged_arrays(things, what)
    if all(_same(thing, first) for thing in things):
        return first
    if isinstance(first, int | float | np.integer) and not isinstance(first, bool):
        return Number(tuple(things))
    raise ChangingError(f"{what} is once {_shown(first)}, once {_shown(things[-1])}")


def _merged_arrays(arrays: Sequence[np.ndarray], what: str) -> np.ndarray | Varying:
    first = arrays[0]
    if any(a.ndim != first.ndim or a.dtype != first.dtype for a in arrays):
        raise ChangingError(f"{what} is once {_shown(first)}, once {_shown(arrays[-1])}")
    return first if all(_same(a, first) for a in arrays) else Varying(tuple(arrays))


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, float | np.ndarray | np.generic):
        return bool(np.array_equal(a, b, equal_nan=np.asarray(a).dtype.kind in "fc"))
    return bool(a == b)


def _shown(thing: Any) -> str:
    return f"an array {thing.shape} {thing.dtype}" if isinstance(thing, np.ndarray) else f"{thing!r:.60}"


def require_constants(program: Program) -> None:
    """Raise a ChangingError unless all runs, of inputs of one size, have the same constants."""
    for call in program.calls:
        for name, argument in call.arguments.items():
            if any(isinstance(part, Number | Varying) for part in parts(argument)):
                raise ChangingError(f"argument {name!r} of {call.op!r} {call.where()} changes with the values")
    for result in program.results:
        if isinstance(result, Number | Varying):
            raise ChangingError("an output changes with the values, but comes from no operation that is known")


def parts(argument: Any) -> list[Any]:
    """Return the parts of an argument: what tuples, lists and slices hold, at any depth."""
    if isinstance(argument, slice):
        argument = (argument.start, argument.stop, argument.step)
    if isinstance(argument, tuple | list):
        return [inner for part in argument for inner in parts(part)]
    return [argument]


def refs(argument: Any) -> list[Ref]:
    """Return the values that an argument names.

    >>> refs((Ref(3), 2.5, [Ref(1)]))
    [Ref(index=3), Ref(index=1)]
    """
    return [part for part in parts(argument) if isinstance(part, Ref)]

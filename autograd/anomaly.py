"""Which operation first made a number that is not finite, in the forward or in the backward pass.

While nobody asks, operations cost nothing more: inside the block what computes an operation's value, and what calls its
rules, are replaced by functions that look at the result.
"""

from __future__ import annotations

import functools
import inspect
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import CodeType
from typing import Any, Self, TypeVar

import numpy as np

from autograd import backward as traversal
from autograd.custom import _FunctionOp
from autograd.graph import Node
from autograd.primitive import Op
from autograd.profiling import operations
from autograd.tensor import Tensor, value_of
from autograd.watching import source_line, source_lines, user_line

F = TypeVar("F", bound=Callable[..., Any])
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Anomaly:
    """A number that is not finite, made out of numbers that are.

    Attributes:
        kind: "nan" or "inf".
        op: the name of the operation that made it.
        backward: whether its derivative made it.
        shape: the shape of the result, or of the gradient.
        count: how many elements of it are not finite.
        inputs: the shape and the range of each input; in the backward pass the gradient comes first, then what the
            rules had saved.
        line: where the operation was called, "file:line: source", or None where that is not known.
        place: what the caller of `detect_anomaly` calls the place, or "".
        worst: what the message says of the result: "nan", "inf" or "-inf".
    """

    kind: str
    op: str
    backward: bool
    shape: tuple[int, ...]
    count: int
    inputs: tuple[str, ...]
    line: str | None
    place: str
    worst: str

    def __str__(self) -> str:
        way = "backward" if self.backward else "forward"
        place = f", {self.place}" if self.place else ""
        parts = [f"{self.op}, {way}{place}: its result of shape {self.shape} has {self.worst}", *self.inputs]
        if self.line is not None:
            parts.append(f"{'the forward call is' if self.backward else 'called'} at {self.line}")
        return "; ".join(parts)


class AnomalyError(FloatingPointError):
    """What `detect_anomaly` raises.

    Attributes:
        anomaly: what was found.
    """

    anomaly: Anomaly

    def __init__(self, anomaly: Anomaly) -> None:
        super().__init__(f"the first {anomaly.kind} was made by {anomaly}")
        self.anomaly = anomaly


class detect_anomaly:
    """Find the operation that first makes NaN or infinity, forward or backward. A context manager and a decorator.

    The error names the operation, the line of the program that called it, and the range of its inputs. What was not
    finite before (a NaN in the data, the -inf of an attention mask) is not held against the operations that use it;
    so nothing is found where NaN came in from outside.

    Every result is looked at, which takes time: use it to find a cause, not always. It looks at the operations of all
    threads. Warnings of NumPy about such numbers are silent inside operations.

    Args:
        nan: look for NaN.
        inf: look for infinity; switch it off for programs that mean it, such as log(0) = -inf.
        stop: raise an error at once; otherwise only note the first of each kind in `found`.
        where: a function that is called when something is found; says in which place, for the message.

    Attributes:
        found: by kind, "nan" and "inf", the first of its kind.

    Raises:
        AnomalyError: a FloatingPointError, when an operation makes such a number.

    >>> x = Tensor([4.0, 0.0], requires_grad=True)
    >>> with detect_anomaly():
    ...     np.sqrt(x * x).sum().backward()
    Traceback (most recent call last):
        ...
    autograd.anomaly.AnomalyError: the first inf was made by sqrt, backward: its result of shape (2,) has inf; ...
    """

    found: dict[str, Anomaly]

    def __init__(
        self, nan: bool = True, inf: bool = True, *, stop: bool = True, where: Callable[[], str] | None = None
    ) -> None:
        self._options: dict[str, Any] = {"nan": nan, "inf": inf, "stop": stop, "where": where}
        self._kinds = [kind for kind, wanted in (("nan", nan), ("inf", inf)) if wanted]
        self._stop, self._where = stop, where
        self._inside = threading.local()
        self._stack: list[ExitStack] = []
        self.found = {}

    def __enter__(self) -> Self:
        stack = ExitStack()
        stack.enter_context(source_lines())
        for made in operations():
            for space in made.spaces:
                _replace(stack, space, "_value", self._watched(made, space["_value"]))
            stack.callback(setattr, made, "pull", made.pull)
            made.pull = self._watched_rules(made, made.pull)
        for owner, name, watched in (
            (_FunctionOp, "pull", self._watched_function), (traversal, "_sum", self._watched_sum),
        ):  # fmt: skip
            stack.callback(setattr, owner, name, getattr(owner, name))
            setattr(owner, name, watched(getattr(owner, name)))
        self._stack.append(stack)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.pop().close()

    def __call__(self, function: F) -> F:
        """Return the function, which runs inside such a block."""
        if inspect.isgeneratorfunction(function) or inspect.iscoroutinefunction(function):
            raise TypeError(
                f"detect_anomaly cannot decorate the generator or coroutine {function.__name__!r}, whose body runs "
                "between other code; use 'with detect_anomaly():' inside it"
            )

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with type(self)(**self._options):
                return function(*args, **kwargs)

        return wrapped  # type: ignore[return-value]

    # --- what stands in for the functions of the engine ---------------------------------------------------------------

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Tell whether this is an operation of the program, not a part of another operation."""
        outermost = not getattr(self._inside, "one", False)
        self._inside.one = True
        try:
            with np.errstate(all="ignore"):
                yield outermost
        finally:
            self._inside.one = not outermost

    def _watched(self, made: Op, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return what computes a value, which is looked at."""

        @functools.wraps(function)
        def watched(*args: Any, **options: Any) -> Any:
            with self._alone() as outermost:
                result = function(*args, **options)
            if outermost:
                self._look(made.name, False, result, [*args, *options.values()], None)
            return result

        return watched

    def _watched_rules(self, made: Op, pull: Callable[..., Any]) -> Callable[..., Any]:
        """Return what calls the rules of an operation, whose gradients are looked at."""

        @functools.wraps(pull)
        def watched(g: Any, inputs: Any, saved: tuple[Any, ...]) -> Any:
            with self._alone() as outermost:
                gradients = pull(g, inputs, saved)
            if outermost:
                self._look(made.name, True, gradients, [g, *saved], _at_work("node"), ("gradient", *made.keeps))
            return gradients

        return watched

    def _watched_function(self, pull: Callable[..., Any]) -> Callable[..., Any]:
        """Return what calls the `backward` of a `Function`; operations in there are looked at as well."""

        @functools.wraps(pull)
        def watched(made: Any, g: Any, inputs: Any, saved: tuple[Any, ...]) -> Any:
            gradients = pull(made, g, inputs, saved)
            self._look(made.name, True, gradients, [g, *saved], _at_work("node"), ("gradient",))
            return gradients

        return watched

    def _watched_sum(self, add: Callable[..., Any]) -> Callable[..., Any]:
        """Return what sums the gradients at a fork, where finite ones can overflow."""

        @functools.wraps(add)
        def watched(total: Any, gradient: Any) -> Any:
            with np.errstate(all="ignore"):
                result = add(total, gradient)  # does not write into `total`, to which there is a reference here
            node = _at_work("edge")
            op = "a leaf" if node is None or node.op is None else node.op.name
            self._look(f"the sum of gradients for the uses of {op}", True, result, [total, gradient], node)
            return result

        return watched

    # --- looking ------------------------------------------------------------------------------------------------------

    def _look(
        self, op: str, backward: bool, result: Any, inputs: Sequence[Any], node: Node | None, names: Sequence[str] = ()
    ) -> None:
        """Look at a result, and note or raise what the operation made."""
        results = _arrays(result)
        if all(_finite(array) for array in results):
            return
        given = [(name, array) for name, thing in _named(inputs, names) for array in _arrays(thing)]
        for kind in self._kinds:
            holds = np.isnan if kind == "nan" else np.isinf
            bad = next((array for array in results if holds(array).any()), None)
            if kind in self.found or bad is None or any(holds(array).any() for _, array in given):
                continue
            ranges = tuple(_range(name, array) for name, array in given if array.size)
            line = line_of(node) if backward else shown_line(user_line())
            place = self._where() if self._where is not None else ""
            count, worst = int(np.sum(~np.isfinite(bad))), _worst(bad)
            self.found[kind] = Anomaly(kind, op, backward, bad.shape, count, ranges, line, place, worst)
            if self._stop:
                raise AnomalyError(self.found[kind])


def _replace(stack: ExitStack, space: dict[str, Any], name: str, value: Any) -> None:
    stack.callback(space.__setitem__, name, space[name])
    space[name] = value


def _named(inputs: Sequence[Any], names: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """Yield inputs with their names, or numbers."""
    return ((names[i] if i < len(names) else f"input {i}", thing) for i, thing in enumerate(inputs))


def _arrays(things: Any) -> list[Array]:
    """Return the floating arrays and numbers in arguments or results."""
    if isinstance(things, dict):
        things = list(things.values())
    if isinstance(things, list | tuple):
        return [array for thing in things for array in _arrays(thing)]
    value = value_of(things) if isinstance(things, Tensor) else things
    if isinstance(value, float | complex) and not isinstance(value, np.generic):
        return [np.asarray(value)]
    return [np.asarray(value)] if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "fc" else []


def _finite(array: Array) -> bool:
    return bool(np.isfinite(array).all())


def _range(name: str, array: Array) -> str:
    """Return what a message says of an input."""
    shown = array if array.dtype.kind == "f" else np.abs(array)
    ends = f"from {shown.min():.4g} to {shown.max():.4g}" + ("" if array.dtype.kind == "f" else " in absolute value")
    return f"{name} of shape {array.shape} is {ends}"


def _worst(array: Array) -> str:
    return "nan" if np.isnan(array).any() else "-inf" if np.isneginf(array.real).any() else "inf"


def _at_work(name: str) -> Node | None:
    """Return the node that the traversal is working on, from its frame; so without anomalies it notes nothing."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code is not traversal.traverse.__code__:
        frame = frame.f_back  # type: ignore[assignment]
    return None if frame is None else frame.f_locals.get(name)


def line_of(node: Node | None) -> str | None:
    """Return the line of the program that ran an operation, where it was recorded."""
    seen = None if node is None or node.extra is None else node.extra.observation
    return None if seen is None else shown_line(seen.line)


def shown_line(line: tuple[CodeType, int]) -> str:
    """Return a line as messages show it: "file:line: source"."""
    where = source_line(*line)
    return f"{where.file}:{where.line}" + (f": {where.text}" if where.text else "")

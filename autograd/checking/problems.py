"""The function that is checked: its inputs taken apart into float64 variables, and runs of it that can be repeated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autograd.backward import conjugate, traverse
from autograd.graph import Node
from autograd.randomness import Randomness
from autograd.tensor import Tensor, value_of

Array: TypeAlias = NDArray[Any]
Floats: TypeAlias = NDArray[np.float64]
Index: TypeAlias = tuple[int, ...]


@dataclass(frozen=True)
class Variable:
    """One array that derivatives are taken to.

    Attributes:
        position: the position of the argument that it is, or is in; None for a parameter of f itself.
        name: what reports call it.
        value: its values, in float64 or complex128.
        dtype: the dtype that it was given in.
    """

    position: int | None
    name: str
    value: Array
    dtype: np.dtype[Any]

    @property
    def size(self) -> int:
        """How many real numbers it holds."""
        return self.value.size * parts(self.value.dtype)


@dataclass
class Run:
    """What one call of the function left behind.

    Attributes:
        leaves: the Tensors that stood for the variables.
        outputs: the results that can have derivatives.
        handed: name, value and argument of everything else that f got.
    """

    leaves: list[Tensor]
    outputs: list[Tensor]
    handed: list[tuple[str, Any, Any]]


@dataclass(frozen=True)
class Problem:
    """A function of variables, and their values.

    Attributes:
        name: the name of the function.
        variables: what derivatives are taken to.
        arguments: how many arguments the function has.
        start: calls the function for values of the variables; a second argument says whether the results need a graph.
        randomness: what the function may draw from.
        subject: what messages call the function.
        rounding: the relative error of what it computes, where its outputs' dtypes do not show it.
    """

    name: str
    variables: tuple[Variable, ...]
    arguments: int
    start: Callable[[Sequence[Array], bool], Run]
    randomness: Randomness
    subject: str = "f"
    rounding: float = 0.0

    @property
    def values(self) -> list[Array]:
        """The values of the variables."""
        return [variable.value for variable in self.variables]

    def run(self, values: Sequence[Array], record: bool = True) -> Run:
        """Call the function; random numbers are those of every other run."""
        self.randomness.rewind()
        return self.start(values, record)

    def first_run(self) -> Run:
        """Return a run that was found to be finite, repeatable and without side effects.

        Raises:
            ValueError: saying which of these it is not.
        """
        run = self.run(self.values)
        self.randomness.look()
        named = [(v.name, v.value, leaf) for v, leaf in zip(self.variables, run.leaves, strict=True)]
        for name, value, argument in (*named, *run.handed):
            if not _same(value, argument):
                raise ValueError(
                    f"f changes its input {name!r} in place, so its value is not a function of its inputs: "
                    "make f compute new Tensors instead, for example from x.copy()"
                )
        _require_finite(run.outputs, self.subject)
        _require_repeatable(run.outputs, self.run(self.values).outputs)
        return run

    def evaluate(self, values: Sequence[Array], size: int) -> Floats:
        """Return all outputs as `size` real numbers: nan where f has no value, or none of that size."""
        try:
            found = flat(self.run(values, record=False).outputs)
        except Exception:
            return np.full(size, np.nan)
        return found if found.size == size else np.full(size, np.nan)

    def explain(self, values: Sequence[Array], size: int, place: str) -> ValueError:
        """Return the error that says why f cannot be computed for some values."""
        try:
            found = flat(self.run(values).outputs)
        except Exception as cause:
            error = ValueError(f"{self.subject} can be computed at the inputs, but not {place}: {_EDGE}")
            error.__cause__ = cause
            return error
        if found.size != size:
            return ValueError(f"f's outputs have {size} elements at the inputs, but {found.size} {place}: {_EDGE}")
        return ValueError(f"{self.subject} is finite at the inputs, but not {place}: {_EDGE}")


_EDGE = "the inputs are at the edge of f's domain; move them inside, or pass a smaller eps"


# --- real numbers -----------------------------------------------------------------------------------------------------


def parts(dtype: np.dtype[Any]) -> int:
    """Return of how many real numbers an element consists."""
    return 2 if dtype.kind == "c" else 1


def reals(x: Any) -> Floats:
    """Return all numbers in one float64 vector, of complex ones the real part before the imaginary part.

    >>> reals(np.array([1 + 2j, 3]))
    array([1., 2., 3., 0.])
    """
    vector = np.ravel(x)
    if vector.dtype.kind == "c":
        return vector.astype(np.complex128).view(np.float64)
    return vector.astype(np.float64, copy=False)


def flat(outputs: Sequence[Tensor]) -> Floats:
    """Return all elements of the outputs as real numbers in one vector."""
    return reals(outputs[0]._data) if len(outputs) == 1 else np.concatenate([reals(y._data) for y in outputs])


def rounding_of(outputs: Sequence[Tensor]) -> float:
    """Return the relative rounding error of the outputs' coarsest dtype."""
    return max(float(np.finfo(output.dtype).eps) for output in outputs)


# --- derivatives by backward ------------------------------------------------------------------------------------------


def pull(run: Run, seeds: Sequence[Any]) -> list[Floats | None]:
    """Return the gradient of each variable as real numbers, None where there is none.

    Args:
        run: a run of the function.
        seeds: the gradient of the objective with respect to each output, None for those that it does not depend on.
    """
    roots: dict[Node, Any] = {}
    for output, seed in zip(run.outputs, seeds, strict=True):
        if output._node is not None and seed is not None:
            seed = conjugate(seed)
            roots[output._node] = roots[output._node] + seed if output._node in roots else seed
    found = traverse(roots, retain=True, wanted=_wanted(run.leaves))
    gradients = [found.get(leaf._node) if leaf._node is not None else None for leaf in run.leaves]
    return [None if g is None else reals(conjugate(g)) for g in gradients]


def seeds_of_each(outputs: Sequence[Tensor]) -> Iterator[list[Any]]:
    """Yield for each real number among the outputs the seeds that ask for its gradient alone."""
    for i, output in enumerate(outputs):
        for at in range(output.size):
            for unit in (1.0, 1j)[: parts(output.dtype)]:
                seed = np.zeros(output.shape, output.dtype)
                seed.flat[at] = unit
                yield [seed[()] if j == i else None for j in range(len(outputs))]


def derivative_of(problem: Problem, generator: np.random.Generator) -> Problem:
    """Return the problem whose function takes inputs and gradients of outputs to gradients of inputs."""
    outputs = problem.first_run().outputs
    count = len(problem.variables)
    seeds = [_uniform(generator, output) for output in outputs]

    def start(values: Sequence[Array], record: bool) -> Run:
        inner = problem.start(values[:count], True)
        given = [Tensor(value.copy(), requires_grad=record) for value in values[count:]]
        objective: dict[Node, Any] = {}
        for output, seed in zip(inner.outputs, given, strict=True):
            if output._node is not None:
                seed = seed if output.dtype == seed.dtype else seed.astype(output.dtype)
                seed = seed if record else value_of(seed)
                objective[output._node] = objective[output._node] + seed if output._node in objective else seed
        found = traverse(objective, retain=True, create_graph=record, wanted=_wanted(inner.leaves))
        results = [
            _or_zeros(found.get(leaf._node), leaf) if leaf._node else _or_zeros(None, leaf) for leaf in inner.leaves
        ]
        return Run([*inner.leaves, *given], results, inner.handed)

    after = problem.arguments
    known = sum(variable.name.startswith("v") and variable.name[1:].isdigit() for variable in problem.variables)
    made = [Variable(after + i, f"v{known + i}", seed, outputs[i].dtype) for i, seed in enumerate(seeds)]
    return Problem(
        problem.name,
        (*problem.variables, *made),
        after + len(made),
        start,
        problem.randomness,
        subject="the gradient of f" if problem.subject == "f" else f"the gradient of {problem.subject}",
        rounding=max(problem.rounding, rounding_of(outputs)),
    )


def _wanted(leaves: Sequence[Tensor]) -> frozenset[Node]:
    return frozenset(leaf._node for leaf in leaves if leaf._node is not None)


def _uniform(generator: np.random.Generator, output: Tensor) -> Array:
    """Return numbers between 1/2 and 3/2 in the shape of an output, complex if it is."""
    drawn = np.asarray(generator.uniform(0.5, 1.5, output.shape))
    turned = 1j * generator.uniform(0.5, 1.5, output.shape)
    return np.asarray(drawn + turned) if output.dtype.kind == "c" else drawn


def _or_zeros(gradient: Any, leaf: Tensor) -> Tensor:
    """Return a gradient, which may be None or an array, as a Tensor."""
    if isinstance(gradient, Tensor):
        return gradient
    return Tensor(np.zeros(leaf.shape, leaf.dtype) if gradient is None else gradient)


# --- outputs ----------------------------------------------------------------------------------------------------------


def differentiable(result: Any) -> list[Tensor]:
    """Return the outputs of f that can have derivatives.

    Raises:
        TypeError: when f returns something else than Tensors, or none of floating dtype.
    """
    outputs = _listed(result)
    for i, output in enumerate(outputs):
        if not isinstance(output, Tensor):
            what = type(output).__name__ if output is result else f"{type(output).__name__} as output {i}"
            raise TypeError(
                f"f must return a Tensor or a tuple of Tensors, but it returned {what}: compute with autograd's or "
                "NumPy's functions on the Tensors that f gets, and return the result itself"
            )
    floating = [output for output in outputs if output.dtype.kind in "fc"]
    if not floating:
        dtypes = ", ".join(str(output.dtype) for output in outputs) or "nothing"
        raise TypeError(f"f must return at least one floating Tensor to have a derivative, but it returned {dtypes}")
    return floating


def _listed(result: Any) -> list[Any]:
    """Return the results in lists, tuples and dicts one by one."""
    if isinstance(result, dict):
        return [x for value in result.values() for x in _listed(value)]
    if isinstance(result, list | tuple):
        return [x for value in result for x in _listed(value)]
    return [result]


def _same(value: Any, argument: Any) -> bool:
    """Return whether an argument still has its value."""
    before, after = value_of(value), value_of(argument)
    floating = getattr(before, "dtype", np.dtype(object)).kind in "fc"
    return bool(np.shape(before) == np.shape(after) and np.array_equal(before, after, equal_nan=floating))


def _require_finite(outputs: list[Tensor], subject: str) -> None:
    """Raise where a function has no value."""
    for i, output in enumerate(outputs):
        bad = np.argwhere(~np.isfinite(value_of(output)))
        if len(bad):
            index = tuple(map(int, bad[0]))
            raise ValueError(
                f"output {i} of {subject} is {value_of(output)[index]}{f' at index {index}' if index else ''}, where "
                "no derivative can be checked: choose inputs inside f's domain"
            )


def _require_repeatable(first: list[Tensor], second: list[Tensor]) -> None:
    """Raise if two runs on the same inputs differ."""
    advice = (
        "f gave different results in two runs on the same inputs, although random generators that it gets as arguments "
        "or uses by name were set back: draw random numbers from one of them, and keep no state"
    )
    if [x.shape for x in first] != [x.shape for x in second]:
        raise ValueError(f"{advice} (shapes {[x.shape for x in first]} and {[x.shape for x in second]})")
    for i, (one, other) in enumerate(zip(first, second, strict=True)):
        different = np.argwhere(value_of(one) != value_of(other))
        if len(different):
            index = tuple(map(int, different[0]))
            values = f"{value_of(one)[index]} and {value_of(other)[index]}"
            raise ValueError(f"{advice} (output {i}{subscript(index)}: {values})")


def subscript(index: Index) -> str:
    """Return an index as it is written behind a name.

    >>> subscript((1, 2)), subscript(())
    ('[1, 2]', '')
    """
    return f"[{', '.join(map(str, index))}]" if index else ""

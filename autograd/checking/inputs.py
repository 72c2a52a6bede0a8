"""The inputs of a check as users give them: arrays, containers of them, keyword arguments and modules."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd.checking.problems import Array, Problem, Run, Variable, differentiable
from autograd.containers import flatten, places
from autograd.randomness import Randomness
from autograd.tensor import Tensor, value_of


def problem_of(f: Callable[..., Any], inputs: Any, kwargs: Mapping[str, Any] | None, widened: bool = True) -> Problem:
    """Return the problem for a function and inputs as users give them, in float64 if `widened`.

    Raises:
        TypeError: when no input needs a gradient.
    """
    if isinstance(inputs, list):
        raise TypeError("inputs is one Tensor or array, or a tuple of them, not a list: pass tuple(inputs)")
    given = inputs if isinstance(inputs, tuple) else (inputs,)
    keywords = dict(kwargs or {})
    own = [_Argument.of("", f, widened)] if _is_module(f) else []
    arguments = own + [_Argument.of(*pair, widened) for pair in (*zip(_names(f, given), given), *keywords.items())]
    _choose_what_is_checked(arguments, len(own) + len(given))

    def start(values: Sequence[Array], _record: bool) -> Run:
        left, run = iter(values), Run([], [], [])
        made = [argument.build(left, run) for argument in arguments]
        function = made.pop(0) if own else f
        result = function(*made[: len(given)], **dict(zip(keywords, made[len(given) :])))
        run.outputs = differentiable(result)
        return run

    positions = [None] * len(own) + list(range(len(given) + len(keywords)))
    variables = tuple(v for place, a in zip(positions, arguments, strict=True) for v in a.variables(place))
    name = getattr(f, "__name__", type(f).__name__)
    return Problem(name, variables, len(given) + len(keywords), start, Randomness((f, given, keywords)))


@dataclass
class _Argument:
    """One argument, taken apart.

    Attributes:
        names: what to call each leaf.
        leaves: its arrays, Tensors and numbers; of a module, its parameters.
        rebuild: puts other leaves in their places.
        widened: whether what is checked is in float64.
        module: the module that it is, in float64.
        checked: the positions of the leaves that are checked.
    """

    names: list[str]
    leaves: list[Any]
    rebuild: Callable[[Sequence[Any]], Any]
    widened: bool
    module: Any = None
    checked: frozenset[int] = frozenset()

    @classmethod
    def of(cls, name: str, given: Any, widened: bool) -> _Argument:
        if _is_module(given):
            module = copy.deepcopy(given)
            named = dict(given.named_parameters())
            prefix = f"{name}." if name else ""
            return cls(
                [prefix + key for key in named],
                list(named.values()),
                list,
                widened,
                module.double() if widened else module,
            )
        leaves, rebuild = flatten(given)
        called = zip(leaves, places(given, name), strict=True)
        return cls([(isinstance(x, Tensor) and x.name) or place for x, place in called], leaves, rebuild, widened)

    def variables(self, position: int | None) -> Iterator[Variable]:
        """Yield the leaves that are checked."""
        for i in sorted(self.checked):
            value = np.asarray(value_of(self.leaves[i]))
            wide = np.complex128 if value.dtype.kind == "c" else np.float64
            dtype = wide if self.widened else value.dtype
            yield Variable(position, self.names[i], np.array(value, dtype, order="C"), value.dtype)

    def build(self, values: Iterator[Array], run: Run) -> Any:
        """Return the argument with the next values in the places of its variables, and copies in all others.

        What it holds is added to the run.
        """
        if self.module is not None:
            return self._build_module(values, run)
        new = []
        for i, leaf in enumerate(self.leaves):
            if i in self.checked:
                new.append(Tensor(next(values).copy(), requires_grad=True))
                run.leaves.append(new[i])
            else:
                new.append(_copied(leaf))
                run.handed.append((self.names[i], leaf, new[i]))
        return self.rebuild(new)

    def _build_module(self, values: Iterator[Array], run: Run) -> Any:
        """Return a fresh copy of the module, with the next values as its parameters."""
        made = copy.deepcopy(self.module)
        parameters = list(made.parameters())
        for i in sorted(self.checked):
            parameters[i].data = next(values).copy()
            run.leaves.append(parameters[i])
        return made


def _is_module(x: Any) -> bool:
    """Return whether x has named parameters, as the modules of `nn` do."""
    return callable(getattr(x, "named_parameters", None)) and not isinstance(x, type)


def _choose_what_is_checked(arguments: Sequence[_Argument], positional: int) -> None:
    """Choose parameters of modules, Tensors that require a gradient or, if there are none, floating arrays.

    Python numbers count as arrays among the first, positional arguments; those by keyword are mostly options.
    """
    plain = [a for a in arguments if a.module is None]
    asked = any(_requires(leaf) for a in plain for leaf in a.leaves)
    for n, argument in enumerate(arguments):
        numbers = np.ndarray | np.generic | (float | complex if n < positional else np.ndarray)
        argument.checked = frozenset(
            i
            for i, leaf in enumerate(argument.leaves)
            if (_requires(leaf) if asked or argument.module is not None
                else isinstance(leaf, numbers) and np.asarray(leaf).dtype.kind in "fc")
        )  # fmt: skip
    if not any(argument.checked for argument in arguments):
        leaves = [leaf for a in arguments for leaf in a.leaves]
        described = ", ".join(f"{type(x).__name__} of {x.dtype}" if hasattr(x, "dtype") else repr(x) for x in leaves)
        raise TypeError(
            f"no input needs a gradient, so there is nothing to check: got ({described}); pass floating arrays "
            "(integers with x.astype(np.float64)), or Tensors with requires_grad=True"
        )


def _requires(leaf: Any) -> bool:
    return isinstance(leaf, Tensor) and leaf.requires_grad


def _names(f: Callable[..., Any], given: tuple[Any, ...]) -> list[str]:
    """Return what to call each input: f's parameter, or else its position."""
    function = getattr(f, "forward", f) if _is_module(f) else f
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # NumPy's functions may have no signature
        parameters = []
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [p.name for p in parameters if p.kind in positional]
    return (names + [f"x{i}" for i in range(len(names), len(given))])[: len(given)]


def _copied(value: Any) -> Any:
    """Return an argument that shares no memory with the value it is made of."""
    if isinstance(value, Tensor):
        return Tensor(np.array(value_of(value)))
    return value.copy() if isinstance(value, np.ndarray) else value

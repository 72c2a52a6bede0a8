"""Mutants of the derivative rules of an op: the same rule with one mistake, which the checks have to notice.

There are two sorts. Behavioural mutants compute what the rule computes and then spoil it; source mutants (`rewritings`)
are the rule, or a function that it calls, with one expression of its source changed.
"""

from __future__ import annotations

import ast
import dis
import functools
import types
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from rewritings import Rule, compiled, definition, rewritings

from autograd import codegen, primitive
from autograd.primitive import Op

Pull = Callable[..., Any]
Spoil = Callable[[Any], Any]
Users = dict[Op, Callable[[], Pull]]


@dataclass(frozen=True)
class Mutant:
    """A mistake in one rule, or in a function that several rules call.

    Attributes:
        name: where the mistake is and what is changed; the same in every run.
        users: the ops that have the mistake, with what makes the `pull` that stands in for their own.
    """

    name: str
    users: Users


@contextmanager
def planted(op: Op, build: Callable[[], Pull]) -> Iterator[None]:
    """Give an op its mistake inside the block, and take it away afterwards."""
    sound = op.pull
    op.pull = build()
    try:
        yield
    finally:
        op.pull = sound


def mutants_of_op(op: Op, zero: Container[str] = (), sources: bool = True) -> Iterator[Mutant]:
    """Yield the mutants of what the rules of an op return, and of the rules that are lambdas.

    Args:
        op: the op.
        zero: each "op.parameter" whose gradient is zero; of these, mutants that leave zero as it is are left out.
        sources: whether to yield those of the source, too.
    """
    yield from _numbered(_of_op(op, zero, sources))


def mutants_of_function(function: Rule, users: Sequence[Op]) -> Iterator[Mutant]:
    """Yield the mutants of a function with a name that is a rule, or is called by rules, of some ops."""
    yield from _numbered(_of_function(function, users))


def unchanged(ops: Sequence[Op]) -> Iterator[Mutant]:
    """Yield mutants without a mistake: each rule, and function that rules call, compiled from its source as it is."""
    for op in ops:
        for parameter, rule in ruled(op).items():
            if isinstance(definition(rule), ast.Lambda):
                make = partial(compiled, definition(rule), rule)
                yield Mutant(f"{op.name}.{parameter}", {op: partial(_pull_with, op, parameter, make)})
    for function, users in functions(ops).items():
        make = partial(compiled, definition(function), function)
        yield Mutant(place(function), {op: partial(_pull_through, op, function, make) for op in users})


def functions(ops: Sequence[Op]) -> dict[Rule, list[Op]]:
    """Return the functions with a name that are rules of some ops, or are called by rules, and which ops those are."""
    users: dict[Rule, dict[Op, None]] = {}
    for op in ops:
        written = [] if _is_generated(op.pull) else _called(op.pull)
        for rule in (*ruled(op).values(), *written):
            for function in _reached(rule):
                if not isinstance(definition(function), ast.Lambda):
                    users.setdefault(function, {})[op] = None
    return {function: list(found) for function, found in users.items()}


def ruled(op: Op) -> dict[str, Rule]:
    """Return the rules of the parameters that have one; those that only raise have no mutants."""
    pairs = zip(op.parameters, op.rules, strict=True)
    return {parameter: rule for parameter, rule in pairs if rule is not None and not only_raises(rule)}


def only_raises(rule: Rule) -> bool:
    """Return whether a rule is a closure that raises, with nothing before it."""
    body = definition(rule).body if rule.__closure__ else []
    return isinstance(body, list) and len(body) == 1 and isinstance(body[0], ast.Raise)


def place(function: Rule) -> str:
    """Return the module and the name of a function."""
    return f"{function.__module__.rpartition('.')[2]}.{function.__name__}"


def _numbered(found: Iterator[tuple[str, Users]]) -> Iterator[Mutant]:
    """Yield mutants of which no two have the same name."""
    seen: dict[str, int] = {}
    for name, users in found:
        seen[name] = seen.get(name, 0) + 1
        yield Mutant(name if seen[name] == 1 else f"{name} (place {seen[name]})", users)


def _of_op(op: Op, zero: Container[str], sources: bool) -> Iterator[tuple[str, Users]]:
    rules = ruled(op)
    for parameter, rule in rules.items():
        spoil = partial(_spoilt_at, op.parameters.index(parameter)) if op.together else _spoilt
        found = of_gradient(partial(spoil, rule), f"{op.name}.{parameter}" in zero)
        for change, make in found if op.together else (*found, *_of_rule(op, rule, sources)):
            yield f"{op.name}.{parameter}: {change}", {op: partial(_pull_with, op, parameter, make)}
    if op.together:
        for change, make in _of_rule(op, op.rules[0], sources):
            yield f"{op.name}: {change}", {op: partial(_pull_with, op, op.parameters[0], make)}
    names = list(rules)
    for one, other in pairwise(names):
        if op.together or not _same_code(rules[one], rules[other]):
            yield f"{op.name}: {one} and {other} swapped", {op: partial(_pull_swapped, op, one, other)}


def _of_rule(op: Op, rule: Rule, sources: bool) -> Iterator[tuple[str, Callable[[], Rule]]]:
    """Yield changes of what a rule is given, and of its source if it is a lambda."""
    yield from of_arguments(op, rule)
    if sources and isinstance(definition(rule), ast.Lambda):
        yield from rewritings(rule)


def _of_function(function: Rule, users: Sequence[Op]) -> Iterator[tuple[str, Users]]:
    for change, make in rewritings(function):
        yield f"{place(function)}: {change}", {op: partial(_pull_through, op, function, make) for op in users}


def _pull_with(op: Op, parameter: str, make: Callable[[], Rule]) -> Pull:
    """Return the op's `pull` with another rule for a parameter, or for all if the op has one for all."""
    return compiled_anew(op, {parameter: make()})


def _pull_through(op: Op, function: Rule, make: Callable[[], Rule]) -> Pull:
    """Return the op's `pull` with another function in the place of one that its rules call."""
    made = make()
    rules = {parameter: exchanged(rule, function, made) for parameter, rule in ruled(op).items()}
    return compiled_anew(op, rules, lambda called: exchanged(called, function, made))


def compiled_anew(op: Op, others: dict[str, Rule], exchange: Callable[[Rule], Rule] = lambda called: called) -> Pull:
    """Return the op's `pull` with other rules for some parameters.

    Args:
        op: the op.
        others: the rules.
        exchange: changes the functions that a `pull` written by hand calls itself.
    """
    rules = dict(zip(op.parameters, op.rules, strict=True))
    names = {codegen.rule_name(op, p): rule for p, rule in (*rules.items(), *others.items())}
    space = {**primitive._RUNTIME, **names}
    exec(codegen.pull_source(op), space)
    return space["pull"] if _is_generated(op.pull) else _around(op.pull, space["pull"], exchange)


def _is_generated(function: Any) -> bool:
    return isinstance(function, types.FunctionType) and "_Tensor" in function.__globals__


def _around(pull: Pull, generated: Pull, exchange: Callable[[Rule], Rule]) -> Pull:
    """Return a `pull` written by hand that calls another one that is generated, and functions exchanged for others."""

    def other(x: Any) -> Any:
        return generated if _is_generated(x) else exchange(x) if _is_helper(x) else x

    space = {name: other(x) for name, x in pull.__globals__.items()}
    return types.FunctionType(pull.__code__, space, pull.__name__, pull.__defaults__)


def _pull_swapped(op: Op, one: str, other: str) -> Pull:
    """Return the op's `pull` with the gradients of two parameters in each other's place."""
    pull, i, j = op.pull, op.parameters.index(one), op.parameters.index(other)

    def swapped(g: Any, inputs: Any, saved: Any) -> Any:
        gradients = list(pull(g, inputs, saved))
        if inputs[i] is not None and inputs[j] is not None:
            gradients[i], gradients[j] = gradients[j], gradients[i]
        return gradients

    return swapped


def _same_code(one: Rule, other: Rule) -> bool:
    a, b = one.__code__, other.__code__
    return (a.co_code, a.co_consts, a.co_names) == (b.co_code, b.co_consts, b.co_names)


# --- behavioural mutants ----------------------------------------------------------------------------------------------


def _weighted(place: int) -> Spoil:
    """Return a function that doubles one element of arrays of several."""

    def spoil(d: Any) -> Any:
        if d.size < 2:
            return d
        weights = np.ones(d.size, d.dtype)
        weights[place] = 2
        return d * weights.reshape(d.shape)

    return spoil


def _rolled(axis: int) -> Spoil:
    return lambda d: np.roll(d, 1, axis) if d.ndim else d


def _flipped(axis: int) -> Spoil:
    return lambda d: np.flip(d, axis) if d.ndim else d


def _transposed(d: Any) -> Any:
    return np.swapaxes(d, -1, -2) if d.ndim > 1 else d


OF_GRADIENT: dict[str, Spoil] = {
    "negated": lambda d: -d,
    "doubled": lambda d: 2 * d,
    "one percent too large": lambda d: d * 1.01,
    "zero": np.zeros_like,
    "plus one": lambda d: d + 1,
    "first element doubled": _weighted(0),
    "last element doubled": _weighted(-1),
    "flipped along the first axis": _flipped(0),
    "flipped along the last axis": _flipped(-1),
    "rolled along the first axis": _rolled(0),
    "rolled along the last axis": _rolled(-1),
    "transposed": _transposed,
}


def of_gradient(spoilt: Callable[[Spoil], Rule], zero: bool) -> Iterator[tuple[str, Callable[[], Rule]]]:
    """Yield changes of the gradient that a rule returns, with the function that makes the rule.

    Args:
        spoilt: returns the rule with its gradient spoilt.
        zero: whether the gradient is zero; changes that leave zero as it is are left out.
    """
    for change, spoil in OF_GRADIENT.items():
        if not zero or spoil(np.zeros((2, 2))).any() or change == "transposed":
            yield change, partial(spoilt, spoil)


def of_arguments(op: Op, rule: Rule) -> Iterator[tuple[str, Callable[[], Rule]]]:
    """Yield changes of what a rule is given besides the values it keeps."""
    if op.variadic and not op.together:
        yield "of the array before", lambda: lambda g, i, *saved: rule(g, i - 1, *saved)
    if op.several:
        yield "gradients of the outputs reversed", lambda: lambda g, *saved: rule(g[::-1], *saved)
        yield "gradient of the first output dropped", lambda: lambda g, *saved: rule([_zero(g[0]), *g[1:]], *saved)
        yield "gradient of the last output dropped", lambda: lambda g, *saved: rule([*g[:-1], _zero(g[-1])], *saved)


def _zero(g: Any) -> Any:
    return None if g is None else g * 0


def _spoilt(rule: Rule, spoil: Spoil) -> Rule:
    def mutated(*args: Any) -> Any:
        gradient = rule(*args)
        return gradient if gradient is None else spoil(gradient)

    return mutated


def _spoilt_at(place: int, rule: Rule, spoil: Spoil) -> Rule:
    """Return a rule for all inputs together with one of its gradients spoilt."""

    def mutated(*args: Any) -> Any:
        gradients = list(rule(*args))
        if callable(gradient := gradients[place]):
            gradients[place] = lambda: spoil(gradient())
        elif gradient is not None:
            gradients[place] = spoil(gradient)
        return gradients

    return mutated


# --- functions that rules call ----------------------------------------------------------------------------------------


def exchanged(function: Rule, old: Rule, new: Rule) -> Rule:
    """Return a function that calls, itself and through others, `new` where it called `old`."""
    if function is old:
        return new
    called = {f.__name__: exchanged(f, old, new) for f in _called(function) if f is not function and old in _reached(f)}
    if not called:
        return function
    return types.FunctionType(
        function.__code__, {**function.__globals__, **called}, function.__name__, function.__defaults__
    )


@functools.cache
def _reached(function: Rule) -> tuple[Rule, ...]:
    """Return a function and those that it calls, itself and through others."""
    found = [function]
    for each in found:
        found += [f for f in _called(each) if f not in found]
    return tuple(found)


def _called(function: Rule) -> list[Rule]:
    """Return the functions of the ops' modules, other than ops, that a function names."""
    steps = (step for code in _codes(function.__code__) for step in dis.get_instructions(code))
    names = {step.argval for step in steps if step.opname == "LOAD_GLOBAL"}  # attributes may have the same names
    found = [function.__globals__.get(name) for name in sorted(names)]
    return [f for f in found if _is_helper(f)]


def _is_helper(x: Any) -> bool:
    is_of_ops = isinstance(x, types.FunctionType) and (x.__module__ or "").startswith("autograd.ops")
    return is_of_ops and not hasattr(x, "op")


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)

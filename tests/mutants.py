"""Mutants of the derivative rules of an op: the same rule with one mistake, which the checks have to notice.

There are two sorts. Behavioural mutants compute what the rule computes and then spoil it; source mutants are the rule,
or a function that it calls, with one expression of its source changed.
"""

from __future__ import annotations

import ast
import builtins
import copy
import functools
import inspect
import types
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice, pairwise
from typing import Any

import numpy as np

from autograd import codegen
from autograd.primitive import Op

Rule = Callable[..., Any]
Pull = Callable[..., Any]


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


def functions(ops: Sequence[Op]) -> dict[Rule, list[Op]]:
    """Return the functions with a name that are rules of some ops, or are called by rules, and which ops those are."""
    users: dict[Rule, dict[Op, None]] = {}
    for op in ops:
        for rule in ruled(op).values():
            for function in _reached(rule):
                if not isinstance(definition(function), ast.Lambda):
                    users.setdefault(function, {})[op] = None
    return {function: list(found) for function, found in users.items()}


def ruled(op: Op) -> dict[str, Rule]:
    """Return the rules of the parameters that have one; a closure is a rule that only raises, and has no mutants."""
    pairs = zip(op.parameters, op.rules, strict=True)
    return {parameter: rule for parameter, rule in pairs if rule is not None and not rule.__closure__}


def _numbered(found: Iterator[tuple[str, Users]]) -> Iterator[Mutant]:
    """Yield mutants of which no two have the same name."""
    seen: dict[str, int] = {}
    for name, users in found:
        seen[name] = seen.get(name, 0) + 1
        yield Mutant(name if seen[name] == 1 else f"{name} (place {seen[name]})", users)


def _of_op(op: Op, zero: Container[str], sources: bool) -> Iterator[tuple[str, Users]]:
    rules = ruled(op)
    for parameter, rule in rules.items():
        found = behaviours(op, rule, f"{op.name}.{parameter}" in zero)
        rewritten = rewritings(rule) if sources and isinstance(definition(rule), ast.Lambda) else ()
        for change, make in (*found, *rewritten):
            yield f"{op.name}.{parameter}: {change}", {op: partial(_pull_with, op, parameter, make)}
    names = list(rules)
    for one, other in pairwise(names):
        if not _same_code(rules[one], rules[other]):
            yield f"{op.name}: {one} and {other} swapped", {op: partial(_pull_swapped, op, one, other)}


def _of_function(function: Rule, users: Sequence[Op]) -> Iterator[tuple[str, Users]]:
    where = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
    for change, make in rewritings(function):
        yield f"{where}: {change}", {op: partial(_pull_through, op, function, make) for op in users}


def _pull_with(op: Op, parameter: str, make: Callable[[], Rule]) -> Pull:
    """Return the op's `pull` with another rule for a parameter."""
    return _pull(op, {parameter: make()})


def _pull_through(op: Op, function: Rule, make: Callable[[], Rule]) -> Pull:
    """Return the op's `pull` with another function in the place of one that its rules call."""
    made = make()
    return _pull(op, {parameter: exchanged(rule, function, made) for parameter, rule in ruled(op).items()})


def _pull(op: Op, rules: dict[str, Rule]) -> Pull:
    space = {**op.pull.__globals__, **{f"_rule_{parameter}": rule for parameter, rule in rules.items()}}
    exec(codegen.pull_source(op), space)
    return space["pull"]


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


def _weighted(place: int) -> Callable[[Any], Any]:
    """Return a function that doubles one element of arrays of several."""

    def spoil(d: Any) -> Any:
        if d.size < 2:
            return d
        weights = np.ones(d.size, d.dtype)
        weights[place] = 2
        return d * weights.reshape(d.shape)

    return spoil


def _rolled(axis: int) -> Callable[[Any], Any]:
    return lambda d: np.roll(d, 1, axis) if d.ndim else d


def _flipped(axis: int) -> Callable[[Any], Any]:
    return lambda d: np.flip(d, axis) if d.ndim else d


def _transposed(d: Any) -> Any:
    return np.swapaxes(d, -1, -2) if d.ndim > 1 else d


OF_GRADIENT: dict[str, Callable[[Any], Any]] = {
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


def behaviours(op: Op, rule: Rule, zero: bool) -> Iterator[tuple[str, Callable[[], Rule]]]:
    """Yield changes of what a rule returns, or of what it is given, with the function that makes the rule."""
    for change, spoil in OF_GRADIENT.items():
        if zero and spoil(np.zeros((2, 2))).any() == 0 and change != "transposed":
            continue
        yield change, partial(_spoilt, rule, spoil)
    if op.variadic:
        yield "of the array before", lambda: lambda g, i, *saved: rule(g, i - 1, *saved)
    if op.several:
        yield "gradients of the outputs reversed", lambda: lambda g, *saved: rule(g[::-1], *saved)
        yield "gradient of the first output dropped", lambda: lambda g, *saved: rule([g[0] * 0, *g[1:]], *saved)
        yield "gradient of the last output dropped", lambda: lambda g, *saved: rule([*g[:-1], g[-1] * 0], *saved)


def _spoilt(rule: Rule, spoil: Callable[[Any], Any]) -> Rule:
    def mutated(*args: Any) -> Any:
        gradient = rule(*args)
        return gradient if gradient is None else spoil(gradient)

    return mutated


# --- source mutants ---------------------------------------------------------------------------------------------------

Function = ast.Lambda | ast.FunctionDef


def rewritings(function: Rule) -> Iterator[tuple[str, Callable[[], Rule]]]:
    """Yield changes of the source of a function, with what makes the function."""
    tree = definition(function)
    for number, (before, after) in enumerate(changes(tree)):
        yield _described(before, after), partial(_rewritten, function, number)


def _described(before: ast.AST, after: ast.AST | None) -> str:
    if isinstance(before, ast.If):
        return f"if {ast.unparse(before.test)} -> if not"
    return f"{ast.unparse(before)} -> {ast.unparse(after) if after is not None else 'dropped'}"


def _rewritten(function: Rule, number: int) -> Rule:
    """Return a function with the change of its source that has a number."""
    tree = definition(function)
    before, after = next(islice(changes(tree), number, None))
    return _compiled(_replaced(tree, before, after), function)


def _compiled(tree: Function, function: Rule) -> Rule:
    """Return the function of a tree that stands in for another one."""
    space = dict(function.__globals__)
    value = tree if isinstance(tree, ast.Lambda) else ast.Name(tree.name, ast.Load())
    body = [] if isinstance(tree, ast.Lambda) else [tree]
    module = ast.Module([*body, ast.Assign([ast.Name("_made", ast.Store())], value)], [])
    exec(compile(ast.fix_missing_locations(module), f"<mutant of {function.__qualname__}>", "exec"), space)
    return space["_made"]


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
    names = {name for code in _codes(function.__code__) for name in code.co_names}
    found = [function.__globals__.get(name) for name in sorted(names)]
    return [f for f in found if isinstance(f, types.FunctionType) and _is_helper(f)]


def _is_helper(function: Any) -> bool:
    return function.__module__.startswith("autograd.ops") and not hasattr(function, "op")


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


# --- where the source of a function stands ----------------------------------------------------------------------------


@functools.cache
def _functions(filename: str) -> list[Function]:
    with open(filename) as file:
        return [node for node in ast.walk(ast.parse(file.read())) if isinstance(node, Function)]


@functools.cache
def definition(function: Rule) -> Function:
    """Return the syntax tree of a function; lambdas on one line are told apart by the columns of their code."""
    code = function.__code__
    filename = inspect.getsourcefile(code)
    assert filename is not None
    places = {(line, column) for line, _, column, _ in code.co_positions() if line and column}
    fits = [tree for tree in _functions(filename) if _first_line(tree) == code.co_firstlineno and _holds(tree, places)]
    (tree,) = fits
    return tree


def _first_line(tree: Function) -> int:
    decorators = [] if isinstance(tree, ast.Lambda) else tree.decorator_list
    return min([tree.lineno, *(decorator.lineno for decorator in decorators)])


def _holds(tree: Function, places: set[tuple[int, int]]) -> bool:
    start, end = (tree.lineno, tree.col_offset), (tree.end_lineno or 0, tree.end_col_offset or 0)
    return all(start <= place < end for place in places)


# --- changes of a syntax tree -----------------------------------------------------------------------------------------


def changes(tree: Function) -> Iterator[tuple[ast.AST, ast.AST | None]]:
    """Yield the parts of a function's body that are replaced, with their replacements; None where one is dropped."""
    parameters = [a.arg for a in (*tree.args.posonlyargs, *tree.args.args, *tree.args.kwonlyargs)]
    for part in _parts(tree.body):
        for replacement in _replacements(part, parameters):
            yield part, replacement


def _parts(body: ast.AST | list[ast.stmt]) -> Iterator[ast.AST]:
    """Yield the parts of a body that compute something: no docstrings, annotations, messages or kinds of input."""
    if isinstance(body, list):
        for statement in body:
            yield from _parts(statement)
    elif isinstance(body, ast.Raise | ast.JoinedStr | ast.arguments) or _is_docstring(body) or _is_conversion(body):
        return
    else:
        yield body
        for child in ast.iter_child_nodes(body):
            if not (isinstance(body, ast.If | ast.IfExp) and child is body.test):
                yield from _parts(child)


def _is_conversion(part: ast.AST) -> bool:
    """Return whether a part only asks for a type, or says which warnings or errors to give."""
    if isinstance(part, ast.keyword):
        return part.arg == "strict"
    function = part.func if isinstance(part, ast.Call) else None
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", None)
    return name in ("isinstance", "is_complex", "is_number", "type", "errstate", "finfo")


def _is_docstring(statement: ast.AST) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _replaced(tree: Function, before: ast.AST, after: ast.AST | None) -> Function:
    """Return a copy of a tree in which a part is replaced."""

    class Replace(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> Any:
            if node is before_copy:
                return after_copy if after_copy is not None else self._nothing(node)
            return self.generic_visit(node)

        def _nothing(self, node: ast.AST) -> Any:
            return ast.Pass() if isinstance(node, ast.stmt) else None

    memo: dict[int, Any] = {}
    copied = copy.deepcopy(tree, memo)
    before_copy, after_copy = memo[id(before)], copy.deepcopy(after)
    return Replace().visit(copied)


def _replacements(part: ast.AST, parameters: list[str]) -> Iterator[ast.AST | None]:
    """Yield what stands in for a part of a tree."""
    match part:
        case ast.BinOp():
            yield from _other_arithmetic(part)
        case ast.UnaryOp(op=ast.USub() | ast.Not() | ast.Invert()):
            yield part.operand
        case ast.Constant(value=bool()):
            yield ast.Constant(not part.value)
        case ast.Constant(value=int() | float() | complex()):
            yield ast.Constant(part.value + 1)
        case ast.Name(ctx=ast.Load()) if part.id in parameters:
            yield from _other_names(part, parameters)
        case ast.Call():
            yield from _less_of_call(part)
        case ast.Compare(ops=[_]):
            yield from _other_comparison(part)
        case ast.IfExp():
            yield ast.IfExp(part.test, part.orelse, part.body)
        case ast.If():
            yield ast.If(ast.UnaryOp(ast.Not(), part.test), part.body, part.orelse)
        case ast.Assign(targets=[ast.Name(id=name)]) if _reads(part.value, name):
            yield None
        case ast.AugAssign():
            yield None


def _other_arithmetic(part: ast.BinOp) -> Iterator[ast.AST]:
    """Yield the other operation of a pair, and each operand alone."""
    left, right = part.left, part.right
    match part.op:
        case ast.Add() | ast.Sub():
            minus = isinstance(part.op, ast.Sub)
            yield ast.BinOp(left, ast.Add() if minus else ast.Sub(), right)
            yield left
            yield ast.UnaryOp(ast.USub(), right) if minus else right
        case ast.Mult() | ast.Div():
            divides = isinstance(part.op, ast.Div)
            yield ast.BinOp(left, ast.Mult() if divides else ast.Div(), right)
            yield left
            yield ast.BinOp(ast.Constant(1.0), ast.Div(), right) if divides else right
        case ast.MatMult():
            yield ast.BinOp(right, part.op, left)
            yield left
            yield right
        case ast.Pow() | ast.BitAnd() | ast.BitOr():
            yield left


def _other_names(part: ast.Name, parameters: list[str]) -> Iterator[ast.AST]:
    """Yield the parameter after the one that is named, and of an axis the one after it."""
    other = parameters[(parameters.index(part.id) + 1) % len(parameters)]
    if other != part.id:
        yield ast.Name(other, ast.Load())
    if part.id.startswith("axis"):
        yield ast.BinOp(part, ast.Add(), ast.Constant(1))


def _less_of_call(part: ast.Call) -> Iterator[ast.AST]:
    """Yield a call's first argument, the call without each keyword, and the branches of a choice exchanged."""
    if isinstance(part.func, ast.Attribute) and not _is_module(part.func.value):
        yield part.func.value
    elif part.args and not isinstance(part.args[0], ast.Starred) and not _only_converts(part.func):
        yield part.args[0]
    for i, keyword in enumerate(part.keywords):
        if keyword.arg not in ("strict", "dtype", "optimize"):
            yield ast.Call(part.func, part.args, part.keywords[:i] + part.keywords[i + 1 :])
    if _is_choice(part):
        condition, one, other = part.args
        yield ast.Call(part.func, [condition, other, one], [])


def _only_converts(function: ast.AST) -> bool:
    """Return whether a function is one of Python's, which convert and count, or takes the value out of a Tensor."""
    return isinstance(function, ast.Name) and (hasattr(builtins, function.id) or function.id in ("value_of", "mask_of"))


def _is_module(node: ast.AST) -> bool:
    return (isinstance(node, ast.Name) and node.id in ("np", "math")) or (
        isinstance(node, ast.Attribute) and _is_module(node.value)
    )


def _is_choice(part: ast.Call) -> bool:
    return isinstance(part.func, ast.Attribute) and part.func.attr == "where" and len(part.args) == 3


def _other_comparison(part: ast.Compare) -> Iterator[ast.AST]:
    """Yield the opposite comparison; that of ties, on which gradients are conventions, stays as it is."""
    opposites = {
        ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
        ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    }  # fmt: skip
    yield ast.Compare(part.left, [opposites[type(part.ops[0])]()], part.comparators)


def _reads(expression: ast.AST, name: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(expression))

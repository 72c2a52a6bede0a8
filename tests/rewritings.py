"""Source mutants of a function: the function with one expression of its source changed."""

from __future__ import annotations

import ast
import builtins
import copy
import functools
import inspect
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any

Rule = Callable[..., Any]
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
    return compiled(_replaced(tree, before, after), function)


def compiled(tree: Function, function: Rule) -> Rule:
    """Return the function of a tree that stands in for another one."""
    space = dict(function.__globals__)
    value = tree if isinstance(tree, ast.Lambda) else ast.Name(tree.name, ast.Load())
    body = [] if isinstance(tree, ast.Lambda) else [tree]
    module = ast.Module([*body, ast.Assign([ast.Name("_made", ast.Store())], value)], [])
    exec(compile(ast.fix_missing_locations(module), f"<mutant of {function.__qualname__}>", "exec"), space)
    return space["_made"]


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
            if _is_product(part):
                yield ast.Call(part.func, part.args[::-1], [])
                yield part.args[1]
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
            if not divides:
                yield right
            elif not (isinstance(left, ast.Constant) and left.value == 1):
                yield ast.BinOp(ast.Constant(1.0), ast.Div(), right)
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
    return (isinstance(node, ast.Name) and node.id in ("np", "math", "products", "kernel")) or (
        isinstance(node, ast.Attribute) and _is_module(node.value)
    )


def _is_product(part: ast.Call) -> bool:
    """Return whether a call is a product of two matrices."""
    return isinstance(part.func, ast.Attribute) and part.func.attr == "matmul" and len(part.args) == 2


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

"""A failing call as Python code that can be pasted and run."""

from __future__ import annotations

import ast
import builtins
import inspect
import symtable
import sys
import textwrap
import types
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from autograd.checking import GradcheckError, gradcheck, gradgradcheck
from autograd.custom import Function
from autograd.primitive import Op
from autograd.tensor import Tensor
from autograd.testing.calling import Call
from autograd.testing.subjects import Plain

_CHECKS: dict[str, Callable[..., Any]] = {
    "check_first_order": gradcheck,
    "check_second_order": gradgradcheck,
}
# What `literal` writes so that it comes back the same.
_LITERALS = (bool, int, float, complex, str, tuple, list, dict, np.ndarray, np.generic)


def snippet(call: Call, check: Callable[[Call], None], reason: Exception) -> str:
    """Return code that imports or defines what it needs, makes the inputs of a call, and fails as it does.

    Args:
        call: the call.
        check: the property that it fails.
        reason: what the property raised.

    >>> import autograd
    >>> from autograd.testing import check_dtypes
    >>> print(snippet(Call(autograd.exp, (np.array([0.5]),)), check_dtypes, AssertionError()))
    import numpy as np
    from autograd import exp
    from autograd.testing import Call, check_dtypes
    <BLANKLINE>
    check_dtypes(Call(exp, (np.array([0.5]),)))
    """
    code = _Code()
    name = _function_in(code, call)
    if isinstance(reason, GradcheckError) and check.__name__ in _CHECKS:
        checker = code.refer(_CHECKS[check.__name__])
        varied = [x for i, x in enumerate(call.inputs) if call.differentiable(i)]
        last = f"{checker}({_as_function(code, call, name)}, {_tuple(map(literal, varied))})"
    else:
        options = ", ".join(f"{key!r}: {literal(value)}" for key, value in call.options.items())
        inputs = _tuple(map(literal, call.inputs)) + (f", {{{options}}}" if options else "")
        taking = f"lambda *arrays: {name}(list(arrays))" if isinstance(call.op, Plain) and call.op.variadic else name
        last = f"{code.refer(check)}({code.refer(Call)}({taking}, {inputs}))"
    return code.text(last)


def literal(x: Any) -> str:
    """Return the code of a number, an array, or an option; numbers in full precision.

    >>> literal(np.array([[0.1, np.inf]], np.float32))
    'np.array([[0.10000000149011612, np.inf]], np.float32)'
    """
    if isinstance(x, np.ndarray):
        dtype = "" if x.dtype in (np.float64, bool, np.int64) else f", np.{x.dtype}"
        if not x.size:
            return f"np.zeros({x.shape}{dtype or f', np.{x.dtype}' if x.dtype != np.float64 else ''})"
        return f"np.array({literal(x.tolist())}{dtype})"
    if isinstance(x, np.generic):
        return f"np.{x.dtype}({literal(x.item())})"
    if isinstance(x, list):
        return f"[{', '.join(map(literal, x))}]"
    if isinstance(x, tuple):
        return _tuple(map(literal, x))
    if isinstance(x, dict):
        return f"{{{', '.join(f'{literal(key)}: {literal(value)}' for key, value in x.items())}}}"
    if isinstance(x, float) and not np.isfinite(x):
        return {"nan": "np.nan", "inf": "np.inf", "-inf": "-np.inf"}[repr(x)]
    if isinstance(x, complex) and not np.isfinite(x):
        return f"complex({literal(x.real)}, {literal(x.imag)})"
    return f"np.{x.__name__}" if isinstance(x, type) and issubclass(x, np.generic) else repr(x)


def _tuple(parts: Iterable[str]) -> str:
    """Return the code of a tuple."""
    listed = list(parts)
    return f"({', '.join(listed)}{',' if len(listed) == 1 else ''})"


# --- the function -----------------------------------------------------------------------------------------------------


def _function_in(code: _Code, call: Call) -> str:
    """Return an expression for the function of a call, imported or defined in the code."""
    function: Any = call.op.written if isinstance(call.op, Op) else call.op.function
    owner = getattr(function, "__self__", None)
    if isinstance(owner, type) and issubclass(owner, Function):
        return f"{code.refer(owner)}.apply"
    used = [rule for rule in call.op.rules if rule is not None] if isinstance(call.op, Op) else []
    return code.refer(function, call.op.name, used)


class _Written(str):
    """Code that stands where a value would."""

    __slots__ = ()


def _as_function(code: _Code, call: Call, name: str) -> str:
    """Return an expression for the call as a function of the inputs that can have gradients."""
    varied = [call.differentiable(i) for i in range(len(call.inputs))]
    if all(varied) and not call.options and not call.op.variadic:
        return name
    inputs = [_Written(f"x{i}" if vary else _constant(code, call, i)) for i, vary in enumerate(varied)]
    args, kwargs = call.arguments(inputs)
    parts = [_argument(x) for x in args] + [f"{key}={_argument(x)}" for key, x in kwargs.items()]
    return f"lambda {', '.join(f'x{i}' for i, vary in enumerate(varied) if vary)}: {name}({', '.join(parts)})"


def _constant(code: _Code, call: Call, i: int) -> str:
    """Return the code of an input that does not vary; a function that is no registered op gets a Tensor."""
    written = literal(call.inputs[i])
    return f"{code.refer(Tensor)}({written})" if isinstance(call.op, Plain) else written


def _argument(x: Any) -> str:
    if isinstance(x, list):
        return f"[{', '.join(map(_argument, x))}]"
    return str(x) if isinstance(x, _Written) else literal(x)


# --- imports and definitions ------------------------------------------------------------------------------------------


class _Code:
    """Code that is being written: imports, then definitions, then one line that uses them."""

    def __init__(self) -> None:
        self.imports = {"import numpy as np"}
        self.froms: dict[str, set[str]] = {}
        self.definitions: list[str] = []
        self.done = {"np"}

    def text(self, last: str) -> str:
        """Return the whole, with `last` as its last line."""
        froms = [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(self.froms.items())]
        return "\n\n".join(["\n".join([*sorted(self.imports), *froms]), *self.definitions, last])

    def refer(self, thing: Any, name: str | None = None, used: Sequence[Callable[..., Any]] = ()) -> str:
        """Make a thing known, and return the expression that stands for it.

        Args:
            thing: a module, function, class or value.
            name: what other code calls it; by default its own name.
            used: functions whose names the definition of the thing may use besides its own.
        """
        name = name or thing.__name__
        if name in self.done:
            return name
        if isinstance(thing, types.ModuleType):
            self.imports.add(f"import {thing.__name__}" + (f" as {name}" if name != thing.__name__ else ""))
        elif home := _home(thing):
            own = thing.__qualname__.partition(".")[0]
            if "." in thing.__qualname__:
                self.froms.setdefault(home, set()).add(own)
                return str(thing.__qualname__)
            name = own if name == "<lambda>" or not name.isidentifier() else name
            self.froms.setdefault(home, set()).add(own if name == own else f"{own} as {name}")
        else:
            name = name if name.isidentifier() else "f"
            self.done.add(name)
            self._define(thing, name, used)
        self.done.add(name)
        return name

    def _define(self, thing: Any, name: str, used: Sequence[Callable[..., Any]]) -> None:
        """Write the definition of something that cannot be imported, after those of what it uses."""
        source = _source(thing)
        if source is None:
            plain = isinstance(
                thing, bool | int | float | complex | str | tuple | list | dict | np.ndarray | np.generic
            )
            self.definitions.append(f"{name} = {literal(thing)}" if plain else f"# {name} is {thing!r:.100}")
            return
        around: dict[str, Any] = {}
        for function in [*used, *_functions_of(thing)]:
            around |= function.__globals__ | _closure(function)
        for other in sorted(_free_names(symtable.symtable(source, "", "exec")) - set(dir(builtins))):
            if other in around and other != name:
                self.refer(around[other], other)
        is_lambda = getattr(thing, "__name__", "") == "<lambda>"
        self.definitions.append(f"{name} = ({source})" if is_lambda else source)


def _home(thing: Any) -> str | None:
    """Return the shortest module path from which a thing can be imported, or None."""
    module, qualified = getattr(thing, "__module__", None), getattr(thing, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(qualified, str) or module == "__main__" or "<" in qualified:
        return None
    parts = module.split(".")
    for length in range(1, len(parts) + 1):
        found: Any = sys.modules.get(".".join(parts[:length]))
        for attribute in qualified.split("."):
            found = getattr(found, attribute, None)
        if found is thing or (inspect.ismethod(thing) and found == thing) or _is_op_of(found, thing):
            return ".".join(parts[:length])
    return None


def _is_op_of(found: Any, written: Any) -> bool:
    """Return whether something is what `autograd.op` made of a function."""
    made = getattr(found, "op", None)
    return isinstance(made, Op) and made.written is written


def _source(thing: Any) -> str | None:
    """Return the source of a function, lambda or class, or None."""
    try:
        if getattr(thing, "__name__", "") == "<lambda>":
            return _lambda_in("".join(inspect.findsource(thing)[0]), thing)
        return textwrap.dedent(inspect.getsource(thing)).strip()
    except (OSError, TypeError, SyntaxError):
        return None


def _lambda_in(file: str, function: Any) -> str | None:
    """Return the source of a lambda: the innermost in a file whose body is where the function's instructions are."""
    places = [(p[0], p[2], p[1], p[3]) for p in function.__code__.co_positions() if None not in p and p[2] != p[3]]
    first, last = min(p[:2] for p in places), max(p[2:] for p in places)
    around: list[tuple[Any, ast.Lambda]] = []
    for node in ast.walk(ast.parse(file)):
        if isinstance(node, ast.Lambda):
            start, end = (node.body.lineno, node.body.col_offset), (node.body.end_lineno, node.body.end_col_offset)
            if start <= first and last <= end:
                around.append((start, node))
    return ast.get_source_segment(file, max(around, key=lambda pair: pair[0])[1]) if around else None


def _free_names(table: symtable.SymbolTable) -> set[str]:
    """Return the names that code uses and does not make."""
    symbols = table.get_symbols()
    if table.get_type() == "module":
        names = {s.get_name() for s in symbols if s.is_referenced() and not s.is_assigned()}
    else:
        names = {s.get_name() for s in symbols if s.is_global()}
    return names.union(*map(_free_names, table.get_children()))


def _functions_of(thing: Any) -> list[Any]:
    """Return the functions that a function or class is written with."""
    found = [inspect.unwrap(thing)] if callable(thing) and not isinstance(thing, type) else list(vars(thing).values())
    plain = [getattr(f, "__func__", f) for f in found]
    return [f for f in plain if isinstance(f, types.FunctionType)]


def _closure(function: Any) -> dict[str, Any]:
    """Return the values of the names that a function has from around it."""
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    return {name: cell.cell_contents for name, cell in cells if _is_filled(cell)}


def _is_filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True

"""The source of the functions of an operation.

As dataclasses do, an operation's function is compiled from a template, so that Python itself binds the arguments and
every operation runs straight through: take the values out of the Tensors, compute, and if any input needs a gradient
write a node. `print(autograd.multiply.op.source)` shows what comes out. Names with an underscore are the engine's,
out of the way of the operation's own parameters.
"""

from __future__ import annotations

import inspect
import keyword
import linecache
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograd.primitive import Op


def write(name: str, head: str, body: list[str]) -> str:
    """Return the source of a function."""
    return "\n    ".join([f"def {_identifier(name)}({head}):", *body]) + "\n"


def _identifier(name: str) -> str:
    """Return a name that a function can have in source, which '<lambda>' is not."""
    return name if name.isidentifier() and not keyword.iskeyword(name) else "function"


def lazily(name: str, label: str, source: Callable[[], str], space: dict[str, Any]) -> Any:
    """Return a function that is written and compiled when it is first called, which keeps imports fast.

    Args:
        name: the function's name.
        label: what tracebacks call the file that the source seems to be in.
        source: writes the source.
        space: the names that the source uses.
    """
    function = types.FunctionType(_first_call.__code__, space, name)

    def compile_now() -> None:
        text, filename = source(), f"<op {label}: {name}>"
        linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
        exec(compile(text, filename, "exec"), space)
        made = space.pop(_identifier(name))
        function.__defaults__, function.__kwdefaults__ = made.__defaults__, made.__kwdefaults__
        function.__code__ = made.__code__

    space["_compile_now"], space["_function"] = compile_now, function
    return function


def _first_call(*args: Any, **options: Any) -> Any:
    _compile_now()  # type: ignore[name-defined]  # noqa: F821
    return _function(*args, **options)  # type: ignore[name-defined]  # noqa: F821


def function_source(made: Op) -> str:
    """Return the source of an op's function."""
    return write(made.name, _parameter_list(made), _variadic_body(made) if made.variadic else _fixed_body(made))


def operator_source(made: Op, name: str, first: str, second: str) -> str:
    """Return the source of an operator method of an op with two array parameters, the first surely a Tensor."""
    return write(name, f"{first}, {second}", _fixed_body(made, first, second))


def pull_source(made: Op) -> str:
    """Return the source of the function that calls the rules."""
    return write("pull", "_g, _inputs, _saved", _pull_body(made))


def _parameter_list(made: Op) -> str:
    """Return the op's parameter list as source, with names for the defaults."""
    bare = []
    for p in made.signature.parameters.values():
        if p.default is not p.empty:
            p = p.replace(default=_Source("_default_" + p.name))
        bare.append(p.replace(annotation=inspect.Parameter.empty))
    return str(made.signature.replace(parameters=bare, return_annotation=inspect.Signature.empty))[1:-1]


class _Source:
    """A default value that prints as its name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


def _fixed_body(made: Op, first: str = "", second: str = "") -> list[str]:
    """Return the lines of a function whose array parameters each take one array."""
    lines = []
    optional = {p for p in made.parameters if made.signature.parameters[p].default is None}
    for p in made.parameters:
        if p == first:
            lines += [f"{p}_v = {p}._data; {p}_n = {p}._node"]
            continue
        taken = f"{p}_v = {p}._data; {p}_n = {p}._node"
        lines += [f"if {p}.__class__ is _Tensor: {taken}"]  # `isinstance` is slow to say no, so it comes last
        guard = f"{p} is None or " if p in optional else ""
        lines += [f"elif {guard}{p}.__class__ in _plain: {p}_v = {p}; {p}_n = None"]
        lines += [f"elif isinstance({p}, _Tensor): {taken}"]
        lines += ["else:"]
        convert = f"{p} = _as_input({p}, {made.name!r})"
        if p == second:
            lines += [f"    try: {convert}", "    except TypeError:"]
            lines += [f"        if isinstance({p}, (list, tuple)): raise", "        return NotImplemented"]
        else:
            lines += [f"    {convert}"]
        lines += [f"    {p}_v, {p}_n = ({p}._data, {p}._node) if isinstance({p}, _Tensor) else ({p}, None)"]
    values = {p: f"{p}_v" for p in made.parameters}
    lines += _compute(made, values)
    if len(made.parameters) > 1 and first != made.parameters[0]:
        lines += ["if out.__class__ is complex: out = _complex(out)  # Python's, of complex * np.float64"]
    is_tensor = "True" if first else " or ".join(f"isinstance({p}, _Tensor)" for p in made.parameters)
    wrapped = "_wrap_all" if made.several else "_wrap"
    plain_result = f"return {wrapped}(out)" + ("" if first else f" if {is_tensor} else out")
    ruled = [p for p, rule in zip(made.parameters, made.rules, strict=True) if rule]
    if not ruled:
        return [*lines, plain_result]
    nothing = " and ".join(f"{p}_n is None" for p in ruled)
    lines += [f"if {nothing} or _unrecorded and _get_ident() in _unrecorded:", f"    {plain_result}"]
    inputs = [f"{p}_n" if p in ruled else "None" for p in made.parameters]
    saved = []
    for name in made.keeps:
        users = [p for p, names in zip(made.parameters, made.names, strict=True) if name in names]
        needed = "" if len(users) == len(ruled) else " or ".join(f"{p}_n is not None" for p in users)
        saved += [_kept(made, name, values) + (f" if {needed} else None" if needed else "")]
    return [*lines, *_node(made, _tuple(inputs), _tuple(saved)), *_constants(made, ruled), "return _result"]


def _constants(made: Op, ruled: list[str]) -> list[str]:
    """Return the lines that note what the inputs without a node were."""
    if len(made.parameters) == 1:
        return []
    if len(made.parameters) > 2 or len(ruled) < 2:
        pairs = _tuple([f"({p}, {p}_n)" if p in ruled else f"({p}, None)" for p in made.parameters])
        return [f"_node.constant = tuple([_constant(x) for x, n in {pairs} if n is None])"]
    lines = []
    for p in made.parameters:
        lines += [f"if {p}_n is None: _node.constant = {p} if {p}.__class__ is float else _constant({p})"]
    return lines


def _variadic_body(made: Op) -> list[str]:
    """Return the lines of a function whose only array parameter takes a sequence."""
    (p,) = made.parameters
    return [
        f"{p} = tuple({p})",
        f"{p}_v = tuple([x._data if isinstance(x, _Tensor) else _as_value(x, {made.name!r}) for x in {p}])",
        f"{p}_n = [x._node if isinstance(x, _Tensor) else None for x in {p}]",
        *_compute(made, {p: f"{p}_v"}),
        f"if not any({p}_n) or _unrecorded and _get_ident() in _unrecorded:",
        f"    return _wrap(out) if any([isinstance(x, _Tensor) for x in {p}]) else out",
        *_node(
            made,
            f"tuple({p}_n)",
            _tuple([_kept(made, name, {p: f"{p}_v"}) for name in made.keeps]),
        ),
        f"_node.constant = tuple([_constant(x) for x, n in zip({p}, {p}_n) if n is None])",
        "return _result",
    ]


def _node(made: Op, inputs: str, saved: str) -> list[str]:
    """Return the lines that write the node and the result."""
    if made.several:
        like, result = "[_like_of(x) for x in out]", ["_result = _outputs(_node, out)"]
        saved = f"(*{saved}, _node.like)"
    else:
        like = "out if out.__class__ in _scalars else (out.shape, out.dtype)"
        result = ["_result = _new(_Tensor)", "_result._data = out", "_result._node = _node", "_result._leaf = None"]
    return [
        "_node = _Node()",
        "_node.op = _op",
        f"_node.inputs = {inputs}",
        f"_node.like = {like}",
        f"_node.saved = {saved}",
        "_node.stamp = _clock.now",
        "_node.extra = None",
        *result,
    ]


def rule_name(made: Op, parameter: str) -> str:
    """Return what a parameter's rule is called in the source."""
    return "_rule" if made.together else f"_rule_{parameter}"


def _pull_body(made: Op) -> list[str]:
    """Return the lines of a function that calls the rules of the inputs that need a gradient."""
    keeps = (*made.keeps, "_likes") if made.several else made.keeps
    lines = [f"{', '.join(keeps)}, = _saved"] if keeps else []
    if made.together:
        if made.several:
            lines += ["_g = [_g.get(_i) for _i in range(len(_likes))]"]
        call = f"_rule({', '.join(('_g', *made.keeps))})"
        return [*lines, f"return _needed({made.name!r}, {made.parameters!r}, _inputs, {call})"]
    pairs = zip(made.parameters, made.names, strict=True)
    calls = [f"{rule_name(made, p)}({', '.join(('_g', *names))})" for p, names in pairs]
    if made.variadic:
        call = calls[0].replace("(_g", "(_g, _i", 1)
        return [*lines, f"return [{call} if n is not None else None for _i, n in enumerate(_inputs)]"]
    inputs = [f"{p}_n" for p in made.parameters]
    lines += [f"{', '.join(inputs)}, = _inputs"]
    if made.several:
        lines += ["_g = _filled(_g, _likes)"]
    if len(calls) == 1:  # the node would not be there if its only input needed no gradient
        return [*lines, f"return ({calls[0]},)"]
    gradients = [
        f"{call} if {n} is not None else None" if rule else "None"
        for call, n, rule in zip(calls, inputs, made.rules, strict=True)
    ]
    return [*lines, "return (", *(f"    {gradient}," for gradient in gradients), ")"]


def _compute(made: Op, values: dict[str, str]) -> list[str]:
    """Return the lines that call the value function."""
    by_name = inspect.Parameter.KEYWORD_ONLY
    arguments = ", ".join(
        f"{p.name}={values.get(p.name, p.name)}" if p.kind is by_name else values.get(p.name, p.name)
        for p in made.signature.parameters.values()
    )
    given = ", ".join(f"{p}={v}" for p, v in values.items())
    return [f"try: out = _value({arguments})", f"except Exception as error: raise _explained(_op, error, {given})"]


def _kept(made: Op, name: str, values: dict[str, str]) -> str:
    """Return the source of what a rule's parameter `name` stands for."""
    if name in values or name == "out" or name in made.options:
        return values.get(name, name)
    value = values[name.removesuffix("_shape")]
    return f"tuple([x.shape for x in {value}])" if made.variadic else f"_shape({value})"


def _tuple(items: list[str]) -> str:
    return "(" + "".join(item + ", " for item in items).rstrip() + ")"

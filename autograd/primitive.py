"""How an operation is made: its value, one derivative rule per differentiable input, and samples to check it on.

`op` turns these into a function that computes and records, and registers it everywhere it belongs: as a Tensor method
or operator where NumPy has one, as what NumPy's own function does with Tensors, in README's table and in the tests.
"""

from __future__ import annotations

import functools
import inspect
import linecache
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from autograd import modes
from autograd.graph import SCALARS, Constant, Like, Node, like_of, shape_of
from autograd.tensor import FUNCTIONS, UFUNCS, Tensor, held_once, tensor_method, to_value, wrap

F = TypeVar("F", bound=Callable[..., Any])
Rule = Callable[..., Any]

REGISTRY: dict[str, Op | Composite] = {}

# NumPy's name of an operation -> the special methods that Python calls for its operator.
UNARY_OPERATORS = {"negative": "neg", "positive": "pos", "absolute": "abs", "invert": "invert"}
BINARY_OPERATORS = {
    "add": "add", "subtract": "sub", "multiply": "mul", "divide": "truediv", "floor_divide": "floordiv",
    "remainder": "mod", "power": "pow", "matmul": "matmul", "bitwise_and": "and", "bitwise_or": "or",
    "bitwise_xor": "xor",
}  # fmt: skip
COMPARISONS = {
    "equal": "eq", "not_equal": "ne", "less": "lt", "less_equal": "le", "greater": "gt", "greater_equal": "ge",
}  # fmt: skip


# --- samples ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Draw:
    """How to draw one input of a sample.

    Attributes:
        shape: the shape, or for an input that takes a sequence a tuple of shapes.
        domain: the values lie between these.
        kinks: points without a derivative; values keep a distance of a tenth of the domain's unit from them.
        distinct: all values differ by a margin, for ops that compare them.
        kind: the NumPy kind of the dtype: 'f' floating, 'b' bool, 'i' integer.
    """

    shape: tuple[Any, ...] = ()
    domain: tuple[float, float] = (-2.0, 2.0)
    kinks: tuple[float, ...] = ()
    distinct: bool = False
    kind: str = "f"

    def array(self, rng: np.random.Generator, dtype: Any = np.float64) -> Any:
        """Return an array (or a list of arrays, for a tuple of shapes) drawn as described."""
        if self.shape and isinstance(self.shape[0], tuple):
            return [Draw(s, self.domain, self.kinks, self.distinct, self.kind).array(rng, dtype) for s in self.shape]
        if self.kind != "f":
            least, most = (0, 2) if self.kind == "b" else (int(self.domain[0]), int(self.domain[1]))
            return rng.integers(least, most, self.shape).astype(bool if self.kind == "b" else np.int64)
        low, high = self.domain
        values = rng.uniform(low, high, self.shape)
        if self.distinct:
            size = int(np.prod(self.shape))
            steps = (rng.permutation(size) + rng.uniform(0.2, 0.8, size)) / max(size, 1)
            values = low + (high - low) * steps.reshape(self.shape)
        for kink in self.kinks:
            near = np.abs(values - kink) < 0.1
            values = np.where(near, kink + np.where(values < kink, -0.1, 0.1) - (kink - values), values)
        return np.asarray(values, dtype)


@dataclass(frozen=True)
class Sample:
    """One call of an op: how to draw its inputs, and its options."""

    inputs: tuple[Draw, ...]
    options: dict[str, Any] = field(default_factory=dict)

    def draw(self, rng: np.random.Generator, dtype: Any = np.float64) -> tuple[Any, ...]:
        """Return the drawn inputs."""
        return tuple(d.array(rng, dtype) for d in self.inputs)


def sample(*inputs: Draw | tuple[Any, ...], **options: Any) -> Sample:
    """Describe one call of an op: for each array input its shape or a `Draw`, then the options.

    >>> sample((2, 3), axis=1).options
    {'axis': 1}
    """
    return Sample(tuple(d if isinstance(d, Draw) else Draw(d) for d in inputs), options)


# --- the op -----------------------------------------------------------------------------------------------------------


class Op:
    """An operation: what `op` builds, and what a node of the graph points to.

    Attributes:
        name: NumPy's name for it where NumPy has one.
        value: computes the result from plain arrays.
        parameters: the names of the array inputs, in order.
        options: the names of the other parameters.
        rules: the derivative rule of each array input, or None.
        keeps: what the rules name, which is what a node saves.
        pull: takes the gradient of the result, a node's inputs and what it saved; returns the gradients of the inputs.
        elementwise: whether it is a broadcasting function of single elements, defined for every shape.
        samples: calls to check it on.
        function: the public function.
        source: the Python source that `function` was compiled from.
    """

    function: Any
    pull: Callable[[Any, tuple[Any, ...], tuple[Any, ...]], Sequence[Any]]
    source: str

    def __init__(
        self, function: Callable[..., Any], value: Callable[..., Any], rules: dict[str, Rule | None],
        samples: Sequence[Sample], several: bool, variadic: bool,
    ) -> None:  # fmt: skip
        self.name = function.__name__
        self.value = value
        self.signature = inspect.signature(function)
        self.doc = inspect.getdoc(function) or ""
        unknown = [name for name in rules if name not in self.signature.parameters]
        if unknown:
            raise TypeError(f"op {self.name!r} has rules for {unknown}, which are not among its parameters")
        self.parameters = tuple(name for name in self.signature.parameters if name in rules)
        self.options = tuple(name for name in self.signature.parameters if name not in rules)
        self.several = several
        self.variadic = variadic
        if variadic and len(self.parameters) != 1:
            raise TypeError(f"op {self.name!r}: a parameter that takes a sequence must be the only array parameter")
        self.rules = tuple(rules[name] for name in self.parameters)
        self.names = tuple(self._names(rule) for rule in self.rules)
        self.keeps = tuple(dict.fromkeys(name for names in self.names for name in names))
        self.samples = tuple(samples)
        self.elementwise = bool(samples) and all(d.shape == () for s in samples for d in s.inputs)
        self.differentiable = any(rule is not None for rule in self.rules)

    def _names(self, rule: Rule | None) -> tuple[str, ...]:
        """Return what a rule's parameters after the gradient name, checked."""
        if rule is None:
            return ()
        names = tuple(inspect.signature(rule).parameters)[1 + self.variadic :]
        known = {*self.signature.parameters, "out", *(p + "_shape" for p in self.parameters)}
        for name in names:
            if name not in known:
                raise TypeError(
                    f"a rule of op {self.name!r} names {name!r}; it can name the op's parameters, "
                    "'out' for the result, and an input's name followed by '_shape'"
                )
        return names

    def relink(self, node: Node) -> tuple[Any, ...]:
        """Return what `node` saved as Tensors tied to the graph, so that rules run on it are recorded."""
        saved = node.saved or ()
        linked = (self._linked(node, name, value) for name, value in zip(self.keeps, saved))
        return (*linked, *saved[len(self.keeps) :])

    def _linked(self, node: Node, name: str, value: Any) -> Any:
        if value is None:
            return None
        if name == "out":
            return _outputs(node, value) if self.several else _result(value, node)
        if name in self.parameters:
            sources = node.inputs if self.variadic else (node.inputs[self.parameters.index(name)],)
            values = value if self.variadic else (value,)
            linked = tuple(_result(v, s) if isinstance(s, Node) else v for v, s in zip(values, sources, strict=True))
            return linked if self.variadic else linked[0]
        return value

    def __repr__(self) -> str:
        return f"<op {self.name}>"


def op(
    value: Callable[..., Any] | None = None,
    /,
    *,
    samples: Sequence[Sample] = (),
    numpy: Any = None,
    several: bool = False,
    variadic: bool = False,
    **rules: Rule | None,
) -> Callable[[F], F]:
    """Make an operation that can be differentiated to any order.

    The decorated function gives the name, the parameters and the documentation; its body computes the result from
    plain arrays, unless `value` already does. Each further keyword names an array parameter and gives its derivative
    rule: a function of the gradient of the result that returns the gradient of that input, in plain NumPy. A rule's
    other parameters say what it needs, and only that is kept until backward: a parameter of the op, `out` for the
    result, or `x_shape` for the shape of input `x`. Where inputs broadcast, the engine sums; rules do not have to.

    Args:
        value: computes the result, when something such as a NumPy ufunc does already.
        samples: calls to check the op on; inputs of shape () mean an elementwise op, checked in all shapes.
        numpy: the NumPy function, or tuple of functions, that this is for Tensors; by default the one of the same name.
        several: the result is a tuple of arrays; rules get a list of gradients.
        variadic: the only array parameter takes a sequence of arrays; its rule gets the position of one, as second
            argument, and returns that one's gradient.
        **rules: a derivative rule for each array parameter, None for one without a gradient.

    Raises:
        TypeError: when a rule is for, or names, something that is not there.

    >>> from autograd import Tensor
    >>> @op(x=lambda g, x: g * 3 * x**2)
    ... def cube(x):
    ...     '''Return x to the third power.'''
    ...     return x * x * x
    >>> x = Tensor(2.0, requires_grad=True)
    >>> cube(x).backward()
    >>> x.grad
    Tensor(12.)
    """

    def make(function: F) -> F:
        made = Op(function, value or function, rules, samples, several, variadic)
        _compile_function(made)
        _register(made, numpy, builtin=function.__module__.startswith("autograd.ops."))
        functools.update_wrapper(made.function, function)
        made.function.op = made
        return made.function  # type: ignore[no-any-return]

    return make


class Composite:
    """A function made of ops, registered like one; the attributes it shares with `Op` mean the same."""

    several = False
    differentiable = True
    elementwise = False

    def __init__(self, function: Callable[..., Any], samples: Sequence[Sample]) -> None:
        self.name = function.__name__
        self.value = self.function = function
        self.signature = inspect.signature(function)
        self.doc = inspect.getdoc(function) or ""
        self.samples = tuple(samples)
        inputs = self.samples[0].inputs if samples else ()
        self.parameters = tuple(self.signature.parameters)[: len(inputs)]
        self.variadic = any(d.shape and isinstance(d.shape[0], tuple) for d in inputs)

    def __repr__(self) -> str:
        return f"<composite {self.name}>"


def composite(*, samples: Sequence[Sample] = (), numpy: Any = None) -> Callable[[F], F]:
    """Register a built-in function that is made of ops, so that it needs no derivative rule of its own.

    Args:
        samples: calls to check it on.
        numpy: the NumPy function that this is for Tensors; by default the one of the same name.
    """

    def make(function: F) -> F:
        made = Composite(function, samples)
        function.op = made  # type: ignore[attr-defined]
        _register(made, numpy, builtin=True)
        return function

    return make


# --- the function of an op --------------------------------------------------------------------------------------------
# As dataclasses do, an op's function is compiled from a template, so that Python itself binds the arguments and every
# op runs straight through: take the values out, compute, and if any input needs a gradient write a node.


def _compile(made: Op, name: str, head: str, body: list[str], **space: Any) -> tuple[Any, str]:
    """Compile a function from the lines of its body; return it and its source."""
    source = "\n    ".join([f"def {name}({head}):", *body]) + "\n"
    filename = f"<op {made.name}: {name}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    exec(compile(source, filename, "exec"), space)
    return space[name], source


def _compile_function(made: Op) -> None:
    """Give the op its function and its `pull`."""
    space: dict[str, Any] = {}
    head = _parameters(made, space)
    body = _variadic_body(made) if made.variadic else _fixed_body(made, "", "")
    made.function, forward = _compile(made, made.name, head, body, _op=made, _value=made.value, **_RUNTIME, **space)
    rules = {f"_rule_{p}": rule for p, rule in zip(made.parameters, made.rules, strict=True)}
    made.pull, backward = _compile(made, "pull", "_g, _inputs, _saved", _pull_body(made), **_RUNTIME, **rules)
    made.source = f"{forward}\n\n{backward}"


def _compile_operator(made: Op, name: str, first: str, second: str) -> Any:
    """Compile an operator method: `first` is a Tensor for sure, an unsuitable `second` gives NotImplemented."""
    body = _fixed_body(made, first, second)
    return _compile(made, name, f"{first}, {second}", body, _op=made, _value=made.value, **_RUNTIME)[0]


def _parameters(made: Op, space: dict[str, Any]) -> str:
    """Return the op's parameter list as source; defaults go into `space`."""
    bare = []
    for p in made.signature.parameters.values():
        if p.default is not p.empty:
            space["_default_" + p.name] = p.default
            p = p.replace(default=_Source("_default_" + p.name))
        bare.append(p.replace(annotation=inspect.Parameter.empty))
    return str(made.signature.replace(parameters=bare, return_annotation=inspect.Signature.empty))[1:-1]


class _Source:
    """A default value that prints as its name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


def _fixed_body(made: Op, first: str, second: str) -> list[str]:
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
        lines += ["else:", f"    {p}_n = None"]
        convert = f"{p}_v = _as_value({p}, {made.name!r})"
        if p == second:
            lines += [f"    try: {convert}", "    except TypeError:"]
            lines += [f"        if isinstance({p}, (list, tuple)): raise", "        return NotImplemented"]
        else:
            lines += [f"    {convert}"]
    values = {p: f"{p}_v" for p in made.parameters}
    lines += _compute(made, values)
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


def _pull_body(made: Op) -> list[str]:
    """Return the lines of a function that calls the rules of the inputs that need a gradient."""
    keeps = (*made.keeps, "_likes") if made.several else made.keeps
    lines = [f"{', '.join(keeps)}, = _saved"] if keeps else []
    calls = [f"_rule_{p}({', '.join(('_g', *names))})" for p, names in zip(made.parameters, made.names, strict=True)]
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
    keyword = inspect.Parameter.KEYWORD_ONLY
    arguments = ", ".join(
        f"{p.name}={p.name}" if p.kind is keyword else values.get(p.name, p.name)
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


# --- at run time ------------------------------------------------------------------------------------------------------

# What goes into NumPy's arithmetic as it is: numbers stay weak (NEP 50), float arrays and scalars keep their dtype.
_PLAIN = frozenset([float, int, bool, complex, *SCALARS])


def as_value(x: Any, op_name: str = "this function") -> Any:
    """Return what an op computes with for an input that is no Tensor."""
    if (x.__class__ is np.ndarray and x.dtype.kind in "biufc" and x.ndim) or x.__class__ in _PLAIN:
        return x
    if x is None or isinstance(x, str | bytes | dict | set):
        raise TypeError(f"{op_name} takes Tensors, arrays and numbers, not {type(x).__name__} {x!r:.60}")
    return to_value(x, None)


def _explained(made: Op, error: Exception, **values: Any) -> Exception:
    """Return `error` with the op and its inputs' shapes and dtypes in it."""
    inputs = ", ".join(f"{name} {_describe(value)}" for name, value in values.items() if value is not None)
    if isinstance(error, ValueError) and "broadcast together" in str(error):
        return ValueError(
            f"{made.name}: the shapes of {inputs} do not broadcast: counted from the last axis, sizes must be equal or "
            "one of them 1; reshape one of them, or add axes with x[:, None]"
        ).with_traceback(error.__traceback__)
    error.add_note(f"in {made.name!r} of {inputs}")
    return error


def _describe(value: Any) -> str:
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_describe(v) for v in value[:8]) + (", ...]" if len(value) > 8 else "]")
    return f"{value.shape} {value.dtype}" if hasattr(value, "shape") else repr(value)


def constant(x: Any) -> Any:
    """Return what a node remembers of an input that needs no gradient: the number, or a `Constant`."""
    if isinstance(x, Tensor):
        leaf = x._identity() if x._leaf is not None or x._node is None else None
        return Constant(like_of(x._data), leaf)
    if x is None or isinstance(x, int | float | complex):
        return x
    value = x if isinstance(x, np.ndarray | np.generic) else to_value(x, None)
    return Constant(like_of(value), None)


def _result(value: Any, node: Node) -> Tensor:
    tensor = wrap(value)
    tensor._node = node
    return tensor


def _wrap_all(values: Sequence[Any]) -> tuple[Tensor, ...]:
    return tuple(wrap(value) for value in values)


def _outputs(node: Node, values: Sequence[Any]) -> tuple[Tensor, ...]:
    """Return the outputs of an op with several, each with a node that passes its gradient on."""
    results = []
    for i, value in enumerate(values):
        if value.dtype.kind not in "fc":
            results.append(wrap(value))
            continue
        part = Node()
        part.op, part.inputs, part.saved, part.like = _PART, (node,), (i,), like_of(value)
        part.stamp, part.extra = modes.clock.now, None
        results.append(_result(value, part))
    return tuple(results)


def _filled(gradients: dict[int, Any], likes: list[Like]) -> list[Any]:
    """Return a gradient for each output of an op with several, zero for those that nothing used."""
    return [gradients[i] if i in gradients else _zeros(like) for i, like in enumerate(likes)]


def _zeros(like: Like) -> Any:
    return np.zeros(shape_of(like), like[1]) if isinstance(like, tuple) else np.zeros_like(like)[()]


_RUNTIME: dict[str, Any] = {  # with underscores, out of the way of the ops' own parameters
    "_Tensor": Tensor, "_Node": Node, "_scalars": SCALARS, "_plain": _PLAIN, "_as_value": as_value,
    "_constant": constant, "_shape": np.shape, "_wrap": wrap, "_wrap_all": _wrap_all, "_new": object.__new__,
    "_clock": modes.clock, "_unrecorded": modes.unrecorded, "_get_ident": modes.get_ident, "_outputs": _outputs,
    "_like_of": like_of, "_explained": _explained, "_filled": _filled,
}  # fmt: skip


def _output(outputs: Any, i: int) -> Any:
    """One output of an op with several: what ties that output's Tensor to the node of the op."""
    return outputs[i]


_PART = Op(_output, _output, {"outputs": lambda g, i: {i: g}}, (), False, False)
_compile_function(_PART)


# --- registration -----------------------------------------------------------------------------------------------------


def _register(made: Op | Composite, numpy: Any, builtin: bool) -> None:
    """Put a built-in op wherever NumPy has the operation, another where `numpy` says."""
    if numpy is None and builtin:
        numpy = getattr(np, made.name, None)
    for theirs in numpy if isinstance(numpy, tuple) else (numpy,):
        if theirs is not None:
            table = UFUNCS if isinstance(theirs, np.ufunc) else FUNCTIONS
            if theirs in table:
                raise ValueError(f"np.{theirs.__name__} already has an op for Tensors")
            table[theirs] = made.function
    if builtin:
        REGISTRY[made.name] = made
        _register_methods(made)


def _register_methods(made: Op | Composite) -> None:
    """Attach the op to Tensor where ndarray has a method or operator of its name."""
    name = made.name
    if name in UNARY_OPERATORS:
        tensor_method(f"__{UNARY_OPERATORS[name]}__")(made.function)
    elif isinstance(made, Op) and (name in BINARY_OPERATORS or name in COMPARISONS):
        _register_operator(made, (BINARY_OPERATORS | COMPARISONS)[name])
    elif hasattr(np.ndarray, name) and not hasattr(Tensor, name):
        tensor_method(name)(made.function)


def _register_operator(made: Op, symbol: str) -> None:
    """Attach a binary operator, its reflection and its in-place form."""
    x1, x2 = made.parameters
    forward = _compile_operator(made, f"__{symbol}__", x1, x2)
    tensor_method(f"__{symbol}__")(forward)
    if made.name in COMPARISONS:
        return
    tensor_method(f"__r{symbol}__")(_compile_operator(made, f"__r{symbol}__", x2, x1))

    def in_place(self: Tensor, other: Any) -> Any:
        alone = held_once(self)
        result = forward(self, other)
        return result if result is NotImplemented else self._become(result, f"in-place {made.name}", alone)

    tensor_method(f"__i{symbol}__")(in_place)

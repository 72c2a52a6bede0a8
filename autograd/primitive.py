"""How an operation is made: its value, one derivative rule per differentiable input, and samples to check it on.

`op` turns these into a function that computes and records, and registers it everywhere it belongs: as a Tensor method
or operator where NumPy has one, as what NumPy's own function does with Tensors, in README's table and in the tests.
"""

from __future__ import annotations

import functools
import inspect
import operator
import sys
import weakref
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from autograd import codegen, modes
from autograd.graph import SCALARS, Constant, Like, Node, like_of, shape_of
from autograd.samples import Sample
from autograd.tensor import FUNCTIONS, UFUNCS, Tensor, tensor_method, value_of, wrap
from autograd.values import held_once, holds_tensor, is_temporary, to_value

F = TypeVar("F", bound=Callable[..., Any])
Rule = Callable[..., Any]

REGISTRY: dict[str, Op | Composite] = {}
_ALL: weakref.WeakSet[Op] = weakref.WeakSet()


def all_ops() -> list[Op]:
    """Return all operations that exist, users' own among them."""
    return list(_ALL)


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


def _parameter_names(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of a function's parameters; `inspect.signature` is slow, and does what this cannot."""
    code = getattr(function, "__code__", None)
    if code is None or code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS):
        return tuple(inspect.signature(function).parameters)
    return tuple(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])


# --- the op -----------------------------------------------------------------------------------------------------------


class Op:
    """An operation: what `op` builds, and what a node of the graph points to.

    Attributes:
        name: NumPy's name for it where NumPy has one.
        value: computes the result from plain arrays.
        parameters: the names of the array inputs, in order.
        options: the names of the other parameters.
        rules: the derivative rule of each array input, or None.
        together: whether that is one and the same rule, which returns the gradients of all inputs.
        keeps: what the rules name, which is what a node saves.
        pull: takes the gradient of the result, a node's inputs and what it saved; returns the gradients of the inputs.
        elementwise: whether it is a broadcasting function of single elements, defined for every shape.
        samples: calls to check it on.
        function: the public function.
        written: the function as its author wrote it.
        spaces: the globals of its functions, each with the `value` that they call as `_value`.
    """

    function: Any
    pull: Callable[[Any, tuple[Any, ...], tuple[Any, ...]], Sequence[Any]]

    def __init__(
        self, function: Callable[..., Any], value: Callable[..., Any], rules: dict[str, Rule | None],
        samples: Sequence[Sample], several: bool, variadic: bool, together: bool = False,
    ) -> None:  # fmt: skip
        self.name = function.__name__
        self.value = value
        self.written = function
        self.spaces: list[dict[str, Any]] = []
        _ALL.add(self)
        accepted = _parameter_names(function)
        unknown = [name for name in rules if name not in accepted]
        if unknown:
            raise TypeError(f"op {self.name!r} has rules for {unknown}, which are not among its parameters")
        self.parameters = tuple(name for name in accepted if name in rules)
        self.options = tuple(name for name in accepted if name not in rules)
        self.several = several
        self.variadic = variadic
        self.together = together
        if variadic and len(self.parameters) != 1:
            raise TypeError(f"op {self.name!r}: a parameter that takes a sequence must be the only array parameter")
        self.rules = tuple(rules[name] for name in self.parameters)
        self.names = tuple(self._names(rule) for rule in self.rules)
        self.keeps = tuple(dict.fromkeys(name for names in self.names for name in names))
        self.samples = tuple(samples)
        self.elementwise = bool(samples) and all(d.shape == () for s in samples for d in s.inputs)
        self.differentiable = any(rule is not None for rule in self.rules)

    @functools.cached_property
    def signature(self) -> inspect.Signature:
        """The parameters as written."""
        return inspect.signature(self.written)

    @property
    def doc(self) -> str:
        """The documentation, without its indentation."""
        return inspect.getdoc(self.written) or ""

    @property
    def source(self) -> str:
        """The Python source that `function` and `pull` run."""
        return f"{codegen.function_source(self)}\n\n{codegen.pull_source(self)}"

    def defaults(self) -> dict[str, Any]:
        """Return the defaults of the parameters."""
        positional = self.written.__defaults__ or ()
        names = self.written.__code__.co_varnames[: self.written.__code__.co_argcount]
        return dict(zip(names[len(names) - len(positional) :], positional)) | (self.written.__kwdefaults__ or {})

    def _names(self, rule: Rule | None) -> tuple[str, ...]:
        """Return what a rule's parameters after the gradient name, checked."""
        if rule is None:
            return ()
        names = _parameter_names(rule)[1 + (self.variadic and not self.together) :]
        known = {*self.parameters, *self.options, "out", *(p + "_shape" for p in self.parameters)}
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
        kept = (self._linked(node, name, value) for name, value in zip(self.keeps, saved))
        return (*kept, *saved[len(self.keeps) :])

    def _linked(self, node: Node, name: str, value: Any) -> Any:
        if value is None:
            return None
        if name == "out":
            return outputs_of(node, value) if self.several else linked(value, node)
        if name in self.parameters:
            sources = node.inputs if self.variadic else (node.inputs[self.parameters.index(name)],)
            values = value if self.variadic else (value,)
            tied = tuple(linked(v, s) if s is not None else v for v, s in zip(values, sources, strict=True))
            return tied if self.variadic else tied[0]
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
    together: tuple[Any, ...] = (),
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
        together: one rule for all array parameters, where their gradients share work, and the names of these, in order:
            `together=(rule, "x", "y")`. It returns a tuple with a gradient for each, with None for zero and a function
            of no arguments for what is computed only if needed. For results that nothing used it gets None.
        **rules: a derivative rule for each array parameter, None for one without a gradient.

    Raises:
        TypeError: when a rule is for, or names, something that is not there, or `together` is not all there is.

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
        each = _one_for_all(function.__name__, together, rules) if together else rules
        made = Op(function, value or function, each, samples, several, variadic, bool(together))
        if together and made.parameters != together[1:]:
            raise TypeError(f"op {made.name!r}: `together` must name its parameters in their order, {made.parameters}")
        _make_function(made)
        _register(made, numpy, builtin=function.__module__.startswith("autograd.ops."))
        functools.update_wrapper(made.function, function)
        made.function.op = made
        return made.function  # type: ignore[no-any-return]

    return make


def _one_for_all(op_name: str, together: tuple[Any, ...], rules: dict[str, Rule | None]) -> dict[str, Rule | None]:
    """Return the rule of each array parameter of an op that has one rule for all of them."""
    rule, *names = together if isinstance(together, tuple) else (together,)
    if not callable(rule) or not names or not all(isinstance(name, str) for name in names):
        raise TypeError(
            f"op {op_name!r}: `together` must be a tuple of a rule and the names of the parameters that it is for"
        )
    if rules:
        raise TypeError(f"op {op_name!r} has both `together` and rules for {[*rules]}: name these in `together`, too")
    return dict.fromkeys(names, rule)


class Composite:
    """A function made of ops, registered like one; the attributes it shares with `Op` mean the same."""

    differentiable = True
    elementwise = False

    def __init__(self, function: Callable[..., Any], samples: Sequence[Sample], several: bool) -> None:
        self.name = function.__name__
        self.several = several
        self.value = self.function = function
        self.samples = tuple(samples)
        inputs = self.samples[0].inputs if samples else ()
        self.parameters = _parameter_names(function)[: len(inputs)]
        self.variadic = any(d.shape and isinstance(d.shape[0], tuple) for d in inputs)

    @functools.cached_property
    def signature(self) -> inspect.Signature:
        """The parameters."""
        return inspect.signature(self.function)

    @property
    def doc(self) -> str:
        """The documentation, without its indentation."""
        return inspect.getdoc(self.function) or ""

    def __repr__(self) -> str:
        return f"<composite {self.name}>"


def composite(*, samples: Sequence[Sample] = (), numpy: Any = None, several: bool = False) -> Callable[[F], F]:
    """Register a built-in function that is made of ops, so that it needs no derivative rule of its own.

    Args:
        samples: calls to check it on.
        numpy: the NumPy function that this is for Tensors; by default the one of the same name.
        several: the result is a tuple of arrays.
    """

    def make(function: F) -> F:
        made = Composite(function, samples, several)
        function.op = made  # type: ignore[attr-defined]
        _register(made, numpy, builtin=True)
        return function

    return make


# --- what an op's function calls --------------------------------------------------------------------------------------

# What goes into NumPy's arithmetic as it is: numbers stay weak (NEP 50), float arrays and scalars keep their dtype.
_PLAIN = frozenset([float, int, bool, complex, *SCALARS])


def as_value(x: Any, op_name: str = "this function") -> Any:
    """Return what an op computes with for an input that is no Tensor."""
    if (x.__class__ is np.ndarray and x.dtype.kind in "biufc" and x.ndim) or x.__class__ in _PLAIN:
        return x
    if x is None or isinstance(x, str | bytes | dict | set):
        raise TypeError(f"{op_name} takes Tensors, arrays and numbers, not {type(x).__name__} {x!r:.60}")
    return to_value(x, None)


def as_input(x: Any, op_name: str) -> Any:
    """Return what an op takes for an unusual input: `as_value`, or for a list that holds Tensors one Tensor of it."""
    if isinstance(x, list | tuple) and holds_tensor(x):
        return _stacked(x)
    return as_value(x, op_name)


def _stacked(x: Any) -> Tensor:
    if isinstance(x, list | tuple):
        return np.stack([_stacked(item) for item in x])  # type: ignore[return-value, arg-type]
    return x if isinstance(x, Tensor) else Tensor(x)


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


def linked(value: Any, node: Node) -> Tensor:
    """Return a Tensor of a value that `node` computed."""
    tensor = wrap(value)
    tensor._node = node
    return tensor


def _wrap_all(values: Sequence[Any]) -> tuple[Tensor, ...]:
    return tuple(wrap(value) for value in values)


def outputs_of(node: Node, values: Sequence[Any]) -> tuple[Tensor, ...]:
    """Return the outputs of an op with several, each with a node that passes its gradient on."""
    results = []
    for i, value in enumerate(values):
        if value.dtype.kind not in "fc":
            results.append(wrap(value))
            continue
        part = Node()
        part.op, part.inputs, part.saved, part.like = _PART, (node,), (i,), like_of(value)
        part.stamp, part.extra, part.constant = modes.clock.now, None, i
        results.append(linked(value, part))
    return tuple(results)


def fill_missing(gradients: dict[int, Any], likes: list[Like]) -> list[Any]:
    """Return a gradient for each output of an op with several, zero for those that nothing used."""
    return [gradients[i] if i in gradients else _zeros(like) for i, like in enumerate(likes)]


def needed(op_name: str, parameters: tuple[str, ...], inputs: Sequence[Node | None], gradients: Any) -> list[Any]:
    """Return what a rule for all parameters together returned, with None for inputs that need no gradient."""
    if not isinstance(gradients, tuple | list) or len(gradients) != len(inputs):
        found = f"{len(gradients)} of them" if isinstance(gradients, tuple | list) else f"a {type(gradients).__name__}"
        raise ValueError(
            f"the rule of {op_name!r} for {', '.join(parameters)} together returned {found}: it must return a tuple of "
            f"{len(inputs)}, a gradient for each input in this order, None for one that is zero"
        )
    return [None if n is None else h() if callable(h) else h for n, h in zip(inputs, gradients)]


def _zeros(like: Like) -> Any:
    return np.zeros(shape_of(like), like[1]) if isinstance(like, tuple) else np.zeros_like(like)[()]


_RUNTIME: dict[str, Any] = {  # with underscores, out of the way of the ops' own parameters
    "_Tensor": Tensor, "_Node": Node, "_scalars": SCALARS, "_plain": _PLAIN, "_as_value": as_value,
    "_as_input": as_input,
    "_constant": constant, "_shape": np.shape, "_wrap": wrap, "_wrap_all": _wrap_all, "_new": object.__new__,
    "_clock": modes.clock, "_unrecorded": modes.unrecorded, "_get_ident": modes.get_ident, "_outputs": outputs_of,
    "_like_of": like_of, "_explained": _explained, "_filled": fill_missing, "_needed": needed,
    "_complex": np.complex128,
}  # fmt: skip


def _make_function(made: Op) -> None:
    """Give the op its function and its `pull`."""
    defaults = {f"_default_{p}": value for p, value in made.defaults().items()}
    space = {**_RUNTIME, **defaults, "_op": made, "_value": made.value}
    made.spaces.append(space)
    made.function = codegen.lazily(made.name, made.name, lambda: codegen.function_source(made), space)
    rules = {codegen.rule_name(made, p): rule for p, rule in zip(made.parameters, made.rules, strict=True)}
    made.pull = codegen.lazily("pull", made.name, lambda: codegen.pull_source(made), {**_RUNTIME, **rules})


def _make_operator(made: Op, name: str, first: str, second: str) -> Any:
    """Return an operator method: `first` is a Tensor for sure, an unsuitable `second` gives NotImplemented."""
    space = {**_RUNTIME, "_op": made, "_value": made.value}
    made.spaces.append(space)
    return codegen.lazily(name, made.name, lambda: codegen.operator_source(made, name, first, second), space)


def _output(outputs: Any, i: int) -> Any:
    """One output of an op with several: what ties that output's Tensor to the node of the op."""
    return outputs[i]


_PART = Op(_output, _output, {"outputs": lambda g, i: {i: g}}, (), False, False)
_make_function(_PART)


def record(made: Any, inputs: Sequence[Node | None], saved: tuple[Any, ...], values: Any) -> Any:
    """Write the node of an operation that was not made by `op`, and return its result.

    Args:
        made: has `name`, `several`, `pull` and `relink`, as an `Op` has.
        inputs: the node that each gradient of `pull` goes to, or None.
        saved: what `pull` needs.
        values: the array that was computed, or if `several` a tuple of arrays.
    """
    node = Node()
    node.op, node.inputs, node.saved = made, tuple(inputs), saved
    node.like = [like_of(value) for value in values] if made.several else like_of(values)
    node.stamp, node.extra = modes.clock.now, None
    return outputs_of(node, values) if made.several else linked(values, node)


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
    forward = _make_operator(made, f"__{symbol}__", x1, x2)
    tensor_method(f"__{symbol}__")(forward)
    if made.name in COMPARISONS:
        return
    tensor_method(f"__r{symbol}__")(_make_operator(made, f"__r{symbol}__", x2, x1))

    write = getattr(operator, f"i{symbol}")

    def in_place(self: Tensor, other: Any) -> Any:
        if isinstance(self._data, np.ndarray) and not self._would_record(other):
            write(self._data, as_value(value_of(other), made.name))
            modes.clock.mark(self._data)
            return self
        alone, temporary = held_once(self), is_temporary(sys.getrefcount(self))
        result = forward(self, other)
        if result is NotImplemented or temporary:
            return result
        return self._become(result, f"in-place {made.name}", alone)

    tensor_method(f"__i{symbol}__")(in_place)

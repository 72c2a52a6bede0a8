"""One call of an op that is to be checked: its inputs and options, how they are drawn, and what it computes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import DTypeLike

from autograd.primitive import Op
from autograd.samples import Draw, Sample
from autograd.tensor import Tensor, value_of
from autograd.testing.strategies import Shape, broadcastable_shapes
from autograd.testing.subjects import Plain, Subject, subject_of


@dataclass(frozen=True)
class Call:
    """One call of an op that is to be checked.

    Attributes:
        op: the op; a function is replaced by what stands for it.
        inputs: its array inputs; where the op takes a sequence, the arrays in it.
        options: its other arguments.
        sample: how the inputs were drawn, where they were.

    >>> import autograd
    >>> call = Call(autograd.multiply, (np.array([1.0, 2.0]), np.array(3.0)))
    >>> call.run(call.inputs)
    [array([3., 6.])]
    """

    op: Subject
    inputs: tuple[Any, ...]
    options: dict[str, Any] = field(default_factory=dict)
    sample: Sample | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "op", subject_of(self.op))

    @classmethod
    def of(cls, op: Subject, inputs: Sequence[Any], options: dict[str, Any], sample: Sample | None = None) -> Call:
        """Return the call with the inputs as a sample gives them.

        Raises:
            TypeError: when they are more, or other, than the op takes.
        """
        call = cls(op, tuple(inputs[0]) if op.variadic else tuple(inputs), options, sample)
        if not call._fits(len(inputs)):
            raise TypeError(
                f"a sample of {op.name!r} gives {len(inputs)} inputs and the options {sorted(options)}, but its "
                f"signature is {op.signature}"
            )
        return call

    def _fits(self, count: int) -> bool:
        """Return whether the op takes so many inputs, and these options."""
        if isinstance(self.op, Plain):
            try:
                self.op.signature.bind(*range(count), **self.options)
            except TypeError:
                return False
            return True
        return count <= len(self.parameters) and set(self.options) <= set(self.op.signature.parameters)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters that the inputs are for; a composite does not say which take arrays."""
        if isinstance(self.op, Op):
            return self.op.parameters
        if isinstance(self.op, Plain):
            names = self.op.parameters
            return names + tuple(f"x{i}" for i in range(len(names), len(self.inputs)))
        return tuple(name for name in self.op.signature.parameters if name not in self.options)

    @property
    def names(self) -> tuple[str, ...]:
        """What to call each input."""
        if self.op.variadic:
            return tuple(f"{self.parameters[0]}[{i}]" for i in range(len(self.inputs)))
        return self.parameters[: len(self.inputs)]

    def run(self, inputs: Sequence[Any]) -> list[Any]:
        """Return the outputs of the op's function for other inputs with the same options.

        A function that is no registered op gets Tensors.
        """
        if isinstance(self.op, Plain):
            inputs = [x if isinstance(x, Tensor) else Tensor(x) for x in inputs]
        args, kwargs = self.arguments(inputs)
        return self._listed(self.op.function(*args, **kwargs))

    def values(self, inputs: Sequence[Any]) -> list[Any]:
        """Return what the op computes from arrays."""
        if isinstance(self.op, Plain):
            return [value_of(y) for y in self.run(inputs)]
        args, kwargs = self.arguments(inputs)
        bound = self.op.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return self._listed(self.op.value(*bound.args, **bound.kwargs))

    def _listed(self, result: Any) -> list[Any]:
        several = isinstance(result, tuple | list) if isinstance(self.op, Plain) else self.op.several
        return list(result) if several else [result]

    def arguments(self, inputs: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
        """Return inputs and options as arguments: by position up to the first that is left out, then by name."""
        arrays = [list(inputs)] if self.op.variadic else list(inputs)
        if isinstance(self.op, Plain):
            return arrays, self.options
        named = dict(zip(self.parameters, arrays)) | self.options
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        left_out = False
        for name, parameter in self.op.signature.parameters.items():
            if name not in named:
                left_out = True
            elif left_out or parameter.kind is inspect.Parameter.KEYWORD_ONLY:
                kwargs[name] = named[name]
            else:
                args.append(named[name])
        return args, kwargs

    def differentiable(self, i: int) -> bool:
        """Return whether input i has a rule, and a dtype that can have a gradient."""
        ruled = not isinstance(self.op, Op) or self.op.rules[0 if self.op.variadic else i] is not None
        return ruled and self.inputs[i].dtype.kind in "fc"

    def leaves(self) -> list[Tensor]:
        """Return the inputs as Tensors; those that can have a gradient require one."""
        return [Tensor(x, requires_grad=self.differentiable(i)) for i, x in enumerate(self.inputs)]

    def astype(self, dtype: DTypeLike) -> Call:
        """Return the call with its floating inputs in another dtype, complex ones in the complex dtype of its size."""
        dtypes = {"f": np.dtype(dtype), "c": np.result_type(dtype, np.complex64)}
        return self.map(lambda x: x.astype(dtypes[x.dtype.kind], order="C") if x.dtype.kind in dtypes else x)

    def map(self, change: Callable[[np.ndarray], np.ndarray]) -> Call:
        """Return the call with each input changed."""
        return replace(self, inputs=tuple(change(x) for x in self.inputs))

    def draw(self, i: int) -> Draw:
        """Return how input i was drawn; where it was not, between the numbers that it has."""
        if self.sample is not None:
            return self.sample.inputs[0 if self.op.variadic else i]
        x = self.inputs[i]
        hull = (float(x.min(initial=0)), float(x.max(initial=0))) if x.dtype.kind == "f" and x.size else (0.0, 0.0)
        return Draw(x.shape, hull, kind=x.dtype.kind)

    def __str__(self) -> str:
        inputs = [f"{x.dtype}{list(x.shape)} {np.array2string(x, threshold=12)}" for x in self.inputs]
        options = [f"{name}={value!r}" for name, value in self.options.items()]
        return f"{self.op.name}({', '.join(inputs + options)})".replace("\n", "")


# --- drawing ----------------------------------------------------------------------------------------------------------


def edge_shapes(count: int) -> list[tuple[Shape, ...]]:
    """Return the shapes that an elementwise op of `count` inputs is always checked on.

    >>> edge_shapes(2)
    [((), ()), ((0,), (0,)), ((1,), (1,)), ((2, 2), (2, 2)), ((), (2,)), ((0, 1), (1, 2)), ((2, 1), (3,)), ...
    """
    same: list[tuple[Shape, ...]] = [(shape,) * count for shape in ((), (0,), (1,), (2, 2))]
    if count == 1:
        return [*same, ((2, 0),), ((2, 3),)]
    pairs: list[tuple[Shape, Shape]] = [((), (2,)), ((0, 1), (1, 2)), ((2, 1), (3,)), ((3,), (2, 1))]
    return [*same, *(tuple(pair[i % 2] for i in range(count)) for pair in pairs)]


def draw_call(op: Subject, sample: Sample, seed: int, shapes: Sequence[Shape] | None = None) -> Call:
    """Return a call drawn as a sample describes, with the values that belong to a seed.

    Args:
        op: the op.
        sample: how to draw its inputs.
        seed: any number; the same one gives the same values.
        shapes: the shape of each input, instead of the sample's.

    >>> import autograd
    >>> op = autograd.exp.op
    >>> draw_call(op, op.samples[0], seed=0, shapes=[(2, 3)]).inputs[0].shape
    (2, 3)
    """
    if shapes is not None:
        sample = replace(sample, inputs=tuple(replace(d, shape=s) for d, s in zip(sample.inputs, shapes, strict=True)))
    return Call.of(op, sample.draw(np.random.default_rng(seed)), sample.options, sample)


def calls(op: Subject, sample: Sample) -> st.SearchStrategy[Call]:
    """Return a strategy for calls of an op: the sample with any values and, of elementwise ops, in any shapes.

    >>> import autograd
    >>> from hypothesis import find
    >>> op = autograd.add.op
    >>> find(calls(op, op.samples[0]), lambda call: call.inputs[0].size == 0).run([1.0, 2.0])
    [3.0]
    """
    seeds = st.integers(0, 2**32 - 1)
    if not op.elementwise:
        return seeds.map(lambda seed: draw_call(op, sample, seed))
    drawn = broadcastable_shapes(len(sample.inputs), max_dims=2, max_side=2)
    return st.tuples(seeds, drawn).map(lambda pair: draw_call(op, sample, *pair))


# --- gradients --------------------------------------------------------------------------------------------------------


def seed_of(output: Tensor) -> np.ndarray:
    """Return a gradient to send back from an output: its entries all differ, and none is 1.

    >>> seed_of(Tensor([0.0, 0.0]))
    array([0.5 , 0.75], dtype=float32)
    """
    return np.asarray(0.5 + np.arange(output.size).reshape(output.shape) / 4, output.dtype)


def gradients(call: Call, create_graph: bool = False) -> list[Any]:
    """Return the gradient of each input of a call as an array, None for those without one.

    >>> import autograd
    >>> gradients(Call(autograd.multiply, (np.array([2.0]), np.array([3.0]))))
    [array([1.5]), array([1.])]
    """
    leaves = call.leaves()
    return backward(leaves, call.run(leaves), create_graph)


def backward(leaves: Sequence[Any], outputs: Sequence[Tensor], create_graph: bool = False) -> list[Any]:
    """Send a gradient back from each output, one after the other; return the sums that arrive at the leaves."""
    for output in outputs:
        if output.requires_grad:
            output.backward(seed_of(output), retain_graph=True, create_graph=create_graph)
    arrived = [leaf.grad if isinstance(leaf, Tensor) else None for leaf in leaves]
    return [None if gradient is None else np.asarray(value_of(gradient)) for gradient in arrived]


def weighted_sum(outputs: Sequence[Tensor]) -> Tensor | None:
    """Return the number whose gradient is `seed_of` each output; None where no output needs a gradient."""
    total = None
    for output in outputs:
        if output.requires_grad:
            part = np.sum(output * np.conj(seed_of(output)))
            part = part.real if part.dtype.kind == "c" else part
            total = part if total is None else total + part
    return total  # type: ignore[return-value]


def function_of_leaves(call: Call) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """Return the call as a function of those of its inputs that can have gradients, and these."""
    places = [i for i in range(len(call.inputs)) if call.differentiable(i)]

    def f(*leaves: Tensor) -> Any:
        inputs = list(call.inputs)
        for i, leaf in zip(places, leaves, strict=True):
            inputs[i] = leaf
        return tuple(call.run(inputs))

    f.__name__ = call.op.name
    return f, tuple(Tensor(call.inputs[i], requires_grad=True, name=call.names[i]) for i in places)


def rule_dtypes(call: Call) -> Iterator[Any]:
    """Yield the dtype that the rule for each input computes in; None where it has none of its own."""
    output = call.run(call.leaves())[0]
    node = output._node if isinstance(output, Tensor) else None
    if node is None or node.saved is None or not isinstance(call.op, Op) or call.op.several:
        return
    seed = seed_of(output)
    for gradient in call.op.pull(seed if seed.ndim else seed[()], node.inputs, node.saved):
        yield getattr(gradient, "dtype", None)


def has_finite_values(call: Call) -> bool:
    """Return whether the op can be computed at a call's inputs."""
    with np.errstate(all="ignore"):
        return all(np.isfinite(y).all() for y in call.values(call.inputs))

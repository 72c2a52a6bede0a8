"""Property tests for operations: strategies that draw their inputs, and `check_op`, which checks everything at once.

Values are drawn at random, not by hypothesis: what hypothesis likes to draw, zeros and ties, is where derivatives do
not exist. Hypothesis draws what surrounds them (shapes and seeds) and shrinks that where a property fails.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from numpy.typing import DTypeLike

from autograd.checking import gradcheck, gradgradcheck
from autograd.modes import no_grad
from autograd.primitive import Composite, Op
from autograd.samples import Sample
from autograd.tensor import Tensor, value_of

Shape: TypeAlias = tuple[int, ...]
AnyOp: TypeAlias = Op | Composite

# --- strategies -------------------------------------------------------------------------------------------------------


def shapes(min_dims: int = 0, max_dims: int = 3, min_side: int = 0, max_side: int = 3) -> st.SearchStrategy[Shape]:
    """Return a strategy for shapes, 0-d and empty ones included.

    Args:
        min_dims: the fewest axes.
        max_dims: the most axes.
        min_side: the smallest size of an axis.
        max_side: the largest size of an axis.

    Raises:
        hypothesis.errors.InvalidArgument: when a minimum is above its maximum.

    >>> from hypothesis import find
    >>> find(shapes(max_dims=2), lambda shape: len(shape) == 2 and 0 not in shape)
    (1, 1)
    """
    return hnp.array_shapes(min_dims=min_dims, max_dims=max_dims, min_side=min_side, max_side=max_side)


def broadcastable_shapes(
    count: int, max_dims: int = 3, min_side: int = 0, max_side: int = 3
) -> st.SearchStrategy[tuple[Shape, ...]]:
    """Return a strategy for shapes that broadcast together.

    Args:
        count: how many shapes.
        max_dims: the most axes.
        min_side: the smallest size of an axis.
        max_side: the largest size of an axis.

    Raises:
        hypothesis.errors.InvalidArgument: when a minimum is above its maximum.

    >>> from hypothesis import find
    >>> find(broadcastable_shapes(2), lambda pair: len(pair[0]) < len(pair[1]))
    ((), (0,))
    """
    together = hnp.mutually_broadcastable_shapes(
        num_shapes=count, max_dims=max_dims, min_side=min_side, max_side=max_side
    )
    return together.map(lambda drawn: tuple(drawn.input_shapes))


def arrays(
    shape: Shape | st.SearchStrategy[Shape] = (),
    domain: tuple[float, float] = (-2.0, 2.0),
    kinks: Sequence[float] = (),
    dtype: DTypeLike = np.float64,
    distinct: bool = False,
) -> st.SearchStrategy[np.ndarray]:
    """Return a strategy for arrays of finite numbers on which a function has a derivative.

    Args:
        shape: the shape, or a strategy for it.
        domain: the values lie between these.
        kinks: no value comes closer to one of these than a tenth.
        dtype: a floating dtype.
        distinct: any two values differ by a margin.

    Raises:
        TypeError: when the dtype is not floating.

    >>> from hypothesis import find
    >>> find(arrays((2,), domain=(1, 3)), lambda x: True)
    array([1., 1.])
    """
    kind = np.dtype(dtype)
    if kind.kind != "f":
        raise TypeError(f"arrays() draws floating arrays, not {kind}")
    low, high = domain
    if distinct:
        return (st.just(shape) if isinstance(shape, tuple) else shape).flatmap(
            lambda s: st.permutations(range(int(np.prod(s)))).map(lambda order: _spread(order, s, domain, kind))
        )
    elements = st.floats(float(low), float(high), width=64, allow_subnormal=False).filter(
        lambda value: all(abs(value - kink) >= 0.1 for kink in kinks)
    )
    return hnp.arrays(np.float64, shape, elements=elements).map(lambda values: values.astype(kind))


def _spread(order: Sequence[int], shape: Shape, domain: tuple[float, float], dtype: np.dtype[Any]) -> np.ndarray:
    """Return values spread evenly over the domain, in a given order."""
    low, high = domain
    parts = (np.array(order, np.float64) + 0.5) / max(len(order), 1)
    return np.asarray(low + (high - low) * parts, dtype).reshape(shape)


# --- one call of an op ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Call:
    """One call of an op that is to be checked.

    Attributes:
        op: the op.
        inputs: its array inputs; where the op takes a sequence, the arrays in it.
        options: its other arguments.

    >>> import autograd
    >>> call = Call(autograd.multiply.op, (np.array([1.0, 2.0]), np.array(3.0)))
    >>> call.run(call.inputs)
    [array([3., 6.])]
    """

    op: AnyOp
    inputs: tuple[Any, ...]
    options: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, op: AnyOp, inputs: Sequence[Any], options: dict[str, Any]) -> Call:
        """Return the call with the inputs as a sample gives them.

        Raises:
            TypeError: when they are more, or other, than the op takes.
        """
        call = cls(op, tuple(inputs[0]) if op.variadic else tuple(inputs), options)
        if len(inputs) > len(call.parameters) or not set(options) <= set(op.signature.parameters):
            raise TypeError(
                f"a sample of {op.name!r} gives {len(inputs)} inputs and the options {sorted(options)}, but its "
                f"signature is {op.signature}"
            )
        return call

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters that the inputs are for; a composite does not say which take arrays."""
        if isinstance(self.op, Op):
            return self.op.parameters
        return tuple(name for name in self.op.signature.parameters if name not in self.options)

    def run(self, inputs: Sequence[Any]) -> list[Any]:
        """Return the outputs of the op's function for other inputs with the same options."""
        args, kwargs = self.arguments(inputs)
        return self._listed(self.op.function(*args, **kwargs))

    def values(self, inputs: Sequence[Any]) -> list[Any]:
        """Return what the op's `value` computes from arrays."""
        args, kwargs = self.arguments(inputs)
        bound = self.op.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return self._listed(self.op.value(*bound.args, **bound.kwargs))

    def _listed(self, result: Any) -> list[Any]:
        return list(result) if self.op.several else [result]

    def arguments(self, inputs: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
        """Return inputs and options as arguments: by position up to the first that is left out, then by name."""
        arrays = [list(inputs)] if self.op.variadic else inputs
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
        ruled = isinstance(self.op, Composite) or self.op.rules[0 if self.op.variadic else i] is not None
        return ruled and self.inputs[i].dtype.kind == "f"

    def leaves(self) -> list[Tensor]:
        """Return the inputs as Tensors; those that can have a gradient require one."""
        return [Tensor(x, requires_grad=self.differentiable(i)) for i, x in enumerate(self.inputs)]

    def astype(self, dtype: DTypeLike) -> Call:
        """Return the call with its floating inputs in another dtype."""
        return replace(self, inputs=tuple(x.astype(dtype) if x.dtype.kind == "f" else x for x in self.inputs))

    def __str__(self) -> str:
        inputs = [f"{x.dtype}{list(x.shape)} {np.array2string(x, threshold=12)}" for x in self.inputs]
        options = [f"{name}={value!r}" for name, value in self.options.items()]
        return f"{self.op.name}({', '.join(inputs + options)})".replace("\n", "")


def edge_shapes(count: int) -> list[tuple[Shape, ...]]:
    """Return the shapes that an elementwise op of `count` inputs is always checked on.

    >>> edge_shapes(2)
    [((), ()), ((0,), (0,)), ((1,), (1,)), ((), (2,)), ((2, 1), (3,)), ((0, 1), (1, 2))]
    """
    same: list[tuple[Shape, ...]] = [(shape,) * count for shape in ((), (0,), (1,))]
    if count == 1:
        return [*same, ((2, 0),), ((2, 3),)]
    rest: tuple[Shape, ...] = ((),) * (count - 2)
    return [*same, ((), (2,), *rest), ((2, 1), (3,), *rest), ((0, 1), (1, 2), *rest)]


def draw_call(op: AnyOp, sample: Sample, seed: int, shapes: Sequence[Shape] | None = None) -> Call:
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
    return Call.of(op, sample.draw(np.random.default_rng(seed)), sample.options)


def calls(op: AnyOp, sample: Sample) -> st.SearchStrategy[Call]:
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


# --- properties of a call ---------------------------------------------------------------------------------------------


def check_value(call: Call) -> None:
    """Arrays in give arrays out, Tensors in give Tensors out, and both are the op's value."""
    expected = call.values(call.inputs)
    plain = call.run(call.inputs)
    wrapped = call.run([Tensor(x) for x in call.inputs])
    _require(len(plain) == len(wrapped) == len(expected), "the function has another number of results than the value")
    for want, array, tensor in zip(expected, plain, wrapped, strict=True):
        _require(not isinstance(array, Tensor), "arrays in gave a Tensor out")
        _require(isinstance(tensor, Tensor), f"Tensors in gave {type(tensor).__name__} out")
        _require_equal(array, want, "the value for arrays")
        _require_equal(value_of(tensor), want, "the value for Tensors")


def check_recording(call: Call) -> None:
    """Floating results need a gradient if the op has a rule for an input that does, and no others do."""
    leaves = call.leaves()
    if not call.op.differentiable:
        leaves = [Tensor(x, requires_grad=x.dtype.kind == "f") for x in call.inputs]
    expected = any(call.differentiable(i) for i in range(len(call.inputs)))
    for output in call.run(leaves):
        needs = expected and output.dtype.kind in "fc"
        _require(output.requires_grad == needs, f"requires_grad of the result is {output.requires_grad}, not {needs}")
    with no_grad():
        for output in call.run(leaves):
            _require(not output.requires_grad, "the op records inside no_grad()")


def check_first_order(call: Call) -> None:
    """The gradients are those that differences measure."""
    f, inputs = _function_of_leaves(call)
    if inputs:
        gradcheck(f, inputs)


def check_second_order(call: Call) -> None:
    """The gradients' own derivatives are those that differences measure, and recording changes no gradient."""
    f, inputs = _function_of_leaves(call)
    if inputs:
        gradgradcheck(f, inputs)
        plain, recorded = gradients(call), gradients(call, create_graph=True)
        _require_close(recorded, plain, 1e-12, "the gradients under create_graph=True and those without")


_SINGLE = {np.dtype(np.float64): np.dtype(np.float32), np.dtype(np.complex128): np.dtype(np.complex64)}


def check_dtypes(call: Call) -> None:
    """In float32, results and gradients are float32 (also inside the rules) and close to those in float64."""
    single = call.astype(np.float32)
    double = single.astype(np.float64)
    results, expected = ([value_of(y) for y in c.run(c.leaves())] for c in (single, double))
    # With integers NumPy's promotion makes float64 of float32, and an option may ask for any dtype.
    if "dtype" not in call.options and not any(x.dtype.kind in "iu" for x in call.inputs):
        dtypes = [_SINGLE.get(y.dtype, y.dtype) for y in expected]
        _require([y.dtype for y in results] == dtypes, f"results for float32 are {results[0].dtype}, not {dtypes[0]}")
        for i, dtype in enumerate(_rule_dtypes(single)):
            _require(
                dtype is None or dtype in (np.float32, np.complex64),
                f"in float32, the rule for input {i} computes in {dtype}, which is slow: keep its constants Python "
                "numbers, and what it makes of flags and integers in the dtype of the gradient",
            )
    _require_close(results, expected, 1e-4, "the results in float32 and float64")
    found = gradients(single)
    for leaf, gradient in zip(single.inputs, found, strict=True):
        _require(gradient is None or gradient.dtype == leaf.dtype, "a gradient has another dtype than its input")
    _require_close(found, gradients(double), 1e-3, "the gradients in float32 and float64")


def check_layouts(call: Call) -> None:
    """Results and gradients do not depend on how the inputs lie in memory, nor on whether they can be written."""
    expected, expected_gradients = call.run(call.inputs), gradients(call)
    for layout, relaid in LAYOUTS.items():
        other = replace(call, inputs=tuple(relaid(x) for x in call.inputs))
        _require_close(other.run(other.inputs), expected, 1e-12, f"the results for contiguous and {layout} inputs")
        _require_close(gradients(other), expected_gradients, 1e-12, f"the gradients for contiguous and {layout} inputs")


def check_purity(call: Call) -> None:
    """Nothing that was handed in is changed, and each gradient has its memory for itself."""
    before = [x.tobytes() for x in call.inputs]
    leaves = call.leaves()
    outputs = [y for y in call.run(leaves) if y.requires_grad]
    seeds = [seed_of(y) for y in outputs]
    before += [seed.tobytes() for seed in seeds]
    handed_in = [*call.inputs, *seeds]
    for output, seed in zip(outputs, seeds, strict=True):
        output.backward(seed, retain_graph=True)
    changed = [i for i, (x, old) in enumerate(zip(handed_in, before, strict=True)) if x.tobytes() != old]
    names = [*(f"input {i}" for i in range(len(call.inputs))), *(f"incoming gradient {i}" for i in range(len(seeds)))]
    _require(not changed, f"changed in place: {', '.join(names[i] for i in changed)}")
    owners = list(zip(names, handed_in, strict=True))
    for i, leaf in enumerate(leaves):
        if leaf.grad is not None:
            gradient = leaf.grad.data
            shared = [name for name, other in owners if np.shares_memory(gradient, other)]
            _require(not shared, f"the gradient of input {i} shares memory with {', '.join(shared)}")
            owners.append((f"the gradient of input {i}", gradient))


def check_repeated_argument(call: Call) -> None:
    """Calling f(x, x) sends x the sum of the gradients that f(x, y) sends both."""
    if len(call.inputs) != 2 or not all(call.differentiable(i) for i in range(2)):
        return
    if not call.op.elementwise and call.inputs[0].shape != call.inputs[1].shape:
        return
    for x in call.inputs:
        apart = replace(call, inputs=(x, x.copy()))
        if not _has_finite_values(apart):  # x is outside the domain of the other place
            continue
        leaf = Tensor(x, requires_grad=True)
        together = _backward([leaf], apart.run([leaf, leaf]))[0]
        one, other = gradients(apart)
        _require_close([together], [one + other], 1e-12, "the gradient of f(x, x) and the sum of both")


def check_numbers(call: Call) -> None:
    """A Python number in place of an input gives what an array of it gives, and stays weak where NumPy has it so."""
    if not call.op.elementwise or len(call.inputs) < 2:
        return
    single = call.astype(np.float32)
    for i, x in enumerate(single.inputs):
        rest = [y for j, y in enumerate(single.inputs) if j != i]
        if x.dtype.kind == "f" and x.size and any(y.dtype.kind == "f" for y in rest):
            _check_number(single, i, x.flat[0].item())


def _check_number(call: Call, i: int, number: float) -> None:
    """Check a call with a Python number as input i."""
    inputs, expected = _run_with(call, i, number), _run_with(call, i, np.float32(number))
    raw = call.values([number if j == i else x for j, x in enumerate(call.inputs)])
    results, wanted = ([value_of(y) for y in outputs] for _, outputs in (inputs, expected))
    for result, want in zip(results, raw, strict=True):
        _require_equal(result, want, f"the result for a number as input {i}")
    _require_close(results, wanted, 1e-5, f"the results for a number and an array as input {i}")
    found, wanted = _backward(*inputs), _backward(*expected)
    _require_close(found, wanted, 1e-5, f"the gradients for a number and an array as input {i}")


def _run_with(call: Call, i: int, replacement: Any) -> tuple[list[Any], list[Tensor]]:
    """Return the leaves, one of them replaced, and the outputs of a call."""
    leaves: list[Any] = call.leaves()
    leaves[i] = replacement
    return leaves, call.run(leaves)


# --- the pieces that properties are made of ---------------------------------------------------------------------------


def _strided(x: np.ndarray) -> np.ndarray:
    """Return the same values with a gap after each along the last axis."""
    if not x.ndim:
        return x.copy()
    wide = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)
    wide[..., ::2] = x
    return wide[..., ::2]


def _reversed(x: np.ndarray) -> np.ndarray:
    """Return the same values with negative strides on every axis."""
    return np.flip(np.flip(x).copy())


def _read_only(x: np.ndarray) -> np.ndarray:
    """Return a copy that cannot be written."""
    x = x.copy()
    x.flags.writeable = False
    return x


# The ways for an array to lie in memory other than C order.
LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "column-major": lambda x: x.copy(order="F"),
    "strided": _strided,
    "reversed": _reversed,
    "read-only": _read_only,
}


def seed_of(output: Tensor) -> np.ndarray:
    """Return a gradient to send back from an output: its entries all differ, and none is 1.

    >>> seed_of(Tensor([0.0, 0.0]))
    array([0.5 , 0.75], dtype=float32)
    """
    return np.asarray(0.5 + np.arange(output.size).reshape(output.shape) / 4, output.dtype)


def gradients(call: Call, create_graph: bool = False) -> list[Any]:
    """Return the gradient of each input of a call as an array, None for those without one.

    >>> import autograd
    >>> gradients(Call(autograd.multiply.op, (np.array([2.0]), np.array([3.0]))))
    [array([1.5]), array([1.])]
    """
    leaves = call.leaves()
    return _backward(leaves, call.run(leaves), create_graph)


def _backward(leaves: Sequence[Any], outputs: Sequence[Tensor], create_graph: bool = False) -> list[Any]:
    """Send a gradient back from each output; return the sums that arrive at the leaves."""
    for output in outputs:
        if output.requires_grad:
            output.backward(seed_of(output), retain_graph=True, create_graph=create_graph)
    arrived = [leaf.grad if isinstance(leaf, Tensor) else None for leaf in leaves]
    return [None if gradient is None else np.asarray(value_of(gradient)) for gradient in arrived]


def _function_of_leaves(call: Call) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """Return the call as a function of those of its inputs that can have gradients, and these."""
    places = [i for i in range(len(call.inputs)) if call.differentiable(i)]

    def f(*leaves: Tensor) -> Any:
        inputs = list(call.inputs)
        for i, leaf in zip(places, leaves, strict=True):
            inputs[i] = leaf
        return tuple(part for output in call.run(inputs) for part in _parts(output))

    f.__name__ = call.op.name
    leaves = [Tensor(call.inputs[i], requires_grad=True) for i in places]
    for i, leaf in zip(places, leaves, strict=True):
        leaf.name = f"{call.parameters[0]}[{i}]" if call.op.variadic else call.parameters[i]
    return f, tuple(leaves)


def _parts(output: Any) -> tuple[Any, ...]:
    """Return an output, a complex one as its real and its imaginary part."""
    return (output.real, output.imag) if output.dtype.kind == "c" else (output,)


def _rule_dtypes(call: Call) -> Iterator[Any]:
    """Yield the dtype that the rule for each input computes in; None where it has none of its own."""
    output = call.run(call.leaves())[0]
    node = output._node if isinstance(output, Tensor) else None
    if node is None or node.saved is None or call.op.several or not isinstance(call.op, Op):
        return
    seed = seed_of(output)
    for gradient in call.op.pull(seed if seed.ndim else seed[()], node.inputs, node.saved):
        yield getattr(gradient, "dtype", None)


def _has_finite_values(call: Call) -> bool:
    """Return whether the op can be computed at a call's inputs."""
    with np.errstate(all="ignore"):
        return all(np.isfinite(y).all() for y in call.values(call.inputs))


def _require(condition: Any, message: str) -> None:
    if not condition:
        raise AssertionError(message)


def _require_equal(got: Any, want: Any, what: str) -> None:
    """Raise unless dtype, shape and every value are equal."""
    _require(got.dtype == want.dtype, f"{what} is {got.dtype}, not {want.dtype}")
    _require(got.shape == want.shape, f"{what} has shape {got.shape}, not {want.shape}")
    _require(np.array_equal(got, want, equal_nan=got.dtype.kind in "fc"), f"{what} is {got}, not {want}")


def _require_close(got: Sequence[Any], want: Sequence[Any], tolerance: float, what: str) -> None:
    """Raise unless arrays are equal up to a part of their largest value."""
    for i, (a, b) in enumerate(zip(got, want, strict=True)):
        _require((a is None) == (b is None), f"{what} differ: only one of them has a number {i}")
        if a is not None:
            _require(a.shape == b.shape, f"{what} have shapes {a.shape} and {b.shape}")
            scale = max(float(np.abs(b).max(initial=0)), 1.0) if b.dtype.kind in "fc" else 0.0
            close = np.allclose(a, b, rtol=0, atol=tolerance * scale, equal_nan=True)
            _require(close, f"{what} differ: {a} and {b}")


# --- the suite --------------------------------------------------------------------------------------------------------

PROPERTIES: tuple[Callable[[Call], None], ...] = (
    check_value,
    check_recording,
    check_first_order,
    check_second_order,
    check_dtypes,
    check_layouts,
    check_purity,
    check_repeated_argument,
    check_numbers,
)


def check_call(call: Call, properties: Sequence[Callable[[Call], None]] = PROPERTIES) -> None:
    """Check properties of one call.

    Args:
        call: the call.
        properties: functions that raise where the property they stand for does not hold.

    Raises:
        AssertionError: naming the property and the inputs for which it fails.

    >>> import autograd
    >>> check_call(Call(autograd.exp.op, (np.array([1.0, 2.0]),)))
    """
    for holds in properties:
        try:
            holds(call)
        except Exception as error:
            promise = (inspect.getdoc(holds) or "").partition("\n")[0]
            reason = str(error) if isinstance(error, AssertionError) else f"{type(error).__name__}: {error}"
            raise AssertionError(
                f"op {call.op.name!r} fails {holds.__name__}: {promise}\nfor {call}:\n{reason}"
            ) from error


def check_op(op_or_function: Any, samples: Sequence[Sequence[Any] | Sample] | None = None) -> None:
    """Check everything that an operation promises, on samples of its inputs.

    Checked are its value for arrays and Tensors, first and second derivatives against numerical ones, dtypes, memory
    layouts, read-only inputs, repeated arguments, that nothing is changed in place, and that gradients own their
    memory; of elementwise ops all that for 0-d, empty, size-1 and broadcasting shapes.

    Args:
        op_or_function: what `autograd.op` made: the function, or its `op`.
        samples: the calls to check it on: for each a tuple of arrays (where the op takes a sequence, a tuple of one
            list of arrays), or an `autograd.sample`; by default those registered with the op.

    Raises:
        AssertionError: naming the property that fails, and inputs for which it does.
        TypeError: when this is no op, or the inputs are not what it takes.
        ValueError: when there are no samples.

    >>> import autograd
    >>> @autograd.op(x=lambda g, x: g * 3 * x**2)
    ... def cube(x):
    ...     '''Return x to the third power.'''
    ...     return x * x * x
    >>> check_op(cube, [(np.array([1.0, -2.0]),)])
    """
    op = op_or_function if isinstance(op_or_function, AnyOp) else getattr(op_or_function, "op", None)
    if not isinstance(op, AnyOp):
        raise TypeError(f"check_op checks what autograd.op made, not {op_or_function!r}; for functions see gradcheck")
    chosen = op.samples if samples is None else samples
    if not chosen:
        raise ValueError(
            f"op {op.name!r} has no samples to check it on: call check_op(op, samples=[(array, ...), ...]), or "
            "register some with autograd.op(..., samples=[autograd.sample((2, 3))])"
        )
    for sample in chosen:
        if isinstance(sample, Sample):
            check_sample(op, sample)
        else:
            check_call(_given_call(op, sample))


def check_sample(op: AnyOp, sample: Sample, examples: int = 4) -> None:
    """Check an op on calls drawn as a sample describes; an elementwise one first on the shapes that go wrong most.

    Args:
        op: the op.
        sample: how to draw its inputs.
        examples: how many calls to draw for elementwise ops, whose shapes vary; half of that for others.

    Raises:
        AssertionError: naming the property that fails, and inputs for which it does.

    >>> import autograd
    >>> check_sample(autograd.exp.op, autograd.sample(()))
    """
    if op.elementwise and all(d.shape == () for d in sample.inputs):
        for shapes in edge_shapes(len(sample.inputs)):
            check_call(draw_call(op, sample, 0, shapes))
        drawn = calls(op, sample)
    else:
        drawn = st.integers(0, 2**32 - 1).map(lambda seed: draw_call(op, sample, seed))
        examples = (examples + 1) // 2

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,  # kept by the name of the function, which is the same for all ops
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
    )
    @given(drawn)
    def check(call: Call) -> None:
        check_call(call)

    check()


def _given_call(op: AnyOp, inputs: Sequence[Any]) -> Call:
    """Return the call of an op with a user's arrays, floating ones in float64."""
    if not isinstance(inputs, tuple):
        raise TypeError(f"a sample is a tuple of arrays, one for each array input of {op.name!r}, not {inputs!r:.60}")
    call = Call.of(op, inputs, {})
    return replace(call, inputs=tuple(np.asarray(value_of(x)) for x in call.inputs)).astype(np.float64)

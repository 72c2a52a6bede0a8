"""The whole suite: every property, on calls that cover the shapes that go wrong most."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from autograd.primitive import Composite
from autograd.samples import Draw, Sample
from autograd.tensor import value_of
from autograd.testing import memory, properties
from autograd.testing.calling import Call, calls, draw_call, edge_shapes
from autograd.testing.elementwise import elementwise_calls
from autograd.testing.properties import check_scales
from autograd.testing.shrinking import shrunk
from autograd.testing.snippets import snippet
from autograd.testing.subjects import Plain, Subject, subject_of

Property: TypeAlias = Callable[[Call], None]

PROPERTIES: tuple[Property, ...] = (
    properties.check_value,
    properties.check_recording,
    properties.check_first_order,
    properties.check_second_order,
    check_scales,
    properties.check_dtypes,
    properties.check_layouts,
    properties.check_repeated_argument,
    properties.check_partial_gradients,
    properties.check_numbers,
    memory.check_purity,
    memory.check_memory,
)


class PropertyError(AssertionError):
    """A property of an op does not hold.

    Attributes:
        call: the call for which it does not.
        check: the property.
        reason: the exception that said so.
        code: Python code that fails the same way, once the call was found to be as small as it gets; or else empty.
    """

    def __init__(self, call: Call, check: Property, reason: Exception, code: str = "") -> None:
        self.call = call
        self.check = check
        self.reason = reason
        self.code = code
        promise = (inspect.getdoc(check) or "").partition("\n")[0]
        words = str(reason) if isinstance(reason, AssertionError) else f"{type(reason).__name__}: {reason}"
        message = f"op {call.op.name!r} fails {check.__name__}: {promise}\nfor {call}:\n{words}"
        super().__init__(f"{message}\n\nTo see it fail by itself:\n\n{code}" if code else message)


def check_call(call: Call, properties: Sequence[Property] = PROPERTIES) -> None:
    """Check properties of one call.

    Args:
        call: the call.
        properties: functions that raise where the property they stand for does not hold.

    Raises:
        PropertyError: naming the property and the inputs for which it fails.

    >>> import autograd
    >>> check_call(Call(autograd.exp, (np.array([1.0, 2.0]),)))
    """
    for holds in properties:
        try:
            holds(call)
        except Exception as error:
            raise PropertyError(call, holds, error) from (None if isinstance(error, AssertionError) else error)


def check_op(
    op_or_function: Any,
    samples: Sequence[Sequence[Any] | Sample] | None = None,
    *,
    elementwise: bool | None = None,
    skip: Collection[str] = (),
    shrink: bool = True,
) -> None:
    """Check everything that an operation promises, on samples of its inputs.

    Checked are its value for arrays and Tensors, first and second derivatives against numerical ones, for inputs of
    any size also a thousand times smaller and larger ones, dtypes, memory layouts, read-only inputs, repeated
    arguments, that nothing is changed in place, that gradients own their memory, and that nothing is kept alive longer
    than needed; of elementwise ops all that for 0-d, empty, size-1 and broadcasting shapes.

    Args:
        op_or_function: what `autograd.op` made (the function, or its `op`), a function of NumPy, a `Function`
            subclass, or any function of Tensors.
        samples: the calls to check it on: for each a tuple of arrays (where it takes a sequence, a tuple of one
            list of arrays), or an `autograd.sample`; by default those registered with the op.
        elementwise: whether it is a broadcasting function of single elements, to be checked in all shapes. By
            default so if it computes each element of the samples alone as it computes it among the others; then only
            shapes that it accepts are checked. Samples that were registered say it themselves.
        skip: the names of properties that are not promised, such as "check_dtypes".
        shrink: look for the simplest call that fails, and print it as code.

    Raises:
        PropertyError: an AssertionError that names the property that fails, the simplest inputs that were found for
            which it does, and code that shows it.
        TypeError: when this is no function, or the inputs are not what it takes.
        ValueError: when there are no samples, or `skip` names no property.

    >>> import autograd
    >>> @autograd.op(x=lambda g, x: g * 3 * x**2)
    ... def cube(x):
    ...     '''Return x to the third power.'''
    ...     return x * x * x
    >>> check_op(cube, [(np.array([1.0, -2.0]),)])
    >>> check_op(lambda x, y: np.tanh(x) * y, [autograd.sample((2, 3), (3,))])
    """
    op = subject_of(op_or_function)
    chosen = op.samples if samples is None else tuple(samples)
    if not chosen:
        raise ValueError(
            f"{op.name!r} has no samples to check it on: call check_op({op.name}, samples=[(array, ...), ...]) or "
            f"check_op({op.name}, samples=[autograd.sample((2, 3))]); an op can also be registered with some: "
            "autograd.op(..., samples=[autograd.sample((2, 3))])"
        )
    wanted = _without(skip)
    if samples is None:  # those that were registered say themselves whether an op is elementwise
        elementwise = bool(elementwise)
    try:
        for sample in chosen:
            _check_any_sample(_fitted(op, sample), sample, elementwise, wanted)
    except PropertyError as error:
        raise (_explained(error) if shrink else error) from error.__cause__


def _without(skip: Collection[str]) -> tuple[Property, ...]:
    """Return the properties whose names are not among `skip`."""
    unknown = {skip} if isinstance(skip, str) else set(skip) - {check.__name__ for check in PROPERTIES}
    if unknown:
        names = ", ".join(check.__name__ for check in PROPERTIES)
        raise ValueError(f"skip is a list of names of properties, but has {sorted(unknown)}; they are {names}")
    return tuple(check for check in PROPERTIES if check.__name__ not in skip)


def _fitted(op: Subject, sample: Sequence[Any] | Sample) -> Subject:
    """Return the op, or of a function one that takes the sequence that the sample gives."""
    if isinstance(op, Plain):
        first = sample.inputs[:1] if isinstance(sample, Sample) else sample[:1]
        several = any(_is_sequence(x) for x in first)
        return Plain(op.function, op.name, op.elementwise, variadic=several and len(first) == 1)
    return op


def _is_sequence(x: Any) -> bool:
    """Return whether an input, or how to draw it, is a sequence of arrays."""
    return isinstance(x, list) or (isinstance(x, Draw) and bool(x.shape) and isinstance(x.shape[0], tuple))


def _check_any_sample(
    op: Subject, sample: Sequence[Any] | Sample, elementwise: bool | None, wanted: Sequence[Property]
) -> None:
    """Check an op on a sample as users give them."""
    if isinstance(sample, Sample):
        check_sample(op, sample, properties=wanted)
        call = draw_call(op, sample, 0)
    else:
        call = _given_call(op, sample)
        check_call(call, wanted)
    if elementwise is not False and not op.elementwise and not isinstance(op, Composite):
        for other in elementwise_calls(call, certain=elementwise is True):
            check_call(other, wanted)


def _given_call(op: Subject, inputs: Sequence[Any]) -> Call:
    """Return the call of an op with a user's arrays, floating ones in float64."""
    if not isinstance(inputs, tuple):
        raise TypeError(f"a sample is a tuple of arrays, one for each array input of {op.name!r}, not {inputs!r:.60}")
    call = Call.of(op, inputs, {})
    call = replace(call, inputs=tuple(np.asarray(value_of(x)) for x in call.inputs))
    for x in call.inputs:
        if x.dtype.kind not in "biufc":
            raise TypeError(
                f"a sample of {op.name!r} has an input of dtype {x.dtype}; samples are arrays of numbers, and other "
                f"arguments go inside: check_op(lambda x: {op.name}(x, ...), samples)"
            )
    return call.astype(np.float64)


def check_sample(op: Subject, sample: Sample, examples: int = 4, properties: Sequence[Property] = PROPERTIES) -> None:
    """Check an op on calls drawn as a sample describes; an elementwise one first on the shapes that go wrong most.

    Large and tiny scales are tried on the first calls, not on each: they cost as much as all else together.

    Args:
        op: the op.
        sample: how to draw its inputs.
        examples: how many calls to draw for elementwise ops, whose shapes vary; half of that for others, the first
            included.
        properties: what to check.

    Raises:
        PropertyError: naming the property that fails, and inputs for which it does.

    >>> import autograd
    >>> check_sample(autograd.exp.op, autograd.sample(()))
    """
    if op.elementwise and all(d.shape == () for d in sample.inputs):
        for shapes in edge_shapes(len(sample.inputs)):
            check_call(draw_call(op, sample, 0, shapes), properties)
        drawn = calls(op, sample)
    else:
        check_call(draw_call(op, sample, 0), properties)
        drawn = st.integers(1, 2**32 - 1).map(lambda seed: draw_call(op, sample, seed))
        examples = (examples + 1) // 2 - 1
    if examples:
        _check_drawn(drawn, examples, [holds for holds in properties if holds is not check_scales])


def _check_drawn(drawn: st.SearchStrategy[Call], examples: int, properties: Sequence[Property]) -> None:
    """Check calls that a strategy draws. What fails is shrunk by `shrunk`, which knows more about calls."""
    failed: list[PropertyError] = []

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,  # kept by the name of the function, which is the same for all ops
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,),
    )
    @given(drawn)
    def check(call: Call) -> None:
        if not failed:
            try:
                check_call(call, properties)
            except PropertyError as error:  # raised outside, so that tracebacks do not lead through hypothesis
                failed.append(error)

    check()
    if failed:
        raise failed[0] from failed[0].__cause__


def _explained(error: PropertyError) -> PropertyError:
    """Return the error for the simplest call that fails the same way, with the code that shows it."""
    call, reason = shrunk(error.call, error.check, error.reason)
    return PropertyError(call, error.check, reason, snippet(call, error.check, reason))

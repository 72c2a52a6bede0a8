"""What must hold for every call of an op: each property is a function of the call that raises where it does not."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from autograd.checking import gradcheck, gradgradcheck
from autograd.modes import no_grad
from autograd.primitive import Op
from autograd.tensor import Tensor, value_of
from autograd.testing.calling import (
    Call,
    backward,
    function_of_leaves,
    gradients,
    has_finite_values,
    rule_dtypes,
    weighted_sum,
)
from autograd.testing.comparing import require, require_close, require_equal
from autograd.testing.subjects import Plain


def check_value(call: Call) -> None:
    """Arrays in give arrays out, Tensors in give Tensors out, and both are the op's value."""
    wrapped = call.run([Tensor(x) for x in call.inputs])
    for tensor in wrapped:
        require(isinstance(tensor, Tensor), f"Tensors in gave {type(tensor).__name__} out")
    expected = call.values(call.inputs)
    plain = expected if isinstance(call.op, Plain) else call.run(call.inputs)
    require(len(plain) == len(wrapped) == len(expected), "the function has another number of results than the value")
    for want, array, tensor in zip(expected, plain, wrapped, strict=True):
        require(not isinstance(array, Tensor), "arrays in gave a Tensor out")
        require_equal(array, want, "the value for arrays")
        require_equal(value_of(tensor), want, "the value for Tensors")


def check_recording(call: Call) -> None:
    """Floating results need a gradient if the op has a rule for an input that does, and no others do."""
    leaves = call.leaves()
    if not call.op.differentiable:
        leaves = [Tensor(x, requires_grad=x.dtype.kind == "f") for x in call.inputs]
    expected = any(call.differentiable(i) for i in range(len(call.inputs)))
    for output in call.run(leaves) if not isinstance(call.op, Plain) else ():  # a function may detach its results
        needs = expected and output.dtype.kind in "fc"
        require(output.requires_grad == needs, f"requires_grad of the result is {output.requires_grad}, not {needs}")
    with no_grad():
        for output in call.run(leaves):
            recorded = output.requires_grad and not any(output is leaf for leaf in leaves)
            require(not recorded, "the op records inside no_grad()")


def check_first_order(call: Call) -> None:
    """The gradients are those that differences measure."""
    f, inputs = function_of_leaves(call)
    if inputs:
        gradcheck(f, inputs)


def check_second_order(call: Call) -> None:
    """The gradients' own derivatives are those that differences measure, and recording changes no gradient."""
    f, inputs = function_of_leaves(call)
    if inputs:
        plain, recorded = gradients(call), gradients(call, create_graph=True)
        require_close(recorded, plain, 1e-12, "the gradients under create_graph=True and those without")
        gradgradcheck(f, inputs)


# --- dtypes, scales, layouts ------------------------------------------------------------------------------------------

_SINGLE = {np.dtype(np.float64): np.dtype(np.float32), np.dtype(np.complex128): np.dtype(np.complex64)}


def check_dtypes(call: Call) -> None:
    """In float32, results and gradients are float32 (also inside the rules) and close to those in float64."""
    single = call.astype(np.float32)
    double = single.astype(np.float64)
    results, expected = ([value_of(y) for y in c.run(c.leaves())] for c in (single, double))
    # With integers NumPy's promotion makes float64 of float32, and an option may ask for any dtype.
    if "dtype" not in call.options and not any(x.dtype.kind in "iu" for x in call.inputs):
        dtypes = [_SINGLE.get(y.dtype, y.dtype) for y in expected]
        require([y.dtype for y in results] == dtypes, f"results for float32 are {results[0].dtype}, not {dtypes[0]}")
        for i, dtype in enumerate(rule_dtypes(single)):
            require(
                dtype is None or dtype in (np.float32, np.complex64),
                f"in float32, the rule for input {i} computes in {dtype}, which is slow: keep its constants Python "
                "numbers, and what it makes of flags and integers in the dtype of the gradient",
            )
    require_close(results, expected, 1e-4, "the results in float32 and float64")
    found = gradients(single)
    for leaf, gradient in zip(single.inputs, found, strict=True):
        require(gradient is None or gradient.dtype == leaf.dtype, "a gradient has another dtype than its input")
    require_close(found, gradients(double), 1e-3, "the gradients in float32 and float64")


# How many times larger inputs are tried, where the op's domain and the range of the dtype allow.
SCALES = (1e-3, 1e3)


def check_scales(call: Call) -> None:
    """The gradients hold for inputs a thousand times smaller and larger, where the op is defined and finite."""
    for factor in SCALES:
        scaled = [
            i for i, x in enumerate(call.inputs) if call.differentiable(i) and x.size and _may_scale(call, i, factor)
        ]
        # Differences need some room.
        if scaled and all(has_finite_values(_scaled(call, scaled, factor * room)) for room in (1 - 1e-2, 1, 1 + 1e-2)):
            f, inputs = function_of_leaves(_scaled(call, scaled, factor))
            f.__name__ = f"{call.op.name} for {_listed(call, scaled)} times {factor:g}"
            with np.errstate(all="ignore"):
                gradcheck(f, inputs)


def _has_sound_values(call: Call) -> bool:
    """Return whether the op's values neither overflow, nor so nearly underflow that slopes lose their digits."""
    with np.errstate(all="ignore"):
        return all((np.isfinite(y) & ((y == 0) | (np.abs(y) > 1e-250))).all() for y in call.values(call.inputs))


def _scaled(call: Call, places: list[int], factor: float) -> Call:
    """Return the call with some inputs times a factor."""
    return replace(call, inputs=tuple(x * factor if i in places else x for i, x in enumerate(call.inputs)))


def _listed(call: Call, places: list[int]) -> str:
    return " and ".join(call.names[i] for i in places)


def _may_scale(call: Call, i: int, factor: float) -> bool:
    """Return whether the op is defined and smooth for input i times a factor, as far as is known."""
    drawn = call.draw(i)
    low, high = drawn.domain
    if not (call.differentiable(i) and call.inputs[i].size and low < 0 < high):
        return False
    if factor < 1:
        return all(kink == 0 or abs(kink) >= 0.1 for kink in drawn.kinks)
    # Numbers of both signs and of the size of 1 and more: nothing says that larger ones are forbidden.
    return low < -1 and high > 1 and not any(drawn.kinks)


def _strided(x: np.ndarray) -> np.ndarray:
    """Return the same values with a gap after each along the last axis."""
    if not x.ndim:
        return x.copy()
    wide = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)
    wide[..., ::2] = x
    return wide[..., ::2]


def _reversed(x: np.ndarray) -> np.ndarray:
    """Return the same values with negative strides on every axis."""
    return np.asarray(np.flip(np.flip(x).copy()))


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


def check_layouts(call: Call) -> None:
    """Results and gradients do not depend on how the inputs lie in memory, nor on whether they can be written."""
    expected, expected_gradients = _plain_values(call), gradients(call)
    for layout, relaid in LAYOUTS.items():
        other = call.map(relaid)
        require_close(_plain_values(other), expected, 1e-12, f"the results for contiguous and {layout} inputs")
        require_close(gradients(other), expected_gradients, 1e-12, f"the gradients for contiguous and {layout} inputs")


def _plain_values(call: Call) -> list[Any]:
    """Return the outputs of a call as arrays."""
    return [value_of(y) for y in call.run(call.inputs)]


# --- which arguments, and which gradients -----------------------------------------------------------------------------


def check_repeated_argument(call: Call) -> None:
    """Calling f(x, x) sends x the sum of the gradients that f(x, y) sends both."""
    places = [i for i in range(len(call.inputs)) if call.differentiable(i)]
    for i, j in itertools.combinations(places, 2):
        if call.op.elementwise or call.inputs[i].shape == call.inputs[j].shape:
            for source in (i, j):
                _check_repeated(call, i, j, call.inputs[source])


def _check_repeated(call: Call, i: int, j: int, x: np.ndarray) -> None:
    """Check a call with x as inputs i and j."""
    apart = replace(call, inputs=tuple(x.copy() if k in (i, j) else y for k, y in enumerate(call.inputs)))
    try:
        if not has_finite_values(apart):  # x is outside the domain of the other place
            return
    except Exception:  # or its shape does not fit the other inputs
        return
    leaves = apart.leaves()
    leaves[j] = leaves[i]
    together = backward(leaves, apart.run(leaves))[i]
    found = gradients(apart)
    if found[i] is not None and found[j] is not None:
        require_close([together], [found[i] + found[j]], 1e-12, "the gradient of f(x, x) and the sum of both")


def check_partial_gradients(call: Call) -> None:
    """An input's gradient does not depend on which others need one, nor on whether those of results come together."""
    places = [i for i in range(len(call.inputs)) if call.differentiable(i)]
    outputs = call.run(call.leaves())
    if len(places) < 2 and len(outputs) < 2:
        return
    expected = gradients(call)
    for i in places if len(places) > 1 else ():
        leaves = [Tensor(x, requires_grad=k == i) for k, x in enumerate(call.inputs)]
        found = backward(leaves, call.run(leaves))
        require(all(g is None for k, g in enumerate(found) if k != i), "an input that needs no gradient gets one")
        require_close([found[i]], [expected[i]], 1e-12, f"the gradient of input {i} alone and together with others")
    if len(outputs) > 1:
        leaves = call.leaves()
        total = weighted_sum(call.run(leaves))
        if total is not None:
            total.backward()
            found = [None if leaf.grad is None else value_of(leaf.grad) for leaf in leaves]
            require_close(found, expected, 1e-12, "the gradients from all results at once and one after the other")


def check_numbers(call: Call) -> None:
    """A Python number in place of an input gives what an array of it gives, and stays weak where NumPy has it so."""
    if not isinstance(call.op, Op) or not call.op.elementwise or len(call.inputs) < 2:
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
        require_equal(result, want, f"the result for a number as input {i}")
    require_close(results, wanted, 1e-5, f"the results for a number and an array as input {i}")
    found, wanted = backward(*inputs), backward(*expected)
    require_close(found, wanted, 1e-5, f"the gradients for a number and an array as input {i}")


def _run_with(call: Call, i: int, replacement: Any) -> tuple[list[Any], list[Tensor]]:
    """Return the leaves, one of them replaced, and the outputs of a call."""
    leaves: list[Any] = call.leaves()
    leaves[i] = replacement
    return leaves, call.run(leaves)

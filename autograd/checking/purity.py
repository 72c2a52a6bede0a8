"""What must hold beside the numbers: nothing is changed, nothing is shared, and float32 tells the same as float64."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd.checking.jacobians import element, scales_of
from autograd.checking.problems import Array, Problem, Run, pull, reals, subscript
from autograd.graph import Leaf, reachable
from autograd.tensor import Tensor, value_of


def impurities(problem: Problem, run: Run) -> Iterator[str]:
    """Yield a sentence for each thing that is wrong with how the gradients of a run are computed."""
    seeds = [_seed(output) for output in run.outputs]
    before = [seed.copy() for seed in seeds]
    found = pull(run, seeds)
    for i, (seed, old) in enumerate(zip(seeds, before, strict=True)):
        if not np.array_equal(seed, old):
            yield f"a rule changes the gradient that comes in from output {i} in place: it must compute a new array"
    for variable, leaf in zip(problem.variables, run.leaves, strict=True):
        if not np.array_equal(value_of(leaf), variable.value, equal_nan=True):
            yield f"a rule changes the input {variable.name!r} in place: it must compute a new array"
    yield from _zeros(problem, run)
    yield from _partial(problem, run, seeds, found)
    yield from _shared(problem, run, seeds)


def _seed(output: Tensor) -> Array:
    """Return a gradient to send back from an output: its entries all differ, and none is 1."""
    return np.asarray(0.5 + np.arange(output.size).reshape(output.shape) / max(output.size, 4), output.dtype)


def _zeros(problem: Problem, run: Run) -> Iterator[str]:
    """A gradient of zero sends zero."""
    zeros = [np.zeros(output.shape, output.dtype) for output in run.outputs]
    for variable, gradient in zip(problem.variables, pull(run, zeros), strict=True):
        if gradient is not None and gradient.any():
            what = "nan" if np.isnan(gradient).any() else "not zero"
            yield f"for an incoming gradient of zero that of {variable.name!r} is {what}: a rule must be linear in it"


def _partial(problem: Problem, run: Run, seeds: list[Array], together: list[Any]) -> Iterator[str]:
    """The gradients that single outputs send add up to those that all send together."""
    if len(run.outputs) < 2:
        return
    total: list[Any] = [None] * len(problem.variables)
    for i, seed in enumerate(seeds):
        for k, gradient in enumerate(pull(run, [seed if j == i else None for j in range(len(seeds))])):
            if gradient is not None:
                total[k] = gradient if total[k] is None else total[k] + gradient
    for variable, one, other in zip(problem.variables, total, together, strict=True):
        one, other = (np.zeros(variable.size) if x is None else x for x in (one, other))
        if not np.allclose(one, other, rtol=1e-6, atol=1e-6 * np.abs(other).max(initial=0.0), equal_nan=True):
            yield f"the gradients of {variable.name!r} from the single outputs do not add up to that from all of them"


def _shared(problem: Problem, run: Run, seeds: list[Array]) -> Iterator[str]:
    """Gradients that `backward()` leaves have shape, dtype and memory of their own."""
    fresh = problem.run(problem.values)
    with _kept_gradients(fresh):
        for output, seed in zip(fresh.outputs, seeds, strict=True):
            if output.requires_grad:
                output.backward(seed, retain_graph=True)
    owners = [
        (f"the input {v.name!r}", value_of(leaf)) for v, leaf in zip(problem.variables, fresh.leaves, strict=True)
    ]
    owners += [(f"the incoming gradient {i}", seed) for i, seed in enumerate(seeds)]
    for variable, leaf in zip(problem.variables, fresh.leaves, strict=True):
        gradient = None if leaf.grad is None else np.asarray(value_of(leaf.grad))
        if gradient is None:
            continue
        if gradient.shape != leaf.shape or gradient.dtype != leaf.dtype:
            yield f"the gradient of {variable.name!r} is {gradient.dtype}{gradient.shape}, not {leaf.dtype}{leaf.shape}"
        for owner, array in owners:
            if np.shares_memory(gradient, array):
                yield f"the gradient of {variable.name!r} shares memory with {owner}"
        owners.append((f"that of {variable.name!r}", gradient))


@contextmanager
def _kept_gradients(run: Run) -> Iterator[None]:
    """Put back in the end what `backward()` adds to leaves that f closes over."""
    own = {leaf._node for leaf in run.leaves}
    behind = reachable([y._node for y in run.outputs if y._node is not None])
    others = [(node, getattr(node, "grad", None)) for node in behind if isinstance(node, Leaf) and node not in own]
    try:
        yield
    finally:
        for node, gradient in others:
            node.grad = gradient


# --- single precision -------------------------------------------------------------------------------------------------


def narrow_differences(problem: Problem, narrow: Problem) -> Iterator[str]:
    """Yield a sentence for each input whose gradient in the dtype it was given in is not that in float64.

    What rounding may do is measured: by how far the gradient in float64 moves when the inputs do by a rounding.

    Args:
        problem: the function in float64.
        narrow: the same function on inputs of their own dtypes.
    """
    run, wide = narrow.first_run(), problem.run(problem.values)
    seeds = [_seed(output) for output in wide.outputs]
    eps = max(float(np.finfo(v.dtype).eps) for v in narrow.variables)
    exact = pull(wide, seeds)
    moved = [pull(problem.run(_nudged(problem.values, eps, seed)), seeds) for seed in range(4)]
    got = pull(run, [seed.astype(output.dtype) for seed, output in zip(seeds, run.outputs, strict=True)])
    largest = max(float(np.abs(value_of(y) * seed).max(initial=0.0)) for y, seed in zip(wide.outputs, seeds))
    for k, variable in enumerate(narrow.variables):
        one, other = got[k], exact[k]
        limits = np.finfo(variable.dtype)
        if one is None or other is None or not (np.abs(other) < 1e-3 * float(limits.max)).all():
            continue
        shift = max(np.abs(reals(m[k]) - other).max(initial=0.0) for m in moved)
        # A derivative that is small beside outputs by inputs may be what rounding leaves of the outputs.
        size = np.abs(other).max(initial=0.0) + largest / scales_of(variable)[0]
        excess = np.nan_to_num(np.abs(one - other) - 64 * (eps * size + shift + float(limits.tiny)), nan=np.inf)
        if excess.max(initial=0.0) > 0:
            at = int(np.argmax(excess))
            index, part = element(variable.value, at)
            yield (
                f"in {variable.dtype} the gradient of {variable.name!r}{part and f'.{part}'} is {one[at]:.6g} at index "
                f"{subscript(index) or '()'}, but in float64 {other[at]:.6g}: more than rounding explains"
            )


def _nudged(values: list[Array], eps: float, seed: int) -> list[Array]:
    """Return values moved by a rounding up or down."""
    generator = np.random.default_rng(seed)
    return [value * (1 + eps * generator.uniform(-1, 1, value.shape)) for value in values]

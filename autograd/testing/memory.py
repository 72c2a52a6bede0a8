"""What must hold for an op's memory: nothing that was handed in changes, nothing is shared, nothing is kept."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np

from autograd.primitive import Op
from autograd.tensor import Tensor, value_of
from autograd.testing.calling import Call, seed_of, weighted_sum
from autograd.testing.comparing import require


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
    require(not changed, f"changed in place: {', '.join(names[i] for i in changed)}")
    owners = list(zip(names, handed_in, strict=True))
    for i, leaf in enumerate(leaves):
        if leaf.grad is not None:
            gradient = leaf.grad.data
            shared = [name for name, other in owners if np.shares_memory(gradient, other)]
            require(not shared, f"the gradient of input {i} shares memory with {', '.join(shared)}")
            owners.append((f"the gradient of input {i}", gradient))


def check_memory(call: Call) -> None:
    """Until backward only what the rules name is kept alive, after it nothing."""
    if isinstance(call.op, Op):
        named = {name for i in range(len(call.inputs)) if call.differentiable(i) for name in _names(call, i)}
        kept = [name for name in _kept_until_backward(call) if name not in named]
        require(
            not kept,
            f"{_listed(kept)} lives on until backward, though no rule that will run names it: "
            "let the function keep no reference to it",
        )
    kept = _kept_after_backward(call)
    if kept:
        gc.collect()
        require(
            False,
            f"{_listed(kept)} lives on after backward(), with nothing left but the loss: keep no reference to it, "
            "neither in a cache nor in a cycle; in a Function use ctx.save_for_backward, which lets go, not attributes",
        )


def _names(call: Call, i: int) -> tuple[str, ...]:
    """Return what the rule for input i names."""
    assert isinstance(call.op, Op)
    return call.op.names[0 if call.op.variadic else i]


def _listed(names: list[str]) -> str:
    return " and ".join("the result" if name == "out" else f"the value of {name!r}" for name in dict.fromkeys(names))


def _kept_until_backward(call: Call) -> list[str]:
    """Return which inputs and results outlive their Tensors while the graph of a call lives, as the op names them."""
    watched, nodes = _run_and_drop(call)
    alive = [name for name, reference in watched if reference() is not None]
    del nodes
    return alive


def _run_and_drop(call: Call) -> tuple[list[tuple[str, Any]], list[Any]]:
    """Run a call; return weak references to its inputs and results, and the nodes of the results.

    Inputs and results that share memory are left out: views keep alive what they look into.
    """
    leaves = _fresh_leaves(call)
    outputs = call.run(leaves)
    names = [call.parameters[0] if call.op.variadic else name for name in call.names]
    pairs = [*zip(names, map(value_of, leaves), strict=True), *(("out", value_of(y)) for y in outputs)]
    watched = []
    for i, (name, x) in enumerate(pairs):
        others = [y for j, (_, y) in enumerate(pairs) if j != i]
        if isinstance(x, np.ndarray) and not any(np.may_share_memory(x, y) for y in others):
            watched.append((name, weakref.ref(x)))
    return watched, [y._node for y in outputs]


def _kept_after_backward(call: Call) -> list[str]:
    """Return which inputs and results outlive a backward pass."""
    watched, loss = _run_backward_and_drop(call)
    alive = [name for name, reference in watched if reference() is not None]
    del loss
    return alive


def _run_backward_and_drop(call: Call) -> tuple[list[tuple[str, Any]], Tensor | None]:
    """Run a call and backward; return weak references to its inputs and results, and the loss, all that is left."""
    leaves = _fresh_leaves(call)
    outputs = call.run(leaves)
    tensors = [*zip(call.names, leaves, strict=True), *(("out", y) for y in outputs)]
    watched = [(name, weakref.ref(t._data)) for name, t in tensors if isinstance(t._data, np.ndarray)]
    loss = weighted_sum(outputs)
    if loss is not None:
        loss.backward()
    return watched, loss


def _fresh_leaves(call: Call) -> list[Tensor]:
    """Return the inputs as Tensors of copies, which nothing else refers to."""
    return [Tensor(x.copy(), requires_grad=call.differentiable(i)) for i, x in enumerate(call.inputs)]

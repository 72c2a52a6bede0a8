"""Why a gradient does not arrive at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from autograd.anomaly import shown_line
from autograd.breaks import Break, break_of
from autograd.graph import Leaf, Node, reachable
from autograd.reasons.causes import saved_of
from autograd.reasons.explanation import Reason
from autograd.reasons.places import Places
from autograd.tensor import Tensor
from autograd.visualize.derivatives import operands
from autograd.visualize.view import execution_order

CAUSES = {"detach()": "detached", "no_grad()": "no_grad"}
ASK_AGAIN = "compute the objective again inside 'with autograd.watch_breaks():' and ask again: the line will be named"


def of_unrecorded(tensor: Tensor, what: str = "it") -> Reason:
    """Return why a Tensor has no graph."""
    known = break_of(tensor._leaf)
    if known is not None:
        return _broken(known, what)
    return Reason(
        "not recorded",
        f"{what} has requires_grad=False: it is data, or was computed inside no_grad(), from detached values or with "
        "an operation that has no derivative",
        "x.requires_grad_() before computing with it, if it is a leaf; otherwise " + ASK_AGAIN,
    )


def of_unreachable(tensor: Tensor, root: Node, places: Places) -> list[Reason]:
    """Return where the paths from a Tensor to an objective were cut, or that there are none."""
    order = execution_order(root)
    found = [_broken(known, "a value computed from it") for known in _breaks(order, tensor)]
    if not found:
        found = [_shared(user, places) for user in _users_of_memory(order, tensor)]
    once = list({(reason.cause, reason.line, reason.op): reason for reason in found}.values())
    return once or [
        Reason(
            "not used", "no operation in the graph of the objective was computed from it: it was not used, or what was "
            "computed from it was cut off by detach(), no_grad(), a NumPy array or a Python number", ASK_AGAIN,
        )
    ]  # fmt: skip


def _broken(known: Break, what: str) -> Reason:
    line = shown_line(known.line)
    if known.what == "detach()":
        return Reason("detached", f"{what} was detached", "leave detach() out, if a gradient is wanted", None, line)
    if known.what == "no_grad()":
        return Reason("no_grad", f"{what} was computed inside no_grad()", "move that line out of the block", None, line)
    text = f"{what} went through {known.what}, which has no derivative"
    return Reason("not differentiable", text, "a smooth function in its place", known.what, line)


def _breaks(order: Iterable[Any], tensor: Tensor) -> Iterator[Break]:
    """Yield the breaks in a graph behind which a Tensor lies."""
    behind = [tensor] if tensor._leaf is not None else []
    if tensor._node is not None and not tensor.is_leaf:  # of a computed Tensor only the leaves are known
        owners = [leaf.owner() for leaf in reachable([tensor._node]) if isinstance(leaf, Leaf)]
        behind = [owner for owner in owners if owner is not None]
    for item in order:
        known = break_of(item) if isinstance(item, Leaf) else None
        if known is not None and any(source() is x for source in known.sources for x in behind):
            yield known


def _users_of_memory(order: Iterable[Any], tensor: Tensor) -> Iterator[Node]:
    """Yield the operations that used the memory of a Tensor as a constant: x.data, x.numpy() or x.detach()."""
    for node in order:
        if not isinstance(node, Node) or node.op is None:
            continue
        values = [item.owner() for item in operands(node) if isinstance(item, Leaf)]
        arrays = [owner._data for owner in values if owner is not None and owner._node is None]
        arrays += [value for value in saved_of(node).values() if isinstance(value, np.ndarray)]
        if any(isinstance(a, np.ndarray) and a.size and np.may_share_memory(a, tensor._data) for a in arrays):
            yield node


def _shared(user: Node, places: Places) -> Reason:
    assert user.op is not None
    text = f"{user.op.name} used its values without its graph: x.detach(), x.data or x.numpy()"
    return Reason("detached", text, "use the Tensor itself", user.op.name, places(user))

"""Which objective a Tensor's gradient is asked of: found among what is alive, since nodes do not know their users."""

from __future__ import annotations

import gc
from collections.abc import Sequence

from autograd.graph import Node
from autograd.tensor import Tensor


def living_results() -> list[Tensor]:
    """Return the computed Tensors that are alive and that no other living Tensor's graph contains."""
    tensors = [thing for thing in gc.get_objects() if issubclass(type(thing), Tensor) and not thing.is_leaf]
    inner: set[Node] = set()
    stack = [parent for tensor in tensors if tensor._node is not None for parent in tensor._node.parents()]
    while stack:
        node = stack.pop()
        if node not in inner:
            inner.add(node)
            stack += node.parents()
    return [tensor for tensor in tensors if tensor._node not in inner]


def find_objective(node: Node) -> Tensor | None:
    """Return the only living result that was computed from `node`, or else the only one of one element.

    Raises:
        ValueError: when there are several.
    """
    results = living_results()
    users = [tensor for tensor in results if tensor._node is not None and _uses(tensor._node, node)]
    found = _preferred(users) or _preferred(results)
    if len(found) > 1:
        shapes = ", ".join(str(tensor.shape) for tensor in found[:5]) + ", ..." * (len(found) > 5)
        raise ValueError(
            f"{len(found)} results are alive that this may be asked of, with shapes {shapes}: "
            "say which gradient is meant, why(tensor, loss)"
        )
    return found[0] if found else None


def _preferred(results: Sequence[Tensor]) -> list[Tensor]:
    """Return the results of one element if there are any, each graph once."""
    once = list({id(tensor._node): tensor for tensor in results}.values())
    return [tensor for tensor in once if tensor.size == 1] or once


def _uses(root: Node, wanted: Node) -> bool:
    stack, seen = [root], {root}
    while stack:
        node = stack.pop()
        if node is wanted:
            return True
        for parent in node.parents():
            if parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return False

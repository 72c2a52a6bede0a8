"""A backward pass for the record: what each operation gets and sends on the way to one Tensor, changing nothing."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from autograd.backward import fit
from autograd.graph import Node, leading_to
from autograd.tensor import value_of
from autograd.visualize.view import execution_order


class Size(NamedTuple):
    """How large a gradient is.

    Attributes:
        norm: the Euclidean norm; infinite or nan where an element is.
        largest: the largest absolute value.
        elements: how many elements there are.
        zeros: how many are exactly zero.
        bad: how many are nan or infinite.
    """

    norm: float
    largest: float
    elements: int
    zeros: int
    bad: int

    @property
    def vanished(self) -> bool:
        """Whether all elements are zero."""
        return self.zeros == self.elements


ABSENT = Size(0.0, 0.0, 0, 0, 0)  # of a gradient that a rule did not send at all


def size_of(gradient: Any) -> Size:
    """Return how large a gradient is: an array, a number, or for an op with several outputs a dict of these.

    >>> size_of(np.array([3.0, 0.0, -4.0]))
    Size(norm=5.0, largest=4.0, elements=3, zeros=1, bad=0)
    """
    if gradient is None:
        return ABSENT
    if isinstance(gradient, np.generic):  # much of a graph of scalars
        value = abs(gradient.item())
        return Size(value, value, 1, int(value == 0), int(not math.isfinite(value)))
    arrays = list(gradient.values()) if isinstance(gradient, dict) else [gradient]
    flat = np.concatenate([np.abs(np.asarray(value_of(a))).reshape(-1).astype(np.float64) for a in arrays])
    largest = float(flat.max(initial=0.0))
    if 0 < largest < np.inf:  # so that squares neither overflow nor vanish
        norm = largest * float(np.sqrt(np.sum(np.square(flat / largest))))
    else:
        norm = largest
    bad = int(np.count_nonzero(~np.isfinite(flat)))
    return Size(norm, largest, flat.size, int(np.count_nonzero(flat == 0)), bad)


@dataclass(eq=False)
class Edge:
    """One use of a value, and the gradient that came back along it.

    Attributes:
        user: the operation that used the value.
        source: the node whose value it was.
        position: which of the user's inputs.
        arrived: the size of the user's gradient.
        sent: the size of what its rule made of it for this input.
        finding: what `watch` said when it saw this happen, or None.
    """

    user: Node
    source: Node
    position: int
    arrived: Size
    sent: Size
    finding: Any = None


@dataclass(eq=False)
class Replay:
    """What a backward pass brought.

    Attributes:
        edges: all uses on the way to the wanted node, in the order in which gradients came back along them.
        arrived: for each node the size of its gradient, the sum over all uses.
        final: the gradient of the wanted node, or None.
    """

    edges: list[Edge] = field(default_factory=list)
    arrived: dict[Node, Size] = field(default_factory=dict)
    final: Any = None

    def into(self, node: Node) -> list[Edge]:
        """Return the uses of a node's value."""
        return [edge for edge in self.edges if edge.source is node]


Watch = Callable[[Edge, Any, Any], Any]


def is_released(root: Node, wanted: Node) -> bool:
    """Return whether an earlier backward pass has released the graph between two nodes."""
    return any(node.saved is None for node in leading_to({wanted}, [root]) if node is not wanted)


def replay(root: Node, seed: Any, wanted: Node, watch: Watch) -> Replay:
    """Send the gradient `seed` of `root` back to `wanted`, storing nothing and calling no hooks.

    Args:
        root: the objective's node.
        seed: its gradient.
        wanted: the node to go to, an ancestor of root.
        watch: is called with each edge, the gradient that came to its user and what the rule sends; what it returns
            becomes the edge's `finding`.
    """
    among = leading_to({wanted}, [root])
    uses = Counter(p for node in among if node is not wanted for p in node.parents() if p in among)
    result, pending, ready = Replay(), {root: seed}, [root]
    while ready:
        node = ready.pop()
        g = pending.pop(node)
        if node not in result.arrived:
            result.arrived[node] = size_of(g)
        if node is wanted:
            result.final = g
            continue
        for position, (source, h) in enumerate(_sent(node, g, among)):
            if source is None:
                continue
            edge = Edge(node, source, position, result.arrived[node], size_of(h))
            result.edges.append(edge)
            edge.finding = watch(edge, g, h)
            if source not in pending and uses[source] == 1:
                result.arrived[source] = edge.sent
            pending[source] = _added(pending.get(source), h)
            uses[source] -= 1
            if not uses[source]:
                ready.append(source)
    return result


def _sent(node: Node, g: Any, among: set[Node]) -> list[tuple[Node | None, Any]]:
    """Return each input that lies on the way, with what the rules send there."""
    inputs = tuple(n if n in among else None for n in node.inputs)
    assert node.op is not None
    try:
        gradients = node.op.pull(g, inputs, node.saved or ()) if g is not None else [None] * len(inputs)
        return [
            (source, None if h is None or source is None else fit(value_of(h), source.like, node.op.name))
            for source, h in zip(inputs, gradients)
        ]
    except Exception as error:
        error.add_note(f"in the derivative of {node.op.name!r}")
        raise


def _added(total: Any, gradient: Any) -> Any:
    """Return the sum of what has come to a node so far and one more gradient, in new memory."""
    if total is None or gradient is None:
        return gradient if total is None else total
    if isinstance(total, dict):
        return total | {i: _added(total.get(i), g) for i, g in gradient.items()}
    return total + gradient


def recall(root: Node, wanted: Node, watch: Watch) -> Replay | None:
    """Return what the last backward pass brought, as far as small graphs remember; None where they do not.

    Args:
        root: the objective's node.
        wanted: an ancestor of it.
        watch: see `replay`.
    """
    among = leading_to({wanted}, [root])
    order = [node for node in reversed(execution_order(root)) if node in among and node is not wanted]
    if any(getattr(node, "flow", (None,))[0] is None for node in order):
        return None
    result = Replay()
    for node in order:
        g, sent = node.flow
        result.arrived[node] = size_of(g)
        places = [position for position, source in enumerate(node.inputs) if source is not None]
        for position, h in zip(places, sent):
            source = node.inputs[position]
            if source is None or source not in among or h is None:
                continue
            edge = Edge(node, source, position, result.arrived[node], size_of(h))
            result.edges.append(edge)
            edge.finding = watch(edge, g, h)
            if source is wanted:
                result.final = _added(result.final, h)
    if result.final is not None:
        result.arrived[wanted] = size_of(result.final)
    return result

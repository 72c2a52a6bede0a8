"""Stepping through a computation: forward in execution order, then backward as the engine goes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograd.visualize.nodes import Contribution, NodeView


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One step of a computation: one node at work.

    Attributes:
        number: its position in the list, from 0.
        phase: "forward" or "backward".
        node: the node at work. In the forward phase every operation has its turn, in execution order; in the backward
            phase every node that gradients flow through, leaves among them, in the order of the engine's traversal.
        inputs: the nodes whose values went in, in order; in place of a node the number that it was, None where an
            optional input was left out.
        value: the value that comes out, `node.value`; None where it is not known.
        local: for each input the local derivative; see `NodeView.local`. Given in both phases.
        received: backward: the contributions to this node's gradient, one for each use of its value, in the order in
            which they arrive; where there are several, the node is a fork. At the root the one from outside.
            Forward: ().
        gradient: backward: their sum, as far as it is known: the gradient that the rules are run on (after hooks).
            Forward: None.
        sent: backward: what the rules send to each input that needs a gradient, in the order of the inputs.
            Forward: ().
    """

    number: int
    phase: str
    node: NodeView
    inputs: tuple[NodeView | complex | None, ...]
    value: Any
    local: tuple[Any, ...]
    received: tuple[Contribution, ...]
    gradient: Any
    sent: tuple[Contribution, ...]


def steps_of(graph: Any) -> list[Step]:
    """Return the steps of a `Graph`; see `Graph.steps`."""
    by_id = {node.id: node for node in graph}
    steps: list[Step] = []
    for node in graph:
        if node.op is not None:
            steps.append(_step(len(steps), "forward", node, by_id))
    arrived: dict[str, list[Contribution]] = {}
    for node in graph.backward_order():
        received = arrived.pop(node.id, None) or [
            Contribution(None, node.id, None, node.gradient, node.gradient_summary)
        ]
        sent = tuple(_contributions(node, by_id))
        for contribution in sent:
            arrived.setdefault(contribution.receiver, []).append(contribution)
        steps.append(_step(len(steps), "backward", node, by_id, tuple(received), sent))
    return steps


def _step(
    number: int, phase: str, node: NodeView, by_id: Mapping[str, NodeView],
    received: tuple[Contribution, ...] = (), sent: tuple[Contribution, ...] = (),
) -> Step:  # fmt: skip
    inputs = tuple(by_id[x] if isinstance(x, str) else x for x in node.inputs)
    gradient = None if phase == "forward" else _arriving(node, received)
    return Step(number, phase, node, inputs, node.value, node.local, received, gradient, sent)


def _contributions(node: NodeView, by_id: Mapping[str, NodeView]) -> Iterator[Contribution]:
    """Yield what a node sends to each input that a gradient flows to."""
    unknown: Sequence[None] = (None,) * len(node.inputs)
    summaries = node.sent_summaries or unknown
    for i, (source, value, summary) in enumerate(zip(node.inputs, node.sent or unknown, summaries)):
        if isinstance(source, str) and by_id[source].requires_grad:
            yield Contribution(node.id, source, i, value, summary)


def _arriving(node: NodeView, received: Sequence[Contribution]) -> Any:
    """Return the gradient that a node's rules are run on; of a leaf, what the last backward added to its `grad`."""
    if node.op is not None:
        return node.gradient
    values = [contribution.value for contribution in received]
    return None if any(value is None for value in values) else sum(values[1:], start=values[0])

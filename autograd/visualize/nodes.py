"""What a `Graph` is made of: its nodes and edges, and what is known about each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from autograd.summaries import Summary as Summary
from autograd.watching import SourceLine as SourceLine

PART = "_output"  # the op of the nodes that pick one output of an op with several


class Contribution(NamedTuple):
    """A gradient on its way back along one edge.

    Attributes:
        sender: the id of the node whose rule computed it; None for the gradient that came from outside, at the root.
        receiver: the id of the node that it goes to: the sender's input.
        position: which of the sender's inputs that is; None for the gradient from outside.
        value: the gradient, in the receiver's shape; of more than `max_elements` elements only the first, flat; None
            where it is not known. Those that one node receives add up to its gradient.
        summary: what it is like, where it was watched; None otherwise.
    """

    sender: str | None
    receiver: str
    position: int | None
    value: Any
    summary: Summary | None = None


@dataclass(frozen=True, slots=True, eq=False)
class NodeView:
    """One box of the picture: an operation, or a Tensor or array that went into one.

    Attributes:
        id: "n0", "n1", ... in execution order; the same for the same graph in every run.
        kind: "parameter" for Tensors that require a gradient, "input" for other Tensors, and for Tensors that a
            module was given, "constant" for arrays, "operation", and "output" for the operation traced from.
        op: the operation's name, or None.
        inputs: for each array that the operation was given, the id of the node it came from, or the number that it
            was; None where an optional one was left out.
        shape: the shape; None for an operation with several outputs, whose parts follow as nodes of their own.
        dtype: the dtype, or None likewise.
        name: the Tensor's name, or what a module calls its parameter, or None.
        value: a copy of the value where it is known; of more than `max_elements` elements only the first, flat.
        gradient: likewise, the gradient that backward last brought, or the `grad` of a leaf.
        requires_grad: whether a gradient flows here.
        group: the position in `Graph.groups` of the innermost module call that this belongs to, or None.
        path: the labels of the module calls around this, outermost first.
        value_bytes: the bytes of the value, whether it is still in memory or not; None where `shape` is.
        saved_bytes: the bytes of the arrays that the operation keeps for its derivative and that neither a leaf nor an
            operation before it holds anyway, so that the sum over all nodes is the memory that backward will free;
            0 for leaves and constants, None once the graph has been released and where it was not watched.
        source: the user's line that ran the operation, where the computation ran inside `autograd.source_lines()` or
            `autograd.watch()`; None otherwise.
        forward_seconds: how long the operation took to compute its value, where it was watched; None otherwise.
        backward_seconds: how long its derivative rules took, where backward was watched; None otherwise.
        value_summary: what the value is like, where it is known and was asked for (`trace(..., summaries=True)`), or
            watched; None otherwise.
        gradient_summary: likewise of the gradient.
        local: for each input the local derivative, where it is small enough and can be known, or None. For an
            operation on single elements (`elementwise`) it has a shape that broadcasts to that of the output: the
            derivative of each element of the output by the element of the input that went into it, so that the
            gradient times it, summed over broadcast axes, is what the input gets. For all others it is the Jacobian,
            with the output's axes before those of the input. `()` for nodes that are no operations.
        sent: for each input what backward last sent there, or None: the contribution of this use to the input's
            gradient. Known where the graph was small when backward ran, for few elements.
        sent_summaries: for each input what that contribution is like, where backward was watched; () otherwise.
        elementwise: whether the operation is a broadcasting function of single elements.
        mark: "added", "removed" or "changed" in the graph of a `Difference`, None otherwise; drawings colour it.
    """

    id: str
    kind: str
    op: str | None
    inputs: tuple[str | complex | None, ...]
    shape: tuple[int, ...] | None
    dtype: np.dtype[Any] | None
    name: str | None
    value: Any
    gradient: Any
    requires_grad: bool
    group: int | None
    path: tuple[str, ...]
    value_bytes: int | None = None
    saved_bytes: int | None = None
    source: SourceLine | None = None
    forward_seconds: float | None = None
    backward_seconds: float | None = None
    value_summary: Summary | None = None
    gradient_summary: Summary | None = None
    local: tuple[Any, ...] = ()
    sent: tuple[Any, ...] = ()
    sent_summaries: tuple[Summary | None, ...] = ()
    elementwise: bool = False
    mark: str | None = None


class Edge(NamedTuple):
    """A value on its way: from node `source` it goes into node `target`, as its input number `position`."""

    source: str
    target: str
    position: int

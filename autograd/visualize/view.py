"""The graph as plain data: what drawings, statistics and comparisons are made from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from autograd.graph import Constant, Leaf, Node, dtype_of, shape_of
from autograd.tensor import Tensor
from autograd.visualize.owners import Group, Membership, find_groups

PART = "_output"  # the op of the nodes that pick one output of an op with several


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


class Edge(NamedTuple):
    """A value on its way: from node `source` it goes into node `target`, as its input number `position`."""

    source: str
    target: str
    position: int


@dataclass(frozen=True, eq=False)
class Graph:
    """A read-only picture of how a Tensor was computed, made by `trace`.

    It holds copies, so it stays as it is when the graph is released, and keeps nothing of the graph alive. Its length
    is the number of nodes, and iterating gives them in execution order.

    Attributes:
        nodes: in execution order: every node comes after its inputs.
        groups: the module calls, in execution order, an outer one before the ones inside it.
    """

    nodes: tuple[NodeView, ...]
    groups: tuple[Group, ...]

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """Every use of a node's value, in execution order."""
        return tuple(
            Edge(source, node.id, position)
            for node in self.nodes
            for position, source in enumerate(node.inputs)
            if isinstance(source, str)
        )

    def __len__(self) -> int:
        return len(self.nodes)

    def __iter__(self) -> Iterator[NodeView]:
        return iter(self.nodes)

    def __repr__(self) -> str:
        operations = sum(self.counts().values())
        return f"<Graph of {len(self)} nodes, {operations} of them operations, and {len(self.edges)} edges>"

    def backward_order(self) -> Iterator[NodeView]:
        """Yield the nodes that gradients flow through, each after everything that used its value.

        >>> x = Tensor(2.0, requires_grad=True, name="x")
        >>> [node.op or node.name for node in trace((x * x + 1) * Tensor(3.0)).backward_order()]
        ['multiply', 'add', 'multiply', 'x']
        """
        return (node for node in reversed(self.nodes) if node.requires_grad)

    def counts(self) -> dict[str, int]:
        """Return how often each operation occurs, the one that occurs first first.

        >>> x = Tensor(2.0, requires_grad=True)
        >>> trace(x * x + x * 3).counts()
        {'multiply': 2, 'add': 1}
        """
        return dict(Counter(node.op for node in self.nodes if node.op is not None and node.op != PART))

    def to_dot(self, **options: Any) -> str:
        """Return the graph in the DOT language; the options are those of `autograd.to_dot`."""
        from autograd.visualize.language import to_dot

        return to_dot(self, **options)


def trace(output: Tensor, *, max_elements: int = 6) -> Graph:
    """Return a read-only picture of the graph that computed `output`.

    Values show before `backward()`, as far as they are known: scalars always, arrays where the Tensor is a living leaf
    or a derivative rule keeps them. After `backward()` gradients show as well: those of leaves always, those of
    operations where the graph and the gradient were small. Tracing changes no Tensor and no gradient.

    Args:
        output: any Tensor; one without a graph gives a single node.
        max_elements: of values and gradients with more elements, only so many first ones are copied.

    Raises:
        TypeError: when `output` is no Tensor.
        ValueError: when `max_elements` is negative.

    >>> x = Tensor(3.0, requires_grad=True, name="x")
    >>> y = x * x
    >>> y.backward()
    >>> [(node.id, node.op or node.name, float(node.value), float(node.gradient)) for node in trace(y)]
    [('n0', 'x', 3.0, 6.0), ('n1', 'multiply', 9.0, 1.0)]
    """
    if not isinstance(output, Tensor):
        raise TypeError(f"only a Tensor has a graph to show; got {type(output).__name__} {output!r:.60}")
    if max_elements < 0:
        raise ValueError(f"max_elements must be 0 or more, not {max_elements}")
    if output._node is None:
        return Graph((_lone(output, max_elements),), ())
    return _Tracer(output._node, max_elements).graph()


def operands(node: Node) -> list[Any]:
    """Return what an operation was given: a Node, a Leaf, a `Constant`, a number, or None for each array input."""
    constants = getattr(node, "constant", ())
    absent = iter(constants if isinstance(constants, tuple) else (constants,))
    return [_known_as(next(absent, None)) if parent is None else parent for parent in node.inputs]


def _known_as(constant: Any) -> Any:
    """Return a constant's Tensor where it has one, which may be used several times, or else its number."""
    if not isinstance(constant, Constant):
        return constant.item() if isinstance(constant, np.generic) else constant
    if constant.leaf is not None:
        return constant.leaf
    return constant.like.item() if isinstance(constant.like, np.generic) else constant


def execution_order(root: Node) -> list[Any]:
    """Return the nodes and constants that `root` depends on, inputs first, in an order set by the structure."""
    order: list[Any] = []
    done: set[Any] = set()
    stack: list[tuple[Any, bool]] = [(root, False)]
    while stack:
        item, expanded = stack.pop()
        if item in done:
            continue
        if expanded or not isinstance(item, Node) or item.op is None:
            done.add(item)
            order.append(item)
            continue
        stack.append((item, True))
        stack += [(x, False) for x in reversed(operands(item)) if isinstance(x, Node | Constant) and x not in done]
    return order


class _Tracer:
    """Gathers what is known about the nodes of one graph."""

    def __init__(self, root: Node, max_elements: int) -> None:
        self.root = root
        self.limit = max_elements
        self.order = execution_order(root)
        self.ids = {item: f"n{i}" for i, item in enumerate(self.order)}
        self.users: dict[Any, list[Node]] = defaultdict(list)
        self.recorded: set[Any] = {root}  # what a gradient flows to
        for node in self.order:
            if isinstance(node, Node):
                self.recorded.update(node.parents())
                for x in operands(node):
                    self.users[x].append(node)
        self.values = _values(self.order, max_elements)
        self.calls: Membership = find_groups(self.order)
        self.names = self.calls.tensor_names()
        self.given = {x for group, owner in zip(self.calls.groups, self.calls.owners) if group.parent is None
                      for x in owner.inputs}  # fmt: skip

    def graph(self) -> Graph:
        labels: dict[int | None, tuple[str, ...]] = {None: ()}
        for i, group in enumerate(self.calls.groups):
            labels[i] = (*labels[group.parent], group.label)
        return Graph(tuple(self.view(item, labels) for item in self.order), tuple(self.calls.groups))

    def view(self, item: Any, labels: Mapping[int | None, tuple[str, ...]]) -> NodeView:
        """Return the picture of a Node or Constant."""
        group = self.group(item)
        several = isinstance(item.like, list)
        is_op = isinstance(item, Node) and item.op is not None
        return NodeView(
            id=self.ids[item],
            kind=self.kind(item),
            op=item.op.name if is_op else None,
            inputs=tuple([self.ids.get(x, x) for x in _arguments(item)]) if is_op else (),
            shape=None if several else shape_of(item.like),
            dtype=None if several else dtype_of(item.like),
            name=_own_name(item) or self.names.get(item),
            value=self.values.get(item),
            gradient=_gradient(item, self.limit),
            requires_grad=item in self.recorded,
            group=group,
            path=labels[group],
        )

    def kind(self, item: Any) -> str:
        if isinstance(item, Constant):
            return "constant"
        if item.op is not None:
            return "output" if item is self.root else "operation"
        given = item in self.given and item not in self.names
        return "parameter" if item in self.recorded and not given else "input"

    def group(self, item: Any) -> int | None:
        if item in self.calls.where or not self.calls.groups:
            return self.calls.where.get(item)
        if self.kind(item) == "input" and item not in self.names:
            return None  # data comes from outside of all modules
        return self.calls.home(item, self.users[item])


def _arguments(node: Node) -> Sequence[Any]:
    """Return an operation's operands; for a part of an op with several outputs the op and, if still known, which."""
    assert node.op is not None
    return [*node.inputs, node.constant] if node.op.name == PART else operands(node)


def _own_name(item: Any) -> str | None:
    extra = getattr(item, "extra", None)
    return None if extra is None or extra.name is None else str(extra.name)


def _gradient(item: Any, limit: int) -> Any:
    """Return an excerpt of the gradient that backward brought to a node."""
    grad = getattr(item, "grad", None)
    flow = getattr(item, "flow", None)
    known = flow if flow is not None else grad
    return None if known is None else excerpt(known._data if isinstance(known, Tensor) else known, limit)


def _values(order: Sequence[Any], limit: int) -> dict[Any, Any]:
    """Return excerpts of the values that are still known."""
    found: dict[Any, Any] = {}
    for item in order:
        owner = item.owner() if isinstance(item, Leaf) else None
        value = item.like if owner is None else owner._data
        if not isinstance(value, tuple | list):
            found[item] = excerpt(value, limit)
    for item in order:
        for source, value in _kept(item):
            if isinstance(source, Node | Constant) and source not in found and hasattr(value, "flat"):
                found[source] = excerpt(value, limit)
    return found


def _kept(node: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the operands whose values the node's rules keep, and the node itself where they keep its result."""
    op, saved = getattr(node, "op", None), getattr(node, "saved", None)
    if op is None or saved is None or op.several:
        return
    sources = operands(node)
    for name, value in zip(op.keeps, saved):
        if name == "out":
            yield node, value
        elif name in op.parameters and value is not None:
            yield from zip(sources, value) if op.variadic else [(sources[op.parameters.index(name)], value)]


def excerpt(value: Any, limit: int) -> Any:
    """Return a copy of a NumPy scalar or array; of one with more than `limit` elements, the first ones, flat.

    >>> excerpt(np.array([[1, 2], [3, 4]]), 3)
    array([1, 2, 3])
    """
    return value.copy() if value.size <= limit else value.flat[:limit].copy()


def _lone(tensor: Tensor, limit: int) -> NodeView:
    """Return the picture of a Tensor without a graph."""
    gradient = tensor.grad
    return NodeView(
        id="n0", kind="input", op=None, inputs=(), shape=tensor.shape, dtype=tensor.dtype, name=_own_name(tensor._leaf),
        value=excerpt(tensor._data, limit), gradient=None if gradient is None else excerpt(gradient._data, limit),
        requires_grad=False, group=None, path=(),
    )  # fmt: skip

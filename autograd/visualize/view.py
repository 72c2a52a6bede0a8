"""The graph as plain data: what drawings, statistics and comparisons are made from."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.backward import conjugate
from autograd.graph import Constant, Leaf, Node, dtype_of, like_of, shape_of
from autograd.primitive import Op
from autograd.summaries import Summary as Summary
from autograd.summaries import summarize
from autograd.tensor import Tensor, value_of
from autograd.visualize.derivatives import DETAILED, local_derivatives
from autograd.visualize.derivatives import operands as operands
from autograd.visualize.nodes import PART as PART
from autograd.visualize.nodes import Contribution as Contribution
from autograd.visualize.nodes import Edge as Edge
from autograd.visualize.nodes import NodeView as NodeView
from autograd.visualize.owners import Group, Membership, find_groups
from autograd.watching import Kept, Observation, source_line
from autograd.watching import SourceLine as SourceLine

if TYPE_CHECKING:
    from autograd.visualize.steps import Step


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

    def __getitem__(self, id: str) -> NodeView:
        """Return the node of an id.

        Raises:
            KeyError: when there is none.

        >>> trace(Tensor(2.0) * 3)["n0"].kind
        'input'
        """
        return self._by_id[id]

    @cached_property
    def _by_id(self) -> dict[str, NodeView]:
        return {node.id: node for node in self.nodes}

    @property
    def saved_bytes(self) -> int:
        """The bytes of all that operations keep for their derivatives and that leaves do not hold anyway.

        >>> x = Tensor(np.ones((1000, 1000), np.float32), requires_grad=True)
        >>> trace(np.exp(x).sum()).saved_bytes
        4000000
        """
        return sum(node.saved_bytes or 0 for node in self.nodes)

    def backward_order(self) -> Iterator[NodeView]:
        """Yield the nodes that gradients flow through in the order in which the engine works on them.

        Each comes after everything that used its value.

        >>> x = Tensor(2.0, requires_grad=True, name="x")
        >>> [node.op or node.name for node in trace((x * x + 1) * Tensor(3.0)).backward_order()]
        ['multiply', 'add', 'multiply', 'x']
        """
        uses = Counter(edge.source for edge in self.edges)
        stack = [self.nodes[-1]] if self.nodes[-1].requires_grad else []
        while stack:
            node = stack.pop()
            yield node
            for source in node.inputs:
                if isinstance(source, str):
                    uses[source] -= 1
                    if not uses[source] and self._by_id[source].requires_grad:
                        stack.append(self._by_id[source])

    def counts(self) -> dict[str, int]:
        """Return how often each operation occurs, the one that occurs first first.

        >>> x = Tensor(2.0, requires_grad=True)
        >>> trace(x * x + x * 3).counts()
        {'multiply': 2, 'add': 1}
        """
        return dict(Counter(node.op for node in self.nodes if node.op is not None and node.op != PART))

    def steps(self) -> list[Step]:
        """Return the steps of the computation: forward in execution order, then backward as the engine goes.

        Before `backward()` the gradients in them are None.

        >>> x = Tensor(3.0, requires_grad=True, name="x")
        >>> y = x * x
        >>> y.backward()
        >>> for step in trace(y).steps():
        ...     print(step.phase, step.node.op or step.node.name, [float(c.value) for c in step.received])
        forward multiply []
        backward multiply [1.0]
        backward x [3.0, 3.0]
        """
        from autograd.visualize.steps import steps_of

        return steps_of(self)

    def to_dot(self, **options: Any) -> str:
        """Return the graph in the DOT language; the options are those of `autograd.to_dot`."""
        from autograd.visualize.language import to_dot

        return to_dot(self, **options)

    def to_json(self) -> str:
        """Return the graph as JSON, which `from_json` reads.

        Numbers are exact, floats that are not finite are written as text. The same graph gives the same text.

        >>> x = Tensor(3.0, requires_grad=True, name="x")
        >>> Graph.from_json(trace(x * x).to_json()).to_dot() == trace(x * x).to_dot()
        True
        """
        from autograd.visualize.interchange import to_json

        return to_json(self)

    @classmethod
    def from_json(cls, text: str | bytes) -> Graph:
        """Return the graph that `to_json` wrote.

        Args:
            text: the JSON text; bytes are UTF-8.

        Raises:
            TypeError: when `text` is neither text nor bytes.
            ValueError: when it is not what some version of `to_json` writes; the message says where.
        """
        from autograd.visualize.interchange import from_json

        return from_json(text)


def trace(output: Tensor, *, max_elements: int = 6, summaries: bool = False) -> Graph:
    """Return a read-only picture of the graph that computed `output`.

    Values show before `backward()`, as far as they are known: scalars always, arrays where the Tensor is a living leaf
    or a derivative rule keeps them. After `backward()` gradients show as well: those of leaves always, those of
    operations where the graph and the gradient were small. More is known of what ran inside `autograd.watch()`.
    Tracing changes no Tensor and no gradient. In graphs of at most 256 nodes it runs the derivative rules of operations
    on few elements, for their local derivatives.

    Args:
        output: any Tensor; one without a graph gives a single node.
        max_elements: of values and gradients with more elements, only so many first ones are copied.
        summaries: compute the range, mean and histogram of all known values and gradients; takes time in large graphs.

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
        return Graph((_lone(output, max_elements, summaries),), ())
    return _Tracer(output._node, max_elements, summaries).graph()


def execution_order(root: Node) -> dict[Any, list[Any]]:
    """Return the nodes and constants that `root` depends on, with the operands of each.

    They come inputs first, in an order set by the structure.
    """
    order: dict[Any, list[Any]] = {}
    given: dict[Any, list[Any]] = {}  # to what was begun
    stack: list[Any] = [root]
    while stack:
        item = stack.pop()
        if item in order:
            continue
        if item in given or not isinstance(item, Node) or item.op is None:
            order[item] = given.get(item, [])
            continue
        found = given[item] = operands(item)
        stack.append(item)
        stack += [x for x in reversed(found) if isinstance(x, Node | Constant) and x not in order]
    return order


class _Tracer:
    """Gathers what is known about the nodes of one graph."""

    def __init__(self, root: Node, max_elements: int, summaries: bool) -> None:
        self.root = root
        self.limit = max_elements
        self.summaries = summaries
        self.order = execution_order(root)
        self.ids = {item: f"n{i}" for i, item in enumerate(self.order)}
        self.users: dict[Any, list[Node]] = defaultdict(list)
        self.recorded: set[Any] = {root}  # what a gradient flows to
        for node, given in self.order.items():
            if given:
                self.recorded.update(node.inputs)
                for x in given:
                    self.users[x].append(node)
        self.values = known_values(self.order)
        self.kept = Kept()
        self.calls: Membership = find_groups(list(self.order))
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
        is_op = isinstance(item, Node) and item.op is not None
        value, gradient = self.values.get(item), _gradient(item)
        seen = _observation(item)
        return NodeView(
            id=self.ids[item],
            kind=self.kind(item),
            op=item.op.name if is_op else None,
            inputs=tuple([self.ids.get(x, x) for x in self.arguments(item)]) if is_op else (),
            **_size(item.like),
            name=_own_name(item) or self.names.get(item),
            value=excerpt(value, self.limit),
            gradient=excerpt(gradient, self.limit),
            requires_grad=item in self.recorded,
            group=group,
            path=labels[group],
            saved_bytes=self.saved_bytes(item, seen),
            value_summary=self.summary(value, seen.value_summary if seen else None),
            gradient_summary=self.summary(gradient, seen.gradient_summary if seen else None),
            **(self.work(item) if is_op else {}),
            **_observed(seen),
        )

    def arguments(self, node: Node) -> Sequence[Any]:
        """Return an operation's operands; for a part of an op with several outputs the op and, if known, which."""
        assert node.op is not None
        return [*node.inputs, node.constant] if node.op.name == PART else self.order[node]

    def work(self, node: Node) -> dict[str, Any]:
        """Return what is known about an operation's derivative."""
        unknown = (None,) * len(self.arguments(node))
        sent = _sent(node, len(unknown))
        local: tuple[Any, ...] = unknown
        assert node.op is not None
        if len(self.order) <= DETAILED and node.op.name != PART:
            known = local_derivatives(node, self.order[node], self.values)
            local = tuple(map(_from_gradient, known, sent or unknown, repeat(_gradient(node))))
        return {
            "local": local,
            "sent": tuple([excerpt(h, self.limit) for h in sent]) if sent else unknown,
            "elementwise": isinstance(node.op, Op) and node.op.elementwise,
        }

    def saved_bytes(self, item: Any, seen: Observation | None) -> int | None:
        if not isinstance(item, Node) or item.op is None:
            return 0
        if item.saved is None:
            return seen.saved_bytes if seen else None
        return self.kept.add(item.saved, item.inputs)

    def summary(self, value: Any, known: Summary | None) -> Summary | None:
        return summarize(value) if self.summaries and value is not None and known is None else known

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


def _size(like: Any) -> dict[str, Any]:
    """Return a value's shape, dtype and bytes; an op with several outputs has none itself."""
    if isinstance(like, list):
        return {"shape": None, "dtype": None, "value_bytes": None}
    shape, dtype = shape_of(like), dtype_of(like)
    return {"shape": shape, "dtype": dtype, "value_bytes": math.prod(shape) * dtype.itemsize}


def _own_name(item: Any) -> str | None:
    extra = getattr(item, "extra", None)
    return None if extra is None or extra.name is None else str(extra.name)


def _observation(item: Any) -> Observation | None:
    extra = getattr(item, "extra", None)
    return None if extra is None else extra.observation


def _observed(seen: Observation | None) -> dict[str, Any]:
    """Return what only an observation knows."""
    if seen is None:
        return {}
    return {
        "source": source_line(*seen.line),
        "forward_seconds": seen.forward_seconds,
        "backward_seconds": seen.backward_seconds,
        "sent_summaries": seen.sent_summaries,
    }


def _gradient(item: Any) -> Any:
    """Return the gradient that backward brought to a node, if it is known."""
    flow, seen = getattr(item, "flow", None), _observation(item)
    if flow is not None and flow[0] is not None:
        return conjugate(flow[0])
    if getattr(item, "grad", None) is not None:
        return value_of(item.grad)
    return conjugate(seen.gradient) if seen is not None and seen.gradient is not None else None


def _sent(node: Node, count: int) -> list[Any]:
    """Return for each of `count` inputs what backward last sent there, None if that is not known; [] if nothing is."""
    assert node.op is not None
    if node.op.name == PART:
        return [_gradient(node), None][:count]
    if not hasattr(node, "flow"):
        return []
    sent = (None if h is None else conjugate(h) for h in node.flow[1])
    return [None if edge is None else next(sent, None) for edge in node.inputs]


def _from_gradient(local: Any, sent: Any, gradient: Any) -> Any:
    """Return a local derivative that is not known otherwise: of one number, what is sent divided by the gradient."""
    if local is not None or sent is None or gradient is None or gradient.size != 1:
        return local
    if "c" in (sent.dtype.kind, gradient.dtype.kind):
        return None
    with np.errstate(all="ignore"):
        found = sent / gradient.reshape(())[()]
    return found if np.isfinite(found).all() else None


def known_values(order: Mapping[Any, list[Any]]) -> dict[Any, Any]:
    """Return the values that are still known: the arrays themselves, not copies.

    Args:
        order: nodes and constants, with what each operation among them was given.
    """
    found: dict[Any, Any] = {}
    for item in order:
        owner = item.owner() if isinstance(item, Leaf) else None
        value = item.like if owner is None else owner._data
        if not isinstance(value, tuple | list):
            found[item] = value
    for item in order:
        for source, value in _kept(item, order[item]):
            if isinstance(source, Node | Constant) and source not in found and hasattr(value, "flat"):
                found[source] = value
    for item in order:
        seen = _observation(item)
        if seen is not None and seen.value is not None and item not in found:
            found[item] = seen.value
    return found


def _kept(node: Any, sources: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Yield the operands whose values the node's rules keep, and the node itself where they keep its result."""
    op, saved = getattr(node, "op", None), getattr(node, "saved", None)
    if op is None or saved is None or op.several:
        return
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
    if value is None:
        return None
    return value.copy() if value.size <= limit else value.flat[:limit].copy()


def _lone(tensor: Tensor, limit: int, summaries: bool) -> NodeView:
    """Return the picture of a Tensor without a graph."""
    gradient = None if tensor.grad is None else tensor.grad._data
    return NodeView(
        id="n0", kind="input", op=None, inputs=(), **_size(like_of(tensor._data)), name=_own_name(tensor._leaf),
        value=excerpt(tensor._data, limit), gradient=excerpt(gradient, limit), requires_grad=False, group=None, path=(),
        saved_bytes=0, value_summary=summarize(tensor._data) if summaries else None,
        gradient_summary=summarize(gradient) if summaries and gradient is not None else None,
    )  # fmt: skip

"""What differs between two graphs."""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict, deque
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autograd.tensor import Tensor
from autograd.visualize.nodes import NodeView
from autograd.visualize.owners import Group
from autograd.visualize.view import Graph, trace

if TYPE_CHECKING:
    import graphviz

MOST_EDITS = 1000  # additions and removals; graphs that differ by more are paired off without regard to order


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """A node that both graphs have, not quite the same.

    Attributes:
        before: the node in the first graph.
        after: the node in the second.
        what: which of "shape", "dtype", "name", "inputs", "requires_grad" differ. Inputs differ where the nodes that
            they come from are not each other's counterparts, or the numbers are not equal.
    """

    before: NodeView
    after: NodeView
    what: tuple[str, ...]

    def __str__(self) -> str:
        plain = [what for what in self.what if what != "inputs"]
        found = [f"{what} {getattr(self.before, what)!s:.60} -> {getattr(self.after, what)!s:.60}" for what in plain]
        return f"{_called(self.after)}: " + "; ".join(found + ["other inputs"] * ("inputs" in self.what))


@dataclass(frozen=True, eq=False)
class Difference:
    """What `diff` found; true where the graphs differ, and printed one line for each difference.

    Attributes:
        before: the first graph.
        after: the second graph.
        pairs: by id in the first graph, the id of the counterpart in the second.
        added: the nodes that only the second graph has, in its execution order.
        removed: the nodes that only the first graph has, likewise.
        changed: the nodes that both have, with other shapes and the like, in the second graph's execution order.
        graph: both graphs as one: the second one, with the removed nodes, and every node's `mark` set.
    """

    before: Graph
    after: Graph
    pairs: Mapping[str, str]
    added: tuple[NodeView, ...]
    removed: tuple[NodeView, ...]
    changed: tuple[Change, ...]
    graph: Graph

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)

    def __str__(self) -> str:
        lines = [f"- {_described(node)}" for node in self.removed]
        lines += [f"+ {_described(node)}" for node in self.added]
        lines += [f"~ {change}" for change in self.changed]
        return "\n".join(lines) or "no difference"

    def to_dot(self, **options: Any) -> str:
        """Return `graph` in the DOT language, what was added, removed and changed in colours of their own.

        The options are those of `autograd.to_dot`; values and gradients are not shown unless asked for.
        """
        return self.graph.to_dot(**{"values": False, "gradients": False, **options})

    def draw(self, **options: Any) -> graphviz.Digraph:
        """Return the same as a `graphviz.Digraph`, which notebooks show as a picture."""
        from autograd.visualize.language import draw

        return draw(self.graph, **{"values": False, "gradients": False, **options})


def diff(graph_a: Graph | Tensor, graph_b: Graph | Tensor) -> Difference:
    """Compare two graphs: which nodes were added, which removed, and which changed.

    Nodes are counterparts when they are the same operation (or the same kind of leaf, of the same name) in the same
    place among the modules, and come in the same order; as few nodes as possible are then added and removed. In graphs
    that differ by more than a thousand nodes the first of a kind is the counterpart of the first, and so on. Values and
    gradients do not count.

    Args:
        graph_a: what was, as `trace` returns it, or a Tensor to trace.
        graph_b: what is.

    Raises:
        TypeError: when one is neither a Graph nor a Tensor.

    >>> import numpy as np
    >>> x, w = (Tensor(np.ones(n), requires_grad=True, name=name) for n, name in ((3, "x"), (1, "w")))
    >>> print(diff(np.exp(x * 2).sum(), np.tanh(np.exp(w * 2)).sum()))
    - parameter 'x' (3,)
    + parameter 'w' (1,)
    + tanh (1,)
    ~ multiply: shape (3,) -> (1,); other inputs
    ~ exp: shape (3,) -> (1,)
    ~ sum: other inputs
    """
    a, b = _graph(graph_a), _graph(graph_b)
    numbers: dict[Hashable, int] = {}
    tokens_a, tokens_b = ([numbers.setdefault(token, len(numbers)) for token in _tokens(graph)] for graph in (a, b))
    places = _paired(tokens_a, tokens_b)
    pairs = {a.nodes[i].id: b.nodes[j].id for i, j in places}
    back = {after: before for before, after in pairs.items()}
    removed = tuple(node for node in a if node.id not in pairs)
    added = tuple(node for node in b if node.id not in back)
    changes = [Change(a[back[node.id]], node, _what(a[back[node.id]], node, pairs)) for node in b if node.id in back]
    changed = tuple(change for change in changes if change.what)
    return Difference(a, b, pairs, added, removed, changed, _merged(a, b, pairs, changed))


def _graph(given: Any) -> Graph:
    if isinstance(given, Graph):
        return given
    if isinstance(given, Tensor):
        return trace(given)
    raise TypeError(f"diff compares Graphs and Tensors, not {type(given).__name__} {given!r:.60}")


def _tokens(graph: Graph) -> list[Hashable]:
    """Return for each node what its counterpart must have as well."""
    return [(node.op, node.path) if node.op is not None else (node.kind, node.name, node.path) for node in graph]


def _what(before: NodeView, after: NodeView, pairs: Mapping[str, str]) -> tuple[str, ...]:
    """Return the fields in which two counterparts differ."""
    inputs = tuple(pairs.get(x, "removed") if isinstance(x, str) else _comparable(x) for x in before.inputs)
    fields = ("shape", "dtype", "name", "requires_grad")
    found = [name for name in fields if getattr(before, name) != getattr(after, name)]
    if inputs != tuple(x if isinstance(x, str) else _comparable(x) for x in after.inputs):
        found.append("inputs")
    return tuple(found)


def _comparable(number: Any) -> Any:
    """Return a number so that nan is equal to nan, and None to None only."""
    return None if number is None else ("number", repr(number))


# --- pairing ----------------------------------------------------------------------------------------------------------


def _paired(a: Sequence[int], b: Sequence[int]) -> list[tuple[int, int]]:
    """Return the positions of counterparts, in order in both: what begins alike, what ends alike, and in between."""
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    end = 0
    while end < min(len(a), len(b)) - start and a[-1 - end] == b[-1 - end]:
        end += 1
    same = [(i, i) for i in range(start)]
    middle = _aligned(a[start : len(a) - end], b[start : len(b) - end])
    same += [(start + i, start + j) for i, j in middle]
    return same + [(len(a) - i, len(b) - i) for i in range(end, 0, -1)]


def _aligned(a: Sequence[int], b: Sequence[int]) -> list[tuple[int, int]]:
    """Pair as many equal items as an order common to both allows.

    Myers, An O(ND) difference algorithm and its variations, 1986, section 4: of the ways that use d additions and
    removals, and end on diagonal k = x - y, only the furthest is followed.
    """
    furthest = {1: 0}
    history = []
    for d in range(min(len(a) + len(b), MOST_EDITS) + 1):
        history.append(furthest.copy())
        for k in range(-d, d + 1, 2):
            x = furthest[k + 1] if _is_addition(furthest, k, d) else furthest[k - 1] + 1
            while x < len(a) and x - k < len(b) and a[x] == b[x - k]:
                x += 1
            furthest[k] = x
            if x >= len(a) and x - k >= len(b):
                return _way(history, len(a), len(b))
    return _in_order(a, b)


def _is_addition(furthest: Mapping[int, int], k: int, d: int) -> bool:
    """Return whether the last step of the furthest way to diagonal k added an item, instead of removing one."""
    return k == -d or (k != d and furthest[k - 1] < furthest[k + 1])


def _way(history: Sequence[Mapping[int, int]], x: int, y: int) -> list[tuple[int, int]]:
    """Return the equal items on the way that ends at (x, y)."""
    found = []
    for d, furthest in reversed(list(enumerate(history))):
        k = x - y
        before = k + 1 if _is_addition(furthest, k, d) else k - 1
        start = furthest[before]
        while x > start and y > start - before:
            x, y = x - 1, y - 1
            found.append((x, y))
        x, y = start, start - before
    return found[::-1]


def _in_order(a: Sequence[int], b: Sequence[int]) -> list[tuple[int, int]]:
    """Pair the first of each kind with the first, the second with the second, and so on."""
    places: dict[int, list[int]] = defaultdict(list)
    for j, token in enumerate(b):
        places[token].append(j)
    seen: Counter[int] = Counter()
    found = []
    for i, token in enumerate(a):
        if seen[token] < len(places.get(token, ())):
            found.append((i, places[token][seen[token]]))
            seen[token] += 1
    return found


# --- both in one graph ------------------------------------------------------------------------------------------------


def _merged(a: Graph, b: Graph, pairs: Mapping[str, str], changed: Sequence[Change]) -> Graph:
    """Return the second graph with what only the first one has, the nodes marked, in an order that fits both."""
    groups, regroup = _merged_groups(a, b, pairs)
    marks = {change.after.id: "changed" for change in changed}
    back = {after: before for before, after in pairs.items()}
    everything: dict[tuple[str, str], NodeView] = {("a", node.id): node for node in a if node.id not in pairs}
    everything |= {("b", node.id): node for node in b}
    ids: dict[tuple[str, str], str] = {}
    merged = []
    for key in _merged_order(a, b, pairs, back):
        node, own = everything[key], key[0]
        ids[key] = f"n{len(ids)}"
        known = {x: ids[_key(x, own, pairs)] for x in node.inputs if isinstance(x, str)}
        mark = "removed" if own == "a" else marks.get(node.id) if node.id in back else "added"
        kind = "operation" if own == "a" and node.kind == "output" else node.kind
        inputs = tuple(known[x] if isinstance(x, str) else x for x in node.inputs)
        group = regroup[node.group] if own == "a" and node.group is not None else node.group
        merged.append(dataclasses.replace(node, id=ids[key], inputs=inputs, mark=mark, kind=kind, group=group))
    return Graph(tuple(merged), groups)


def _key(id: str, own: str, pairs: Mapping[str, str]) -> tuple[str, str]:
    return ("b", pairs[id]) if own == "a" and id in pairs else (own, id)


def _merged_order(
    a: Graph, b: Graph, pairs: Mapping[str, str], back: Mapping[str, str]
) -> Iterator[tuple[str, str]]:  # fmt: skip
    """Yield all nodes: those of the second graph in its order, each removed one as soon as its inputs are there."""
    waiting = deque(node for node in a if node.id not in pairs)
    place = {node.id: i for i, node in enumerate(a)}
    done: set[tuple[str, str]] = set()
    for node in b.nodes[:-1]:
        while waiting and node.id in back and place[waiting[0].id] < place[back[node.id]]:
            if not all(_key(x, "a", pairs) in done for x in waiting[0].inputs if isinstance(x, str)):
                break
            yield (key := ("a", waiting.popleft().id))
            done.add(key)
        yield (key := ("b", node.id))
        done.add(key)
    last = ("b", b.nodes[-1].id)
    # What uses the last node's counterpart has to come after it, everything else before: the output ends a graph.
    late: set[tuple[str, str]] = {last}
    for node in waiting:
        if any(_key(x, "a", pairs) in late for x in node.inputs if isinstance(x, str)):
            late.add(("a", node.id))
    yield from (("a", node.id) for node in waiting if ("a", node.id) not in late)
    yield last
    yield from (("a", node.id) for node in waiting if ("a", node.id) in late)


def _merged_groups(a: Graph, b: Graph, pairs: Mapping[str, str]) -> tuple[tuple[Group, ...], dict[int | None, int]]:
    """Return the groups of both graphs, and by group of the first graph which of them it is."""
    groups = list(b.groups)
    regroup: dict[int | None, int] = {}
    for before in a:  # counterparts are in the same place among the modules
        if before.id in pairs:
            one, other = before.group, b[pairs[before.id]].group
            while one is not None and other is not None and one not in regroup:
                regroup[one] = other
                one, other = a.groups[one].parent, b.groups[other].parent
    for i, group in enumerate(a.groups):
        if i not in regroup:
            regroup[i] = len(groups)
            parent = None if group.parent is None else regroup[group.parent]
            groups.append(Group(group.label, group.name, parent))
    return tuple(groups), regroup


# --- text -------------------------------------------------------------------------------------------------------------


def _described(node: NodeView) -> str:
    return f"{_called(node)} {node.shape}" if node.shape is not None else _called(node)


def _called(node: NodeView) -> str:
    """Return what a node is, what it is called and where it stands, as one line."""
    what = node.op or node.kind
    name = "" if node.name is None else f" {node.name!r:.60}"
    where = f" in {' / '.join(node.path)!r:.100}" if node.path else ""
    return f"{what}{name}{where}"

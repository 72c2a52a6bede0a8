"""What a page shows, as plain data that JSON can hold."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograd.visualize.labels import symbol
from autograd.visualize.nodes import Contribution, NodeView, Summary
from autograd.visualize.view import PART, Graph

CHUNK = 40  # of the boxes that stand side by side in a graph or module, so many are framed when there are very many
CROWD = 160

Record = dict[str, Any]


def page_data(graph: Graph) -> Record:
    """Return what the page's program reads: nodes, groups, and backward's steps, linked by their positions.

    >>> from autograd import Tensor, trace
    >>> x = Tensor(3.0, requires_grad=True, name="x")
    >>> y = x * x
    >>> y.backward()
    >>> data = page_data(trace(y))
    >>> data["nodes"][1]["op"], data["nodes"][1]["inputs"], data["pulls"][1]["received"]
    ('multiply', [0, 0], [[1, 0, 3.0], [1, 1, 3.0]])
    """
    places = {node.id: i for i, node in enumerate(graph)}
    nodes = [_node(node, places) for node in graph]
    groups: list[Record] = [
        {"label": printable(group.label), "name": printable(group.name), "parent": group.parent}
        for group in graph.groups
    ]
    frame_crowds(nodes, groups)
    return {"nodes": nodes, "groups": groups, "pulls": list(_pulls(graph, places))}


def _node(node: NodeView, places: Mapping[str, int]) -> Record:
    """Return all that is known of a node; what is not known is left out, except what every reader asks for."""
    inputs = [places[x] if isinstance(x, str) else None if x is None else plain_text(x) for x in node.inputs]
    if node.op == PART:
        inputs = inputs[:1]
    record = {
        "kind": node.kind,
        "op": node.op,
        "inputs": inputs,
        "shape": node.shape,
        "dtype": None if node.dtype is None else str(node.dtype),
        "name": None if node.name is None else printable(node.name),
        "group": node.group,
        "value": _value(node.value, node.shape, node.value_summary),
        "gradient": _value(node.gradient, node.shape, node.gradient_summary),
        "needed": node.requires_grad,
    }
    more = {
        "sign": symbol(node) if node.op is not None else None,
        "part": node.op == PART,
        "bytes": node.value_bytes,
        "saved": node.saved_bytes,
        "seconds": node.forward_seconds,
        "backwardSeconds": node.backward_seconds,
        "source": _source(node),
        "local": _local(node),
        "elementwise": node.elementwise,
        "mark": node.mark,
    }
    return record | {key: value for key, value in more.items() if value not in (None, False, 0)}


def _local(node: NodeView) -> list[Any] | None:
    """Return the local derivatives by each input, if any is known."""
    known = any(x is not None for x in node.local)
    return [_value(x, np.shape(x), None) for x in node.local] if known else None


def _source(node: NodeView) -> Record | None:
    """Return the user's line that ran an operation."""
    if node.source is None:
        return None
    file, line, function, text = node.source
    return {"file": printable(file), "line": line, "function": printable(function), "text": printable(text)}


def _pulls(graph: Graph, places: Mapping[str, int]) -> Iterator[Record]:
    """Yield backward's steps: each node, and the contributions to its gradient in the order of their arrival.

    There are none before `backward()`.
    """
    if all(node.gradient is None and node.gradient_summary is None for node in graph):
        return
    shapes = {node.id: node.shape for node in graph}
    for step in graph.steps():
        if step.phase == "backward":
            received = [_contribution(c, places, shapes[c.receiver]) for c in step.received]
            yield {"node": places[step.node.id], "received": received}


def _contribution(c: Contribution, places: Mapping[str, int], shape: tuple[int, ...] | None) -> list[Any]:
    return [None if c.sender is None else places[c.sender], c.position, _value(c.value, shape, c.summary)]


# --- values -----------------------------------------------------------------------------------------------------------


def _value(value: Any, shape: tuple[int, ...] | None, summary: Summary | None) -> Any:
    """Return a value: the number that it is, or of an array its elements if they are here, and what it is like."""
    if value is None and summary is None:
        return None
    complete = value is not None and np.shape(value) == shape
    if complete and not shape:
        return plain(value[()])
    found: Record = {} if shape is None else {"shape": shape, "n": math.prod(shape)}
    if complete:
        found["few"] = _nested(value)
    if summary is not None:
        size, low, mean, high, zeros, odd, counts = summary
        found |= {"n": size, "min": brief(low), "mean": brief(mean), "max": brief(high), "zeros": zeros, "odd": odd}
        if low < high:
            found["bars"] = counts
    return found if complete or summary is not None else None


def _nested(array: np.ndarray) -> Any:
    """Return an array's elements as nested lists. NumPy allows no more than 64 axes, so this may recurse."""
    return plain(array[()]) if not array.ndim else [_nested(row) for row in array]


def plain(x: Any) -> float | int | bool | str:
    """Return a number as JSON can hold it, in as few digits as give it back; others than finite real ones as text.

    >>> [plain(x) for x in (np.float32(0.1), np.int64(3), np.bool_(True), np.nan, 1 + 2j)]
    [0.1, 3, True, 'nan', '(1+2j)']
    """
    if isinstance(x, float | np.floating):
        text = str(x)  # the digits of its own dtype: float32's 0.1 is not 0.10000000149
        return float(text) if math.isfinite(x) else text
    if isinstance(x, bool | np.bool_):
        return bool(x)
    if isinstance(x, int | np.integer):
        return int(x) if abs(int(x)) < 2**53 else str(x)  # JavaScript's numbers are float64
    return str(x)


def plain_text(x: Any) -> str:
    """Return a number that an operation was given, as text."""
    return printable(str(plain(x)) if np.isscalar(x) else str(x))


def brief(x: float) -> float | int | bool | str:
    """Return a number of a summary, in 6 digits.

    >>> brief(1 / 3)
    0.333333
    """
    return plain(float(f"{x:.6g}"))


def printable(text: str) -> str:
    r"""Return a text in which whatever cannot be printed is written as Python's escape.

    >>> print(printable("two\nlines"))
    two\nlines
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def dumps(data: Record) -> str:
    r"""Return JSON that may stand in an HTML `script` element: nothing in it can end the element.

    >>> dumps({"name": "</script>"})
    '{"name":"\\u003c/script>"}'
    """
    return json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


# --- frames for crowds ------------------------------------------------------------------------------------------------


def frame_crowds(nodes: Sequence[Record], groups: list[Record]) -> None:
    """Put frames around neighbours wherever very many boxes would stand side by side, and frames around those.

    Nobody can read thousands of boxes. Neighbours in execution order belong together as well as any.
    """
    members: dict[int | None, list[Record]] = {}
    begin: dict[int, int] = {}
    for i, node in enumerate(nodes):
        index = node["group"]
        while index is not None and index not in begin:
            begin[index] = i
            index = groups[index]["parent"]
    where = {id(node): i for i, node in enumerate(nodes)} | {id(groups[g]): i for g, i in begin.items()}
    for node in nodes:
        members.setdefault(node["group"], []).append(node)
    for g in begin:
        members.setdefault(groups[g]["parent"], []).append(groups[g])
    for parent, inside in list(members.items()):
        crowd = sorted(inside, key=lambda record: where[id(record)])
        while len(crowd) > CROWD:
            crowd = [_framed(crowd[i : i + CHUNK], parent, groups) for i in range(0, len(crowd), CHUNK)]
    _outer_first(nodes, groups)


def _framed(records: Sequence[Record], parent: int | None, groups: list[Record]) -> Record:
    """Return a new group that holds these nodes and groups."""
    group = {"label": "", "name": "", "parent": parent, "crowd": True}
    groups.append(group)
    for record in records:
        record["group" if "kind" in record else "parent"] = len(groups) - 1
    return group


def _outer_first(nodes: Sequence[Record], groups: list[Record]) -> None:
    """Renumber the groups so that each comes after the one around it."""
    inside: dict[int | None, list[int]] = {}
    for i, group in enumerate(groups):
        inside.setdefault(group["parent"], []).append(i)
    order = list(inside.get(None, ()))
    for i in order:  # which grows as it goes
        order += inside.get(i, ())
    new = {old: i for i, old in enumerate(order)} | {None: None}
    for record in nodes:
        record["group"] = new[record["group"]]
    for group in groups:
        group["parent"] = new[group["parent"]]
    groups[:] = [groups[old] for old in order]

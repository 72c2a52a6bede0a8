"""Names of Tensors from what they are assigned to in the user's program."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from autograd.graph import Constant
from autograd.tensor import Tensor
from autograd.visualize.view import Graph, execution_order

DEEPEST = 3  # containers in containers


def with_names(graph: Graph, output: Tensor, names: Mapping[str, Any]) -> Graph:
    """Return the graph with names for nodes that have none.

    Args:
        graph: what `trace` made of `output`.
        output: the Tensor.
        names: Tensors by name, such as `locals()`. Those in lists, tuples and dicts are called "name[0]" or
            "name['key']", parameters and buffers of modules "name.layer.weight"; everything else is passed over.
    """
    root = output._node
    found: dict[int, str] = {}
    for name, tensor in _tensors(names):
        for identity in (tensor._node, tensor._leaf):
            if identity is not None:
                found.setdefault(id(identity), name)
    if root is None:
        return _renamed(graph, {0: found.get(id(output._leaf))})
    by_place = {}
    for at, item in enumerate(execution_order(root)):
        by_place[at] = found.get(id(item.leaf if isinstance(item, Constant) else item))
    return _renamed(graph, by_place)


def _renamed(graph: Graph, names: Mapping[int, str | None]) -> Graph:
    nodes = (
        dataclasses.replace(node, name=names[at]) if node.name is None and names.get(at) is not None else node
        for at, node in enumerate(graph.nodes)
    )
    return dataclasses.replace(graph, nodes=tuple(nodes))


def _tensors(names: Mapping[str, Any]) -> Iterator[tuple[str, Tensor]]:
    """Yield the Tensors with their names, those with the shortest way first."""
    level = [(str(name), thing) for name, thing in names.items() if not str(name).startswith("_")]
    for _ in range(DEEPEST):
        deeper: list[tuple[str, Any]] = []
        for name, thing in level:
            if isinstance(thing, Tensor):
                yield name, thing
            elif isinstance(thing, list | tuple):
                deeper += [(f"{name}[{i}]", inner) for i, inner in enumerate(thing)]
            elif isinstance(thing, dict):
                deeper += [(f"{name}[{key!r}]", inner) for key, inner in thing.items()]
            elif not isinstance(thing, type):
                deeper += _of_module(name, thing)
        level = deeper


def _of_module(name: str, module: Any) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for listing in ("named_parameters", "named_buffers"):
        method = getattr(module, listing, None)
        if callable(method):
            found += [(f"{name}.{inner}", tensor) for inner, tensor in method()]
    return found

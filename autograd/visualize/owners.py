"""Which module computed which part of a graph.

A module's call notes its inputs on the node of its output. The nodes in between are the module's, and as calls nest,
so do the groups found here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograd.graph import Node, Owner
from autograd.tensor import Tensor


@dataclass(frozen=True, slots=True)
class Group:
    """The part of a graph that one call of a module computed.

    Attributes:
        label: what a drawing calls it: the class, inside another module's call "attribute: class".
        name: the path of attributes that leads here from the outermost module, in `state_dict` style; "" if unknown.
        parent: the position in `Graph.groups` of the call around it, or None.
    """

    label: str
    name: str
    parent: int | None


@dataclass(frozen=True)
class Membership:
    """What `find_groups` found: the groups, the group of each operation, and the owner behind each group."""

    groups: list[Group]
    where: dict[Node, int]
    owners: list[Owner]

    def chain(self, group: int | None) -> list[int]:
        """Return a group's position and those of the groups around it, outermost first."""
        found = []
        while group is not None:
            found.append(group)
            group = self.groups[group].parent
        return found[::-1]

    def home(self, leaf: Any, users: Iterable[Node]) -> int | None:
        """Return the innermost group that holds all `users` of a leaf and does not take the leaf as its input."""
        chains = [self.chain(group) for group in dict.fromkeys(self.where.get(user) for user in users)]
        innermost = None
        for level in zip(*chains):  # zip ends with the shortest chain
            if len(set(level)) > 1 or leaf in self.owners[level[0]].inputs:
                break
            innermost = level[0]
        return innermost

    def tensor_names(self) -> dict[Any, str]:
        """Return what the modules call their parameters and buffers, by leaf, as far as the modules are alive."""
        names: dict[Any, str] = {}
        for owner in self.owners:  # outer ones come first, so that names are those of a state_dict
            module = owner.reference()
            for listing in ("named_parameters", "named_buffers"):
                for name, tensor in getattr(module, listing, tuple)():
                    if isinstance(tensor, Tensor) and tensor._leaf is not None:
                        names.setdefault(tensor._leaf, name)
        return names


def find_groups(order: Sequence[Any]) -> Membership:
    """Reconstruct the calls of modules in a graph.

    Args:
        order: the graph's nodes in execution order.
    """
    operations = [node for node in order if isinstance(node, Node) and node.op is not None]
    where: dict[Node, int] = {}
    found: list[tuple[Owner, int | None]] = []
    for owner, ends in _calls(operations).items():
        around = where.get(ends[0])
        members = _between(owner, ends, where)
        if members:
            where.update(dict.fromkeys(members, len(found)))
            found.append((owner, around))
    return _in_execution_order(operations, where, found)


def _calls(operations: Sequence[Node]) -> dict[Owner, list[Node]]:
    """Return the output nodes of each call, the outer call before the ones inside it."""
    calls: dict[Owner, list[Node]] = {}
    for node in reversed(operations):
        for owner in reversed(node.extra.owners if node.extra else ()):
            calls.setdefault(owner, []).append(node)
    return calls


def _between(owner: Owner, ends: Sequence[Node], where: Mapping[Node, int]) -> list[Node]:
    """Return the operations from a call's inputs to its outputs.

    A module may reach values that are not among its inputs. The search therefore stays inside the group where it
    starts, so that groups always nest, and stops at results of an earlier call of the same module.
    """
    around = where.get(ends[0])
    stack = list(ends)
    seen = set(owner.inputs)
    members = []
    while stack:
        node = stack.pop()
        if node in seen or node.op is None or where.get(node) != around or _of_other_call(node, owner):
            continue
        seen.add(node)
        members.append(node)
        stack += node.parents()
    return members


def _of_other_call(node: Node, owner: Owner) -> bool:
    others = node.extra.owners if node.extra else ()
    return any(o is not owner and o.reference is owner.reference for o in others) and owner not in others


def _in_execution_order(
    operations: Iterable[Node], where: Mapping[Node, int], found: Sequence[tuple[Owner, int | None]]
) -> Membership:
    """Number the groups by when they begin, an outer one before the ones inside it."""
    parents = [around for _, around in found]
    begun: dict[int | None, int | None] = {None: None}
    for node in operations:
        for group in reversed(list(_upwards(where.get(node), parents, begun))):
            begun[group] = len(begun) - 1
    order = list(begun)[1:]
    owners = [found[old][0] for old in order if old is not None]
    groups = _labelled(owners, [begun[parents[old]] for old in order if old is not None])
    return Membership(groups, {node: begun[old] for node, old in where.items()}, owners)  # type: ignore[misc]


def _upwards(group: int | None, parents: Sequence[int | None], known: Mapping[int | None, Any]) -> Iterator[int]:
    while group is not None and group not in known:
        yield group
        group = parents[group]


def _labelled(owners: Sequence[Owner], parents: Sequence[int | None]) -> list[Group]:
    """Make the groups, with the names under which each module stands in the one around it."""
    groups: list[Group] = []
    known: dict[int, dict[int, str]] = {}  # by group: the names of the modules inside its module, by id
    for owner, parent in zip(owners, parents, strict=True):
        name, full = "", ""
        if parent is not None:
            if parent not in known:
                known[parent] = _module_names(owners[parent].reference())
            name = known[parent].get(id(owner.reference()), "")
            full = ".".join(filter(None, (groups[parent].name, name)))
        groups.append(Group(f"{name}: {owner.kind}" if name else owner.kind, full, parent))
    return groups


def _module_names(module: Any) -> dict[int, str]:
    return {id(inner): name for name, inner in getattr(module, "named_modules", tuple)()}

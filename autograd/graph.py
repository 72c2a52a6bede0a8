"""The recorded graph: what a node holds, and the orders in which it is walked.

A node knows the op that made it, the nodes of that op's inputs, and what the op's rules asked to keep. It does not
know the Tensors: those point to their nodes, never back, so dropping the last Tensor frees the graph, and an
activation that no rule named is freed while the graph lives.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import weakref

    from autograd.primitive import Op
    from autograd.tensor import Tensor

# What a node remembers of a value: a NumPy scalar is kept itself, of an array only (shape, dtype), and of an op with
# several outputs a list of these.
Like: TypeAlias = "np.generic | tuple[tuple[int, ...], np.dtype[Any]] | list[Any]"


class Extras:
    """What few nodes have: a name, hooks, a wish to keep the gradient, the modules that end here, what was observed."""

    __slots__ = ("hooks", "name", "observation", "owners", "retain")

    def __init__(self) -> None:
        self.observation: Any = None  # see autograd.watching
        self.name: str | None = None
        self.hooks: dict[int, Any] = {}
        self.retain = False
        self.owners: list[Owner] = []


class Owner:
    """A piece of program, such as a module's call, that computed a node from `inputs`."""

    __slots__ = ("inputs", "kind", "reference")

    def __init__(self, reference: weakref.ref[Any], kind: str, inputs: tuple[Node, ...]) -> None:
        self.reference = reference
        self.kind = kind
        self.inputs = inputs


class Constant:
    """What a drawing shows for an input that needs no gradient: its shape and dtype (or the scalar), and who it was."""

    __slots__ = ("leaf", "like")

    def __init__(self, like: Like, leaf: Leaf | None) -> None:
        self.like = like
        self.leaf = leaf


class Node:
    """One recorded operation.

    Attributes:
        op: the operation; None for a leaf.
        inputs: for each array that the op was given, the node that its gradient goes to, or None.
        constant: what was there instead of a node: a number or a `Constant`, a tuple of these, or unset.
        saved: what the op's rules need (`op.keeps` names them), None for what only rules that will not run need.
            The attribute itself is None once the graph has been released.
        like: a NumPy scalar of the output's dtype, in fact the output itself; for arrays (shape, dtype).
        stamp: the in-place clock at the time of recording.
        extra: name, hooks and the like, or None.
        grad: the gradient as a Tensor, on leaves and where `retain_grad` was called; unset before.
        flow: in graphs that are small enough to be drawn in full, the gradient that backward last brought here, and a
            list of those that the rules sent to each input with a node; None for those of many elements. Unset
            otherwise, and on leaves.
    """

    __slots__ = ("constant", "extra", "flow", "grad", "inputs", "like", "op", "saved", "stamp")

    op: Op | None
    inputs: tuple[Node | None, ...]
    saved: tuple[Any, ...] | None
    like: Like
    stamp: int
    extra: Extras | None
    constant: Any
    grad: Tensor | None
    flow: tuple[Any, list[Any]]

    def extras(self) -> Extras:
        """Return `extra`, made on first use."""
        if self.extra is None:
            self.extra = Extras()
        return self.extra

    def parents(self) -> Iterator[Node]:
        """Yield the node behind each input that a gradient goes to, once per use."""
        return (node for node in self.inputs if node is not None)


class Leaf(Node):
    """Where a graph begins: the identity of a Tensor that no recorded operation made.

    Its `owner` is a weak reference to the Tensor whose values it stands for.
    """

    __slots__ = ("owner",)

    owner: weakref.ref[Tensor]


SCALARS = frozenset(np.sctypeDict.values())


def like_of(value: Any) -> Like:
    """Return what a node remembers of `value`: a scalar, or an array's (shape, dtype)."""
    # A copy, because in-place operations ask whether anything else holds the scalar of a Tensor.
    return value.copy() if value.__class__ in SCALARS else (value.shape, value.dtype)


def shape_of(like: Like) -> tuple[int, ...]:
    """Return the shape that a node's `like` stands for."""
    return like[0] if type(like) is tuple else ()


def dtype_of(like: Like) -> np.dtype[Any]:
    """Return the dtype that a node's `like` stands for."""
    return like[1] if type(like) is tuple else like.dtype  # type: ignore[union-attr]


def reachable(roots: Iterable[Node], stop: Container[Node] = ()) -> dict[Node, None]:
    """Return the roots and all nodes that they were computed from, in an order that the graph alone decides.

    What only nodes in `stop` were computed from is left out.
    """
    stack = list(roots)
    seen = dict.fromkeys(stack)
    while stack:
        node = stack.pop()
        for parent in node.inputs if node not in stop else ():
            if parent is not None and parent not in seen:
                seen[parent] = None
                stack.append(parent)
    return seen


def leading_to(wanted: Collection[Node], roots: Iterable[Node]) -> set[Node]:
    """Return the nodes on the paths from the roots to the wanted nodes, where the paths end."""
    nodes = reachable(roots, stop=wanted)
    users: dict[Node, list[Node]] = {}
    for node in nodes:
        for parent in node.parents() if node not in wanted else ():
            users.setdefault(parent, []).append(node)
    stack = [node for node in wanted if node in nodes]
    seen = set(stack)
    while stack:
        for user in users.get(stack.pop(), ()):
            if user not in seen:
                seen.add(user)
                stack.append(user)
    return seen


def find_forks(roots: Iterable[Node], among: set[Node] | None, ends: Container[Node]) -> tuple[int, dict[Node, int]]:
    """Return how many nodes the roots depend on, and the forks: how many gradients each will get, where several.

    A root gets one from outside.

    Args:
        roots: where gradients come in.
        among: leave out nodes that are not among these, if given.
        ends: go no further than these.

    Raises:
        RuntimeError: when part of the graph has been released by an earlier backward pass.
    """
    stack = list(roots)
    seen = set(stack)
    forks: dict[Node, int] = {}
    while stack:
        node = stack.pop()
        if among is not None and node in ends:
            continue
        if node.saved is None:
            raise RuntimeError(_RELEASED.format(_name(node)))
        for parent in node.inputs:
            if parent is not None and (among is None or parent in among):
                if parent in seen:
                    forks[parent] = forks.get(parent, 1) + 1
                else:
                    seen.add(parent)
                    stack.append(parent)
    return len(seen), forks


def _name(node: Node) -> str:
    """Return the name of the op that computed a node, also where the node is one of several outputs."""
    if node.op is not None and node.op.name == "_output" and node.inputs[0] is not None:
        node = node.inputs[0]
    return node.op.name if node.op is not None else "leaf"


_RELEASED = (
    "backward() reached '{}', whose saved values an earlier backward() has released; call that earlier one with "
    "retain_graph=True, or run the forward pass again"
)

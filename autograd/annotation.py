"""Notes in the graph on which module computed which part."""

from __future__ import annotations

import weakref
from typing import Any

from autograd.graph import Node, Owner
from autograd.tensor import Tensor


def annotate(owner: Any, inputs: Any, output: Any) -> None:
    """Note in the graph that `owner` computed `output` from `inputs`, so that drawings can frame that part.

    Args:
        owner: the module; it is not kept alive.
        inputs: its arguments: Tensors, in tuples, lists and dicts of any depth; everything else is passed over.
        output: its result, likewise.

    Raises:
        TypeError: when `owner` cannot be referred to weakly.

    >>> class Double:
    ...     def __call__(self, x):
    ...         y = x + x
    ...         annotate(self, x, y)
    ...         return y
    >>> from autograd.visualize import trace
    >>> double = Double()
    >>> trace(double(Tensor(1.0, requires_grad=True))).nodes[-1].path
    ('Double',)
    """
    ends = _nodes(output)
    if not ends:
        return
    made = Owner(weakref.ref(owner), owner.__class__.__name__, tuple(_nodes(inputs)))
    for node in ends:
        # A module that hands its input through computed nothing, and notes on a leaf would pile up with every call.
        if node.op is not None and node not in made.inputs:
            node.extras().owners.append(made)


def _nodes(things: Any) -> list[Node]:
    """Return the nodes of the Tensors in `things`."""
    found: list[Node] = []
    stack = [things]
    while stack:
        thing = stack.pop()
        kind = thing.__class__
        if kind is tuple or kind is list:  # the usual kinds first: `isinstance` takes longer, and longest to say no
            stack += thing
        elif kind is dict:
            stack += thing.values()
        elif kind is Tensor or isinstance(thing, Tensor):
            if thing._node is not None:
                found.append(thing._node)
        elif isinstance(thing, tuple | list):
            stack += thing
        elif isinstance(thing, dict):
            stack += thing.values()
    return found

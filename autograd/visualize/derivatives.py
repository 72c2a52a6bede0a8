"""The local derivative of an operation, found by running its rules on the gradient one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograd.backward import check_unchanged, fit
from autograd.graph import Constant, Node, dtype_of, shape_of
from autograd.modes import no_grad
from autograd.primitive import Op

DETAILED = 256  # graphs of at most so many nodes show local derivatives
FEW = 64  # of at most so many elements


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


def local_derivatives(node: Node, sources: Sequence[Any], values: Mapping[Any, Any]) -> tuple[Any, ...]:
    """Return for each operand the local derivative as an array, see `NodeView.local`, or None where it is not known.

    Args:
        node: an operation.
        sources: its operands.
        values: by node and constant the values that are known; needed once the graph has been released.
    """
    nothing = (None,) * len(sources)
    op = node.op
    if not isinstance(op, Op) or op.several or math.prod(shape_of(node.like)) > FEW:
        return nothing
    likes = [node.like, *[edge.like for edge in node.inputs if edge is not None]]
    if any(isinstance(like, list) or dtype_of(like).kind == "c" for like in likes):
        return nothing
    try:
        if node.saved is not None:
            check_unchanged(node)
        saved = node.saved if node.saved is not None else _restored(op, node, sources, values)
        with no_grad(), np.errstate(all="ignore"):
            return nothing if saved is None else _derivatives(op, node, saved)
    except Exception:  # a rule that fails fails in backward, too, where its error belongs
        return nothing


def _derivatives(op: Op, node: Node, saved: tuple[Any, ...]) -> tuple[Any, ...]:
    shape, dtype = shape_of(node.like), dtype_of(node.like)
    if op.elementwise:
        one = np.ones(shape, dtype) if shape else dtype.type(1)
        return tuple(h if h is None else np.array(h)[()] for h in op.pull(one, node.inputs, saved))
    size = math.prod(shape)
    small = [n is not None and size * math.prod(shape_of(n.like)) <= FEW for n in node.inputs]
    wanted = tuple(n if is_small else None for n, is_small in zip(node.inputs, small))
    if not any(wanted):
        return (None,) * len(wanted)
    rows = [op.pull(_unit(shape, dtype, i), wanted, saved) for i in range(size)]
    return tuple(edge and _jacobian([row[i] for row in rows], edge, shape, op.name) for i, edge in enumerate(wanted))


def _unit(shape: tuple[int, ...], dtype: np.dtype[Any], i: int) -> Any:
    """Return the gradient that is one for the i-th element of the output and zero for the others."""
    unit = np.zeros(shape, dtype)
    unit.flat[i] = 1
    return unit if shape else unit[()]


def _jacobian(rows: Sequence[Any], edge: Node, shape: tuple[int, ...], name: str) -> Any:
    """Return the rows as one array, with the output's axes before those of the input."""
    inner = shape_of(edge.like)
    fitted = [np.zeros(inner, dtype_of(edge.like)) if row is None else fit(row, edge.like, name) for row in rows]
    return np.array(fitted, dtype_of(edge.like)).reshape(shape + inner)[()]


def _restored(op: Op, node: Node, sources: Sequence[Any], values: Mapping[Any, Any]) -> tuple[Any, ...] | None:
    """Return what a released node had saved, as far as its rules need only values that are known; else None."""
    known = [_value(source, values) for source in sources]
    found = []
    for name in op.keeps:
        if name == "out":
            value = values.get(node)
        elif name in op.parameters:
            value = tuple(known) if op.variadic else known[op.parameters.index(name)]
        elif name.removesuffix("_shape") in op.parameters and name not in op.options:
            shapes = [_shape(source) for source in sources]
            value = tuple(shapes) if op.variadic else shapes[op.parameters.index(name.removesuffix("_shape"))]
        else:
            return None
        if value is None or (isinstance(value, tuple) and any(x is None for x in value)):
            return None
        found.append(value)
    return tuple(found)


def _value(source: Any, values: Mapping[Any, Any]) -> Any:
    return values.get(source) if isinstance(source, Node | Constant) else source


def _shape(source: Any) -> tuple[int, ...]:
    return shape_of(source.like) if isinstance(source, Node | Constant) else ()

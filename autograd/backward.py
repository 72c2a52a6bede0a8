"""The traversal: from an output back to the leaves, in reverse topological order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograd.graph import SCALARS, Like, Node, dtype_of, find_forks, leading_to, shape_of
from autograd.modes import clock
from autograd.tensor import Tensor, tensor_method, value_of, wrap
from autograd.values import owned, to_value

# Graphs of at most so many nodes keep the gradients of at most so many elements that pass, for drawings.
_DRAWN_IN_FULL = 256
_FEW = 16


def traverse(
    seeds: Mapping[Node, Any],
    *,
    retain: bool = False,
    create_graph: bool = False,
    wanted: frozenset[Node] | None = None,
) -> dict[Node, Any]:
    """Send gradients from the `seeds` back through the graph.

    A node is worked on when every use of it has sent its gradient, so each rule runs once, on the sum. Gradients are
    arrays and NumPy scalars; with `create_graph` they are Tensors, the same rules are recorded as they run, and the
    result can be differentiated again.

    Args:
        seeds: the gradient of the objective with respect to each of some nodes' outputs.
        retain: keep the saved values for another pass, instead of releasing them on the way.
        create_graph: record the rules.
        wanted: return the gradients of these nodes and go no further, instead of storing gradients on leaves.

    Returns:
        The gradient of each `wanted` node that was reached.

    Raises:
        RuntimeError: through a released graph, or when a saved value was changed in place.
    """
    gradients: Sequence[Any] | None
    among = None if wanted is None else leading_to(wanted, seeds)
    if among is not None:
        seeds = {node: seed for node, seed in seeds.items() if node in among}
    count, forks = find_forks(seeds, among, wanted or ())
    ready, sums, pending = _placed(seeds, forks)
    found: dict[Node, Any] = {}
    small = count <= _DRAWN_IN_FULL and wanted is None
    kept, sent = _few_values if create_graph else _few, list[Any]()
    now = clock.now
    while ready:
        node = ready.pop()
        g = sums.pop()
        op = node.op
        if node.extra is not None and g is not None:
            g = _hooked(node, g, create_graph, wanted is None)
        if wanted is not None and node in wanted:
            found[node] = g
            continue
        if op is None:
            if wanted is None and g is not None:
                if not create_graph and not owned(g):  # a gradient belongs to its Tensor alone
                    g = g.copy()
                _store(node, g)
            continue
        if small:
            sent = []
            node.flow = (kept(g), sent)
        if node.stamp != now:
            check_unchanged(node)
        saved = node.saved if not create_graph else op.relink(node)
        if not retain:
            node.saved = None
        inputs = node.inputs
        if among is not None:
            inputs = tuple([n if n in among else None for n in inputs])
        try:
            gradients = op.pull(g, inputs, saved) if g is not None else (None,) * len(inputs)  # type: ignore[arg-type]
            for edge, h in zip(inputs, gradients):
                if edge is None:
                    continue
                if h is not None and h.__class__ is not edge.like.__class__:
                    h = fit(h, edge.like, op.name)
                if small:
                    sent.append(kept(h))
                if forks and edge in forks:
                    if edge in pending:
                        h = _sum(pending.pop(edge), h)
                    forks[edge] -= 1
                    if forks[edge]:
                        pending[edge] = h
                        continue
                ready.append(edge)
                sums.append(h)
        except Exception as error:
            error.add_note(f"in the derivative of {op.name!r}")
            raise
        gradients = h = None  # or else `owned` would see second references
    return found


def _few(gradient: Any) -> Any:
    """Return a gradient of few elements, None for others and for those of an op with several outputs."""
    return gradient if gradient.__class__ in SCALARS or getattr(gradient, "size", _FEW + 1) <= _FEW else None


def _few_values(gradient: Any) -> Any:
    """Return the same for a Tensor, without its graph."""
    return _few(value_of(gradient))


def _placed(seeds: Mapping[Node, Any], forks: dict[Node, int]) -> tuple[list[Node], list[Any], dict[Node, Any]]:
    """Return the roots whose gradient is complete, those gradients, and at forks the sum so far."""
    for node in seeds:
        if node in forks:
            forks[node] -= 1
    ready = [node for node in seeds if node not in forks]
    return ready, [seeds[node] for node in ready], {node: seeds[node] for node in seeds if node in forks}


def fit(gradient: Any, like: Like, name: str = "?") -> Any:
    """Return the result of a rule of the op `name` with the shape and dtype of the input it is for.

    Axes that NumPy broadcast in the forward pass are summed, here and nowhere else.

    Raises:
        ValueError: when the shape is not one that broadcasting could have made.
    """
    if gradient.__class__ is dict:  # for some outputs of an op with several
        return {i: fit(g, like[i], name) for i, g in gradient.items()}  # type: ignore[index, arg-type]
    shape, dtype = shape_of(like), dtype_of(like)
    if not hasattr(gradient, "shape"):
        gradient = np.full(shape, gradient, dtype)
    if gradient.shape != shape:
        gradient = unbroadcast(gradient, shape, name)
    if gradient.dtype != dtype:
        gradient = (gradient.real if dtype.kind == "f" and gradient.dtype.kind == "c" else gradient).astype(dtype)
    return gradient[()] if not shape and isinstance(gradient, np.ndarray) else gradient


def unbroadcast(gradient: Any, shape: tuple[int, ...], name: str = "?") -> Any:
    """Sum `gradient` over the axes along which an array of `shape` was broadcast; `name` is for the error message.

    >>> unbroadcast(np.ones((2, 3)), (3,))
    array([2., 2., 2.])
    >>> unbroadcast(np.ones((2, 3)), (2, 1))
    array([[3.],
           [3.]])
    """
    extra = gradient.ndim - len(shape)
    inner = gradient.shape[extra:] if extra >= 0 else ()
    if extra < 0 or any(n not in (1, m) for n, m in zip(shape, inner, strict=True)):
        raise ValueError(
            f"a rule of {name!r} returned a gradient of shape {gradient.shape} for an input of shape {shape}: "
            "it must have that shape, or one that this broadcasts to"
        )
    axes = tuple(range(extra)) + tuple(extra + i for i, n in enumerate(shape) if n != inner[i])
    return np.reshape(np.sum(gradient, axis=axes), shape)


def _sum(total: Any, gradient: Any) -> Any:
    """Return the sum of two gradients at a fork, in `total`'s own memory where nothing else can see it."""
    if gradient is None or total is None:
        return total if gradient is None else gradient
    if total.__class__ is dict:  # for an op with several outputs: by output
        return total | {i: _sum(total[i], g) if i in total else g for i, g in gradient.items()}
    if owned(total) and not isinstance(gradient, Tensor):
        total += gradient
        return total
    return total + gradient


def conjugate(gradient: Any) -> Any:
    """Translate the gradient of a complex value between the engine's rules and its users.

    With L the objective and z = x + iy, rules pass on dL/dx - i dL/dy, because then holomorphic functions have the
    rule "times the derivative", as real ones do. Users get dL/dx + i dL/dy, the direction of steepest ascent, as in
    PyTorch. Gradients of real values are returned as they are.
    """
    return np.conj(gradient) if gradient.dtype.kind == "c" else gradient


def _store(node: Node, gradient: Any) -> None:
    """Add to the `grad` of a leaf, or of a node that asked. `gradient` belongs to nobody else."""
    gradient = conjugate(gradient)
    before = getattr(node, "grad", None)
    if before is not None:
        gradient = before._data + gradient if not isinstance(gradient, Tensor) else before + gradient
    elif isinstance(gradient, Tensor):
        gradient = +gradient
    node.grad = gradient if isinstance(gradient, Tensor) else wrap(gradient)


def _hooked(node: Node, g: Any, create_graph: bool, store: bool) -> Any:
    """Run the hooks of a node whose gradient is complete, and keep the gradient if the node retains it."""
    extra = node.extra
    assert extra is not None
    if extra.observation is not None:
        extra.observation.note_gradient(node, value_of(g))
    for hook in list(extra.hooks.values()):
        result = hook(conjugate(g if create_graph else wrap(g.copy())))
        if result is not None:
            g = _checked(result, node, "the gradient that a hook returned", create_graph)
    if extra.retain and store and node.op is not None:
        _store(node, g if create_graph else g.copy())
    return g


def _checked(given: Any, node: Node, what: str, create_graph: bool) -> Any:
    """Return a gradient that came from outside, in the node's dtype; its shape must fit."""
    shape, dtype = shape_of(node.like), dtype_of(node.like)
    gradient = given if isinstance(given, Tensor) else wrap(to_value(given, None))
    if gradient.shape != shape:
        raise ValueError(f"{what} has shape {gradient.shape}, but its Tensor has shape {shape}; they must be equal")
    if not np.can_cast(gradient.dtype, dtype, "same_kind"):
        raise TypeError(f"{what} is {gradient.dtype}, which does not fit its Tensor's {dtype}; convert it with astype")
    if gradient.dtype != dtype:
        gradient = gradient.astype(dtype)
    return conjugate(gradient if create_graph else value_of(gradient))


def check_unchanged(node: Node) -> None:
    """Raise if memory that a node saved was changed in place since."""
    for value in node.saved or ():
        for piece in value if isinstance(value, tuple) else (value,):
            where = clock.changed_since(piece, node.stamp)
            if where is not None:
                assert node.op is not None
                raise RuntimeError(
                    f"the derivative of {node.op.name!r} needs a value of shape {np.shape(piece)} that was changed "
                    f"in place at {where}, after {node.op.name!r} had used it; make a new Tensor there instead "
                    "(x = x + 1, not x += 1), or change it after backward()"
                )


@tensor_method("backward")
def backward(self: Tensor, gradient: Any = None, retain_graph: bool = False, create_graph: bool = False) -> None:
    """Compute the gradient of this Tensor with respect to every leaf that requires one, adding to their `grad`.

    Args:
        self: the Tensor to differentiate.
        gradient: the gradient of the objective with respect to this Tensor, same shape; 1 for one-element Tensors.
        retain_graph: keep what the rules saved, so that backward can run through this graph again.
        create_graph: record the rules, so that the gradients can be differentiated; keeps the graph too.

    Raises:
        RuntimeError: when nothing was recorded, when the Tensor has several elements and no `gradient` is given, when
            the graph was released by an earlier call, or a saved value was changed in place.
        ValueError, TypeError: when `gradient` has another shape, or a dtype that does not fit.

    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> (x * x).backward([1.0, 1.0])
    >>> x.grad
    Tensor([2., 4.])
    """
    node = self._node
    if node is None:
        raise RuntimeError(
            "nothing to differentiate: this Tensor was computed without any Tensor that has requires_grad=True, "
            "or inside no_grad(), or detached"
        )
    if gradient is not None:
        seed = _checked(gradient, node, "the gradient given to backward()", create_graph)
    elif self.size == 1 and self.dtype.kind == "c":
        raise RuntimeError("backward() of a complex Tensor needs a gradient; usually one wants that of a real loss")
    elif self.size == 1:
        seed = np.ones_like(self._data)[()] if not self.ndim else np.ones_like(self._data)
        seed = wrap(seed) if create_graph else seed
    else:
        raise RuntimeError(
            f"backward() of a Tensor of shape {self.shape} needs the gradient of the objective with respect to it: "
            "call backward(gradient) with that shape, or reduce to one element first, for example with .sum()"
        )
    traverse({node: seed}, retain=retain_graph or create_graph, create_graph=create_graph)

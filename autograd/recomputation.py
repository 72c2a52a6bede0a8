"""Recomputing what backward needs instead of keeping it, to save memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.containers import flatten
from autograd.graph import Leaf, Like, Node, dtype_of, like_of, reachable, shape_of
from autograd.modes import enable_grad, is_grad_enabled
from autograd.primitive import linked, record
from autograd.randomness import Randomness
from autograd.tensor import Tensor, value_of, wrap
from autograd.transforms import Function, backward_from, nodes_of

_LOOKED_AT = 256  # how many elements of each result are compared with those of the second run


def checkpoint(f: Function, *args: Any, **kwargs: Any) -> Any:
    """Compute f(*args, **kwargs) without keeping what is needed for its derivative: backward will compute f again.

    A chain of n equal steps in about sqrt(n) checkpointed pieces needs memory for sqrt(n) steps instead of n (Chen et
    al., Training deep nets with sublinear memory cost, 2016). Checkpoints may contain checkpoints.

    For the second run random generators are set back, so random layers give the same again: the default one, NumPy's
    and Python's global ones, and those in the arguments and in what f closes over. The results of both runs are
    compared, at a few hundred elements, because the gradients of another result would be wrong.

    Args:
        f: returns a Tensor or containers of Tensors; computed Tensors that it uses are to be passed as arguments.
        args: Tensors, or anything else.
        kwargs: likewise.

    Raises:
        RuntimeError: in backward, when f's result has another shape, dtype or value the second time.

    >>> x = Tensor(2.0, requires_grad=True)
    >>> checkpoint(lambda x: np.exp(x * x), x).backward()
    >>> x.grad.item() == (2 * x * np.exp(x * x)).item()
    True
    """
    if not is_grad_enabled():
        return f(*args, **kwargs)
    leaves, rebuild = flatten((list(args), kwargs))
    made = _Checkpoint(f, leaves, rebuild, Randomness((f, args, kwargs)))
    stand_ins, out = made.run([value_of(x) for x in leaves])
    made.randomness.look()
    outputs, regroup = flatten(out)
    values = tuple(value_of(o if isinstance(o, Tensor) else Tensor(o)) for o in outputs)
    plain = {i: o for i, o in enumerate(outputs) if not isinstance(o, Tensor)}
    made.remember(values)
    own = {t._node for t in stand_ins if t is not None}
    made.closed_over = [n for n in reachable(nodes_of(outputs)) if isinstance(n, Leaf) and n not in own]
    del stand_ins, out, outputs  # with them goes the graph of this first run
    owners = [leaf.owner() for leaf in made.closed_over]
    saved = (*(value_of(x) for x in leaves), *(None if t is None else t._data for t in owners))
    inputs = [*(x._node if isinstance(x, Tensor) else None for x in leaves), *made.closed_over]
    results = record(made, inputs, saved, values) if any(inputs) else [wrap(value) for value in values]
    return regroup([plain.get(i, result) for i, result in enumerate(results)])


class _Checkpoint:
    """What the node of a checkpointed function has as its operation."""

    name = "checkpoint"
    several = True
    keeps = parameters = options = ()

    def __init__(
        self, f: Function, leaves: Sequence[Any], rebuild: Callable[[Sequence[Any]], Any], randomness: Randomness
    ) -> None:
        self.f = f
        self.rebuild = rebuild
        self.given = [(isinstance(x, Tensor), isinstance(x, Tensor) and x.requires_grad) for x in leaves]
        self.randomness = randomness
        self.likes: list[Like] = []
        self.looks: list[np.ndarray] = []
        self.closed_over: list[Leaf] = []

    def remember(self, values: Sequence[Any]) -> None:
        """Note what the results look like, to know them again."""
        self.likes = [like_of(value) for value in values]
        self.looks = [_some(value) for value in values]

    def run(self, values: Sequence[Any]) -> tuple[list[Tensor | None], Any]:
        """Return Tensors that stand for those among the arguments, and the function's result."""
        stand_ins: list[Tensor | None] = []
        for value, (is_tensor, needed) in zip(values, self.given):
            made = value if isinstance(value, Tensor) else Tensor(value, requires_grad=needed) if is_tensor else None
            stand_ins.append(made)
        args, kwargs = self.rebuild([v if t is None else t for v, t in zip(values, stand_ins)])
        with enable_grad():
            return stand_ins, self.f(*args, **kwargs)

    def pull(self, g: dict[int, Any], inputs: Sequence[Node | None], saved: tuple[Any, ...]) -> Sequence[Any]:
        """Run the function again, and backward through what that recorded."""
        with self.randomness.replayed():
            stand_ins, out = self.run(saved[: len(self.given)])
        outputs = [o if isinstance(o, Tensor) else Tensor(o) for o in flatten(out)[0]]
        self._require_same([o._data for o in outputs])
        seeds = [(outputs[i], gradient) for i, gradient in g.items()]
        sources = [*stand_ins, *(linked(None, leaf) for leaf in self.closed_over)]
        recording = any(isinstance(gradient, Tensor) for gradient in g.values())
        return backward_from(seeds, sources, create_graph=recording)

    def _require_same(self, values: Sequence[Any]) -> None:
        """Raise a RuntimeError if the second run's results are not those of the first."""
        found = [(value.shape, value.dtype) for value in values]
        if [(shape_of(like), dtype_of(like)) for like in self.likes] != found:
            raise RuntimeError(
                "a checkpointed function gave results of other shapes or dtypes when it was computed again"
            )
        if not all(map(_close, map(_some, values), self.looks)):
            raise RuntimeError(
                "a checkpointed function gave other values when it was computed again, so gradients would be wrong: "
                "something besides its arguments has changed, or it draws from a random generator that it makes itself "
                "or that checkpoint does not find; pass that generator to it as an argument"
            )

    def relink(self, node: Node) -> tuple[Any, ...]:
        """Return the saved arguments as Tensors tied to the graph."""
        pairs = zip(node.saved or (), node.inputs)
        return tuple(v if n is None or v is None else linked(v, n) for v, n in pairs)


def _some(value: Any) -> np.ndarray:
    """Return a few elements of a result, evenly spread, as an array of their own."""
    flat = np.ravel(value)
    return flat[:: max(1, flat.size // _LOOKED_AT)].copy()


def _close(one: np.ndarray, other: np.ndarray) -> bool:
    """Return whether two results differ by no more than rounding, which may depend on where arrays lie in memory."""
    if one.dtype.kind not in "fc":
        return np.array_equal(one, other)
    size = np.max(np.abs(other), where=np.isfinite(other), initial=0)
    return np.allclose(one, other, rtol=0, atol=size * np.sqrt(np.finfo(one.dtype).eps), equal_nan=True)

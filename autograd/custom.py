"""Operations written as in PyTorch: a class with a static `forward` and `backward` that share a context."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.backward import conjugate
from autograd.graph import Node, like_of
from autograd.modes import enable_grad, is_grad_enabled, no_grad
from autograd.primitive import fill_missing, linked, outputs_of, record
from autograd.tensor import Tensor, value_of, wrap
from autograd.values import to_value


class FunctionContext:
    """What `forward` leaves for `backward`; any attribute can be set on it.

    Attributes:
        needs_input_grad: for each argument of `apply`, whether its gradient is needed.
        saved_tensors: in backward, what `forward` gave to `save_for_backward`.
    """

    def __init__(self, needs_input_grad: tuple[bool, ...]) -> None:
        self.needs_input_grad = needs_input_grad
        self.saved_tensors: tuple[Tensor | None, ...] = ()
        self._non_differentiable: tuple[Tensor, ...] = ()
        self._materialize = True

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep inputs, outputs or other Tensors until backward."""
        for tensor in tensors:
            if tensor is not None and not isinstance(tensor, Tensor):
                raise TypeError(
                    f"save_for_backward takes Tensors, not {type(tensor).__name__}: set an attribute of ctx"
                )
        self.saved_tensors = tensors

    def mark_non_differentiable(self, *outputs: Tensor) -> None:
        """Say that these outputs have no gradient."""
        self._non_differentiable = outputs

    def set_materialize_grads(self, value: bool) -> None:
        """Choose whether backward gets zeros (the default) or None for outputs that nothing used."""
        self._materialize = value


class Function:
    """An operation of one's own, written as for PyTorch; subclass it and call `apply`.

    `forward(ctx, *args)` computes from Tensors without being recorded. `backward(ctx, *gradients)` gets the gradient of
    each output and returns one for each argument of `forward`, None where there is none; it is recorded under
    `create_graph`, so it must compute with Tensors to be differentiable again. `autograd.op` needs less writing.

    >>> class Square(Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (x,) = ctx.saved_tensors
    ...         return g * 2 * x
    >>> x = Tensor(3.0, requires_grad=True)
    >>> Square.apply(x).backward()
    >>> x.grad
    Tensor(6.)
    """

    @staticmethod
    def forward(ctx: Any, *args: Any, **kwargs: Any) -> Any:
        """Compute the result, a Tensor or a tuple of Tensors."""
        raise NotImplementedError("a Function needs a static method forward(ctx, ...)")

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        """Return the gradient of each argument of `forward`."""
        raise NotImplementedError("a Function needs a static method backward(ctx, ...) to be differentiated")

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run `forward` and record it.

        Raises:
            TypeError: when `forward` returns something else than Tensors.
        """
        nodes = [x._node if isinstance(x, Tensor) else None for x in args]
        ctx = FunctionContext(tuple(node is not None for node in nodes))
        with no_grad():
            out = cls.forward(ctx, *args, **kwargs)
        outputs = out if isinstance(out, tuple) else (out,)
        for output in outputs:
            if not isinstance(output, Tensor):
                raise TypeError(f"{cls.__name__}.forward must return Tensors, not {type(output).__name__}")
        if not any(nodes) or not is_grad_enabled():
            return tuple(wrap(o._data) for o in outputs) if isinstance(out, tuple) else wrap(out._data)
        made = _FunctionOp(cls, ctx, args, outputs, several=isinstance(out, tuple))
        saved = tuple(value_of(tensor) for tensor in ctx.saved_tensors)
        plain = [any(o is skipped for skipped in ctx._non_differentiable) for o in outputs]
        ctx.saved_tensors = ctx._non_differentiable = ()  # an output in here would keep itself alive
        values = tuple(o._data for o in outputs)
        recorded = record(made, nodes, saved, values if made.several else values[0])
        results = recorded if made.several else (recorded,)
        results = tuple(wrap(r._data) if skip else r for r, skip in zip(results, plain, strict=True))
        return results if made.several else results[0]


class _FunctionOp:
    """What the node of one `Function.apply` has as its operation."""

    keeps = parameters = options = ()

    def __init__(
        self, cls: type[Function], ctx: FunctionContext, args: Sequence[Any], outputs: Sequence[Tensor], several: bool
    ) -> None:
        self.name = cls.__name__
        self.cls = cls
        self.ctx = ctx
        self.several = several
        self.count = len(args)
        self.likes = [like_of(o._data) for o in outputs]
        self.origins = [_origin(tensor, args, outputs) for tensor in ctx.saved_tensors]

    def pull(self, g: Any, inputs: Sequence[Node | None], saved: tuple[Any, ...]) -> Sequence[Any]:
        """Call `backward` with Tensors; they are recorded if the gradients are Tensors already."""
        given: list[Any] = [g]
        if self.several:
            given = fill_missing(g, self.likes) if self.ctx._materialize else [g.get(i) for i in range(len(self.likes))]
        recording = any(isinstance(x, Tensor) for x in given)
        self.ctx.saved_tensors = tuple(x if x is None or isinstance(x, Tensor) else wrap(x) for x in saved)
        try:
            with enable_grad() if recording else no_grad():
                result = self.cls.backward(self.ctx, *(_conjugate(_tensor(x)) for x in given))
        finally:
            self.ctx.saved_tensors = ()
        gradients = result if isinstance(result, tuple) else (result,)
        if len(gradients) != self.count:
            raise ValueError(
                f"{self.name}.backward returned {len(gradients)} gradients, but forward took {self.count} arguments: "
                "return one for each, None for those without a gradient"
            )
        kept = [None if n is None or x is None else _conjugate(_tensor(x)) for n, x in zip(inputs, gradients)]
        return kept if recording else [value_of(x) for x in kept]

    def relink(self, node: Node) -> tuple[Any, ...]:
        """Return the saved values as Tensors tied to the graph."""
        outputs = None
        tied: list[Any] = []
        for (kind, i), value in zip(self.origins, node.saved or (), strict=True):
            if kind == "output":
                outputs = outputs or self._outputs(node, value)
                tied.append(outputs[i])
            elif kind == "input" and node.inputs[i] is not None:
                tied.append(linked(value, node.inputs[i]))  # type: ignore[arg-type]
            else:
                tied.append(value)
        return tuple(tied)

    def _outputs(self, node: Node, value: Any) -> tuple[Tensor, ...]:
        if not self.several:
            return (linked(value, node),)
        values = {i: v for (kind, i), v in zip(self.origins, node.saved or ()) if kind == "output"}
        return outputs_of(node, [values.get(i, np.zeros(())) for i in range(len(self.likes))])


def _origin(tensor: Tensor | None, args: Sequence[Any], outputs: Sequence[Tensor]) -> tuple[str, int]:
    """Return where a saved Tensor comes from: an output or an input, and which, or neither."""
    for kind, among in (("output", outputs), ("input", args)):
        for i, candidate in enumerate(among):
            if candidate is tensor and tensor is not None:
                return kind, i
    return "other", 0


def _tensor(x: Any) -> Any:
    return x if x is None or isinstance(x, Tensor) else wrap(to_value(x, None))


def _conjugate(x: Any) -> Any:
    return x if x is None else conjugate(x)

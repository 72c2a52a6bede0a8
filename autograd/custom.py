"""Operations written as in PyTorch: a class with a static `forward` and `backward` that share a context."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.backward import conjugate
from autograd.graph import Node, like_of
from autograd.modes import clock, enable_grad, is_grad_enabled, no_grad
from autograd.primitive import fill_missing, linked, outputs_of, record
from autograd.tensor import Tensor, value_of, wrap
from autograd.values import held_once, to_value


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
        self._dirty: tuple[Tensor, ...] = ()
        self._materialize = True

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep inputs, outputs or other Tensors until backward."""
        for tensor in tensors:
            if tensor is not None and not isinstance(tensor, Tensor):
                raise TypeError(
                    f"save_for_backward takes Tensors, not {type(tensor).__name__}: set an attribute of ctx"
                )
        self.saved_tensors = tensors

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Do nothing: forward mode comes from `backward`, so a `jvp` written for PyTorch is not called."""

    def mark_dirty(self, *inputs: Tensor) -> None:
        """Say that `forward` has changed these of its arguments in place; it must return them, too."""
        self._dirty = inputs

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
    `create_graph`, so it must compute with Tensors to be differentiable again. What `backward` needs can also be saved
    by `setup_context(ctx, inputs, output)`; then `forward` takes no ctx. `autograd.op` needs less writing.

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
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Save what `backward` needs, given the arguments and the result of a `forward` without ctx."""
        raise NotImplementedError("setup_context(ctx, inputs, output) is to be written by the Function")

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        """Return the gradient of each argument of `forward`."""
        raise NotImplementedError("a Function needs a static method backward(ctx, ...) to be differentiated")

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run `forward` and record it.

        Raises:
            TypeError: when `forward` returns no Tensor.
            ValueError: when it has changed an argument in place without returning it.
            RuntimeError: when such an argument is a leaf that requires a gradient, or something else holds its values.
        """
        separate = cls.setup_context is not Function.setup_context
        if separate:
            args, kwargs = _with_defaults(cls.forward, args, kwargs), {}
        nodes = [x._node if isinstance(x, Tensor) else None for x in args]
        ctx = FunctionContext(tuple(node is not None for node in nodes))
        with no_grad():
            out = cls.forward(*args) if separate else cls.forward(ctx, *args, **kwargs)
            if separate:
                cls.setup_context(ctx, args, out)
        returned = out if isinstance(out, tuple) else (out,)
        if not any(isinstance(x, Tensor) for x in returned):
            raise TypeError(f"{cls.__name__}.forward must return Tensors, not {type(out).__name__}")
        alone = _alone(cls.__name__, ctx._dirty, returned)
        if any(nodes) and is_grad_enabled():
            results = _record(cls, ctx, args, nodes, returned, isinstance(out, tuple))
        else:
            results = [wrap(x._data) if isinstance(x, Tensor) else x for x in returned]
        for i, is_alone in alone.items():
            changed, result = returned[i], results[i]
            recorded = result._node is not None
            results[i] = changed._become(result, f"{cls.__name__}.apply", is_alone) if recorded else changed
        return tuple(results) if isinstance(out, tuple) else results[0]


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Say that a Function's `backward` computes without recording, so that its result has no derivative.

    Differentiating it again raises an error instead of giving a wrong number.

    >>> class Cube(Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x**3
    ...     @staticmethod
    ...     @once_differentiable
    ...     def backward(ctx, g):
    ...         (x,) = ctx.saved_tensors
    ...         return Tensor(3 * g.numpy() * x.numpy() ** 2)
    >>> x = Tensor(2.0, requires_grad=True)
    >>> Cube.apply(x).backward()
    >>> x.grad
    Tensor(12.)
    """

    @functools.wraps(backward)
    def wrapped(ctx: Any, *gradients: Any) -> Any:
        with no_grad():
            result = backward(ctx, *gradients)
        sources = [x for x in (*gradients, *ctx.saved_tensors) if isinstance(x, Tensor) and x.requires_grad]
        if not sources or not is_grad_enabled():
            return result
        tied = [None if x is None else _Constant.apply(_tensor(x), *sources) for x in _as_tuple(result)]
        return tuple(tied) if isinstance(result, tuple) else tied[0]

    return wrapped


class _Constant(Function):
    """A value that depends on others in a way that is not known."""

    @staticmethod
    def forward(ctx: Any, value: Tensor, *sources: Tensor) -> Tensor:
        return value

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        raise RuntimeError(
            "a backward marked with once_differentiable was differentiated a second time: take the mark away and "
            "compute with Tensors there"
        )


# --- one call of apply ------------------------------------------------------------------------------------------------


def _as_tuple(x: Any) -> tuple[Any, ...]:
    return x if isinstance(x, tuple) else (x,)


def _with_defaults(forward: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """Return all arguments of `forward` by position, as `setup_context` gets them."""
    bound = inspect.signature(forward).bind(*args, **kwargs)
    bound.apply_defaults()
    return bound.args


def _alone(name: str, dirty: Sequence[Tensor], returned: Sequence[Any]) -> dict[int, bool]:
    """Return which outputs are arguments changed in place, and whether nothing else holds their values."""
    places = [next((i for i, x in enumerate(returned) if x is tensor), None) for tensor in dirty]
    if None in places:
        raise ValueError(f"{name}.forward must return the arguments that it gives to mark_dirty, themselves")
    alone = {i: held_once(returned[i]) for i in places if i is not None}
    for i in alone:
        if isinstance(returned[i]._data, np.ndarray):
            clock.mark(returned[i]._data)  # `forward` may have written past the engine
    return alone


def _record(
    cls: type[Function],
    ctx: FunctionContext,
    args: Sequence[Any],
    nodes: Sequence[Node | None],
    returned: Sequence[Any],
    several: bool,
) -> list[Any]:
    """Return the outputs, those that have a gradient recorded."""
    outputs = [x for x in returned if isinstance(x, Tensor)]
    made = _FunctionOp(cls, ctx, args, returned, several)
    saved = tuple(value_of(tensor) for tensor in ctx.saved_tensors)
    plain = ctx._non_differentiable
    ctx.saved_tensors = ctx._non_differentiable = ctx._dirty = ()  # an output in here would keep itself alive
    values = tuple(o._data for o in outputs)
    recorded = record(made, nodes, saved, values if several else values[0])
    results = iter(recorded if several else (recorded,))
    tied = [next(results) if isinstance(x, Tensor) else x for x in returned]
    return [wrap(r._data) if any(x is skipped for skipped in plain) else r for r, x in zip(tied, returned, strict=True)]


class _FunctionOp:
    """What the node of one `Function.apply` has as its operation."""

    keeps = parameters = options = ()

    def __init__(
        self, cls: type[Function], ctx: FunctionContext, args: Sequence[Any], returned: Sequence[Any], several: bool
    ) -> None:
        self.name = cls.__name__
        self.cls = cls
        self.ctx = ctx
        self.several = several
        self.count = len(args)
        self.tensors = [isinstance(x, Tensor) for x in returned]
        outputs = [x for x in returned if isinstance(x, Tensor)]
        self.likes = [like_of(o._data) for o in outputs]
        self.origins = [_origin(tensor, args, outputs) for tensor in ctx.saved_tensors]

    def pull(self, g: Any, inputs: Sequence[Node | None], saved: tuple[Any, ...]) -> Sequence[Any]:
        """Call `backward` with Tensors; they are recorded if the gradients are Tensors already."""
        given: list[Any] = [g]
        if self.several:
            given = fill_missing(g, self.likes) if self.ctx._materialize else [g.get(i) for i in range(len(self.likes))]
            tensors = iter(given)
            given = [next(tensors) if is_tensor else None for is_tensor in self.tensors]
        recording = any(isinstance(x, Tensor) for x in given)
        self.ctx.saved_tensors = tuple(x if x is None or isinstance(x, Tensor) else wrap(x) for x in saved)
        try:
            with enable_grad() if recording else no_grad():
                result = self.cls.backward(self.ctx, *(_conjugate(_tensor(x)) for x in given))
        finally:
            self.ctx.saved_tensors = ()
        gradients = _as_tuple(result)
        if len(gradients) < self.count or any(x is not None for x in gradients[self.count :]):
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

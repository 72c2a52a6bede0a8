"""Hooks of modules: functions that are called before and after a module's forward and backward pass."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import autograd
from autograd import Tensor

if TYPE_CHECKING:
    from nn.module import Module

Arguments = tuple[Any, ...]
Options = dict[str, Any]


class Hook(NamedTuple):
    """A function, and how it is to be called."""

    function: Callable[..., Any]
    with_kwargs: bool = False
    always_call: bool = False


class RemovableHandle:
    """Takes a hook away again.

    Args:
        hooks: the hooks of a kind; in the order in which they are called.
        hook: what is put there.
        prepend: call it before those that are there.
    """

    def __init__(self, hooks: dict[object, Any], hook: Any, prepend: bool = False) -> None:
        self._hooks = hooks
        later = list(hooks.items()) if prepend else []
        if prepend:
            hooks.clear()
        hooks[self] = hook
        hooks.update(later)

    def remove(self) -> None:
        """Remove the hook; a second call does nothing."""
        self._hooks.pop(self, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()


class ModuleHooks:
    """The part of `Module` that registers hooks for its calls and their backward pass."""

    _forward_pre_hooks: dict[object, Hook]
    _forward_hooks: dict[object, Hook]
    _backward_pre_hooks: dict[object, Hook]
    _backward_hooks: dict[object, Hook]

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before every `forward`.

        Args:
            hook: takes the module and the tuple of positional arguments; returns None, or the arguments to use
                instead, a tuple or the only one.
            prepend: call it before the hooks that are there.
            with_kwargs: call `hook(module, args, kwargs)`, which returns None or a pair (args, kwargs).

        Returns:
            A handle whose `remove()` takes the hook away; it can also be used in a `with` statement.

        >>> import nn
        >>> relu = nn.ReLU()
        >>> with relu.register_forward_pre_hook(lambda module, args: args[0] + 1):
        ...     relu(Tensor(3.0)).item()
        4.0
        """
        return RemovableHandle(self._forward_pre_hooks, Hook(hook, with_kwargs), prepend)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args, output)` after every `forward`; what it returns, unless None, is the output instead.

        Args:
            hook: takes the module, the tuple of positional arguments and the output.
            prepend: call it before the hooks that are there.
            with_kwargs: call `hook(module, args, kwargs, output)`.
            always_call: call it, with None as the output, even when `forward` or a hook raises.

        Returns:
            A handle whose `remove()` takes the hook away; it can also be used in a `with` statement.

        >>> import nn
        >>> relu = nn.ReLU()
        >>> handle = relu.register_forward_hook(lambda module, args, output: output + 1)
        >>> relu(Tensor(-3.0)).item()
        1.0
        >>> handle.remove()
        """
        return RemovableHandle(self._forward_hooks, Hook(hook, with_kwargs, always_call), prepend)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_output)` when the gradients of the module's output are known.

        Args:
            hook: takes the module and a tuple with the gradient of each output, None where it is no Tensor or has no
                gradient; returns None, or such a tuple to use instead.
            prepend: call it before the hooks that are there.

        Returns:
            A handle whose `remove()` takes the hook away; it can also be used in a `with` statement.

        >>> import nn
        >>> x, double = Tensor(3.0, requires_grad=True), nn.Identity()
        >>> _ = double.register_full_backward_pre_hook(lambda module, grad_output: (grad_output[0] * 2,))
        >>> double(x).backward()
        >>> x.grad
        Tensor(2.)
        """
        return RemovableHandle(self._backward_pre_hooks, Hook(hook), prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` when the gradients of the module's input are known.

        Where no input requires a gradient, as in the first layer of a network, it is called with None for all of
        `grad_input` when the gradients of the output are known, and must return None.

        Args:
            hook: takes the module and tuples with the gradient of each positional argument and of each output: None
                for what is no Tensor, zeros for an argument and None for an output on which the result does not
                depend; returns None, or a tuple to use in place of `grad_input`.
            prepend: call it before the hooks that are there.

        Returns:
            A handle whose `remove()` takes the hook away; it can also be used in a `with` statement.

        >>> import nn
        >>> x, relu = Tensor([1.0, -1.0], requires_grad=True), nn.ReLU()
        >>> handle = relu.register_full_backward_hook(lambda module, into, out: print(into, out))
        >>> relu(x).sum().backward()
        (Tensor([1., 0.]),) (Tensor([1., 1.]),)
        """
        return RemovableHandle(self._backward_hooks, Hook(hook), prepend)


def call_with_hooks(module: Module, args: Arguments, kwargs: Options) -> tuple[Arguments, Options, Any]:
    """Run `forward` between the hooks; return its arguments and the output, as the hooks have left them."""
    called: set[object] = set()
    try:
        args, kwargs = _before(module, args, kwargs)
        watch = BackwardWatch(module) if module._backward_hooks or module._backward_pre_hooks else None
        if watch:
            args = watch.inputs(args)
        output = module.forward(*args, **kwargs)
        for handle, hook in list(module._forward_hooks.items()):
            called.add(handle)
            result = _after(module, hook, args, kwargs, output)
            output = output if result is None else result
        return args, kwargs, watch.outputs(output) if watch else output
    except Exception:
        for handle, hook in list(module._forward_hooks.items()):
            if hook.always_call and handle not in called:
                _after_error(module, hook, args, kwargs)
        raise


def _before(module: Module, args: Arguments, kwargs: Options) -> tuple[Arguments, Options]:
    """Run the forward pre-hooks; return the arguments for `forward`."""
    for hook in list(module._forward_pre_hooks.values()):
        if not hook.with_kwargs:
            result = hook.function(module, args)
            if result is not None:
                args = result if isinstance(result, tuple) else (result,)
            continue
        result = hook.function(module, args, kwargs)
        if result is not None:
            if not isinstance(result, tuple) or len(result) != 2:
                raise RuntimeError(f"a forward pre-hook must return None or a pair (args, kwargs), not {result!r:.80}")
            args, kwargs = result
    return args, kwargs


def _after(module: Module, hook: Hook, args: Arguments, kwargs: Options, output: Any) -> Any:
    return hook.function(module, args, kwargs, output) if hook.with_kwargs else hook.function(module, args, output)


def _after_error(module: Module, hook: Hook, args: Arguments, kwargs: Options) -> None:
    """Run a hook that is always called; what it raises would hide the error that is on its way."""
    try:
        _after(module, hook, args, kwargs, None)
    except Exception as error:
        warnings.warn(f"a forward hook with always_call=True raised, too: {error!r}", stacklevel=4)


# --- the backward pass ------------------------------------------------------------------------------------------------


class _Watched(autograd.Function):
    """The identity on some Tensors; their gradients go through a function all together.

    A gradient that there is not is zero, if `zeros`, or else None.
    """

    @staticmethod
    def forward(ctx: Any, through: Callable[..., Any], zeros: bool, *tensors: Tensor) -> tuple[Tensor, ...]:
        """Return the Tensors."""
        ctx.through = through
        ctx.set_materialize_grads(zeros)
        ctx.mark_non_differentiable(*(t for t in tensors if not t.requires_grad))
        return tensors

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Any, ...]:
        """Return what the function makes of the gradients."""
        return (None, None, *ctx.through(gradients))


class BackwardWatch:
    """Calls the backward hooks of a module for one call of it.

    Its inputs and its outputs each go through one operation that changes nothing, but whose backward pass has the
    gradients of all of them at once.
    """

    def __init__(self, module: Module) -> None:
        self.module = module
        self.grad_output: Arguments | None = None
        self.arguments = 0
        self.watched: list[int] = []  # which arguments are Tensors, if any of them requires a gradient

    def inputs(self, args: Arguments) -> Arguments:
        """Return the arguments for `forward`."""
        self.arguments = len(args)
        new, self.watched = _through(self._input_gradients, args, zeros=True)
        return new

    def outputs(self, output: Any) -> Any:
        """Return the module's output."""
        if not isinstance(output, Tensor | tuple):
            warnings.warn(
                f"backward hooks of {type(self.module).__name__} are not called: its output is a "
                f"{type(output).__name__}, no Tensor or tuple of Tensors",
                stacklevel=4,
            )
            return output
        several = output if isinstance(output, tuple) else (output,)
        count = len(several)

        def gradients(found: Arguments) -> Sequence[Any]:
            return self._output_gradients(found, watched, count)

        new, watched = _through(gradients, several, zeros=False)
        return new if isinstance(output, tuple) else new[0]

    def _output_gradients(self, found: Arguments, watched: list[int], count: int) -> Sequence[Any]:
        """Run the backward pre-hooks, and where no input has a gradient the backward hooks."""
        grad_output = _placed(found, watched, count)
        for hook in list(self.module._backward_pre_hooks.values()):
            result = hook.function(self.module, grad_output)
            grad_output = grad_output if result is None else _checked(result, count, "grad_output")
        self.grad_output = grad_output
        if not self.watched:
            nothing = (None,) * self.arguments
            for hook in list(self.module._backward_hooks.values()):
                result = hook.function(self.module, nothing, grad_output)
                if result is not None and any(g is not None for g in _checked(result, self.arguments, "grad_input")):
                    raise RuntimeError("a backward hook returned a gradient, but no input of the module requires one")
            self.grad_output = None
        return [grad_output[i] for i in watched]

    def _input_gradients(self, found: Arguments) -> Sequence[Any]:
        """Run the backward hooks."""
        # The gradient of a gradient can reach the input without passing the output.
        if self.grad_output is None:
            return found
        grad_input = _placed([g if g.dtype.kind in "fc" else None for g in found], self.watched, self.arguments)
        for hook in list(self.module._backward_hooks.values()):
            result = hook.function(self.module, grad_input, self.grad_output)
            grad_input = grad_input if result is None else _checked(result, self.arguments, "grad_input")
        self.grad_output = None
        return [grad_input[i] for i in self.watched]


def _through(
    function: Callable[[Arguments], Sequence[Any]], values: Arguments, zeros: bool
) -> tuple[Arguments, list[int]]:
    """Return a tuple whose Tensors' gradients will go through a function, and the places of these Tensors.

    Nothing is done, and no place returned, where no Tensor requires a gradient.
    """
    places = [i for i, value in enumerate(values) if isinstance(value, Tensor)]
    if not autograd.is_grad_enabled() or not any(values[i].requires_grad for i in places):
        return values, []
    new = list(values)
    for i, tensor in zip(places, _Watched.apply(function, zeros, *(values[i] for i in places)), strict=True):
        new[i] = tensor
    return (tuple(new) if type(values) is tuple else type(values)(*new)), places


def _placed(gradients: Sequence[Any], places: Sequence[int], count: int) -> Arguments:
    """Return a tuple of `count` with the gradients in their places and None elsewhere."""
    by_place = dict(zip(places, gradients, strict=True))
    return tuple(by_place.get(i) for i in range(count))


def _checked(result: Any, count: int, what: str) -> Arguments:
    """Return what a hook returned as a tuple of `count` gradients."""
    if count == 1 and not isinstance(result, tuple | list):
        result = (result,)
    if not isinstance(result, tuple | list) or len(result) != count:
        shown = len(result) if isinstance(result, tuple | list) else type(result).__name__
        raise RuntimeError(f"a backward hook must return None or a tuple of {count} for {what}, not {shown}")
    return tuple(result)

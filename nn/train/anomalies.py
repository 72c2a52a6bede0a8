"""Which operation made the first number that is not finite: a computation is run again with all operations watched."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from nn.module import Module

Array = np.ndarray[Any, Any]


def find_origin(model: Module, compute: Callable[[], Any]) -> str:
    """Return which operation was the first to make NaN, and which infinity, out of numbers without it.

    Args:
        model: whose modules are named.
        compute: does the forward and backward pass.

    >>> import nn
    >>> x = Tensor([-1.0], requires_grad=True)
    >>> with np.errstate(all="ignore"):
    ...     print(find_origin(nn.Identity(), lambda: autograd.sqrt(x).backward()))
    It came from sqrt, forward: its result of shape (1,) has nan; input 0 of shape (1,) is from -1 to -1
    """
    for name, value in [*model.named_parameters(), *model.named_buffers()]:
        if value.dtype.kind in "fc" and not np.isfinite(value.data).all():
            return f"{name}, a parameter or buffer of the model, is not finite itself"
    watch = _Watch(model)
    with watch.listening(), np.errstate(all="ignore"):
        compute()
    if not watch.found:
        return "No operation made it out of finite numbers: look at the batch and its target"
    return "It came from " + ". Then from ".join(watch.found.values())


class _Watch:
    """Looks at the result of every operation.

    Attributes:
        found: a description of the first operation that made NaN, and of the first that made infinity, in the order in
            which they ran.
    """

    def __init__(self, model: Module) -> None:
        self.found: dict[str, str] = {}
        self._names = {module: name for name, module in model.named_modules()}
        self._running: list[Module] = []

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Have operations looked at, and calls of modules noted."""
        with ExitStack() as stack:
            for made in autograd.primitive.all_ops():
                for space in made.spaces:
                    stack.callback(space.__setitem__, "_value", space["_value"])
                    space["_value"] = self._watched(f"{made.name}, forward", space["_value"])
                stack.callback(setattr, made, "pull", made.pull)
                made.pull = self._watched(f"{made.name}, backward", made.pull)
            for module in self._names:
                stack.enter_context(module.register_forward_pre_hook(self._enter, prepend=True))
                stack.enter_context(module.register_forward_hook(self._leave, always_call=True))
            yield

    def _enter(self, module: Module, args: Any) -> None:
        self._running.append(module)

    def _leave(self, module: Module, args: Any, output: Any) -> None:
        self._running.pop()

    def _watched(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def watched(*args: Any, **options: Any) -> Any:
            result = function(*args, **options)
            self._look(name, args, result)
            return result

        return watched

    def _look(self, name: str, args: Any, result: Any) -> None:
        for kind, holds in (("nan", np.isnan), ("inf", np.isinf)):
            if kind in self.found:
                continue
            bad = next((array for array in _arrays(result) if holds(array).any()), None)
            inputs = _arrays(args)
            if bad is not None and not any(holds(array).any() for array in inputs):
                shown = [f"{name}{self._where()}: its result of shape {bad.shape} has {_worst(bad)}"]
                for i, x in enumerate(inputs):
                    if x.size:
                        shown.append(f"input {i} of shape {x.shape} is from {x.min():.4g} to {x.max():.4g}")
                self.found[kind] = "; ".join(shown)

    def _where(self) -> str:
        if not self._running:
            return ""
        module = self._running[-1]
        return f", in module {self._names[module]!r} ({type(module).__name__})"


def _worst(array: Array) -> str:
    return "nan" if np.isnan(array).any() else "-inf" if np.isneginf(array.real).any() else "inf"


def _arrays(things: Any) -> list[Array]:
    """Return the floating arrays in arguments or results."""
    if isinstance(things, dict):
        things = list(things.values())
    if isinstance(things, list | tuple):
        return [array for thing in things for array in _arrays(thing)]
    value = things.detach().data if isinstance(things, Tensor) else things
    return [np.asarray(value)] if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "fc" else []

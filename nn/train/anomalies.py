"""Which operation made the first number that is not finite: a computation is run again with all operations watched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

import autograd
from nn.module import Module


def find_origin(model: Module, compute: Callable[[], Any]) -> str:
    """Return which operation was the first to make NaN, and which infinity, out of numbers without it.

    Args:
        model: whose modules are named.
        compute: does the forward and backward pass.

    >>> import nn
    >>> x = autograd.Tensor([-1.0], requires_grad=True)
    >>> print(find_origin(nn.Identity(), lambda: autograd.sqrt(x).backward()))
    It came from sqrt, forward: its result of shape (1,) has nan; input 0 of shape (1,) is from -1 to -1; called at ...
    """
    for name, value in [*model.named_parameters(), *model.named_buffers()]:
        if value.dtype.kind in "fc" and not np.isfinite(value.data).all():
            return f"{name}, a parameter or buffer of the model, is not finite itself"
    running = _Running(model)
    with running.noted(), autograd.detect_anomaly(stop=False, where=running.name) as watch, np.errstate(all="ignore"):
        compute()
    if not watch.found:
        return "No operation made it out of finite numbers: look at the batch and its target"
    return "It came from " + ". Then from ".join(map(str, watch.found.values()))


class _Running:
    """Knows which module is running."""

    def __init__(self, model: Module) -> None:
        self._names = {module: name for name, module in model.named_modules()}
        self._running: list[Module] = []

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Have calls of modules noted."""
        with ExitStack() as stack:
            for module in self._names:
                stack.enter_context(module.register_forward_pre_hook(self._enter, prepend=True))
                stack.enter_context(module.register_forward_hook(self._leave, always_call=True))
            yield

    def _enter(self, module: Module, args: Any) -> None:
        self._running.append(module)

    def _leave(self, module: Module, args: Any, output: Any) -> None:
        self._running.pop()

    def name(self) -> str:
        """Return what a message calls the module that is running; "" between modules."""
        if not self._running:
            return ""
        module = self._running[-1]
        return f"in module {self._names[module]!r} ({type(module).__name__})"

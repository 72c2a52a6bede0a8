"""Hooks of optimizers: functions that are called before and after every step."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Self

from nn.hooks import RemovableHandle


class OptimizerHooks:
    """The part of `Optimizer` that has hooks around `step`, also where a subclass has a `step` of its own."""

    _step_pre_hooks: dict[object, Callable[..., Any]]
    _step_post_hooks: dict[object, Callable[..., Any]]
    _stepping: bool

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Make the records of the hooks."""
        optimizer = super().__new__(cls)
        vars(optimizer).update(_step_pre_hooks={}, _step_post_hooks={}, _stepping=False)
        return optimizer

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "step" in vars(cls):
            cls.step = _hooked(vars(cls)["step"])  # type: ignore[attr-defined]

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` before every step.

        Args:
            hook: takes the optimizer and the arguments of `step`, of which the optimizer is the first; returns None, or
                a pair (args, kwargs) to use instead.

        Returns:
            A handle whose `remove()` takes the hook away; it can also be used in a `with` statement.

        >>> import nn
        >>> optimizer = nn.optim.SGD(nn.Linear(1, 1).parameters(), lr=0.1)
        >>> with optimizer.register_step_pre_hook(lambda optimizer, args, kwargs: print("a step")):
        ...     optimizer.step()
        a step
        """
        return RemovableHandle(self._step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` after every step; what it returns counts for nothing.

        Returns:
            A handle whose `remove()` takes the hook away; it can also be used in a `with` statement.
        """
        return RemovableHandle(self._step_post_hooks, hook)


def _hooked(step: Callable[..., Any]) -> Callable[..., Any]:
    """Return a `step` with the hooks around it; a step that is part of another, by `super()`, has none."""

    @functools.wraps(step)
    def call(*args: Any, **kwargs: Any) -> Any:
        optimizer = args[0]
        if optimizer._stepping or not (optimizer._step_pre_hooks or optimizer._step_post_hooks):
            return step(*args, **kwargs)
        optimizer._stepping = True
        try:
            for hook in list(optimizer._step_pre_hooks.values()):
                result = hook(optimizer, args, kwargs)
                if result is not None:
                    args, kwargs = _pair(result)
            loss = step(*args, **kwargs)
            for hook in list(optimizer._step_post_hooks.values()):
                hook(optimizer, args, kwargs)
        finally:
            optimizer._stepping = False
        return loss

    return call


def _pair(result: Any) -> tuple[Any, Any]:
    if not isinstance(result, tuple) or len(result) != 2:
        raise RuntimeError(f"a step pre-hook must return None or a pair (args, kwargs), not {result!r:.80}")
    return result

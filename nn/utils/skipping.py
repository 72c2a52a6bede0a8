"""Building modules without drawing initial values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from nn.module import Module

Network = TypeVar("Network", bound=Module)


class _NothingDrawn(np.random.Generator):
    """Stands in for a generator where values are about to be overwritten: all it draws is 0, and takes no memory."""

    def __init__(self) -> None:
        super().__init__(np.random.PCG64(0))

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
        """Return zeros."""
        return np.broadcast_to(np.float32(0), () if size is None else size)

    def standard_normal(self, size: Any = None, dtype: Any = None, out: Any = None) -> Any:
        """Return zeros."""
        return self.uniform(size=size)

    def normal(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
        """Return zeros."""
        return self.uniform(size=size)


def skip_init(module_cls: Callable[..., Network], *args: Any, **kwargs: Any) -> Network:
    """Return a network that has 0 wherever it would have drawn an initial value: for weights that come from a file.

    Nothing is drawn, which for large networks takes longer than all the rest. As `torch.nn.utils.skip_init`, which
    leaves the values undefined.

    Args:
        module_cls: a class or function that makes a module and takes `generator=`.
        *args: what it takes.
        **kwargs: likewise, but for `generator`.

    Raises:
        TypeError: when `generator=` is given, or not taken.

    >>> import nn
    >>> net = skip_init(nn.models.MLP, [3, 2])
    >>> float(net[1].weight.sum())
    0.0
    >>> nothing = net.load_state_dict(nn.models.MLP([3, 2]).state_dict())
    """
    if "generator" in kwargs:
        raise TypeError("skip_init draws nothing, so that generator= has no use: leave it out")
    nothing = _NothingDrawn()
    net = module_cls(*args, generator=nothing, **kwargs)
    for module in net.modules():  # dropout draws later, and must do so from a real one
        if getattr(module, "generator", None) is nothing:
            module.generator = None
    return net

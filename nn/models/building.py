"""What the networks share: a base for those made of parts in a row, channels by width, and building without drawing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from nn.containers import Sequential
from nn.module import Module, check_size

Generator = np.random.Generator
Network = TypeVar("Network", bound=Module)


class Chain(Sequential):
    """The base of networks whose parts come one after the other; a slice of one is a plain `Sequential`.

    >>> import nn
    >>> nn.models.MLP([4, 3, 2])[1:]
    Sequential(
      (1): Linear(in_features=4, out_features=3, bias=True)
      (2): ReLU()
      (3): Linear(in_features=3, out_features=2, bias=True)
    )
    """

    def _slice(self, index: slice) -> Sequential:  # type: ignore[override]
        return Sequential(dict(list(self._own(Module))[index]))


def scaled(channels: int, width: float) -> int:
    """Return a number of channels times a width, rounded, at least 1.

    Raises:
        ValueError: when the width is not above 0.

    >>> scaled(64, 1 / 16), scaled(64, 1 / 1000)
    (4, 1)
    """
    if not width > 0:
        raise ValueError(f"width must be above 0, not {width!r}")
    return max(1, round(channels * width))


def check_classes(num_classes: Any) -> int:
    """Return the number of classes.

    Raises:
        TypeError, ValueError: when it is no integer, or below 1.
    """
    return check_size(num_classes, "num_classes")


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

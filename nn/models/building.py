"""What the networks share: a base for those made of parts in a row, and channels by width."""

from __future__ import annotations

from typing import Any

import numpy as np

from nn.containers import Sequential
from nn.module import Module, check_size

Generator = np.random.Generator


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

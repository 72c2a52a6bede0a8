"""What the losses share as modules."""

from __future__ import annotations

from typing import Any

from nn.functional.reductions import check_reduction
from nn.module import Module, as_floating


class Loss(Module):
    """A loss with a reduction: "mean", "sum", or "none"."""

    reduction: str

    def __init__(self, *, reduction: str = "mean") -> None:
        check_reduction(reduction)
        self.reduction = reduction

    def _keep(self, name: str, weight: Any) -> None:
        """Make weights, if there are any, a buffer of the module."""
        self.register_buffer(name, None if weight is None else as_floating(weight, None, type(self).__name__))

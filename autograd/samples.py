"""How the inputs are drawn on which an operation is checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Draw:
    """How to draw one input of a sample.

    Attributes:
        shape: the shape, or for an input that takes a sequence a tuple of shapes.
        domain: the values lie between these.
        kinks: points without a derivative; values keep a distance of a tenth of the domain's unit from them.
        distinct: all values differ by a margin, for ops that compare them.
        kind: the NumPy kind of the dtype: 'f' floating, 'b' bool, 'i' integer.
    """

    shape: tuple[Any, ...] = ()
    domain: tuple[float, float] = (-2.0, 2.0)
    kinks: tuple[float, ...] = ()
    distinct: bool = False
    kind: str = "f"

    def array(self, rng: np.random.Generator, dtype: Any = np.float64) -> Any:
        """Return an array (or a list of arrays, for a tuple of shapes) drawn as described."""
        if self.shape and isinstance(self.shape[0], tuple):
            return [Draw(s, self.domain, self.kinks, self.distinct, self.kind).array(rng, dtype) for s in self.shape]
        if self.kind != "f":
            least, most = (0, 2) if self.kind == "b" else (int(self.domain[0]), int(self.domain[1]))
            return rng.integers(least, most, self.shape).astype(bool if self.kind == "b" else np.int64)
        low, high = self.domain
        values = rng.uniform(low, high, self.shape)
        if self.distinct:
            size = int(np.prod(self.shape))
            steps = (rng.permutation(size) + rng.uniform(0.2, 0.8, size)) / max(size, 1)
            values = low + (high - low) * steps.reshape(self.shape)
        for kink in self.kinks:
            near = np.abs(values - kink) < 0.1
            values = np.where(near, kink + np.where(values < kink, -0.1, 0.1) - (kink - values), values)
        return np.asarray(values, dtype)


@dataclass(frozen=True)
class Sample:
    """One call of an op: how to draw its inputs, and its options."""

    inputs: tuple[Draw, ...]
    options: dict[str, Any] = field(default_factory=dict)

    def draw(self, rng: np.random.Generator, dtype: Any = np.float64) -> tuple[Any, ...]:
        """Return the drawn inputs."""
        return tuple(d.array(rng, dtype) for d in self.inputs)


def sample(*inputs: Draw | tuple[Any, ...], **options: Any) -> Sample:
    """Describe one call of an op: for each array input its shape or a `Draw`, then the options.

    >>> sample((2, 3), axis=1).options
    {'axis': 1}
    """
    return Sample(tuple(d if isinstance(d, Draw) else Draw(d) for d in inputs), options)

"""What the linear algebra of stacked matrices shares: small pieces of rules, and samples that are not degenerate."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from autograd.ops.common import Array
from autograd.ops.contraction import einsum
from autograd.samples import Draw
from autograd.tensor import FUNCTIONS

F = TypeVar("F", bound=Callable[..., Any])


def conj(x: Array) -> Array:
    """Return the complex conjugate, real arrays as they are."""
    return np.conj(x) if x.dtype.kind == "c" else x


def transposed(x: Array) -> Array:
    """Return matrices (..., m, n) as (..., n, m)."""
    return np.swapaxes(x, -1, -2)


def adjoint(x: Array) -> Array:
    """Return the conjugate transposes of matrices (..., m, n)."""
    return conj(transposed(x))


def columns(x: Array) -> Array:
    """Return vectors (..., n) as columns (..., n, 1)."""
    return np.expand_dims(x, -1)


def scalars(x: Array) -> Array:
    """Return numbers (...,) in the shape (..., 1, 1), which multiplies matrices."""
    return np.expand_dims(x, (-1, -2))


def diagonals(x: Array) -> Array:
    """Return the diagonals (..., n) of square matrices (..., n, n)."""
    return einsum("...ii->...i", x)


def on_diagonals(x: Array) -> Array:
    """Return matrices (..., n, n) that are zero but for their diagonals (..., n)."""
    return np.where(np.eye(x.shape[-1], dtype=bool), np.expand_dims(x, -2), 0)


def lower(x: Array, k: int = 0) -> Array:
    """Return matrices with zeros above their k-th diagonal."""
    return np.where(np.tri(*x.shape[-2:], k, dtype=bool), x, 0)


def named(kind: Callable[..., Any]) -> Callable[[Any], Any]:
    """Let an op of np.linalg that has several results return them as the named tuple `kind`, as NumPy does."""

    def rename(function: Any) -> Any:
        made = function.op

        @functools.wraps(function)
        def with_names(*args: Any, **options: Any) -> Any:
            return kind(*function(*args, **options))

        made.function = with_names
        FUNCTIONS[getattr(np.linalg, made.name)] = with_names
        return with_names

    return rename


@dataclass(frozen=True)
class Separated(Draw):
    """Matrices with distinct, real, positive eigenvalues and distinct singular values, none near 0.

    By Gershgorin's theorem: the diagonals are near 3, 6, 9, ..., and everything else is small.
    """

    domain: tuple[float, float] = (0.1, 0.4)  # all of one sign, so that no small step makes LAPACK turn vectors round

    def array(self, rng: np.random.Generator, dtype: Any = np.float64) -> Any:
        """Return an array drawn as described."""
        m, n = self.shape[-2:]
        spread = np.eye(m, n) * 3 * (1 + np.arange(n))
        return (super().array(rng) + spread).astype(dtype)

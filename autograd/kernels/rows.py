"""Rows of tables: the gradient of looking them up."""

from __future__ import annotations

from typing import Any

from autograd.kernels.choosing import kernel
from autograd.kernels.indexing import scatter

Array = Any


@kernel
def add_rows(rows: Array, indices: Array, count: int) -> Array:
    """Return a table (count, D) of zeros to which rows (n, D) were added at their numbers (n,), in order."""
    return scatter(rows, indices, (count, rows.shape[1]))

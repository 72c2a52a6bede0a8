"""NumPy's functions that ask about values or shapes: they take Tensors, and their answers carry no gradient."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.tensor import FUNCTIONS, UFUNCS, Tensor, value_of, wrap

ABOUT_VALUES: tuple[Callable[..., Any], ...] = (
    np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.iscomplexobj, np.isrealobj, np.isclose, np.allclose,
    np.array_equal, np.argwhere, np.nonzero, np.flatnonzero, np.unique, np.unique_all, np.unique_counts,
    np.unique_inverse, np.unique_values, np.isin, np.histogram, np.shares_memory, np.may_share_memory, np.array_repr,
    np.array_str, np.array2string, np.array_equiv, np.lexsort, np.union1d, np.intersect1d, np.setdiff1d, np.setxor1d,
    np.histogram2d, np.histogramdd, np.histogram_bin_edges,
)  # fmt: skip


def _on_values(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def on_values(*args: Any, **options: Any) -> Any:
        return _wrapped(function(*map(_plain, args), **{k: _plain(v) for k, v in options.items()}))

    return on_values


def _plain(x: Any) -> Any:
    if isinstance(x, list | tuple):
        return type(x)(map(_plain, x))
    return value_of(x)


def _wrapped(x: Any) -> Any:
    if isinstance(x, tuple) and any(isinstance(v, np.ndarray) for v in x):
        return tuple(map(_wrapped, x))
    return wrap(x) if isinstance(x, np.ndarray) else x


for _function in ABOUT_VALUES:
    (UFUNCS if isinstance(_function, np.ufunc) else FUNCTIONS)[_function] = _on_values(_function)

for _name in ("nonzero",):
    setattr(Tensor, _name, _on_values(getattr(np, _name)))
